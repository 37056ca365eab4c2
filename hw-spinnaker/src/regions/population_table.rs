//! The master population table: from a spike's key to the rows of its synapses (`sPyNNaker: population_table.h`).

use super::{COLOUR_BITS, bytes_of};

/// One source: a population, or the delay extension of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Key that all its cores share.
    pub key: u32,
    /// Mask of the same.
    pub mask: u32,
    /// How far the core number lies from bit 0 of a key.
    pub core_shift: u32,
    /// Mask of the core number, once shifted.
    pub core_mask: u32,
    /// Rows per core: neurons of a full core, times stages for a delay extension.
    pub rows_per_core: u32,
    /// Where its rows are; all blocks apply.
    pub blocks: Vec<Block>,
}

/// A block of rows in the synaptic matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Rows of `row_words` words (1 to 256, without header) at byte `address`, a multiple of 16.
    Rows {
        /// Offset in the matrix region, bytes.
        address: u32,
        /// Words of a row, without its header.
        row_words: u32,
    },
    /// No synapses.
    Empty,
}

/// Largest number of address-list items: the 13-bit start of an entry.
pub const MAX_ITEMS: usize = (1 << 13) - 1;

/// The region. Entries are sorted by key here; each key may appear once.
pub fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by_key(|entry| entry.key);
    let items: usize = sorted.iter().map(|entry| entry.blocks.len()).sum();
    let mut words = vec![sorted.len() as u32, items as u32];
    let mut start = 0;
    for entry in &sorted {
        let count = entry.blocks.len() as u32;
        words.extend([
            entry.key,
            entry.mask,
            start | u32::from(COLOUR_BITS) << 13 | count << 16,
            entry.core_mask | entry.core_shift << 16,
            entry.rows_per_core | entry.rows_per_core.div_ceil(32) << 16,
        ]);
        start += count;
    }
    for block in sorted.iter().flat_map(|entry| &entry.blocks) {
        words.push(match *block {
            Block::Rows { address, row_words } => (row_words - 1) | (address / 16) << 8,
            Block::Empty => 0xffff_ff00,
        });
    }
    bytes_of(&words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::words_of;

    #[test]
    fn two_sources_share_one_list() {
        let table = encode(&[
            Entry {
                key: 0x1000,
                mask: 0xffff_f800,
                core_shift: 10,
                core_mask: 1,
                rows_per_core: 50,
                blocks: vec![Block::Rows {
                    address: 0x3a0,
                    row_words: 1,
                }],
            },
            Entry {
                key: 0x800,
                mask: 0xffff_f800,
                core_shift: 8,
                core_mask: 0,
                rows_per_core: 10,
                blocks: vec![Block::Rows {
                    address: 0,
                    row_words: 20,
                }],
            },
        ]);
        assert_eq!(
            words_of(&table),
            [
                2,
                2,
                0x800,
                0xffff_f800,
                0x18000,
                0x80000,
                0x1000a,
                0x1000,
                0xffff_f800,
                0x18001,
                0xa0001,
                0x20032,
                0x13,
                0x3a00
            ]
        );
    }

    #[test]
    fn no_sources_are_two_zero_words() {
        assert_eq!(words_of(&encode(&[])), [0, 0]);
    }
}
