//! How long each stage took, for the report, the summary and benchmarks.

use serde::Serialize;
use std::time::{Duration, Instant};
use taproot_spinnaker::Stage;

/// The whole way from the network to the load image; its stages are timed besides.
pub(crate) const MAPPING: &str = "map";

/// One stage and how long it took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageTime {
    /// What was done.
    pub name: String,
    /// How long it took, summed over repetitions, seconds.
    pub seconds: f64,
}

/// Gathers times and amounts over a session.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Clockwork {
    stages: Vec<StageTime>,
    /// Bytes written to the machine.
    pub(crate) loaded_bytes: u64,
    /// How long that took, seconds.
    pub(crate) load_seconds: f64,
    /// Simulated time run, ms.
    pub(crate) run_ms: f64,
    /// Wall-clock time that took, seconds.
    pub(crate) run_seconds: f64,
    /// Emulated cycles and instructions spent in it, where the machine is emulated.
    pub(crate) run_cycles: u64,
    pub(crate) run_instructions: u64,
}

impl Clockwork {
    pub(crate) fn add(&mut self, name: &str, took: Duration) {
        match self.stages.iter_mut().find(|stage| stage.name == name) {
            Some(stage) => stage.seconds += took.as_secs_f64(),
            None => self.stages.push(StageTime {
                name: name.to_owned(),
                seconds: took.as_secs_f64(),
            }),
        }
    }

    pub(crate) fn stages(&self) -> &[StageTime] {
        &self.stages
    }

    /// Times the stages of a lowering.
    pub(crate) fn lowering<T>(&mut self, work: impl FnOnce(&mut dyn FnMut(Stage)) -> T) -> T {
        let mut current: Option<(Stage, Instant)> = None;
        let mut times = Vec::new();
        let result = work(&mut |stage| {
            if let Some((before, began)) = current.replace((stage, Instant::now())) {
                times.push((before, began.elapsed()));
            }
        });
        times.extend(current.map(|(stage, began)| (stage, began.elapsed())));
        for (stage, took) in times {
            self.add(stage.name(), took);
        }
        result
    }

    pub(crate) fn loaded(&mut self, bytes: u64, took: Duration) {
        self.add("load", took);
        self.loaded_bytes += bytes;
        self.load_seconds += took.as_secs_f64();
    }

    /// A run of `ms` simulated milliseconds; cycles and instructions of the emulator before and after it.
    pub(crate) fn ran(
        &mut self,
        ms: f64,
        took: Duration,
        before: Option<(u64, u64)>,
        after: Option<(u64, u64)>,
    ) {
        self.add("run", took);
        self.run_ms += ms;
        self.run_seconds += took.as_secs_f64();
        if let (Some(before), Some(after)) = (before, after) {
            self.run_cycles += after.0.saturating_sub(before.0);
            self.run_instructions += after.1.saturating_sub(before.1);
        }
    }
}

impl Clockwork {
    /// Seconds of a stage; 0 if it never ran.
    pub(crate) fn seconds(&self, name: &str) -> f64 {
        self.stages
            .iter()
            .find(|stage| stage.name == name)
            .map_or(0.0, |stage| stage.seconds)
    }
}
