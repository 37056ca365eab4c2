//! Expansion: from the description of a projection to its synapses.
//!
//! Two kinds of generator, two ways. With [`crate::Generator::Numpy`] the draws are those of PyNN 0.13's stock Python
//! connectors, in their order: one sequential stream. With [`crate::Generator::Native`] each target cell (or source
//! cell, or synapse, where the connector counts those) has a stream of its own, so that any part can be expanded alone
//! and all parts in parallel. Either way the result does not depend on the number of threads.
//!
//! What PyNN does and its documentation does not say is followed for both kinds, because scripts depend on it: the
//! `FixedNumber` connectors leave out self connections only where source and target are the same cells in the same
//! order; synapse parameters start from a copy of their generator; a list restarts that copy for every target cell.

mod pairs;
mod parameters;
mod picking;
mod shape;

use crate::{Connections, DrawError, ExpressionError, Mt19937State, Network, ProjectionId};
use std::ops::Range;
use thiserror::Error;

/// No projection may have more synapses than this in one piece; use [`Network::expand_targets`] beyond.
pub const MOST_SYNAPSES: u64 = 1 << 31;

/// A projection's synapses, and what drawing them did to the script's generators.
#[derive(Clone, Debug, PartialEq)]
pub struct Expanded {
    /// The synapses.
    pub connections: Connections,
    /// Where PyNN would leave the connector's `NumpyRNG`; none where it draws from a copy and leaves it alone.
    pub connector_after: Option<Mt19937State>,
    /// The same for the `NumpyRNG` of the connector's `n`, where that is a distribution with its own generator.
    pub count_after: Option<Mt19937State>,
}

/// Why a projection could not be expanded.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("projection `{label}` ({id}): {reason}")]
pub struct ExpandError {
    /// Which projection.
    pub id: ProjectionId,
    /// Its label.
    pub label: String,
    /// What went wrong.
    pub reason: ExpandReason,
}

/// What can go wrong in an expansion.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ExpandReason {
    /// The id is not one of the network's.
    #[error("there is no such projection; the network has {count}")]
    NoSuchProjection {
        /// How many there are.
        count: usize,
    },
    /// A group names a population or cell that does not exist.
    #[error("its {side} names {what}, which does not exist")]
    BadGroup {
        /// `source` or `target`.
        side: &'static str,
        /// The population or cell.
        what: String,
    },
    /// A group has too many cells for 32-bit numbers.
    #[error("its {side} has more than 4,294,967,295 cells")]
    GroupTooLarge {
        /// `source` or `target`.
        side: &'static str,
    },
    /// The connector is a clone of itself, through others.
    #[error("its connector is a clone that leads back to itself")]
    CloneCycle,
    /// The connector clones a projection between other cells.
    #[error(
        "its connector clones {reference}, which connects other cells; a clone needs the same source and target"
    )]
    CloneMismatch {
        /// The projection cloned.
        reference: ProjectionId,
    },
    /// A list of cells, or an array, does not have the length that the projection needs.
    #[error("{what} has {found} values; {needed} are needed")]
    WrongLength {
        /// What.
        what: &'static str,
        /// Values found.
        found: usize,
        /// Values needed.
        needed: u64,
    },
    /// A listed connection names a cell outside the group.
    #[error(
        "connection {position} of its list names {side} {cell}; the {side} has {size} cells, counted from 0"
    )]
    CellOutOfRange {
        /// Position in the list.
        position: usize,
        /// `source` or `target`.
        side: &'static str,
        /// The cell named.
        cell: u32,
        /// Cells in the group.
        size: u32,
    },
    /// A probability is not a number, or negative.
    #[error("its connection probability is {value}; it must be 0 or more")]
    BadProbability {
        /// The probability.
        value: f64,
    },
    /// A number of connections that is not a whole number of 0 or more.
    #[error("its number of connections came out as {value}; it must be a whole number of 0 or more")]
    BadCount {
        /// The number.
        value: f64,
    },
    /// Without self connections, a population of one cell has no partner to draw.
    #[error("each cell needs {n} partners, but a population of one cell has none without self connections")]
    NobodyToConnect {
        /// Connections asked for.
        n: u64,
    },
    /// `NoMutual` between different groups, which PyNN refuses too.
    #[error("`allow_self_connections='NoMutual'` needs the same whole population as source and target")]
    NoMutualBetweenGroups,
    /// `NoMutual` with a connector that counts synapses, over the native generator.
    #[error("`allow_self_connections='NoMutual'` has no meaning for a fixed number of connections")]
    NoMutualWithFixedNumber,
    /// More synapses than one piece may have.
    #[error("about {synapses:.3e} synapses are too many for one piece; the most is {MOST_SYNAPSES}")]
    TooManySynapses {
        /// How many there would be.
        synapses: f64,
    },
    /// An expression of the distance that does not parse.
    #[error("`{expression}`: {source}")]
    Expression {
        /// The expression.
        expression: String,
        /// What is wrong with it.
        source: ExpressionError,
    },
    /// A distribution cannot be drawn from.
    #[error(transparent)]
    Draw(#[from] DrawError),
    /// A weight with the wrong sign for its receptor (PyNN's rule), or not finite.
    #[error("the weight from cell {source_cell} to cell {target_cell} is {weight} {unit}; {needed}")]
    BadWeight {
        /// Position in the source.
        source_cell: u32,
        /// Position in the target.
        target_cell: u32,
        /// The weight.
        weight: f64,
        /// Its unit.
        unit: &'static str,
        /// What it must be.
        needed: &'static str,
    },
    /// A delay outside the network's limits.
    #[error(
        "the delay from cell {source_cell} to cell {target_cell} is {delay} ms; it must be {}", between(*min, *max)
    )]
    BadDelay {
        /// Position in the source.
        source_cell: u32,
        /// Position in the target.
        target_cell: u32,
        /// The delay, ms.
        delay: f64,
        /// The smallest allowed, ms.
        min: f64,
        /// The largest allowed, ms.
        max: f64,
    },
}

impl Network {
    /// The synapses of a projection.
    ///
    /// # Errors
    /// When the description cannot be expanded, or gives a weight or delay that PyNN would refuse.
    pub fn expand(&self, projection: ProjectionId) -> Result<Connections, ExpandError> {
        self.expand_with_state(projection).map(|e| e.connections)
    }

    /// The synapses of a projection, and the state that PyNN would leave the script's generators in.
    ///
    /// # Errors
    /// As for [`Network::expand`].
    pub fn expand_with_state(&self, projection: ProjectionId) -> Result<Expanded, ExpandError> {
        let shaped = shape::Shape::new(self, projection);
        self.named(
            projection,
            shaped.and_then(|shape| {
                let all = 0..shape.targets;
                expand(&shape, all)
            }),
        )
    }

    /// The synapses onto some of the target cells; `offsets` count from the first of them.
    ///
    /// The same synapses as in [`Network::expand`]. Where [`Network::expands_by_target`] says yes this costs time and
    /// memory in proportion to the part asked for; elsewhere it expands everything and cuts.
    ///
    /// # Errors
    /// As for [`Network::expand`]. Cells beyond the target's size are ignored.
    pub fn expand_targets(
        &self,
        projection: ProjectionId,
        targets: Range<u32>,
    ) -> Result<Connections, ExpandError> {
        let expanded = shape::Shape::new(self, projection).and_then(|shape| {
            let range = targets.start.min(shape.targets)
                ..targets.end.clamp(targets.start.min(shape.targets), shape.targets);
            if shape.by_target() {
                return expand(&shape, range).map(|e| e.connections);
            }
            let all = 0..shape.targets;
            expand(&shape, all).map(|e| e.connections.cut(range))
        });
        self.named(projection, expanded)
    }

    /// Whether any part of the targets can be expanded alone at its own cost: everything that draws nothing, and
    /// the native generator except where a connector counts synapses per source or in total.
    pub fn expands_by_target(&self, projection: ProjectionId) -> bool {
        shape::Shape::new(self, projection).is_ok_and(|shape| shape.by_target())
    }

    fn named<T>(&self, id: ProjectionId, result: Result<T, ExpandReason>) -> Result<T, ExpandError> {
        result.map_err(|reason| ExpandError {
            id,
            label: self
                .projections
                .get(id.0 as usize)
                .map_or_else(String::new, |p| p.label.clone()),
            reason,
        })
    }
}

/// The limits of delays in words; a network may have no upper one.
fn between(min: f64, max: f64) -> String {
    if max.is_finite() {
        format!("from {min} to {max} ms")
    } else {
        format!("{min} ms or more")
    }
}

fn expand(shape: &shape::Shape<'_>, targets: Range<u32>) -> Result<Expanded, ExpandReason> {
    let pairs = pairs::pairs(shape, targets)?;
    let (weights, delays) = rayon::join(
        || parameters::values(shape, &pairs, &shape.projection.weight),
        || parameters::values(shape, &pairs, &shape.projection.delay),
    );
    let connections = Connections {
        offsets: pairs.offsets,
        sources: pairs.sources,
        weights: weights?,
        delays: delays?,
    };
    parameters::check(shape, pairs.first, &connections)?;
    Ok(Expanded {
        connections,
        connector_after: pairs.connector_after,
        count_after: pairs.count_after,
    })
}

#[cfg(test)]
mod tests;
