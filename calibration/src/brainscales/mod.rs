//! Between PyNN's numbers and the codes of a BrainScaleS-1 chip (HICANN).
//!
//! A [`Cell`] under a [`Scaling`] becomes ten-bit codes of floating gates through the [`NeuronCalibration`] of each circuit, made of
//! [`Transform`]s with valid ranges; the inverse of the same transforms says what the chip will do, in PyNN's units. Weights
//! become four-bit codes under the scale of their row ([`WeightCurve`]). What was clipped or rounded goes to the quantization report.
//!
//! This module does not know where circuits lie on a wafer: parameters have names, and the wafer's own crate says which cell
//! holds them.

pub mod cluster;
pub mod ideal;
mod neuron;
mod parameter;
mod roots;
mod scaling;
mod transform;
mod weight;

pub use neuron::{
    Adaptation, Cell, Exponential, NeuronCalibration, NeuronCodes, PopulationTally, Realised, Switches,
    TranslateError,
};
pub use parameter::{Capacitor, Code, Mirror, NeuronParameter, NotACode, SharedParameter, Slot};
pub use scaling::Scaling;
pub use transform::{Applied, Function, Interval, Malformed, NotInvertible, Transform};
pub use weight::{Rounding, Row, RowScale, WeightCode, WeightCurve};
