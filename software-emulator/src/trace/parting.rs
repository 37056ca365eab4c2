//! Two runs side by side, to find where they part.

use super::{Replay, ReplayError};
use crate::state::Difference;
use crate::timing::{CYCLES_PER_SECOND, Timing};
use std::io::Read;

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// The cycle in which the first window with a difference begins.
    pub from: u64,
    /// The cycle in which it ends: the state is compared then.
    pub to: u64,
    /// Whether the same has come from outside up to there.
    pub same_inputs: bool,
    /// What is different at its end, first things first.
    pub differences: Vec<Difference>,
}

const STEP: u64 = CYCLES_PER_SECOND / 1000;

/// Repeats two runs side by side and finds the first window of 80 cycles after which they differ, if they do before the
/// shorter one ends. Up to `most` differences are named.
///
/// Each run is begun by a function, because it is repeated twice: first by the millisecond, comparing state hashes, and
/// then, within the first millisecond that ends differently, by the window. `each` hears of every millisecond that was
/// the same, and whether to go on.
///
/// # Errors
/// If either run cannot be repeated.
pub fn compare<A: Read, B: Read>(
    mut first: impl FnMut() -> Result<Replay<A>, ReplayError>,
    mut second: impl FnMut() -> Result<Replay<B>, ReplayError>,
    most: usize,
    mut each: impl FnMut(u64) -> bool,
) -> Result<Option<Parting>, ReplayError> {
    let (mut a, mut b) = (first()?, second()?);
    let mut same = 0;
    loop {
        if a.start().machine != b.start().machine {
            break;
        }
        a.run_until(same + STEP)?;
        b.run_until(same + STEP)?;
        if a.system().state_hashes() != b.system().state_hashes() {
            // One that has ended is shorter, not different.
            let ended = a.ending().is_some() || b.ending().is_some();
            if ended && a.system().now() != b.system().now() {
                let until = a.system().now().min(b.system().now());
                (a, b) = (first()?, second()?);
                return windows(a, b, same, until, most);
            }
            break;
        }
        same += STEP;
        if a.ending().is_some() || b.ending().is_some() || !each(same) {
            return Ok(None);
        }
    }
    windows(first()?, second()?, same, same + STEP, most)
}

/// Compares from cycle `same` to `until`, window by window.
fn windows<A: Read, B: Read>(
    mut a: Replay<A>,
    mut b: Replay<B>,
    same: u64,
    until: u64,
    most: usize,
) -> Result<Option<Parting>, ReplayError> {
    a.run_until(same)?;
    b.run_until(same)?;
    let mut from = same;
    while from < until {
        let to = from + Timing::WINDOW;
        a.run_until(to)?;
        b.run_until(to)?;
        if a.system().state_hashes() != b.system().state_hashes() {
            return Ok(Some(Parting {
                from,
                to,
                same_inputs: a.inputs() == b.inputs(),
                differences: a.system().differences(b.system(), most),
            }));
        }
        from = to;
    }
    Ok(None)
}
