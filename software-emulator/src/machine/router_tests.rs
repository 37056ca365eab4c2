//! Packets across several chips: the routers are real ones, the cores do nothing by themselves. Tests write to the
//! communications controllers of sleeping cores as programs would.

use super::system::System;
use crate::peripheral::communications::LOCAL_ROUTE;
use crate::{Damage, Timing};
use std::net::Ipv4Addr;
use taproot_spinnaker_chip::{ChipXy, Link, Machine};

const TX_NOT_FULL: u32 = 1 << 28;
const RECEIVED: u32 = 1 << 31;
/// The monitor of every chip: the lowest core.
const MONITOR: usize = 0;

/// Waits for an interrupt (`mcr p15, 0, r0, c7, c0, 4`), again and again (`b` to it); none is enabled.
const SLEEP: [u32; 2] = [0xee07_0f90, 0xeaff_fffd];

const MC: u8 = 0x00;
const P2P: u8 = 0x40;
const NN: u8 = 0x80;
const PEEK_POKE: u8 = 0xa0;
const FR: u8 = 0xc0;

fn xy(x: u8, y: u8) -> ChipXy {
    ChipXy::new(x, y)
}

/// A machine whose cores are out of the boot ROM and asleep; first wait 240 clocks, no second.
fn machine(description: &Machine) -> System {
    let mut system = System::new(description, &[Ipv4Addr::LOCALHOST], 1).unwrap();
    for (xy, _) in description.chips() {
        system.with_chip(xy, |chip, at| {
            for core in 0..18 {
                let cpu = &mut chip.cores[core].cpu;
                cpu.tcm_write(0, &SLEEP.map(u32::to_le_bytes).concat());
                cpu.enter(0);
                chip.attend(core, at);
            }
        });
        control(&mut system, xy, 0x0040_0001);
    }
    system.run_until(Timing::WINDOW);
    system
}

fn mesh(width: u8, height: u8) -> Machine {
    Machine::grid("test", width, height, false).unwrap()
}

fn control(system: &mut System, xy: ChipXy, value: u32) {
    register(system, xy, 0, value | (MONITOR as u32) << 8);
}

/// Writes a router register.
fn register(system: &mut System, xy: ChipXy, offset: u32, value: u32) {
    system.with_chip(xy, |chip, at| {
        chip.shared.router.write(offset, value, at).unwrap();
        chip.next = chip.next.min(at);
    });
}

fn read(system: &mut System, xy: ChipXy, offset: u32) -> u32 {
    system.with_chip(xy, |chip, at| chip.shared.router.read(offset, at).unwrap())
}

fn entry(system: &mut System, xy: ChipXy, index: u32, key: u32, route: u32) {
    register(system, xy, 0x8000 + 4 * index, key);
    register(system, xy, 0xc000 + 4 * index, !0);
    register(system, xy, 0x4000 + 4 * index, route);
}

/// The route word's bit of a core.
fn to_core(core: u32) -> u32 {
    1 << (6 + core)
}

/// Writes a packet into a core's transmit registers. False, with nothing written, if they are full.
fn send(system: &mut System, xy: ChipXy, core: usize, control: u8, key: u32, payload: Option<u32>) -> bool {
    let sent = system.with_chip(xy, |chip, at| {
        let communications = &mut chip.cores[core].local.communications;
        if communications.read(0, at).unwrap() & TX_NOT_FULL == 0 {
            return false;
        }
        communications
            .write(0, u32::from(control) << 16, at, &Timing::STOCK)
            .unwrap();
        if let Some(payload) = payload {
            communications.write(4, payload, at, &Timing::STOCK).unwrap();
        }
        communications.write(8, key, at, &Timing::STOCK).unwrap();
        chip.cores[core].local.refresh();
        chip.attend(core, at);
        true
    });
    system.run_until(system.now() + Timing::WINDOW);
    sent
}

/// What a core has received: route, control byte, key and payload. Reading takes it away.
fn receive(system: &mut System, xy: ChipXy, core: usize) -> Option<(u8, u8, u32, u32)> {
    let received = system.with_chip(xy, |chip, at| {
        let shared = &mut chip.shared;
        let communications = &mut chip.cores[core].local.communications;
        communications.advance(at, &mut shared.router.injected);
        let status = communications.read(0x0c, at).unwrap();
        if status & RECEIVED == 0 {
            return None;
        }
        let payload = communications.read(0x10, at).unwrap();
        let key = communications.read(0x14, at).unwrap();
        chip.attend(core, at);
        Some(((status >> 24 & 7) as u8, (status >> 16) as u8, key, payload))
    });
    system.run_until(system.now() + Timing::WINDOW);
    received
}

fn later(system: &mut System) {
    system.run_until(system.now() + 20_000);
}

#[test]
fn a_packet_crosses_a_row_of_chips_by_default_routing() {
    let mut system = machine(&mesh(4, 1));
    entry(&mut system, xy(0, 0), 0, 7, 1 << 0);
    entry(&mut system, xy(3, 0), 0, 7, to_core(4));
    assert!(send(&mut system, xy(0, 0), 2, MC, 7, Some(99)));
    later(&mut system);
    let (route, control, key, payload) = receive(&mut system, xy(3, 0), 4).unwrap();
    assert_eq!((route, control & !1, key, payload), (3, 0x02, 7, 99));
    assert_eq!(receive(&mut system, xy(3, 0), 4), None);
    assert_eq!(system.statistics().link_packets, 3);
}

#[test]
fn a_hop_takes_its_time_on_the_wire_and_in_the_router() {
    for (payload, hop) in [(None, 84), (Some(1), 116)] {
        let arrival = |chips: u8| {
            let mut system = machine(&mesh(4, 1));
            entry(&mut system, xy(0, 0), 0, 7, 1);
            entry(&mut system, xy(chips, 0), 0, 7, to_core(4));
            let start = system.now();
            send(&mut system, xy(0, 0), 2, MC, 7, payload);
            later(&mut system);
            let mut at = start;
            while system.with_chip(xy(chips, 0), |chip, _| {
                let shared = &mut chip.shared;
                let communications = &mut chip.cores[4].local.communications;
                communications.advance(at, &mut shared.router.injected);
                communications.read(0x0c, at).unwrap() & RECEIVED == 0
            }) {
                at += 1;
            }
            at - start
        };
        let times: Vec<u64> = (0..4).map(arrival).collect();
        assert_eq!(times[0], 40, "to a core of the same chip");
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == hop), "{times:?}");
    }
}

/// Nobody reads at the end of a row of four chips and every router waits for ever: the row fills up to the sender's
/// transmit register, nothing is lost, and it all flows again.
#[test]
fn back_pressure_reaches_the_sender_s_full_bit_through_several_hops() {
    let mut system = machine(&mesh(4, 1));
    for x in 0..4 {
        control(&mut system, xy(x, 0), 0x00ff_0001);
    }
    register(&mut system, xy(0, 0), 0x4000, 0);
    for (x, route) in [(0, 1 << 0), (3, to_core(4))] {
        for key in 0..100 {
            entry(&mut system, xy(x, 0), key, key, route);
        }
    }
    let mut sent = 0;
    while send(&mut system, xy(0, 0), 2, MC, sent, None) {
        sent += 1;
        later(&mut system);
    }
    // One in the transmit register, one that the first router has not begun, one in each output stage, what three links
    // hold, what waits at the core.
    let stock = Timing::STOCK;
    let room = 1 + 1 + 4 + 3 * u32::from(stock.link_depth) + u32::from(stock.core_depth);
    assert_eq!(sent, room);
    for x in 0..4 {
        assert_eq!(
            read(&mut system, xy(x, 0), 4) >> 24 & 3,
            2,
            "chip {x} is in its first wait"
        );
    }
    for key in 0..sent {
        let (_, _, received, _) = receive(&mut system, xy(3, 0), 4).expect("nothing is lost");
        assert_eq!(received, key, "nor overtaken");
        later(&mut system);
    }
    assert_eq!(receive(&mut system, xy(3, 0), 4), None);
    assert!(send(&mut system, xy(0, 0), 2, MC, 0, None), "not full any more");
}

/// Link north of (0,0) is dead: packets to (0,2) go over (1,1), the two other sides of the triangle.
fn around(kind: u8, also_to_the_north_east: bool) -> System {
    let mut description = mesh(2, 3);
    description.kill_link(xy(0, 0), Link::North);
    let mut system = machine(&description);
    let north = 1 << Link::North.number() | u32::from(also_to_the_north_east) << Link::NorthEast.number();
    for chip in [xy(0, 0), xy(0, 1), xy(0, 2), xy(1, 1)] {
        control(&mut system, chip, 0x4040_0001);
    }
    entry(&mut system, xy(0, 0), 0, 7, north);
    register(&mut system, xy(0, 0), 0x84, north);
    register(&mut system, xy(0, 1), 0x84, 1 << Link::North.number());
    register(&mut system, xy(0, 2), 0x84, to_core(3));
    entry(&mut system, xy(0, 2), 0, 7, to_core(3));
    entry(&mut system, xy(1, 1), 0, 7, to_core(5));
    register(&mut system, xy(1, 1), 0x84, to_core(5));
    // (0,2) as a point-to-point destination.
    for (chip, route) in [(xy(0, 0), 2), (xy(1, 1), 3), (xy(0, 1), 2), (xy(0, 2), 7)] {
        register(&mut system, chip, 0x1_0000, 0o66_666_066 | route << 6);
    }
    let key = if kind == P2P { 0x0002 } else { 7 };
    assert!(send(&mut system, xy(0, 0), 2, kind, key, None));
    later(&mut system);
    system
}

#[test]
fn a_multicast_packet_goes_around_a_dead_link_and_arrives_as_if_nothing_had_been() {
    for (kind, both) in [(MC, false), (MC, true), (FR, false), (FR, true)] {
        let mut system = around(kind, both);
        let (route, control, key, _) = receive(&mut system, xy(0, 2), 3).expect("it arrives");
        assert_eq!((route, control & !1, key), (Link::South.number(), kind, 7));
        let between = receive(&mut system, xy(1, 1), 5);
        assert_eq!(
            between.is_some(),
            both,
            "the chip in between gets its own copy only"
        );
        assert_eq!(read(&mut system, xy(0, 0), 0x28), 0, "nothing was dumped");
    }
}

#[test]
fn a_point_to_point_packet_finds_its_own_way_from_the_detour() {
    let mut system = around(P2P, false);
    let (route, control, _, _) = receive(&mut system, xy(0, 2), MONITOR).expect("it arrives");
    assert_eq!((route, control & !1), (Link::South.number(), P2P));
}

#[test]
fn without_a_second_wait_what_should_go_by_a_dead_link_is_dumped() {
    let mut description = mesh(2, 3);
    description.kill_link(xy(0, 0), Link::North);
    let mut system = machine(&description);
    entry(&mut system, xy(0, 0), 0, 7, 1 << Link::North.number());
    send(&mut system, xy(0, 0), 2, MC, 7, None);
    later(&mut system);
    assert_eq!(
        read(&mut system, xy(0, 0), 0x18) >> 24 & 7,
        u32::from(LOCAL_ROUTE)
    );
    assert_eq!(
        read(&mut system, xy(0, 0), 0x28),
        1 << 31 | 1 << Link::North.number()
    );
}

/// Address, what is there, and whether it is a bus error.
#[test]
fn a_core_peeks_and_pokes_the_chip_next_door() {
    let mut system = machine(&mesh(2, 1));
    let there = xy(1, 0);
    system.with_chip(there, |chip, _| {
        chip.shared
            .uncore
            .sdram
            .copy_in(0x6000_1000, &77u32.to_le_bytes());
        chip.shared.uncore.ram.copy_in(0x0000_0100, &88u32.to_le_bytes());
    });
    entry(&mut system, there, 9, 0, 0x00ab_cdef);
    let east = Link::East.number() << 2;
    let mut ask = |address: u32, poke: Option<u32>| {
        assert!(send(&mut system, xy(0, 0), 2, PEEK_POKE | east, address, poke));
        later(&mut system);
        // Where the answer goes: the monitor, whoever asked.
        let (route, control, key, payload) = receive(&mut system, xy(0, 0), MONITOR).expect("an answer");
        assert_eq!((route, control & 0xe0), (Link::East.number(), NN));
        assert_eq!(control >> 1 & 1 != 0, poke.is_none(), "a payload only for a read");
        assert_eq!(key & !2, address | 1);
        (key & 2 == 0).then_some(payload)
    };
    assert_eq!(ask(0x6000_1000, None), Some(77));
    assert_eq!(ask(0x7000_1000, None), Some(77));
    assert_eq!(ask(0xe500_0100, None), Some(88));
    assert_eq!(
        ask(0x0000_0100, None),
        Some(88),
        "local addresses show System RAM"
    );
    assert_eq!(ask(0xe200_0000, None), Some(0x5911_1012), "System Controller");
    assert_eq!(ask(0xe100_4024, None), Some(0x00ab_cdef), "router");
    for nothing in [0x5000_0000, 0x8000_0000, 0xe700_0000, 0xe100_8000] {
        assert_eq!(ask(nothing, None), None, "{nothing:#x}");
    }
    assert_eq!(ask(0x5000_0000, Some(1)), None);
    for address in [0x6000_1000, 0xe500_0100, 0xe100_0084] {
        assert_eq!(ask(address, Some(0x0400_0000)), Some(0));
        assert_eq!(ask(address, None), Some(0x0400_0000));
    }
}

#[test]
fn a_damaged_packet_is_lost_and_counted_where_it_arrives() {
    for (damage, bit) in [(Damage::Bit, 29), (Damage::Length, 28)] {
        let mut system = machine(&mesh(2, 1));
        control(&mut system, xy(1, 0), 0x0040_0039);
        entry(&mut system, xy(0, 0), 0, 7, 1);
        entry(&mut system, xy(1, 0), 0, 7, to_core(4));
        assert!(system.damage_next(xy(1, 0), Link::West, damage));
        for _ in 0..2 {
            send(&mut system, xy(0, 0), 2, MC, 7, None);
            later(&mut system);
        }
        assert_eq!(read(&mut system, xy(1, 0), 0x14), 1 << 31 | 1 << bit | 1);
        assert!(receive(&mut system, xy(1, 0), 4).is_some(), "the second one");
        assert_eq!(receive(&mut system, xy(1, 0), 4), None);
    }
}
