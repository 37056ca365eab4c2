//! What firmware did on an emulated machine that has no model there, in sentences for a user, each once.

use std::collections::{BTreeMap, BTreeSet};
use taproot_emulator::{Report, Unmodelled};

/// Remembers what has been told of an emulated machine.
#[derive(Debug, Default)]
pub struct UnmodelledAccesses {
    told: BTreeSet<Report>,
}

impl UnmodelledAccesses {
    /// A sentence for each report that has not been told before. Chips on which the same program did the same thing share one.
    pub fn news(&mut self, reports: &[Report]) -> Vec<String> {
        let mut alike: BTreeMap<(Unmodelled, u32, u32), Vec<&Report>> = BTreeMap::new();
        for report in reports {
            if self.told.insert(report.clone()) {
                alike
                    .entry((report.kind, report.address, report.pc))
                    .or_default()
                    .push(report);
            }
        }
        alike.into_values().map(|reports| sentence(&reports)).collect()
    }
}

fn sentence(reports: &[&Report]) -> String {
    let [first, others @ ..] = reports else {
        return String::new();
    };
    let more = match others.len() {
        0 => String::new(),
        1 => ", and on 1 more chip".to_owned(),
        n => format!(", and on {n} more chips"),
    };
    format!("the emulator has no model of this: {first}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use taproot_spinnaker_chip::ChipXy;

    fn report(x: u8, kind: Unmodelled) -> Report {
        Report {
            chip: ChipXy::new(x, 0),
            kind,
            address: 0xe100_0040,
            pc: 0x1f4,
            core: 1,
        }
    }

    #[test]
    fn each_access_is_told_once_and_equal_ones_together() {
        let mut accesses = UnmodelledAccesses::default();
        let first = [
            report(0, Unmodelled::Read),
            report(1, Unmodelled::Read),
            report(0, Unmodelled::Write),
        ];
        assert_eq!(
            accesses.news(&first),
            [
                "the emulator has no model of this: a read at 0xe1000040, answered with 0, by physical core 1 of chip \
                 (0,0) at program counter 0x000001f4, and on 1 more chip",
                "the emulator has no model of this: a write at 0xe1000040, dropped, by physical core 1 of chip (0,0) at \
                 program counter 0x000001f4",
            ]
        );
        assert!(accesses.news(&first).is_empty());
        assert_eq!(accesses.news(&[report(2, Unmodelled::Read)]).len(), 1);
    }

    #[test]
    fn a_neighbour_has_no_program_counter() {
        let report = Report {
            core: 255,
            pc: 0,
            ..report(0, Unmodelled::BusError)
        };
        let text = &UnmodelledAccesses::default().news(&[report])[0];
        assert!(text.ends_with("by a neighbour of chip (0,0)"), "{text}");
    }
}
