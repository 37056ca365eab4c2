//! Do the tables deliver?
//!
//! Packets are followed through the machine, node by node, as its routers would send them on. A whole block of keys
//! is followed at once, and is halved where an entry tells its keys apart.

use super::PROBLEM_LIMIT;
use crate::{Architecture, KeyMask, Keys, NetId, Netlist, NodeId, Placement, Port, RoutingTables, Targets};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with tables.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableProblem {
    /// Keys for another number of nets than the netlist has, or places for another number of vertices.
    #[error("{keys} keys and {places} places, for a netlist of {nets} nets and {vertices} vertices")]
    Size {
        /// Nets with keys.
        keys: usize,
        /// Vertices placed.
        places: usize,
        /// Nets of the netlist.
        nets: usize,
        /// Vertices of the netlist.
        vertices: usize,
    },
    /// Tables are not sorted by node, name a node twice, or name one that is missing or dead.
    #[error("the tables name {0} out of order, twice, or although it is missing or dead")]
    BadNode(NodeId),
    /// A table is larger than the hardware's.
    #[error("the table of {node} has {entries} entries; {capacity} fit")]
    TooLarge {
        /// The node's name.
        node: String,
        /// Entries.
        entries: usize,
        /// What fits.
        capacity: u32,
    },
    /// Packets do not reach a core.
    #[error("{net} with the keys {keys} does not reach slots {slots:#x} of {node}")]
    Missed {
        /// The net.
        net: NetId,
        /// The keys affected.
        keys: KeyMask,
        /// The node's name.
        node: String,
        /// Bit set of the slots.
        slots: u32,
    },
    /// Packets reach a core that is no sink.
    #[error("{net} with the keys {keys} reaches slots {slots:#x} of {node}, which are none of its sinks")]
    Stray {
        /// The net.
        net: NetId,
        /// The keys affected.
        keys: KeyMask,
        /// The node's name.
        node: String,
        /// Bit set of the slots.
        slots: u32,
    },
    /// Packets reach a node twice: a loop, or two deliveries.
    #[error("{net} with the keys {keys} arrives at {node} twice")]
    Twice {
        /// The net.
        net: NetId,
        /// The keys affected.
        keys: KeyMask,
        /// The node's name.
        node: String,
    },
    /// Packets are sent into a link that is dead or not there.
    #[error("{net} with the keys {keys} is sent from {node} into port {port}, where no live link is")]
    DeadLink {
        /// The net.
        net: NetId,
        /// The keys affected.
        keys: KeyMask,
        /// The node's name.
        node: String,
        /// The port.
        port: Port,
    },
}

/// Lists what is wrong with tables; empty if every key in use reaches exactly the cores of its net's sinks.
pub fn check_tables<A: Architecture + ?Sized>(
    architecture: &A,
    netlist: &Netlist,
    placement: &Placement,
    keys: &Keys,
    tables: &RoutingTables,
) -> Vec<TableProblem> {
    let (nets, vertices) = (netlist.net_count(), netlist.vertices().len());
    if keys.nets.len() != nets || placement.nodes.len() != vertices {
        return vec![TableProblem::Size {
            keys: keys.nets.len(),
            places: placement.nodes.len(),
            nets,
            vertices,
        }];
    }
    let mut problems = Vec::new();
    let mut by_node: Vec<&[crate::TableEntry]> = vec![&[]; architecture.node_count()];
    let mut last = None;
    for table in &tables.tables {
        let inside = table.node.index() < architecture.node_count() && architecture.is_live(table.node);
        if !inside || last.is_some_and(|last| last >= table.node) {
            problems.push(TableProblem::BadNode(table.node));
            continue;
        }
        last = Some(table.node);
        by_node[table.node.index()] = &table.entries;
        if let Some(capacity) = architecture.table_capacity(table.node)
            && table.entries.len() > capacity as usize
        {
            problems.push(TableProblem::TooLarge {
                node: architecture.name(table.node),
                entries: table.entries.len(),
                capacity,
            });
        }
    }
    let walker = Walker {
        architecture,
        tables: by_node,
    };
    let ids: Vec<NetId> = netlist.net_ids().collect();
    let walked: Vec<TableProblem> = ids
        .par_iter()
        .flat_map_iter(|&net| walker.check_net(netlist, placement, keys, net))
        .collect();
    problems.extend(walked);
    problems.truncate(PROBLEM_LIMIT);
    problems
}

struct Walker<'a, A: ?Sized> {
    architecture: &'a A,
    tables: Vec<&'a [crate::TableEntry]>,
}

/// What an entry list does with a block of keys.
enum Match {
    Entry(Targets),
    None,
    /// An entry tells keys of the block apart by this bit.
    Split(u32),
}

impl<A: Architecture + ?Sized> Walker<'_, A> {
    fn check_net(
        &self,
        netlist: &Netlist,
        placement: &Placement,
        keys: &Keys,
        id: NetId,
    ) -> Vec<TableProblem> {
        let net = netlist.net(id);
        let mut wanted: BTreeMap<NodeId, u32> = BTreeMap::new();
        for &sink in net.sinks {
            let first = u64::from(placement.first_slot[sink.index()]);
            let cores = u64::from(netlist.vertices()[sink.index()].resources.cores.min(32));
            let set = ((1u64 << cores) - 1).checked_shl(first as u32).unwrap_or(0) as u32;
            if set != 0 {
                *wanted.entry(placement.nodes[sink.index()]).or_default() |= set;
            }
        }
        let root = placement.nodes[net.source.index()];
        let mut problems = Vec::new();
        // Only what the source sends is followed, not all that its mask would allow.
        let used = KeyMask {
            key: keys.nets[id.index()].key,
            mask: u32::MAX.checked_shl(net.key_bits.into()).unwrap_or(0),
        };
        let mut blocks = vec![used];
        while let Some(block) = blocks.pop() {
            if problems.len() >= PROBLEM_LIMIT || root.index() >= self.architecture.node_count() {
                break;
            }
            match self.walk(id, block, root, &wanted) {
                Ok(found) => problems.extend(found),
                Err(bit) => {
                    let mask = block.mask | bit;
                    blocks.push(KeyMask {
                        key: block.key | bit,
                        mask,
                    });
                    blocks.push(KeyMask { key: block.key, mask });
                }
            }
        }
        problems
    }

    /// Follows a block of keys; an error names a bit by which to split it.
    fn walk(
        &self,
        net: NetId,
        keys: KeyMask,
        root: NodeId,
        wanted: &BTreeMap<NodeId, u32>,
    ) -> Result<Vec<TableProblem>, u32> {
        let name = |node| self.architecture.name(node);
        let mut problems = Vec::new();
        let mut delivered: BTreeMap<NodeId, u32> = BTreeMap::new();
        let mut seen = BTreeSet::from([root]);
        let mut packets: Vec<(NodeId, Option<Port>)> = vec![(root, None)];
        while let Some((node, arrival)) = packets.pop() {
            let targets = match self.look_up(node, keys) {
                Match::Split(bit) => return Err(bit),
                Match::Entry(targets) => targets,
                Match::None => {
                    let onward = arrival.and_then(|port| self.architecture.default_route(port));
                    Targets {
                        ports: onward.map_or(0, |port| 1 << port.0),
                        slots: 0,
                    }
                }
            };
            if targets.slots != 0 {
                delivered.insert(node, targets.slots);
            }
            for number in (0..32u8).filter(|number| targets.ports >> number & 1 == 1) {
                let port = Port(number);
                let next = if number < self.architecture.ports() {
                    self.architecture.follow(node, port)
                } else {
                    None
                };
                match next {
                    None => problems.push(TableProblem::DeadLink {
                        net,
                        keys,
                        node: name(node),
                        port,
                    }),
                    Some((to, _)) if !seen.insert(to) => problems.push(TableProblem::Twice {
                        net,
                        keys,
                        node: name(to),
                    }),
                    Some((to, arrival)) => packets.push((to, Some(arrival))),
                }
            }
        }
        let nodes: BTreeSet<NodeId> = wanted.keys().chain(delivered.keys()).copied().collect();
        for node in nodes {
            let want = wanted.get(&node).copied().unwrap_or(0);
            let got = delivered.get(&node).copied().unwrap_or(0);
            if want & !got != 0 {
                problems.push(TableProblem::Missed {
                    net,
                    keys,
                    node: name(node),
                    slots: want & !got,
                });
            }
            if got & !want != 0 {
                problems.push(TableProblem::Stray {
                    net,
                    keys,
                    node: name(node),
                    slots: got & !want,
                });
            }
        }
        Ok(problems)
    }

    fn look_up(&self, node: NodeId, keys: KeyMask) -> Match {
        for entry in self.tables[node.index()] {
            let common = entry.keys.mask & keys.mask;
            // As in the hardware: a key bit where the mask has none never matches.
            if entry.keys.key & !entry.keys.mask != 0 || (entry.keys.key ^ keys.key) & common != 0 {
                continue;
            }
            let undecided = entry.keys.mask & !keys.mask;
            if undecided == 0 {
                return Match::Entry(entry.targets);
            }
            return Match::Split(1 << undecided.trailing_zeros());
        }
        Match::None
    }
}
