//! A chip: eighteen cores, the shared parts, the router, and the way time passes for them.
//!
//! Time advances in windows of a fixed length ([`Timing::WINDOW`]), the same for all chips. Within a window the cores run
//! one after the other, each to the end of the window, and then the router moves what they sent. Effects of one core
//! on another are therefore seen up to a window (0.4 us) late or early, but always the same way.

pub(crate) mod core;
pub(crate) mod memory;
pub(crate) mod uncore;

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
use core::Core;
use memory::Memory;
use std::hash::{Hash, Hasher};
use taproot_spinnaker_chip::memory_map::{DTCM_BASE, SYSTEM_RAM_SIZE};
use taproot_spinnaker_chip::system_ram::SROM_BLOCK;
use taproot_spinnaker_chip::{CORES_PER_CHIP, ChipXy, CoreSet, SDRAM_BYTES};
use uncore::{Shared, Uncore};

const CORES: usize = CORES_PER_CHIP as usize;

/// Where the boot ROM puts an image before it copies it to address 0.
const IMAGE_SPACE: u32 = DTCM_BASE + 0x8000;
/// Cycles that the ROM takes from the last packet of an image to its first instruction. Inferred: a DMA of 32 KB.
const IMAGE_COPY: u64 = 25_000;

/// Where the watchdog's registers are (data sheet 5.1).
const WATCHDOG: u32 = 0xe300_0000;

/// One end of a link, seen from the sender.
#[derive(Clone, Hash)]
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
    attention: [u64; CORES],
    links: [LinkOut; LINKS],
    /// Packets for the neighbours, since they were collected.
    pub(crate) outbox: Vec<Outgoing>,
    /// When anything here next happens.
    pub(crate) next: u64,
    /// Turns that cores had in the last window.
    pub(crate) turns: u32,
}

impl Chip {
    /// A chip as the boot ROM leaves it: monitor chosen, router and interrupts set up, every core asleep.
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
        let mut router = Router::new();
        // Both waits 108 clocks, interrupts on, routing on (`spinnaker_bootROM: inc/globals.h`).
        let _ = router.write(0, 0x2f2f_0007 | u32::from(monitor) << 8);
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
            },
            rom: BootRom::new(),
            attention: [NEVER; CORES],
            links: options.links.map(link),
            outbox: Vec::new(),
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

    fn boot(&mut self, image: &Image, at: u64) {
        let monitor = self.monitor();
        let Some(core) = self.cores.get_mut(monitor) else {
            return;
        };
        core.cpu.tcm_write(0, &image.bytes);
        core.cpu.tcm_write(IMAGE_SPACE, &image.bytes);
        core.cpu.enter(image.entry);
        core.cpu.wake();
        core.cpu.set_cycles(at + IMAGE_COPY);
        core.in_rom = false;
        self.attention[monitor] = at + IMAGE_COPY;
        self.next = self.next.min(at + IMAGE_COPY);
        tracing::debug!(chip = %self.xy, core = monitor, cycle = at, bytes = image.bytes.len(), "boots");
    }

    /// Runs everything on the chip from cycle `start` to cycle `end`.
    pub(crate) fn run_window(&mut self, start: u64, end: u64) {
        let last = end - 1;
        let uncore = &mut self.shared.uncore;
        if uncore.ethernet.next_event() <= last {
            uncore.ethernet.advance(last);
        }
        if uncore.watchdog.next_event() <= last && uncore.watchdog.advance(last) {
            let access = Access {
                at: last,
                pc: 0,
                core: 255,
            };
            uncore.diagnostics.report(Unmodelled::Watchdog, WATCHDOG, access);
        }
        uncore.system.advance(start);
        self.propagate(start);

        let mut sleeping = self.shared.uncore.system.sleeping;
        self.turns = 0;
        for n in 0..CORES {
            while self.attention[n] < end {
                let core = &mut self.cores[n];
                if !core.runs() {
                    self.attention[n] = NEVER;
                    break;
                }
                self.attention[n] = core.run(end, &mut self.shared);
                self.turns += 1;
                if core.cpu.asleep() {
                    sleeping |= 1 << n;
                } else {
                    sleeping &= !(1 << n);
                }
                self.shared.uncore.system.sleeping = sleeping;
                if self.shared.stop {
                    self.shared.stop = false;
                    let at = self.cores[n].cpu.cycles();
                    self.propagate(at);
                    sleeping = self.shared.uncore.system.sleeping;
                }
            }
        }

        if self.shared.router.next_event() < end || self.shared.router.is_held() {
            self.route(start, end);
            self.propagate(last);
        }
        self.next = self.next_event().max(end);
    }

    fn next_event(&self) -> u64 {
        let uncore = &self.shared.uncore;
        self.attention
            .iter()
            .copied()
            .min()
            .unwrap_or(NEVER)
            .min(self.shared.router.next_event())
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
                core.local.outer_lines = outer;
                core.local.refresh();
            }
            if !core.runs() {
                self.attention[n] = NEVER;
                continue;
            }
            let woken = core.cpu.asleep() && core.local.interrupted();
            if woken || !was_running {
                core.cpu.set_cycles(core.cpu.cycles().max(at));
                self.attention[n] = core.cpu.cycles();
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
                self.attention[n] = self.attention[n].min(core.local.next_event.max(core.cpu.cycles()));
            }
        }
    }

    /// Everything reported so far.
    pub(crate) fn reports(&self) -> &[Report] {
        self.shared.uncore.diagnostics.reports()
    }

    /// Instructions executed by all cores.
    pub(crate) fn instructions(&self) -> u64 {
        self.cores.iter().map(|core| core.cpu.instructions()).sum()
    }

    /// Feeds everything that decides the chip's future to `hasher`.
    pub(crate) fn hash_state(&self, hasher: &mut impl Hasher) {
        let mut tcm = vec![0; 64 * 1024];
        for core in &self.cores {
            core.cpu.state().hash(hasher);
            (core.cpu.cycles(), core.cpu.instructions(), core.cpu.asleep()).hash(hasher);
            (core.working, core.in_rom, core.held, core.disabled).hash(hasher);
            for (base, bytes) in [(0, 32 * 1024), (DTCM_BASE, 64 * 1024)] {
                core.cpu.tcm_read(base, &mut tcm[..bytes]);
                hasher.write(&tcm[..bytes]);
            }
            let local = &core.local;
            (&local.vic, &local.timers, &local.dma, &local.communications).hash(hasher);
            (local.outer_lines, local.next_event).hash(hasher);
        }
        let uncore = &self.shared.uncore;
        for memory in [&uncore.sdram, &uncore.ram] {
            for (address, page) in memory.contents() {
                hasher.write_u32(address);
                hasher.write(page);
            }
        }
        (
            &uncore.system,
            &uncore.watchdog,
            &uncore.memory_controller,
            &uncore.ethernet,
        )
            .hash(hasher);
        uncore.sdram_free.hash(hasher);
        self.shared.router.hash_state(hasher);
        (self.shared.lines, &self.attention, &self.links, self.next).hash(hasher);
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
