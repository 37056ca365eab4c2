//! The tree that each net's packets follow.

use crate::{NetId, NodeId, Port};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One link of a routing tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hop {
    /// The node it leaves.
    pub from: NodeId,
    /// The port through which it leaves.
    pub port: Port,
    /// The node that it leads to.
    pub to: NodeId,
}

/// The routing tree of every net. Which cores of a node take a packet follows from the placement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "RawRoutes", into = "RawRoutes")]
pub struct Routes {
    // Trees in compressed rows.
    roots: Vec<NodeId>,
    first_hop: Vec<u32>,
    hops: Vec<Hop>,
}

/// A routing tree, as seen through [`Routes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tree<'a> {
    /// The node of the net's source.
    pub root: NodeId,
    /// Its links, each after the one that leads to its start.
    pub hops: &'a [Hop],
}

impl Tree<'_> {
    /// Links traversed.
    pub fn links(&self) -> usize {
        self.hops.len()
    }

    /// Nodes visited, the source's among them.
    pub fn visits(&self) -> usize {
        self.hops.len() + 1
    }
}

impl Routes {
    /// Routes from the root and hops of each net, in the order of nets.
    pub fn new(trees: impl IntoIterator<Item = (NodeId, Vec<Hop>)>) -> Self {
        let mut routes = Self {
            roots: Vec::new(),
            first_hop: vec![0],
            hops: Vec::new(),
        };
        for (root, hops) in trees {
            routes.roots.push(root);
            routes.hops.extend(hops);
            let end = u32::try_from(routes.hops.len()).expect("fewer than 2^32 hops");
            routes.first_hop.push(end);
        }
        routes
    }

    /// How many trees: one for each net.
    pub fn len(&self) -> usize {
        self.roots.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// The tree of a net. Panics if there is no such net.
    pub fn tree(&self, net: NetId) -> Tree<'_> {
        let n = net.index();
        Tree {
            root: self.roots[n],
            hops: &self.hops[self.first_hop[n] as usize..self.first_hop[n + 1] as usize],
        }
    }

    /// All trees, in the order of nets.
    pub fn trees(&self) -> impl ExactSizeIterator<Item = (NetId, Tree<'_>)> {
        (0..self.len()).map(|n| (NetId::new(n), self.tree(NetId::new(n))))
    }
}

impl Default for Routes {
    fn default() -> Self {
        Self::new([])
    }
}

impl fmt::Display for Routes {
    /// One line for each net.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (net, tree) in self.trees() {
            write!(f, "{net}: {}", tree.root)?;
            for hop in tree.hops {
                write!(f, ", {} {} {}", hop.from, hop.port, hop.to)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRoutes {
    trees: Vec<(NodeId, Vec<Hop>)>,
}

impl From<Routes> for RawRoutes {
    fn from(routes: Routes) -> Self {
        Self {
            trees: routes
                .trees()
                .map(|(_, tree)| (tree.root, tree.hops.to_vec()))
                .collect(),
        }
    }
}

impl From<RawRoutes> for Routes {
    fn from(raw: RawRoutes) -> Self {
        Self::new(raw.trees)
    }
}
