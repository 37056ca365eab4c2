//! The router's registers.
//!
//! | offset | name | access | reset | effect |
//! |---|---|---|---|---|
//! | 0x00 | control | rw | 0x00800001 | 31:24 wait 2, 23:16 wait 1, 15 restart waits, 12:8 monitor, 7:6 time phase, 5:3 count errors, 2 dump interrupt, 1 error interrupt, 0 routing |
//! | 0x04 | status | r | 0 | 31 any interrupt, 30 error, 29 dump, 25:24 output stage, 16 busy, 15:0 counters |
//! | 0x08-0x14 | error header, key, payload, status | r | 0x07000000, 0 | header and status: 29 parity, 28 framing, 27 time stamp; status: 31 error, 30 overflow, 15:0 count of the kinds that control bits 5:3 enable; reading it clears it |
//! | 0x18-0x28 | dump header, key, payload, outputs, status | r | 0x07000000, 0 | reading the status clears it: 31 dumped, 30 overflow, 23:0 blocked outputs |
//! | 0x2c | counter enable | rw | 0 | 15:0 enable, 31:16 write 1 clears a counter |
//! | 0x30-0x7c | timing counters, histogram | rw, r | 0 | [`super::timing_counters`] |
//! | 0x80 | diversion | rw | 0 | two bits for each arrival link: 0 default route, x1 monitor, 2 destroy |
//! | 0x84 | fixed route | rw | 0xfc000000 | 31:26 NN broadcast links, 23:0 outputs |
//! | 0x200-0x23c | diagnostic filters | rw | 0 | see below; reading clears bit 29 |
//! | 0x300-0x33c | diagnostic counters | rw | 0 | |
//! | 0xf00 | CAM test | r | - | 10:1 the first entry that matches the key in 0xf04, 0 none does; in the router itself |
//! | 0xf04 | CAM test key | rw | 0 | |
//! | 0x4000, 0x8000, 0xc000 | routes, keys, masks | rw, w, w | - | in the router itself; reading keys or masks is a bus error |
//! | 0x10000-0x17ffc | P2P table | rw | all 6 | eight 3-bit entries in a word |
//!
//! A filter counts a packet that satisfies at least one bit in each field: 3:0 type (FR NN P2P MC from bit 3 down),
//! 7:4 emergency field, 10 default-routed, 11 not, 12 payload, 13 none, 14 local, 15 from elsewhere, 16 dumped, 17 local
//! core, 18 monitor, 24:19 links; 29 it has counted, 30 interrupt enable, 31 interrupt. Bit 8 says which emergency field:
//! 0 that of the packet as it came, 1 that of a copy on its way to one of the destinations chosen. Bit positions as in the
//! data sheet, `SpiNNMan: model/diagnostic_filter.py` and SARK's stock filters.
//!
//! Source: data sheet 10.

use super::LINKS;
use super::held::Held;
use super::timing_counters::TimingCounters;
use super::wait;
use crate::packet::Packet;
use crate::peripheral::NoRegister;

const CONTROL_RESET: u32 = 0x0080_0001;
/// Bit of a value written to the control register: the present wait begins anew, with the new values.
pub(super) const RESTART_WAITS: u32 = 1 << 15;
const P2P_WORDS: usize = 8192;

/// Fields of a diagnostic filter other than the emergency field; a packet has to match in each.
const FILTER_FIELDS: [u32; 5] = [0x0000_000f, 0x0000_0c00, 0x0000_3000, 0x0000_c000, 0x01ff_0000];
/// Bit of a filter: look at the emergency field of outgoing copies.
const OUTGOING: u32 = 1 << 8;
/// Bit of a filter: it has counted a packet.
const COUNTED: u32 = 1 << 29;
/// What of a filter software writes.
const FILTER_WRITABLE: u32 = 0x41ff_fdff;

/// What is wrong with a packet; the bit of the error header and status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    TimeStamp = 27,
    Framing = 28,
    Parity = 29,
}

/// A captured packet.
#[derive(Clone, serde::Serialize)]
struct Captured {
    header: u32,
    key: u32,
    payload: u32,
    outputs: u32,
    status: u32,
}

impl Captured {
    const VALID: u32 = 1 << 31;
    const OVERFLOW: u32 = 1 << 30;

    /// The reset values: nothing, from here.
    fn nothing() -> Self {
        Self {
            header: 0x0700_0000,
            key: 0,
            payload: 0,
            outputs: 0,
            status: 0,
        }
    }
}

/// All registers but the multicast table.
#[derive(Clone, serde::Serialize)]
pub(crate) struct Registers {
    /// Half-cycles of the processor clock in a router clock.
    clock_halves: u64,
    control: u32,
    error: Captured,
    dump: Captured,
    counter_enable: u32,
    timing: TimingCounters,
    divert: u32,
    fixed: u32,
    filters: [u32; 16],
    /// Filters that have counted and ask for an interrupt, one bit each; follows from `filters`.
    #[serde(skip)]
    interrupting: u32,
    counters: [u32; 16],
    cam_key: u32,
    p2p: Vec<u32>,
}

impl Registers {
    pub(super) fn new(clock_halves: u32) -> Self {
        Self {
            clock_halves: u64::from(clock_halves),
            control: CONTROL_RESET,
            error: Captured::nothing(),
            dump: Captured::nothing(),
            counter_enable: 0,
            timing: TimingCounters::new(clock_halves),
            divert: 0,
            fixed: 0xfc00_0000,
            filters: [0; 16],
            interrupting: 0,
            counters: [0; 16],
            cam_key: 0,
            p2p: vec![0o66_666_666; P2P_WORDS],
        }
    }

    pub(super) fn routing_enabled(&self) -> bool {
        self.control & 1 != 0
    }

    /// Processor cycles of the first or second wait; none is for ever.
    pub(super) fn wait(&self, second: bool) -> Option<u64> {
        let clocks = wait::clocks((self.control >> if second { 24 } else { 16 }) as u8)?;
        Some(clocks * self.clock_halves / 2)
    }

    /// The key that the table is asked for when the CAM is tested.
    pub(super) fn cam_key(&self) -> u32 {
        self.cam_key
    }

    /// A packet left the output stage, sent or dumped, after so many processor cycles.
    pub(super) fn observe(&mut self, waited: u64, dumped: bool) {
        self.timing.observe(waited, dumped, (self.control >> 16) as u8);
    }

    /// Physical number of the monitor.
    pub(crate) fn monitor(&self) -> u8 {
        (self.control >> 8 & 31) as u8
    }

    /// The monitor as an output; no output if there is no such core.
    pub(super) fn monitor_output(&self) -> u32 {
        match self.monitor() {
            core @ 0..18 => 1 << (6 + core),
            _ => 0,
        }
    }

    pub(super) fn time_phase(&self) -> u8 {
        (self.control >> 6 & 3) as u8
    }

    /// Whether a packet is two time phases old; phases run 00, 01, 11, 10.
    pub(super) fn expired(&self, packet: &Packet) -> bool {
        packet.time_stamp() == self.time_phase() ^ 3
    }

    pub(super) fn p2p(&self, destination: u32) -> u32 {
        self.p2p[destination as usize / 8 % P2P_WORDS] >> (3 * (destination & 7)) & 7
    }

    pub(super) fn fixed_route(&self) -> u32 {
        self.fixed & 0xff_ffff
    }

    pub(super) fn broadcast_links(&self) -> u32 {
        self.fixed >> 26
    }

    pub(super) fn diversion(&self, link: u8) -> u32 {
        let code = self.divert >> (2 * link) & 3;
        if code & 1 != 0 { 1 } else { code }
    }

    fn header(&self, packet: &Packet, route: u8) -> u32 {
        u32::from(route) << 24 | u32::from(packet.control) << 16 | u32::from(self.time_phase()) << 6
    }

    /// Keeps a dumped packet for the monitor, unless the last one has not been read yet.
    pub(super) fn capture_dump(&mut self, packet: &Packet, route: u8, outputs: u32, blocked: u32) {
        if outputs == 0 {
            // No destination is not congestion: there is nothing to re-issue, so nothing is kept.
            return;
        }
        if self.dump.status & Captured::VALID != 0 {
            self.dump.status |= Captured::OVERFLOW | blocked;
            return;
        }
        self.dump = Captured {
            header: self.header(packet, route),
            key: packet.key,
            payload: packet.payload,
            outputs,
            status: Captured::VALID | blocked,
        };
    }

    /// Keeps a packet in error, unless the last one has not been read yet.
    pub(super) fn capture_error(&mut self, packet: &Packet, route: u8, fault: Fault) {
        let (bit, counts) = (fault as u32, self.control >> (fault as u32 - 24) & 1);
        let count = (self.error.status & 0xffff).saturating_add(counts).min(0xffff);
        let sticky = self.error.status & !0xffff | 1 << bit | count;
        if self.error.status & Captured::VALID != 0 {
            self.error.status = sticky | Captured::OVERFLOW;
            return;
        }
        self.error = Captured {
            header: self.header(packet, route) | 1 << bit,
            key: packet.key,
            payload: packet.payload,
            outputs: 0,
            status: sticky | Captured::VALID,
        };
    }

    /// Lets the diagnostic counters see a packet; `destinations` are filter bits 24:16, `marks` the emergency fields of
    /// the copies on the links.
    pub(super) fn count(&mut self, held: &Held, destinations: u32, marks: &[u8; LINKS]) {
        let mut enabled = self.counter_enable & 0xffff;
        let packet = &held.packet;
        let features = 1u32 << (packet.kind() as u32)
            | 1 << if held.default_routed { 10 } else { 11 }
            | 1 << if packet.has_payload() { 12 } else { 13 }
            | 1 << if held.route == 7 { 14 } else { 15 }
            | destinations;
        while enabled != 0 {
            let n = enabled.trailing_zeros() as usize;
            enabled &= enabled - 1;
            let filter = self.filters[n];
            let hits = filter & features;
            let emergency = if filter & OUTGOING == 0 {
                1 << held.arrived_as
            } else {
                // Copies for cores, and packets that go nowhere, carry no mark.
                let links = (0..LINKS).filter(|link| hits >> (19 + link) & 1 != 0);
                links.fold(u32::from(hits & 0x0007_0000 != 0), |set, link| {
                    set | 1 << marks[link]
                })
            };
            if FILTER_FIELDS.iter().all(|field| hits & field != 0) && filter >> 4 & 15 & emergency != 0 {
                self.counters[n] = self.counters[n].wrapping_add(1);
                self.filters[n] |= COUNTED;
                self.interrupting |= (self.filters[n] >> 30 & 1) << n;
            }
        }
    }

    /// Levels of the counter, dump and error interrupts.
    pub(crate) fn interrupts(&self) -> (bool, bool, bool) {
        (
            self.interrupting != 0,
            self.dump.status & Captured::VALID != 0 && self.control & 4 != 0,
            self.error.status & Captured::VALID != 0 && self.control & 2 != 0,
        )
    }

    pub(super) fn status(&self, output_stage: u32) -> u32 {
        let (counter, dump, error) = self.interrupts();
        u32::from(counter || dump || error) << 31
            | u32::from(error) << 30
            | u32::from(dump) << 29
            | output_stage << 24
            | u32::from(output_stage != 0) << 16
            | self.interrupting
    }

    pub(super) fn read(&mut self, offset: u32, at: u64) -> Result<u32, NoRegister> {
        Ok(match offset {
            0x00 => self.control,
            0x08 => self.error.header,
            0x0c => self.error.key,
            0x10 => self.error.payload,
            0x14 => std::mem::take(&mut self.error.status),
            0x18 => self.dump.header,
            0x1c => self.dump.key,
            0x20 => self.dump.payload,
            0x24 => self.dump.outputs,
            0x28 => std::mem::take(&mut self.dump.status),
            0x2c => self.counter_enable,
            0x30..=0x7c => self.timing.read(offset, at),
            0x80 => self.divert,
            0x84 => self.fixed,
            0x200..=0x23c => {
                // Reading a filter clears its event bit.
                let n = (offset - 0x200) as usize / 4;
                let value = self.filters[n] | (self.interrupting >> n & 1) << 31;
                self.filters[n] &= !COUNTED;
                self.interrupting &= !(1 << n);
                value
            }
            0x300..=0x33c => self.counters[(offset - 0x300) as usize / 4],
            0xf04 => self.cam_key,
            0x1_0000..=0x1_7ffc => self.p2p[(offset - 0x1_0000) as usize / 4],
            _ => return Err(NoRegister),
        })
    }

    pub(super) fn write(&mut self, offset: u32, value: u32, at: u64) -> Result<(), NoRegister> {
        match offset {
            0x00 => self.control = value & !RESTART_WAITS,
            0x2c => {
                self.counter_enable = value & 0xffff;
                for n in 0..16 {
                    if value >> (16 + n) & 1 != 0 {
                        self.counters[n] = 0;
                    }
                }
            }
            0x30 => self.timing.write_control(value, at),
            0x80 => self.divert = value & 0xfff,
            0x84 => self.fixed = value & 0xfcff_ffff,
            0x200..=0x23c => {
                let n = (offset - 0x200) as usize / 4;
                let filter = &mut self.filters[n];
                *filter = value & FILTER_WRITABLE | *filter & COUNTED;
                let interrupts = u32::from(*filter >> 29 & 3 == 3);
                self.interrupting = self.interrupting & !(1 << n) | interrupts << n;
            }
            0x300..=0x33c => self.counters[(offset - 0x300) as usize / 4] = value,
            0xf04 => self.cam_key = value,
            0x1_0000..=0x1_7ffc => self.p2p[(offset - 0x1_0000) as usize / 4] = value & 0xff_ffff,
            // Read-only registers: writing has no effect.
            0x04..=0x28 | 0x34..=0x7c | 0xf00 => {}
            _ => return Err(NoRegister),
        }
        Ok(())
    }
}
