//! The communications controller of one core: one packet out, one packet in.
//!
//! | offset | name | access | reset | effect |
//! |---|---|---|---|---|
//! | 0x00 | TCR | rw | 0x90000000 | 31 Tx empty, 30 Tx full (sticky, write 0 clears), 29 overrun (sticky), 28 Tx not full, 23:16 control byte |
//! | 0x04 | TXDATA | w | - | payload of the next packet |
//! | 0x08 | TXKEY | w | - | sends |
//! | 0x0c | RSR | rw | 0 | 31 received, 30 parity, 29 framing, 28 received whole, 26:24 route, 23:16 control, 3 FR, 2 NN, 1 P2P, 0 MC |
//! | 0x10 | RXDATA | r | 0 | payload |
//! | 0x14 | RXKEY | r | 0 | key; reading pops |
//! | 0x18 | SAR | rw | 0x07000000 | 26:24 route stamped on sent packets, 15:0 P2P source |
//! | 0x1c | test | rw | 0 | stored |
//!
//! Source: data sheet 8. The transmit side holds one packet until the router takes it; behind the receive register
//! a few packets wait, and then the router stalls.

use super::vic::source;
use super::{NEVER, NoRegister};
use crate::packet::{Kind, Packet};
use crate::timing::Timing;
use std::collections::VecDeque;

/// Route code of a packet that came from its own chip.
pub(crate) const LOCAL_ROUTE: u8 = 7;

/// A packet on its way from a core to the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Injected {
    pub(crate) at: u64,
    pub(crate) core: u8,
    /// Link number that the packet pretends to come from, or 7.
    pub(crate) route: u8,
    pub(crate) packet: Packet,
}

/// A packet on its way from the router to a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
struct Arrival {
    at: u64,
    route: u8,
    packet: Packet,
}

/// One communications controller.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Communications {
    core: u8,
    control: u8,
    tx_full_seen: bool,
    overrun: bool,
    payload: Option<u32>,
    /// The packet in the transmit register and when it may leave.
    transmit: Option<Injected>,
    /// How many packets the router will still take from this core before it looks at it again.
    pub(crate) allowance: u8,
    arrivals: VecDeque<Arrival>,
    /// Whether the head of `arrivals` has been seen in the receive register.
    received: bool,
    /// When the last packet was popped.
    pub(crate) popped_at: u64,
    source: u32,
    test: u32,
}

impl Communications {
    pub(crate) fn new(core: u8, timing: &Timing) -> Self {
        Self {
            core,
            control: 0,
            tx_full_seen: false,
            overrun: false,
            payload: None,
            transmit: None,
            allowance: timing.inject_depth,
            arrivals: VecDeque::new(),
            received: false,
            popped_at: 0,
            source: 0x0700_0000,
            test: 0,
        }
    }

    /// Puts a packet that the router delivers behind those that wait.
    pub(crate) fn deliver(&mut self, at: u64, route: u8, packet: Packet) {
        self.arrivals.push_back(Arrival { at, route, packet });
    }

    /// Packets between the router and the program.
    pub(crate) fn waiting(&self) -> usize {
        self.arrivals.len()
    }

    /// Whether no packet is on its way in or out.
    pub(crate) fn is_quiet(&self) -> bool {
        self.arrivals.is_empty() && self.transmit.is_none()
    }

    /// Whether a packet waits to leave.
    pub(crate) fn is_sending(&self) -> bool {
        self.transmit.is_some()
    }

    /// Drops what waits, as a reset does.
    pub(crate) fn reset(&mut self, timing: &Timing) {
        *self = Self::new(self.core, timing);
    }

    /// Brings the state to cycle `now`; a packet that leaves goes to `out`. Returns whether anything has changed.
    pub(crate) fn advance(&mut self, now: u64, out: &mut Vec<Injected>) -> bool {
        let mut changed = false;
        if let Some(packet) = self.transmit
            && packet.at <= now
            && self.allowance > 0
        {
            self.allowance -= 1;
            self.transmit = None;
            out.push(packet);
            changed = true;
        }
        if !self.received && self.arrivals.front().is_some_and(|head| head.at <= now) {
            self.received = true;
            changed = true;
        }
        changed
    }

    /// When an interrupt level of this controller next changes by itself, as far as `enabled` sources care.
    pub(crate) fn next_event(&self, enabled: u32) -> u64 {
        const RX: u32 = 1 << source::PACKET_RECEIVED
            | 1 << source::MC_RECEIVED
            | 1 << source::P2P_RECEIVED
            | 1 << source::NN_RECEIVED
            | 1 << source::FR_RECEIVED;
        let mut next = NEVER;
        if enabled & RX != 0
            && !self.received
            && let Some(head) = self.arrivals.front()
        {
            next = head.at;
        }
        // A packet leaves the transmit register whether or not anybody listens for it.
        if let Some(packet) = self.transmit
            && self.allowance > 0
        {
            next = next.min(packet.at);
        }
        next
    }

    /// Levels of the interrupt lines, by source number.
    pub(crate) fn lines(&self) -> u32 {
        let mut lines = if self.transmit.is_some() {
            0
        } else {
            1 << source::TX_EMPTY | 1 << source::TX_NOT_FULL
        };
        if self.tx_full_seen || self.transmit.is_some() {
            lines |= 1 << source::TX_FULL;
        }
        if self.overrun {
            lines |= 1 << source::TX_OVERFLOW;
        }
        if let Some(head) = self.head() {
            lines |= 1 << source::PACKET_RECEIVED | 1 << (source::MC_RECEIVED + head.packet.kind() as u32);
        }
        lines
    }

    fn head(&self) -> Option<&Arrival> {
        if self.received {
            self.arrivals.front()
        } else {
            None
        }
    }

    fn send(&mut self, key: u32, at: u64, timing: &Timing) {
        let payload = self.payload.take();
        if self.transmit.is_some() {
            self.overrun = true;
            return;
        }
        let mut packet = Packet {
            control: self.control & !Packet::PAYLOAD,
            key,
            payload: payload.unwrap_or(0),
        };
        if payload.is_some() {
            packet.control |= Packet::PAYLOAD;
        }
        if packet.kind() == Kind::PointToPoint {
            packet.control = packet.control & !0x30 | (key >> 12 & 0x30) as u8;
            packet.key = key << 16 >> 16 | (self.source & 0xffff) << 16;
        }
        self.transmit = Some(Injected {
            at: at + u64::from(timing.transmit),
            core: self.core,
            route: (self.source >> 24 & 7) as u8,
            packet: packet.with_parity(),
        });
        self.tx_full_seen = true;
    }

    pub(crate) fn read(&mut self, offset: u32, at: u64) -> Result<u32, NoRegister> {
        Ok(match offset {
            0x00 => {
                let busy = self.transmit.is_some();
                let ready = if busy { 0 } else { 0x9000_0000 };
                ready
                    | u32::from(self.tx_full_seen || busy) << 30
                    | u32::from(self.overrun) << 29
                    | u32::from(self.control) << 16
            }
            0x04 | 0x08 => 0,
            0x0c => match self.head() {
                None => 0,
                Some(head) => {
                    0x9000_0000
                        | u32::from(head.route) << 24
                        | u32::from(head.packet.control) << 16
                        | 1 << (head.packet.kind() as u32)
                }
            },
            0x10 => self.head().map_or(0, |head| head.packet.payload),
            0x14 => match self.head().copied() {
                None => 0,
                Some(head) => {
                    self.arrivals.pop_front();
                    self.received = false;
                    self.popped_at = at;
                    if let Some(next) = self.arrivals.front_mut() {
                        next.at = next.at.max(at + 1);
                    }
                    match head.packet.kind() {
                        // The sequence and where it came from; the destination is here anyway.
                        Kind::PointToPoint => {
                            u32::from(head.packet.emergency()) << 16 | head.packet.key >> 16
                        }
                        _ => head.packet.key,
                    }
                }
            },
            0x18 => self.source,
            0x1c => self.test,
            _ => return Err(NoRegister),
        })
    }

    pub(crate) fn write(
        &mut self,
        offset: u32,
        value: u32,
        at: u64,
        timing: &Timing,
    ) -> Result<(), NoRegister> {
        match offset {
            0x00 => {
                self.control = (value >> 16) as u8;
                self.tx_full_seen &= value & 1 << 30 != 0;
                self.overrun &= value & 1 << 29 != 0;
            }
            0x04 => self.payload = Some(value),
            0x08 => self.send(value, at, timing),
            // Parity and framing errors do not happen here, so there is nothing to clear.
            0x0c => {}
            0x18 => self.source = value & 0x0700_ffff,
            0x1c => self.test = value,
            _ => return Err(NoRegister),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Timing = Timing::STOCK;

    fn controller() -> Communications {
        Communications::new(3, &T)
    }

    #[test]
    fn reset_values() {
        let mut cc = controller();
        assert_eq!(cc.read(0x00, 0), Ok(0x9000_0000));
        assert_eq!(cc.read(0x18, 0), Ok(0x0700_0000));
        assert_eq!(cc.read(0x0c, 0), Ok(0));
    }

    #[test]
    fn a_key_sends_and_the_payload_belongs_to_one_packet() {
        let mut cc = controller();
        let mut out = Vec::new();
        cc.write(0x04, 7, 100, &T).unwrap();
        cc.write(0x08, 0x1234, 101, &T).unwrap();
        assert_eq!(cc.read(0x00, 101).unwrap() & 0xf000_0000, 0x4000_0000, "full");
        cc.advance(120, &mut out);
        assert!(out.is_empty());
        cc.advance(121, &mut out);
        assert_eq!(
            (out[0].packet.key, out[0].packet.payload, out[0].route),
            (0x1234, 7, 7)
        );
        assert!(out[0].packet.has_payload());
        cc.write(0x08, 0x5678, 130, &T).unwrap();
        cc.advance(150, &mut out);
        assert!(!out[1].packet.has_payload());
        // Full is sticky; SARK clears it by writing the control byte.
        assert_eq!(cc.read(0x00, 200).unwrap() >> 28, 0xd);
        cc.write(0x00, 0x0080_0000, 200, &T).unwrap();
        assert_eq!(cc.read(0x00, 200), Ok(0x9080_0000));
    }

    #[test]
    fn a_second_key_overruns_and_a_stalled_router_holds_the_register() {
        let mut cc = controller();
        let mut out = Vec::new();
        cc.allowance = 0;
        cc.write(0x08, 1, 0, &T).unwrap();
        cc.advance(1000, &mut out);
        assert!(out.is_empty());
        assert_eq!(cc.next_event(!0), NEVER);
        cc.write(0x08, 2, 1000, &T).unwrap();
        assert_ne!(cc.lines() & 1 << source::TX_OVERFLOW, 0);
        cc.allowance = 1;
        cc.advance(1001, &mut out);
        assert_eq!(out[0].packet.key, 1);
    }

    #[test]
    fn point_to_point_keys_carry_the_source_across() {
        let mut cc = controller();
        let mut out = Vec::new();
        cc.write(0x18, 0x0700_0102, 0, &T).unwrap();
        cc.write(0x00, 0x0040_0000, 0, &T).unwrap();
        cc.write(0x08, 2 << 16 | 0x0304, 0, &T).unwrap();
        cc.advance(20, &mut out);
        let packet = out[0].packet;
        assert_eq!((packet.key & 0xffff, packet.emergency()), (0x0304, 2));
        cc.deliver(30, 2, packet);
        cc.advance(30, &mut out);
        assert_eq!(cc.read(0x0c, 30).unwrap() & 0x0700_000f, 0x0200_0002);
        assert_eq!(cc.read(0x14, 30), Ok(2 << 16 | 0x0102));
    }

    #[test]
    fn reading_the_key_pops_and_the_next_packet_follows() {
        let mut cc = controller();
        let mut out = Vec::new();
        let packet = |key| {
            Packet {
                control: 0,
                key,
                payload: 0,
            }
            .with_parity()
        };
        cc.deliver(10, 7, packet(1));
        cc.deliver(12, 7, packet(2));
        assert_eq!(cc.next_event(1 << source::MC_RECEIVED), 10);
        cc.advance(20, &mut out);
        assert_eq!(cc.lines() >> 24, 1);
        assert_eq!(cc.read(0x14, 20), Ok(1));
        assert_eq!(cc.read(0x0c, 20), Ok(0));
        cc.advance(21, &mut out);
        assert_eq!(cc.read(0x14, 22), Ok(2));
        assert_eq!(cc.waiting(), 0);
    }
}
