//! What to try, by what went wrong. Libraries say what happened; advice is the program's.

use taproot_host::{HostError, ScpError};
use taproot_session::SessionError;
use taproot_spinnaker::LowerError;
use taproot_spinnaker_chip::DescriptionError;

/// Advice for an error of a session: one sentence each, possibly none.
pub fn hints(error: &SessionError) -> Vec<String> {
    match error {
        SessionError::Lower(error) => lowering(error),
        SessionError::Host(error) => machine(error),
        SessionError::Machine(DescriptionError::Unknown(_)) => {
            vec!["`spin5` emulates one board of 48 chips".to_owned()]
        }
        SessionError::RecordingLost { .. } => {
            vec!["record fewer cells, or with a longer sampling interval".to_owned()]
        }
        SessionError::Emulator(_) => {
            vec![
                "another emulator may hold the addresses; it shows as `taproot emulate` in the process list"
                    .to_owned(),
            ]
        }
        SessionError::NothingRun => vec!["call run() first".to_owned()],
        _ => Vec::new(),
    }
}

fn lowering(error: &LowerError) -> Vec<String> {
    match error {
        LowerError::TooManyCores { needed, .. } => {
            let boards = needed.div_ceil(48 * 16);
            let larger = if boards <= 3 {
                "spin5x3".to_owned()
            } else {
                larger_machine(boards)
            };
            vec![
                format!("`--machine {larger}` has room"),
                "cells per core follow from the cycles of a time step and from memory: a longer time step, or a larger \
                 time-scale factor, lets a core run more cells"
                    .to_owned(),
            ]
        }
        LowerError::DelayTooLong { .. } => {
            vec!["a longer time step makes the longest possible delay longer".to_owned()]
        }
        LowerError::NoRecordingSpace { .. } => {
            vec!["record fewer cells, or with a longer sampling interval".to_owned()]
        }
        LowerError::Check { .. } => {
            vec![
                "this is a defect of taproot; `sim.save_network(path)` keeps the network for a report"
                    .to_owned(),
            ]
        }
        _ => Vec::new(),
    }
}

/// The smallest machine of triads with this many boards.
fn larger_machine(boards: usize) -> String {
    let triads = boards.div_ceil(3);
    let columns = (1..=21).find(|columns| columns * columns >= triads).unwrap_or(21);
    format!("spin:{0}x{0}", 12 * columns)
}

pub(crate) fn machine(error: &HostError) -> Vec<String> {
    match error {
        HostError::NotBooted { .. } => vec!["`taproot boot HOST` boots it".to_owned()],
        HostError::BootSilent { .. } | HostError::Scp(ScpError::NoAnswer { .. }) => vec![
            "is it switched on, and is the address right? `taproot info HOST` asks it".to_owned(),
            "a board that has hung needs its power cycled".to_owned(),
        ],
        HostError::CoresFailed { .. } => {
            vec!["a core that ran out of memory or time fails so; fewer neurons per core may help".to_owned()]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_does_not_fit_is_shown_a_machine_that_holds_it() {
        let too_big = |needed| {
            hints(&SessionError::Lower(LowerError::TooManyCores {
                machine: "spin5".into(),
                needed,
                available: 808,
                population: "L23E".into(),
                cores: needed,
                size: 1,
                per_core: 1,
            }))
        };
        assert!(too_big(900)[0].contains("spin5x3"));
        assert!(too_big(9000)[0].contains("spin:24x24"), "{:?}", too_big(9000));
    }
}
