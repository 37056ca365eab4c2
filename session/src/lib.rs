//! Joins the stages: a network in, a machine opened, recordings and reports out.
//!
//! The command line and the Python package both sit on this crate, so that a network behaves the same however it
//! was started. [`Session`] is the central type: one machine, one loaded network, any number of runs. It reports
//! what it does to an [`Observer`] and prints nothing.
//!
//! This crate does not know the command line or Python.

mod arrays;
mod drawing;
mod observer;
pub mod picture;
pub mod report;

pub use arrays::{signals_npz, spikes_npz};
pub use observer::{Observer, Quiet};
