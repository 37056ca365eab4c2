//! Where packets go when nothing is in the way.

use super::*;

#[test]
fn multicast_goes_to_several_links_and_cores_at_once() {
    let (mut router, mut ports) = (router(), Fake::default());
    entry(&mut router, 3, 0x1200, 0xff00, 1 << 0 | 1 << 4 | 1 << (6 + 17));
    router.injected.push(local(packet(0, 0x1234, None), 100));
    router.process(0, 200, &T, &mut ports);
    assert_eq!(ports.links.iter().map(|sent| sent.0).collect::<Vec<_>>(), [0, 4]);
    assert_eq!(ports.cores[0].0, 17);
    assert_eq!(ports.cores[0].1, 120);
}

#[test]
fn an_unmatched_multicast_goes_straight_on_unless_it_is_local() {
    let (mut router, mut ports) = (router(), Fake::default());
    for link in 0..6 {
        router.arrive(link, 100, packet(0, 77, None));
    }
    router.injected.push(local(packet(0, 77, None), 100));
    router.process(0, 200, &T, &mut ports);
    assert_eq!(
        ports.links.iter().map(|sent| sent.0).collect::<Vec<_>>(),
        [3, 4, 5, 0, 1, 2]
    );
}

#[test]
fn default_routes_may_be_diverted_or_destroyed() {
    let (mut router, mut ports) = (router(), Fake::default());
    set(&mut router, 0x80, 1 << 2 | 2 << 4);
    router.arrive(1, 10, packet(0, 77, None));
    router.arrive(2, 10, packet(0, 77, None));
    router.process(0, 200, &T, &mut ports);
    assert!(ports.links.is_empty());
    assert_eq!(ports.cores.iter().map(|sent| sent.0).collect::<Vec<_>>(), [5]);
}

#[test]
fn point_to_point_follows_its_table() {
    let (mut router, mut ports) = (router(), Fake::default());
    // Destination (0,3) by link 2; (0,4) here; everything else is dropped.
    set(&mut router, 0x1_0000, 0o66_672_666);
    for (n, destination) in [3u32, 4, 5].into_iter().enumerate() {
        router
            .injected
            .push(local(packet(0x40, destination, Some(1)), n as u64));
    }
    router.process(0, 200, &T, &mut ports);
    assert_eq!(ports.links.len(), 1);
    assert_eq!(ports.links[0].0, 2);
    assert_eq!(ports.cores[0].0, 5);
}

#[test]
fn nearest_neighbour_packets_go_one_hop() {
    let (mut router, mut ports) = (router(), Fake::default());
    router.injected.push(local(packet(0x80 | 3 << 2, 0x10, None), 0));
    router.process(0, 100, &T, &mut ports);
    assert_eq!(ports.links[0].0, 3);
    set(&mut router, 0x84, 0b01_0010 << 26);
    router
        .injected
        .push(local(packet(0x80 | 6 << 2, 0x20, None), 100));
    router.arrive(4, 101, packet(0x80 | 2 << 2, 0x30, None));
    router.process(100, 200, &T, &mut ports);
    assert_eq!(
        ports.links[1..].iter().map(|sent| sent.0).collect::<Vec<_>>(),
        [1, 4]
    );
    assert_eq!(
        (ports.cores[0].0, ports.cores[0].2),
        (5, 4),
        "to the monitor, with the link it came by"
    );
}

#[test]
fn peeks_and_pokes_are_answered_without_a_core() {
    let (mut router, mut ports) = (
        router(),
        Fake {
            memory: Some(0x5911_1012),
            ..Fake::default()
        },
    );
    router.arrive(2, 10, packet(0xa0 | 5 << 2, 0xf200_0000, None));
    router.arrive(2, 20, packet(0xa0 | 5 << 2, 0xf500_0000, Some(9)));
    router.process(0, 100, &T, &mut ports);
    let (link, _, answer) = ports.links[0];
    assert_eq!((link, answer.key, answer.payload), (2, 0xf200_0001, 0x5911_1012));
    assert_eq!(answer.control & !1, 0x82);
    let (_, _, answer) = ports.links[1];
    assert_eq!((answer.key, answer.has_payload()), (0xf500_0001, false));
    assert_eq!(ports.memory, Some(9));
    ports.memory = None;
    router.arrive(2, 100, packet(0xa0, 0x5000_0000, None));
    router.process(100, 200, &T, &mut ports);
    assert_eq!(ports.links[2].2.key, 0x5000_0003, "bus error");
}

#[test]
fn fixed_routes_use_one_register() {
    let (mut router, mut ports) = (router(), Fake::default());
    set(&mut router, 0x84, 1 << 5 | 1 << 6);
    router.injected.push(local(packet(0xc0, 1, Some(2)), 0));
    router.process(0, 100, &T, &mut ports);
    assert_eq!((ports.links[0].0, ports.cores[0].0), (5, 0));
}

#[test]
fn reset_values() {
    let mut router = Router::new(&T);
    assert_eq!(get(&mut router, 0x00), 0x0080_0001);
    assert_eq!(get(&mut router, 0x84), 0xfc00_0000);
    assert_eq!(get(&mut router, 0x1_0000), 0o66_666_666);
    assert!(router.read(0x8000, 0).is_err(), "keys are write-only");
}

/// Key, mask, whether key 0x1234 matches.
#[test]
fn an_entry_matches_where_its_mask_is_one_and_never_with_a_key_bit_outside_it() {
    for (key, mask, matches) in [
        (0x1234, 0xffff_ffff, true),
        (0x1235, 0xffff_ffff, false),
        (0x1200, 0xffff_ff00, true),
        (0x1300, 0xffff_ff00, false),
        (0, 0, true),
        (0x1234, 0xffff_ff00, false),
        (0x0001, 0, false),
        (0xffff_ffff, 0, false),
    ] {
        let mut router = router();
        entry(&mut router, 9, key, mask, 1 << 1);
        let went = goes(
            &mut router,
            &mut Fake::default(),
            LOCAL_ROUTE,
            packet(0, 0x1234, None),
        );
        assert_eq!(went == "link 1", matches, "key {key:#x} mask {mask:#x}");
    }
}

#[test]
fn every_bit_of_a_route_word_is_one_output_and_the_lowest_entry_wins() {
    for bit in 0..24u32 {
        let mut router = router();
        entry(&mut router, 1023, 7, !0, 0x3f);
        entry(&mut router, 20, 7, !0, 1 << bit);
        entry(&mut router, 21, 0, 0, 0x3f);
        let expected = if bit < 6 {
            format!("link {bit}")
        } else {
            format!("core {}", bit - 6)
        };
        assert_eq!(
            goes(&mut router, &mut Fake::default(), LOCAL_ROUTE, packet(0, 7, None)),
            expected
        );
    }
}

/// The packet goes to every link and every core of the chip at once, payload and key unchanged.
#[test]
fn one_packet_may_go_everywhere() {
    let (mut router, mut ports) = (router(), Fake::default());
    entry(&mut router, 0, 7, !0, 0xff_ffff);
    router.arrive(4, 50, packet(0, 7, Some(0xabcd)));
    router.process(0, 200, &T, &mut ports);
    assert_eq!((ports.links.len(), ports.cores.len()), (6, 18));
    let links = ports.links.iter().map(|(_, _, sent)| sent);
    for sent in links.chain(ports.cores.iter().map(|(.., sent)| sent)) {
        assert_eq!((sent.key, sent.payload), (7, 0xabcd));
        assert!(sent.parity_is_odd());
    }
}

#[test]
fn diversion_is_chosen_for_each_link_and_spares_what_matches() {
    for link in 0..6u8 {
        for (code, expected) in [
            (0b00, format!("link {}", (link + 3) % 6)),
            (0b01, "core 5".to_owned()),
            (0b11, "core 5".to_owned()),
            (0b10, String::new()),
        ] {
            let (mut router, mut ports) = (router(), Fake::default());
            entry(&mut router, 0, 1, !0, 1 << 6);
            // All other links the opposite way.
            let others = if code == 0 { 0xaaa } else { 0 };
            set(
                &mut router,
                0x80,
                others & !(3 << (2 * link)) | code << (2 * link),
            );
            assert_eq!(goes(&mut router, &mut ports, link, packet(0, 2, None)), expected);
            assert_eq!(goes(&mut router, &mut ports, link, packet(0, 1, None)), "core 0");
        }
    }
}

#[test]
fn each_of_the_eight_point_to_point_entries_means_what_the_table_says() {
    let expected = [
        "link 0", "link 1", "link 2", "link 3", "link 4", "link 5", "", "core 5",
    ];
    for (value, expected) in (0u32..).zip(expected) {
        for destination in [0x0000, 0x0001, 0x0007, 0x0100, 0x1ffb, 0xffff] {
            let mut router = router();
            set(
                &mut router,
                0x1_0000 + 4 * (destination >> 3),
                value << (3 * (destination & 7)) | 0o66_666_666 & !(7 << (3 * (destination & 7))),
            );
            // The source in the upper half has no influence, nor has the link it comes by.
            let packet = packet(0x40, 0x0203_0000 | destination, None);
            for route in [LOCAL_ROUTE, 3] {
                let went = goes(&mut router, &mut Fake::default(), route, packet);
                assert_eq!(went, expected, "{destination:#x} with {value}");
            }
        }
    }
}

/// Bits 5:4 of a point-to-point packet are software's, whatever they mean for other kinds.
#[test]
fn sequence_bits_are_no_emergency() {
    for sequence in 0..4u8 {
        let (mut router, mut ports) = (router(), Fake::default());
        set(&mut router, 0x1_0000, 0o66_666_662);
        router.arrive(1, 0, packet(0x40 | sequence << 4, 0, None));
        router.process(0, 100, &T, &mut ports);
        assert_eq!(ports.links[0].0, 2);
        assert_eq!(ports.links[0].2.control >> 4 & 3, sequence);
    }
}

#[test]
fn nearest_neighbour_packets_by_origin_and_route() {
    let expected = ["link 0", "link 1", "link 2", "link 3", "link 4", "link 5"];
    for route in 0..8u8 {
        let mut router = router();
        set(&mut router, 0x84, 0b10_0101 << 26);
        let sent = packet(0x80 | route << 2, 0x100, None);
        let from_core = match route {
            6 => "link 0, link 2, link 5",
            7 => "core 5",
            link => expected[usize::from(link)],
        };
        assert_eq!(
            goes(&mut router, &mut Fake::default(), LOCAL_ROUTE, sent),
            from_core
        );
        // From a neighbour: to the monitor, whatever the route field says.
        assert_eq!(goes(&mut router, &mut Fake::default(), 2, sent), "core 5");
    }
}

/// Time stamps are for other kinds: bits 3:2 are part of the route.
#[test]
fn nearest_neighbour_packets_do_not_grow_old() {
    for phase in 0..4 {
        let mut router = router();
        set(&mut router, 0, 0x0040_0001 | 5 << 8 | phase << 6);
        for route in 0..8u8 {
            let sent = packet(0x80 | route << 2, 0x100, None);
            assert_eq!(goes(&mut router, &mut Fake::default(), 2, sent), "core 5");
        }
    }
}

#[test]
fn a_core_may_poke_its_neighbour_but_not_its_own_chip() {
    let mut router = router();
    let mut ports = Fake {
        memory: Some(1),
        ..Fake::default()
    };
    let poke = packet(0xa0 | 1 << 2, 0x6000_0000, Some(9));
    assert_eq!(goes(&mut router, &mut ports, LOCAL_ROUTE, poke), "link 1");
    assert_eq!(ports.memory, Some(1));
    assert_eq!(goes(&mut router, &mut ports, 1, poke), "link 1");
    assert_eq!(ports.memory, Some(9));
}

#[test]
fn a_peek_reaches_the_routers_own_registers_and_reports_its_bus_errors() {
    let (mut router, mut ports) = (router(), Fake::default());
    set(&mut router, 0x4000 + 4 * 17, 0x00ab_cdef);
    for (at, address, key, payload) in [
        (0, 0xe100_0000u32, 0xe100_0001u32, 0x0040_0501u32),
        (100, 0xf100_4044, 0xf100_4045, 0x00ab_cdef),
        // Keys cannot be read.
        (200, 0xe100_8000, 0xe100_8003, 0),
    ] {
        router.arrive(3, at, packet(0xa0, address, None));
        router.process(at, at + 100, &T, &mut ports);
        let (link, _, answer) = ports.links.pop().unwrap();
        assert_eq!((link, answer.key, answer.payload), (3, key, payload));
        assert_eq!(answer.control & !1, 0x82, "a normal packet with a payload");
    }
    router.arrive(3, 300, packet(0xa0, 0xe100_0084, Some(0x0400_0001)));
    router.process(300, 400, &T, &mut ports);
    assert_eq!(ports.links[0].2.key, 0xe100_0085);
    assert_eq!(get(&mut router, 0x84), 0x0400_0001);
}

#[test]
fn fixed_routes_have_the_bits_of_a_route_word() {
    for bit in 0..24u32 {
        let mut router = router();
        set(&mut router, 0x84, 1 << bit);
        let expected = if bit < 6 {
            format!("link {bit}")
        } else {
            format!("core {}", bit - 6)
        };
        for route in [LOCAL_ROUTE, 0] {
            assert_eq!(
                goes(&mut router, &mut Fake::default(), route, packet(0xc0, 7, Some(8))),
                expected
            );
        }
    }
}

/// A packet that a core sends with a link in its source register: default routes, marks and time stamps are those of a
/// packet that came by that link.
#[test]
fn a_faked_route_is_believed() {
    for link in 0..6u8 {
        let (mut router, mut ports) = (router(), Fake::default());
        set(&mut router, 0, 0x0040_0001 | 5 << 8 | 0b01 << 6);
        let send = |router: &mut Router, stamp: u8, at| {
            router.injected.push(Injected {
                at,
                core: 2,
                route: link,
                packet: packet(stamp << 2, 77, None),
            });
        };
        send(&mut router, 0b00, 0);
        router.process(0, 100, &T, &mut ports);
        let (to, _, sent) = ports.links[0];
        assert_eq!((to, sent.time_stamp()), ((link + 3) % 6, 0b00), "its own stamp");
        send(&mut router, 0b10, 100);
        router.process(100, 200, &T, &mut ports);
        assert_eq!(ports.links.len(), 1, "two phases old");
    }
}

#[test]
fn testing_the_cam_finds_the_lowest_entry_or_a_miss() {
    let mut router = router();
    entry(&mut router, 700, 0x1200, 0xff00, 1);
    entry(&mut router, 701, 0x1230, 0xfff0, 1);
    for (key, answer) in [(0x1234, 700 << 1), (0x12ff, 700 << 1), (0x1334, 1)] {
        set(&mut router, 0xf04, key);
        assert_eq!(get(&mut router, 0xf04), key);
        assert_eq!(get(&mut router, 0xf00), answer);
    }
}
