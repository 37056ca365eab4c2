//! Fixed-point numbers as the on-chip binaries of sPyNNaker store them.
//!
//! There are two ways in which the field's own host rounds, and they differ in the last bit for a few numbers. A
//! single number takes the decimal path ([`Fixed::encode`]): its shortest decimal text times the scale, rounded half to
//! even. An array takes the binary path ([`Fixed::encode_binary`]): the double times the scale, rounded half to even.
//! Source: `SpiNNFrontEndCommon: interface/ds/data_type.py`, `encode_as_int` and `encode_as_numpy_int_array`.

/// A fixed-point format: an integer of up to 64 bits over a power of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// Bits behind the binary point.
    pub fraction_bits: u8,
    /// Smallest integer stored.
    pub low: i128,
    /// Largest integer stored.
    pub high: i128,
}

/// `accum`: signed, 16 bits before and 15 behind the point.
pub const S1615: Fixed = Fixed::signed(32, 15);
/// Unsigned, 16 bits before and 16 behind the point.
pub const U1616: Fixed = Fixed::unsigned(32, 16);
/// Unsigned fraction of 32 bits.
pub const U032: Fixed = Fixed::unsigned(32, 32);
/// Unsigned, 32 bits before and 32 behind the point.
pub const U3232: Fixed = Fixed::unsigned(64, 32);
/// A weight in a synaptic word, in units of its scale.
pub const WEIGHT: Fixed = Fixed::unsigned(16, 0);

/// An integer in storage, and whether the number asked for lay outside the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The integer.
    pub raw: i128,
    /// Whether the number was cut to the nearest end of the range (NaN counts, and is stored as zero).
    pub saturated: bool,
}

impl Fixed {
    /// A two's complement format of `bits` bits.
    pub const fn signed(bits: u8, fraction_bits: u8) -> Self {
        Self {
            fraction_bits,
            low: -(1i128 << (bits - 1)),
            high: (1i128 << (bits - 1)) - 1,
        }
    }

    /// An unsigned format of `bits` bits.
    pub const fn unsigned(bits: u8, fraction_bits: u8) -> Self {
        Self {
            fraction_bits,
            low: 0,
            high: (1i128 << bits) - 1,
        }
    }

    /// The integer of 1.0.
    pub fn scale(self) -> f64 {
        (1u64 << self.fraction_bits) as f64
    }

    /// The nearest stored number, by the decimal path: what sPyNNaker does to a single number.
    ///
    /// ```
    /// use taproot_calibration::fixed::S1615;
    /// assert_eq!(S1615.encode(0.1).raw, 3277);
    /// assert!(S1615.encode(1e9).saturated);
    /// ```
    pub fn encode(self, value: f64) -> Stored {
        if !value.is_finite() {
            return self.clamp_infinite(value);
        }
        self.clamp(decimal_times_power(value, self.fraction_bits))
    }

    /// The nearest stored number, by the binary path: what sPyNNaker does to arrays.
    pub fn encode_binary(self, value: f64) -> Stored {
        if !value.is_finite() {
            return self.clamp_infinite(value);
        }
        // Beyond 2^64 every format saturates; the cast itself saturates far outside of that.
        self.clamp((value * self.scale()).round_ties_even() as i128)
    }

    /// The number that an integer in storage stands for.
    pub fn decode(self, raw: i128) -> f64 {
        raw as f64 / self.scale()
    }

    fn clamp(self, raw: i128) -> Stored {
        let within = raw.clamp(self.low, self.high);
        Stored {
            raw: within,
            saturated: within != raw,
        }
    }

    fn clamp_infinite(self, value: f64) -> Stored {
        let raw = if value == f64::INFINITY {
            self.high
        } else if value == f64::NEG_INFINITY {
            self.low
        } else {
            0
        };
        Stored { raw, saturated: true }
    }
}

/// A weight times its scale, rounded half to even, cut to 16 bits.
pub fn encode_weight(magnitude: f64, scale: f64) -> (u16, bool) {
    let scaled = (magnitude * scale).round_ties_even();
    // A cast from a float saturates, and takes NaN to zero.
    (scaled as u16, scaled.is_nan() || scaled > 65535.0)
}

/// The shortest decimal text of `value`, times 2^`bits`, rounded half to even.
fn decimal_times_power(value: f64, bits: u8) -> i128 {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let fraction_digits = mantissa.len().saturating_sub(2) as i32;
    let digits: i128 = mantissa
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    // value = digits * 10^power, with at most 17 digits
    let power = exponent - fraction_digits;
    let scaled = digits << bits;
    let magnitude = if power >= 0 {
        // 17 digits and 10^20 exceed every format already.
        10i128
            .checked_pow(power.min(20) as u32)
            .and_then(|p| scaled.checked_mul(p))
            .unwrap_or(i128::MAX / 2)
    } else if power < -37 {
        0
    } else {
        let divisor = 10i128.pow(power.unsigned_abs());
        let (quotient, rest) = (scaled / divisor, scaled % divisor);
        let up = match (2 * rest).cmp(&divisor) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => quotient % 2 == 1,
            std::cmp::Ordering::Less => false,
        };
        quotient + i128::from(up)
    };
    if value.is_sign_negative() {
        -magnitude
    } else {
        magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_as_in_the_field() {
        // Bytes of sPyNNaker 7.4.1 in virtual mode.
        assert_eq!(S1615.encode(0.1).raw, 0xccd);
        assert_eq!(S1615.encode(-65.0).raw as i32 as u32, 0xffdf_8000);
        assert_eq!(U032.encode(0.001).raw, 0x0041_8937);
        assert_eq!(U1616.encode(0.01).raw, 0x28f);
        assert_eq!(U1616.encode(10.0).raw, 0xa0000);
        assert_eq!(U3232.encode(50.0).raw, 50 << 32);
    }

    #[test]
    fn decimal_and_binary_paths_differ_at_a_tie() {
        // 1.5 / 2^15 is a tie in binary only if its shortest decimal text is exact.
        let tie = 1.5 / 32768.0;
        assert_eq!(S1615.encode(tie).raw, 2);
        assert_eq!(S1615.encode_binary(tie).raw, 2);
        let half = 0.5 / 32768.0;
        assert_eq!(S1615.encode(half).raw, 0);
        // 2^-33 has 23 significant digits, its shortest text 17: above the tie.
        let tiny = 2f64.powi(-33) * 3.0;
        assert_eq!(U032.encode_binary(tiny).raw, 2);
    }

    #[test]
    fn large_and_odd_values_saturate() {
        assert_eq!(
            S1615.encode(1e10),
            Stored {
                raw: i128::from(i32::MAX),
                saturated: true
            }
        );
        assert_eq!(S1615.encode(-1e300).raw, i128::from(i32::MIN));
        assert_eq!(U1616.encode(-0.5).raw, 0);
        assert!(U1616.encode(-0.5).saturated);
        assert!(S1615.encode(f64::NAN).saturated);
        assert_eq!(S1615.encode(1e-300).raw, 0);
        assert_eq!(S1615.encode_binary(f64::INFINITY).raw, i128::from(i32::MAX));
    }

    #[test]
    fn weights_round_half_to_even_and_saturate() {
        assert_eq!(encode_weight(0.5, 1.0), (0, false));
        assert_eq!(encode_weight(1.5, 1.0), (2, false));
        assert_eq!(encode_weight(3.0, 32768.0), (65535, true));
        assert_eq!(encode_weight(0.01, 32768.0 * 16.0), (5243, false));
    }
}
