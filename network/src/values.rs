//! Parameter values as descriptions: a number, a number per cell, or a rule that gives one.

use crate::{Expression, RandomSource};
use serde::{Deserialize, Serialize};

/// A parameter of the cells of a population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Values {
    /// The same for every cell.
    Constant(f64),
    /// One value per cell.
    PerCell(Vec<f64>),
    /// One draw per cell, in cell order.
    Random(RandomSource),
    /// One list per cell: the `spike_times` of `SpikeSourceArray`, ms.
    Sequences(Vec<Vec<f64>>),
}

/// A parameter of the synapses of a projection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SynapseValue {
    /// The same for every synapse.
    Constant(f64),
    /// One value per pair, row-major, `source.size` rows by `target.size` columns; pairs without synapse are ignored.
    PerPair(Vec<f64>),
    /// One value per realised connection, in the order of [`crate::Connections`].
    PerConnection(Vec<f64>),
    /// One draw per realised connection, target cell by target cell.
    Random(RandomSource),
    /// An expression of the distance `d` between the two cells.
    Distance(Expression),
}
