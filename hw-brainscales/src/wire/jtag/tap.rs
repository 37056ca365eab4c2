//! The states of a JTAG port (IEEE 1149.1): on each rising edge of TCK, TMS decides which comes next.

/// A state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of IEEE 1149.1")]
pub enum TapState {
    TestLogicReset,
    RunTestIdle,
    SelectDr,
    CaptureDr,
    ShiftDr,
    Exit1Dr,
    PauseDr,
    Exit2Dr,
    UpdateDr,
    SelectIr,
    CaptureIr,
    ShiftIr,
    Exit1Ir,
    PauseIr,
    Exit2Ir,
    UpdateIr,
}

impl TapState {
    /// The state after a clock.
    pub const fn next(self, tms: bool) -> Self {
        use TapState::*;
        match (self, tms) {
            (TestLogicReset, true) | (SelectIr, true) => TestLogicReset,
            (TestLogicReset | RunTestIdle | UpdateDr | UpdateIr, false) => RunTestIdle,
            (RunTestIdle | UpdateDr | UpdateIr, true) => SelectDr,
            (SelectDr, false) => CaptureDr,
            (SelectDr, true) => SelectIr,
            (CaptureDr | ShiftDr | Exit2Dr, false) => ShiftDr,
            (CaptureDr | ShiftDr, true) => Exit1Dr,
            (Exit1Dr | PauseDr, false) => PauseDr,
            (PauseDr, true) => Exit2Dr,
            (Exit1Dr | Exit2Dr, true) => UpdateDr,
            (SelectIr, false) => CaptureIr,
            (CaptureIr | ShiftIr | Exit2Ir, false) => ShiftIr,
            (CaptureIr | ShiftIr, true) => Exit1Ir,
            (Exit1Ir | PauseIr, false) => PauseIr,
            (PauseIr, true) => Exit2Ir,
            (Exit1Ir | Exit2Ir, true) => UpdateIr,
        }
    }

    /// The shortest sequence of TMS that leads to a state; of two, the one that begins with false.
    pub fn path(self, to: Self) -> Vec<bool> {
        let mut reached = vec![(self, Vec::new())];
        let mut next = 0;
        loop {
            let (state, path) = reached[next].clone();
            if state == to {
                return path;
            }
            for tms in [false, true] {
                let after = state.next(tms);
                if reached.iter().all(|(seen, _)| *seen != after) {
                    let path = path.iter().copied().chain([tms]).collect();
                    reached.push((after, path));
                }
            }
            next += 1; // every state can be reached, so the list does not end before `to`
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TapState::*;

    /// By hand from the state diagram of the standard; those that scans take.
    #[test]
    fn scans_take_these_paths() {
        let path = |from: TapState, to| -> String {
            from.path(to)
                .into_iter()
                .map(|tms| if tms { '1' } else { '0' })
                .collect()
        };
        assert_eq!(path(TestLogicReset, RunTestIdle), "0");
        assert_eq!(path(RunTestIdle, ShiftIr), "1100");
        assert_eq!(path(RunTestIdle, ShiftDr), "100");
        assert_eq!(path(Exit1Ir, RunTestIdle), "10");
        assert_eq!(path(Exit1Dr, RunTestIdle), "10");
        assert_eq!(path(RunTestIdle, RunTestIdle), "");
    }

    #[test]
    fn five_clocks_reset_from_anywhere() {
        for start in [RunTestIdle, ShiftDr, PauseDr, ShiftIr, PauseIr, UpdateIr] {
            let end = (0..5).fold(start, |state, _| state.next(true));
            assert_eq!(end, TestLogicReset);
        }
    }
}
