//! How fast emulated time may pass, compared with the clock on the wall.
//!
//! A bucket of cycles fills with the clock and emulation drains it. It holds little, so that time lost to a busy host is
//! lost and not made up for in a rush that hosts' time-outs would notice.
//!
//! * `real`: one emulated second a second.
//! * `free`: as fast as the host machine allows, but no more than [`FAST`] emulated seconds a second, and no more than one
//!   once nobody has talked to the machine for [`QUIET`]. Busy machines hardly ever reach the first limit. Idle ones,
//!   which the emulator could skip through thousands of times faster than real, must not: hosts' time-outs and pauses
//!   run on the wall clock, the firmware's on emulated time. The second limit keeps a forgotten machine from burning a core.

use crate::timing::CYCLES_PER_SECOND;
use std::time::{Duration, Instant};

/// Whether emulated time follows the clock on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Pace {
    /// One emulated second a second, or slower if the host machine cannot keep up.
    Real,
    /// As fast as the host machine allows: up to 20 emulated seconds a second while somebody talks to the machine or has
    /// done so in the last five seconds, one otherwise.
    #[default]
    Free,
}

/// Emulated seconds in a second, at most, in free mode.
const FAST: u64 = 20;
/// How long after the last datagram free mode slows down.
const QUIET: Duration = Duration::from_secs(5);
/// What the bucket holds, as wall-clock time.
const DEPTH: Duration = Duration::from_millis(2);

/// The bucket.
pub(super) struct Bucket {
    pace: Pace,
    filled: Instant,
    cycles: u64,
    last_traffic: Instant,
}

impl Bucket {
    pub(super) fn new(pace: Pace, now: Instant) -> Self {
        Self {
            pace,
            filled: now,
            cycles: 0,
            last_traffic: now,
        }
    }

    /// Somebody talks to the machine, or the machine to somebody.
    pub(super) fn traffic(&mut self, now: Instant) {
        self.last_traffic = now;
    }

    fn factor(&self, now: Instant) -> u64 {
        match self.pace {
            Pace::Free if now.duration_since(self.last_traffic) < QUIET => FAST,
            _ => 1,
        }
    }

    /// Cycles that emulated time may pass now.
    pub(super) fn available(&mut self, now: Instant) -> u64 {
        let rate = self.factor(now) * CYCLES_PER_SECOND;
        let cycles =
            |duration: Duration| (duration.as_nanos() as u64).saturating_mul(rate / 1_000_000) / 1_000;
        let gained = cycles(now.duration_since(self.filled).min(DEPTH));
        self.filled = now;
        self.cycles = (self.cycles + gained).min(cycles(DEPTH));
        self.cycles
    }

    /// Emulated time has passed.
    pub(super) fn spend(&mut self, cycles: u64) {
        self.cycles = self.cycles.saturating_sub(cycles);
    }

    /// How long until `cycles` more may pass.
    pub(super) fn wait_for(&self, cycles: u64, now: Instant) -> Duration {
        let missing = cycles.saturating_sub(self.cycles);
        let rate = self.factor(now) * CYCLES_PER_SECOND;
        Duration::from_nanos(missing.saturating_mul(1_000) / (rate / 1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn real_pace_is_the_wall_clock() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Pace::Real, start);
        assert_eq!(bucket.available(start + MS), 200_000);
        bucket.spend(200_000);
        assert_eq!(bucket.wait_for(100_000, start + MS), MS / 2);
    }

    #[test]
    fn lost_time_is_not_made_up_for() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Pace::Real, start);
        assert_eq!(bucket.available(start + 1000 * MS), 400_000);
    }

    #[test]
    fn free_pace_slows_down_when_nobody_talks() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Pace::Free, start);
        assert_eq!(bucket.available(start + MS), 4_000_000);
        bucket.spend(u64::MAX);
        assert_eq!(bucket.available(start + 6000 * MS), 400_000);
        bucket.traffic(start + 6001 * MS);
        bucket.spend(u64::MAX);
        assert_eq!(bucket.available(start + 6001 * MS), 4_000_000);
    }
}
