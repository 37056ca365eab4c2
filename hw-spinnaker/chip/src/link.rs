//! The six links of a chip.
//!
//! ```text
//!        North  North-East
//!            \   |
//!   West ---- chip ---- East       drawn skewed: North-East is (+1,+1)
//!              |   \
//!      South-West   South
//! ```
//!
//! Source: data sheet 2.02, section 8; `spinnaker_tools/include/spinnaker.h`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A link of a chip, numbered as the hardware does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Link {
    /// (+1, 0)
    East = 0,
    /// (+1, +1)
    NorthEast = 1,
    /// (0, +1)
    North = 2,
    /// (-1, 0)
    West = 3,
    /// (-1, -1)
    SouthWest = 4,
    /// (0, -1)
    South = 5,
}

impl Link {
    /// All six, in hardware order.
    pub const ALL: [Link; 6] = [
        Link::East,
        Link::NorthEast,
        Link::North,
        Link::West,
        Link::SouthWest,
        Link::South,
    ];

    /// The hardware's number, 0 to 5.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The link with a hardware number, if it is one.
    pub fn from_number(number: u8) -> Option<Link> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The step to the neighbour, in columns and rows.
    pub const fn step(self) -> (i32, i32) {
        match self {
            Link::East => (1, 0),
            Link::NorthEast => (1, 1),
            Link::North => (0, 1),
            Link::West => (-1, 0),
            Link::SouthWest => (-1, -1),
            Link::South => (0, -1),
        }
    }

    /// The link on which a packet sent here arrives at the neighbour.
    pub const fn opposite(self) -> Link {
        Self::ALL[(self as usize + 3) % 6]
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Link::East => "east",
            Link::NorthEast => "north-east",
            Link::North => "north",
            Link::West => "west",
            Link::SouthWest => "south-west",
            Link::South => "south",
        })
    }
}

/// A set of links; bit n is link n.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct LinkSet(u8);

/// A set of links from a file names a link that no chip has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:#x} is not a set of links: a SpiNNaker chip has links 0 to 5")]
pub struct LinkSetError(pub u8);

impl TryFrom<u8> for LinkSet {
    type Error = LinkSetError;
    fn try_from(bits: u8) -> Result<Self, LinkSetError> {
        if bits & !Self::ALL.0 == 0 {
            Ok(Self(bits))
        } else {
            Err(LinkSetError(bits))
        }
    }
}

impl From<LinkSet> for u8 {
    fn from(set: LinkSet) -> Self {
        set.0
    }
}

impl LinkSet {
    /// No link.
    pub const NONE: LinkSet = LinkSet(0);
    /// All six links.
    pub const ALL: LinkSet = LinkSet(0x3f);

    /// The set whose bits are the low six of `bits`; higher bits are dropped.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0x3f)
    }

    /// Bit n is link n.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether `link` is in the set.
    pub const fn contains(self, link: Link) -> bool {
        self.0 & (1 << link as u8) != 0
    }

    /// The set with `link` added.
    #[must_use]
    pub const fn with(self, link: Link) -> Self {
        Self(self.0 | 1 << link as u8)
    }

    /// The set with `link` removed.
    #[must_use]
    pub const fn without(self, link: Link) -> Self {
        Self(self.0 & !(1 << link as u8))
    }

    /// The links of the set, in hardware order.
    pub fn iter(self) -> impl Iterator<Item = Link> {
        Link::ALL.into_iter().filter(move |link| self.contains(*link))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opposite_links_cancel() {
        for link in Link::ALL {
            let (dx, dy) = link.step();
            assert_eq!(link.opposite().step(), (-dx, -dy));
            assert_eq!(link.opposite().opposite(), link);
        }
    }
}
