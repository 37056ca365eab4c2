//! Distances between cells, and expressions of them.

use serde::{Deserialize, Serialize};

/// PyNN's `Space`: how the distance between two positions is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Space {
    /// The axes that count: 0 x, 1 y, 2 z.
    pub axes: Vec<u8>,
    /// Multiplies positions of the source.
    pub scale_factor: f64,
    /// Added to scaled positions of the source, per axis.
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

/// An expression of the distance `d`, as PyNN scripts write it: Python arithmetic, comparisons, `and`/`or`-free
/// products of comparisons, and NumPy's functions (`exp(-d/200)`, `0.3*(d<50)`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expression(pub String);
