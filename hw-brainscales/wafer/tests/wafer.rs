//! The whole wafer, enumerated: geometry, counts, and the law of the 32 networks found without using the law.

use std::collections::{BTreeMap, BTreeSet};
use taproot_wafer::{
    Bus, Direction, DriverClass, Fpga, Half, Hicann, HorizontalBus, Network, Reticle, SendingRepeater, Side,
    SynapseDriver, VerticalBus, crossbar,
    synapse_switch::{self, SwitchRow},
};

#[test]
fn chips_are_numbered_row_by_row_within_the_round_wafer() {
    // Row, first x, last x, first number, last number: the published table.
    let rows = [
        (0, 12, 23, 0, 11),
        (1, 12, 23, 12, 23),
        (2, 8, 27, 24, 43),
        (3, 8, 27, 44, 63),
        (4, 4, 31, 64, 91),
        (5, 4, 31, 92, 119),
        (6, 0, 35, 120, 155),
        (7, 0, 35, 156, 191),
        (8, 0, 35, 192, 227),
        (9, 0, 35, 228, 263),
        (10, 4, 31, 264, 291),
        (11, 4, 31, 292, 319),
        (12, 8, 27, 320, 339),
        (13, 8, 27, 340, 359),
        (14, 12, 23, 360, 371),
        (15, 12, 23, 372, 383),
    ];
    for (y, first, last, from, to) in rows {
        let numbers: Vec<usize> = (0..=255)
            .filter_map(|x| Hicann::new(x, y).ok())
            .map(Hicann::index)
            .collect();
        assert!(numbers.iter().copied().eq(from..=to), "row {y}");
        assert_eq!(Hicann::new(first, y).unwrap().index(), from);
        assert_eq!(Hicann::new(last, y).unwrap().index(), to);
    }
    for chip in Hicann::all() {
        assert_eq!(Hicann::new(chip.x(), chip.y()), Ok(chip));
        for direction in Direction::ALL {
            if let Some(next) = chip.neighbour(direction) {
                assert_eq!(next.neighbour(direction.opposite()), Some(chip));
            }
        }
    }
}

#[test]
fn reticles_partition_the_wafer_and_each_has_its_fpga() {
    let mut chips = BTreeSet::new();
    for reticle in Reticle::all() {
        for (position, chip) in reticle.chips().into_iter().enumerate() {
            assert_eq!(chip.reticle(), reticle);
            assert_eq!(chip.position().index(), position);
            assert_eq!((chip.x() / 4, chip.y() / 2), (reticle.x(), reticle.y()));
            assert!(chips.insert(chip));
        }
        assert_eq!(reticle.fpga().reticle(), reticle);
    }
    assert_eq!(chips.len(), Hicann::COUNT);
    let fpgas: BTreeSet<Fpga> = Reticle::all().map(Reticle::fpga).collect();
    assert_eq!(fpgas.len(), 48);
    let powers: BTreeSet<u8> = Reticle::all().map(Reticle::power_number).collect();
    assert!(powers.into_iter().eq(1..=48));
    // Corners of the published tables.
    let fpga = |x, y| Hicann::new(x, y).unwrap().reticle().fpga().index();
    assert_eq!(
        [fpga(12, 0), fpga(23, 1), fpga(0, 6), fpga(35, 9), fpga(23, 15)],
        [12, 11, 22, 46, 35]
    );
    assert_eq!(Fpga::MASTER.reticle(), Reticle::at(0));
    assert_eq!((Fpga::at(46).board(), Fpga::at(46).socket()), (3, 10));
}

#[test]
fn reticles_share_readout_channels_with_none() {
    let mut seen = BTreeSet::new();
    let mut groups: BTreeMap<u8, usize> = BTreeMap::new();
    for reticle in Reticle::all() {
        let readout = reticle.readout();
        assert!(
            seen.insert((readout.board, readout.slice, readout.channel)),
            "{reticle}: {readout:?}"
        );
        *groups.entry(reticle.trigger_group()).or_default() += 1;
        assert!(reticle.adc_group() < 6);
    }
    // Twelve groups of four reticles fill two boards of six slices with eight channels.
    assert!(groups.into_iter().eq((0..12).map(|group| (group, 4))));
}

#[test]
fn counts_of_one_chip_and_of_the_wafer() {
    let crossbars: usize = HorizontalBus::all().map(|h| crossbar::verticals(h).count()).sum();
    assert_eq!(crossbars, 512);
    let switches: usize = VerticalBus::all().map(|v| synapse_switch::rows(v).count()).sum();
    assert_eq!(switches, 7_168);
    for bus in VerticalBus::all() {
        let rows: Vec<SwitchRow> = synapse_switch::rows(bus).collect();
        let own = rows
            .iter()
            .filter(|row| row.reach() == synapse_switch::Reach::Own);
        assert_eq!((rows.len(), own.count()), (28, 14));
        assert_eq!(rows.iter().filter(|row| row.line.half() == Half::Top).count(), 14);
    }
    for half in Half::ALL {
        for side in Side::ALL {
            let quadrant = SynapseDriver::all().filter(|d| d.half() == half && d.side() == side);
            assert_eq!(quadrant.count(), 56);
        }
    }
    assert_eq!(Hicann::COUNT * crossbars, 196_608);
    assert_eq!(Hicann::COUNT * switches, 2_752_512);
    assert_eq!(Hicann::COUNT * 448 * 256, 44_040_192);
}

#[test]
fn every_driver_is_fed_by_sixteen_own_and_sixteen_foreign_buses() {
    // Counted from the buses' side, driver by driver.
    let mut feeds = vec![(0, 0); Hicann::COUNT * SynapseDriver::COUNT];
    for chip in Hicann::all() {
        for bus in VerticalBus::all() {
            for row in synapse_switch::rows(bus) {
                if let Some(target) = row.target(chip) {
                    let feed = &mut feeds[target.index() * SynapseDriver::COUNT + row.line.index()];
                    match target == chip {
                        true => feed.0 += 1,
                        false => feed.1 += 1,
                    }
                }
            }
        }
    }
    for chip in Hicann::all() {
        for driver in SynapseDriver::all() {
            let beyond = chip.neighbour(driver.side().outwards()).is_some();
            let expected = (16, if beyond { 16 } else { 0 });
            assert_eq!(
                feeds[chip.index() * SynapseDriver::COUNT + driver.index()],
                expected,
                "{chip} {driver}"
            );
            // And from the drivers' side.
            let rows = synapse_switch::feeding(chip, driver);
            assert_eq!(rows.iter().flatten().count(), 1 + usize::from(beyond));
            for (at, row) in rows.into_iter().flatten() {
                assert_eq!((row.target(at), row.line), (Some(chip), driver));
            }
        }
    }
}

/// Sets of buses that are joined, by their dense numbers.
struct Sets(Vec<u32>);

impl Sets {
    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] as usize != at {
            self.0[at] = self.0[self.0[at] as usize];
            at = self.0[at] as usize;
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b) as u32;
    }
}

fn number(chip: Hicann, bus: Bus) -> usize {
    chip.index() * Bus::COUNT + bus.index()
}

/// All that repeaters and crossbar switches can join. This uses continuation and `crossbar::exists`, and no phase.
fn connect_everything() -> Sets {
    let mut sets = Sets((0..(Hicann::COUNT * Bus::COUNT) as u32).collect());
    for chip in Hicann::all() {
        for bus in Bus::all() {
            for direction in Direction::ALL {
                if let (Some(next), Some(across)) = (chip.neighbour(direction), bus.across(direction)) {
                    sets.join(number(chip, bus), number(next, across));
                    // Continuation is symmetric, and one repeater stands at each border: one of the two buses has it.
                    assert_eq!(across.across(direction.opposite()), Some(bus));
                    let (here, there) = (bus.repeater_border(), across.repeater_border());
                    assert!(
                        (here == direction) ^ (there == direction.opposite()),
                        "{chip} {bus}"
                    );
                }
            }
        }
        for h in HorizontalBus::all() {
            for v in VerticalBus::all().filter(|v| crossbar::exists(h, *v)) {
                sets.join(number(chip, h.into()), number(chip, v.into()));
            }
        }
    }
    sets
}

#[test]
fn networks() {
    let mut sets = connect_everything();
    let mut members: BTreeMap<usize, Vec<(Hicann, Bus)>> = BTreeMap::new();
    for chip in Hicann::all() {
        for bus in Bus::all() {
            members
                .entry(sets.root(number(chip, bus)))
                .or_default()
                .push((chip, bus));
        }
    }
    assert_eq!(members.len(), 32);
    let mut networks = BTreeSet::new();
    for buses in members.values() {
        assert_eq!(buses.len(), 3_840);
        // Now the law: one network number for each set, and another one for every other.
        let numbers: BTreeSet<Network> = buses.iter().map(|(chip, bus)| Network::of(*chip, *bus)).collect();
        assert_eq!(numbers.len(), 1);
        networks.extend(numbers);
        for chip in Hicann::all() {
            let here: Vec<Bus> = buses
                .iter()
                .filter(|(at, _)| *at == chip)
                .map(|(_, bus)| *bus)
                .collect();
            let horizontal = here.iter().filter(|bus| matches!(bus, Bus::Horizontal(_)));
            assert_eq!((horizontal.count(), here.len()), (2, 10));
        }
    }
    assert_eq!(networks.len(), 32);
}

#[test]
fn each_network_has_96_senders() {
    let mut senders: BTreeMap<Network, usize> = BTreeMap::new();
    for chip in Hicann::all() {
        for repeater in SendingRepeater::all() {
            let network = Network::of_sender(chip, repeater);
            let formula =
                (4 * repeater.index() as i32 + 3 - chip.x() as i32 - 2 * chip.y() as i32).rem_euclid(32);
            assert_eq!(network.index() as i32, formula);
            *senders.entry(network).or_default() += 1;
        }
    }
    assert_eq!(senders.len(), 32);
    assert!(senders.values().all(|count| *count == 96), "{senders:?}");
}

#[test]
fn a_bus_reaches_one_class_of_drivers_on_its_own_chip() {
    let mut drivers: BTreeMap<DriverClass, BTreeSet<SynapseDriver>> = BTreeMap::new();
    for bus in VerticalBus::all() {
        for row in synapse_switch::rows(bus).filter(|row| row.reach() == synapse_switch::Reach::Own) {
            assert_eq!(row.line.class(), bus.phase().driver_class(), "{bus} {row}");
            drivers.entry(row.line.class()).or_default().insert(row.line);
        }
    }
    assert_eq!(drivers.len(), 8);
    for (class, drivers) in drivers {
        assert_eq!(drivers.len(), 28, "{class}");
        for side in Side::ALL {
            assert_eq!(drivers.iter().filter(|d| d.side() == side).count(), 14);
        }
        // 16 vertical buses per side compete for them.
        for side in Side::ALL {
            let buses = VerticalBus::all().filter(|v| v.side() == side && v.phase().driver_class() == class);
            assert_eq!(buses.count(), 16);
        }
    }
}

#[test]
fn the_class_at_a_target_follows_from_repeater_and_displacement() {
    for source in Hicann::all().step_by(7) {
        for repeater in SendingRepeater::all() {
            let network = Network::of_sender(source, repeater);
            for target in Hicann::all() {
                let (dx, dy) = (
                    target.x() as i32 - source.x() as i32,
                    target.y() as i32 - source.y() as i32,
                );
                let phase = (4 * repeater.index() as i32 + 3 + dx + 2 * dy).rem_euclid(32);
                assert_eq!(network.phase_on(target).driver_class().index() as i32, phase / 4);
            }
        }
    }
}

#[test]
fn foreign_rows_open_another_class_only_at_the_edge_of_a_class() {
    for bus in VerticalBus::all() {
        let phase = bus.phase().index() as i32;
        for row in synapse_switch::rows(bus) {
            let synapse_switch::Reach::Adjacent(side) = row.reach() else {
                continue;
            };
            // What a bus of this network would reach on that chip by itself.
            let shift = match side {
                Side::Left => -1,
                Side::Right => 1,
            };
            let own_there = (phase + shift).rem_euclid(32) / 4;
            let at_edge = match side {
                Side::Left => phase % 4 == 0,
                Side::Right => phase % 4 == 3,
            };
            assert_eq!(
                row.line.class().index() as i32 != own_there,
                at_edge,
                "{bus} {row}"
            );
        }
    }
}
