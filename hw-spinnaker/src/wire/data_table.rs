//! The table of contents in front of a core's data.
//!
//! Source: `SpiNNFrontEndCommon: data_specification.h`, `load_data_specification.py`.

use super::{WireError, reader::Reader};

/// Regions that a table has room for.
pub const REGIONS: usize = 32;
/// Bytes of the table: magic, version and 32 entries of 12.
pub const TABLE_BYTES: usize = 8 + REGIONS * 12;
const MAGIC: u32 = 0xad13_0ad6;
const VERSION: u32 = 0x0001_0000;

/// One entry of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RegionEntry {
    /// Absolute address; 0 when the region is not used.
    pub address: u32,
    /// Wrapping sum of the words that were written.
    pub checksum: u32,
    /// How many words were written; 0 switches the check off.
    pub words: u32,
}

impl RegionEntry {
    /// The entry of a region whose written content is `content`. A length that is not a multiple of 4 counts as if
    /// filled up with zeros.
    pub fn of(address: u32, content: &[u8]) -> Self {
        Self {
            address,
            checksum: checksum(content),
            words: content.len().div_ceil(4) as u32,
        }
    }
}

/// Wrapping sum of little-endian words; a last part of a word is filled up with zeros.
pub fn checksum(content: &[u8]) -> u32 {
    content.chunks(4).fold(0, |sum, chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        sum.wrapping_add(u32::from_le_bytes(word))
    })
}

/// The table of contents of one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DataTable {
    /// By region number.
    pub regions: [RegionEntry; REGIONS],
}

impl DataTable {
    /// The 392 bytes. Binaries walk all 32 entries, so the table always has its full length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(TABLE_BYTES);
        bytes.extend(MAGIC.to_le_bytes());
        bytes.extend(VERSION.to_le_bytes());
        for region in self.regions {
            for word in [region.address, region.checksum, region.words] {
                bytes.extend(word.to_le_bytes());
            }
        }
        bytes
    }

    /// Understands 392 bytes. A running binary has zeroed checksums and lengths.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new("data table", bytes);
        for (field, expected) in [("magic", MAGIC), ("version", VERSION)] {
            let value = reader.u32()?;
            if value != expected {
                return Err(WireError::Field {
                    what: "data table",
                    field,
                    value,
                });
            }
        }
        let mut table = Self::default();
        for region in &mut table.regions {
            *region = RegionEntry {
                address: reader.u32()?,
                checksum: reader.u32()?,
                words: reader.u32()?,
            };
        }
        reader.end()?;
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_head_and_the_first_entry_are_where_the_reference_says() {
        let mut table = DataTable::default();
        table.regions[1] = RegionEntry::of(0x6024_0188, &[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0]);
        let bytes = table.to_bytes();
        assert_eq!(bytes.len(), 392);
        assert_eq!(bytes[..8], [0xd6, 0x0a, 0x13, 0xad, 0, 0, 1, 0]);
        assert_eq!(bytes[20..32], [0x88, 0x01, 0x24, 0x60, 2, 0, 0, 0, 3, 0, 0, 0]);
    }

    proptest! {
        #[test]
        fn tables_round_trip(words in proptest::collection::vec(any::<[u32; 3]>(), 32)) {
            let mut table = DataTable::default();
            for (region, [address, checksum, words]) in table.regions.iter_mut().zip(words) {
                *region = RegionEntry { address, checksum, words };
            }
            prop_assert_eq!(DataTable::from_bytes(&table.to_bytes()), Ok(table));
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = DataTable::from_bytes(&bytes);
        }
    }
}
