//! The two timers of one core (SP804 style), counting down at the processor clock.
//!
//! | offset (+0x20 for timer 2) | name | access | reset | effect |
//! |---|---|---|---|---|
//! | 0x00 | load | rw | 0 | write reloads the count at once |
//! | 0x04 | value | r | all ones | the count |
//! | 0x08 | control | rw | 0x20 | 7 enable, 6 periodic, 5 interrupt enable, 3:2 prescale 1/16/256, 1 32 bits, 0 one-shot |
//! | 0x0c | interrupt clear | w | - | any value |
//! | 0x10 | raw interrupt | r | 0 | |
//! | 0x14 | masked interrupt | r | 0 | raw & control bit 5 |
//! | 0x18 | background load | rw | 0 | the load value from the next zero on |
//!
//! Sources: data sheet 6; ARM DDI 0271. The period is taken as exactly N clocks and a load of 0 as 1
//! (`docs/emulator/unknowns.md`). The count is computed from the time when it is asked for; nothing ticks.

use super::{NEVER, NoRegister};

const ENABLE: u32 = 1 << 7;
const PERIODIC: u32 = 1 << 6;
const INTERRUPT: u32 = 1 << 5;
const WIDE: u32 = 1 << 1;
const ONE_SHOT: u32 = 1;

/// One timer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Timer {
    load: u32,
    control: u32,
    raw: bool,
    /// The count at cycle `since`.
    count: u32,
    since: u64,
    /// A one-shot timer that has reached zero.
    halted: bool,
}

impl Timer {
    pub(crate) fn new() -> Self {
        Self {
            load: 0,
            control: INTERRUPT,
            raw: false,
            count: u32::MAX,
            since: 0,
            halted: false,
        }
    }

    fn running(&self) -> bool {
        self.control & ENABLE != 0 && !self.halted
    }

    fn prescale(&self) -> u64 {
        match self.control >> 2 & 3 {
            0 => 1,
            1 => 16,
            _ => 256,
        }
    }

    fn width_mask(&self) -> u32 {
        if self.control & WIDE != 0 {
            u32::MAX
        } else {
            0xffff
        }
    }

    fn expiry(&self) -> u64 {
        self.since + u64::from((self.count & self.width_mask()).max(1)) * self.prescale()
    }

    /// Brings the state to cycle `now`. Returns whether anything has changed.
    pub(crate) fn advance(&mut self, now: u64) -> bool {
        if !self.running() || now < self.expiry() {
            return false;
        }
        self.raw = true;
        let expiry = self.expiry();
        if self.control & ONE_SHOT != 0 {
            self.halted = true;
            self.count = 0;
            self.since = expiry;
            return true;
        }
        self.count = if self.control & PERIODIC != 0 {
            (self.load & self.width_mask()).max(1)
        } else {
            self.width_mask()
        };
        let period = u64::from(self.count) * self.prescale();
        self.since = expiry + (now - expiry) / period * period;
        true
    }

    /// This timer as it would be if everything had happened `cycles` later.
    pub(crate) fn later(&self, cycles: u64) -> Self {
        let mut later = self.clone();
        if self.running() {
            later.since += cycles;
        }
        later
    }

    /// When this timer will next raise its interrupt; never if it is raised already or cannot be.
    pub(crate) fn next_event(&self) -> u64 {
        if self.running() && !self.raw && self.control & INTERRUPT != 0 {
            self.expiry()
        } else {
            NEVER
        }
    }

    /// The level of the interrupt output.
    pub(crate) fn interrupt(&self) -> bool {
        self.raw && self.control & INTERRUPT != 0
    }

    fn value(&self, now: u64) -> u32 {
        if !self.running() {
            return self.count;
        }
        let elapsed = (now.saturating_sub(self.since)) / self.prescale();
        (self.count & self.width_mask()).saturating_sub(elapsed.min(u64::from(u32::MAX)) as u32)
    }

    pub(crate) fn read(&mut self, offset: u32, now: u64) -> Result<u32, NoRegister> {
        self.advance(now);
        Ok(match offset {
            0x00 | 0x18 => self.load,
            0x04 => self.value(now),
            0x08 => self.control,
            0x10 => self.raw.into(),
            0x14 => self.interrupt().into(),
            _ => return Err(NoRegister),
        })
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32, now: u64) -> Result<(), NoRegister> {
        self.advance(now);
        match offset {
            0x00 => {
                self.load = value;
                // The size bit counts when the timer runs, not when it is loaded.
                self.count = value;
                self.since = now;
                self.halted = false;
            }
            0x08 => {
                self.count = self.value(now);
                self.since = now;
                if self.control & ENABLE == 0 && value & ENABLE != 0 && self.halted {
                    self.halted = false;
                    self.count = self.load;
                }
                if value & ONE_SHOT == 0 {
                    self.halted = false;
                }
                self.control = value & 0xef;
            }
            0x0c => self.raw = false,
            0x18 => self.load = value,
            _ => return Err(NoRegister),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_millisecond_timer_of_the_monitor_fires_every_200_000_cycles() {
        let mut timer = Timer::new();
        timer.write(0x08, 0, 0).unwrap();
        timer.write(0x00, 200_000, 100).unwrap();
        timer.write(0x08, 0xe2, 100).unwrap();
        assert_eq!(timer.next_event(), 200_100);
        timer.advance(200_099);
        assert!(!timer.interrupt());
        timer.advance(200_100);
        assert!(timer.interrupt());
        timer.write(0x0c, 1, 200_150).unwrap();
        assert!(!timer.interrupt());
        assert_eq!(timer.next_event(), 400_100);
        assert_eq!(timer.read(0x04, 200_200), Ok(199_900));
    }

    #[test]
    fn a_one_shot_fires_once_until_it_is_loaded_again() {
        let mut timer = Timer::new();
        timer.write(0x08, 0xe3, 0).unwrap();
        timer.write(0x00, 50, 1000).unwrap();
        assert_eq!(timer.next_event(), 1050);
        timer.advance(1050);
        timer.write(0x0c, 1, 1060).unwrap();
        assert_eq!(timer.next_event(), NEVER);
        assert_eq!(timer.read(0x04, 2000), Ok(0));
        timer.write(0x00, 0, 2000).unwrap();
        assert_eq!(timer.next_event(), 2001, "a load of zero fires at once");
    }

    #[test]
    fn a_background_load_takes_effect_at_zero() {
        let mut timer = Timer::new();
        timer.write(0x00, 100, 0).unwrap();
        timer.write(0x08, 0xe2, 0).unwrap();
        timer.write(0x18, 300, 10).unwrap();
        assert_eq!(timer.next_event(), 100);
        timer.advance(100);
        timer.write(0x0c, 1, 100).unwrap();
        assert_eq!(timer.next_event(), 400);
    }

    #[test]
    fn prescaling_divides_and_16_bit_timers_wrap() {
        let mut timer = Timer::new();
        timer.write(0x00, 0x1_0002, 0).unwrap();
        timer.write(0x08, ENABLE | INTERRUPT | 1 << 2, 0).unwrap();
        timer.write(0x00, 0x1_0002, 0).unwrap();
        assert_eq!(timer.next_event(), 32);
        timer.advance(32);
        assert_eq!(timer.read(0x04, 32), Ok(0xffff));
    }

    #[test]
    fn reset_values() {
        let mut timer = Timer::new();
        assert_eq!(timer.read(0x04, 1000), Ok(u32::MAX));
        assert_eq!(timer.read(0x08, 1000), Ok(0x20));
        assert_eq!(timer.read(0x1c, 0), Err(NoRegister));
    }
}
