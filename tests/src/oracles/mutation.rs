//! Seeded mutations of byte strings: what an ordinary test tries in place of a fuzzer.

/// A stream of byte strings, each a seed with a few changes. The same seeds and number give the same stream.
pub struct Mutations {
    seeds: Vec<Vec<u8>>,
    state: u64,
}

/// Numbers at which parsers break: ends of ranges, signs, counts that ask for too much.
const EDGES: [u32; 12] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    u32::MAX,
];

impl Mutations {
    /// Mutations of `seeds`; the empty string is always among them.
    pub fn new(mut seeds: Vec<Vec<u8>>, number: u64) -> Self {
        seeds.push(Vec::new());
        Self { seeds, state: number }
    }

    /// SplitMix64.
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.draw() % end.max(1) as u64) as usize
    }

    fn seed(&mut self) -> Vec<u8> {
        let number = self.below(self.seeds.len());
        self.seeds[number].clone()
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        let length = 1 + self.below(16);
        let end = (at + length).min(bytes.len());
        match self.below(10) {
            // Flip a bit.
            0 | 1 => {
                let bit = 1 << self.below(8);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= bit;
                }
            }
            2 => {
                let byte = self.draw() as u8;
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            // A word of either byte order.
            3 | 4 => {
                let word = EDGES[self.below(EDGES.len())];
                let word = if self.below(2) == 0 {
                    word.to_le_bytes()
                } else {
                    word.to_be_bytes()
                };
                let at = at / 4 * 4;
                for (place, byte) in bytes.iter_mut().skip(at).zip(word) {
                    *place = byte;
                }
            }
            5 => {
                bytes.drain(at..end);
            }
            6 => bytes.truncate(at),
            // Repeat a piece.
            7 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            // Put in something new.
            8 => {
                let piece: Vec<u8> = (0..length).map(|_| self.draw() as u8).collect();
                bytes.splice(at..at, piece);
            }
            // Go on with another seed.
            _ => {
                let other = self.seed();
                let from = self.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
        }
    }
}

impl Iterator for Mutations {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut bytes = self.seed();
        for _ in 0..self.below(5) {
            self.change(&mut bytes);
        }
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_give_equal_mutations() {
        let some = |number| {
            Mutations::new(vec![vec![1, 2, 3], vec![9; 40]], number)
                .take(200)
                .collect::<Vec<_>>()
        };
        assert_eq!(some(1), some(1));
        assert_ne!(some(1), some(2));
    }
}
