//! When to say that a machine in real pace falls behind the clock: when it begins, every few seconds while it lasts, and
//! when it is over.

use std::time::Duration;

/// A look is taken at stretches of this length.
const STRETCH: Duration = Duration::from_secs(1);
/// The share of a stretch that may be lost before it is worth a word: one part in twenty.
const WORTH: u32 = 20;
/// No two words about the same trouble come closer together.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something worth saying.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Notice {
    /// The machine is slower than the clock.
    Behind {
        /// Emulated time in proportion to real time, lately.
        fraction: f64,
        /// Time lost since the machine was switched on.
        lost: Duration,
    },
    /// It keeps up again.
    KeepsUp {
        /// Time lost since the machine was switched on.
        lost: Duration,
    },
}

/// Watches how much time a machine loses.
#[derive(Clone, Debug, Default)]
pub struct Behind {
    /// Time and loss when the present stretch began.
    since: Duration,
    lost: Duration,
    /// When trouble was last mentioned, while it lasts.
    said: Option<Duration>,
}

impl Behind {
    /// Looks at a machine that was switched on `wall` ago and has lost `lost` since. It may be called as often as one likes.
    pub fn look(&mut self, wall: Duration, lost: Duration) -> Option<Notice> {
        let stretch = wall.saturating_sub(self.since);
        if stretch < STRETCH {
            return None;
        }
        let lately = lost.saturating_sub(self.lost);
        (self.since, self.lost) = (wall, lost);
        if lately * WORTH > stretch {
            let due = self.said.is_none_or(|said| wall.saturating_sub(said) >= PATIENCE);
            return due.then(|| {
                self.said = Some(wall);
                let kept = stretch.saturating_sub(lately);
                Notice::Behind {
                    fraction: kept.as_secs_f64() / stretch.as_secs_f64(),
                    lost,
                }
            });
        }
        self.said.take().map(|_| Notice::KeepsUp { lost })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_mentioned_when_it_begins_now_and_then_and_when_it_is_over() {
        let mut behind = Behind::default();
        let ms = Duration::from_millis;
        let mut said = Vec::new();
        let mut lost = Duration::ZERO;
        for tick in 1..=200u64 {
            // 50 ms each; from 2 s to 9 s half of the time is lost.
            if (40..180).contains(&tick) {
                lost += ms(25);
            }
            if let Some(notice) = behind.look(ms(50 * tick), lost) {
                said.push((tick, notice));
            }
        }
        let (ticks, notices): (Vec<u64>, Vec<Notice>) = said.into_iter().unzip();
        assert_eq!(ticks, [60, 160, 200]);
        let Notice::Behind { fraction, lost } = notices[0] else {
            panic!("{notices:?}")
        };
        assert!((0.4..0.6).contains(&fraction), "{fraction}");
        assert_eq!(lost, ms(25 * 21));
        assert_eq!(notices[2], Notice::KeepsUp { lost: ms(25 * 140) });
    }

    #[test]
    fn a_machine_that_keeps_up_is_not_talked_about() {
        let mut behind = Behind::default();
        for tick in 1..1000 {
            let wall = Duration::from_millis(50 * tick);
            assert_eq!(behind.look(wall, wall / 100), None);
        }
    }
}
