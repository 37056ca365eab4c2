//! `taproot emulate`: a machine on its real protocol, until interrupted.

use crate::{
    arguments::{Emulate, Pace},
    failure::Failure,
    output,
    progress::Progress,
};
use std::{net::IpAddr, time::Duration};
use taproot_emulator::{Bind, CYCLES_PER_SECOND, Emulator, Options, Report, Timing};
use taproot_session::{Observer, SessionError, Target, UnmodelledAccesses, processors};

pub(crate) fn emulate(arguments: &Emulate, json: bool) -> Result<bool, Failure> {
    for (given, flag) in [
        (arguments.trace.is_some(), "--trace"),
        (arguments.replay.is_some(), "--replay"),
        (arguments.gdb.is_some(), "--gdb"),
    ] {
        if given {
            return Err(Failure::with_hint(
                format!("`{flag}` is not there yet"),
                "a run is already repeatable: the same datagrams at the same emulated times give the same bytes",
            ));
        }
    }
    let Target::Emulated(machine) = Target::parse(&arguments.machine)? else {
        return Err(Failure::with_hint(
            format!(
                "`{}` is a real board, not a machine to emulate",
                arguments.machine
            ),
            "try `taproot emulate spin5`",
        ));
    };
    let bind = match arguments.bind {
        None => Bind::Loopback,
        Some(IpAddr::V4(address)) if address.is_loopback() => Bind::At(address),
        Some(IpAddr::V4(address)) => {
            output::message(&format!(
                "warning: {address} can be reached from outside; whoever reaches it can do everything with this machine"
            ));
            Bind::Open(address)
        }
        Some(address) => return Err(SessionError::NotV4(address).into()),
    };
    let options = Options {
        pace: match arguments.pace {
            Pace::Real => taproot_emulator::Pace::Real,
            Pace::Free => taproot_emulator::Pace::Free,
        },
        threads: arguments.threads.unwrap_or_else(processors).max(1),
        bind,
        timing: Timing::STOCK,
    };
    // Ctrl-C is looked at below, so that the sockets are closed in order.
    let progress = Progress::new();
    let running = Emulator::start(&machine, &options)?;
    if json {
        output::json_line(&serde_json::json!({
            "ready": true,
            "machine": machine.name(),
            "address": running.address(),
            "addresses": running.addresses(),
            "scp_port": taproot_spinnaker_chip::system_ram::SCP_PORT,
            "boot_port": taproot_spinnaker_chip::system_ram::BOOT_PORT,
        }));
    } else {
        let addresses: Vec<String> = running.addresses().iter().map(ToString::to_string).collect();
        output::result(format!("{} ready at {}", machine.name(), addresses.join(" ")));
    }
    let mut unmodelled = UnmodelledAccesses::default();
    let mut tell = |reports: &[Report]| {
        for sentence in unmodelled.news(reports) {
            output::message(&format!("warning: {sentence}"));
        }
    };
    while !progress.interrupted() {
        std::thread::sleep(Duration::from_millis(50));
        let Some(statistics) = running.statistics() else {
            return Err(
                "the emulated machine has stopped by itself; this is a defect of the emulator".into(),
            );
        };
        tell(&statistics.reports);
    }
    if let Some(statistics) = running.stop() {
        let seconds = statistics.cycles as f64 / CYCLES_PER_SECOND as f64;
        output::message(&format!(
            "stopped after {seconds:.3} emulated seconds and {} instructions",
            statistics.instructions
        ));
        tell(&statistics.reports);
    }
    Ok(true)
}
