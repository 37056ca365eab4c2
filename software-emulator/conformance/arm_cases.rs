//! Executes processor test cases from standard input and writes what became of them to standard output.
//!
//! A case is a record of 33 little-endian words (number of instructions; r0 to r14; CPSR; 16 words of code, which are put
//! at 0x1000) followed by 256 bytes that are put at 0x00400400. The answer is r0 to r15, CPSR and the cycles taken, as
//! words, and the 256 bytes. Each case is run twice, by the fast loop and by the interpreter; the program ends with an
//! error when they disagree. `arm_cases.py` writes such cases and compares the answers with another emulator.

use std::io::{Read, Write, stdin, stdout};
use std::process::ExitCode;

use taproot_emulator::arm::{Bus, BusFault, Cpu, Loaded, Width};

const CODE: u32 = 0x1000;
const WINDOW: u32 = 0x0040_0400;

/// Nothing answers.
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

fn prepare(cpu: &mut Cpu, words: &[u32], code: &[u8], window: &[u8]) {
    cpu.enter(CODE);
    cpu.set_cpsr(words[16]);
    for (n, value) in words[1..16].iter().enumerate() {
        cpu.set_register(n, *value);
    }
    cpu.tcm_write(CODE, code);
    cpu.tcm_write(WINDOW, window);
    cpu.set_cycles(0);
}

fn answer(cpu: &Cpu) -> Vec<u8> {
    let mut out: Vec<u8> = (0..16).flat_map(|n| cpu.register(n).to_le_bytes()).collect();
    out.extend(cpu.cpsr().to_le_bytes());
    out.extend((cpu.cycles() as u32).to_le_bytes());
    let mut window = [0; 256];
    cpu.tcm_read(WINDOW, &mut window);
    out.extend(window);
    out
}

fn main() -> ExitCode {
    let mut input = stdin().lock();
    let mut output = stdout().lock();
    let (mut fast, mut plain) = (Cpu::new(), Cpu::new());
    let mut record = [0; 33 * 4 + 256];
    let mut number = 0u64;
    while input.read_exact(&mut record).is_ok() {
        let words: Vec<u32> = record[..132]
            .chunks_exact(4)
            .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        for (cpu, is_fast) in [(&mut fast, true), (&mut plain, false)] {
            prepare(cpu, &words, &record[68..132], &record[132..]);
            let end = cpu.instructions() + u64::from(words[0]);
            while cpu.instructions() < end {
                let next = cpu.cycles() + 1;
                if is_fast {
                    cpu.run(&mut Nothing, next)
                } else {
                    cpu.run_plainly(&mut Nothing, next)
                };
            }
        }
        let bytes = answer(&fast);
        if bytes != answer(&plain) {
            let report = format!("case {number}: the fast loop and the interpreter disagree\n");
            let _ = std::io::stderr().write_all(report.as_bytes());
            return ExitCode::FAILURE;
        }
        if output.write_all(&bytes).is_err() {
            return ExitCode::SUCCESS;
        }
        number += 1;
    }
    ExitCode::SUCCESS
}
