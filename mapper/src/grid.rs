//! A dense copy of an architecture's answers, made once per stage, so that inner loops ask arrays.

use crate::{Architecture, Metric, NodeId, Port, Position};

pub(crate) const NONE: u32 = u32::MAX;

/// Links, positions and metric of an architecture.
pub(crate) struct Grid {
    pub(crate) nodes: usize,
    pub(crate) ports: usize,
    pub(crate) metric: Metric,
    pub(crate) position: Vec<Position>,
    pub(crate) live: Vec<bool>,
    /// `[node * ports + port]`: the node that a live link leads to, or [`NONE`].
    neighbour: Vec<u32>,
    step: Vec<(i32, i32)>,
    /// `[x * height + y]`: the node there, or [`NONE`].
    by_position: Vec<u32>,
}

impl Grid {
    pub(crate) fn of<A: Architecture + ?Sized>(architecture: &A) -> Self {
        let nodes = architecture.node_count();
        let ports = usize::from(architecture.ports());
        let metric = architecture.metric();
        let cells = usize::from(metric.width) * usize::from(metric.height);
        let mut grid = Self {
            by_position: vec![NONE; cells],
            nodes,
            ports,
            metric,
            position: Vec::with_capacity(nodes),
            live: Vec::with_capacity(nodes),
            neighbour: vec![NONE; nodes * ports],
            step: (0..architecture.ports())
                .map(|port| architecture.step(Port(port)))
                .collect(),
        };
        for node in (0..nodes).map(NodeId::new) {
            grid.position.push(architecture.position(node));
            grid.live.push(architecture.is_live(node));
            let at = grid.position[node.index()];
            let cell = usize::from(at.x) * usize::from(metric.height) + usize::from(at.y);
            if let Some(cell) = grid.by_position.get_mut(cell) {
                *cell = node.0;
            }
            for port in (0..architecture.ports()).map(Port) {
                // A link that leads back to its own node (a torus one chip wide) is of no use to a tree.
                if let Some((to, _)) = architecture.follow(node, port)
                    && to != node
                {
                    grid.neighbour[node.index() * ports + port.index()] = to.0;
                }
            }
        }
        grid
    }

    #[inline]
    pub(crate) fn neighbour(&self, node: u32, port: usize) -> Option<u32> {
        let to = self.neighbour[node as usize * self.ports + port];
        (to != NONE).then_some(to)
    }

    #[inline]
    pub(crate) fn distance(&self, from: u32, to: u32) -> u32 {
        self.metric
            .distance(self.position[from as usize], self.position[to as usize])
    }

    /// The node some columns and rows away, wrapped where the grid wraps; none outside it.
    pub(crate) fn node_near(&self, at: Position, dx: i32, dy: i32) -> Option<u32> {
        let along = |value: u16, step: i32, size: u16, wrap: bool| {
            let moved = i32::from(value) + step;
            let size = i32::from(size);
            if wrap {
                Some(moved.rem_euclid(size))
            } else {
                (0..size).contains(&moved).then_some(moved)
            }
        };
        let x = along(at.x, dx, self.metric.width, self.metric.wrap_x)?;
        let y = along(at.y, dy, self.metric.height, self.metric.wrap_y)?;
        let node = self.by_position[x as usize * usize::from(self.metric.height) + y as usize];
        (node != NONE).then_some(node)
    }

    /// The port that takes a step, if any does.
    pub(crate) fn port_for(&self, step: (i32, i32)) -> Option<usize> {
        self.step.iter().position(|s| *s == step)
    }
}
