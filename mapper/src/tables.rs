//! Routing tables: what each node does with each key.

use crate::{Architecture, KeyMask, Keys, NetId, Netlist, NodeId, Placement, Port, Routes, VertexId};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a packet goes from a node: ports and slots, as bit sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Targets {
    /// Bit n is port n.
    pub ports: u32,
    /// Bit n is slot n (on SpiNNaker: virtual core n + 1).
    pub slots: u32,
}

impl Targets {
    /// Whether packets are dropped.
    pub const fn is_empty(self) -> bool {
        self.ports == 0 && self.slots == 0
    }

    /// Ports in ascending order.
    pub fn ports(self) -> impl Iterator<Item = Port> {
        (0..32u8).filter(move |n| self.ports & (1 << n) != 0).map(Port)
    }

    /// Slots in ascending order.
    pub fn slots(self) -> impl Iterator<Item = u8> {
        (0..32u8).filter(move |n| self.slots & (1 << n) != 0)
    }
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nowhere");
        }
        let ports = self.ports().map(|port| format!("port {}", port.0));
        let slots = self.slots().map(|slot| format!("slot {slot}"));
        f.write_str(&ports.chain(slots).collect::<Vec<_>>().join(" "))
    }
}

/// One entry of a routing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableEntry {
    /// Packets that match.
    pub keys: KeyMask,
    /// Where they go.
    pub targets: Targets,
}

impl fmt::Display for TableEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.keys, self.targets)
    }
}

/// The table of one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeTable {
    /// The node.
    pub node: NodeId,
    /// Entries in matching order: the first that matches decides.
    pub entries: Vec<TableEntry>,
    /// Keys that arrive here, have no entry, and rely on default routing: they pass straight through, or start here
    /// and are dropped. A minimised table must not match them unless it sends them to the same targets.
    pub by_default: Vec<TableEntry>,
}

/// The tables of all nodes that need one, sorted by node.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RoutingTables {
    /// Tables, sorted by node.
    pub tables: Vec<NodeTable>,
}

impl RoutingTables {
    /// The table of a node, if it needs one.
    pub fn table(&self, node: NodeId) -> Option<&NodeTable> {
        let index = self.tables.binary_search_by_key(&node, |table| table.node).ok()?;
        Some(&self.tables[index])
    }

    /// Entries of all tables.
    pub fn entries(&self) -> usize {
        self.tables.iter().map(|table| table.entries.len()).sum()
    }

    /// Entries of the largest table.
    pub fn largest(&self) -> usize {
        self.tables
            .iter()
            .map(|table| table.entries.len())
            .max()
            .unwrap_or(0)
    }
}

impl fmt::Display for RoutingTables {
    /// A heading for each node, a line for each entry.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in &self.tables {
            writeln!(f, "{}: {} entries", table.node, table.entries.len())?;
            for entry in &table.entries {
                writeln!(f, "  {entry}")?;
            }
            for entry in &table.by_default {
                writeln!(f, "  {entry}, by default")?;
            }
        }
        Ok(())
    }
}

/// Builds the tables, one entry for each net at each node of its tree, but for packets that pass straight through
/// without a stop and are left to default routing. Entries are sorted by key; no two of a table overlap.
///
/// The parts must belong together: the checkers say so when they do not. Panics if they do not even have the same
/// numbers of vertices and nets.
pub fn build_tables<A: Architecture + ?Sized>(
    architecture: &A,
    netlist: &Netlist,
    placement: &Placement,
    routes: &Routes,
    keys: &Keys,
) -> RoutingTables {
    assert_eq!(
        placement.nodes.len(),
        netlist.vertices().len(),
        "a place for each vertex"
    );
    assert_eq!(routes.len(), netlist.net_count(), "a tree for each net");
    assert_eq!(keys.nets.len(), netlist.net_count(), "keys for each net");
    let nets: Vec<NetId> = netlist.net_ids().collect();
    let pieces: Vec<Vec<(NodeId, TableEntry, bool)>> = nets
        .par_chunks(256)
        .map(|chunk| {
            let mut found = Vec::new();
            for &net in chunk {
                entries_of(architecture, netlist, placement, routes, keys, net, &mut found);
            }
            found
        })
        .collect();
    let mut tables: Vec<Option<NodeTable>> = (0..architecture.node_count()).map(|_| None).collect();
    for (node, entry, default) in pieces.into_iter().flatten() {
        let table = tables[node.index()].get_or_insert_with(|| NodeTable {
            node,
            entries: Vec::new(),
            by_default: Vec::new(),
        });
        if default {
            table.by_default.push(entry);
        } else {
            table.entries.push(entry);
        }
    }
    let mut tables: Vec<NodeTable> = tables.into_iter().flatten().collect();
    tables.par_iter_mut().for_each(|table| {
        table.entries.sort_unstable();
        table.by_default.sort_unstable();
    });
    RoutingTables { tables }
}

/// The entries that one net needs; true if default routing does the same.
fn entries_of<A: Architecture + ?Sized>(
    architecture: &A,
    netlist: &Netlist,
    placement: &Placement,
    routes: &Routes,
    keys: &Keys,
    net: NetId,
    found: &mut Vec<(NodeId, TableEntry, bool)>,
) {
    let tree = routes.tree(net);
    // Nodes of the tree with what leaves them and how it arrived, sorted by node.
    let mut nodes: Vec<(NodeId, Targets, Option<Port>)> = Vec::with_capacity(tree.visits());
    nodes.push((tree.root, Targets::default(), None));
    for hop in tree.hops {
        let arrival = architecture.follow(hop.from, hop.port).map(|(_, port)| port);
        nodes.push((hop.to, Targets::default(), arrival));
    }
    nodes.sort_unstable_by_key(|(node, ..)| *node);
    let at = |nodes: &[(NodeId, Targets, Option<Port>)], node: NodeId| {
        nodes.binary_search_by_key(&node, |(node, ..)| *node).ok()
    };
    for hop in tree.hops {
        if let Some(index) = at(&nodes, hop.from) {
            nodes[index].1.ports |= 1 << hop.port.0;
        }
    }
    for &sink in netlist.net(net).sinks {
        if let Some(index) = at(&nodes, placement.node(sink)) {
            nodes[index].1.slots |= slot_set(netlist, placement, sink);
        }
    }
    for (node, targets, arrival) in nodes {
        let default = match arrival {
            None => targets.is_empty(),
            Some(port) => {
                let onward = architecture.default_route(port).map_or(0, |port| 1 << port.0);
                targets
                    == Targets {
                        ports: onward,
                        slots: 0,
                    }
            }
        };
        let keys = keys.net(net);
        found.push((node, TableEntry { keys, targets }, default));
    }
}

fn slot_set(netlist: &Netlist, placement: &Placement, vertex: VertexId) -> u32 {
    placement
        .slots(netlist, vertex)
        .filter(|slot| *slot < 32)
        .fold(0, |set, slot| set | 1 << slot)
}
