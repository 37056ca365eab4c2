//! Sides, halves and directions.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The left (west) or right (east) half or border of a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// West.
    Left,
    /// East.
    Right,
}

impl Side {
    /// Both, left first.
    pub const ALL: [Side; 2] = [Side::Left, Side::Right];

    /// 0 for left, 1 for right.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The other one.
    pub const fn opposite(self) -> Self {
        match self {
            Side::Left => Side::Right,
            Side::Right => Side::Left,
        }
    }

    /// The direction in which one leaves the chip across this border.
    pub const fn outwards(self) -> Direction {
        match self {
            Side::Left => Direction::West,
            Side::Right => Direction::East,
        }
    }
}

/// The top (north, upper) or bottom (south, lower) half or border of a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Half {
    /// North.
    Top,
    /// South.
    Bottom,
}

impl Half {
    /// Both, top first.
    pub const ALL: [Half; 2] = [Half::Top, Half::Bottom];

    /// 0 for top, 1 for bottom.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The other one.
    pub const fn opposite(self) -> Self {
        match self {
            Half::Top => Half::Bottom,
            Half::Bottom => Half::Top,
        }
    }

    /// The direction in which one leaves the chip across this border.
    pub const fn outwards(self) -> Direction {
        match self {
            Half::Top => Direction::North,
            Half::Bottom => Direction::South,
        }
    }
}

/// One of the four directions on the wafer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// x grows.
    East,
    /// y grows.
    South,
    /// x shrinks.
    West,
    /// y shrinks.
    North,
}

impl Direction {
    /// All four, clockwise from east.
    pub const ALL: [Direction; 4] = [
        Direction::East,
        Direction::South,
        Direction::West,
        Direction::North,
    ];

    /// The way back.
    pub const fn opposite(self) -> Self {
        match self {
            Direction::East => Direction::West,
            Direction::South => Direction::North,
            Direction::West => Direction::East,
            Direction::North => Direction::South,
        }
    }

    /// The step in x and y.
    pub const fn step(self) -> (i16, i16) {
        match self {
            Direction::East => (1, 0),
            Direction::South => (0, 1),
            Direction::West => (-1, 0),
            Direction::North => (0, -1),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Left => "left",
            Side::Right => "right",
        })
    }
}

impl fmt::Display for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Half::Top => "top",
            Half::Bottom => "bottom",
        })
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::East => "east",
            Direction::South => "south",
            Direction::West => "west",
            Direction::North => "north",
        })
    }
}
