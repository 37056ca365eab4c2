//! Diagnostic counters with every field of their filters, and the timing counters.

use super::*;

/// A filter that lets everything pass.
const ALL: u32 = 0x01ff_fcff;
const FILTER: u32 = 0x200;
const COUNTER: u32 = 0x300;

/// A packet with its origin.
#[derive(Clone, Copy)]
struct Seen {
    what: &'static str,
    route: u8,
    packet: fn() -> Packet,
}

/// Packets that differ in what filters look at; see [`chip`] for where they go.
const SEEN: [Seen; 10] = [
    Seen {
        what: "MC from a core to a core",
        route: 7,
        packet: || packet(0x00, 1, None),
    },
    Seen {
        what: "MC with payload to a link",
        route: 3,
        packet: || packet(0x00, 2, Some(0)),
    },
    Seen {
        what: "MC by default",
        route: 4,
        packet: || packet(0x00, 77, None),
    },
    Seen {
        what: "MC that is dumped",
        route: 7,
        packet: || packet(0x00, 3, None),
    },
    Seen {
        what: "MC that reverts to a core",
        route: 1,
        packet: || packet(0x30, 1, None),
    },
    Seen {
        what: "MC that was diverted",
        route: 1,
        packet: || packet(0x20, 1, None),
    },
    Seen {
        what: "P2P to the monitor",
        route: 2,
        packet: || packet(0x70, 0, None),
    },
    Seen {
        what: "NN to the monitor",
        route: 0,
        packet: || packet(0x80, 0, None),
    },
    Seen {
        what: "FR to a link",
        route: 7,
        packet: || packet(0xc0, 0, Some(1)),
    },
    Seen {
        what: "MC that is diverted here",
        route: 7,
        packet: || packet(0x00, 4, None),
    },
];

fn chip() -> (Router, Fake) {
    let mut router = router();
    set(&mut router, 0, 0x0202_0001 | 5 << 8);
    for (index, route) in [(1, 1 << (6 + 3)), (2, 1 << 2), (3, 1 << (6 + 7)), (4, 1 << 5)] {
        entry(&mut router, index, index, !0, route);
    }
    set(&mut router, 0x1_0000, 0o66_666_667);
    set(&mut router, 0x84, 1 << 3);
    let ports = Fake {
        blocked_links: 1 << 5,
        blocked_cores: 1 << 7,
        ..Fake::default()
    };
    (router, ports)
}

/// Which of [`SEEN`] a filter counts, by number.
fn counted(filter: u32) -> Vec<usize> {
    (0..SEEN.len())
        .filter(|n| {
            let (mut router, mut ports) = chip();
            set(&mut router, FILTER, filter);
            set(&mut router, 0x2c, 1);
            goes(&mut router, &mut ports, SEEN[*n].route, (SEEN[*n].packet)());
            let count = get(&mut router, COUNTER);
            assert!(count <= 1, "{} counts once", SEEN[*n].what);
            count == 1
        })
        .collect()
}

#[test]
fn each_field_selects() {
    let everything: Vec<usize> = (0..SEEN.len()).collect();
    for (what, field, bits, expected) in [
        ("all", 0, 0, &everything[..]),
        ("MC", 0xf, 1, &[0, 1, 2, 3, 4, 5, 9]),
        ("P2P", 0xf, 2, &[6]),
        ("NN", 0xf, 4, &[7]),
        ("FR", 0xf, 8, &[8]),
        ("P2P or FR", 0xf, 10, &[6, 8]),
        ("no kind", 0xf, 0, &[]),
        ("came unmarked", 0xf0, 1 << 4, &[0, 1, 2, 3, 6, 7, 8, 9]),
        ("came as 10", 0xf0, 4 << 4, &[5]),
        ("came as 11", 0xf0, 8 << 4, &[4]),
        ("default-routed", 0xc00, 1 << 10, &[2]),
        ("not default-routed", 0xc00, 1 << 11, &[0, 1, 3, 4, 5, 6, 7, 8, 9]),
        ("with payload", 0x3000, 1 << 12, &[1, 8]),
        ("without", 0x3000, 1 << 13, &[0, 2, 3, 4, 5, 6, 7, 9]),
        ("local", 0xc000, 1 << 14, &[0, 3, 8, 9]),
        ("from elsewhere", 0xc000, 1 << 15, &[1, 2, 4, 5, 6, 7]),
        ("dumped", 0x01ff_0000, 1 << 16, &[3]),
        ("to a core", 0x01ff_0000, 1 << 17, &[0, 4]),
        ("to the monitor", 0x01ff_0000, 1 << 18, &[6, 7]),
        ("to link 0", 0x01ff_0000, 1 << 19, &[5]),
        ("to link 1", 0x01ff_0000, 1 << 20, &[2]),
        ("to link 2", 0x01ff_0000, 1 << 21, &[1]),
        ("to link 3", 0x01ff_0000, 1 << 22, &[8]),
        ("to link 4, as 5 is blocked", 0x01ff_0000, 1 << 23, &[9]),
        ("to link 5", 0x01ff_0000, 1 << 24, &[]),
    ] {
        assert_eq!(counted(ALL & !field | bits), expected, "{what}");
    }
}

/// With bit 8 the emergency field is that of a copy that leaves for one of the chosen destinations.
#[test]
fn outgoing_marks_select() {
    for (what, mark, destinations, expected) in [
        ("leaves as 10", 2, 0x1ff, &[9][..]),
        ("leaves as 11", 3, 0x1ff, &[5]),
        ("leaves as 10 by link 4", 2, 1 << 7, &[9]),
        ("leaves as 10 by another", 2, 0x1ff & !(1 << 7), &[]),
        ("leaves unmarked", 0, 0x1ff, &[0, 1, 2, 3, 4, 6, 7, 8]),
        ("as 01", 1, 0x1ff, &[]),
    ] {
        let filter = 1 << 8 | ALL & !0x01ff_00f0 | destinations << 16 | 0x10 << mark;
        assert_eq!(counted(filter), expected, "{what}");
    }
    // One packet with an unmarked copy east and a combined one south-west.
    let (mut router, mut ports) = chip();
    entry(&mut router, 9, 9, !0, 1 << 0 | 1 << 4 | 1 << 5);
    set(
        &mut router,
        FILTER,
        1 << 8 | ALL & !0x01ff_00f0 | 1 << 23 | 2 << 4,
    );
    set(
        &mut router,
        FILTER + 4,
        1 << 8 | ALL & !0x01ff_00f0 | 1 << 19 | 2 << 4,
    );
    set(
        &mut router,
        FILTER + 8,
        1 << 8 | ALL & !0x01ff_00f0 | 1 << 19 | 1 << 4,
    );
    set(&mut router, 0x2c, 7);
    assert_eq!(
        goes(&mut router, &mut ports, 7, packet(0, 9, None)),
        "link 0, link 4 as 01"
    );
    let counts: Vec<u32> = (0..3).map(|n| get(&mut router, COUNTER + 4 * n)).collect();
    assert_eq!(counts, [1, 0, 1]);
}

#[test]
fn counters_count_while_enabled_from_any_value_and_are_cleared_one_by_one() {
    let (mut router, mut ports) = chip();
    for n in 0..16 {
        set(&mut router, FILTER + 4 * n, ALL);
        set(&mut router, COUNTER + 4 * n, 100 * n);
    }
    set(&mut router, 0x2c, 0x8421);
    for _ in 0..3 {
        goes(&mut router, &mut ports, 7, packet(0, 1, None));
    }
    let counts = |router: &mut Router| (0..16).map(|n| get(router, COUNTER + 4 * n)).collect::<Vec<_>>();
    let expected = |n: u32| 100 * n + if 0x8421 >> n & 1 != 0 { 3 } else { 0 };
    assert_eq!(counts(&mut router), (0..16).map(expected).collect::<Vec<_>>());
    // Writing a one clears, writing a zero does nothing; the enable bits are replaced.
    set(&mut router, 0x2c, 0x8420 << 16 | 1);
    assert_eq!(get(&mut router, 0x2c), 1);
    let cleared = |n| if 0x8420 >> n & 1 != 0 { 0 } else { expected(n) };
    assert_eq!(counts(&mut router), (0..16).map(cleared).collect::<Vec<_>>());
    set(&mut router, COUNTER, u32::MAX);
    goes(&mut router, &mut ports, 7, packet(0, 1, None));
    assert_eq!(get(&mut router, COUNTER), 0, "and go round");
}

#[test]
fn a_counter_s_event_is_sticky_until_its_filter_is_read_and_may_interrupt() {
    let (mut router, mut ports) = chip();
    set(&mut router, FILTER + 4 * 3, ALL | 1 << 30);
    set(&mut router, FILTER + 4 * 4, ALL);
    set(&mut router, 0x2c, 0xffff);
    assert_eq!(router.registers.interrupts(), (false, false, false));
    goes(&mut router, &mut ports, 7, packet(0, 1, None));
    assert_eq!(router.registers.interrupts(), (true, false, false));
    assert_eq!(get(&mut router, 0x04) & 0xe000_ffff, 1 << 31 | 1 << 3);
    // Writing the filter anew does not take the event back.
    set(&mut router, FILTER + 4 * 3, ALL | 1 << 30);
    assert_eq!(router.registers.interrupts(), (true, false, false));
    assert_eq!(
        get(&mut router, FILTER + 4 * 4),
        ALL | 1 << 29,
        "an event, no interrupt"
    );
    assert_eq!(get(&mut router, FILTER + 4 * 3), ALL | 7 << 29);
    assert_eq!(get(&mut router, FILTER + 4 * 3), ALL | 1 << 30);
    assert_eq!(router.registers.interrupts(), (false, false, false));
}

/// SARK's twelve (`spinnaker_tools: sark/sark_hw.c`): what each counts of [`SEEN`].
#[test]
fn the_filters_that_sark_sets() {
    for (filter, expected) in [
        (0x01fe_7cf1, &[0, 9][..]),
        (0x01fe_bcf1, &[1, 2, 4, 5]),
        (0x01fe_7cf2, &[]),
        (0x01fe_bcf2, &[6]),
        (0x01fe_7cf4, &[]),
        (0x01fe_bcf4, &[7]),
        (0x01fe_7cf8, &[8]),
        (0x01fe_bcf8, &[]),
        (0x0001_fcf1, &[3]),
        (0x0001_fcf2, &[]),
        (0x0001_fcf4, &[]),
        (0x0001_fcf8, &[]),
    ] {
        assert_eq!(counted(filter), expected, "{filter:#x}");
    }
}

#[test]
fn the_cycle_counter_counts_router_clocks_while_enabled() {
    let mut router = router();
    let read = |router: &mut Router, at| router.read(0x34, at).unwrap();
    assert_eq!(read(&mut router, 3000), 0);
    set_at(&mut router, 0x30, 1, 3000);
    assert_eq!(read(&mut router, 3000), 0);
    assert_eq!(
        read(&mut router, 3300),
        200,
        "300 cycles of 5 ns are 200 of 7.5 ns"
    );
    set_at(&mut router, 0x30, 0, 3600);
    assert_eq!(read(&mut router, 9000), 400);
    set_at(&mut router, 0x30, 1, 9000);
    assert_eq!(read(&mut router, 9003), 402);
    set_at(&mut router, 0x30, 1 << 16 | 1, 9300);
    assert_eq!(read(&mut router, 9303), 2);
    set_at(&mut router, 0x34, 77, 9303);
    assert_eq!(read(&mut router, 9303), 2, "read-only");
}

/// Wait in router clocks, and the register that counts it, with a first wait of exponent 4: units of 16 clocks.
#[test]
fn the_histogram_sorts_packets_by_how_long_they_were_blocked() {
    for (clocks, register) in [
        (0, 0x3c),
        (2, 0x40),
        (14, 0x40),
        (16, 0x44),
        (100, 0x58),
        (240, 0x7c),
        (400, 0x7c),
    ] {
        let mut router = router();
        set(&mut router, 0, 0x004f_0001);
        set(&mut router, 0x30, 0b110);
        entry(&mut router, 0, 1, !0, 1);
        let mut ports = Fake {
            blocked_links: u32::from(clocks > 0),
            ..Fake::default()
        };
        let opens = clocks * 3 / 2;
        router.injected.push(local(packet(0, 1, None), 0));
        router.process(0, opens, &T, &mut ports);
        ports.blocked_links = 0;
        router.process(opens, opens + 80, &T, &mut ports);
        for offset in (0x3c..0x80).step_by(4) {
            assert_eq!(
                get(&mut router, offset),
                u32::from(offset == register),
                "{clocks} at {offset:#x}"
            );
        }
        assert_eq!(
            u64::from(get(&mut router, 0x38)),
            1 + clocks,
            "one packet and its stalls"
        );
        set(&mut router, 0x30, 0b110 << 16);
        assert!(
            (0x30..0x80)
                .step_by(4)
                .all(|offset| get(&mut router, offset) == 0)
        );
    }
}

#[test]
fn what_is_dumped_is_not_in_the_histogram_but_kept_the_router_active() {
    let (mut router, mut ports) = chip();
    set(&mut router, 0x30, 0b110);
    goes(&mut router, &mut ports, 7, packet(0, 3, None));
    // Both waits are of two clocks here.
    assert_eq!(get(&mut router, 0x38), 1 + 4);
    assert!(
        (0x3c..0x80)
            .step_by(4)
            .all(|offset| get(&mut router, offset) == 0)
    );
}

/// The filter by which SpiNNMan 7.4.1 counts "local default routed packets" (`BaseTransceiver.reset_routing`, user 3):
/// multicast, from a core, by default, anywhere. "This can only occur when the source router has no router entry".
#[test]
fn a_local_packet_without_an_entry_counts_as_dropped_and_as_default_routed() {
    const SPINNMAN_USER_3: u32 = 0x01ff_75f1;
    for (filter, key, expected) in [
        (SPINNMAN_USER_3, 77, 1),
        (SPINNMAN_USER_3, 1, 0),
        (SPINNMAN_USER_3, 3, 0),
        (ALL & !0x01ff_0000 | 1 << 16, 77, 1),
        (ALL & !0xc00 | 1 << 11, 77, 0),
    ] {
        let (mut router, mut ports) = chip();
        set(&mut router, FILTER, filter);
        set(&mut router, 0x2c, 1);
        goes(&mut router, &mut ports, 7, packet(0x00, key, Some(0)));
        assert_eq!(
            get(&mut router, COUNTER),
            expected,
            "filter {filter:#x}, key {key}"
        );
    }
}
