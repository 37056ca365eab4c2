//! What a placement is worth before anything is routed: an estimate of the links of each net's tree.
//!
//! A tree that visits k nodes besides its source's has at least k links. It also spans its nodes: on a hexagonal grid,
//! with ranges w of x, h of y and d of x - y, at least (w + h + d) / 2 links, which is the distance if there are two
//! nodes. Trees of many scattered nodes are longer than their span; the factor is that of Cheng (1994, "RISA: accurate
//! and efficient placement routability modeling"), also used by VPR; but no tree need be longer than a visit to every
//! node of its bounding box. The estimate is the larger of the two numbers.

use crate::grid::Grid;
use crate::{Architecture, Netlist, NodeId, Topology};
use serde::{Deserialize, Serialize};

/// The estimated cost of a placement.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct PlacementCost {
    /// Sum over nets of weight times estimated links.
    pub weighted_links: f64,
    /// Sum over nets of estimated links.
    pub links: f64,
}

/// The cost of a placement, from scratch. `nodes` holds a node for each vertex of the netlist.
pub fn placement_cost<A: Architecture + ?Sized>(
    architecture: &A,
    netlist: &Netlist,
    nodes: &[NodeId],
) -> PlacementCost {
    let grid = Grid::of(architecture);
    let mut estimator = Estimator::new(&grid);
    let mut cost = PlacementCost::default();
    for (_, net) in netlist.nets() {
        let sinks = net.sinks.iter().map(|sink| nodes[sink.index()].0);
        let links = f64::from(estimator.links(nodes[net.source.index()].0, sinks)) / f64::from(SCALE);
        cost.links += links;
        cost.weighted_links += net.weight * links;
    }
    cost
}

/// Estimates are integers in units of 1 / SCALE links.
pub(crate) const SCALE: u32 = 32;

/// Cheng's factors for 3 to 50 pins, in steps; the first for at most 3 pins.
const SPREAD: [(u32, u32); 12] = [
    (3, 32),
    (4, 35),
    (5, 37),
    (6, 39),
    (8, 43),
    (10, 46),
    (13, 51),
    (16, 56),
    (20, 61),
    (25, 67),
    (35, 77),
    (50, 89),
];

/// Estimates trees; holds the scratch memory for it.
pub(crate) struct Estimator<'a> {
    grid: &'a Grid,
    seen: Vec<u32>,
    stamp: u32,
}

impl<'a> Estimator<'a> {
    pub(crate) fn new(grid: &'a Grid) -> Self {
        Self {
            grid,
            seen: vec![0; grid.nodes],
            stamp: 0,
        }
    }

    /// Estimated links of a tree, in units of 1 / [`SCALE`].
    pub(crate) fn links(&mut self, source: u32, sinks: impl Iterator<Item = u32>) -> u32 {
        self.stamp = self.stamp.wrapping_add(1);
        if self.stamp == 0 {
            self.seen.fill(0);
            self.stamp = 1;
        }
        self.seen[source as usize] = self.stamp;
        let from = self.grid.position[source as usize];
        let mut distinct = 0u32;
        let [mut x0, mut x1, mut y0, mut y1, mut d0, mut d1] = [0i32; 6];
        for sink in sinks {
            if self.seen[sink as usize] == self.stamp {
                continue;
            }
            self.seen[sink as usize] = self.stamp;
            distinct += 1;
            let (x, y) = self.grid.metric.vector(from, self.grid.position[sink as usize]);
            (x0, x1) = (x0.min(x), x1.max(x));
            (y0, y1) = (y0.min(y), y1.max(y));
            (d0, d1) = (d0.min(x - y), d1.max(x - y));
        }
        if distinct == 0 {
            return 0;
        }
        let (w, h, d) = ((x1 - x0) as u32, (y1 - y0) as u32, (d1 - d0) as u32);
        let twice_span = match self.grid.metric.topology {
            Topology::Hexagonal => w + h + d,
            Topology::Square => 2 * (w + h),
        };
        let scattered = twice_span * spread(distinct + 1) / 2;
        let whole_box = ((w + 1) * (h + 1) - 1).saturating_mul(SCALE);
        scattered.min(whole_box).max(distinct * SCALE)
    }
}

/// How much longer than its span a tree of so many pins is, in units of 1 / [`SCALE`].
fn spread(pins: u32) -> u32 {
    SPREAD
        .iter()
        .find(|(limit, _)| pins <= *limit)
        .map_or_else(|| 89 + (pins.min(4096) - 50) * 27 / 32, |(_, factor)| *factor)
}
