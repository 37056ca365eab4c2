//! What both sides of the cable agree on: SpiNNaker chips, boards and machines.
//!
//! The host and the emulator must not share code that produces or decodes traffic, or a mistake would cancel
//! itself. What they do share is geometry and constants, and those live here: coordinates ([`ChipXy`],
//! [`CoreId`]), links ([`Link`]), machines ([`Machine`]) with their defects, and the addresses that the data
//! sheet and SCAMP fix ([`memory_map`], [`system_ram`]).
//!
//! This crate does not know packets, sockets, firmware or networks.

mod board;
mod coordinates;
mod description;
mod link;
mod machine;
pub mod memory_map;
pub mod system_ram;

pub use board::Board;
pub use coordinates::{ChipXy, CoordinateError, CoreId, MAX_COORDINATE};
pub use description::{DescriptionError, MachineName};
pub use link::{Link, LinkSet, LinkSetError};
pub use machine::{Chip, CoreSet, CoreSetError, Machine, MachineError};

/// Processors on one chip, working or not (data sheet 2.02, section 2).
pub const CORES_PER_CHIP: u8 = 18;
/// Entries of one multicast routing table (data sheet 2.02, section 10).
pub const ROUTER_ENTRIES: u16 = 1024;
/// Bytes of SDRAM on one chip (data sheet 2.02, section 13).
pub const SDRAM_BYTES: u32 = 128 * 1024 * 1024;
