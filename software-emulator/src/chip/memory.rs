//! SDRAM, allocated page by page as it is written, and System RAM.
//!
//! Power-on content is zero, which makes SCAMP's random seed the same on every run.

use crate::arm::Width;
use xxhash_rust::xxh3::xxh3_64_with_seed;

const PAGE: usize = 16 * 1024;

/// Little-endian memory of a fixed size that repeats through its window.
#[derive(Clone)]
pub(crate) struct Memory {
    pages: Vec<Option<Box<[u8; PAGE]>>>,
    mask: u32,
    /// Kept once somebody has asked for a digest.
    digests: Option<Digests>,
}

/// The numbers of all pages, and which of them are out of date.
#[derive(Clone)]
struct Digests {
    /// By page; zero for a page of zeros.
    pages: Vec<u64>,
    is_stale: Vec<bool>,
    stale: Vec<u32>,
    /// The sum of all, kept as they change.
    sum: u64,
}

impl Digests {
    fn all_stale(pages: usize) -> Self {
        Self {
            pages: vec![0; pages],
            is_stale: vec![true; pages],
            stale: (0..pages as u32).collect(),
            sum: 0,
        }
    }

    #[inline]
    fn touch(&mut self, page: usize) {
        if !self.is_stale[page] {
            self.is_stale[page] = true;
            self.stale.push(page as u32);
        }
    }
}

impl Memory {
    /// `bytes` must be a power of two of at least one page.
    pub(crate) fn new(bytes: u32) -> Self {
        assert!(
            bytes.is_power_of_two() && bytes as usize >= PAGE,
            "memory is whole pages"
        );
        Self {
            pages: vec![None; bytes as usize / PAGE],
            mask: bytes - 1,
            digests: None,
        }
    }

    fn locate(&self, address: u32) -> (usize, usize) {
        let offset = (address & self.mask) as usize;
        (offset / PAGE, offset % PAGE)
    }

    fn page_mut(&mut self, page: usize) -> &mut [u8; PAGE] {
        if let Some(digests) = &mut self.digests {
            digests.touch(page);
        }
        self.pages[page].get_or_insert_with(|| Box::new([0; PAGE]))
    }

    /// A value at an address aligned to its width.
    pub(crate) fn load(&self, address: u32, width: Width) -> u32 {
        let (page, at) = self.locate(address);
        let Some(page) = &self.pages[page] else { return 0 };
        match width {
            Width::Byte => page[at].into(),
            Width::Half => u16::from_le_bytes([page[at], page[at | 1]]).into(),
            Width::Word => {
                let at = at & !3;
                u32::from_le_bytes([page[at], page[at + 1], page[at + 2], page[at + 3]])
            }
        }
    }

    /// Stores a value at an address aligned to its width.
    pub(crate) fn store(&mut self, address: u32, width: Width, value: u32) {
        let (page, at) = self.locate(address);
        if value == 0 && self.pages[page].is_none() {
            return;
        }
        let page = self.page_mut(page);
        match width {
            Width::Byte => page[at] = value as u8,
            Width::Half => {
                let at = at & !1;
                page[at..at + 2].copy_from_slice(&(value as u16).to_le_bytes());
            }
            Width::Word => {
                let at = at & !3;
                page[at..at + 4].copy_from_slice(&value.to_le_bytes());
            }
        }
    }

    /// Copies out from any address on.
    pub(crate) fn copy_out(&self, mut address: u32, mut out: &mut [u8]) {
        while !out.is_empty() {
            let (page, at) = self.locate(address);
            let length = out.len().min(PAGE - at);
            let (part, rest) = out.split_at_mut(length);
            match &self.pages[page] {
                Some(page) => part.copy_from_slice(&page[at..at + length]),
                None => part.fill(0),
            }
            out = rest;
            address = address.wrapping_add(length as u32);
        }
    }

    /// Copies in from any address on.
    pub(crate) fn copy_in(&mut self, mut address: u32, mut data: &[u8]) {
        while !data.is_empty() {
            let (page, at) = self.locate(address);
            let (part, rest) = data.split_at(data.len().min(PAGE - at));
            if self.pages[page].is_some() || part.iter().any(|byte| *byte != 0) {
                self.page_mut(page)[at..at + part.len()].copy_from_slice(part);
            }
            data = rest;
            address = address.wrapping_add(part.len() as u32);
        }
    }

    /// Bytes allocated so far.
    pub(crate) fn allocated(&self) -> usize {
        self.pages.iter().flatten().count() * PAGE
    }

    /// A number for the whole content. Only pages written since it was last asked for are looked at.
    pub(crate) fn digest(&mut self) -> u64 {
        let digests = self
            .digests
            .get_or_insert_with(|| Digests::all_stale(self.pages.len()));
        while let Some(page) = digests.stale.pop() {
            let n = page as usize;
            digests.is_stale[n] = false;
            let digest = match &self.pages[n] {
                Some(bytes) if bytes.iter().any(|byte| *byte != 0) => {
                    xxh3_64_with_seed(&**bytes, u64::from(page) + 1)
                }
                _ => 0,
            };
            digests.sum = digests.sum.wrapping_sub(digests.pages[n]).wrapping_add(digest);
            digests.pages[n] = digest;
        }
        digests.sum
    }

    /// The lowest offset at which this memory and one of the same size differ, and what either holds there.
    pub(crate) fn first_difference(&self, other: &Self) -> Option<(u32, u8, u8)> {
        const ZEROS: [u8; PAGE] = [0; PAGE];
        self.pages
            .iter()
            .zip(&other.pages)
            .enumerate()
            .find_map(|(n, (a, b))| {
                let (a, b) = match (a, b) {
                    (None, None) => return None,
                    (a, b) => (a.as_deref().unwrap_or(&ZEROS), b.as_deref().unwrap_or(&ZEROS)),
                };
                if a == b {
                    return None;
                }
                let at = a.iter().zip(b).position(|(a, b)| a != b)?;
                Some(((n * PAGE + at) as u32, a[at], b[at]))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_repeats_and_zero_costs_nothing() {
        let mut memory = Memory::new(128 * 1024 * 1024);
        memory.store(0x6000_0000, Width::Word, 0);
        assert_eq!(memory.allocated(), 0);
        memory.store(0x6000_0004, Width::Word, 0x1234_5678);
        assert_eq!(memory.load(0x6800_0004, Width::Word), 0x1234_5678);
        assert_eq!(memory.load(0x7000_0006, Width::Half), 0x1234);
        assert_eq!(memory.load(0x7000_0007, Width::Byte), 0x12);
        assert_eq!(memory.allocated(), PAGE);
    }

    #[test]
    fn copies_cross_pages() {
        let mut memory = Memory::new(64 * 1024);
        let data: Vec<u8> = (0..100).collect();
        memory.copy_in(PAGE as u32 - 50, &data);
        let mut out = vec![0; 100];
        memory.copy_out(PAGE as u32 - 50, &mut out);
        assert_eq!(out, data);
        // The end meets the beginning.
        memory.copy_in(64 * 1024 - 2, &[1, 2, 3, 4]);
        assert_eq!(memory.load(0, Width::Half), 0x0403);
    }

    #[test]
    fn digests_follow_what_is_written() {
        let mut memory = Memory::new(64 * 1024);
        let empty = memory.digest();
        memory.store(0x8000, Width::Byte, 1);
        let one = memory.digest();
        assert_ne!(one, empty);
        // The same byte in another page is another content; zeros are no content, written or not.
        memory.store(0x8000, Width::Byte, 0);
        assert_eq!(memory.digest(), empty);
        memory.copy_in(0xc000, &[1]);
        assert!(![one, empty].contains(&memory.digest()));
        let mut fresh = Memory::new(64 * 1024);
        fresh.store(0xc000, Width::Byte, 1);
        assert_eq!(fresh.digest(), memory.digest());
        assert_eq!(fresh.first_difference(&memory), None);
        fresh.store(0x4001, Width::Byte, 7);
        assert_eq!(fresh.first_difference(&memory), Some((0x4001, 7, 0)));
    }
}
