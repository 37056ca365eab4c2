//! Thumb: every format, branches between the states, and cycles. The arithmetic behind it is that of the ARM tests.

use super::*;

const DATA: u32 = 0x0040_0100;

/// r0 and the flags after one instruction over r0, r1, r2, and its cycles.
fn is(code: u16, regs: [u32; 3], carry: bool, result: u32, expected: &str, cycles: u64) {
    let before: Vec<(usize, u32)> = regs.into_iter().enumerate().collect();
    let (cpu, took) = executed_thumb(&[code], &before, if carry { 1 << 29 } else { 0 }, 1);
    assert_eq!(
        (cpu.register(0), flags(&cpu), took),
        (result, expected.into(), cycles),
        "{code:04x} {regs:x?}"
    );
}

#[test]
fn arithmetic() {
    is(
        0x0108, /* lsls r0, r1, #4 */
        [0, 0x1800_0000, 0],
        false,
        0x8000_0000,
        "NzCv",
        1,
    );
    is(
        0x0808, /* lsrs r0, r1, #32 */
        [0, 0x8000_0000, 0],
        false,
        0,
        "nZCv",
        1,
    );
    is(
        0x1048, /* asrs r0, r1, #1 */
        [0, 0x8000_0001, 0],
        false,
        0xc000_0000,
        "NzCv",
        1,
    );
    is(
        0x1888, /* adds r0, r1, r2 */
        [0, 0x7fff_ffff, 1],
        false,
        0x8000_0000,
        "NzcV",
        1,
    );
    is(
        0x1a88, /* subs r0, r1, r2 */
        [0, 1, 2],
        false,
        0xffff_ffff,
        "Nzcv",
        1,
    );
    is(0x1dc8 /* adds r0, r1, #7 */, [0, 1, 0], true, 8, "nzcv", 1);
    is(0x1e48 /* subs r0, r1, #1 */, [0, 1, 0], false, 0, "nZCv", 1);
    is(0x2000 /* movs r0, #0 */, [5, 0, 0], true, 0, "nZCv", 1);
    is(0x28c8 /* cmp r0, #200 */, [200, 0, 0], false, 200, "nZCv", 1);
    is(0x30ff /* adds r0, #255 */, [1, 0, 0], false, 256, "nzcv", 1);
    is(
        0x38ff, /* subs r0, #255 */
        [1, 0, 0],
        false,
        0xffff_ff02,
        "Nzcv",
        1,
    );
}

#[test]
fn two_registers() {
    is(
        0x4008, /* ands r0, r1 */
        [0xff, 0x1f0, 0],
        true,
        0xf0,
        "nzCv",
        1,
    );
    is(
        0x4048, /* eors r0, r1 */
        [0xff, 0xff, 0],
        false,
        0,
        "nZcv",
        1,
    );
    is(
        0x4088, /* lsls r0, r1 */
        [1, 31, 0],
        false,
        0x8000_0000,
        "Nzcv",
        2,
    );
    is(
        0x40c8, /* lsrs r0, r1 */
        [0x8000_0000, 33, 0],
        true,
        0,
        "nZcv",
        2,
    );
    is(
        0x4108, /* asrs r0, r1 */
        [0x8000_0000, 64, 0],
        false,
        0xffff_ffff,
        "NzCv",
        2,
    );
    is(
        0x41c8, /* rors r0, r1 */
        [1, 1, 0],
        false,
        0x8000_0000,
        "NzCv",
        2,
    );
    is(0x4148 /* adcs r0, r1 */, [1, 1, 0], true, 3, "nzcv", 1);
    is(0x4188 /* sbcs r0, r1 */, [3, 1, 0], false, 1, "nzCv", 1);
    is(0x4208 /* tst r0, r1 */, [1, 2, 0], true, 1, "nZCv", 1);
    is(
        0x4248, /* rsbs r0, r1, #0 */
        [0, 5, 0],
        false,
        0xffff_fffb,
        "Nzcv",
        1,
    );
    is(
        0x4288, /* cmp r0, r1 */
        [0x8000_0000, 1, 0],
        false,
        0x8000_0000,
        "nzCV",
        1,
    );
    is(
        0x42c8, /* cmn r0, r1 */
        [0xffff_ffff, 1, 0],
        false,
        0xffff_ffff,
        "nZCv",
        1,
    );
    is(0x4308 /* orrs r0, r1 */, [1, 2, 0], false, 3, "nzcv", 1);
    is(
        0x4348, /* muls r0, r1, r0 */
        [0xffff_ffff, 2, 0],
        true,
        0xffff_fffe,
        "NzCv",
        4,
    );
    is(0x4388 /* bics r0, r1 */, [7, 2, 0], false, 5, "nzcv", 1);
    is(
        0x43c8, /* mvns r0, r1 */
        [0, 0, 0],
        false,
        0xffff_ffff,
        "Nzcv",
        1,
    );
}

#[test]
fn high_registers() {
    let (cpu, cycles) = executed_thumb(
        &[
            0x4488, /* add r8, r1 */
            0x46c1, /* mov r9, r8 */
            0x4589, /* cmp r9, r1 */
        ],
        &[(1, 5), (8, 6)],
        0,
        3,
    );
    assert_eq!(
        (cpu.register(8), cpu.register(9), flags(&cpu), cycles),
        (11, 11, "nzCv".into(), 3)
    );
    let (cpu, cycles) = executed_thumb(&[0x468f /* mov pc, r1 */], &[(1, 0x205)], 0, 1);
    assert_eq!((cpu.register(15), cpu.cpsr() & 0x20, cycles), (0x204, 0x20, 4));
    let (cpu, cycles) = executed_thumb(&[0x448f /* add pc, r1 */], &[(1, 0x100)], 0, 1);
    assert_eq!((cpu.register(15), cycles), (0x204, 3));
    let (cpu, _) = executed_thumb(
        &[
            0x4678, /* mov r0, pc */
            0xa102, /* adr r1, #8 */
            0xaa04, /* add r2, sp, #16 */
        ],
        &[(13, 4)],
        0,
        3,
    );
    assert_eq!([0, 1, 2].map(|n| cpu.register(n)), [0x104, 0x10c, 20]);
    let (cpu, _) = executed_thumb(
        &[0xb002 /* add sp, #8 */, 0xb0ff /* sub sp, #508 */],
        &[(13, 1000)],
        0,
        2,
    );
    assert_eq!(cpu.register(13), 500);
}

#[test]
fn transfers() {
    let data = |code: u16, before: &[(usize, u32)]| {
        executed(1, &mut Outside::default(), || {
            let mut cpu = thumb(&[code, 0x2700, 0, 0, 0x5678, 0x1234]);
            cpu.tcm_write(DATA, &[0x81, 0x82, 0x83, 0x84, 0x15, 0x16, 0x17, 0x18]);
            cpu.set_register(1, DATA);
            cpu.set_register(13, DATA);
            for (n, value) in before {
                cpu.set_register(*n, *value);
            }
            cpu
        })
    };
    for (code, value) in [
        (0x4801 /* ldr r0, [pc, #4] */, 0x1234_5678),
        (0x6848 /* ldr r0, [r1, #4] */, 0x1817_1615),
        (0x5888 /* ldr r0, [r1, r2] */, 0x1817_1615),
        (0x7848 /* ldrb r0, [r1, #1] */, 0x82),
        (0x5c88 /* ldrb r0, [r1, r2] */, 0x15),
        (0x8848 /* ldrh r0, [r1, #2] */, 0x8483),
        (0x5a88 /* ldrh r0, [r1, r2] */, 0x1615),
        (0x56c8 /* ldrsb r0, [r1, r3] */, 0xffff_ff83),
        (0x5ec8 /* ldrsh r0, [r1, r3] */, 0xffff_8483),
        (0x9801 /* ldr r0, [sp, #4] */, 0x1817_1615),
    ] {
        let (cpu, cycles) = data(code, &[(2, 4), (3, 2)]);
        assert_eq!((cpu.register(0), cycles), (value, 1), "{code:04x}");
    }
    let read = |cpu: &Cpu| {
        let mut bytes = [0; 8];
        assert!(cpu.tcm_read(DATA, &mut bytes));
        bytes
    };
    for (code, bytes) in [
        (
            0x6048, /* str r0, [r1, #4] */
            [0x81, 0x82, 0x83, 0x84, 4, 3, 2, 1],
        ),
        (
            0x5088, /* str r0, [r1, r2] */
            [0x81, 0x82, 0x83, 0x84, 4, 3, 2, 1],
        ),
        (
            0x7048, /* strb r0, [r1, #1] */
            [0x81, 4, 0x83, 0x84, 0x15, 0x16, 0x17, 0x18],
        ),
        (
            0x5488, /* strb r0, [r1, r2] */
            [0x81, 0x82, 0x83, 0x84, 4, 0x16, 0x17, 0x18],
        ),
        (
            0x8048, /* strh r0, [r1, #2] */
            [0x81, 0x82, 4, 3, 0x15, 0x16, 0x17, 0x18],
        ),
        (
            0x5288, /* strh r0, [r1, r2] */
            [0x81, 0x82, 0x83, 0x84, 4, 3, 0x17, 0x18],
        ),
        (
            0x9001, /* str r0, [sp, #4] */
            [0x81, 0x82, 0x83, 0x84, 4, 3, 2, 1],
        ),
    ] {
        let (cpu, cycles) = data(code, &[(0, 0x0102_0304), (2, 4)]);
        assert_eq!((read(&cpu), cycles), (bytes, 1), "{code:04x}");
    }
}

#[test]
fn blocks() {
    let (cpu, cycles) = executed_thumb(
        &[
            0xb503, /* push {r0, r1, lr} */
            0xbd0c, /* pop {r2, r3, pc} */
        ],
        &[(0, 10), (1, 11), (13, DATA), (14, 0x200)],
        0,
        2,
    );
    // Back to ARM state by a POP of an even address: 3 and 3 + 4 cycles.
    assert_eq!(
        (cpu.register(2), cpu.register(3), cpu.register(13)),
        (10, 11, DATA)
    );
    assert_eq!((cpu.register(15), cpu.cpsr() & 0x20, cycles), (0x200, 0, 10));
    let (cpu, cycles) = executed_thumb(
        &[
            0xc403, /* stmia r4!, {r0, r1} */
            0x3c08, /* subs r4, #8 */
            0xcc1c, /* ldm r4, {r2, r3, r4} */
        ],
        &[(0, 10), (1, 11), (4, DATA)],
        0,
        3,
    );
    // A base that is loaded keeps what was loaded.
    assert_eq!([2, 3, 4].map(|n| cpu.register(n)), [10, 11, 0]);
    assert_eq!(cycles, 2 + 1 + 3);
}

#[test]
fn calls_between_the_states() {
    // BL: one cycle and three.
    let (cpu, cycles) = executed_thumb(&[0xf000, 0xf880], &[], 0, 2);
    assert_eq!(
        (cpu.register(15), cpu.register(14), cpu.cpsr() & 0x20, cycles),
        (0x204, 0x105, 0x20, 4)
    );
    // Backwards.
    let (cpu, _) = executed_thumb(&[0xf7ff, 0xfffe], &[], 0, 2);
    assert_eq!((cpu.register(15), cpu.register(14)), (0x100, 0x105));
    // BLX to ARM.
    let (cpu, cycles) = executed_thumb(&[0xf000, 0xe880], &[], 0, 2);
    assert_eq!(
        (cpu.register(15), cpu.register(14), cpu.cpsr() & 0x20, cycles),
        (0x204, 0x105, 0, 4)
    );
    let (cpu, cycles) = executed_thumb(&[0x4788 /* blx r1 */], &[(1, 0x200)], 0, 1);
    assert_eq!(
        (cpu.register(15), cpu.register(14), cpu.cpsr() & 0x20, cycles),
        (0x200, 0x103, 0, 3)
    );
    let (cpu, cycles) = executed_thumb(&[0x4778 /* bx pc */], &[], 0, 1);
    assert_eq!((cpu.register(15), cpu.cpsr() & 0x20, cycles), (0x104, 0, 3));
    let (cpu, cycles) = executed_arm(&[0xe12fff11 /* bx r1 */], &[(1, 0x201)], 0, 1);
    assert_eq!((cpu.register(15), cpu.cpsr() & 0x20, cycles), (0x200, 0x20, 3));
    let (cpu, cycles) = executed_arm(&[0xe12fff31 /* blx r1 */], &[(1, 0x201)], 0, 1);
    assert_eq!(
        (cpu.register(15), cpu.register(14), cpu.cpsr() & 0x20, cycles),
        (0x200, 0x104, 0x20, 3)
    );
    // BLX to a half-word address ahead and behind.
    let (cpu, cycles) = executed_arm(&[0xfb00_0010], &[], 0, 1);
    assert_eq!(
        (cpu.register(15), cpu.register(14), cpu.cpsr() & 0x20, cycles),
        (0x14a, 0x104, 0x20, 3)
    );
    let (cpu, cycles) = executed_arm(&[0xeb00_000e], &[], 0, 1);
    assert_eq!((cpu.register(15), cpu.register(14), cycles), (0x140, 0x104, 3));
    let (cpu, cycles) = executed_thumb(&[0xe01e], &[], 0, 1);
    assert_eq!((cpu.register(15), cycles), (0x140, 3));
}
