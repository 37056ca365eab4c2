//! Runs the calibration programs on a board and prints what they measure beside what the emulator predicts.
//!
//! ```text
//! cargo run --release -p taproot-tests --example calibrate -- 192.168.240.253          # a SpiNN-5 board
//! cargo run --release -p taproot-tests --example calibrate -- 192.168.240.253 spin3    # a SpiNN-3 board
//! cargo run --release -p taproot-tests --example calibrate -- --predict [spin3]        # the emulator; writes the file
//! ```

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use taproot_emulator::{Emulator, Options};
use taproot_host::{BootOptions, FirmwareSource, Host, HostOptions, Quiet, firmware::BOOT_IMAGE};
use taproot_spinnaker::wire::boot::BootValues;
use taproot_spinnaker_chip::{Board, MachineName};
use taproot_tests::calibration::{Predictions, measure};

type Anything = Result<(), Box<dyn Error>>;

fn main() -> Anything {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--predict"] => predict("spin3"),
        ["--predict", machine] => predict(machine),
        [host] => report(host, Board::Spin5),
        [host, "spin5"] => report(host, Board::Spin5),
        [host, "spin3"] => report(host, Board::Spin3),
        _ => Err("usage: calibrate ADDRESS [spin3|spin5], or calibrate --predict [MACHINE]".into()),
    }
}

/// A booted, discovered machine.
fn connect(address: Ipv4Addr, board: Board) -> Result<Host, Box<dyn Error>> {
    let mut host = Host::connect(address, HostOptions::default())?;
    let files = taproot_tests::firmware().ok_or("the firmware is missing; try `taproot firmware install`")?;
    let image = files.read(BOOT_IMAGE)?;
    let options = BootOptions::new(BootValues::for_board(board, 1_600_000_000));
    host.ensure_booted(&image, options, &Quiet)?;
    host.discover(&Quiet)?;
    Ok(host)
}

#[expect(clippy::print_stdout, reason = "the table is the result")]
fn report(host: &str, board: Board) -> Anything {
    let address: Ipv4Addr = host
        .parse()
        .map_err(|_| format!("`{host}` is not an IPv4 address"))?;
    let mut host = connect(address, board)?;
    let predictions = Predictions::committed();
    println!(
        "{:<26} {:>10} {:>10}  what; what it settles",
        "quantity", "measured", "predicted"
    );
    measure(
        &mut host,
        |_| true,
        |measurement, value| {
            let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.2}"));
            println!(
                "{:<26} {:>10} {:>10}  {}; settles {}",
                measurement.name,
                number(value),
                number(predictions.0.get(measurement.name).copied()),
                measurement.what,
                measurement.settles
            );
        },
    )?;
    Ok(())
}

/// Writes the emulator's values into the file of predictions; what this machine cannot show keeps its value.
#[expect(clippy::print_stdout, reason = "what was written is the result")]
fn predict(machine: &str) -> Anything {
    let MachineName::Described(description) = MachineName::parse(machine)? else {
        return Err(format!("`{machine}` is not a machine that can be emulated").into());
    };
    let running = Emulator::start(&description, &Options::default())?;
    let IpAddr::V4(address) = running.address() else {
        return Err("boards speak IPv4".into());
    };
    let board = if machine == "spin3" {
        Board::Spin3
    } else {
        Board::Spin5
    };
    let mut host = connect(address, board)?;
    let mut predictions = Predictions::committed();
    measure(
        &mut host,
        |_| true,
        |measurement, value| {
            println!("{} = {value:?}", measurement.name);
            if let Some(value) = value {
                predictions.0.insert(measurement.name.to_owned(), value);
            }
        },
    )?;
    std::fs::write(Predictions::FILE, predictions.to_text())?;
    Ok(())
}
