//! The predecoded code of one ITCM, by pages that are filled when they are first executed.

use super::op::Op;
use super::predecode::{arm_op, spin, thumb_op};
use super::state::TCM_INSTRUCTION_BYTES;
use super::{memory, timing};

/// Bytes of code in a page.
pub(super) const PAGE: u32 = 256;
const PAGES: usize = TCM_INSTRUCTION_BYTES / PAGE as usize;

/// The predecoded pages of one ITCM, for both states.
pub(super) struct Pages {
    arm: [Option<Box<[Op; PAGE as usize / 4]>>; PAGES],
    thumb: [Option<Box<[Op; PAGE as usize / 2]>>; PAGES],
    /// Which pages exist in either state, one bit each.
    pub(super) present: u128,
}

impl Pages {
    pub(super) fn new() -> Pages {
        Pages {
            arm: [const { None }; PAGES],
            thumb: [const { None }; PAGES],
            present: 0,
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
        let inside = |address: u32| address < TCM_INSTRUCTION_BYTES as u32;
        if thumb {
            let mut page = Box::new([Op::INTERPRET; PAGE as usize / 2]);
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
            }
            self.thumb[at] = Some(page);
        } else {
            let mut page = Box::new([Op::INTERPRET; PAGE as usize / 4]);
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
            }
            self.arm[at] = Some(page);
        }
    }
}
