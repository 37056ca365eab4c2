//! One core: the processor, its own peripherals, and the bus between them and the rest of the chip.

use super::routine::Routine;
use super::state::TcmDigest;
use super::uncore::{Shared, lane, spread};
use crate::arm::{Bus, BusFault, CodeCache, Cpu, Loaded, Stop, Width};
use crate::diagnostics::{Access, Unmodelled};
use crate::peripheral::communications::Communications;
use crate::peripheral::dma::{Dma, Outcome};
use crate::peripheral::timer::Timer;
use crate::peripheral::vic::{Vic, source};
use crate::peripheral::{NEVER, NoRegister};
use crate::timing::Timing;

/// The peripherals of one core.
pub(crate) struct Local {
    pub(crate) number: u8,
    pub(crate) vic: Vic,
    pub(crate) timers: [Timer; 2],
    pub(crate) dma: Dma,
    pub(crate) communications: Communications,
    /// Interrupt lines from outside the core.
    pub(crate) outer_lines: u32,
    /// When something here next happens by itself.
    pub(crate) next_event: u64,
}

impl Local {
    fn new(number: u8, timing: &Timing) -> Self {
        let mut local = Self {
            number,
            vic: Vic::new(),
            timers: [Timer::new(), Timer::new()],
            dma: Dma::new(number),
            communications: Communications::new(number, timing),
            outer_lines: 0,
            next_event: NEVER,
        };
        local.refresh();
        local
    }

    /// What a soft reset of the core does to its peripherals.
    fn soft_reset(&mut self, timing: &Timing) {
        self.vic = Vic::new();
        self.timers = [Timer::new(), Timer::new()];
        self.dma.soft_reset();
        self.communications.reset(timing);
        self.refresh();
    }

    /// Brings interrupt lines and the next event up to date.
    pub(crate) fn refresh(&mut self) {
        let (done, error, timeout) = self.dma.interrupts();
        let lines = self.outer_lines
            | self.communications.lines()
            | u32::from(self.timers[0].interrupt()) << source::TIMER_1
            | u32::from(self.timers[1].interrupt()) << source::TIMER_2
            | u32::from(done) << source::DMA_DONE
            | u32::from(error) << source::DMA_ERROR
            | u32::from(timeout) << source::DMA_TIMEOUT;
        self.vic.set_lines(lines);
        let enabled = self.vic.enabled();
        let mut next = self.dma.next_event().min(self.communications.next_event(enabled));
        if enabled & 1 << source::TIMER_1 != 0 {
            next = next.min(self.timers[0].next_event());
        }
        if enabled & 1 << source::TIMER_2 != 0 {
            next = next.min(self.timers[1].next_event());
        }
        self.next_event = next;
    }

    /// Brings everything to cycle `now`. Returns whether anything has changed.
    fn advance(&mut self, now: u64, shared: &mut Shared) -> bool {
        self.timers[0].advance(now)
            | self.timers[1].advance(now)
            | self.communications.advance(now, &mut shared.router.injected)
    }

    /// Whether no packet and no transfer is under way.
    pub(crate) fn is_quiet(&self) -> bool {
        self.communications.is_quiet() && self.dma.is_quiet()
    }

    /// Whether the processor has a reason to be awake.
    pub(crate) fn interrupted(&self) -> bool {
        self.vic.irq() || self.vic.fiq()
    }
}

/// One core.
pub(crate) struct Core {
    pub(crate) cpu: Cpu,
    pub(crate) local: Local,
    /// Works at all.
    pub(crate) working: bool,
    /// Runs the boot ROM, which is a model: it sleeps, and packets for it vanish or go to the model.
    pub(crate) in_rom: bool,
    /// Held in reset.
    pub(crate) held: bool,
    /// Its clock is stopped.
    pub(crate) disabled: bool,
    /// What it does again and again.
    pub(crate) routine: Routine,
    pub(super) tcm_digest: Option<TcmDigest>,
}

impl Core {
    pub(crate) fn new(number: u8, working: bool, timing: &Timing, code: &CodeCache) -> Self {
        Self {
            cpu: Cpu::sharing(code),
            local: Local::new(number, timing),
            working,
            in_rom: true,
            held: false,
            disabled: false,
            routine: Routine::new(),
            tcm_digest: None,
        }
    }

    /// Whether it executes instructions, or would if it were not asleep.
    pub(crate) fn runs(&self) -> bool {
        self.working && !self.in_rom && !self.held && !self.disabled
    }

    /// The end of a soft reset at cycle `at`.
    pub(crate) fn start(&mut self, at: u64, boot_area_is_ram: bool, timing: &Timing) {
        self.cpu.reset();
        self.cpu.wake();
        self.cpu.set_cycles(self.cpu.cycles().max(at));
        self.local.soft_reset(timing);
        self.routine.forget();
        self.in_rom = !boot_area_is_ram;
    }

    /// Handles everything of this core that is due by its own time.
    pub(crate) fn service(&mut self, shared: &mut Shared) {
        let now = self.cpu.cycles();
        self.local.advance(now, shared);
        while let Some((transfer, at)) = self.local.dma.due(now) {
            let access = Access {
                at,
                pc: 0,
                core: self.local.number,
            };
            let mut data = vec![0; transfer.bytes() as usize];
            let outcome = if transfer.writes_system() {
                if !self.cpu.tcm_read(transfer.tcm, &mut data) {
                    Outcome::TcmError
                } else if shared.copy_in(transfer.system, &data, access) {
                    Outcome::Done
                } else {
                    Outcome::SystemError
                }
            } else if !shared.copy_out(transfer.system, &mut data, access) {
                Outcome::SystemError
            } else if self.cpu.tcm_write(transfer.tcm, &data) {
                Outcome::Done
            } else {
                Outcome::TcmError
            };
            self.local
                .dma
                .finish(outcome, at, &shared.uncore.timing, &mut shared.uncore.sdram_free);
        }
        self.local.refresh();
    }

    /// Runs to the end of the window, or until something happens that the chip has to see to. Returns when the core next wants
    /// attention. If the window is longer than usual, it ends where the usual one would in which the core fell asleep or did
    /// something that the rest of the chip has to see to.
    pub(crate) fn run(&mut self, shared: &mut Shared) -> u64 {
        loop {
            if self.local.next_event <= self.cpu.cycles() {
                self.service(shared);
                // No transfer is under way in a long window, so this one is not.
                shared.acted = false;
            }
            let now = self.cpu.cycles();
            if self.cpu.asleep() && !self.local.interrupted() {
                self.routine.rest(&self.cpu, &self.local);
                let next = self.local.next_event;
                if next >= shared.window_end {
                    return next;
                }
                self.cpu.set_cycles(next.max(now));
                continue;
            }
            if now >= shared.window_end || shared.stop {
                return now;
            }
            let end = shared.window_end;
            let plain = shared.plain;
            if shared.watch.is_some() {
                if self.run_watched(shared) {
                    return self.cpu.cycles();
                }
            } else {
                let mut bus = CoreBus {
                    local: &mut self.local,
                    routine: &mut self.routine,
                    shared,
                };
                if plain {
                    self.cpu.run_plainly(&mut bus, end);
                } else {
                    self.cpu.run(&mut bus, end);
                }
            }
            if std::mem::take(&mut shared.acted) || self.cpu.asleep() {
                shared.closed = true;
                let began = self.cpu.last_access_began().max(shared.window_start);
                let end = (began / Timing::WINDOW + 1) * Timing::WINDOW;
                shared.window_end = shared.window_end.min(end);
            }
        }
    }

    /// Runs to the end of the window by the plain interpreter, and looks before each instruction whether the core is to halt
    /// there: true if it does.
    fn run_watched(&mut self, shared: &mut Shared) -> bool {
        let Some(mut watch) = shared.watch.take() else {
            return false;
        };
        let (number, end) = (self.local.number, shared.window_end);
        let mut bus = CoreBus {
            local: &mut self.local,
            routine: &mut self.routine,
            shared,
        };
        let stop = self
            .cpu
            .run_halting(&mut bus, end, |cpu, _| watch.halts(number, cpu));
        shared.watch = Some(watch);
        stop == Stop::Halted
    }

    /// Whether the core sleeps and will repeat what it did last until something else happens on the chip.
    pub(crate) fn will_repeat(&self, shared: &mut Shared) -> bool {
        !self.local.interrupted() && self.routine.will_repeat(&self.cpu, shared, self.local.number)
    }

    /// Brings a core that repeats itself to the last of its sleeps that begins before cycle `to`.
    pub(crate) fn skip(&mut self, to: u64) {
        if let Some((cycles, instructions)) = self.routine.skip(to) {
            self.cpu.skip(cycles, instructions);
            self.local.timers = self.local.timers.each_ref().map(|timer| timer.later(cycles));
            self.local.refresh();
        }
    }
}

/// The bus of a running core.
struct CoreBus<'a> {
    local: &'a mut Local,
    routine: &'a mut Routine,
    shared: &'a mut Shared,
}

impl CoreBus<'_> {
    fn access(&self, at: u64, pc: u32) -> Access {
        Access {
            at,
            pc,
            core: self.local.number,
        }
    }

    fn read_local(&mut self, address: u32, at: u64) -> Result<u32, NoRegister> {
        if self.local.advance(at, self.shared) {
            self.local.refresh();
        }
        let offset = address & 0xfffc;
        if is_raw_status(address) {
            // Shows lines that are not enabled, too.
            self.routine.acted();
        }
        let value = match address >> 24 {
            0x10 | 0x20 => self.local.communications.read(offset, at),
            0x11 | 0x21 if offset < 0x20 => self.local.timers[0].read(offset, at),
            0x11 | 0x21 => self.local.timers[1].read(offset.wrapping_sub(0x20), at),
            0x1f | 0x2f | 0xff => self.local.vic.read(offset & 0xfff),
            0x30 | 0x40 => self.local.dma.read(offset),
            _ => Err(NoRegister),
        };
        // Of all registers of a core only the received key, which is taken, does anything to the others when it is read.
        if matches!((address >> 24, offset), (0x10 | 0x20, 0x14)) {
            self.local.refresh();
        }
        value
    }

    /// `Ok(false)` is a bus error.
    fn write_local(&mut self, address: u32, value: u32, at: u64) -> Result<bool, NoRegister> {
        self.local.advance(at, self.shared);
        let offset = address & 0xfffc;
        match (address >> 24, offset) {
            // A packet leaves; a transfer starts or ends.
            (0x10 | 0x20, 0x08) | (0x30 | 0x40, 0x0c | 0x10) => {
                self.routine.acted();
                self.shared.acted = true;
            }
            (0x1f | 0x2f | 0xff, _) if offset & 0xfff == 0x10 => self.routine.enabled(value),
            _ => {}
        }
        let uncore = &mut self.shared.uncore;
        let result = match address >> 24 {
            0x10 | 0x20 => self
                .local
                .communications
                .write(offset, value, at, &uncore.timing)
                .map(|()| true),
            0x11 | 0x21 if offset < 0x20 => self.local.timers[0].write(offset, value, at).map(|()| true),
            0x11 | 0x21 => self.local.timers[1]
                .write(offset.wrapping_sub(0x20), value, at)
                .map(|()| true),
            0x1f | 0x2f | 0xff => self.local.vic.write(offset & 0xfff, value).map(|()| true),
            0x30 | 0x40 => self
                .local
                .dma
                .write(offset, value, at, &uncore.timing, &mut uncore.sdram_free),
            _ => Err(NoRegister),
        };
        self.local.refresh();
        result
    }

    fn is_local(address: u32) -> bool {
        matches!(address >> 28, 1..=4) || address >= 0xffff_f000
    }
}

impl Bus for CoreBus<'_> {
    fn load(&mut self, address: u32, width: Width, at: u64, pc: u32) -> Result<Loaded, BusFault> {
        let timing = &self.shared.uncore.timing;
        if matches!(address >> 28, 6 | 7) {
            let wait = timing.sdram_load;
            let value = self.shared.uncore.sdram.load(address, width);
            self.routine.loaded(address, width, Some(value));
            return Ok(Loaded { value, wait });
        }
        if Self::is_local(address) {
            let wait = timing.local_access;
            let word = self.read_local(address, at).unwrap_or_else(|NoRegister| {
                let access = self.access(at, pc);
                self.shared
                    .uncore
                    .diagnostics
                    .report(Unmodelled::Read, address, access);
                0
            });
            return Ok(Loaded {
                value: lane(word, address, width),
                wait,
            });
        }
        let wait = timing.system_load;
        let value = if address >= 0xff00_0000 {
            self.shared.boot_area(address, width)
        } else {
            self.shared.load(address, width, self.access(at, pc))
        };
        self.routine.loaded(address, width, value);
        value.map(|value| Loaded { value, wait }).ok_or(BusFault)
    }

    fn store(&mut self, address: u32, width: Width, value: u32, at: u64, pc: u32) -> Result<u32, BusFault> {
        let timing = &self.shared.uncore.timing;
        let posted = timing.posted_store;
        if !Self::is_local(address) {
            self.routine.acted();
        }
        if matches!(address >> 28, 6 | 7) {
            self.shared.uncore.sdram.store(address, width, value);
            return Ok(posted);
        }
        if Self::is_local(address) {
            let wait = timing.local_access;
            let (value, _) = spread(value, address, width);
            return match self.write_local(address, value, at) {
                Ok(true) => Ok(wait),
                Ok(false) => Err(BusFault),
                Err(NoRegister) => {
                    let access = self.access(at, pc);
                    self.shared
                        .uncore
                        .diagnostics
                        .report(Unmodelled::Write, address, access);
                    Ok(wait)
                }
            };
        }
        if address >= 0xff00_0000 {
            // The boot area shows System RAM; writing through it is what nobody does.
            let access = self.access(at, pc);
            self.shared
                .uncore
                .diagnostics
                .report(Unmodelled::Write, address, access);
            return Ok(posted);
        }
        if self.shared.store(address, width, value, self.access(at, pc)) {
            Ok(posted)
        } else {
            Err(BusFault)
        }
    }

    fn fetch(&mut self, address: u32) -> Result<u32, BusFault> {
        self.routine.acted();
        match address >> 28 {
            6 | 7 => Ok(self.shared.uncore.sdram.load(address, Width::Word)),
            0xe | 0xf if address >= 0xff00_0000 => {
                self.shared.boot_area(address, Width::Word).ok_or(BusFault)
            }
            0xe | 0xf if address >> 24 & 15 == 5 => Ok(self.shared.uncore.ram.load(address, Width::Word)),
            _ => Err(BusFault),
        }
    }

    fn irq(&self) -> bool {
        self.local.vic.irq()
    }

    fn fiq(&self) -> bool {
        self.local.vic.fiq()
    }

    fn horizon(&self) -> u64 {
        if self.shared.acted {
            0
        } else {
            self.local.next_event
        }
    }
}

/// Whether a local address is that of an interrupt status register.
fn is_raw_status(address: u32) -> bool {
    matches!(address >> 24, 0x1f | 0x2f | 0xff) && matches!(address & 0xffc, 0x00..=0x08)
}
