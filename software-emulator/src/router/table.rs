//! The multicast table: 1,024 ternary entries, the lowest match wins.

use taproot_spinnaker_chip::ROUTER_ENTRIES;

const ENTRIES: usize = ROUTER_ENTRIES as usize;
const CACHE: usize = 256;

/// An entry that can match, by its place.
#[derive(Clone, Copy)]
struct Live {
    key: u32,
    mask: u32,
    index: u16,
}

/// The content-addressable memory and the routes behind it.
#[derive(Clone, serde::Serialize)]
pub(crate) struct Table {
    keys: Vec<u32>,
    masks: Vec<u32>,
    routes: Vec<u32>,
    /// Entries that can match, in order; follows from the above when `fresh`.
    #[serde(skip)]
    live: Vec<Live>,
    /// Recent answers by key; follows from the above.
    #[serde(skip)]
    cache: Vec<(u32, Option<u16>)>,
    #[serde(skip)]
    cached: Vec<bool>,
    #[serde(skip)]
    fresh: bool,
}

impl Table {
    /// A table in which nothing matches. The hardware's content at power-on is undefined, and the boot ROM clears it.
    pub(crate) fn new() -> Self {
        Self {
            keys: vec![u32::MAX; ENTRIES],
            masks: vec![0; ENTRIES],
            routes: vec![0; ENTRIES],
            live: Vec::new(),
            cache: vec![(0, None); CACHE],
            cached: vec![false; CACHE],
            fresh: true,
        }
    }

    pub(crate) fn route(&self, index: usize) -> u32 {
        self.routes[index % ENTRIES]
    }

    pub(crate) fn set_route(&mut self, index: usize, route: u32) {
        self.routes[index % ENTRIES] = route & 0xff_ffff;
    }

    pub(crate) fn set_key(&mut self, index: usize, key: u32) {
        self.keys[index % ENTRIES] = key;
        self.fresh = false;
    }

    pub(crate) fn set_mask(&mut self, index: usize, mask: u32) {
        self.masks[index % ENTRIES] = mask;
        self.fresh = false;
    }

    /// The first entry that matches, and its route.
    pub(crate) fn lookup(&mut self, key: u32) -> Option<(u16, u32)> {
        if !self.fresh {
            self.refresh();
        }
        let slot = (key ^ key >> 8 ^ key >> 16) as usize % CACHE;
        let index = if self.cached[slot] && self.cache[slot].0 == key {
            self.cache[slot].1
        } else {
            let index = self
                .live
                .iter()
                .find(|live| key & live.mask == live.key)
                .map(|live| live.index);
            self.cache[slot] = (key, index);
            self.cached[slot] = true;
            index
        };
        index.map(|index| (index, self.routes[usize::from(index)]))
    }

    fn refresh(&mut self) {
        self.live = (0u16..)
            .zip(self.keys.iter().zip(&self.masks))
            // A key bit outside the mask can never match: that is how entries are switched off.
            .filter(|(_, (key, mask))| **key & !**mask == 0)
            .map(|(index, (key, mask))| Live {
                key: *key,
                mask: *mask,
                index,
            })
            .collect();
        self.cached.fill(false);
        self.fresh = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_matching_entry_wins() {
        let mut table = Table::new();
        assert_eq!(table.lookup(0), None);
        for (index, key, mask, route) in [(7, 0x100, 0xff00, 7), (3, 0x120, 0xfff0, 3), (900, 0, 0, 900)] {
            table.set_key(index, key);
            table.set_mask(index, mask);
            table.set_route(index, route);
        }
        assert_eq!(table.lookup(0x123), Some((3, 3)));
        assert_eq!(table.lookup(0x133), Some((7, 7)));
        assert_eq!(table.lookup(0xffff_0000), Some((900, 900)));
        // Switched off as SARK does.
        table.set_key(3, u32::MAX);
        table.set_mask(3, 0);
        assert_eq!(table.lookup(0x123), Some((7, 7)));
    }
}
