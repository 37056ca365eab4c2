//! Networks in files.

use crate::errors;
use pyo3::prelude::*;
use std::{
    fs::File,
    io::{BufReader, BufWriter},
    path::Path,
};
use taproot_network::Network;

/// Writes a network that makes sense; lists everything that does not.
pub(crate) fn save(py: Python<'_>, network: &Network, path: &Path) -> PyResult<()> {
    check(py, network)?;
    let file = File::create(path).map_err(|error| at(path, error))?;
    network
        .write(BufWriter::new(file))
        .map_err(|error| errors::machine(&error))
}

/// Reads a network file.
pub(crate) fn read(path: &Path) -> PyResult<Network> {
    let file = File::open(path).map_err(|error| at(path, error))?;
    Network::read(BufReader::new(file)).map_err(|error| errors::machine(&error))
}

/// The description as JSON.
pub(crate) fn json(network: &Network) -> PyResult<String> {
    serde_json::to_string(network).map_err(|error| errors::machine(&error))
}

/// Raises PyNN's error for everything in a network that does not make sense.
pub(crate) fn check(py: Python<'_>, network: &Network) -> PyResult<()> {
    let problems = py.detach(|| network.check());
    if problems.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Err(errors::pynn(py, "InvalidParameterValueError", lines.join("\n")))
}

/// An operating system's error, with the file that it is about.
fn at(path: &Path, error: std::io::Error) -> PyErr {
    PyErr::from(std::io::Error::new(
        error.kind(),
        format!("{}: {error}", path.display()),
    ))
}
