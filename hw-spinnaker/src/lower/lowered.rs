//! The result of lowering.

use super::{
    LowerError, LowerOptions,
    cells::Cells,
    channels::Channel,
    layout::{Layout, Role},
    split::Split,
    vertices::Job,
    weights::Scales,
};
use crate::{
    LoadImage,
    regions::{numbers, spike_array},
};
use taproot_calibration::QuantizationReport;
use taproot_mapper::{Keys, Netlist, Placement, Routes, RoutingTables};
use taproot_spinnaker_chip::CoreId;

/// A stage of lowering, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Expanding projections.
    Expand,
    /// Splitting populations.
    Split,
    /// Building synaptic matrices.
    Matrices,
    /// Building the netlist.
    Netlist,
    /// Placing vertices.
    Place,
    /// Routing nets and allocating keys.
    Route,
    /// Building and minimising routing tables.
    Tables,
    /// Writing regions.
    Regions,
}

impl Stage {
    /// A name for progress and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Expand => "expand",
            Stage::Split => "split",
            Stage::Matrices => "matrices",
            Stage::Netlist => "netlist",
            Stage::Place => "place",
            Stage::Route => "route",
            Stage::Tables => "tables",
            Stage::Regions => "regions",
        }
    }
}

/// A network lowered for a machine: the load image, every artefact on the way to it, and what is needed to follow a
/// run.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// What the host writes.
    pub image: LoadImage,
    /// What had to fit.
    pub netlist: Netlist,
    /// Where it went.
    pub placement: Placement,
    /// How spikes travel.
    pub routes: Routes,
    /// Which keys they carry.
    pub keys: Keys,
    /// Routing tables before minimisation.
    pub tables: RoutingTables,
    /// Routing tables as loaded.
    pub minimised: RoutingTables,
    /// What is where.
    pub layout: Layout,
    /// What storing numbers cost.
    pub quantization: QuantizationReport,
    /// Real time per simulated time.
    pub time_scale_factor: u32,
    /// Steps that the recording buffers hold; longer runs are made in pieces, reading everything in between.
    pub max_steps_per_run: u32,
    pub(crate) plan: Plan,
}

/// What later calls need of the network's way down.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) split: Split,
    pub(crate) scales: Vec<Option<Scales>>,
    pub(crate) cells: Vec<Cells>,
    /// By core of the image.
    pub(crate) jobs: Vec<Job>,
    /// By core of the image.
    pub(crate) channels: Vec<Vec<Channel>>,
    pub(crate) options: LowerOptions,
    pub(crate) timestep: f64,
}

/// Bytes to write into a region of a core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionWrite {
    /// Which core.
    pub core: CoreId,
    /// Which region.
    pub region: u8,
    /// Byte offset in the region.
    pub offset: u32,
    /// What to write.
    pub content: Vec<u8>,
}

impl Lowered {
    /// The send buffers of all spike arrays for a run from step `from` up to, not including, `to`: to be written
    /// before the run starts, while the cores wait.
    ///
    /// # Errors
    /// If the spikes do not fit a core's buffer; a shorter run may.
    pub fn send_buffers(&self, from: u32, to: u32) -> Result<Vec<RegionWrite>, LowerError> {
        let mut writes = Vec::new();
        for (position, layout) in self.layout.cores.iter().enumerate() {
            let Role::Cells { population, cells } = &layout.role else {
                continue;
            };
            let Cells::Array(spikes) = &self.plan.cells[population.0 as usize] else {
                continue;
            };
            let first = spikes.partition_point(|(step, _)| *step < from);
            let last = spikes.partition_point(|(step, _)| *step < to);
            let due: Vec<(u32, u32)> = spikes[first..last.max(first)]
                .iter()
                .filter(|(_, cell)| cells.contains(cell))
                .map(|(step, cell)| (*step, cell - cells.start))
                .collect();
            let content = spike_array::encode_send_buffer(layout.keys.map_or(0, |(key, _)| key), &due);
            let core = &self.image.cores[position];
            let capacity = core
                .regions
                .iter()
                .find(|region| region.number == numbers::spike_array::SEND_BUFFER)
                .map_or(0, |region| region.size as usize);
            if content.len() > capacity {
                return Err(LowerError::SendBufferTooSmall {
                    vertex: core.label.clone(),
                    from,
                    to,
                    bytes: content.len(),
                    capacity,
                });
            }
            writes.push(RegionWrite {
                core: layout.core,
                region: numbers::spike_array::SEND_BUFFER,
                offset: 0,
                content,
            });
        }
        Ok(writes)
    }
}
