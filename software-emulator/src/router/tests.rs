//! Routing rules against ports that the test plays.

use super::*;

const T: Timing = Timing::STOCK;

/// Everything is free unless a test says otherwise.
#[derive(Default)]
struct Fake {
    blocked_links: u32,
    blocked_cores: u32,
    links: Vec<(u8, u64, Packet)>,
    cores: Vec<(u8, u64, u8, Packet)>,
    memory: Option<u32>,
}

impl Ports for Fake {
    fn core_ready(&mut self, core: u8, at: u64) -> Option<u64> {
        (self.blocked_cores & 1 << core == 0).then_some(at)
    }
    fn core_deliver(&mut self, core: u8, at: u64, route: u8, packet: Packet) {
        self.cores.push((core, at, route, packet));
    }
    fn link_ready(&mut self, link: u8, at: u64) -> Option<u64> {
        (self.blocked_links & 1 << link == 0).then_some(at)
    }
    fn link_send(&mut self, link: u8, at: u64, packet: Packet) {
        self.links.push((link, at, packet));
    }
    fn neighbour_access(&mut self, _: u32, value: Option<u32>, _: u64) -> Option<u32> {
        if let (Some(value), Some(memory)) = (value, &mut self.memory) {
            *memory = value;
        }
        self.memory
    }
}

fn packet(control: u8, key: u32, payload: Option<u32>) -> Packet {
    let control = control | if payload.is_some() { Packet::PAYLOAD } else { 0 };
    Packet {
        control,
        key,
        payload: payload.unwrap_or(0),
    }
    .with_parity()
}

fn local(packet: Packet, at: u64) -> Injected {
    Injected {
        at,
        core: 2,
        route: LOCAL_ROUTE,
        packet,
    }
}

/// A router with monitor 5 and no second wait, as SCAMP sets it up.
fn router() -> Router {
    let mut router = Router::new();
    router.write(0, 0x0040_0001 | 5 << 8).unwrap();
    router
}

fn entry(router: &mut Router, index: u32, key: u32, mask: u32, route: u32) {
    router.write(0x8000 + 4 * index, key).unwrap();
    router.write(0xc000 + 4 * index, mask).unwrap();
    router.write(0x4000 + 4 * index, route).unwrap();
}

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
    router.write(0x80, 1 << 2 | 2 << 4).unwrap();
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
    router.write(0x1_0000, 0o66_672_666).unwrap();
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
    router.write(0x84, 0b01_0010 << 26).unwrap();
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
    router.write(0x84, 1 << 5 | 1 << 6).unwrap();
    router.injected.push(local(packet(0xc0, 1, Some(2)), 0));
    router.process(0, 100, &T, &mut ports);
    assert_eq!((ports.links[0].0, ports.cores[0].0), (5, 0));
}

#[test]
fn a_blocked_packet_waits_and_is_then_dumped_whole() {
    let (mut router, mut ports) = (
        router(),
        Fake {
            blocked_cores: 1 << 3,
            ..Fake::default()
        },
    );
    router.write(0, 0x0040_0005 | 5 << 8).unwrap();
    router.write(0x200 + 4 * 8, 0x0001_fcf1).unwrap();
    router.write(0x2c, 0xffff).unwrap();
    entry(&mut router, 0, 1, !0, 1 << 0 | 1 << (6 + 3));
    entry(&mut router, 1, 2, !0, 1 << 1);
    router.injected.push(local(packet(0, 1, None), 1000));
    router.injected.push(local(packet(0, 2, None), 1001));
    router.process(1000, 1080, &T, &mut ports);
    assert!(ports.links.is_empty(), "both wait, the second behind the first");
    assert_eq!(router.read(4).unwrap() >> 24 & 3, 2);
    // 240 router clocks of 7.5 ns are 360 processor cycles.
    assert_eq!(router.next_event(), 1360);
    router.process(1360, 1440, &T, &mut ports);
    assert_eq!(ports.links.iter().map(|sent| sent.0).collect::<Vec<_>>(), [1]);
    assert_eq!(router.registers.interrupts(), (false, true, false));
    assert_eq!(router.read(0x18).unwrap() >> 24 & 7, 7);
    assert_eq!(router.read(0x1c), Ok(1));
    assert_eq!(router.read(0x24), Ok(1 << 0 | 1 << 9));
    assert_eq!(router.read(0x28), Ok(1 << 31 | 1 << 9));
    assert_eq!(router.read(0x28), Ok(0), "reading clears");
    assert_eq!(router.read(0x300 + 4 * 8), Ok(1));
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
    router.write(0, 0x4040_0001).unwrap();
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
    let mut between = super::Router::new();
    let mut ports = Fake::default();
    between.arrive(4, 0, sent);
    between.process(0, 100, &T, &mut ports);
    let (link, _, sent) = ports.links[0];
    assert_eq!((link, sent.emergency()), (3, 3));
    // And the chip it was meant for treats it as if it had come the straight way.
    let mut target = super::Router::new();
    let mut ports = Fake::default();
    target.arrive(0, 0, sent);
    target.process(0, 100, &T, &mut ports);
    let (link, _, sent) = ports.links[0];
    assert_eq!((link, sent.emergency()), (2, 0));
}

#[test]
fn packets_two_phases_old_are_errors() {
    let (mut router, mut ports) = (router(), Fake::default());
    router.write(0, 0x0040_0001 | 1 << 6).unwrap();
    router.arrive(0, 0, packet(2 << 2, 1, None));
    router.arrive(0, 1, packet(0, 1, None));
    router.process(0, 100, &T, &mut ports);
    assert_eq!(ports.links.len(), 1);
    assert_eq!(router.read(0x14).unwrap() & 0x8000_ffff, 0x8000_0001);
}

#[test]
fn reset_values() {
    let mut router = Router::new();
    assert_eq!(router.read(0x00), Ok(0x0080_0001));
    assert_eq!(router.read(0x84), Ok(0xfc00_0000));
    assert_eq!(router.read(0x1_0000), Ok(0o66_666_666));
    assert!(router.read(0x8000).is_err(), "keys are write-only");
}
