//! Chips on the wafer.

use crate::{Direction, OutOfRange, Reticle, ReticlePosition};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Columns of the wafer's grid.
const WIDTH: u8 = 36;
/// Rows of the wafer's grid.
const HEIGHT: u8 = 16;
/// The first existing column of each row; rows are symmetric (`halco:src/halco/hicann/v2/lookup_tables.cpp`).
const FIRST_COLUMN: [u8; HEIGHT as usize] = [12, 12, 8, 8, 4, 4, 0, 0, 0, 0, 4, 4, 8, 8, 12, 12];

/// Position of each chip, in the order of their numbers: row by row, existing chips only.
const POSITIONS: [(u8, u8); Hicann::COUNT] = {
    let mut positions = [(0, 0); Hicann::COUNT];
    let mut next = 0;
    let mut y = 0;
    while y < HEIGHT {
        let mut x = FIRST_COLUMN[y as usize];
        while x < WIDTH - FIRST_COLUMN[y as usize] {
            positions[next] = (x, y);
            next += 1;
            x += 1;
        }
        y += 1;
    }
    assert!(next == Hicann::COUNT, "384 chips on a wafer");
    positions
};

/// Number of the first chip of each row.
const ROW_STARTS: [u16; HEIGHT as usize] = {
    let mut starts = [0; HEIGHT as usize];
    let mut y = 1;
    while y < HEIGHT as usize {
        starts[y] = starts[y - 1] + (WIDTH - 2 * FIRST_COLUMN[y - 1]) as u16;
        y += 1;
    }
    starts
};

/// A chip on the wafer: one of 384, numbered row by row from the top left; prints as `(x,y)`.
///
/// ```
/// use taproot_wafer::{Direction, Hicann};
/// let chip = Hicann::new(12, 0).unwrap();
/// assert_eq!(chip.index(), 0);
/// assert_eq!(chip.neighbour(Direction::West), None); // the wafer is round
/// assert_eq!(chip.neighbour(Direction::South), Hicann::new(12, 1).ok());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "[u8; 2]", into = "[u8; 2]")]
pub struct Hicann(u16);

/// No chip of the wafer is at this position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no chip at ({x},{y}): a wafer is 36 chips wide and 16 high, and its corners are cut off (row 0 has x 12 to 23, \
     row 8 has x 0 to 35)"
)]
pub struct NoChipThere {
    /// Column.
    pub x: u8,
    /// Row.
    pub y: u8,
}

impl Hicann {
    /// Chips of one wafer.
    pub const COUNT: usize = 384;

    /// The chip in column `x` of row `y`; an error if the round wafer has none there.
    pub const fn new(x: u8, y: u8) -> Result<Self, NoChipThere> {
        if y < HEIGHT && x >= FIRST_COLUMN[y as usize] && x < WIDTH - FIRST_COLUMN[y as usize] {
            let start = ROW_STARTS[y as usize];
            Ok(Self(start + (x - FIRST_COLUMN[y as usize]) as u16))
        } else {
            Err(NoChipThere { x, y })
        }
    }

    /// The chip of a number, 0 to 383.
    pub const fn from_index(index: usize) -> Result<Self, OutOfRange> {
        if index < Self::COUNT {
            Ok(Self(index as u16))
        } else {
            Err(OutOfRange {
                what: "chip",
                value: index,
                largest: Self::COUNT - 1,
            })
        }
    }

    /// The chip's number, 0 to 383: row by row, existing chips only.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Column, 0 to 35, growing eastwards.
    pub const fn x(self) -> u8 {
        POSITIONS[self.0 as usize].0
    }

    /// Row, 0 to 15, growing southwards.
    pub const fn y(self) -> u8 {
        POSITIONS[self.0 as usize].1
    }

    /// All chips, in the order of their numbers.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..Self::COUNT as u16).map(Self)
    }

    /// The chip next to this one; none at the rim of the wafer.
    pub const fn neighbour(self, direction: Direction) -> Option<Self> {
        let (dx, dy) = direction.step();
        let (x, y) = (self.x() as i16 + dx, self.y() as i16 + dy);
        if x < 0 || y < 0 {
            return None;
        }
        match Self::new(x as u8, y as u8) {
            Ok(chip) => Some(chip),
            Err(_) => None,
        }
    }

    /// The reticle that this chip is part of.
    pub const fn reticle(self) -> Reticle {
        Reticle::of(self.x() / 4, self.y() / 2)
    }

    /// Where on its reticle it is.
    pub const fn position(self) -> ReticlePosition {
        ReticlePosition::at((4 * (self.y() % 2) + self.x() % 4) as usize)
    }
}

impl TryFrom<[u8; 2]> for Hicann {
    type Error = NoChipThere;
    fn try_from([x, y]: [u8; 2]) -> Result<Self, NoChipThere> {
        Self::new(x, y)
    }
}

impl From<Hicann> for [u8; 2] {
    fn from(chip: Hicann) -> Self {
        [chip.x(), chip.y()]
    }
}

impl fmt::Display for Hicann {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({},{})", self.x(), self.y())
    }
}

impl fmt::Debug for Hicann {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_have_no_chips() {
        for (x, y) in [(11, 0), (24, 1), (7, 2), (28, 13), (36, 7), (0, 16), (255, 255)] {
            assert_eq!(Hicann::new(x, y), Err(NoChipThere { x, y }));
        }
        assert!(Hicann::from_index(384).is_err());
    }

    #[test]
    fn printed_by_position() {
        assert_eq!(Hicann::new(4, 7).unwrap().to_string(), "(4,7)");
    }
}
