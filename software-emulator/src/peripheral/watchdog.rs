//! The watchdog (SP805).
//!
//! | offset | name | access | reset | effect |
//! |---|---|---|---|---|
//! | 0x00 | load | rw | all ones | reloads the count at once |
//! | 0x04 | value | r | all ones | the count |
//! | 0x08 | control | rw | 0 | 0 count and interrupt, 1 reset |
//! | 0x0c | clear | w | - | clears the interrupt and reloads |
//! | 0x10 / 0x14 | raw, masked | r | 0 | |
//! | 0xc00 | lock | rw | 0 | 0x1acce551 unlocks; reads 1 while locked |
//!
//! Sources: data sheet 16; ARM DDI 0270. Counts at the processor clock. A second time-out with control bit 1 set
//! would reset the chip; that is reported and not done, because SCAMP switches the watchdog off as its first act.

use super::{NEVER, NoRegister};

const UNLOCK: u32 = 0x1acc_e551;

/// The watchdog.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Watchdog {
    load: u32,
    control: u32,
    locked: bool,
    raw: bool,
    since: u64,
}

impl Watchdog {
    pub(crate) fn new() -> Self {
        Self {
            load: u32::MAX,
            control: 0,
            locked: false,
            raw: false,
            since: 0,
        }
    }

    /// Brings the state to cycle `now`. True: it has run out twice and would reset the chip.
    pub(crate) fn advance(&mut self, now: u64) -> bool {
        let period = u64::from(self.load.max(1));
        if self.control & 1 == 0 || now < self.since + period {
            return false;
        }
        self.since += (now - self.since) / period * period;
        std::mem::replace(&mut self.raw, true) && self.control & 2 != 0
    }

    /// When it next runs out.
    pub(crate) fn next_event(&self) -> u64 {
        if self.control & 1 == 0 {
            NEVER
        } else {
            self.since + u64::from(self.load.max(1))
        }
    }

    /// The level of the interrupt.
    pub(crate) fn interrupt(&self) -> bool {
        self.raw && self.control & 1 != 0
    }

    pub(crate) fn read(&self, offset: u32, now: u64) -> Result<u32, NoRegister> {
        Ok(match offset {
            0x00 => self.load,
            0x04 if self.control & 1 == 0 => self.load,
            0x04 => self
                .load
                .saturating_sub(now.saturating_sub(self.since).min(u64::from(u32::MAX)) as u32),
            0x08 => self.control,
            0x10 => self.raw.into(),
            0x14 => self.interrupt().into(),
            0xc00 => self.locked.into(),
            _ => return Err(NoRegister),
        })
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32, now: u64) -> Result<(), NoRegister> {
        match offset {
            0xc00 => self.locked = value != UNLOCK,
            0x00 | 0x08 | 0x0c if self.locked => {}
            0x00 => {
                self.load = value;
                self.since = now;
            }
            0x08 => {
                if self.control & 1 == 0 {
                    self.since = now;
                }
                self.control = value & 3;
            }
            0x0c => {
                self.raw = false;
                self.since = now;
            }
            _ => return Err(NoRegister),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_interrupts_then_would_reset_and_stays_off_when_told() {
        let mut dog = Watchdog::new();
        dog.write(0x00, 1000, 0).unwrap();
        dog.write(0x08, 3, 0).unwrap();
        assert_eq!(dog.next_event(), 1000);
        assert!(!dog.advance(1000));
        assert!(dog.interrupt());
        assert!(dog.advance(2000));
        dog.write(0x08, 0, 2001).unwrap();
        assert_eq!(dog.next_event(), NEVER);
    }

    #[test]
    fn the_lock_protects_the_registers() {
        let mut dog = Watchdog::new();
        dog.write(0xc00, 0, 0).unwrap();
        dog.write(0x08, 3, 0).unwrap();
        assert_eq!(dog.read(0x08, 0), Ok(0));
        assert_eq!(dog.read(0xc00, 0), Ok(1));
        dog.write(0xc00, UNLOCK, 0).unwrap();
        dog.write(0x08, 3, 0).unwrap();
        assert_eq!(dog.read(0x08, 0), Ok(3));
    }
}
