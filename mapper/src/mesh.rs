//! A plain grid of equal nodes with exceptions: the machine of bare netlists and of tests.

use crate::{Architecture, Metric, NodeId, Port, Position, Resources, Topology};
use std::collections::BTreeSet;

/// A hexagonal mesh or torus with SpiNNaker's link numbers: 0 east, 1 north-east, 2 north, 3 west, 4 south-west,
/// 5 south. Node numbers are `x * height + y`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HexMesh {
    width: u16,
    height: u16,
    torus: bool,
    capacity: Resources,
    table: u32,
    dead: BTreeSet<NodeId>,
    dead_links: BTreeSet<(NodeId, Port)>,
}

const STEPS: [(i32, i32); 6] = [(1, 0), (1, 1), (0, 1), (-1, 0), (-1, -1), (0, -1)];
const NAMES: [&str; 6] = ["east", "north-east", "north", "west", "south-west", "south"];

impl HexMesh {
    /// A grid without defects, of nodes with `capacity` and tables of `table` entries.
    /// Sides are at least 1 (0 is taken for 1).
    pub fn new(width: u16, height: u16, torus: bool, capacity: Resources, table: u32) -> Self {
        Self {
            width: width.max(1),
            height: height.max(1),
            torus,
            capacity,
            table,
            dead: BTreeSet::new(),
            dead_links: BTreeSet::new(),
        }
    }

    /// The node in a column and row. Panics outside the grid.
    pub fn at(&self, x: u16, y: u16) -> NodeId {
        assert!(x < self.width && y < self.height, "({x},{y}) is on the grid");
        NodeId::new(usize::from(x) * usize::from(self.height) + usize::from(y))
    }

    /// Removes a node.
    pub fn kill_node(&mut self, node: NodeId) {
        self.dead.insert(node);
    }

    /// Makes both ends of a link dead.
    pub fn kill_link(&mut self, node: NodeId, port: Port) {
        if let Some(other) = self.beside(node, port) {
            self.dead_links.insert((other, Port((port.0 + 3) % 6)));
        }
        self.dead_links.insert((node, port));
    }

    fn beside(&self, node: NodeId, port: Port) -> Option<NodeId> {
        let (dx, dy) = *STEPS.get(port.index())?;
        let at = self.position(node);
        let (x, y) = (i32::from(at.x) + dx, i32::from(at.y) + dy);
        let (width, height) = (i32::from(self.width), i32::from(self.height));
        let inside = (0..width).contains(&x) && (0..height).contains(&y);
        if !(inside || self.torus) {
            return None;
        }
        Some(self.at(x.rem_euclid(width) as u16, y.rem_euclid(height) as u16))
    }
}

impl Architecture for HexMesh {
    fn node_count(&self) -> usize {
        usize::from(self.width) * usize::from(self.height)
    }

    fn is_live(&self, node: NodeId) -> bool {
        node.index() < self.node_count() && !self.dead.contains(&node)
    }

    fn name(&self, node: NodeId) -> String {
        let at = self.position(node);
        format!("({},{})", at.x, at.y)
    }

    fn port_name(&self, port: Port) -> String {
        NAMES
            .get(port.index())
            .map_or_else(|| port.to_string(), |name| (*name).to_owned())
    }

    fn position(&self, node: NodeId) -> Position {
        Position {
            x: (node.0 / u32::from(self.height)) as u16,
            y: (node.0 % u32::from(self.height)) as u16,
        }
    }

    fn node_at(&self, position: Position) -> Option<NodeId> {
        (position.x < self.width && position.y < self.height).then(|| self.at(position.x, position.y))
    }

    fn metric(&self) -> Metric {
        Metric {
            topology: Topology::Hexagonal,
            width: self.width,
            height: self.height,
            wrap_x: self.torus,
            wrap_y: self.torus,
        }
    }

    fn capacity(&self, node: NodeId) -> Resources {
        if self.is_live(node) {
            self.capacity.clone()
        } else {
            Resources::default()
        }
    }

    fn ports(&self) -> u8 {
        6
    }

    fn step(&self, port: Port) -> (i32, i32) {
        STEPS[port.index()]
    }

    fn follow(&self, node: NodeId, port: Port) -> Option<(NodeId, Port)> {
        let other = self.beside(node, port)?;
        let live = self.is_live(node) && self.is_live(other) && !self.dead_links.contains(&(node, port));
        live.then_some((other, Port((port.0 + 3) % 6)))
    }

    fn default_route(&self, arrival: Port) -> Option<Port> {
        Some(Port((arrival.0 + 3) % 6))
    }

    fn table_capacity(&self, _node: NodeId) -> Option<u32> {
        Some(self.table)
    }
}
