//! Emulated instructions per second of one processor, on an ARM and a Thumb loop of loads, stores, multiplies and
//! branches out of the DTCM, by the fast loop and by the interpreter. `cargo bench -p taproot-emulator --bench arm`.

use std::io::Write;
use std::time::Instant;

use taproot_emulator::arm::{Bus, BusFault, Cpu, Loaded, Width};

/// What a synapse loop does: load a word, take it apart, add to a saturating half-word accumulator, multiply, count.
const ARM_LOOP: [u32; 23] = [
    0xe3a00040, // outer: mov r0, #64
    0xe1a01008, // mov r1, r8
    0xe4913004, // loop: ldr r3, [r1], #4
    0xe203407f, // and r4, r3, #0x7f
    0xe0894084, // add r4, r9, r4, lsl #1
    0xe1a05a23, // lsr r5, r3, #20
    0xe1d460b0, // ldrh r6, [r4]
    0xe0866005, // add r6, r6, r5
    0xe3160801, // tst r6, #0x10000
    0x13a060ff, // movne r6, #0xff
    0xe1c460b0, // strh r6, [r4]
    0xe1277683, // smlawb r7, r3, r6, r7
    0xe08ba793, // umull r10, r11, r3, r7
    0xe15b0005, // cmp r11, r5
    0x2a000000, // bhs skip
    0xe027700a, // eor r7, r7, r10
    0xe2500001, // skip: subs r0, r0, #1
    0x1affffef, // bne loop
    0xeb000000, // bl sub
    0xeaffffeb, // b outer
    0xe92d40f0, // sub: push {r4-r7, lr}
    0xe2804001, // add r4, r0, #1
    0xe8bd80f0, // pop {r4-r7, pc}
];

/// The same in Thumb.
const THUMB_LOOP: [u16; 24] = [
    0x2040, 0x4641, // outer: movs r0, #64; mov r1, r8
    0x680b, 0x3104, // loop: ldr r3, [r1]; adds r1, #4
    0x247f, 0x401c, 0x0064, 0x444c, // movs r4, #0x7f; ands r4, r3; lsls r4, #1; add r4, r9
    0x0d1d, 0x8826, 0x1976, 0x8026, // lsrs r5, r3, #20; ldrh r6, [r4]; adds r6, r5; strh r6, [r4]
    0x4375, 0x429d, 0xd300, 0x406f, // muls r5, r6; cmp r5, r3; blo skip; eors r7, r5
    0x1e40, 0xd1ef, // skip: subs r0, #1; bne loop
    0xf000, 0xf801, 0xe7ea, // bl sub; b outer
    0xb5f0, 0x1c44, 0xbdf0, // sub: push {r4-r7, lr}; adds r4, r0, #1; pop {r4-r7, pc}
];

/// Nothing is out there.
struct Nothing;

impl Bus for Nothing {
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

fn machine(code: &[u8], thumb: bool) -> Cpu {
    let mut cpu = Cpu::new();
    cpu.enter(0x100);
    cpu.tcm_write(0x100, code);
    if thumb {
        cpu.set_cpsr(cpu.cpsr() | 0x20);
    }
    let table: Vec<u8> = (0..256u32)
        .flat_map(|n| n.wrapping_mul(0x9e37_79b9).to_le_bytes())
        .collect();
    cpu.tcm_write(0x0040_1000, &table);
    cpu.set_register(8, 0x0040_1000);
    cpu.set_register(9, 0x0040_2000);
    cpu.set_register(13, 0x0040_8000);
    cpu
}

fn measure(name: &str, code: &[u8], thumb: bool, plainly: bool, quantum: u64) {
    let mut cpu = machine(code, thumb);
    let cycles = if plainly { 20_000_000 } else { 200_000_000 };
    let start = Instant::now();
    let mut limit = 0;
    while limit < cycles {
        limit += quantum;
        if plainly {
            cpu.run_plainly(&mut Nothing, limit);
        } else {
            cpu.run(&mut Nothing, limit);
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let line = format!(
        "{name:32} quantum {quantum:>7} cycles: {:8.1} million instructions/s, {:.3} cycles each\n",
        cpu.instructions() as f64 / seconds / 1e6,
        cpu.cycles() as f64 / cpu.instructions() as f64,
    );
    let _ = std::io::stdout().write_all(line.as_bytes());
}

fn main() {
    let arm: Vec<u8> = ARM_LOOP.iter().flat_map(|word| word.to_le_bytes()).collect();
    let thumb: Vec<u8> = THUMB_LOOP.iter().flat_map(|half| half.to_le_bytes()).collect();
    for quantum in [200, 100_000] {
        measure("ARM, fast", &arm, false, false, quantum);
        measure("Thumb, fast", &thumb, true, false, quantum);
    }
    measure("ARM, interpreter", &arm, false, true, 100_000);
    measure("Thumb, interpreter", &thumb, true, true, 100_000);
}
