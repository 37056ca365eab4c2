//! What can be wrong with a network, and the list of it.

use crate::{DrawError, ExpressionError, ParameterProblem, PopulationId, ProjectionId};
use std::fmt;
use thiserror::Error;

/// At most this many problems are reported.
pub const MOST_PROBLEMS: usize = 100;

/// Something wrong with a network, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What.
    pub kind: ProblemKind,
}

/// The part of a network that has a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The network itself.
    Network,
    /// A population, by id and label.
    Population(PopulationId, String),
    /// A projection, by id and label.
    Projection(ProjectionId, String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Network => write!(f, "network"),
            Place::Population(id, label) => write!(f, "population `{label}` ({id})"),
            Place::Projection(id, label) => write!(f, "projection `{label}` ({id})"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.kind)
    }
}

/// What can be wrong with a network.
#[derive(Clone, Debug, PartialEq, Error)]
#[allow(missing_docs, reason = "the message of each variant says what its fields are")]
pub enum ProblemKind {
    #[error("the time step is {value} ms; it must be greater than 0, and finite")]
    BadTimestep { value: f64 },
    #[error("min_delay is {min} ms; it must be at least the time step, {timestep} ms, and finite")]
    BadMinDelay { min: f64, timestep: f64 },
    #[error("max_delay is {max} ms, which is less than min_delay, {min} ms")]
    BadMaxDelay { max: f64, min: f64 },
    #[error("the time scale factor is 0; it must be 1 or more")]
    BadTimeScale,
    #[error("{cell} has no {what} `{name}`; it has {known}")]
    UnknownName {
        cell: &'static str,
        what: &'static str,
        name: String,
        known: String,
    },
    #[error("`{name}` is missing; {cell} needs every parameter, PyNN's default is {default} {unit}")]
    MissingParameter {
        cell: &'static str,
        name: &'static str,
        default: f64,
        unit: &'static str,
    },
    #[error("{what} has {found} values; the population has {needed} cells")]
    WrongCount { what: String, found: usize, needed: u32 },
    #[error("`{name}` of cell {cell} is {value}; it must be a finite number")]
    NotFinite { name: String, cell: usize, value: f64 },
    #[error("`{name}` of cell {cell} is {value} {unit}; it must be {needed}")]
    OutOfRange {
        name: String,
        cell: usize,
        value: f64,
        unit: &'static str,
        needed: &'static str,
    },
    #[error("`{name}` must be {needed}")]
    WrongShape { name: String, needed: &'static str },
    #[error("spike {position} of cell {cell} is at {value} ms; a spike time must be 0 or more, and finite")]
    BadSpikeTime {
        cell: usize,
        position: usize,
        value: f64,
    },
    #[error("the position of cell {cell} is not finite")]
    BadPosition { cell: usize },
    #[error("`{variable}` cannot be recorded from {cell}; it has {known}")]
    NotRecordable {
        variable: &'static str,
        cell: &'static str,
        known: String,
    },
    #[error("`{variable}` is recorded every {interval} steps; it must be {needed}")]
    BadInterval {
        variable: &'static str,
        interval: u32,
        needed: &'static str,
    },
    #[error(
        "the list of cells that record `{variable}` is not ascending, or goes beyond the population's {size} cells"
    )]
    BadRecordedCells { variable: &'static str, size: u32 },
    #[error("the limit of neurons per core is 0; it must be 1 or more")]
    BadNeuronsPerCore,
    #[error("its {side} names population {population}, but the network has {count}")]
    NoSuchPopulation {
        side: &'static str,
        population: PopulationId,
        count: usize,
    },
    #[error("its {side} names cell {cell} of `{label}`, which has {size} cells, counted from 0")]
    NoSuchCell {
        side: &'static str,
        cell: u32,
        label: String,
        size: u32,
    },
    #[error("its {side} has no cells")]
    EmptyGroup { side: &'static str },
    #[error("its {side} has more than 4,294,967,295 cells")]
    GroupTooLarge { side: &'static str },
    #[error("its target holds {cell} cells, which take no synapses")]
    TargetIsSource { cell: &'static str },
    #[error("its target mixes current-based and conductance-based cells, whose weights have different units")]
    MixedTarget,
    #[error("receptor {receptor} does not exist; {cell} has {known}")]
    NoSuchReceptor {
        receptor: u8,
        cell: &'static str,
        known: String,
    },
    #[error("{what}: {problem}")]
    Distribution {
        what: &'static str,
        problem: ParameterProblem,
    },
    #[error("{what}: {problem}")]
    Generator { what: &'static str, problem: DrawError },
    #[error("{what} is `{expression}`: {problem}")]
    Expression {
        what: &'static str,
        expression: String,
        problem: ExpressionError,
    },
    #[error("{what} is {value}; it must be {needed}")]
    BadNumber {
        what: &'static str,
        value: f64,
        needed: &'static str,
    },
    #[error("value {position} of {what} is {value} {unit}; it must be {needed}")]
    BadValue {
        what: &'static str,
        position: usize,
        value: f64,
        unit: &'static str,
        needed: String,
    },
    #[error("{what} has {found} values; {needed} are needed")]
    WrongLength {
        what: &'static str,
        found: usize,
        needed: u64,
    },
    #[error(
        "the number of connections is drawn from a {distribution} distribution, whose values are not whole numbers"
    )]
    CountNotWhole { distribution: &'static str },
    #[error(
        "connection {position} of its list names {side} {cell}; the {side} has {size} cells, counted from 0"
    )]
    ListedCell {
        position: usize,
        side: &'static str,
        cell: u32,
        size: u32,
    },
    #[error("it clones {reference}, but the network has {count} projections")]
    NoSuchProjection { reference: ProjectionId, count: usize },
    #[error("it clones {reference}, which leads back to itself")]
    CloneCycle { reference: ProjectionId },
    #[error("`allow_self_connections='NoMutual'` needs the same whole population as source and target")]
    NoMutualBetweenGroups,
    #[error(
        "`allow_self_connections='NoMutual'` has no meaning for a fixed number of connections drawn by NativeRNG"
    )]
    NoMutualWithFixedNumber,
    #[error("axis {axis} of its space does not exist; 0 is x, 1 is y, 2 is z")]
    BadAxis { axis: u8 },
    #[error(
        "the periodic boundaries of axis {axis} are {low} and {high}; the second must be the greater, and both finite"
    )]
    BadBoundaries { axis: usize, low: f64, high: f64 },
}

/// The problems so far, and the part that is being looked at.
pub(super) struct Problems {
    pub(super) place: Place,
    pub(super) list: Vec<Problem>,
}

impl Default for Problems {
    fn default() -> Self {
        Self {
            place: Place::Network,
            list: Vec::new(),
        }
    }
}

impl Problems {
    pub(super) fn push(&mut self, kind: ProblemKind) {
        if self.list.len() < MOST_PROBLEMS {
            let place = self.place.clone();
            self.list.push(Problem { place, kind });
        }
    }

    pub(super) fn unless(&mut self, fine: bool, kind: ProblemKind) {
        if !fine {
            self.push(kind);
        }
    }

    pub(super) fn length(&mut self, what: &'static str, found: usize, needed: u64) {
        self.unless(
            found as u64 == needed,
            ProblemKind::WrongLength { what, found, needed },
        );
    }

    pub(super) fn count(&mut self, what: &str, found: usize, needed: u32) {
        if found as u64 != u64::from(needed) {
            let what = what.to_owned();
            self.push(ProblemKind::WrongCount { what, found, needed });
        }
    }
}
