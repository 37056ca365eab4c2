//! `taproot emulate --replay`: a recorded run once more, without the program that talked to the machine.

use super::emulate::{debug_command, warn_of_outside};
use crate::{arguments::Emulate, failure::Failure, output, progress::Progress};
use std::{
    fs::File,
    io::{BufReader, BufWriter, Write},
    net::SocketAddr,
    path::Path,
    time::Duration,
};
use taproot_emulator::{
    CYCLES_PER_SECOND, Debugger, StateHash,
    trace::{Ending, Parting, Replay, ReplayError, ReplayOptions, TraceReader, compare},
};
use taproot_session::{Observer, Target, processors};

const MILLISECOND: u64 = CYCLES_PER_SECOND / 1000;
/// How often to look whether somebody has interrupted, while nothing happens.
const LOOK: Duration = Duration::from_millis(50);
/// Differences that are named.
const MOST: usize = 16;

type Run = Replay<BufReader<File>>;

pub(crate) fn replay(trace: &Path, arguments: &Emulate, json: bool) -> Result<bool, Failure> {
    let options = ReplayOptions {
        threads: arguments.threads.unwrap_or_else(processors).max(1),
        plain: arguments.plain,
    };
    let progress = Progress::new();
    if let Some(with) = &arguments.compare {
        let (other, others) = second(with, trace, options)?;
        return side_by_side((trace, options), (other, others), json, &progress);
    }
    let mut run = open(trace, options)?;
    if let Some(name) = &arguments.machine {
        check_machine(name, &run)?;
    }
    let recorded_by = run.start().emulator.clone();
    if recorded_by != env!("CARGO_PKG_VERSION") {
        output::message(&format!(
            "warning: the trace is from version {recorded_by} of the emulator; this one may execute otherwise"
        ));
    }
    let mut hashes = match &arguments.hashes {
        Some(path) => Some(Hashes::create(path, &run)?),
        None => None,
    };
    let mut debugger = match arguments.gdb {
        Some(address) => Some(wait_for_debugger(address, &mut run, &progress)?),
        None => None,
    };
    let began = std::time::Instant::now();
    let mut next = MILLISECOND;
    while run.ending().is_none() && !progress.interrupted() {
        if let Some(debugger) = &mut debugger {
            debugger.attend(run.system_mut());
            if debugger.holds() {
                debugger.wait(run.system_mut(), LOOK);
                continue;
            }
        }
        run.run_until(next).map_err(failure)?;
        if let Some(debugger) = &mut debugger
            && run.system().halted().is_some()
        {
            debugger.report(run.system_mut());
            continue;
        }
        if let Some(hashes) = &mut hashes
            && run.system().now() == next
        {
            hashes.write(&run.system().state_hashes())?;
        }
        next += MILLISECOND;
    }
    if let Some(debugger) = &mut debugger {
        debugger.switched_off(run.system_mut());
    }
    if let Some(hashes) = hashes {
        hashes.finish()?;
    }
    match run.ending() {
        Some(Ending::Whole) => {}
        None => output::message("interrupted before the end of the trace"),
        Some(Ending::Stops) => {
            output::message("the trace has no end: its recording was cut short after its last record");
        }
        Some(Ending::Cut { bytes }) => output::message(&format!(
            "the trace ends within a record: its recording was cut short, and the last {bytes} bytes are left out"
        )),
    }
    let statistics = run.system().statistics();
    let state = run.system().state_hash();
    let seconds = statistics.cycles as f64 / CYCLES_PER_SECOND as f64;
    if json {
        output::json_line(&serde_json::json!({
            "replayed": true,
            "machine": run.start().machine.name(),
            "whole": run.ending() == Some(Ending::Whole),
            "emulated_seconds": seconds,
            "cycles": statistics.cycles,
            "instructions": statistics.instructions,
            "state": format!("{state:016x}"),
            "states_verified": run.verified(),
            "wall_seconds": began.elapsed().as_secs_f64(),
        }));
    } else {
        output::result(format!(
            "{} replayed: {seconds:.6} emulated seconds, {} instructions, state {state:016x}, {} recorded states the same",
            run.start().machine.name(),
            statistics.instructions,
            run.verified(),
        ));
    }
    Ok(run.ending().is_some())
}

/// Opens the port and waits for a debugger to hold the machine there, before anything has happened.
fn wait_for_debugger(address: SocketAddr, run: &mut Run, progress: &Progress) -> Result<Debugger, Failure> {
    warn_of_outside(address);
    let mut debugger = Debugger::listen(address, || {})?;
    let command = debug_command(debugger.address());
    output::message(&format!("the replay waits for a debugger: {command}"));
    while !debugger.holds() && !progress.interrupted() {
        debugger.wait(run.system_mut(), LOOK);
    }
    Ok(debugger)
}

fn open(path: &Path, options: ReplayOptions) -> Result<Run, Failure> {
    let at = |error: &dyn std::error::Error| {
        let mut message = format!("{}: {error}", path.display());
        if let Some(cause) = error.source() {
            message = format!("{message}: {cause}");
        }
        message
    };
    let file = File::open(path).map_err(|error| {
        Failure::with_hint(at(&error), "`taproot emulate MACHINE --trace FILE` records one")
    })?;
    let reader = TraceReader::new(BufReader::new(file)).map_err(|error| at(&error))?;
    Ok(Replay::new(reader, &options).map_err(|error| at(&error))?)
}

/// The run to compare with.
fn second<'a>(
    with: &'a str,
    trace: &'a Path,
    options: ReplayOptions,
) -> Result<(&'a Path, ReplayOptions), Failure> {
    if with == "plain" {
        return Ok((
            trace,
            ReplayOptions {
                plain: true,
                ..options
            },
        ));
    }
    match with.strip_prefix("threads=") {
        None => Ok((Path::new(with), options)),
        Some(number) => match number.parse() {
            Ok(threads @ 1..) => Ok((trace, ReplayOptions { threads, ..options })),
            _ => Err(Failure::with_hint(
                format!("`{with}` is no number of threads"),
                "try `--compare threads=8`",
            )),
        },
    }
}

fn check_machine(name: &str, run: &Run) -> Result<(), Failure> {
    let recorded = &run.start().machine;
    match Target::parse(name)? {
        Target::Emulated(machine) if *machine == *recorded => Ok(()),
        _ => Err(Failure::with_hint(
            format!("the trace is about `{}`, which is not `{name}`", recorded.name()),
            "leave the machine out: the trace knows it",
        )),
    }
}

fn failure(error: ReplayError) -> Failure {
    match error {
        ReplayError::Different { .. } => Failure::with_hint(
            error,
            "`--compare plain` shows whether the fast execution is to blame; another version of the emulator may time \
             things differently",
        ),
        other => other.into(),
    }
}

fn side_by_side(
    first: (&Path, ReplayOptions),
    second: (&Path, ReplayOptions),
    json: bool,
    progress: &Progress,
) -> Result<bool, Failure> {
    // What cannot be opened is reported by name; afterwards it is known to open.
    drop(open(first.0, first.1)?);
    drop(open(second.0, second.1)?);
    let begin = |(path, options): (&Path, ReplayOptions)| {
        let file = File::open(path).map_err(taproot_emulator::trace::TraceError::from)?;
        Replay::new(TraceReader::new(BufReader::new(file))?, &options)
    };
    let mut same = 0;
    let parting = compare(
        || begin(first),
        || begin(second),
        MOST,
        |cycle| {
            same = cycle;
            !progress.interrupted()
        },
    )
    .map_err(failure)?;
    if progress.interrupted() && parting.is_none() {
        output::message("interrupted before the end");
        return Err("the comparison is not finished".into());
    }
    match (&parting, json) {
        (None, false) => output::result(format!(
            "the same, millisecond by millisecond, up to {:.3} ms at least",
            same as f64 / MILLISECOND as f64
        )),
        (None, true) => output::json_line(&serde_json::json!({ "same": true, "compared_cycles": same })),
        (Some(parting), false) => show(parting),
        (Some(parting), true) => output::json_line(&serde_json::json!({
            "same": false,
            "from_cycle": parting.from,
            "to_cycle": parting.to,
            "same_inputs": parting.same_inputs,
            "differences": parting.differences.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })),
    }
    Ok(parting.is_none())
}

fn show(parting: &Parting) {
    output::result(format!(
        "the runs part between cycles {} and {} ({:.4} ms)",
        parting.from,
        parting.to,
        parting.from as f64 / MILLISECOND as f64,
    ));
    if !parting.same_inputs {
        output::result("what came from outside is different by then");
    }
    for difference in &parting.differences {
        output::result(format!("  {difference}"));
    }
    if parting.differences.len() == MOST {
        output::result("  and perhaps more");
    }
}

/// The file of hashes: a line of headings, then a line for each emulated millisecond.
struct Hashes {
    to: BufWriter<File>,
}

impl Hashes {
    fn create(path: &Path, run: &Run) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut to = BufWriter::new(file);
        write!(to, "ms machine")?;
        for chip in run.system().chips() {
            write!(to, " {chip}")?;
        }
        writeln!(to)?;
        Ok(Self { to })
    }

    fn write(&mut self, state: &StateHash) -> Result<(), Failure> {
        write!(self.to, "{} {:016x}", state.cycle / MILLISECOND, state.machine)?;
        for chip in &state.chips {
            write!(self.to, " {chip:016x}")?;
        }
        writeln!(self.to)?;
        Ok(())
    }

    fn finish(mut self) -> Result<(), Failure> {
        Ok(self.to.flush()?)
    }
}
