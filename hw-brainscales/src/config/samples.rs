//! Random legal configurations for tests.

use super::*;
use taproot_wafer::{
    AnalogLine, Bus, Column, HorizontalBus, L1Address, Neuron, Quad, Side,
    floating_gate::{FgColumn, FgRow},
    registers::SramTimings,
    synapse_switch::SwitchRow,
};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn byte(&mut self, bound: u8) -> u8 {
        self.below(bound.into()) as u8
    }

    fn flag(&mut self) -> bool {
        self.next() & 1 != 0
    }

    fn timings(&mut self) -> SramTimings {
        SramTimings {
            read_delay: self.next() as u8,
            setup_precharge: self.byte(16),
            write_delay: self.byte(16),
        }
    }

    fn address(&mut self) -> L1Address {
        L1Address::at(self.below(64) as usize)
    }

    fn row_config(&mut self) -> RowConfig {
        RowConfig {
            input_left: self.flag(),
            input_right: self.flag(),
            gmax: self.byte(4),
            divider_left: self.byte(16),
            divider_right: self.byte(16),
            strobe_even: self.byte(4),
            strobe_odd: self.byte(4),
        }
    }

    fn fg_controller(&mut self) -> FgController {
        FgController {
            max_cycles: self.next() as u8,
            read_time: self.byte(64),
            accelerator_step: self.byte(64),
            voltage_write_time: self.byte(64),
            current_write_time: self.byte(64),
            bias: self.byte(16),
            biasn: self.byte(16),
            pulse_length: self.byte(16),
            ground: self.flag(),
            calibration: self.flag(),
        }
    }

    fn neurons(&mut self) -> Neurons {
        let mut neurons = Neurons::default();
        for quad in Quad::all() {
            for half in Half::ALL {
                // The combinations of outputs and inputs that have a code, written out.
                let io = [0, 1, 2, 3, 4, 5, 8, 10][self.below(8) as usize];
                for side in Side::ALL {
                    let shift = 1 - side.index();
                    *neurons.denmem_mut(quad.neuron(half, side)) = Denmem {
                        address: self.address(),
                        analog_output: io >> shift & 1 != 0,
                        current_input: io >> (2 + shift) & 1 != 0,
                        ..Denmem::default()
                    };
                }
                neurons.horizontal[quad.index()][half.index()] = self.flag();
            }
            for side in Side::ALL {
                neurons.vertical[2 * quad.index() + side.index()] = self.flag();
            }
            // At most one fire input per boundary: that of this quad's left side.
            if self.flag() {
                let half = Half::ALL[self.below(2) as usize];
                neurons.denmem_mut(quad.neuron(half, Side::Left)).fire_input = quad.index() > 0;
            }
        }
        for neuron in Neuron::all() {
            let denmem = neurons.denmem_mut(neuron);
            denmem.fires = self.flag();
            denmem.sends = denmem.fires && self.flag();
        }
        neurons
    }
}

/// A chip with something random in every field, and nothing that is refused.
pub(crate) fn random_config(seed: u64) -> HicannConfig {
    let mut random = Random(seed);
    let mut config = HicannConfig {
        neurons: random.neurons(),
        ..HicannConfig::default()
    };
    let r = &mut random;
    config.neurons.rows = std::array::from_fn(|_| RowSettings {
        gl: Mirror {
            fast: r.flag(),
            slow: r.flag(),
        },
        gladapt: Mirror {
            fast: r.flag(),
            slow: r.flag(),
        },
        radapt: Mirror {
            fast: r.flag(),
            slow: r.flag(),
        },
        big_capacitor: r.flag(),
        reset: r.flag(),
    });
    config.neurons.spl1_reset = r.flag();
    config.neurons.timings = r.timings();
    silence_second_firers(&mut config.neurons);
    config.background = std::array::from_fn(|_| {
        let on = r.flag();
        BackgroundGenerator {
            on,
            random: r.flag(),
            period: r.next() as u16,
            seed: if on { 1 + r.below(65_535) as u16 } else { 0 },
            address: r.address(),
        }
    });
    let mode = |r: &mut Random| {
        [MergerMode::LeftOnly, MergerMode::RightOnly, MergerMode::Merge][r.below(3) as usize]
    };
    config.mergers.tree = std::array::from_fn(|_| MergerConfig {
        mode: mode(r),
        slow: r.flag(),
    });
    config.mergers.dnc = std::array::from_fn(|_| DncMergerConfig {
        mode: mode(r),
        slow: true,
        loopback: false,
    });
    for pair in 0..4 {
        let end = r.below(2) as usize;
        config.mergers.dnc[2 * pair + end].loopback = r.flag();
    }
    config.mergers.rising_edge = std::array::from_fn(|_| r.flag());
    config.spl1.channels =
        std::array::from_fn(|_| [Channel::Off, Channel::ToDnc, Channel::ToChip][r.below(3) as usize]);
    config.spl1.use_timestamps = r.flag();
    for bus in Bus::all() {
        let drive = if r.flag() { Drive::Inwards } else { Drive::Outwards };
        let sending = bus.test_port().is_none();
        config.repeaters.get_mut(bus).mode = match r.below(if sending { 4 } else { 3 }) {
            0 => RepeaterMode::Idle,
            1 => RepeaterMode::Forward(drive),
            2 => RepeaterMode::Loopback,
            _ => RepeaterMode::Send {
                inwards: true,
                outwards: r.flag(),
            },
        };
        config.repeaters.get_mut(bus).len = r.byte(4);
        config.repeaters.get_mut(bus).ren = r.byte(4);
    }
    // One of each kind that shares a test port.
    config.repeaters.get_mut(HorizontalBus::at(0)).mode = RepeaterMode::Listen(Drive::Outwards);
    config.repeaters.get_mut(HorizontalBus::at(2)).mode = RepeaterMode::Send {
        inwards: false,
        outwards: true,
    };
    for block in &mut config.repeaters.blocks {
        *block = BlockConfig {
            dll_reset: r.flag(),
            driver_reset: r.flag(),
            filter_capacitor: r.byte(4),
            record: [r.flag(), r.flag()],
            send: [r.flag(), r.flag()],
            events: std::array::from_fn(|_| {
                std::array::from_fn(|_| TestEvent {
                    address: r.address(),
                    time: r.below(1024) as u16,
                })
            }),
            timings: r.timings(),
        };
    }
    // One switch of every other horizontal bus; its partner of the same phase would use the same vertical buses.
    for bus in HorizontalBus::all().step_by(2) {
        let vertical = taproot_wafer::crossbar::verticals(bus)
            .nth(r.below(8) as usize)
            .unwrap();
        config.crossbars.set(bus, vertical, r.flag());
    }
    // Rows in which no bus has a switch twice.
    for row in SwitchRow::all().filter(|row| row.line.index() < 16 && row.line.index() % 2 == 0) {
        config
            .synapse_switches
            .set(row, row.bus(r.below(16) as usize), r.flag());
    }
    for (driver, settings) in SynapseDriver::all().zip(&mut config.drivers) {
        *settings = DriverConfig {
            on: r.flag(),
            local_input: r.flag(),
            connect_neighbour: r.flag() && driver.outer_neighbour().is_some(),
            plasticity: ShortTermPlasticity {
                on: r.flag(),
                depression: r.flag(),
                capacitor: r.byte(8),
            },
            rows: [r.row_config(), r.row_config()],
        };
    }
    for value in config
        .synapses
        .weights
        .iter_mut()
        .chain(&mut config.synapses.decoders)
    {
        *value = r.byte(16);
    }
    for controller in &mut config.controllers {
        let pattern = |r: &mut Random| EvaluationPattern {
            aa: r.flag(),
            ac: r.flag(),
            ca: r.flag(),
            cc: r.flag(),
        };
        let table = |r: &mut Random| std::array::from_fn(|_| r.byte(16));
        *controller = SynapseController {
            read_acausal: r.flag(),
            read_causal: r.flag(),
            read_correlation: r.flag(),
            without_reset: r.flag(),
            continuous: r.flag(),
            first_row: r.byte(224),
            last_row: r.byte(224),
            column_set: r.byte(8),
            patterns: [pattern(r), pattern(r)],
            lookup: LookupTables {
                acausal: table(r),
                causal: table(r),
                both: table(r),
            },
            reset_columns: r.next() as u32,
            slices: r.byte(16),
            write_delay: r.byte(4),
            output_delay: r.byte(16),
            precharge_delay: r.byte(16),
            enable_delay: r.byte(16),
            dll_reset: [r.flag(), r.flag()],
            timings: r.timings(),
        };
    }
    for block in FgBlock::all() {
        for row in FgRow::all() {
            for column in FgColumn::all() {
                config
                    .floating_gates
                    .set(block, row, column, r.below(1024) as u16);
            }
        }
    }
    for stimulus in &mut config.stimuli {
        *stimulus = Stimulus {
            amplitudes: (0..FgColumn::COUNT).map(|_| r.below(1024) as u16).collect(),
            continuous: r.flag(),
            controller: r.fg_controller(),
        };
    }
    // Membrane groups have many members switched to their lines here, so no output shows one.
    let lines = [
        None,
        Some(AnalogLine::FloatingGatesLeft),
        Some(AnalogLine::FloatingGatesRight),
        Some(AnalogLine::PreOut),
        Some(AnalogLine::DllVoltage),
    ];
    config.analog.outputs = std::array::from_fn(|_| Output {
        on: r.flag(),
        line: lines[r.below(5) as usize],
    });
    assert_eq!(config.synapses.weights.len(), 448 * Column::COUNT);
    config
}

/// Leaves one comparator on in each joined group, found by asking the check.
fn silence_second_firers(neurons: &mut Neurons) {
    loop {
        let config = HicannConfig {
            neurons: neurons.clone(),
            ..HicannConfig::default()
        };
        let mut changed = false;
        for refusal in config.check(&Limits::default()) {
            if let Refusal::SeveralFire { second, .. } = refusal {
                let denmem = neurons.denmem_mut(second);
                (denmem.fires, denmem.sends) = (false, false);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}
