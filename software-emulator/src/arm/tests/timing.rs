//! Interlocks, and the delay loops that are jumped over.

use super::*;

/// Cycles of two ARM instructions with r1 pointing at data.
fn pair(first: u32, second: u32) -> u64 {
    executed_arm(
        &[first, second, 0xe3a09000 /* mov r9, #0 */],
        &[(1, 0x0040_0100)],
        0,
        2,
    )
    .1
}

#[test]
fn loaded_words_are_a_cycle_late() {
    assert_eq!(
        pair(
            0xe5910000, /* ldr r0, [r1] */
            0xe0832004  /* add r2, r3, r4 */
        ),
        2
    );
    assert_eq!(
        pair(
            0xe5910000, /* ldr r0, [r1] */
            0xe0802004  /* add r2, r0, r4 */
        ),
        3
    );
    assert_eq!(
        pair(
            0xe5910000, /* ldr r0, [r1] */
            0xe0842180  /* add r2, r4, r0, lsl #3 */
        ),
        3
    );
    assert_eq!(
        pair(
            0xe5910000, /* ldr r0, [r1] */
            0xe5810004  /* str r0, [r1, #4] */
        ),
        3
    );
    assert_eq!(
        pair(
            0xe5910000, /* ldr r0, [r1] */
            0xe0220493  /* mla r2, r3, r4, r0 */
        ),
        4
    );
    assert_eq!(
        pair(
            0xe5910000, /* ldr r0, [r1] */
            0xe3a00001  /* mov r0, #1 */
        ),
        2
    );
    assert_eq!(
        pair(
            0xe5910000, /* ldr r0, [r1] */
            0xe7912000  /* ldr r2, [r1, r0] */
        ),
        3
    );
    assert_eq!(
        pair(
            0xe891000c, /* ldmia r1, {r2, r3} */
            0xe1a00003  /* mov r0, r3 */
        ),
        4
    );
    assert_eq!(
        pair(
            0xe891000c, /* ldmia r1, {r2, r3} */
            0xe1a00002  /* mov r0, r2 */
        ),
        3
    );
    assert_eq!(
        pair(
            0xe1c120d0, /* ldrd r2, r3, [r1] */
            0xe1a00003  /* mov r0, r3 */
        ),
        4
    );
    assert_eq!(
        pair(
            0xe1c120d0, /* ldrd r2, r3, [r1] */
            0xe1a00002  /* mov r0, r2 */
        ),
        3
    );
    assert_eq!(
        pair(
            0xe7910fa1, /* ldr r0, [r1, r1, lsr #31] */
            0xe1a02000  /* mov r2, r0 */
        ),
        4
    );
}

#[test]
fn loaded_bytes_and_half_words_are_two_cycles_late() {
    assert_eq!(
        pair(
            0xe5d10000, /* ldrb r0, [r1] */
            0xe0802004  /* add r2, r0, r4 */
        ),
        4
    );
    assert_eq!(
        pair(
            0xe1d100f0, /* ldrsh r0, [r1] */
            0xe0842000  /* add r2, r4, r0 */
        ),
        4
    );
    assert_eq!(
        pair(
            0xe1d100b0, /* ldrh r0, [r1] */
            0xe0832004  /* add r2, r3, r4 */
        ),
        2
    );
}

#[test]
fn products_are_a_cycle_late_but_for_an_accumulator() {
    assert_eq!(
        pair(
            0xe0000392, /* mul r0, r2, r3 */
            0xe0804005  /* add r4, r0, r5 */
        ),
        4
    );
    assert_eq!(
        pair(
            0xe0000392, /* mul r0, r2, r3 */
            0xe0854006  /* add r4, r5, r6 */
        ),
        3
    );
    assert_eq!(
        pair(
            0xe0000392, /* mul r0, r2, r3 */
            0xe0240695  /* mla r4, r5, r6, r0 */
        ),
        4
    );
    assert_eq!(
        pair(
            0xe0000392, /* mul r0, r2, r3 */
            0xe0245690  /* mla r4, r0, r6, r5 */
        ),
        5
    );
    assert_eq!(
        pair(
            0xe0100392, /* muls r0, r2, r3 */
            0xe0804005  /* add r4, r0, r5 */
        ),
        5
    );
    assert_eq!(
        pair(
            0xe1600382, /* smulbb r0, r2, r3 */
            0xe0804005  /* add r4, r0, r5 */
        ),
        3
    );
    assert_eq!(
        pair(
            0xe1004382, /* smlabb r0, r2, r3, r4 */
            0xe1000685  /* smlabb r0, r5, r6, r0 */
        ),
        2
    );
    assert_eq!(
        pair(
            0xe12043c2, /* smlawt r0, r2, r3, r4 */
            0xe5810000  /* str r0, [r1] */
        ),
        3
    );
    assert_eq!(
        pair(
            0xe1030052, /* qadd r0, r2, r3 */
            0xe0804005  /* add r4, r0, r5 */
        ),
        3
    );
    assert_eq!(
        pair(
            0xe16f0f12, /* clz r0, r2 */
            0xe0804005  /* add r4, r0, r5 */
        ),
        2
    );
    // The high word of a long product, but not the low one (ARM DDI 0214B, table 9.12).
    assert_eq!(
        pair(
            0xe0832594, /* umull r2, r3, r4, r5 */
            0xe1a00003  /* mov r0, r3 */
        ),
        5
    );
    assert_eq!(
        pair(
            0xe0832594, /* umull r2, r3, r4, r5 */
            0xe1a00002  /* mov r0, r2 */
        ),
        4
    );
    assert_eq!(
        pair(
            0xe0832594, /* umull r2, r3, r4, r5 */
            0xe0a32796  /* umlal r2, r3, r6, r7 */
        ),
        6
    );
}

#[test]
fn thumb_interlocks() {
    let pair =
        |first: u16, second: u16| executed_thumb(&[first, second, 0x2000], &[(1, 0x0040_0100)], 0, 2).1;
    assert_eq!(pair(0x6808 /* ldr r0, [r1] */, 0x18c2 /* adds r2, r0, r3 */), 3);
    assert_eq!(pair(0x6808 /* ldr r0, [r1] */, 0x191a /* adds r2, r3, r4 */), 2);
    assert_eq!(pair(0x7808 /* ldrb r0, [r1] */, 0x2801 /* cmp r0, #1 */), 4);
    assert_eq!(
        pair(
            0xc90c, /* ldmia r1!, {r2, r3} */
            0x4698  /* mov r8, r3 */
        ),
        4
    );
    assert_eq!(pair(0x4800 /* ldr r0, [pc, #0] */, 0x4780 /* blx r0 */), 5);
}

/// Delay loops by every condition that counts down, run in slices of every small length: the fast loop jumps, the
/// interpreter walks, and both stop at the same places.
#[test]
fn delay_loops_stop_where_they_should() {
    for condition in [1u32, 2, 5, 8, 10, 12] {
        for (start, step) in [
            (100, 1),
            (7, 3),
            (9, 3),
            (0, 1),
            (1, 1),
            (0x8000_0005, 1),
            (1_000_000, 255),
        ] {
            for slice in [1, 2, 3, 4, 5, 7, 64, 1001] {
                for is_thumb in [false, true] {
                    let make = || {
                        let mut cpu = if is_thumb {
                            thumb(&[0x3800 | step as u16, 0xd0fd | (condition as u16) << 8, 0xe7fe])
                        } else {
                            arm(&[0xe250_0000 | step, condition << 28 | 0x0aff_fffd, 0xeaff_fffe])
                        };
                        cpu.set_register(0, start);
                        cpu
                    };
                    let (mut fast, mut plain) = (make(), make());
                    let mut bus = Outside::default();
                    for n in 1..=40 {
                        fast.run(&mut bus, n * slice);
                        plain.run_plainly(&mut bus, n * slice);
                        assert_eq!(
                            fast.state(),
                            plain.state(),
                            "{condition} {start} {step} {slice} {is_thumb}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn long_delays_take_no_time_here() {
    // 100 s of emulated time.
    let mut cpu = thumb(&[0x3801, 0xd2fd, 0xe7fe]);
    let mut bus = Outside::default();
    for _ in 0..10 {
        cpu.set_register(15, 0x100);
        cpu.set_register(0, 500_000_000);
        let limit = cpu.cycles() + 2_000_000_002;
        cpu.run(&mut bus, limit);
    }
    assert_eq!((cpu.cycles(), cpu.register(0)), (20_000_000_020, 0xffff_ffff));
    assert_eq!(cpu.instructions(), 10_000_000_020);
}

#[test]
fn the_horizon_stops_the_core() {
    let mut cpu = arm(&[0xeaff_fffe]);
    let mut bus = Outside {
        horizon: Some(100),
        ..Outside::default()
    };
    assert_eq!(cpu.run(&mut bus, 1000), Stop::Limit);
    assert_eq!((cpu.cycles(), cpu.instructions()), (102, 34));
    bus.horizon = None;
    assert_eq!(cpu.run(&mut bus, 200), Stop::Limit);
    assert_eq!(cpu.cycles(), 201);
}
