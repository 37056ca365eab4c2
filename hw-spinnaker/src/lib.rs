//! SpiNNaker: what goes over the wire, what the on-chip binaries read, and how a network becomes that.
//!
//! [`LoadImage`] is the central type: everything that a host writes to a machine for one network. `lower` produces
//! it from a network and a machine; the host runtime loads it; nothing else passes between them.
//!
//! This crate does not know sockets or the emulator.

mod architecture;
mod binary;
mod image;
mod lower;
pub mod regions;
pub mod wire;

pub use architecture::{SpinnakerArchitecture, chip_of, core_of, node_of};
pub use binary::Binary;
pub use image::{CoreImage, IpTag, LoadImage, Region, RoutingEntry};
pub use lower::{
    Block, Changes, ChannelLayout, CoreLayout, DataMemory, LateSpikes, Layout, LowerError, LowerOptions,
    Lowered, PopulationLayout, ReadBackError, RecordError, Records, RegionWrite, Role, Segment, Stage,
    SynapseBlocks, check_delay, lower, lower_observed,
};
