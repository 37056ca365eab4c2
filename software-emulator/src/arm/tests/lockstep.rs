//! The fast loop against the interpreter, on random programs that also rewrite themselves, fault and are interrupted:
//! after every slice the registers, the cycle and instruction counts and what reached the bus must be the same.

use super::*;

/// A small generator (xorshift64*), so that a failure can be repeated from its seed.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }

    fn below(&mut self, n: u32) -> u32 {
        self.next() % n
    }
}

/// A random ARM instruction; transfers mostly use r8 (data), r9 (data), r10 (code) or r11 (the bus) as base.
fn arm_word(rng: &mut Rng) -> u32 {
    let mut word = rng.next();
    if rng.below(4) != 0 {
        word = word & 0x0fff_ffff | 0xe << 28;
    }
    if word >> 28 == 15 && rng.below(4) != 0 {
        word &= 0x7fff_ffff;
    }
    let base = match rng.below(16) {
        0 => 10,
        1 => 11,
        n => 8 + (n & 1),
    };
    // The registers that point somewhere stay what they are, mostly.
    if rng.below(8) != 0 && (word >> 12 & 15) >= 8 {
        word &= !(8 << 12);
    }
    match rng.below(12) {
        0 => word & 0xfff0_f000 | 0x0090 | word & 0xf0f | (word & 0x00f0_0000), // multiplies and whatever else
        1 => word & !(0x0e00_0000) | 0x0000_0090 | (word & 0x60) | 0x60,
        2..=4 => word & 0xf1f0_f00c | 0x0400_0000 | base << 16,
        5 => word & 0xf1f0_f00f | 0x0600_0000 | base << 16 | rng.below(3) << 7,
        6 => word & 0xf1f0_f0e7 | 0x0040_0090 | base << 16,
        7 => word & 0xf1b0_1fff | 0x0800_0000 | base << 16,
        8 => word & 0xf000_0000 | 0x0a00_0000 | rng.below(40).wrapping_sub(20) & 0x00ff_ffff,
        9 => 0xe250_0001 | rng.below(4) << 16 | rng.below(4) << 12,
        10 => word & 0xf000_0000 | 0x0aff_fffd,
        _ => word & 0xf3ff_ffff,
    }
}

/// A random Thumb instruction; transfers mostly use r6 (data) as base.
fn thumb_half(rng: &mut Rng) -> u16 {
    let half = rng.next() as u16;
    match rng.below(10) {
        0..=2 => half & 0xefc7 | 0x6000 | 6 << 3,
        3 => half & 0x0e47 | 0x5000 | 6 << 3 | 7 << 6,
        4 => 0xd000 | half & 0x0f00 | (rng.below(40) as u16).wrapping_sub(20) & 0xff,
        5 => 0x3801 | half & 0x0300,
        6 => 0xd0fd | half & 0x0f00,
        7 => half & 0x08ff | 0xb400 | half & 0x0100,
        _ => half,
    }
}

/// Puts loops that wait for memory, which chance alone hardly ever makes, here and there.
fn with_polls(mut code: Vec<u8>, thumb: bool, rng: &mut Rng) -> Vec<u8> {
    for _ in 0..40 {
        let condition = rng.below(14);
        let (d, n, imm) = (rng.below(4), rng.below(4), rng.below(3));
        let from = 4 * rng.below(0x3f0) as usize;
        if thumb {
            let load = [0x6800, 0x7800, 0x8800][rng.below(3) as usize] | 6 << 3 | d;
            let test = 0x2800 | [d, n][rng.below(2) as usize] << 8 | imm;
            let words = [load, test, 0xd0fc | condition << 8];
            for (at, half) in (from..).step_by(2).zip(words) {
                code[at..at + 2].copy_from_slice(&(half as u16).to_le_bytes());
            }
        } else {
            let load = [0xe598_0000, 0xe5d8_0000, 0xe1d8_00b0][rng.below(3) as usize] | d << 12;
            let test = [0xe350_0000, 0xe310_0000][rng.below(2) as usize] | d << 16 | imm;
            let words = [load, test, 0x0aff_fffc | condition << 28];
            for (at, word) in (from..).step_by(4).zip(words) {
                code[at..at + 4].copy_from_slice(&word.to_le_bytes());
            }
        }
    }
    code
}

fn place(cpu: &mut Cpu, rng_seed: u64) {
    let mut rng = Rng(rng_seed);
    cpu.set_register(8, 0x0040_1000 + 4 * rng.below(64));
    cpu.set_register(9, 0x0040_2000 + 4 * rng.below(64));
    cpu.set_register(10, 0x200 + 4 * rng.below(64));
    cpu.set_register(11, 0x6000_0000 + 4 * rng.below(8));
    cpu.set_register(13, 0x0040_4000);
    cpu.set_register(6, 0x0040_3000 + 4 * rng.below(64));
    cpu.set_register(7, 4 * rng.below(16));
    let masks = rng.below(4) << 6;
    let thumb = rng.below(2) << 5;
    cpu.set_cpsr(cpu.cpsr() & !0xff | [0x1f, 0x1f, 0x13, 0x12, 0x10][rng.below(5) as usize] | masks | thumb);
    cpu.set_register(15, 4 * rng.below(0x400));
    cpu.set_control(if rng.below(2) == 0 { 0x1004 } else { 0x1006 });
    cpu.wake();
}

fn race(cache: &CodeCache, seed: u64, programs: u32, slices: u32) {
    let mut rng = Rng(seed);
    let (mut fast, mut plain) = (Cpu::sharing(cache), Cpu::new());
    let (mut outside, mut outside_plain) = (Outside::default(), Outside::default());
    let mut quiet_loops = 0;
    for program in 0..programs {
        let thumb = program % 2 == 1;
        let code: Vec<u8> = if thumb {
            (0..0x800)
                .flat_map(|_| thumb_half(&mut rng).to_le_bytes())
                .collect()
        } else {
            (0..0x400)
                .flat_map(|_| arm_word(&mut rng).to_le_bytes())
                .collect()
        };
        let code = with_polls(code, thumb, &mut rng);
        let data: Vec<u8> = (0..0x1000).flat_map(|_| rng.next().to_le_bytes()).collect();
        for cpu in [&mut fast, &mut plain] {
            assert!(cpu.tcm_write(0, &code) && cpu.tcm_write(0x0040_1000, &data));
        }
        for slice in 0..slices {
            let seed = u64::from(rng.next()) | 1;
            let length = u64::from(1 + rng.below(400));
            let (irq, fiq) = (rng.below(4) == 0, rng.below(8) == 0);
            for (cpu, bus) in [(&mut fast, &mut outside), (&mut plain, &mut outside_plain)] {
                place(cpu, seed);
                bus.words = (0..8).map(|n| (0x6000_0000 + 4 * n, n)).collect();
                bus.log.clear();
                (bus.irq, bus.fiq) = (irq, fiq);
            }
            let limit = fast.cycles() + length;
            let stops = (
                fast.run(&mut outside, limit),
                plain.run_plainly(&mut outside_plain, limit),
            );
            assert_eq!(stops.0, stops.1, "seed {seed}, program {program}, slice {slice}");
            assert_eq!(
                fast.state(),
                plain.state(),
                "seed {seed}, program {program}, slice {slice}"
            );
            assert_eq!(
                outside.log, outside_plain.log,
                "seed {seed}, program {program}, slice {slice}"
            );
            // What passes time only stays off the bus, and looking changes nothing.
            let quiet = fast.quiet_cycles().min(3000);
            assert_eq!(
                fast.state(),
                plain.state(),
                "seed {seed}, program {program}, slice {slice}"
            );
            if quiet > 0 {
                quiet_loops += 1;
                for bus in [&mut outside, &mut outside_plain] {
                    (bus.irq, bus.fiq) = (false, false);
                    bus.log.clear();
                }
                let limit = fast.cycles() + quiet;
                fast.run(&mut outside, limit);
                plain.run_plainly(&mut outside_plain, limit);
                assert_eq!(
                    outside_plain.log,
                    [],
                    "seed {seed}, program {program}, slice {slice}"
                );
                assert_eq!(
                    fast.state(),
                    plain.state(),
                    "seed {seed}, program {program}, slice {slice}"
                );
            }
        }
        let (mut a, mut b) = (vec![0; TCM_DATA_BYTES], vec![0; TCM_DATA_BYTES]);
        fast.tcm_read(TCM_DATA_BASE, &mut a);
        plain.tcm_read(TCM_DATA_BASE, &mut b);
        assert!(a == b, "program {program}: data differ");
        let (mut a, mut b) = (vec![0; TCM_INSTRUCTION_BYTES], vec![0; TCM_INSTRUCTION_BYTES]);
        fast.tcm_read(0, &mut a);
        plain.tcm_read(0, &mut b);
        assert!(a == b, "program {program}: code differs");
    }
    assert!(quiet_loops > 100, "only {quiet_loops} loops that pass time");
}

#[test]
fn the_fast_loop_does_what_the_interpreter_does() {
    race(&CodeCache::untranslated(), 1, 60, 200);
}

#[test]
fn translations_do_what_the_interpreter_does() {
    race(&CodeCache::translating_after(0), 1, 60, 200);
}

/// The same for minutes: `cargo test --release -p taproot-emulator -- --ignored lockstep`.
#[test]
#[ignore = "runs for minutes"]
fn the_fast_loop_does_what_the_interpreter_does_at_length() {
    for seed in 2..200 {
        race(&CodeCache::untranslated(), seed, 60, 400);
        race(&CodeCache::translating_after(seed as u32 % 8), seed, 60, 400);
    }
}
