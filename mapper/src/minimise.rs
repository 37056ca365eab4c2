//! Minimisation of routing tables.
//!
//! The first entry that matches a key decides, and minimisation makes use of it, as Ordered Covering does (Mundy,
//! Heathcote and Garside 2016, "On-chip order-exploiting routing table minimization for a multicast supercomputer
//! network"), in a simpler way: entries with the same targets form a group, groups are put into an order, the largest
//! last, and entries of a group are merged into wider ones as long as no key that arrives for a *later* group is caught.
//! Keys of earlier groups have found their entry already, and keys that never arrive are free to be caught. Keys that are
//! left to default routing count as a group that comes after all others, so they stay so.

use crate::{Architecture, KeyMask, NodeTable, RoutingTables, TableEntry, Targets};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How to minimise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Effort {
    /// Only tables that are larger than the node's table capacity.
    IfNeeded,
    /// Every table, as far as possible.
    #[default]
    Full,
}

/// How to minimise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MinimiseOptions {
    /// Which tables.
    pub effort: Effort,
}

/// Why tables do not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// A table is too large even after minimisation.
    #[error("the routing table of {node} has {before} entries, {after} after minimisation; {capacity} fit")]
    TooLarge {
        /// The node's name.
        node: String,
        /// Entries before.
        before: usize,
        /// Entries after.
        after: usize,
        /// What the node's table holds.
        capacity: usize,
    },
}

/// Minimises the tables of all nodes, in parallel.
pub fn minimise<A: Architecture + ?Sized>(
    architecture: &A,
    tables: &RoutingTables,
    options: &MinimiseOptions,
) -> Result<RoutingTables, TableError> {
    let tables = tables
        .tables
        .par_iter()
        .map(|table| {
            let capacity = architecture
                .table_capacity(table.node)
                .map_or(usize::MAX, |c| c as usize);
            let small = match options.effort {
                Effort::IfNeeded if table.entries.len() <= capacity => table.clone(),
                _ => minimise_table(table),
            };
            if small.entries.len() > capacity {
                return Err(TableError::TooLarge {
                    node: architecture.name(table.node),
                    before: table.entries.len(),
                    after: small.entries.len(),
                    capacity,
                });
            }
            Ok(small)
        })
        // Collecting in the order of nodes: the first error is the same for any number of threads.
        .collect::<Vec<Result<NodeTable, TableError>>>()
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    Ok(RoutingTables { tables })
}

/// Minimises one table whose entries do not overlap. The order of the result matters.
pub fn minimise_table(table: &NodeTable) -> NodeTable {
    let mut sorted: Vec<TableEntry> = table.entries.clone();
    sorted.sort_unstable_by_key(|entry| (entry.targets, entry.keys));
    let mut groups: Vec<&[TableEntry]> = sorted.chunk_by(|a, b| a.targets == b.targets).collect();
    groups.sort_by_key(|group| group.len());
    // The last group is merged first: `later` grows by one group at a time.
    let mut later: Vec<TableEntry> = table.by_default.clone();
    let mut merged: Vec<Vec<TableEntry>> = Vec::with_capacity(groups.len());
    for group in groups.iter().rev() {
        merged.push(merge(group, &Later::new(&later, group[0].targets)));
        later.extend_from_slice(group);
    }
    NodeTable {
        node: table.node,
        entries: merged.into_iter().rev().flatten().collect(),
        by_default: table.by_default.clone(),
    }
}

/// Keys that arrive at the node for later groups, or pass by default, with other targets.
struct Later {
    blocks: Vec<KeyMask>,
}

impl Later {
    fn new(entries: &[TableEntry], targets: Targets) -> Self {
        let blocks = entries
            .iter()
            .filter(|entry| entry.targets != targets)
            .map(|entry| entry.keys)
            .collect();
        Self { blocks }
    }

    fn hit(&self, block: KeyMask) -> bool {
        self.blocks.iter().any(|other| other.intersects(block))
    }
}

/// Covers a group: takes its first entry, widens it over each other one that it can take in, and goes on with the rest.
fn merge(group: &[TableEntry], later: &Later) -> Vec<TableEntry> {
    let targets = group[0].targets;
    let mut left: Vec<KeyMask> = group.iter().map(|entry| entry.keys).collect();
    let mut out = Vec::new();
    while let Some(first) = left.first().copied() {
        let mut wide = first;
        for &next in &left[1..] {
            if wide.covers(next) {
                continue;
            }
            let both = join(wide, next);
            if !later.hit(both) {
                wide = both;
            }
        }
        left.retain(|keys| !wide.covers(*keys));
        out.push(TableEntry { keys: wide, targets });
    }
    out
}

/// The smallest block that covers two.
fn join(a: KeyMask, b: KeyMask) -> KeyMask {
    let mask = a.mask & b.mask & !(a.key ^ b.key);
    KeyMask {
        key: a.key & mask,
        mask,
    }
}
