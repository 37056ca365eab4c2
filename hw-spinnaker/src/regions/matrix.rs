//! Synaptic rows: what a core fetches when a spike comes.

use super::bits_for;

/// Words in front of the synapses of a row: plastic words, fixed synapses, plastic control half-words.
pub const HEADER_WORDS: u32 = 3;

/// Where the parts of a synaptic word lie; weights are the upper half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordLayout {
    /// Bits of the neuron index.
    pub atom_bits: u32,
    /// Bits of the synapse type.
    pub type_bits: u32,
}

/// A fixed synapse as a core reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synapse {
    /// Neuron on the core.
    pub target: u32,
    /// Receptor.
    pub synapse_type: u32,
    /// Delay in steps, 1 to the number of delay slots.
    pub delay: u32,
    /// Weight, in units of the receptor's scale.
    pub weight: u16,
}

impl WordLayout {
    /// The layout of a core of a population with at most `max_atoms` neurons per core.
    pub const fn new(max_atoms: u32, synapse_types: u32) -> Self {
        Self {
            atom_bits: bits_for(max_atoms),
            type_bits: bits_for(synapse_types),
        }
    }

    /// The word of a synapse. A delay that equals the number of slots takes one bit more than the delay field has;
    /// the core masks it, and slot 0 is the same slot.
    pub const fn encode(self, synapse: Synapse) -> u32 {
        (synapse.weight as u32) << 16
            | synapse.delay << (self.atom_bits + self.type_bits)
            | synapse.synapse_type << self.atom_bits
            | synapse.target
    }

    /// The synapse of a word; delay 0 stands for the number of slots.
    pub const fn decode(self, word: u32, delay_slots: u32) -> Synapse {
        let delay = (word & 0xffff) >> (self.atom_bits + self.type_bits);
        Synapse {
            target: word & ((1 << self.atom_bits) - 1),
            synapse_type: (word >> self.atom_bits) & ((1 << self.type_bits) - 1),
            delay: if delay == 0 { delay_slots } else { delay },
            weight: (word >> 16) as u16,
        }
    }
}

/// Where a block of rows lies in the matrix region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockPlace {
    /// Byte offset, a multiple of 16.
    pub address: u32,
    /// Rows.
    pub rows: u32,
    /// Words of a row, without its header.
    pub row_words: u32,
}

impl BlockPlace {
    /// Bytes of the block.
    pub const fn bytes(self) -> u64 {
        self.rows as u64 * 4 * (self.row_words + HEADER_WORDS) as u64
    }
}

/// Row of a delayed synapse in the delayed block of a projection.
///
/// The delay extension of each source core sends `stages` times that core's neurons, stage after stage. The shipped
/// host takes the target's neurons per core here instead of the source's, and so misplaces rows whenever the two
/// differ (`sPyNNaker: synapse_io.py`); this is what the core looks up.
pub const fn delayed_row(source: u32, stage: u32, stages: u32, atoms_per_core: u32, population: u32) -> u32 {
    let core = source / atoms_per_core;
    let first = core * atoms_per_core;
    let rest = population - first;
    let atoms = if rest < atoms_per_core {
        rest
    } else {
        atoms_per_core
    };
    first * stages + (stage - 1) * atoms + (source - first)
}

/// Writes one block of static rows into `out`, which must have exactly the bytes of the block and be zero.
///
/// `rows[first[r]..first[r + 1]]` are the synaptic words of row r; the block takes those from position `skip` on, at
/// most `row_words` of them.
pub fn write_static_rows(out: &mut [u8], rows: &[u32], first: &[u32], skip: u32, row_words: u32) {
    let stride = 4 * (row_words + HEADER_WORDS) as usize;
    for (row, bounds) in out.chunks_exact_mut(stride).zip(first.windows(2)) {
        let all = &rows[bounds[0] as usize..bounds[1] as usize];
        let words = all.get(skip as usize..).unwrap_or(&[]);
        let words = &words[..words.len().min(row_words as usize)];
        row[4..8].copy_from_slice(&(words.len() as u32).to_le_bytes());
        for (place, word) in row[12..].chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
    }
}

/// Synaptic words of one row of static synapses; none if the row is cut or claims more than it holds.
pub fn static_row(row: &[u8]) -> Option<impl Iterator<Item = u32> + '_> {
    let word = |at: usize| Some(u32::from_le_bytes(row.get(at..at + 4)?.try_into().ok()?));
    let (plastic, fixed) = (word(0)?, word(4)? as usize);
    let body = row.get(12..)?;
    if plastic != 0 || fixed > body.len() / 4 {
        return None;
    }
    Some(
        body.chunks_exact(4)
            .take(fixed)
            .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::words_of;

    #[test]
    fn words_are_those_of_spynnaker() {
        // 20 neurons, two types, weight 0.01 uS at shift 4, delay 6 of 128 slots: 51ec00c0.
        let layout = WordLayout::new(20, 2);
        let synapse = Synapse {
            target: 0,
            synapse_type: 0,
            delay: 3,
            weight: 0x51ec,
        };
        assert_eq!(layout.encode(synapse), 0x51ec_00c0);
        assert_eq!(layout.decode(0x51ec_00c0, 128), synapse);
        // 50 neurons: target 7, delay 2.
        assert_eq!(
            WordLayout::new(50, 2).encode(Synapse {
                target: 7,
                synapse_type: 0,
                delay: 2,
                weight: 0x20a4
            }),
            0x20a4_0107
        );
    }

    #[test]
    fn a_full_delay_and_slot_zero_are_the_same() {
        let layout = WordLayout::new(256, 2);
        let full = Synapse {
            target: 255,
            synapse_type: 1,
            delay: 32,
            weight: 1,
        };
        let word = layout.encode(full);
        assert_eq!(word, 0x0001_41ff);
        assert_eq!(layout.decode(word, 32), full);
        assert_eq!(layout.decode(word & !0x4000, 32), full);
    }

    #[test]
    fn delayed_rows_follow_the_source_cores() {
        // 25 sources, 10 per core, 2 stages: the last core has 5.
        let row = |source, stage| delayed_row(source, stage, 2, 10, 25);
        assert_eq!(row(0, 1), 0);
        assert_eq!(row(3, 2), 13);
        assert_eq!(row(10, 1), 20);
        assert_eq!(row(24, 1), 44);
        assert_eq!(row(20, 2), 45);
        assert_eq!(row(24, 2), 49);
    }

    #[test]
    fn rows_have_headers_and_padding() {
        let mut out = vec![0; 2 * 4 * 5];
        write_static_rows(&mut out, &[7, 8, 9], &[0, 1, 3], 0, 2);
        assert_eq!(words_of(&out), [0, 1, 0, 7, 0, 0, 2, 0, 8, 9]);
        assert_eq!(static_row(&out[20..]).unwrap().collect::<Vec<_>>(), [8, 9]);
        assert!(static_row(&out[24..]).is_none());
        let mut rest = vec![0; 2 * 4 * 4];
        write_static_rows(&mut rest, &[7, 8, 9], &[0, 1, 3], 1, 1);
        assert_eq!(words_of(&rest), [0, 0, 0, 0, 0, 1, 0, 9]);
    }
}
