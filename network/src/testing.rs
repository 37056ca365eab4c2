//! Small networks for this crate's tests.

use crate::*;
use std::collections::BTreeMap;

/// `size` cells of IF_curr_exp with PyNN's defaults.
pub(crate) fn population(label: &str, size: u32) -> Population {
    let cell = CellType::IfCurrExp;
    Population {
        label: label.into(),
        size,
        cell,
        parameters: cell
            .parameters()
            .iter()
            .map(|info| (info.name.to_owned(), Values::Constant(info.default)))
            .collect(),
        initial_values: BTreeMap::new(),
        positions: None,
        records: Vec::new(),
        neurons_per_core: None,
    }
}

/// One population as a group.
pub(crate) fn whole(population: u32) -> Group {
    Group(vec![Selection {
        population: PopulationId(population),
        cells: None,
    }])
}

/// A projection of weight 0.5 nA and delay 1 ms.
pub(crate) fn projection(source: u32, target: u32, connector: Connector) -> Projection {
    Projection {
        label: format!("{source} to {target}"),
        source: whole(source),
        target: whole(target),
        receptor: 0,
        connector,
        weight: SynapseValue::Constant(0.5),
        delay: SynapseValue::Constant(1.0),
        space: Space::default(),
    }
}

/// Populations of some sizes and some projections, at a step of 0.1 ms.
pub(crate) fn network(sizes: &[u32], projections: Vec<Projection>) -> Network {
    Network {
        label: "test".into(),
        timestep: 0.1,
        min_delay: 0.1,
        max_delay: 100.0,
        time_scale_factor: None,
        seed: 1,
        populations: sizes
            .iter()
            .enumerate()
            .map(|(i, &size)| population(&format!("pop {i}"), size))
            .collect(),
        projections,
    }
}

/// `NumpyRNG(seed)`.
pub(crate) fn numpy(seed: u32) -> Generator {
    Generator::Numpy(Mt19937State::from_seed(seed))
}

/// `NativeRNG(seed)`, with a stream.
pub(crate) fn native(seed: u64, stream: u64) -> Generator {
    Generator::Native { seed, stream }
}
