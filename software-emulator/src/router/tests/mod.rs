//! The rules of data sheet 8 to 10 against ports that the test plays: one router, no neighbours, no cores.

mod congestion;
mod counters;
mod errors;
mod routing;

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
    let mut router = Router::new(&T);
    set(&mut router, 0, 0x0040_0001 | 5 << 8);
    router
}

fn set(router: &mut Router, offset: u32, value: u32) {
    set_at(router, offset, value, 0);
}

fn set_at(router: &mut Router, offset: u32, value: u32, at: u64) {
    router.write(offset, value, at).expect("a register of the router");
}

fn get(router: &mut Router, offset: u32) -> u32 {
    router.read(offset, 0).expect("a register of the router")
}

fn entry(router: &mut Router, index: u32, key: u32, mask: u32, route: u32) {
    set(router, 0x8000 + 4 * index, key);
    set(router, 0xc000 + 4 * index, mask);
    set(router, 0x4000 + 4 * index, route);
}

/// Where one packet goes, in words: `link 2`, `link 1 as 10` (with a mark), `core 5`, or nothing.
fn goes(router: &mut Router, ports: &mut Fake, route: u8, packet: Packet) -> String {
    let at = router.free_halves.div_ceil(2);
    if route == LOCAL_ROUTE {
        router.injected.push(local(packet, at));
    } else {
        router.arrive(usize::from(route), at, packet);
    }
    // Long enough for both waits of any test here.
    router.process(at, at + 100_000, &T, ports);
    let links = ports
        .links
        .drain(..)
        .map(|(link, _, sent)| match sent.emergency() {
            _ if matches!(sent.kind(), Kind::PointToPoint | Kind::NearestNeighbour) => format!("link {link}"),
            0 => format!("link {link}"),
            mark => format!("link {link} as {mark:02b}"),
        });
    let mut words: Vec<String> = links.collect();
    words.extend(ports.cores.drain(..).map(|(core, ..)| format!("core {core}")));
    words.join(", ")
}
