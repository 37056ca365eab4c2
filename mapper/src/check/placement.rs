//! Is the placement legal?

use super::PROBLEM_LIMIT;
use crate::{Architecture, Netlist, NodeId, Placement, Resources, VertexId};
use std::collections::BTreeMap;

/// What is wrong with a placement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlacementProblem {
    /// Another number of vertices than the netlist has.
    #[error("the placement has nodes for {nodes} and slots for {slots} vertices; the netlist has {vertices}")]
    Size {
        /// Nodes given.
        nodes: usize,
        /// Slots given.
        slots: usize,
        /// Vertices of the netlist.
        vertices: usize,
    },
    /// A vertex is on a node that is missing or dead.
    #[error("{vertex} is on {node}, which is missing or dead")]
    DeadNode {
        /// The vertex.
        vertex: VertexId,
        /// The node.
        node: NodeId,
    },
    /// A node is overfull.
    #[error("the vertices on {node} need {need}; it has {has}")]
    Overfull {
        /// The node's name.
        node: String,
        /// What they need.
        need: Resources,
        /// What there is.
        has: Resources,
    },
    /// Two vertices use the same core.
    #[error("{first} and {second} both use slot {slot} of {node}")]
    SharedSlot {
        /// One vertex.
        first: VertexId,
        /// The other.
        second: VertexId,
        /// The slot.
        slot: u32,
        /// The node's name.
        node: String,
    },
    /// A slot beyond those of the node.
    #[error("{vertex} uses slot {slot} of {node}, which has {cores}")]
    NoSuchSlot {
        /// The vertex.
        vertex: VertexId,
        /// The slot.
        slot: u32,
        /// The node's name.
        node: String,
        /// Slots of the node.
        cores: u32,
    },
    /// Vertices that must share a node do not.
    #[error("{first} and {second} must share a node; they are on {first_node} and {second_node}")]
    Parted {
        /// One vertex.
        first: VertexId,
        /// The other.
        second: VertexId,
        /// One node.
        first_node: NodeId,
        /// The other.
        second_node: NodeId,
    },
    /// A fixed vertex is elsewhere.
    #[error("{vertex} is fixed to {fixed}; it is on {node}")]
    Moved {
        /// The vertex.
        vertex: VertexId,
        /// Where it should be.
        fixed: NodeId,
        /// Where it is.
        node: NodeId,
    },
    /// A vertex is on an excluded node and not fixed there.
    #[error("{vertex} is on {node}, which is excluded")]
    Excluded {
        /// The vertex.
        vertex: VertexId,
        /// The node.
        node: NodeId,
    },
}

/// Lists what is wrong with a placement; empty if it is legal.
pub fn check_placement<A: Architecture + ?Sized>(
    architecture: &A,
    netlist: &Netlist,
    placement: &Placement,
) -> Vec<PlacementProblem> {
    let vertices = netlist.vertices().len();
    if placement.nodes.len() != vertices || placement.first_slot.len() != vertices {
        return vec![PlacementProblem::Size {
            nodes: placement.nodes.len(),
            slots: placement.first_slot.len(),
            vertices,
        }];
    }
    let mut problems = Vec::new();
    let mut on_node: BTreeMap<NodeId, Vec<VertexId>> = BTreeMap::new();
    for (index, &node) in placement.nodes.iter().enumerate() {
        let vertex = VertexId::new(index);
        if node.index() >= architecture.node_count() || !architecture.is_live(node) {
            problems.push(PlacementProblem::DeadNode { vertex, node });
        } else {
            on_node.entry(node).or_default().push(vertex);
        }
    }
    for (&node, vertices) in &on_node {
        check_node(architecture, netlist, placement, node, vertices, &mut problems);
    }
    for together in netlist.same_node() {
        for pair in together.windows(2) {
            let (first_node, second_node) =
                (placement.nodes[pair[0].index()], placement.nodes[pair[1].index()]);
            if first_node != second_node {
                problems.push(PlacementProblem::Parted {
                    first: pair[0],
                    second: pair[1],
                    first_node,
                    second_node,
                });
            }
        }
    }
    for &(vertex, fixed) in netlist.fixed() {
        let node = placement.nodes[vertex.index()];
        if node != fixed {
            problems.push(PlacementProblem::Moved { vertex, fixed, node });
        }
    }
    check_excluded(netlist, placement, &on_node, &mut problems);
    problems.truncate(PROBLEM_LIMIT);
    problems
}

fn check_node<A: Architecture + ?Sized>(
    architecture: &A,
    netlist: &Netlist,
    placement: &Placement,
    node: NodeId,
    vertices: &[VertexId],
    problems: &mut Vec<PlacementProblem>,
) {
    let has = architecture.capacity(node);
    let (mut cores, mut sdram) = (0u64, 0u128);
    let mut counters = vec![0u128; has.counters.len()];
    let mut missing_counter = false;
    for &vertex in vertices {
        let need = &netlist.vertices()[vertex.index()].resources;
        cores += u64::from(need.cores);
        sdram += u128::from(need.sdram);
        for (index, amount) in need.counters.iter().enumerate() {
            match counters.get_mut(index) {
                Some(sum) => *sum += u128::from(*amount),
                None => missing_counter |= *amount > 0,
            }
        }
    }
    let over = cores > u64::from(has.cores)
        || sdram > u128::from(has.sdram)
        || missing_counter
        || counters
            .iter()
            .zip(&has.counters)
            .any(|(sum, has)| *sum > u128::from(*has));
    if over {
        let narrow = |sum: u128| u64::try_from(sum).unwrap_or(u64::MAX);
        problems.push(PlacementProblem::Overfull {
            node: architecture.name(node),
            need: Resources {
                cores: u32::try_from(cores).unwrap_or(u32::MAX),
                sdram: narrow(sdram),
                counters: counters.into_iter().map(narrow).collect(),
            },
            has: has.clone(),
        });
    }
    let mut owner: BTreeMap<u32, VertexId> = BTreeMap::new();
    for &vertex in vertices {
        let need = &netlist.vertices()[vertex.index()].resources;
        let first = u32::from(placement.first_slot[vertex.index()]);
        for slot in (first..).take(need.cores.min(64) as usize) {
            if slot >= has.cores {
                problems.push(PlacementProblem::NoSuchSlot {
                    vertex,
                    slot,
                    node: architecture.name(node),
                    cores: has.cores,
                });
            }
            if let Some(first) = owner.insert(slot, vertex) {
                problems.push(PlacementProblem::SharedSlot {
                    first,
                    second: vertex,
                    slot,
                    node: architecture.name(node),
                });
            }
        }
    }
}

fn check_excluded(
    netlist: &Netlist,
    placement: &Placement,
    on_node: &BTreeMap<NodeId, Vec<VertexId>>,
    problems: &mut Vec<PlacementProblem>,
) {
    for node in netlist.excluded() {
        for &vertex in on_node.get(node).into_iter().flatten() {
            // A vertex that shares its node with one fixed there has no choice either.
            let bound = |other: VertexId| netlist.fixed().contains(&(other, *node));
            let mut friends = vec![vertex];
            let mut next = 0;
            while next < friends.len() {
                let friend = friends[next];
                for together in netlist.same_node().iter().filter(|list| list.contains(&friend)) {
                    for other in together {
                        if !friends.contains(other) {
                            friends.push(*other);
                        }
                    }
                }
                next += 1;
            }
            if !friends.into_iter().any(bound) {
                problems.push(PlacementProblem::Excluded {
                    vertex,
                    node: placement.nodes[vertex.index()],
                });
            }
        }
    }
}
