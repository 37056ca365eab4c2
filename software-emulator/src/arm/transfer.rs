//! Loads and stores: single, half-word and double, multiple, and swap. An aborted instruction leaves its base register
//! as it was.

use super::data::shift_by_immediate;
use super::interpreter::Trap;
use super::memory::Access;
use super::state::{Core, Mode};
use super::{Bus, BusFault, Width};

impl From<BusFault> for Trap {
    fn from(_: BusFault) -> Trap {
        Trap::Data
    }
}

const PRE: u32 = 1 << 24;
const UP: u32 = 1 << 23;
const WRITE_BACK: u32 = 1 << 21;
const LOAD: u32 = 1 << 20;

/// Where a transfer goes, and what its base register becomes.
struct Address {
    at: u32,
    base: usize,
    after: Option<u32>,
}

fn address(core: &Core, code: u32, offset: u32) -> Address {
    let base = code as usize >> 16 & 15;
    let start = core.regs[base];
    let moved = if code & UP != 0 {
        start.wrapping_add(offset)
    } else {
        start.wrapping_sub(offset)
    };
    let at = if code & PRE != 0 { moved } else { start };
    let after = (code & PRE == 0 || code & WRITE_BACK != 0).then_some(moved);
    Address { at, base, after }
}

impl Address {
    fn write_back(&self, core: &mut Core) {
        if let Some(after) = self.after
            && self.base != 15
        {
            core.regs[self.base] = after;
        }
    }
}

/// A register as a store sees it: the PC is one word further on.
fn stored(core: &Core, n: usize) -> u32 {
    if n == 15 {
        core.regs[15].wrapping_add(4)
    } else {
        core.regs[n]
    }
}

/// A word, rotated so that the addressed byte is lowest: what an unaligned load gives when alignment is not checked.
pub(super) fn load_rotated<B: Bus>(
    access: &mut Access,
    core: &mut Core,
    bus: &mut B,
    at: u32,
) -> Result<u32, BusFault> {
    Ok(access
        .load(core, bus, at, Width::Word)?
        .rotate_right(8 * (at & 3)))
}

/// LDR, LDRB, STR, STRB and their T forms.
pub(super) fn single<B: Bus>(core: &mut Core, bus: &mut B, code: u32, pc: u32) -> Result<(), Trap> {
    let scaled = code & 1 << 25 != 0 && code & 0xfe0 != 0;
    let offset = if code & 1 << 25 != 0 {
        shift_by_immediate(
            code >> 5 & 3,
            code >> 7 & 31,
            core.regs[code as usize & 15],
            core.c,
        )
        .0
    } else {
        code & 0xfff
    };
    let address = address(core, code, offset);
    let byte = code & 1 << 22 != 0;
    let d = code as usize >> 12 & 15;
    let mut access = Access::new(pc);
    let mut cycles = 1 + u64::from(scaled);
    if code & LOAD != 0 {
        let value = if byte {
            access.load(core, bus, address.at, Width::Byte)?
        } else {
            load_rotated(&mut access, core, bus, address.at)?
        };
        address.write_back(core);
        if d == 15 {
            core.exchange(value);
            cycles += 4;
        } else {
            core.regs[d] = value;
        }
    } else {
        let width = if byte { Width::Byte } else { Width::Word };
        access.store(core, bus, address.at, width, stored(core, d))?;
        address.write_back(core);
    }
    core.cycles += cycles + access.wait;
    Ok(())
}

/// LDRH, STRH, LDRSB, LDRSH, LDRD and STRD.
pub(super) fn half<B: Bus>(core: &mut Core, bus: &mut B, code: u32, pc: u32) -> Result<(), Trap> {
    let offset = if code & 1 << 22 != 0 {
        code >> 4 & 0xf0 | code & 15
    } else {
        core.regs[code as usize & 15]
    };
    let address = address(core, code, offset);
    let d = code as usize >> 12 & 15;
    let mut access = Access::new(pc);
    let mut cycles = 1;
    match (code & LOAD != 0, code >> 5 & 3) {
        (true, kind) => {
            let width = if kind == 2 { Width::Byte } else { Width::Half };
            let value = access.load(core, bus, address.at, width)?;
            address.write_back(core);
            let value = match kind {
                1 => value,
                2 => value as i8 as u32,
                _ => value as i16 as u32,
            };
            if d == 15 {
                core.exchange(value);
                cycles += 4;
            } else {
                core.regs[d] = value;
            }
        }
        (false, 1) => {
            access.store(core, bus, address.at, Width::Half, stored(core, d))?;
            address.write_back(core);
        }
        (false, kind) => {
            if d & 1 != 0 {
                return Err(Trap::Undefined);
            }
            if core.check_alignment && address.at & 7 != 0 {
                return Err(Trap::Data);
            }
            let next = address.at.wrapping_add(4);
            if kind == 2 {
                let low = access.load(core, bus, address.at, Width::Word)?;
                let high = access.load(core, bus, next, Width::Word)?;
                address.write_back(core);
                core.regs[d] = low;
                if d == 14 {
                    core.exchange(high);
                } else {
                    core.regs[d + 1] = high;
                }
            } else {
                access.store(core, bus, address.at, Width::Word, core.regs[d])?;
                access.store(core, bus, next, Width::Word, stored(core, d + 1))?;
                address.write_back(core);
            }
            cycles = 2;
        }
    }
    core.cycles += cycles + access.wait;
    Ok(())
}

/// LDM and STM, all forms.
pub(super) fn multiple<B: Bus>(core: &mut Core, bus: &mut B, code: u32, pc: u32) -> Result<(), Trap> {
    let base = code as usize >> 16 & 15;
    let list = code & 0xffff;
    let (start, after) = block(core.regs[base], list, code & PRE != 0, code & UP != 0);
    let caret = code & 1 << 22 != 0;
    let load = code & LOAD != 0;
    // The form with ^ and without a loaded PC moves the registers of User mode.
    let user = caret && !(load && list & 1 << 15 != 0);
    let mut access = Access::new(pc);
    if !load {
        for (n, at) in registers(list, start) {
            let value = if user && n != 15 {
                core.banked(Mode::User, n)
            } else {
                stored(core, n)
            };
            access.store(core, bus, at, Width::Word, value)?;
        }
        if code & WRITE_BACK != 0 {
            core.regs[base] = after;
        }
        core.cycles += u64::from(list.count_ones().max(2)) + access.wait;
        return Ok(());
    }
    let mut values = [0; 16];
    for (n, at) in registers(list, start) {
        values[n] = access.load(core, bus, at, Width::Word)?;
    }
    let mut cycles = u64::from(list.count_ones().max(2));
    if code & WRITE_BACK != 0 && writes_back(list, base) {
        core.regs[base] = after;
    }
    for (n, _) in registers(list & 0x7fff, 0) {
        if user {
            core.set_banked(Mode::User, n, values[n]);
        } else if !(n == base && code & WRITE_BACK != 0 && writes_back(list, base)) {
            core.regs[n] = values[n];
        }
    }
    if list & 1 << 15 != 0 {
        cycles = u64::from(list.count_ones()) + 4;
        if caret && let Some(status) = core.spsr() {
            core.set_cpsr(status);
            core.pc = values[15] & if core.thumb { !1 } else { !3 };
        } else {
            core.exchange(values[15]);
        }
    }
    core.cycles += cycles + access.wait;
    Ok(())
}

/// Whether an LDM with write-back ends with the written-back base: when the base is not in the list, is alone in it, or
/// is not the last of it. (Unpredictable by the architecture; this is what a 9E core is reported to do.)
pub(super) fn writes_back(list: u32, base: usize) -> bool {
    list & 1 << base == 0 || list == 1 << base || list >> base != 1
}

/// The lowest address of a block transfer, and the base after write-back. An empty list moves the base by 64.
pub(super) fn block(base: u32, list: u32, pre: bool, up: bool) -> (u32, u32) {
    let bytes = if list == 0 { 64 } else { 4 * list.count_ones() };
    let after = if up {
        base.wrapping_add(bytes)
    } else {
        base.wrapping_sub(bytes)
    };
    let low = if up { base } else { after };
    (if pre == up { low.wrapping_add(4) } else { low }, after)
}

/// The registers of a list in order, with their addresses from `start` upward.
pub(super) fn registers(list: u32, start: u32) -> impl Iterator<Item = (usize, u32)> {
    (0..16).filter(move |n| list & 1 << n != 0).scan(start, |at, n| {
        let here = *at;
        *at = at.wrapping_add(4);
        Some((n, here))
    })
}

/// SWP and SWPB.
pub(super) fn swap<B: Bus>(core: &mut Core, bus: &mut B, code: u32, pc: u32) -> Result<(), Trap> {
    let [m, d, n] = [0, 12, 16].map(|at| code as usize >> at & 15);
    let at = core.regs[n];
    let width = if code & 1 << 22 != 0 {
        Width::Byte
    } else {
        Width::Word
    };
    let mut access = Access::new(pc);
    let old = match width {
        Width::Word => load_rotated(&mut access, core, bus, at)?,
        _ => access.load(core, bus, at, width)?,
    };
    access.store(core, bus, at, width, core.regs[m])?;
    core.regs[d] = old;
    core.cycles += 2 + access.wait;
    Ok(())
}
