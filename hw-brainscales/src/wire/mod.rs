//! What travels between a host and the FPGAs of a BrainScaleS-1 wafer module.
//!
//! Bytes are decoded once, here, into structs with named fields; every encoder is the exact inverse of its decoder,
//! and property tests say so. Decoders take bytes from outside: they never panic, and they allocate no more than a
//! small multiple of the bytes they were given.
//!
//! ```text
//!  UDP 1234    frame (acknowledgement, sequence number) ─ packet (type, 64-bit words) ─┬─ hicann    configuration
//!                                                                                      ├─ fpga      experiment control
//!                                                                                      ├─ playback  pulses to a wafer
//!                                                                                      ├─ trace     pulses from it
//!                                                                                      ├─ jtag      everything else
//!                                                                                      └─ statistics
//!  UDP 45054   reset of the connection
//!  UDP 1801    soft reset of parts of the FPGA
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`frame`] | HostARQ frames, and the handshake that resets a connection |
//! | [`packet`] | packets inside frames, and their types |
//! | [`hicann`] | reads and writes of HICANN registers, through the FPGA |
//! | [`hicann_arq`] | the same, as the HICANN itself receives it |
//! | [`fpga`] | experiment control, debug switches |
//! | [`statistics`] | counters of the FPGA |
//! | [`reset`] | soft resets |
//! | [`pulse`] | addresses of pulses |
//! | [`playback`], [`schedule`] | pulses to be played back, as words and as times |
//! | [`trace`] | pulses that were recorded |
//! | [`jtag`] | JTAG over the same connection |
//!
//! Sources are public repositories, named beside each table as `repository:path`, all of the Electronic Vision(s)
//! group in Heidelberg: `sctrltp` e305300 (the protocol), `hicann-system` a89627d, `halbe` 1020dc5.

mod error;
pub mod fpga;
pub mod frame;
pub mod hicann;
pub mod hicann_arq;
pub mod jtag;
mod number;
pub mod packet;
pub mod playback;
pub mod pulse;
mod reader;
pub mod reset;
pub mod schedule;
pub mod statistics;
pub mod trace;

pub use error::WireError;
pub use number::DncNumber;
/// What addresses on the wire are made of besides.
pub use taproot_wafer::{Link, registers::Tag};
