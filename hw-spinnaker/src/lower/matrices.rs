//! The synaptic matrix of every core, from the synapses of all parts onto it.

use super::{
    LowerError,
    parts::Part,
    split::{DelayGroup, Split},
    weights::Scales,
};
use crate::regions::{
    MAX_ROW_WORDS,
    matrix::{BlockPlace, Synapse, WordLayout, delayed_row, write_static_rows},
};
use rayon::prelude::*;
use taproot_calibration::{Tally, fixed::encode_weight};
use taproot_network::PopulationId;

/// Bytes that the 24-bit address of a block can reach, in units of 16 bytes; the last value means "none".
const MATRIX_LIMIT: u64 = ((1 << 24) - 2) * 16;

/// The matrix of one core.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CoreMatrix {
    pub(crate) population: PopulationId,
    /// Index of the core in its population.
    pub(crate) core: u32,
    pub(crate) content: Vec<u8>,
    /// One per part onto the population, in part order.
    pub(crate) parts: Vec<PartBlocks>,
}

/// Where the rows of one part are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PartBlocks {
    /// Index of the part.
    pub(crate) part: usize,
    /// Blocks of rows by source cell; more than one where rows are longer than a core can take. None without synapses.
    pub(crate) direct: Vec<BlockPlace>,
    /// The same for synapses behind the delay extension.
    pub(crate) delayed: Vec<BlockPlace>,
    /// Synapses.
    pub(crate) synapses: u64,
    /// What rounding the weights cost, PyNN's unit, magnitudes.
    pub(crate) weights: Tally,
}

/// Row of a synapse: by source cell, or in the delayed block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowOf {
    pub(crate) delayed: bool,
    pub(crate) row: u32,
    /// Delay left for the ring buffer.
    pub(crate) delay: u32,
}

/// Where the synapses of a part go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowRule {
    slots: u32,
    group: Option<DelayGroup>,
    source_size: u32,
    source_per_core: u32,
}

impl RowRule {
    pub(crate) fn new(split: &Split, part_index: usize, part: &Part) -> Self {
        let slots = split.populations[part.target.0 as usize].slots;
        Self::with_group(split, part, slots, split.group_of[part_index])
    }

    /// The rule of a part whose index is not known, for a target with `slots` delay slots.
    pub(crate) fn of(split: &Split, part: &Part, slots: u32) -> Self {
        let group = (part.max_delay > slots).then(|| {
            let same = |g: &DelayGroup| g.source == part.source && g.steps_per_stage == slots;
            split.groups.iter().position(same)
        });
        Self::with_group(split, part, slots, group.flatten())
    }

    fn with_group(split: &Split, part: &Part, slots: u32, group: Option<usize>) -> Self {
        let source = split.populations[part.source.0 as usize];
        Self {
            slots,
            group: group.map(|group| split.groups[group]),
            source_size: source.size,
            source_per_core: source.per_core,
        }
    }

    pub(crate) fn rows(&self, delayed: bool) -> u32 {
        if delayed {
            self.group.map_or(0, |group| self.source_size * group.stages)
        } else {
            self.source_size
        }
    }

    #[inline]
    pub(crate) fn row_of(&self, source: u32, delay: u32) -> RowOf {
        match self.group {
            Some(group) if delay > self.slots => {
                let stage = (delay - 1) / group.steps_per_stage;
                RowOf {
                    delayed: true,
                    row: delayed_row(
                        source,
                        stage,
                        group.stages,
                        self.source_per_core,
                        self.source_size,
                    ),
                    delay: delay - stage * group.steps_per_stage,
                }
            }
            _ => RowOf {
                delayed: false,
                row: source,
                delay,
            },
        }
    }
}

/// Builds the matrices of all neuron cores, in order of population and core, in parallel.
///
/// `same_rows` gives all cores of a population the row length of the longest.
pub(crate) fn matrices(
    parts: &[Part],
    split: &Split,
    scales: &[Option<Scales>],
    label: &(dyn Fn(PopulationId, u32) -> String + Sync),
    same_rows: bool,
) -> Result<Vec<CoreMatrix>, LowerError> {
    let mut cores = Vec::new();
    for (index, scales) in scales.iter().enumerate() {
        if let Some(scales) = scales {
            for core in 0..split.populations[index].cores() {
                cores.push((PopulationId(index as u32), core, scales));
            }
        }
    }
    let forced = if same_rows {
        longest_rows(parts, split)
    } else {
        vec![(0, 0); parts.len()]
    };
    let built: Vec<Result<CoreMatrix, LowerError>> = cores
        .par_iter()
        .map(|&(population, core, scales)| build(population, core, scales, parts, split, &forced, label))
        .collect();
    built.into_iter().collect()
}

fn build(
    population: PopulationId,
    core: u32,
    scales: &Scales,
    parts: &[Part],
    split: &Split,
    forced: &[(u32, u32)],
    label: &(dyn Fn(PopulationId, u32) -> String + Sync),
) -> Result<CoreMatrix, LowerError> {
    let slices = split.populations[population.0 as usize];
    let layout = WordLayout::new(slices.per_core, scales.shifts.len() as u32);
    let mut content = Vec::new();
    let mut blocks = Vec::new();
    for (index, part) in parts
        .iter()
        .enumerate()
        .filter(|(_, part)| part.target == population)
    {
        let rule = RowRule::new(split, index, part);
        let slice = slices.slice(core);
        let scale = scales.scales[usize::from(part.receptor)];
        let mut tally = Tally::default();
        let mut direct = Rows::new(rule.rows(false));
        let mut delayed = Rows::new(rule.rows(true));
        let range = part.first[slice.start as usize] as usize..part.first[slice.end as usize] as usize;
        for synapse in range.clone() {
            let place = rule.row_of(part.sources[synapse], part.delays[synapse]);
            if place.delayed { &mut delayed } else { &mut direct }.count(place.row);
        }
        direct.reserve();
        delayed.reserve();
        for cell in slice.clone() {
            for synapse in part.first[cell as usize] as usize..part.first[cell as usize + 1] as usize {
                let place = rule.row_of(part.sources[synapse], part.delays[synapse]);
                let asked = part.weights[synapse].abs();
                let (weight, saturated) = encode_weight(asked, scale);
                tally.add(asked, f64::from(weight) / scale, saturated);
                let word = layout.encode(Synapse {
                    target: cell - slice.start,
                    synapse_type: part.receptor.into(),
                    delay: place.delay,
                    weight,
                });
                if place.delayed { &mut delayed } else { &mut direct }.push(place.row, word);
            }
        }
        let (least_direct, least_delayed) = forced[index];
        blocks.push(PartBlocks {
            part: index,
            direct: direct.write(&mut content, least_direct),
            delayed: delayed.write(&mut content, least_delayed),
            synapses: range.len() as u64,
            weights: tally,
        });
        if content.len() as u64 > MATRIX_LIMIT {
            return Err(LowerError::MatrixTooLarge {
                vertex: label(population, core),
                bytes: content.len() as u64,
                limit: MATRIX_LIMIT,
            });
        }
    }
    Ok(CoreMatrix {
        population,
        core,
        content,
        parts: blocks,
    })
}

/// Rows in the making: a counting sort of synaptic words by row.
struct Rows {
    first: Vec<u32>,
    next: Vec<u32>,
    words: Vec<u32>,
}

impl Rows {
    fn new(rows: u32) -> Self {
        Self {
            first: vec![0; rows as usize + 1],
            next: Vec::new(),
            words: Vec::new(),
        }
    }

    fn count(&mut self, row: u32) {
        self.first[row as usize + 1] += 1;
    }

    fn reserve(&mut self) {
        for row in 1..self.first.len() {
            self.first[row] += self.first[row - 1];
        }
        self.next = self.first.clone();
        self.words = vec![0; self.first.last().copied().unwrap_or(0) as usize];
    }

    fn push(&mut self, row: u32, word: u32) {
        let place = &mut self.next[row as usize];
        self.words[*place as usize] = word;
        *place += 1;
    }

    /// Appends the rows as blocks that start on 16 bytes; nothing if there is no synapse and `least` is 0.
    fn write(&self, content: &mut Vec<u8>, least: u32) -> Vec<BlockPlace> {
        let rows = self.first.len() as u32 - 1;
        let longest = self
            .first
            .windows(2)
            .map(|w| w[1] - w[0])
            .max()
            .unwrap_or(0)
            .max(least);
        let count = longest.div_ceil(MAX_ROW_WORDS);
        let mut places = Vec::with_capacity(count as usize);
        for block in 0..count {
            // Blocks of about the same width: each costs the core one fetch per spike, long or short.
            let skip = longest * block / count;
            let row_words = longest * (block + 1) / count - skip;
            let address = content.len().next_multiple_of(16);
            let place = BlockPlace {
                address: address as u32,
                rows,
                row_words,
            };
            content.resize(address + place.bytes() as usize, 0);
            write_static_rows(&mut content[address..], &self.words, &self.first, skip, row_words);
            places.push(place);
        }
        places
    }
}

/// Longest direct and delayed row of each part, over all cores of its target.
fn longest_rows(parts: &[Part], split: &Split) -> Vec<(u32, u32)> {
    parts
        .par_iter()
        .enumerate()
        .map(|(index, part)| {
            let rule = RowRule::new(split, index, part);
            let slices = split.populations[part.target.0 as usize];
            let mut longest = (0, 0);
            for core in 0..slices.cores() {
                let slice = slices.slice(core);
                let mut counts = (
                    vec![0u32; rule.rows(false) as usize],
                    vec![0u32; rule.rows(true) as usize],
                );
                for synapse in
                    part.first[slice.start as usize] as usize..part.first[slice.end as usize] as usize
                {
                    let place = rule.row_of(part.sources[synapse], part.delays[synapse]);
                    let side = if place.delayed {
                        &mut counts.1
                    } else {
                        &mut counts.0
                    };
                    side[place.row as usize] += 1;
                }
                longest.0 = longest.0.max(counts.0.into_iter().max().unwrap_or(0));
                longest.1 = longest.1.max(counts.1.into_iter().max().unwrap_or(0));
            }
            longest
        })
        .collect()
}
