//! End-to-end tests live in `tests/tests`; this library holds what they share.

pub mod assembler;
pub mod bare;
pub mod calibration;
pub mod networks;
pub mod oracles;

use std::net::IpAddr;
use taproot_emulator::{Emulator, Options, Running};
use taproot_host::{
    BootOptions, FirmwareCache, FirmwareSource, Host, HostOptions, Quiet, firmware::BOOT_IMAGE,
};
use taproot_spinnaker::wire::boot::BootValues;
use taproot_spinnaker_chip::{Board, Machine};

/// The pinned firmware, if it is installed; otherwise a notice says that a test was skipped. `make test` installs it.
#[expect(clippy::print_stderr, reason = "a skipped test should say so")]
pub fn firmware() -> Option<FirmwareCache> {
    let cache = FirmwareCache::locate().ok()?;
    let problems = cache.verify();
    match problems.first() {
        None => Some(cache),
        Some(problem) => {
            eprintln!("SKIPPED: {problem}");
            None
        }
    }
}

/// An emulated machine that has been booted, and a host that is connected to it. None without firmware.
///
/// # Panics
/// If the machine cannot be emulated or does not boot: then the test has failed.
pub fn booted(machine: &Machine, board: Board) -> Option<(Running, Host)> {
    booted_with(machine, board, &Options::default())
}

/// The same with other options of the emulator.
///
/// # Panics
/// As [`booted`].
pub fn booted_with(machine: &Machine, board: Board, options: &Options) -> Option<(Running, Host)> {
    let files = firmware()?;
    let running = Emulator::start(machine, options).expect("the machine can be emulated");
    let IpAddr::V4(address) = running.address() else {
        panic!("boards speak IPv4")
    };
    let mut host = Host::connect(address, HostOptions::default()).expect("a socket can be opened");
    let image = files.read(BOOT_IMAGE).expect("the firmware has been verified");
    // SCAMP's random generator starts from the time, so it is always the same.
    let options = BootOptions::new(BootValues::for_board(board, 1_600_000_000));
    host.ensure_booted(&image, options, &Quiet)
        .expect("the board boots");
    host.know_messages(files.messages());
    Some((running, host))
}
