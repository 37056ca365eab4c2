//! A network as text, for people.

use crate::{
    Connector, CountOrRandom, Distribution, Generator, Group, Network, Population, Projection, RandomSource,
    SelfConnections, SynapseValue, Values,
};
use std::fmt;

/// One line on the whole, then one per population and its parameters, then one per projection and its synapses.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells: u64 = self.populations.iter().map(|p| u64::from(p.size)).sum();
        writeln!(
            f,
            "network `{}`: {cells} cells in {} populations, {} projections; step {} ms, delays {} to {} ms",
            self.label,
            self.populations.len(),
            self.projections.len(),
            self.timestep,
            self.min_delay,
            self.max_delay
        )?;
        for (id, population) in self.populations.iter().enumerate() {
            write_population(f, id, population)?;
        }
        for (id, projection) in self.projections.iter().enumerate() {
            self.write_projection(f, id, projection)?;
        }
        Ok(())
    }
}

impl Network {
    fn write_projection(
        &self,
        f: &mut fmt::Formatter<'_>,
        id: usize,
        projection: &Projection,
    ) -> fmt::Result {
        let target = projection.target.0.first();
        let cell = target
            .and_then(|s| self.populations.get(s.population.0 as usize))
            .map(|p| p.cell);
        let receptor = cell
            .and_then(|cell| cell.receptors().get(usize::from(projection.receptor)))
            .copied()
            .unwrap_or("no such receptor");
        let unit = if cell.is_some_and(|cell| cell.conductance_based()) {
            "uS"
        } else {
            "nA"
        };
        writeln!(
            f,
            "j{id} `{}`: {} -> {} ({receptor}), {}",
            projection.label,
            self.group(&projection.source),
            self.group(&projection.target),
            connector(&projection.connector),
        )?;
        writeln!(
            f,
            "    weight {} {unit}, delay {} ms",
            synapse_value(&projection.weight),
            synapse_value(&projection.delay)
        )
    }

    fn group(&self, group: &Group) -> String {
        let parts = group.0.iter().map(|selection| {
            let label = self
                .populations
                .get(selection.population.0 as usize)
                .map_or("no such population", |p| &p.label);
            match &selection.cells {
                None => format!("`{label}`"),
                Some(cells) => format!("{} cells of `{label}`", cells.len()),
            }
        });
        parts.collect::<Vec<_>>().join(" + ")
    }
}

fn write_population(f: &mut fmt::Formatter<'_>, id: usize, population: &Population) -> fmt::Result {
    let recorded = population
        .records
        .iter()
        .map(|r| r.variable.name())
        .collect::<Vec<_>>();
    writeln!(
        f,
        "p{id} `{}`: {} x {}{}{}",
        population.label,
        population.size,
        population.cell.name(),
        if population.positions.is_some() {
            ", placed in space"
        } else {
            ""
        },
        match recorded.as_slice() {
            [] => String::new(),
            names => format!(", records {}", names.join(", ")),
        }
    )?;
    let all = population
        .parameters
        .iter()
        .map(|(name, v)| format!("{name} {}", values(v)));
    let initial = population
        .initial_values
        .iter()
        .map(|(name, v)| format!("{name}(0) {}", values(v)));
    writeln!(f, "    {}", all.chain(initial).collect::<Vec<_>>().join(", "))
}

fn values(values: &Values) -> String {
    match values {
        Values::Constant(value) => value.to_string(),
        Values::PerCell(values) => range(values),
        Values::Random(source) => random(source),
        Values::Sequences(lists) => format!("{} times in all", lists.iter().map(Vec::len).sum::<usize>()),
    }
}

fn synapse_value(value: &SynapseValue) -> String {
    match value {
        SynapseValue::Constant(value) => value.to_string(),
        SynapseValue::PerPair(values) | SynapseValue::PerConnection(values) => range(values),
        SynapseValue::Random(source) => random(source),
        SynapseValue::Distance(expression) => format!("`{}`", expression.0),
    }
}

fn range(values: &[f64]) -> String {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match values.len() {
        0 => "no values".to_owned(),
        n => format!("{n} values from {low} to {high}"),
    }
}

fn random(source: &RandomSource) -> String {
    let parameters = match source.distribution {
        Distribution::Uniform { low, high } => format!("{low}, {high}"),
        Distribution::UniformInt { low, high } => format!("{low}, {high}"),
        Distribution::Normal { mu, sigma } | Distribution::Lognormal { mu, sigma } => {
            format!("{mu}, {sigma}")
        }
        Distribution::NormalClipped { mu, sigma, low, high }
        | Distribution::NormalClippedToBoundary { mu, sigma, low, high } => {
            format!("{mu}, {sigma}, {low}, {high}")
        }
        Distribution::Gamma { k, theta } => format!("{k}, {theta}"),
        Distribution::Exponential { beta } => beta.to_string(),
        Distribution::Binomial { n, p } => format!("{n}, {p}"),
        Distribution::Poisson { lambda } => lambda.to_string(),
        Distribution::Vonmises { mu, kappa } => format!("{mu}, {kappa}"),
    };
    format!(
        "{}({parameters}) by {}",
        source.distribution.name(),
        generator(&source.generator)
    )
}

fn generator(generator: &Generator) -> String {
    match generator {
        Generator::Numpy(_) => "NumpyRNG".to_owned(),
        Generator::Native { seed, .. } => format!("NativeRNG({seed})"),
        Generator::OfConnector => "the connector's generator".to_owned(),
    }
}

fn connector(connector: &Connector) -> String {
    let selves = |rule: &SelfConnections| match rule {
        SelfConnections::Allowed => "",
        SelfConnections::Forbidden => ", no self connections",
        SelfConnections::NoMutual => ", no self and no mutual connections",
    };
    let count = |n: &CountOrRandom| match n {
        CountOrRandom::Count(n) => n.to_string(),
        CountOrRandom::Random(source) => random(source),
    };
    let replaced = |with: &bool| if *with { ", with replacement" } else { "" };
    let fixed = |name: &str, n: String, with: &bool, rule: &SelfConnections, bits: &Generator| {
        format!(
            "{name} {n}{}{} by {}",
            replaced(with),
            selves(rule),
            generator(bits)
        )
    };
    match connector {
        Connector::AllToAll {
            self_connections: rule,
        } => format!("all to all{}", selves(rule)),
        Connector::OneToOne => "one to one".to_owned(),
        Connector::FixedProbability {
            probability,
            self_connections: rule,
            generator: bits,
        } => format!(
            "fixed probability {probability}{} by {}",
            selves(rule),
            generator(bits)
        ),
        Connector::DistanceDependentProbability {
            expression,
            self_connections: rule,
            generator: bits,
        } => format!(
            "probability `{}`{} by {}",
            expression.0,
            selves(rule),
            generator(bits)
        ),
        Connector::FixedNumberPre {
            n,
            with_replacement,
            self_connections: rule,
            generator: bits,
        } => fixed("fixed number pre", count(n), with_replacement, rule, bits),
        Connector::FixedNumberPost {
            n,
            with_replacement,
            self_connections: rule,
            generator: bits,
        } => fixed("fixed number post", count(n), with_replacement, rule, bits),
        Connector::FixedTotalNumber {
            n,
            with_replacement,
            self_connections: rule,
            generator: bits,
        } => fixed("fixed total number", n.to_string(), with_replacement, rule, bits),
        Connector::SmallWorld {
            degree,
            rewiring,
            self_connections: rule,
            generator: bits,
            ..
        } => format!(
            "small world of degree {degree}, rewired {rewiring}{} by {}",
            selves(rule),
            generator(bits)
        ),
        Connector::Array { connected } => {
            format!(
                "array of {} connections",
                connected.iter().filter(|&&c| c).count()
            )
        }
        Connector::Clone { projection } => format!("clone of {projection}"),
        Connector::List { sources, .. } => format!("list of {} connections", sources.len()),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{network, numpy, projection};
    use crate::{Connector, SelfConnections, SynapseValue};

    #[test]
    fn reads_like_a_network() {
        let connector = Connector::FixedProbability {
            probability: 0.02,
            self_connections: SelfConnections::Forbidden,
            generator: numpy(1),
        };
        let mut random = projection(0, 1, connector);
        random.delay = SynapseValue::PerPair(vec![0.5, 1.5]);
        let text = network(&[3, 4], vec![random]).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "network `test`: 7 cells in 2 populations, 1 projections; step 0.1 ms, delays 0.1 to 100 ms"
        );
        assert_eq!(lines[1], "p0 `pop 0`: 3 x IF_curr_exp");
        assert_eq!(
            lines[5],
            "j0 `0 to 1`: `pop 0` -> `pop 1` (excitatory), fixed probability 0.02, no self connections by NumpyRNG"
        );
        assert_eq!(lines[6], "    weight 0.5 nA, delay 2 values from 0.5 to 1.5 ms");
    }
}
