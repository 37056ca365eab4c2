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
/// What the bucket holds, as wall-clock time: as much can be made up for after the host was busy elsewhere. Hosts'
/// time-outs, half a second and more, do not notice.
const DEPTH: Duration = Duration::from_millis(5);

/// The bucket.
pub(super) struct Bucket {
    pace: Pace,
    filled: Instant,
    cycles: u64,
    last_traffic: Instant,
    /// Cycles in which nothing will happen and for which the emulation now sleeps: those the bucket holds as well.
    resting: u64,
    lost: Duration,
}

impl Bucket {
    pub(super) fn new(pace: Pace, now: Instant) -> Self {
        Self {
            pace,
            filled: now,
            cycles: 0,
            last_traffic: now,
            resting: 0,
            lost: Duration::ZERO,
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
        let gained = cycles(now.saturating_duration_since(self.filled));
        self.filled = now;
        let most = cycles(DEPTH).max(std::mem::take(&mut self.resting));
        let filled = self.cycles.saturating_add(gained);
        self.cycles = filled.min(most);
        if self.pace == Pace::Real {
            let spilt = u128::from(filled - self.cycles) * 1_000_000_000 / u128::from(rate);
            self.lost += Duration::from_nanos(spilt as u64);
        }
        self.cycles
    }

    /// The clock has gone on, and that did not count: the machine stood still on purpose.
    pub(super) fn stand_still(&mut self, now: Instant) {
        let stood = now.saturating_duration_since(self.filled);
        self.last_traffic += stood;
        self.filled = now;
    }

    /// How much time has been lost because the host could not keep up, in real pace.
    pub(super) fn lost(&self) -> Duration {
        self.lost
    }

    /// Emulated time has passed.
    pub(super) fn spend(&mut self, cycles: u64) {
        self.cycles = self.cycles.saturating_sub(cycles);
    }

    /// Nothing will happen in the next `cycles`; how long until they may have passed.
    pub(super) fn rest(&mut self, cycles: u64, now: Instant) -> Duration {
        self.resting = cycles;
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
        assert_eq!(bucket.rest(100_000, start + MS), MS / 2);
        assert_eq!(bucket.lost(), Duration::ZERO);
    }

    #[test]
    fn a_rest_of_any_length_loses_nothing() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Pace::Real, start);
        // Nothing will ever happen: all the time there is passes at once.
        bucket.rest(u64::MAX, start);
        assert_eq!(bucket.available(start + 50 * MS), 10_000_000);
        bucket.spend(10_000_000);
        // Nothing happens for 20 ms, but the host comes back after 30.
        bucket.rest(4_000_000, start + 50 * MS);
        assert_eq!(bucket.available(start + 80 * MS), 4_000_000);
        assert_eq!(bucket.lost(), 10 * MS);
    }

    #[test]
    fn lost_time_is_counted_and_not_made_up_for() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Pace::Real, start);
        assert_eq!(bucket.available(start + 1000 * MS), 1_000_000);
        assert_eq!(bucket.lost(), 995 * MS);
        let mut bucket = Bucket::new(Pace::Free, start);
        bucket.available(start + 1000 * MS);
        assert_eq!(bucket.lost(), Duration::ZERO, "free pace promises nothing");
    }

    #[test]
    fn standing_still_on_purpose_is_no_loss_and_no_gain() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Pace::Real, start);
        assert_eq!(bucket.available(start + MS), 200_000);
        bucket.stand_still(start + 1000 * MS);
        assert_eq!(bucket.available(start + 1001 * MS), 400_000);
        assert_eq!(bucket.lost(), Duration::ZERO);
    }

    #[test]
    fn free_pace_slows_down_when_nobody_talks() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Pace::Free, start);
        assert_eq!(bucket.available(start + MS), 4_000_000);
        bucket.spend(u64::MAX);
        assert_eq!(bucket.available(start + 6000 * MS), 1_000_000);
        bucket.traffic(start + 6001 * MS);
        bucket.spend(u64::MAX);
        assert_eq!(bucket.available(start + 6001 * MS), 4_000_000);
    }
}
