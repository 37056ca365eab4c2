//! Bit fields of register words.

/// Some neighbouring bits of a 32-bit register word.
///
/// ```
/// use taproot_wafer::Field;
/// const SELECTOR: Field = Field::bits(2, 3);
/// assert_eq!(SELECTOR.put(2), 0b1000);
/// assert_eq!(SELECTOR.get(0b1111_1011), 2);
/// assert_eq!(SELECTOR.mask(), 0b1100);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    low: u8,
    width: u8,
}

impl Field {
    /// Bit `n` alone, 0 being the least significant.
    pub const fn bit(n: u8) -> Self {
        Self::bits(n, n)
    }

    /// Bits `low` to `high`, both included.
    ///
    /// # Panics
    ///
    /// If they are not bits of a 32-bit word; fields are constants, so that shows when the program is compiled.
    pub const fn bits(low: u8, high: u8) -> Self {
        assert!(low <= high && high < 32, "a field lies within 32 bits");
        Self {
            low,
            width: high - low + 1,
        }
    }

    /// Number of bits.
    pub const fn width(self) -> u8 {
        self.width
    }

    /// The largest value that fits.
    pub const fn largest(self) -> u32 {
        u32::MAX >> (32 - self.width)
    }

    /// The word in which exactly these bits are set.
    pub const fn mask(self) -> u32 {
        self.largest() << self.low
    }

    /// The value of these bits in a word.
    pub const fn get(self, word: u32) -> u32 {
        (word >> self.low) & self.largest()
    }

    /// Whether any of these bits is set in a word.
    pub const fn is_set(self, word: u32) -> bool {
        word & self.mask() != 0
    }

    /// The word with `value` in these bits and zeros elsewhere.
    ///
    /// # Panics
    ///
    /// If the value does not fit.
    pub const fn put(self, value: u32) -> u32 {
        assert!(value <= self.largest(), "the value fits into its field");
        value << self.low
    }

    /// The word with these bits all set if `value`, and zeros elsewhere.
    pub const fn put_bool(self, value: bool) -> u32 {
        if value { self.mask() } else { 0 }
    }
}

/// The lowest `width` bits of a value in reverse order. Several buses of the chip are wired that way round.
///
/// ```
/// assert_eq!(taproot_wafer::reversed(0b0001, 4), 0b1000);
/// assert_eq!(taproot_wafer::reversed(0b110100, 6), 0b001011);
/// ```
pub const fn reversed(value: u32, width: u8) -> u32 {
    assert!(width > 0 && width <= 32, "1 to 32 bits");
    value.reverse_bits() >> (32 - width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_can_be_the_whole_word() {
        let all = Field::bits(0, 31);
        assert_eq!(all.put(u32::MAX), u32::MAX);
        assert_eq!(all.get(0x8000_0001), 0x8000_0001);
    }

    #[test]
    #[should_panic(expected = "fits")]
    fn values_do_not_spill() {
        Field::bits(2, 3).put(4);
    }

    #[test]
    fn reversing_drops_higher_bits() {
        assert_eq!(reversed(0xf3, 4), 0b1100);
        assert_eq!(reversed(1, 32), 0x8000_0000);
    }
}
