//! From instruction words to the operations of the fast loop. A PC that is only read is folded into the immediate.

use super::data::op;
use super::interpreter::branch_offset;
use super::op::{ALWAYS, Kind, OPERATIONS, Op};
use super::state::TCM_INSTRUCTION_BYTES;
use super::thumb::offset_11;
use super::transfer::block;

/// The branch kinds by condition.
pub(super) const BRANCHES: [Kind; 15] = [
    Kind::Beq,
    Kind::Bne,
    Kind::Bcs,
    Kind::Bcc,
    Kind::Bmi,
    Kind::Bpl,
    Kind::Bvs,
    Kind::Bvc,
    Kind::Bhi,
    Kind::Bls,
    Kind::Bge,
    Kind::Blt,
    Kind::Bgt,
    Kind::Ble,
    Kind::B,
];

/// A branch by this many operations.
fn branch(condition: u32, operations: i32) -> Op {
    let kind = if condition == 14 && operations == 0 {
        Kind::Halt
    } else {
        BRANCHES[condition as usize]
    };
    Op::new(kind, [0; 4], operations as u32).taking(3)
}

/// Recognises the delay loop: SUBS r, r, #small and a branch back to it.
pub(super) fn spin(before: Op, op: Op) -> Op {
    let counted = before.kind == Kind::SubsI
        && before.d() == before.n()
        && before.condition() == ALWAYS
        && (1..256).contains(&before.imm);
    let condition = match op.kind {
        Kind::Bne => 1,
        Kind::Bcs => 2,
        Kind::Bpl => 5,
        Kind::Bhi => 8,
        Kind::Bge => 10,
        Kind::Bgt => 12,
        _ => return op,
    };
    if !counted || op.imm as i32 != -1 {
        return op;
    }
    Op::new(Kind::Spin, [condition, 0, before.d() as u32, 0], before.imm).taking(3)
}

/// Recognises the loop that waits for memory to change: a load, a comparison with a constant, a branch back to the load.
/// Nothing that a turn does makes the next one different.
pub(super) fn poll(load: Op, test: Op, op: Op) -> Op {
    let loads = matches!(load.kind, Kind::LdrI | Kind::LdrbI | Kind::LdrhI)
        && load.d() != load.n()
        && load.condition() == ALWAYS;
    let tests = matches!(test.kind, Kind::CmpI | Kind::TstI) && test.condition() == ALWAYS;
    let condition = BRANCHES.iter().position(|kind| *kind == op.kind);
    match condition {
        Some(condition @ 0..14) if loads && tests && op.imm as i32 == -2 => {
            Op::new(Kind::Poll, [condition as u32, 0, 0, 0], op.imm).taking(3)
        }
        _ => op,
    }
}

/// Data processing; `s` is 1 when an immediate brings its own carry.
fn operation(operation: u32, set: bool, form: usize, fields: [u32; 4], imm: u32) -> Op {
    let kind = OPERATIONS
        .iter()
        .find(|(op, sets, _)| *op == operation && *sets == set)
        .map_or(Kind::Interpret, |(_, _, kinds)| kinds[form]);
    Op::new(kind, fields, imm)
}

const IMMEDIATE: usize = 0;
const REGISTER: usize = 1;
const SHIFTED: usize = 2;

/// The immediate of a shifted operand by a register.
const SHIFT_BY_REGISTER: u32 = 4;

/// A MOV of a register shifted by a constant.
fn shift(kind: u32, amount: u32, set: bool, d: u32, m: u32) -> Op {
    let kinds = match (kind, amount) {
        (0, 0) => return operation(op::MOV, set, REGISTER, [d, 0, m, 0], 0),
        // LSR and ASR by 32.
        (_, 0) => return operation(op::MOV, set, SHIFTED, [d, 0, m, 0], kind),
        (0, _) => [Kind::Lsl, Kind::Lsls],
        (1, _) => [Kind::Lsr, Kind::Lsrs],
        (2, _) => [Kind::Asr, Kind::Asrs],
        _ => return operation(op::MOV, set, SHIFTED, [d, 0, m, 0], kind | amount << 8),
    };
    Op::new(kinds[usize::from(set)], [d, 0, m, 0], amount)
}

/// An ARM instruction at `pc`; `stall` is what the one after it waits.
pub(super) fn arm_op(code: u32, pc: u32, stall: u32) -> Op {
    let condition = code >> 28;
    if condition == 15 {
        return if code & 0x0d70_f000 == 0x0550_f000 {
            Op::new(Kind::Nop, [0; 4], 0)
        } else {
            Op::INTERPRET
        };
    }
    let op = match code >> 25 & 7 {
        0 if code & 0x90 == 0x90 => match code & 0x60 {
            0 => arm_multiply(code, stall),
            _ => arm_half(code, pc, stall),
        },
        0 if code & 0x0190_0000 == 0x0100_0000 => arm_miscellaneous(code, stall),
        1 if code & 0x0190_0000 == 0x0100_0000 => write_status(code),
        0 | 1 => arm_data(code, pc),
        3 if code & 0x10 != 0 => Op::INTERPRET,
        2 | 3 => arm_single(code, pc, stall),
        4 => arm_multiple(code, stall),
        5 => {
            let operations = (branch_offset(code) as i32 + 8) / 4;
            if code & 1 << 24 == 0 {
                return branch(condition, operations);
            }
            Op::new(Kind::Bl, [0; 4], operations as u32).taking(3)
        }
        _ => Op::INTERPRET,
    };
    if op.kind == Kind::Interpret {
        Op::INTERPRET
    } else {
        op.under(condition)
    }
}

fn arm_data(code: u32, pc: u32) -> Op {
    let [m, s, d, n] = [0, 8, 12, 16].map(|at| code >> at & 15);
    let (opcode, set) = (code >> 21 & 15, code & 1 << 20 != 0);
    let d = if op::test(opcode) { 0 } else { d };
    let reads_n = !matches!(opcode, op::MOV | op::MVN);
    if d == 15 {
        let plain_move = code & 0x0fff_0ff0 == 0x01a0_0000 && m != 15;
        return if plain_move {
            Op::new(Kind::MovPc, [0, 0, m, 0], 0).taking(4)
        } else {
            Op::INTERPRET
        };
    }
    if code & 1 << 25 != 0 {
        let value = (code & 0xff).rotate_right(code >> 7 & 30);
        if reads_n && n == 15 {
            let here = pc.wrapping_add(8);
            return match (opcode, set) {
                (op::ADD, false) => {
                    operation(op::MOV, false, IMMEDIATE, [d, 0, 0, 0], here.wrapping_add(value))
                }
                (op::SUB, false) => {
                    operation(op::MOV, false, IMMEDIATE, [d, 0, 0, 0], here.wrapping_sub(value))
                }
                _ => Op::INTERPRET,
            };
        }
        let own_carry = u32::from(code & 0xf00 != 0);
        return operation(opcode, set, IMMEDIATE, [d, n, 0, own_carry], value);
    }
    if m == 15 && code & 0xff0 == 0 && opcode == op::MOV && !set {
        return operation(op::MOV, false, IMMEDIATE, [d, 0, 0, 0], pc.wrapping_add(8));
    }
    if m == 15 || reads_n && n == 15 {
        return Op::INTERPRET;
    }
    let (kind, amount) = (code >> 5 & 3, code >> 7 & 31);
    if code & 0x10 != 0 {
        if s == 15 {
            return Op::INTERPRET;
        }
        return operation(opcode, set, SHIFTED, [d, n, m, s], kind | SHIFT_BY_REGISTER).taking(2);
    }
    if kind == 0 && amount == 0 {
        operation(opcode, set, REGISTER, [d, n, m, 0], 0)
    } else if opcode == op::MOV {
        shift(kind, amount, set, d, m)
    } else {
        operation(opcode, set, SHIFTED, [d, n, m, 0], kind | amount << 8)
    }
}

/// MSR; the immediate form without the bit that makes it one is undefined.
fn write_status(code: u32) -> Op {
    if code & 1 << 21 == 0 {
        return Op::INTERPRET;
    }
    Op::new(Kind::Msr, [0; 4], code).taking(if code & 0x0007_0000 == 0 { 1 } else { 3 })
}

fn arm_multiply(code: u32, stall: u32) -> Op {
    let [m, s, n, d] = [0, 8, 12, 16].map(|at| code >> at & 15);
    let set = code & 1 << 20 != 0;
    if code & 1 << 24 != 0 || [m, s, d].contains(&15) || code >> 22 & 3 == 1 {
        return Op::INTERPRET;
    }
    let kind = match (code >> 21 & 7, set) {
        (0, false) => Kind::Mul,
        (0, true) => return Op::new(Kind::Muls, [d, 0, m, s], 0).taking(4),
        (1, false) => Kind::Mla,
        (4, false) => Kind::Umull,
        (5, false) => Kind::Umlal,
        (6, false) => Kind::Smull,
        (7, false) => Kind::Smlal,
        _ => return Op::INTERPRET,
    };
    if n == 15 && kind != Kind::Mul {
        return Op::INTERPRET;
    }
    Op::new(kind, [d, n, m, s], 0).taking(if code & 1 << 23 != 0 { 3 } else { 2 } + stall)
}

fn arm_miscellaneous(code: u32, stall: u32) -> Op {
    let [m, s, n, d] = [0, 8, 12, 16].map(|at| code >> at & 15);
    if m == 15 {
        return Op::INTERPRET;
    }
    let top = |bit: u32| if code >> bit & 1 != 0 { 0 } else { 16 };
    match (code >> 4 & 15, code >> 21 & 3) {
        (0, 0 | 2) if n != 15 => Op::new(Kind::Mrs, [0; 4], code).taking(2),
        (0, 1 | 3) => write_status(code),
        (1, 1) => Op::new(Kind::Bx, [0, 0, m, 0], 0).taking(3),
        (3, 1) => Op::new(Kind::BlxRegister, [0, 0, m, 0], 0).taking(3),
        (1, 3) if n != 15 => Op::new(Kind::Clz, [n, 0, m, 0], 0),
        (5, _) if n != 15 && d != 15 => Op::new(Kind::Saturate, [0; 4], code).taking(1 + stall),
        (8 | 10 | 12 | 14, operation) => {
            let (kind, imm) = match operation {
                _ if d == 15 || s == 15 => return Op::INTERPRET,
                0 if n != 15 => (Kind::Smlaxy, top(5) | top(6) << 8),
                3 => (Kind::Smulxy, top(5) | top(6) << 8),
                1 if code & 0x20 != 0 => (Kind::Smulwy, top(6)),
                1 if n != 15 => (Kind::Smlawy, top(6)),
                2 if n != 15 => return Op::new(Kind::Halves, [0; 4], code).taking(2 + stall),
                _ => return Op::INTERPRET,
            };
            Op::new(kind, [d, n, m, s], imm).taking(1 + stall)
        }
        _ => Op::INTERPRET,
    }
}

/// The four addressing forms: immediate, register, pre-indexed and post-indexed with write-back.
struct Forms([Kind; 4]);

const NONE: Kind = Kind::Interpret;
const LDR: Forms = Forms([Kind::LdrI, Kind::LdrR, Kind::LdrPre, Kind::LdrPost]);
const LDRB: Forms = Forms([Kind::LdrbI, Kind::LdrbR, Kind::LdrbPre, Kind::LdrbPost]);
const LDRH: Forms = Forms([Kind::LdrhI, Kind::LdrhR, Kind::LdrhPre, Kind::LdrhPost]);
const LDRSB: Forms = Forms([Kind::LdrsbI, Kind::LdrsbR, NONE, NONE]);
const LDRSH: Forms = Forms([Kind::LdrshI, Kind::LdrshR, Kind::LdrshPre, Kind::LdrshPost]);
const STR: Forms = Forms([Kind::StrI, Kind::StrR, Kind::StrPre, Kind::StrPost]);
const STRB: Forms = Forms([Kind::StrbI, Kind::StrbR, Kind::StrbPre, Kind::StrbPost]);
const STRH: Forms = Forms([Kind::StrhI, Kind::StrhR, Kind::StrhPre, Kind::StrhPost]);
const LDRD: Forms = Forms([Kind::LdrdI, NONE, NONE, NONE]);
const STRD: Forms = Forms([Kind::StrdI, NONE, NONE, NONE]);

/// Bits of a load or store instruction.
fn flag(code: u32, bit: u32) -> bool {
    code >> bit & 1 != 0
}

/// A load or store at an immediate offset.
fn at_immediate(forms: &Forms, code: u32, offset: u32) -> Op {
    let [d, n] = [12, 16].map(|at| code >> at & 15);
    let offset = if flag(code, 23) {
        offset
    } else {
        offset.wrapping_neg()
    };
    let form = match (flag(code, 24), flag(code, 21)) {
        (true, false) => 0,
        (true, true) => 2,
        (false, _) => 3,
    };
    if form != 0 && (d == n || n == 15) {
        return Op::INTERPRET;
    }
    Op::new(forms.0[form], [d, n, 0, 0], offset)
}

fn arm_single(code: u32, pc: u32, stall: u32) -> Op {
    let [m, d, n] = [0, 12, 16].map(|at| code >> at & 15);
    let (load, byte) = (flag(code, 20), flag(code, 22));
    if d == 15 {
        return jump_through_pool(code, pc);
    }
    let forms = match (load, byte) {
        (true, false) => &LDR,
        (true, true) => &LDRB,
        (false, false) => &STR,
        (false, true) => &STRB,
    };
    if !flag(code, 25) {
        let offset = code & 0xfff;
        if n == 15 {
            let here = pc.wrapping_add(8);
            let at = if flag(code, 23) {
                here.wrapping_add(offset)
            } else {
                here.wrapping_sub(offset)
            };
            let plain = load && !byte && flag(code, 24) && !flag(code, 21);
            return if plain {
                literal(d, at, stall)
            } else {
                Op::INTERPRET
            };
        }
        return at_immediate(forms, code, offset).taking(1 + stall);
    }
    let scaled = code & 0xfe0 != 0;
    let simple = flag(code, 24) && flag(code, 23) && !flag(code, 21) && code >> 5 & 3 == 0;
    if !simple || m == 15 || n == 15 {
        return Op::INTERPRET;
    }
    Op::new(forms.0[1], [d, n, m, 0], code >> 7 & 31).taking(1 + u32::from(scaled) + stall)
}

/// LDR PC, [PC, #offset] and LDR PC, [PC, register, LSL #2], the jump table of a switch.
fn jump_through_pool(code: u32, pc: u32) -> Op {
    let here = pc.wrapping_add(8);
    if code & 0x0fff_f000 == 0x059f_f000 {
        Op::new(Kind::LdrPcLiteral, [0; 4], here.wrapping_add(code & 0xfff)).taking(5)
    } else if code & 0x0fff_f000 == 0x051f_f000 {
        Op::new(Kind::LdrPcLiteral, [0; 4], here.wrapping_sub(code & 0xfff)).taking(5)
    } else if code & 0x0fff_fff0 == 0x079f_f100 && code & 15 != 15 {
        Op::new(Kind::LdrPcTable, [0, 0, code & 15, 0], here).taking(6)
    } else {
        Op::INTERPRET
    }
}

/// A load from the constant pool.
fn literal(d: u32, at: u32, stall: u32) -> Op {
    if at & 3 != 0 || at >= TCM_INSTRUCTION_BYTES as u32 {
        return Op::INTERPRET;
    }
    Op::new(Kind::LdrLiteral, [d, 0, 0, 0], at).taking(1 + stall)
}

fn arm_half(code: u32, _pc: u32, stall: u32) -> Op {
    let [m, d, n] = [0, 12, 16].map(|at| code >> at & 15);
    let (forms, cycles) = match (flag(code, 20), code >> 5 & 3) {
        (true, 1) => (&LDRH, 1),
        (true, 2) => (&LDRSB, 1),
        (true, _) => (&LDRSH, 1),
        (false, 1) => (&STRH, 1),
        (false, 2) => (&LDRD, 2),
        (false, _) => (&STRD, 2),
    };
    if d == 15 || n == 15 || cycles == 2 && (d & 1 != 0 || d == 14) {
        return Op::INTERPRET;
    }
    if flag(code, 22) {
        return at_immediate(forms, code, code >> 4 & 0xf0 | code & 15).taking(cycles + stall);
    }
    if m == 15 || !flag(code, 24) || !flag(code, 23) || flag(code, 21) {
        return Op::INTERPRET;
    }
    Op::new(forms.0[1], [d, n, m, 0], 0).taking(cycles + stall)
}

/// A block transfer whose addressing has been worked out.
fn block_op(load: bool, base: u32, list: u32, pre: bool, up: bool, write_back: bool, stall: u32) -> Op {
    let (start, after) = block(0, list, pre, up);
    let count = list.count_ones();
    let pc = list >> 15 & 1 != 0;
    let base_in_list = list >> base & 1 != 0;
    if count == 0 || base == 15 || pc && !load || load && write_back && base_in_list {
        return Op::INTERPRET;
    }
    let words = |offset: u32| u32::from((offset as i32 / 4) as i8 as u8);
    let after = if write_back { after } else { 0 };
    let imm = list | words(start) << 16 | words(after) << 24;
    let (kind, cycles) = match (load, pc) {
        (true, true) => (Kind::LdmPc, count + 4),
        (true, false) => (Kind::Ldm, count.max(2) + stall),
        _ => (Kind::Stm, count.max(2)),
    };
    Op::new(kind, [0, base, 0, 0], imm).taking(cycles)
}

fn arm_multiple(code: u32, stall: u32) -> Op {
    if flag(code, 22) {
        return Op::INTERPRET;
    }
    let base = code >> 16 & 15;
    block_op(
        flag(code, 20),
        base,
        code & 0xffff,
        flag(code, 24),
        flag(code, 23),
        flag(code, 21),
        stall,
    )
}

/// A Thumb instruction at `pc`; `stall` is what the one after it waits.
pub(super) fn thumb_op(code: u32, pc: u32, stall: u32) -> Op {
    let low = |at: u32| code >> at & 7;
    let immediate = code & 0xff;
    let wide = low(8);
    let ahead = pc.wrapping_add(4);
    match code >> 11 {
        kind @ 0..=2 => shift(kind, code >> 6 & 31, true, low(0), low(3)),
        3 => {
            let opcode = if flag(code, 9) { op::SUB } else { op::ADD };
            if flag(code, 10) {
                operation(opcode, true, IMMEDIATE, [low(0), low(3), 0, 0], low(6))
            } else {
                operation(opcode, true, REGISTER, [low(0), low(3), low(6), 0], 0)
            }
        }
        4 => operation(op::MOV, true, IMMEDIATE, [wide, 0, 0, 0], immediate),
        5 => operation(op::CMP, true, IMMEDIATE, [0, wide, 0, 0], immediate),
        6 => operation(op::ADD, true, IMMEDIATE, [wide, wide, 0, 0], immediate),
        7 => operation(op::SUB, true, IMMEDIATE, [wide, wide, 0, 0], immediate),
        8 if !flag(code, 10) => thumb_two_registers(code),
        8 => thumb_high_registers(code, pc),
        9 => literal(wide, (ahead & !3).wrapping_add(4 * immediate), stall),
        10 | 11 => {
            let forms = [&STR, &STRH, &STRB, &LDRSB, &LDR, &LDRH, &LDRB, &LDRSH][(code >> 9 & 7) as usize];
            Op::new(forms.0[1], [low(0), low(3), low(6), 0], 0).taking(1 + stall)
        }
        format @ 12..=17 => {
            let forms = [&STR, &LDR, &STRB, &LDRB, &STRH, &LDRH][(format - 12) as usize];
            let scale = [2, 0, 1][(format as usize - 12) / 2];
            Op::new(forms.0[0], [low(0), low(3), 0, 0], (code >> 6 & 31) << scale).taking(1 + stall)
        }
        18 => Op::new(Kind::StrI, [wide, 13, 0, 0], 4 * immediate),
        19 => Op::new(Kind::LdrI, [wide, 13, 0, 0], 4 * immediate).taking(1 + stall),
        20 => operation(
            op::MOV,
            false,
            IMMEDIATE,
            [wide, 0, 0, 0],
            (ahead & !3).wrapping_add(4 * immediate),
        ),
        21 => operation(op::ADD, false, IMMEDIATE, [wide, 13, 0, 0], 4 * immediate),
        22 | 23 => match code >> 8 & 15 {
            0 => {
                let opcode = if flag(code, 7) { op::SUB } else { op::ADD };
                operation(opcode, false, IMMEDIATE, [13, 13, 0, 0], 4 * (code & 0x7f))
            }
            4 | 5 => block_op(false, 13, immediate | (code & 0x100) << 6, true, false, true, 0),
            12 | 13 => block_op(
                true,
                13,
                immediate | (code & 0x100) << 7,
                false,
                true,
                true,
                stall,
            ),
            _ => Op::INTERPRET,
        },
        24 => block_op(false, wide, immediate, false, true, true, 0),
        // A base that is loaded too is not written back.
        25 => block_op(
            true,
            wide,
            immediate,
            false,
            true,
            immediate >> wide & 1 == 0,
            stall,
        ),
        26 | 27 => match code >> 8 & 15 {
            14 | 15 => Op::INTERPRET,
            condition => branch(condition, i32::from(immediate as i8) + 2),
        },
        28 => branch(14, offset_11(code) as i32 / 2 + 2),
        30 => operation(
            op::MOV,
            false,
            IMMEDIATE,
            [14, 0, 0, 0],
            ahead.wrapping_add(offset_11(code) << 11),
        ),
        31 => Op::new(Kind::BlSecond, [0; 4], 2 * (code & 0x7ff)).taking(3),
        _ => Op::INTERPRET,
    }
}

fn thumb_two_registers(code: u32) -> Op {
    let (d, m) = (code & 7, code >> 3 & 7);
    let plain = |opcode| operation(opcode, true, REGISTER, [d, d, m, 0], 0);
    let shift = |kind| operation(op::MOV, true, SHIFTED, [d, 0, d, m], kind | SHIFT_BY_REGISTER).taking(2);
    match code >> 6 & 15 {
        0 => plain(op::AND),
        1 => plain(op::EOR),
        2 => shift(0),
        3 => shift(1),
        4 => shift(2),
        5 => plain(op::ADC),
        6 => plain(op::SBC),
        7 => shift(3),
        8 => plain(op::TST),
        9 => operation(op::RSB, true, IMMEDIATE, [d, m, 0, 0], 0),
        10 => plain(op::CMP),
        11 => plain(op::CMN),
        12 => plain(op::ORR),
        13 => Op::new(Kind::Muls, [d, 0, m, d], 0).taking(4),
        14 => plain(op::BIC),
        _ => plain(op::MVN),
    }
}

fn thumb_high_registers(code: u32, pc: u32) -> Op {
    let d = code & 7 | code >> 4 & 8;
    let m = code >> 3 & 15;
    match code >> 8 & 3 {
        _ if m == 15 && code & 0xff87 == 0x4687 => Op::INTERPRET,
        2 if m == 15 && d != 15 => operation(op::MOV, false, IMMEDIATE, [d, 0, 0, 0], pc.wrapping_add(4)),
        _ if m == 15 => Op::INTERPRET,
        0 if d != 15 => operation(op::ADD, false, REGISTER, [d, d, m, 0], 0),
        1 if d != 15 => operation(op::CMP, true, REGISTER, [0, d, m, 0], 0),
        2 if d != 15 => operation(op::MOV, false, REGISTER, [d, 0, m, 0], 0),
        2 => Op::new(Kind::MovPc, [0, 0, m, 0], 0).taking(4),
        3 if flag(code, 7) => Op::new(Kind::BlxRegister, [0, 0, m, 0], 0).taking(3),
        3 => Op::new(Kind::Bx, [0, 0, m, 0], 0).taking(3),
        _ => Op::INTERPRET,
    }
}
