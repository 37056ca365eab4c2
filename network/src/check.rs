//! The checker of networks: everything that can be said before anything is drawn.

mod problem;
mod values;

use crate::{
    Connector, CountOrRandom, Generator, Group, Network, Population, PopulationId, Projection, ProjectionId,
    SelfConnections, Variable,
};
use problem::Problems;
pub use problem::{MOST_PROBLEMS, Place, Problem, ProblemKind};
use values::{ValueRule, check_expression, check_generator, check_random, check_synapse_value, check_values};

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

fn list(names: impl Iterator<Item = &'static str>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests;
