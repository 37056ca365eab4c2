//! Slices: how populations are split over cores, how many delay slots each has, and how slow real time must be.

use super::{
    LowerError, LowerOptions,
    cells::{Cells, steps_per_second},
    costs,
    data_memory::{self, NeuronCore},
    parts::{Part, steps_per_ms},
    weights::peaks,
};
use crate::regions::{MAX_RING_BUFFER_BITS, bits_for, poisson::max_spikes_per_step};
use std::ops::Range;
use taproot_network::{CellType, Network, PopulationId, ProjectionId};

/// Cells per core where sPyNNaker is to be matched (`sPyNNaker: spynnaker.cfg` and the vertices' defaults).
const SPYNNAKER_NEURONS: u32 = 256;
const SPYNNAKER_POISSON: u32 = 500;

/// One population's share of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slices {
    /// Cells on every core but perhaps the last.
    pub(crate) per_core: u32,
    /// Cells of the population.
    pub(crate) size: u32,
    /// Delay slots of the ring buffer, a power of two; 0 for sources.
    pub(crate) slots: u32,
}

impl Slices {
    pub(crate) fn cores(self) -> u32 {
        self.size.div_ceil(self.per_core)
    }

    pub(crate) fn slice(self, core: u32) -> Range<u32> {
        let first = core * self.per_core;
        first..(first + self.per_core).min(self.size)
    }
}

/// Delay extension of one source population, for targets with the same number of delay slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DelayGroup {
    pub(crate) source: PopulationId,
    pub(crate) steps_per_stage: u32,
    pub(crate) stages: u32,
}

/// The whole split.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Split {
    /// By population.
    pub(crate) populations: Vec<Slices>,
    /// In the order in which projections first need them.
    pub(crate) groups: Vec<DelayGroup>,
    /// By part: the delay group that serves it.
    pub(crate) group_of: Vec<Option<usize>>,
    pub(crate) time_scale: u32,
    /// By population: expected cycles of a step over those available, at this split.
    pub(crate) load: Vec<f64>,
}

/// Splits all populations, into slices of at most `caps` cells where an attempt with larger ones did not fit.
pub(crate) fn split(
    network: &Network,
    parts: &[Part],
    cells: &[Cells],
    machine_cores: usize,
    options: &LowerOptions,
    caps: &[u32],
) -> Result<Split, LowerError> {
    let model = Model::new(network, parts, cells, options);
    let mut limits: Vec<u32> = (0..network.populations.len())
        .map(|index| {
            let limit = model.limit(PopulationId(index as u32), parts, &cells[index]);
            caps.get(index).map_or(limit, |cap| limit.min(*cap)).max(1)
        })
        .collect();
    shrink_for_delays(network, parts, &mut limits, options)?;
    let attempt = |time_scale: u32| -> (Vec<u32>, bool) {
        let budget = model.budget(time_scale);
        let mut fits = true;
        let per_core = (0..network.populations.len())
            .map(|index| {
                let population = PopulationId(index as u32);
                let least = limits[index].min(options.least_neurons_per_core.max(1));
                let mut atoms = limits[index];
                while atoms > 1 && model.cycles(population, atoms) > budget {
                    atoms -= 1;
                }
                fits &= model.cycles(population, atoms) <= budget && atoms >= least;
                atoms
            })
            .collect();
        (per_core, fits)
    };
    let cores = |per_core: &[u32], time_scale| {
        finish(network, parts, per_core, time_scale, &model, options)
            .populations
            .iter()
            .map(|s| s.cores() as usize)
            .sum::<usize>()
    };
    if options.match_spynnaker {
        let time_scale = network.time_scale_factor.unwrap_or(1);
        return Ok(finish(network, parts, &limits, time_scale, &model, options));
    }
    if let Some(time_scale) = network.time_scale_factor {
        let (per_core, _) = attempt(time_scale.max(1));
        return Ok(finish(
            network,
            parts,
            &per_core,
            time_scale.max(1),
            &model,
            options,
        ));
    }
    let least_cores = cores(&limits, 1);
    let mut time_scale = 1;
    loop {
        let (per_core, fits) = attempt(time_scale);
        let cores = cores(&per_core, time_scale);
        // Slices that are small for speed alone must not be what makes the network too large.
        if (fits && (cores <= machine_cores || cores <= least_cores)) || time_scale >= 1_000_000 {
            return Ok(finish(network, parts, &per_core, time_scale, &model, options));
        }
        time_scale += if time_scale < 64 { 1 } else { time_scale / 16 };
    }
}

/// Slices, slots and delay groups for given limits of cells per core.
fn finish(
    network: &Network,
    parts: &[Part],
    limits: &[u32],
    time_scale: u32,
    model: &Model<'_>,
    options: &LowerOptions,
) -> Split {
    let populations: Vec<Slices> = network
        .populations
        .iter()
        .zip(limits)
        .enumerate()
        .map(|(index, (population, &limit))| {
            let size = population.size;
            let limit = limit.clamp(1, size.max(1));
            let per_core = if options.match_spynnaker {
                limit
            } else {
                // The same number of cores, evenly filled.
                size.div_ceil(size.div_ceil(limit).max(1)).max(1)
            };
            let slots = if population.cell.receptors().is_empty() {
                0
            } else {
                slots(
                    longest(parts, PopulationId(index as u32)),
                    per_core,
                    population.cell,
                )
            };
            Slices {
                per_core,
                size,
                slots,
            }
        })
        .collect();
    let (groups, group_of) = delay_groups(parts, |target| populations[target.0 as usize].slots);
    let budget = model.budget(time_scale);
    let load = (0..populations.len())
        .map(|index| model.cycles(PopulationId(index as u32), populations[index].per_core) / budget)
        .collect();
    Split {
        populations,
        groups,
        group_of,
        time_scale,
        load,
    }
}

/// The longest delay onto a population, steps.
fn longest(parts: &[Part], target: PopulationId) -> u32 {
    let onto = parts.iter().filter(|part| part.target == target);
    onto.map(|part| part.max_delay).max().unwrap_or(1)
}

/// Delay slots for a longest delay of `wanted` steps: a power of two, within the bits that neurons and types leave.
fn slots(wanted: u32, per_core: u32, cell: CellType) -> u32 {
    let available = MAX_RING_BUFFER_BITS
        .saturating_sub(bits_for(per_core) + bits_for(cell.receptors().len() as u32))
        .max(1);
    // Beyond 2^13 slots only the bits that are available count.
    1 << bits_for(wanted.min(1 << MAX_RING_BUFFER_BITS)).min(available)
}

/// Groups of delayed parts, by source and slots of the target.
fn delay_groups(
    parts: &[Part],
    slots_of: impl Fn(PopulationId) -> u32,
) -> (Vec<DelayGroup>, Vec<Option<usize>>) {
    let mut groups: Vec<DelayGroup> = Vec::new();
    let group_of = parts
        .iter()
        .map(|part| {
            let slots = slots_of(part.target);
            if slots == 0 || part.max_delay <= slots {
                return None;
            }
            let stages = part.max_delay.div_ceil(slots) - 1;
            let found = groups
                .iter()
                .position(|group| group.source == part.source && group.steps_per_stage == slots);
            Some(match found {
                Some(index) => {
                    groups[index].stages = groups[index].stages.max(stages);
                    index
                }
                None => {
                    groups.push(DelayGroup {
                        source: part.source,
                        steps_per_stage: slots,
                        stages,
                    });
                    groups.len() - 1
                }
            })
        })
        .collect();
    (groups, group_of)
}

/// Makes sources small enough that their delay extensions can count; an error if even one cell is too many.
fn shrink_for_delays(
    network: &Network,
    parts: &[Part],
    limits: &mut [u32],
    options: &LowerOptions,
) -> Result<(), LowerError> {
    if options.match_spynnaker {
        return Ok(());
    }
    for part in parts {
        // Smaller slices only add slots, so the slots at the limit are the least.
        let target = network.population(part.target);
        let least = slots(part.max_delay, limits[part.target.0 as usize].max(1), target.cell);
        if part.max_delay <= least {
            continue;
        }
        let stages = part.max_delay.div_ceil(least) - 1;
        let most = costs::delayed_neurons(stages.saturating_mul(least));
        if most == 0 {
            let per_ms = steps_per_ms(network.timestep);
            return Err(LowerError::DelayTooLong {
                projection: network.projection(part.projection).label.clone(),
                population: network.population(part.source).label.clone(),
                delay: f64::from(part.max_delay) / per_ms,
                limit: f64::from(longest_delay(least)) / per_ms,
            });
        }
        let source = &mut limits[part.source.0 as usize];
        *source = (*source).min(most);
    }
    Ok(())
}

/// The longest delay, in steps, that slots and an extension of a few neurons can make together.
fn longest_delay(slots: u32) -> u32 {
    let mut stages = 0;
    while costs::delayed_neurons((stages + 1) * slots) > 0 {
        stages += 1;
    }
    (stages + 1) * slots
}

/// Refuses a delay that no split of the network has room for, before anything is split; `longest` is the longest delay of the
/// projection, ms. What passes may still be too long for the slices that the whole network needs.
///
/// # Errors
/// [`LowerError::DelayTooLong`].
pub fn check_delay(network: &Network, projection: ProjectionId, longest: f64) -> Result<(), LowerError> {
    let projection = network.projection(projection);
    let per_ms = steps_per_ms(network.timestep);
    // Slices of one cell leave the most bits for slots.
    let limit = projection
        .target
        .0
        .iter()
        .map(|part| longest_delay(slots(u32::MAX, 1, network.population(part.population).cell)))
        .max();
    match (limit, projection.source.0.first()) {
        (Some(limit), Some(source)) if longest * per_ms > f64::from(limit) + 0.5 => {
            Err(LowerError::DelayTooLong {
                projection: projection.label.clone(),
                population: network.population(source.population).label.clone(),
                delay: longest,
                limit: f64::from(limit) / per_ms,
            })
        }
        _ => Ok(()),
    }
}

/// The cycle model of a step.
struct Model<'a> {
    network: &'a Network,
    options: &'a LowerOptions,
    /// By population: incoming spikes of a busy step, and incoming synapses per own cell in it.
    incoming: Vec<(f64, f64)>,
    /// By population: spikes per own cell and step.
    sending: Vec<f64>,
}

impl<'a> Model<'a> {
    fn new(network: &'a Network, parts: &[Part], cells: &[Cells], options: &'a LowerOptions) -> Self {
        let per_second = steps_per_second(network.timestep);
        let busy: Vec<f64> = cells
            .iter()
            .zip(&network.populations)
            .map(|(cells, population)| match cells {
                Cells::Neurons(_) => {
                    let size = f64::from(population.size);
                    peak(size * options.expected_rate * options.synchrony / per_second).min(size)
                }
                Cells::Poisson(rates) => peak(rates.iter().map(|r| r.rate).sum::<f64>() / per_second),
                Cells::Array(spikes) => f64::from(peaks(spikes).0),
            })
            .collect();
        let mut incoming = vec![(0.0, 0.0); network.populations.len()];
        let mut seen = std::collections::BTreeSet::new();
        for part in parts {
            let (source, target) = (part.source.0 as usize, part.target.0 as usize);
            if part.sources.is_empty() {
                continue;
            }
            if seen.insert((source, target)) {
                incoming[target].0 += busy[source];
            }
            let pairs =
                f64::from(network.populations[source].size) * f64::from(network.populations[target].size);
            incoming[target].1 += busy[source] * part.sources.len() as f64 / pairs;
        }
        let sending = network
            .populations
            .iter()
            .zip(&busy)
            .map(|(population, busy)| busy / f64::from(population.size.max(1)))
            .collect();
        Self {
            network,
            options,
            incoming,
            sending,
        }
    }

    /// Cycles that may be planned for in one step.
    fn budget(&self, time_scale: u32) -> f64 {
        self.network.timestep
            * 1000.0
            * f64::from(time_scale)
            * costs::CYCLES_PER_MICROSECOND
            * costs::USABLE_SHARE
    }

    /// Cycles of a busy step of a core with `atoms` cells.
    fn cycles(&self, population: PopulationId, atoms: u32) -> f64 {
        let index = population.0 as usize;
        let cell = self.network.population(population).cell;
        let (spikes, synapses) = self.incoming[index];
        let atoms = f64::from(atoms);
        costs::STEP
            + atoms * costs::neuron(cell)
            + spikes * costs::SPIKE
            + synapses * atoms * costs::SYNAPSE
            + peak_of(self.sending[index] * atoms) * costs::SEND
    }

    /// Most cells per core that memory and the user allow.
    fn limit(&self, id: PopulationId, parts: &[Part], cells: &Cells) -> u32 {
        let population = self.network.population(id);
        let default = match (self.options.match_spynnaker, population.cell) {
            (false, _) => self.options.neurons_per_core,
            (true, CellType::SpikeSourcePoisson | CellType::SpikeSourceArray) => SPYNNAKER_POISSON,
            (true, _) => SPYNNAKER_NEURONS,
        };
        let mut limit = population
            .neurons_per_core
            .unwrap_or(default)
            .clamp(1, population.size.max(1));
        if self.options.match_spynnaker {
            return limit;
        }
        limit = limit.min(default);
        let longest = longest(parts, id);
        let fits = |atoms: u32| {
            let bytes = match cells {
                Cells::Neurons(_) => {
                    let slots = slots(longest, atoms, population.cell);
                    NeuronCore::expected(id, population, atoms, slots, parts).bytes()
                }
                Cells::Poisson(rates) => {
                    let most = rates.iter().map(|rate| rate.rate).fold(0.0, f64::max);
                    let most = max_spikes_per_step(most, self.network.timestep);
                    data_memory::poisson_core(atoms, most, !population.records.is_empty())
                }
                Cells::Array(_) => 0,
            };
            bytes <= data_memory::heap(population.cell)
        };
        // More cells never take less, so that the most that fit can be found by halving.
        if !fits(limit) {
            let (mut enough, mut too_many) = (0, limit);
            while too_many - enough > 1 {
                let middle = enough + (too_many - enough) / 2;
                if fits(middle) {
                    enough = middle
                } else {
                    too_many = middle
                }
            }
            limit = enough;
        }
        limit.max(1)
    }
}

/// Spikes of a busy step, where `mean` are expected: three standard deviations more.
fn peak(mean: f64) -> f64 {
    mean + 3.0 * mean.sqrt()
}

fn peak_of(mean: f64) -> f64 {
    peak(mean.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_slots_are_what_the_bits_leave() {
        // Reference: 256 atoms leave 32 slots, 128 leave 64, 20 leave 256.
        assert_eq!(slots(1000, 256, CellType::IfCurrExp), 32);
        assert_eq!(slots(1000, 128, CellType::IfCurrExp), 64);
        assert_eq!(slots(102, 20, CellType::IfCondExp), 128);
        assert_eq!(slots(30, 50, CellType::IfCurrExp), 32);
        assert_eq!(slots(1, 50, CellType::IfCurrExp), 2);
    }

    #[test]
    fn slices_cover_the_population() {
        let slices = Slices {
            per_core: 50,
            size: 70,
            slots: 2,
        };
        assert_eq!(slices.cores(), 2);
        assert_eq!(slices.slice(1), 50..70);
    }
}
