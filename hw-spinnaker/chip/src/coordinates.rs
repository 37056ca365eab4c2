//! Where things are: chips on the machine's grid and processors on a chip.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Largest chip coordinate: P2P addresses are `x << 8 | y` (data sheet 2.02, section 8).
pub const MAX_COORDINATE: u8 = 255;

/// A chip by its position on the machine's grid; prints as `(4,7)`.
///
/// Ordered by `x`, then `y`, which is the order of P2P addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "[u8; 2]", into = "[u8; 2]")]
pub struct ChipXy {
    /// Column, growing eastwards.
    pub x: u8,
    /// Row, growing northwards.
    pub y: u8,
}

impl ChipXy {
    /// The chip at column `x`, row `y`.
    pub const fn new(x: u8, y: u8) -> Self {
        Self { x, y }
    }

    /// The point-to-point address `x << 8 | y`.
    pub const fn p2p(self) -> u16 {
        (self.x as u16) << 8 | self.y as u16
    }

    /// The chip with a point-to-point address.
    pub const fn from_p2p(address: u16) -> Self {
        Self {
            x: (address >> 8) as u8,
            y: address as u8,
        }
    }
}

impl From<[u8; 2]> for ChipXy {
    fn from([x, y]: [u8; 2]) -> Self {
        Self { x, y }
    }
}

impl From<ChipXy> for [u8; 2] {
    fn from(xy: ChipXy) -> Self {
        [xy.x, xy.y]
    }
}

impl fmt::Display for ChipXy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({},{})", self.x, self.y)
    }
}

/// A core index of 18 or more was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("core {0} does not exist: a SpiNNaker chip has cores 0 to 17")]
pub struct CoordinateError(pub u8);

/// A core of a chip by its **virtual** number, 0 (the monitor) to 17; prints as `(4,7,12)`.
///
/// Virtual numbers are what SCAMP, SDP and hosts use; physical numbers stay inside the emulator and the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "[u8; 3]", into = "[u8; 3]")]
pub struct CoreId {
    /// The chip.
    pub chip: ChipXy,
    core: u8,
}

impl CoreId {
    /// Core `core` of `chip`; an error if there is no such core on any chip.
    pub const fn new(chip: ChipXy, core: u8) -> Result<Self, CoordinateError> {
        if core < crate::CORES_PER_CHIP {
            Ok(Self { chip, core })
        } else {
            Err(CoordinateError(core))
        }
    }

    /// The virtual core number, 0 to 17.
    pub const fn core(self) -> u8 {
        self.core
    }
}

impl TryFrom<[u8; 3]> for CoreId {
    type Error = CoordinateError;
    fn try_from([x, y, p]: [u8; 3]) -> Result<Self, CoordinateError> {
        Self::new(ChipXy::new(x, y), p)
    }
}

impl From<CoreId> for [u8; 3] {
    fn from(id: CoreId) -> Self {
        [id.chip.x, id.chip.y, id.core]
    }
}

impl fmt::Display for CoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({},{},{})", self.chip.x, self.chip.y, self.core)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p2p_addresses_round_trip() {
        for address in [0u16, 1, 0x0807, 0xffff] {
            assert_eq!(ChipXy::from_p2p(address).p2p(), address);
        }
        assert_eq!(ChipXy::new(8, 4).p2p(), 0x0804);
    }

    #[test]
    fn core_18_cannot_be_built() {
        assert_eq!(CoreId::new(ChipXy::new(0, 0), 18), Err(CoordinateError(18)));
        assert_eq!(
            CoreId::new(ChipXy::new(4, 7), 12).unwrap().to_string(),
            "(4,7,12)"
        );
    }
}
