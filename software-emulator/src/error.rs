//! What can keep an emulator from starting.

use std::net::IpAddr;
use taproot_spinnaker_chip::MachineError;

/// Why an emulated machine could not be started.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// The machine's description contradicts itself.
    #[error("the machine cannot be built")]
    Machine(#[from] MachineError),
    /// One address is needed for each Ethernet chip.
    #[error("the machine has {chips} Ethernet chips, but {addresses} addresses were given")]
    Addresses {
        /// Ethernet chips of the machine.
        chips: usize,
        /// Addresses given.
        addresses: usize,
    },
    /// The machine has no Ethernet chip, so nobody could ever talk to it.
    #[error("the machine has no Ethernet chip")]
    NoEthernet,
    /// An address that other machines can reach, and the caller did not say that this is meant.
    #[error("{0} is not a loopback address; whoever can reach it could drive the emulated machine")]
    NotLoopback(IpAddr),
    /// SpiNNaker boards speak IPv4 only.
    #[error("{0} is an IPv6 address; SpiNNaker boards speak IPv4 only")]
    NotV4(IpAddr),
    /// No run of free addresses was found on loopback.
    #[error("no {boards} consecutive loopback addresses from {first} on have ports 17893 and 54321 free")]
    NoFreeAddress {
        /// Addresses needed.
        boards: usize,
        /// Where the search began.
        first: IpAddr,
    },
    /// A socket could not be bound.
    #[error("cannot listen on {address} port {port}")]
    Bind {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
        /// The operating system's answer.
        #[source]
        source: std::io::Error,
    },
    /// The beginning of a trace could not be written.
    #[error("the trace cannot be written")]
    Trace(#[source] std::io::Error),
    /// A thread could not be started.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
}
