//! The calibration programs run on an emulated board and measure what was predicted.

use taproot_emulator::{Options, Timing};
use taproot_spinnaker_chip::{Board, Machine};
use taproot_tests::calibration::{Predictions, measure, measurements};
use taproot_tests::{booted, booted_with};

#[test]
fn the_emulator_still_measures_what_the_committed_file_predicts() {
    let Some((_running, mut host)) = booted(&Machine::spin3(), Board::Spin3) else {
        return;
    };
    host.discover(&taproot_host::Quiet).unwrap();
    let committed = Predictions::committed();
    let mut differences = Vec::new();
    let mut compared = 0;
    measure(
        &mut host,
        |_| true,
        |measurement, value| {
            let Some(value) = value else { return };
            compared += 1;
            match committed.0.get(measurement.name) {
                // Cores that start together start some cycles apart, and that depends on when the flag comes.
                Some(predicted) if (value - predicted).abs() <= 0.02 * predicted + 0.05 => {}
                predicted => {
                    differences.push(format!("{} = {value:.2}, not {predicted:?}", measurement.name))
                }
            }
        },
    )
    .unwrap();
    assert!(
        differences.is_empty(),
        "run `cargo run --release -p taproot-tests --example calibrate -- --predict` if this was meant:\n{}",
        differences.join("\n")
    );
    // All but the edge of a board, which SpiNN-3 does not have.
    assert_eq!(compared, measurements().count() - 1);
}

/// Quantities that follow from one parameter each, with another value of it.
#[test]
fn a_timing_file_changes_what_is_measured() {
    let timing = Timing::from_toml(
        "sdram_load_cycles = 30\nposted_store_cycles = 3\nsystem_load_cycles = 9\nlocal_access_cycles = 4\n\
         dma_word_cycles = 5\nhop_cycles = 140\n",
    )
    .unwrap();
    let options = Options {
        timing,
        ..Options::default()
    };
    let Some((_running, mut host)) = booted_with(&Machine::spin3(), Board::Spin3, &options) else {
        return;
    };
    host.discover(&taproot_host::Quiet).unwrap();
    let expected = [
        ("sdram_load", 31.0, 0.01),
        ("sdram_store", 4.0, 0.01),
        ("system_ram_load", 10.0, 0.01),
        ("local_load", 5.0, 0.01),
        ("hop", 184.0, 2.0),
    ];
    let mut dma = Vec::new();
    measure(
        &mut host,
        |measurement| {
            let dma = ["dma_256_words", "dma_1000_words"].contains(&measurement.name);
            dma || expected.iter().any(|(name, ..)| *name == measurement.name)
        },
        |measurement, value| {
            let value = value.unwrap();
            match expected.iter().find(|(name, ..)| *name == measurement.name) {
                Some((name, cycles, blur)) => {
                    assert!((value - cycles).abs() <= *blur, "{name} is {value}, not {cycles}");
                }
                None => dma.push(value),
            }
        },
    )
    .unwrap();
    let word = (dma[1] - dma[0]) / 744.0;
    assert!((word - 5.0).abs() < 0.02, "a word by DMA takes {word}");
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
        let hop = wire + f64::from(Timing::STOCK.hop);
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
