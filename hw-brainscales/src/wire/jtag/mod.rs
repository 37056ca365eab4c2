//! JTAG over the connection to an FPGA: how HICANNs are identified, clocked, reset and linked before anything else
//! works, and the only way to chips whose high-speed link does not.
//!
//! ```text
//!   Operation (instruction, data) ─ Program: scans of the chain, clock by clock ─ JtagRequest ─ packet
//!                                                              captured bits ◄─── JtagReply ◄── packet
//!
//!   TDI ─► FPGA ─► HICANN n-1 ─► ... ─► HICANN 0 ─► TDO
//! ```
//!
//! Each request is answered by one reply; the FPGA takes the next request after that.
//!
//! | module | what |
//! |---|---|
//! | [`tap`] | the sixteen states of a JTAG port |
//! | [`request`] | packets |
//! | [`chain`] | the devices of a reticle |
//! | [`program`] | operations to packets, and what came back to values |
//! | [`command`] | what HICANN and FPGA can be told |
//!
//! Sources: `hicann-system:units/jtag_lib/source/`, file by file below.

pub mod chain;
pub mod command;
pub mod program;
pub mod request;
pub mod tap;

pub use chain::{Chain, Device};
pub use command::{FpgaCommand, HicannCommand};
pub use program::{Operation, Program};
pub use request::{JtagReply, JtagRequest};
