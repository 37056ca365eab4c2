//! One instruction at a time: fetch, decode by the encoding's fields, execute, account for time.
//!
//! This is the place where the meaning of every instruction is written down; `data`, `transfer` and `thumb` belong to it.

use super::memory::{half, word};
use super::state::{Core, Exception};
use super::{Bus, data, thumb, timing, transfer};

/// Why an instruction did not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trap {
    Undefined,
    Software,
    Prefetch,
    Data,
}

/// Executes the instruction at `core.pc`.
pub(super) fn step<B: Bus>(core: &mut Core, bus: &mut B) {
    let pc = core.pc;
    let thumb = core.thumb;
    let size = if thumb { 2 } else { 4 };
    core.instructions += 1;
    core.step_began = core.cycles;
    let Some(code) = fetch(core, bus, pc) else {
        core.raise(Exception::PrefetchAbort, pc.wrapping_add(4));
        return;
    };
    core.pc = pc.wrapping_add(size);
    core.regs[15] = pc.wrapping_add(2 * size);
    let stall = stall(core, pc, code);
    let outcome = if thumb {
        thumb::execute(core, bus, code as u16, pc)
    } else if code >> 28 == 15 {
        unconditional(core, code, pc)
    } else if core.holds(code >> 28) {
        execute(core, bus, code, pc)
    } else {
        core.cycles += 1;
        return;
    };
    match outcome {
        Ok(()) => core.cycles += stall,
        Err(Trap::Undefined) => core.raise(Exception::Undefined, pc.wrapping_add(size)),
        Err(Trap::Software) => core.raise(Exception::Software, pc.wrapping_add(size)),
        Err(Trap::Prefetch) => core.raise(Exception::PrefetchAbort, pc.wrapping_add(4)),
        Err(Trap::Data) => core.raise(Exception::DataAbort, pc.wrapping_add(8)),
    }
}

/// The instruction at `pc`: a word, or a half-word in Thumb state.
fn fetch<B: Bus>(core: &Core, bus: &mut B, pc: u32) -> Option<u32> {
    if pc < core.itcm_size {
        return Some(if core.thumb {
            u32::from(half(&core.itcm, pc))
        } else {
            word(&core.itcm, pc)
        });
    }
    let code = bus.fetch(pc & !3).ok()?;
    Some(if core.thumb {
        code >> (8 * (pc & 2)) & 0xffff
    } else {
        code
    })
}

/// Cycles that the following instruction waits for the result of this one. Known only inside the ITCM: elsewhere the
/// fetch of the next instruction takes far longer than that.
fn stall(core: &Core, pc: u32, code: u32) -> u64 {
    let next = pc.wrapping_add(if core.thumb { 2 } else { 4 });
    if next >= core.itcm_size {
        return 0;
    }
    u64::from(if core.thumb {
        timing::thumb_stall(code as u16, half(&core.itcm, next))
    } else {
        timing::arm_stall(code, word(&core.itcm, next))
    })
}

/// An ARM instruction whose condition holds.
fn execute<B: Bus>(core: &mut Core, bus: &mut B, code: u32, pc: u32) -> Result<(), Trap> {
    match code >> 25 & 7 {
        0 if code & 0x90 == 0x90 => match code & 0x0f00_0060 {
            0x0000_0000 => multiply(core, code),
            0x0100_0000 if code & 0x00b0_0000 == 0 => transfer::swap(core, bus, code, pc),
            _ if code & 0x60 != 0 => transfer::half(core, bus, code, pc),
            _ => Err(Trap::Undefined),
        },
        0 if code & 0x0190_0000 == 0x0100_0000 => miscellaneous(core, code, pc),
        1 if code & 0x0190_0000 == 0x0100_0000 => match code >> 21 & 1 {
            1 => {
                data::write_status(core, code);
                Ok(())
            }
            _ => Err(Trap::Undefined),
        },
        0 | 1 => data::process(core, code),
        3 if code & 0x10 != 0 => Err(Trap::Undefined),
        2 | 3 => transfer::single(core, bus, code, pc),
        4 => transfer::multiple(core, bus, code, pc),
        5 => {
            if code & 1 << 24 != 0 {
                core.regs[14] = core.pc;
            }
            core.pc = pc.wrapping_add(8).wrapping_add(branch_offset(code));
            core.cycles += 3;
            Ok(())
        }
        7 if code & 1 << 24 != 0 => Err(Trap::Software),
        7 if code & 0x10 != 0 && code >> 8 & 15 == 15 => system_control(core, code),
        _ => Err(Trap::Undefined),
    }
}

/// The 24-bit offset of B and BL, in bytes.
pub(super) fn branch_offset(code: u32) -> u32 {
    ((code << 8) as i32 >> 6) as u32
}

fn multiply(core: &mut Core, code: u32) -> Result<(), Trap> {
    match code >> 22 & 3 {
        0 => data::multiply(core, code),
        1 => return Err(Trap::Undefined),
        _ => data::multiply_long(core, code),
    }
    Ok(())
}

/// The corner of the data-processing space where TST, TEQ, CMP and CMN would not set flags.
fn miscellaneous(core: &mut Core, code: u32, pc: u32) -> Result<(), Trap> {
    let operation = code >> 21 & 3;
    let m = core.regs[code as usize & 15];
    match (code >> 4 & 15, operation) {
        (0, 0 | 2) => data::read_status(core, code),
        (0, _) => data::write_status(core, code),
        (1, 1) => {
            core.exchange(m);
            core.cycles += 3;
        }
        (1, 3) => {
            core.regs[code as usize >> 12 & 15] = m.leading_zeros();
            core.cycles += 1;
        }
        (3, 1) => {
            core.regs[14] = pc.wrapping_add(4);
            core.exchange(m);
            core.cycles += 3;
        }
        (5, _) => data::saturate(core, code),
        (7, 1) => return Err(Trap::Prefetch),
        (8 | 10 | 12 | 14, _) => data::multiply_halves(core, code),
        _ => return Err(Trap::Undefined),
    }
    Ok(())
}

/// The space of condition 15: BLX to an address, PLD, and coprocessor instructions that no coprocessor here knows.
fn unconditional(core: &mut Core, code: u32, pc: u32) -> Result<(), Trap> {
    if code >> 25 & 7 == 5 {
        core.regs[14] = core.pc;
        core.thumb = true;
        core.pc = pc
            .wrapping_add(8)
            .wrapping_add(branch_offset(code))
            .wrapping_add(code >> 23 & 2);
        core.cycles += 3;
        Ok(())
    } else if code & 0x0d70_f000 == 0x0550_f000 {
        core.cycles += 1;
        Ok(())
    } else {
        Err(Trap::Undefined)
    }
}

/// MCR and MRC to CP15: the control register, wait for interrupt, identification; cache and buffer operations do nothing.
fn system_control(core: &mut Core, code: u32) -> Result<(), Trap> {
    if !core.privileged() {
        return Err(Trap::Undefined);
    }
    let register = code as usize >> 12 & 15;
    let (crn, crm, opcode2) = (code >> 16 & 15, code & 15, code >> 5 & 7);
    core.cycles += 1;
    if code & 1 << 20 == 0 {
        let value = core.regs[register];
        match (crn, crm, opcode2) {
            (1, 0, 0) => core.set_control(value),
            (7, 0, 4) => core.asleep = true,
            _ => {}
        }
        return Ok(());
    }
    let value = match (crn, crm, opcode2) {
        (0, 0, 2) => TCM_SIZES,
        (0, ..) => IDENTITY,
        (1, 0, 0) => core.control,
        _ => 0,
    };
    if register == 15 {
        core.set_flags(value & 0xf000_0000 | core.cpsr() & super::state::Q);
    } else {
        core.regs[register] = value;
    }
    Ok(())
}

/// Main identification: ARM, architecture 5TE, part 0x968 (ARM DDI 0311, register 0).
const IDENTITY: u32 = 0x4105_9680;
/// TCM sizes: 64 KB of data, 32 KB of instructions (ARM DDI 0311, register 0; 2^(n+9) bytes).
const TCM_SIZES: u32 = 7 << 18 | 6 << 6;
