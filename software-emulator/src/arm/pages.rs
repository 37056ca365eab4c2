//! The predecoded code of one ITCM, by pages that are filled when they are first executed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::op::Op;
use super::predecode::{arm_op, poll, spin, thumb_op};
use super::state::TCM_INSTRUCTION_BYTES;
use super::{memory, timing};

/// Bytes of code in a page.
pub(super) const PAGE: u32 = 256;
const PAGES: usize = TCM_INSTRUCTION_BYTES / PAGE as usize;

type ArmPage = Arc<[Op; PAGE as usize / 4]>;
type ThumbPage = Arc<[Op; PAGE as usize / 2]>;

/// All that a page's operations depend on: its address, its bytes and the word after them (0 at the end of the ITCM).
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Source {
    base: u32,
    bytes: [u8; PAGE as usize + 4],
}

impl Source {
    fn new(itcm: &[u8; TCM_INSTRUCTION_BYTES], base: u32) -> Source {
        let rest = &itcm[base as usize..];
        let mut bytes = [0; PAGE as usize + 4];
        let length = rest.len().min(bytes.len());
        bytes[..length].copy_from_slice(&rest[..length]);
        Source { base, bytes }
    }
}

#[derive(Default)]
struct Known {
    arm: BTreeMap<Source, ArmPage>,
    thumb: BTreeMap<Source, ThumbPage>,
}

/// Predecoded code that several processors share, since they mostly run the same programs: less memory, and less of the
/// host's cache when they take turns. It changes nothing else. Clones are the same cache.
#[derive(Clone, Default)]
pub struct CodeCache(Arc<Mutex<Known>>);

/// Pages that a cache knows before it starts anew: several times what one program has.
const KNOWN_PAGES: usize = 1024;

/// The page of a source, made if it is not known yet.
fn look_up<T: Clone>(known: &mut BTreeMap<Source, T>, source: Source, make: impl FnOnce() -> T) -> T {
    if known.len() >= KNOWN_PAGES {
        known.clear();
    }
    known.entry(source).or_insert_with(make).clone()
}

/// The predecoded pages of one ITCM, for both states.
pub(super) struct Pages {
    arm: [Option<ArmPage>; PAGES],
    thumb: [Option<ThumbPage>; PAGES],
    /// Which pages exist in either state, one bit each.
    pub(super) present: u128,
    cache: CodeCache,
}

impl Pages {
    pub(super) fn new(cache: CodeCache) -> Pages {
        Pages {
            arm: [const { None }; PAGES],
            thumb: [const { None }; PAGES],
            present: 0,
            cache,
        }
    }

    /// The operations of the page that `pc` lies in.
    #[inline(always)]
    pub(super) fn page<const THUMB: bool>(&self, pc: u32) -> Option<&[Op]> {
        let at = (pc / PAGE) as usize;
        if THUMB {
            self.thumb.get(at)?.as_deref().map(|page| page.as_slice())
        } else {
            self.arm.get(at)?.as_deref().map(|page| page.as_slice())
        }
    }

    /// Forgets the pages of a set.
    pub(super) fn drop_pages(&mut self, pages: u128) {
        for at in (0..PAGES).filter(|at| pages >> at & 1 != 0) {
            self.arm[at] = None;
            self.thumb[at] = None;
        }
        self.present &= !pages;
    }

    /// Predecodes the page that `pc`, an address inside the ITCM, lies in.
    #[cold]
    pub(super) fn fill(&mut self, itcm: &[u8; TCM_INSTRUCTION_BYTES], pc: u32, thumb: bool) {
        let at = (pc / PAGE) as usize;
        let base = pc & !(PAGE - 1);
        self.present |= 1 << at;
        let source = Source::new(itcm, base);
        let mut known = self.cache.0.lock().unwrap_or_else(PoisonError::into_inner);
        if thumb {
            let page = look_up(&mut known.thumb, source, || Arc::new(thumb_page(itcm, base)));
            self.thumb[at] = Some(page);
        } else {
            let page = look_up(&mut known.arm, source, || Arc::new(arm_page(itcm, base)));
            self.arm[at] = Some(page);
        }
    }
}

fn inside(address: u32) -> bool {
    address < TCM_INSTRUCTION_BYTES as u32
}

fn arm_page(itcm: &[u8; TCM_INSTRUCTION_BYTES], base: u32) -> [Op; PAGE as usize / 4] {
    let mut page = [Op::INTERPRET; PAGE as usize / 4];
    for n in 0..page.len() {
        let pc = base + 4 * n as u32;
        let code = memory::word(itcm, pc);
        let stall = if inside(pc + 4) {
            timing::arm_stall(code, memory::word(itcm, pc + 4))
        } else {
            0
        };
        page[n] = arm_op(code, pc, u32::from(stall));
        if n > 0 {
            page[n] = spin(page[n - 1], page[n]);
        }
        if n > 1 {
            page[n] = poll(page[n - 2], page[n - 1], page[n]);
        }
    }
    page
}

fn thumb_page(itcm: &[u8; TCM_INSTRUCTION_BYTES], base: u32) -> [Op; PAGE as usize / 2] {
    let mut page = [Op::INTERPRET; PAGE as usize / 2];
    for n in 0..page.len() {
        let pc = base + 2 * n as u32;
        let code = memory::half(itcm, pc);
        let stall = if inside(pc + 2) {
            timing::thumb_stall(code, memory::half(itcm, pc + 2))
        } else {
            0
        };
        page[n] = thumb_op(u32::from(code), pc, u32::from(stall));
        if n > 0 {
            page[n] = spin(page[n - 1], page[n]);
        }
        if n > 1 {
            page[n] = poll(page[n - 2], page[n - 1], page[n]);
        }
    }
    page
}
