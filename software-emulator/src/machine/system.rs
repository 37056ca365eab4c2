//! The machine without sockets: step it, hand it datagrams, take datagrams from it.

mod halting;

use self::halting::Halting;
pub use self::halting::{Cause, Halt};
use super::calendar::{self, Calendar};
use super::pool::{Agenda, Pool, Slot};
use crate::EmulatorError;
use crate::arm::{CodeCache, Width};
use crate::chip::{Chip, ChipOptions, Outgoing};
use crate::diagnostics::{Access, Report};
use crate::gateway::{Gateway, Received};
use crate::router::Damage;
use crate::state::{Difference, Place, StateHash};
use crate::timing::Timing;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, MutexGuard};
use taproot_spinnaker_chip::memory_map::{DTCM_BASE, DTCM_SIZE, ITCM_SIZE, SDRAM_BASE, SYSTEM_RAM_BASE};
use taproot_spinnaker_chip::system_ram::BOOT_PORT;
use taproot_spinnaker_chip::{ChipXy, CoreSet, Link, Machine};
use xxhash_rust::xxh3::Xxh3;

const WINDOW: u64 = Timing::WINDOW;
/// Windows of one chip in a step, at most: a step is short, so that what comes from outside need not wait.
const MOST_ALONE: u64 = 256;

/// A datagram from or to a host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Datagram {
    /// Which board, by its place in [`System::ethernet_chips`].
    pub board: usize,
    /// Port on the board.
    pub port: u16,
    /// The host's address and port.
    pub host: SocketAddrV4,
    /// What it carries.
    pub data: Vec<u8>,
}

/// What the machine has done so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Emulated processor cycles of 5 ns since power-on.
    pub cycles: u64,
    /// Instructions of all cores.
    pub instructions: u64,
    /// Packets that crossed a link between two chips.
    pub link_packets: u64,
    /// Bytes of SDRAM that hold something.
    pub sdram_bytes: usize,
    /// What the firmware touched and the emulator does not model, by chip.
    pub reports: Vec<Report>,
}

/// A machine that advances when it is told to.
///
/// Its state after any step is a function of the machine, the addresses and the datagrams with their cycles: the
/// number of threads and the sizes of the steps do not matter.
pub struct System {
    slots: Arc<Vec<Slot>>,
    agenda: Arc<Agenda>,
    /// The same by windows.
    calendar: Calendar,
    pool: Pool,
    /// For each chip and link, the chip and link at the other end.
    neighbours: Vec<[Option<(u32, u8)>; 6]>,
    positions: Vec<ChipXy>,
    working: Vec<CoreSet>,
    boards: Vec<Board>,
    now: u64,
    windows: u64,
    link_packets: u64,
    /// Scratch lists, kept for their memory.
    active: Vec<u32>,
    mail: Vec<Outgoing>,
    received: Vec<Datagram>,
    executes_everything: bool,
    /// There while somebody debugs the machine.
    halting: Option<Box<Halting>>,
}

struct Board {
    xy: ChipXy,
    chip: u32,
    gateway: Gateway,
}

impl System {
    /// The machine, switched on and waiting for an image; `addresses` are those of its Ethernet chips, ordered by x, then
    /// y. `threads` may run it, at least one.
    ///
    /// # Errors
    /// [`EmulatorError::Machine`] if the description does not hold together, [`EmulatorError::Addresses`] if there are
    /// not as many addresses as Ethernet chips.
    pub fn new(machine: &Machine, addresses: &[Ipv4Addr], threads: usize) -> Result<Self, EmulatorError> {
        Self::with_timing(machine, addresses, threads, &Timing::STOCK)
    }

    /// The same with other timing parameters.
    ///
    /// # Errors
    /// As [`System::new`].
    pub fn with_timing(
        machine: &Machine,
        addresses: &[Ipv4Addr],
        threads: usize,
        timing: &Timing,
    ) -> Result<Self, EmulatorError> {
        machine.check()?;
        let ethernets: Vec<ChipXy> = machine.ethernet_chips().collect();
        if ethernets.len() != addresses.len() {
            return Err(EmulatorError::Addresses {
                chips: ethernets.len(),
                addresses: addresses.len(),
            });
        }
        let positions: Vec<ChipXy> = machine.chips().map(|(xy, _)| xy).collect();
        let index = |xy: ChipXy| positions.binary_search(&xy).ok().map(|n| n as u32);
        // All chips run the same few programs.
        let code = CodeCache::default();
        let spin3 = machine.width() == 2 && machine.height() == 2;
        let mut chips = Vec::with_capacity(positions.len());
        let mut neighbours = Vec::with_capacity(positions.len());
        for (xy, chip) in machine.chips() {
            let ends = Link::ALL.map(|link| {
                machine
                    .neighbour(xy, link)
                    .and_then(|other| Some((index(other)?, link.opposite().number())))
            });
            let extra = Link::ALL.map(|link| {
                let other = machine.chip(machine.neighbour(xy, link)?)?;
                Some(if other.ethernet == chip.ethernet {
                    0
                } else {
                    u64::from(timing.board_crossing)
                })
            });
            let parameters = ethernets
                .iter()
                .position(|ethernet| *ethernet == xy)
                .map(|n| parameter_block(n, addresses[n], if spin3 { 3 } else { 5 }));
            neighbours.push(ends);
            chips.push(Chip::new(
                &ChipOptions {
                    xy,
                    working: chip.cores,
                    links: extra,
                    parameters,
                },
                timing,
                &code,
            ));
        }
        let boards = ethernets
            .iter()
            .zip(addresses)
            .enumerate()
            .filter_map(|(n, (xy, address))| {
                let gateway = Gateway::new(*address, mac_address(n));
                Some(Board {
                    xy: *xy,
                    chip: index(*xy)?,
                    gateway,
                })
            })
            .collect();
        let (slots, agenda) = Slot::all(chips);
        let slots = Arc::new(slots);
        Ok(Self {
            pool: Pool::new(Arc::clone(&slots), threads),
            slots,
            agenda,
            calendar: Calendar::new(positions.len()),
            neighbours,
            positions,
            working: machine.chips().map(|(_, chip)| chip.cores).collect(),
            boards,
            now: 0,
            windows: 0,
            link_packets: 0,
            active: Vec::new(),
            mail: Vec::new(),
            received: Vec::new(),
            executes_everything: false,
            halting: None,
        })
    }

    /// Emulated time in processor cycles of 5 ns.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// All chips, by x, then y.
    pub fn chips(&self) -> impl Iterator<Item = ChipXy> {
        self.positions.iter().copied()
    }

    /// All working cores, by chip and physical number.
    pub fn cores(&self) -> impl Iterator<Item = (ChipXy, u8)> {
        let chips = self.positions.iter().zip(&self.working);
        chips.flat_map(|(xy, cores)| cores.iter().map(|core| (*xy, core)))
    }

    /// Whether cores run by the plain interpreter alone instead of by the fast paths built on it: slower, and the same to
    /// the cycle. It may change between any two steps.
    pub fn execute_plainly(&mut self, plain: bool) {
        if plain {
            self.execute_everything();
        }
        for slot in self.slots.iter() {
            slot.lock().shared.plain = plain;
        }
    }

    /// The chips with an Ethernet connection, one for each board.
    pub fn ethernet_chips(&self) -> impl Iterator<Item = ChipXy> {
        self.boards.iter().map(|board| board.xy)
    }

    /// Hands a datagram to its board now. False: it was lost, because the board does not exist, is not ready to
    /// receive, or has too much waiting, or the machine [stands within a window](System::stands_within_window).
    pub fn send(&mut self, datagram: &Datagram) -> bool {
        if self.stands_within_window() {
            return false;
        }
        let Some(board) = self.boards.get_mut(datagram.board) else {
            return false;
        };
        let slot = &self.slots[board.chip as usize];
        let mut chip = slot.lock();
        let taken = if chip.waits_for_boot() {
            if datagram.port == BOOT_PORT {
                chip.boot_datagram(&datagram.data, self.now);
            }
            datagram.port == BOOT_PORT
        } else {
            match board.gateway.frame(datagram.host, datagram.port, &datagram.data) {
                Some(frame) => chip.frame(frame, self.now),
                None => false,
            }
        };
        slot.disturb(chip.next);
        taken
    }

    /// Executes everything from now on, also the wake-ups of cores that are known to repeat. It is slower, and makes no other
    /// difference: this is what tests compare with.
    pub fn execute_everything(&mut self) {
        self.executes_everything = true;
        for slot in self.slots.iter() {
            let mut chip = slot.up_to_date(self.now);
            chip.execute_everything(true);
            slot.disturb(chip.next);
        }
    }

    /// Synchronisation windows that were executed so far, idle ones not counted. Unlike everything else it depends on how
    /// often somebody looked at the machine, and on [`System::execute_everything`].
    pub fn windows(&self) -> u64 {
        self.windows
    }

    /// Datagrams that the boards have sent since this was last asked.
    pub fn take_received(&mut self) -> Vec<Datagram> {
        std::mem::take(&mut self.received)
    }

    /// Whether [`System::take_received`] would return anything.
    pub fn has_received(&self) -> bool {
        !self.received.is_empty()
    }

    /// The cycle in which anything next happens, at least the present one; none if nothing ever will without a datagram.
    pub fn next_event(&self) -> Option<u64> {
        let next = self.earliest();
        (next != u64::MAX).then_some(next.max(self.now))
    }

    /// When the first chip is to run.
    fn earliest(&self) -> u64 {
        self.agenda.iter().min().unwrap_or(u64::MAX)
    }

    /// Advances to the first window boundary at or after `until`, or until the machine [halts](System::halted).
    pub fn run_until(&mut self, until: u64) {
        while self.now < until && self.halted().is_none() {
            self.step(until);
        }
    }

    /// Executes the next window in which anything happens, and those after it in which it happens on the same chip alone; or
    /// skips to the first window boundary at or after `until` if that comes first.
    pub fn step(&mut self, until: u64) {
        let until = until.min(u64::MAX - WINDOW).next_multiple_of(WINDOW);
        if self.halting.is_some() {
            return self.step_watched(until);
        }
        if self.agenda.take_disturbed() {
            for n in 0..self.slots.len() {
                self.calendar.set(n, window_of(self.agenda.next(n), self.now));
            }
        }
        let first = self.calendar.first().map(|window| window.saturating_mul(WINDOW));
        let Some(start) = first
            .map(|start| start.max(self.now))
            .filter(|start| *start < until)
        else {
            self.now = self.now.max(until);
            return;
        };
        self.active.clear();
        let others = self.calendar.open(start / WINDOW, &mut self.active);
        // Nobody else has anything to do before this.
        let others = others.saturating_mul(WINDOW).min(until);
        let end = match self.active[..] {
            [alone] if start + WINDOW < others => {
                let limit = others.min(start + WINDOW * MOST_ALONE);
                let (end, windows) = self.slots[alone as usize].run_alone(start, limit);
                self.windows += windows;
                end
            }
            _ => {
                let end = start + WINDOW;
                self.pool.run(&self.active, start, end);
                self.windows += 1;
                end
            }
        };
        self.exchange(end);
        self.now = end;
    }

    /// Moves packets and credits between chips, and frames to the gateways.
    fn exchange(&mut self, end: u64) {
        for &n in &self.active {
            self.calendar
                .set(n as usize, window_of(self.agenda.next(n as usize), end));
            let slot = &self.slots[n as usize];
            if !slot.take_mail() {
                continue;
            }
            let taken = {
                let mut chip = slot.lock();
                self.mail.append(&mut chip.outbox);
                std::mem::take(&mut chip.shared.router.taken)
            };
            let ends = &self.neighbours[n as usize];
            self.link_packets += self.mail.len() as u64;
            for outgoing in self.mail.drain(..) {
                if let Some((other, link)) = ends[usize::from(outgoing.link)] {
                    let slot = &self.slots[other as usize];
                    let mut chip = slot.lock();
                    chip.arrive(link, outgoing.at, outgoing.packet);
                    slot.set_next(chip.next);
                    self.calendar.set(other as usize, window_of(chip.next, end));
                }
            }
            for (link, packets) in taken.into_iter().enumerate() {
                if packets > 0
                    && let Some((other, back)) = ends[link]
                {
                    let slot = &self.slots[other as usize];
                    let mut chip = slot.lock();
                    chip.credit(back, packets, end);
                    slot.set_next(chip.next);
                    self.calendar.set(other as usize, window_of(chip.next, end));
                }
            }
        }
        for (n, board) in self.boards.iter_mut().enumerate() {
            let slot = &self.slots[board.chip as usize];
            if !slot.take_frames() {
                continue;
            }
            let mut chip = slot.lock();
            for (_, frame) in std::mem::take(&mut chip.shared.uncore.ethernet.sent) {
                match board.gateway.receive(&frame) {
                    Received::Nothing => {}
                    Received::Datagram { port, host, data } => {
                        self.received.push(Datagram {
                            board: n,
                            port,
                            host,
                            data,
                        });
                    }
                    Received::Answer(frame) => {
                        chip.frame(frame, end);
                    }
                }
            }
            slot.set_next(chip.next);
            self.calendar.set(board.chip as usize, window_of(chip.next, end));
        }
    }

    /// Figures for reports; takes longer than a step.
    pub fn statistics(&self) -> Statistics {
        let mut statistics = Statistics {
            cycles: self.now,
            instructions: 0,
            link_packets: self.link_packets,
            sdram_bytes: 0,
            reports: Vec::new(),
        };
        for slot in self.slots.iter() {
            let chip = slot.up_to_date(self.now);
            statistics.instructions += chip.instructions();
            statistics.sdram_bytes += chip.shared.uncore.sdram.allocated();
            statistics.reports.extend_from_slice(chip.reports());
        }
        statistics
    }

    /// A number that differs, but for accidents, whenever two machines' times, memories, registers or packets differ. It
    /// is the same on every host and for every version of the compiler.
    pub fn state_hash(&self) -> u64 {
        self.state_hashes().machine
    }

    /// The same for the machine and for each of its chips. Memory is looked at again only where it may have changed since
    /// this was last asked.
    pub fn state_hashes(&self) -> StateHash {
        let chips: Vec<u64> = self
            .slots
            .iter()
            .map(|slot| slot.up_to_date(self.now).digest())
            .collect();
        let mut hasher = Xxh3::new();
        hasher.update(&self.now.to_le_bytes());
        for board in &self.boards {
            hasher.update(&board.gateway.sent().to_le_bytes());
        }
        for chip in &chips {
            hasher.update(&chip.to_le_bytes());
        }
        StateHash {
            cycle: self.now,
            machine: hasher.digest(),
            chips,
        }
    }

    /// Where this machine and another of the same description differ: chip by chip in the order of [`System::chips`], core
    /// by core, registers first, up to `most` places. Of each memory the lowest address is named.
    pub fn differences(&self, other: &System, most: usize) -> Vec<Difference> {
        if std::ptr::eq(self, other) {
            return Vec::new();
        }
        let general = |name: &str, first: u64, second: u64| {
            (first != second).then(|| Difference {
                chip: None,
                core: None,
                place: Place::Device(name.to_owned()),
                first: first.to_string(),
                second: second.to_string(),
            })
        };
        let mut found: Vec<Difference> = general("time in cycles", self.now, other.now)
            .into_iter()
            .collect();
        found.extend(general(
            "number of chips",
            self.slots.len() as u64,
            other.slots.len() as u64,
        ));
        for (n, (a, b)) in self.boards.iter().zip(&other.boards).enumerate() {
            found.extend(general(
                &format!("datagrams to board {n}"),
                a.gateway.sent().into(),
                b.gateway.sent().into(),
            ));
        }
        for (a, b) in self.slots.iter().zip(other.slots.iter()) {
            if found.len() >= most {
                break;
            }
            found.extend(a.up_to_date(self.now).differences(&b.up_to_date(other.now)));
        }
        found.truncate(most);
        found
    }

    /// The first place in which this machine and another of the same description differ; none if they are the same.
    pub fn first_difference(&self, other: &System) -> Option<Difference> {
        self.differences(other, 1).pop()
    }

    /// Damages the next packet that arrives at a chip by a link, as a bad wire would. False if there is no such chip.
    pub fn damage_next(&mut self, xy: ChipXy, link: Link, damage: Damage) -> bool {
        let Ok(index) = self.positions.binary_search(&xy) else {
            return false;
        };
        let mut chip = self.slots[index].lock();
        chip.shared.router.damage[usize::from(link.number())] = Some(damage);
        true
    }

    /// Reads memory without anything noticing: SDRAM and System RAM of the chip, or the TCMs of a physical core.
    /// False, with nothing read, if there is no such chip, core or memory.
    pub fn inspect(&self, xy: ChipXy, core: Option<u8>, address: u32, out: &mut [u8]) -> bool {
        let Ok(index) = self.positions.binary_search(&xy) else {
            return false;
        };
        let chip = self.slots[index].up_to_date(self.now);
        match (core, address) {
            (Some(core), 0..ITCM_SIZE) | (Some(core), DTCM_BASE..0x0041_0000) => {
                const _: () = assert!(
                    DTCM_BASE + DTCM_SIZE == 0x0041_0000,
                    "the range above is the DTCM"
                );
                chip.cores
                    .get(usize::from(core))
                    .is_some_and(|core| core.cpu.tcm_read(address, out))
            }
            (_, SDRAM_BASE..0x8000_0000) => {
                chip.shared.uncore.sdram.copy_out(address, out);
                true
            }
            (_, SYSTEM_RAM_BASE..0xe600_0000 | 0xf500_0000..0xf600_0000) => {
                chip.shared.uncore.ram.copy_out(address, out);
                true
            }
            _ => false,
        }
    }

    /// Writes as a debugger does: SDRAM and System RAM of the chip, the TCMs of a physical core, or one word of a register
    /// that the cores of the chip share. False if nothing is there.
    pub fn patch(&mut self, xy: ChipXy, core: Option<u8>, address: u32, data: &[u8]) -> bool {
        let at = self.now;
        let Some(mut chip) = self.disturbed(xy) else {
            return false;
        };
        match (core, address) {
            (Some(core), 0..ITCM_SIZE) | (Some(core), DTCM_BASE..0x0041_0000) => chip
                .cores
                .get_mut(usize::from(core))
                .is_some_and(|core| core.cpu.tcm_write(address, data)),
            (_, SDRAM_BASE..0x8000_0000) => {
                chip.shared.uncore.sdram.copy_in(address, data);
                true
            }
            (_, SYSTEM_RAM_BASE..0xe600_0000 | 0xf500_0000..0xf600_0000) => {
                chip.shared.uncore.ram.copy_in(address, data);
                true
            }
            (_, 0xe000_0000..0xe700_0000 | 0xf000_0000..0xf700_0000) => {
                let access = Access { at, pc: 0, core: 255 };
                <[u8; 4]>::try_from(data).is_ok_and(|word| {
                    let value = u32::from_le_bytes(word);
                    address.is_multiple_of(4) && chip.shared.store(address, Width::Word, value, access)
                })
            }
            _ => false,
        }
    }

    /// Sets a register of a physical core as a debugger does: 0 to 14, or 15 for the address of the next instruction. False
    /// if there is no such core.
    pub fn set_register(&mut self, xy: ChipXy, core: u8, register: usize, value: u32) -> bool {
        let Some(mut chip) = self.disturbed(xy) else {
            return false;
        };
        let core = chip.cores.get_mut(usize::from(core));
        core.is_some_and(|core| {
            core.cpu.set_register(register, value);
            true
        })
    }

    /// A chip as it is now.
    pub(crate) fn chip(&self, xy: ChipXy) -> Option<MutexGuard<'_, Chip>> {
        let index = self.positions.binary_search(&xy).ok()?;
        Some(self.slots[index].up_to_date(self.now))
    }

    /// The same for somebody who changes something there.
    pub(crate) fn disturbed(&mut self, xy: ChipXy) -> Option<MutexGuard<'_, Chip>> {
        let index = self.positions.binary_search(&xy).ok()?;
        let mut chip = self.slots[index].up_to_date(self.now);
        chip.disturb();
        self.slots[index].disturb(chip.next);
        Some(chip)
    }

    /// Program counter and status register of a physical core, for debugging; none if there is no such core.
    pub fn core_state(&self, xy: ChipXy, core: u8) -> Option<CoreState> {
        let index = self.positions.binary_search(&xy).ok()?;
        let chip = self.slots[index].up_to_date(self.now);
        let core = chip.cores.get(usize::from(core))?;
        Some(CoreState {
            running: core.runs(),
            asleep: core.cpu.asleep(),
            pc: core.cpu.register(15),
            cpsr: core.cpu.cpsr(),
            instructions: core.cpu.instructions(),
        })
    }
}

#[cfg(test)]
impl System {
    /// Lets a test do something to a chip between two windows.
    pub(crate) fn with_chip<R>(&mut self, xy: ChipXy, act: impl FnOnce(&mut Chip, u64) -> R) -> R {
        let index = self.positions.binary_search(&xy).expect("the chip exists");
        let slot = &self.slots[index];
        let mut chip = slot.lock();
        let result = act(&mut chip, self.now);
        slot.disturb(chip.next);
        result
    }
}

/// The window in which something is to be done that is due in cycle `next`, or now.
fn window_of(next: u64, now: u64) -> u64 {
    if next == u64::MAX {
        calendar::NEVER
    } else {
        next.max(now) / WINDOW
    }
}

/// A core in few words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreState {
    /// It executes instructions, or would if it were awake: not dead, reset, stopped or waiting in the boot ROM.
    pub running: bool,
    /// It waits for an interrupt.
    pub asleep: bool,
    /// The address of its next instruction.
    pub pc: u32,
    /// Its current program status register.
    pub cpsr: u32,
    /// Instructions it has executed.
    pub instructions: u64,
}

/// The MAC address of a board: locally administered.
fn mac_address(board: usize) -> [u8; 6] {
    let [high, low] = (board as u16).to_be_bytes();
    [0x02, 0x54, 0x50, 0x00, high, low]
}

/// The serial ROM's parameter block (AN6): present, hardware version, Ethernet.
fn parameter_block(board: usize, address: Ipv4Addr, version: u8) -> [u8; 32] {
    let mut block = [0; 32];
    block[..2].copy_from_slice(&(0x8001 | u16::from(version) << 4).to_le_bytes());
    block[2..8].copy_from_slice(&mac_address(board));
    block[8..12].copy_from_slice(&address.octets());
    // The gateway is the host's end of the cable; everything is on the same network.
    block[12..16].copy_from_slice(&[127, 0, 0, 1]);
    block[16..20].copy_from_slice(&[255, 0, 0, 0]);
    block[20..22].copy_from_slice(&17893u16.to_le_bytes());
    block
}
