//! BrainScaleS-1: configurations of HICANN chips, the words that carry them, and the packets that carry the words.
//!
//! [`config`] has the configuration of a chip and of a wafer as plain data, their encoding to register writes in the order
//! in which the chip needs them, the decoding of register contents, and the checks that keep damaging or senseless words
//! away from a chip. [`wire`] has everything that travels between a host and the FPGAs of a wafer module.
//!
//! This crate does not know sockets or the emulator.

pub mod config;
pub mod wire;
