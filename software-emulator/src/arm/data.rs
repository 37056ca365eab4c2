//! Data processing, multiplies, saturating arithmetic and the status registers.

use super::interpreter::Trap;
use super::state::Core;

/// A shift by the amount in the instruction; amount 0 means 32 for LSR and ASR, and rotation through carry for ROR.
pub(super) fn shift_by_immediate(kind: u32, amount: u32, value: u32, carry: bool) -> (u32, bool) {
    match (kind & 3, amount & 31) {
        (0, 0) => (value, carry),
        (0, n) => (value << n, value >> (32 - n) & 1 != 0),
        (1, 0) => (0, value >> 31 != 0),
        (1, n) => (value >> n, value >> (n - 1) & 1 != 0),
        (2, 0) => ((value as i32 >> 31) as u32, value >> 31 != 0),
        (2, n) => ((value as i32 >> n) as u32, value >> (n - 1) & 1 != 0),
        (_, 0) => (u32::from(carry) << 31 | value >> 1, value & 1 != 0),
        (_, n) => (value.rotate_right(n), value >> (n - 1) & 1 != 0),
    }
}

/// A shift by the low byte of a register.
pub(super) fn shift_by_register(kind: u32, amount: u32, value: u32, carry: bool) -> (u32, bool) {
    let amount = amount & 0xff;
    match (kind & 3, amount) {
        (_, 0) => (value, carry),
        (0, 32) => (0, value & 1 != 0),
        (1, 32) => (0, value >> 31 != 0),
        (0 | 1, 33..) => (0, false),
        (2, 32..) => ((value as i32 >> 31) as u32, value >> 31 != 0),
        (3, n) if n & 31 == 0 => (value, value >> 31 != 0),
        (kind, n) => shift_by_immediate(kind, n & 31, value, carry),
    }
}

/// a + b + carry, with the carry out and the signed overflow.
#[inline(always)]
pub(super) fn add(a: u32, b: u32, carry: bool) -> (u32, bool, bool) {
    let wide = u64::from(a) + u64::from(b) + u64::from(carry);
    let sum = wide as u32;
    (sum, wide >> 32 != 0, (a ^ sum) & (b ^ sum) & 1 << 31 != 0)
}

/// The sixteen operations, by the opcode field.
pub(super) mod op {
    pub(in crate::arm) const AND: u32 = 0;
    pub(in crate::arm) const EOR: u32 = 1;
    pub(in crate::arm) const SUB: u32 = 2;
    pub(in crate::arm) const RSB: u32 = 3;
    pub(in crate::arm) const ADD: u32 = 4;
    pub(in crate::arm) const ADC: u32 = 5;
    pub(in crate::arm) const SBC: u32 = 6;
    pub(in crate::arm) const RSC: u32 = 7;
    pub(in crate::arm) const TST: u32 = 8;
    pub(in crate::arm) const TEQ: u32 = 9;
    pub(in crate::arm) const CMP: u32 = 10;
    pub(in crate::arm) const CMN: u32 = 11;
    pub(in crate::arm) const ORR: u32 = 12;
    pub(in crate::arm) const MOV: u32 = 13;
    pub(in crate::arm) const BIC: u32 = 14;
    pub(in crate::arm) const MVN: u32 = 15;

    /// Whether the operation adds or subtracts, so that C and V come from the adder.
    pub(in crate::arm) const fn arithmetic(op: u32) -> bool {
        matches!(op, SUB | RSB | ADD | ADC | SBC | RSC | CMP | CMN)
    }

    /// Whether the operation only sets flags.
    pub(in crate::arm) const fn test(op: u32) -> bool {
        matches!(op, TST | TEQ | CMP | CMN)
    }
}

/// One of the sixteen operations. `carry` is the shifter's, which logical operations copy to C when they set flags.
#[inline(always)]
pub(super) fn operate(core: &mut Core, operation: u32, set: bool, a: u32, b: u32, carry: bool) -> u32 {
    let logical = |result| (result, carry, core.v);
    let (result, c, v) = match operation {
        op::AND | op::TST => logical(a & b),
        op::EOR | op::TEQ => logical(a ^ b),
        op::SUB | op::CMP => add(a, !b, true),
        op::RSB => add(b, !a, true),
        op::ADD | op::CMN => add(a, b, false),
        op::ADC => add(a, b, core.c),
        op::SBC => add(a, !b, core.c),
        op::RSC => add(b, !a, core.c),
        op::ORR => logical(a | b),
        op::MOV => logical(b),
        op::BIC => logical(a & !b),
        _ => logical(!b),
    };
    if set {
        core.set_nz(result);
        core.c = c;
        core.v = v;
    }
    result
}

/// Data processing with any operand.
pub(super) fn process(core: &mut Core, code: u32) -> Result<(), Trap> {
    let operation = code >> 21 & 15;
    let set = code & 1 << 20 != 0;
    let d = code as usize >> 12 & 15;
    let a = core.regs[code as usize >> 16 & 15];
    let m = core.regs[code as usize & 15];
    let (b, carry) = if code & 1 << 25 != 0 {
        let b = (code & 0xff).rotate_right(code >> 7 & 30);
        (b, if code & 0xf00 == 0 { core.c } else { b >> 31 != 0 })
    } else if code & 0x10 != 0 {
        core.cycles += 1;
        shift_by_register(code >> 5 & 3, core.regs[code as usize >> 8 & 15], m, core.c)
    } else {
        shift_by_immediate(code >> 5 & 3, code >> 7 & 31, m, core.c)
    };
    if op::test(operation) {
        operate(core, operation, true, a, b, carry);
        core.cycles += 1;
    } else if d != 15 {
        core.regs[d] = operate(core, operation, set, a, b, carry);
        core.cycles += 1;
    } else {
        let target = operate(core, operation, false, a, b, carry);
        if set && let Some(status) = core.spsr() {
            core.set_cpsr(status);
        }
        core.pc = target & if core.thumb { !1 } else { !3 };
        core.cycles += if op::arithmetic(operation) { 3 } else { 4 };
    }
    Ok(())
}

/// MUL and MLA.
pub(super) fn multiply(core: &mut Core, code: u32) {
    let [m, s, n, d] = [0, 8, 12, 16].map(|at| code as usize >> at & 15);
    let mut result = core.regs[m].wrapping_mul(core.regs[s]);
    if code & 1 << 21 != 0 {
        result = result.wrapping_add(core.regs[n]);
    }
    core.regs[d] = result;
    if code & 1 << 20 != 0 {
        core.set_nz(result);
        core.cycles += 4;
    } else {
        core.cycles += 2;
    }
}

/// UMULL, UMLAL, SMULL and SMLAL.
pub(super) fn multiply_long(core: &mut Core, code: u32) {
    let [m, s, low, high] = [0, 8, 12, 16].map(|at| code as usize >> at & 15);
    let (a, b) = (core.regs[m], core.regs[s]);
    let mut result = if code & 1 << 22 != 0 {
        (i64::from(a as i32) * i64::from(b as i32)) as u64
    } else {
        u64::from(a) * u64::from(b)
    };
    if code & 1 << 21 != 0 {
        result = result.wrapping_add(u64::from(core.regs[high]) << 32 | u64::from(core.regs[low]));
    }
    core.regs[low] = result as u32;
    core.regs[high] = (result >> 32) as u32;
    if code & 1 << 20 != 0 {
        core.n = (result >> 32) as u32;
        core.z = (result >> 32) as u32 | result as u32;
        core.cycles += 5;
    } else {
        core.cycles += 3;
    }
}

/// The half-word of a register that bit `selector` of the instruction names, sign-extended.
fn half_of(core: &Core, code: u32, register: u32, selector: u32) -> i32 {
    let value = core.regs[(code >> register & 15) as usize];
    if code >> selector & 1 != 0 {
        value as i32 >> 16
    } else {
        i32::from(value as i16)
    }
}

/// SMULxy, SMLAxy, SMLALxy, SMULWy and SMLAWy.
pub(super) fn multiply_halves(core: &mut Core, code: u32) {
    let [m, n, d] = [0, 12, 16].map(|at| code as usize >> at & 15);
    let second = half_of(core, code, 8, 6);
    core.cycles += 1;
    match code >> 21 & 3 {
        0 => {
            let product = half_of(core, code, 0, 5).wrapping_mul(second);
            core.regs[d] = accumulate(core, product, core.regs[n]);
        }
        1 => {
            let product = ((i64::from(core.regs[m] as i32) * i64::from(second)) >> 16) as i32;
            core.regs[d] = if code & 0x20 != 0 {
                product as u32
            } else {
                accumulate(core, product, core.regs[n])
            };
        }
        2 => {
            let product = i64::from(half_of(core, code, 0, 5).wrapping_mul(second));
            let sum = product.wrapping_add((u64::from(core.regs[d]) << 32 | u64::from(core.regs[n])) as i64);
            core.regs[n] = sum as u32;
            core.regs[d] = (sum >> 32) as u32;
            core.cycles += 1;
        }
        _ => core.regs[d] = half_of(core, code, 0, 5).wrapping_mul(second) as u32,
    }
}

/// The sum wraps, and Q remembers if it did.
pub(super) fn accumulate(core: &mut Core, product: i32, sum: u32) -> u32 {
    let (result, overflow) = product.overflowing_add(sum as i32);
    core.q |= overflow;
    result as u32
}

/// QADD, QSUB, QDADD and QDSUB.
pub(super) fn saturate(core: &mut Core, code: u32) {
    let [m, d, n] = [0, 12, 16].map(|at| code as usize >> at & 15);
    let left = core.regs[m] as i32;
    let mut right = core.regs[n] as i32;
    if code & 1 << 22 != 0 {
        core.q |= right.checked_mul(2).is_none();
        right = right.saturating_mul(2);
    }
    let (exact, result) = if code & 1 << 21 != 0 {
        (left.checked_sub(right), left.saturating_sub(right))
    } else {
        (left.checked_add(right), left.saturating_add(right))
    };
    core.q |= exact.is_none();
    core.regs[d] = result as u32;
    core.cycles += 1;
}

/// MRS.
pub(super) fn read_status(core: &mut Core, code: u32) {
    let value = if code & 1 << 22 != 0 {
        core.spsr().unwrap_or_else(|| core.cpsr())
    } else {
        core.cpsr()
    };
    core.regs[code as usize >> 12 & 15] = value;
    core.cycles += 2;
}

/// MSR, of a register or an immediate: only the fields that the instruction names, and in User mode only the flags.
pub(super) fn write_status(core: &mut Core, code: u32) {
    let value = if code & 1 << 25 != 0 {
        (code & 0xff).rotate_right(code >> 7 & 30)
    } else {
        core.regs[code as usize & 15]
    };
    let (control, flags) = (code & 1 << 16 != 0, code & 1 << 19 != 0);
    core.cycles += if code & 0x0007_0000 == 0 { 1 } else { 3 };
    if code & 1 << 22 != 0 {
        if let Some(old) = core.spsr() {
            let mask = if control { 0xff } else { 0 } | if flags { 0xf800_0000 } else { 0 };
            core.set_spsr(old & !mask | value & mask);
        }
        return;
    }
    if flags {
        core.set_flags(value);
    }
    if control && core.privileged() {
        core.set_masks_and_mode(value);
    }
}
