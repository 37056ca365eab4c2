//! What the modeller meant: a PyNN-level network, without any hardware in mind.
//!
//! A [`Network`] holds [`Population`]s and [`Projection`]s. Connectivity is a description: a projection carries a
//! [`Connector`], the parameters of its synapses and the random generators to draw from; [`Network::expand`] turns the
//! description into [`Connections`], the same ones on every machine and with any number of threads. What comes back
//! from a run is a [`Recording`].
//!
//! This crate does not know hardware, sockets or Python.

mod cell;
mod check;
mod connections;
mod connector;
mod describe;
mod expand;
mod expression;
mod file;
mod network;
mod random;
mod recording;
mod space;
#[cfg(test)]
mod testing;
mod values;

pub use cell::{CellType, ParameterInfo, Variable};
pub use check::{MOST_PROBLEMS, Place, Problem, ProblemKind};
pub use connections::{Connections, Synapse};
pub use connector::{Connector, CountOrRandom, SelfConnections};
pub use expand::{ExpandError, ExpandReason, Expanded, MOST_SYNAPSES};
pub use expression::{Expression, ExpressionError, ExpressionProblem, Formula};
pub use file::{FileError, FileKind, VERSION};
pub use network::{Group, Network, Population, PopulationId, Projection, ProjectionId, Record, Selection};
pub use random::{Distribution, DrawError, Generator, Mt19937State, ParameterProblem, RandomSource};
pub use recording::{PopulationRecording, Recording, Signal, Spikes};
pub use space::Space;
pub use values::{SynapseValue, Values, ValuesError};
