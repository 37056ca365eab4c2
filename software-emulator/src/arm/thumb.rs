//! Thumb instructions, by the formats of the ARM Architecture Reference Manual, part A6.

use super::data::{op, operate, shift_by_immediate, shift_by_register};
use super::interpreter::Trap;
use super::memory::Access;
use super::state::Core;
use super::transfer::{block, load_rotated, registers};
use super::{Bus, Width};

/// Executes a Thumb instruction; `core.regs[15]` and `core.pc` are set.
pub(super) fn execute<B: Bus>(core: &mut Core, bus: &mut B, code: u16, pc: u32) -> Result<(), Trap> {
    let code = u32::from(code);
    let low = |at: u32| (code >> at & 7) as usize;
    let immediate = code & 0xff;
    let wide = (code >> 8 & 7) as usize;
    match code >> 11 {
        // LSL, LSR and ASR by an immediate
        kind @ 0..=2 => {
            let (value, carry) = shift_by_immediate(kind, code >> 6 & 31, core.regs[low(3)], core.c);
            core.regs[low(0)] = operate(core, op::MOV, true, 0, value, carry);
            core.cycles += 1;
        }
        3 => {
            let b = if code & 1 << 10 != 0 {
                code >> 6 & 7
            } else {
                core.regs[low(6)]
            };
            let operation = if code & 1 << 9 != 0 { op::SUB } else { op::ADD };
            core.regs[low(0)] = operate(core, operation, true, core.regs[low(3)], b, false);
            core.cycles += 1;
        }
        4 => {
            core.regs[wide] = operate(core, op::MOV, true, 0, immediate, core.c);
            core.cycles += 1;
        }
        5 => {
            operate(core, op::CMP, true, core.regs[wide], immediate, false);
            core.cycles += 1;
        }
        6 => {
            core.regs[wide] = operate(core, op::ADD, true, core.regs[wide], immediate, false);
            core.cycles += 1;
        }
        7 => {
            core.regs[wide] = operate(core, op::SUB, true, core.regs[wide], immediate, false);
            core.cycles += 1;
        }
        8 if code & 1 << 10 == 0 => two_registers(core, code),
        8 => high_registers(core, code, pc),
        9 => {
            let at = (core.regs[15] & !3).wrapping_add(4 * immediate);
            load(core, bus, pc, wide, at, Width::Word, false)?;
        }
        10 | 11 => {
            let at = core.regs[low(3)].wrapping_add(core.regs[low(6)]);
            match code >> 9 & 7 {
                0 => store(core, bus, pc, low(0), at, Width::Word)?,
                1 => store(core, bus, pc, low(0), at, Width::Half)?,
                2 => store(core, bus, pc, low(0), at, Width::Byte)?,
                3 => load(core, bus, pc, low(0), at, Width::Byte, true)?,
                4 => load(core, bus, pc, low(0), at, Width::Word, false)?,
                5 => load(core, bus, pc, low(0), at, Width::Half, false)?,
                6 => load(core, bus, pc, low(0), at, Width::Byte, false)?,
                _ => load(core, bus, pc, low(0), at, Width::Half, true)?,
            }
        }
        format @ 12..=17 => {
            let width = [Width::Word, Width::Byte, Width::Half][(format as usize - 12) / 2];
            let at = core.regs[low(3)].wrapping_add((code >> 6 & 31) * width.bytes());
            if format & 1 == 0 {
                store(core, bus, pc, low(0), at, width)?;
            } else {
                load(core, bus, pc, low(0), at, width, false)?;
            }
        }
        18 => store(
            core,
            bus,
            pc,
            wide,
            core.regs[13].wrapping_add(4 * immediate),
            Width::Word,
        )?,
        19 => load(
            core,
            bus,
            pc,
            wide,
            core.regs[13].wrapping_add(4 * immediate),
            Width::Word,
            false,
        )?,
        20 => {
            core.regs[wide] = (core.regs[15] & !3).wrapping_add(4 * immediate);
            core.cycles += 1;
        }
        21 => {
            core.regs[wide] = core.regs[13].wrapping_add(4 * immediate);
            core.cycles += 1;
        }
        22 | 23 => match code >> 8 & 15 {
            0 => {
                let offset = 4 * (code & 0x7f);
                let offset = if code & 0x80 != 0 {
                    offset.wrapping_neg()
                } else {
                    offset
                };
                core.regs[13] = core.regs[13].wrapping_add(offset);
                core.cycles += 1;
            }
            4 | 5 => store_multiple(core, bus, pc, 13, immediate | (code & 0x100) << 6, true)?,
            12 | 13 => load_multiple(core, bus, pc, 13, immediate | (code & 0x100) << 7)?,
            14 => return Err(Trap::Prefetch),
            _ => return Err(Trap::Undefined),
        },
        24 => store_multiple(core, bus, pc, wide, immediate, false)?,
        25 => load_multiple(core, bus, pc, wide, immediate)?,
        26 | 27 => match code >> 8 & 15 {
            14 => return Err(Trap::Undefined),
            15 => return Err(Trap::Software),
            condition => {
                core.cycles += 1;
                if core.holds(condition) {
                    core.pc = core.regs[15].wrapping_add(((code << 24) as i32 >> 23) as u32);
                    core.cycles += 2;
                }
            }
        },
        28 => {
            core.pc = core.regs[15].wrapping_add(offset_11(code));
            core.cycles += 3;
        }
        // The first half of BL and BLX leaves the high part of the target in r14.
        30 => {
            core.regs[14] = core.regs[15].wrapping_add(offset_11(code) << 11);
            core.cycles += 1;
        }
        second => {
            let exchange = second == 29;
            if exchange && code & 1 != 0 {
                return Err(Trap::Undefined);
            }
            let target = core.regs[14].wrapping_add(2 * (code & 0x7ff));
            core.regs[14] = core.pc | 1;
            core.exchange(if exchange { target & !3 } else { target | 1 });
            core.cycles += 3;
        }
    }
    Ok(())
}

/// The 11-bit signed offset, in bytes (twice its value).
pub(super) fn offset_11(code: u32) -> u32 {
    ((code << 21) as i32 >> 20) as u32
}

/// The sixteen operations on two low registers.
fn two_registers(core: &mut Core, code: u32) {
    let (d, m) = (code as usize & 7, code as usize >> 3 & 7);
    let (a, b) = (core.regs[d], core.regs[m]);
    let carry = core.c;
    core.cycles += 1;
    let mut shift = |kind| {
        let (value, carry) = shift_by_register(kind, b, a, carry);
        core.cycles += 1;
        operate(core, op::MOV, true, 0, value, carry)
    };
    let result = match code >> 6 & 15 {
        0 => operate(core, op::AND, true, a, b, carry),
        1 => operate(core, op::EOR, true, a, b, carry),
        2 => shift(0),
        3 => shift(1),
        4 => shift(2),
        5 => operate(core, op::ADC, true, a, b, carry),
        6 => operate(core, op::SBC, true, a, b, carry),
        7 => shift(3),
        8 => {
            operate(core, op::TST, true, a, b, carry);
            return;
        }
        9 => operate(core, op::RSB, true, b, 0, carry),
        10 => {
            operate(core, op::CMP, true, a, b, carry);
            return;
        }
        11 => {
            operate(core, op::CMN, true, a, b, carry);
            return;
        }
        12 => operate(core, op::ORR, true, a, b, carry),
        13 => {
            core.cycles += 3;
            let product = a.wrapping_mul(b);
            core.set_nz(product);
            product
        }
        14 => operate(core, op::BIC, true, a, b, carry),
        _ => operate(core, op::MVN, true, a, b, carry),
    };
    core.regs[d] = result;
}

/// ADD, CMP and MOV with high registers, BX and BLX.
fn high_registers(core: &mut Core, code: u32, pc: u32) {
    let d = code as usize & 7 | code as usize >> 4 & 8;
    let m = code as usize >> 3 & 15;
    let (a, b) = (core.regs[d], core.regs[m]);
    core.cycles += 1;
    match code >> 8 & 3 {
        0 if d == 15 => {
            core.pc = a.wrapping_add(b) & !1;
            core.cycles += 2;
        }
        0 => core.regs[d] = a.wrapping_add(b),
        1 => {
            operate(core, op::CMP, true, a, b, false);
        }
        2 if d == 15 => {
            core.pc = b & !1;
            core.cycles += 3;
        }
        2 => core.regs[d] = b,
        _ => {
            if code & 0x80 != 0 {
                core.regs[14] = pc.wrapping_add(2) | 1;
            }
            core.exchange(b);
            core.cycles += 2;
        }
    }
}

fn load<B: Bus>(
    core: &mut Core,
    bus: &mut B,
    pc: u32,
    d: usize,
    at: u32,
    width: Width,
    signed: bool,
) -> Result<(), Trap> {
    let mut access = Access::new(pc);
    let value = match width {
        Width::Word => load_rotated(&mut access, core, bus, at)?,
        _ => access.load(core, bus, at, width)?,
    };
    core.regs[d] = match (width, signed) {
        (Width::Byte, true) => value as i8 as u32,
        (Width::Half, true) => value as i16 as u32,
        _ => value,
    };
    core.cycles += 1 + access.wait;
    Ok(())
}

fn store<B: Bus>(core: &mut Core, bus: &mut B, pc: u32, d: usize, at: u32, width: Width) -> Result<(), Trap> {
    let mut access = Access::new(pc);
    access.store(core, bus, at, width, core.regs[d])?;
    core.cycles += 1 + access.wait;
    Ok(())
}

/// STMIA and PUSH.
fn store_multiple<B: Bus>(
    core: &mut Core,
    bus: &mut B,
    pc: u32,
    base: usize,
    list: u32,
    down: bool,
) -> Result<(), Trap> {
    let (start, after) = block(core.regs[base], list, down, !down);
    let mut access = Access::new(pc);
    for (n, at) in registers(list, start) {
        access.store(core, bus, at, Width::Word, core.regs[n])?;
    }
    core.regs[base] = after;
    core.cycles += u64::from(list.count_ones().max(2)) + access.wait;
    Ok(())
}

/// LDMIA and POP. A base that is loaded too keeps what was loaded.
fn load_multiple<B: Bus>(core: &mut Core, bus: &mut B, pc: u32, base: usize, list: u32) -> Result<(), Trap> {
    let (start, after) = block(core.regs[base], list, false, true);
    let mut access = Access::new(pc);
    let mut values = [0; 16];
    for (n, at) in registers(list, start) {
        values[n] = access.load(core, bus, at, Width::Word)?;
    }
    core.regs[base] = after;
    for (n, _) in registers(list & 0x7fff, 0) {
        core.regs[n] = values[n];
    }
    let mut cycles = u64::from(list.count_ones().max(2));
    if list & 1 << 15 != 0 {
        core.exchange(values[15]);
        cycles = u64::from(list.count_ones()) + 4;
    }
    core.cycles += cycles + access.wait;
    Ok(())
}
