//! Writing down what is where.

use super::{
    Block, ChannelLayout, CoreLayout, Layout, Lowering, PopulationLayout, Role, SynapseBlocks,
    channels::Channel,
    images::SenderKeys,
    vertices::{Job, Vertices},
};
use crate::{CoreImage, regions::numbers};
use taproot_network::{CellType, PopulationId};

pub(crate) fn layout_of(
    lowering: &Lowering<'_>,
    vertices: &Vertices,
    order: &[usize],
    cores: &[CoreImage],
    channels: &[Vec<Channel>],
    keys: &SenderKeys,
    steps: u32,
) -> Layout {
    let network = lowering.network;
    let mut populations: Vec<PopulationLayout> = network
        .populations
        .iter()
        .enumerate()
        .map(|(index, population)| PopulationLayout {
            label: population.label.clone(),
            per_core: lowering.split.populations[index].per_core,
            delay_slots: lowering.split.populations[index].slots,
            shifts: lowering.scales[index]
                .as_ref()
                .map_or_else(Vec::new, |s| s.shifts.clone()),
            cores: vec![0; lowering.split.populations[index].cores() as usize],
            load: lowering.split.load[index],
        })
        .collect();
    let mut layouts = Vec::with_capacity(cores.len());
    for (position, (&vertex, core)) in order.iter().zip(cores).enumerate() {
        let job = &vertices.jobs[vertex];
        let (role, recording_region, channel_count, provenance, synapses) = match *job {
            Job::Delay { group, core } => {
                let delays = lowering.split.groups[group];
                let role = Role::Delay {
                    population: delays.source,
                    cells: lowering.split.populations[delays.source.0 as usize].slice(core),
                    stages: delays.stages,
                    steps_per_stage: delays.steps_per_stage,
                };
                use numbers::delay_extension::*;
                (role, None, 0, (PROVENANCE, PROVENANCE_WORDS), Vec::new())
            }
            Job::Cells { population, core } => {
                populations[population.0 as usize].cores[core as usize] = position;
                let cells = lowering.split.populations[population.0 as usize].slice(core);
                let role = Role::Cells { population, cells };
                match network.population(population).cell {
                    CellType::IfCurrExp | CellType::IfCondExp => {
                        use numbers::neuron::*;
                        let synapses = lowering.synapse_blocks(population, core);
                        (
                            role,
                            Some(RECORDING),
                            CHANNELS,
                            (PROVENANCE, PROVENANCE_WORDS),
                            synapses,
                        )
                    }
                    CellType::SpikeSourcePoisson => {
                        use numbers::poisson::*;
                        (
                            role,
                            Some(RECORDING),
                            1,
                            (PROVENANCE, PROVENANCE_WORDS),
                            Vec::new(),
                        )
                    }
                    CellType::SpikeSourceArray => {
                        use numbers::spike_array::*;
                        (
                            role,
                            Some(RECORDING),
                            1,
                            (PROVENANCE, PROVENANCE_WORDS),
                            Vec::new(),
                        )
                    }
                }
            }
        };
        layouts.push(CoreLayout {
            core: core.core,
            binary: core.binary,
            role,
            keys: keys.of(job).map(|k| (k.key, k.mask)),
            recording_region,
            channel_count,
            channels: channels[vertex]
                .iter()
                .map(|channel| ChannelLayout {
                    channel: channel.channel,
                    variable: channel.variable,
                    interval: channel.interval,
                    cells: channel.cells.clone(),
                    bytes: channel.bytes_for(steps),
                })
                .collect(),
            provenance,
            synapses,
        });
    }
    Layout {
        cores: layouts,
        populations,
    }
}

impl Lowering<'_> {
    pub(crate) fn synapse_blocks(&self, population: PopulationId, core: u32) -> Vec<SynapseBlocks> {
        self.matrix(population, core)
            .parts
            .iter()
            .map(|blocks| {
                let part = &self.parts[blocks.part];
                SynapseBlocks {
                    projection: part.projection,
                    source: part.source,
                    receptor: part.receptor,
                    scale: self.scales[population.0 as usize]
                        .as_ref()
                        .map_or(1.0, |scales| scales.scales[usize::from(part.receptor)]),
                    synapses: blocks.synapses,
                    direct: blocks.direct.iter().copied().map(Block::from).collect(),
                    delayed: blocks.delayed.iter().copied().map(Block::from).collect(),
                }
            })
            .collect()
    }
}
