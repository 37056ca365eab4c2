//! Parts: the synapses of one projection between one pair of populations.

use super::LowerError;
use rayon::prelude::*;
use std::collections::BTreeMap;
use taproot_calibration::Tally;
use taproot_network::{Connections, Group, Network, PopulationId, ProjectionId};

/// The synapses of one projection from one population to another, target cell by target cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) projection: ProjectionId,
    pub(crate) source: PopulationId,
    pub(crate) target: PopulationId,
    pub(crate) receptor: u8,
    /// Synapses of target cell t are `first[t]..first[t + 1]`.
    pub(crate) first: Vec<u32>,
    /// Source cell of each.
    pub(crate) sources: Vec<u32>,
    /// Weight of each, PyNN's unit and sign.
    pub(crate) weights: Vec<f64>,
    /// Delay of each, in time steps, at least 1.
    pub(crate) delays: Vec<u32>,
    /// Position of each in the projection's [`Connections`]; none if it is the same position.
    pub(crate) origin: Option<Vec<u32>>,
    /// Largest delay, 0 without synapses.
    pub(crate) max_delay: u32,
    /// What rounding the delays cost, ms.
    pub(crate) delay_tally: Tally,
}

/// Expands all projections and cuts them into parts, in network order.
pub(crate) fn parts_of(network: &Network) -> Result<Vec<Part>, LowerError> {
    let expanded: Vec<Result<Vec<Part>, LowerError>> = (0..network.projections.len())
        .into_par_iter()
        .map(|index| {
            let id = ProjectionId(index as u32);
            parts_of_projection(network, id)
        })
        .collect();
    let mut parts = Vec::new();
    for result in expanded {
        parts.extend(result?);
    }
    Ok(parts)
}

/// Parts of one projection.
pub(crate) fn parts_of_projection(network: &Network, id: ProjectionId) -> Result<Vec<Part>, LowerError> {
    Ok(cut(network, id, network.expand(id)?))
}

/// The delay in steps that stands for `delay` ms: rounded half to even, at least 1.
pub(crate) fn delay_steps(delay: f64, timestep: f64) -> u32 {
    // A cast from a float saturates. Multiplying by the steps per ms is what sPyNNaker does.
    ((delay * steps_per_ms(timestep)).round_ties_even() as u32).max(1)
}

/// Steps per ms. Time steps are whole microseconds, so for 0.1 ms this is 10 and not a neighbour of it.
pub(crate) fn steps_per_ms(timestep: f64) -> f64 {
    1000.0 / (timestep * 1000.0).round()
}

fn whole(group: &Group) -> Option<PopulationId> {
    match group.0.as_slice() {
        [only] if only.cells.is_none() => Some(only.population),
        _ => None,
    }
}

fn cut(network: &Network, id: ProjectionId, connections: Connections) -> Vec<Part> {
    let projection = network.projection(id);
    let raw = match (whole(&projection.source), whole(&projection.target)) {
        (Some(source), Some(target)) => vec![Raw {
            source,
            target,
            first: connections.offsets.iter().map(|&o| o as u32).collect(),
            sources: connections.sources,
            weights: connections.weights,
            delays: connections.delays,
            origin: None,
        }],
        _ => regroup(network, id, &connections),
    };
    let per_ms = steps_per_ms(network.timestep);
    raw.into_iter()
        .map(|raw| {
            let mut tally = Tally::default();
            let mut max_delay = 0;
            let delays = raw
                .delays
                .iter()
                .map(|&delay| {
                    let steps = delay_steps(delay, network.timestep);
                    tally.add(delay, f64::from(steps) / per_ms, false);
                    max_delay = max_delay.max(steps);
                    steps
                })
                .collect();
            Part {
                projection: id,
                source: raw.source,
                target: raw.target,
                receptor: projection.receptor,
                first: raw.first,
                sources: raw.sources,
                weights: raw.weights,
                delays,
                origin: raw.origin,
                max_delay,
                delay_tally: tally,
            }
        })
        .collect()
}

struct Raw {
    source: PopulationId,
    target: PopulationId,
    first: Vec<u32>,
    sources: Vec<u32>,
    weights: Vec<f64>,
    delays: Vec<f64>,
    origin: Option<Vec<u32>>,
}

/// Parts of a projection between views or assemblies, in the order in which the groups name the populations.
fn regroup(network: &Network, id: ProjectionId, connections: &Connections) -> Vec<Raw> {
    let projection = network.projection(id);
    let sources: Vec<(PopulationId, u32)> = network.group_cells(&projection.source).collect();
    let targets: Vec<(PopulationId, u32)> = network.group_cells(&projection.target).collect();
    // Every pair that the groups name becomes a part, used or not, so that the structure does not depend on draws.
    // Target cell, source cell, position in the connections.
    type Found = Vec<(u32, u32, u32)>;
    let mut found: BTreeMap<(usize, usize), Found> = BTreeMap::new();
    let order = |group: &Group| {
        let mut seen: Vec<PopulationId> = Vec::new();
        for selection in &group.0 {
            if !seen.contains(&selection.population) {
                seen.push(selection.population);
            }
        }
        seen
    };
    let (source_order, target_order) = (order(&projection.source), order(&projection.target));
    let place = |order: &[PopulationId], population: PopulationId| {
        order.iter().position(|p| *p == population).unwrap_or(0)
    };
    for (t, bounds) in connections.offsets.windows(2).enumerate() {
        let (target_population, target_cell) = targets[t];
        let target_place = place(&target_order, target_population);
        for index in bounds[0]..bounds[1] {
            let (source_population, source_cell) = sources[connections.sources[index as usize] as usize];
            found
                .entry((place(&source_order, source_population), target_place))
                .or_default()
                .push((target_cell, source_cell, index as u32));
        }
    }
    let mut raws = Vec::new();
    for (s, &source) in source_order.iter().enumerate() {
        for (t, &target) in target_order.iter().enumerate() {
            let mut synapses = found.remove(&(s, t)).unwrap_or_default();
            synapses.sort_by_key(|(target, ..)| *target);
            let mut first = vec![0u32; network.population(target).size as usize + 1];
            for (target, ..) in &synapses {
                first[*target as usize + 1] += 1;
            }
            for cell in 1..first.len() {
                first[cell] += first[cell - 1];
            }
            let pick = |values: &[f64]| synapses.iter().map(|s| values[s.2 as usize]).collect();
            raws.push(Raw {
                source,
                target,
                first,
                sources: synapses.iter().map(|s| s.1).collect(),
                weights: pick(&connections.weights),
                delays: pick(&connections.delays),
                origin: Some(synapses.iter().map(|s| s.2).collect()),
            });
        }
    }
    raws
}
