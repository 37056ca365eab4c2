//! A network that loses, repeats, swaps and delays packets.

use super::FakeClock;
use crate::{Clock, Transport, TransportError};
use std::{sync::Arc, time::Duration};

/// How bad a network is, in both directions. Probabilities are per packet, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Faults {
    /// A packet disappears.
    pub loss: f64,
    /// A packet arrives twice.
    pub duplication: f64,
    /// A packet changes places with the next one.
    pub reordering: f64,
    /// A packet takes longer.
    pub delay: f64,
    /// How much longer, at most.
    pub delay_largest: Duration,
    /// Decides which packets.
    pub seed: u64,
}

impl Faults {
    /// Ten per cent of each.
    pub const fn tenth(seed: u64) -> Self {
        Self {
            loss: 0.1,
            duplication: 0.1,
            reordering: 0.1,
            delay: 0.1,
            delay_largest: Duration::from_millis(300),
            seed,
        }
    }
}

/// One direction of a network with faults.
pub struct FaultyLink {
    faults: Faults,
    random: SplitMix,
    /// Packets on their way, by time of arrival.
    queue: Vec<Flight>,
}

struct Flight {
    arrival: Duration,
    latest: Duration,
    packet: Vec<u8>,
}

/// How long a packet takes when nothing is wrong.
const FLIGHT: Duration = Duration::from_micros(50);
/// How much longer than by its own delay a packet may take because it changes places with others.
const SWAP: Duration = Duration::from_micros(100);

impl FaultyLink {
    /// A link with faults.
    pub fn new(faults: Faults) -> Self {
        Self {
            faults,
            random: SplitMix(faults.seed),
            queue: Vec::new(),
        }
    }

    /// The longest time that a packet spends on it.
    pub fn lifetime(faults: &Faults) -> Duration {
        FLIGHT + faults.delay_largest + SWAP
    }

    /// Puts a packet on its way, or not, or twice.
    pub fn send(&mut self, now: Duration, packet: Vec<u8>) {
        let Self {
            faults,
            random,
            queue,
        } = self;
        if random.chance(faults.loss) {
            return;
        }
        let copies = if random.chance(faults.duplication) { 2 } else { 1 };
        for _ in 0..copies {
            let mut arrival = now + FLIGHT;
            if random.chance(faults.delay) {
                arrival += faults.delay_largest.mul_f64(random.unit());
            }
            let after = queue
                .iter()
                .position(|other| other.arrival > arrival)
                .unwrap_or(queue.len());
            let flight = Flight {
                arrival,
                latest: now + Self::lifetime(faults),
                packet: packet.clone(),
            };
            queue.insert(after, flight);
            if after > 0 && random.chance(faults.reordering) && arrival <= queue[after - 1].latest {
                let earlier = queue[after - 1].arrival;
                queue[after - 1].arrival = arrival;
                queue[after].arrival = earlier;
                queue.swap(after - 1, after);
            }
        }
    }

    /// When the next packet arrives.
    pub fn next(&self) -> Option<Duration> {
        self.queue.first().map(|flight| flight.arrival)
    }

    /// The next packet, if it has arrived.
    pub fn arrive(&mut self, now: Duration) -> Option<Vec<u8>> {
        let due = self.next()? <= now;
        due.then(|| self.queue.remove(0).packet)
    }
}

/// Puts faults between a host and another transport.
pub struct FaultyTransport<T> {
    inner: T,
    clock: Arc<FakeClock>,
    outbound: FaultyLink,
    inbound: FaultyLink,
}

impl<T: Transport> FaultyTransport<T> {
    /// Puts `faults` in front of `inner`.
    pub fn new(inner: T, clock: Arc<FakeClock>, faults: Faults) -> Self {
        let back = Faults {
            seed: !faults.seed,
            ..faults
        };
        Self {
            inner,
            clock,
            outbound: FaultyLink::new(faults),
            inbound: FaultyLink::new(back),
        }
    }

    /// Hands everything over whose time has come, and collects what comes back.
    fn deliver(&mut self, now: Duration) -> Result<(), TransportError> {
        while let Some(packet) = self.outbound.arrive(now) {
            self.inner.send(&packet)?;
        }
        while let Some(packet) = self.inner.receive(now)? {
            self.inbound.send(now, packet);
        }
        Ok(())
    }
}

impl<T: Transport> Transport for FaultyTransport<T> {
    fn send(&mut self, packet: &[u8]) -> Result<(), TransportError> {
        let now = self.clock.now();
        self.outbound.send(now, packet.to_vec());
        self.deliver(now)
    }

    fn receive(&mut self, deadline: Duration) -> Result<Option<Vec<u8>>, TransportError> {
        loop {
            let now = self.clock.now();
            self.deliver(now)?;
            let next_in = self.inbound.next();
            let next_out = self.outbound.next();
            if let Some(time) = next_in
                && time <= deadline
                && next_out.is_none_or(|out| time <= out)
            {
                self.clock.advance_to(time);
                return Ok(self.inbound.arrive(time));
            }
            match next_out {
                Some(time) if time <= deadline => self.clock.advance_to(time),
                _ => {
                    self.clock.advance_to(deadline);
                    return Ok(None);
                }
            }
        }
    }

    fn close(&mut self) {
        self.inner.close();
    }

    fn peer(&self) -> String {
        self.inner.peer()
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, named, and good enough to pick packets.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
}
