//! Encoding and decoding of whole chips, and the order of what is written.

use super::{
    samples::{Random, random_config},
    *,
};
use proptest::prelude::*;
use taproot_wafer::{
    Side,
    registers::{
        Module, Register, SramTimings, floating_gates as fg, layer1, neuron_builder, neuron_control, synapse,
    },
};

fn steps(config: &HicannConfig) -> Vec<Step> {
    Encoder::new(config, &Limits::default())
        .expect("the configuration is legal")
        .all(&Programming::default())
        .expect("the programming is legal")
}

fn writes(steps: &[Step]) -> impl Iterator<Item = (usize, Write)> {
    steps.iter().enumerate().filter_map(|(at, step)| match step {
        Step::Write(write) => Some((at, *write)),
        _ => None,
    })
}

#[test]
fn a_chip_at_rest_comes_back() {
    let config = HicannConfig::default();
    let contents = Contents::after(&steps(&config)).unwrap();
    assert_eq!(HicannConfig::decode(&contents), Ok(config));
}

/// Registers that are passed through, and keep nothing.
fn is_transient(register: Register) -> bool {
    let (module, offset) = Module::of(register).unwrap();
    match module {
        Module::NeuronControl => offset == neuron_control::SEED,
        Module::SynapseController(_) => (synapse::INPUT..synapse::INPUT + 4).contains(&offset),
        Module::FloatingGates(_) => offset == fg::INSTRUCTION,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn random_chips_come_back(seed: u64) {
        let config = random_config(seed);
        let contents = Contents::after(&steps(&config)).unwrap();
        prop_assert!(HicannConfig::decode(&contents) == Ok(config));
    }

    /// Whatever is in a register: it has no meaning, or all of its bits come back.
    #[test]
    fn every_bit_that_is_understood_comes_back(seed: u64) {
        let config = random_config(seed);
        let mut contents = Contents::after(&steps(&config)).unwrap();
        let registers: Vec<Register> = contents.written().into_iter().filter(|r| !is_transient(*r)).collect();
        let mut random = Random(seed);
        let (mut understood, mut meaningless) = (0, 0);
        for _ in 0..20 {
            let register = registers[random.below(registers.len() as u64) as usize];
            let before = contents.get(register).unwrap();
            let data = before ^ (1 << random.below(32)) ^ (1 << random.below(17));
            contents.poke(register, data);
            match HicannConfig::decode(&contents) {
                Ok(decoded) => {
                    understood += 1;
                    // Not all of this may be written to a chip; here it only has to come back.
                    let encoder = Encoder { config: &decoded };
                    let mut again = Contents::after(&encoder.all(&Programming::default()).unwrap()).unwrap();
                    for register in contents.written().into_iter().filter(|r| is_transient(*r)) {
                        again.poke(register, contents.get(register).unwrap());
                    }
                    prop_assert!(again.without_seeds() == contents.clone().without_seeds(), "{register} = {data:#x}");
                }
                Err(Undecodable::Meaningless { .. }) => {
                    meaningless += 1;
                    contents.poke(register, before);
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
        prop_assert!(understood + meaningless == 20);
    }

    #[test]
    fn no_writes_make_decoding_panic(words in proptest::collection::vec(any::<(bool, u16, u32)>(), 0..2000)) {
        let mut contents = Contents::after(&steps(&HicannConfig::default())).unwrap();
        for (fast, address, data) in words {
            let tag = if fast { taproot_wafer::registers::Tag::Fast } else { taproot_wafer::registers::Tag::Slow };
            let _ = contents.apply(Write { register: Register { tag, address }, data });
        }
        let _ = HicannConfig::decode(&contents);
    }
}

#[test]
fn contents_that_were_never_written_are_named() {
    let nothing = Contents::default();
    assert!(matches!(
        HicannConfig::decode(&nothing),
        Err(Undecodable::NeverWritten(_))
    ));
    let steps = steps(&HicannConfig::default());
    let register = Module::Crossbar(Side::Left).register(5);
    let without: Vec<Step> = steps
        .into_iter()
        .filter(|step| !matches!(step, Step::Write(write) if write.register == register))
        .collect();
    let contents = Contents::after(&without).unwrap();
    assert_eq!(
        HicannConfig::decode(&contents),
        Err(Undecodable::NeverWritten(register))
    );
    let beyond = Write {
        register: Module::Crossbar(Side::Left).register(64),
        data: 0,
    };
    let error = Contents::default().apply(beyond).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no register tag 0 address 0x0040 (crossbar left + 0x40)"
    );
}

#[test]
fn receivers_stay_in_reset_until_the_stage_that_locks_them() {
    let config = random_config(7);
    let encoder = Encoder::new(&config, &Limits::default()).unwrap();
    for stage in Stage::ALL {
        let mut out = Vec::new();
        encoder.stage(stage, &Programming::default(), &mut out).unwrap();
        for (_, write) in writes(&out) {
            match Module::of(write.register).unwrap() {
                (Module::Repeaters(block), layer1::BLOCK_CONFIG) => {
                    let wanted = !config.repeaters.blocks[block.index()].dll_reset;
                    let runs = stage >= Stage::LockingRepeaters && wanted;
                    assert_eq!(layer1::DLL_RUNS.is_set(write.data), runs, "{stage:?}");
                }
                (Module::SynapseController(half), synapse::CONFIG) => {
                    for (field, reset) in synapse::DLL_RUNS
                        .into_iter()
                        .zip(config.controllers[half.index()].dll_reset)
                    {
                        let runs = stage >= Stage::LockingSynapseDrivers && !reset;
                        assert_eq!(field.is_set(write.data), runs, "{stage:?}");
                    }
                }
                _ => {}
            }
        }
        // Fillers are such writes as well.
        for step in &out {
            if let Step::Wait { filler, .. } = step {
                assert!(!synapse::DLL_RUNS.iter().any(|runs| runs.is_set(filler.data)));
            }
        }
    }
}

#[test]
fn memories_get_the_time_they_need() {
    let config = random_config(8);
    let steps = steps(&config);
    let (mut drivers, mut commands) = (0, 0);
    // The memories have their first timings until their own are written.
    let mut timings = [SramTimings::default(); 2];
    for (at, write) in writes(&steps) {
        let (Module::SynapseController(half), offset) = Module::of(write.register).unwrap() else {
            continue;
        };
        let controller = &config.controllers[half.index()];
        let needed = if offset < 0x300 {
            drivers += 1;
            timings[half.index()].cycles_write()
        } else if offset == synapse::CONTROL && synapse::NEW_COMMAND.is_set(write.data) {
            commands += 1;
            u16::from(controller.write_delay) + 4
        } else {
            if offset == synapse::CONFIG {
                timings[half.index()] = controller.timings;
            }
            continue;
        };
        let Step::Wait { cycles, filler } = steps[at + 1] else {
            panic!("{write} is followed by {:?}", steps[at + 1]);
        };
        assert!(cycles >= needed, "{write}: {cycles} of {needed}");
        assert_eq!(
            filler.register,
            Module::SynapseController(half).register(synapse::CONFIG)
        );
    }
    // All drivers zeroed and written: six bytes each. All rows of weights and decoders: eight sets each.
    assert_eq!(drivers, 2 * 224 * 6);
    assert_eq!(commands, 2 * 448 * 8);
    assert_eq!(Step::fillers(6), 3);
    assert_eq!(Step::fillers(7), 4);
}

#[test]
fn a_reset_of_the_neurons_reaches_the_chip_before_it_is_released() {
    let steps = steps(&HicannConfig::default());
    let global = Module::NeuronBuilder.register(neuron_builder::GLOBAL);
    let at: Vec<usize> = writes(&steps)
        .filter(|(_, write)| write.register == global)
        .map(|(at, write)| {
            if write.data != 0 {
                assert_eq!(steps[at - 1], Step::Flush);
            }
            at
        })
        .collect();
    // Once in the first stage, then twice a reset and its release.
    assert_eq!(at.len(), 5);
}

#[test]
fn gates_are_zeroed_then_programmed_and_each_row_is_waited_for() {
    let steps = steps(&HicannConfig::default());
    let mut busy = [false; 4];
    let mut rows = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        match step {
            Step::Write(Write { register, data }) => {
                let (Module::FloatingGates(block), offset) = Module::of(*register).unwrap() else {
                    continue;
                };
                assert!(
                    !busy[block.index()],
                    "{block} is written to while it is busy, at step {at}"
                );
                if offset == fg::INSTRUCTION && fg::CODE.get(*data) < 3 {
                    busy[block.index()] = true;
                    if block.index() == 0 {
                        rows.push((fg::CODE.get(*data), fg::ROW.get(*data)));
                    }
                }
            }
            Step::AwaitFloatingGates(block) => busy[block.index()] = false,
            _ => {}
        }
    }
    let (up, down) = (1, 2);
    let mut expected: Vec<(u32, u32)> = (0..12).map(|n| (down, 2 * n + 1)).collect();
    expected.extend((0..12).map(|n| (down, 2 * n)));
    let passes = [down, up, down, up];
    expected.extend(passes.map(|pass| (pass, 1)));
    for pass in passes {
        expected.extend((0..12).map(|n| (pass, 2 * n)));
    }
    // Default codes of 1023 fill the rows of I_bexp, I_convi, I_convx and I_spikeamp, but the shared cells beside them on the
    // left are int_op_bias 1023, V_bout 1023, V_bstdf 0 and I_breset 1023, on the right V_gmax2 1000, int_op_bias, V_bexp,
    // and V_bstdf 0. So I_convx is high on the right, and all four in one block at least.
    let names = ["I_bexp", "I_convi", "I_convx", "I_spikeamp"];
    let row_of = |name: &str| {
        let parameters = taproot_wafer::floating_gate::NeuronParameter::ALL;
        let parameter = parameters
            .iter()
            .find(|parameter| parameter.name() == name)
            .unwrap();
        parameter.row(Side::Left).index() as u32
    };
    let low = [
        "I_fire",
        "I_gl",
        "I_gladapt",
        "I_intbbi",
        "I_intbbx",
        "I_pl",
        "I_radapt",
        "I_rexp",
    ];
    for pass in passes {
        expected.extend(low.map(|name| (pass, row_of(name))));
    }
    expected.extend(names.map(|name| (up, row_of(name))));
    assert_eq!(rows, expected);
}
