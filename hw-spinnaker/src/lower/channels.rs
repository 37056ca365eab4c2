//! What each core records, and the space that takes.

use super::{LowerError, cells::Cells};
use crate::regions::{neuron_recording::Recorded, numbers, poisson::max_spikes_per_step, spike_array};
use std::ops::Range;
use taproot_network::{CellType, Network, Population, Variable};

/// A recording channel of one core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Channel {
    pub(crate) channel: u8,
    pub(crate) variable: Variable,
    pub(crate) interval: u32,
    /// Cells of the population, ascending.
    pub(crate) cells: Vec<u32>,
    pub(crate) space: Space,
}

/// How a channel's buffer grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    /// At most so many bytes every `interval` steps.
    PerRecord(u32),
    /// So many bytes, however long the run.
    Fixed(u32),
}

impl Channel {
    /// Bytes per 2^20 steps, so that sums over channels with different intervals stay whole.
    pub(crate) fn bytes_per_mebistep(&self) -> u64 {
        match self.space {
            Space::PerRecord(bytes) => (u64::from(bytes) << 20).div_ceil(u64::from(self.interval)),
            Space::Fixed(_) => 0,
        }
    }

    /// Bytes that do not grow with the run: the fixed ones, and one record for the part of an interval.
    pub(crate) fn bytes_at_least(&self) -> u64 {
        match self.space {
            Space::PerRecord(bytes) | Space::Fixed(bytes) => bytes.into(),
        }
    }

    /// Bytes of the buffer for runs of `steps`.
    pub(crate) fn bytes_for(&self, steps: u32) -> u32 {
        let bytes = match self.space {
            Space::PerRecord(bytes) => {
                u64::from(bytes) * (u64::from(steps).div_ceil(u64::from(self.interval)) + 1)
            }
            Space::Fixed(bytes) => bytes.into(),
        };
        u32::try_from(bytes).unwrap_or(!3)
    }
}

/// The channels of the core of `population` that runs `slice`, in channel order.
pub(crate) fn channels_of(
    network: &Network,
    population: &Population,
    cells: &Cells,
    slice: Range<u32>,
) -> Vec<Channel> {
    let mut channels: Vec<Channel> = Vec::new();
    for record in &population.records {
        let recorded: Vec<u32> = match &record.cells {
            None => slice.clone().collect(),
            Some(cells) => cells
                .iter()
                .copied()
                .filter(|cell| slice.contains(cell))
                .collect(),
        };
        if recorded.is_empty() || record.interval == 0 {
            continue;
        }
        let words = (recorded.len() as u32).div_ceil(32);
        let (channel, space) = match (population.cell, record.variable) {
            (CellType::IfCurrExp | CellType::IfCondExp, Variable::Spikes) => {
                (neuron_channel(Variable::Spikes), Space::PerRecord(4 + 4 * words))
            }
            (CellType::IfCurrExp | CellType::IfCondExp, variable) => (
                neuron_channel(variable),
                Space::PerRecord(4 + 4 * recorded.len() as u32),
            ),
            (CellType::SpikeSourcePoisson, _) => {
                // The core records all its sources whatever is asked for.
                let most = match cells {
                    Cells::Poisson(rates) => rates.iter().map(|r| r.rate).fold(0.0, f64::max),
                    _ => 0.0,
                };
                let most = max_spikes_per_step(most, network.timestep);
                let words = slice.len().div_ceil(32) as u32;
                (0, Space::PerRecord(8 + 4 * most * words))
            }
            (CellType::SpikeSourceArray, _) => (0, Space::Fixed(array_bytes(cells, slice.clone()))),
        };
        match channels.iter_mut().find(|c| c.channel == channel) {
            // Two requests for one variable: the union, as often as the more frequent.
            Some(found) => {
                found.cells.extend(recorded);
                found.cells.sort_unstable();
                found.cells.dedup();
                found.interval = found.interval.min(record.interval);
                if let Space::PerRecord(bytes) = &mut found.space {
                    let n = found.cells.len() as u32;
                    *bytes = match (population.cell, record.variable) {
                        (CellType::SpikeSourcePoisson, _) => *bytes,
                        (_, Variable::Spikes) => 4 + 4 * n.div_ceil(32),
                        _ => 4 + 4 * n,
                    };
                }
            }
            None => channels.push(Channel {
                channel,
                variable: record.variable,
                interval: record.interval,
                cells: recorded,
                space,
            }),
        }
    }
    channels.sort_by_key(|channel| channel.channel);
    channels
}

/// The channel of a core of neurons that records a variable.
pub(crate) const fn neuron_channel(variable: Variable) -> u8 {
    match variable {
        Variable::V => numbers::neuron::CHANNEL_V,
        Variable::GsynExc => numbers::neuron::CHANNEL_GSYN_EXC,
        Variable::GsynInh => numbers::neuron::CHANNEL_GSYN_INH,
        Variable::Spikes => numbers::neuron::CHANNEL_SPIKES,
    }
}

/// Bytes that the record of a spike array may take: twice what its spikes take now, since a script may change them.
fn array_bytes(cells: &Cells, slice: Range<u32>) -> u32 {
    let bytes: usize = match cells {
        Cells::Array(spikes) => steps_of(spikes, slice)
            .map(|keys| spike_array::step_bytes(keys) + 8 * keys.div_ceil(spike_array::MESSAGE_KEYS))
            .sum(),
        _ => 0,
    };
    (2 * bytes + 16 * 1024).min(64 << 20).next_multiple_of(4) as u32
}

/// Bytes of the send buffer of a spike array, likewise.
pub(crate) fn send_buffer_bytes(cells: &Cells, slice: Range<u32>) -> u32 {
    let bytes: usize = match cells {
        Cells::Array(spikes) => steps_of(spikes, slice).map(spike_array::step_bytes).sum(),
        _ => 0,
    };
    (2 * bytes + spike_array::END_BYTES + 16 * 1024)
        .min(64 << 20)
        .next_multiple_of(4) as u32
}

/// Spikes of the slice's cells in each step that has any.
fn steps_of(spikes: &[(u32, u32)], slice: Range<u32>) -> impl Iterator<Item = usize> + '_ {
    spikes
        .chunk_by(|a, b| a.0 == b.0)
        .map(move |step| step.iter().filter(|(_, cell)| slice.contains(cell)).count())
        .filter(|count| *count > 0)
}

/// What a neuron core's recording region says: three word variables and the spikes, by index on the core.
pub(crate) fn recorded_of(channels: &[Channel], slice: &Range<u32>) -> ([Recorded; 3], Recorded) {
    let of = |number: u8| {
        channels
            .iter()
            .find(|channel| channel.channel == number)
            .map_or_else(Recorded::default, |channel| Recorded {
                interval: channel.interval,
                atoms: channel.cells.iter().map(|cell| cell - slice.start).collect(),
            })
    };
    (
        [
            of(numbers::neuron::CHANNEL_V),
            of(numbers::neuron::CHANNEL_GSYN_EXC),
            of(numbers::neuron::CHANNEL_GSYN_INH),
        ],
        of(numbers::neuron::CHANNEL_SPIKES),
    )
}

/// Refuses record requests that the cell type cannot meet.
pub(crate) fn check_records(network: &Network) -> Result<(), LowerError> {
    for population in &network.populations {
        for record in &population.records {
            let unsupported = |what: String| LowerError::Unsupported {
                population: population.label.clone(),
                what,
            };
            if !population.cell.recordables().contains(&record.variable) {
                return Err(unsupported(format!("record `{}`", record.variable.name())));
            }
            if let Some(cell) = record
                .cells
                .iter()
                .flatten()
                .find(|cell| **cell >= population.size)
            {
                return Err(unsupported(format!(
                    "record cell {cell}: it has {} cells",
                    population.size
                )));
            }
        }
    }
    Ok(())
}
