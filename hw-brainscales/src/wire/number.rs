//! Small numbers with bounds that addresses on the wire are made of.

use std::fmt;

/// A number below a bound.
macro_rules! number {
    ($(#[$meta:meta])* $name:ident below $count:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u8);

        impl $name {
            /// How many there are.
            pub const COUNT: u8 = $count;

            /// The one with this number; none if there is none.
            pub const fn new(number: u8) -> Option<Self> {
                if number < $count { Some(Self(number)) } else { None }
            }

            /// Its number.
            pub const fn number(self) -> u8 {
                self.0
            }

            /// All of them, by number.
            pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
                (0..$count).map(Self)
            }

            /// The one whose number is in the low bits of a field that is just wide enough.
            pub(super) const fn from_bits(bits: u64) -> Self {
                Self((bits % $count) as u8)
            }

            /// Its number, to be shifted into a field.
            pub(super) const fn bits(self) -> u64 {
                self.0 as u64
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

number! {
    /// A DNC of an FPGA. The FPGAs of present wafer modules have one each, number 0; the field has room for four.
    DncNumber below 4
}

number! {
    /// A HICANN of a reticle, by its high-speed link: `2 x + y`, x 0 to 3 from the west, y 0 to 1 from the north.
    HicannLink below 8
}

impl HicannLink {
    /// From the HICANN's number on the reticle as coordinates count it: `4 y + x`.
    pub const fn from_position(number: u8) -> Option<Self> {
        match number {
            0..4 => Some(Self(2 * number)),
            4..8 => Some(Self(2 * (number - 4) + 1)),
            _ => None,
        }
    }

    /// The HICANN's number on the reticle as coordinates count it: `4 y + x`.
    pub const fn position(self) -> u8 {
        self.0 / 2 + 4 * (self.0 % 2)
    }
}

number! {
    /// A link between the DNC interface and layer 1 of a HICANN; it belongs to the DNC merger of the same number.
    Channel below 8
}

number! {
    /// A layer-1 address, 0 to 63. Number 0 keeps receivers locked.
    L1Address below 64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known: `halbe:test/halbe_test_FPGAContainer.cpp`, the tables of `PulseAddress::Converter`.
    #[test]
    fn links_of_the_upper_row_are_even() {
        let links: Vec<u8> = (0..8)
            .map(|position| HicannLink::from_position(position).unwrap().number())
            .collect();
        assert_eq!(links, [0, 2, 4, 6, 1, 3, 5, 7]);
        let positions: Vec<u8> = HicannLink::all().map(HicannLink::position).collect();
        assert_eq!(positions, [0, 4, 1, 5, 2, 6, 3, 7]);
        assert_eq!(HicannLink::from_position(8), None);
    }

    #[test]
    fn a_number_beyond_its_bound_cannot_be_built() {
        assert_eq!(L1Address::new(63).map(L1Address::number), Some(63));
        assert_eq!(L1Address::new(64), None);
        assert_eq!(DncNumber::new(4), None);
    }
}
