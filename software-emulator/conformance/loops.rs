//! Two loops that do what a synapse loop does, in ARM and in Thumb, run to their end by every way of executing them.
//!
//! Prints one line of JSON for each loop: its code, registers and data at the start, the registers at the end, how many
//! instructions it takes, and for each way how long that took. `bench/processor.py` has Unicorn do the same.
//! `cargo run --release -p taproot-emulator --example loops -- [TURNS]`.

use std::io::Write;
use std::time::Instant;
use taproot_emulator::arm::{Bus, BusFault, CodeCache, Cpu, Loaded, Width};

/// Load a word, take it apart, add to a saturating half-word accumulator, multiply, count; a call for every 64 turns.
const ARM_LOOP: [u32; 25] = [
    0xe3a0_0040, // outer: mov r0, #64
    0xe1a0_1008, // mov r1, r8
    0xe491_3004, // loop: ldr r3, [r1], #4
    0xe203_407f, // and r4, r3, #0x7f
    0xe089_4084, // add r4, r9, r4, lsl #1
    0xe1a0_5a23, // lsr r5, r3, #20
    0xe1d4_60b0, // ldrh r6, [r4]
    0xe086_6005, // add r6, r6, r5
    0xe316_0801, // tst r6, #0x10000
    0x13a0_60ff, // movne r6, #0xff
    0xe1c4_60b0, // strh r6, [r4]
    0xe127_7683, // smlawb r7, r3, r6, r7
    0xe08b_a793, // umull r10, r11, r3, r7
    0xe15b_0005, // cmp r11, r5
    0x2a00_0000, // bhs skip
    0xe027_700a, // eor r7, r7, r10
    0xe250_0001, // skip: subs r0, r0, #1
    0x1aff_ffef, // bne loop
    0xeb00_0002, // bl sub
    0xe25c_c001, // subs r12, r12, #1
    0x1aff_ffea, // bne outer
    0xe788_0008, // end: str r0, [r8, r8]
    0xe92d_40f0, // sub: push {r4-r7, lr}
    0xe280_4001, // add r4, r0, #1
    0xe8bd_80f0, // pop {r4-r7, pc}
];
const ARM_END: u32 = 21 * 4;

/// The same in Thumb, whose outer loop counts in memory.
const THUMB_LOOP: [u16; 29] = [
    0x2040, // outer: movs r0, #64
    0x4641, // mov r1, r8
    0x680b, // loop: ldr r3, [r1]
    0x3104, // adds r1, #4
    0x247f, // movs r4, #0x7f
    0x401c, // ands r4, r3
    0x0064, // lsls r4, #1
    0x444c, // add r4, r9
    0x0d1d, // lsrs r5, r3, #20
    0x8826, // ldrh r6, [r4]
    0x1976, // adds r6, r5
    0x8026, // strh r6, [r4]
    0x4375, // muls r5, r6
    0x429d, // cmp r5, r3
    0xd300, // blo skip
    0x406f, // eors r7, r5
    0x1e40, // skip: subs r0, #1
    0xd1ef, // bne loop
    0xf000, // bl sub
    0xf805, 0x9800, // ldr r0, [sp]
    0x1e40, // subs r0, #1
    0x9000, // str r0, [sp]
    0xd1e7, // bne outer
    0x5048, // end: str r0, [r1, r1]
    0x46c0, // nop
    0xb5f0, // sub: push {r4-r7, lr}
    0x1c44, // adds r4, r0, #1
    0xbdf0, // pop {r4-r7, pc}
];
const THUMB_END: u32 = 24 * 2;

const CODE: u32 = 0x100;
const TABLE: u32 = 0x0040_1000;
const SUMS: u32 = 0x0040_2000;
const STACK: u32 = 0x0040_8000;

/// Nothing is out there, but that a store ends the run.
#[derive(Default)]
struct Outside {
    over: bool,
}

impl Bus for Outside {
    fn load(&mut self, _: u32, _: Width, _: u64, _: u32) -> Result<Loaded, BusFault> {
        Err(BusFault)
    }
    fn store(&mut self, _: u32, _: Width, _: u32, _: u64, _: u32) -> Result<u32, BusFault> {
        self.over = true;
        Ok(0)
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
        if self.over { 0 } else { u64::MAX }
    }
}

fn table() -> Vec<u8> {
    (0..64u32)
        .flat_map(|n| n.wrapping_mul(0x9e37_79b9).to_le_bytes())
        .collect()
}

fn processor(code: &[u8], thumb: bool, turns: u32, cache: &CodeCache) -> Cpu {
    let mut cpu = Cpu::sharing(cache);
    cpu.enter(CODE);
    cpu.tcm_write(CODE, code);
    cpu.tcm_write(TABLE, &table());
    cpu.tcm_write(STACK, &turns.to_le_bytes());
    if thumb {
        cpu.set_cpsr(cpu.cpsr() | 0x20);
    }
    for (register, value) in [(8, TABLE), (9, SUMS), (12, turns), (13, STACK)] {
        cpu.set_register(register, value);
    }
    cpu
}

/// How a processor is run, and how many cycles at a time.
struct Way {
    name: &'static str,
    cache: CodeCache,
    plainly: bool,
    quantum: u64,
}

fn ways() -> [Way; 4] {
    let way = |name, cache, plainly, quantum| Way {
        name,
        cache,
        plainly,
        quantum,
    };
    [
        way("translated", CodeCache::default(), false, 100_000),
        way("translated, 80 cycles at a time", CodeCache::default(), false, 80),
        way("fast loop", CodeCache::untranslated(), false, 100_000),
        way("interpreter", CodeCache::untranslated(), true, 100_000),
    ]
}

fn race(name: &str, code: &[u8], thumb: bool, end: u32, turns: u32) {
    let mut timed = serde_json::Map::new();
    let mut finished = Vec::new();
    for way in ways() {
        let mut cpu = processor(code, thumb, turns, &way.cache);
        let began = Instant::now();
        let mut outside = Outside::default();
        while !outside.over {
            let limit = cpu.cycles() + way.quantum;
            if way.plainly {
                cpu.run_plainly(&mut outside, limit);
            } else {
                cpu.run(&mut outside, limit);
            }
        }
        timed.insert(way.name.into(), began.elapsed().as_secs_f64().into());
        finished.push((cpu.state(), cpu.instructions()));
    }
    assert!(
        finished.iter().all(|other| *other == finished[0]),
        "all ways agree"
    );
    let (state, instructions) = &finished[0];
    let line = serde_json::json!({
        "loop": name,
        "thumb": thumb,
        "code": code,
        "at": CODE,
        "end": end,
        "table": table(),
        "table_at": TABLE,
        "registers": {"8": TABLE, "9": SUMS, "12": turns, "13": STACK},
        "turns_at": STACK,
        "turns": turns,
        "registers_at_end": state[..15],
        // Without the store that ends the run.
        "instructions": instructions - 1,
        "seconds": timed,
    });
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn main() {
    let turns = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(400_000);
    let arm: Vec<u8> = ARM_LOOP.iter().flat_map(|word| word.to_le_bytes()).collect();
    let thumb: Vec<u8> = THUMB_LOOP.iter().flat_map(|half| half.to_le_bytes()).collect();
    race("ARM", &arm, false, CODE + ARM_END, turns);
    race("Thumb", &thumb, true, CODE + THUMB_END, turns);
}
