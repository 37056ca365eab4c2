//! The router of a chip: where packets go, what happens when they cannot, and its registers ([`registers`]).
//!
//! ```text
//!   six links in ---+                      +--- six links out
//!                   +--> output stage ---->+
//!   18 cores in ----+   (one packet at a   +--- 18 cores
//!                        time; it waits for
//!                        ALL its outputs)
//! ```
//!
//! A packet whose outputs are not all free holds the output stage, and with it everything behind, for the first wait;
//! then, if the second wait is not zero, it is tried for that long with detours around blocked links ([`held`]); then it
//! is dumped whole. Inputs are served in order of arrival time, links before cores. What arrives damaged or two time
//! phases old goes to the error registers instead.
//!
//! Sources: data sheet 8 to 10; SpiNNFrontEndCommon, `extra_monitor_support.c` (what reinjection relies on). What is
//! unknown is in `docs/emulator/unknowns.md`.

mod held;
mod registers;
pub(crate) mod table;
mod timing_counters;
mod wait;

use crate::packet::{Kind, Packet};
use crate::peripheral::communications::{Injected, LOCAL_ROUTE};
use crate::peripheral::{NEVER, NoRegister};
use crate::timing::Timing;
use held::{BOTH, DIVERTED, Held, NORMAL, REVERTING, bits};
use registers::{Fault, Registers};
use std::collections::VecDeque;
use table::Table;

/// Links of a chip.
pub(crate) const LINKS: usize = 6;

/// What the router is connected to.
pub(crate) trait Ports {
    /// The first cycle from `at` on in which a core takes a packet; none if that depends on what it does.
    fn core_ready(&mut self, core: u8, at: u64) -> Option<u64>;
    /// Hands a packet to a core.
    fn core_deliver(&mut self, core: u8, at: u64, route: u8, packet: Packet);
    /// The first cycle from `at` on in which a link takes a packet; none if that depends on the neighbour.
    fn link_ready(&mut self, link: u8, at: u64) -> Option<u64>;
    /// Hands a packet to a link.
    fn link_send(&mut self, link: u8, at: u64, packet: Packet);
    /// A neighbour reads (no value) or writes a word of the System NoC; none is a bus error.
    fn neighbour_access(&mut self, address: u32, value: Option<u32>, at: u64) -> Option<u32>;
}

/// Where a packet goes: bits 0-5 links, 6-23 physical cores, as in a route word.
type Outputs = u32;

/// What a bad wire does to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Damage {
    /// One bit arrives flipped: the parity is wrong.
    Bit,
    /// Symbols get lost or doubled: the packet is too short or too long.
    Length,
}

/// A packet from a neighbour.
#[derive(Clone, Copy, serde::Serialize)]
struct Arrival {
    at: u64,
    packet: Packet,
    /// It has the length that its control byte promises.
    whole: bool,
}

/// The router of one chip.
#[derive(serde::Serialize)]
pub(crate) struct Router {
    pub(crate) registers: Registers,
    pub(crate) table: Table,
    /// Packets on each link.
    inputs: [VecDeque<Arrival>; LINKS],
    /// What happens to the next packet on each link.
    pub(crate) damage: [Option<Damage>; LINKS],
    /// Packets taken from each link since the counts were collected.
    #[serde(skip)]
    pub(crate) taken: [u8; LINKS],
    /// Packets from the chip's own cores, in the order in which the cores ran.
    pub(crate) injected: Vec<Injected>,
    held: Option<Held>,
    /// When the output stage is next free, in half-cycles.
    free_halves: u64,
    retry_at: u64,
}

impl Router {
    pub(crate) fn new(timing: &Timing) -> Self {
        Self {
            registers: Registers::new(timing.router_clock_halves),
            table: Table::new(),
            inputs: Default::default(),
            damage: [None; LINKS],
            taken: [0; LINKS],
            injected: Vec::new(),
            held: None,
            free_halves: 0,
            retry_at: NEVER,
        }
    }

    /// A packet that arrives from a neighbour.
    pub(crate) fn arrive(&mut self, link: usize, at: u64, mut packet: Packet) {
        let damage = self.damage[link].take();
        if damage == Some(Damage::Bit) {
            packet.key ^= 1;
        }
        self.inputs[link].push_back(Arrival {
            at,
            packet,
            whole: damage != Some(Damage::Length),
        });
    }

    /// The earliest cycle at which [`Router::process`] has something to do, if nothing outside changes.
    pub(crate) fn next_event(&self) -> u64 {
        if self.held.is_some() {
            return self.retry_at;
        }
        let links = self
            .inputs
            .iter()
            .filter_map(|queue| queue.front())
            .map(|arrival| arrival.at);
        let cores = self.injected.iter().map(|injected| injected.at);
        links
            .chain(cores)
            .min()
            .map_or(NEVER, |at| at.max(self.free_halves.div_ceil(2)))
    }

    /// Whether a packet waits in the output stage.
    pub(crate) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Bits 25:24 of the status register: 0 empty, 1 full and not blocked, 2 first wait, 3 second wait.
    fn output_stage(&self, at: u64) -> u32 {
        match &self.held {
            None => u32::from(2 * at < self.free_halves),
            Some(held) => 2 + u32::from(held.second_wait),
        }
    }

    /// Moves packets until cycle `until`; nothing earlier than `from` is done now.
    pub(crate) fn process(&mut self, from: u64, until: u64, timing: &Timing, ports: &mut impl Ports) {
        self.injected.sort_by_key(|injected| (injected.at, injected.core));
        let mut next_injected = 0;
        loop {
            if self.held.is_some() {
                if !self.try_held(from, until, timing, ports) {
                    break;
                }
                continue;
            }
            if !self.registers.routing_enabled() {
                break;
            }
            let link = (0..LINKS)
                .filter_map(|link| Some((self.inputs[link].front()?.at, link)))
                .min();
            let core = self.injected.get(next_injected).copied();
            let link = link.filter(|(at, _)| core.is_none_or(|core| *at <= core.at));
            let Some(arrives) = link.map(|(at, _)| at).or(core.map(|core| core.at)) else {
                break;
            };
            let at = arrives.max(self.free_halves.div_ceil(2)).max(from);
            if at >= until {
                break;
            }
            match (link, core) {
                (Some((_, link)), _) => {
                    if let Some(arrival) = self.inputs[link].pop_front() {
                        self.taken[link] += 1;
                        match self.fault(&arrival) {
                            Some(fault) => self.refuse(&arrival.packet, link as u8, fault, at, timing),
                            None => self.accept(arrival.packet, link as u8, at, timing, ports),
                        }
                    }
                }
                (None, Some(core)) => {
                    next_injected += 1;
                    self.accept(core.packet, core.route, at, timing, ports);
                }
                (None, None) => break,
            }
        }
        self.injected.drain(..next_injected);
    }

    fn occupy(&mut self, at: u64, timing: &Timing) {
        self.free_halves = self.free_halves.max(2 * at) + u64::from(timing.router_clock_halves);
    }

    /// What is wrong with a packet from a neighbour.
    fn fault(&self, arrival: &Arrival) -> Option<Fault> {
        if !arrival.whole {
            Some(Fault::Framing)
        } else if !arrival.packet.parity_is_odd() {
            Some(Fault::Parity)
        } else {
            None
        }
    }

    fn refuse(&mut self, packet: &Packet, route: u8, fault: Fault, at: u64, timing: &Timing) {
        self.registers.capture_error(packet, route, fault);
        self.occupy(at, timing);
    }

    /// The end of a wait that begins in cycle `at`.
    fn deadline(&self, second: bool, at: u64) -> u64 {
        self.registers.wait(second).map_or(NEVER, |cycles| at + cycles)
    }

    /// Decides where a packet goes and puts it into the output stage.
    fn accept(&mut self, mut packet: Packet, route: u8, at: u64, timing: &Timing, ports: &mut impl Ports) {
        let kind = packet.kind();
        if kind != Kind::NearestNeighbour {
            if route == LOCAL_ROUTE {
                packet.control = packet.control & !0x0c | self.registers.time_phase() << 2;
                packet = packet.with_parity();
            } else if self.registers.expired(&packet) {
                self.refuse(&packet, route, Fault::TimeStamp, at, timing);
                return;
            }
        }
        let mut held = Held {
            packet,
            arrived_as: match kind {
                Kind::Multicast | Kind::FixedRoute => packet.emergency(),
                Kind::PointToPoint | Kind::NearestNeighbour => 0,
            },
            route,
            outputs: 0,
            reverting: 0,
            default_routed: false,
            since: at,
            wait_began: at,
            deadline: self.deadline(false, at),
            second_wait: false,
            diverting: 0,
        };
        match kind {
            Kind::Multicast | Kind::FixedRoute => self.route_multicast(&mut held),
            Kind::PointToPoint => {
                held.outputs = match self.registers.p2p(packet.key & 0xffff) {
                    link @ 0..=5 => 1 << link,
                    6 => 0,
                    _ => self.registers.monitor_output(),
                };
            }
            Kind::NearestNeighbour => {
                if route == LOCAL_ROUTE {
                    held.outputs = match packet.control >> 2 & 7 {
                        link @ 0..=5 => 1 << link,
                        6 => self.registers.broadcast_links(),
                        _ => self.registers.monitor_output(),
                    };
                } else if packet.control & Packet::PEEK_POKE != 0 {
                    self.registers.count(&held, 1 << 18, &[0; LINKS]);
                    held.packet = self.answer(&packet, at, ports);
                    held.outputs = 1 << route;
                } else {
                    held.outputs = self.registers.monitor_output();
                }
            }
        }
        if held.outputs == 0 {
            self.registers.capture_dump(&held.packet, route, 0, 0);
            self.registers.count(&held, 1 << 16, &[0; LINKS]);
            self.registers.observe(0, true);
            self.occupy(at, timing);
            return;
        }
        self.held = Some(held);
    }

    /// Multicast packets by the table, fixed-route packets by their register; both know detours.
    fn route_multicast(&mut self, held: &mut Held) {
        let (packet, route) = (held.packet, held.route);
        let emergency = packet.emergency();
        if route != LOCAL_ROUTE && matches!(emergency, BOTH | DIVERTED) {
            // The detour's second side: on to the chip that the packet was meant for.
            held.reverting = 1 << ((route + 5) % 6);
            if emergency == DIVERTED {
                held.outputs = held.reverting;
                return;
            }
        }
        let found = match packet.kind() {
            Kind::FixedRoute => Some(self.registers.fixed_route()),
            _ => self.table.lookup(packet.key).map(|(_, outputs)| outputs),
        };
        held.outputs = match found {
            Some(outputs) => outputs,
            None if route == LOCAL_ROUTE => {
                // No link to go straight on from. Hosts find these by the counters of default-routed packets.
                held.default_routed = true;
                0
            }
            None => {
                held.default_routed = true;
                let straight = if emergency == REVERTING { 2 } else { 3 };
                match self.registers.diversion(route) {
                    0 => 1 << ((route + straight) % 6),
                    2 => 0,
                    _ => self.registers.monitor_output(),
                }
            }
        } | held.reverting;
    }

    /// Does a neighbour's peek or poke and makes the answer.
    fn answer(&mut self, packet: &Packet, at: u64, ports: &mut impl Ports) -> Packet {
        let address = packet.key & !3;
        let value = packet.has_payload().then_some(packet.payload);
        let result = match (address >> 24, value) {
            (0xe1 | 0xf1, None) if write_only(address & 0xff_ffff) => None,
            (0xe1 | 0xf1, None) => Some(self.read(address & 0xff_ffff, at).unwrap_or(0)),
            (0xe1 | 0xf1, Some(value)) => self.write(address & 0xff_ffff, value, at).ok().map(|()| 0),
            _ => ports.neighbour_access(address, value, at),
        };
        let mut answer = Packet {
            control: 0x80,
            key: address | 1 | if result.is_none() { 2 } else { 0 },
            payload: 0,
        };
        if value.is_none() {
            answer.control |= Packet::PAYLOAD;
            answer.payload = result.unwrap_or(0);
        }
        answer.with_parity()
    }

    /// Tries to send what the output stage holds. False: it stays there.
    fn try_held(&mut self, from: u64, until: u64, timing: &Timing, ports: &mut impl Ports) -> bool {
        let Some(mut held) = self.held else { return false };
        let start = held.wait_began.max(from);
        let ready = held.ready(start, ports);
        if let Some(at) = ready
            && at <= held.deadline.max(start)
        {
            if at >= until {
                self.retry_at = at;
                return false;
            }
            self.held = None;
            self.send(&held, at, timing, ports);
            return true;
        }
        if held.deadline >= until {
            self.retry_at = held.deadline;
            return false;
        }
        let at = held.deadline.max(from);
        let blocked = held.blocked(at, ports);
        if !held.second_wait && self.registers.wait(true) != Some(0) {
            held.second_wait = true;
            held.wait_began = at;
            held.deadline = self.deadline(true, at);
            held.divert(blocked);
            self.held = Some(held);
            return true;
        }
        self.held = None;
        self.registers
            .capture_dump(&held.packet, held.route, held.outputs, blocked);
        self.registers.count(&held, 1 << 16, &[0; LINKS]);
        self.registers.observe(at - held.since, true);
        self.occupy(at, timing);
        true
    }

    fn send(&mut self, held: &Held, at: u64, timing: &Timing, ports: &mut impl Ports) {
        let (outputs, marks) = held.copies(at, ports);
        let mut destinations = 0;
        for bit in bits(outputs) {
            if usize::from(bit) < LINKS {
                destinations |= 1 << (19 + bit);
                ports.link_send(bit, at, held.marked(marks[usize::from(bit)]));
            } else {
                let core = bit - LINKS as u8;
                destinations |= 1 << if self.registers.monitor() == core { 18 } else { 17 };
                ports.core_deliver(
                    core,
                    at + u64::from(timing.deliver),
                    held.route,
                    held.marked(NORMAL),
                );
            }
        }
        self.registers.count(held, destinations, &marks);
        self.registers.observe(at - held.since, false);
        self.occupy(at, timing);
    }

    /// Reads the word at an aligned offset in cycle `at`.
    pub(crate) fn read(&mut self, offset: u32, at: u64) -> Result<u32, NoRegister> {
        match offset {
            0x4000..=0x4ffc => Ok(self.table.route((offset - 0x4000) as usize / 4)),
            0x04 => Ok(self.registers.status(self.output_stage(at))),
            0xf00 => Ok(match self.table.lookup(self.registers.cam_key()) {
                Some((entry, _)) => u32::from(entry) << 1,
                None => 1,
            }),
            _ => self.registers.read(offset, at),
        }
    }

    /// Writes the word at an aligned offset in cycle `at`.
    pub(crate) fn write(&mut self, offset: u32, value: u32, at: u64) -> Result<(), NoRegister> {
        match offset {
            0x4000..=0x4ffc => self.table.set_route((offset - 0x4000) as usize / 4, value),
            0x8000..=0x8ffc => self.table.set_key((offset - 0x8000) as usize / 4, value),
            0xc000..=0xcffc => self.table.set_mask((offset - 0xc000) as usize / 4, value),
            _ => {
                self.registers.write(offset, value, at)?;
                if offset == 0 && value & registers::RESTART_WAITS != 0 {
                    self.restart_wait(at);
                }
            }
        }
        Ok(())
    }

    /// The packet in the output stage waits anew, for as long as the control register says now.
    fn restart_wait(&mut self, at: u64) {
        let Some(mut held) = self.held else { return };
        held.wait_began = at.max(held.since);
        held.deadline = self.deadline(held.second_wait, held.wait_began);
        self.retry_at = held.wait_began;
        self.held = Some(held);
    }
}

/// Whether reading there is a bus error: keys and masks of the table (data sheet 10.13).
pub(crate) fn write_only(offset: u32) -> bool {
    matches!(offset, 0x8000..=0x8fff | 0xc000..=0xcfff)
}

#[cfg(test)]
mod tests;
