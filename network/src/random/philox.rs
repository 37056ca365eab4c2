//! The native generator: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
//! SC 2011), a keyed bijection of a 128-bit counter.
//!
//! Nothing is kept between draws but a counter, so that the draws for any cell can be made on any thread. A stream is
//! named by the user's seed, a stream number and an index. Seed and stream number make the key (the first two words of
//! the bijection of the stream number, keyed by the seed); the counter holds the index in words 2 and 3 and the number
//! of the block of four words in words 0 and 1. Doubles are 53 bits of two words, Gaussians come in polar pairs of
//! which the second is kept, and transcendental functions are those of the `libm` crate, so that every machine gets
//! the same bits.

use super::Source;

const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];

/// The sequence of one (seed, stream, index).
#[derive(Clone)]
pub(crate) struct Philox {
    key: [u32; 2],
    index: u64,
    block: u64,
    words: [u32; 4],
    used: usize,
    cached_gaussian: Option<f64>,
}

/// The key of one (seed, stream): made once, used for many indices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PhiloxKey([u32; 2]);

impl PhiloxKey {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        // The third word sets key derivation apart from drawing.
        let words = philox(
            [stream as u32, (stream >> 32) as u32, 0x7461_7072, 0x6f6f_7400],
            [seed as u32, (seed >> 32) as u32],
        );
        Self([words[0], words[1]])
    }

    pub(crate) fn at(self, index: u64) -> Philox {
        Philox {
            key: self.0,
            index,
            block: 0,
            words: [0; 4],
            used: 4,
            cached_gaussian: None,
        }
    }
}

impl Source for Philox {
    fn next_u32(&mut self) -> u32 {
        if self.used == 4 {
            let counter = [
                self.block as u32,
                (self.block >> 32) as u32,
                self.index as u32,
                (self.index >> 32) as u32,
            ];
            self.words = philox(counter, self.key);
            self.block += 1;
            self.used = 0;
        }
        self.used += 1;
        self.words[self.used - 1]
    }

    fn next_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    fn gauss(&mut self) -> f64 {
        if let Some(kept) = self.cached_gaussian.take() {
            return kept;
        }
        let (x, y, factor) = super::distributions::polar_pair(self);
        self.cached_gaussian = Some(factor * x);
        factor * y
    }

    fn ln(x: f64) -> f64 {
        libm::log(x)
    }
    fn exp(x: f64) -> f64 {
        libm::exp(x)
    }
    fn pow(x: f64, y: f64) -> f64 {
        libm::pow(x, y)
    }
    fn cos(x: f64) -> f64 {
        libm::cos(x)
    }
    fn acos(x: f64) -> f64 {
        libm::acos(x)
    }
}

fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let [a, b] = [
            u64::from(MULTIPLIERS[0]) * u64::from(counter[0]),
            u64::from(MULTIPLIERS[1]) * u64::from(counter[2]),
        ];
        counter = [
            (b >> 32) as u32 ^ counter[1] ^ key[0],
            b as u32,
            (a >> 32) as u32 ^ counter[3] ^ key[1],
            a as u32,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::philox;

    /// Known answers of Random123 1.14, `kat_vectors`, rows `philox4x32 10`.
    #[test]
    fn known_answers() {
        assert_eq!(
            philox([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }
}
