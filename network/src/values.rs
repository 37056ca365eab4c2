//! Parameter values as descriptions: a number, a number per cell, or a rule that gives one.

use crate::{DrawError, Expression, RandomSource};
use serde::{Deserialize, Serialize};
use thiserror::Error;

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

impl Values {
    /// The value of each of `size` cells; draws are made in cell order.
    ///
    /// # Errors
    /// When there is not one value per cell, or the distribution cannot be drawn from.
    pub fn resolve(&self, size: u32) -> Result<Vec<f64>, ValuesError> {
        let size = size as usize;
        match self {
            Values::Constant(value) => Ok(vec![*value; size]),
            Values::PerCell(values) if values.len() == size => Ok(values.clone()),
            Values::PerCell(values) => Err(ValuesError::WrongCount {
                found: values.len(),
                needed: size,
            }),
            Values::Random(source) => Ok(source.draw(size)?.0),
            Values::Sequences(_) => Err(ValuesError::Sequences),
        }
    }
}

/// Why the values of the cells of a population cannot be told.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ValuesError {
    /// Not one value per cell.
    #[error("there are {found} values for {needed} cells")]
    WrongCount {
        /// Values found.
        found: usize,
        /// Values needed.
        needed: usize,
    },
    /// Lists, not numbers.
    #[error("the values are lists of spike times, not numbers")]
    Sequences,
    /// A distribution cannot be drawn from.
    #[error(transparent)]
    Draw(#[from] DrawError),
}
