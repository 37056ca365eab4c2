//! The processor of a SpiNNaker core: an ARM968E-S (ARMv5TE, ARM and Thumb) with its two tightly coupled memories.
//!
//! [`Cpu`] is the processor, [`Bus`] is what lies beyond its tightly coupled memories (TCMs). The instruction set is
//! written down once, in [`interpreter`](self), one function per instruction form, in the order of the ARM
//! Architecture Reference Manual. Code in the ITCM is also predecoded page by page into compact operations and run by a
//! fast loop, which makes single accesses to the bus itself and hands everything that it does not know, and other accesses beyond
//! the TCMs, to the interpreter. What is executed often is translated to code of the host, under the same rules.
//! [`Cpu::run_plainly`] uses the interpreter alone and is the oracle of both.
//!
//! Timing is that of a 9E core with zero-wait memory (ARM DDI 0165B, chapter 8) plus the wait states that the bus
//! reports. The processor knows nothing of chips, clocks or other cores: its cycle count is the time of its owner.

mod data;
mod delay;
mod fast;
mod interpreter;
mod memory;
mod op;
mod pages;
mod predecode;
mod state;
#[cfg(test)]
mod tests;
mod thumb;
mod timing;
mod transfer;
mod translate;

use fast::Exit;
pub use pages::CodeCache;
use pages::Pages;
use state::Core;
pub use state::{Mode, TCM_DATA_BASE, TCM_DATA_BYTES, TCM_INSTRUCTION_BYTES};

/// The size of one access to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 8 bits.
    Byte,
    /// 16 bits, at an even address.
    Half,
    /// 32 bits, at an address divisible by four.
    Word,
}

impl Width {
    /// How many bytes the access moves: 1, 2 or 4.
    pub fn bytes(self) -> u32 {
        match self {
            Width::Byte => 1,
            Width::Half => 2,
            Width::Word => 4,
        }
    }
}

/// The answer of the bus to a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The value, zero-extended to 32 bits.
    pub value: u32,
    /// Wait states in CPU cycles, on top of the instruction's own cycles.
    pub wait: u32,
}

/// The bus answered with an error: the processor takes a data abort, or a prefetch abort if it was a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusFault;

/// What lies beyond the core's tightly coupled memories, and the interrupt lines that come back from there.
///
/// Addresses are always aligned to the width of the access. `at` is the core's cycle count when the access is made,
/// `pc` the address of the instruction that makes it. The answers of [`irq`](Bus::irq), [`fiq`](Bus::fiq) and
/// [`horizon`](Bus::horizon) may change only with an access or between two calls of [`Cpu::run`].
pub trait Bus {
    /// Reads memory or a register.
    ///
    /// # Errors
    /// [`BusFault`] becomes a data abort.
    fn load(&mut self, address: u32, width: Width, at: u64, pc: u32) -> Result<Loaded, BusFault>;

    /// Writes memory or a register, and returns the wait states in CPU cycles.
    ///
    /// # Errors
    /// [`BusFault`] becomes a data abort.
    fn store(&mut self, address: u32, width: Width, value: u32, at: u64, pc: u32) -> Result<u32, BusFault>;

    /// Fetches the word at `address` (divisible by four) as an instruction, from outside the ITCM.
    ///
    /// # Errors
    /// [`BusFault`] becomes a prefetch abort.
    fn fetch(&mut self, address: u32) -> Result<u32, BusFault>;

    /// Whether an interrupt is being requested (the level of nIRQ, inverted).
    fn irq(&self) -> bool;

    /// Whether a fast interrupt is being requested (the level of nFIQ, inverted).
    fn fiq(&self) -> bool;

    /// The cycle of the next local event: the core stops at the first instruction boundary at or after it.
    fn horizon(&self) -> u64;
}

/// Why [`Cpu::run`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The cycle count has reached the limit or the horizon of the bus.
    Limit,
    /// The processor waits for an interrupt, and none is requested.
    Asleep,
    /// The next instruction is one before which it was asked to halt.
    Halted,
}

/// One ARM968E-S with its 32 KB of ITCM at 0 and 64 KB of DTCM at 0x00400000.
pub struct Cpu {
    core: Core,
    pages: Box<Pages>,
    /// How often the TCMs were written from outside.
    copies: u64,
}

impl Default for Cpu {
    fn default() -> Self {
        Cpu::new()
    }
}

impl Cpu {
    /// A processor as after power-up: reset, memories zero, cycle count zero.
    pub fn new() -> Self {
        Cpu::sharing(&CodeCache::default())
    }

    /// The same, sharing predecoded code with the other processors of the cache.
    pub fn sharing(cache: &CodeCache) -> Self {
        let mut cpu = Cpu {
            core: Core::new(),
            pages: Box::new(Pages::new(cache.clone())),
            copies: 0,
        };
        cpu.reset();
        cpu
    }

    /// Leaves the cache for one of its own that translates what has been jumped to `jumps` times. Nothing else changes.
    pub fn translate_after(&mut self, jumps: u32) {
        self.pages.translate_after(jumps);
    }

    /// The reset input: Supervisor mode, interrupts masked, ARM state, PC = 0xffff0000.
    ///
    /// Both TCMs are enabled afterwards, and keep what they held, as do the general registers and the cycle count.
    pub fn reset(&mut self) {
        self.core.reset();
    }

    /// Starts at `pc` in ARM state and Supervisor mode, interrupts masked, with low exception vectors.
    pub fn enter(&mut self, pc: u32) {
        self.core.reset();
        self.core.low_vectors();
        self.core.pc = pc & !3;
    }

    /// Executes instructions until the cycle count reaches the smaller of `limit` and [`Bus::horizon`], or the
    /// processor sleeps.
    ///
    /// The last instruction may end beyond the limit, by its own length. A sleeping processor wakes at the start of
    /// the call if the bus asserts an interrupt, whether or not the CPSR masks it.
    pub fn run<B: Bus>(&mut self, bus: &mut B, limit: u64) -> Stop {
        let Cpu { core, pages, .. } = self;
        core.observe(bus);
        // What a translation has left is for the fast loop.
        let mut rest = false;
        loop {
            if core.asleep {
                if !(core.irq_line || core.fiq_line) {
                    return Stop::Asleep;
                }
                core.asleep = false;
            }
            let bound = limit.min(core.horizon);
            if core.cycles >= bound {
                return Stop::Limit;
            }
            if core.take_interrupt() {
                continue;
            }
            if !core.both_tcms() || core.pc >= core.itcm_size {
                interpreter::step(core, bus);
                continue;
            }
            if core.written & pages.present != 0 {
                pages.drop_pages(core.written);
            }
            core.written = 0;
            if !std::mem::take(&mut rest) {
                let translation = if core.thumb {
                    pages.translation::<true>(&core.itcm, core.pc)
                } else {
                    pages.translation::<false>(&core.itcm, core.pc)
                };
                if let Some(translation) = translation {
                    match translation.run(core, bound) {
                        translate::Exit::Look => {}
                        translate::Exit::Rest => rest = true,
                    }
                    continue;
                }
            }
            let exit = if core.thumb {
                if pages.page::<true>(core.pc).is_none() {
                    pages.fill(&core.itcm, core.pc, true);
                }
                fast::run::<true, B>(core, pages, bus, limit)
            } else {
                if pages.page::<false>(core.pc).is_none() {
                    pages.fill(&core.itcm, core.pc, false);
                }
                fast::run::<false, B>(core, pages, bus, limit)
            };
            if exit == Exit::Interpret {
                interpreter::step(core, bus);
            }
        }
    }

    /// The same as [`run`](Cpu::run), to the cycle, by the interpreter alone: slower, simple, the oracle of the other.
    pub fn run_plainly<B: Bus>(&mut self, bus: &mut B, limit: u64) -> Stop {
        self.run_halting(bus, limit, |_, _| false)
    }

    /// The same as [`run_plainly`](Cpu::run_plainly), and before each instruction, with nothing left to come before it, `halts`
    /// is asked whether to come back. A later call goes on as if nothing had been asked.
    pub fn run_halting<B: Bus>(
        &mut self,
        bus: &mut B,
        limit: u64,
        mut halts: impl FnMut(&Cpu, &B) -> bool,
    ) -> Stop {
        self.core.observe(bus);
        loop {
            let core = &mut self.core;
            if core.asleep {
                if !(core.irq_line || core.fiq_line) {
                    return Stop::Asleep;
                }
                core.asleep = false;
            }
            if core.cycles >= limit.min(core.horizon) {
                return Stop::Limit;
            }
            if core.take_interrupt() {
                continue;
            }
            if halts(self, bus) {
                return Stop::Halted;
            }
            interpreter::step(&mut self.core, bus);
        }
    }

    /// The cycle time of this core, in cycles of its 200 MHz clock since the machine was switched on.
    pub fn cycles(&self) -> u64 {
        self.core.cycles
    }

    /// Sets the cycle time, for instance after a sleep.
    pub fn set_cycles(&mut self, at: u64) {
        self.core.cycles = at;
    }

    /// Whether the processor waits for an interrupt.
    pub fn asleep(&self) -> bool {
        self.core.asleep
    }

    /// For how many cycles the processor will certainly do nothing but pass time in a loop, if nothing interrupts it: 0 if
    /// that is not known, `u64::MAX` if it is for ever.
    pub fn quiet_cycles(&mut self) -> u64 {
        self.core.quiet_cycles()
    }

    /// Ends a wait for interrupt.
    pub fn wake(&mut self) {
        self.core.asleep = false;
    }

    /// Accounts for cycles and instructions that were not executed because they would have left everything as it is.
    pub fn skip(&mut self, cycles: u64, instructions: u64) {
        self.core.cycles += cycles;
        self.core.instructions += instructions;
    }

    /// The cycle in which the instruction began that was the last to reach the bus, or a later one that did not.
    pub fn last_access_began(&self) -> u64 {
        self.core.step_began
    }

    /// How many instructions have been executed, those whose condition failed included.
    pub fn instructions(&self) -> u64 {
        self.core.instructions
    }

    /// Reads the TCMs as a DMA controller or a debugger does; false, and nothing read, unless all of it lies in one TCM.
    pub fn tcm_read(&self, address: u32, out: &mut [u8]) -> bool {
        self.core
            .tcm(address, out.len())
            .map(|bytes| out.copy_from_slice(bytes))
            .is_some()
    }

    /// Writes the TCMs as a DMA controller or a debugger does, and forgets code predecoded from there; false, and
    /// nothing written, unless all of it lies in one TCM.
    pub fn tcm_write(&mut self, address: u32, data: &[u8]) -> bool {
        self.copies += 1;
        self.core
            .tcm_mut(address, data.len())
            .map(|bytes| bytes.copy_from_slice(data))
            .is_some()
    }

    /// How often [`tcm_write`](Cpu::tcm_write) was called: with [`instructions`](Cpu::instructions) it tells whether the
    /// TCMs can have changed.
    pub fn copies(&self) -> u64 {
        self.copies
    }

    /// The instruction TCM.
    pub fn itcm(&self) -> &[u8] {
        &*self.core.itcm
    }

    /// The data TCM.
    pub fn dtcm(&self) -> &[u8] {
        &*self.core.dtcm
    }

    /// General register `n` (0 to 15, taken modulo 16) as the current mode sees it; 15 is the address of the next
    /// instruction.
    pub fn register(&self, n: usize) -> u32 {
        if n & 15 == 15 {
            self.core.pc
        } else {
            self.core.regs[n & 15]
        }
    }

    /// Sets a general register of the current mode; 15 is the address of the next instruction, aligned to its state.
    pub fn set_register(&mut self, n: usize, value: u32) {
        if n & 15 == 15 {
            self.core.pc = value & if self.core.thumb { !1 } else { !3 };
        } else {
            self.core.regs[n & 15] = value;
        }
    }

    /// Register 8 to 14 as the mode with these five mode bits sees it, whatever the current mode is; others are common.
    pub fn banked(&self, mode: Mode, n: usize) -> u32 {
        self.core.banked(mode, n & 15)
    }

    /// Sets a register as [`banked`](Cpu::banked) reads it; 15 is ignored.
    pub fn set_banked(&mut self, mode: Mode, n: usize, value: u32) {
        self.core.set_banked(mode, n & 15, value);
    }

    /// The current program status register.
    pub fn cpsr(&self) -> u32 {
        self.core.cpsr()
    }

    /// Sets the whole current program status register, mode and Thumb bit included.
    pub fn set_cpsr(&mut self, value: u32) {
        self.core.set_cpsr(value);
    }

    /// The saved program status register of a mode, 0 for User and System, which have none.
    pub fn spsr(&self, mode: Mode) -> u32 {
        self.core.spsr_of(mode)
    }

    /// Sets the saved program status register of a mode; ignored for User and System.
    pub fn set_spsr(&mut self, mode: Mode, value: u32) {
        self.core.set_spsr_of(mode, value);
    }

    /// CP15 register 1: bit 1 alignment faults, 2 DTCM, 12 ITCM, 13 high vectors.
    pub fn control(&self) -> u32 {
        self.core.control
    }

    /// Sets CP15 register 1.
    pub fn set_control(&mut self, value: u32) {
        self.core.set_control(value);
    }

    /// Everything that the processor's future depends on, but for the TCMs, as words in a fixed order: equal words
    /// (and equal TCMs) mean equal futures.
    pub fn state(&self) -> Vec<u32> {
        let mut words = self.timeless_state();
        for count in [self.core.cycles, self.core.instructions] {
            words.extend([count as u32, (count >> 32) as u32]);
        }
        words
    }

    /// The same without the counts of cycles and instructions, which decide nothing but when.
    pub fn timeless_state(&self) -> Vec<u32> {
        self.core.words()
    }
}
