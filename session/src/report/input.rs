//! What a report is made of: plain data, independent of the stages that produce it.

use serde::{Deserialize, Serialize};
use taproot_spinnaker_chip::{ChipXy, CoreId, Link, Machine};

/// Everything that a report shows. Lists may come in any order, and all but the machine may be empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportInput {
    /// The network's label: the heading of the page.
    pub title: String,
    /// The machine that was mapped to, with its defects.
    pub machine: Machine,
    /// Simulation time step, ms.
    pub timestep: f64,
    /// Simulated time, ms; none if the network was mapped and not run.
    pub duration: Option<f64>,
    /// Real time per simulated time.
    pub time_scale_factor: u32,
    /// What runs on each core in use; monitors need not be listed.
    pub occupants: Vec<Occupant>,
    /// Indexed by [`Occupant::population`].
    pub populations: Vec<PopulationSummary>,
    /// All projections.
    pub projections: Vec<ProjectionSummary>,
    /// Load of every link in use; links that are not listed carry nothing.
    pub links: Vec<LinkLoad>,
    /// Size of the routing table of every chip that has one.
    pub tables: Vec<TableSize>,
    /// SDRAM in use, per chip.
    pub sdram: Vec<SdramUse>,
    /// What fixed-point storage did to the network's numbers.
    pub quantization: Vec<QuantizationRow>,
    /// How long each stage took, in the order in which they ran.
    pub stages: Vec<StageTiming>,
    /// What the user should know, one sentence each.
    pub warnings: Vec<String>,
    /// How to make this result again.
    pub provenance: Provenance,
}

/// What runs on one core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupant {
    /// Which core.
    pub core: CoreId,
    /// What kind of work it does.
    pub kind: OccupantKind,
    /// Position of its population in [`ReportInput::populations`]; none for helpers that serve no population.
    pub population: Option<u32>,
    /// First cell of the slice.
    pub first_cell: u32,
    /// Cells in the slice.
    pub cells: u32,
}

/// What kind of work a core does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OccupantKind {
    /// Integrates neurons and their synapses.
    Neurons,
    /// Draws spikes of Poisson processes.
    Poisson,
    /// Sends spikes at given times.
    SpikeArray,
    /// Holds spikes back for delays beyond the ring buffer.
    DelayExtension,
    /// Anything else: a helper of the toolchain.
    Helper,
}

/// One population.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PopulationSummary {
    /// The script's label.
    pub label: String,
    /// How many cells.
    pub size: u32,
    /// PyNN's name of the cell type.
    pub cell_type: String,
    /// Position in a palette that repeats after nine colours; usually the population's own index.
    pub colour: u32,
}

/// One projection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectionSummary {
    /// The script's label.
    pub label: String,
    /// Label of the group of cells where spikes come from.
    pub source: String,
    /// Label of the group of cells where they go.
    pub target: String,
    /// PyNN's name of the receptor.
    pub receptor: String,
    /// PyNN's name of the connector.
    pub connector: String,
    /// Synapses after expansion.
    pub synapses: u64,
}

/// What one direction of one link carries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkLoad {
    /// The chip that sends.
    pub chip: ChipXy,
    /// Over which of its links.
    pub link: Link,
    /// Routing trees that use it.
    pub nets: u32,
    /// Expected packets per second of real time.
    pub packets_per_second: f64,
}

/// The size of one chip's routing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSize {
    /// The chip.
    pub chip: ChipXy,
    /// Entries before minimisation.
    pub before: u32,
    /// Entries that are loaded.
    pub after: u32,
}

/// Memory in use on one chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SdramUse {
    /// The chip.
    pub chip: ChipXy,
    /// Bytes of SDRAM: data, synapses and recordings.
    pub bytes: u64,
}

/// What storing one quantity in the machine's number format did to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuantizationRow {
    /// Label of the population or projection.
    pub subject: String,
    /// Whose numbers these are.
    pub kind: QuantizationKind,
    /// `weight`, `delay`, or PyNN's name of the parameter.
    pub quantity: String,
    /// PyNN's unit; empty for plain numbers.
    pub unit: String,
    /// The number format, such as `s16.15` or `16 bit, 2⁻⁵ nA`.
    pub format: String,
    /// How many numbers were stored.
    pub count: u64,
    /// Smallest and largest number asked for; none if there were no numbers.
    pub asked: Option<[f64; 2]>,
    /// Smallest and largest number stored; none if there were no numbers.
    pub stored: Option<[f64; 2]>,
    /// Largest absolute difference between asked and stored, in `unit`.
    pub worst_error: f64,
    /// Mean absolute difference between asked and stored, in `unit`.
    pub mean_error: f64,
    /// Numbers beyond the format's range.
    pub saturated: u64,
    /// Numbers that were not zero and became zero.
    pub underflowed: u64,
}

/// Whose numbers a [`QuantizationRow`] describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuantizationKind {
    /// Weights or delays of a projection.
    Projection,
    /// Parameters or initial values of a population.
    Population,
}

impl QuantizationRow {
    /// Whether numbers were lost rather than rounded.
    pub fn is_lossy(&self) -> bool {
        self.saturated > 0 || self.underflowed > 0
    }
}

/// How long a stage took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageTiming {
    /// A short phrase, such as `place`.
    pub name: String,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// What was done, such as `412 nets`; may be empty.
    pub detail: String,
}

/// How to make the same result again.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of the toolchain.
    pub tool_version: String,
    /// The command that was given.
    pub command: String,
    /// What is seeded, and with which number.
    pub seeds: Vec<(String, u64)>,
}
