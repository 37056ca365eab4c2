//! `taproot emulate`: a machine on its real protocol, until interrupted.

use crate::{
    arguments::{Emulate, Pace},
    failure::Failure,
    output,
    progress::Progress,
};
use std::{
    fs::File,
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    path::Path,
    time::Duration,
};
use taproot_emulator::{
    Behind, Bind, CYCLES_PER_SECOND, Emulator, EmulatorError, Notice, Options, Pacing, Report, Running,
    Statistics, Timing,
};
use taproot_session::{Observer, SessionError, Target, UnmodelledAccesses, processors};
use taproot_spinnaker_chip::Machine;

/// Looks at the machine between two looks at what it has no model for, which take longer.
const LOOKS: u32 = 10;

pub(crate) fn emulate(arguments: &Emulate, json: bool) -> Result<bool, Failure> {
    let name = arguments.machine.as_deref().unwrap_or_default();
    let Target::Emulated(machine) = Target::parse(name)? else {
        return Err(Failure::with_hint(
            format!("`{name}` is a real board, not a machine to emulate"),
            "try `taproot emulate spin5`",
        ));
    };
    let options = options(arguments)?;
    // Ctrl-C is looked at below, so that the sockets are closed in order.
    let progress = Progress::new();
    let running = start(&machine, &options, arguments)?;
    ready(&machine, &running, json);
    let mut behind = Behind::default();
    let mut unmodelled = UnmodelledAccesses::default();
    let mut looks = 0u32;
    let failed = loop {
        if progress.interrupted() {
            break None;
        }
        std::thread::sleep(Duration::from_millis(50));
        if !running.is_running() {
            return Err(
                "the emulated machine has stopped by itself; this is a defect of the emulator".into(),
            );
        }
        if let Some(error) = running.trace_failure() {
            break Some(error);
        }
        let Pacing { wall, lost, .. } = running.pacing();
        if let Some(notice) = behind.look(wall, lost) {
            say(notice);
        }
        warn(&running.warnings());
        looks += 1;
        if looks.is_multiple_of(LOOKS)
            && let Some(statistics) = running.statistics()
        {
            tell(&mut unmodelled, &statistics.reports);
        }
    };
    let pacing = running.pacing();
    warn(&running.warnings());
    let (statistics, failed_last) = running.stop_traced();
    if let Some(statistics) = &statistics {
        report(statistics, pacing, options.pace, json);
        tell(&mut unmodelled, &statistics.reports);
    }
    match (failed.or(failed_last), &arguments.trace) {
        (Some(error), Some(path)) => Err(not_written(path, &error)),
        _ => Ok(true),
    }
}

fn options(arguments: &Emulate) -> Result<Options, Failure> {
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
    if let Some(address) = arguments.gdb {
        warn_of_outside(address);
    }
    Ok(Options {
        pace: match arguments.pace {
            Pace::Real => taproot_emulator::Pace::Real,
            Pace::Free => taproot_emulator::Pace::Free,
        },
        threads: arguments.threads.unwrap_or_else(processors).max(1),
        bind,
        timing: timing(arguments.timing.as_deref())?,
        plain: arguments.plain,
        debugger: arguments.gdb,
    })
}

fn start(machine: &Machine, options: &Options, arguments: &Emulate) -> Result<Running, Failure> {
    let Some(path) = &arguments.trace else {
        return Ok(Emulator::start(machine, options)?);
    };
    // No buffer: of a program that is killed, everything it has recorded is in the file.
    let file = File::create_new(path).map_err(|error| not_written(path, &error))?;
    let states = arguments
        .hash_every
        .map(|milliseconds| u64::from(milliseconds) * CYCLES_PER_SECOND / 1000);
    Emulator::start_traced(machine, options, file, states).map_err(|error| match error {
        EmulatorError::Trace(error) => not_written(path, &error),
        other => other.into(),
    })
}

fn not_written(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("the trace {} cannot be written: {error}", path.display());
    match error.kind() {
        ErrorKind::AlreadyExists => Failure::with_hint(
            message,
            "it may be the record of another run: remove it, or name another file",
        ),
        _ if path.metadata().is_ok_and(|file| file.len() > 0) => {
            Failure::with_hint(message, "what is in it so far can be replayed")
        }
        _ => message.into(),
    }
}

fn ready(machine: &Machine, running: &Running, json: bool) {
    if json {
        output::json_line(&serde_json::json!({
            "ready": true,
            "machine": machine.name(),
            "address": running.address(),
            "addresses": running.addresses(),
            "scp_port": taproot_spinnaker_chip::system_ram::SCP_PORT,
            "boot_port": taproot_spinnaker_chip::system_ram::BOOT_PORT,
            "gdb": running.debugger(),
        }));
    } else {
        let addresses: Vec<String> = running.addresses().iter().map(ToString::to_string).collect();
        output::result(format!("{} ready at {}", machine.name(), addresses.join(" ")));
        if let Some(address) = running.debugger() {
            output::message(&format!("a debugger may call: {}", debug_command(address)));
        }
    }
}

/// How to call with the usual debugger.
pub(crate) fn debug_command(address: SocketAddr) -> String {
    format!("gdb-multiarch -ex 'target remote {address}'")
}

/// Says so if a debugger's port is not for this computer alone.
pub(crate) fn warn_of_outside(address: SocketAddr) {
    if !address.ip().is_loopback() {
        output::message(&format!(
            "warning: {address} can be reached from outside; whoever reaches it can do everything with this machine"
        ));
    }
}

/// Says what the machine has no model for, and has not been said.
fn tell(unmodelled: &mut UnmodelledAccesses, reports: &[Report]) {
    warn(&unmodelled.news(reports));
}

fn warn(sentences: &[String]) {
    for sentence in sentences {
        output::message(&format!("warning: {sentence}"));
    }
}

fn say(notice: Notice) {
    match notice {
        Notice::Behind { fraction, lost } => output::message(&format!(
            "falling behind: {:.0} % of real time lately, {:.1} s lost so far",
            100.0 * fraction,
            lost.as_secs_f64()
        )),
        Notice::KeepsUp { lost } => output::message(&format!(
            "keeping up with real time again, {:.1} s lost",
            lost.as_secs_f64()
        )),
    }
}

fn report(statistics: &Statistics, pacing: Pacing, pace: taproot_emulator::Pace, json: bool) {
    let emulated = statistics.cycles as f64 / CYCLES_PER_SECOND as f64;
    let (wall, lost) = (pacing.wall.as_secs_f64(), pacing.lost.as_secs_f64());
    output::message(&format!(
        "stopped after {emulated:.3} emulated seconds and {} instructions",
        statistics.instructions
    ));
    if pace == taproot_emulator::Pace::Real && !pacing.lost.is_zero() {
        output::message(&format!(
            "fell behind: {:.1} % of real time on average, {lost:.3} s of {wall:.3} s lost",
            100.0 * (1.0 - lost / wall)
        ));
    }
    if json {
        output::json_line(&serde_json::json!({
            "stopped": true,
            "emulated_seconds": emulated,
            "wall_seconds": wall,
            "lost_seconds": lost,
            "instructions": statistics.instructions,
        }));
    }
}

/// The timing parameters: the stock ones, or those with what a file replaces.
fn timing(file: Option<&Path>) -> Result<Timing, Failure> {
    let Some(file) = file else {
        return Ok(Timing::STOCK);
    };
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::with_hint(
            format!("cannot read the timing file {}: {error}", file.display()),
            "software-emulator/timing.toml is one, with all keys",
        )
    })?;
    Timing::from_toml(&text).map_err(|error| {
        Failure::with_hint(
            format!("{}: {error}", file.display()),
            "a file may leave out keys; software-emulator/timing.toml has them all, with their units and sources",
        )
    })
}
