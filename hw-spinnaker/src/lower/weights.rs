//! Ring-buffer shifts: how many bits of a 16-bit sum of weights lie above the binary point.
//!
//! A larger shift leaves more room for inputs that arrive together, a smaller one stores weights more finely. sPyNNaker
//! chooses the room by a statistical estimate, or by the sum of all weights where all delays are equal. We know every
//! synapse, so: the room is what all inputs together need, if a mean weight then still has 512 levels (0.1 % rounding
//! error); otherwise as much room as leaves 512 levels, and never less than the statistical estimate needs.

use super::{LowerOptions, cells::Cells, parts::Part};
use crate::regions::{neuron_params::global_weight_scale, poisson::max_spikes_per_step};
use taproot_network::{Network, PopulationId};

/// Largest shift: a full ring buffer of 16 bits must fit the s16.15 input that it becomes.
const MAX_SHIFT: u32 = 15;
/// Levels that a mean weight should have.
const LEVELS: f64 = 512.0;

/// Shifts and scales of one population's receptors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scales {
    /// Left shift per synapse type.
    pub(crate) shifts: Vec<u32>,
    /// Stored units per PyNN unit, per synapse type.
    pub(crate) scales: Vec<f64>,
}

impl Scales {
    pub(crate) fn new(shifts: Vec<u32>, global: f64) -> Self {
        let scales = shifts
            .iter()
            .map(|&shift| global * 2f64.powi(15 - shift as i32))
            .collect();
        Self { shifts, scales }
    }
}

/// The smallest shift with room for a sum of `weight`: 2^shift is larger.
pub(crate) fn shift_for(weight: f64) -> u32 {
    if weight.is_nan() || weight <= 0.0 {
        return 0;
    }
    let mut shift = weight.log2().max(0.0).ceil() as u32;
    if 2f64.powi(shift as i32) <= weight {
        shift += 1;
    }
    shift
}

/// What one source population sends in a step.
#[derive(Clone, Copy)]
enum Activity<'a> {
    /// Each cell at a rate, as a Poisson process: expected spikes per step and most spikes per step, by cell.
    Random(&'a dyn Fn(u32) -> (f64, f64)),
    /// At most so many spikes of the whole population, and so many of one cell, in one step.
    Known { all: f64, one: f64 },
}

/// Shifts of a population from all synapses onto it. `cells` are those of all populations.
pub(crate) fn scales_of(
    network: &Network,
    target: PopulationId,
    parts: &[Part],
    cells: &[Cells],
    options: &LowerOptions,
) -> Scales {
    let population = network.population(target);
    let global = global_weight_scale(population.cell);
    let shifts = (0..population.cell.receptors().len() as u8)
        .map(|receptor| {
            let incoming: Vec<&Part> = parts
                .iter()
                .filter(|part| part.target == target && part.receptor == receptor)
                .collect();
            estimate(network, population.size, &incoming, cells, global, options)
        })
        .collect();
    Scales::new(shifts, global)
}

fn estimate(
    network: &Network,
    size: u32,
    parts: &[&Part],
    cells: &[Cells],
    global: f64,
    options: &LowerOptions,
) -> u32 {
    let size = size as usize;
    let (mut full, mut mean, mut variance, mut known) = (
        vec![0f64; size],
        vec![0f64; size],
        vec![0f64; size],
        vec![0f64; size],
    );
    let (mut sum, mut count, mut biggest) = (0f64, 0u64, 0f64);
    for part in parts {
        let seconds = network.timestep / 1000.0;
        let neuron = options.expected_rate * seconds;
        let by_cell: Box<dyn Fn(u32) -> (f64, f64)> = match &cells[part.source.0 as usize] {
            Cells::Poisson(rates) => Box::new(move |cell| {
                let rate = rates[cell as usize].rate;
                (
                    rate * seconds,
                    f64::from(max_spikes_per_step(rate, network.timestep)),
                )
            }),
            _ => Box::new(move |_| (neuron, 1.0)),
        };
        let activity = match &cells[part.source.0 as usize] {
            Cells::Array(spikes) => {
                let (all, one) = peaks(spikes);
                Activity::Known {
                    all: f64::from(all),
                    one: f64::from(one),
                }
            }
            _ => Activity::Random(&by_cell),
        };
        for cell in 0..size {
            let range = part.first[cell] as usize..part.first[cell + 1] as usize;
            let (mut here, mut largest) = (0.0, 0f64);
            for index in range {
                let weight = part.weights[index].abs() * global;
                if weight == 0.0 {
                    continue;
                }
                sum += weight;
                count += 1;
                largest = largest.max(weight);
                match activity {
                    Activity::Random(of) => {
                        let (expected, most) = of(part.sources[index]);
                        full[cell] += weight * most;
                        mean[cell] += weight * expected;
                        variance[cell] += weight * weight * expected;
                    }
                    Activity::Known { one, .. } => here += weight * one,
                }
            }
            if let Activity::Known { all, .. } = activity {
                // No more than all spikes of the busiest step, each over the largest synapse.
                let most = here.min(all * largest);
                full[cell] += most;
                known[cell] += most;
            }
            biggest = biggest.max(largest);
        }
    }
    if count == 0 {
        return 0;
    }
    let room = full.iter().copied().fold(0.0, f64::max);
    let likely = (0..size)
        .map(|cell| known[cell] + mean[cell] + options.ring_buffer_sigma * variance[cell].sqrt())
        .fold(0.0, f64::max)
        .min(room);
    let mean_weight = sum / count as f64;
    let precise = (15.0 + (mean_weight / LEVELS).log2()).floor().max(0.0) as u32;
    shift_for(room)
        .min(precise.max(shift_for(likely)))
        .max(shift_for(biggest))
        .min(MAX_SHIFT)
}

/// Most spikes in one step, of all cells and of one cell; spikes are sorted by step, then cell.
pub(crate) fn peaks(spikes: &[(u32, u32)]) -> (u32, u32) {
    let all = spikes.chunk_by(|a, b| a.0 == b.0).map(<[_]>::len).max();
    let one = spikes.chunk_by(|a, b| a == b).map(<[_]>::len).max();
    (all.unwrap_or(0) as u32, one.unwrap_or(0) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_leaves_room_above_the_sum() {
        assert_eq!(
            [0.0, 0.3, 1.0, 1.5, 2.0, 4.096].map(shift_for),
            [0, 0, 1, 1, 2, 3]
        );
        assert_eq!(shift_for(f64::NAN), 0);
    }

    #[test]
    fn scales_follow_the_shift() {
        let scales = Scales::new(vec![4, 5], 1024.0);
        assert_eq!(scales.scales, [2_097_152.0, 1_048_576.0]);
    }

    #[test]
    fn the_busiest_step_is_found() {
        assert_eq!(peaks(&[(0, 1), (3, 0), (3, 2), (3, 2), (4, 0)]), (3, 2));
        assert_eq!(peaks(&[]), (0, 0));
    }
}
