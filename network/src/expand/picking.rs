//! Picking cells: uniformly, without one of them, without replacement, and shuffled pairs.

use super::ExpandReason;
use crate::random::{Mt19937, Philox, Source, below};

/// A source of random words that can pick some of a number of cells.
pub(super) trait Picker: Source {
    /// Pushes `n` different cells of `0..pool.len()`, in random order; `n` is at most the length. The pool holds
    /// `0, 1, 2, ...` before and after.
    fn pick(&mut self, pool: &mut [u32], n: usize, push: impl FnMut(u32));
}

impl Picker for Mt19937 {
    /// NumPy's `permutation`, of which PyNN takes the first `n`: a shuffle from the last cell down.
    fn pick(&mut self, pool: &mut [u32], n: usize, push: impl FnMut(u32)) {
        for i in (1..pool.len()).rev() {
            let j = below(self, i as u64) as usize;
            pool.swap(i, j);
        }
        pool[..n].iter().copied().for_each(push);
        for (cell, value) in pool.iter_mut().zip(0..) {
            *cell = value;
        }
    }
}

impl Picker for Philox {
    /// The first `n` steps of a shuffle from the first cell up, undone afterwards: costs `n`, not the length.
    fn pick(&mut self, pool: &mut [u32], n: usize, mut push: impl FnMut(u32)) {
        let last = pool.len().wrapping_sub(1);
        let mut swaps = Vec::with_capacity(n);
        for i in 0..n {
            let j = i + below(self, (last - i) as u64) as usize;
            pool.swap(i, j);
            swaps.push(j);
            push(pool[i]);
        }
        for (i, &j) in swaps.iter().enumerate().rev() {
            pool.swap(i, j);
        }
    }
}

/// How the partners of one cell are drawn.
pub(super) struct Draw {
    /// Cells to draw from.
    pub(super) size: u32,
    /// With replacement.
    pub(super) with_replacement: bool,
    /// Whether the cell with the partner's own number is left out.
    pub(super) without_self: bool,
}

impl Draw {
    /// `0, 1, 2, ...`, as [`Picker::pick`] wants it.
    pub(super) fn pool(&self) -> Vec<u32> {
        (0..self.size - u32::from(self.without_self)).collect()
    }

    /// Pushes the `n` partners of cell `own`: PyNN's `FixedNumber` rule. Without replacement everybody is taken as
    /// often as `n` allows and the rest is drawn.
    pub(super) fn partners<P: Picker>(
        &self,
        picker: &mut P,
        own: u32,
        n: u32,
        pool: &mut [u32],
        out: &mut Vec<u32>,
    ) -> Result<(), ExpandReason> {
        if n == 0 {
            return Ok(());
        }
        if self.size == u32::from(self.without_self) {
            return Err(ExpandReason::NobodyToConnect { n: n.into() });
        }
        // The pool is one shorter without the cell itself; from it on, numbers shift by one.
        let shift = |cell: u32| cell + u32::from(self.without_self && cell >= own);
        if !self.with_replacement {
            let sets = n / pool.len() as u32;
            for _ in 0..sets {
                out.extend(pool.iter().map(|&cell| shift(cell)));
            }
            let rest = n as usize % pool.len();
            if rest > 0 {
                picker.pick(pool, rest, |cell| out.push(shift(cell)));
            }
            return Ok(());
        }
        let first = out.len();
        let largest = u64::from(self.size - 1);
        out.extend((0..n).map(|_| below(picker, largest) as u32));
        if self.without_self && own < self.size {
            redraw_self(picker, &mut out[first..], own, largest);
        }
        Ok(())
    }
}

/// Redraws what equals `own`, in PyNN's order.
///
/// PyNN keeps a list of places to redraw, and after each round picks from that list by the place of the cells that
/// are still wrong, which is not their place in the list. Where that leads out of the list PyNN fails with an
/// `IndexError`; here the wrong places themselves are redrawn then.
fn redraw_self<P: Picker>(picker: &mut P, cells: &mut [u32], own: u32, largest: u64) {
    let wrong = |cells: &[u32]| -> Vec<usize> { (0..cells.len()).filter(|&i| cells[i] == own).collect() };
    let mut places = wrong(cells);
    while !places.is_empty() {
        for &place in &places {
            cells[place] = below(picker, largest) as u32;
        }
        let still = wrong(cells);
        places = match still
            .iter()
            .map(|&i| places.get(i).copied())
            .collect::<Option<Vec<_>>>()
        {
            // PyNN would draw for places that are right already, for ever if there are no others.
            Some(chosen) if chosen.iter().any(|place| still.contains(place)) => chosen,
            _ => still,
        };
    }
}

/// A random order of `0..size`, of which any element can be asked for alone: a Feistel network of six rounds over the
/// next even number of bits, walked until it lands inside.
pub(super) struct Shuffled {
    size: u64,
    half_bits: u32,
    keys: [u64; 6],
}

impl Shuffled {
    pub(super) fn new(size: u64, source: &mut Philox) -> Self {
        let bits = 64 - size.saturating_sub(1).leading_zeros();
        Self {
            size,
            half_bits: bits.div_ceil(2).max(1),
            keys: std::array::from_fn(|_| source.next_u64()),
        }
    }

    /// The element at a position below the size.
    pub(super) fn at(&self, position: u64) -> u64 {
        let mask = (1_u64 << self.half_bits) - 1;
        let mut value = position;
        loop {
            let (mut left, mut right) = (value >> self.half_bits, value & mask);
            for key in self.keys {
                (left, right) = (right, left ^ (mix(right ^ key) & mask));
            }
            value = (left << self.half_bits) | right;
            if value < self.size {
                return value;
            }
        }
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::PhiloxKey;

    #[test]
    fn shuffled_is_a_permutation() {
        for size in [1, 2, 3, 7, 16, 1000] {
            let shuffled = Shuffled::new(size, &mut PhiloxKey::new(1, 2).at(0));
            let mut seen: Vec<u64> = (0..size).map(|i| shuffled.at(i)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..size).collect::<Vec<_>>());
        }
    }

    #[test]
    fn picking_restores_the_pool() {
        let mut pool: Vec<u32> = (0..10).collect();
        let mut picked = Vec::new();
        PhiloxKey::new(3, 4).at(5).pick(&mut pool, 10, |c| picked.push(c));
        assert_eq!(pool, (0..10).collect::<Vec<_>>());
        picked.sort_unstable();
        assert_eq!(picked, pool);
    }
}
