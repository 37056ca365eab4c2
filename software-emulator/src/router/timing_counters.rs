//! The router's own clock: r12 to r31, which measure how long packets wait.
//!
//! | offset | name | access | effect |
//! |---|---|---|---|
//! | 0x30 | control | rw | 0 count cycles, 1 count active cycles, 2 histogram on; write 1 to 16, 17, 18: clear them |
//! | 0x34 | cycles | r | router clocks while enabled |
//! | 0x38 | active | r | packets, and clocks for which they were blocked |
//! | 0x3c | undelayed | r | packets that left without waiting: the histogram's zero |
//! | 0x40-0x7c | histogram | r | delayed packets, by delay in units of the first wait's exponent |
//!
//! Source: data sheet 10.11, which has the histogram "record the value in the wait mantissa at the time the congestion
//! resolves". We read that as delays counted upwards from r16; the last register takes all longer ones. That r15 obeys the
//! histogram's enable and clear bits is inferred from its being called a part of it.

use super::wait;

const CYCLES: u32 = 1 << 0;
const ACTIVE: u32 = 1 << 1;
const HISTOGRAM: u32 = 1 << 2;

/// The timing counters of one router.
#[derive(Clone, serde::Serialize)]
pub(super) struct TimingCounters {
    /// Half-cycles of the processor clock in a router clock.
    clock_halves: u64,
    control: u32,
    /// The cycle counter up to router clock `since`.
    cycles: u32,
    since: u64,
    active: u32,
    undelayed: u32,
    histogram: [u32; 16],
}

impl TimingCounters {
    pub(super) fn new(clock_halves: u32) -> Self {
        Self {
            clock_halves: u64::from(clock_halves.max(1)),
            control: 0,
            cycles: 0,
            since: 0,
            active: 0,
            undelayed: 0,
            histogram: [0; 16],
        }
    }

    /// Router clocks from power-on to processor cycle `at`.
    fn clock(&self, at: u64) -> u64 {
        2 * at / self.clock_halves
    }

    /// A packet left the output stage after so many processor cycles; `first_wait` is the code of the first wait.
    pub(super) fn observe(&mut self, waited: u64, dumped: bool, first_wait: u8) {
        let clocks = self.clock(waited);
        if self.control & ACTIVE != 0 {
            self.active = self.active.wrapping_add(1 + clocks as u32);
        }
        // What was dumped never got through, so its congestion never resolved.
        if self.control & HISTOGRAM == 0 || dumped {
            return;
        }
        let counter = if clocks == 0 {
            &mut self.undelayed
        } else {
            let units = clocks >> wait::exponent(first_wait);
            &mut self.histogram[units.min(15) as usize]
        };
        *counter = counter.wrapping_add(1);
    }

    pub(super) fn read(&self, offset: u32, at: u64) -> u32 {
        match offset {
            0x30 => self.control,
            0x34 if self.control & CYCLES != 0 => {
                self.cycles.wrapping_add((self.clock(at) - self.since) as u32)
            }
            0x34 => self.cycles,
            0x38 => self.active,
            0x3c => self.undelayed,
            _ => self.histogram[(offset - 0x40) as usize / 4 % 16],
        }
    }

    pub(super) fn write_control(&mut self, value: u32, at: u64) {
        self.cycles = self.read(0x34, at);
        self.since = self.clock(at);
        self.control = value & 7;
        if value >> 16 & 1 != 0 {
            self.cycles = 0;
        }
        if value >> 17 & 1 != 0 {
            self.active = 0;
        }
        if value >> 18 & 1 != 0 {
            self.undelayed = 0;
            self.histogram = [0; 16];
        }
    }
}
