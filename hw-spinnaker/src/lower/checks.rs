//! What is refused before anything is placed, and what the checkers found afterwards.

use super::{LowerError, Lowering, parts::Part, split::Split, vertices::Vertices};
use std::fmt::Display;
use taproot_network::Network;
use taproot_spinnaker_chip::Machine;

pub(crate) fn check_timestep(network: &Network) -> Result<(), LowerError> {
    let timestep = network.timestep;
    let us = timestep * 1000.0;
    if !(0.999..=1e9).contains(&us) || (us - us.round()).abs() > 1e-6 * us {
        return Err(LowerError::Timestep { timestep });
    }
    Ok(())
}

/// Whether the synapses of a changed network go through the delay slots and stages that there are.
pub(crate) fn check_delays_fit(network: &Network, parts: &[Part], split: &Split) -> Result<(), LowerError> {
    if parts.len() != split.group_of.len() {
        return Err(LowerError::NeedsNewImage {
            what: "which populations projections connect".to_owned(),
        });
    }
    for (part, group) in parts.iter().zip(&split.group_of) {
        let slots = split.populations[part.target.0 as usize].slots;
        let most = group.map_or(slots, |group| {
            let group = split.groups[group];
            // A group belongs to one source; another one here means that the projections were changed.
            if group.source == part.source && group.steps_per_stage == slots {
                slots.saturating_mul(group.stages + 1)
            } else {
                0
            }
        });
        if part.max_delay > most {
            return Err(LowerError::NeedsNewImage {
                what: format!(
                    "the longest delay of projection `{}`",
                    network.projection(part.projection).label
                ),
            });
        }
    }
    Ok(())
}

pub(crate) fn check_time_scale(network: &Network, split: &Split) -> Result<(), LowerError> {
    if (network.timestep * 1000.0).round() * f64::from(split.time_scale) > f64::from(u32::MAX) {
        return Err(LowerError::TimeScale {
            timestep: network.timestep,
            factor: split.time_scale,
        });
    }
    Ok(())
}

/// Every projection must end on cells that have its receptor.
pub(crate) fn check_receptors(network: &Network) -> Result<(), LowerError> {
    for projection in &network.projections {
        for selection in &projection.target.0 {
            let Some(population) = network.populations.get(selection.population.0 as usize) else {
                continue; // the expansion says what is wrong
            };
            if usize::from(projection.receptor) >= population.cell.receptors().len() {
                return Err(LowerError::Unsupported {
                    population: population.label.clone(),
                    what: format!(
                        "receive projection `{}`: {} has {} receptors",
                        projection.label,
                        population.cell.name(),
                        population.cell.receptors().len()
                    ),
                });
            }
        }
    }
    Ok(())
}

pub(crate) fn check_size(
    lowering: &Lowering<'_>,
    machine: &Machine,
    vertices: &Vertices,
) -> Result<(), LowerError> {
    let (needed, available) = (vertices.jobs.len(), machine.application_cores());
    if needed <= available {
        return Ok(());
    }
    let populations = &lowering.split.populations;
    let largest = (0..populations.len())
        .max_by_key(|index| populations[*index].cores())
        .expect("cores belong to populations");
    Err(LowerError::TooManyCores {
        machine: machine.name().to_owned(),
        needed,
        available,
        population: lowering.network.populations[largest].label.clone(),
        cores: populations[largest].cores() as usize,
        size: populations[largest].size,
        per_core: populations[largest].per_core,
    })
}

pub(crate) fn no_problems<P: Display>(stage: &'static str, problems: Vec<P>) -> Result<(), LowerError> {
    match problems.first() {
        None => Ok(()),
        Some(first) => Err(LowerError::Check {
            stage,
            count: problems.len(),
            first: first.to_string(),
        }),
    }
}
