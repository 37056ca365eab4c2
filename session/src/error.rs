//! What can go wrong between a network and its recordings.

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
};
use taproot_emulator::EmulatorError;
use taproot_host::{FirmwareError, HostError};
use taproot_spinnaker::{LowerError, ReadBackError, RecordError};
use taproot_spinnaker_chip::DescriptionError;

/// Why a session could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The machine's name means nothing.
    #[error(transparent)]
    Machine(#[from] DescriptionError),
    /// A machine file is wrong.
    #[error("the machine file {} is wrong", path.display())]
    MachineFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: DescriptionError,
    },
    /// SpiNNaker boards speak IPv4.
    #[error("{0} is not an IPv4 address; SpiNNaker boards have no other")]
    NotV4(IpAddr),
    /// Nobody knows a host of that name.
    #[error("there is no host called `{host}`")]
    UnknownHost {
        /// The name.
        host: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// A machine that this version cannot run networks on.
    #[error("networks cannot be run on `{0}` yet; spin3, spin5, spin5x3, spin:WxH and udp:ADDRESS can")]
    Unsupported(&'static str),
    /// The emulator does not start.
    #[error("the emulated machine does not start")]
    Emulator(#[from] EmulatorError),
    /// Firmware is missing or wrong.
    #[error(transparent)]
    Firmware(#[from] FirmwareError),
    /// The machine does not do what it should.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Something was added to or taken from a network that has run.
    #[error(
        "{what} changed after the network had run for {time} ms; call reset() first, or describe the whole network before run()"
    )]
    Structure {
        /// What changed.
        what: String,
        /// How far the network had run, ms.
        time: f64,
    },
    /// Recordings on a core were cut off.
    #[error("core {core} ({label}) ran out of recording space; the data after that is lost")]
    RecordingLost {
        /// The core.
        core: taproot_spinnaker_chip::CoreId,
        /// What runs there.
        label: String,
    },
    /// A recording makes no sense.
    #[error("the recording of core {core} ({label}) cannot be understood")]
    Recording {
        /// The core.
        core: taproot_spinnaker_chip::CoreId,
        /// What runs there.
        label: String,
        /// What is wrong.
        #[source]
        source: RecordError,
    },
    /// Synapses cannot be read back.
    #[error(transparent)]
    ReadBack(#[from] ReadBackError),
    /// The network does not go onto the machine.
    #[error(transparent)]
    Lower(#[from] LowerError),
    /// Nothing has been loaded.
    #[error("nothing has been run yet, so there is nothing to write")]
    NothingRun,
    /// A file cannot be read or written.
    #[error("cannot use {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        #[source]
        source: io::Error,
    },
    /// An artefact's file cannot be understood.
    #[error("{} is not what it should be: {detail}", path.display())]
    Artefact {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The observer asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl SessionError {
    /// Turns an I/O error at a path into ours, for `map_err`.
    pub fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
