//! Opens a machine by name: starts an emulator if it is described, connects, boots, discovers.

use crate::{Observer, SessionError, UnmodelledAccesses};
use std::{net::Ipv4Addr, path::Path};
use taproot_emulator::{Bind, Emulator, Options, Pace, Running, Timing};
use taproot_host::{BootOptions, FirmwareCache, FirmwareSource, Host, HostOptions, firmware};
use taproot_spinnaker::wire::boot::BootValues;
use taproot_spinnaker_chip::{Board, Machine, MachineName};

/// The time that an emulated machine is told at boot, seconds since 1970 (2026-01-01): SCAMP seeds its random
/// generator from it, and equal runs need equal seeds.
pub const EMULATED_UNIX_TIME: u32 = 1_767_225_600;

/// What a machine's name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A machine to emulate in this process.
    Emulated(Box<Machine>),
    /// A board that is there, or an emulator started elsewhere.
    Board(Ipv4Addr),
}

impl Target {
    /// Understands a machine name, and reads the file if it names one.
    pub fn parse(name: &str) -> Result<Self, SessionError> {
        match MachineName::parse(name)? {
            MachineName::Described(machine) => Ok(Self::Emulated(Box::new(machine))),
            MachineName::Board(std::net::IpAddr::V4(address)) => Ok(Self::Board(address)),
            MachineName::Board(address) => Err(SessionError::NotV4(address)),
            MachineName::File(path) => Ok(Self::Emulated(Box::new(machine_file(&path)?))),
            MachineName::BrainScaleS1 => Err(SessionError::Unsupported("brainscales1")),
        }
    }
}

/// Reads a machine description.
pub fn machine_file(path: &Path) -> Result<Machine, SessionError> {
    let text = std::fs::read_to_string(path).map_err(SessionError::file(path))?;
    Machine::from_toml(&text).map_err(|source| SessionError::MachineFile {
        path: path.to_owned(),
        source,
    })
}

/// Host processors that may be used.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A booted and discovered machine.
pub struct OpenMachine {
    /// The connection.
    pub host: Host,
    /// What was discovered.
    pub machine: Machine,
    /// The programs.
    pub firmware: FirmwareCache,
    /// The emulator, if the machine is one of ours. Dropped after the host.
    pub emulator: Option<Running>,
    /// What a user has been told about the emulator.
    told: UnmodelledAccesses,
}

impl OpenMachine {
    /// Opens a machine; `threads` are the emulator's.
    pub fn open(target: &Target, threads: usize, observer: &dyn Observer) -> Result<Self, SessionError> {
        let firmware = FirmwareCache::locate()?;
        let image = firmware.read(firmware::BOOT_IMAGE)?;
        let (emulator, address, values) = match target {
            Target::Emulated(machine) => {
                let options = Options {
                    pace: Pace::Free,
                    threads,
                    bind: Bind::Loopback,
                    timing: Timing::STOCK,
                    plain: false,
                };
                let running = Emulator::start(machine, &options)?;
                let std::net::IpAddr::V4(address) = running.address() else {
                    return Err(SessionError::NotV4(running.address()));
                };
                (
                    Some(running),
                    address,
                    BootValues::for_board(board_of(machine), EMULATED_UNIX_TIME),
                )
            }
            // The board says itself what it is once it is booted; until then only LEDs depend on this.
            Target::Board(address) => (None, *address, BootValues::for_board(Board::Spin5, now())),
        };
        let mut host = Host::connect(address, HostOptions::default())?;
        let mut told = UnmodelledAccesses::default();
        let discovered = host
            .ensure_booted(&image, BootOptions::new(values), observer)
            .and_then(|_| host.discover(observer));
        tell(&mut told, emulator.as_ref(), observer);
        let mut machine = discovered?;
        if let Target::Emulated(described) = target {
            // What counts is what was discovered, but people know the machine by its own name.
            machine = machine.named(described.name());
        }
        Ok(Self {
            host,
            machine,
            firmware,
            emulator,
            told,
        })
    }

    /// Warns of what has been done on the emulated machine that has no model there, since the last time.
    pub fn tell_unmodelled(&mut self, observer: &dyn Observer) {
        tell(&mut self.told, self.emulator.as_ref(), observer);
    }
}

fn tell(told: &mut UnmodelledAccesses, emulator: Option<&Running>, observer: &dyn Observer) {
    let statistics = emulator.and_then(Running::statistics);
    for sentence in statistics.map_or_else(Vec::new, |s| told.news(&s.reports)) {
        observer.warn(&sentence);
    }
}

/// The kind of board a described machine is made of.
pub fn board_of(machine: &Machine) -> Board {
    if machine.width() == 2 && machine.height() == 2 {
        Board::Spin3
    } else {
        Board::Spin5
    }
}

/// Seconds since 1970, for real boards.
pub fn now() -> u32 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
}
