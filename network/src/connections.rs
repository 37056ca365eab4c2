//! Expanded connectivity.

use serde::{Deserialize, Serialize};

/// The synapses of a projection, target by target (compressed rows), in PyNN's order.
///
/// Synapses of target `t` are at `offsets[t]..offsets[t + 1]` of the other columns. Cell numbers are positions in
/// the projection's groups.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Connections {
    /// One more than there are targets, ascending.
    pub offsets: Vec<u64>,
    /// Source of each synapse.
    pub sources: Vec<u32>,
    /// Weight of each synapse: nA or uS, with PyNN's sign.
    pub weights: Vec<f64>,
    /// Delay of each synapse, ms.
    pub delays: Vec<f64>,
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
}
