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
//! then, if the second wait is not zero, multicast and fixed-route packets try the emergency route; then the packet
//! is dumped whole. Inputs are served in order of arrival time, links before cores.
//!
//! Sources: data sheet 10; application note 7; SpiNNFrontEndCommon, `extra_monitor_support.c` (what reinjection relies
//! on). What is unknown is in `docs/emulator/unknowns.md`.

mod registers;
pub(crate) mod table;
mod wait;

use crate::packet::{Kind, Packet};
use crate::peripheral::NEVER;
use crate::peripheral::communications::{Injected, LOCAL_ROUTE};
use crate::timing::Timing;
use registers::Registers;
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

#[derive(Clone, Copy, serde::Serialize)]
struct Held {
    packet: Packet,
    /// Link it came from, or 7.
    route: u8,
    outputs: Outputs,
    /// Bits 5:4 of the control byte of the copy on each link, for links that carry an emergency copy.
    emergency: [u8; LINKS],
    default_routed: bool,
    /// When it reached the output stage, or began the second wait.
    since: u64,
    second_wait: bool,
}

/// The router of one chip.
#[derive(serde::Serialize)]
pub(crate) struct Router {
    pub(crate) registers: Registers,
    pub(crate) table: Table,
    /// Packets on each link, with the cycle in which they are here.
    inputs: [VecDeque<(u64, Packet)>; LINKS],
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
    pub(crate) fn new() -> Self {
        Self {
            registers: Registers::new(),
            table: Table::new(),
            inputs: Default::default(),
            taken: [0; LINKS],
            injected: Vec::new(),
            held: None,
            free_halves: 0,
            retry_at: NEVER,
        }
    }

    /// A packet that arrives from a neighbour.
    pub(crate) fn arrive(&mut self, link: usize, at: u64, packet: Packet) {
        self.inputs[link].push_back((at, packet));
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
            .map(|(at, _)| *at);
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

    /// Bits 25:24 of the status register: 0 empty, 1 full, 2 first wait, 3 second wait.
    fn output_stage(&self) -> u32 {
        match self.held {
            None => 0,
            Some(Held {
                second_wait: false, ..
            }) => 2,
            Some(_) => 3,
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
                .filter_map(|link| Some((self.inputs[link].front()?.0, link)))
                .min();
            let core = self.injected.get(next_injected).map(|injected| injected.at);
            let (at, packet, route) = match (link, core) {
                (Some((at, link)), core) if core.is_none_or(|core| at <= core) => {
                    let Some((_, packet)) = self.inputs[link].front().copied() else {
                        break;
                    };
                    (at, packet, link as u8)
                }
                (_, Some(at)) => {
                    let injected = self.injected[next_injected];
                    (at, injected.packet, injected.route)
                }
                _ => break,
            };
            let at = at.max(self.free_halves.div_ceil(2)).max(from);
            if at >= until {
                break;
            }
            match (link, core) {
                (Some((arrival, link)), core) if core.is_none_or(|core| arrival <= core) => {
                    self.inputs[link].pop_front();
                    self.taken[link] += 1;
                }
                _ => next_injected += 1,
            }
            self.accept(packet, route, at, timing, ports);
        }
        self.injected.drain(..next_injected);
    }

    fn occupy(&mut self, at: u64, timing: &Timing) {
        self.free_halves = self.free_halves.max(2 * at) + u64::from(timing.router_clock_halves);
    }

    /// Decides where a packet goes and puts it into the output stage.
    fn accept(&mut self, mut packet: Packet, route: u8, at: u64, timing: &Timing, ports: &mut impl Ports) {
        let mut held = Held {
            packet,
            route,
            outputs: 0,
            emergency: [0; LINKS],
            default_routed: false,
            since: at,
            second_wait: false,
        };
        let kind = packet.kind();
        if kind != Kind::NearestNeighbour {
            if route == LOCAL_ROUTE {
                packet.control = packet.control & !0x0c | self.registers.time_phase() << 2;
                packet = packet.with_parity();
                held.packet = packet;
            } else if self.registers.expired(&packet) {
                self.registers.capture_error(&packet, route, 1 << 27);
                self.occupy(at, timing);
                return;
            }
        }
        match kind {
            Kind::Multicast => self.route_multicast(&mut held),
            Kind::PointToPoint => {
                held.outputs = match self.registers.p2p(packet.key & 0xffff) {
                    link @ 0..=5 => 1 << link,
                    6 => 0,
                    _ => self.registers.monitor_output(),
                };
            }
            Kind::FixedRoute => held.outputs = self.registers.fixed_route(),
            Kind::NearestNeighbour => {
                if route == LOCAL_ROUTE {
                    held.outputs = match packet.control >> 2 & 7 {
                        link @ 0..=5 => 1 << link,
                        6 => self.registers.broadcast_links(),
                        _ => self.registers.monitor_output(),
                    };
                } else if packet.control & Packet::PEEK_POKE != 0 {
                    self.registers.count(&packet, route, false, 1 << 18);
                    held.packet = self.answer(&packet, at, ports);
                    held.outputs = 1 << route;
                } else {
                    held.outputs = self.registers.monitor_output();
                }
            }
        }
        if held.outputs == 0 {
            self.registers.capture_dump(&held.packet, route, 0, 0);
            self.registers
                .count(&held.packet, route, held.default_routed, 1 << 16);
            self.occupy(at, timing);
            return;
        }
        self.held = Some(held);
    }

    fn route_multicast(&mut self, held: &mut Held) {
        let (packet, route) = (held.packet, held.route);
        let emergency = packet.emergency();
        if route != LOCAL_ROUTE && (emergency == 1 || emergency == 2) {
            // The detour's second leg: on to the chip that the packet was meant for.
            let link = usize::from((route + 5) % 6);
            held.outputs |= 1 << link;
            held.emergency[link] = 3;
            if emergency == 2 {
                return;
            }
        }
        match self.table.lookup(packet.key) {
            Some((_, outputs)) => held.outputs |= outputs,
            None if route == LOCAL_ROUTE => {}
            None => {
                held.default_routed = true;
                let reverting = emergency == 3;
                match self.registers.diversion(route) {
                    0 => held.outputs |= 1 << ((route + if reverting { 2 } else { 3 }) % 6),
                    2 => {}
                    _ => held.outputs |= self.registers.monitor_output(),
                }
            }
        }
        if emergency == 3 || emergency == 1 {
            held.packet = packet.with_emergency(0);
        }
    }

    /// Does a neighbour's peek or poke and makes the answer.
    fn answer(&mut self, packet: &Packet, at: u64, ports: &mut impl Ports) -> Packet {
        let address = packet.key & !3;
        let value = packet.has_payload().then_some(packet.payload);
        let result = match (address >> 24, value) {
            (0xe1 | 0xf1, None) => Some(self.read(address & 0xff_ffff).unwrap_or(0)),
            (0xe1 | 0xf1, Some(value)) => self.write(address & 0xff_ffff, value).ok().map(|()| 0),
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
        let start = held.since.max(from);
        let mut ready = Some(start);
        let mut blocked = 0;
        let mut rest = held.outputs;
        while rest != 0 {
            let bit = rest.trailing_zeros() as u8;
            rest &= rest - 1;
            let at = if bit < 6 {
                ports.link_ready(bit, start)
            } else {
                ports.core_ready(bit - 6, start)
            };
            if at.is_none_or(|at| at > start) {
                blocked |= 1 << bit;
            }
            ready = ready.zip(at).map(|(a, b)| a.max(b));
        }
        let wait = self.registers.wait(held.second_wait);
        let deadline = wait.map_or(NEVER, |clocks| {
            held.since + clocks * u64::from(timing.router_clock_halves) / 2
        });
        if let Some(at) = ready
            && at <= deadline.max(start)
        {
            if at >= until {
                self.retry_at = at;
                return false;
            }
            self.held = None;
            self.send(&held, at, timing, ports);
            return true;
        }
        if deadline >= until {
            self.retry_at = ready.map_or(deadline, |at| at.min(deadline));
            return false;
        }
        let at = deadline.max(from);
        let cores_blocked = blocked >> 6 != 0;
        let kind = held.packet.kind();
        let detours = matches!(kind, Kind::Multicast | Kind::FixedRoute) && !cores_blocked;
        if !held.second_wait && detours && self.registers.wait(true) != Some(0) {
            for link in 0..LINKS as u8 {
                let detour = usize::from((link + 5) % 6);
                if blocked & 1 << link != 0 && held.emergency[usize::from(link)] == 0 {
                    held.outputs &= !(1 << link);
                    held.emergency[detour] = if held.outputs & 1 << detour != 0 { 1 } else { 2 };
                    held.outputs |= 1 << detour;
                }
            }
            held.second_wait = true;
            held.since = at;
            self.held = Some(held);
            return true;
        }
        self.held = None;
        self.registers
            .capture_dump(&held.packet, held.route, held.outputs, blocked);
        self.registers
            .count(&held.packet, held.route, held.default_routed, 1 << 16);
        self.occupy(at, timing);
        true
    }

    fn send(&mut self, held: &Held, at: u64, timing: &Timing, ports: &mut impl Ports) {
        let mut rest = held.outputs;
        let mut destinations = 0;
        while rest != 0 {
            let bit = rest.trailing_zeros() as u8;
            rest &= rest - 1;
            if bit < 6 {
                let packet = match held.emergency[usize::from(bit)] {
                    0 => held.packet,
                    state => held.packet.with_emergency(state),
                };
                destinations |= 1 << (19 + bit);
                ports.link_send(bit, at, packet);
            } else {
                destinations |= if self.registers.monitor() == bit - 6 {
                    1 << 18
                } else {
                    1 << 17
                };
                ports.core_deliver(bit - 6, at + u64::from(timing.deliver), held.route, held.packet);
            }
        }
        self.registers
            .count(&held.packet, held.route, held.default_routed, destinations);
        self.occupy(at, timing);
    }

    /// Reads the word at an aligned offset.
    pub(crate) fn read(&mut self, offset: u32) -> Result<u32, crate::peripheral::NoRegister> {
        match offset {
            0x4000..=0x4ffc => Ok(self.table.route((offset - 0x4000) as usize / 4)),
            0x04 => {
                let stage = self.output_stage();
                Ok(self.registers.status(stage))
            }
            _ => self.registers.read(offset),
        }
    }

    /// Writes the word at an aligned offset.
    pub(crate) fn write(&mut self, offset: u32, value: u32) -> Result<(), crate::peripheral::NoRegister> {
        match offset {
            0x4000..=0x4ffc => self.table.set_route((offset - 0x4000) as usize / 4, value),
            0x8000..=0x8ffc => self.table.set_key((offset - 0x8000) as usize / 4, value),
            0xc000..=0xcffc => self.table.set_mask((offset - 0xc000) as usize / 4, value),
            _ => return self.registers.write(offset, value),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
