//! The netlist of a split network: one vertex per core, one net per core that sends.

use super::{
    LowerError, LowerOptions, Lowering,
    cells::{Cells, steps_per_second},
    matrices::RowRule,
    parts::Part,
    split::Split,
};
use crate::regions::COLOUR_BITS;
use std::collections::BTreeMap;
use std::ops::Range;
use taproot_mapper::{
    FixedKeys, GroupId, GroupKeys, KeyGroup, Keys, NetId, Netlist, Resources, Vertex, VertexId,
};
use taproot_network::{Network, PopulationId};

/// What a vertex is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    Cells { population: PopulationId, core: u32 },
    Delay { group: usize, core: u32 },
}

/// The vertices of a network and what hangs on them; everything is in the order of populations and cores, then of
/// delay groups and cores.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Vertices {
    pub(crate) jobs: Vec<Job>,
    pub(crate) labels: Vec<String>,
    /// First vertex of each population, and of each delay group.
    first_of_population: Vec<usize>,
    first_of_group: Vec<usize>,
}

/// Key groups of populations and delay groups that send.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Senders {
    pub(crate) populations: Vec<Option<(GroupId, Vec<NetId>)>>,
    pub(crate) groups: Vec<Option<(GroupId, Vec<NetId>)>>,
}

impl Vertices {
    pub(crate) fn new(network: &Network, split: &Split) -> Self {
        let mut vertices = Self {
            jobs: Vec::new(),
            labels: Vec::new(),
            first_of_population: Vec::new(),
            first_of_group: Vec::new(),
        };
        for (index, slices) in split.populations.iter().enumerate() {
            let population = PopulationId(index as u32);
            vertices.first_of_population.push(vertices.jobs.len());
            for core in 0..slices.cores() {
                vertices.jobs.push(Job::Cells { population, core });
                vertices
                    .labels
                    .push(label(network, population, slices.slice(core)));
            }
        }
        for (group, delays) in split.groups.iter().enumerate() {
            let slices = split.populations[delays.source.0 as usize];
            vertices.first_of_group.push(vertices.jobs.len());
            for core in 0..slices.cores() {
                vertices.jobs.push(Job::Delay { group, core });
                vertices.labels.push(format!(
                    "delays of {}",
                    label(network, delays.source, slices.slice(core))
                ));
            }
        }
        vertices
    }

    pub(crate) fn of_population(&self, population: PopulationId, core: u32) -> usize {
        self.first_of_population[population.0 as usize] + core as usize
    }

    pub(crate) fn of_group(&self, group: usize, core: u32) -> usize {
        self.first_of_group[group] + core as usize
    }
}

/// `label(0:49)`: a population's cells from and to, both included, as sPyNNaker prints them.
pub(crate) fn label(network: &Network, population: PopulationId, cells: Range<u32>) -> String {
    format!(
        "{}({}:{})",
        network.population(population).label,
        cells.start,
        cells.end - 1
    )
}

/// The netlist, with `sdram` bytes per vertex.
pub(crate) fn netlist_of(
    lowering: &Lowering<'_>,
    vertices: &Vertices,
    sdram: &[u64],
    same_chip: bool,
) -> Result<(Netlist, Senders), LowerError> {
    let Lowering {
        network,
        options,
        parts,
        cells,
        split,
        ..
    } = lowering;
    let mut netlist = Netlist::new();
    for (label, bytes) in vertices.labels.iter().zip(sdram) {
        netlist.add_vertex(Vertex::new(label.clone(), Resources::new(1, *bytes)));
    }
    let id = |vertex: usize| VertexId(vertex as u32);
    let sinks = sinks_of(parts, split, vertices);
    let mut senders = Senders {
        populations: vec![None; network.populations.len()],
        groups: vec![None; split.groups.len()],
    };
    let per_second = steps_per_second(network.timestep);
    let order = key_order(network, parts, split);
    let fixed = if options.match_spynnaker {
        Some(group_bits(split, &order))
    } else {
        None
    };
    for (index, sender) in order.iter().enumerate() {
        let (source, stages, name) = match *sender {
            Sender::Population(population) => (population, 1, network.population(population).label.clone()),
            Sender::Group(group) => {
                let delays = split.groups[group];
                let name = &network.population(delays.source).label;
                (
                    delays.source,
                    delays.stages,
                    format!("{name} delayed by {} steps", delays.steps_per_stage),
                )
            }
        };
        let slices = split.populations[source.0 as usize];
        if slices.cores() == 0 {
            continue;
        }
        let mut nets = Vec::new();
        for core in 0..slices.cores() {
            let slice = slices.slice(core);
            let vertex = match *sender {
                Sender::Population(_) => vertices.of_population(source, core),
                Sender::Group(group) => vertices.of_group(group, core),
            };
            let rate = rate_of(&cells[source.0 as usize], slice, per_second, options) * f64::from(stages);
            let bits = key_bits(slices.per_core, stages);
            let targets: Vec<VertexId> = sinks[vertex].iter().map(|v| id(*v)).collect();
            nets.push(netlist.add_net(id(vertex), &targets, rate, bits)?);
        }
        let mut group = KeyGroup::new(name, nets.clone());
        group.fixed = fixed.map(|bits| FixedKeys {
            key: (index as u32) << bits,
            mask: u32::MAX << bits,
        });
        let group = netlist.add_group(group)?;
        match *sender {
            Sender::Population(population) => {
                senders.populations[population.0 as usize] = Some((group, nets))
            }
            Sender::Group(group_index) => senders.groups[group_index] = Some((group, nets)),
        }
    }
    if same_chip {
        for (group, delays) in split.groups.iter().enumerate() {
            for core in 0..split.populations[delays.source.0 as usize].cores() {
                netlist.add_same_node(vec![
                    id(vertices.of_population(delays.source, core)),
                    id(vertices.of_group(group, core)),
                ])?;
            }
        }
    }
    Ok((netlist, senders))
}

enum Sender {
    Population(PopulationId),
    Group(usize),
}

/// Populations in the order in which projections first name them as source, then delay groups: the order of keys in
/// sPyNNaker.
fn key_order(network: &Network, parts: &[Part], split: &Split) -> Vec<Sender> {
    let mut seen = vec![false; network.populations.len()];
    let mut order = Vec::new();
    for part in parts {
        let seen = &mut seen[part.source.0 as usize];
        if !std::mem::replace(seen, true) {
            order.push(Sender::Population(part.source));
        }
    }
    order.extend((0..split.groups.len()).map(Sender::Group));
    order
}

/// Bits below the group's number where all groups are to have the same width.
fn group_bits(split: &Split, order: &[Sender]) -> u32 {
    order
        .iter()
        .map(|sender| {
            let (source, stages) = match *sender {
                Sender::Population(population) => (population, 1),
                Sender::Group(group) => (split.groups[group].source, split.groups[group].stages),
            };
            let slices = split.populations[source.0 as usize];
            u32::from(key_bits(slices.per_core, stages)) + slices.cores().next_power_of_two().trailing_zeros()
        })
        .max()
        .unwrap_or(0)
}

fn key_bits(per_core: u32, stages: u32) -> u8 {
    (per_core * stages).next_power_of_two().trailing_zeros() as u8 + COLOUR_BITS
}

/// Expected spikes per second of some cells.
fn rate_of(cells: &Cells, slice: Range<u32>, per_second: f64, options: &LowerOptions) -> f64 {
    match cells {
        Cells::Neurons(_) => slice.len() as f64 * options.expected_rate,
        Cells::Poisson(rates) => rates[slice.start as usize..slice.end as usize]
            .iter()
            .map(|rate| rate.rate)
            .sum(),
        Cells::Array(spikes) => {
            let count = spikes.iter().filter(|(_, cell)| slice.contains(cell)).count() as f64;
            let steps = spikes.last().map_or(1.0, |(step, _)| f64::from(*step) + 1.0);
            count * per_second / steps
        }
    }
}

/// For each vertex, the vertices that need its spikes: those with at least one synapse from one of its cells.
fn sinks_of(parts: &[Part], split: &Split, vertices: &Vertices) -> Vec<Vec<usize>> {
    let mut sinks: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, part) in parts.iter().enumerate() {
        let rule = RowRule::new(split, index, part);
        let source = split.populations[part.source.0 as usize];
        let target = split.populations[part.target.0 as usize];
        for core in 0..target.cores() {
            let slice = target.slice(core);
            let sink = vertices.of_population(part.target, core);
            let (mut direct, mut delayed) = (
                vec![false; source.cores() as usize],
                vec![false; source.cores() as usize],
            );
            for synapse in part.first[slice.start as usize] as usize..part.first[slice.end as usize] as usize
            {
                let from = part.sources[synapse] / source.per_core;
                let side = if rule.row_of(part.sources[synapse], part.delays[synapse]).delayed {
                    &mut delayed
                } else {
                    &mut direct
                };
                side[from as usize] = true;
            }
            for from in 0..source.cores() {
                if direct[from as usize] {
                    sinks
                        .entry(vertices.of_population(part.source, from))
                        .or_default()
                        .push(sink);
                }
                if let (true, Some(group)) = (delayed[from as usize], split.group_of[index]) {
                    sinks
                        .entry(vertices.of_group(group, from))
                        .or_default()
                        .push(sink);
                    sinks
                        .entry(vertices.of_population(part.source, from))
                        .or_default()
                        .push(vertices.of_group(group, from));
                }
            }
        }
    }
    (0..vertices.jobs.len())
        .map(|vertex| sinks.remove(&vertex).unwrap_or_default())
        .collect()
}

/// Keys of one core of a sender: its block, and the whole group's.
pub(crate) fn keys_of(
    sender: Option<&(GroupId, Vec<NetId>)>,
    core: u32,
    keys: &Keys,
) -> Option<(taproot_mapper::KeyMask, GroupKeys)> {
    let (group, nets) = sender?;
    Some((keys.net(nets[core as usize]), keys.group(*group)))
}
