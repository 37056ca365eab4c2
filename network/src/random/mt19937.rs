//! NumPy's legacy generator: MT19937 (Matsumoto and Nishimura, ACM TOMACS 8, 1998), as `RandomState` uses it.
//!
//! `RandomState`'s output is frozen by NumPy's policy (NEP 19): doubles of 53 bits from two words, Gaussians by the
//! polar method with the second value of each pair kept for the next call.

use super::{DrawError, Mt19937State, Source};

const N: usize = 624;
const M: usize = 397;

/// The running generator; [`Mt19937State`] is its state at rest.
#[derive(Clone)]
pub(crate) struct Mt19937 {
    key: [u32; N],
    position: usize,
    cached_gaussian: Option<f64>,
}

impl Mt19937State {
    /// The state of `numpy.random.RandomState(seed)`.
    pub fn from_seed(seed: u32) -> Self {
        let mut key = Vec::with_capacity(N);
        let mut word = seed;
        for i in 0..N as u32 {
            key.push(word);
            word = 1_812_433_253_u32
                .wrapping_mul(word ^ (word >> 30))
                .wrapping_add(i + 1);
        }
        Self {
            key,
            position: N as u16,
            cached_gaussian: None,
        }
    }

    /// Whether it has 624 words and a position among them.
    pub fn is_valid(&self) -> bool {
        self.key.len() == N
            && usize::from(self.position) <= N
            && self.cached_gaussian.is_none_or(f64::is_finite)
    }
}

impl Mt19937 {
    /// Takes up a state.
    pub(crate) fn resume(state: &Mt19937State) -> Result<Self, DrawError> {
        match state.key.as_slice().try_into() {
            Ok(key) if state.is_valid() => Ok(Self {
                key,
                position: state.position.into(),
                cached_gaussian: state.cached_gaussian,
            }),
            _ => Err(DrawError::BadState {
                words: state.key.len(),
                position: state.position,
            }),
        }
    }

    /// The state to go on from.
    pub(crate) fn state(&self) -> Mt19937State {
        Mt19937State {
            key: self.key.to_vec(),
            position: self.position as u16,
            cached_gaussian: self.cached_gaussian,
        }
    }

    fn refill(&mut self) {
        for i in 0..N {
            let y = (self.key[i] & 0x8000_0000) | (self.key[(i + 1) % N] & 0x7fff_ffff);
            let twist = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.key[i] = self.key[(i + M) % N] ^ (y >> 1) ^ twist;
        }
        self.position = 0;
    }
}

impl Source for Mt19937 {
    fn next_u32(&mut self) -> u32 {
        if self.position == N {
            self.refill();
        }
        let mut y = self.key[self.position];
        self.position += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn next_f64(&mut self) -> f64 {
        let high = f64::from(self.next_u32() >> 5);
        let low = f64::from(self.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    fn gauss(&mut self) -> f64 {
        if let Some(kept) = self.cached_gaussian.take() {
            return kept;
        }
        let (x, y, factor) = super::distributions::polar_pair(self);
        self.cached_gaussian = Some(factor * x);
        factor * y
    }

    // The platform's own functions, because NumPy calls them.
    fn ln(x: f64) -> f64 {
        x.ln()
    }
    fn exp(x: f64) -> f64 {
        x.exp()
    }
    fn pow(x: f64, y: f64) -> f64 {
        x.powf(y)
    }
    fn cos(x: f64) -> f64 {
        x.cos()
    }
    fn acos(x: f64) -> f64 {
        x.acos()
    }
}
