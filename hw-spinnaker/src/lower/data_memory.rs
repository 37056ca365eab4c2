//! What the programs take of a core's data memory (DTCM).
//!
//! A program that runs out of it dies when it starts, so slices are made small enough. The figures are those of the
//! shipped binaries on the emulated board, read from the heap that each core leaves behind, block by block; a test
//! (`tests/tests/data_memory.rs`) compares the sums with the heaps of many kinds of cores. What a block is for is told
//! by its size and by how it grows with neurons, recorded neurons, delay slots and sources of spikes.

use super::{
    Lowered, Role,
    channels::{Channel, neuron_channel},
    parts::Part,
};
use crate::Binary;
use crate::regions::{
    MAX_ROW_WORDS, bits_for, numbers::neuron as number, poisson, synapse_params::INCOMING_SPIKES,
};
use taproot_network::{CellType, Population, PopulationId};

/// What a block of the heap takes beside its content (`spinnaker_tools: sark_alloc.c`, `block_t`).
const HEADER: u32 = 8;

/// Blocks of the kernel and its interface, before the program allocates anything.
const KERNEL: u32 = 1_176 + 456;

/// Bytes that blocks can take together: from the end of the program's static data (0x400a70 for `IF_cond_exp`) and the
/// heap's own 16 bytes to the end mark below 2,048 bytes of stack (0x40f7f8).
pub(crate) const fn heap(cell: CellType) -> u32 {
    match cell {
        CellType::IfCurrExp => 60_796,
        CellType::IfCondExp => 60_792,
        CellType::SpikeSourceArray => 61_044,
        CellType::SpikeSourcePoisson => 61_104,
    }
}

/// What a core that runs neurons keeps there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NeuronCore {
    pub(crate) cell: CellType,
    /// Neurons of this core.
    pub(crate) atoms: u32,
    /// Neurons of the fullest core of the population.
    pub(crate) max_atoms: u32,
    /// Delay slots of the ring buffer.
    pub(crate) slots: u32,
    /// Recorded neurons: three variables, and spikes.
    pub(crate) recorded: [u32; 4],
    /// Entries of the population table.
    pub(crate) entries: u32,
    /// Blocks of rows that they list.
    pub(crate) blocks: u32,
}

impl NeuronCore {
    /// Bytes of the heap.
    pub(crate) fn bytes(&self) -> u32 {
        let n = self.atoms;
        let types = self.cell.receptors().len() as u32;
        let [v, exc, inh, spikes] = self.recorded;
        // One more value, into which neurons go that are not recorded, after the time of the record.
        let values = |recorded: u32| 4 + 4 * (recorded + 1);
        let bits = |recorded: u32| 4 + 4 * (recorded + 1).div_ceil(32);
        let indices = 2 * n;
        let ring = 2 << (bits_for(self.max_atoms) + bits_for(types) + bits_for(self.slots));
        let blocks = [
            // Heads of the recording channels, one of 16 bytes each, and shifts.
            16 * number::CHANNELS as u32,
            4 * types,
            // Keys, then neuron (8 words), input, threshold (1) and synapse (6): decays and factors are worked out.
            4 * n,
            32 * n,
            if self.cell.conductance_based() { 8 * n } else { 0 },
            4 * n,
            24 * n,
            // What is recorded how often: three variables, then spikes.
            3 * 24,
            3 * 4,
            3 * 4,
            indices,
            indices,
            indices,
            24,
            4,
            4,
            indices,
            values(v),
            values(exc),
            values(inh),
            bits(spikes),
            // Synapses.
            4 * types,
            ring,
            20 * self.entries,
            4 * self.blocks,
            4 * (MAX_ROW_WORDS + 3),
            4 * (MAX_ROW_WORDS + 3),
            4 * (INCOMING_SPIKES + 4),
        ];
        KERNEL + blocks.into_iter().map(block).sum::<u32>()
    }

    /// The fullest core of a population with `per_core` neurons on a core, before rows are known: every part has one
    /// block of rows, and one behind delays that are longer than the slots.
    pub(crate) fn expected(
        id: PopulationId,
        population: &Population,
        per_core: u32,
        slots: u32,
        parts: &[Part],
    ) -> Self {
        let mut sources = std::collections::BTreeSet::new();
        let mut blocks = 0;
        for part in parts.iter().filter(|part| part.target == id) {
            for delayed in [false, true] {
                if !delayed || part.max_delay > slots {
                    sources.insert((part.source, delayed));
                    blocks += 1;
                }
            }
        }
        let mut recorded = [0u32; 4];
        for record in &population.records {
            let most = record
                .cells
                .as_ref()
                .map_or(population.size, |cells| cells.len() as u32);
            if let Some(place) = place(neuron_channel(record.variable)) {
                recorded[place] = (recorded[place].saturating_add(most)).min(per_core);
            }
        }
        Self {
            cell: population.cell,
            atoms: per_core,
            max_atoms: per_core,
            slots,
            recorded,
            entries: sources.len() as u32,
            blocks,
        }
    }
}

/// What a core takes of its data memory, and what it has, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataMemory {
    /// What the program allocates.
    pub needed: u32,
    /// What it can allocate.
    pub available: u32,
}

impl Lowered {
    /// The data memory of a core of the image; none for cores that do not run neurons, which need little.
    pub fn data_memory(&self, core: usize) -> Option<DataMemory> {
        let layout = self.layout.cores.get(core)?;
        let Role::Cells { population, cells } = &layout.role else {
            return None;
        };
        let cell = match layout.binary {
            Binary::IfCurrExp => CellType::IfCurrExp,
            Binary::IfCondExp => CellType::IfCondExp,
            _ => return None,
        };
        let population = &self.layout.populations[population.0 as usize];
        let mut sources = std::collections::BTreeSet::new();
        let mut blocks = 0;
        for synapses in &layout.synapses {
            for (delayed, list) in [(false, &synapses.direct), (true, &synapses.delayed)] {
                if !list.is_empty() {
                    sources.insert((synapses.source, delayed));
                    blocks += list.len() as u32;
                }
            }
        }
        let neurons = NeuronCore {
            cell,
            atoms: cells.len() as u32,
            max_atoms: population.per_core,
            slots: population.delay_slots,
            recorded: recorded(&self.plan.channels[core]),
            entries: sources.len() as u32,
            blocks,
        };
        Some(DataMemory {
            needed: neurons.bytes(),
            available: heap(cell),
        })
    }
}

/// Recorded neurons by channel, of the channels of one core.
pub(crate) fn recorded(channels: &[Channel]) -> [u32; 4] {
    let mut recorded = [0; 4];
    for channel in channels {
        if let Some(place) = place(channel.channel) {
            recorded[place] = channel.cells.len() as u32;
        }
    }
    recorded
}

fn place(channel: u8) -> Option<usize> {
    [
        number::CHANNEL_V,
        number::CHANNEL_GSYN_EXC,
        number::CHANNEL_GSYN_INH,
        number::CHANNEL_SPIKES,
    ]
    .iter()
    .position(|known| *known == channel)
}

/// Bytes of the heap of a core with so many Poisson sources, of which the fastest sends `most` spikes in a step.
///
/// Records of spikes grow by a bit field at a time while the program runs, and the old one is given back only when the
/// new one is filled.
pub(crate) fn poisson_core(atoms: u32, most: u32, recorded: bool) -> u32 {
    let blocks = [
        16,
        4 * atoms,
        32 * atoms,
        4 * atoms,
        36,
        poisson::edge_size(atoms),
        2_064,
    ];
    let record = if recorded {
        2 * block(8u32.saturating_add(most.saturating_mul(4 * atoms.div_ceil(32))))
    } else {
        0
    };
    (KERNEL + blocks.into_iter().map(block).sum::<u32>()).saturating_add(record)
}

/// A block with its header; nothing is allocated for nothing.
fn block(content: u32) -> u32 {
    match content {
        0 => 0,
        _ => (content.saturating_add(3) & !3).saturating_add(HEADER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_heaps_on_the_emulated_board() {
        // Read from the heaps of cores that ran.
        let few = NeuronCore {
            cell: CellType::IfCurrExp,
            atoms: 10,
            max_atoms: 10,
            slots: 2,
            recorded: [0; 4],
            entries: 1,
            blocks: 1,
        };
        assert_eq!(few.bytes(), 6_096);
        let many = NeuronCore {
            cell: CellType::IfCondExp,
            atoms: 67,
            max_atoms: 67,
            slots: 64,
            recorded: [67; 4],
            entries: 2,
            blocks: 2,
        };
        assert_eq!(many.bytes(), 44_228);
        assert_eq!(poisson_core(200, 2, false), 12_216);
        assert_eq!(poisson_core(201, 2, false), 12_260);
    }

    #[test]
    fn a_core_that_died_is_too_large_and_one_that_ran_is_not() {
        let core = |atoms| NeuronCore {
            cell: CellType::IfCondExp,
            atoms,
            max_atoms: atoms,
            slots: 32,
            recorded: [atoms; 4],
            entries: 1,
            blocks: 1,
        };
        assert!(core(255).bytes() > heap(CellType::IfCondExp));
        assert!(core(230).bytes() <= heap(CellType::IfCondExp));
    }
}
