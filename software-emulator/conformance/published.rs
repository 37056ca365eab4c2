//! Runs the published test programs of `jsmolka/gba-tests` (MIT): `arm-published arm/arm.gba thumb/thumb.gba`.
//!
//! They are whole programs for the ARM7TDMI of a hand-held console, hence ARMv4T. Where they expect what only that
//! processor does, [`NOT_DEFINED`] says so. Such a program checks one thing after the other and goes to its end
//! with the number of the first test that fails, in r12 (ARM) or r7 (Thumb). The end waits for the display; there this
//! program takes over, notes the number and goes on behind the jump that led there, so that all tests are seen.
//!
//! Each program is run where it belongs, beyond the bus, and in the ITCM, by every path through the processor.

use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::process::ExitCode;

use taproot_emulator::arm::{Bus, BusFault, Cpu, Loaded, Mode, Width};

type Path = fn(&mut Cpu, &mut Console, u64);

/// Every path through the processor. A new one is a line here.
const PATHS: &[(&str, Path)] = &[
    ("run", |cpu, bus, limit| _ = cpu.run(bus, limit)),
    ("run_plainly", |cpu, bus, limit| _ = cpu.run_plainly(bus, limit)),
    // Translations are of code in the ITCM.
    ("run, translated at once", |cpu, bus, limit| {
        cpu.translate_after(0);
        _ = cpu.run(bus, limit)
    }),
];

/// Where programs lie: in the console's cartridge, and in the ITCM.
const PLACES: [u32; 2] = [0x0800_0000, 0x1000];
/// The display's status register, which the end of a program polls.
const DISPLAY_STATUS: u32 = 0x0400_0004;
/// Instructions after which a program counts as lost.
const PATIENCE: u64 = 1_000_000;

/// Tests, Thumb or ARM and by number, whose expectation is the ARM7's own and not ARMv5TE's, and why.
const NOT_DEFINED: &[(bool, RangeInclusive<u32>, &str)] = &[
    (
        false,
        224..=225,
        "the PC as operand of a shift by a register: unpredictable",
    ),
    (
        false,
        234..=234,
        "CMP with the PC as destination: left from processors with 26-bit addresses",
    ),
    (false, 408..=409, "a half-word at an odd address: unpredictable"),
    (false, 513..=513, "an empty list: unpredictable"),
    (false, 515..=515, "an empty list: unpredictable"),
    (
        false,
        516..=516,
        "LDM with write-back of a base in its list: unpredictable",
    ),
    (
        false,
        522..=529,
        "STM with write-back of a base that is not the first of its list: unpredictable",
    ),
    (false, 530..=532, "an empty list: unpredictable"),
    (true, 211..=212, "a half-word at an odd address: unpredictable"),
    (true, 219..=219, "a half-word at an odd address: unpredictable"),
    (true, 227..=227, "an empty list: unpredictable"),
    (true, 229..=229, "an empty list: unpredictable"),
    (
        true,
        230..=230,
        "STM with write-back of a base that is not the first of its list: unpredictable",
    ),
];

/// The memories of the console, and whether its display has been asked for.
struct Console {
    /// Base, mask of the addresses that differ, contents.
    memories: Vec<(u32, u32, Vec<u8>)>,
    asked: bool,
}

impl Console {
    fn new(rom: &[u8]) -> Console {
        let mut cartridge = rom.to_vec();
        cartridge.resize(rom.len().next_power_of_two(), 0);
        let memory = |base, size: usize| (base, size as u32 - 1, vec![0; size]);
        Console {
            memories: vec![
                memory(0x0200_0000, 0x4_0000),
                memory(0x0300_0000, 0x8000),
                memory(0x0400_0000, 0x400),
                memory(0x0500_0000, 0x400),
                memory(0x0600_0000, 0x2_0000),
                (0x0800_0000, cartridge.len() as u32 - 1, cartridge),
            ],
            asked: false,
        }
    }

    /// Memory at an address; nowhere on this console is an access an error.
    fn bytes(&mut self, address: u32, width: u32) -> Option<&mut [u8]> {
        let (_, mask, memory) = self
            .memories
            .iter_mut()
            .find(|(base, ..)| address >> 24 == base >> 24)?;
        let at = (address & *mask) as usize;
        memory.get_mut(at..at + width as usize)
    }

    fn value(&mut self, address: u32, width: u32) -> u32 {
        let bytes = self.bytes(address, width).unwrap_or_default();
        bytes
            .iter()
            .rev()
            .fold(0, |value, byte| value << 8 | u32::from(*byte))
    }
}

impl Bus for Console {
    fn load(&mut self, address: u32, width: Width, _: u64, _: u32) -> Result<Loaded, BusFault> {
        self.asked |= address == DISPLAY_STATUS;
        let value = self.value(address, width.bytes());
        Ok(Loaded { value, wait: 0 })
    }

    fn store(&mut self, address: u32, width: Width, value: u32, _: u64, _: u32) -> Result<u32, BusFault> {
        if let Some(bytes) = self.bytes(address, width.bytes()) {
            let length = bytes.len();
            bytes.copy_from_slice(&value.to_le_bytes()[..length]);
        }
        Ok(0)
    }

    fn fetch(&mut self, address: u32) -> Result<u32, BusFault> {
        Ok(self.value(address, 4))
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

/// A jump: where it was, and the registers and status after it.
#[derive(Clone, Default)]
struct Jump {
    from: u32,
    thumb: bool,
    registers: Vec<u32>,
    status: u32,
}

/// The half-word at an address, in the cartridge or in the ITCM.
fn instruction(bus: &mut Console, cpu: &Cpu, at: u32) -> u32 {
    let mut bytes = [0; 2];
    if cpu.tcm_read(at, &mut bytes) {
        u32::from(u16::from_le_bytes(bytes))
    } else {
        bus.value(at, 2)
    }
}

/// The tests that fail, whether in Thumb and by number, or how the program was lost.
fn run(rom: &[u8], place: u32, path: Path) -> Result<Vec<(bool, u32)>, String> {
    let mut bus = Console::new(rom);
    let mut cpu = Cpu::new();
    cpu.enter(place);
    cpu.tcm_write(place, rom);
    // As the console's own start leaves it: System mode and a stack.
    cpu.set_cpsr(0x1f);
    cpu.set_register(13, 0x0300_7f00);
    for mode in [
        Mode::Fiq,
        Mode::Irq,
        Mode::Supervisor,
        Mode::Abort,
        Mode::Undefined,
    ] {
        cpu.set_banked(mode, 13, 0x0300_6000);
    }
    let mut failed = Vec::new();
    let mut jumps = [Jump::default(), Jump::default()];
    while cpu.instructions() < PATIENCE {
        let (from, thumb) = (cpu.register(15), cpu.cpsr() & 0x20 != 0);
        let code = if thumb {
            instruction(&mut bus, &cpu, from)
        } else {
            0
        };
        let next = cpu.cycles() + 1;
        path(&mut cpu, &mut bus, next);
        if code >> 8 == 0xbd && cpu.cpsr() & 0x20 == 0 {
            // ARMv4T stays in Thumb state when POP loads an even PC; the programs count on it.
            let target = cpu.register(15);
            cpu.set_cpsr(cpu.cpsr() | 0x20);
            cpu.set_register(15, target);
        }
        let changed = (cpu.cpsr() & 0x20 != 0) != thumb;
        if changed || cpu.register(15) != from + if thumb { 2 } else { 4 } {
            let registers = (0..15).map(|n| cpu.register(n)).collect();
            let status = cpu.cpsr();
            jumps.swap(0, 1);
            jumps[1] = Jump {
                from,
                thumb,
                registers,
                status,
            };
        }
        if !std::mem::take(&mut bus.asked) {
            continue;
        }
        // A Thumb program leaves by a call to its own end, and from there by another jump.
        let (back, register) = if jumps[1].thumb {
            (&jumps[0], 7)
        } else {
            (&jumps[1], 12)
        };
        let number = cpu.register(register);
        if number == 0 {
            return Ok(failed);
        }
        let test = (back.thumb, number);
        if failed.contains(&test) {
            return Err(format!("in circles after failures {failed:?}"));
        }
        failed.push(test);
        // The test may have failed to leave a mode with registers of its own.
        let own = if back.status & 0x1f == 0x1f { 15 } else { 8 };
        cpu.set_cpsr(back.status | 0x1f);
        for (n, value) in back.registers.iter().enumerate().take(own) {
            cpu.set_register(n, *value);
        }
        cpu.set_register(register, 0);
        cpu.set_register(15, back.from + if back.thumb { 2 } else { 4 });
    }
    Err(format!(
        "lost at {:#x} after failures {failed:?}",
        cpu.register(15)
    ))
}

/// Why a test may fail.
fn reason(thumb: bool, number: u32) -> Option<&'static str> {
    let known = NOT_DEFINED
        .iter()
        .find(|(state, numbers, _)| *state == thumb && numbers.contains(&number))?;
    Some(known.2)
}

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        let _ = writeln!(
            io::stderr(),
            "use: arm-published arm.gba thumb.gba (of jsmolka/gba-tests)"
        );
        return ExitCode::from(2);
    }
    let mut out = io::stdout().lock();
    let mut code = ExitCode::SUCCESS;
    for file in files {
        let rom = match std::fs::read(&file) {
            Ok(rom) if rom.len() <= 0x7000 => rom,
            Ok(_) => {
                let _ = writeln!(io::stderr(), "{file}: larger than the ITCM");
                return ExitCode::from(2);
            }
            Err(error) => {
                let _ = writeln!(io::stderr(), "{file}: {error}");
                return ExitCode::from(2);
            }
        };
        for place in PLACES {
            for (name, path) in PATHS {
                let line = match run(&rom, place, *path) {
                    Ok(failed) => {
                        let (known, new): (Vec<_>, Vec<_>) = failed
                            .iter()
                            .map(|(thumb, n)| (reason(*thumb, *n), *n))
                            .partition(|(why, _)| why.is_some());
                        if !new.is_empty() {
                            code = ExitCode::from(1);
                        }
                        let numbers = |list: Vec<(Option<&str>, u32)>| {
                            list.into_iter().map(|(_, n)| n).collect::<Vec<_>>()
                        };
                        format!(
                            "{} fail {:?}; not defined by ARMv5TE and different: {:?}",
                            new.len(),
                            numbers(new),
                            numbers(known)
                        )
                    }
                    Err(lost) => {
                        code = ExitCode::from(1);
                        lost
                    }
                };
                let _ = writeln!(out, "{file} at {place:#x} by {name}: {line}");
            }
        }
    }
    code
}
