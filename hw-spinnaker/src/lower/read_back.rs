//! Weights and delays as they are on the board.

use super::{
    LowerError, Lowered,
    layout::{Block, Role, SynapseBlocks},
    matrices::RowRule,
    parts::{parts_of_projection, steps_per_ms},
};
use crate::regions::{
    matrix::{HEADER_WORDS, Synapse, WordLayout, static_row},
    numbers,
};
use std::collections::BTreeMap;
use taproot_network::{Connections, Network, ProjectionId};

/// Why synapses could not be read back.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReadBackError {
    /// The projection cannot be expanded, so nothing says which synapse is which.
    #[error(transparent)]
    Lower(#[from] LowerError),
    /// The matrix of a core was not given, or is shorter than its blocks.
    #[error("the synaptic matrix of `{vertex}` has {found} bytes; its rows need {needed}")]
    TooShort {
        /// The core's label.
        vertex: String,
        /// Bytes given.
        found: usize,
        /// Bytes needed.
        needed: u64,
    },
    /// A row does not hold the synapses that were written to it.
    #[error("the synaptic matrix of `{vertex}` lacks synapse {synapse} of row {row}")]
    Missing {
        /// The core's label.
        vertex: String,
        /// Row of the block.
        row: u32,
        /// Number of the synapse in it.
        synapse: usize,
    },
}

impl Lowered {
    /// Positions in the image of the cores whose matrix region (region 6) [`Lowered::read_back`] needs.
    pub fn matrices_of(&self, projection: ProjectionId) -> Vec<usize> {
        (0..self.layout.cores.len())
            .filter(|core| {
                self.layout.cores[*core]
                    .synapses
                    .iter()
                    .any(|blocks| blocks.projection == projection && blocks.synapses > 0)
            })
            .collect()
    }

    /// A projection's synapses with the weights and delays that the given matrix regions hold, in PyNN's units and
    /// order. `matrices` is indexed by position in the image.
    ///
    /// # Errors
    /// If a matrix is missing, cut, or not what was written.
    pub fn read_back(
        &self,
        network: &Network,
        projection: ProjectionId,
        matrices: &BTreeMap<usize, Vec<u8>>,
    ) -> Result<Connections, ReadBackError> {
        let mut connections = network.expand(projection).map_err(LowerError::from)?;
        let per_ms = steps_per_ms(network.timestep);
        for part in parts_of_projection(network, projection)? {
            let target = network.population(part.target);
            let sign = if part.receptor == 1 && !target.cell.conductance_based() {
                -1.0
            } else {
                1.0
            };
            let slices = self.plan.split.populations[part.target.0 as usize];
            let layout = WordLayout::new(slices.per_core, target.cell.receptors().len() as u32);
            let rule = RowRule::of(
                &self.plan.split,
                &part,
                self.plan.split.populations[part.target.0 as usize].slots,
            );
            for &position in &self.layout.populations[part.target.0 as usize].cores {
                let core = &self.layout.cores[position];
                let Role::Cells { cells, .. } = &core.role else {
                    continue;
                };
                let Some(blocks) = core
                    .synapses
                    .iter()
                    .find(|b| b.projection == projection && b.source == part.source && b.synapses > 0)
                else {
                    continue;
                };
                let vertex = &self.image.cores[position].label;
                let empty = Vec::new();
                let matrix = matrices.get(&position).unwrap_or(&empty);
                check_length(blocks, matrix, vertex)?;
                let mut next: BTreeMap<(bool, u32), usize> = BTreeMap::new();
                for cell in cells.clone() {
                    for index in part.first[cell as usize] as usize..part.first[cell as usize + 1] as usize {
                        let place = rule.row_of(part.sources[index], part.delays[index]);
                        let synapse = next.entry((place.delayed, place.row)).or_default();
                        let list = if place.delayed {
                            &blocks.delayed
                        } else {
                            &blocks.direct
                        };
                        let word = synapse_word(list, matrix, place.row, *synapse).ok_or(
                            ReadBackError::Missing {
                                vertex: vertex.clone(),
                                row: place.row,
                                synapse: *synapse,
                            },
                        )?;
                        *synapse += 1;
                        let Synapse { weight, delay, .. } = layout.decode(word, slices.slots);
                        let stages = part.delays[index] - place.delay;
                        let origin = part.origin.as_ref().map_or(index, |o| o[index] as usize);
                        connections.weights[origin] = sign * f64::from(weight) / blocks.scale;
                        connections.delays[origin] = f64::from(delay + stages) / per_ms;
                    }
                }
            }
        }
        Ok(connections)
    }

    /// The same from the load image: what is on the board unless something changes it.
    ///
    /// # Errors
    /// As for [`Lowered::read_back`].
    pub fn stored(&self, network: &Network, projection: ProjectionId) -> Result<Connections, ReadBackError> {
        let matrices = self
            .matrices_of(projection)
            .into_iter()
            .map(|position| {
                let region = self.image.cores[position]
                    .regions
                    .iter()
                    .find(|region| region.number == numbers::neuron::SYNAPTIC_MATRIX);
                (position, region.map_or_else(Vec::new, |r| r.content.clone()))
            })
            .collect();
        self.read_back(network, projection, &matrices)
    }
}

fn bytes_of_block(block: &Block) -> u64 {
    u64::from(block.rows) * 4 * u64::from(block.row_words + HEADER_WORDS)
}

fn check_length(blocks: &SynapseBlocks, matrix: &[u8], vertex: &str) -> Result<(), ReadBackError> {
    let needed = blocks
        .direct
        .iter()
        .chain(&blocks.delayed)
        .map(|block| u64::from(block.address) + bytes_of_block(block))
        .max()
        .unwrap_or(0);
    if (matrix.len() as u64) < needed {
        return Err(ReadBackError::TooShort {
            vertex: vertex.to_owned(),
            found: matrix.len(),
            needed,
        });
    }
    Ok(())
}

/// The n-th synaptic word of a row that may be spread over several blocks.
fn synapse_word(blocks: &[Block], matrix: &[u8], row: u32, synapse: usize) -> Option<u32> {
    let mut before = 0;
    for block in blocks {
        let words = block.row_words as usize;
        if synapse < before + words {
            let stride = 4 * (block.row_words + HEADER_WORDS) as usize;
            let start = block.address as usize + row as usize * stride;
            return static_row(matrix.get(start..start + stride)?)?.nth(synapse - before);
        }
        before += words;
    }
    None
}
