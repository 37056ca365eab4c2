//! When each core of a chip next wants to run: most never do, so those that do are known by a set.

use crate::peripheral::NEVER;
use taproot_spinnaker_chip::CORES_PER_CHIP;

const CORES: usize = CORES_PER_CHIP as usize;

/// A cycle for each core.
pub(super) struct Attention {
    at: [u64; CORES],
    /// Cores whose cycle is not [`NEVER`], one bit each.
    wanted: u32,
}

impl Attention {
    pub(super) fn new() -> Self {
        Self {
            at: [NEVER; CORES],
            wanted: 0,
        }
    }

    #[inline]
    pub(super) fn of(&self, core: usize) -> u64 {
        self.at[core]
    }

    #[inline]
    pub(super) fn set(&mut self, core: usize, at: u64) {
        self.at[core] = at;
        self.wanted = self.wanted & !(1 << core) | u32::from(at != NEVER) << core;
    }

    /// The first core from `from` on that wants to run at all.
    #[inline]
    pub(super) fn next_core(&self, from: usize) -> Option<usize> {
        let cores = self.wanted >> from;
        (cores != 0).then(|| from + cores.trailing_zeros() as usize)
    }

    /// The cores that want to run at all, with when.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, u64)> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let core = self.next_core(from)?;
            from = core + 1;
            Some((core, self.at[core]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cores_that_want_something_are_found() {
        let mut attention = Attention::new();
        assert_eq!(attention.next_core(0), None);
        attention.set(17, 5);
        attention.set(3, 9);
        attention.set(4, 1);
        attention.set(4, NEVER);
        assert_eq!(attention.iter().collect::<Vec<_>>(), [(3, 9), (17, 5)]);
        assert_eq!(
            (attention.next_core(4), attention.next_core(18)),
            (Some(17), None)
        );
    }
}
