//! What can go wrong between a host and a machine.

use crate::{CoreFailure, FirmwareError, TransportError};
use std::time::Duration;
use taproot_spinnaker::wire::{WireError, boot::BootImageError, scp::ReturnCode, sdp::SdpAddress};
use taproot_spinnaker_chip::{ChipXy, CoreId, MachineError};

/// What went wrong with one request of a batch.
#[derive(Debug, thiserror::Error)]
pub enum ScpError {
    /// The connection itself failed.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Nothing came back.
    #[error(
        "{destination} of the board at {board} did not answer {command}: {attempts} attempts in {:.1} s",
        waited.as_secs_f32()
    )]
    NoAnswer {
        /// The board.
        board: String,
        /// The command.
        command: String,
        /// Whom it was for.
        destination: SdpAddress,
        /// How often it was sent.
        attempts: u32,
        /// How long that took.
        waited: Duration,
    },
    /// The machine answered with an error.
    #[error("{destination} of the board at {board} refused {command}: {code}")]
    Refused {
        /// The board.
        board: String,
        /// The command.
        command: String,
        /// Whom it was for.
        destination: SdpAddress,
        /// Why.
        code: ReturnCode,
    },
    /// The answer makes no sense.
    #[error("{destination} of the board at {board} answered {command} with something else")]
    Malformed {
        /// The board.
        board: String,
        /// The command.
        command: String,
        /// Whom it was for.
        destination: SdpAddress,
        /// What is wrong with it.
        #[source]
        source: WireError,
    },
    /// The observer asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// What went wrong with a machine.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A request failed.
    #[error(transparent)]
    Scp(#[from] ScpError),
    /// No connection.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Firmware is missing or wrong.
    #[error(transparent)]
    Firmware(#[from] FirmwareError),
    /// The boot image is none.
    #[error(transparent)]
    BootImage(#[from] BootImageError),
    /// Nothing answers, and no boot was asked for.
    #[error("the board at {board} does not answer; it may be switched off, not booted, or elsewhere")]
    NotBooted {
        /// The board.
        board: String,
    },
    /// Nothing answers after a boot.
    #[error("the board at {board} did not answer within {:.0} s of being booted", waited.as_secs_f32())]
    BootSilent {
        /// The board.
        board: String,
        /// How long the host waited.
        waited: Duration,
    },
    /// The board answers, but its machine never finds its shape.
    #[error("the board at {board} has started but was not ready after {:.0} s", waited.as_secs_f32())]
    BootUnfinished {
        /// The board.
        board: String,
        /// How long the host waited.
        waited: Duration,
    },
    /// Another monitor program runs there.
    #[error("the board at {board} runs {kernel} {version}; SC&MP 4.0 is needed")]
    WrongKernel {
        /// The board.
        board: String,
        /// What runs there.
        kernel: String,
        /// In which version.
        version: String,
    },
    /// A structure in the machine's memory makes no sense.
    #[error("{what} of chip {chip} cannot be understood")]
    Memory {
        /// The structure.
        what: &'static str,
        /// The chip.
        chip: ChipXy,
        /// What is wrong with it.
        #[source]
        source: WireError,
    },
    /// What the chips say does not fit together.
    #[error("the machine that the board at {board} describes is not consistent")]
    Machine {
        /// The board.
        board: String,
        /// What is wrong.
        #[source]
        source: MachineError,
    },
    /// The machine has not been discovered.
    #[error("the machine has to be discovered before anything is loaded")]
    NotDiscovered,
    /// The image is for another machine.
    #[error("the load image uses core {core} ({label}), which this machine does not have")]
    NoSuchCore {
        /// The core.
        core: CoreId,
        /// What should run there.
        label: String,
    },
    /// A core of the image has no such region.
    #[error("core {core} ({label}) has no region {region}")]
    NoSuchRegion {
        /// The core.
        core: CoreId,
        /// What runs there.
        label: String,
        /// The region.
        region: u8,
    },
    /// More data than a region has room for.
    #[error(
        "{bytes} bytes at offset {offset} do not fit into region {region} of core {core} ({label}), which has {size}"
    )]
    RegionTooSmall {
        /// The core.
        core: CoreId,
        /// What runs there.
        label: String,
        /// The region.
        region: u8,
        /// Where.
        offset: u32,
        /// How much.
        bytes: usize,
        /// Its size.
        size: u32,
    },
    /// A chip has no room for a core's data.
    #[error("chip {} has no room for the {bytes} bytes of data of core {core} ({label})", core.chip)]
    NoSdram {
        /// The core.
        core: CoreId,
        /// What should run there.
        label: String,
        /// How much.
        bytes: u32,
    },
    /// A chip has no room for its routing table.
    #[error("chip {chip} has no room for {entries} routing entries")]
    NoEntries {
        /// The chip.
        chip: ChipXy,
        /// How many.
        entries: usize,
    },
    /// A binary is larger than the staging area.
    #[error("the binary {name} has {bytes} bytes; SCAMP stages at most {limit}")]
    BinaryTooLarge {
        /// Its file.
        name: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: u32,
    },
    /// Cores have died or left.
    #[error("{}", describe(.failures, *.total))]
    CoresFailed {
        /// The first of them.
        failures: Vec<CoreFailure>,
        /// How many there are.
        total: usize,
    },
    /// Nothing moves any more.
    #[error("{}", stalled(what, .waiting, *.total))]
    Stalled {
        /// What was waited for.
        what: &'static str,
        /// The first cores that are not there yet, with label and state.
        waiting: Vec<(CoreId, String, taproot_spinnaker::wire::state::CoreState)>,
        /// How many there are.
        total: usize,
    },
    /// Cores do not run the application any more although none of them has failed: somebody else has stopped it.
    #[error("{}", vanished(.gone, *.total, *.after_ms))]
    Gone {
        /// The first of those cores, with label and state.
        gone: Vec<(CoreId, String, taproot_spinnaker::wire::state::CoreState)>,
        /// How many there are.
        total: usize,
        /// When it was noticed: after so much of the run, ms of the machine's clock.
        after_ms: u64,
    },
    /// All cores have paused long before the end of their run.
    #[error(
        "the run ended {after_ms} ms after its start instead of {expected_ms} ms: somebody else has told the cores to \
         pause; see that nobody else uses the board and run again"
    )]
    CutShort {
        /// When it was noticed, ms of the machine's clock.
        after_ms: u64,
        /// How long the run should have taken.
        expected_ms: u64,
    },
    /// The observer asked to stop.
    #[error("interrupted")]
    Interrupted,
}

fn describe(failures: &[CoreFailure], total: usize) -> String {
    let mut text = String::new();
    for failure in failures {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&failure.to_string());
    }
    if total > failures.len() {
        text.push_str(&format!("\nand {} more cores failed", total - failures.len()));
    }
    text
}

fn vanished(
    gone: &[(CoreId, String, taproot_spinnaker::wire::state::CoreState)],
    total: usize,
    after_ms: u64,
) -> String {
    let mut text = format!(
        "somebody else has stopped the application: {after_ms} ms after the start {total} of its cores do not run it any \
         more; see that nobody else uses the board and run again"
    );
    for (core, label, state) in gone {
        text.push_str(&format!("\n  core {core} ({label}) is {state}"));
    }
    text
}

fn stalled(
    what: &str,
    waiting: &[(CoreId, String, taproot_spinnaker::wire::state::CoreState)],
    total: usize,
) -> String {
    let mut text = format!("nothing advances while waiting for {what}: {total} cores are missing");
    for (core, label, state) in waiting {
        text.push_str(&format!("\n  core {core} ({label}) is {state}"));
    }
    text
}
