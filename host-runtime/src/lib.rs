//! Drives a SpiNNaker machine over its own protocols: boot, discover, load, run, read back, diagnose.
//!
//! [`Host`] is a connection to a machine, with one [`Scp`] connection for each board; [`Application`] is what
//! [`Host::load`] leaves running there. Packets travel through a [`Transport`], waits run on a [`Clock`], programs come
//! from a [`FirmwareSource`] and progress goes to an [`Observer`]: each can be replaced, and [`fake`] replaces them for
//! tests.
//!
//! ```no_run
//! use taproot_host::{BootOptions, FirmwareCache, FirmwareSource, Host, HostOptions, Quiet, RunOptions, firmware};
//! use taproot_spinnaker::{LoadImage, wire::boot::BootValues};
//! use taproot_spinnaker_chip::Board;
//!
//! # fn example(image: &LoadImage) -> Result<(), taproot_host::HostError> {
//! let files = FirmwareCache::locate()?;
//! let mut host = Host::connect("192.168.240.1".parse().unwrap(), HostOptions::default())?;
//! let values = BootValues::for_board(Board::Spin5, 1_700_000_000);
//! host.ensure_booted(&files.read(firmware::BOOT_IMAGE)?, BootOptions::new(values), &Quiet)?;
//! let machine = host.discover(&Quiet)?;
//! println!("{machine}");
//! let mut application = host.load(image, &files, &Quiet)?;
//! let run = RunOptions { from: 0, until: 1000, writes: vec![] };
//! application.run(&mut host, &run, &Quiet)?;
//! let recorded = application.recordings(&mut host, &[(0, 15)], &Quiet)?;
//! application.stop(&mut host)?;
//! # Ok(())
//! # }
//! ```
//!
//! [`hostarq`] is the connection to the FPGAs of a BrainScaleS wafer module.
//!
//! This crate does not know mapping, and it does not know the emulator: an emulated machine and a real one look the
//! same from here.

mod application;
mod boot;
mod clock;
mod diagnose;
mod discover;
mod error;
pub mod fake;
pub mod firmware;
mod host;
pub mod hostarq;
mod load;
mod observer;
mod scp;
mod transport;

pub use application::{Application, ChannelData, LoadedCore, LoadedRegion, RunOptions, RunReport};
pub use boot::BootOptions;
pub use clock::{Clock, SystemClock};
pub use diagnose::{CoreFailure, CoreStatus, MachineInfo};
pub use error::{HostError, ScpError};
pub use firmware::{FirmwareCache, FirmwareError, FirmwareSource, InstallError};
pub(crate) use host::Board;
pub use host::{Host, HostOptions};
pub use observer::{Observer, Quiet};
pub use scp::{Job, Outcome, Patience, Question, Scp, ScpStatistics};
pub use transport::{Opener, Transport, TransportError, UdpOpener, UdpTransport};
