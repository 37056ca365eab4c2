//! The packet in the output stage: which outputs it needs, and which way around a blocked link.
//!
//! After the first wait a copy for a blocked link may instead take the link one lower (modulo 6). From there the next chip
//! turns it towards the chip that it was meant for: two sides of a triangle.
//!
//! ```text
//!          (target)               The copy for link n, blocked, leaves on n - 1 marked 10, or 01 if a copy was to go
//!          /      ^                there anyway. It arrives on (n - 1) + 3; the next lower link, n + 1, leads to the
//!   n  x /        | n + 1          target, and the copy on it is marked 11. It arrives there on n + 4, where the straight
//!      /          |                way would have been n + 3: unmatched, it leaves by (n + 4) + 2 = n.
//!  (here) ----> (between)
//!         n - 1
//! ```
//!
//! Point-to-point packets take the same detour without a mark: the next chip's table knows their way. Nearest-neighbour
//! packets are for one neighbour and take none. Source: data sheet 8.3, 10.4, 10.5, 10.9.

use super::{LINKS, Outputs, Ports};
use crate::packet::{Kind, Packet};

/// Bits 5:4 of the control byte: nothing special.
pub(super) const NORMAL: u8 = 0;
/// A normal copy and a diverted one in the same packet.
pub(super) const BOTH: u8 = 1;
/// A diverted copy alone.
pub(super) const DIVERTED: u8 = 2;
/// A diverted copy on its second side of the triangle.
pub(super) const REVERTING: u8 = 3;

const ALL_LINKS: Outputs = (1 << LINKS) - 1;

/// A packet in the output stage.
#[derive(Clone, Copy, serde::Serialize)]
pub(super) struct Held {
    pub(super) packet: Packet,
    /// Bits 5:4 with which it came, for the diagnostic counters; 0 where they mean something else.
    pub(super) arrived_as: u8,
    /// Link it came from, or 7.
    pub(super) route: u8,
    /// Where it is to go.
    pub(super) outputs: Outputs,
    /// The link on which a copy leaves as reverting, as a set.
    pub(super) reverting: Outputs,
    pub(super) default_routed: bool,
    /// When it reached the output stage.
    pub(super) since: u64,
    /// When the present wait began, and when it ends.
    pub(super) wait_began: u64,
    pub(super) deadline: u64,
    pub(super) second_wait: bool,
    /// Links whose copies may take the detour.
    pub(super) diverting: Outputs,
}

/// The link that a copy for blocked `link` takes instead.
fn detour(link: u8) -> u8 {
    (link + 5) % 6
}

/// Whether an output takes a packet in cycle `at`.
fn free(bit: u8, at: u64, ports: &mut impl Ports) -> bool {
    ready(bit, at, ports).is_some_and(|ready| ready <= at)
}

fn ready(bit: u8, at: u64, ports: &mut impl Ports) -> Option<u64> {
    if usize::from(bit) < LINKS {
        ports.link_ready(bit, at)
    } else {
        ports.core_ready(bit - LINKS as u8, at)
    }
}

/// The numbers of the bits that are set, lowest first.
pub(super) fn bits(mut set: Outputs) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let bit = (set != 0).then(|| set.trailing_zeros() as u8)?;
        set &= set - 1;
        Some(bit)
    })
}

impl Held {
    /// The first cycle from `at` on in which every copy has a free output; none if that depends on others.
    pub(super) fn ready(&self, at: u64, ports: &mut impl Ports) -> Option<u64> {
        let mut latest = at;
        for bit in bits(self.outputs) {
            let straight = ready(bit, at, ports);
            let around = (self.diverting & 1 << bit != 0)
                .then(|| ready(detour(bit), at, ports))
                .flatten();
            latest = latest.max(match (straight, around) {
                (Some(a), Some(b)) => a.min(b),
                (one, other) => one.or(other)?,
            });
        }
        Some(latest)
    }

    /// Outputs that take no packet in cycle `at`.
    pub(super) fn blocked(&self, at: u64, ports: &mut impl Ports) -> Outputs {
        bits(self.outputs)
            .filter(|bit| !free(*bit, at, ports))
            .fold(0, |set, bit| set | 1 << bit)
    }

    /// Lets copies for the links in `blocked` take the detour from now on, where there is one.
    pub(super) fn divert(&mut self, blocked: Outputs) {
        if self.packet.kind() == Kind::NearestNeighbour {
            return;
        }
        // A reverting copy is on a detour already, and a packet has room for one mark.
        self.diverting = bits(blocked & ALL_LINKS & !self.reverting)
            .filter(|link| self.reverting & 1 << detour(*link) == 0)
            .fold(0, |set, link| set | 1 << link);
    }

    /// The copies that leave in cycle `at`: outputs, and the mark of the copy on each link.
    pub(super) fn copies(&self, at: u64, ports: &mut impl Ports) -> (Outputs, [u8; LINKS]) {
        // If both ways are free, the straight one is preferred.
        let around: Outputs = bits(self.diverting)
            .filter(|link| !free(*link, at, ports))
            .fold(0, |set, link| set | 1 << link);
        let normal = self.outputs & !around;
        let mut outputs = normal;
        let mut marks = [NORMAL; LINKS];
        for link in bits(around) {
            let link = detour(link);
            outputs |= 1 << link;
            marks[usize::from(link)] = if normal & 1 << link != 0 { BOTH } else { DIVERTED };
        }
        for link in bits(self.reverting) {
            marks[usize::from(link)] = REVERTING;
        }
        (outputs, marks)
    }

    /// The copy with a mark.
    pub(super) fn marked(&self, mark: u8) -> Packet {
        match self.packet.kind() {
            Kind::Multicast | Kind::FixedRoute => self.packet.with_emergency(mark),
            Kind::PointToPoint | Kind::NearestNeighbour => self.packet,
        }
    }
}
