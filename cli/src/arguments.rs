//! The command line as a structure. Verbs and flags are a contract with scripts outside this repository.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// Carries spiking networks down to neuromorphic machines, real or emulated.
#[derive(Debug, Parser)]
#[command(
    name = "taproot",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    /// Print results as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a PyNN script or a saved network on a machine.
    Run(Run),
    /// Map a saved network without running it.
    Map(Map),
    /// Run the independent checkers over the artefacts in a directory.
    Check {
        /// A directory that `map` or `run` left behind.
        directory: PathBuf,
    },
    /// Serve an emulated machine on its real protocol until interrupted.
    Emulate(Emulate),
    /// Boot a machine and say what answered.
    Boot {
        #[command(flatten)]
        host: Host,
        /// Boot even if the machine already answers.
        #[arg(long)]
        again: bool,
    },
    /// Discover a machine: its size, what is dead, its Ethernet chips.
    Info {
        #[command(flatten)]
        host: Host,
    },
    /// List the cores that run something, with their states.
    Ps {
        #[command(flatten)]
        host: Host,
        /// Idle cores too. With --json they are always listed.
        #[arg(long)]
        all: bool,
    },
    /// Print what a core has written to its IO buffer.
    Iobuf {
        #[command(flatten)]
        host: Host,
        /// Column of the chip.
        x: u8,
        /// Row of the chip.
        y: u8,
        /// Virtual core, 0 to 17.
        p: u8,
    },
    /// The pinned on-chip programs.
    Firmware {
        /// What to do with them.
        #[arg(value_enum, default_value_t = FirmwareAction::Verify)]
        action: FirmwareAction,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Host {
    /// Address or host name of the machine's root board, such as 192.168.240.1 or 127.0.0.2.
    pub(crate) host: String,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// A PyNN script (`.py`) or a network saved with `save_network`.
    pub(crate) input: PathBuf,
    /// spin3, spin5, spin5x3, spin:WxH, mesh:WxH, a TOML file, or udp:ADDRESS for a real board [default: spin5]. What a
    /// script names in `setup()` comes first.
    #[arg(long, short, env = "TAPROOT_MACHINE")]
    pub(crate) machine: Option<String>,
    /// Where recordings, pictures and the mapping report go [default: out/NAME]. What an earlier run left there is removed.
    #[arg(long, short)]
    pub(crate) out: Option<PathBuf>,
    /// Simulated time of a saved network, ms. A script says itself how long it runs.
    #[arg(
        long,
        value_name = "MS",
        default_value_t = 1000.0,
        allow_negative_numbers = true
    )]
    pub(crate) time: f64,
    /// Threads of the emulator [default: one per host processor].
    #[arg(long, value_parser = at_least_one)]
    pub(crate) threads: Option<usize>,
    /// Arguments of the script.
    #[arg(last = true)]
    pub(crate) script_arguments: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Map {
    /// A network saved with `save_network`.
    pub(crate) network: PathBuf,
    /// spin3, spin5, spin5x3, spin:WxH, mesh:WxH, or a TOML file.
    #[arg(long, short, env = "TAPROOT_MACHINE", default_value = "spin5")]
    pub(crate) machine: String,
    /// Where artefacts and report.html go [default: out/NAME].
    #[arg(long, short)]
    pub(crate) out: Option<PathBuf>,
    /// Longest single run to reserve recording space for, ms.
    #[arg(
        long,
        value_name = "MS",
        default_value_t = 1000.0,
        allow_negative_numbers = true
    )]
    pub(crate) time: f64,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "taproot emulate [OPTIONS] MACHINE\n       taproot emulate [OPTIONS] --replay FILE"
)]
pub(crate) struct Emulate {
    /// spin3, spin5, spin5x3, spin:WxH, mesh:WxH, or a TOML file. A replay knows its machine.
    #[arg(required_unless_present = "replay")]
    pub(crate) machine: Option<String>,
    /// First address to listen on; further boards take the following ones. Anything but loopback must be named here.
    #[arg(long, value_name = "ADDR")]
    pub(crate) bind: Option<IpAddr>,
    /// Emulated time follows the wall clock, or runs as fast as this computer allows.
    #[arg(long, value_enum, default_value_t = Pace::Real)]
    pub(crate) pace: Pace,
    /// Threads [default: one per host processor].
    #[arg(long, value_parser = at_least_one)]
    pub(crate) threads: Option<usize>,
    /// Replace timing parameters by those in a TOML file; its keys are those of software-emulator/timing.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) timing: Option<PathBuf>,
    /// Execute with the plain interpreter alone: slower, and the same to the cycle.
    #[arg(long)]
    pub(crate) plain: bool,
    /// Record what comes from outside, with emulated time.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Emulated time between two states in the trace, by which a replay checks itself.
    #[arg(
        long,
        value_name = "MS",
        requires = "trace",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(crate) hash_every: Option<u32>,
    /// Repeat a recorded run, as fast as this computer allows, instead of listening.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["trace", "bind"])]
    pub(crate) replay: Option<PathBuf>,
    /// Write the state hashes of the machine and its chips for every emulated millisecond of a replay.
    #[arg(long, value_name = "FILE", requires = "replay")]
    pub(crate) hashes: Option<PathBuf>,
    /// Repeat a second run beside the first and name the first difference: `plain` (the same by the plain interpreter),
    /// `threads=N` (the same with so many threads), or another trace.
    #[arg(long, value_name = "WITH", requires = "replay", conflicts_with_all = ["hashes", "gdb"])]
    pub(crate) compare: Option<String>,
    /// Serve the GDB remote protocol at ADDRESS:PORT, or at a PORT of 127.0.0.1. A replay waits for the debugger.
    #[arg(long, value_name = "ADDR", value_parser = debugger_address)]
    pub(crate) gdb: Option<SocketAddr>,
}

/// `ADDRESS:PORT`, `:PORT` or `PORT`.
fn debugger_address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix(':').unwrap_or(text);
    if let Ok(port) = port.parse() {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    text.parse()
        .map_err(|_| "not ADDRESS:PORT, such as 127.0.0.1:1234, and not a port".to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pace {
    Real,
    Free,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FirmwareAction {
    /// Download the pinned versions with pip, verify and keep them.
    Install,
    /// Check every file against its pinned hash.
    Verify,
    /// Print where they are.
    Path,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err("it must be a whole number from 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debugger_listens_on_loopback_unless_told_otherwise() {
        let local = "127.0.0.1:1234".parse().unwrap();
        for text in ["1234", ":1234", "127.0.0.1:1234"] {
            assert_eq!(debugger_address(text), Ok(local));
        }
        assert_eq!(debugger_address("0.0.0.0:99"), Ok("0.0.0.0:99".parse().unwrap()));
        assert_eq!(debugger_address("[::1]:99"), Ok("[::1]:99".parse().unwrap()));
        for text in ["", ":", "70000", "127.0.0.1", "localhost:1"] {
            assert!(
                debugger_address(text).unwrap_err().contains("127.0.0.1:1234"),
                "{text}"
            );
        }
    }
}
