//! The number of a DNC, which the wire has room for and a wafer does not need.

use std::fmt;

/// A DNC of an FPGA. The FPGAs of present wafer modules have one each, number 0; the field has room for four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DncNumber(u8);

impl DncNumber {
    /// The one with this number, 0 to 3; none if there is none.
    pub const fn new(number: u8) -> Option<Self> {
        if number < 4 { Some(Self(number)) } else { None }
    }

    /// The one whose number is in the low two bits.
    pub(super) const fn from_bits(bits: u64) -> Self {
        Self((bits % 4) as u8)
    }

    /// Its number, to be shifted into a field.
    pub(super) const fn bits(self) -> u64 {
        self.0 as u64
    }
}

impl fmt::Display for DncNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
