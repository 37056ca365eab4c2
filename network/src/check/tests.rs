use crate::testing::{network, projection};
use crate::*;

/// The problems of a network after a change to it.
fn problems(change: impl FnOnce(&mut Network)) -> Vec<String> {
    let mut network = network(&[3, 2], vec![projection(0, 1, Connector::OneToOne)]);
    assert_eq!(network.check(), []);
    change(&mut network);
    network.check().iter().map(ToString::to_string).collect()
}

#[test]
fn times() {
    assert_eq!(
        problems(|n| (n.timestep, n.max_delay) = (0.0, 0.01)),
        [
            "network: the time step is 0 ms; it must be greater than 0, and finite",
            "network: max_delay is 0.01 ms, which is less than min_delay, 0.1 ms",
            "projection `0 to 1` (j0): value 0 of the delay is 1 ms; it must be from min_delay, 0.1 ms, to max_delay, \
             0.01 ms",
        ]
    );
}

#[test]
fn parameters() {
    assert_eq!(
        problems(|n| {
            let parameters = &mut n.populations[0].parameters;
            parameters.remove("cm");
            parameters.insert("tau_q".into(), Values::Constant(1.0));
            parameters.insert("tau_m".into(), Values::Constant(-20.0));
            parameters.insert("v_rest".into(), Values::PerCell(vec![-65.0]));
            parameters.insert("v_reset".into(), Values::PerCell(vec![-65.0, f64::NAN, -65.0]));
        }),
        [
            "population `pop 0` (p0): `tau_m` of cell 0 is -20 ms; it must be greater than 0",
            "population `pop 0` (p0): IF_curr_exp has no parameter `tau_q`; it has `v_rest`, `cm`, `tau_m`, \
             `tau_refrac`, `tau_syn_E`, `tau_syn_I`, `i_offset`, `v_reset`, `v_thresh`",
            "population `pop 0` (p0): `v_reset` of cell 1 is NaN; it must be a finite number",
            "population `pop 0` (p0): `v_rest` has 1 values; the population has 3 cells",
            "population `pop 0` (p0): `cm` is missing; IF_curr_exp needs every parameter, PyNN's default is 1 nF",
        ]
    );
}

#[test]
fn spike_times() {
    assert_eq!(
        problems(|n| {
            let source = &mut n.populations[0];
            source.cell = CellType::SpikeSourceArray;
            let times = Values::Sequences(vec![vec![1.0, -2.0], vec![], vec![f64::INFINITY]]);
            source.parameters = [("spike_times".to_owned(), times)].into();
        }),
        [
            "population `pop 0` (p0): spike 1 of cell 0 is at -2 ms; a spike time must be 0 or more, and finite",
            "population `pop 0` (p0): spike 0 of cell 2 is at inf ms; a spike time must be 0 or more, and finite",
        ]
    );
}

#[test]
fn weights_and_delays() {
    assert_eq!(
        problems(|n| {
            n.projections[0].weight = SynapseValue::Constant(-0.5);
            n.projections[0].delay = SynapseValue::Constant(-1.0);
        }),
        [
            "projection `0 to 1` (j0): value 0 of the weight is -0.5 nA; it must be 0 or more for an excitatory or \
             conductance-based synapse",
            "projection `0 to 1` (j0): value 0 of the delay is -1 ms; it must be from min_delay, 0.1 ms, to \
             max_delay, 100 ms",
        ]
    );
    // PyNN: negative weights are right for the inhibitory synapses of current-based cells only.
    let inhibitory = |n: &mut Network| {
        n.projections[0].weight = SynapseValue::Constant(-0.5);
        n.projections[0].receptor = 1;
    };
    assert_eq!(problems(inhibitory), Vec::<String>::new());
}

#[test]
fn groups_and_clones() {
    assert_eq!(
        problems(|n| {
            n.projections[0].source.0[0].cells = Some(vec![0, 3]);
            n.projections[0].target.0[0].population = PopulationId(9);
            let reference = ProjectionId(1);
            n.projections.push(projection(
                0,
                0,
                Connector::Clone {
                    projection: reference,
                },
            ));
        }),
        [
            "projection `0 to 1` (j0): its source names cell 3 of `pop 0`, which has 3 cells, counted from 0",
            "projection `0 to 1` (j0): its target names population p9, but the network has 2",
            "projection `0 to 0` (j1): it clones j1, which leads back to itself",
        ]
    );
}

#[test]
fn expressions_and_generators() {
    assert_eq!(
        problems(|n| {
            n.projections[0].weight = SynapseValue::Distance(Expression("exp(".into()));
            n.projections[0].delay = SynapseValue::Random(RandomSource {
                distribution: Distribution::Normal { mu: 1.0, sigma: -1.0 },
                generator: Generator::OfConnector,
            });
        }),
        [
            "projection `0 to 1` (j0): the weight is `exp(`: expected a number, a name or `(`, but the expression \
             ends (at character 5)",
            "projection `0 to 1` (j0): the delay: `sigma` of the normal distribution is -1; it must be 0 or more, \
             and finite",
            "projection `0 to 1` (j0): the delay: a value shares the generator of a connector, but that connector \
             draws no random numbers",
        ]
    );
}

#[test]
fn a_thousand_problems_are_cut_short() {
    let found = problems(|n| {
        let mut bad = projection(0, 1, Connector::OneToOne);
        bad.delay = SynapseValue::Constant(-1.0);
        n.projections = vec![bad; 1000];
    });
    assert_eq!(found.len(), MOST_PROBLEMS);
}
