//! Quantization: what hardware stores in place of a real number, and what that cost.
//!
//! [`fixed`] rounds numbers to the fixed-point types of the SpiNNaker binaries; [`brainscales`] leads to the codes of
//! BrainScaleS chips and back; [`QuantizationReport`] says, per
//! population parameter and per projection, what was asked for, what was stored and how far the two are apart.
//!
//! This crate does not know networks, sockets or machines: a report names things by the labels it is given.

pub mod brainscales;
pub mod fixed;
mod report;

pub use report::{Losses, Quantity, QuantizationReport, QuantizationWarning, Quantized, Tally};
