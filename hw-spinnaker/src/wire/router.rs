//! Routing tables as SCAMP loads them, and P2P tables as the router holds them.
//!
//! Source: `spinnaker_tools: include/sark.h` (`rtr_entry_t`), `scamp/scamp-cmd.c`; data sheet 2.02, section 10.

use super::{WireError, reader::Reader};
use crate::RoutingEntry;
use taproot_spinnaker_chip::{ChipXy, Link};

/// Bytes of one entry.
pub const ENTRY_BYTES: usize = 16;

/// A table for the RTR load command: entries with virtual core bits, which SCAMP translates.
pub fn table_to_bytes(entries: &[RoutingEntry]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ENTRY_BYTES * entries.len());
    for (index, entry) in (0u32..).zip(entries) {
        // `next` and `free` are SCAMP's own; it expects the index in the first.
        for word in [index & 0xffff, entry.route, entry.key, entry.mask] {
            bytes.extend(word.to_le_bytes());
        }
    }
    bytes
}

/// Understands such a table, or the copy that SCAMP keeps in SDRAM.
pub fn table_from_bytes(bytes: &[u8]) -> Result<Vec<RoutingEntry>, WireError> {
    let mut reader = Reader::new("routing table", bytes);
    let mut entries = Vec::with_capacity(bytes.len() / ENTRY_BYTES);
    while reader.left() > 0 {
        reader.u32()?;
        let (route, key, mask) = (reader.u32()?, reader.u32()?, reader.u32()?);
        entries.push(RoutingEntry { key, mask, route });
    }
    Ok(entries)
}

/// Where a P2P packet goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum P2pRoute {
    /// Over a link.
    Link(Link),
    /// Nowhere: there is no such chip.
    Drop,
    /// To the monitor of this chip.
    Monitor,
}

/// Bytes of the P2P table that hold one column of chips up to a height.
pub const fn p2p_column_bytes(height: u8) -> u32 {
    (height as u32).div_ceil(8) * 4
}

/// Where a column starts within the table.
pub const fn p2p_column_offset(x: u8) -> u32 {
    (x as u32) * 32 * 4
}

/// The routes to chips (x, 0) up to (x, height - 1), from the bytes of column `x`.
pub fn p2p_column(x: u8, height: u8, bytes: &[u8]) -> Result<Vec<(ChipXy, P2pRoute)>, WireError> {
    let mut reader = Reader::new("P2P table", bytes);
    let mut routes = Vec::with_capacity(height.into());
    let mut word = 0;
    for y in 0..height {
        if y % 8 == 0 {
            word = reader.u32()?;
        }
        let route = match (word >> (3 * (y % 8)) & 7) as u8 {
            7 => P2pRoute::Monitor,
            number => Link::from_number(number).map_or(P2pRoute::Drop, P2pRoute::Link),
        };
        routes.push((ChipXy::new(x, y), route));
    }
    Ok(routes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn entries_are_index_route_key_mask() {
        let bytes = table_to_bytes(&[
            RoutingEntry {
                key: 1,
                mask: 2,
                route: 3,
            },
            RoutingEntry {
                key: 0x100,
                mask: 0xffff_ff00,
                route: 0x80,
            },
        ]);
        assert_eq!(bytes[..16], [0, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(bytes[16..20], [1, 0, 0, 0]);
    }

    #[test]
    fn eight_routes_share_a_word() {
        // Chip 0 is the monitor itself, 1 east, 2 south, the rest nothing.
        let word: u32 = 0b110_110_110_110_110_101_000_111;
        let routes = p2p_column(3, 4, &word.to_le_bytes()).unwrap();
        assert_eq!(routes[0], (ChipXy::new(3, 0), P2pRoute::Monitor));
        assert_eq!(routes[1].1, P2pRoute::Link(Link::East));
        assert_eq!(routes[2].1, P2pRoute::Link(Link::South));
        assert_eq!(routes[3].1, P2pRoute::Drop);
        assert_eq!(p2p_column_bytes(12), 8);
        assert_eq!(p2p_column_offset(1), 128);
    }

    proptest! {
        #[test]
        fn tables_round_trip(words in proptest::collection::vec(any::<[u32; 3]>(), 0..40)) {
            let table: Vec<_> = words.into_iter().map(|[key, mask, route]| RoutingEntry { key, mask, route }).collect();
            prop_assert_eq!(table_from_bytes(&table_to_bytes(&table)), Ok(table));
        }

        #[test]
        fn no_bytes_make_the_decoders_panic(bytes in proptest::collection::vec(any::<u8>(), 0..70), height in any::<u8>()) {
            let _ = table_from_bytes(&bytes);
            let _ = p2p_column(0, height, &bytes);
        }
    }
}
