//! Expanded connectivity.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The synapses of a projection, target by target (compressed rows), in PyNN's order.
///
/// Synapses of target `t` are at `offsets[t]..offsets[t + 1]` of the other columns. Cell numbers are positions in
/// the projection's groups. Where only some targets were expanded, `t` counts from the first of them.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Connections {
    /// One more than there are targets, ascending, from 0.
    pub offsets: Vec<u64>,
    /// Source of each synapse.
    pub sources: Vec<u32>,
    /// Weight of each synapse: nA or uS, with PyNN's sign.
    pub weights: Vec<f64>,
    /// Delay of each synapse, ms.
    pub delays: Vec<f64>,
}

/// One synapse of [`Connections`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Synapse {
    /// Position in the source.
    pub source: u32,
    /// Row in the [`Connections`]: the position in the target, where all targets were expanded.
    pub target: u32,
    /// nA or uS, with PyNN's sign.
    pub weight: f64,
    /// ms.
    pub delay: f64,
}

impl Connections {
    /// How many synapses.
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// How many targets, with or without synapses.
    pub fn targets(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Where the synapses of a target are.
    ///
    /// # Panics
    /// If there is no such target.
    pub fn row(&self, target: usize) -> Range<usize> {
        self.offsets[target] as usize..self.offsets[target + 1] as usize
    }

    /// Every synapse, in order.
    pub fn iter(&self) -> impl Iterator<Item = Synapse> + '_ {
        (0..self.targets()).flat_map(move |target| {
            self.row(target).map(move |i| Synapse {
                source: self.sources[i],
                target: target as u32,
                weight: self.weights[i],
                delay: self.delays[i],
            })
        })
    }

    /// The rows of some targets alone.
    pub(crate) fn cut(&self, targets: Range<u32>) -> Self {
        let offsets = &self.offsets[targets.start as usize..=targets.end as usize];
        let synapses = offsets[0] as usize..offsets[offsets.len() - 1] as usize;
        Self {
            offsets: offsets.iter().map(|o| o - offsets[0]).collect(),
            sources: self.sources[synapses.clone()].to_vec(),
            weights: self.weights[synapses.clone()].to_vec(),
            delays: self.delays[synapses].to_vec(),
        }
    }
}
