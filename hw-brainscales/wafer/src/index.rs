//! Numbers with a bound: the macro that makes one type per kind of thing.

/// A number that names nothing on this hardware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} {value} does not exist: the largest is {largest}")]
pub struct OutOfRange {
    /// What was asked for, such as "vertical bus".
    pub what: &'static str,
    /// The number that was given.
    pub value: usize,
    /// The largest number that exists.
    pub largest: usize,
}

/// A type for the numbers 0 to `count - 1` of one kind of thing, printed with a letter in front.
///
/// `at` panics on numbers that do not exist and is for numbers that the program itself made; what comes from outside
/// goes through `new`.
macro_rules! index {
    ($(#[$doc:meta])* $name:ident($inner:ty), $count:expr, $prefix:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "u16", into = "u16")]
        pub struct $name($inner);

        impl $name {
            #[doc = concat!("How many there are: numbers are 0 to ", stringify!($count), " - 1.")]
            pub const COUNT: usize = $count;

            #[doc = concat!("The ", $what, " of that number; an error if there is none.")]
            pub const fn new(value: usize) -> Result<Self, $crate::OutOfRange> {
                if value < Self::COUNT {
                    Ok(Self(value as $inner))
                } else {
                    Err($crate::OutOfRange { what: $what, value, largest: Self::COUNT - 1 })
                }
            }

            #[doc = concat!("The ", $what, " of a number known to exist.")]
            ///
            /// # Panics
            ///
            /// If it does not exist: for numbers from outside there is `new`.
            pub const fn at(value: usize) -> Self {
                assert!(value < Self::COUNT, concat!("no such ", $what));
                Self(value as $inner)
            }

            /// The number, from 0.
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// All of them, in order.
            pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
                (0..Self::COUNT).map(Self::at)
            }
        }

        impl TryFrom<u16> for $name {
            type Error = $crate::OutOfRange;
            fn try_from(value: u16) -> Result<Self, $crate::OutOfRange> {
                Self::new(value.into())
            }
        }

        impl From<$name> for u16 {
            fn from(value: $name) -> u16 {
                value.0.into()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::HorizontalBus;

    #[test]
    fn numbers_beyond_the_last_are_refused_with_a_reason() {
        assert_eq!(HorizontalBus::new(63), Ok(HorizontalBus::at(63)));
        let error = HorizontalBus::new(64).unwrap_err();
        assert_eq!(
            error.to_string(),
            "horizontal bus 64 does not exist: the largest is 63"
        );
        assert!(HorizontalBus::try_from(64).is_err());
        assert_eq!(HorizontalBus::at(6).to_string(), "h6");
        assert_eq!(HorizontalBus::all().len(), 64);
    }
}
