//! Connectors as descriptions (PyNN 0.13, `connectors.py`).

use crate::{Expression, Generator, ProjectionId};
use serde::{Deserialize, Serialize};

/// What a connector does with pairs of a cell and itself, where source and target are the same population.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SelfConnections {
    /// Allowed.
    Allowed,
    /// Never.
    Forbidden,
    /// Never, and of two opposite connections only one (PyNN's `'NoMutual'`).
    NoMutual,
}

/// Which pairs of cells are connected. Cell numbers are positions within the projection's groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "the fields are PyNN's arguments of the connector of the same name"
)]
pub enum Connector {
    AllToAll {
        self_connections: SelfConnections,
    },
    OneToOne,
    FixedProbability {
        probability: f64,
        self_connections: SelfConnections,
        generator: Generator,
    },
    DistanceDependentProbability {
        expression: Expression,
        self_connections: SelfConnections,
        generator: Generator,
    },
    FixedNumberPre {
        n: CountOrRandom,
        with_replacement: bool,
        self_connections: SelfConnections,
        generator: Generator,
    },
    FixedNumberPost {
        n: CountOrRandom,
        with_replacement: bool,
        self_connections: SelfConnections,
        generator: Generator,
    },
    FixedTotalNumber {
        n: u64,
        with_replacement: bool,
        self_connections: SelfConnections,
        generator: Generator,
    },
    /// PyNN's `SmallWorldConnector`.
    SmallWorld {
        degree: f64,
        rewiring: f64,
        self_connections: SelfConnections,
        n_connections: Option<u32>,
        generator: Generator,
    },
    /// A boolean matrix, row-major, source by target.
    Array {
        connected: Vec<bool>,
    },
    /// The pairs of another projection.
    Clone {
        projection: ProjectionId,
    },
    /// Listed pairs, in the script's order: `FromListConnector`, `FromFileConnector`, and every connector that ran
    /// in Python. Synapse parameters of the same length come as [`crate::SynapseValue::PerConnection`], in that order.
    List {
        sources: Vec<u32>,
        targets: Vec<u32>,
    },
}

/// A number, or a distribution of numbers, of connections per cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CountOrRandom {
    /// The same for every cell.
    Count(u32),
    /// One draw per cell.
    Random(crate::RandomSource),
}
