//! Realistic inputs for reports and pictures, invented here: no mapper and no machine is needed to draw.

use taproot_network::{PopulationId, PopulationRecording, Recording, Signal, Spikes, Variable};
use taproot_session::report::*;
use taproot_spinnaker_chip::{CoreId, Link, Machine};

/// A small generator (PCG-XSH-RR 64/32), so that the demonstration is the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1))
    }

    pub(crate) fn next(&mut self) -> u32 {
        let old = self.0;
        self.0 = old
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((((old >> 18) ^ old) >> 27) as u32).rotate_right((old >> 59) as u32)
    }

    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(self.next()) / 4_294_967_296.0
    }
}

/// The Vogels-Abbott benchmark network on a machine, or several copies of it, until `cores` cores are in use.
pub(crate) fn vogels_abbott(machine: Machine, cores: usize) -> ReportInput {
    let mut random = Random::new(7);
    let mut input = ReportInput::empty("Vogels-Abbott benchmark (COBA)", machine);
    input.timestep = 0.1;
    input.duration = Some(1000.0);
    input.time_scale_factor = 10;
    let mut free: Vec<CoreId> = input
        .machine
        .chips()
        .flat_map(|(xy, chip)| {
            chip.application_cores()
                .map(move |core| CoreId::new(xy, core).unwrap())
        })
        .collect();
    // Near the origin first, as a placer would, and at most fifteen a chip.
    free.retain(|core| core.core() < 16);
    free.sort_by_key(|core| {
        (
            u32::from(core.chip.x) + u32::from(core.chip.y),
            core.chip,
            core.core(),
        )
    });
    let mut free = free.into_iter().take(cores);
    let shapes = [
        (
            "Excitatory_Cells",
            3200u32,
            "IF_cond_exp",
            OccupantKind::Neurons,
            64u32,
        ),
        ("Inhibitory_Cells", 800, "IF_cond_exp", OccupantKind::Neurons, 64),
        ("Kick", 50, "SpikeSourcePoisson", OccupantKind::Poisson, 50),
        ("Stimulus", 20, "SpikeSourceArray", OccupantKind::SpikeArray, 20),
    ];
    'fill: for copy in 0.. {
        for (label, size, cell, kind, per_core) in shapes {
            let population = input.populations.len() as u32;
            let mut first = 0;
            while first < size {
                let Some(core) = free.next() else { break 'fill };
                let cells = per_core.min(size - first);
                input.occupants.push(Occupant {
                    core,
                    kind,
                    population: Some(population),
                    first_cell: first,
                    cells,
                });
                if kind == OccupantKind::Neurons && first.is_multiple_of(640) {
                    let Some(core) = free.next() else { break 'fill };
                    input.occupants.push(Occupant {
                        core,
                        kind: OccupantKind::DelayExtension,
                        population: Some(population),
                        first_cell: first,
                        cells: 0,
                    });
                }
                first += cells;
            }
            input.populations.push(PopulationSummary {
                label: if copy == 0 {
                    label.to_owned()
                } else {
                    format!("{label} {copy}")
                },
                size,
                cell_type: cell.to_owned(),
                colour: population,
            });
        }
    }
    while input
        .occupants
        .last()
        .is_some_and(|o| o.population >= Some(input.populations.len() as u32))
    {
        input.occupants.pop();
    }
    for (from, to, receptor, synapses) in [
        ("Excitatory_Cells", "Excitatory_Cells", "excitatory", 204_771u64),
        ("Excitatory_Cells", "Inhibitory_Cells", "excitatory", 51_302),
        ("Inhibitory_Cells", "Excitatory_Cells", "inhibitory", 51_117),
        ("Inhibitory_Cells", "Inhibitory_Cells", "inhibitory", 12_846),
        ("Kick", "Excitatory_Cells", "excitatory", 1_604),
        ("Kick", "Inhibitory_Cells", "excitatory", 389),
    ] {
        input.projections.push(ProjectionSummary {
            label: format!("{from} → {to}"),
            source: from.to_owned(),
            target: to.to_owned(),
            receptor: receptor.to_owned(),
            connector: "FixedProbabilityConnector".to_owned(),
            synapses,
        });
    }
    let used: std::collections::BTreeSet<_> = input.occupants.iter().map(|o| o.core.chip).collect();
    for &chip in &used {
        for link in Link::ALL {
            let Some(other) = input.machine.neighbour(chip, link) else {
                continue;
            };
            if used.contains(&other) {
                let nets = (random.unit() * random.unit() * 60.0) as u32 + 1;
                input.links.push(LinkLoad {
                    chip,
                    link,
                    nets,
                    packets_per_second: f64::from(nets) * 64.0 * 1.5 * (0.5 + random.unit()),
                });
            }
        }
        let before = 30 + random.next() % 90;
        input.tables.push(TableSize {
            chip,
            before,
            after: 4 + before / 3,
        });
        input.sdram.push(SdramUse {
            chip,
            bytes: 8_000_000 + u64::from(random.next() % 4_000_000),
        });
    }
    let weight = |subject: &str, asked: f64, stored: f64, underflowed: u64, count: u64| QuantizationRow {
        subject: subject.to_owned(),
        kind: QuantizationKind::Projection,
        quantity: "weight".to_owned(),
        unit: "µS".to_owned(),
        format: "16 bit, 2⁻¹⁵ µS".to_owned(),
        count,
        asked: Some([asked, asked]),
        stored: Some([stored, stored]),
        worst_error: (asked - stored).abs(),
        mean_error: (asked - stored).abs(),
        saturated: 0,
        underflowed,
    };
    input.quantization = vec![
        weight(
            "Excitatory_Cells → Excitatory_Cells",
            0.004,
            0.003_997_802,
            0,
            204_771,
        ),
        weight(
            "Excitatory_Cells → Inhibitory_Cells",
            0.004,
            0.003_997_802,
            0,
            51_302,
        ),
        weight(
            "Inhibitory_Cells → Excitatory_Cells",
            0.051,
            0.050_994_87,
            0,
            51_117,
        ),
        weight("Kick → Inhibitory_Cells", 0.000_01, 0.0, 389, 389),
    ];
    for population in ["Excitatory_Cells", "Inhibitory_Cells"] {
        for (name, unit, value, stored) in [
            ("tau_m", "ms", 20.0, 20.0),
            ("cm", "nF", 0.2, 0.200_012),
            ("v_rest", "mV", -60.0, -60.0),
            ("tau_syn_E", "ms", 5.0, 5.0),
            ("tau_syn_I", "ms", 10.0, 10.0),
        ] {
            input.quantization.push(QuantizationRow {
                subject: population.to_owned(),
                kind: QuantizationKind::Population,
                quantity: name.to_owned(),
                unit: unit.to_owned(),
                format: "s16.15".to_owned(),
                count: 3200,
                asked: Some([value, value]),
                stored: Some([stored, stored]),
                worst_error: f64::abs(value - stored),
                mean_error: f64::abs(value - stored),
                saturated: 0,
                underflowed: 0,
            });
        }
    }
    for (name, seconds, detail) in [
        ("split", 0.012, "4 populations, 63 cores and 6 delay extensions"),
        ("expand", 0.31, "321,629 synapses"),
        ("place", 0.044, "76 vertices on 6 chips"),
        ("route", 0.021, "76 nets, 214 links"),
        ("allocate keys", 0.001, "76 keys"),
        ("minimise", 0.052, "largest table 118 to 43 entries"),
        ("check", 0.018, "placement, trees, tables"),
        ("lower", 0.63, "61.4 MB of regions"),
        ("boot", 9.4, "spin5"),
        ("load", 21.7, "61.4 MB at 2.8 MB/s"),
        ("run", 84.2, "1,000 ms of biology"),
        ("extract", 3.1, "31,200 spikes"),
    ] {
        input.stages.push(StageTiming {
            name: name.to_owned(),
            seconds,
            detail: detail.to_owned(),
        });
    }
    input.warnings = vec![
        "projection `Kick → Inhibitory_Cells`: all 389 weights of 0.00001 µS became zero; the smallest weight that \
         this population can store is 0.0000305 µS"
            .to_owned(),
    ];
    input.provenance = Provenance {
        tool_version: "0.1.0".to_owned(),
        command: "taproot run examples/vogels_abbott.py --machine spin5 --out results".to_owned(),
        seeds: vec![("network".to_owned(), 4242), ("mapping".to_owned(), 1)],
    };
    input
}

/// Spikes that look like the benchmark's: irregular, with slow waves, after a kick of 50 ms; and a few traces.
pub(crate) fn recording(duration: f64, populations: &[(&str, u32, f64)], traces: bool) -> Recording {
    let timestep = 0.1;
    let steps = (duration / timestep) as u32;
    let mut random = Random::new(11);
    let mut recording = Recording {
        timestep,
        duration,
        populations: Vec::new(),
    };
    for (index, (label, size, rate)) in populations.iter().enumerate() {
        let mut spikes = Spikes {
            recorded: (0..*size).collect(),
            ..Spikes::default()
        };
        // One decision per 2 ms bin and population, then cells at random.
        let bin = 20;
        for start in (0..steps).step_by(bin as usize) {
            let t = f64::from(start) * timestep;
            let wave = 1.0 + 0.55 * (t / 37.0 + index as f64).sin() * (t / 91.0).cos();
            let kick = if t < 50.0 { 1.8 } else { 1.0 };
            let expected = f64::from(*size) * rate * f64::from(bin) * timestep / 1000.0 * wave * kick;
            let number = (expected + random.unit()) as u32;
            let mut events: Vec<(u32, u32)> = (0..number)
                .map(|_| ((start + random.next() % bin).min(steps - 1), random.next() % size))
                .collect();
            events.sort_unstable();
            for (step, cell) in events {
                spikes.steps.push(step);
                spikes.cells.push(cell);
            }
        }
        let mut signals = Vec::new();
        if traces && *size >= 2 {
            let mut v = [-60.0f64, -58.0];
            let mut samples = Vec::new();
            for step in 0..steps {
                for v in &mut v {
                    samples.push(*v);
                    *v += 0.1 * (-56.0 - *v) / 20.0 + (random.unit() - 0.47) * 0.6;
                    if *v > -50.0 {
                        *v = -60.0;
                    }
                }
                let _ = step;
            }
            signals.push(Signal {
                variable: Variable::V,
                cells: vec![0, 1],
                interval: 1,
                samples,
            });
        }
        recording.populations.push(PopulationRecording {
            population: PopulationId(index as u32),
            label: (*label).to_owned(),
            size: *size,
            spikes: Some(spikes),
            signals,
        });
    }
    recording
}
