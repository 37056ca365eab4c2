//! SpiNNaker machines in software: chips that execute the real firmware, and a wire end point that hosts cannot tell from
//! a board.
//!
//! * [`System`] is a machine that advances when it is told to, takes datagrams and gives datagrams back.
//! * [`arm`] is the processor; `peripheral`, `router`, `chip` and `boot_rom` are the rest of a chip.
//! * [`trace`] records what came from outside and repeats runs from that.
//! * [`Timing`] holds every duration that the public sources leave open, with its provenance.
//!
//! ```text
//!   host --UDP--> Emulator --frames--> chip (0,0) --links--> other chips
//!                 (sockets, pace)      System: windows of 80 cycles, any number of threads
//! ```
//!
//! A run is a function of the machine, its addresses, and the datagrams with the cycles in which they came: the same
//! for any number of host threads. This crate knows nothing of networks, mapping, lowering or hosts; it executes bytes.

pub mod arm;
mod boot_rom;
mod chip;
mod debugger;
mod diagnostics;
mod error;
mod gateway;
mod machine;
mod packet;
mod peripheral;
mod router;
mod state;
mod timing;
pub mod trace;
mod wire;

pub use debugger::Debugger;
pub use diagnostics::{Report, Unmodelled};
pub use error::EmulatorError;
pub use machine::system::{Cause, CoreState, Datagram, Halt, Statistics, System};
pub use router::Damage;
pub use state::{Difference, Place, StateHash};
pub use timing::{CYCLES_PER_SECOND, Timing, TimingError, TimingProblem};
pub use trace::Logged;
pub use wire::{Behind, Bind, Emulator, Notice, Options, Pace, Pacing, Running};
