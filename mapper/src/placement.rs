//! Where each vertex is.

use crate::{Netlist, NodeId, VertexId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;

/// Where each vertex is: its node and its slots there.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Placement {
    /// Node of each vertex, by vertex.
    pub nodes: Vec<NodeId>,
    /// First slot of each vertex on its node; a vertex of n cores has n slots in a row from there.
    pub first_slot: Vec<u8>,
}

impl Placement {
    /// The node of a vertex. Panics if the placement has no such vertex.
    pub fn node(&self, vertex: VertexId) -> NodeId {
        self.nodes[vertex.index()]
    }

    /// The slots of a vertex on its node. Slot 0 is the first application core.
    pub fn slots(&self, netlist: &Netlist, vertex: VertexId) -> Range<u32> {
        let first = u32::from(self.first_slot[vertex.index()]);
        first..first.saturating_add(netlist.vertex(vertex).resources.cores)
    }

    /// Gives vertices their slots, in the order of their ids on each node.
    pub(crate) fn with_slots(netlist: &Netlist, nodes: Vec<NodeId>, node_count: usize) -> Self {
        let mut next = vec![0u32; node_count];
        let first_slot = netlist
            .vertex_ids()
            .map(|vertex| {
                let slot = &mut next[nodes[vertex.index()].index()];
                let first = *slot;
                *slot += netlist.vertex(vertex).resources.cores;
                u8::try_from(first).expect("a node has at most 32 slots")
            })
            .collect();
        Self { nodes, first_slot }
    }
}

impl fmt::Display for Placement {
    /// One line for each vertex.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (node, slot)) in self.nodes.iter().zip(&self.first_slot).enumerate() {
            writeln!(f, "{}: {node} slot {slot}", VertexId::new(index))?;
        }
        Ok(())
    }
}
