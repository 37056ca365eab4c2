//! What both sides of the cable agree on: a BrainScaleS-1 wafer module with HICANN v2 or v4 chips.
//!
//! A mapper, a configuration generator, a host and an emulator must not share code that makes or reads configuration
//! words, or a mistake would cancel itself. What they do share is geometry and constants, and those live here:
//!
//! * where chips are and to which reticle, FPGA and link they belong: [`Hicann`], [`Reticle`], [`Fpga`];
//! * the on-wafer network (layer 1): [`HorizontalBus`], [`VerticalBus`], [`crossbar`] and [`synapse_switch`] switches,
//!   [`repeater`]s, and the law by which it falls into 32 networks ([`Phase`], [`Network`]);
//! * what a chip has: [`Neuron`]s, [`SynapseDriver`]s, [`Merger`]s, floating gates ([`floating_gate`]);
//! * the [`registers`]: addresses and bit positions.
//!
//! Everything is a small pure function of small numbers. Coordinates that do not exist cannot be built. This crate does
//! not know networks, configurations, packets or sockets.
//!
//! Origin is the top left corner, as in the public tools: x grows eastwards, y grows southwards. Facts come from the
//! public repositories of Electronic Vision(s), named as `repository:path` beside each table.

#[macro_use]
mod index;
mod analog;
mod bits;
mod bus;
pub mod crossbar;
mod driver;
pub mod floating_gate;
mod geometry;
mod hicann;
mod l1_address;
mod merger;
mod network;
mod neuron;
pub mod registers;
pub mod repeater;
mod reticle;
pub mod synapse_switch;

pub use analog::{AnalogLine, AnalogOutput};
pub use bits::{Field, reversed};
pub use bus::{Bus, HorizontalBus, VerticalBus};
pub use driver::{Column, RowOnDriver, SynapseDriver, SynapseRow};
pub use geometry::{Direction, Half, Side};
pub use hicann::Hicann;
pub use index::OutOfRange;
pub use l1_address::L1Address;
pub use merger::{DncMerger, Merger, MergerInput, NeuronBlock, SendingRepeater};
pub use network::{DriverClass, Network, Phase};
pub use neuron::{Neuron, Quad};
pub use reticle::{Fpga, Link, ReadoutBoard, Reticle, ReticlePosition, jtag_addresses};
