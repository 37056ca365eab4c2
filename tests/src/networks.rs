//! Small networks for tests.

use std::collections::BTreeMap;
use taproot_network::{
    CellType, Connector, Distribution, Expression, Generator, Group, Network, Population, PopulationId,
    Projection, RandomSource, Record, Selection, SelfConnections, Space, SynapseValue, Values, Variable,
};

fn population(label: &str, size: u32, cell: CellType) -> Population {
    let parameters = cell
        .parameters()
        .iter()
        .filter(|parameter| parameter.name != "spike_times")
        .map(|parameter| (parameter.name.to_owned(), Values::Constant(parameter.default)));
    Population {
        label: label.into(),
        size,
        cell,
        parameters: parameters.collect::<BTreeMap<_, _>>(),
        initial_values: BTreeMap::new(),
        positions: None,
        records: Vec::new(),
        neurons_per_core: None,
    }
}

fn whole(population: u32) -> Group {
    Group(vec![Selection {
        population: PopulationId(population),
        cells: None,
    }])
}

/// `size` sources that fire at `times` (ms) drive as many neurons one to one, just strongly enough that a neuron at rest
/// fires once for each spike. Spikes and membrane potentials are recorded. `per_core` bounds the neurons on a core.
pub fn one_to_one(size: u32, times: &[f64], per_core: Option<u32>) -> Network {
    let mut sources = population("sources", size, CellType::SpikeSourceArray);
    let trains = vec![times.to_vec(); size as usize];
    sources
        .parameters
        .insert("spike_times".into(), Values::Sequences(trains));
    let mut cells = population("cells", size, CellType::IfCurrExp);
    cells.neurons_per_core = per_core;
    for variable in [Variable::Spikes, Variable::V] {
        cells.records.push(Record {
            variable,
            interval: 1,
            cells: None,
        });
    }
    let pairs: Vec<u32> = (0..size).collect();
    Network {
        label: "one to one".into(),
        timestep: 1.0,
        min_delay: 1.0,
        max_delay: 10.0,
        time_scale_factor: Some(1),
        seed: 1,
        populations: vec![sources, cells],
        projections: vec![Projection {
            label: "drive".into(),
            source: whole(0),
            target: whole(1),
            receptor: 0,
            connector: Connector::List {
                sources: pairs.clone(),
                targets: pairs,
            },
            weight: SynapseValue::PerConnection(vec![7.0; size as usize]),
            delay: SynapseValue::PerConnection(vec![1.0; size as usize]),
            space: Space::default(),
        }],
    }
}

/// One population of every cell type, `size` cells each, that records all it can, with connectors and values of
/// several kinds, delays beyond 32 steps among them.
pub fn every_kind(size: u32) -> Network {
    let mut network = one_to_one(size, &[1.0, 4.0], None);
    network.label = "every kind".into();
    network.max_delay = 60.0;
    network
        .populations
        .push(population("conductances", size, CellType::IfCondExp));
    network
        .populations
        .push(population("noise", size, CellType::SpikeSourcePoisson));
    for (population, variables) in network.populations.iter_mut().zip([
        &[Variable::Spikes][..],
        &[
            Variable::Spikes,
            Variable::V,
            Variable::GsynExc,
            Variable::GsynInh,
        ],
        &[Variable::Spikes, Variable::V],
        &[Variable::Spikes],
    ]) {
        population.records = variables
            .iter()
            .map(|&variable| Record {
                variable,
                interval: 1,
                cells: None,
            })
            .collect();
    }
    let projection = |source, target, connector, weight, delay| Projection {
        label: format!("{source} to {target}"),
        source: whole(source),
        target: whole(target),
        receptor: 0,
        connector,
        weight,
        delay,
        space: Space::default(),
    };
    let generator = |stream| Generator::Native { seed: 3, stream };
    network.projections.extend([
        projection(
            3,
            2,
            Connector::AllToAll {
                self_connections: SelfConnections::Allowed,
            },
            SynapseValue::Constant(0.02),
            SynapseValue::Constant(40.0),
        ),
        projection(
            1,
            2,
            Connector::DistanceDependentProbability {
                expression: Expression("0.9 * (d < 3)".into()),
                self_connections: SelfConnections::Allowed,
                generator: generator(1),
            },
            SynapseValue::Random(RandomSource {
                distribution: Distribution::Uniform {
                    low: 0.01,
                    high: 0.03,
                },
                generator: generator(2),
            }),
            SynapseValue::Constant(2.0),
        ),
    ]);
    network
}
