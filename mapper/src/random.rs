//! The mapper's random numbers: PCG32 (O'Neill 2014, "PCG: A Family of Simple Fast Space-Efficient Statistically Good
//! Algorithms for Random Number Generation"), variant XSH-RR 64/32. Only integer and exact float operations, so that
//! results are the same on every host.

/// PCG32.
#[derive(Clone, Debug)]
pub(crate) struct Pcg32 {
    state: u64,
    increment: u64,
}

const MULTIPLIER: u64 = 6_364_136_223_846_793_005;

impl Pcg32 {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut pcg = Self {
            state: 0,
            increment: stream << 1 | 1,
        };
        pcg.next();
        pcg.state = pcg.state.wrapping_add(seed);
        pcg.next();
        pcg
    }

    pub(crate) fn next(&mut self) -> u32 {
        let old = self.state;
        self.state = old.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
        let shifted = (((old >> 18) ^ old) >> 27) as u32;
        shifted.rotate_right((old >> 59) as u32)
    }

    /// Uniform in `0..bound`, by multiplication; the bias of at most bound / 2^32 does not matter here.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.next()) * u64::from(bound)) >> 32) as u32
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(self.next()) / 4_294_967_296.0
    }
}

/// e^-x for x >= 0, by (1 - x / 1024)^1024: multiplications only, so that it is the same everywhere.
/// The relative error, x^2 / 2048, does not matter for accepting moves.
pub(crate) fn exp_minus(x: f64) -> f64 {
    let mut value = (1.0 - x / 1024.0).max(0.0);
    for _ in 0..10 {
        value *= value;
    }
    value
}

/// A well-mixed hash of two numbers, for breaking ties (the finaliser of SplitMix64, Steele et al. 2014).
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let mut z = a
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(b)
        .wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_are_the_published_ones() {
        // pcg-c-basic, `pcg32-demo` with seed 42 and stream 54.
        let mut pcg = Pcg32::new(42, 54);
        let got: Vec<u32> = (0..6).map(|_| pcg.next()).collect();
        let published = [
            0xa15c_02b7,
            0x7b47_f409,
            0xba1d_3330,
            0x83d2_f293,
            0xbfa4_784b,
            0xcbed_606e,
        ];
        assert_eq!(got, published);
    }

    #[test]
    fn the_exponential_is_close() {
        for x in [0.0f64, 0.1, 1.0, 5.0] {
            assert!((exp_minus(x) - (-x).exp()).abs() < 0.003, "{x}");
        }
        assert_eq!(exp_minus(5000.0), 0.0);
    }
}
