//! The buses of the on-wafer network (layer 1) and how they continue across borders of chips.
//!
//! Source: `halco:include/halco/hicann/v2/l1.h` (the lines' `east`, `west`, `north`, `south`).
//!
//! A chip has 64 horizontal and 256 vertical buses, 128 of these in its left and 128 in its right half. At a border the
//! buses of two chips meet shifted by two, so that a bus changes its number from chip to chip:
//!
//! ```text
//!      chip (x,y)        chip (x+1,y)
//!      h60 ───────┼────── h62
//!      h62 ───────┼────── h0          (h + 2) mod 64 eastwards
//!      h0  ───────┼────── h2
//! ```

use crate::{Direction, Half, Side};
use std::fmt;

index! {
    /// A horizontal bus of a chip, 0 to 63 from top to bottom.
    HorizontalBus(u8), 64, "h", "horizontal bus"
}

index! {
    /// A vertical bus of a chip, from left to right: 0 to 127 in the left half, 128 to 255 in the right half.
    VerticalBus(u8), 256, "v", "vertical bus"
}

impl HorizontalBus {
    /// The border at which its own repeater sits: left for even buses, right for odd ones.
    pub const fn repeater_side(self) -> Side {
        if self.0.is_multiple_of(2) {
            Side::Left
        } else {
            Side::Right
        }
    }

    /// The bus of the chip to the east that it meets.
    pub const fn east(self) -> Self {
        Self((self.0 + 2) % 64)
    }

    /// The bus of the chip to the west that it meets.
    pub const fn west(self) -> Self {
        Self((self.0 + 62) % 64)
    }

    /// The bus that it meets across a border.
    pub const fn across(self, side: Side) -> Self {
        match side {
            Side::Left => self.west(),
            Side::Right => self.east(),
        }
    }
}

impl VerticalBus {
    /// The half of the chip that it is in.
    pub const fn side(self) -> Side {
        if self.0 < 128 { Side::Left } else { Side::Right }
    }

    /// The border at which its own repeater sits: in the left half bottom for even buses and top for odd ones, in the
    /// right half the other way round.
    pub const fn repeater_half(self) -> Half {
        match (self.side(), self.0.is_multiple_of(2)) {
            (Side::Left, true) | (Side::Right, false) => Half::Bottom,
            (Side::Left, false) | (Side::Right, true) => Half::Top,
        }
    }

    /// The bus of the chip to the north that it meets.
    pub const fn north(self) -> Self {
        match self.side() {
            Side::Left => Self((self.0 + 2) % 128),
            Side::Right => Self(128 + (self.0 - 128 + 126) % 128),
        }
    }

    /// The bus of the chip to the south that it meets.
    pub const fn south(self) -> Self {
        match self.side() {
            Side::Left => Self((self.0 + 126) % 128),
            Side::Right => Self(128 + (self.0 - 128 + 2) % 128),
        }
    }

    /// The bus that it meets across a border.
    pub const fn across(self, half: Half) -> Self {
        match half {
            Half::Top => self.north(),
            Half::Bottom => self.south(),
        }
    }
}

/// A bus of a chip, of either kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bus {
    /// A horizontal one.
    Horizontal(HorizontalBus),
    /// A vertical one.
    Vertical(VerticalBus),
}

impl Bus {
    /// Buses of one chip.
    pub const COUNT: usize = HorizontalBus::COUNT + VerticalBus::COUNT;

    /// A dense number: horizontal buses first, then vertical ones.
    pub const fn index(self) -> usize {
        match self {
            Bus::Horizontal(bus) => bus.index(),
            Bus::Vertical(bus) => HorizontalBus::COUNT + bus.index(),
        }
    }

    /// All buses of a chip, in the order of [`Bus::index`].
    pub fn all() -> impl Iterator<Item = Bus> {
        HorizontalBus::all()
            .map(Bus::Horizontal)
            .chain(VerticalBus::all().map(Bus::Vertical))
    }

    /// The bus of the next chip that it meets in a direction; none if it does not run that way.
    pub const fn across(self, direction: Direction) -> Option<Bus> {
        Some(match (self, direction) {
            (Bus::Horizontal(bus), Direction::East) => Bus::Horizontal(bus.east()),
            (Bus::Horizontal(bus), Direction::West) => Bus::Horizontal(bus.west()),
            (Bus::Vertical(bus), Direction::North) => Bus::Vertical(bus.north()),
            (Bus::Vertical(bus), Direction::South) => Bus::Vertical(bus.south()),
            _ => return None,
        })
    }

    /// The direction of the border at which its own repeater sits.
    pub const fn repeater_border(self) -> Direction {
        match self {
            Bus::Horizontal(bus) => bus.repeater_side().outwards(),
            Bus::Vertical(bus) => bus.repeater_half().outwards(),
        }
    }
}

impl From<HorizontalBus> for Bus {
    fn from(bus: HorizontalBus) -> Self {
        Bus::Horizontal(bus)
    }
}

impl From<VerticalBus> for Bus {
    fn from(bus: VerticalBus) -> Self {
        Bus::Vertical(bus)
    }
}

impl fmt::Display for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bus::Horizontal(bus) => bus.fmt(f),
            Bus::Vertical(bus) => bus.fmt(f),
        }
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_shift_by_two_and_wrap() {
        assert_eq!(HorizontalBus::at(62).east(), HorizontalBus::at(0));
        assert_eq!(HorizontalBus::at(1).west(), HorizontalBus::at(63));
        assert_eq!(VerticalBus::at(127).north(), VerticalBus::at(1));
        assert_eq!(VerticalBus::at(0).south(), VerticalBus::at(126));
        assert_eq!(VerticalBus::at(128).north(), VerticalBus::at(254));
        assert_eq!(VerticalBus::at(255).south(), VerticalBus::at(129));
    }

    #[test]
    fn the_repeater_of_a_bus_is_at_the_border_of_its_parity() {
        assert_eq!(HorizontalBus::at(6).repeater_side(), Side::Left);
        assert_eq!(HorizontalBus::at(7).repeater_side(), Side::Right);
        let halves = [0, 1, 128, 129].map(|v| VerticalBus::at(v).repeater_half());
        assert_eq!(halves, [Half::Bottom, Half::Top, Half::Top, Half::Bottom]);
    }
}
