//! Are the routes legal?

use super::PROBLEM_LIMIT;
use crate::{Architecture, NetId, Netlist, NodeId, Placement, Port, Routes, VertexId};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// What is wrong with routes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteProblem {
    /// Another number of trees than the netlist has nets, or of places than it has vertices.
    #[error("{trees} trees and {places} places, for a netlist of {nets} nets and {vertices} vertices")]
    Size {
        /// Trees.
        trees: usize,
        /// Vertices placed.
        places: usize,
        /// Nets of the netlist.
        nets: usize,
        /// Vertices of the netlist.
        vertices: usize,
    },
    /// A tree does not start where its source is.
    #[error("the tree of {net} starts at {root}; its source is on {source_node}")]
    WrongRoot {
        /// The net.
        net: NetId,
        /// Where the tree starts.
        root: NodeId,
        /// Where the source is.
        source_node: NodeId,
    },
    /// A link that does not exist, is dead, or leads elsewhere.
    #[error("the tree of {net} uses port {port} of {from} to get to {to}; no live link does that")]
    DeadLink {
        /// The net.
        net: NetId,
        /// Where the link should start.
        from: NodeId,
        /// Its port.
        port: Port,
        /// Where it should lead.
        to: NodeId,
    },
    /// A link that starts at a node which the tree has not reached before it.
    #[error("the tree of {net} leaves {from} before it gets there")]
    Unreached {
        /// The net.
        net: NetId,
        /// The node.
        from: NodeId,
    },
    /// A node that is reached twice, so that packets would arrive twice.
    #[error("the tree of {net} reaches {node} twice")]
    Twice {
        /// The net.
        net: NetId,
        /// The node.
        node: NodeId,
    },
    /// A sink that is not reached.
    #[error("the tree of {net} does not reach {sink} on {node}")]
    Missed {
        /// The net.
        net: NetId,
        /// The sink.
        sink: VertexId,
        /// Its node.
        node: NodeId,
    },
    /// A branch that ends at a node without a sink.
    #[error("the tree of {net} has a branch that ends at {node}, where it has no sink")]
    ExtraLeaf {
        /// The net.
        net: NetId,
        /// The node.
        node: NodeId,
    },
    /// More nets over a link than it carries.
    #[error("{nets} nets use port {port} of {node}; it carries {capacity}")]
    LinkOverfull {
        /// The node.
        node: NodeId,
        /// The port.
        port: Port,
        /// Nets that use it.
        nets: u32,
        /// Nets that it carries.
        capacity: u32,
    },
}

/// Lists what is wrong with routes; empty if they are legal.
pub fn check_routes<A: Architecture + ?Sized>(
    architecture: &A,
    netlist: &Netlist,
    placement: &Placement,
    routes: &Routes,
) -> Vec<RouteProblem> {
    let (nets, vertices) = (netlist.net_count(), netlist.vertices().len());
    if routes.len() != nets || placement.nodes.len() != vertices {
        return vec![RouteProblem::Size {
            trees: routes.len(),
            places: placement.nodes.len(),
            nets,
            vertices,
        }];
    }
    let ids: Vec<NetId> = netlist.net_ids().collect();
    let mut problems: Vec<RouteProblem> = ids
        .par_iter()
        .flat_map_iter(|net| check_tree(architecture, netlist, placement, routes, *net))
        .collect();
    if problems.is_empty() {
        check_link_capacity(architecture, routes, &mut problems);
    }
    problems.truncate(PROBLEM_LIMIT);
    problems
}

fn check_tree<A: Architecture + ?Sized>(
    architecture: &A,
    netlist: &Netlist,
    placement: &Placement,
    routes: &Routes,
    id: NetId,
) -> Vec<RouteProblem> {
    let net = netlist.net(id);
    let tree = routes.tree(id);
    let mut problems = Vec::new();
    let source_node = placement.nodes[net.source.index()];
    if tree.root != source_node {
        problems.push(RouteProblem::WrongRoot {
            net: id,
            root: tree.root,
            source_node,
        });
    }
    let mut reached = BTreeSet::from([tree.root]);
    let mut left = BTreeSet::new();
    for hop in tree.hops {
        let inside = hop.from.index() < architecture.node_count() && hop.port.0 < architecture.ports();
        let leads = if inside {
            architecture.follow(hop.from, hop.port).map(|(to, _)| to)
        } else {
            None
        };
        if leads != Some(hop.to) {
            problems.push(RouteProblem::DeadLink {
                net: id,
                from: hop.from,
                port: hop.port,
                to: hop.to,
            });
        }
        if !reached.contains(&hop.from) {
            problems.push(RouteProblem::Unreached {
                net: id,
                from: hop.from,
            });
        }
        if !reached.insert(hop.to) {
            problems.push(RouteProblem::Twice {
                net: id,
                node: hop.to,
            });
        }
        left.insert(hop.from);
    }
    let mut wanted = BTreeSet::from([tree.root]);
    for &sink in net.sinks {
        let node = placement.nodes[sink.index()];
        wanted.insert(node);
        if !reached.contains(&node) {
            problems.push(RouteProblem::Missed { net: id, sink, node });
        }
    }
    for &node in reached.difference(&left) {
        if !wanted.contains(&node) {
            problems.push(RouteProblem::ExtraLeaf { net: id, node });
        }
    }
    problems
}

fn check_link_capacity<A: Architecture + ?Sized>(
    architecture: &A,
    routes: &Routes,
    problems: &mut Vec<RouteProblem>,
) {
    let ports = usize::from(architecture.ports());
    let mut load = vec![0u32; architecture.node_count() * ports];
    for (_, tree) in routes.trees() {
        for hop in tree.hops {
            load[hop.from.index() * ports + hop.port.index()] += 1;
        }
    }
    for (index, nets) in load.into_iter().enumerate().filter(|(_, nets)| *nets > 0) {
        let (node, port) = (NodeId::new(index / ports), Port((index % ports) as u8));
        if let Some(capacity) = architecture.link_capacity(node, port)
            && nets > capacity
        {
            problems.push(RouteProblem::LinkOverfull {
                node,
                port,
                nets,
                capacity,
            });
        }
    }
}
