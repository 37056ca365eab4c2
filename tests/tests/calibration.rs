//! The calibration programs run on an emulated board and measure what was predicted.

use taproot_spinnaker_chip::{Board, Machine};
use taproot_tests::booted;
use taproot_tests::calibration::{Predictions, measure, measurements};

#[test]
fn the_emulator_still_measures_what_the_committed_file_predicts() {
    let Some((_running, mut host)) = booted(&Machine::spin3(), Board::Spin3) else {
        return;
    };
    host.discover(&taproot_host::Quiet).unwrap();
    let committed = Predictions::committed();
    let mut differences = Vec::new();
    let mut compared = 0;
    measure(&mut host, |measurement, value| {
        let Some(value) = value else { return };
        compared += 1;
        match committed.0.get(measurement.name) {
            // Cores that start together start some cycles apart, and that depends on when the flag comes.
            Some(predicted) if (value - predicted).abs() <= 0.02 * predicted + 0.05 => {}
            predicted => differences.push(format!("{} = {value:.2}, not {predicted:?}", measurement.name)),
        }
    })
    .unwrap();
    assert!(
        differences.is_empty(),
        "run `cargo run --release -p taproot-tests --example calibrate -- --predict` if this was meant:\n{}",
        differences.join("\n")
    );
    // All but the edge of a board, which SpiNN-3 does not have.
    assert_eq!(compared, measurements().count() - 1);
}

/// What the documents say, not what the emulator does.
#[test]
fn documented_times_are_predicted_exactly() {
    let predicted = Predictions::committed().0;
    for (name, cycles) in [("delay_loop", 4.0), ("tcm_load", 1.0)] {
        assert_eq!(predicted.get(name), Some(&cycles), "{name}");
    }
    // 220 and 380 ns on the wire (application note 7), and what the parameters say of the rest; polling blurs it.
    for (name, wire) in [("hop", 44.0), ("hop_with_payload", 76.0)] {
        let hop = wire + f64::from(taproot_emulator::Timing::STOCK.hop);
        assert!(
            (predicted[name] - hop).abs() < 1.0,
            "{name} is {}",
            predicted[name]
        );
    }
    for measurement in measurements() {
        assert!(
            predicted.contains_key(measurement.name),
            "{} is predicted",
            measurement.name
        );
    }
}
