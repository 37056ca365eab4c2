//! Multiplies and saturating arithmetic: results, flags, Q, and cycles.

use super::*;

/// r0 and r1 after an instruction over r0 to r3, its cycles, and the flags.
fn one(code: u32, regs: [u32; 4]) -> (u32, u32, String, u64) {
    let before: Vec<(usize, u32)> = regs.into_iter().enumerate().collect();
    let (cpu, cycles) = executed_arm(&[code], &before, 0, 1);
    (cpu.register(0), cpu.register(1), flags(&cpu), cycles)
}

#[test]
fn words() {
    assert_eq!(
        one(0xe0000392 /* mul r0, r2, r3 */, [0, 0, 0x1_0001, 0x1_0001]),
        (0x2_0001, 0, "nzcv".into(), 2)
    );
    assert_eq!(
        one(0xe0100392 /* muls r0, r2, r3 */, [0, 0, 0x8000_0000, 1]),
        (0x8000_0000, 0, "Nzcv".into(), 4)
    );
    assert_eq!(
        one(0xe0201392 /* mla r0, r2, r3, r1 */, [0, 7, 5, 6]),
        (37, 7, "nzcv".into(), 2)
    );
    assert_eq!(
        one(0xe0301392 /* mlas r0, r2, r3, r1 */, [0, 0xffff_ffe2, 5, 6]),
        (0, 0xffff_ffe2, "nZcv".into(), 4)
    );
}

#[test]
fn long_words() {
    let minus_one = 0xffff_ffff;
    assert_eq!(
        one(
            0xe0810392, /* umull r0, r1, r2, r3 */
            [0, 0, minus_one, minus_one]
        ),
        (1, 0xffff_fffe, "nzcv".into(), 3)
    );
    assert_eq!(
        one(0xe0c10392 /* smull r0, r1, r2, r3 */, [0, 0, minus_one, 2]),
        (0xffff_fffe, minus_one, "nzcv".into(), 3)
    );
    assert_eq!(
        one(0xe0a10392 /* umlal r0, r1, r2, r3 */, [minus_one, 1, 2, 3]),
        (5, 2, "nzcv".into(), 3)
    );
    assert_eq!(
        one(0xe0e10392 /* smlal r0, r1, r2, r3 */, [1, 0, minus_one, 1]),
        (0, 0, "nzcv".into(), 3)
    );
    assert_eq!(
        one(0xe0d10392 /* smulls r0, r1, r2, r3 */, [0, 0, minus_one, 2]),
        (0xffff_fffe, minus_one, "Nzcv".into(), 5)
    );
    assert_eq!(
        one(0xe0910392 /* umulls r0, r1, r2, r3 */, [0, 0, 0, 2]),
        (0, 0, "nZcv".into(), 5)
    );
    // Z looks at all 64 bits.
    assert_eq!(
        one(
            0xe0910392, /* umulls r0, r1, r2, r3 */
            [0, 0, 0x1_0000, 0x1_0000]
        ),
        (0, 1, "nzcv".into(), 5)
    );
}

#[test]
fn half_words() {
    let (a, b) = (0x0002_fffd, 0x0004_0005); // 2 and -3; 4 and 5
    assert_eq!(
        one(0xe1600382 /* smulbb r0, r2, r3 */, [0, 0, a, b]).0,
        -15i32 as u32
    );
    assert_eq!(
        one(0xe16003c2 /* smulbt r0, r2, r3 */, [0, 0, a, b]).0,
        -12i32 as u32
    );
    assert_eq!(one(0xe16003a2 /* smultb r0, r2, r3 */, [0, 0, a, b]).0, 10);
    assert_eq!(
        one(0xe16003e2 /* smultt r0, r2, r3 */, [0, 0, a, b]),
        (8, 0, "nzcv".into(), 1)
    );
    assert_eq!(
        one(0xe1600382 /* smulbb r0, r2, r3 */, [0, 0, 0x8000, 0x8000]).0,
        0x4000_0000
    );
    assert_eq!(
        one(0xe10013c2 /* smlabt r0, r2, r3, r1 */, [0, 20, a, b]),
        (8, 20, "nzcv".into(), 1)
    );
    assert_eq!(
        one(
            0xe1001382, /* smlabb r0, r2, r3, r1 */
            [0, 0x7fff_ffff, 1, 1]
        ),
        (0x8000_0000, 0x7fff_ffff, "nzcvQ".into(), 1)
    );
    assert_eq!(
        one(0xe12003a2 /* smulwb r0, r2, r3 */, [0, 0, 0x1_8000, 3]),
        (4, 0, "nzcv".into(), 1)
    );
    assert_eq!(
        one(
            0xe12003e2, /* smulwt r0, r2, r3 */
            [0, 0, 0xffff_ffff, 0x1_0000]
        )
        .0,
        0xffff_ffff
    );
    assert_eq!(
        one(0xe1201382 /* smlawb r0, r2, r3, r1 */, [0, 100, 0x1_8000, 3]),
        (104, 100, "nzcv".into(), 1)
    );
    assert_eq!(
        one(
            0xe12013c2, /* smlawt r0, r2, r3, r1 */
            [0, 0x7fff_ffff, 0x1_0000, 0x1_0000]
        )
        .2,
        "nzcvQ"
    );
    assert_eq!(
        one(0xe1410382 /* smlalbb r0, r1, r2, r3 */, [2, 0, 0xffff, 3]),
        (0xffff_ffff, 0xffff_ffff, "nzcv".into(), 2)
    );
}

#[test]
fn saturating() {
    let (most, least) = (0x7fff_ffff, 0x8000_0000);
    assert_eq!(
        one(0xe1030052 /* qadd r0, r2, r3 */, [0, 0, most, 1]),
        (most, 0, "nzcvQ".into(), 1)
    );
    assert_eq!(
        one(0xe1030052 /* qadd r0, r2, r3 */, [0, 0, 3, 4]),
        (7, 0, "nzcv".into(), 1)
    );
    assert_eq!(
        one(0xe1230052 /* qsub r0, r2, r3 */, [0, 0, least, 1]),
        (least, 0, "nzcvQ".into(), 1)
    );
    assert_eq!(one(0xe1230052 /* qsub r0, r2, r3 */, [0, 0, 3, 4]).0, 0xffff_ffff);
    assert_eq!(
        one(0xe1430052 /* qdadd r0, r2, r3 */, [0, 0, 1, 0x4000_0000]),
        (most, 0, "nzcvQ".into(), 1)
    );
    // The doubling saturates and sets Q though the sum would not.
    assert_eq!(
        one(
            0xe1430052, /* qdadd r0, r2, r3 */
            [0, 0, 0xffff_ffff, 0x4000_0000]
        ),
        (0x7fff_fffe, 0, "nzcvQ".into(), 1)
    );
    assert_eq!(
        one(0xe1630052 /* qdsub r0, r2, r3 */, [0, 0, 10, 3]),
        (4, 0, "nzcv".into(), 1)
    );
    // Q stays until it is cleared.
    let (cpu, _) = executed_arm(
        &[
            0xe1030052, /* qadd r0, r2, r3 */
            0xe1010051, /* qadd r0, r1, r1 */
        ],
        &[(1, 1), (2, most), (3, most)],
        0,
        2,
    );
    assert_eq!((cpu.register(0), flags(&cpu)), (2, "nzcvQ".into()));
}
