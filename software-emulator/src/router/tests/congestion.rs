//! What happens to packets whose outputs are not free.

use super::*;

#[test]
fn a_blocked_packet_waits_and_is_then_dumped_whole() {
    let (mut router, mut ports) = (
        router(),
        Fake {
            blocked_cores: 1 << 3,
            ..Fake::default()
        },
    );
    set(&mut router, 0, 0x0040_0005 | 5 << 8);
    set(&mut router, 0x200 + 4 * 8, 0x0001_fcf1);
    set(&mut router, 0x2c, 0xffff);
    entry(&mut router, 0, 1, !0, 1 << 0 | 1 << (6 + 3));
    entry(&mut router, 1, 2, !0, 1 << 1);
    router.injected.push(local(packet(0, 1, None), 1000));
    router.injected.push(local(packet(0, 2, None), 1001));
    router.process(1000, 1080, &T, &mut ports);
    assert!(ports.links.is_empty(), "both wait, the second behind the first");
    assert_eq!(get(&mut router, 4) >> 24 & 3, 2);
    // 240 router clocks of 7.5 ns are 360 processor cycles.
    assert_eq!(router.next_event(), 1360);
    router.process(1360, 1440, &T, &mut ports);
    assert_eq!(ports.links.iter().map(|sent| sent.0).collect::<Vec<_>>(), [1]);
    assert_eq!(router.registers.interrupts(), (false, true, false));
    assert_eq!(get(&mut router, 0x18) >> 24 & 7, 7);
    assert_eq!(get(&mut router, 0x1c), 1);
    assert_eq!(get(&mut router, 0x24), 1 << 0 | 1 << 9);
    assert_eq!(get(&mut router, 0x28), 1 << 31 | 1 << 9);
    assert_eq!(get(&mut router, 0x28), 0, "reading clears");
    assert_eq!(get(&mut router, 0x300 + 4 * 8), 1);
}

#[test]
fn a_packet_leaves_as_soon_as_its_output_is_free() {
    let (mut router, mut ports) = (
        router(),
        Fake {
            blocked_links: 1,
            ..Fake::default()
        },
    );
    entry(&mut router, 0, 1, !0, 1);
    router.injected.push(local(packet(0, 1, None), 1000));
    router.process(1000, 1080, &T, &mut ports);
    ports.blocked_links = 0;
    router.process(1080, 1160, &T, &mut ports);
    assert_eq!(ports.links[0].1, 1080);
}

#[test]
fn emergency_routing_goes_round_two_sides_of_a_triangle() {
    let mut router = router();
    set(&mut router, 0, 0x4040_0001);
    entry(&mut router, 0, 1, !0, 1 << 2);
    let mut ports = Fake {
        blocked_links: 1 << 2,
        ..Fake::default()
    };
    router.injected.push(local(packet(0, 1, None), 0));
    router.process(0, 1000, &T, &mut ports);
    let (link, at, sent) = ports.links[0];
    assert_eq!(
        (link, at, sent.emergency()),
        (1, 360, 2),
        "the next lower link, after the first wait"
    );
    // The chip in between forwards it without looking it up.
    let mut between = Router::new(&T);
    let mut ports = Fake::default();
    between.arrive(4, 0, sent);
    between.process(0, 100, &T, &mut ports);
    let (link, _, sent) = ports.links[0];
    assert_eq!((link, sent.emergency()), (3, 3));
    // And the chip it was meant for treats it as if it had come the straight way.
    let mut target = Router::new(&T);
    let mut ports = Fake::default();
    target.arrive(0, 0, sent);
    target.process(0, 100, &T, &mut ports);
    let (link, _, sent) = ports.links[0];
    assert_eq!((link, sent.emergency()), (2, 0));
}

/// A chip on which key 1 leaves by `outputs`, with waits of 240 clocks each unless said otherwise.
fn congested(outputs: u32, blocked_links: u32, blocked_cores: u32) -> (Router, Fake) {
    let mut router = router();
    set(&mut router, 0, 0x4040_0001 | 5 << 8);
    set(&mut router, 0x84, outputs);
    entry(&mut router, 0, 1, !0, outputs);
    let ports = Fake {
        blocked_links,
        blocked_cores,
        ..Fake::default()
    };
    (router, ports)
}

#[test]
fn every_link_has_its_detour() {
    for link in 0..6u32 {
        let around = (link + 5) % 6;
        for kind in [0x00, 0xc0] {
            let (mut router, mut ports) = congested(1 << link, 1 << link, 0);
            assert_eq!(
                goes(&mut router, &mut ports, LOCAL_ROUTE, packet(kind, 1, None)),
                format!("link {around} as 10")
            );
            // A normal copy that goes the same way shares the packet.
            let (mut router, mut ports) = congested(1 << link | 1 << around, 1 << link, 0);
            assert_eq!(
                goes(&mut router, &mut ports, LOCAL_ROUTE, packet(kind, 1, None)),
                format!("link {around} as 01")
            );
        }
    }
}

/// What arrives at link 4 with key 1, or with key 2 that no entry knows, and where it goes.
#[test]
fn marks_of_packets_that_arrive() {
    // From link 4 the next lower one is 3, straight on is 1, and two greater is 0.
    for (mark, matched, unmatched) in [
        (0b00, "link 2, core 9", "link 1"),
        (0b01, "link 2, link 3 as 11, core 9", "link 1, link 3 as 11"),
        (0b10, "link 3 as 11", "link 3 as 11"),
        (0b11, "link 2, core 9", "link 0"),
    ] {
        let (mut router, mut ports) = congested(1 << 2 | 1 << (6 + 9), 0, 0);
        let sent = |kind: u8, key| packet(kind | mark << 4, key, None);
        assert_eq!(
            goes(&mut router, &mut ports, 4, sent(0x00, 1)),
            matched,
            "{mark:02b}"
        );
        assert_eq!(
            goes(&mut router, &mut ports, 4, sent(0x00, 2)),
            unmatched,
            "{mark:02b}"
        );
        // The fixed route knows every packet.
        assert_eq!(
            goes(&mut router, &mut ports, 4, sent(0xc0, 2)),
            matched,
            "{mark:02b}"
        );
    }
}

#[test]
fn packets_for_cores_carry_no_mark() {
    let (mut router, mut ports) = congested(1 << 6, 0, 0);
    router.arrive(4, 0, packet(0b11 << 4, 1, None));
    router.process(0, 100, &T, &mut ports);
    assert_eq!(ports.cores[0].3.emergency(), 0);
}

#[test]
fn point_to_point_packets_take_the_detour_unmarked_and_neighbours_packets_none() {
    let (mut router, mut ports) = congested(0, 1 << 2, 0);
    set(&mut router, 0x1_0000, 0o66_666_662);
    router.arrive(0, 0, packet(0x40 | 0b11 << 4, 0, None));
    router.process(0, 1000, &T, &mut ports);
    let (link, at, sent) = ports.links[0];
    assert_eq!((link, at, sent.control >> 4 & 3), (1, 360, 0b11));
    ports.links.clear();
    router.injected.push(local(packet(0x80 | 2 << 2, 4, None), 1000));
    router.process(1000, 1800, &T, &mut ports);
    assert!(ports.links.is_empty());
    assert_eq!(
        get(&mut router, 0x28),
        1 << 31 | 1 << 2,
        "dumped after both waits"
    );
}

#[test]
fn the_straight_way_stays_open_in_the_second_wait_and_is_preferred() {
    let run = |opens: u32| {
        let (mut router, mut ports) = congested(1 << 2, 0b110, 0);
        router.injected.push(local(packet(0, 1, None), 0));
        router.process(0, 500, &T, &mut ports);
        assert_eq!(get(&mut router, 0x04) >> 24 & 3, 3, "in the second wait");
        assert!(ports.links.is_empty());
        ports.blocked_links &= !opens;
        router.process(500, 600, &T, &mut ports);
        let (link, at, sent) = ports.links[0];
        assert_eq!(at, 500);
        (link, sent.emergency())
    };
    assert_eq!(run(0b100), (2, 0));
    assert_eq!(run(0b010), (1, 2));
    assert_eq!(run(0b110), (2, 0));
}

#[test]
fn a_blocked_core_is_waited_for_twice_and_cannot_be_gone_around() {
    let (mut router, mut ports) = congested(1 << 2 | 1 << (6 + 4), 1 << 2, 1 << 4);
    router.injected.push(local(packet(0, 1, None), 0));
    router.process(0, 700, &T, &mut ports);
    assert!(ports.links.is_empty() && ports.cores.is_empty());
    ports.blocked_cores = 0;
    router.process(700, 719, &T, &mut ports);
    assert_eq!((ports.links[0].0, ports.cores[0].0), (1, 4), "both at once");
    let (mut router, mut ports) = congested(1 << (6 + 4), 0, 1 << 4);
    router.injected.push(local(packet(0, 1, None), 0));
    router.process(0, 721, &T, &mut ports);
    assert_eq!(
        get(&mut router, 0x28),
        1 << 31 | 1 << 10,
        "dumped after 2 times 360 cycles"
    );
}

/// Codes of the two waits, and the cycle in which a blocked packet is dumped: three half-cycles of the processor for a
/// router clock.
#[test]
fn waits_add_up() {
    for (wait1, wait2, dumped) in [
        (0x00, 0x00, Some(0)),
        (0x01, 0x00, Some(1)),
        (0x40, 0x00, Some(360)),
        (0x4f, 0x00, Some(720)),
        (0x40, 0x4f, Some(1080)),
        (0x00, 0x40, Some(360)),
        (0xff, 0x00, None),
        (0x00, 0xff, None),
    ] {
        let (mut router, mut ports) = congested(1, 0b10_0001, 0);
        set(&mut router, 0, wait1 << 16 | wait2 << 24 | 1);
        router.injected.push(local(packet(0, 1, None), 0));
        let mut when = None;
        for at in (0..100_000).step_by(80) {
            router.process(at, at + 80, &T, &mut ports);
            if when.is_none() && !router.is_held() {
                when = Some(at);
            }
        }
        assert_eq!(when, dumped.map(|at| at / 80 * 80), "{wait1:#x} {wait2:#x}");
        assert_eq!(router.is_held(), dumped.is_none());
    }
}

#[test]
fn a_wait_for_ever_ends_when_its_counter_is_restarted() {
    for (restart, dumped) in [(0, false), (1 << 15, true)] {
        let (mut router, mut ports) = congested(1, 0b10_0001, 0);
        set(&mut router, 0, 0x00ff_0001);
        router.injected.push(local(packet(0, 1, None), 0));
        router.process(0, 80, &T, &mut ports);
        assert_eq!(router.next_event(), NEVER);
        set_at(&mut router, 0, 0x0040_0001 | restart, 8000);
        router.process(8000, 8359, &T, &mut ports);
        assert!(router.is_held());
        router.process(8359, 8400, &T, &mut ports);
        assert_eq!(!router.is_held(), dumped);
        assert_eq!(get(&mut router, 0) & 1 << 15, 0);
    }
}

#[test]
fn a_running_wait_keeps_its_length_unless_it_is_restarted() {
    let (mut router, mut ports) = congested(1, 0b10_0001, 0);
    set(&mut router, 0, 0x0040_0001);
    router.injected.push(local(packet(0, 1, None), 0));
    router.process(0, 80, &T, &mut ports);
    set_at(&mut router, 0, 0x004f_0001, 80);
    assert_eq!(router.next_event(), 360);
    router.process(80, 400, &T, &mut ports);
    assert!(!router.is_held());
}

#[test]
fn the_second_dump_only_sets_overflow_and_its_own_outputs() {
    let (mut router, mut ports) = congested(1, 0b11_1111, 0);
    set(&mut router, 0, 0x0000_0005);
    entry(&mut router, 1, 2, !0, 1 << 3);
    for (at, key) in [(0, 1), (1, 2)] {
        router.injected.push(local(packet(0, key, Some(10 * key)), at));
    }
    router.process(0, 80, &T, &mut ports);
    assert_eq!((get(&mut router, 0x1c), get(&mut router, 0x20)), (1, 10));
    assert_eq!(get(&mut router, 0x24), 1);
    assert_eq!(get(&mut router, 0x04) >> 29, 0b101, "interrupt, dump");
    assert_eq!(get(&mut router, 0x28), 1 << 31 | 1 << 30 | 1 << 3 | 1 << 0);
    assert_eq!(get(&mut router, 0x04) >> 29, 0);
    router.arrive(5, 100, packet(0, 2, None));
    router.process(100, 180, &T, &mut ports);
    assert_eq!(get(&mut router, 0x1c), 2, "free for the next one");
    assert_eq!(get(&mut router, 0x18) >> 24 & 7, 5);
}

#[test]
fn a_dumped_detour_can_be_sent_again_as_what_it_was() {
    let (mut router, mut ports) = congested(1, 0b11_1111, 0);
    let sent = packet(0b10 << 4, 1, None);
    router.arrive(4, 0, sent);
    router.process(0, 2000, &T, &mut ports);
    assert_eq!(get(&mut router, 0x18) >> 16 & 0xff, u32::from(sent.control));
    assert_eq!(get(&mut router, 0x24), 1 << 3);
}

#[test]
fn nothing_is_routed_while_routing_is_off() {
    let (mut router, mut ports) = congested(1, 0, 0);
    set(&mut router, 0, 0x0040_0000);
    router.arrive(0, 0, packet(0x80, 0, None));
    router.process(0, 1000, &T, &mut ports);
    assert!(ports.cores.is_empty());
    set(&mut router, 0, 0x0040_0001);
    router.process(1000, 1080, &T, &mut ports);
    assert_eq!(ports.cores.len(), 1);
}
