//! Which cells are connected: one arm per connector.

use super::picking::{Draw, Shuffled};
use super::shape::Shape;
use super::{ExpandReason, MOST_SYNAPSES};
use crate::random::{DrawError, Mt19937, PhiloxKey, Source, below, binomial_total, draw_one, fill};
use crate::space::Distances;
use crate::{
    Connector, CountOrRandom, Distribution, Expression, Generator, Mt19937State, PopulationId,
    SelfConnections,
};
use rayon::prelude::*;
use std::ops::Range;

/// Connected pairs of some targets, target by target.
#[derive(Default)]
pub(super) struct Pairs {
    /// The first target.
    pub(super) first: u32,
    /// As in [`crate::Connections`].
    pub(super) offsets: Vec<u64>,
    /// As in [`crate::Connections`].
    pub(super) sources: Vec<u32>,
    /// For a list: the place in the list of each pair.
    pub(super) places: Option<Vec<u32>>,
    /// The state that PyNN copies for a synapse parameter which shares the connector's generator object.
    pub(super) connector_shared: Option<Mt19937State>,
    /// The state that PyNN leaves the connector's generator in, where it draws from the original.
    pub(super) connector_after: Option<Mt19937State>,
    /// The same for the generator of `n`.
    pub(super) count_after: Option<Mt19937State>,
}

/// The pairs of a projection onto some targets: all of them, unless [`Shape::by_target`].
pub(super) fn pairs(shape: &Shape<'_>, targets: Range<u32>) -> Result<Pairs, ExpandReason> {
    let mut pairs = connect(shape, targets)?;
    if shape.cloned {
        merge(&mut pairs);
    }
    Ok(pairs)
}

fn connect(shape: &Shape<'_>, targets: Range<u32>) -> Result<Pairs, ExpandReason> {
    let (n_source, n_target) = (shape.sources, shape.targets);
    let all_pairs = f64::from(n_source) * targets.len() as f64;
    match shape.connector {
        Connector::AllToAll { self_connections } => {
            limit(all_pairs)?;
            let rule = SelfRule::new(shape, *self_connections)?;
            Ok(rows(targets, |target, row| {
                row.extend((0..n_source).filter(|&source| rule.allows(source, target)));
            }))
        }
        Connector::OneToOne => Ok(rows(targets, |target, row| {
            if target < n_source {
                row.push(target);
            }
        })),
        Connector::FixedProbability {
            probability,
            self_connections,
            generator,
        } => {
            let p = checked_probability(*probability)?;
            limit(all_pairs * p.min(1.0))?;
            let rule = SelfRule::new(shape, *self_connections)?;
            match generator_of(generator)? {
                Bits::Native(key) => Ok(rows(targets, |target, row| {
                    skipping(key, target, n_source, p, |source| {
                        if rule.allows(source, target) {
                            row.push(source);
                        }
                    });
                })),
                Bits::Numpy(mut bits) => {
                    let shared = bits.state();
                    let mut pairs = sequential(targets, |target, row| {
                        for source in 0..n_source {
                            if bits.next_f64() < p && rule.allows(source, target) {
                                row.push(source);
                            }
                        }
                        Ok(())
                    })?;
                    pairs.connector_shared = Some(shared);
                    Ok(pairs)
                }
            }
        }
        Connector::DistanceDependentProbability {
            expression,
            self_connections,
            generator,
        } => distance_dependent(shape, targets, expression, *self_connections, generator),
        Connector::FixedNumberPre {
            n,
            with_replacement,
            self_connections,
            generator,
        } => fixed_number_pre(shape, targets, n, *with_replacement, *self_connections, generator),
        Connector::FixedNumberPost {
            n,
            with_replacement,
            self_connections,
            generator,
        } => fixed_number_post(shape, n, *with_replacement, *self_connections, generator),
        Connector::FixedTotalNumber {
            n,
            with_replacement,
            self_connections,
            generator,
        } => fixed_total_number(shape, *n, *with_replacement, *self_connections, generator),
        Connector::SmallWorld {
            degree,
            rewiring,
            self_connections,
            n_connections,
            generator,
        } => small_world(
            shape,
            *degree,
            *rewiring,
            *self_connections,
            *n_connections,
            generator,
        ),
        Connector::Array { connected } => {
            let needed = u64::from(n_source) * u64::from(n_target);
            if connected.len() as u64 != needed {
                return Err(ExpandReason::WrongLength {
                    what: "the connection array",
                    found: connected.len(),
                    needed,
                });
            }
            Ok(rows(targets, |target, row| {
                row.extend(
                    (0..n_source)
                        .filter(|&source| connected[source as usize * n_target as usize + target as usize]),
                );
            }))
        }
        Connector::List {
            sources,
            targets: listed,
        } => list(shape, targets, sources, listed),
        Connector::Clone { .. } => Err(ExpandReason::CloneCycle),
    }
}

fn distance_dependent(
    shape: &Shape<'_>,
    targets: Range<u32>,
    expression: &Expression,
    self_connections: SelfConnections,
    generator: &Generator,
) -> Result<Pairs, ExpandReason> {
    let rule = SelfRule::new(shape, self_connections)?;
    let formula = super::parameters::formula(expression)?;
    let distances = Distances::new(shape.network, shape.origin);
    let sources = 0..shape.sources;
    let connected = |target: u32, row: &mut Vec<u32>, draw: &mut dyn FnMut() -> f64| {
        let mut scratch = Vec::new();
        for source in sources.clone() {
            // NumPy compares the draw with the probability, whatever that is; NaN connects nobody.
            let probability = formula.evaluate(distances.between(source, target), &mut scratch);
            if draw() < probability && rule.allows(source, target) {
                row.push(source);
            }
        }
    };
    match generator_of(generator)? {
        Bits::Native(key) => Ok(rows(targets, |target, row| {
            let mut bits = key.at(target.into());
            connected(target, row, &mut || bits.next_f64());
        })),
        Bits::Numpy(mut bits) => {
            let shared = bits.state();
            let mut pairs = sequential(targets, |target, row| {
                connected(target, row, &mut || bits.next_f64());
                Ok(())
            })?;
            pairs.connector_shared = Some(shared);
            Ok(pairs)
        }
    }
}

fn fixed_number_pre(
    shape: &Shape<'_>,
    targets: Range<u32>,
    n: &CountOrRandom,
    with_replacement: bool,
    self_connections: SelfConnections,
    generator: &Generator,
) -> Result<Pairs, ExpandReason> {
    let draw = Draw {
        size: shape.sources,
        with_replacement,
        without_self: shape.same && forbids(self_connections, generator)?,
    };
    if shape.sources == 0 {
        return Ok(rows(targets, |_, _| ()));
    }
    let mut bits = generator_of(generator)?;
    // PyNN draws all the numbers before the first connection.
    let (counts, count_after) = counts(n, targets.clone(), &mut bits)?;
    limit(counts.iter().map(|&n| f64::from(n)).sum())?;
    let first = targets.start;
    let count = |target: u32| counts[(target - first) as usize];
    let mut pairs = match bits {
        Bits::Native(key) => try_rows(
            targets,
            || draw.pool(),
            |pool, target, row| draw.partners(&mut key.at(target.into()), target, count(target), pool, row),
        )?,
        Bits::Numpy(mut bits) => {
            let mut pool = draw.pool();
            let mut pairs = sequential(targets, |target, row| {
                draw.partners(&mut *bits, target, count(target), &mut pool, row)
            })?;
            pairs.connector_after = Some(bits.state());
            pairs.connector_shared = initial_state(generator);
            pairs
        }
    };
    pairs.count_after = count_after;
    Ok(pairs)
}

fn fixed_number_post(
    shape: &Shape<'_>,
    n: &CountOrRandom,
    with_replacement: bool,
    self_connections: SelfConnections,
    generator: &Generator,
) -> Result<Pairs, ExpandReason> {
    let draw = Draw {
        size: shape.targets,
        with_replacement,
        without_self: shape.same && forbids(self_connections, generator)?,
    };
    if shape.targets == 0 {
        return Ok(rows(0..0, |_, _| ()));
    }
    let mut bits = generator_of(generator)?;
    let shared_count = match n {
        CountOrRandom::Random(source) if source.generator == Generator::OfConnector => {
            Some(source.distribution)
        }
        _ => None,
    };
    // PyNN draws the number for a source just before its targets, which matters only if both come from one generator.
    let (counts, count_after) = match shared_count {
        None => counts(n, 0..shape.sources, &mut bits)?,
        Some(_) => (Vec::new(), None),
    };
    limit(counts.iter().map(|&n| f64::from(n)).sum())?;
    let count =
        |source: u32, bits: &mut dyn FnMut(&Distribution) -> Result<f64, DrawError>| match shared_count {
            None => Ok(counts[source as usize]),
            Some(distribution) => whole(bits(&distribution)?),
        };
    let (by_source, state) = match bits {
        Bits::Native(key) => {
            let by_source = try_rows(
                0..shape.sources,
                || draw.pool(),
                |pool, source, row| {
                    let mut bits = key.at(source.into());
                    let n = count(source, &mut |d| draw_one(d, &mut bits))?;
                    draw.partners(&mut bits, source, n, pool, row)
                },
            )?;
            (by_source, None)
        }
        Bits::Numpy(mut bits) => {
            let mut pool = draw.pool();
            let by_source = sequential(0..shape.sources, |source, row| {
                let n = count(source, &mut |d| draw_one(d, &mut *bits))?;
                draw.partners(&mut *bits, source, n, &mut pool, row)
            })?;
            (by_source, Some(bits.state()))
        }
    };
    let mut pairs = transpose(&by_source, shape.targets);
    pairs.connector_shared.clone_from(&state);
    pairs.connector_after = state;
    pairs.count_after = count_after;
    Ok(pairs)
}

fn fixed_total_number(
    shape: &Shape<'_>,
    n: u64,
    with_replacement: bool,
    self_connections: SelfConnections,
    generator: &Generator,
) -> Result<Pairs, ExpandReason> {
    limit(n as f64)?;
    let (n_source, n_target) = (u64::from(shape.sources), u64::from(shape.targets));
    match generator_of(generator)? {
        // PyNN's stock connector looks at neither `with_replacement` nor `allow_self_connections`.
        Bits::Numpy(mut bits) => {
            if n_source == 0 || n_target == 0 {
                return Ok(rows(0..shape.targets, |_, _| ()));
            }
            // Its first draw splits the total over MPI processes: a binomial with p = 1, for one process.
            let total = binomial_total(&mut *bits, n, 1.0);
            let mut drawn = Vec::with_capacity(total as usize);
            for _ in 0..total {
                let source = below(&mut *bits, n_source - 1) as u32;
                drawn.push((source, below(&mut *bits, n_target - 1) as u32));
            }
            let mut pairs = bucket(&drawn, shape.targets);
            pairs.connector_after = Some(bits.state());
            pairs.connector_shared.clone_from(&pairs.connector_after);
            Ok(pairs)
        }
        Bits::Native(key) => {
            let without_self = shape.same && forbids(self_connections, generator)?;
            let partners = n_source.saturating_sub(u64::from(without_self));
            let possible = partners * n_target;
            if n > 0 && possible == 0 {
                return Err(ExpandReason::NobodyToConnect { n });
            }
            let pair = |number: u64| {
                let (source, target) = ((number % partners) as u32, (number / partners) as u32);
                (source + u32::from(without_self && source >= target), target)
            };
            let shuffled = Shuffled::new(possible, &mut key.at(u64::MAX));
            let drawn: Vec<(u32, u32)> = (0..n)
                .into_par_iter()
                .map(|k| {
                    pair(if with_replacement {
                        below(&mut key.at(k), possible - 1)
                    } else if k < n - n % possible {
                        // Every pair as often as the total allows, then a random choice of the rest.
                        k % possible
                    } else {
                        shuffled.at(k % possible)
                    })
                })
                .collect();
            Ok(bucket(&drawn, shape.targets))
        }
    }
}

/// PyNN declares this connector but its stock machinery refuses it, so the rule is ours, after Watts and Strogatz
/// (1998): a cell connects to every cell nearer than `degree` (or to `n_connections` of them, drawn); then each
/// connection is moved with probability `rewiring` to a target drawn among those allowed that it does not have yet.
fn small_world(
    shape: &Shape<'_>,
    degree: f64,
    rewiring: f64,
    self_connections: SelfConnections,
    n_connections: Option<u32>,
    generator: &Generator,
) -> Result<Pairs, ExpandReason> {
    let p = checked_probability(rewiring)?;
    let rule = SelfRule::new(shape, self_connections)?;
    let distances = Distances::new(shape.network, shape.origin);
    limit(f64::from(shape.sources) * f64::from(n_connections.unwrap_or(shape.targets).min(shape.targets)))?;
    let row_of = |bits: &mut dyn FnMut(Ask<'_>) -> u64, source: u32, row: &mut Vec<u32>| {
        let allowed: Vec<u32> = (0..shape.targets)
            .filter(|&target| rule.allows(source, target))
            .collect();
        let mut near: Vec<u32> = allowed
            .iter()
            .copied()
            .filter(|&target| distances.between(source, target) < degree)
            .collect();
        if let Some(n) = n_connections {
            for i in 0..near.len().min(n as usize) {
                let j = i + bits(Ask::Below((near.len() - 1 - i) as u64)) as usize;
                near.swap(i, j);
            }
            near.truncate(n as usize);
            near.sort_unstable();
        }
        let mut taken: std::collections::BTreeSet<u32> = near.iter().copied().collect();
        for target in &mut near {
            let mut uniform = 0.0;
            bits(Ask::Uniform(&mut uniform));
            if uniform < p && taken.len() < allowed.len() {
                let moved = loop {
                    let candidate = allowed[bits(Ask::Below(allowed.len() as u64 - 1)) as usize];
                    if !taken.contains(&candidate) {
                        break candidate;
                    }
                };
                taken.remove(target);
                taken.insert(moved);
                *target = moved;
            }
        }
        row.extend(near);
    };
    let (by_source, state) = match generator_of(generator)? {
        Bits::Native(key) => (
            rows(0..shape.sources, |source, row| {
                let mut bits = key.at(source.into());
                row_of(&mut |ask| ask.answer(&mut bits), source, row);
            }),
            None,
        ),
        Bits::Numpy(mut bits) => (
            sequential(0..shape.sources, |source, row| {
                row_of(&mut |ask| ask.answer(&mut *bits), source, row);
                Ok(())
            })?,
            Some(bits.state()),
        ),
    };
    let mut pairs = transpose(&by_source, shape.targets);
    pairs.connector_shared = initial_state(generator);
    pairs.connector_after = state;
    Ok(pairs)
}

/// A request to a source of random words of either kind.
enum Ask<'a> {
    Below(u64),
    Uniform(&'a mut f64),
}

impl Ask<'_> {
    fn answer<S: Source>(self, bits: &mut S) -> u64 {
        match self {
            Ask::Below(largest) => below(bits, largest),
            Ask::Uniform(value) => {
                *value = bits.next_f64();
                0
            }
        }
    }
}

fn list(
    shape: &Shape<'_>,
    targets: Range<u32>,
    sources: &[u32],
    listed: &[u32],
) -> Result<Pairs, ExpandReason> {
    if sources.len() != listed.len() {
        return Err(ExpandReason::WrongLength {
            what: "the column of targets in the connection list",
            found: listed.len(),
            needed: sources.len() as u64,
        });
    }
    limit(sources.len() as f64)?;
    for (side, cells, size) in [
        ("source", sources, shape.sources),
        ("target", listed, shape.targets),
    ] {
        if let Some(position) = cells.iter().position(|&cell| cell >= size) {
            return Err(ExpandReason::CellOutOfRange {
                position,
                side,
                cell: cells[position],
                size,
            });
        }
    }
    let first = targets.start;
    let mut offsets = vec![0_u64; targets.len() + 1];
    for target in listed.iter().filter(|t| targets.contains(t)) {
        offsets[(target - first) as usize + 1] += 1;
    }
    accumulate(&mut offsets);
    let mut next = offsets.clone();
    let total = *offsets.last().expect("offsets hold one more than the targets") as usize;
    let (mut ordered, mut places) = (vec![0; total], vec![0; total]);
    for (place, (&source, &target)) in sources.iter().zip(listed).enumerate() {
        if targets.contains(&target) {
            let slot = &mut next[(target - first) as usize];
            ordered[*slot as usize] = source;
            places[*slot as usize] = place as u32;
            *slot += 1;
        }
    }
    Ok(Pairs {
        first,
        offsets,
        sources: ordered,
        places: Some(places),
        ..Pairs::default()
    })
}

/// Which pairs the self-connection rule allows in the connectors that look at every pair.
enum SelfRule {
    Everyone,
    NotDiagonal,
    BelowDiagonal,
    /// Cells of the source and of the target, where the groups overlap in some other way.
    Different(Vec<(PopulationId, u32)>, Vec<(PopulationId, u32)>),
}

impl SelfRule {
    fn new(shape: &Shape<'_>, rule: SelfConnections) -> Result<Self, ExpandReason> {
        let Shape {
            network, projection, ..
        } = shape;
        match rule {
            SelfConnections::Allowed => Ok(Self::Everyone),
            SelfConnections::NoMutual if shape.one_population() => Ok(Self::BelowDiagonal),
            SelfConnections::NoMutual => Err(ExpandReason::NoMutualBetweenGroups),
            SelfConnections::Forbidden if shape.same => Ok(Self::NotDiagonal),
            SelfConnections::Forbidden => {
                let mut populations = projection.source.0.iter().map(|s| s.population);
                if !populations.any(|p| projection.target.0.iter().any(|t| t.population == p)) {
                    return Ok(Self::Everyone);
                }
                Ok(Self::Different(
                    network.group_cells(&projection.source).collect(),
                    network.group_cells(&projection.target).collect(),
                ))
            }
        }
    }

    fn allows(&self, source: u32, target: u32) -> bool {
        match self {
            Self::Everyone => true,
            Self::NotDiagonal => source != target,
            Self::BelowDiagonal => source > target,
            Self::Different(sources, targets) => sources[source as usize] != targets[target as usize],
        }
    }
}

/// Whether a `FixedNumber` connector leaves out self connections. PyNN takes `NoMutual` for permission there; over our
/// own generator there is nothing to be faithful to, so it is refused.
fn forbids(rule: SelfConnections, generator: &Generator) -> Result<bool, ExpandReason> {
    match (rule, generator) {
        (SelfConnections::Forbidden, _) => Ok(true),
        (SelfConnections::NoMutual, Generator::Native { .. }) => Err(ExpandReason::NoMutualWithFixedNumber),
        _ => Ok(false),
    }
}

/// A generator ready to draw.
enum Bits {
    Numpy(Box<Mt19937>),
    Native(PhiloxKey),
}

fn generator_of(generator: &Generator) -> Result<Bits, DrawError> {
    match generator {
        Generator::Numpy(state) => Ok(Bits::Numpy(Box::new(Mt19937::resume(state)?))),
        Generator::Native { seed, stream } => Ok(Bits::Native(PhiloxKey::new(*seed, *stream))),
        Generator::OfConnector => Err(DrawError::NoConnectorGenerator),
    }
}

fn initial_state(generator: &Generator) -> Option<Mt19937State> {
    match generator {
        Generator::Numpy(state) => Some(state.clone()),
        _ => None,
    }
}

/// One number of connections for each cell of a range, and where that leaves a generator of its own.
fn counts(
    n: &CountOrRandom,
    cells: Range<u32>,
    connector: &mut Bits,
) -> Result<(Vec<u32>, Option<Mt19937State>), ExpandReason> {
    let source = match n {
        CountOrRandom::Count(n) => return Ok((vec![*n; cells.len()], None)),
        CountOrRandom::Random(source) => source,
    };
    source.distribution.check().map_err(DrawError::from)?;
    let mut values = vec![0.0; cells.len()];
    let mut own;
    let bits = match &source.generator {
        Generator::OfConnector => connector,
        other => {
            own = generator_of(other)?;
            &mut own
        }
    };
    match bits {
        Bits::Numpy(bits) => fill(&source.distribution, &mut **bits, &mut values)?,
        Bits::Native(key) => {
            // An index space of its own, so that a shared generator does not repeat itself.
            for (value, cell) in values.iter_mut().zip(cells) {
                *value = draw_one(&source.distribution, &mut key.at(1 << 32 | u64::from(cell)))?;
            }
        }
    }
    let after = match (bits, &source.generator) {
        (Bits::Numpy(bits), Generator::Numpy(_)) => Some(bits.state()),
        _ => None,
    };
    let counts = values.into_iter().map(whole).collect::<Result<_, _>>()?;
    Ok((counts, after))
}

fn whole(value: f64) -> Result<u32, ExpandReason> {
    if value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value) {
        Ok(value as u32)
    } else {
        Err(ExpandReason::BadCount { value })
    }
}

fn checked_probability(value: f64) -> Result<f64, ExpandReason> {
    if value >= 0.0 {
        Ok(value)
    } else {
        Err(ExpandReason::BadProbability { value })
    }
}

fn limit(synapses: f64) -> Result<(), ExpandReason> {
    if synapses <= MOST_SYNAPSES as f64 {
        Ok(())
    } else {
        Err(ExpandReason::TooManySynapses { synapses })
    }
}

/// Visits each of `0..n` with probability `p`, at the cost of those visited: gaps between them are geometric.
fn skipping(key: PhiloxKey, target: u32, n: u32, p: f64, mut visit: impl FnMut(u32)) {
    if p >= 1.0 {
        (0..n).for_each(visit);
        return;
    }
    if p <= 0.0 {
        return;
    }
    let mut bits = key.at(target.into());
    let scale = 1.0 / libm::log1p(-p);
    let mut next = 0_u64;
    loop {
        // 1 - u lies in (0, 1], so the gap is finite and at least 0.
        let gap = (libm::log(1.0 - bits.next_f64()) * scale).floor();
        // Saturates for vanishing p, which ends the walk.
        next = next.saturating_add(gap as u64);
        if next >= u64::from(n) {
            return;
        }
        visit(next as u32);
        next += 1;
    }
}

/// How many rows one task makes: fixed, so that the work is cut in the same places whatever the number of threads.
const ROWS_PER_TASK: usize = 64;

fn rows(range: Range<u32>, row: impl Fn(u32, &mut Vec<u32>) + Sync) -> Pairs {
    let made: Result<Pairs, std::convert::Infallible> = try_rows(
        range,
        || (),
        |(), i, out| {
            row(i, out);
            Ok(())
        },
    );
    match made {
        Ok(pairs) => pairs,
    }
}

/// Makes rows in parallel; `scratch` makes what one task reuses from row to row.
fn try_rows<T, E: Send>(
    range: Range<u32>,
    scratch: impl Fn() -> T + Sync,
    row: impl Fn(&mut T, u32, &mut Vec<u32>) -> Result<(), E> + Sync,
) -> Result<Pairs, E> {
    let first = range.start;
    let starts: Vec<u32> = range.clone().step_by(ROWS_PER_TASK).collect();
    let parts = starts
        .into_par_iter()
        .map_init(&scratch, |scratch, start| {
            let end = range.end.min(start.saturating_add(ROWS_PER_TASK as u32));
            let mut sources = Vec::new();
            let mut lengths = Vec::with_capacity(ROWS_PER_TASK);
            for i in start..end {
                let before = sources.len();
                row(scratch, i, &mut sources)?;
                lengths.push((sources.len() - before) as u64);
            }
            Ok((lengths, sources))
        })
        .collect::<Result<Vec<_>, E>>()?;
    let mut offsets = Vec::with_capacity(range.len() + 1);
    offsets.push(0);
    let mut sources = Vec::with_capacity(parts.iter().map(|(_, s)| s.len()).sum());
    for (lengths, part) in parts {
        offsets.extend(lengths);
        sources.extend(part);
    }
    accumulate(&mut offsets);
    Ok(Pairs {
        first,
        offsets,
        sources,
        ..Pairs::default()
    })
}

/// Makes rows one after the other.
fn sequential(
    range: Range<u32>,
    mut row: impl FnMut(u32, &mut Vec<u32>) -> Result<(), ExpandReason>,
) -> Result<Pairs, ExpandReason> {
    let mut pairs = Pairs {
        first: range.start,
        offsets: Vec::with_capacity(range.len() + 1),
        ..Pairs::default()
    };
    pairs.offsets.push(0);
    for i in range {
        row(i, &mut pairs.sources)?;
        pairs.offsets.push(pairs.sources.len() as u64);
    }
    Ok(pairs)
}

/// Turns counts, behind a leading 0, into offsets.
fn accumulate(offsets: &mut [u64]) {
    let mut sum = 0;
    for offset in offsets {
        sum += *offset;
        *offset = sum;
    }
}

/// Rows by source turned into rows by target, sources ascending in each.
fn transpose(by_source: &Pairs, targets: u32) -> Pairs {
    let pairs: Vec<(u32, u32)> = by_source
        .offsets
        .windows(2)
        .zip(0..)
        .flat_map(|(bounds, source)| {
            by_source.sources[bounds[0] as usize..bounds[1] as usize]
                .iter()
                .map(move |&target| (source, target))
        })
        .collect();
    bucket(&pairs, targets)
}

/// Pairs of source and target, in their order, sorted into rows by target.
fn bucket(pairs: &[(u32, u32)], targets: u32) -> Pairs {
    let mut offsets = vec![0_u64; targets as usize + 1];
    for (_, target) in pairs {
        offsets[*target as usize + 1] += 1;
    }
    accumulate(&mut offsets);
    let mut next = offsets.clone();
    let mut sources = vec![0; pairs.len()];
    for &(source, target) in pairs {
        let slot = &mut next[target as usize];
        sources[*slot as usize] = source;
        *slot += 1;
    }
    Pairs {
        offsets,
        sources,
        ..Pairs::default()
    }
}

/// What a clone sees of the pairs that it clones: each once, sources ascending.
fn merge(pairs: &mut Pairs) {
    let mut kept = Vec::with_capacity(pairs.sources.len());
    let mut start = 0;
    for i in 1..pairs.offsets.len() {
        let end = pairs.offsets[i] as usize;
        let row = &mut pairs.sources[start..end];
        row.sort_unstable();
        let before = kept.len();
        for &source in &*row {
            if kept.len() == before || kept.last() != Some(&source) {
                kept.push(source);
            }
        }
        start = end;
        pairs.offsets[i] = kept.len() as u64;
    }
    *pairs = Pairs {
        first: pairs.first,
        offsets: std::mem::take(&mut pairs.offsets),
        sources: kept,
        ..Pairs::default()
    };
}
