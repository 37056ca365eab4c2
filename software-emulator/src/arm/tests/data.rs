//! Data processing: results, flags, shifter carries, writes to the PC, and cycles.

use super::*;

/// Executes one ARM instruction with r1, r2, r3 given and C set or clear; r0, flags and cycles.
fn one(code: u32, [r1, r2, r3]: [u32; 3], carry: bool) -> (u32, String, u64) {
    let before = if carry { 1 << 29 } else { 0 };
    let (cpu, cycles) = executed_arm(&[code], &[(1, r1), (2, r2), (3, r3)], before, 1);
    (cpu.register(0), flags(&cpu), cycles)
}

fn is(code: u32, operands: [u32; 3], carry: bool, result: u32, expected: &str, cycles: u64) {
    assert_eq!(
        one(code, operands, carry),
        (result, expected.into(), cycles),
        "{code:08x} of {operands:x?}"
    );
}

#[test]
fn additions() {
    is(
        0xe0910002, /* adds r0, r1, r2 */
        [1, 2, 0],
        false,
        3,
        "nzcv",
        1,
    );
    is(
        0xe0910002, /* adds r0, r1, r2 */
        [0xffff_ffff, 1, 0],
        false,
        0,
        "nZCv",
        1,
    );
    is(
        0xe0910002, /* adds r0, r1, r2 */
        [0x7fff_ffff, 1, 0],
        false,
        0x8000_0000,
        "NzcV",
        1,
    );
    is(
        0xe0910002, /* adds r0, r1, r2 */
        [0x8000_0000, 0x8000_0000, 0],
        false,
        0,
        "nZCV",
        1,
    );
    is(
        0xe0b10002, /* adcs r0, r1, r2 */
        [0xffff_ffff, 0, 0],
        true,
        0,
        "nZCv",
        1,
    );
    is(
        0xe0b10002, /* adcs r0, r1, r2 */
        [0x7fff_ffff, 0, 0],
        true,
        0x8000_0000,
        "NzcV",
        1,
    );
    is(
        0xe0a10002, /* adc r0, r1, r2 */
        [5, 6, 0],
        true,
        12,
        "nzCv",
        1,
    );
    is(
        0xe0810002, /* add r0, r1, r2 */
        [0xffff_ffff, 1, 0],
        false,
        0,
        "nzcv",
        1,
    );
}

#[test]
fn subtractions() {
    is(
        0xe0510002, /* subs r0, r1, r2 */
        [5, 5, 0],
        false,
        0,
        "nZCv",
        1,
    );
    is(
        0xe0510002, /* subs r0, r1, r2 */
        [4, 5, 0],
        false,
        0xffff_ffff,
        "Nzcv",
        1,
    );
    is(
        0xe0510002, /* subs r0, r1, r2 */
        [0x8000_0000, 1, 0],
        false,
        0x7fff_ffff,
        "nzCV",
        1,
    );
    is(
        0xe0710002, /* rsbs r0, r1, r2 */
        [5, 4, 0],
        false,
        0xffff_ffff,
        "Nzcv",
        1,
    );
    is(
        0xe0d10002, /* sbcs r0, r1, r2 */
        [5, 5, 0],
        false,
        0xffff_ffff,
        "Nzcv",
        1,
    );
    is(
        0xe0d10002, /* sbcs r0, r1, r2 */
        [5, 5, 0],
        true,
        0,
        "nZCv",
        1,
    );
    is(
        0xe0f10002, /* rscs r0, r1, r2 */
        [1, 3, 0],
        false,
        1,
        "nzCv",
        1,
    );
    is(
        0xe2510000, /* subs r0, r1, #0 */
        [0, 0, 0],
        false,
        0,
        "nZCv",
        1,
    );
}

#[test]
fn logic_takes_the_carry_of_the_shifter() {
    is(
        0xe0110082, /* ands r0, r1, r2, lsl #1 */
        [0xff, 0x8000_0001, 0],
        false,
        2,
        "nzCv",
        1,
    );
    is(
        0xe0310022, /* eors r0, r1, r2, lsr #32 */
        [7, 0x8000_0000, 0],
        false,
        7,
        "nzCv",
        1,
    );
    is(
        0xe1910042, /* orrs r0, r1, r2, asr #32 */
        [0, 0x8000_0000, 0],
        false,
        0xffff_ffff,
        "NzCv",
        1,
    );
    is(
        0xe1d10262, /* bics r0, r1, r2, ror #4 */
        [0xffff_ffff, 0x0000_001f, 0],
        false,
        0x0fff_fffe,
        "nzCv",
        1,
    );
    is(
        0xe1b00062, /* movs r0, r2, rrx */
        [0, 0x0000_0003, 0],
        true,
        0x8000_0001,
        "NzCv",
        1,
    );
    is(
        0xe1f00002, /* mvns r0, r2 */
        [0, 0xffff_ffff, 0],
        true,
        0,
        "nZCv",
        1,
    );
    // An immediate that is rotated brings its top bit, one that is not leaves C alone.
    is(
        0xe3b00102, /* movs r0, #0x80000000 */
        [0; 3],
        false,
        0x8000_0000,
        "NzCv",
        1,
    );
    is(
        0xe3b005ff, /* movs r0, #0x3fc00000 */
        [0; 3],
        true,
        0x3fc0_0000,
        "nzcv",
        1,
    );
    is(0xe3b00001 /* movs r0, #1 */, [0; 3], true, 1, "nzCv", 1);
    is(
        0xe3110102, /* tst r1, #0x80000000 */
        [0x8000_0000, 0, 0],
        false,
        0,
        "NzCv",
        1,
    );
    is(0xe1310002 /* teq r1, r2 */, [9, 9, 0], true, 0, "nZCv", 1);
}

#[test]
fn shifts_by_a_register() {
    is(
        0xe1b00312, /* movs r0, r2, lsl r3 */
        [0, 1, 0],
        true,
        1,
        "nzCv",
        2,
    );
    is(
        0xe1b00312, /* movs r0, r2, lsl r3 */
        [0, 1, 32],
        false,
        0,
        "nZCv",
        2,
    );
    is(
        0xe1b00312, /* movs r0, r2, lsl r3 */
        [0, 1, 33],
        true,
        0,
        "nZcv",
        2,
    );
    is(
        0xe1b00332, /* movs r0, r2, lsr r3 */
        [0, 0x8000_0000, 32],
        false,
        0,
        "nZCv",
        2,
    );
    is(
        0xe1b00332, /* movs r0, r2, lsr r3 */
        [0, 0x8000_0000, 33],
        true,
        0,
        "nZcv",
        2,
    );
    is(
        0xe1b00352, /* movs r0, r2, asr r3 */
        [0, 0x8000_0000, 200],
        false,
        0xffff_ffff,
        "NzCv",
        2,
    );
    is(
        0xe1b00372, /* movs r0, r2, ror r3 */
        [0, 0x8000_0001, 32],
        false,
        0x8000_0001,
        "NzCv",
        2,
    );
    is(
        0xe1b00372, /* movs r0, r2, ror r3 */
        [0, 0x0000_0003, 33],
        false,
        0x8000_0001,
        "NzCv",
        2,
    );
    // Only the low byte counts.
    is(
        0xe1b00312, /* movs r0, r2, lsl r3 */
        [0, 5, 0x100],
        false,
        5,
        "nzcv",
        2,
    );
}

/// Whether a condition holds for N, Z, C and V.
type Rule = fn(bool, bool, bool, bool) -> bool;

#[test]
fn conditions() {
    // Each condition over each of the sixteen flag settings, as the architecture's table A3-2 has it.
    let holds: [Rule; 15] = [
        |_, z, _, _| z,
        |_, z, _, _| !z,
        |_, _, c, _| c,
        |_, _, c, _| !c,
        |n, _, _, _| n,
        |n, _, _, _| !n,
        |_, _, _, v| v,
        |_, _, _, v| !v,
        |_, z, c, _| c && !z,
        |_, z, c, _| !c || z,
        |n, _, _, v| n == v,
        |n, _, _, v| n != v,
        |n, z, _, v| !z && n == v,
        |n, z, _, v| z || n != v,
        |_, _, _, _| true,
    ];
    for (condition, holds) in holds.iter().enumerate() {
        for setting in 0..16u32 {
            let [n, z, c, v] = [3, 2, 1, 0].map(|bit| setting >> bit & 1 != 0);
            let yes = holds(n, z, c, v);
            // mov r0, #1 under the condition, and a branch under the condition
            let code = [
                (condition as u32) << 28 | 0x03a0_0001,
                (condition as u32) << 28 | 0x0a00_0002,
            ];
            let (cpu, cycles) = executed_arm(&code, &[], setting << 28, 2);
            assert_eq!(
                cpu.register(0),
                u32::from(yes),
                "condition {condition}, flags {setting:04b}"
            );
            assert_eq!(
                (cpu.register(15), cycles),
                if yes { (0x114, 4) } else { (0x108, 2) }
            );
            if condition < 14 {
                let (cpu, cycles) =
                    executed_thumb(&[0xd003 | (condition as u16) << 8], &[], setting << 28, 1);
                assert_eq!(
                    (cpu.register(15), cycles),
                    if yes { (0x10a, 3) } else { (0x102, 1) }
                );
            }
        }
    }
}

#[test]
fn the_pc_as_operand_and_result() {
    let (cpu, cycles) = executed_arm(
        &[
            0xe28f0008, /* add r0, pc, #8 */
            0xe1a0100f, /* mov r1, pc */
        ],
        &[],
        0,
        2,
    );
    assert_eq!((cpu.register(0), cpu.register(1), cycles), (0x110, 0x10c, 2));
    let (cpu, cycles) = executed_arm(&[0xe1a0f001 /* mov pc, r1 */], &[(1, 0x203)], 0, 1);
    assert_eq!((cpu.register(15), cpu.cpsr() & 0x20, cycles), (0x200, 0, 4));
    let (cpu, cycles) = executed_arm(&[0xe08ff101 /* add pc, pc, r1, lsl #2 */], &[(1, 3)], 0, 1);
    assert_eq!((cpu.register(15), cycles), (0x114, 3));
    let (cpu, cycles) = executed_arm(
        &[0xe181f312 /* orr pc, r1, r2, lsl r3 */],
        &[(1, 0x200), (2, 1), (3, 4)],
        0,
        1,
    );
    assert_eq!((cpu.register(15), cycles), (0x210, 5));
}

#[test]
fn leading_zeros() {
    for (value, zeros) in [(0, 32), (1, 31), (0x8000_0000, 0), (0x00ff_0000, 8)] {
        is(
            0xe16f0f12, /* clz r0, r2 */
            [0, value, 0],
            false,
            zeros,
            "nzcv",
            1,
        );
    }
}
