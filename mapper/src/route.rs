//! Routing: one multicast tree per net.
//!
//! The method is NER (Navaridas et al. 2012, "Analytical assessment of the suitability of multicast communications for
//! the SpiNNaker neuromimetic system"): sinks join the tree in order of their distance from the source, each by a
//! longest-dimension-first path from the tree's nearest node. What we changed: a path that meets a missing link is tried
//! with its dimensions the other way round, then replaced by a shortest path over live links from any node of the tree;
//! a path that meets the tree again keeps only its last part, so that the result is a tree at once. Of equally long
//! ways around a torus a hash of net and sink chooses, which spreads the load.

use crate::grid::Grid;
use crate::random::mix;
use crate::{Architecture, Hop, NetId, Netlist, NodeId, Placement, Port, Routes};
use rayon::prelude::*;
use std::collections::VecDeque;

/// Why a netlist could not be routed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// No path over live links joins two nodes.
    #[error("net {net} cannot get from {from} to {to}: no path over live links joins them")]
    NoPath {
        /// The net.
        net: NetId,
        /// Name of the source's node.
        from: String,
        /// Name of the sink's node.
        to: String,
    },
    /// The placement is for another netlist, or for another machine.
    #[error(
        "the placement has {places} vertices and the netlist {vertices}, or it uses nodes that the machine has not"
    )]
    WrongPlacement {
        /// Vertices placed.
        places: usize,
        /// Vertices of the netlist.
        vertices: usize,
    },
}

/// Routes every net.
pub fn route<A: Architecture + ?Sized>(
    architecture: &A,
    netlist: &Netlist,
    placement: &Placement,
) -> Result<Routes, RouteError> {
    let grid = Grid::of(architecture);
    let vertices = netlist.vertices().len();
    if placement.nodes.len() != vertices || placement.nodes.iter().any(|node| node.index() >= grid.nodes) {
        return Err(RouteError::WrongPlacement {
            places: placement.nodes.len(),
            vertices,
        });
    }
    let nets: Vec<NetId> = netlist.net_ids().collect();
    // Fixed chunks, each with its scratch memory: the result does not depend on the number of threads.
    let chunks: Vec<Result<Vec<RootedTree>, RouteError>> = nets
        .par_chunks(128)
        .map(|chunk| {
            let mut router = Router::new(&grid);
            chunk
                .iter()
                .map(|&net| {
                    let root = placement.node(netlist.net(net).source);
                    let sinks = netlist.net(net).sinks.iter().map(|sink| placement.node(*sink).0);
                    match router.tree(net, root.0, sinks) {
                        Ok(hops) => Ok((root, hops)),
                        Err(sink) => Err(RouteError::NoPath {
                            net,
                            from: architecture.name(root),
                            to: architecture.name(NodeId(sink)),
                        }),
                    }
                })
                .collect()
        })
        .collect();
    let mut trees = Vec::with_capacity(nets.len());
    for chunk in chunks {
        trees.extend(chunk?);
    }
    Ok(Routes::new(trees))
}

/// A tree as [`Routes::new`] takes it.
type RootedTree = (NodeId, Vec<Hop>);

/// Builds trees; holds the scratch memory for it.
struct Router<'a> {
    grid: &'a Grid,
    /// Nodes of the tree being built.
    tree: Vec<u32>,
    in_tree: Vec<u32>,
    /// Of nodes in the tree: how many joined before.
    rank: Vec<u32>,
    stamp: u32,
    hops: Vec<Hop>,
    /// Nodes passed by the path being built, with the port that each is left through.
    path: Vec<(u32, u8)>,
    // Scratch of the detour search.
    reached: Vec<u32>,
    search: u32,
    came: Vec<(u32, u8)>,
    queue: VecDeque<u32>,
}

impl<'a> Router<'a> {
    fn new(grid: &'a Grid) -> Self {
        Self {
            grid,
            tree: Vec::new(),
            in_tree: vec![0; grid.nodes],
            rank: vec![0; grid.nodes],
            stamp: 0,
            hops: Vec::new(),
            path: Vec::new(),
            reached: Vec::new(),
            search: 0,
            came: Vec::new(),
            queue: VecDeque::new(),
        }
    }

    /// The hops of a tree; an error names a sink that cannot be reached.
    fn tree(&mut self, net: NetId, root: u32, sinks: impl Iterator<Item = u32>) -> Result<Vec<Hop>, u32> {
        self.stamp += 1;
        self.tree.clear();
        self.hops.clear();
        self.join(root);
        let mut order: Vec<(u32, u32)> = sinks
            .filter(|sink| *sink != root)
            .map(|sink| (self.grid.distance(root, sink), sink))
            .collect();
        order.sort_unstable();
        order.dedup();
        for (_, sink) in order {
            if self.in_tree[sink as usize] == self.stamp {
                continue;
            }
            let near = self.nearest(sink);
            let tie = mix(net.0.into(), sink.into());
            let direct = self.direct(near, sink, tie, false) || self.direct(near, sink, tie, true);
            if !direct && !self.detour(sink) {
                return Err(sink);
            }
            self.add_path(sink);
        }
        Ok(self.hops.clone())
    }

    fn join(&mut self, node: u32) {
        self.in_tree[node as usize] = self.stamp;
        self.rank[node as usize] = self.tree.len() as u32;
        self.tree.push(node);
    }

    /// The node of the tree that is nearest to `sink`; of several, the one that joined first.
    fn nearest(&self, sink: u32) -> u32 {
        // In trees with many sinks a neighbour is nearly always in the tree already.
        let beside = (0..self.grid.ports)
            .filter_map(|port| self.grid.neighbour(sink, port))
            .filter(|node| self.in_tree[*node as usize] == self.stamp)
            .min_by_key(|node| self.rank[*node as usize]);
        if let Some(node) = beside {
            return node;
        }
        let mut best = (u32::MAX, self.tree[0]);
        for &node in &self.tree {
            let distance = self.grid.distance(node, sink);
            if distance < best.0 {
                best = (distance, node);
            }
        }
        best.1
    }

    /// Fills `path` with a longest-dimension-first path, or its reverse order; false if a link on it is missing.
    fn direct(&mut self, from: u32, to: u32, tie: u64, shortest_first: bool) -> bool {
        let grid = self.grid;
        let (a, b) = (grid.position[from as usize], grid.position[to as usize]);
        let (dx, dy) = (i32::from(b.x) - i32::from(a.x), i32::from(b.y) - i32::from(a.y));
        let (vectors, count) = grid.metric.candidates(dx, dy);
        let (dx, dy) = vectors[(tie % count as u64) as usize];
        let mut legs = legs(grid, dx, dy);
        let longest_second = legs[0].1 < legs[1].1 || (legs[0].1 == legs[1].1 && tie >> 32 & 1 == 1);
        if longest_second != shortest_first {
            legs.swap(0, 1);
        }
        self.path.clear();
        let mut at = from;
        for (step, length) in legs {
            if length == 0 {
                continue;
            }
            let Some(port) = grid.port_for(step) else {
                return false;
            };
            for _ in 0..length {
                let Some(next) = grid.neighbour(at, port) else {
                    return false;
                };
                self.path.push((at, port as u8));
                at = next;
            }
        }
        at == to
    }

    /// Fills `path` with a shortest path over live links from any node of the tree; false if there is none.
    fn detour(&mut self, sink: u32) -> bool {
        if self.reached.is_empty() {
            self.reached = vec![0; self.grid.nodes];
            self.came = vec![(0, 0); self.grid.nodes];
        }
        self.search += 1;
        self.queue.clear();
        for &node in &self.tree {
            self.reached[node as usize] = self.search;
            self.queue.push_back(node);
        }
        while let Some(node) = self.queue.pop_front() {
            for port in 0..self.grid.ports {
                let Some(next) = self.grid.neighbour(node, port) else {
                    continue;
                };
                if self.reached[next as usize] == self.search {
                    continue;
                }
                self.reached[next as usize] = self.search;
                self.came[next as usize] = (node, port as u8);
                if next == sink {
                    self.path.clear();
                    let mut at = sink;
                    while self.in_tree[at as usize] != self.stamp {
                        let (before, port) = self.came[at as usize];
                        self.path.push((before, port));
                        at = before;
                    }
                    self.path.reverse();
                    return true;
                }
                self.queue.push_back(next);
            }
        }
        false
    }

    /// Adds the part of the path that follows its last node in the tree.
    fn add_path(&mut self, sink: u32) {
        let start = self
            .path
            .iter()
            .rposition(|(node, _)| self.in_tree[*node as usize] == self.stamp)
            .expect("a path starts in the tree");
        for index in start..self.path.len() {
            let (from, port) = self.path[index];
            let to = self.path.get(index + 1).map_or(sink, |(node, _)| *node);
            self.hops.push(Hop {
                from: NodeId(from),
                port: Port(port),
                to: NodeId(to),
            });
            self.join(to);
        }
    }
}

/// The straight legs of a shortest vector: step and length.
fn legs(grid: &Grid, dx: i32, dy: i32) -> [((i32, i32), u32); 2] {
    let (sx, sy) = (dx.signum(), dy.signum());
    let hexagonal = grid.metric.topology == crate::Topology::Hexagonal;
    if hexagonal && sx == sy {
        let diagonal = dx.unsigned_abs().min(dy.unsigned_abs());
        let rest = dx.unsigned_abs().max(dy.unsigned_abs()) - diagonal;
        let straight = if dx.unsigned_abs() > dy.unsigned_abs() {
            (sx, 0)
        } else {
            (0, sy)
        };
        [((sx, sy), diagonal), (straight, rest)]
    } else {
        [((sx, 0), dx.unsigned_abs()), ((0, sy), dy.unsigned_abs())]
    }
}
