//! Loads and stores: addressing, widths, alignment, block transfers, the bus.

use super::*;

const DATA: u32 = 0x0040_0100;

/// Executes ARM code with words 0x8081_8283, 0x1415_1617, 0x2425_2627, 0x3435_3637 at `DATA` and r1 pointing there.
fn over_data(code: &[u32], before: &[(usize, u32)]) -> (Cpu, u64) {
    let data = [0x8081_8283u32, 0x1415_1617, 0x2425_2627, 0x3435_3637];
    let mut all = vec![(1, DATA)];
    all.extend(before);
    executed(code.len() as u64, &mut Outside::default(), || {
        let mut cpu = arm(code);
        for (n, word) in data.iter().enumerate() {
            assert!(cpu.tcm_write(DATA + 4 * n as u32, &word.to_le_bytes()));
        }
        for (n, value) in &all {
            cpu.set_register(*n, *value);
        }
        cpu
    })
}

fn word(cpu: &Cpu, at: u32) -> u32 {
    let mut bytes = [0; 4];
    assert!(cpu.tcm_read(at, &mut bytes));
    u32::from_le_bytes(bytes)
}

/// r0 and r1 after one instruction, and its cycles.
fn one(code: u32, before: &[(usize, u32)]) -> (u32, u32, u64) {
    let (cpu, cycles) = over_data(&[code], before);
    (cpu.register(0), cpu.register(1), cycles)
}

#[test]
fn addressing_forms() {
    assert_eq!(
        one(0xe5910004 /* ldr r0, [r1, #4] */, &[]),
        (0x1415_1617, DATA, 1)
    );
    assert_eq!(
        one(0xe5110004 /* ldr r0, [r1, #-4] */, &[(1, DATA + 8)]),
        (0x1415_1617, DATA + 8, 1)
    );
    assert_eq!(
        one(0xe5b10008 /* ldr r0, [r1, #8]! */, &[]),
        (0x2425_2627, DATA + 8, 1)
    );
    assert_eq!(
        one(0xe4910008 /* ldr r0, [r1], #8 */, &[]),
        (0x8081_8283, DATA + 8, 1)
    );
    assert_eq!(
        one(0xe4110008 /* ldr r0, [r1], #-8 */, &[]),
        (0x8081_8283, DATA - 8, 1)
    );
    assert_eq!(
        one(0xe7910002 /* ldr r0, [r1, r2] */, &[(2, 12)]),
        (0x3435_3637, DATA, 1)
    );
    assert_eq!(
        one(0xe7910102 /* ldr r0, [r1, r2, lsl #2] */, &[(2, 2)]),
        (0x2425_2627, DATA, 2)
    );
    assert_eq!(
        one(
            0xe73100c2, /* ldr r0, [r1, -r2, asr #1]! */
            &[(2, 0xffff_fff8)]
        ),
        (0x1415_1617, DATA + 4, 2)
    );
    assert_eq!(one(0xe5d10001 /* ldrb r0, [r1, #1] */, &[]), (0x82, DATA, 1));
    assert_eq!(
        one(0xe1d100d1 /* ldrsb r0, [r1, #1] */, &[]),
        (0xffff_ff82, DATA, 1)
    );
    assert_eq!(one(0xe1d100b2 /* ldrh r0, [r1, #2] */, &[]), (0x8081, DATA, 1));
    assert_eq!(
        one(0xe1f100f2 /* ldrsh r0, [r1, #2]! */, &[]),
        (0xffff_8081, DATA + 2, 1)
    );
    assert_eq!(
        one(0xe0d100f4 /* ldrsh r0, [r1], #4 */, &[]),
        (0xffff_8283, DATA + 4, 1)
    );
}

#[test]
fn stores() {
    let value = [(0, 0xa1a2_a3a4)];
    let stored = |code| {
        let (cpu, cycles) = over_data(&[code], &value);
        (
            word(&cpu, DATA),
            word(&cpu, DATA + 4),
            cpu.register(1) - DATA,
            cycles,
        )
    };
    assert_eq!(
        stored(0xe5a10004 /* str r0, [r1, #4]! */),
        (0x8081_8283, 0xa1a2_a3a4, 4, 1)
    );
    assert_eq!(
        stored(0xe5c10005 /* strb r0, [r1, #5] */),
        (0x8081_8283, 0x1415_a417, 0, 1)
    );
    assert_eq!(
        stored(0xe0c100b2 /* strh r0, [r1], #2 */),
        (0x8081_a3a4, 0x1415_1617, 2, 1)
    );
    assert_eq!(
        stored(0xe7810103 /* str r0, [r1, r3, lsl #2] */),
        (0xa1a2_a3a4, 0x1415_1617, 0, 2)
    );
}

#[test]
fn doubles() {
    let (cpu, cycles) = over_data(&[0xe1c120d8 /* ldrd r2, r3, [r1, #8] */], &[]);
    assert_eq!(
        (cpu.register(2), cpu.register(3), cycles),
        (0x2425_2627, 0x3435_3637, 2)
    );
    let (cpu, cycles) = over_data(&[0xe1c120f0 /* strd r2, r3, [r1] */], &[(2, 5), (3, 6)]);
    assert_eq!((word(&cpu, DATA), word(&cpu, DATA + 4), cycles), (5, 6, 2));
}

#[test]
fn unaligned_words_rotate_when_alignment_is_not_checked() {
    assert_eq!(one(0xe5910001 /* ldr r0, [r1, #1] */, &[]).0, 0x8380_8182);
    assert_eq!(one(0xe5910003 /* ldr r0, [r1, #3] */, &[]).0, 0x8182_8380);
    let (cpu, _) = over_data(&[0xe5810003 /* str r0, [r1, #3] */], &[(0, 1)]);
    assert_eq!(word(&cpu, DATA), 1);
    let (cpu, cycles) = over_data(&[0xe1010092 /* swp r0, r2, [r1] */], &[(1, DATA + 1), (2, 9)]);
    assert_eq!((cpu.register(0), word(&cpu, DATA), cycles), (0x8380_8182, 9, 2));
}

#[test]
fn unaligned_accesses_abort_when_alignment_is_checked() {
    for (code, offset) in [
        (0xe5910000 /* ldr r0, [r1] */, 2),
        (0xe5a10000 /* str r0, [r1]! */, 1),
        (0xe0d100b2 /* ldrh r0, [r1], #2 */, 1),
        (0xe1c100b0 /* strh r0, [r1] */, 3),
        (0xe8b1000c /* ldmia r1!, {r2, r3} */, 2),
        (0xe1c120d0 /* ldrd r2, r3, [r1] */, 4),
        (0xe1010092 /* swp r0, r2, [r1] */, 2),
    ] {
        let (cpu, _) = executed(1, &mut Outside::default(), || {
            let mut cpu = arm(&[code]);
            cpu.set_control(0x1f7e);
            cpu.set_register(1, DATA + offset);
            cpu
        });
        assert_eq!((cpu.register(15), cpu.cpsr() & 0x1f), (0x10, 0x17), "{code:08x}");
        assert_eq!(
            (cpu.register(14), cpu.register(1)),
            (0x108, DATA + offset),
            "{code:08x}"
        );
    }
    let (cpu, _) = executed(1, &mut Outside::default(), || {
        let mut cpu = arm(&[0xe5d10003 /* ldrb r0, [r1, #3] */]);
        cpu.set_control(0x1f7e);
        cpu.set_register(1, DATA);
        cpu
    });
    assert_eq!(cpu.register(15), 0x104);
}

#[test]
fn load_multiple() {
    let regs = |code, before: &[(usize, u32)]| {
        let (cpu, cycles) = over_data(&[code], before);
        (
            cpu.register(1).wrapping_sub(DATA) as i32,
            cpu.register(2),
            cpu.register(3),
            cycles,
        )
    };
    let end = [(1, DATA + 8)];
    assert_eq!(
        regs(0xe8b1000c /* ldmia r1!, {r2, r3} */, &[]),
        (8, 0x8081_8283, 0x1415_1617, 2)
    );
    assert_eq!(
        regs(0xe991000c /* ldmib r1, {r2, r3} */, &[]),
        (0, 0x1415_1617, 0x2425_2627, 2)
    );
    assert_eq!(
        regs(0xe831000c /* ldmda r1!, {r2, r3} */, &end),
        (0, 0x1415_1617, 0x2425_2627, 2)
    );
    assert_eq!(
        regs(0xe931000c /* ldmdb r1!, {r2, r3} */, &end),
        (0, 0x8081_8283, 0x1415_1617, 2)
    );
    // One register still takes two cycles.
    assert_eq!(
        regs(0xe8910004 /* ldmia r1, {r2} */, &[(3, 7)]),
        (0, 0x8081_8283, 7, 2)
    );
    // The base in the list without write-back.
    let (cpu, cycles) = over_data(&[0xe891000f /* ldmia r1, {r0, r1, r2, r3} */], &[]);
    assert_eq!(
        (cpu.register(1), cpu.register(3), cycles),
        (0x1415_1617, 0x3435_3637, 4)
    );
}

#[test]
fn load_multiple_with_pc_changes_state() {
    let (cpu, cycles) = over_data(&[0xe8b1800c /* ldmia r1!, {r2, r3, pc} */], &[]);
    // 0x2425_2627 is odd, so Thumb: n + 4 cycles.
    assert_eq!(
        (cpu.register(15), cpu.cpsr() & 0x20, cycles),
        (0x2425_2626, 0x20, 7)
    );
    let (cpu, cycles) = over_data(&[0xe591f004 /* ldr pc, [r1, #4] */], &[]);
    assert_eq!(
        (cpu.register(15), cpu.cpsr() & 0x20, cycles),
        (0x1415_1616, 0x20, 5)
    );
    let (cpu, cycles) = over_data(&[0xe791f102 /* ldr pc, [r1, r2, lsl #2] */], &[(2, 1)]);
    assert_eq!((cpu.register(15), cycles), (0x1415_1616, 6));
}

#[test]
fn store_multiple() {
    let (cpu, cycles) = over_data(&[0xe921000e /* stmdb r1!, {r1, r2, r3} */], &[(2, 22), (3, 33)]);
    // A 9E core stores the base as it was.
    assert_eq!([12, 8, 4].map(|back| word(&cpu, DATA - back)), [DATA, 22, 33]);
    assert_eq!((cpu.register(1), cycles), (DATA - 12, 3));
    let (cpu, cycles) = over_data(&[0xe9810004 /* stmib r1, {r2} */], &[(2, 22)]);
    assert_eq!((word(&cpu, DATA + 4), cpu.register(1), cycles), (22, DATA, 2));
    let (cpu, _) = over_data(&[0xe8818004 /* stmia r1, {r2, pc} */], &[]);
    assert_eq!(word(&cpu, DATA + 4), 0x10c);
}

#[test]
fn user_registers_in_block_transfers() {
    let run = |code| {
        executed(1, &mut Outside::default(), || {
            let mut cpu = arm(&[code]);
            cpu.set_register(13, 0x11);
            cpu.set_cpsr(0xd2);
            cpu.set_register(13, 0x22);
            cpu.set_register(1, DATA);
            cpu.tcm_write(DATA, &0x33u32.to_le_bytes());
            cpu
        })
        .0
    };
    let cpu = run(0xe8c12000 /* stmia r1, {sp}^ */);
    assert_eq!(word(&cpu, DATA), 0x11);
    let cpu = run(0xe8d12000 /* ldmia r1, {sp}^ */);
    assert_eq!((cpu.register(13), cpu.banked(Mode::User, 13)), (0x22, 0x33));
}

#[test]
fn an_abort_in_the_middle_keeps_the_base() {
    let (cpu, _) = over_data(
        &[0xe8b1000c /* ldmia r1!, {r2, r3} */],
        &[(1, TCM_DATA_BASE + 0xfffc)],
    );
    assert_eq!(
        (cpu.register(15), cpu.register(1)),
        (0x10, TCM_DATA_BASE + 0xfffc)
    );
}

#[test]
fn the_bus_sees_time_and_pc() {
    let mut bus = Outside {
        words: [(0x6000_0000, 0x1234_5678), (0x6000_0004, 2)].into(),
        ..Outside::default()
    };
    let code = [
        0xe5910000, /* ldr r0, [r1] */
        0xe5c10004, /* strb r0, [r1, #4] */
        0xe891000c, /* ldmia r1, {r2, r3} */
    ];
    let (cpu, cycles) = executed(3, &mut bus, || {
        let mut cpu = arm(&code);
        cpu.set_register(1, 0x6000_0000);
        cpu.set_cycles(1000);
        cpu
    });
    assert_eq!(
        (cpu.register(0), cpu.register(2), cpu.register(3)),
        (0x1234_5678, 0x1234_5678, 2)
    );
    // 1 and a stall for the use of r0, with 20 waits; 1 with 2 waits; 2 with 40 waits.
    assert_eq!(cycles, 22 + 3 + 42);
    assert_eq!(
        bus.log,
        [
            ('r', 0x6000_0000, Width::Word, 0, 1000, 0x100),
            ('w', 0x6000_0004, Width::Byte, 0x78, 1022, 0x104),
            ('r', 0x6000_0000, Width::Word, 0, 1025, 0x108),
            ('r', 0x6000_0004, Width::Word, 0, 1046, 0x108),
        ]
    );
}

#[test]
fn code_that_is_written_is_executed() {
    // Stores mov r0, #2 over mov r0, #1, twice around.
    let code = [
        0xe3a00001, /* mov r0, #1 */
        0xe5812000, /* str r2, [r1] */
        0xe3500002, /* cmp r0, #2 */
        0x1afffffb, /* bne .-12 */
        0xe3a03007, /* mov r3, #7 */
    ];
    let (cpu, _) = executed(9, &mut Outside::default(), || {
        let mut cpu = arm(&code);
        cpu.set_register(1, 0x100);
        cpu.set_register(2, 0xe3a00002 /* mov r0, #2 */);
        cpu
    });
    assert_eq!((cpu.register(0), cpu.register(3)), (2, 7));
}

#[test]
fn the_port_of_the_dma_controller() {
    let mut cpu = Cpu::new();
    assert!(cpu.tcm_write(0x7ffe, &[1, 2]));
    assert!(!cpu.tcm_write(0x7fff, &[1, 2]));
    assert!(cpu.tcm_write(0x0040_fffe, &[3, 4]));
    assert!(!cpu.tcm_write(0x0040_ffff, &[3, 4]));
    assert!(!cpu.tcm_write(0x8000, &[0]) && !cpu.tcm_write(0xffff_ffff, &[0, 0]));
    let mut out = [0; 2];
    assert!(cpu.tcm_read(0x7ffe, &mut out));
    assert_eq!(out, [1, 2]);
    assert!(!cpu.tcm_read(0x7fff, &mut out));
    // What was executed and is then written from outside is executed anew.
    let mut cpu = arm(&[0xe3a00001 /* mov r0, #1 */, 0xeafffffd /* b .-4 */]);
    let mut bus = Outside::default();
    steps(&mut cpu, &mut bus, 3);
    cpu.tcm_write(0x100, &u32::to_le_bytes(0xe3a00002 /* mov r0, #2 */));
    steps(&mut cpu, &mut bus, 2);
    assert_eq!(cpu.register(0), 2);
}

#[test]
fn processors_that_share_code_keep_their_own() {
    let cache = CodeCache::default();
    let mut bus = Outside::default();
    let mut cpus = [0xe3a0_0001u32, 0xe3a0_0001, 0xe3a0_0002].map(|word| {
        let mut cpu = Cpu::sharing(&cache);
        cpu.enter(0x100);
        cpu.tcm_write(0x100, &word.to_le_bytes());
        steps(&mut cpu, &mut bus, 1);
        cpu
    });
    assert_eq!(cpus.each_ref().map(|cpu| cpu.register(0)), [1, 1, 2]);
    // mov r0, #3 for the first alone
    cpus[0].tcm_write(0x100, &0xe3a0_0003u32.to_le_bytes());
    for cpu in &mut cpus {
        cpu.set_register(15, 0x100);
        steps(cpu, &mut bus, 1);
    }
    assert_eq!(cpus.map(|cpu| cpu.register(0)), [3, 1, 2]);
}
