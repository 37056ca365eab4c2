//! Synapse switches: where a vertical bus can be led to a synapse driver.
//!
//! Sources: `halco:src/halco/hicann/v2/{l1,synapse}.cpp`, `halbe:hal/HICANN/SynapseSwitch.cpp`.
//!
//! Beside each driver there is a row of switches in the left and one in the right half of the chip. The row on the
//! driver's own edge leads to that driver; the row at the opposite edge leads across the border to the driver of the
//! adjacent chip that sits right there:
//!
//! ```text
//!    chip (x,y)                        │ chip (x+1,y)
//!    right half, row 1: v...  ───────► │ ◄─── v...  left half, row 1
//!                                    driver 1 of chip (x+1,y), on its left edge
//! ```
//!
//! So a driver has two rows of 16 switches on two chips, and only one switch of both rows should be closed.
//!
//! `halbe` and `halco` disagree about which rows lead across the border: `SynapseSwitch::local` in `halbe` has the same
//! parity for both halves of the chip, `SynapseSwitchRowOnWafer::toSynapseDriverOnWafer` in `halco` has the parities
//! that follow from the edges on which drivers sit. `halco` is followed; nothing in `halbe` relies on its function.

use crate::{Half, Hicann, Side, SynapseDriver, VerticalBus};
use std::fmt;

/// Switches of one chip.
pub const COUNT: usize = 7_168;
/// Switches of one row.
pub const PER_ROW: usize = 16;
/// Switches of one vertical bus.
pub const PER_BUS: usize = 28;

/// A row of synapse switches: one of 448 on a chip; prints as `left row 7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SwitchRow {
    /// The half of the chip that its switches are in.
    pub side: Side,
    /// The number of the driver beside which it lies.
    pub line: SynapseDriver,
}

/// Where a row of switches leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To the driver of this number on the same chip.
    Own,
    /// To the driver of this number on the chip beyond that border.
    Adjacent(Side),
}

impl SwitchRow {
    /// Rows of one chip.
    pub const COUNT: usize = 448;

    /// The row at one side of a line.
    pub const fn new(side: Side, line: SynapseDriver) -> Self {
        Self { side, line }
    }

    /// A dense number: `2 * line`, and one more for the right half.
    pub const fn index(self) -> usize {
        2 * self.line.index() + self.side.index()
    }

    /// All rows of a chip, in the order of [`SwitchRow::index`].
    pub fn all() -> impl Iterator<Item = Self> {
        SynapseDriver::all().flat_map(|line| Side::ALL.map(|side| Self { side, line }))
    }

    /// The first bus of each group of four that has switches in this row, relative to its group of 32.
    const fn first(self) -> usize {
        let row = (self.line.index() % 16) / 2;
        match (self.line.half(), self.side) {
            (Half::Top, Side::Left) | (Half::Bottom, Side::Right) => 4 * row,
            (Half::Top, Side::Right) | (Half::Bottom, Side::Left) => 4 * (7 - row),
        }
    }

    /// The bus at switch `number`, 0 to 15 from left to right.
    ///
    /// # Panics
    ///
    /// If `number` is above 15.
    pub const fn bus(self, number: usize) -> VerticalBus {
        assert!(number < PER_ROW, "sixteen synapse switches per row");
        VerticalBus::at(128 * self.side.index() + 32 * (number / 4) + self.first() + number % 4)
    }

    /// The switch of a bus in this row, 0 to 15 from left to right; none if it has none here.
    pub const fn number(self, bus: VerticalBus) -> Option<usize> {
        let position = bus.index() % 32;
        if bus.side() as u8 == self.side as u8 && position / 4 == self.first() / 4 {
            Some(4 * (bus.index() % 128 / 32) + position % 4)
        } else {
            None
        }
    }

    /// The sixteen buses with switches in this row, from left to right.
    pub fn buses(self) -> impl Iterator<Item = VerticalBus> {
        (0..PER_ROW).map(move |number| self.bus(number))
    }

    /// Whether the row leads to a driver of its own or of the adjacent chip.
    pub const fn reach(self) -> Reach {
        match (self.line.side(), self.side) {
            (Side::Left, Side::Left) | (Side::Right, Side::Right) => Reach::Own,
            (_, side) => Reach::Adjacent(side),
        }
    }

    /// The chip whose driver (of the same number) this row leads to; none if it would lie beyond the rim of the wafer.
    pub const fn target(self, chip: Hicann) -> Option<Hicann> {
        match self.reach() {
            Reach::Own => Some(chip),
            Reach::Adjacent(side) => chip.neighbour(side.outwards()),
        }
    }
}

/// Whether a bus has a switch beside a driver, in its own half of the chip.
pub const fn exists(bus: VerticalBus, line: SynapseDriver) -> bool {
    SwitchRow::new(bus.side(), line).number(bus).is_some()
}

/// The 28 rows in which a bus has a switch, from top to bottom.
pub fn rows(bus: VerticalBus) -> impl Iterator<Item = SwitchRow> {
    SynapseDriver::all()
        .map(move |line| SwitchRow::new(bus.side(), line))
        .filter(move |row| row.number(bus).is_some())
}

/// The two rows whose switches all lead to one driver: on its own chip, and on the chip beyond its edge (none at the rim).
pub fn feeding(chip: Hicann, driver: SynapseDriver) -> [Option<(Hicann, SwitchRow)>; 2] {
    let edge = driver.side();
    [
        Some((chip, SwitchRow::new(edge, driver))),
        chip.neighbour(edge.outwards())
            .map(|beyond| (beyond, SwitchRow::new(edge.opposite(), driver))),
    ]
}

impl fmt::Display for SwitchRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} row {}", self.side, self.line.index())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_quadrants() {
        // (line, first buses of the left and of the right half) by hand from the rule of groups of four.
        for (line, left, right) in [
            (0, 0, 128 + 28),
            (1, 0, 128 + 28),
            (2, 4, 128 + 24),
            (15, 28, 128),
            (111, 28, 128),
            (112, 28, 128),
            (114, 24, 128 + 4),
            (223, 0, 128 + 28),
        ] {
            let line = SynapseDriver::at(line);
            assert_eq!(SwitchRow::new(Side::Left, line).bus(0).index(), left, "{line}");
            assert_eq!(SwitchRow::new(Side::Right, line).bus(0).index(), right, "{line}");
        }
    }

    #[test]
    fn numbers_and_buses_correspond() {
        for row in SwitchRow::all() {
            for (number, bus) in row.buses().enumerate() {
                assert_eq!(row.number(bus), Some(number));
            }
            let with = VerticalBus::all().filter(|bus| row.number(*bus).is_some());
            assert!(with.eq(row.buses()));
        }
        assert!(
            SwitchRow::all()
                .enumerate()
                .all(|(index, row)| row.index() == index)
        );
    }

    #[test]
    fn rows_lead_to_the_edge_on_which_the_driver_sits() {
        let reach = |side, line| SwitchRow::new(side, SynapseDriver::at(line)).reach();
        // halco: own in the upper left on odd lines, upper right even, lower left even, lower right odd.
        assert_eq!(reach(Side::Left, 1), Reach::Own);
        assert_eq!(reach(Side::Right, 0), Reach::Own);
        assert_eq!(reach(Side::Left, 112), Reach::Own);
        assert_eq!(reach(Side::Right, 113), Reach::Own);
        assert_eq!(reach(Side::Left, 0), Reach::Adjacent(Side::Left));
        assert_eq!(reach(Side::Right, 223 - 1), Reach::Adjacent(Side::Right));
    }
}
