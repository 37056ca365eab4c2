//! Joins the stages: a network in, a machine opened, recordings and reports out.
//!
//! The command line and the Python package both sit on this crate, so that a network behaves the same however it
//! was started. [`Session`] is the central type: one machine, one loaded network, any number of runs. It reports
//! what it does to an [`Observer`] and prints nothing.
//!
//! This crate does not know the command line or Python.

mod arrays;
mod artefacts;
mod drawing;
mod error;
mod extract;
mod machine;
mod observer;
mod outputs;
pub mod picture;
pub mod report;
mod session;
mod stages;
mod unmodelled;

pub use arrays::{signals_npz, spikes_npz};
pub use artefacts::{CheckReport, check, clear_outputs};
pub use error::SessionError;
pub use machine::{
    EMULATED_UNIX_TIME, OpenMachine, Target, address_of, board_of, machine_file, now, processors,
};
pub use observer::{Observer, Quiet};
pub use outputs::{Summary, map};
pub use session::{Session, SessionOptions};
pub use stages::StageTime;
pub use unmodelled::UnmodelledAccesses;
