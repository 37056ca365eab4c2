//! Slices that turn out too large: what to try next.
//!
//! How much memory a core needs is known exactly only when its rows have been built, and whether the chips' memory is
//! enough only when vertices have been placed. If it is not, the network is lowered again with smaller slices.

use super::{
    LowerError, Lowering,
    cells::Cells,
    channels::Channel,
    data_memory::{NeuronCore, heap, recorded},
    images::{SenderKeys, table_entries},
    vertices::{Job, Vertices},
};
use std::collections::BTreeMap;
use taproot_network::{Network, PopulationId};
use taproot_spinnaker_chip::Machine;

/// Why an attempt failed, and which populations might fit in slices of how many cells.
pub(crate) struct Failure {
    // Boxed: errors are large, and results with them pass through every stage.
    error: Box<LowerError>,
    smaller: BTreeMap<PopulationId, u32>,
}

impl<E: Into<LowerError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            error: Box::new(error.into()),
            smaller: BTreeMap::new(),
        }
    }
}

/// Attempts with smaller and smaller slices, as long as failures say that this may help. If it does not help in the end,
/// the first failure is the one to report.
pub(crate) fn smaller_until_it_fits<T>(
    network: &Network,
    mut attempt: impl FnMut(&[u32]) -> Result<T, Failure>,
) -> Result<T, LowerError> {
    let mut caps = vec![u32::MAX; network.populations.len()];
    let mut first = None;
    loop {
        let failure = match attempt(&caps) {
            Ok(done) => return Ok(done),
            Err(failure) => failure,
        };
        // Caps only fall, and end at one cell.
        let mut fell = false;
        for (population, cap) in failure.smaller {
            let known = &mut caps[population.0 as usize];
            fell |= cap < *known;
            *known = cap.clamp(1, *known);
        }
        let first = first.get_or_insert(failure.error);
        if !fell {
            return Err(LowerError::clone(first));
        }
    }
}

/// Whether every core's data memory holds what its program will keep there.
pub(crate) fn check_data_memory(
    lowering: &Lowering<'_>,
    vertices: &Vertices,
    channels: &[Vec<Channel>],
) -> Result<(), Failure> {
    if lowering.options.match_spynnaker {
        return Ok(());
    }
    let mut failure: Option<Failure> = None;
    for (vertex, job) in vertices.jobs.iter().enumerate() {
        let Some((population, core)) = neuron_core(lowering, job, &channels[vertex]) else {
            continue;
        };
        let (bytes, available) = (core.bytes(), heap(core.cell));
        if bytes <= available {
            continue;
        }
        let failure = failure.get_or_insert_with(|| Failure {
            error: Box::new(LowerError::DataMemory {
                vertex: vertices.labels[vertex].clone(),
                bytes,
                available,
                sources: core.entries,
                blocks: core.blocks,
            }),
            smaller: BTreeMap::new(),
        });
        // Rows of more blocks than expected are the only surprise, and theirs are four bytes each.
        if core.max_atoms > 1 {
            failure
                .smaller
                .insert(population, core.max_atoms - core.max_atoms.div_ceil(16));
        }
    }
    failure.map_or(Ok(()), Err)
}

/// What a vertex keeps in its data memory, if it runs neurons.
pub(crate) fn neuron_core(
    lowering: &Lowering<'_>,
    job: &Job,
    channels: &[Channel],
) -> Option<(PopulationId, NeuronCore)> {
    let Job::Cells { population, core } = *job else {
        return None;
    };
    if !matches!(lowering.cells[population.0 as usize], Cells::Neurons(_)) {
        return None;
    }
    let slices = lowering.split.populations[population.0 as usize];
    let entries = table_entries(
        lowering,
        lowering.matrix(population, core),
        &SenderKeys::default(),
    );
    let neurons = NeuronCore {
        cell: lowering.network.population(population).cell,
        atoms: slices.slice(core).len() as u32,
        max_atoms: slices.per_core,
        slots: slices.slots,
        recorded: recorded(channels),
        entries: entries.len() as u32,
        blocks: entries.iter().map(|entry| entry.blocks.len() as u32).sum(),
    };
    Some((population, neurons))
}

/// The vertices do not fit the chips' memory: those that are larger than any chip's become smaller, or if there are
/// none, the largest.
pub(crate) fn less_memory(
    lowering: &Lowering<'_>,
    machine: &Machine,
    vertices: &Vertices,
    bytes: &[u64],
    error: LowerError,
) -> Failure {
    let mut smaller = BTreeMap::new();
    let most = machine
        .chips()
        .map(|(_, chip)| u64::from(chip.sdram))
        .max()
        .unwrap_or(0);
    let mut shrink = |vertex: usize, per_core: &dyn Fn(u64) -> u64| {
        let population = match vertices.jobs[vertex] {
            Job::Cells { population, .. } => population,
            Job::Delay { group, .. } => lowering.split.groups[group].source,
        };
        let now = u64::from(lowering.split.populations[population.0 as usize].per_core);
        let cap = per_core(now).clamp(1, (now - 1).max(1)) as u32;
        let known = smaller.entry(population).or_insert(cap);
        *known = cap.min(*known);
    };
    if !lowering.options.match_spynnaker {
        let too_large: Vec<usize> = (0..bytes.len()).filter(|vertex| bytes[*vertex] > most).collect();
        for &vertex in &too_large {
            shrink(vertex, &|now| now * most / bytes[vertex].max(1));
        }
        if too_large.is_empty()
            && let Some(vertex) = (0..bytes.len()).max_by_key(|vertex| bytes[*vertex])
        {
            shrink(vertex, &|now| now / 2);
        }
    }
    Failure {
        error: Box::new(error),
        smaller,
    }
}
