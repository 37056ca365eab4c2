//! Weights and delays of the synapses that a connector made.

use super::ExpandReason;
use super::pairs::Pairs;
use super::shape::Shape;
use crate::random::{DrawError, Mt19937, PhiloxKey, fill};
use crate::space::Distances;
use crate::{Connections, Expression, Formula, Generator, Mt19937State, RandomSource, SynapseValue};
use rayon::prelude::*;
use std::ops::Range;

/// One value per synapse.
pub(super) fn values(
    shape: &Shape<'_>,
    pairs: &Pairs,
    value: &SynapseValue,
) -> Result<Vec<f64>, ExpandReason> {
    let total = pairs.sources.len();
    match value {
        SynapseValue::Constant(value) => Ok(vec![*value; total]),
        SynapseValue::PerPair(values) => {
            let needed = u64::from(shape.sources) * u64::from(shape.targets);
            if values.len() as u64 != needed {
                return Err(wrong_length("an array of values per pair", values.len(), needed));
            }
            let columns = shape.targets as usize;
            let mut out = vec![0.0; total];
            by_target(pairs, &mut out, |target, row, out| {
                for (out, &source) in out.iter_mut().zip(&pairs.sources[row]) {
                    *out = values[source as usize * columns + target as usize];
                }
                Ok(())
            })?;
            Ok(out)
        }
        SynapseValue::PerConnection(values) => match &pairs.places {
            Some(places) => {
                let needed = listed(shape) as u64;
                if values.len() as u64 != needed {
                    return Err(wrong_length(
                        "a column of the connection list",
                        values.len(),
                        needed,
                    ));
                }
                Ok(places.iter().map(|&place| values[place as usize]).collect())
            }
            None if values.len() == total => Ok(values.clone()),
            None => Err(wrong_length(
                "an array of values per connection",
                values.len(),
                total as u64,
            )),
        },
        SynapseValue::Random(source) => random(pairs, source),
        SynapseValue::Distance(expression) => {
            let formula = formula(expression)?;
            let distances = Distances::new(shape.network, shape.projection);
            let mut out = vec![0.0; total];
            by_target(pairs, &mut out, |target, row, out| {
                let mut scratch = Vec::new();
                for (out, &source) in out.iter_mut().zip(&pairs.sources[row]) {
                    *out = formula.evaluate(distances.between(source, target), &mut scratch);
                }
                Ok(())
            })?;
            Ok(out)
        }
    }
}

/// PyNN's rule for the sign of weights, finiteness, and the network's limits for delays.
pub(super) fn check(shape: &Shape<'_>, first: u32, connections: &Connections) -> Result<(), ExpandReason> {
    let receptor = shape.projection.receptor;
    let conductance = shape
        .projection
        .target
        .0
        .first()
        .is_some_and(|s| shape.network.population(s.population).cell.conductance_based());
    let place = |synapse: usize| {
        let row = connections
            .offsets
            .partition_point(|&offset| offset <= synapse as u64);
        (connections.sources[synapse], first + row as u32 - 1)
    };
    let (fine, needed): (fn(f64) -> bool, _) = if conductance {
        (
            |w| w >= 0.0 && w.is_finite(),
            "a conductance must be 0 or more, and finite",
        )
    } else if receptor == 0 {
        (
            |w| w >= 0.0 && w.is_finite(),
            "an excitatory weight must be 0 or more, and finite",
        )
    } else {
        (
            |w| w <= 0.0 && w.is_finite(),
            "an inhibitory weight of a current-based cell must be 0 or less, and finite",
        )
    };
    if let Some(synapse) = connections.weights.par_iter().position_first(|&w| !fine(w)) {
        let (source_cell, target_cell) = place(synapse);
        return Err(ExpandReason::BadWeight {
            source_cell,
            target_cell,
            weight: connections.weights[synapse],
            unit: if conductance { "uS" } else { "nA" },
            needed,
        });
    }
    let (min, max) = (shape.network.min_delay, shape.network.max_delay);
    if let Some(synapse) = connections
        .delays
        .par_iter()
        .position_first(|d| !(d.is_finite() && (min..=max).contains(d)))
    {
        let (source_cell, target_cell) = place(synapse);
        return Err(ExpandReason::BadDelay {
            source_cell,
            target_cell,
            delay: connections.delays[synapse],
            min,
            max,
        });
    }
    Ok(())
}

/// A parsed expression.
pub(super) fn formula(expression: &Expression) -> Result<Formula, ExpandReason> {
    expression.parse().map_err(|source| ExpandReason::Expression {
        expression: expression.0.clone(),
        source,
    })
}

fn random(pairs: &Pairs, source: &RandomSource) -> Result<Vec<f64>, ExpandReason> {
    source.distribution.check().map_err(DrawError::from)?;
    let mut out = vec![0.0; pairs.sources.len()];
    let state: &Mt19937State = match &source.generator {
        Generator::Numpy(state) => state,
        Generator::OfConnector => pairs
            .connector_shared
            .as_ref()
            .ok_or(DrawError::NoConnectorGenerator)?,
        Generator::Native { seed, stream } => {
            let key = PhiloxKey::new(*seed, *stream);
            by_target(pairs, &mut out, |target, _, out| {
                Ok(fill(&source.distribution, &mut key.at(target.into()), out)?)
            })?;
            return Ok(out);
        }
    };
    let start = Mt19937::resume(state)?;
    if pairs.places.is_some() {
        // PyNN copies the parameters anew for every target of a list.
        by_target(pairs, &mut out, |_, _, out| {
            Ok(fill(&source.distribution, &mut start.clone(), out)?)
        })?;
        return Ok(out);
    }
    let mut bits = start;
    let mut rest = out.as_mut_slice();
    for bounds in pairs.offsets.windows(2) {
        let (row, after) = rest.split_at_mut((bounds[1] - bounds[0]) as usize);
        fill(&source.distribution, &mut bits, row)?;
        rest = after;
    }
    Ok(out)
}

/// Calls `row` with each target, the place of its synapses, and their part of `out`; in parallel.
fn by_target(
    pairs: &Pairs,
    out: &mut [f64],
    row: impl Fn(u32, Range<usize>, &mut [f64]) -> Result<(), ExpandReason> + Sync,
) -> Result<(), ExpandReason> {
    const TARGETS_PER_TASK: usize = 64;
    let mut tasks = Vec::new();
    let mut rest = out;
    for (chunk, start) in pairs.offsets[..pairs.offsets.len() - 1]
        .chunks(TARGETS_PER_TASK)
        .zip((0..).step_by(TARGETS_PER_TASK))
    {
        let end = pairs.offsets[start + chunk.len()];
        let (part, after) = rest.split_at_mut((end - chunk[0]) as usize);
        tasks.push((start..start + chunk.len(), part));
        rest = after;
    }
    tasks.into_par_iter().try_for_each(|(targets, mut part)| {
        for i in targets {
            let synapses = pairs.offsets[i] as usize..pairs.offsets[i + 1] as usize;
            let (own, after) = part.split_at_mut(synapses.len());
            row(pairs.first + i as u32, synapses, own)?;
            part = after;
        }
        Ok(())
    })
}

fn listed(shape: &Shape<'_>) -> usize {
    match shape.connector {
        crate::Connector::List { sources, .. } => sources.len(),
        _ => 0,
    }
}

fn wrong_length(what: &'static str, found: usize, needed: u64) -> ExpandReason {
    ExpandReason::WrongLength { what, found, needed }
}
