//! The Ethernet controller (MII) and its buffers.
//!
//! | offset | name | access | reset | effect |
//! |---|---|---|---|---|
//! | 0x0000-0x05ff | transmit buffer | rw | 0 | |
//! | 0x4000-0x4bff | receive ring | r | 0 | repeats every 3 KB up to 0x5fff, see below |
//! | 0x8000-0x80bf | receive descriptors | r | 0 | 10:0 length of a frame |
//! | 0xc000 | command | rw | 0x78 | 0 Tx, 1 Rx enable, 3 error filter, 4 unicast, 5 multicast, 6 broadcast, 7 promiscuous, 9 clear drop count, 10 natural byte order |
//! | 0xc004 | status | r | 0 | 31:16 dropped, 7:1 unread frames, 0 transmitting |
//! | 0xc008 | transmit length | rw | 0 | 60 to 1514 |
//! | 0xc00c | transmit | w | - | |
//! | 0xc010 | receive command | w | - | discards the current frame |
//! | 0xc014, 0xc018 | MAC low, high | rw | 0 | |
//! | 0xc01c | PHY | rw | 0 | 0 nRESET, 1 data in, 2 data out, 3 output enable, 4 clock |
//! | 0xc020 | interrupt clear | w | - | 0 transmit, 4 receive |
//! | 0xc024, 0xc028 | receive read, write pointer | r | 0 | 11:0 offset, 12 toggles on wrap |
//! | 0xc02c, 0xc030 | descriptor read, write pointer | r | 0 | 5:0 index, 6 toggles on wrap |
//!
//! Source: data sheet 15. SCAMP reads a frame in one piece from the read pointer on, so offsets past the ring repeat
//! it. Clearing the receive interrupt while frames are unread leaves it asserted; SCAMP reads the count and clears
//! in two steps, and a frame between them would otherwise wait for the next one. Frames never overrun the ring: the
//! cable holds them back (`docs/emulator/unknowns.md`).

use super::phy::Phy;
use super::{NEVER, NoRegister};
use crate::timing::Timing;
use std::collections::VecDeque;

const TX_BYTES: usize = 0x600;
const RX_BYTES: usize = 0xc00;
const DESCRIPTORS: usize = 48;
/// Bytes around a frame on the wire: preamble, check sequence, gap (IEEE 802.3).
const OVERHEAD: u64 = 24;
/// Frames that wait on the cable before more are refused.
const CABLE_FRAMES: usize = 4096;

const NATURAL_ORDER: u32 = 1 << 10;

/// The controller of one chip, and the end of its cable.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Ethernet {
    command: u32,
    dropped: u32,
    tx: Vec<u8>,
    tx_length: u32,
    tx_done_at: u64,
    tx_busy: bool,
    tx_latch: bool,
    rx: Vec<u8>,
    rx_latch: bool,
    rx_read: usize,
    rx_write: usize,
    rx_used: usize,
    rx_toggles: (bool, bool),
    #[serde(serialize_with = "crate::state::sequence")]
    lengths: [u16; DESCRIPTORS],
    descriptor_read: usize,
    unread: usize,
    descriptor_toggles: (bool, bool),
    mac: [u32; 2],
    phy_control: u32,
    phy: Phy,
    /// Frames on the cable towards the chip, and when their last bit is there.
    cable: VecDeque<(u64, Vec<u8>)>,
    cable_free: u64,
    /// Frames that have left the chip, with the cycle in which they did.
    pub(crate) sent: Vec<(u64, Vec<u8>)>,
}

impl Ethernet {
    /// With or without a PHY behind it.
    pub(crate) fn new(connected: bool) -> Self {
        Self {
            command: 0x78,
            dropped: 0,
            tx: vec![0; TX_BYTES],
            tx_length: 0,
            tx_done_at: 0,
            tx_busy: false,
            tx_latch: false,
            rx: vec![0; RX_BYTES],
            rx_latch: false,
            rx_read: 0,
            rx_write: 0,
            rx_used: 0,
            rx_toggles: (false, false),
            lengths: [0; DESCRIPTORS],
            descriptor_read: 0,
            unread: 0,
            descriptor_toggles: (false, false),
            mac: [0; 2],
            phy_control: 0,
            phy: Phy::new(connected),
            cable: VecDeque::new(),
            cable_free: 0,
            sent: Vec::new(),
        }
    }

    /// Puts a frame on the cable; false if too many wait there already.
    pub(crate) fn receive(&mut self, mut frame: Vec<u8>, now: u64, timing: &Timing) -> bool {
        if self.cable.len() >= CABLE_FRAMES || frame.len() > 1514 {
            return false;
        }
        frame.resize(frame.len().max(60), 0);
        let start = now.max(self.cable_free);
        self.cable_free = start + wire_cycles(frame.len(), timing);
        self.cable.push_back((self.cable_free, frame));
        true
    }

    fn has_room(&self, frame: usize) -> bool {
        self.unread < DESCRIPTORS && self.rx_used + frame.next_multiple_of(4) < RX_BYTES
    }

    fn accepts(&self, frame: &[u8]) -> bool {
        let own = [self.mac[1].to_be_bytes(), self.mac[0].to_be_bytes()].concat();
        let bit = if frame[..6] == own[2..] {
            4
        } else if frame[..6] == [0xff; 6] {
            6
        } else if frame[0] & 1 != 0 {
            5
        } else {
            7
        };
        self.command & (1 << bit | 1 << 7) != 0
    }

    /// Brings the state to cycle `now`.
    pub(crate) fn advance(&mut self, now: u64) {
        if self.tx_busy && self.tx_done_at <= now {
            self.tx_busy = false;
            self.tx_latch = true;
        }
        while let Some((at, frame)) = self.cable.front() {
            if *at > now {
                break;
            }
            let enabled = self.command & 2 != 0;
            if enabled && self.accepts(frame) {
                if !self.has_room(frame.len()) {
                    break;
                }
                let frame = self.cable.pop_front().map(|(_, frame)| frame).unwrap_or_default();
                self.store(&frame);
            } else {
                self.cable.pop_front();
            }
        }
    }

    fn store(&mut self, frame: &[u8]) {
        let mut bytes = frame.to_vec();
        bytes.resize(frame.len().next_multiple_of(4), 0);
        if self.command & NATURAL_ORDER == 0 {
            bytes.chunks_exact_mut(4).for_each(<[u8]>::reverse);
        }
        for byte in &bytes {
            self.rx[self.rx_write] = *byte;
            self.rx_write += 1;
            if self.rx_write == RX_BYTES {
                self.rx_write = 0;
                self.rx_toggles.1 ^= true;
            }
        }
        self.rx_used += bytes.len();
        let index = (self.descriptor_read + self.unread) % DESCRIPTORS;
        self.lengths[index] = frame.len() as u16;
        if index == DESCRIPTORS - 1 {
            self.descriptor_toggles.1 ^= true;
        }
        self.unread += 1;
        self.rx_latch = true;
    }

    fn discard(&mut self) {
        if self.unread == 0 {
            return;
        }
        let bytes = usize::from(self.lengths[self.descriptor_read]).next_multiple_of(4);
        self.rx_read += bytes;
        if self.rx_read >= RX_BYTES {
            self.rx_read -= RX_BYTES;
            self.rx_toggles.0 ^= true;
        }
        self.rx_used -= bytes;
        self.unread -= 1;
        self.descriptor_read += 1;
        if self.descriptor_read == DESCRIPTORS {
            self.descriptor_read = 0;
            self.descriptor_toggles.0 ^= true;
        }
    }

    /// When something here next happens by itself.
    pub(crate) fn next_event(&self) -> u64 {
        let tx = if self.tx_busy { self.tx_done_at } else { NEVER };
        let rx = match self.cable.front() {
            Some((at, frame)) if self.command & 2 == 0 || self.has_room(frame.len()) => *at,
            _ => NEVER,
        };
        tx.min(rx)
    }

    /// Levels of the transmit and receive interrupts.
    pub(crate) fn interrupts(&self) -> (bool, bool) {
        (self.tx_latch, self.rx_latch)
    }

    fn transmit(&mut self, at: u64, timing: &Timing) {
        if self.command & 1 == 0 || self.tx_busy {
            return;
        }
        let length = (self.tx_length as usize).clamp(60, 1514);
        let mut bytes = self.tx[..length.next_multiple_of(4).min(TX_BYTES)].to_vec();
        if self.command & NATURAL_ORDER == 0 {
            bytes.chunks_exact_mut(4).for_each(<[u8]>::reverse);
        }
        bytes.truncate(length);
        self.tx_busy = true;
        self.tx_done_at = at + wire_cycles(length, timing);
        self.sent.push((self.tx_done_at, bytes));
    }

    /// Reads the word at an aligned offset.
    pub(crate) fn read(&mut self, offset: u32, at: u64) -> Result<u32, NoRegister> {
        let word = |bytes: &[u8], offset: usize| {
            u32::from_le_bytes([
                bytes[offset],
                bytes[offset + 1],
                bytes[offset + 2],
                bytes[offset + 3],
            ])
        };
        Ok(match offset {
            0x0000..=0x05fc => word(&self.tx, offset as usize),
            0x4000..=0x5ffc => word(&self.rx, (offset as usize - 0x4000) % RX_BYTES),
            0x8000..=0x80bc => self.lengths[(offset as usize - 0x8000) / 4].into(),
            0xc000 => self.command,
            0xc004 => {
                self.advance(at);
                self.dropped << 16 | (self.unread as u32) << 1 | u32::from(self.tx_busy)
            }
            0xc008 => self.tx_length,
            0xc014 => self.mac[0],
            0xc018 => self.mac[1],
            0xc01c => self.phy_control & !2 | u32::from(self.phy.data_in()) << 1,
            0xc024 => self.rx_read as u32 | u32::from(self.rx_toggles.0) << 12,
            0xc028 => self.rx_write as u32 | u32::from(self.rx_toggles.1) << 12,
            0xc02c => self.descriptor_read as u32 | u32::from(self.descriptor_toggles.0) << 6,
            0xc030 => {
                let index = (self.descriptor_read + self.unread) % DESCRIPTORS;
                index as u32 | u32::from(self.descriptor_toggles.1) << 6
            }
            0xc00c | 0xc010 | 0xc020 => 0,
            _ => return Err(NoRegister),
        })
    }

    /// Writes the lanes of `mask` of the word at an aligned offset.
    pub(crate) fn write(
        &mut self,
        offset: u32,
        value: u32,
        mask: u32,
        at: u64,
        timing: &Timing,
    ) -> Result<(), NoRegister> {
        match offset {
            0x0000..=0x05fc => {
                for lane in 0..4 {
                    if mask >> (8 * lane) & 1 != 0 {
                        self.tx[offset as usize + lane] = (value >> (8 * lane)) as u8;
                    }
                }
            }
            0xc000 => {
                self.command = value & !(1 << 9);
                if value & 1 << 9 != 0 {
                    self.dropped = 0;
                }
            }
            0xc008 => self.tx_length = value & 0x7ff,
            0xc00c => {
                self.advance(at);
                self.transmit(at, timing);
            }
            0xc010 => self.discard(),
            0xc014 => self.mac[0] = value,
            0xc018 => self.mac[1] = value & 0xffff,
            0xc01c => {
                self.phy_control = value & 0x1d;
                self.phy.set_pins(self.phy_control);
            }
            0xc020 => {
                if value & 1 != 0 {
                    self.tx_latch = false;
                }
                if value & 0x10 != 0 {
                    self.rx_latch = self.unread > 0;
                }
            }
            _ => return Err(NoRegister),
        }
        Ok(())
    }
}

fn wire_cycles(frame: usize, timing: &Timing) -> u64 {
    (frame as u64 + OVERHEAD) * u64::from(timing.ethernet_byte_ns) / 5
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Timing = Timing::STOCK;

    fn ready() -> Ethernet {
        let mut mac = Ethernet::new(true);
        for (offset, value) in [(0xc014, 0x0203_0405), (0xc018, 0x0001), (0xc000, 0x45b)] {
            mac.write(offset, value, !0, 0, &T).unwrap();
        }
        mac
    }

    fn frame(length: usize, tag: u8) -> Vec<u8> {
        let mut frame = vec![tag; length];
        frame[..6].copy_from_slice(&[0, 1, 2, 3, 4, 5]);
        frame
    }

    #[test]
    fn a_frame_is_read_in_natural_order_and_discarded() {
        let mut mac = ready();
        assert!(mac.receive(frame(61, 9), 0, &T));
        assert_eq!(mac.next_event(), (61 + 24) * 16);
        mac.advance(mac.next_event());
        assert_eq!(mac.interrupts(), (false, true));
        assert_eq!(mac.read(0xc004, 2000), Ok(2));
        assert_eq!(mac.read(0x4000, 2000), Ok(0x0302_0100));
        assert_eq!(mac.read(0x8000, 2000), Ok(61));
        mac.write(0xc010, 1, !0, 2000, &T).unwrap();
        assert_eq!(
            mac.read(0xc024, 2000),
            Ok(64),
            "the next frame starts word-aligned"
        );
        mac.write(0xc020, 0x10, !0, 2000, &T).unwrap();
        assert_eq!(mac.interrupts(), (false, false));
    }

    #[test]
    fn with_bit_10_clear_words_are_swapped() {
        let mut mac = ready();
        mac.write(0xc000, 0x7b, !0, 0, &T).unwrap();
        mac.receive(frame(60, 9), 0, &T);
        mac.advance(10_000);
        assert_eq!(mac.read(0x4000, 10_000), Ok(0x0001_0203));
    }

    #[test]
    fn the_cable_waits_when_the_ring_is_full_and_the_ring_repeats() {
        let mut mac = ready();
        for n in 0..4 {
            assert!(mac.receive(frame(1000, n), 0, &T));
        }
        mac.advance(1_000_000);
        assert_eq!(mac.read(0xc004, 1_000_000).unwrap() >> 1, 3);
        assert_eq!(mac.next_event(), NEVER);
        mac.write(0xc010, 1, !0, 1_000_000, &T).unwrap();
        mac.advance(1_000_000);
        assert_eq!(mac.read(0xc004, 1_000_000).unwrap() >> 1, 3);
        for _ in 0..2 {
            mac.write(0xc010, 1, !0, 1_000_000, &T).unwrap();
        }
        assert_eq!(mac.read(0xc024, 0), Ok(3000));
        // The fourth frame starts at 3000 and goes on behind the end of the ring.
        assert_eq!(mac.read(0x4000 + 3000 + 100, 0), Ok(0x0303_0303));
    }

    #[test]
    fn frames_for_others_are_filtered() {
        let mut mac = ready();
        mac.receive(vec![2; 60], 0, &T);
        mac.receive(vec![0xff; 60], 0, &T);
        mac.advance(1_000_000);
        assert_eq!(mac.read(0xc004, 1_000_000).unwrap() >> 1, 1, "broadcast only");
    }

    #[test]
    fn transmission_takes_its_time_on_the_wire() {
        let mut mac = ready();
        mac.write(0, 0xabcd_ef01, !0, 0, &T).unwrap();
        mac.write(0, 0x0000_7700, 0x0000_ff00, 0, &T).unwrap();
        mac.write(0xc008, 60, !0, 0, &T).unwrap();
        mac.write(0xc00c, 60, !0, 100, &T).unwrap();
        assert_eq!(mac.read(0xc004, 101), Ok(1));
        assert_eq!(mac.next_event(), 100 + 84 * 16);
        assert_eq!(mac.read(0xc004, 2000), Ok(0));
        assert_eq!(mac.sent[0].1[..4], [0x01, 0x77, 0xcd, 0xab]);
    }
}
