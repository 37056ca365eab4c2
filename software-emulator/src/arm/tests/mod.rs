//! Tests of the processor: one instruction class a file, literal registers, flags and cycles.

mod basics;
mod cycles;
mod data;
mod exceptions;
mod lockstep;
mod multiply;
mod thumb;
mod timing;
mod transfer;

use super::{
    Bus, BusFault, CodeCache, Cpu, Loaded, Mode, Stop, TCM_DATA_BASE, TCM_DATA_BYTES, TCM_INSTRUCTION_BYTES,
    Width,
};
use std::collections::BTreeMap;

/// A bus with a few words at 0x6000_0000 and lines that a test sets; it keeps a log of what it was asked.
#[derive(Clone, Default)]
struct Outside {
    words: BTreeMap<u32, u32>,
    log: Vec<(char, u32, Width, u32, u64, u32)>,
    irq: bool,
    fiq: bool,
    horizon: Option<u64>,
}

impl Bus for Outside {
    fn load(&mut self, address: u32, width: Width, at: u64, pc: u32) -> Result<Loaded, BusFault> {
        self.log.push(('r', address, width, 0, at, pc));
        let word = self.words.get(&(address & !3)).ok_or(BusFault)? >> (8 * (address & 3));
        let value = match width {
            Width::Byte => word & 0xff,
            Width::Half => word & 0xffff,
            Width::Word => word,
        };
        Ok(Loaded { value, wait: 20 })
    }

    fn store(&mut self, address: u32, width: Width, value: u32, at: u64, pc: u32) -> Result<u32, BusFault> {
        self.log.push(('w', address, width, value, at, pc));
        if address >> 28 == 5 {
            return Err(BusFault);
        }
        if width == Width::Word {
            self.words.insert(address, value);
        }
        Ok(2)
    }

    fn fetch(&mut self, address: u32) -> Result<u32, BusFault> {
        self.words.get(&address).copied().ok_or(BusFault)
    }

    fn irq(&self) -> bool {
        self.irq
    }

    fn fiq(&self) -> bool {
        self.fiq
    }

    fn horizon(&self) -> u64 {
        self.horizon.unwrap_or(u64::MAX)
    }
}

/// A way to execute until the cycle count reaches a limit.
type Path = fn(&mut Cpu, &mut Outside, u64) -> Stop;

/// Every path through the processor. A new one is a line here.
const PATHS: &[(&str, Path)] = &[
    ("run", |cpu, bus, limit| cpu.run(bus, limit)),
    ("run_plainly", |cpu, bus, limit| cpu.run_plainly(bus, limit)),
    ("run, translated at once", |cpu, bus, limit| {
        cpu.translate_after(0);
        cpu.run(bus, limit)
    }),
];

/// A processor in System mode with low vectors and this ARM code at 0x100, and behind it one that waits for nothing.
fn arm(code: &[u32]) -> Cpu {
    let mut cpu = Cpu::new();
    cpu.enter(0x100);
    cpu.set_cpsr(Mode::System as u32 | 0xc0);
    for (n, word) in code.iter().chain(&[0xe3a0_c000]).enumerate() {
        assert!(cpu.tcm_write(0x100 + 4 * n as u32, &word.to_le_bytes()));
    }
    cpu
}

/// A processor in System mode with low vectors and this Thumb code at 0x100.
fn thumb(code: &[u16]) -> Cpu {
    let mut cpu = arm(&[]);
    for (n, half) in code.iter().chain(&[0x2700]).enumerate() {
        assert!(cpu.tcm_write(0x100 + 2 * n as u32, &half.to_le_bytes()));
    }
    cpu.set_cpsr(Mode::System as u32 | 0xe0);
    cpu
}

/// Runs that many instructions one at a time and returns the cycles they took.
fn steps(cpu: &mut Cpu, bus: &mut Outside, count: u64) -> u64 {
    let start = cpu.cycles();
    let end = cpu.instructions() + count;
    while cpu.instructions() < end {
        let next = cpu.cycles() + 1;
        assert_eq!(cpu.run(bus, next), Stop::Limit);
    }
    cpu.cycles() - start
}

/// Runs `count` instructions from the same start by the fast loop and by the interpreter, which must agree on
/// everything; the processor afterwards and the cycles it took.
fn executed(count: u64, bus: &mut Outside, start: impl Fn() -> Cpu) -> (Cpu, u64) {
    let mut plain = start();
    let mut plain_bus = bus.clone();
    let end = plain.instructions() + count;
    while plain.instructions() < end {
        let next = plain.cycles() + 1;
        plain.run_plainly(&mut plain_bus, next);
    }
    let mut cpu = start();
    let cycles = steps(&mut cpu, bus, count);
    assert_eq!(cpu.state(), plain.state());
    assert_eq!(bus.log, plain_bus.log);
    (cpu, cycles)
}

fn with(mut cpu: Cpu, registers: &[(usize, u32)], flags: u32) -> Cpu {
    for (n, value) in registers {
        cpu.set_register(*n, *value);
    }
    cpu.set_cpsr(cpu.cpsr() & 0x07ff_ffff | flags);
    cpu
}

/// ARM code executed from these registers and flags.
fn executed_arm(code: &[u32], registers: &[(usize, u32)], flags: u32, count: u64) -> (Cpu, u64) {
    executed(count, &mut Outside::default(), || {
        with(arm(code), registers, flags)
    })
}

/// Thumb code executed from these registers and flags.
fn executed_thumb(code: &[u16], registers: &[(usize, u32)], flags: u32, count: u64) -> (Cpu, u64) {
    executed(count, &mut Outside::default(), || {
        with(thumb(code), registers, flags)
    })
}

/// The flags as letters, capital when set; Q only when set.
fn flags(cpu: &Cpu) -> String {
    let letters = ['n', 'z', 'c', 'v'].into_iter().zip([31, 30, 29, 28]);
    let mut out: String = letters
        .map(|(c, bit)| {
            if cpu.cpsr() >> bit & 1 != 0 {
                c.to_ascii_uppercase()
            } else {
                c
            }
        })
        .collect();
    if cpu.cpsr() & 1 << 27 != 0 {
        out.push('Q');
    }
    out
}
