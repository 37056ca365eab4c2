//! `taproot map` and `taproot check`.

use crate::{arguments::Map, failure::Failure, output, progress::Progress};
use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};
use taproot_network::Network;
use taproot_session::{SessionError, Summary, Target};
use taproot_spinnaker::LowerOptions;

pub(crate) fn map(arguments: &Map, json: bool) -> Result<bool, Failure> {
    let network = read_network(&arguments.network)?;
    let Target::Emulated(machine) = Target::parse(&arguments.machine)? else {
        return Err(Failure::with_hint(
            format!(
                "`{}` has to be asked what it is, which only `run` does",
                arguments.machine
            ),
            "give a described machine, such as `--machine spin5`, or use `taproot run`",
        ));
    };
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| default_out(&arguments.network));
    let steps = steps(arguments.time, &network)?;
    let progress = Progress::new();
    let command = command_line();
    let mapped = taproot_session::map(
        &network,
        &machine,
        steps,
        &LowerOptions::default(),
        &out,
        &command,
        &progress,
    );
    progress.finish();
    print_summary(&mapped?, &out, json);
    Ok(true)
}

pub(crate) fn check(directory: &Path, json: bool) -> Result<bool, Failure> {
    if !directory.join("machine.json").is_file() {
        return Err(Failure::with_hint(
            format!("there are no artefacts in {}", directory.display()),
            "give a directory that `taproot map` or `taproot run` has left behind, such as out/NAME",
        ));
    }
    let report = taproot_session::check(directory)?;
    let legal = report.problems.is_empty();
    if json {
        output::json(&serde_json::json!({
            "legal": legal, "checked": report.checked, "problems": report.problems,
        }));
    } else {
        for (what, count) in &report.checked {
            output::result(format!("{what}: {count} looked at"));
        }
        for problem in &report.problems {
            output::result(format!("problem: {problem}"));
        }
        output::result(if legal { "legal" } else { "not legal" });
    }
    Ok(legal)
}

pub(crate) fn read_network(path: &Path) -> Result<Network, Failure> {
    if !path.is_file() {
        return Err(Failure::with_hint(
            format!("there is no file {}", path.display()),
            "give the path of a network saved with `sim.save_network(path)`, or, to `taproot run`, of a PyNN script (.py)",
        ));
    }
    let file = File::open(path).map_err(SessionError::file(path))?;
    Network::read(BufReader::new(file)).map_err(|error| {
        Failure::with_hint(
            SessionError::Artefact {
                path: path.to_owned(),
                detail: error.to_string(),
            },
            "`sim.save_network(path)` in a PyNN script writes such a file",
        )
    })
}

/// Whole time steps of a time in ms.
pub(crate) fn steps(time: f64, network: &Network) -> Result<u32, Failure> {
    let steps = (time / network.timestep).ceil();
    if time.is_finite() && steps >= 1.0 && steps <= f64::from(u32::MAX) {
        Ok(steps as u32)
    } else {
        Err(format!(
            "a run cannot take {time} ms: with a time step of {0} ms it takes from {0} to {1} ms",
            network.timestep,
            f64::from(u32::MAX) * network.timestep
        )
        .into())
    }
}

/// `out/NAME` for an input file.
pub(crate) fn default_out(input: &Path) -> PathBuf {
    Path::new("out").join(input.file_stem().unwrap_or(input.as_os_str()))
}

/// The command as it was given, for reports.
pub(crate) fn command_line() -> String {
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    // Under Python the first argument may be the path of the console script.
    let start = arguments
        .iter()
        .position(|a| a == "run" || a == "map")
        .unwrap_or(0);
    format!("taproot {}", arguments[start..].join(" "))
}

pub(crate) fn print_summary(summary: &Summary, out: &Path, json: bool) {
    if json {
        let mut value = serde_json::to_value(summary).unwrap_or_default();
        value["out"] = serde_json::json!(out);
        output::json(&value);
        return;
    }
    output::result(format!(
        "{} and {} on {} of {} of {}, {}",
        output::amount(summary.cells, "cell", "cells"),
        output::amount(summary.synapses, "synapse", "synapses"),
        output::amount(summary.cores as u64, "core", "cores"),
        output::amount(summary.chips_used, "chip", "chips"),
        summary.machine,
        output::amount(summary.entries_minimised, "routing entry", "routing entries")
    ));
    if summary.run_ms > 0.0 {
        output::result(format!(
            "ran {} ms, recorded {}",
            summary.run_ms,
            output::amount(summary.spikes, "spike", "spikes")
        ));
        output::result(format!("recordings: {}", out.join("spikes.npz").display()));
        output::result(format!("picture:    {}", out.join("raster.svg").display()));
    }
    output::result(format!("report:     {}", out.join("report.html").display()));
}
