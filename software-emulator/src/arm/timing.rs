//! Interlocks: how long the following instruction waits for a result that is not ready yet.
//!
//! ARM DDI 0165B, chapter 8: a loaded word is ready a cycle late, a loaded byte or half-word two cycles late, the result
//! of a multiply or a saturating operation one cycle late, except as the accumulator of a following multiply. The rule is
//! applied to the next instruction in memory, whether or not its condition will hold: the interlock acts while it is
//! being decoded.

/// Registers that an instruction reads, one bit each.
#[derive(Clone, Copy, Default)]
struct Reads {
    /// As an operand or an address.
    operand: u16,
    /// As the addend of a multiply.
    accumulator: u16,
}

/// A result that is late.
#[derive(Clone, Copy)]
struct Late {
    register: u32,
    by: u8,
    /// Whether a multiply may use it as its accumulator at once.
    forwarded: bool,
}

/// Stall of the ARM instruction `next` that follows `code`.
pub(super) fn arm_stall(code: u32, next: u32) -> u8 {
    arm_late(code).map_or(0, |late| stall(late, arm_reads(next)))
}

/// Stall of the Thumb instruction `next` that follows `code`.
pub(super) fn thumb_stall(code: u16, next: u16) -> u8 {
    thumb_late(code).map_or(0, |late| stall(late, thumb_reads(next)))
}

fn stall(late: Late, reads: Reads) -> u8 {
    let bit = 1 << late.register;
    let used = if late.forwarded {
        reads.operand
    } else {
        reads.operand | reads.accumulator
    };
    if used & bit != 0 { late.by } else { 0 }
}

/// The register written last by a list, and only if that is not the PC.
fn last(list: u32) -> Option<u32> {
    let top = list.checked_ilog2()?;
    (top != 15).then_some(top)
}

fn late(register: u32, by: u8) -> Option<Late> {
    (register < 15).then_some(Late {
        register,
        by,
        forwarded: false,
    })
}

fn product(register: u32) -> Option<Late> {
    (register < 15).then_some(Late {
        register,
        by: 1,
        forwarded: true,
    })
}

fn arm_late(code: u32) -> Option<Late> {
    if code >> 28 == 15 {
        return None;
    }
    let (d, high) = (code >> 12 & 15, code >> 16 & 15);
    let load = code & 1 << 20 != 0;
    match code >> 25 & 7 {
        0 if code & 0x90 == 0x90 => match code >> 5 & 3 {
            // MULS and the like take their time themselves.
            0 if code & 0x0110_0000 == 0 && code & 0x00c0_0000 != 0x0040_0000 => product(high),
            0 => None,
            _ if load => late(d, 2),
            2 => late(d + 1, 1),
            _ => None,
        },
        0 if code & 0x0190_0000 == 0x0100_0000 => match code >> 4 & 15 {
            5 => product(d),
            8 | 10 | 12 | 14 => product(high),
            _ => None,
        },
        2 | 3 if load && code & 1 << 22 != 0 => late(d, 2),
        2 | 3 if load => late(d, 1),
        4 if load => late(last(code & 0xffff)?, 1),
        _ => None,
    }
}

fn arm_reads(code: u32) -> Reads {
    let [m, s, d, n] = [0, 8, 12, 16].map(|at| 1u16 << (code >> at & 15));
    let next_d = 1u16 << (((code >> 12 & 15) + 1) & 15);
    let operand = |operand| Reads {
        operand,
        accumulator: 0,
    };
    if code >> 28 == 15 {
        return Reads::default();
    }
    let load = code & 1 << 20 != 0;
    match code >> 25 & 7 {
        0 if code & 0x90 == 0x90 => match code >> 5 & 3 {
            0 if code & 1 << 24 != 0 => operand(m | n),
            0 => {
                let accumulates = code & 1 << 21 != 0;
                let long = code & 1 << 23 != 0;
                let accumulator = match (accumulates, long) {
                    (false, _) => 0,
                    (true, false) => d,
                    (true, true) => d | n,
                };
                Reads {
                    operand: m | s,
                    accumulator,
                }
            }
            kind => {
                let offset = if code & 1 << 22 != 0 { 0 } else { m };
                let stored = match kind {
                    _ if load => 0,
                    1 => d,
                    2 => 0,
                    _ => d | next_d,
                };
                operand(n | offset | stored)
            }
        },
        0 if code & 0x0190_0000 == 0x0100_0000 => match (code >> 4 & 15, code >> 21 & 3) {
            (0, 1 | 3) | (1 | 3, _) => operand(m),
            (5, _) => operand(m | n),
            (8 | 10 | 12 | 14, kind) => {
                let accumulator = match kind {
                    0 => d,
                    1 if code & 0x20 == 0 => d,
                    2 => d | n,
                    _ => 0,
                };
                Reads {
                    operand: m | s,
                    accumulator,
                }
            }
            _ => Reads::default(),
        },
        1 if code & 0x0190_0000 == 0x0100_0000 => Reads::default(),
        kind @ (0 | 1) => {
            let first = if matches!(code >> 21 & 15, 13 | 15) { 0 } else { n };
            let second = match kind {
                1 => 0,
                _ if code & 0x10 != 0 => m | s,
                _ => m,
            };
            operand(first | second)
        }
        kind @ (2 | 3) => {
            let offset = if kind == 3 { m } else { 0 };
            operand(n | offset | if load { 0 } else { d })
        }
        4 => operand(n | if load { 0 } else { code as u16 }),
        7 if code & 0x0110_0010 == 0x0000_0010 => operand(d),
        _ => Reads::default(),
    }
}

fn thumb_late(code: u16) -> Option<Late> {
    let code = u32::from(code);
    match code >> 11 {
        9 => late(code >> 8 & 7, 1),
        10 | 11 => match code >> 9 & 7 {
            4 => late(code & 7, 1),
            3 | 5 | 6 | 7 => late(code & 7, 2),
            _ => None,
        },
        13 => late(code & 7, 1),
        15 | 17 => late(code & 7, 2),
        19 => late(code >> 8 & 7, 1),
        23 if code & 0x0700 == 0x0400 => late(last(code & 0xff)?, 1),
        25 => late(last(code & 0xff)?, 1),
        _ => None,
    }
}

fn thumb_reads(code: u16) -> Reads {
    let code = u32::from(code);
    let low = |at: u32| 1u16 << (code >> at & 7);
    let wide = low(8);
    let operand = match code >> 11 {
        0..=2 => low(3),
        3 if code & 1 << 10 != 0 => low(3),
        3 => low(3) | low(6),
        5..=7 => wide,
        8 if code & 1 << 10 == 0 => match code >> 6 & 15 {
            9 | 15 => low(3),
            _ => low(0) | low(3),
        },
        8 => {
            let d = 1u16 << (code & 7 | code >> 4 & 8);
            let m = 1u16 << (code >> 3 & 15);
            if code & 0x0200 == 0 { d | m } else { m }
        }
        10 | 11 => {
            let stored = if matches!(code >> 9 & 7, 0..=2) { low(0) } else { 0 };
            low(3) | low(6) | stored
        }
        12 | 14 | 16 => low(0) | low(3),
        13 | 15 | 17 => low(3),
        18 => 1 << 13 | wide,
        19 | 21 => 1 << 13,
        22 if code & 0x0600 == 0x0400 => 1 << 13 | code as u16 & 0xff | (code as u16 & 0x100) << 6,
        22 | 23 => 1 << 13,
        24 => wide | code as u16 & 0xff,
        25 => wide,
        29 | 31 => 1 << 14,
        _ => 0,
    };
    Reads {
        operand,
        accumulator: 0,
    }
}
