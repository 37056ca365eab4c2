//! The checker of networks: everything that can be said before anything is drawn.

use crate::{
    CellType, Connector, CountOrRandom, DrawError, Expression, ExpressionError, Generator, Group, Network,
    ParameterProblem, Population, PopulationId, Projection, ProjectionId, RandomSource, SelfConnections,
    SynapseValue, Values, Variable,
};
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

impl Network {
    /// Everything that is wrong with the network as described, up to [`MOST_PROBLEMS`]; nothing if it is fine.
    ///
    /// Values that are drawn or computed are checked when they are: see [`Network::expand`].
    pub fn check(&self) -> Vec<Problem> {
        let mut found = Problems::default();
        self.check_times(&mut found);
        for (population, id) in self.populations.iter().zip(0..) {
            found.place = Place::Population(PopulationId(id), population.label.clone());
            check_population(population, &mut found);
        }
        for (projection, id) in self.projections.iter().zip(0..) {
            found.place = Place::Projection(ProjectionId(id), projection.label.clone());
            self.check_projection(ProjectionId(id), projection, &mut found);
        }
        found.list
    }

    fn check_times(&self, found: &mut Problems) {
        let (timestep, min, max) = (self.timestep, self.min_delay, self.max_delay);
        found.unless(
            timestep > 0.0 && timestep.is_finite(),
            ProblemKind::BadTimestep { value: timestep },
        );
        found.unless(
            min >= timestep && min.is_finite(),
            ProblemKind::BadMinDelay { min, timestep },
        );
        found.unless(max >= min, ProblemKind::BadMaxDelay { max, min });
        found.unless(self.time_scale_factor != Some(0), ProblemKind::BadTimeScale);
    }

    fn check_projection(&self, id: ProjectionId, projection: &Projection, found: &mut Problems) {
        let source = self.check_group(&projection.source, "source", found);
        let target = self.check_group(&projection.target, "target", found);
        let space = &projection.space;
        for &axis in &space.axes {
            found.unless(axis < 3, ProblemKind::BadAxis { axis });
        }
        for (what, value) in [("the scale factor of its space", space.scale_factor)]
            .into_iter()
            .chain(space.offset.map(|offset| ("the offset of its space", offset)))
        {
            found.unless(
                value.is_finite(),
                ProblemKind::BadNumber {
                    what,
                    value,
                    needed: "finite",
                },
            );
        }
        for (axis, bounds) in space.periodic_boundaries.iter().flatten().enumerate() {
            if let Some((low, high)) = *bounds {
                found.unless(
                    low < high && low.is_finite() && high.is_finite(),
                    ProblemKind::BadBoundaries { axis, low, high },
                );
            }
        }
        // The rest needs sizes and a target cell type.
        let (Some(source), Some(target)) = (source, target) else {
            return;
        };
        let mut cells = projection
            .target
            .0
            .iter()
            .map(|s| self.population(s.population).cell);
        let Some(cell) = cells.next() else {
            return;
        };
        if let Some(deaf) = std::iter::once(cell)
            .chain(cells.clone())
            .find(|c| c.receptors().is_empty())
        {
            found.push(ProblemKind::TargetIsSource { cell: deaf.name() });
            return;
        }
        found.unless(
            cells.all(|other| other.conductance_based() == cell.conductance_based()),
            ProblemKind::MixedTarget,
        );
        found.unless(
            usize::from(projection.receptor) < cell.receptors().len(),
            ProblemKind::NoSuchReceptor {
                receptor: projection.receptor,
                cell: cell.name(),
                known: list(cell.receptors().iter().copied()),
            },
        );
        let generator = self.check_connector(id, projection, source, target, found);
        let weight = ValueRule::weight(cell, projection.receptor);
        let delay = ValueRule::delay(self);
        let pairs = u64::from(source) * u64::from(target);
        let listed = match &projection.connector {
            Connector::List { sources, .. } => Some(sources.len() as u64),
            _ => None,
        };
        for (value, rule) in [(&projection.weight, weight), (&projection.delay, delay)] {
            check_synapse_value(value, &rule, pairs, listed, generator, found);
        }
    }

    /// The size of a group, if all of it exists.
    fn check_group(&self, group: &Group, side: &'static str, found: &mut Problems) -> Option<u32> {
        let mut total = 0_u64;
        let mut fine = true;
        for selection in &group.0 {
            let Some(population) = self.populations.get(selection.population.0 as usize) else {
                found.push(ProblemKind::NoSuchPopulation {
                    side,
                    population: selection.population,
                    count: self.populations.len(),
                });
                fine = false;
                continue;
            };
            let Some(cells) = &selection.cells else {
                total += u64::from(population.size);
                continue;
            };
            total += cells.len() as u64;
            if let Some(&cell) = cells.iter().find(|&&cell| cell >= population.size) {
                found.push(ProblemKind::NoSuchCell {
                    side,
                    cell,
                    label: population.label.clone(),
                    size: population.size,
                });
                fine = false;
            }
        }
        if !fine {
            return None;
        }
        found.unless(total > 0, ProblemKind::EmptyGroup { side });
        let size = u32::try_from(total).ok();
        found.unless(size.is_some(), ProblemKind::GroupTooLarge { side });
        size.filter(|&size| size > 0)
    }

    /// Checks the connector; says whether synapse parameters can share its generator.
    fn check_connector(
        &self,
        id: ProjectionId,
        projection: &Projection,
        source: u32,
        target: u32,
        found: &mut Problems,
    ) -> bool {
        const GENERATOR: &str = "the connector's generator";
        let pairs = u64::from(source) * u64::from(target);
        let probability = |what, value: f64, found: &mut Problems| {
            found.unless(
                value >= 0.0,
                ProblemKind::BadNumber {
                    what,
                    value,
                    needed: "0 or more",
                },
            );
        };
        let by_pair = |rule: SelfConnections, found: &mut Problems| {
            let one = match (projection.source.0.as_slice(), projection.target.0.as_slice()) {
                ([s], [t]) => s.cells.is_none() && t.cells.is_none() && s.population == t.population,
                _ => false,
            };
            found.unless(
                rule != SelfConnections::NoMutual || one,
                ProblemKind::NoMutualBetweenGroups,
            );
        };
        let counted = |rule: SelfConnections, generator: &Generator, found: &mut Problems| {
            found.unless(
                rule != SelfConnections::NoMutual || !matches!(generator, Generator::Native { .. }),
                ProblemKind::NoMutualWithFixedNumber,
            );
        };
        match &projection.connector {
            Connector::AllToAll { self_connections } => {
                by_pair(*self_connections, found);
                false
            }
            Connector::OneToOne => false,
            Connector::FixedProbability {
                probability: p,
                self_connections,
                generator,
            } => {
                probability("the connection probability", *p, found);
                by_pair(*self_connections, found);
                check_generator(GENERATOR, generator, false, found)
            }
            Connector::DistanceDependentProbability {
                expression,
                self_connections,
                generator,
            } => {
                const WHAT: &str = "the connection probability";
                if let Some(formula) = check_expression(WHAT, expression, found) {
                    // PyNN asks for these two when the connector is made.
                    for distance in [0.0, 1e12] {
                        probability(WHAT, formula.at(distance), found);
                    }
                }
                by_pair(*self_connections, found);
                check_generator(GENERATOR, generator, false, found)
            }
            Connector::FixedNumberPre {
                n,
                self_connections,
                generator,
                ..
            }
            | Connector::FixedNumberPost {
                n,
                self_connections,
                generator,
                ..
            } => {
                counted(*self_connections, generator, found);
                let shared = check_generator(GENERATOR, generator, false, found);
                if let CountOrRandom::Random(random) = n {
                    check_random("the number of connections", random, true, found);
                    found.unless(
                        random.distribution.is_discrete(),
                        ProblemKind::CountNotWhole {
                            distribution: random.distribution.name(),
                        },
                    );
                }
                shared
            }
            Connector::FixedTotalNumber {
                self_connections,
                generator,
                ..
            } => {
                counted(*self_connections, generator, found);
                check_generator(GENERATOR, generator, false, found)
            }
            Connector::SmallWorld {
                degree,
                rewiring,
                self_connections,
                generator,
                ..
            } => {
                probability("the rewiring probability", *rewiring, found);
                probability("the degree", *degree, found);
                by_pair(*self_connections, found);
                check_generator(GENERATOR, generator, false, found)
            }
            Connector::Array { connected } => {
                found.length("the connection array", connected.len(), pairs);
                false
            }
            Connector::List { sources, targets } => {
                const WHAT: &str = "the column of targets in the connection list";
                found.length(WHAT, targets.len(), sources.len() as u64);
                for (side, cells, size) in [("source", sources, source), ("target", targets, target)] {
                    if let Some(position) = cells.iter().position(|&cell| cell >= size) {
                        found.push(ProblemKind::ListedCell {
                            position,
                            side,
                            cell: cells[position],
                            size,
                        });
                    }
                }
                false
            }
            Connector::Clone {
                projection: reference,
            } => {
                self.check_clone(id, *reference, found);
                false
            }
        }
    }

    fn check_clone(&self, id: ProjectionId, reference: ProjectionId, found: &mut Problems) {
        let mut at = reference;
        for _ in 0..=self.projections.len() {
            if at == id {
                break;
            }
            match self.projections.get(at.0 as usize).map(|p| &p.connector) {
                Some(Connector::Clone { projection }) => at = *projection,
                Some(_) => return,
                None => {
                    found.push(ProblemKind::NoSuchProjection {
                        reference: at,
                        count: self.projections.len(),
                    });
                    return;
                }
            }
        }
        found.push(ProblemKind::CloneCycle { reference });
    }
}

fn check_population(population: &Population, found: &mut Problems) {
    let cell = population.cell;
    for (name, values) in &population.parameters {
        match cell.parameters().iter().find(|info| info.name == name) {
            Some(info) => check_values(name, values, population.size, Some(info.unit), found),
            None => found.push(ProblemKind::UnknownName {
                cell: cell.name(),
                what: "parameter",
                name: name.clone(),
                known: list(cell.parameters().iter().map(|info| info.name)),
            }),
        }
    }
    for info in cell.parameters() {
        found.unless(
            population.parameters.contains_key(info.name),
            ProblemKind::MissingParameter {
                cell: cell.name(),
                name: info.name,
                default: info.default,
                unit: info.unit,
            },
        );
    }
    for (name, values) in &population.initial_values {
        if cell.initial_values().iter().any(|info| info.name == name) {
            check_values(name, values, population.size, None, found);
        } else {
            found.push(ProblemKind::UnknownName {
                cell: cell.name(),
                what: "state variable",
                name: name.clone(),
                known: list(cell.initial_values().iter().map(|info| info.name)),
            });
        }
    }
    if let Some(positions) = &population.positions {
        found.count("the list of positions", positions.len(), population.size);
        if let Some(cell) = positions.iter().position(|p| !p.iter().all(|x| x.is_finite())) {
            found.push(ProblemKind::BadPosition { cell });
        }
    }
    found.unless(
        population.neurons_per_core != Some(0),
        ProblemKind::BadNeuronsPerCore,
    );
    for record in &population.records {
        let variable = record.variable.name();
        if !cell.recordables().contains(&record.variable) {
            found.push(ProblemKind::NotRecordable {
                variable,
                cell: cell.name(),
                known: list(cell.recordables().iter().map(|v| v.name())),
            });
        }
        let spikes = record.variable == Variable::Spikes;
        found.unless(
            record.interval == 1 || (record.interval > 1 && !spikes),
            ProblemKind::BadInterval {
                variable,
                interval: record.interval,
                needed: if spikes {
                    "1, because spikes have no interval"
                } else {
                    "1 or more"
                },
            },
        );
        if let Some(cells) = &record.cells {
            found.unless(
                cells.is_sorted_by(|a, b| a < b) && cells.last().is_none_or(|&last| last < population.size),
                ProblemKind::BadRecordedCells {
                    variable,
                    size: population.size,
                },
            );
        }
    }
}

/// Checks the values of a parameter, or of an initial value where there is no unit.
fn check_values(name: &str, values: &Values, size: u32, unit: Option<&'static str>, found: &mut Problems) {
    let spikes = name == "spike_times";
    let check_one = |cell: usize, value: f64, found: &mut Problems| {
        if !value.is_finite() {
            found.push(ProblemKind::NotFinite {
                name: name.to_owned(),
                cell,
                value,
            });
        } else if let (Some(unit), Some(needed)) = (unit, limits(name, value)) {
            found.push(ProblemKind::OutOfRange {
                name: name.to_owned(),
                cell,
                value,
                unit,
                needed,
            });
        }
    };
    match values {
        Values::Sequences(lists) if spikes => {
            found.count("`spike_times`", lists.len(), size);
            for (cell, times) in lists.iter().enumerate() {
                if let Some(position) = times.iter().position(|t| !(t.is_finite() && *t >= 0.0)) {
                    found.push(ProblemKind::BadSpikeTime {
                        cell,
                        position,
                        value: times[position],
                    });
                }
            }
        }
        _ if spikes => found.push(ProblemKind::WrongShape {
            name: name.to_owned(),
            needed: "one list of times per cell",
        }),
        Values::Sequences(_) => found.push(ProblemKind::WrongShape {
            name: name.to_owned(),
            needed: "a number, one number per cell, or a random distribution",
        }),
        Values::Constant(value) => check_one(0, *value, found),
        Values::PerCell(values) => {
            found.count(&format!("`{name}`"), values.len(), size);
            let before = found.list.len();
            for (cell, &value) in values.iter().enumerate() {
                check_one(cell, value, found);
                if found.list.len() > before {
                    break;
                }
            }
        }
        Values::Random(random) => check_random("a parameter's distribution", random, false, found),
    }
}

/// What a parameter with a finite value must be instead, if that value makes no cell.
fn limits(name: &str, value: f64) -> Option<&'static str> {
    match name {
        "cm" | "tau_m" | "tau_syn_E" | "tau_syn_I" if value <= 0.0 => Some("greater than 0"),
        "tau_refrac" | "rate" | "duration" if value < 0.0 => Some("0 or more"),
        _ => None,
    }
}

fn check_synapse_value(
    value: &SynapseValue,
    rule: &ValueRule,
    pairs: u64,
    listed: Option<u64>,
    shares_generator: bool,
    found: &mut Problems,
) {
    let what = rule.what;
    let check_all = |values: &[f64], found: &mut Problems| {
        if let Some(position) = values.iter().position(|&value| !rule.allows(value)) {
            found.push(ProblemKind::BadValue {
                what,
                position,
                value: values[position],
                unit: rule.unit,
                needed: rule.needed.clone(),
            });
        }
    };
    match value {
        SynapseValue::Constant(value) => check_all(&[*value], found),
        // Only pairs with a synapse count, and which these are is not known here: expansion looks at them.
        SynapseValue::PerPair(values) => found.length(what, values.len(), pairs),
        SynapseValue::PerConnection(values) => {
            if let Some(needed) = listed {
                found.length(what, values.len(), needed);
            }
            check_all(values, found);
        }
        SynapseValue::Random(random) => check_random(what, random, shares_generator, found),
        SynapseValue::Distance(expression) => {
            check_expression(what, expression, found);
        }
    }
}

/// What a weight or a delay must be.
struct ValueRule {
    what: &'static str,
    unit: &'static str,
    low: f64,
    high: f64,
    needed: String,
}

impl ValueRule {
    /// PyNN's rule for the sign of weights.
    fn weight(cell: CellType, receptor: u8) -> Self {
        let inhibitory_current = receptor == 1 && !cell.conductance_based();
        let (low, high, needed) = match inhibitory_current {
            true => (
                f64::NEG_INFINITY,
                0.0,
                "0 or less for an inhibitory current-based synapse",
            ),
            false => (
                0.0,
                f64::INFINITY,
                "0 or more for an excitatory or conductance-based synapse",
            ),
        };
        Self {
            what: "the weight",
            unit: if cell.conductance_based() { "uS" } else { "nA" },
            low,
            high,
            needed: needed.to_owned(),
        }
    }

    fn delay(network: &Network) -> Self {
        let (low, high) = (network.min_delay, network.max_delay);
        Self {
            what: "the delay",
            unit: "ms",
            low,
            high,
            needed: if high.is_finite() {
                format!("from min_delay, {low} ms, to max_delay, {high} ms")
            } else {
                format!("min_delay, {low} ms, or more")
            },
        }
    }

    fn allows(&self, value: f64) -> bool {
        value.is_finite() && value >= self.low && value <= self.high
    }
}

fn check_random(what: &'static str, random: &RandomSource, shares: bool, found: &mut Problems) {
    if let Err(problem) = random.distribution.check() {
        found.push(ProblemKind::Distribution { what, problem });
    }
    check_generator(what, &random.generator, shares, found);
}

/// Checks a generator; says whether others can share it.
fn check_generator(what: &'static str, generator: &Generator, may_share: bool, found: &mut Problems) -> bool {
    let problem = match generator {
        Generator::Numpy(state) if !state.is_valid() => DrawError::BadState {
            words: state.key.len(),
            position: state.position,
        },
        Generator::OfConnector if !may_share => DrawError::NoConnectorGenerator,
        Generator::Numpy(_) => return true,
        Generator::Native { .. } | Generator::OfConnector => return false,
    };
    found.push(ProblemKind::Generator { what, problem });
    false
}

fn check_expression(
    what: &'static str,
    expression: &Expression,
    found: &mut Problems,
) -> Option<crate::Formula> {
    match expression.parse() {
        Ok(formula) => Some(formula),
        Err(problem) => {
            found.push(ProblemKind::Expression {
                what,
                expression: expression.0.chars().take(200).collect(),
                problem,
            });
            None
        }
    }
}

fn list(names: impl Iterator<Item = &'static str>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The problems so far, and the part that is being looked at.
struct Problems {
    place: Place,
    list: Vec<Problem>,
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
    fn push(&mut self, kind: ProblemKind) {
        if self.list.len() < MOST_PROBLEMS {
            let place = self.place.clone();
            self.list.push(Problem { place, kind });
        }
    }

    fn unless(&mut self, fine: bool, kind: ProblemKind) {
        if !fine {
            self.push(kind);
        }
    }

    fn length(&mut self, what: &'static str, found: usize, needed: u64) {
        self.unless(
            found as u64 == needed,
            ProblemKind::WrongLength { what, found, needed },
        );
    }

    fn count(&mut self, what: &str, found: usize, needed: u32) {
        if found as u64 != u64::from(needed) {
            let what = what.to_owned();
            self.push(ProblemKind::WrongCount { what, found, needed });
        }
    }
}

#[cfg(test)]
mod tests;
