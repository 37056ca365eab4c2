//! What a mapping is worth, in numbers.

use crate::{Architecture, Netlist, NodeId, Placement, Port, Routes, RoutingTables};
use serde::{Deserialize, Serialize};

/// Quality of a mapping. `links` and `visits` are two measures of a tree: links traversed, and nodes visited, the
/// source's among them (a net that stays on its node visits 1).
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Metrics {
    /// Links of all trees.
    pub links: u64,
    /// Visits of all trees.
    pub visits: u64,
    /// Sum over nets of weight times visits.
    pub weighted_visits: f64,
    /// Nodes with at least one vertex.
    pub chips_used: u64,
    /// Entries of all tables, before minimisation.
    pub entries: u64,
    /// Entries of the largest table, before minimisation.
    pub entries_largest: u64,
    /// Entries of all tables, after minimisation.
    pub entries_minimised: u64,
    /// Entries of the largest table, after minimisation.
    pub entries_minimised_largest: u64,
    /// Nets over the busiest link.
    pub link_load_largest: u64,
    /// Mean of nets per link, over links that carry any.
    pub link_load_mean: f64,
    /// Every link that carries a net, by node and port.
    pub link_load: Vec<LinkLoad>,
    /// Every node with a vertex or a table, by node.
    pub nodes: Vec<NodeUse>,
}

/// Load of one directed link.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkLoad {
    /// The node it leaves.
    pub node: NodeId,
    /// The port through which it leaves.
    pub port: Port,
    /// Nets that use it.
    pub nets: u32,
    /// Sum of the nets' weights: packets per second, if weights are.
    pub weight: f64,
}

/// What is used of one node.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeUse {
    /// The node.
    pub node: NodeId,
    /// Vertices on it.
    pub vertices: u32,
    /// Cores used.
    pub cores: u32,
    /// Cores there are.
    pub cores_available: u32,
    /// Bytes of shared memory used.
    pub sdram: u64,
    /// Bytes there are.
    pub sdram_available: u64,
    /// Table entries before minimisation.
    pub entries: u32,
    /// Table entries after minimisation.
    pub entries_minimised: u32,
    /// What the table holds; none if the machine does not route by tables.
    pub entries_available: Option<u32>,
    /// Trees that visit the node.
    pub trees: u32,
}

/// Measures a mapping. The parts must belong together; the checkers say so when they do not.
pub fn metrics<A: Architecture + ?Sized>(
    architecture: &A,
    netlist: &Netlist,
    placement: &Placement,
    routes: &Routes,
    tables: &RoutingTables,
    minimised: &RoutingTables,
) -> Metrics {
    let ports = usize::from(architecture.ports());
    let mut load = vec![(0u32, 0f64); architecture.node_count() * ports];
    let mut nodes: Vec<NodeUse> = (0..architecture.node_count())
        .map(NodeId::new)
        .map(|node| {
            let capacity = architecture.capacity(node);
            NodeUse {
                node,
                vertices: 0,
                cores: 0,
                cores_available: capacity.cores,
                sdram: 0,
                sdram_available: capacity.sdram,
                entries: 0,
                entries_minimised: 0,
                entries_available: architecture.table_capacity(node),
                trees: 0,
            }
        })
        .collect();
    for vertex in netlist.vertex_ids() {
        let used = &mut nodes[placement.node(vertex).index()];
        let need = &netlist.vertex(vertex).resources;
        used.vertices += 1;
        used.cores += need.cores;
        used.sdram += need.sdram;
    }
    let mut metrics = Metrics::default();
    for (id, tree) in routes.trees() {
        let weight = netlist.net(id).weight;
        metrics.links += tree.links() as u64;
        metrics.visits += tree.visits() as u64;
        metrics.weighted_visits += weight * tree.visits() as f64;
        nodes[tree.root.index()].trees += 1;
        for hop in tree.hops {
            let (nets, sum) = &mut load[hop.from.index() * ports + hop.port.index()];
            *nets += 1;
            *sum += weight;
            nodes[hop.to.index()].trees += 1;
        }
    }
    for table in &tables.tables {
        nodes[table.node.index()].entries = table.entries.len() as u32;
    }
    for table in &minimised.tables {
        nodes[table.node.index()].entries_minimised = table.entries.len() as u32;
    }
    metrics.chips_used = nodes.iter().filter(|node| node.vertices > 0).count() as u64;
    metrics.entries = tables.entries() as u64;
    metrics.entries_largest = tables.largest() as u64;
    metrics.entries_minimised = minimised.entries() as u64;
    metrics.entries_minimised_largest = minimised.largest() as u64;
    for (index, (nets, weight)) in load.into_iter().enumerate().filter(|(_, (nets, _))| *nets > 0) {
        metrics.link_load.push(LinkLoad {
            node: NodeId::new(index / ports),
            port: Port((index % ports) as u8),
            nets,
            weight,
        });
    }
    metrics.link_load_largest = metrics
        .link_load
        .iter()
        .map(|link| link.nets.into())
        .max()
        .unwrap_or(0);
    if !metrics.link_load.is_empty() {
        metrics.link_load_mean = metrics.links as f64 / metrics.link_load.len() as f64;
    }
    nodes.retain(|node| node.vertices > 0 || node.entries > 0 || node.trees > 0);
    metrics.nodes = nodes;
    metrics
}
