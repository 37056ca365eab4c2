//! Placement: a constructive start, then simulated annealing.
//!
//! Vertices that must share a node become one cluster. The start walks the clusters breadth first along the heaviest
//! nets and puts them on nodes along a Hilbert curve, so that neighbours in traffic are neighbours on the grid. The
//! annealer then moves and swaps clusters (Betz and Rose 1997, "VPR: a new packing, placement and routing tool for
//! FPGA research": adaptive temperature, and a window that shrinks with the share of accepted moves). Ours differs in
//! its cost, which is the estimated number of links of each multicast tree ([`crate::placement_cost`]), and in using
//! integers only, so that the sum is exact and results do not depend on the host.

mod anneal;
mod cluster;
mod start;

use crate::grid::Grid;
use crate::{Architecture, Netlist, NodeId, Placement, Resources, VertexId};
use serde::{Deserialize, Serialize};

/// How to place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaceOptions {
    /// Seed of the annealer.
    pub seed: u64,
    /// How many moves are tried, relative to the default of 1; 0 keeps the constructive start.
    pub effort: f64,
    /// Upper limit of pins looked at while annealing: this many, and as many again for each 250 vertices up to 2,000 and
    /// each 1,000 beyond. It bounds the time on large netlists and very large nets, where fewer moves are then tried.
    pub work_limit: u64,
}

impl Default for PlaceOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            effort: 1.0,
            work_limit: 10_000_000,
        }
    }
}

/// The verb of a sentence about a vertex and so many others.
fn needing(others: usize) -> String {
    match others {
        0 => " needs".to_owned(),
        _ => format!(" and {others} more that must share its node need"),
    }
}

/// Why a netlist could not be placed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// The netlist needs more cores than the machine has.
    #[error("the netlist needs {needed} cores, and the machine has {available}")]
    NotEnoughCores {
        /// Cores needed.
        needed: u64,
        /// Cores of nodes that may be used.
        available: u64,
    },
    /// The netlist needs more memory than the machine has.
    #[error("the netlist needs {needed} bytes of shared memory, and the machine has {available}")]
    NotEnoughMemory {
        /// Bytes needed.
        needed: u64,
        /// Bytes of nodes that may be used.
        available: u64,
    },
    /// A vertex, or vertices that must share a node, need more than any node has.
    #[error(
        "`{label}`{} {need}; the most that a node offers is {most}", needing(*others)
    )]
    TooLarge {
        /// Label of the first vertex.
        label: String,
        /// How many others must be with it.
        others: usize,
        /// What they need together.
        need: Box<Resources>,
        /// The most of each resource that any usable node has.
        most: Box<Resources>,
    },
    /// Each fits somewhere and the sums fit, but no node has room left for this one.
    #[error("`{label}` needs {need}, and none of the {nodes} usable nodes has so much left")]
    NoRoom {
        /// Label of the first vertex that found no place.
        label: String,
        /// What it and those that share its node need.
        need: Box<Resources>,
        /// Nodes tried.
        nodes: usize,
    },
    /// A vertex is fixed to a node that is missing or dead.
    #[error("{vertex} `{label}` is fixed to {node}, which is missing or dead")]
    FixedToDeadNode {
        /// The vertex.
        vertex: VertexId,
        /// Its label.
        label: String,
        /// The node's name.
        node: String,
    },
    /// Vertices fixed to a node do not fit there.
    #[error("the vertices fixed to {node} need {need}, and it has {has}")]
    FixedTooLarge {
        /// The node's name.
        node: String,
        /// What they need.
        need: Box<Resources>,
        /// What there is.
        has: Box<Resources>,
    },
    /// Vertices that must share a node are fixed to different ones.
    #[error("`{label}` must be on {first} and on {second}")]
    FixedTwice {
        /// Label of a vertex.
        label: String,
        /// One node's name.
        first: String,
        /// The other's.
        second: String,
    },
}

/// Places a netlist.
pub fn place<A: Architecture + ?Sized>(
    architecture: &A,
    netlist: &Netlist,
    options: &PlaceOptions,
) -> Result<Placement, PlaceError> {
    let grid = Grid::of(architecture);
    let clusters = cluster::clusters(architecture, netlist)?;
    let mut state = start::start(architecture, &grid, netlist, &clusters)?;
    if options.effort > 0.0 {
        anneal::anneal(&grid, netlist, &clusters, &mut state, options);
    }
    let nodes = netlist
        .vertex_ids()
        .map(|vertex| NodeId(state.node[clusters.of[vertex.index()] as usize]))
        .collect();
    Ok(Placement::with_slots(netlist, nodes, grid.nodes))
}

/// A placement in the making.
struct State {
    /// Node of each cluster.
    node: Vec<u32>,
    /// What is left of each node.
    free: Vec<Resources>,
    /// Whether clusters without a fixed place may use the node.
    open: Vec<bool>,
}
