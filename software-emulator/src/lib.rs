//! SpiNNaker machines in software.

pub mod arm;
