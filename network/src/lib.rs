//! What the modeller meant: a PyNN-level network, without any hardware in mind.
//!
//! A [`Network`] holds [`Population`]s and [`Projection`]s. Connectivity is a description: a projection carries a
//! [`Connector`], the parameters of its synapses and the random generators to draw from; `expand` turns the
//! description into [`Connections`], the same ones on every machine and with any number of threads. What comes back
//! from a run is a [`Recording`].
//!
//! This crate does not know hardware, sockets or Python.

mod cell;
mod connections;
mod connector;
mod network;
mod random;
mod recording;
mod space;
mod values;

pub use cell::{CellType, ParameterInfo, Variable};
pub use connections::Connections;
pub use connector::{Connector, CountOrRandom, SelfConnections};
pub use network::{Group, Network, Population, PopulationId, Projection, ProjectionId, Record, Selection};
pub use random::{Distribution, Generator, Mt19937State, RandomSource};
pub use recording::{PopulationRecording, Recording, Signal, Spikes};
pub use space::{Expression, Space};
pub use values::{SynapseValue, Values};
