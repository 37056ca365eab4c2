//! What is where: for each core of a load image, the cells it runs, what it records and where its synapses are.

use crate::{Binary, regions::matrix::BlockPlace};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use taproot_network::{PopulationId, ProjectionId, Variable};
use taproot_spinnaker_chip::CoreId;

/// The layout of a load image.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Layout {
    /// One per core of the image, in the same order.
    pub cores: Vec<CoreLayout>,
    /// Indexed by population.
    pub populations: Vec<PopulationLayout>,
}

/// What one core is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoreLayout {
    /// Where.
    pub core: CoreId,
    /// What runs there.
    pub binary: Binary,
    /// Whose cells.
    pub role: Role,
    /// Key and mask of the spikes that it sends; none if nobody listens.
    pub keys: Option<(u32, u32)>,
    /// Region that holds the recording header; none if the binary has none.
    pub recording_region: Option<u8>,
    /// How many channels that header has.
    pub channel_count: usize,
    /// The channels in use.
    pub channels: Vec<ChannelLayout>,
    /// Region that the core writes its provenance to, and its words.
    pub provenance: (u8, u32),
    /// Where its synapses are, in the order of projections.
    pub synapses: Vec<SynapseBlocks>,
}

/// What a core does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Runs cells of a population.
    Cells {
        /// Which population.
        population: PopulationId,
        /// Which cells.
        cells: Range<u32>,
    },
    /// Delays spikes of cells of a population.
    Delay {
        /// Which population.
        population: PopulationId,
        /// Which cells.
        cells: Range<u32>,
        /// Delay stages.
        stages: u32,
        /// Time steps per stage.
        steps_per_stage: u32,
    },
}

/// A recording channel in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelLayout {
    /// Its number in the recording header.
    pub channel: u8,
    /// What it records.
    pub variable: Variable,
    /// Steps between samples.
    pub interval: u32,
    /// Recorded cells, by index in the population, ascending.
    pub cells: Vec<u32>,
    /// Bytes of its buffer.
    pub bytes: u32,
}

/// Synapses of one projection from one population, on one core.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SynapseBlocks {
    /// Which projection.
    pub projection: ProjectionId,
    /// From which population.
    pub source: PopulationId,
    /// Synapse type: 0 excitatory, 1 inhibitory.
    pub receptor: u8,
    /// Stored weight units per PyNN unit.
    pub scale: f64,
    /// How many synapses.
    pub synapses: u64,
    /// Blocks of rows by source cell.
    pub direct: Vec<Block>,
    /// Blocks of rows behind the delay extension.
    pub delayed: Vec<Block>,
}

/// A block of rows in the matrix region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Byte offset.
    pub address: u32,
    /// Rows.
    pub rows: u32,
    /// Words of a row, without its header of three.
    pub row_words: u32,
}

impl From<BlockPlace> for Block {
    fn from(place: BlockPlace) -> Self {
        Self {
            address: place.address,
            rows: place.rows,
            row_words: place.row_words,
        }
    }
}

impl From<Block> for BlockPlace {
    fn from(block: Block) -> Self {
        Self {
            address: block.address,
            rows: block.rows,
            row_words: block.row_words,
        }
    }
}

/// How one population is split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PopulationLayout {
    /// Its label.
    pub label: String,
    /// Cells per core; the last core may have fewer.
    pub per_core: u32,
    /// Delay slots of its ring buffers; 0 for sources.
    pub delay_slots: u32,
    /// Ring-buffer shift of each receptor; empty for sources.
    pub shifts: Vec<u32>,
    /// Positions of its cores in [`Layout::cores`], in cell order.
    pub cores: Vec<usize>,
    /// Expected cycles of a busy time step over those available: above 1 the core is expected to be late.
    pub load: f64,
}
