//! Distances between cells.

use crate::{Group, Network, Projection};
use serde::{Deserialize, Serialize};

/// PyNN's `Space`: how the distance between two positions is measured.
///
/// Target positions are first shifted by the offset, then multiplied by the scale factor; source positions are taken
/// as they are (PyNN 0.13, `Space.distances`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Space {
    /// The axes that count: 0 x, 1 y, 2 z.
    pub axes: Vec<u8>,
    /// Multiplies shifted positions of the target.
    pub scale_factor: f64,
    /// Added to positions of the target, per axis, before scaling.
    pub offset: [f64; 3],
    /// Per axis, the bounds of a periodic space.
    pub periodic_boundaries: Option<[Option<(f64, f64)>; 3]>,
}

impl Default for Space {
    fn default() -> Self {
        Self {
            axes: vec![0, 1, 2],
            scale_factor: 1.0,
            offset: [0.0; 3],
            periodic_boundaries: None,
        }
    }
}

/// The distances between the cells of a projection.
pub(crate) struct Distances<'a> {
    sources: Vec<[f64; 3]>,
    /// Shifted and scaled.
    targets: Vec<[f64; 3]>,
    axes: &'a [u8],
    /// The length of the space along each axis where it is periodic.
    periods: [Option<f64>; 3],
}

impl<'a> Distances<'a> {
    /// Looks up the positions of both groups, whose cells must exist.
    pub(crate) fn new(network: &Network, projection: &'a Projection) -> Self {
        let space = &projection.space;
        let mut targets = positions(network, &projection.target);
        for position in &mut targets {
            for (x, offset) in position.iter_mut().zip(space.offset) {
                *x = space.scale_factor * (*x + offset);
            }
        }
        let period = |axis: usize| {
            let bounds = space.periodic_boundaries.as_ref()?[axis]?;
            Some(bounds.1 - bounds.0)
        };
        Self {
            sources: positions(network, &projection.source),
            targets,
            axes: &space.axes,
            periods: [period(0), period(1), period(2)],
        }
    }

    /// The distance from a cell of the source to a cell of the target.
    pub(crate) fn between(&self, source: u32, target: u32) -> f64 {
        let (a, b) = (self.sources[source as usize], self.targets[target as usize]);
        let mut sum = 0.0;
        for axis in self.axes.iter().map(|&axis| usize::from(axis.min(2))) {
            let mut difference = a[axis] - b[axis];
            if let Some(period) = self.periods[axis] {
                difference = difference.abs();
                // Not `min`: NumPy's `minimum` would keep a NaN.
                if period - difference < difference {
                    difference = period - difference;
                }
            }
            sum += difference * difference;
        }
        sum.sqrt()
    }
}

/// The positions of a group; a population that never asked for space lies on PyNN's default, a line along x in steps
/// of 1.
fn positions(network: &Network, group: &Group) -> Vec<[f64; 3]> {
    network
        .group_cells(group)
        .map(
            |(population, cell)| match &network.population(population).positions {
                None => [f64::from(cell), 0.0, 0.0],
                Some(positions) => positions.get(cell as usize).copied().unwrap_or([f64::NAN; 3]),
            },
        )
        .collect()
}
