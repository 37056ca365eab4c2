//! `taproot run`: a PyNN script, or a saved network.

use super::map;
use crate::{arguments::Run, failure::Failure, progress::Progress};
use std::{path::Path, process::Command, sync::Arc};
use taproot_session::{Observer, Session, SessionOptions, Target};

/// The machine for those who name none.
const DEFAULT_MACHINE: &str = "spin5";

pub(crate) fn run(arguments: &Run, json: bool) -> Result<bool, Failure> {
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| map::default_out(&arguments.input));
    // A mistake in the name should not cost the user the time until the script gets there.
    let machine = named_machine(arguments);
    Target::parse(machine.unwrap_or(DEFAULT_MACHINE))?;
    if arguments
        .input
        .extension()
        .is_some_and(|extension| extension == "py")
    {
        return script(arguments, &out, json);
    }
    let network = map::read_network(&arguments.input)?;
    let steps = map::steps(arguments.time, &network)?;
    let progress = Arc::new(Progress::new());
    let mut options = SessionOptions::default();
    if let Some(threads) = arguments.threads {
        options.threads = threads.max(1);
    }
    let mut session = Session::open(machine.unwrap_or(DEFAULT_MACHINE), options, progress.clone())?;
    let ran = session.run(&network, steps);
    progress.finish();
    if progress.interrupted() {
        return Err("interrupted; the machine has been stopped".into());
    }
    ran?;
    taproot_session::clear_outputs(&out)?;
    let summary = session.write_outputs(&out, &map::command_line())?;
    session.close()?;
    map::print_summary(&summary, &out, json);
    Ok(true)
}

/// The machine that the command line or the environment names. An empty variable names none.
fn named_machine(arguments: &Run) -> Option<&str> {
    arguments.machine.as_deref().filter(|name| !name.is_empty())
}

/// Runs a script in a Python of its own, which leaves its outputs by itself.
fn script(arguments: &Run, out: &Path, json: bool) -> Result<bool, Failure> {
    let input = &arguments.input;
    if !input.is_file() {
        return Err(Failure::with_hint(
            format!("there is no script {}", input.display()),
            "give the path of a PyNN script, or of a network saved with `save_network`",
        ));
    }
    std::fs::create_dir_all(out).map_err(taproot_session::SessionError::file(out))?;
    let out = out
        .canonicalize()
        .map_err(taproot_session::SessionError::file(out))?;
    taproot_session::clear_outputs(&out)?;
    let python = super::firmware::python();
    // Ctrl-C reaches the whole process group: the script stops its machine, and we wait for it.
    let _progress = Progress::new();
    let mut command = Command::new(&python);
    command
        .arg(input)
        .args(&arguments.script_arguments)
        .env("TAPROOT_OUT", &out)
        .env("TAPROOT_COMMAND", map::command_line());
    if let Some(machine) = named_machine(arguments) {
        command.env("TAPROOT_MACHINE", machine);
    }
    if let Some(threads) = arguments.threads {
        command.env("TAPROOT_THREADS", threads.max(1).to_string());
    }
    if json {
        // stdout is for the result.
        command.stdout(std::io::stderr());
    }
    let status = command.status().map_err(|error| {
        Failure::with_hint(
            format!("cannot start Python ({}): {error}", python.display()),
            "set TAPROOT_PYTHON to a Python that has taproot installed",
        )
    })?;
    if !status.success() {
        return Err(format!("the script {} failed ({status})", input.display()).into());
    }
    let summary = out.join("summary.json");
    let Ok(text) = std::fs::read_to_string(&summary) else {
        return Err(Failure::with_hint(
            format!("the script {} ran nothing on taproot", input.display()),
            "does it `import taproot.spinnaker as sim` and call `sim.run(...)`?",
        ));
    };
    let summary = serde_json::from_str(&text).map_err(|error| taproot_session::SessionError::Artefact {
        path: summary,
        detail: error.to_string(),
    })?;
    map::print_summary(&summary, &out, json);
    Ok(true)
}
