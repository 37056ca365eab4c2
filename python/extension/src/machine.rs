//! The machine behind a simulation: opened at the first run, closed with the simulation.

use pyo3::prelude::*;
use std::path::Path;
use taproot_network::{Connections, Network, PopulationId, PopulationRecording, ProjectionId};

pub(crate) struct Machine {
    name: String,
    threads: Option<usize>,
}

#[expect(clippy::unused_self, reason = "to be written")]
impl Machine {
    pub(crate) fn new(name: String, threads: Option<usize>) -> Self {
        Self { name, threads }
    }

    pub(crate) fn is_loaded(&self) -> bool {
        false
    }

    pub(crate) fn connections(
        &mut self,
        _py: Python<'_>,
        _network: &Network,
        _id: ProjectionId,
    ) -> PyResult<Option<Connections>> {
        Ok(None)
    }

    pub(crate) fn run(&mut self, _py: Python<'_>, _network: &Network, _until_step: u64) -> PyResult<()> {
        let _ = (&self.name, &self.threads);
        Err(crate::errors::TaprootError::new_err("there is no machine yet"))
    }

    pub(crate) fn step(&self) -> u64 {
        0
    }

    pub(crate) fn reset(&mut self, _py: Python<'_>) -> PyResult<()> {
        Ok(())
    }

    pub(crate) fn recording(&self, _population: PopulationId) -> Option<&PopulationRecording> {
        None
    }

    pub(crate) fn clear(&mut self, _population: PopulationId) {}

    pub(crate) fn close(&mut self, _py: Python<'_>) {}

    pub(crate) fn write_outputs(
        &mut self,
        _py: Python<'_>,
        _network: &Network,
        _directory: &Path,
    ) -> PyResult<()> {
        Ok(())
    }
}
