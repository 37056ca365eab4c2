//! Serves a machine until it is killed: `cargo run --release -p taproot-emulator --example serve -- spin5 free`

use taproot_emulator::{CYCLES_PER_SECOND, Emulator, Options, Pace};
use taproot_spinnaker_chip::Machine;

#[expect(clippy::print_stdout, reason = "this is a program")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let machine = match arguments.next().as_deref() {
        Some("spin3") => Machine::spin3(),
        Some("spin5x3") => Machine::triads("spin5x3", 12, 12)?,
        _ => Machine::spin5(),
    };
    let pace = if arguments.next().as_deref() == Some("real") {
        Pace::Real
    } else {
        Pace::Free
    };
    let running = Emulator::start(
        &machine,
        &Options {
            pace,
            ..Options::default()
        },
    )?;
    println!("{:?}", running.addresses());
    loop {
        std::thread::sleep(std::time::Duration::from_secs(5));
        let Some(statistics) = running.statistics() else {
            return Ok(());
        };
        println!(
            "{:.2} s emulated, {} M instructions, {} link packets, {} MB SDRAM, unmodelled: {:?}",
            statistics.cycles as f64 / CYCLES_PER_SECOND as f64,
            statistics.instructions / 1_000_000,
            statistics.link_packets,
            statistics.sdram_bytes >> 20,
            statistics.reports,
        );
    }
}
