//! The one interface through which the mapper sees a machine.
//!
//! An architecture is a set of nodes on a grid. A node has resources, some slots on which vertices run, and
//! numbered ports; a live port is one end of a directed link to a port of another node. On SpiNNaker a node is a
//! chip, a slot an application core, a port a link. On a BrainScaleS wafer a node is a HICANN, a port one of its
//! four sides, and [`Architecture::link_capacity`] says how many buses cross it.

use crate::{NodeId, Port, Resources};
use serde::{Deserialize, Serialize};

/// A machine as the mapper sees it.
///
/// Answers must not change between calls. Nodes are numbered densely; a number may stand for a node that is missing
/// or dead ([`Architecture::is_live`]), which has no capacity and no links.
pub trait Architecture: Sync {
    /// Node numbers run from 0 up to, not including, this.
    fn node_count(&self) -> usize;

    /// Whether the node exists and works.
    fn is_live(&self, node: NodeId) -> bool;

    /// The name that users know, such as `(4,7)`.
    fn name(&self, node: NodeId) -> String;

    /// The name of a port, such as `north-east`.
    fn port_name(&self, port: Port) -> String;

    /// Where the node is, in the coordinates of [`Architecture::metric`].
    fn position(&self, node: NodeId) -> Position;

    /// The node at a position, live or not; none if the position is outside the machine.
    fn node_at(&self, position: Position) -> Option<NodeId>;

    /// How far apart positions are.
    fn metric(&self) -> Metric;

    /// What the node offers to vertices. [`Resources::cores`] is the number of slots, at most 32, numbered from 0.
    fn capacity(&self, node: NodeId) -> Resources;

    /// Names of the further resources, in the order of [`Resources::counters`].
    fn counters(&self) -> Vec<String> {
        Vec::new()
    }

    /// Ports of a node are numbered from 0 up to, not including, this; at most 32.
    fn ports(&self) -> u8;

    /// The step in columns and rows that a port takes.
    fn step(&self, port: Port) -> (i32, i32);

    /// Where the live link at `port` of `node` leads: the node, and the port at which a packet arrives there.
    /// None if there is no such link or if it is dead.
    fn follow(&self, node: NodeId, port: Port) -> Option<(NodeId, Port)>;

    /// Where a packet that arrived at `arrival` and matches no table entry leaves; none if it is dropped.
    /// A packet that starts at a node and matches nothing is always dropped.
    fn default_route(&self, arrival: Port) -> Option<Port>;

    /// Entries that the node's routing table holds; none if the machine does not route by tables.
    fn table_capacity(&self, node: NodeId) -> Option<u32>;

    /// Nets that may use a link at once; none if links are shared in time.
    fn link_capacity(&self, _node: NodeId, _port: Port) -> Option<u32> {
        None
    }
}

/// A place on the machine's grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Position {
    /// Column, growing eastwards.
    pub x: u16,
    /// Row.
    pub y: u16,
}

/// The shape of the grid's neighbourhoods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Topology {
    /// Four neighbours: distance is columns plus rows.
    Square,
    /// Six neighbours, of which two are diagonal, (+1,+1) and (-1,-1).
    Hexagonal,
}

/// How far apart positions are, in links of a machine without defects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Metric {
    /// Neighbourhoods.
    pub topology: Topology,
    /// Columns of the grid.
    pub width: u16,
    /// Rows of the grid.
    pub height: u16,
    /// Whether the last column is next to the first.
    pub wrap_x: bool,
    /// Whether the last row is next to the first.
    pub wrap_y: bool,
}

impl Metric {
    /// Links of the shortest path between two positions.
    ///
    /// ```
    /// use taproot_mapper::{Metric, Position, Topology};
    /// let torus = Metric { topology: Topology::Hexagonal, width: 12, height: 12, wrap_x: true, wrap_y: true };
    /// let at = |x, y| Position { x, y };
    /// assert_eq!(torus.distance(at(0, 0), at(3, 2)), 3);
    /// assert_eq!(torus.distance(at(0, 0), at(11, 1)), 2);
    /// ```
    #[inline]
    pub fn distance(&self, from: Position, to: Position) -> u32 {
        let (dx, dy) = self.vector(from, to);
        self.length(dx, dy)
    }

    /// Links of a path of `dx` columns and `dy` rows.
    #[inline]
    pub fn length(&self, dx: i32, dy: i32) -> u32 {
        match self.topology {
            Topology::Square => dx.unsigned_abs() + dy.unsigned_abs(),
            Topology::Hexagonal if (dx < 0) == (dy < 0) => dx.unsigned_abs().max(dy.unsigned_abs()),
            Topology::Hexagonal => dx.unsigned_abs() + dy.unsigned_abs(),
        }
    }

    /// Columns and rows of a shortest path; of several equally short ones, the first in a fixed order.
    #[inline]
    pub fn vector(&self, from: Position, to: Position) -> (i32, i32) {
        let dx = i32::from(to.x) - i32::from(from.x);
        let dy = i32::from(to.y) - i32::from(from.y);
        let (best, _) = self.candidates(dx, dy);
        best[0]
    }

    /// All shortest vectors for a difference of positions, at most four: the array and how many are valid.
    pub(crate) fn candidates(&self, dx: i32, dy: i32) -> ([(i32, i32); 4], usize) {
        let other = |d: i32, size: u16, wrap: bool| -> Option<i32> {
            (wrap && d != 0).then(|| {
                if d > 0 {
                    d - i32::from(size)
                } else {
                    d + i32::from(size)
                }
            })
        };
        let xs = [Some(dx), other(dx, self.width, self.wrap_x)];
        let ys = [Some(dy), other(dy, self.height, self.wrap_y)];
        let mut best = [(0, 0); 4];
        let mut count = 0;
        let mut shortest = u32::MAX;
        for x in xs.into_iter().flatten() {
            for y in ys.into_iter().flatten() {
                let length = self.length(x, y);
                if length < shortest {
                    shortest = length;
                    count = 0;
                }
                if length == shortest {
                    best[count] = (x, y);
                    count += 1;
                }
            }
        }
        (best, count)
    }
}
