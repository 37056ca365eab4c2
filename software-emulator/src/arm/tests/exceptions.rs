//! Exceptions, modes, status registers, CP15 and sleep.

use super::*;

#[test]
fn entries() {
    // Code, vector, mode, r14, masks.
    for (code, vector, mode, link) in [
        (0xef000005 /* svc #5 */, 0x08, Mode::Supervisor, 0x104),
        (0xe7f0_00f0, 0x04, Mode::Undefined, 0x104),
        (0xe1200071 /* bkpt #1 */, 0x0c, Mode::Abort, 0x104),
        (0xe5910000 /* ldr r0, [r1] */, 0x10, Mode::Abort, 0x108),
        (
            0xee010e10, /* mcr p14, #0, r0, c1, c0, #0 */
            0x04,
            Mode::Undefined,
            0x104,
        ),
    ] {
        let (mut cpu, cycles) = executed(1, &mut Outside::default(), || {
            let mut cpu = arm(&[code]);
            cpu.set_cpsr(0x6000_001f);
            cpu.set_register(1, 0x5000_0000);
            cpu
        });
        assert_eq!(
            (cpu.register(15), cpu.register(14), cycles),
            (vector, link, 3),
            "{code:08x}"
        );
        assert_eq!(
            (cpu.cpsr(), cpu.spsr(mode)),
            (0x6000_0080 | mode as u32, 0x6000_001f),
            "{code:08x}"
        );
        // High vectors.
        cpu.reset();
        cpu.set_register(15, 0x100);
        cpu.set_register(1, 0x5000_0000);
        let mut bus = Outside::default();
        steps(&mut cpu, &mut bus, 1);
        assert_eq!(cpu.register(15), 0xffff_0000 + vector);
    }
}

#[test]
fn thumb_entries() {
    for (code, vector, link) in [
        (0xdf05, 0x08, 0x102),
        (0xde00, 0x04, 0x102),
        (0xbe01, 0x0c, 0x104),
        (0x6808, 0x10, 0x108),
    ] {
        let (cpu, cycles) = executed_thumb(&[code], &[(1, 0x5000_0000)], 0, 1);
        assert_eq!(
            (cpu.register(15), cpu.register(14), cycles),
            (vector, link, 3),
            "{code:04x}"
        );
        assert_eq!(cpu.cpsr() & 0x20, 0);
    }
}

#[test]
fn fetches_from_nowhere_abort() {
    let (cpu, cycles) = executed(1, &mut Outside::default(), || {
        let mut cpu = arm(&[]);
        cpu.set_register(15, 0x9000);
        cpu
    });
    assert_eq!((cpu.register(15), cpu.register(14), cycles), (0x0c, 0x9004, 3));
}

#[test]
fn code_outside_the_itcm() {
    let mut bus = Outside {
        words: [
            (0xffff_0000, 0xe3a00003 /* mov r0, #3 */),
            (0xffff_0004, 0xe51ff004 /* ldr pc, [pc, #-4] */),
            (0xffff_0008, 0x101),
        ]
        .into(),
        ..Outside::default()
    };
    let (cpu, _) = executed(3, &mut bus, || {
        let mut cpu = Cpu::new();
        cpu.tcm_write(0x100, &0x2107u16.to_le_bytes());
        cpu
    });
    assert_eq!(
        (cpu.register(0), cpu.register(1), cpu.register(15)),
        (3, 7, 0x102)
    );
}

#[test]
fn interrupts() {
    let idle = [0xe3a00001 /* mov r0, #1 */, 0xe3a00002 /* mov r0, #2 */];
    for (irq, fiq, open, vector, mode, after) in [
        (true, false, 0x1f, 0x18, Mode::Irq, 0x92),
        (false, true, 0x1f, 0x1c, Mode::Fiq, 0xd1),
        (true, true, 0x1f, 0x1c, Mode::Fiq, 0xd1),
        (true, true, 0x5f, 0x18, Mode::Irq, 0xd2),
    ] {
        let mut bus = Outside {
            irq,
            fiq,
            ..Outside::default()
        };
        let mut cpu = arm(&idle);
        cpu.set_cpsr(open);
        assert_eq!(cpu.run(&mut bus, 1), Stop::Limit);
        assert_eq!(
            (cpu.register(15), cpu.register(14), cpu.cycles()),
            (vector, 0x104, 3)
        );
        assert_eq!(
            (cpu.cpsr() & 0xff, cpu.spsr(mode)),
            (after, open | 1 << 30 & cpu.cpsr())
        );
    }
    // Masked: nothing happens.
    let mut bus = Outside {
        irq: true,
        fiq: true,
        ..Outside::default()
    };
    let mut cpu = arm(&idle);
    cpu.run(&mut bus, 2);
    assert_eq!((cpu.register(0), cpu.register(15)), (2, 0x108));
}

#[test]
fn an_interrupt_comes_as_soon_as_it_is_unmasked() {
    let mut cpu = arm(&[
        0xe321f01f, /* msr cpsr_c, #0x1f */
        0xe3a00001, /* mov r0, #1 */
    ]);
    let mut bus = Outside {
        irq: true,
        ..Outside::default()
    };
    cpu.run(&mut bus, 4);
    assert_eq!(
        (cpu.register(15), cpu.register(14), cpu.register(0)),
        (0x18, 0x108, 0)
    );
    assert_eq!(cpu.cycles(), 6);
}

#[test]
fn an_interrupt_raised_by_a_store_comes_after_it() {
    struct Trigger(bool);
    impl Bus for Trigger {
        fn load(&mut self, _: u32, _: Width, _: u64, _: u32) -> Result<Loaded, BusFault> {
            Err(BusFault)
        }
        fn store(&mut self, _: u32, _: Width, _: u32, _: u64, _: u32) -> Result<u32, BusFault> {
            self.0 = true;
            Ok(0)
        }
        fn fetch(&mut self, _: u32) -> Result<u32, BusFault> {
            Err(BusFault)
        }
        fn irq(&self) -> bool {
            self.0
        }
        fn fiq(&self) -> bool {
            false
        }
        fn horizon(&self) -> u64 {
            u64::MAX
        }
    }
    let mut cpu = arm(&[
        0xe3a00001, /* mov r0, #1 */
        0xe5810000, /* str r0, [r1] */
        0xe3a00002, /* mov r0, #2 */
    ]);
    cpu.set_cpsr(0x1f);
    cpu.set_register(1, 0x1f00_0018);
    cpu.run(&mut Trigger(false), 3);
    assert_eq!(
        (cpu.register(15), cpu.register(14), cpu.register(0)),
        (0x18, 0x10c, 1)
    );
}

#[test]
fn the_ways_back() {
    // subs pc, lr, #4 and ldmia sp!, {r0, pc}^ restore the CPSR, here to Thumb in System mode.
    for code in [
        0xe25ef004, /* subs pc, lr, #4 */
        0xe8fd8001, /* ldmia sp!, {r0, pc}^ */
    ] {
        let (cpu, cycles) = executed(1, &mut Outside::default(), || {
            let mut cpu = arm(&[code]);
            cpu.set_cpsr(0xd2);
            cpu.set_spsr(Mode::Irq, 0x8000_003f);
            cpu.set_register(14, 0x206);
            cpu.set_register(13, 0x0040_0000);
            cpu.tcm_write(0x0040_0000, &[9, 0, 0, 0, 2, 2, 0, 0]);
            cpu
        });
        assert_eq!((cpu.register(15), cpu.cpsr()), (0x202, 0x8000_003f));
        assert_eq!(
            (cpu.banked(Mode::Irq, 14), cycles),
            (
                0x206,
                if code == 0xe25ef004 /* subs pc, lr, #4 */ { 3 } else { 6 }
            )
        );
    }
    let (cpu, cycles) = executed(1, &mut Outside::default(), || {
        let mut cpu = arm(&[0xe1b0f00e /* movs pc, lr */]);
        cpu.set_cpsr(0xd3);
        cpu.set_spsr(Mode::Supervisor, 0x4000_0010);
        cpu.set_register(14, 0x200);
        cpu
    });
    assert_eq!((cpu.register(15), cpu.cpsr(), cycles), (0x200, 0x4000_0010, 4));
}

#[test]
fn banks() {
    let mut cpu = arm(&[]);
    let modes = [
        Mode::System,
        Mode::Fiq,
        Mode::Irq,
        Mode::Supervisor,
        Mode::Abort,
        Mode::Undefined,
    ];
    for (n, mode) in modes.iter().enumerate() {
        cpu.set_cpsr(0xc0 | *mode as u32);
        for register in 8..15 {
            cpu.set_register(register, (100 * n + register) as u32);
        }
    }
    // r8 to r12 are Fiq's own; the others share those that were written last.
    let expected = |n: usize, register: usize| match register {
        8..=12 if n == 1 => 100 + register,
        8..=12 => 500 + register,
        _ => 100 * n + register,
    };
    for (n, mode) in modes.iter().enumerate() {
        cpu.set_cpsr(0xc0 | *mode as u32);
        for register in 8..15 {
            assert_eq!(cpu.register(register), expected(n, register) as u32);
            for (other, other_mode) in modes.iter().enumerate() {
                assert_eq!(
                    cpu.banked(*other_mode, register),
                    expected(other, register) as u32
                );
            }
        }
    }
    cpu.set_cpsr(0xd0);
    assert_eq!(cpu.register(13), 13);
    cpu.set_banked(Mode::Fiq, 8, 1);
    cpu.set_banked(Mode::Irq, 14, 2);
    cpu.set_cpsr(0xd1);
    assert_eq!(cpu.register(8), 1);
    cpu.set_cpsr(0xd2);
    assert_eq!(cpu.register(14), 2);
}

#[test]
fn status_registers() {
    let after = |code, from: u32, r1| {
        executed(1, &mut Outside::default(), || {
            let mut cpu = arm(&[code]);
            cpu.set_cpsr(from);
            cpu.set_spsr(Mode::Supervisor, 0x1111_1111);
            cpu.set_register(1, r1);
            cpu
        })
    };
    let (cpu, cycles) = after(0xe10f0000 /* mrs r0, cpsr */, 0xa000_00d3, 0);
    assert_eq!((cpu.register(0), cycles), (0xa000_00d3, 2));
    let (cpu, cycles) = after(0xe14f0000 /* mrs r0, spsr */, 0xd3, 0);
    assert_eq!((cpu.register(0), cycles), (0x1111_1111, 2));
    let (cpu, cycles) = after(0xe328f205 /* msr cpsr_f, #0x50000000 */, 0xd3, 0);
    assert_eq!((cpu.cpsr(), cycles), (0x5000_00d3, 1));
    let (cpu, cycles) = after(0xe121f001 /* msr cpsr_c, r1 */, 0x4000_00d3, 0xf000_001f);
    assert_eq!((cpu.cpsr(), cycles), (0x4000_001f, 3));
    // MSR cannot change the state.
    let (cpu, _) = after(0xe129f001 /* msr cpsr_fc, r1 */, 0xd3, 0x8000_00f3);
    assert_eq!(cpu.cpsr(), 0x8000_00d3);
    // In User mode only the flags.
    let (cpu, _) = after(0xe129f001 /* msr cpsr_fc, r1 */, 0x10, 0x8000_00d3);
    assert_eq!(cpu.cpsr(), 0x8000_0010);
    let (cpu, _) = after(0xe161f001 /* msr spsr_c, r1 */, 0xd3, 0x2222_2222);
    assert_eq!(cpu.spsr(Mode::Supervisor), 0x1111_1122);
    // System mode has none.
    let (cpu, _) = after(0xe169f001 /* msr spsr_fc, r1 */, 0xdf, 0x2222_2222);
    assert_eq!(cpu.spsr(Mode::Supervisor), 0x1111_1111);
}

#[test]
fn coprocessor_15() {
    let (cpu, cycles) = executed_arm(
        &[
            0xee011f10, /* mcr p15, #0, r1, c1, c0, #0 */
            0xee112f10, /* mrc p15, #0, r2, c1, c0, #0 */
            0xee103f10, /* mrc p15, #0, r3, c0, c0, #0 */
        ],
        &[(1, 0x1f7e)],
        0,
        3,
    );
    assert_eq!((cpu.control(), cpu.register(2), cycles), (0x1f7e, 0x1f7e, 3));
    assert_eq!(cpu.register(3) & 0xffff_fff0, 0x4105_9680);
    // User mode may not.
    let (cpu, _) = executed(1, &mut Outside::default(), || {
        let mut cpu = arm(&[0xee011f10 /* mcr p15, #0, r1, c1, c0, #0 */]);
        cpu.set_cpsr(0x10);
        cpu
    });
    assert_eq!(cpu.cpsr() & 0x1f, 0x1b);
}

#[test]
fn a_tcm_that_is_off_leaves_its_addresses_to_the_bus() {
    let mut bus = Outside {
        words: [(0x0040_0000, 77)].into(),
        ..Outside::default()
    };
    let (cpu, _) = executed(1, &mut bus, || {
        let mut cpu = arm(&[0xe5910000 /* ldr r0, [r1] */]);
        cpu.set_control(0x1000);
        cpu.set_register(1, 0x0040_0000);
        cpu
    });
    assert_eq!(cpu.register(0), 77);
}

#[test]
fn sleep_ends_even_when_the_interrupt_is_masked() {
    let code = [
        0xee070f90, /* mcr p15, #0, r0, c7, c0, #4 */
        0xe3a00001, /* mov r0, #1 */
    ];
    let mut cpu = arm(&code);
    let mut bus = Outside::default();
    assert_eq!(cpu.run(&mut bus, 100), Stop::Asleep);
    assert_eq!((cpu.asleep(), cpu.cycles(), cpu.register(15)), (true, 1, 0x104));
    assert_eq!(cpu.run(&mut bus, 100), Stop::Asleep);
    cpu.set_cycles(500);
    bus.irq = true;
    assert_eq!(cpu.run(&mut bus, 501), Stop::Limit);
    assert_eq!(
        (cpu.asleep(), cpu.register(0), cpu.register(15)),
        (false, 1, 0x108)
    );
    // With a request already up there is no sleep at all.
    let mut cpu = arm(&code);
    assert_eq!(cpu.run(&mut bus, 2), Stop::Limit);
    assert_eq!(cpu.register(0), 1);
    // Unmasked, the handler runs first and returns behind the wait.
    let mut cpu = arm(&code);
    cpu.set_cpsr(0x1f);
    bus.irq = false;
    assert_eq!(cpu.run(&mut bus, 100), Stop::Asleep);
    bus.irq = true;
    cpu.run(&mut bus, 2);
    assert_eq!((cpu.register(15), cpu.register(14)), (0x18, 0x108));
}
