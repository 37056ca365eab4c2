//! Traces: everything that a run is a function of, in a file, so that it can be repeated without the program that talked
//! to the machine.
//!
//! A trace is a header and records, each in a frame of its own. Numbers are little-endian.
//!
//! | bytes | header |
//! |---|---|
//! | 8 | `TAPROOT` and a line feed |
//! | 2 | kind: 3, a trace (1 and 2 are the network and the recording file) |
//! | 2 | version of the format: 2 |
//!
//! | bytes | frame |
//! |---|---|
//! | 4 | length of the record in bytes, at most [`MOST_BYTES`] |
//! | 4 | the low half of the XXH3 (64 bits, seed 0) of the record |
//! | *length* | a [`Record`] in postcard's wire format |
//!
//! The first record is a [`Record::Start`], times never decrease, and a [`Record::End`] is the last. Frames are written one
//! by one as things happen, so that of a recording program that was killed everything is there but, perhaps, part of the
//! last frame: a trace that stops within a frame, or without an end, is read up to its last whole record.

mod parting;
mod reader;
mod replay;
mod writer;

pub use parting::{Parting, compare};
pub use reader::{Ending, TraceError, TraceReader};
pub use replay::{Replay, ReplayError, ReplayOptions};
pub use writer::TraceWriter;

use crate::machine::system::Datagram;
use crate::timing::Timing;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddrV4};
use taproot_spinnaker_chip::Machine;

/// The version of the format that is written, and the only one that is read.
pub const VERSION: u16 = 2;
/// A record is no longer: room for the description of a machine of 255 by 255 chips.
pub const MOST_BYTES: u32 = 4 << 20;
/// Emulated time in a trace ends before this cycle: some 700 years.
const LAST_CYCLE: u64 = 1 << 62;
const MAGIC: [u8; 8] = *b"TAPROOT\n";
const KIND: u16 = 3;

/// A datagram that came from outside, with the emulated time at which the machine got it. Handing the same datagrams to a
/// [`System`](crate::System) at the same cycles repeats the run exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    /// The cycle.
    pub cycle: u64,
    /// What came.
    #[serde(with = "PlainDatagram")]
    pub datagram: Datagram,
}

/// [`Datagram`] as it is written.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Datagram")]
struct PlainDatagram {
    board: usize,
    port: u16,
    #[serde(with = "plain_host")]
    host: SocketAddrV4,
    data: Vec<u8>,
}

mod plain_host {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::net::SocketAddrV4;

    /// Address as a big-endian number, and port.
    pub(super) fn serialize<S: Serializer>(host: &SocketAddrV4, to: S) -> Result<S::Ok, S::Error> {
        (u32::from(*host.ip()), host.port()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddrV4, D::Error> {
        let (address, port) = <(u32, u16)>::deserialize(from)?;
        Ok(SocketAddrV4::new(address.into(), port))
    }
}

/// What a run is a function of, but for what comes from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Version of the emulator that recorded.
    pub emulator: String,
    /// The machine.
    pub machine: Machine,
    /// Addresses of its Ethernet chips as big-endian numbers, by x, then y.
    pub addresses: Vec<u32>,
    /// Durations of the hardware.
    pub timing: Timing,
}

impl Start {
    /// The start of a run with this version of the emulator.
    pub fn new(machine: &Machine, addresses: &[Ipv4Addr], timing: &Timing) -> Self {
        Self {
            emulator: env!("CARGO_PKG_VERSION").to_owned(),
            machine: machine.clone(),
            addresses: addresses.iter().map(|address| u32::from(*address)).collect(),
            timing: timing.clone(),
        }
    }

    /// The addresses of the Ethernet chips.
    pub fn addresses(&self) -> Vec<Ipv4Addr> {
        self.addresses.iter().map(|address| (*address).into()).collect()
    }
}

/// One thing that a trace says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// What the run begins from.
    Start(Box<Start>),
    /// A datagram from outside.
    Datagram(Logged),
    /// The state at some time, so that a replay can tell whether it is one.
    State {
        /// The cycle.
        cycle: u64,
        /// One number for each chip, by x, then y.
        chips: Vec<u64>,
    },
    /// The machine was switched off.
    End {
        /// The cycle.
        cycle: u64,
        /// Instructions of all cores.
        instructions: u64,
        /// The number of the whole state.
        state: u64,
    },
}

impl Record {
    /// When it happened, in cycles of 5 ns.
    pub fn cycle(&self) -> u64 {
        match self {
            Record::Start(_) => 0,
            Record::Datagram(logged) => logged.cycle,
            Record::State { cycle, .. } | Record::End { cycle, .. } => *cycle,
        }
    }
}

/// The check number of a record.
fn check_number(record: &[u8]) -> u32 {
    xxhash_rust::xxh3::xxh3_64(record) as u32
}

#[cfg(test)]
mod tests;
