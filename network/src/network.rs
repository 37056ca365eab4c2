//! Populations, projections and the network they make.

use crate::{CellType, Connector, Space, SynapseValue, Values, Variable};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// A population, by its position in [`Network::populations`]; prints as `p3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PopulationId(pub u32);

/// A projection, by its position in [`Network::projections`]; prints as `j3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProjectionId(pub u32);

impl fmt::Display for PopulationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

impl fmt::Display for ProjectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "j{}", self.0)
    }
}

/// A whole network, with the time step that it is to run at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// For messages and reports.
    pub label: String,
    /// Simulation time step, ms.
    pub timestep: f64,
    /// Smallest delay allowed, ms; at least the time step.
    pub min_delay: f64,
    /// Largest delay allowed, ms; infinite when the script gave none.
    pub max_delay: f64,
    /// Real time per simulated time; none lets the mapper choose the smallest whole number that keeps every step in
    /// budget.
    pub time_scale_factor: Option<u32>,
    /// Seeds whatever the script gave no generator for.
    pub seed: u64,
    /// Indexed by [`PopulationId`].
    pub populations: Vec<Population>,
    /// Indexed by [`ProjectionId`].
    pub projections: Vec<Projection>,
}

/// Cells of one type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Population {
    /// The script's label.
    pub label: String,
    /// How many cells.
    pub size: u32,
    /// Their type.
    pub cell: CellType,
    /// Every parameter of the cell type, by PyNN's name.
    pub parameters: BTreeMap<String, Values>,
    /// State at time 0, by PyNN's name (`v`, ...); what is missing takes PyNN's default.
    pub initial_values: BTreeMap<String, Values>,
    /// Position of each cell, in the script's unit; none if the script never asked for space.
    pub positions: Option<Vec<[f64; 3]>>,
    /// What to record.
    pub records: Vec<Record>,
    /// The user's limit of neurons per core.
    pub neurons_per_core: Option<u32>,
}

/// A request to record one variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What.
    pub variable: Variable,
    /// Every how many time steps; 1 for spikes.
    pub interval: u32,
    /// Which cells, ascending; none means all.
    pub cells: Option<Vec<u32>>,
}

/// Part of a population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    /// Of which population.
    pub population: PopulationId,
    /// Which cells, in the order that gives positions; none means all, in order.
    pub cells: Option<Vec<u32>>,
}

/// What a projection connects: a population, a view, or an assembly, as one list of cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group(pub Vec<Selection>);

/// Synapses from one group of cells to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// The script's label.
    pub label: String,
    /// Where spikes come from.
    pub source: Group,
    /// Where they go.
    pub target: Group,
    /// Index in the receptors of the target cell type: 0 excitatory, 1 inhibitory.
    pub receptor: u8,
    /// Which pairs.
    pub connector: Connector,
    /// Weight: nA (negative for inhibitory) or uS.
    pub weight: SynapseValue,
    /// Delay, ms.
    pub delay: SynapseValue,
    /// How distances are measured.
    pub space: Space,
}

impl Network {
    /// The population with an id.
    ///
    /// # Panics
    /// If the id belongs to another network.
    pub fn population(&self, id: PopulationId) -> &Population {
        &self.populations[id.0 as usize]
    }

    /// The projection with an id.
    ///
    /// # Panics
    /// If the id belongs to another network.
    pub fn projection(&self, id: ProjectionId) -> &Projection {
        &self.projections[id.0 as usize]
    }

    /// How many cells a group has.
    pub fn group_size(&self, group: &Group) -> usize {
        group
            .0
            .iter()
            .map(|s| {
                s.cells
                    .as_ref()
                    .map_or(self.population(s.population).size as usize, Vec::len)
            })
            .sum()
    }

    /// The cells of a group: population and cell index, in group order.
    pub fn group_cells<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = (PopulationId, u32)> + 'a {
        group.0.iter().flat_map(move |s| {
            let n = s
                .cells
                .as_ref()
                .map_or(self.population(s.population).size, |c| c.len() as u32);
            (0..n).map(move |i| (s.population, s.cells.as_ref().map_or(i, |c| c[i as usize])))
        })
    }
}
