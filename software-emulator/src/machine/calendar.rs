//! Which chips have something to do in which window.
//!
//! The next sixty-four windows are a ring of sets of chips; whoever has nothing to do before their end is far away, and looked for
//! only when the ring has come as far. So a step costs what the chips cost that have something to do, however many others there are.

/// Windows in the ring.
const RING: u64 = 64;
/// The window of a chip that has nothing to do.
pub(super) const NEVER: u64 = u64::MAX;

/// For each chip, the next window in which it has something to do.
pub(super) struct Calendar {
    /// By chip.
    windows: Vec<u64>,
    /// The first window of the ring; chips with an earlier one count as having this.
    base: u64,
    /// Places of the ring, window modulo its length, that are not empty, one bit each.
    occupied: u64,
    /// By place, a bit for each chip.
    sets: Vec<u64>,
    counts: [u32; RING as usize],
    /// No chip outside the ring has an earlier window than this.
    far: u64,
}

impl Calendar {
    /// Nobody has anything to do.
    pub(super) fn new(chips: usize) -> Self {
        Self {
            windows: vec![NEVER; chips],
            base: 0,
            occupied: 0,
            sets: vec![0; chips.div_ceil(64) * RING as usize],
            counts: [0; RING as usize],
            far: NEVER,
        }
    }

    /// Puts a chip where it belongs.
    pub(super) fn set(&mut self, chip: usize, window: u64) {
        let window = window.max(self.base);
        let old = self.windows[chip];
        if window == old {
            return;
        }
        if old >= self.base && old - self.base < RING {
            self.take_out(chip, old);
        }
        self.windows[chip] = window;
        if window - self.base < RING {
            self.put_in(chip, window);
        } else {
            self.far = self.far.min(window);
        }
    }

    /// The first window in which anybody has something to do.
    pub(super) fn first(&mut self) -> Option<u64> {
        if self.occupied == 0 {
            self.far = self.windows.iter().copied().min().unwrap_or(NEVER);
            if self.far == NEVER {
                return None;
            }
            return Some(self.far);
        }
        Some(self.base + u64::from(self.turned().trailing_zeros()))
    }

    /// Goes on to `window`, the [`first`](Calendar::first) one, and lists the chips that have something to do in it, in ascending
    /// order. Returns a window before which nobody else has anything to do: this one if there are several.
    pub(super) fn open(&mut self, window: u64, chips: &mut Vec<u32>) -> u64 {
        self.base = window;
        if self.far - window < RING {
            self.gather();
        }
        let place = (window % RING) as usize;
        let words = self.words();
        for (n, word) in (0u32..).zip(&self.sets[place * words..(place + 1) * words]) {
            let mut word = *word;
            while word != 0 {
                chips.push(64 * n + word.trailing_zeros());
                word &= word - 1;
            }
        }
        if self.counts[place] > 1 {
            return window;
        }
        match self.turned() & !1 {
            0 => self.far,
            later => window + u64::from(later.trailing_zeros()),
        }
    }

    /// Brings into the ring who has come near.
    fn gather(&mut self) {
        self.far = NEVER;
        for chip in 0..self.windows.len() {
            let window = self.windows[chip];
            if window - self.base >= RING {
                self.far = self.far.min(window);
            } else {
                self.put_in(chip, window);
            }
        }
    }

    /// The places from the first window on.
    fn turned(&self) -> u64 {
        self.occupied.rotate_right((self.base % RING) as u32)
    }

    fn words(&self) -> usize {
        self.sets.len() / RING as usize
    }

    fn put_in(&mut self, chip: usize, window: u64) {
        let place = (window % RING) as usize;
        let at = place * self.words() + chip / 64;
        if self.sets[at] >> (chip % 64) & 1 == 0 {
            self.sets[at] |= 1 << (chip % 64);
            self.counts[place] += 1;
            self.occupied |= 1 << place;
        }
    }

    fn take_out(&mut self, chip: usize, window: u64) {
        let place = (window % RING) as usize;
        let at = place * self.words() + chip / 64;
        if self.sets[at] >> (chip % 64) & 1 != 0 {
            self.sets[at] &= !(1 << (chip % 64));
            self.counts[place] -= 1;
            self.occupied &= !(u64::from(self.counts[place] == 0) << place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chips with random delays, beside a calendar that looks at everybody each time.
    #[test]
    fn it_finds_who_a_search_finds() {
        let mut state = 88172645463325252u64;
        let mut random = |n: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % n
        };
        for chips in [1, 3, 64, 150] {
            let mut calendar = Calendar::new(chips);
            let mut plain = vec![NEVER; chips];
            let mut now = 0;
            let mut opened = 0;
            for _ in 0..20_000 {
                for _ in 0..random(3) {
                    let chip = random(chips as u64) as usize;
                    plain[chip] = now + [0, 1, 63, 64, 65, 1000, NEVER - now][random(7) as usize];
                    calendar.set(chip, plain[chip]);
                }
                let first = plain.iter().copied().min().filter(|window| *window != NEVER);
                assert_eq!(calendar.first(), first);
                let Some(first) = first else { continue };
                let mut found = Vec::new();
                let others = calendar.open(first, &mut found);
                let due: Vec<u32> = (0..chips as u32)
                    .filter(|n| plain[*n as usize] == first)
                    .collect();
                assert_eq!(found, due);
                let second = plain.iter().copied().filter(|window| *window != first).min();
                let second = if due.len() > 1 {
                    first
                } else {
                    second.unwrap_or(NEVER)
                };
                assert!(others <= second && others >= first, "{others} {second}");
                // A bound may be too careful only beyond the ring.
                assert!(others == second || second - first >= RING);
                now = first + 1;
                for chip in due {
                    plain[chip as usize] = now + [0, 1, 2, 7, 70, 5000][random(6) as usize];
                    calendar.set(chip as usize, plain[chip as usize]);
                }
                opened += 1;
            }
            assert!(opened > 10_000);
        }
    }
}
