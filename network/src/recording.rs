//! What a run brings back.

use crate::{PopulationId, Variable};
use serde::{Deserialize, Serialize};

/// Spikes and traces of one segment (from time 0 or a reset, to now).
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Recording {
    /// Simulation time step, ms.
    pub timestep: f64,
    /// Simulated time covered, ms.
    pub duration: f64,
    /// One per population that records anything, in population order.
    pub populations: Vec<PopulationRecording>,
}

/// What one population recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PopulationRecording {
    /// Which population.
    pub population: PopulationId,
    /// Its label.
    pub label: String,
    /// How many cells it has.
    pub size: u32,
    /// Its spikes, if they were recorded.
    pub spikes: Option<Spikes>,
    /// Its traces.
    pub signals: Vec<Signal>,
}

/// Spikes, ordered by time, then cell.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Spikes {
    /// The cells that were recorded, ascending.
    pub recorded: Vec<u32>,
    /// The cell of each spike.
    pub cells: Vec<u32>,
    /// Its time, in time steps.
    pub steps: Vec<u32>,
}

/// One variable, sampled regularly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// What.
    pub variable: Variable,
    /// The cells, ascending: the columns.
    pub cells: Vec<u32>,
    /// Time steps between samples; the first sample is at step 0.
    pub interval: u32,
    /// Row-major: one row of `cells.len()` values per sample, in PyNN's unit.
    pub samples: Vec<f64>,
}
