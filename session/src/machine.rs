//! Opens a machine by name: starts an emulator if it is described, connects, boots, discovers.

use crate::{Observer, SessionError, UnmodelledAccesses};
use std::{
    net::{IpAddr, Ipv4Addr, ToSocketAddrs},
    path::Path,
};
use taproot_emulator::{Bind, Emulator, Options, Pace, Running};
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
    /// Understands a machine name; reads the file, or looks up the host, if it names one.
    pub fn parse(name: &str) -> Result<Self, SessionError> {
        match MachineName::parse(name)? {
            MachineName::Described(machine) => Ok(Self::Emulated(Box::new(machine))),
            MachineName::Board(host) => Ok(Self::Board(address_of(&host)?)),
            MachineName::File(path) => Ok(Self::Emulated(Box::new(machine_file(&path)?))),
            MachineName::BrainScaleS1 => Err(SessionError::Unsupported("brainscales1")),
        }
    }
}

/// The address of a board by its IP address or its name.
pub fn address_of(host: &str) -> Result<Ipv4Addr, SessionError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return match address {
            IpAddr::V4(address) => Ok(address),
            IpAddr::V6(_) => Err(SessionError::NotV4(address)),
        };
    }
    let unknown = |source| SessionError::UnknownHost {
        host: host.to_owned(),
        source,
    };
    let found: Vec<IpAddr> = (host, 0)
        .to_socket_addrs()
        .map_err(unknown)?
        .map(|address| address.ip())
        .collect();
    let v4 = found.iter().find_map(|address| match address {
        IpAddr::V4(address) => Some(*address),
        IpAddr::V6(_) => None,
    });
    match (v4, found.first()) {
        (Some(address), _) => Ok(address),
        (None, Some(address)) => Err(SessionError::NotV4(*address)),
        (None, None) => Err(unknown(std::io::ErrorKind::NotFound.into())),
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
                    ..Options::default()
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
        host.know_messages(firmware.messages());
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
    let unmodelled = statistics.map_or_else(Vec::new, |s| told.news(&s.reports));
    let warnings = emulator.map_or_else(Vec::new, Running::warnings);
    for sentence in unmodelled.iter().chain(&warnings) {
        observer.warn(sentence);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boards_are_found_by_address_and_by_name() {
        assert_eq!(
            address_of("192.168.240.1").unwrap(),
            Ipv4Addr::new(192, 168, 240, 1)
        );
        assert_eq!(address_of("localhost").unwrap(), Ipv4Addr::LOCALHOST);
        assert!(matches!(address_of("::1"), Err(SessionError::NotV4(_))));
        let error = address_of("no-such-board.invalid").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no host called `no-such-board.invalid`"
        );
    }
}
