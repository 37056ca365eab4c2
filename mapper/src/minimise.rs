//! Minimisation of routing tables.
//!
//! Entries with the same targets are merged into wider ones as long as no key that arrives at the node with other
//! targets is caught. Keys that never arrive are free to be caught. The entries of the result may overlap only where
//! they agree, so their order does not matter, and what is left to default routing stays so.

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

/// Minimises one table whose entries do not overlap.
pub fn minimise_table(table: &NodeTable) -> NodeTable {
    let mut groups: Vec<TableEntry> = table.entries.clone();
    groups.sort_unstable_by_key(|entry| (entry.targets, entry.keys));
    let mut entries: Vec<TableEntry> = Vec::new();
    for group in groups.chunk_by(|a, b| a.targets == b.targets) {
        let targets = group[0].targets;
        let others = Others::new(table, targets);
        merge(group, &others, &mut entries);
    }
    entries.sort_unstable();
    NodeTable {
        node: table.node,
        entries,
        by_default: table.by_default.clone(),
    }
}

/// Keys that arrive at the node and have other targets.
struct Others {
    blocks: Vec<KeyMask>,
}

impl Others {
    fn new(table: &NodeTable, targets: Targets) -> Self {
        let blocks = table
            .entries
            .iter()
            .chain(&table.by_default)
            .filter(|entry| entry.targets != targets)
            .map(|entry| entry.keys)
            .collect();
        Self { blocks }
    }

    fn hit(&self, block: KeyMask) -> bool {
        self.blocks.iter().any(|other| other.intersects(block))
    }
}

fn merge(group: &[TableEntry], others: &Others, out: &mut Vec<TableEntry>) {
    let mut left: Vec<KeyMask> = group.iter().map(|entry| entry.keys).collect();
    while let Some(first) = left.first().copied() {
        let mut wide = first;
        for &next in &left[1..] {
            let both = join(wide, next);
            if !others.hit(both) {
                wide = both;
            }
        }
        left.retain(|keys| !wide.covers(*keys));
        out.push(TableEntry {
            keys: wide,
            targets: group[0].targets,
        });
    }
}

/// The smallest block that covers two.
fn join(a: KeyMask, b: KeyMask) -> KeyMask {
    let mask = a.mask & b.mask & !(a.key ^ b.key);
    KeyMask {
        key: a.key & mask,
        mask,
    }
}
