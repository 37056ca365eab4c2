//! What expansion needs to know about a projection before it draws anything.

use super::ExpandReason;
use crate::{Connector, CountOrRandom, Generator, Group, Network, Projection, ProjectionId, SynapseValue};

/// A projection with its groups checked and clones followed.
pub(super) struct Shape<'a> {
    pub(super) network: &'a Network,
    pub(super) projection: &'a Projection,
    /// The projection that makes the pairs: itself, or the one at the end of its clones. Only its space can differ.
    pub(super) origin: &'a Projection,
    /// The connector of `origin`.
    pub(super) connector: &'a Connector,
    /// Whether `connector` was reached through clones, which merge synapses between the same pair.
    pub(super) cloned: bool,
    /// Cells in the source.
    pub(super) sources: u32,
    /// Cells in the target.
    pub(super) targets: u32,
    /// Whether source and target are the same cells in the same order.
    pub(super) same: bool,
}

impl<'a> Shape<'a> {
    pub(super) fn new(network: &'a Network, id: ProjectionId) -> Result<Self, ExpandReason> {
        let projection = find(network, id)?;
        let sources = group_size(network, &projection.source, "source")?;
        let targets = group_size(network, &projection.target, "target")?;
        let mut origin = projection;
        let mut followed = 0;
        while let Connector::Clone {
            projection: reference,
        } = &origin.connector
        {
            let other = find(network, *reference)?;
            group_size(network, &other.source, "source")?;
            group_size(network, &other.target, "target")?;
            if !same_cells(network, &other.source, &projection.source)
                || !same_cells(network, &other.target, &projection.target)
            {
                return Err(ExpandReason::CloneMismatch {
                    reference: *reference,
                });
            }
            followed += 1;
            if followed > network.projections.len() {
                return Err(ExpandReason::CloneCycle);
            }
            origin = other;
        }
        Ok(Self {
            network,
            projection,
            origin,
            connector: &origin.connector,
            cloned: followed > 0,
            sources,
            targets,
            same: same_cells(network, &projection.source, &projection.target),
        })
    }

    /// Whether targets can be expanded one by one.
    pub(super) fn by_target(&self) -> bool {
        let pairs = match self.connector {
            Connector::AllToAll { .. }
            | Connector::OneToOne
            | Connector::Array { .. }
            | Connector::List { .. }
            | Connector::Clone { .. } => true,
            Connector::FixedProbability { generator, .. }
            | Connector::DistanceDependentProbability { generator, .. } => is_native(generator),
            Connector::FixedNumberPre { n, generator, .. } => {
                is_native(generator)
                    && match n {
                        CountOrRandom::Count(_) => true,
                        CountOrRandom::Random(source) => is_native(&source.generator),
                    }
            }
            Connector::FixedNumberPost { .. }
            | Connector::FixedTotalNumber { .. }
            | Connector::SmallWorld { .. } => false,
        };
        let listed = matches!(self.connector, Connector::List { .. }) && !self.cloned;
        let parameter = |value: &SynapseValue| match value {
            SynapseValue::Constant(_) | SynapseValue::PerPair(_) | SynapseValue::Distance(_) => true,
            SynapseValue::PerConnection(_) => listed,
            // A list restarts the generator for every target.
            SynapseValue::Random(source) => listed || is_native(&source.generator),
        };
        pairs && parameter(&self.projection.weight) && parameter(&self.projection.delay)
    }

    /// Whether source and target are one whole population, the only place where PyNN knows `NoMutual`.
    pub(super) fn one_population(&self) -> bool {
        match (
            self.projection.source.0.as_slice(),
            self.projection.target.0.as_slice(),
        ) {
            ([source], [target]) => {
                source.cells.is_none() && target.cells.is_none() && source.population == target.population
            }
            _ => false,
        }
    }
}

fn is_native(generator: &Generator) -> bool {
    matches!(generator, Generator::Native { .. })
}

fn find(network: &Network, id: ProjectionId) -> Result<&Projection, ExpandReason> {
    network
        .projections
        .get(id.0 as usize)
        .ok_or(ExpandReason::NoSuchProjection {
            count: network.projections.len(),
        })
}

/// The size of a group whose every cell exists.
fn group_size(network: &Network, group: &Group, side: &'static str) -> Result<u32, ExpandReason> {
    let mut total = 0_u64;
    for selection in &group.0 {
        let Some(population) = network.populations.get(selection.population.0 as usize) else {
            let what = format!("population {}", selection.population);
            return Err(ExpandReason::BadGroup { side, what });
        };
        match &selection.cells {
            None => total += u64::from(population.size),
            Some(cells) => {
                if let Some(cell) = cells.iter().find(|&&cell| cell >= population.size) {
                    let what = format!("cell {cell} of `{}` ({})", population.label, selection.population);
                    return Err(ExpandReason::BadGroup { side, what });
                }
                total += cells.len() as u64;
            }
        }
    }
    u32::try_from(total).map_err(|_| ExpandReason::GroupTooLarge { side })
}

/// Whether two groups with valid cells list the same cells in the same order.
fn same_cells(network: &Network, a: &Group, b: &Group) -> bool {
    let common = a.0.iter().zip(&b.0).take_while(|(x, y)| x == y).count();
    let [rest_a, rest_b] = [a, b].map(|group| Group(group.0[common..].to_vec()));
    // Whole populations alone give the same cells only if they are the same populations.
    let views = |group: &Group| group.0.iter().any(|selection| selection.cells.is_some());
    network.group_size(&rest_a) == network.group_size(&rest_b)
        && (views(&rest_a) || views(&rest_b) || rest_a == rest_b)
        && network.group_cells(&rest_a).eq(network.group_cells(&rest_b))
}
