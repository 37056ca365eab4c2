//! What is refused, on a chip and on a wafer.

use super::*;
use taproot_wafer::{
    Bus, Column, DncMerger, Hicann, HorizontalBus, Merger, Neuron, Quad, Side, SynapseRow, VerticalBus,
    crossbar,
    floating_gate::{FgColumn, FgRow},
    repeater::{RepeaterBlock, TestPort},
    synapse_switch::{self, SwitchRow},
};

fn refusals(change: impl Fn(&mut HicannConfig)) -> Vec<Refusal> {
    let mut config = HicannConfig::default();
    change(&mut config);
    let refused = Encoder::new(&config, &Limits::default())
        .err()
        .unwrap_or_default();
    let checked = config.check(&Limits::default());
    assert!(refused.iter().all(|refusal| checked.contains(refusal)));
    refused
}

#[test]
fn damaging_and_illegal_neurons_are_refused() {
    let quad = Quad::at(10);
    let fire = |config: &mut HicannConfig, quad: Quad, half, side| {
        config.neurons.denmem_mut(quad.neuron(half, side)).fire_input = true;
    };
    let next = Quad::at(11);
    let both = refusals(|config| {
        fire(config, quad, Half::Bottom, Side::Right);
        fire(config, next, Half::Bottom, Side::Left);
    });
    let damage = Refusal::BothFireInputs {
        left: quad,
        half: Half::Bottom,
    };
    assert_eq!(damage.severity(), Severity::Damaging);
    assert_eq!(
        both,
        [damage, Refusal::SeveralFireInputs { left: quad, count: 2 }]
    );
    // One in each row, in opposite directions: not damaging, but refused by the public tools.
    let crossed = refusals(|config| {
        fire(config, quad, Half::Top, Side::Right);
        fire(config, next, Half::Bottom, Side::Left);
    });
    assert_eq!(crossed, [Refusal::SeveralFireInputs { left: quad, count: 2 }]);
    // One end is what the feature is for; and both ends of different boundaries do not meet.
    assert_eq!(refusals(|config| fire(config, quad, Half::Top, Side::Right)), []);
    let apart = refusals(|config| {
        fire(config, quad, Half::Top, Side::Left);
        fire(config, quad, Half::Top, Side::Right);
    });
    assert_eq!(apart, []);
    let (first, second) = (
        quad.neuron(Half::Top, Side::Left),
        next.neuron(Half::Bottom, Side::Right),
    );
    let joined = |config: &mut HicannConfig| {
        config.neurons.vertical[usize::from(second.column())] = true;
        config.neurons.horizontal[quad.index()][0] = true;
        config.neurons.horizontal[next.index()][0] = true;
        fire(config, next, Half::Top, Side::Left);
        for neuron in [first, second] {
            config.neurons.denmem_mut(neuron).fires = true;
        }
    };
    assert_eq!(refusals(joined), [Refusal::SeveralFire { first, second }]);
    let apart = |config: &mut HicannConfig| {
        joined(config);
        config.neurons.vertical[usize::from(second.column())] = false;
    };
    assert_eq!(refusals(apart), []);
    let neuron = Neuron::at(300);
    let silent = refusals(|config| config.neurons.denmem_mut(neuron).sends = true);
    assert_eq!(silent, [Refusal::SendsWithoutFiring(neuron)]);
    let io = refusals(|config| {
        config
            .neurons
            .denmem_mut(quad.neuron(Half::Top, Side::Left))
            .current_input = true;
        config
            .neurons
            .denmem_mut(quad.neuron(Half::Top, Side::Right))
            .analog_output = true;
    });
    assert_eq!(
        io,
        [Refusal::ImpossibleIo {
            quad,
            half: Half::Top
        }]
    );
}

#[test]
fn outputs_show_one_membrane() {
    let show = |config: &mut HicannConfig, neurons: &[usize]| {
        let line = taproot_wafer::AnalogLine::membrane(Neuron::at(neurons[0]));
        config.analog.outputs[1] = Output {
            on: true,
            line: Some(line),
        };
        for neuron in neurons {
            config.neurons.denmem_mut(Neuron::at(*neuron)).analog_output = true;
        }
    };
    // Columns 0 and 2 of the upper row are of one group, 0 and 1 are not.
    assert!(matches!(
        refusals(|config| show(config, &[0, 2]))[..],
        [Refusal::SeveralMembranes { count: 2, .. }]
    ));
    assert_eq!(refusals(|config| show(config, &[0, 1])), []);
    let fire_line = refusals(|config| {
        config.analog.outputs[1].line = Some(taproot_wafer::AnalogLine::FireLineOfNeuron0);
    });
    assert_eq!(fire_line, [Refusal::FireLineOnOutput1]);
}

#[test]
fn switches_that_short_or_load_buses_are_refused() {
    let bus = HorizontalBus::at(20);
    let of = |n| crossbar::verticals(bus).nth(n).unwrap();
    let row = refusals(|config| {
        config.crossbars.set(bus, of(1), true);
        config.crossbars.set(bus, of(6), true);
    });
    assert_eq!(
        row,
        [Refusal::CrossbarRow {
            bus,
            closed: 2,
            limit: 1
        }]
    );
    let column = refusals(|config| {
        config.crossbars.set(bus, of(1), true);
        config.crossbars.set(HorizontalBus::at(21), of(1), true);
    });
    assert_eq!(
        column,
        [Refusal::CrossbarColumn {
            bus: of(1),
            closed: 2,
            limit: 1
        }]
    );
    let row = SwitchRow::new(Side::Left, SynapseDriver::at(33));
    let shorted = refusals(|config| {
        config.synapse_switches.set(row, row.bus(0), true);
        config.synapse_switches.set(row, row.bus(5), true);
    });
    assert_eq!(
        shorted,
        [Refusal::SwitchRow {
            row,
            closed: 2,
            limit: 1
        }]
    );
    let bus = VerticalBus::at(77);
    let rows: Vec<SwitchRow> = synapse_switch::rows(bus).collect();
    let loaded = |config: &mut HicannConfig| {
        config.synapse_switches.set(rows[0], bus, true);
        config.synapse_switches.set(rows[20], bus, true);
    };
    assert_eq!(
        refusals(loaded),
        [Refusal::SwitchColumn {
            bus,
            closed: 2,
            limit: 1
        }]
    );
    let mut config = HicannConfig::default();
    loaded(&mut config);
    let limits = Limits {
        switches_per_column: 2,
        ..Limits::default()
    };
    assert_eq!(
        config
            .check(&limits)
            .iter()
            .filter(|r| r.severity() > Severity::Suspect)
            .count(),
        0
    );
}

#[test]
fn mergers_that_would_lose_spikes_are_refused() {
    let send = RepeaterMode::Send {
        inwards: true,
        outwards: false,
    };
    let dnc = DncMerger::at(2);
    let sending = |config: &mut HicannConfig| {
        config.repeaters.get_mut(dnc.sending_repeater().bus()).mode = send;
    };
    assert_eq!(refusals(sending), [Refusal::SlowMissing(dnc)]);
    assert_eq!(
        refusals(|config| {
            sending(config);
            config.mergers.dnc[2].slow = true;
        }),
        []
    );
    // Spikes from the DNC alone come slowly enough.
    assert_eq!(
        refusals(|config| {
            sending(config);
            config.mergers.dnc[2].mode = MergerMode::LeftOnly;
        }),
        []
    );
    let looped = refusals(|config| {
        config.mergers.dnc[4].loopback = true;
        config.mergers.dnc[5].loopback = true;
    });
    assert_eq!(looped, [Refusal::LoopbackBothWays(DncMerger::at(4))]);
    let port = refusals(|config| {
        config.repeaters.get_mut(VerticalBus::at(1)).mode = send;
        config.repeaters.get_mut(VerticalBus::at(5)).mode = send;
    });
    assert_eq!(
        port,
        [Refusal::TestPort {
            block: RepeaterBlock::TopLeft,
            port: TestPort::One,
            use_: "send from",
            count: 2
        }]
    );
    let nowhere = RepeaterMode::Send {
        inwards: false,
        outwards: false,
    };
    let nowhere = refusals(|config| config.repeaters.get_mut(VerticalBus::at(1)).mode = nowhere);
    assert_eq!(nowhere, [Refusal::SendsNowhere]);
}

#[test]
fn a_merge_that_is_not_continued_is_reported_but_not_refused() {
    // The default tree of the public tools is such a case.
    let config = HicannConfig::default();
    assert!(Encoder::new(&config, &Limits::default()).is_ok());
    let found = config.check(&Limits::default());
    let expected = Refusal::MergeNotContinued {
        merger: Merger::at(1),
        next: Merger::at(8),
    };
    assert!(found.contains(&expected));
    assert!(
        found
            .iter()
            .all(|refusal| refusal.severity() == Severity::Suspect)
    );
    // A tree that merges all the way complies.
    let mut config = config;
    for merger in &mut config.mergers.tree {
        merger.mode = MergerMode::Merge;
    }
    assert_eq!(config.check(&Limits::default()), []);
}

#[test]
fn values_that_do_not_fit_are_refused() {
    let index = Synapses::index(SynapseRow::at(9), Column::at(200));
    let weight = refusals(|config| config.synapses.weights[index] = 16);
    let too_large = |what, value, largest| Refusal::ValueTooLarge { what, value, largest };
    assert_eq!(weight, [too_large("a weight", 16, 15)]);
    let code = refusals(|config| {
        config
            .floating_gates
            .set(FgBlock::at(2), FgRow::at(5), FgColumn::at(128), 1024);
    });
    let expected = Refusal::CodeTooLarge {
        block: FgBlock::at(2),
        row: FgRow::at(5),
        column: FgColumn::at(128),
        code: 1024,
    };
    assert_eq!(code, [expected]);
    let row = refusals(|config| config.controllers[1].last_row = 224);
    assert_eq!(row, [too_large("the row of a synapse array", 224, 223)]);
    let timing = refusals(|config| config.neurons.timings.write_delay = 16);
    assert_eq!(timing, [too_large("the timing of a memory", 16, 15)]);
    let divider = refusals(|config| config.drivers[3].rows[1].divider_left = 16);
    assert_eq!(divider, [too_large("a conductance divider", 16, 15)]);
    let mut programming = Programming::default();
    programming.passes[0].controller.read_time = 64;
    let config = HicannConfig::default();
    let encoder = Encoder::new(&config, &Limits::default()).unwrap();
    assert_eq!(encoder.all(&programming), Err(too_large("a read time", 64, 63)));
    let short = refusals(|config| {
        config.drivers.pop();
    });
    assert!(matches!(
        short[..],
        [Refusal::WrongNumber {
            expected: 224,
            found: 223,
            ..
        }]
    ));
    let alone = refusals(|config| config.drivers[1].connect_neighbour = true);
    assert_eq!(alone, [Refusal::NoNeighbour(SynapseDriver::at(1))]);
}

/// A net from repeater 0 of one chip over the next chip's bus to a driver there, and across the border to a driver of the
/// third.
struct Net {
    chips: [Hicann; 3],
    wafer: WaferConfig,
    vertical: VerticalBus,
    far: SynapseDriver,
}

fn net() -> Net {
    let chips = [12, 13, 14].map(|x| Hicann::new(x, 7).unwrap());
    let mut wafer = WaferConfig::default();
    for chip in chips {
        wafer.chips.insert(chip, HicannConfig::default());
    }
    let first = wafer.chips.get_mut(&chips[0]).unwrap();
    first.repeaters.get_mut(HorizontalBus::at(6)).mode = RepeaterMode::Send {
        inwards: true,
        outwards: false,
    };
    first.mergers.dnc[7].slow = true;
    let second = wafer.chips.get_mut(&chips[1]).unwrap();
    second.repeaters.get_mut(HorizontalBus::at(8)).mode = RepeaterMode::Forward(Drive::Inwards);
    let vertical = crossbar::vertical(HorizontalBus::at(8), Side::Right, 2);
    second.crossbars.set(HorizontalBus::at(8), vertical, true);
    let row = synapse_switch::rows(vertical)
        .find(|row| row.target(chips[1]) == Some(chips[2]))
        .unwrap();
    second.synapse_switches.set(row, vertical, true);
    let far = row.line;
    let third = wafer.chips.get_mut(&chips[2]).unwrap();
    third.drivers[far.index()].on = true;
    third.drivers[far.index()].local_input = true;
    Net {
        chips,
        wafer,
        vertical,
        far,
    }
}

fn violations(wafer: &WaferConfig) -> Vec<Violation> {
    let mut found = wafer.check(&Limits::default());
    found.retain(|violation| violation.severity() > Severity::Suspect);
    found
}

#[test]
fn a_net_over_three_chips_is_legal() {
    let net = net();
    assert_eq!(violations(&net.wafer), []);
    let encoders = net.wafer.encoders(&Limits::default()).unwrap();
    assert!(encoders.iter().map(|(chip, _)| *chip).eq(net.chips));
}

#[test]
fn a_bus_has_one_sender() {
    // The repeater of the bus that is met from the north drives the same vertical bus.
    let mut net = net();
    let bus = Bus::from(net.vertical);
    let second = net.wafer.chips.get_mut(&net.chips[1]).unwrap();
    second.repeaters.get_mut(bus).mode = RepeaterMode::Forward(Drive::Inwards);
    let found = violations(&net.wafer);
    let expected = vec![
        (net.chips[1], Bus::from(HorizontalBus::at(8))),
        (net.chips[1], bus),
    ];
    assert!(
        matches!(&found[..], [Violation::Senders { repeaters, .. }] if *repeaters == expected),
        "{found:?}"
    );
    assert!(net.wafer.encoders(&Limits::default()).is_err());
    // And one that is driven from the chip beyond: outwards from the third chip onto bus 8 of the second.
    let mut net = self::net();
    let third = net.wafer.chips.get_mut(&net.chips[2]).unwrap();
    let bus = HorizontalBus::at(8).east();
    third.repeaters.get_mut(bus).mode = RepeaterMode::Forward(Drive::Outwards);
    let found = violations(&net.wafer);
    let expected = vec![
        (net.chips[1], Bus::from(HorizontalBus::at(8))),
        (net.chips[2], Bus::from(bus)),
    ];
    assert!(matches!(&found[..], [Violation::Senders { repeaters, .. }] if *repeaters == expected));
    assert_eq!(
        found[0].to_string(),
        "chip (13,7): bus h8 is driven by the repeaters (13,7) h8, (14,7) h10, and only one may drive it"
    );
}

#[test]
fn a_row_of_switches_is_shared_with_the_adjacent_chip() {
    let mut net = net();
    let (chip, driver) = (net.chips[2], net.far);
    let own = SwitchRow::new(Side::Left, driver);
    let bus = own.bus(3);
    let third = net.wafer.chips.get_mut(&chip).unwrap();
    third.synapse_switches.set(own, bus, true);
    // Neither chip has two closed switches in a row; together they short two buses.
    for config in net.wafer.chips.values() {
        assert!(Encoder::new(config, &Limits::default()).is_ok());
    }
    let expected = Violation::SharedSwitches {
        chip,
        driver,
        buses: vec![(chip, bus.into()), (net.chips[1], net.vertical.into())],
        limit: 1,
    };
    assert_eq!(violations(&net.wafer), [expected]);
}

#[test]
fn a_chain_of_drivers_takes_one_bus() {
    let mut net = net();
    let (chip, driver) = (net.chips[2], net.far);
    let outer = driver.outer_neighbour().unwrap();
    let third = net.wafer.chips.get_mut(&chip).unwrap();
    third.drivers[driver.index()].connect_neighbour = true;
    third.drivers[outer.index()].on = true;
    assert_eq!(violations(&net.wafer), []);
    let row = SwitchRow::new(Side::Left, outer);
    let third = net.wafer.chips.get_mut(&chip).unwrap();
    third.drivers[outer.index()].local_input = true;
    third.synapse_switches.set(row, row.bus(0), true);
    let expected = Violation::ChainFedTwice {
        chip,
        drivers: vec![driver, outer],
    };
    assert_eq!(violations(&net.wafer), [expected]);
}

#[test]
fn repeaters_that_drive_out_of_the_wafer_are_reported() {
    let mut net = net();
    let first = net.wafer.chips.get_mut(&net.chips[0]).unwrap();
    first.repeaters.get_mut(HorizontalBus::at(6)).mode = RepeaterMode::Send {
        inwards: true,
        outwards: true,
    };
    let expected = Violation::DrivesNothing {
        chip: net.chips[0],
        bus: HorizontalBus::at(6).into(),
    };
    assert!(net.wafer.check(&Limits::default()).contains(&expected));
    assert_eq!(violations(&net.wafer), []);
}

#[test]
fn an_analogue_line_is_for_one_chip_of_a_reticle() {
    let mut net = net();
    // (12,7) to (14,7) are on one reticle; (16,7) would be on the next.
    for chip in [net.chips[0], net.chips[2]] {
        net.wafer.chips.get_mut(&chip).unwrap().analog.outputs[1].on = true;
    }
    let expected = Violation::SharedAnalogLine {
        reticle: net.chips[0].reticle(),
        output: taproot_wafer::AnalogOutput::at(1),
        chips: vec![net.chips[0], net.chips[2]],
    };
    assert_eq!(violations(&net.wafer), [expected]);
}

#[test]
fn a_sender_without_locking_traffic_is_reported() {
    let mut net = net();
    let chip = net.chips[0];
    let reported = |wafer: &WaferConfig| {
        wafer.chips[&chip]
            .check(&Limits::default())
            .contains(&Refusal::NoLockingTraffic(DncMerger::at(7)))
    };
    assert!(reported(&net.wafer));
    let set = |wafer: &mut WaferConfig, block: usize, address: usize| {
        let config = wafer.chips.get_mut(&chip).unwrap();
        config.background[block] = BackgroundGenerator {
            address: taproot_wafer::L1Address::at(address),
            ..BackgroundGenerator::regular(125).unwrap()
        };
    };
    // Generator 6 does not reach DNC merger 7, and generator 7 must send address 0.
    set(&mut net.wafer, 6, 0);
    assert!(reported(&net.wafer));
    set(&mut net.wafer, 7, 5);
    assert!(reported(&net.wafer));
    set(&mut net.wafer, 7, 0);
    assert!(!reported(&net.wafer));
}
