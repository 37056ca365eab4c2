//! Repeaters: the amplifiers between the buses of neighbouring chips.
//!
//! Sources: `halco:include/halco/hicann/v2/l1.h`, `halbe:hal/backend/HICANNBackendHelper.{h,cpp}`,
//! `hicann-system:units/stage2_hal/source/repeater_control.cpp`.
//!
//! Every bus has one repeater, at the border that its parity decides ([`Bus::repeater_border`]). It stands between this
//! bus and the one of the neighbouring chip that meets it there, and drives *inwards* (its own bus) or *outwards* (the
//! neighbour's). At its other border a bus ends at a repeater of the chip beyond.

use crate::{Bus, Direction, Half, HorizontalBus, SendingRepeater, Side, VerticalBus};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A block of repeaters with its own registers: one of six.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepeaterBlock {
    /// Vertical buses at the top border, left half.
    TopLeft,
    /// Vertical buses at the top border, right half.
    TopRight,
    /// Horizontal buses at the left border, among them those with sending repeaters.
    CentreLeft,
    /// Horizontal buses at the right border.
    CentreRight,
    /// Vertical buses at the bottom border, left half.
    BottomLeft,
    /// Vertical buses at the bottom border, right half.
    BottomRight,
}

/// One of the two test ports of a repeater block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TestPort {
    /// Port 0.
    Zero,
    /// Port 1.
    One,
}

impl RepeaterBlock {
    /// All six, in the order of the public tools.
    pub const ALL: [RepeaterBlock; 6] = [
        RepeaterBlock::TopLeft,
        RepeaterBlock::TopRight,
        RepeaterBlock::CentreLeft,
        RepeaterBlock::CentreRight,
        RepeaterBlock::BottomLeft,
        RepeaterBlock::BottomRight,
    ];

    /// 0 to 5.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Repeaters in the block: 32 in the centre, 64 in the corners.
    pub const fn size(self) -> usize {
        match self {
            RepeaterBlock::CentreLeft | RepeaterBlock::CentreRight => 32,
            _ => 64,
        }
    }

    /// The bus whose repeater has an address in this block; none beyond the last.
    pub const fn bus(self, address: usize) -> Option<Bus> {
        if address >= self.size() {
            return None;
        }
        Some(match self {
            RepeaterBlock::CentreLeft => Bus::Horizontal(HorizontalBus::at(62 - 2 * address)),
            RepeaterBlock::CentreRight => Bus::Horizontal(HorizontalBus::at((2 * address + 63) % 64)),
            RepeaterBlock::TopLeft => Bus::Vertical(VerticalBus::at((2 * address + 127) % 128)),
            RepeaterBlock::BottomLeft => Bus::Vertical(VerticalBus::at(2 * address)),
            RepeaterBlock::TopRight => Bus::Vertical(VerticalBus::at(128 + (128 - 2 * address) % 128)),
            RepeaterBlock::BottomRight => Bus::Vertical(VerticalBus::at(255 - 2 * address)),
        })
    }
}

impl Bus {
    /// The block that its repeater is part of.
    pub const fn repeater_block(self) -> RepeaterBlock {
        match self {
            Bus::Horizontal(bus) => match bus.repeater_side() {
                Side::Left => RepeaterBlock::CentreLeft,
                Side::Right => RepeaterBlock::CentreRight,
            },
            Bus::Vertical(bus) => match (bus.repeater_half(), bus.side()) {
                (Half::Top, Side::Left) => RepeaterBlock::TopLeft,
                (Half::Top, Side::Right) => RepeaterBlock::TopRight,
                (Half::Bottom, Side::Left) => RepeaterBlock::BottomLeft,
                (Half::Bottom, Side::Right) => RepeaterBlock::BottomRight,
            },
        }
    }

    /// The address of its repeater in the block.
    pub const fn repeater_address(self) -> usize {
        match self {
            Bus::Horizontal(bus) => match bus.repeater_side() {
                Side::Left => (62 - bus.index()) / 2,
                Side::Right => bus.index().div_ceil(2) % 32,
            },
            Bus::Vertical(bus) => match self.repeater_block() {
                RepeaterBlock::TopLeft => bus.index().div_ceil(2) % 64,
                RepeaterBlock::BottomLeft => bus.index() / 2,
                RepeaterBlock::TopRight => ((256 - bus.index()) / 2) % 64,
                _ => (255 - bus.index()) / 2,
            },
        }
    }

    /// The direction in which its repeater drives this bus: away from the border.
    pub const fn inwards(self) -> Direction {
        self.repeater_border().opposite()
    }

    /// The test port that its repeater can be switched to; none for the eight sending repeaters, which are switched to the
    /// merger tree instead.
    ///
    /// `hicann-system` notes that the two ports of the bottom blocks are exchanged on the chip; `halbe` does not exchange
    /// them. Ports are numbered here as `halbe` does.
    pub const fn test_port(self) -> Option<TestPort> {
        let channel = match self {
            Bus::Horizontal(bus) => {
                if bus.sending_repeater().is_some() {
                    return None;
                }
                bus.index()
            }
            Bus::Vertical(bus) => match bus.side() {
                Side::Left => bus.index(),
                // Counted from the right border.
                Side::Right => 255 + 128 - bus.index(),
            },
        };
        Some(if (channel / 2).is_multiple_of(2) {
            TestPort::One
        } else {
            TestPort::Zero
        })
    }
}

impl HorizontalBus {
    /// The sending repeater on this bus: on 6, 14, ... 62.
    pub const fn sending_repeater(self) -> Option<SendingRepeater> {
        if self.index() % 8 == 6 {
            Some(SendingRepeater::at(self.index() / 8))
        } else {
            None
        }
    }
}

impl TestPort {
    /// 0 or 1.
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for RepeaterBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RepeaterBlock::TopLeft => "top left",
            RepeaterBlock::TopRight => "top right",
            RepeaterBlock::CentreLeft => "centre left",
            RepeaterBlock::CentreRight => "centre right",
            RepeaterBlock::BottomLeft => "bottom left",
            RepeaterBlock::BottomRight => "bottom right",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(bus: impl Into<Bus>) -> usize {
        bus.into().repeater_address()
    }

    #[test]
    fn addresses_as_the_comments_of_halbe_list_them() {
        let h = |n| address(HorizontalBus::at(n));
        assert_eq!([1, 3, 59, 61, 63].map(h), [1, 2, 30, 31, 0]);
        assert_eq!([0, 2, 60, 62].map(h), [31, 30, 1, 0]);
        let v = |n| address(VerticalBus::at(n));
        assert_eq!([1, 3, 5, 123, 125, 127].map(v), [1, 2, 3, 62, 63, 0]);
        assert_eq!([128, 130, 132, 250, 252, 254].map(v), [0, 63, 62, 3, 2, 1]);
        assert_eq!([0, 2, 4, 122, 124, 126].map(v), [0, 1, 2, 61, 62, 63]);
        assert_eq!([129, 131, 133, 251, 253, 255].map(v), [63, 62, 61, 2, 1, 0]);
    }

    #[test]
    fn each_address_of_each_block_is_one_bus() {
        let mut seen = vec![false; Bus::COUNT];
        for block in RepeaterBlock::ALL {
            for at in 0..block.size() {
                let bus = block.bus(at).unwrap();
                assert_eq!(
                    (bus.repeater_block(), bus.repeater_address()),
                    (block, at),
                    "{bus}"
                );
                assert!(!std::mem::replace(&mut seen[bus.index()], true));
            }
            assert_eq!(block.bus(block.size()), None);
        }
        assert!(seen.into_iter().all(|seen| seen));
    }

    #[test]
    fn inwards_is_away_from_the_border() {
        assert_eq!(Bus::from(HorizontalBus::at(6)).inwards(), Direction::East);
        assert_eq!(Bus::from(HorizontalBus::at(7)).inwards(), Direction::West);
        assert_eq!(Bus::from(VerticalBus::at(0)).inwards(), Direction::North);
        assert_eq!(Bus::from(VerticalBus::at(128)).inwards(), Direction::South);
    }

    #[test]
    fn test_ports_alternate_by_pairs_and_skip_sending_repeaters() {
        let port = |n| Bus::from(HorizontalBus::at(n)).test_port().map(TestPort::index);
        assert_eq!(
            [0, 1, 2, 3, 4, 6, 7].map(port),
            [Some(1), Some(1), Some(0), Some(0), Some(1), None, Some(0)]
        );
        let port = |n| Bus::from(VerticalBus::at(n)).test_port().unwrap().index();
        assert_eq!(
            [0, 1, 2, 3, 254, 255, 253, 252].map(port),
            [1, 1, 0, 0, 1, 1, 0, 0]
        );
    }
}
