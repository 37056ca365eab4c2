//! The router's time-outs: eight-bit floating-point numbers of router clocks.
//!
//! With exponent E in the high nibble and mantissa M in the low one the value is `(M + 16 - 2^(4-E)) * 2^E` for E up to
//! 4 and `(M + 16) * 2^E` above; 0xff means for ever (data sheet 10).

/// How many times the pre-scaler halves the router clock.
pub(crate) fn exponent(code: u8) -> u32 {
    u32::from(code >> 4)
}

/// Router clocks, or none for "for ever".
pub(crate) fn clocks(code: u8) -> Option<u64> {
    let (exponent, mantissa) = (exponent(code), u64::from(code & 15));
    match code {
        0xff => None,
        _ if exponent <= 4 => Some((mantissa + 16 - (1 << (4 - exponent))) << exponent),
        _ => Some((mantissa + 16) << exponent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_that_the_firmware_uses() {
        // Boot ROM, SCAMP, extra monitor.
        for (code, value) in [(0x2f, 108), (0x40, 240), (0x4f, 480), (0, 0)] {
            assert_eq!(clocks(code), Some(value), "{code:#x}");
        }
        assert_eq!(clocks(0xff), None);
        assert!(
            (0..=16).all(|code| clocks(code) == Some(u64::from(code))),
            "small waits are exact"
        );
        assert_eq!(clocks(0xfe), Some(30 << 15));
    }

    #[test]
    fn waits_grow_with_their_code() {
        for code in 0..0xfe {
            assert!(clocks(code) < clocks(code + 1), "{code:#x}");
        }
    }
}
