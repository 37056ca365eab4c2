//! A chip: eighteen cores, the shared parts, the router, and the way time passes for them.
//!
//! Time advances in windows of a fixed length ([`Timing::WINDOW`]), the same for all chips. Within a window the cores run
//! one after the other, each to the end of the window, and then the router moves what they sent. Effects of one core
//! on another are therefore seen up to a window (0.4 us) late or early, but always the same way.

mod attention;
pub(crate) mod core;
pub(crate) mod memory;
mod routine;
mod state;
pub(crate) mod uncore;
pub(crate) mod watch;

use crate::arm::CodeCache;
use crate::boot_rom::{BootRom, Image};
use crate::diagnostics::{Access, Diagnostics, Report, Unmodelled};
use crate::packet::{Kind, Packet};
use crate::peripheral::NEVER;
use crate::peripheral::ethernet::Ethernet;
use crate::peripheral::memory_controller::MemoryController;
use crate::peripheral::system_controller::SystemController;
use crate::peripheral::watchdog::Watchdog;
use crate::router::{LINKS, Ports, Router};
use crate::timing::Timing;
use attention::Attention;
use core::Core;
use memory::Memory;
use taproot_spinnaker_chip::memory_map::{DTCM_BASE, SYSTEM_RAM_SIZE};
use taproot_spinnaker_chip::system_ram::SROM_BLOCK;
use taproot_spinnaker_chip::{CORES_PER_CHIP, ChipXy, CoreSet, SDRAM_BYTES};
use uncore::{Shared, Uncore};

const CORES: usize = CORES_PER_CHIP as usize;

/// Where the boot ROM puts an image before it copies it to address 0.
const IMAGE_SPACE: u32 = DTCM_BASE + 0x8000;

/// Where the watchdog's registers are (data sheet 5.1).
const WATCHDOG: u32 = 0xe300_0000;

/// One end of a link, seen from the sender.
#[derive(Clone, serde::Serialize)]
pub(crate) struct LinkOut {
    /// Nobody is there, or the wire is broken.
    connected: bool,
    /// Cycles on top of an ordinary hop.
    extra: u64,
    busy_until: u64,
    /// Packets that may still be sent before the neighbour has taken one.
    credits: u8,
}

/// A packet for a neighbour.
#[derive(Clone, Copy)]
pub(crate) struct Outgoing {
    pub(crate) link: u8,
    pub(crate) at: u64,
    pub(crate) packet: Packet,
}

/// What a chip is built from.
pub(crate) struct ChipOptions {
    pub(crate) xy: ChipXy,
    pub(crate) working: CoreSet,
    /// For each link: none if dead, else the further cycles of a hop.
    pub(crate) links: [Option<u64>; LINKS],
    /// The serial ROM's parameter block, on Ethernet chips.
    pub(crate) parameters: Option<[u8; 32]>,
}

/// One chip.
pub(crate) struct Chip {
    pub(crate) xy: ChipXy,
    pub(crate) cores: Vec<Core>,
    pub(crate) shared: Shared,
    rom: BootRom,
    /// When each core next wants to run.
    attention: Attention,
    links: [LinkOut; LINKS],
    /// Packets for the neighbours, since they were collected.
    pub(crate) outbox: Vec<Outgoing>,
    /// Cores that are behind the time of the chip, one bit each: what they do is known and concerns nobody else. They pass
    /// time in a loop ([`Cpu::quiet_cycles`](crate::arm::Cpu::quiet_cycles)) or repeat what they did last ([`routine`]), until
    /// something else happens here or `until` comes. [`Chip::catch_up`] brings them up to date.
    lagging: u32,
    until: [u64; CORES],
    /// Cores that have run, and so may have begun to.
    candidates: u32,
    executes_everything: bool,
    /// When anything here next has to be executed.
    pub(crate) next: u64,
    /// Turns that cores had in the last window.
    pub(crate) turns: u32,
}

impl Chip {
    /// A chip as the boot ROM leaves it: monitor chosen, router and interrupts set up, every core asleep.
    /// Its processors share predecoded code through `code`.
    pub(crate) fn new(options: &ChipOptions, timing: &Timing, code: &CodeCache) -> Self {
        let mut uncore = Uncore {
            timing: timing.clone(),
            sdram: Memory::new(SDRAM_BYTES),
            ram: Memory::new(SYSTEM_RAM_SIZE),
            system: SystemController::new(options.parameters.is_some()),
            watchdog: Watchdog::new(),
            memory_controller: MemoryController::new(),
            ethernet: Ethernet::new(options.parameters.is_some()),
            diagnostics: Diagnostics::new(options.xy),
            sdram_free: 0,
        };
        if let Some(parameters) = options.parameters {
            uncore.ram.copy_in(SROM_BLOCK, &parameters);
        }
        // Every core races for it; the lowest working one wins here.
        let monitor = options.working.iter().next().unwrap_or(31);
        uncore.system.after_boot_rom(monitor, options.working.bits());
        let mut router = Router::new(timing);
        // Both waits 108 clocks, interrupts on, routing on (`spinnaker_bootROM: inc/globals.h`).
        let _ = router.write(0, 0x2f2f_0007 | u32::from(monitor) << 8, 0);
        let link = |extra: Option<u64>| LinkOut {
            connected: extra.is_some(),
            extra: extra.unwrap_or(0),
            busy_until: 0,
            credits: timing.link_depth,
        };
        Self {
            xy: options.xy,
            cores: (0..CORES_PER_CHIP)
                .map(|n| Core::new(n, options.working.contains(n), timing, code))
                .collect(),
            shared: Shared {
                router,
                uncore,
                lines: 0,
                stop: false,
                acted: false,
                closed: false,
                window_start: 0,
                window_end: 0,
                plain: false,
                watch: None,
            },
            rom: BootRom::new(),
            attention: Attention::new(),
            links: options.links.map(link),
            outbox: Vec::new(),
            lagging: 0,
            until: [NEVER; CORES],
            candidates: 0,
            executes_everything: false,
            next: NEVER,
            turns: 0,
        }
    }

    /// The core that the router calls the monitor.
    fn monitor(&self) -> usize {
        usize::from(self.shared.router.registers.monitor())
    }

    /// Whether the monitor waits in the boot ROM.
    pub(crate) fn waits_for_boot(&self) -> bool {
        self.cores
            .get(self.monitor())
            .is_some_and(|core| core.working && core.in_rom)
    }

    /// A datagram to the boot port at cycle `at`.
    pub(crate) fn boot_datagram(&mut self, data: &[u8], at: u64) {
        if self.waits_for_boot()
            && let Some(image) = self.rom.datagram(data)
        {
            self.boot(&image, at);
        }
    }

    /// An Ethernet frame for the chip, put on the cable at cycle `at`; false if the cable is full.
    pub(crate) fn frame(&mut self, frame: Vec<u8>, at: u64) -> bool {
        let Uncore { ethernet, timing, .. } = &mut self.shared.uncore;
        let taken = ethernet.receive(frame, at, timing);
        self.next = self.next.min(ethernet.next_event());
        taken
    }

    /// A packet from a neighbour.
    pub(crate) fn arrive(&mut self, link: u8, at: u64, packet: Packet) {
        self.shared.router.arrive(usize::from(link), at, packet);
        self.next = self.next.min(at);
    }

    /// The neighbour on `link` has taken packets; `at` is when this chip hears of it.
    pub(crate) fn credit(&mut self, link: u8, packets: u8, at: u64) {
        self.links[usize::from(link)].credits += packets;
        if self.shared.router.is_held() {
            self.next = self.next.min(at);
        }
    }

    /// Whether there are packets or credits for neighbours.
    pub(crate) fn has_mail(&self) -> bool {
        !self.outbox.is_empty() || self.shared.router.taken != [0; LINKS]
    }

    /// Whether Ethernet frames have left.
    pub(crate) fn has_frames(&self) -> bool {
        !self.shared.uncore.ethernet.sent.is_empty()
    }

    fn boot(&mut self, image: &Image, at: u64) {
        let monitor = self.monitor();
        let Some(core) = self.cores.get_mut(monitor) else {
            return;
        };
        let begins = at + u64::from(self.shared.uncore.timing.image_copy);
        core.cpu.tcm_write(0, &image.bytes);
        core.cpu.tcm_write(IMAGE_SPACE, &image.bytes);
        core.cpu.enter(image.entry);
        core.cpu.wake();
        core.cpu.set_cycles(begins);
        core.in_rom = false;
        core.routine.forget();
        self.attention.set(monitor, begins);
        self.next = self.next.min(begins);
        tracing::debug!(chip = %self.xy, core = monitor, cycle = at, bytes = image.bytes.len(), "boots");
    }

    /// Runs everything on the chip from cycle `start` to the end of the window there. Returns when it ended.
    ///
    /// If nothing can come from outside before `limit`, and only one core has anything to do for several windows, it runs
    /// through them at once; they end with the first one in which it does something that the rest of the chip has to see to.
    pub(crate) fn run_window(&mut self, start: u64, limit: u64) -> u64 {
        self.open_window(start);
        let mut first = 0;
        if let Some(only) = self.only_core(self.shared.window_end, limit) {
            self.run_core(only);
            self.lengthen(only, limit);
            first = only + 1;
        }
        while let Some(n) = self.attention.next_core(first) {
            self.run_core(n);
            first = n + 1;
        }
        self.close_window()
    }

    /// Everything that comes before the cores in the window that begins at cycle `start`.
    fn open_window(&mut self, start: u64) {
        let end = start + Timing::WINDOW;
        self.catch_up(start);
        let uncore = &mut self.shared.uncore;
        if uncore.ethernet.next_event() < end {
            uncore.ethernet.advance(end - 1);
        }
        if uncore.watchdog.next_event() < end && uncore.watchdog.advance(end - 1) {
            let access = Access {
                at: end - 1,
                pc: 0,
                core: 255,
            };
            uncore.diagnostics.report(Unmodelled::Watchdog, WATCHDOG, access);
        }
        uncore.system.advance(start);
        self.propagate(start);

        self.turns = 0;
        self.shared.closed = false;
        (self.shared.window_start, self.shared.window_end) = (start, end);
    }

    /// Everything that comes after the cores. Returns when the window has ended.
    fn close_window(&mut self) -> u64 {
        let end = self.shared.window_end;

        if self.shared.router.next_event() < end || self.shared.router.is_held() {
            self.route(end - Timing::WINDOW, end);
            self.propagate(end - 1);
        }
        self.find_lagging();
        self.next = self.next_event().max(end);
        end
    }

    /// The only core that has anything to do in the window that ends at `end`, if later ones may be added to that.
    fn only_core(&self, end: u64, limit: u64) -> Option<usize> {
        if limit <= end || self.executes_everything {
            return None;
        }
        let mut due = self.attention.iter().filter(|(_, at)| *at < end);
        let (only, _) = due.next()?;
        let local = &self.cores[only].local;
        (due.next().is_none() && !local.communications.is_sending() && local.dma.is_quiet()).then_some(only)
    }

    /// Lets the only core of this window run on until something else is due or it does something that the rest of the chip
    /// has to see to, unless it has done so already, or sleeps.
    fn lengthen(&mut self, only: usize, limit: u64) {
        if self.shared.closed || self.cores[only].cpu.asleep() || self.shared.router.is_held() {
            return;
        }
        let others = self
            .attention
            .iter()
            .filter(|(n, _)| *n != only)
            .map(|(_, at)| at);
        let others = others
            .min()
            .unwrap_or(NEVER)
            .min(self.next_outside_cores())
            .min(limit);
        let end = others / Timing::WINDOW * Timing::WINDOW;
        if end > self.shared.window_end {
            self.shared.window_end = end;
            self.run_core(only);
        }
    }

    /// Runs one core to the end of the window.
    fn run_core(&mut self, n: usize) {
        while self.attention.of(n) < self.shared.window_end {
            self.turn(n);
        }
    }

    /// Runs one core to the end of the window, or until it has done something that others have to hear of at once.
    #[inline]
    fn turn(&mut self, n: usize) {
        let core = &mut self.cores[n];
        if !core.runs() {
            self.attention.set(n, NEVER);
            return;
        }
        self.attention.set(n, core.run(&mut self.shared));
        self.turns += 1;
        self.candidates |= 1 << n;
        let sleeping = &mut self.shared.uncore.system.sleeping;
        *sleeping = *sleeping & !(1 << n) | u32::from(core.cpu.asleep()) << n;
        if self.shared.stop {
            self.shared.stop = false;
            let at = self.cores[n].cpu.cycles();
            self.propagate(at);
        }
    }

    /// Finds the cores that need not be executed now, and until when.
    fn find_lagging(&mut self) {
        let mut candidates = std::mem::take(&mut self.candidates);
        if self.executes_everything {
            return;
        }
        let held = self.shared.router.is_held();
        while candidates != 0 {
            let n = candidates.trailing_zeros() as usize;
            candidates &= candidates - 1;
            let core = &mut self.cores[n];
            if self.attention.of(n) == NEVER || core.local.interrupted() {
                continue;
            }
            self.until[n] = if !core.cpu.asleep() {
                let quiet = core.cpu.cycles().saturating_add(core.cpu.quiet_cycles());
                quiet.min(core.local.next_event)
            } else if !held && core.will_repeat(&mut self.shared) {
                NEVER
            } else {
                continue;
            };
            self.lagging |= u32::from(self.until[n] > self.attention.of(n)) << n;
        }
    }

    /// Brings the cores that were not executed to cycle `to`, the end of a window.
    fn catch_up(&mut self, to: u64) {
        self.candidates |= self.lagging;
        let mut lagging = std::mem::take(&mut self.lagging);
        (self.shared.window_start, self.shared.window_end) = (to.saturating_sub(Timing::WINDOW), to);
        while lagging != 0 {
            let n = lagging.trailing_zeros() as usize;
            lagging &= lagging - 1;
            if self.cores[n].cpu.asleep() {
                self.cores[n].skip(to);
                self.attention.set(n, self.cores[n].local.next_event);
            }
            self.run_core(n);
        }
    }

    /// Brings everything to cycle `now`, the end of a window, for somebody who wants to see the chip's state.
    pub(crate) fn bring_up_to_date(&mut self, now: u64) {
        if self.lagging != 0 {
            self.catch_up(now);
            self.find_lagging();
            // A neighbour's credit may have said something earlier.
            self.next = self.next.min(self.next_event()).max(now);
        }
    }

    /// Executes everything from now on, in its window, or does so no longer. The chip has been brought up to date.
    pub(crate) fn execute_everything(&mut self, everything: bool) {
        self.executes_everything = everything;
        self.disturb();
    }

    /// Somebody outside has changed, or is about to change, what the cores' future depends on: nothing that was known of it
    /// holds any more. The chip has been brought up to date.
    pub(crate) fn disturb(&mut self) {
        for core in &mut self.cores {
            core.routine.forget();
        }
        self.lagging = 0;
        self.next = self.next.min(self.next_event());
    }

    fn next_event(&self) -> u64 {
        let core = |(n, at): (usize, u64)| {
            if self.lagging >> n & 1 != 0 {
                self.until[n]
            } else {
                at
            }
        };
        self.attention
            .iter()
            .map(core)
            .min()
            .unwrap_or(NEVER)
            .min(self.next_outside_cores())
    }

    /// When anything here next happens that is not a core's.
    fn next_outside_cores(&self) -> u64 {
        let uncore = &self.shared.uncore;
        self.shared
            .router
            .next_event()
            .min(uncore.ethernet.next_event())
            .min(uncore.watchdog.next_event())
            .min(uncore.system.pulse_end())
    }

    /// Tells the cores of changes outside them: interrupt lines, resets, stopped clocks.
    fn propagate(&mut self, at: u64) {
        let lines = self.shared.common_lines();
        let system = &mut self.shared.uncore.system;
        if lines == self.shared.lines && !system.touched {
            return;
        }
        self.shared.lines = lines;
        system.touched = false;
        let (held, disabled) = (system.held(at), system.cpu_disable);
        let ram = system.boot_area_is_ram();
        for (n, core) in self.cores.iter_mut().enumerate() {
            let was_running = core.runs();
            let hold = held >> n & 1 != 0;
            core.disabled = disabled >> n & 1 != 0;
            if core.held && !hold {
                core.start(at, ram, &self.shared.uncore.timing);
            }
            core.held = hold;
            if hold || core.disabled {
                self.shared.uncore.system.sleeping &= !(1 << n);
            }
            let outer = self.shared.lines_of(n as u8);
            if core.local.outer_lines != outer {
                core.routine.lines_changed(core.local.outer_lines ^ outer);
                core.local.outer_lines = outer;
                core.local.refresh();
            }
            if !core.runs() {
                core.routine.forget();
                self.attention.set(n, NEVER);
                continue;
            }
            let woken = core.cpu.asleep() && core.local.interrupted();
            if woken || !was_running {
                core.cpu.set_cycles(core.cpu.cycles().max(at));
                self.attention.set(n, core.cpu.cycles());
            }
        }
    }

    /// Lets the router move packets up to cycle `end`.
    fn route(&mut self, start: u64, end: u64) {
        let Shared { router, uncore, .. } = &mut self.shared;
        let senders = router
            .injected
            .iter()
            .fold(0u32, |set, injected| set | 1 << injected.core);
        let timing = uncore.timing.clone();
        let links_disabled = uncore.system.links_disabled();
        let mut ports = ChipPorts {
            cores: &mut self.cores,
            links: &mut self.links,
            outbox: &mut self.outbox,
            uncore,
            rom: &mut self.rom,
            timing: &timing,
            links_disabled,
            delivered: 0,
            boots: None,
        };
        router.process(start, end, &timing, &mut ports);
        let (delivered, boots) = (ports.delivered, ports.boots);
        if let Some((image, at)) = boots {
            self.boot(&image, at);
        }
        let mut concerned = senders | delivered;
        while concerned != 0 {
            let n = concerned.trailing_zeros() as usize;
            concerned &= concerned - 1;
            let core = &mut self.cores[n];
            if senders & 1 << n != 0 {
                let left = self
                    .shared
                    .router
                    .injected
                    .iter()
                    .any(|injected| usize::from(injected.core) == n);
                core.local.communications.allowance = if left { 0 } else { timing.inject_depth };
            }
            core.local.refresh();
            if core.runs() && core.cpu.asleep() {
                let at = core.local.next_event.max(core.cpu.cycles());
                self.attention.set(n, at.min(self.attention.of(n)));
            }
        }
    }

    /// Has a core that sleeps outside the boot ROM looked at in the next window.
    #[cfg(test)]
    pub(crate) fn attend(&mut self, core: usize, at: u64) {
        self.cores[core].in_rom = false;
        self.cores[core].cpu.set_cycles(at);
        self.attention.set(core, at);
        self.next = self.next.min(at);
    }

    /// Everything reported so far.
    pub(crate) fn reports(&self) -> &[Report] {
        self.shared.uncore.diagnostics.reports()
    }

    /// Instructions executed by all cores.
    pub(crate) fn instructions(&self) -> u64 {
        self.cores.iter().map(|core| core.cpu.instructions()).sum()
    }
}

/// What the router of a chip sees of the rest of it.
struct ChipPorts<'a> {
    cores: &'a mut [Core],
    links: &'a mut [LinkOut; LINKS],
    outbox: &'a mut Vec<Outgoing>,
    uncore: &'a mut Uncore,
    rom: &'a mut BootRom,
    timing: &'a Timing,
    links_disabled: u8,
    /// Cores that were given a packet.
    delivered: u32,
    boots: Option<(Image, u64)>,
}

impl Ports for ChipPorts<'_> {
    fn core_ready(&mut self, core: u8, at: u64) -> Option<u64> {
        let core = self.cores.get(usize::from(core))?;
        if core.in_rom {
            return Some(at);
        }
        let depth = usize::from(self.timing.core_depth);
        let communications = &core.local.communications;
        match communications.waiting() {
            waiting if waiting >= depth => None,
            waiting if waiting + 1 == depth => Some(at.max(communications.popped_at)),
            _ => Some(at),
        }
    }

    fn core_deliver(&mut self, core: u8, at: u64, route: u8, packet: Packet) {
        let Some(target) = self.cores.get_mut(usize::from(core)) else {
            return;
        };
        if !target.in_rom {
            target.routine.forget();
            target.local.communications.deliver(at, route, packet);
            self.delivered |= 1 << core;
        } else if target.working
            && packet.kind() == Kind::NearestNeighbour
            && let Some(image) = self.rom.packet(&packet)
        {
            self.boots = Some((image, at));
        }
    }

    fn link_ready(&mut self, link: u8, at: u64) -> Option<u64> {
        let out = &self.links[usize::from(link)];
        if !out.connected || out.credits == 0 || self.links_disabled & 1 << link != 0 {
            return None;
        }
        // One packet may wait behind the one on the wire.
        Some(at.max(out.busy_until.saturating_sub(u64::from(self.timing.link_long))))
    }

    fn link_send(&mut self, link: u8, at: u64, packet: Packet) {
        let out = &mut self.links[usize::from(link)];
        out.credits = out.credits.saturating_sub(1);
        out.busy_until = at.max(out.busy_until) + self.timing.link_cycles(packet.has_payload());
        let at = out.busy_until + u64::from(self.timing.hop) + out.extra;
        self.outbox.push(Outgoing { link, at, packet });
    }

    fn neighbour_access(&mut self, address: u32, value: Option<u32>, at: u64) -> Option<u32> {
        self.uncore.neighbour_access(address, value, at)
    }
}
