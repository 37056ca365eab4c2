//! The data regions of the on-chip binaries of sPyNNaker 7.4.1: one file per kind of region, each a pure function
//! from plain values to bytes.
//!
//! Sources: `SpiNNFrontEndCommon: c_common/front_end_common_lib`, `sPyNNaker: neural_modelling/src`, and the bytes that
//! sPyNNaker writes for a virtual board in debug mode, from which the literals of the tests are taken.

pub mod bit_field;
pub mod core_params;
pub mod delay_extension;
pub mod matrix;
pub mod neuron_params;
pub mod neuron_recording;
pub mod numbers;
pub mod poisson;
pub mod population_table;
pub mod recording;
pub mod spike_array;
pub mod synapse_params;
pub mod system;
mod words;

pub(crate) use words::bytes_of;
pub use words::{bits_for, words_of};

/// Colour bits of every spike key of these binaries: the low four bits count time steps, so that a receiver can
/// tell how late a spike is (`sPyNNaker: population_table.h`).
pub const COLOUR_BITS: u8 = 4;

/// Largest row of a synaptic matrix, words without its header. The population table could say 256, but the core's
/// row buffers hold 258 words and it fetches the row and three more.
pub const MAX_ROW_WORDS: u32 = 255;

/// Bits of a ring-buffer index: delay slot, synapse type, neuron.
pub const MAX_RING_BUFFER_BITS: u32 = 14;
