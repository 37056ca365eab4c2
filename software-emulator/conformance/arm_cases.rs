//! Executes processor test cases from standard input and writes what became of them to standard output.
//!
//! Input is a sequence of batches: the number of cases as a little-endian word, then the cases. A case is
//!
//! * 43 words: instructions to execute (0 for a program, which runs for [`PROGRAM_CYCLES`] and should end in a branch to
//!   itself); address of the code; address of the data; 0; then a state of 39 words: CP15 control register, last word
//!   stored to the interrupt lines, CPSR, PC, r0 to r14 of User mode, r8 to r14 of FIQ, r13 and r14 of IRQ, Supervisor,
//!   Abort and Undefined, and the SPSRs of those five modes in the same order;
//! * 512 bytes that are put at 0 and 0xffff0000 (exception vectors and handlers);
//! * 1,024 bytes of code and 512 bytes of data, which are put where the addresses say.
//!
//! The answer is the state, the cycles and the instructions executed (41 words), then the code and the data.
//!
//! Each case is executed by every path through the processor in [`PATHS`]; the program ends with an error when two of
//! them disagree about anything, cycles included. `arm_cases.py` writes such cases and compares the answers with other
//! emulators.

use std::io::{self, Read, Write, stdin, stdout};
use std::process::ExitCode;

use taproot_emulator::arm::{Bus, BusFault, CodeCache, Cpu, Loaded, Mode, Width};

/// A way to execute until the cycle count reaches a limit.
type Path = fn(&mut Cpu, &mut Board, u64);

/// Every path that the processor has. A new one is a line here.
const PATHS: &[(&str, Path)] = &[
    ("run", |cpu, board, limit| _ = cpu.run(board, limit)),
    ("run_plainly", |cpu, board, limit| {
        _ = cpu.run_plainly(board, limit)
    }),
    ("run in slices of 7 cycles", |cpu, board, limit| {
        while cpu.cycles() < limit {
            let next = limit.min(cpu.cycles() + 7);
            cpu.run(board, next);
        }
    }),
];

/// How long a program runs: it is far shorter, and spends the rest in its last branch.
const PROGRAM_CYCLES: u64 = 6000;

const HEAD: usize = 4;
const STATE: usize = 39;
const VECTORS: usize = 512;
const CODE: usize = 1024;
const DATA: usize = 512;
const RECORD: usize = 4 * (HEAD + STATE) + VECTORS + CODE + DATA;

const RAM_BASE: u32 = 0x6000_0000;
const HIGH_VECTORS: u32 = 0xffff_0000;
/// A word that holds the interrupt lines: bit 0 IRQ, bit 1 FIQ.
const LINES: u32 = 0x1000_0000;
const PAGE: usize = 4096;

/// What the processor sees beyond its own memories: a page of memory, the page of the high vectors, and the interrupt
/// lines. Anything else is a bus error.
struct Board {
    ram: Box<[u8; PAGE]>,
    high: Box<[u8; PAGE]>,
    lines: u32,
}

impl Board {
    fn new() -> Board {
        Board {
            ram: Box::new([0; PAGE]),
            high: Box::new([0; PAGE]),
            lines: 0,
        }
    }

    fn bytes(&mut self, address: u32, length: usize) -> Option<&mut [u8]> {
        let (memory, base) = if address >= HIGH_VECTORS {
            (&mut self.high, HIGH_VECTORS)
        } else {
            (&mut self.ram, RAM_BASE)
        };
        let at = address.checked_sub(base)? as usize;
        memory.get_mut(at..at.checked_add(length)?)
    }
}

impl Bus for Board {
    fn load(&mut self, address: u32, width: Width, _: u64, _: u32) -> Result<Loaded, BusFault> {
        if address == LINES && width == Width::Word {
            return Ok(Loaded {
                value: self.lines,
                wait: 1,
            });
        }
        let bytes = self.bytes(address, width.bytes() as usize).ok_or(BusFault)?;
        let value = bytes
            .iter()
            .rev()
            .fold(0, |value, byte| value << 8 | u32::from(*byte));
        Ok(Loaded { value, wait: 5 })
    }

    fn store(&mut self, address: u32, width: Width, value: u32, _: u64, _: u32) -> Result<u32, BusFault> {
        if address == LINES && width == Width::Word {
            self.lines = value;
            return Ok(1);
        }
        let length = width.bytes() as usize;
        let bytes = self.bytes(address, length).ok_or(BusFault)?;
        bytes.copy_from_slice(&value.to_le_bytes()[..length]);
        Ok(2)
    }

    fn fetch(&mut self, address: u32) -> Result<u32, BusFault> {
        let bytes = self.bytes(address, 4).ok_or(BusFault)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |value, byte| value << 8 | u32::from(*byte)))
    }

    fn irq(&self) -> bool {
        self.lines & 1 != 0
    }

    fn fiq(&self) -> bool {
        self.lines & 2 != 0
    }

    fn horizon(&self) -> u64 {
        u64::MAX
    }
}

/// One path with a machine of its own.
struct Runner {
    name: &'static str,
    path: Path,
    cpu: Cpu,
    board: Board,
}

/// The registers of a state after control, lines, CPSR and PC, in order.
fn registers() -> impl Iterator<Item = (Mode, usize)> {
    let exceptions = [Mode::Irq, Mode::Supervisor, Mode::Abort, Mode::Undefined];
    (0..15)
        .map(|n| (Mode::User, n))
        .chain((8..15).map(|n| (Mode::Fiq, n)))
        .chain(exceptions.into_iter().flat_map(|mode| [(mode, 13), (mode, 14)]))
}

const WITH_SPSR: [Mode; 5] = [
    Mode::Fiq,
    Mode::Irq,
    Mode::Supervisor,
    Mode::Abort,
    Mode::Undefined,
];

impl Runner {
    fn write(&mut self, address: u32, bytes: &[u8]) {
        if !self.cpu.tcm_write(address, bytes)
            && let Some(memory) = self.board.bytes(address, bytes.len())
        {
            memory.copy_from_slice(bytes);
        }
    }

    fn read(&mut self, address: u32, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        if !self.cpu.tcm_read(address, &mut bytes)
            && let Some(memory) = self.board.bytes(address, length)
        {
            bytes.copy_from_slice(memory);
        }
        bytes
    }

    /// Executes a case and returns its answer.
    fn execute(&mut self, record: &[u8]) -> Vec<u8> {
        let (words, memories) = record.split_at(4 * (HEAD + STATE));
        let words: Vec<u32> = words
            .chunks_exact(4)
            .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        let (steps, code, data) = (words[0], words[1], words[2]);
        let state = &words[HEAD..];
        self.cpu.enter(0);
        self.cpu.wake();
        self.cpu.set_control(state[0]);
        self.board.lines = state[1];
        self.cpu.set_cpsr(state[2]);
        self.cpu.set_register(15, state[3]);
        for ((mode, n), value) in registers().zip(&state[4..]) {
            self.cpu.set_banked(mode, n, *value);
        }
        for (mode, value) in WITH_SPSR.into_iter().zip(&state[STATE - 5..]) {
            self.cpu.set_spsr(mode, *value);
        }
        self.write(0, &memories[..VECTORS]);
        self.write(HIGH_VECTORS, &memories[..VECTORS]);
        self.write(code, &memories[VECTORS..VECTORS + CODE]);
        self.write(data, &memories[VECTORS + CODE..]);
        self.cpu.set_cycles(0);
        let first = self.cpu.instructions();
        if steps == 0 {
            (self.path)(&mut self.cpu, &mut self.board, PROGRAM_CYCLES);
        }
        while self.cpu.instructions() < first + u64::from(steps) && !self.cpu.asleep() {
            let next = self.cpu.cycles() + 1;
            (self.path)(&mut self.cpu, &mut self.board, next);
        }
        let cpu = &self.cpu;
        let mut answer = vec![cpu.control(), self.board.lines, cpu.cpsr(), cpu.register(15)];
        answer.extend(registers().map(|(mode, n)| cpu.banked(mode, n)));
        answer.extend(WITH_SPSR.map(|mode| cpu.spsr(mode)));
        answer.extend([cpu.cycles() as u32, (cpu.instructions() - first) as u32]);
        let mut bytes: Vec<u8> = answer.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.extend(self.read(code, CODE));
        bytes.extend(self.read(data, DATA));
        bytes
    }
}

/// Of so many cases one is also executed by translations, which take a millisecond to make.
const TRANSLATED: u64 = 10;

/// Reads a batch; nothing at the end of the input.
fn batch(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut count = [0; 4];
    match input.read_exact(&mut count) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut records = Vec::new();
    let length = u64::from(u32::from_le_bytes(count)) * RECORD as u64;
    input.take(length).read_to_end(&mut records)?;
    Ok(Some(records))
}

fn main() -> ExitCode {
    let mut input = stdin().lock();
    let mut output = stdout().lock();
    let mut runners: Vec<Runner> = PATHS
        .iter()
        .map(|(name, path)| Runner {
            name,
            path: *path,
            cpu: Cpu::new(),
            board: Board::new(),
        })
        .collect();
    let mut translated = Runner {
        name: "run, translated at once",
        path: PATHS[0].1,
        cpu: Cpu::new(),
        board: Board::new(),
    };
    let mut number = 0u64;
    while let Ok(Some(records)) = batch(&mut input) {
        let mut answers = Vec::new();
        for record in records.chunks_exact(RECORD) {
            let results: Vec<Vec<u8>> = runners.iter_mut().map(|runner| runner.execute(record)).collect();
            if let Some(other) = results.iter().position(|result| *result != results[0]) {
                let report = format!(
                    "case {number}: `{}` and `{}` disagree\n",
                    runners[0].name, runners[other].name
                );
                let _ = io::stderr().write_all(report.as_bytes());
                return ExitCode::FAILURE;
            }
            if number.is_multiple_of(TRANSLATED) {
                // Every case is other code, so a cache would only grow.
                translated.cpu = Cpu::sharing(&CodeCache::translating_after(0));
                if translated.execute(record) != results[0] {
                    let report = format!(
                        "case {number}: `{}` and `{}` disagree\n",
                        runners[0].name, translated.name
                    );
                    let _ = io::stderr().write_all(report.as_bytes());
                    return ExitCode::FAILURE;
                }
            }
            answers.extend_from_slice(&results[0]);
            number += 1;
        }
        if output.write_all(&answers).and_then(|()| output.flush()).is_err() {
            return ExitCode::SUCCESS;
        }
    }
    ExitCode::SUCCESS
}
