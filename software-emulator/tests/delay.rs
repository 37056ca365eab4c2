//! The delay loop of the real monitor, on the processor alone.

mod support;

use support::firmware;
use taproot_emulator::arm::{Bus, BusFault, Cpu, Loaded, Stop, Width};

/// A bus that must not be asked: the function and its data are in the core's own memories.
struct Nobody;

impl Bus for Nobody {
    fn load(&mut self, _: u32, _: Width, _: u64, _: u32) -> Result<Loaded, BusFault> {
        Err(BusFault)
    }
    fn store(&mut self, _: u32, _: Width, _: u32, _: u64, _: u32) -> Result<u32, BusFault> {
        Err(BusFault)
    }
    fn fetch(&mut self, _: u32) -> Result<u32, BusFault> {
        Err(BusFault)
    }
    fn irq(&self) -> bool {
        false
    }
    fn fiq(&self) -> bool {
        false
    }
    fn horizon(&self) -> u64 {
        u64::MAX
    }
}

type Path = fn(&mut Cpu, u64) -> Stop;

/// Every path through the processor. A new one is a line here.
const PATHS: &[(&str, Path)] = &[
    ("run", |cpu, limit| cpu.run(&mut Nobody, limit)),
    ("run_plainly", |cpu, limit| cpu.run_plainly(&mut Nobody, limit)),
    ("run, translated at once", |cpu, limit| {
        cpu.translate_after(0);
        cpu.run(&mut Nobody, limit)
    }),
];

const FUNCTION: u32 = 0x100;
const RETURN: u32 = 0x200;
/// MHz, and so cycles a microsecond.
const CLOCK: u16 = 200;

/// `sark_delay_us` as it stands in the image: five instructions that work out the turns (load the address of the clock
/// rate, load the rate, multiply, divide by four), the loop, the way back and the address.
fn function(image: &[u8]) -> &[u8] {
    const LOOP: [u8; 6] = [0x01, 0x38, 0xfd, 0xd2, 0x70, 0x47];
    let found: Vec<usize> = (0..image.len() - LOOP.len())
        .step_by(2)
        .filter(|at| image[*at..].starts_with(&LOOP))
        .collect();
    assert_eq!(found.len(), 1, "one loop `sub r0, #1; bcs; bx lr` in the monitor");
    // Four instructions before it, a filler and a word behind it.
    &image[found[0] - 8..found[0] + 12]
}

/// Cycles from the call to the return.
fn cycles(path: Path, code: &[u8], microseconds: u32) -> u64 {
    let mut cpu = Cpu::new();
    cpu.enter(0);
    let rate = u32::from_le_bytes([code[16], code[17], code[18], code[19]]);
    assert!(cpu.tcm_write(FUNCTION, code), "the function fits");
    assert!(
        cpu.tcm_write(rate, &CLOCK.to_le_bytes()),
        "the rate is in the DTCM"
    );
    cpu.set_cpsr(cpu.cpsr() | 1 << 5);
    cpu.set_register(15, FUNCTION);
    cpu.set_register(14, RETURN | 1);
    cpu.set_register(0, microseconds);
    // The return leads to a branch to itself, which takes three cycles a turn.
    assert!(cpu.tcm_write(RETURN, &0xe7fe_u16.to_le_bytes()), "the end fits");
    let limit = u64::from(microseconds + 1) * u64::from(CLOCK) + 100;
    let mut spent = 0;
    while cpu.register(15) != RETURN {
        // Large steps while the loop certainly turns, then one instruction at a time.
        let left = limit.saturating_sub(cpu.cycles() + 400);
        let next = cpu.cycles() + left.max(1);
        path(&mut cpu, next);
        assert!(cpu.cycles() < limit, "the function comes back");
        spent = cpu.cycles();
    }
    spent
}

#[test]
fn the_real_delay_takes_its_microseconds() {
    let Some(image) = firmware(5) else { return };
    let code = function(&image);
    for (name, path) in PATHS {
        let call = cycles(*path, code, 0);
        for microseconds in [1, 2, 3, 10, 20, 100, 1000, 100_000] {
            assert_eq!(
                cycles(*path, code, microseconds) - call,
                u64::from(microseconds) * u64::from(CLOCK),
                "{microseconds} us by {name}"
            );
        }
        // ldr 1 + 1, ldrh 1 + 2, mul 4, lsr 1, sub 1, bcs 1, bx 3: what the call costs besides.
        assert_eq!(call, 15, "the call itself by {name}");
    }
}
