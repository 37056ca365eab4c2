//! The data memory that lowering plans with is what the programs take, block by block, and the fullest core that it
//! allows runs.

use std::collections::BTreeMap;
use taproot_emulator::Running;
use taproot_host::{Host, Quiet, RunOptions};
use taproot_network::{
    CellType, Connector, Group, Network, Population, PopulationId, Projection, Record, Selection,
    SelfConnections, Space, SynapseValue, Values, Variable,
};
use taproot_spinnaker::{LowerOptions, Lowered, lower};
use taproot_spinnaker_chip::{Board, CoreId, Machine, memory_map::DTCM_BASE, system_ram::SV_BASE};
use taproot_tests::{booted, firmware};

/// Where `sv` keeps the physical core of each virtual one (`spinnaker_tools: sark.struct`, `v2p_map`).
const PHYSICAL_CORES: u32 = SV_BASE + 0xa8;
/// A heap's head of four words: free list, first block, last block, free bytes (`spinnaker_tools: sark_alloc.c`).
const HEAP_HEAD: u32 = 16;

/// Bytes in use and bytes in all of a core's heap, by walking it.
fn heap(running: &Running, core: CoreId) -> (u32, u32) {
    let physical = running.inspect(core.chip, None, PHYSICAL_CORES, 20).unwrap()[usize::from(core.core())];
    let memory = running
        .inspect(core.chip, Some(physical), DTCM_BASE, 64 * 1024)
        .unwrap();
    let word = |address: u32| {
        let at = (address - DTCM_BASE) as usize;
        u32::from_le_bytes(memory[at..at + 4].try_into().unwrap())
    };
    let top = DTCM_BASE + 64 * 1024;
    let head = (DTCM_BASE..top - 65_000 + 16_384)
        .step_by(4)
        .find(|&at| word(at + 4) == at + HEAP_HEAD && (top - 4096..top).contains(&word(at + 8)))
        .expect("a program has a heap");
    let (mut free, mut block, last) = (word(head), word(head + 4), word(head + 8));
    let all = last - block;
    let mut holes = Vec::new();
    while free != 0 {
        holes.push(free);
        free = word(free + 4);
    }
    let mut used = 0;
    while block != last {
        let next = word(block);
        if !holes.contains(&block) {
            used += next - block;
        }
        block = next;
    }
    (used, all)
}

/// What varies from network to network.
#[derive(Clone, Debug)]
struct Case {
    cell: CellType,
    records: &'static [Variable],
    /// Recorded cells; none is all.
    recorded: Option<Vec<u32>>,
    /// Steps.
    delay: f64,
    sources: u32,
    projections: u32,
    /// Synapses between each pair of cells.
    synapses: u32,
}

fn population(label: String, size: u32, cell: CellType, case: Option<&Case>) -> Population {
    let records = case.map_or(&[][..], |case| case.records);
    Population {
        label,
        size,
        cell,
        parameters: BTreeMap::new(),
        initial_values: BTreeMap::new(),
        positions: None,
        records: records
            .iter()
            .map(|&variable| Record {
                variable,
                interval: 1,
                cells: case.and_then(|case| case.recorded.clone()),
            })
            .collect(),
        neurons_per_core: None,
    }
}

fn network(case: &Case, size: u32) -> Network {
    let whole = |population: u32| {
        Group(vec![Selection {
            population: PopulationId(population),
            cells: None,
        }])
    };
    let mut populations = vec![population("target".into(), size, case.cell, Some(case))];
    for source in 0..case.sources {
        let mut spikes = population(format!("source {source}"), 2, CellType::SpikeSourceArray, None);
        spikes
            .parameters
            .insert("spike_times".into(), Values::Sequences(vec![vec![1.0]]));
        populations.push(spikes);
    }
    let connector = if case.synapses == 1 {
        Connector::AllToAll {
            self_connections: SelfConnections::Allowed,
        }
    } else {
        let pairs = (0..2 * size * case.synapses).map(|index| (index % 2, index / 2 % size));
        let (sources, targets) = pairs.unzip();
        Connector::List { sources, targets }
    };
    let projections = (0..case.projections)
        .map(|index| Projection {
            label: format!("projection {index}"),
            source: whole(1 + index % case.sources),
            target: whole(0),
            receptor: 0,
            connector: connector.clone(),
            weight: SynapseValue::Constant(0.001),
            delay: SynapseValue::Constant(case.delay),
            space: Space::default(),
        })
        .collect();
    Network {
        label: "data memory".into(),
        timestep: 1.0,
        min_delay: 1.0,
        max_delay: 1000.0,
        time_scale_factor: Some(50),
        seed: 1,
        populations,
        projections,
    }
}

fn lowered(case: &Case, size: u32, machine: &Machine) -> Lowered {
    let options = LowerOptions {
        run_steps: Some(4),
        ..LowerOptions::default()
    };
    lower(&network(case, size), machine, &options).unwrap_or_else(|error| panic!("{case:?}: {error}"))
}

/// The most cells that go onto one core, or 255.
fn fullest(case: &Case, machine: &Machine) -> u32 {
    let one_core = |size: u32| lowered(case, size, machine).layout.populations[0].cores.len() == 1;
    let (mut fits, mut too_many) = (1, 256);
    while too_many - fits > 1 {
        let middle = (fits + too_many) / 2;
        if one_core(middle) {
            fits = middle;
        } else {
            too_many = middle;
        }
    }
    fits
}

fn runs_and_takes_what_was_planned(
    case: &Case,
    lowered: &Lowered,
    host: &mut Host,
    running: &Running,
) -> u32 {
    let mut application = host
        .load(&lowered.image, &firmware().unwrap(), &Quiet)
        .unwrap_or_else(|error| panic!("{case:?}: {error}"));
    let run = RunOptions {
        from: 0,
        until: 4,
        writes: lowered.send_buffers(0, 4).unwrap(),
    };
    application
        .run(host, &run, &Quiet)
        .unwrap_or_else(|error| panic!("{case:?}: {error}"));
    let mut left = u32::MAX;
    for (index, core) in lowered.image.cores.iter().enumerate() {
        let Some(memory) = lowered.data_memory(index) else {
            continue;
        };
        let (used, all) = heap(running, core.core);
        // A rest too small for a block of its own goes with the last one.
        let planned = if memory.available - memory.needed <= 8 {
            memory.available
        } else {
            memory.needed
        };
        assert_eq!(
            (used, all),
            (planned, memory.available),
            "{} of {case:?}",
            core.label
        );
        left = left.min(all - used);
    }
    application.stop(host).unwrap();
    left
}

#[test]
fn the_fullest_cores_that_lowering_allows_run() {
    let Some((running, mut host)) = booted(&Machine::spin3(), Board::Spin3) else {
        return;
    };
    let machine = host.discover(&Quiet).unwrap();
    use Variable::{GsynExc, GsynInh, Spikes, V};
    const ALL: &[Variable] = &[Spikes, V, GsynExc, GsynInh];
    let mut tight = 0;
    for cell in [CellType::IfCurrExp, CellType::IfCondExp] {
        for (delay, sources, projections) in [
            (1.0, 1, 0),
            (1.0, 1, 1),
            (16.0, 1, 3),
            (32.0, 1, 1),
            (32.0, 40, 40),
            (40.0, 25, 50),
        ] {
            for (records, recorded) in [
                (&[][..], None),
                (&[Spikes, V][..], None),
                (ALL, None),
                (ALL, Some(vec![0])),
            ] {
                let case = Case {
                    cell,
                    records,
                    recorded,
                    delay,
                    sources,
                    projections,
                    synapses: 1,
                };
                let size = fullest(&case, &machine);
                let left = runs_and_takes_what_was_planned(
                    &case,
                    &lowered(&case, size, &machine),
                    &mut host,
                    &running,
                );
                tight += u32::from(size < 255 && left < 100);
            }
        }
    }
    // Else nothing has been shown about the limit.
    assert!(tight >= 2, "{tight} cases at the limit");
}

#[test]
fn rows_of_many_blocks_are_counted() {
    let Some((running, mut host)) = booted(&Machine::spin3(), Board::Spin3) else {
        return;
    };
    let machine = host.discover(&Quiet).unwrap();
    let case = Case {
        cell: CellType::IfCondExp,
        records: &[Variable::Spikes, Variable::V],
        recorded: None,
        delay: 32.0,
        sources: 1,
        projections: 1,
        synapses: 300,
    };
    let size = fullest(&case, &machine);
    assert!(size > 100, "{size}");
    let lowered = lowered(&case, size, &machine);
    let blocks: usize = lowered
        .layout
        .cores
        .iter()
        .flat_map(|c| &c.synapses)
        .map(|s| s.direct.len())
        .sum();
    assert!(blocks > 100, "{blocks}");
    runs_and_takes_what_was_planned(&case, &lowered, &mut host, &running);
}
