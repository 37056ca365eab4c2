//! Calibration: small programs that measure on a board what nobody has published about the SpiNNaker chip.
//!
//! They run on bare cores of any booted machine, reached by the ordinary host path, so on a real board and on an emulated
//! one alike. `tests/calibration/README.md` says how; `tests/calibration/predictions.toml` has what the emulator predicts.
//!
//! * [`MEASUREMENTS`] lists what is measured; [`measure`] does it.
//! * [`Predictions`] is the file.

mod laboratory;
mod memory;
mod packets;
mod processor;

pub use laboratory::Laboratory;

use crate::bare::BareError;
use std::collections::BTreeMap;
use taproot_host::Host;

/// One quantity.
pub struct Measurement {
    /// Key in the file of predictions.
    pub name: &'static str,
    /// What it is, with its unit.
    pub what: &'static str,
    /// The key of `software-emulator/timing.toml` that follows from it, or what else it settles.
    pub settles: &'static str,
    /// Measures it; none if this machine cannot show it.
    pub run: fn(&mut Laboratory<'_>) -> Result<Option<f64>, BareError>,
}

/// Everything that is measured, in the order of the report.
pub fn measurements() -> impl Iterator<Item = &'static Measurement> {
    [
        processor::MEASUREMENTS,
        memory::MEASUREMENTS,
        packets::MEASUREMENTS,
    ]
    .into_iter()
    .flatten()
}

/// Measures on a machine that is booted, discovered and not in use what `wanted` says; calls `done` after each quantity.
pub fn measure(
    host: &mut Host,
    wanted: impl Fn(&Measurement) -> bool,
    mut done: impl FnMut(&'static Measurement, Option<f64>),
) -> Result<(), BareError> {
    let mut laboratory = Laboratory::new(host)?;
    for measurement in measurements().filter(|measurement| wanted(measurement)) {
        let value = (measurement.run)(&mut laboratory)?;
        done(measurement, value);
    }
    laboratory.close()
}

/// The emulator's values by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions(pub BTreeMap<String, f64>);

impl Predictions {
    /// The file in the repository.
    pub const FILE: &'static str = concat!(env!("CARGO_MANIFEST_DIR"), "/calibration/predictions.toml");

    /// The predictions that were committed.
    ///
    /// # Panics
    /// If the file has been spoilt.
    pub fn committed() -> Self {
        let text = include_str!("../../calibration/predictions.toml");
        let lines = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        Self(
            lines
                .map(|line| {
                    let (name, value) = line.split_once(" = ").expect("`name = value`");
                    (name.to_owned(), value.parse().expect("a number"))
                })
                .collect(),
        )
    }

    /// The file's text, in the order of the report.
    pub fn to_text(&self) -> String {
        let mut text = String::from(
            "# What the emulator predicts for the calibration programs, with its stock timing parameters.\n\
             # Made by `cargo run --release -p taproot-tests --example calibrate -- --predict`; a test compares it.\n",
        );
        for measurement in measurements() {
            if let Some(value) = self.0.get(measurement.name) {
                text += &format!("\n# {}\n{} = {value:.2}\n", measurement.what, measurement.name);
            }
        }
        text
    }
}
