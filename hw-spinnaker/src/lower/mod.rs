//! From a network to a load image for the shipped binaries.
//!
//! ```text
//! Network --expand--> parts --split--> slices, delay slots, delay extensions
//!    parts + slices --> shifts --> synaptic matrices
//!    slices + matrices --> Netlist --place, route, keys, tables, minimise--> regions --> LoadImage
//! ```
//!
//! Known defects of the 7.4.1 host are avoided:
//! - delayed rows are placed by the source's cells per core ([`crate::regions::matrix::delayed_row`]);
//! - rows have at most 255 words, longer ones become several blocks ([`crate::regions::MAX_ROW_WORDS`]);
//! - the estimate of summed weights counts conductances in the same units throughout;
//! - weights beyond 16 bits are cut to the largest value and counted, not wrapped.

mod cells;
mod changes;
mod channels;
mod checks;
mod costs;
mod data_memory;
mod error;
mod images;
mod layout;
mod layout_of;
mod lowered;
mod matrices;
mod memory;
mod options;
mod parts;
mod read_back;
mod records;
mod smaller;
mod split;
mod spynnaker_estimate;
mod vertices;
mod weights;

pub use changes::{Changes, LateSpikes};
pub use data_memory::DataMemory;
pub use error::LowerError;
pub use layout::{Block, ChannelLayout, CoreLayout, Layout, PopulationLayout, Role, SynapseBlocks};
pub use lowered::{Lowered, RegionWrite, Stage};
pub use options::LowerOptions;
pub use read_back::ReadBackError;
pub use records::{RecordError, Records, Segment};

use crate::{
    CoreImage, LoadImage, RoutingEntry, SpinnakerArchitecture, chip_of, core_of, node_of,
    regions::neuron_params::global_weight_scale,
};
use cells::{Cells, cells_of};
use channels::{Channel, channels_of, check_records};
use checks::{check_delays_fit, check_receptors, check_size, check_time_scale, check_timestep, no_problems};
use images::{SenderKeys, binary_of, regions_of};
use layout_of::layout_of;
use lowered::Plan;
use matrices::{CoreMatrix, matrices};
use memory::{max_steps, per_step, usable_machine, whole_intervals};
use parts::{Part, parts_of};
use rayon::prelude::*;
use smaller::{Failure, check_data_memory, less_memory, smaller_until_it_fits};
pub use split::check_delay;
use split::{Split, split};
use taproot_calibration::{Quantity, QuantizationReport, Quantized, Tally};
use taproot_mapper::{
    KeyOptions, PlaceError, RoutingTables, VertexId, allocate_keys, build_tables, check_keys,
    check_placement, check_routes, check_tables, minimise, place, route,
};
use taproot_network::{CellType, Network, PopulationId};
use taproot_spinnaker_chip::{ChipXy, Machine};
use vertices::{Job, Senders, Vertices, keys_of, netlist_of};
use weights::{Scales, scales_of};

/// Lowers a network to a load image for a machine.
///
/// Deterministic: the same network, machine and options give the same bytes with any number of threads. All checkers
/// run.
///
/// # Errors
/// When the network is not one that the binaries can run, or does not fit the machine; every error names what and says
/// how much.
pub fn lower(network: &Network, machine: &Machine, options: &LowerOptions) -> Result<Lowered, LowerError> {
    lower_observed(network, machine, options, &mut |_| ())
}

/// Like [`lower`], and tells `observe` whenever a stage begins.
///
/// # Errors
/// As for [`lower`].
pub fn lower_observed(
    network: &Network,
    machine: &Machine,
    options: &LowerOptions,
    observe: &mut dyn FnMut(Stage),
) -> Result<Lowered, LowerError> {
    smaller_until_it_fits(network, |caps| attempt(network, machine, options, caps, observe))
}

/// Lowers with slices of at most `caps` cells, by population.
fn attempt(
    network: &Network,
    machine: &Machine,
    options: &LowerOptions,
    caps: &[u32],
    observe: &mut dyn FnMut(Stage),
) -> Result<Lowered, Failure> {
    let given = Given::Caps(machine.application_cores(), caps);
    let lowering = Lowering::new(network, options, given, observe)?;
    let vertices = Vertices::new(network, &lowering.split);
    check_size(&lowering, machine, &vertices)?;

    observe(Stage::Netlist);
    let channels: Vec<Vec<Channel>> = vertices.jobs.iter().map(|job| lowering.channels(job)).collect();
    check_data_memory(&lowering, &vertices, &channels)?;
    let fixed: Vec<u64> = vertices
        .jobs
        .par_iter()
        .zip(&channels)
        .map(|(job, channels)| lowering.fixed_bytes(job, channels))
        .collect();
    let wanted = options.run_steps.unwrap_or(options.default_run_steps).max(1);
    let sdram = |steps: u32| -> Vec<u64> {
        fixed
            .iter()
            .zip(&channels)
            .map(|(fixed, channels)| {
                fixed + per_step(channels).saturating_mul(steps.into()).div_ceil(1 << 20)
            })
            .collect()
    };
    let usable = usable_machine(machine);
    let architecture = SpinnakerArchitecture::new(&usable);
    let netlist = |steps: u32, same_chip: bool| netlist_of(&lowering, &vertices, &sdram(steps), same_chip);

    observe(Stage::Place);
    // Room for recordings is a wish: with less and less of it, and in the end without delay extensions beside their
    // sources, the network may still fit.
    let mut attempts = vec![(wanted, true)];
    attempts.extend([
        (wanted.min(10_000), true),
        (wanted.min(100), true),
        (1, true),
        (1, false),
    ]);
    attempts.dedup();
    let mut placed = None;
    for (index, &(steps, same_chip)) in attempts.iter().enumerate() {
        let (netlist, senders) = netlist(steps, same_chip)?;
        match place(&architecture, &netlist, &options.place) {
            Ok(placement) => {
                placed = Some((netlist, senders, placement));
                break;
            }
            Err(error @ PlaceError::NotEnoughCores { .. }) => return Err(error.into()),
            Err(error) if index + 1 == attempts.len() => {
                return Err(less_memory(&lowering, &usable, &vertices, &fixed, error.into()));
            }
            Err(_) => {}
        }
    }
    let (netlist, senders, placement) = placed.expect("the last attempt returns its error");
    no_problems("placement", check_placement(&architecture, &netlist, &placement))?;

    observe(Stage::Route);
    let routes = route(&architecture, &netlist, &placement)?;
    no_problems(
        "routes",
        check_routes(&architecture, &netlist, &placement, &routes),
    )?;
    let key_options = KeyOptions::default();
    let keys = allocate_keys(&netlist, &key_options)?;
    no_problems("keys", check_keys(&netlist, &key_options, &keys))?;
    observe(Stage::Tables);
    let tables = build_tables(&architecture, &netlist, &placement, &routes, &keys);
    let minimised = minimise(&architecture, &tables, &options.minimise)?;
    no_problems(
        "tables",
        check_tables(&architecture, &netlist, &placement, &keys, &minimised),
    )?;

    observe(Stage::Regions);
    let max_steps = max_steps(&usable, &placement, &vertices, &fixed, &channels)?;
    let steps = whole_intervals(wanted, max_steps, &channels);
    let sender_keys = sender_keys(&senders, &lowering.split, &keys);
    let mut order: Vec<usize> = (0..vertices.jobs.len()).collect();
    let core_of_vertex: Vec<_> = (0..vertices.jobs.len())
        .map(|vertex| {
            let id = VertexId(vertex as u32);
            core_of(machine, placement.node(id), placement.first_slot[vertex])
                .expect("a placement within the machine's cores, as its checker said")
        })
        .collect();
    order.sort_by_key(|vertex| core_of_vertex[*vertex]);
    let cores: Vec<CoreImage> = order
        .par_iter()
        .map(|&vertex| CoreImage {
            core: core_of_vertex[vertex],
            binary: binary_of(&lowering, &vertices.jobs[vertex]),
            label: vertices.labels[vertex].clone(),
            regions: regions_of(
                &lowering,
                &vertices.jobs[vertex],
                &channels[vertex],
                &sender_keys,
                steps,
            ),
        })
        .collect();
    let layout = layout_of(
        &lowering,
        &vertices,
        &order,
        &cores,
        &channels,
        &sender_keys,
        steps,
    );
    let image = LoadImage {
        hardware_timestep: lowering.hardware_timestep(),
        cores,
        tables: entries_of(machine, &minimised),
        tags: Vec::new(),
    };
    let quantization = lowering.quantization();
    let jobs = order
        .iter()
        .map(|vertex| vertices.jobs[*vertex].clone())
        .collect();
    let channels = order.iter().map(|vertex| channels[*vertex].clone()).collect();
    let plan = Plan {
        split: lowering.split,
        scales: lowering.scales,
        cells: lowering.cells,
        jobs,
        channels,
        options: options.clone(),
        timestep: network.timestep,
    };
    Ok(Lowered {
        image,
        netlist,
        placement,
        routes,
        keys,
        tables,
        minimised,
        layout,
        quantization,
        time_scale_factor: plan.split.time_scale,
        max_steps_per_run: steps,
        plan,
    })
}

/// A network on its way down, before anything is placed.
pub(crate) struct Lowering<'a> {
    pub(crate) network: &'a Network,
    pub(crate) options: &'a LowerOptions,
    pub(crate) parts: Vec<Part>,
    pub(crate) cells: Vec<Cells>,
    pub(crate) split: Split,
    /// By population; none for sources.
    pub(crate) scales: Vec<Option<Scales>>,
    pub(crate) matrices: Vec<CoreMatrix>,
    /// First matrix of each population.
    first_matrix: Vec<usize>,
    parameters: Vec<Quantized>,
}

/// What is known before a network is split.
pub(crate) enum Given<'a> {
    /// The machine's cores, and the most cells that a slice of each population may have.
    Caps(usize, &'a [u32]),
    /// An image that is already loaded: its split and scales stay.
    Image(&'a Plan),
}

impl<'a> Lowering<'a> {
    /// Expands and splits.
    pub(crate) fn new(
        network: &'a Network,
        options: &'a LowerOptions,
        given: Given<'_>,
        observe: &mut dyn FnMut(Stage),
    ) -> Result<Self, LowerError> {
        check_timestep(network)?;
        check_records(network)?;
        check_receptors(network)?;
        observe(Stage::Expand);
        let parts = parts_of(network)?;
        observe(Stage::Split);
        let mut parameters = Vec::new();
        let cells = network
            .populations
            .iter()
            .map(|population| cells_of(network, population, &mut parameters))
            .collect::<Result<Vec<_>, _>>()?;
        let split = match given {
            Given::Image(plan) => {
                check_delays_fit(network, &parts, &plan.split)?;
                plan.split.clone()
            }
            Given::Caps(machine_cores, caps) => split(network, &parts, &cells, machine_cores, options, caps)?,
        };
        check_time_scale(network, &split)?;
        observe(Stage::Matrices);
        let scales: Vec<Option<Scales>> = match given {
            Given::Image(plan) => plan.scales.clone(),
            Given::Caps(..) => (0..network.populations.len())
                .into_par_iter()
                .map(|index| {
                    let population = PopulationId(index as u32);
                    let cell = network.population(population).cell;
                    (!cell.receptors().is_empty()).then(|| {
                        if options.match_spynnaker {
                            let shifts =
                                spynnaker_estimate::shifts(network, population, &parts, &cells, options);
                            Scales::new(shifts, global_weight_scale(cell))
                        } else {
                            scales_of(network, population, &parts, &cells, options)
                        }
                    })
                })
                .collect(),
        };
        let label = |population: PopulationId, core: u32| {
            vertices::label(
                network,
                population,
                split.populations[population.0 as usize].slice(core),
            )
        };
        let matrices = matrices(&parts, &split, &scales, &label, options.match_spynnaker)?;
        let mut first_matrix = Vec::with_capacity(network.populations.len());
        let mut next = 0;
        for (index, scales) in scales.iter().enumerate() {
            first_matrix.push(next);
            if scales.is_some() {
                next += split.populations[index].cores() as usize;
            }
        }
        Ok(Self {
            network,
            options,
            parts,
            cells,
            split,
            scales,
            matrices,
            first_matrix,
            parameters,
        })
    }

    /// Microseconds of a step on the machine.
    pub(crate) fn hardware_timestep(&self) -> u32 {
        // check_time_scale has seen that this fits.
        ((self.network.timestep * 1000.0).round() * f64::from(self.split.time_scale)) as u32
    }

    pub(crate) fn matrix(&self, population: PopulationId, core: u32) -> &CoreMatrix {
        &self.matrices[self.first_matrix[population.0 as usize] + core as usize]
    }

    /// Place of a spike-array core among all of them, and how many there are.
    pub(crate) fn array_place(&self, population: PopulationId, core: u32) -> (u32, u32) {
        let cores = |index: usize| match self.network.populations[index].cell {
            CellType::SpikeSourceArray => self.split.populations[index].cores(),
            _ => 0,
        };
        let before: u32 = (0..population.0 as usize).map(cores).sum();
        let all = (0..self.network.populations.len()).map(cores).sum();
        (before + core, all)
    }

    pub(crate) fn channels(&self, job: &Job) -> Vec<Channel> {
        match *job {
            Job::Cells { population, core } => channels_of(
                self.network,
                self.network.population(population),
                &self.cells[population.0 as usize],
                self.split.populations[population.0 as usize].slice(core),
            ),
            Job::Delay { .. } => Vec::new(),
        }
    }

    /// Bytes of SDRAM of a core that do not grow with the run.
    fn fixed_bytes(&self, job: &Job, channels: &[Channel]) -> u64 {
        let regions = regions_of(self, job, &[], &SenderKeys::default(), 0);
        costs::SDRAM_OVERHEAD
            + regions.iter().map(|r| u64::from(r.size)).sum::<u64>()
            + channels.iter().map(Channel::bytes_at_least).sum::<u64>()
    }

    /// What storing parameters, weights and delays cost.
    pub(crate) fn quantization(&self) -> QuantizationReport {
        let mut entries = self.parameters.clone();
        let mut weights = vec![Tally::default(); self.parts.len()];
        for blocks in self.matrices.iter().flat_map(|matrix| &matrix.parts) {
            weights[blocks.part].merge(&blocks.weights);
        }
        for (part, weights) in self.parts.iter().zip(weights) {
            if weights.count == 0 {
                continue;
            }
            let target = self.network.population(part.target);
            let projection = self.network.projection(part.projection).label.clone();
            let population = target.label.clone();
            let scale = self.scales[part.target.0 as usize]
                .as_ref()
                .map_or(1.0, |scales| scales.scales[usize::from(part.receptor)]);
            entries.push(Quantized {
                quantity: Quantity::Weight {
                    projection: projection.clone(),
                    population: population.clone(),
                },
                unit: if target.cell.conductance_based() {
                    "uS"
                } else {
                    "nA"
                }
                .to_owned(),
                resolution: 1.0 / scale,
                tally: weights,
            });
            entries.push(Quantized {
                quantity: Quantity::Delay {
                    projection,
                    population,
                },
                unit: "ms".to_owned(),
                resolution: self.network.timestep,
                tally: part.delay_tally,
            });
        }
        QuantizationReport { entries }
    }
}

fn sender_keys(senders: &Senders, split: &Split, keys: &taproot_mapper::Keys) -> SenderKeys {
    let of = |sender: Option<&(taproot_mapper::GroupId, Vec<taproot_mapper::NetId>)>, cores: u32| {
        let (_, group) = keys_of(sender, 0, keys)?;
        let blocks = (0..cores)
            .filter_map(|core| keys_of(sender, core, keys).map(|(block, _)| block))
            .collect();
        Some((group, blocks))
    };
    SenderKeys {
        populations: senders
            .populations
            .iter()
            .zip(&split.populations)
            .map(|(sender, slices)| of(sender.as_ref(), slices.cores()))
            .collect(),
        groups: senders
            .groups
            .iter()
            .zip(&split.groups)
            .map(|(sender, group)| {
                of(
                    sender.as_ref(),
                    split.populations[group.source.0 as usize].cores(),
                )
            })
            .collect(),
    }
}

/// Tables as the hardware takes them: links, then virtual cores from bit 6 on.
fn entries_of(machine: &Machine, tables: &RoutingTables) -> Vec<(ChipXy, Vec<RoutingEntry>)> {
    let mut chips: Vec<(ChipXy, Vec<RoutingEntry>)> = tables
        .tables
        .iter()
        .filter(|table| !table.entries.is_empty())
        .map(|table| {
            let entries = table
                .entries
                .iter()
                .map(|entry| RoutingEntry {
                    key: entry.keys.key,
                    mask: entry.keys.mask,
                    // Slot 0 is virtual core 1.
                    route: entry.targets.ports | entry.targets.slots << 7,
                })
                .collect();
            (chip_of(machine, table.node), entries)
        })
        .collect();
    chips.sort_by_key(|(chip, _)| *chip);
    debug_assert!(
        chips
            .iter()
            .all(|(chip, _)| chip_of(machine, node_of(machine, *chip)) == *chip)
    );
    chips
}
