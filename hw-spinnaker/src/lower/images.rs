//! The regions of every core.

use super::{
    Lowering,
    cells::Cells,
    channels::{Channel, recorded_of, send_buffer_bytes},
    matrices::CoreMatrix,
    vertices::Job,
    weights::Scales,
};
use crate::{
    Binary, Region,
    regions::{
        self, bit_field,
        core_params::{self, CoreParams},
        delay_extension::{self, DelayExtension},
        neuron_params::{self, Field},
        neuron_recording, numbers,
        poisson::{self, PoissonParams},
        population_table::{self, Block, Entry},
        recording,
        spike_array::{self, SpikeArray},
        synapse_params::{self, SynapseParams},
        system,
    },
};
use std::ops::Range;
use taproot_mapper::{GroupKeys, KeyMask};
use taproot_network::{CellType, PopulationId};

/// Keys of everything that sends, by population and delay group, then core.
#[derive(Clone, Debug, Default)]
pub(crate) struct SenderKeys {
    pub(crate) populations: Vec<Option<(GroupKeys, Vec<KeyMask>)>>,
    pub(crate) groups: Vec<Option<(GroupKeys, Vec<KeyMask>)>>,
}

impl SenderKeys {
    pub(crate) fn of(&self, job: &Job) -> Option<KeyMask> {
        let (sender, core) = match *job {
            Job::Cells { population, core } => (self.populations.get(population.0 as usize), core),
            Job::Delay { group, core } => (self.groups.get(group), core),
        };
        Some(sender?.as_ref()?.1[core as usize])
    }
}

/// The program of a job.
pub(crate) fn binary_of(lowering: &Lowering<'_>, job: &Job) -> Binary {
    match *job {
        Job::Delay { .. } => Binary::DelayExtension,
        Job::Cells { population, .. } => match lowering.network.population(population).cell {
            CellType::IfCurrExp => Binary::IfCurrExp,
            CellType::IfCondExp => Binary::IfCondExp,
            CellType::SpikeSourcePoisson => Binary::SpikeSourcePoisson,
            CellType::SpikeSourceArray => Binary::ReverseIptagMulticastSource,
        },
    }
}

/// The regions of one core. Without keys (before placement) they have the same sizes.
pub(crate) fn regions_of(
    lowering: &Lowering<'_>,
    job: &Job,
    channels: &[Channel],
    keys: &SenderKeys,
    steps: u32,
) -> Vec<Region> {
    let binary = binary_of(lowering, job);
    let mut regions = vec![written(0, system::encode(binary, lowering.hardware_timestep()))];
    match *job {
        Job::Delay { group, core } => {
            let delays = lowering.split.groups[group];
            let slice = lowering.split.populations[delays.source.0 as usize].slice(core);
            let incoming = keys.of(&Job::Cells {
                population: delays.source,
                core,
            });
            regions.push(written(
                numbers::delay_extension::PARAMS,
                delay_extension::encode(&DelayExtension {
                    key: keys.of(job).map(|k| k.key),
                    incoming_key: incoming.map_or(0, |k| k.key),
                    incoming_mask: incoming.map_or(0, |k| k.mask),
                    atoms: slice.len() as u32,
                    stages: delays.stages,
                    steps_per_stage: delays.steps_per_stage,
                    drop_late: lowering.options.drop_late_spikes,
                }),
            ));
            regions.push(reserved(
                numbers::delay_extension::PROVENANCE,
                4 * numbers::delay_extension::PROVENANCE_WORDS,
            ));
        }
        Job::Cells { population, core } => {
            let slice = lowering.split.populations[population.0 as usize].slice(core);
            let key = keys.of(job);
            match &lowering.cells[population.0 as usize] {
                Cells::Neurons(_) => neuron_core(
                    lowering,
                    population,
                    core,
                    slice,
                    key,
                    channels,
                    keys,
                    steps,
                    &mut regions,
                ),
                Cells::Poisson(_) => {
                    poisson_core(lowering, population, slice, key, channels, steps, &mut regions)
                }
                Cells::Array(_) => array_core(
                    lowering,
                    population,
                    core,
                    slice,
                    key,
                    channels,
                    steps,
                    &mut regions,
                ),
            }
        }
    }
    regions.sort_by_key(|region| region.number);
    regions
}

fn written(number: u8, content: Vec<u8>) -> Region {
    Region {
        number,
        size: content.len() as u32,
        content,
    }
}

fn reserved(number: u8, size: u32) -> Region {
    Region {
        number,
        size,
        content: Vec::new(),
    }
}

fn roomy(number: u8, size: u32, content: Vec<u8>) -> Region {
    Region {
        number,
        size: size.max(content.len() as u32),
        content,
    }
}

fn channel_bytes<const N: usize>(channels: &[Channel], steps: u32) -> [u32; N] {
    let mut bytes = [0; N];
    for channel in channels {
        bytes[usize::from(channel.channel)] = channel.bytes_for(steps);
    }
    bytes
}

#[expect(clippy::too_many_arguments, reason = "one caller; the parts of one core")]
fn neuron_core(
    lowering: &Lowering<'_>,
    population: PopulationId,
    core: u32,
    slice: Range<u32>,
    key: Option<KeyMask>,
    channels: &[Channel],
    keys: &SenderKeys,
    steps: u32,
    regions: &mut Vec<Region>,
) {
    use numbers::neuron::*;
    let index = population.0 as usize;
    let slices = lowering.split.populations[index];
    let atoms = slice.len() as u32;
    let none = Scales::new(Vec::new(), 1.0);
    let scales = lowering.scales[index].as_ref().unwrap_or(&none);
    regions.push(written(
        CORE_PARAMS,
        core_params::encode(&CoreParams {
            key: key.map(|k| k.key),
            atoms,
            max_atoms: slices.per_core,
            shifts: &scales.shifts,
        }),
    ));
    let neurons = neuron_region(lowering, population, &slice);
    regions.push(reserved(INITIAL_VALUES, neurons.len() as u32));
    regions.push(written(NEURON_PARAMS, neurons));
    regions.push(written(CURRENT_SOURCES, vec![0; 4]));
    regions.push(written(
        SYNAPSE_PARAMS,
        synapse_params::encode(&SynapseParams {
            max_atoms: slices.per_core,
            delay_slots: slices.slots,
            drop_late: lowering.options.drop_late_spikes,
            shifts: &scales.shifts,
        }),
    ));
    let matrix = lowering.matrix(population, core);
    regions.push(written(
        POPULATION_TABLE,
        population_table::encode(&table_entries(lowering, matrix, keys)),
    ));
    // A region without content still gets a place of its own.
    regions.push(roomy(SYNAPTIC_MATRIX, 8, matrix.content.clone()));
    let (words, spikes) = recorded_of(channels, &slice);
    regions.push(written(
        NEURON_RECORDING,
        neuron_recording::encode(&words, &spikes, atoms),
    ));
    regions.push(reserved(PROVENANCE, 4 * PROVENANCE_WORDS));
    regions.push(written(PROFILER, vec![0; 4]));
    regions.push(written(BIT_FIELD, bit_field::encode_none()));
    regions.push(written(
        RECORDING,
        recording::encode(&channel_bytes::<CHANNELS>(channels, steps)),
    ));
}

/// The neuron parameters of a slice.
pub(crate) fn neuron_region(
    lowering: &Lowering<'_>,
    population: PopulationId,
    slice: &Range<u32>,
) -> Vec<u8> {
    let cell = lowering.network.population(population).cell;
    match (
        &lowering.cells[population.0 as usize],
        neuron_params::components(cell),
    ) {
        (Cells::Neurons(columns), Some(components)) => {
            neuron_params::encode(components, slice.len() as u32, |field: Field, atom| {
                columns.get(field, slice.start + atom)
            })
        }
        _ => Vec::new(),
    }
}

/// Entries of the population table: one per source that has rows here, with the blocks of all its parts.
pub(crate) fn table_entries(lowering: &Lowering<'_>, matrix: &CoreMatrix, keys: &SenderKeys) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut add =
        |group: Option<&(GroupKeys, Vec<KeyMask>)>, rows_per_core: u32, unique: u32, blocks: Vec<Block>| {
            if blocks.is_empty() {
                return;
            }
            // Before keys are known every sender stands for itself, so that the size is right.
            let key = group.map_or(unique, |(group, _)| group.block.key);
            if let Some(entry) = entries.iter_mut().find(|entry| entry.key == key) {
                entry.blocks.extend(blocks);
                return;
            }
            entries.push(Entry {
                key,
                mask: group.map_or(0, |(group, _)| group.block.mask),
                core_shift: group.map_or(0, |(group, _)| group.shift.into()),
                core_mask: group.map_or(0, |(group, _)| group.index_mask),
                rows_per_core,
                blocks,
            });
        };
    for blocks in &matrix.parts {
        let part = &lowering.parts[blocks.part];
        let source = part.source.0 as usize;
        let per_core = lowering.split.populations[source].per_core;
        let list = |places: &[regions::matrix::BlockPlace]| -> Vec<Block> {
            if places.is_empty() && lowering.options.match_spynnaker {
                return vec![Block::Empty];
            }
            places
                .iter()
                .map(|place| Block::Rows {
                    address: place.address,
                    row_words: place.row_words,
                })
                .collect()
        };
        add(
            keys.populations.get(source).and_then(Option::as_ref),
            per_core,
            source as u32,
            list(&blocks.direct),
        );
        if let Some(group) = lowering.split.group_of[blocks.part] {
            add(
                keys.groups.get(group).and_then(Option::as_ref),
                per_core * lowering.split.groups[group].stages,
                (lowering.network.populations.len() + group) as u32,
                list(&blocks.delayed),
            );
        }
    }
    entries
}

fn poisson_core(
    lowering: &Lowering<'_>,
    population: PopulationId,
    slice: Range<u32>,
    key: Option<KeyMask>,
    channels: &[Channel],
    steps: u32,
    regions: &mut Vec<Region>,
) {
    use numbers::poisson::*;
    let Cells::Poisson(rates) = &lowering.cells[population.0 as usize] else {
        return;
    };
    let atoms = slice.len() as u32;
    let most = rates.iter().map(|rate| rate.rate).fold(0.0, f64::max);
    regions.push(roomy(
        PARAMS,
        poisson::params_size(atoms),
        poisson::encode_params(&PoissonParams {
            key: key.map(|k| k.key),
            timestep: lowering.network.timestep,
            first: slice.start,
            atoms,
            max_spikes_per_step: poisson::max_spikes_per_step(most, lowering.network.timestep),
            seed: seed_of(lowering.network.seed, population, slice.start),
        }),
    ));
    regions.push(reserved(RATES, poisson::rates_size(atoms)));
    regions.push(written(
        RECORDING,
        recording::encode(&channel_bytes::<1>(channels, steps)),
    ));
    regions.push(reserved(PROVENANCE, 4 * PROVENANCE_WORDS));
    regions.push(written(PROFILER, vec![0; 4]));
    regions.push(roomy(
        SDRAM_EDGE,
        poisson::edge_size(atoms),
        poisson::encode_no_edge(),
    ));
    regions.push(roomy(
        EXPANDER,
        poisson::expander_size(atoms),
        poisson::encode_expander(&rates[slice.start as usize..slice.end as usize]),
    ));
}

/// Four seed words from the network's seed, the population and the first cell: SplitMix64 (Steele et al. 2014), so
/// that neighbouring cores have unrelated streams.
fn seed_of(seed: u64, population: PopulationId, first: u32) -> [u32; 4] {
    let mut state =
        seed ^ (u64::from(population.0) << 32 | u64::from(first)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 32) as u32
    };
    poisson::valid_seed([next(), next(), next(), next()])
}

#[expect(clippy::too_many_arguments, reason = "one caller; the parts of one core")]
fn array_core(
    lowering: &Lowering<'_>,
    population: PopulationId,
    core: u32,
    slice: Range<u32>,
    key: Option<KeyMask>,
    channels: &[Channel],
    steps: u32,
    regions: &mut Vec<Region>,
) {
    use numbers::spike_array::*;
    let cells = &lowering.cells[population.0 as usize];
    let buffer_bytes = send_buffer_bytes(cells, slice);
    let (place, all) = lowering.array_place(population, core);
    regions.push(written(
        CONFIGURATION,
        spike_array::encode_configuration(&SpikeArray {
            keys: key.map(|k| (k.key, k.mask)),
            buffer_bytes,
            transmit_offset: spike_array::transmit_offset(place, all, lowering.hardware_timestep()),
        }),
    ));
    regions.push(written(
        RECORDING,
        recording::encode(&channel_bytes::<1>(channels, steps)),
    ));
    regions.push(reserved(SEND_BUFFER, buffer_bytes));
    regions.push(reserved(PROVENANCE, 4 * PROVENANCE_WORDS));
}
