use crate::testing::{native, network, numpy, projection, whole};
use crate::*;

fn connect(sizes: &[u32], projection: Projection) -> Vec<(u32, u32)> {
    let network = network(sizes, vec![projection]);
    let connections = network.expand(ProjectionId(0)).expect("expands");
    connections.iter().map(|s| (s.source, s.target)).collect()
}

#[test]
fn all_to_all_goes_target_by_target() {
    let connector = |self_connections| Connector::AllToAll { self_connections };
    assert_eq!(
        connect(&[2, 2], projection(0, 1, connector(SelfConnections::Forbidden))),
        [(0, 0), (1, 0), (0, 1), (1, 1)]
    );
    assert_eq!(
        connect(&[3], projection(0, 0, connector(SelfConnections::Forbidden))),
        [(1, 0), (2, 0), (0, 1), (2, 1), (0, 2), (1, 2)]
    );
    assert_eq!(
        connect(&[3], projection(0, 0, connector(SelfConnections::NoMutual))),
        [(1, 0), (2, 0), (2, 1)]
    );
}

#[test]
fn self_is_the_cell_and_not_the_number() {
    let mut overlap = projection(
        0,
        0,
        Connector::AllToAll {
            self_connections: SelfConnections::Forbidden,
        },
    );
    overlap.source.0[0].cells = Some(vec![1, 2]);
    // Source cell 0 is cell 1 of the population.
    assert_eq!(connect(&[3], overlap), [(0, 0), (1, 0), (1, 1), (0, 2)]);
}

#[test]
fn one_to_one_stops_at_the_smaller_side() {
    assert_eq!(
        connect(&[2, 3], projection(0, 1, Connector::OneToOne)),
        [(0, 0), (1, 1)]
    );
    assert_eq!(
        connect(&[3, 2], projection(0, 1, Connector::OneToOne)),
        [(0, 0), (1, 1)]
    );
}

#[test]
fn list_is_ordered_by_target_and_keeps_its_order_within() {
    let mut listed = projection(
        0,
        1,
        Connector::List {
            sources: vec![2, 0, 1, 0],
            targets: vec![1, 1, 0, 1],
        },
    );
    listed.weight = SynapseValue::PerConnection(vec![0.1, 0.2, 0.3, 0.4]);
    let network = network(&[3, 2], vec![listed]);
    let all = network.expand(ProjectionId(0)).expect("expands");
    assert_eq!(all.offsets, [0, 1, 4]);
    assert_eq!(all.sources, [1, 2, 0, 0]);
    assert_eq!(all.weights, [0.3, 0.1, 0.2, 0.4]);
    let part = network.expand_targets(ProjectionId(0), 1..2).expect("expands");
    assert_eq!((part.offsets, part.weights), (vec![0, 3], vec![0.1, 0.2, 0.4]));
}

/// PyNN 0.13's mock back end with NumPy 2.0.2: two populations of 4 and 3 cells of IF_curr_exp, every generator
/// `NumpyRNG(7)`.
#[test]
fn stock_connectors_of_pynn() {
    let seven = || numpy(7);
    let two = || CountOrRandom::Count(2);
    let (allowed, forbidden) = (SelfConnections::Allowed, SelfConnections::Forbidden);
    let probability = |probability, self_connections| Connector::FixedProbability {
        probability,
        self_connections,
        generator: seven(),
    };
    assert_eq!(
        connect(&[4, 3], projection(0, 1, probability(0.4, allowed))),
        [(0, 0), (3, 1), (0, 2)]
    );
    assert_eq!(
        connect(&[4], projection(0, 0, probability(0.4, forbidden))),
        [(3, 1), (0, 2), (0, 3), (1, 3), (2, 3)]
    );
    assert_eq!(
        connect(
            &[4],
            projection(0, 0, probability(0.8, SelfConnections::NoMutual))
        ),
        [(1, 0), (2, 0), (3, 0), (2, 1), (3, 1)]
    );
    let pre = |n, with_replacement, self_connections| Connector::FixedNumberPre {
        n: CountOrRandom::Count(n),
        with_replacement,
        self_connections,
        generator: seven(),
    };
    assert_eq!(
        connect(&[4, 3], projection(0, 1, pre(2, false, allowed))),
        [(2, 0), (1, 0), (3, 1), (1, 1), (3, 2), (1, 2)]
    );
    assert_eq!(
        connect(&[4], projection(0, 0, pre(2, false, forbidden))),
        [(3, 0), (2, 0), (0, 1), (2, 1), (3, 2), (1, 2), (0, 3), (1, 3)]
    );
    let sources: Vec<u32> = connect(&[4, 3], projection(0, 1, pre(5, true, allowed)))
        .into_iter()
        .map(|(source, _)| source)
        .collect();
    assert_eq!(sources, [3, 0, 1, 2, 3, 3, 3, 3, 0, 1, 2, 3, 0, 1, 2]);
    let post = Connector::FixedNumberPost {
        n: two(),
        with_replacement: false,
        self_connections: allowed,
        generator: seven(),
    };
    assert_eq!(
        connect(&[4, 3], projection(0, 1, post)),
        [(1, 0), (3, 0), (0, 1), (1, 1), (2, 1), (3, 1), (0, 2), (2, 2)]
    );
    let total = Connector::FixedTotalNumber {
        n: 6,
        with_replacement: true,
        self_connections: allowed,
        generator: seven(),
    };
    assert_eq!(
        connect(&[4, 3], projection(0, 1, total)),
        [(3, 0), (3, 0), (1, 2), (1, 2), (1, 2), (2, 2)]
    );
    let distance = Connector::DistanceDependentProbability {
        expression: Expression("exp(-d/2)".into()),
        self_connections: allowed,
        generator: seven(),
    };
    assert_eq!(
        connect(&[4, 3], projection(0, 1, distance)),
        [(0, 0), (1, 1), (2, 1), (3, 1), (0, 2), (1, 2), (2, 2)]
    );
}

/// The same source: weights start from a copy of their generator, so they see the stream that the connector saw.
#[test]
fn parameters_draw_from_a_copy() {
    let mut fixed = projection(
        0,
        1,
        Connector::FixedProbability {
            probability: 0.4,
            self_connections: SelfConnections::Allowed,
            generator: numpy(7),
        },
    );
    for generator in [numpy(7), Generator::OfConnector] {
        fixed.weight = SynapseValue::Random(RandomSource {
            distribution: Distribution::Uniform { low: 0.0, high: 1.0 },
            generator,
        });
        let network = network(&[4, 3], vec![fixed.clone()]);
        let expanded = network.expand_with_state(ProjectionId(0)).expect("expands");
        assert_eq!(
            expanded.connections.weights,
            [0.07630828937395717, 0.7799187922401146, 0.4384092314408935]
        );
        assert_eq!(expanded.connector_after, None);
    }
}

/// Every native connector, whole and cut into parts, with one thread and with three.
#[test]
fn native_parts_make_the_whole() {
    let generator = || native(5, 9);
    let none = SelfConnections::Forbidden;
    let n = CountOrRandom::Count(3);
    let connectors = [
        Connector::FixedProbability {
            probability: 0.1,
            self_connections: none,
            generator: generator(),
        },
        Connector::DistanceDependentProbability {
            expression: Expression("exp(-d/20)".into()),
            self_connections: none,
            generator: generator(),
        },
        Connector::FixedNumberPre {
            n: n.clone(),
            with_replacement: false,
            self_connections: none,
            generator: generator(),
        },
        Connector::FixedNumberPre {
            n: CountOrRandom::Random(RandomSource {
                distribution: Distribution::Binomial { n: 10, p: 0.4 },
                generator: Generator::OfConnector,
            }),
            with_replacement: true,
            self_connections: none,
            generator: generator(),
        },
        Connector::FixedNumberPost {
            n,
            with_replacement: true,
            self_connections: none,
            generator: generator(),
        },
        Connector::FixedTotalNumber {
            n: 2000,
            with_replacement: false,
            self_connections: none,
            generator: generator(),
        },
        Connector::SmallWorld {
            degree: 4.0,
            rewiring: 0.3,
            self_connections: none,
            n_connections: Some(5),
            generator: generator(),
        },
    ];
    let random = |stream| {
        SynapseValue::Random(RandomSource {
            distribution: Distribution::Normal { mu: 5.0, sigma: 0.5 },
            generator: native(5, stream),
        })
    };
    let pool = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads")
    };
    for connector in connectors {
        let mut description = projection(0, 0, connector);
        description.weight = random(1);
        description.delay = random(2);
        let network = network(&[150], vec![description]);
        let expand = || network.expand(ProjectionId(0)).expect("expands");
        let whole = pool(1).install(expand);
        assert_eq!(whole, pool(3).install(expand));
        assert!(whole.iter().all(|s| s.source != s.target), "no self connections");
        assert!(!whole.is_empty());
        let mut parts = Connections::default();
        for start in (0..150).step_by(40) {
            let part = network
                .expand_targets(ProjectionId(0), start..start + 40)
                .expect("expands");
            assert_eq!(part.offsets.len() as u32, 150.min(start + 40) - start + 1);
            parts.sources.extend(part.sources);
            parts.weights.extend(part.weights);
            parts.delays.extend(part.delays);
        }
        assert_eq!((&parts.sources, &parts.weights), (&whole.sources, &whole.weights));
        assert_eq!(parts.delays, whole.delays);
    }
}

/// Within six standard deviations of the binomial.
#[test]
fn native_fixed_probability_has_its_density() {
    let connector = Connector::FixedProbability {
        probability: 0.02,
        self_connections: SelfConnections::Allowed,
        generator: native(1, 1),
    };
    let found = connect(&[1000, 1000], projection(0, 1, connector)).len() as f64;
    assert!(
        (found - 20_000.0).abs() < 6.0 * (1e6_f64 * 0.02 * 0.98).sqrt(),
        "{found}"
    );
}

#[test]
fn messages_name_the_projection() {
    let mut fast = projection(0, 0, Connector::OneToOne);
    fast.delay = SynapseValue::Distance(Expression("d".into()));
    let mut group = fast.clone();
    group.source = whole(7);
    let clone = Connector::Clone {
        projection: ProjectionId(2),
    };
    let network = network(&[2], vec![fast, group, projection(0, 0, clone)]);
    let message = |id| network.expand(ProjectionId(id)).expect_err("refused").to_string();
    assert_eq!(
        message(0),
        "projection `0 to 0` (j0): the delay from cell 0 to cell 0 is 0 ms; it must be from 0.1 to 100 ms"
    );
    assert_eq!(
        message(1),
        "projection `0 to 0` (j1): its source names population p7, which does not exist"
    );
    assert_eq!(
        message(2),
        "projection `0 to 0` (j2): its connector is a clone that leads back to itself"
    );
    assert_eq!(
        message(3),
        "projection `` (j3): there is no such projection; the network has 3"
    );
}

#[test]
fn a_network_without_a_longest_delay_names_the_smallest() {
    let mut fast = projection(0, 0, Connector::OneToOne);
    fast.delay = SynapseValue::Constant(0.0);
    let mut network = network(&[2], vec![fast]);
    network.max_delay = f64::INFINITY;
    let message = network.expand(ProjectionId(0)).expect_err("refused").to_string();
    assert!(
        message.ends_with("is 0 ms; it must be 0.1 ms or more"),
        "{message}"
    );
}

/// A clone takes the pairs of the other projection, which measures distances in its own space.
#[test]
fn clone_keeps_the_space_of_its_reference() {
    let mut near = projection(
        0,
        0,
        Connector::DistanceDependentProbability {
            expression: Expression("d < 1".into()),
            self_connections: SelfConnections::Allowed,
            generator: numpy(7),
        },
    );
    near.space.offset = [1.0, 0.0, 0.0];
    let reference = ProjectionId(0);
    let clone = projection(
        0,
        0,
        Connector::Clone {
            projection: reference,
        },
    );
    let network = network(&[3], vec![near, clone]);
    let pairs = |id| {
        let connections = network.expand(ProjectionId(id)).expect("expands");
        connections
            .iter()
            .map(|s| (s.source, s.target))
            .collect::<Vec<_>>()
    };
    assert_eq!(pairs(0), [(1, 0), (2, 1)]);
    assert_eq!(pairs(1), pairs(0));
}
