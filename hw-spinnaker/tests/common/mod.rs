//! Small networks for tests.
#![allow(dead_code, reason = "each test file uses some of these")]

use std::collections::BTreeMap;
use taproot_network::*;

pub(crate) fn network(timestep: f64) -> Network {
    Network {
        label: "test".into(),
        timestep,
        min_delay: timestep,
        max_delay: f64::INFINITY,
        time_scale_factor: Some(1),
        seed: 1,
        populations: vec![],
        projections: vec![],
    }
}

pub(crate) fn population(network: &mut Network, label: &str, size: u32, cell: CellType) -> PopulationId {
    network.populations.push(Population {
        label: label.into(),
        size,
        cell,
        parameters: cell
            .parameters()
            .iter()
            .filter(|p| p.name != "spike_times")
            .map(|p| (p.name.to_owned(), Values::Constant(p.default)))
            .collect::<BTreeMap<_, _>>(),
        initial_values: BTreeMap::new(),
        positions: None,
        records: vec![],
        neurons_per_core: None,
    });
    PopulationId(network.populations.len() as u32 - 1)
}

pub(crate) fn array(network: &mut Network, label: &str, trains: Vec<Vec<f64>>) -> PopulationId {
    let id = population(network, label, trains.len() as u32, CellType::SpikeSourceArray);
    network.populations[id.0 as usize]
        .parameters
        .insert("spike_times".into(), Values::Sequences(trains));
    id
}

pub(crate) fn record(network: &mut Network, population: PopulationId, variable: Variable) {
    network.populations[population.0 as usize].records.push(Record {
        variable,
        interval: 1,
        cells: None,
    });
}

pub(crate) fn whole(population: PopulationId) -> Group {
    Group(vec![Selection {
        population,
        cells: None,
    }])
}

/// `(source, target, weight, delay)`, each once.
pub(crate) fn list(
    network: &mut Network,
    source: PopulationId,
    target: PopulationId,
    receptor: u8,
    synapses: &[(u32, u32, f64, f64)],
) -> ProjectionId {
    let mut ordered = synapses.to_vec();
    ordered.sort_by_key(|s| s.1);
    network.projections.push(Projection {
        label: format!("{} to {}", source.0, target.0),
        source: whole(source),
        target: whole(target),
        receptor,
        connector: Connector::List {
            sources: ordered.iter().map(|s| s.0).collect(),
            targets: ordered.iter().map(|s| s.1).collect(),
        },
        weight: SynapseValue::PerConnection(ordered.iter().map(|s| s.2).collect()),
        delay: SynapseValue::PerConnection(ordered.iter().map(|s| s.3).collect()),
        space: Space::default(),
    });
    ProjectionId(network.projections.len() as u32 - 1)
}
