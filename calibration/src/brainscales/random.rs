//! Random numbers that depend on a seed, a stream and an index alone, so that any part can be drawn on any thread.
//!
//! Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011), the generator that `network/` uses too; this crate does not
//! depend on networks.

const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];

/// Numbers of one seed and stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    seed: u64,
    stream: u64,
}

impl Stream {
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        Self { seed, stream }
    }

    /// Uniform in [0, 1).
    pub(super) fn uniform(self, index: u64) -> f64 {
        let words = self.words(index);
        ((u64::from(words[0]) << 32 | u64::from(words[1])) >> 11) as f64 / 9_007_199_254_740_992.0
    }

    fn words(self, index: u64) -> [u32; 4] {
        let counter = [
            index as u32,
            (index >> 32) as u32,
            self.stream as u32,
            (self.stream >> 32) as u32,
        ];
        philox(counter, [self.seed as u32, (self.seed >> 32) as u32])
    }
}

fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let a = u64::from(MULTIPLIERS[0]) * u64::from(counter[0]);
        let b = u64::from(MULTIPLIERS[1]) * u64::from(counter[2]);
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
    use super::*;

    #[test]
    fn the_words_are_the_published_ones() {
        // Random123, `kat_vectors`: philox4x32-10.
        assert_eq!(
            philox([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
    }
}
