//! Times the encoding of a full wafer: 384 chips with all 44,040,192 synapses set.
//!
//! `encode_wafer` prints how long checking and encoding take, and into how many steps.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::time::Instant;
use taproot_brainscales::config::{Contents, HicannConfig, Limits, Programming, Stage, Step, WaferConfig};
use taproot_wafer::Hicann;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut wafer = WaferConfig::default();
    for chip in Hicann::all() {
        let mut config = HicannConfig::default();
        let mut state = chip.index() as u32 + 1;
        let synapses = &mut config.synapses;
        for (weight, decoder) in synapses.weights.iter_mut().zip(&mut synapses.decoders) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *weight = (state >> 28) as u8;
            *decoder = (state >> 24 & 15) as u8;
        }
        wafer.chips.insert(chip, config);
    }
    let start = Instant::now();
    let encoders = wafer
        .encoders(&Limits::default())
        .map_err(|violations| violations[0].to_string())?;
    println!(
        "checked {} chips in {:.3} s",
        encoders.len(),
        start.elapsed().as_secs_f64()
    );

    let programming = Programming::default();
    let start = Instant::now();
    let mut steps = Vec::new();
    let (mut count, mut writes, mut fillers) = (0u64, 0u64, 0u64);
    for (_, encoder) in &encoders {
        steps.clear();
        for stage in Stage::ALL {
            encoder.stage(stage, &programming, &mut steps)?;
        }
        count += steps.len() as u64;
        for step in &steps {
            match step {
                Step::Write(_) => writes += 1,
                Step::Wait { cycles, .. } => fillers += u64::from(Step::fillers(*cycles)),
                _ => {}
            }
        }
    }
    println!(
        "encoded {count} steps in {:.3} s: {writes} writes, and {fillers} fillers to pass time",
        start.elapsed().as_secs_f64()
    );

    let start = Instant::now();
    let contents = Contents::after(&steps)?;
    let decoded = HicannConfig::decode(&contents)?;
    let last = wafer.chips.values().next_back();
    println!("decoded one chip in {:.3} s", start.elapsed().as_secs_f64());
    assert_eq!(Some(&decoded), last, "the last chip comes back");
    Ok(())
}
