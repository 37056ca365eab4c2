//! Whole networks, lowered.

mod common;
use common::*;
use taproot_network::*;
use taproot_spinnaker::{regions::words_of, *};
use taproot_spinnaker_chip::Machine;

fn words(lowered: &Lowered, core: usize, region: u8) -> Vec<u32> {
    let region = lowered.image.cores[core]
        .regions
        .iter()
        .find(|r| r.number == region)
        .unwrap();
    words_of(&region.content)
}

/// Twenty sources onto 250 neurons on three cores.
fn small() -> (Network, PopulationId, PopulationId) {
    let mut n = network(1.0);
    let input = array(&mut n, "input", vec![vec![1.0, 5.0]; 20]);
    let cells = population(&mut n, "cells", 250, CellType::IfCurrExp);
    n.populations[1].neurons_per_core = Some(100);
    record(&mut n, cells, Variable::Spikes);
    let synapses: Vec<_> = (0..20u32)
        .map(|i| (i, i * 12, 0.5 + 0.01 * f64::from(i), 1.0 + f64::from(i)))
        .collect();
    list(&mut n, input, cells, 0, &synapses);
    (n, input, cells)
}

#[test]
fn every_cell_has_its_core() {
    let (n, input, cells) = small();
    let lowered = lower(&n, &Machine::spin3(), &LowerOptions::default()).unwrap();
    let layout = &lowered.layout;
    assert_eq!(layout.populations[cells.0 as usize].per_core, 84);
    assert_eq!(layout.populations[cells.0 as usize].cores.len(), 3);
    let binaries: Vec<Binary> = lowered.image.cores.iter().map(|c| c.binary).collect();
    assert_eq!(binaries.iter().filter(|b| **b == Binary::IfCurrExp).count(), 3);
    assert_eq!(
        layout.cores[layout.populations[input.0 as usize].cores[0]].binary,
        Binary::ReverseIptagMulticastSource
    );
    assert!(lowered.image.cores.is_sorted_by_key(|core| core.core));
    // 84 and 250 - 2 * 84 neurons.
    let last = layout.populations[cells.0 as usize].cores[2];
    assert_eq!(words(&lowered, last, 1)[1], 82);
    assert_eq!(words(&lowered, last, 1)[2], 128);
}

#[test]
fn a_spike_finds_its_row() {
    let (n, input, cells) = small();
    let lowered = lower(&n, &Machine::spin5(), &LowerOptions::default()).unwrap();
    let source = &lowered.layout.cores[lowered.layout.populations[input.0 as usize].cores[0]];
    let (key, _) = source.keys.unwrap();
    let core = lowered.layout.populations[cells.0 as usize].cores[1];
    let table = words(&lowered, core, 5);
    let matrix = words(&lowered, core, 6);
    // Source 10 goes to neuron 120, which is number 36 of the second core.
    let spike = key + (10 << 4);
    let (mask, rows) = (table[3], table[6] & 0xffff);
    assert_eq!((table[0], spike & mask), (1, table[2]));
    assert_eq!(rows, 20);
    let item = table[7];
    let row_words = (item & 0xff) + 1;
    let row = (item >> 8) * 4 + 10 * (row_words + 3);
    let row = &matrix[row as usize..];
    assert_eq!(row[..3], [0, 1, 0]);
    assert_eq!(row[3] & 0x7f, 36);
    assert_eq!((row[3] & 0xffff) >> 8, 11, "delay of eleven steps");
    let shift = lowered.layout.populations[cells.0 as usize].shifts[0];
    let weight = f64::from(row[3] >> 16) / 2f64.powi(15 - shift as i32);
    assert!((weight - 0.6).abs() < 1e-3, "{weight}");
}

#[test]
fn lowering_is_deterministic() {
    let (n, ..) = small();
    let options = LowerOptions::default();
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let many = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let a = one.install(|| lower(&n, &Machine::spin5(), &options)).unwrap();
    let b = many.install(|| lower(&n, &Machine::spin5(), &options)).unwrap();
    assert_eq!(a.image, b.image);
    assert_eq!(a.layout, b.layout);
}

#[test]
fn send_buffers_hold_the_spikes_of_the_interval() {
    let (n, input, _) = small();
    let lowered = lower(&n, &Machine::spin3(), &LowerOptions::default()).unwrap();
    let writes = lowered.send_buffers(2, 10).unwrap();
    assert_eq!(writes.len(), 1);
    let (key, _) = lowered.layout.cores[lowered.layout.populations[input.0 as usize].cores[0]]
        .keys
        .unwrap();
    let content = &writes[0].content;
    assert_eq!(content[..6], [0x14, 0x38, 5, 0, 0, 0]);
    assert_eq!(content[6..10], (key + (19 << 4) + 5).to_le_bytes());
    assert_eq!(content[86..88], [0x03, 0x40]);
}

#[test]
fn a_population_that_is_too_big_is_named() {
    let mut n = network(1.0);
    population(&mut n, "huge", 100_000, CellType::IfCurrExp);
    let error = lower(&n, &Machine::spin3(), &LowerOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the network needs 393 cores and `spin3` has 68; the largest population, `huge`, takes 393 of them for 100000 \
         cells at up to 255 per core"
    );
}

#[test]
fn a_model_parameter_must_be_positive() {
    let mut n = network(1.0);
    population(&mut n, "cells", 3, CellType::IfCurrExp);
    n.populations[0]
        .parameters
        .insert("tau_m".into(), Values::Constant(0.00001));
    let error = lower(&n, &Machine::spin3(), &LowerOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "population `cells`: `tau_m` is 0.00001, stored as 0; it must be positive"
    );
}

#[test]
fn stored_synapses_come_back_in_pynn_order() {
    let (mut n, _, cells) = small();
    // Delays beyond the ring buffer of 84 neurons (64 slots), through several stages.
    let synapses: Vec<_> = (0..250u32)
        .rev()
        .map(|i| {
            (
                i,
                (i * 13) % 250,
                -0.1 - 0.001 * f64::from(i),
                1.0 + f64::from(i % 200),
            )
        })
        .collect();
    let loops = list(&mut n, cells, cells, 1, &synapses);
    let lowered = lower(&n, &Machine::spin5(), &LowerOptions::default()).unwrap();
    let asked = n.expand(loops).unwrap();
    let stored = lowered.stored(&n, loops).unwrap();
    assert_eq!(stored.sources, asked.sources);
    assert_eq!(stored.delays, asked.delays);
    for (stored, asked) in stored.weights.iter().zip(&asked.weights) {
        assert!((stored - asked).abs() < 1e-4, "{stored} for {asked}");
    }
    let extensions = lowered
        .image
        .cores
        .iter()
        .filter(|c| c.binary == Binary::DelayExtension)
        .count();
    assert_eq!(extensions, 3);
    // Each beside its source.
    for layout in &lowered.layout.cores {
        if let Role::Delay {
            population,
            cells,
            stages,
            steps_per_stage,
        } = &layout.role
        {
            assert_eq!((*stages, *steps_per_stage), (3, 64));
            let source = lowered.layout.cores.iter().find(|other| {
                matches!(&other.role, Role::Cells { population: p, cells: c } if (p, c) == (population, cells))
            });
            assert_eq!(source.unwrap().core.chip, layout.core.chip);
        }
    }
}

#[test]
fn a_delay_too_long_names_the_projection() {
    let (mut n, input, cells) = small();
    list(&mut n, input, cells, 0, &[(0, 0, 1.0, 100_000.0)]);
    let error = lower(&n, &Machine::spin5(), &LowerOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "projection `0 to 1` has a delay of 100000 ms; the longest that its source `input` can have is 2048 ms"
    );
}

#[test]
fn rows_of_more_than_255_synapses_become_two_blocks() {
    let mut n = network(1.0);
    let input = array(&mut n, "input", vec![vec![1.0]; 2]);
    let cells = population(&mut n, "cells", 4, CellType::IfCondExp);
    let synapses: Vec<_> = (0..600u32)
        .map(|i| (i % 2, i % 4 / 2, 0.001 + 1e-6 * f64::from(i), 1.0))
        .collect();
    let projection = list(&mut n, input, cells, 0, &synapses);
    let lowered = lower(&n, &Machine::spin3(), &LowerOptions::default()).unwrap();
    let core = &lowered.layout.cores[lowered.layout.populations[cells.0 as usize].cores[0]];
    let widths: Vec<u32> = core.synapses[0].direct.iter().map(|b| b.row_words).collect();
    assert_eq!(widths, [150, 150]);
    let (asked, stored) = (
        n.expand(projection).unwrap(),
        lowered.stored(&n, projection).unwrap(),
    );
    for (a, s) in asked.weights.iter().zip(&stored.weights) {
        assert!((a - s).abs() < 2e-6, "{s} for {a}");
    }
}

#[test]
fn changes_between_runs_are_written_word_by_word() {
    let (mut n, _, cells) = small();
    let mut lowered = lower(&n, &Machine::spin3(), &LowerOptions::default()).unwrap();
    assert_eq!(lowered.update(&n, 0).unwrap().writes, []);
    let mut currents = vec![0.0; 250];
    currents[100] = 0.5;
    n.populations[cells.0 as usize]
        .parameters
        .insert("i_offset".into(), Values::PerCell(currents));
    let writes = lowered.update(&n, 0).unwrap().writes;
    let second = &lowered.layout.cores[lowered.layout.populations[cells.0 as usize].cores[1]];
    assert_eq!(writes.len(), 1);
    assert_eq!((writes[0].core, writes[0].region), (second.core, 2));
    // Neuron 16 of the core, fifth of its nine words, behind one leading word.
    assert_eq!(writes[0].offset, 4 + 4 * (16 * 9 + 4));
    assert_eq!(writes[0].content, 0x4000u32.to_le_bytes());
    assert_eq!(lowered.update(&n, 0).unwrap().writes, []);
    n.projections[0].delay = SynapseValue::Constant(90.0);
    assert_eq!(
        lowered.update(&n, 0).unwrap_err().to_string(),
        "the longest delay of projection `0 to 1` cannot be changed without loading the network anew"
    );
}

#[test]
fn saturated_weights_are_counted_and_named() {
    let (mut n, ..) = small();
    n.projections[0].weight = SynapseValue::Constant(1e6);
    let lowered = lower(&n, &Machine::spin3(), &LowerOptions::default()).unwrap();
    let warnings: Vec<String> = lowered.quantization.warnings().map(|w| w.to_string()).collect();
    assert_eq!(
        warnings,
        [
            "weights of `0 to 1` onto population `cells`: 20 of 20 too large and cut to the largest value stored"
        ]
    );
}

#[test]
fn small_steps_choose_slices_and_time_scale() {
    let mut n = network(0.1);
    n.time_scale_factor = None;
    let a = population(&mut n, "a", 1000, CellType::IfCondExp);
    let b = population(&mut n, "b", 10, CellType::SpikeSourcePoisson);
    n.populations[b.0 as usize]
        .parameters
        .insert("rate".into(), Values::Constant(100.0));
    n.projections.push(Projection {
        label: "drive".into(),
        source: whole(b),
        target: whole(a),
        receptor: 0,
        connector: Connector::AllToAll {
            self_connections: SelfConnections::Allowed,
        },
        weight: SynapseValue::Constant(0.004),
        delay: SynapseValue::Constant(1.0),
        space: Space::default(),
    });
    // 255 cells at 255 cycles each are more than three steps of 20,000 cycles; the user may still want one.
    let whole_slices = lower(&n, &Machine::spin5(), &LowerOptions::default()).unwrap();
    assert!(
        (4..=6).contains(&whole_slices.time_scale_factor),
        "{}",
        whole_slices.time_scale_factor
    );
    // As few cores as 255 cells allow, evenly filled.
    assert_eq!(whole_slices.layout.populations[a.0 as usize].per_core, 1000 / 4);
    n.time_scale_factor = Some(1);
    let real_time = lower(&n, &Machine::spin5(), &LowerOptions::default()).unwrap();
    assert_eq!(real_time.image.hardware_timestep, 100);
    let per_core = real_time.layout.populations[a.0 as usize].per_core;
    assert!((32..=60).contains(&per_core), "{per_core} cells per core");
    for lowered in [whole_slices, real_time] {
        assert!(lowered.layout.populations.iter().all(|p| p.load <= 1.0));
    }
}

#[test]
fn a_refused_change_leaves_the_image_alone() {
    let (mut n, _, cells) = small();
    let mut lowered = lower(&n, &Machine::spin3(), &LowerOptions::default()).unwrap();
    let before = lowered.image.clone();
    n.populations[cells.0 as usize]
        .parameters
        .insert("v_rest".into(), Values::Constant(-60.0));
    record(&mut n, cells, Variable::V);
    assert_eq!(
        lowered.update(&n, 0).unwrap_err().to_string(),
        "what population `cells` records cannot be changed without loading the network anew"
    );
    assert_eq!(lowered.image, before);
}

#[test]
fn runs_in_pieces_keep_sampling_intervals() {
    let (mut n, _, cells) = small();
    n.populations[cells.0 as usize].records.push(Record {
        variable: Variable::V,
        interval: 7,
        cells: None,
    });
    let options = LowerOptions {
        run_steps: Some(1000),
        ..LowerOptions::default()
    };
    let lowered = lower(&n, &Machine::spin3(), &options).unwrap();
    assert_eq!(lowered.max_steps_per_run, 1001);
}

#[test]
fn slices_shrink_until_they_fit_the_chips_memory() {
    let text = "name = \"small memory\"\nbase = \"spin5\"\nsdram = 2_000_000\n";
    let machine = Machine::from_toml(text).unwrap();
    let mut n = network(1.0);
    let sources = population(&mut n, "sources", 3000, CellType::SpikeSourceArray);
    let targets = population(&mut n, "targets", 255, CellType::IfCurrExp);
    n.projections.push(Projection {
        label: "all".into(),
        source: whole(sources),
        target: whole(targets),
        receptor: 0,
        connector: Connector::AllToAll {
            self_connections: SelfConnections::Allowed,
        },
        weight: SynapseValue::Constant(0.01),
        delay: SynapseValue::Constant(1.0),
        space: Space::default(),
    });
    let roomy = lower(&n, &Machine::spin5(), &LowerOptions::default()).unwrap();
    assert_eq!(roomy.layout.populations[targets.0 as usize].cores.len(), 1);
    // 3,000 rows of 255 words and three more are 3.1 MB; 255 cells on two cores are 1.6 MB each.
    let tight = lower(&n, &machine, &LowerOptions::default()).unwrap();
    assert_eq!(tight.layout.populations[targets.0 as usize].cores.len(), 2);

    // Nothing helps where not even single cells fit: the first problem is the one to report.
    let text = text.replace("2_000_000", "30_000");
    let machine = Machine::from_toml(&text).unwrap();
    let error = lower(&n, &machine, &LowerOptions::default()).unwrap_err();
    assert!(matches!(error, LowerError::Place(_)), "{error}");
}

#[test]
fn weights_that_outgrow_the_ring_buffers_are_refused() {
    let (mut n, ..) = small();
    let mut lowered = lower(&n, &Machine::spin3(), &LowerOptions::default()).unwrap();
    // The image was made for weights below 1 nA, so its ring buffers end at 2 nA: 1.5 nA can be stored, but would have been
    // given twice the room.
    n.projections[0].weight = SynapseValue::Constant(0.6);
    assert!(lowered.update(&n, 0).unwrap().crowded.is_empty());
    n.projections[0].weight = SynapseValue::Constant(1.5);
    assert_eq!(lowered.update(&n, 0).unwrap().crowded, ["cells"]);
    let before = (lowered.image.clone(), lowered.quantization.clone());
    n.projections[0].weight = SynapseValue::Constant(1e6);
    let message = lowered.update(&n, 0).unwrap_err().to_string();
    assert!(
        message.starts_with("weights of `0 to 1` onto population `cells`: 20 are above "),
        "{message}"
    );
    assert_eq!((lowered.image.clone(), lowered.quantization.clone()), before);
    // What was cut from the beginning may stay.
    let mut lowered = lower(&n, &Machine::spin3(), &LowerOptions::default()).unwrap();
    n.populations[0].label.push('!');
    assert!(lowered.update(&n, 0).is_ok());
}

#[test]
fn a_cell_that_hears_of_more_populations_than_its_core_has_memory_for_is_named() {
    let mut n = network(1.0);
    let cell = population(&mut n, "listener", 1, CellType::IfCurrExp);
    for number in 0..4000 {
        let source = array(&mut n, &format!("source {number}"), vec![vec![1.0]]);
        list(&mut n, source, cell, 0, &[(0, 0, 0.1, 1.0)]);
    }
    let machine = Machine::triads("large", 24, 24).unwrap();
    let error = lower(&n, &machine, &LowerOptions::default()).unwrap_err();
    let LowerError::DataMemory {
        vertex,
        bytes,
        available,
        sources,
        blocks,
    } = &error
    else {
        panic!("{error}")
    };
    assert!(vertex.contains("listener"), "{vertex}");
    assert_eq!((*sources, *blocks), (4000, 4000));
    // A core has 64 KiB, and an entry of the table takes a key, a mask and a place in the list of addresses at least.
    assert!(
        *bytes >= 4000 * 12 && *available <= 65_536 && bytes > available,
        "{error}"
    );
    assert!(
        error.to_string().contains("it hears of 4000 populations"),
        "{error}"
    );
}

#[test]
fn a_delay_that_no_slices_have_room_for_is_refused_before_the_network_is_split() {
    let (mut n, ..) = small();
    let id = ProjectionId(0);
    let lowered_limit = |n: &Network| match lower(n, &Machine::spin3(), &LowerOptions::default()) {
        Err(LowerError::DelayTooLong { limit, .. }) => Some(limit),
        _ => None,
    };
    n.projections[0].delay = SynapseValue::Constant(1e6);
    let limit = lowered_limit(&n).unwrap();
    let early = check_delay(&n, id, 1e6).unwrap_err();
    assert!(
        matches!(early, LowerError::DelayTooLong { limit: l, .. } if l >= limit),
        "{early}"
    );
    // Never more than lowering itself refuses.
    n.projections[0].delay = SynapseValue::Constant(limit);
    assert_eq!(lowered_limit(&n), None);
    assert_eq!(check_delay(&n, id, limit), Ok(()));
}
