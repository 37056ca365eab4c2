//! The native half of the `taproot` Python package: `taproot._taproot`.
//!
//! Python describes a network through [`Simulation`]; everything that decides lives in the crates behind it. Arrays
//! cross the border as NumPy arrays: what goes in is read in place, what comes out is handed over without a copy.
//!
//! This crate does not know PyNN's classes, only its words.

mod describe;
mod errors;
mod files;
mod machine;
mod observer;
mod simulation;

use pyo3::prelude::*;
use std::ffi::OsString;

/// Runs the command line with `arguments` (the program's name first) and returns its exit code.
#[pyfunction]
fn command(py: Python<'_>, arguments: Vec<OsString>) -> i32 {
    py.detach(|| taproot_cli::main(arguments))
}

#[pymodule]
fn _taproot(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("TaprootError", py.get_type::<errors::TaprootError>())?;
    module.add("TaprootWarning", py.get_type::<errors::TaprootWarning>())?;
    module.add_class::<simulation::Simulation>()?;
    module.add_function(wrap_pyfunction!(command, module)?)?;
    module.add_function(wrap_pyfunction!(machine::check_machine, module)?)?;
    module.add_function(wrap_pyfunction!(describe::draw, module)?)?;
    module.add_function(wrap_pyfunction!(describe::understands, module)?)?;
    module.add_function(wrap_pyfunction!(describe::cell_types, module)?)?;
    module.add_function(wrap_pyfunction!(simulation::read_network, module)?)?;
    module.add_function(wrap_pyfunction!(simulation::matrix, module)?)?;
    Ok(())
}
