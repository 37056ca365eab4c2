//! Synaptic weights: 4-bit codes under the conductance scale of their row.
//!
//! A row scales all its synapses by one of four shared voltages V_gmax over a divider. Its scale is the one of all that
//! there are under which the wanted weights lose least. Code 0 still conducts a little (the parasitic part), so that a
//! weight nearer to nothing than to code 0 gets no code: its synapse is to be silenced by its decoder.
//!
//! Sources: reference page, section 6.2; `calibtic: src/HMF/SynapseCalibration.cpp` (the curve, from a circuit simulation) and
//! `SynapseRowCalibration.cpp` (proportional to V_gmax over the divider). Unverified: calibtic's comment gives the V_gmax of the
//! curve as 500 nA, its default code as 500; here it is the code.

use super::{Code, Transform, cluster};
use crate::Tally;
use serde::{Deserialize, Serialize};

/// A weight in a synapse, 0 to 15.
pub type WeightCode = u8;

/// What a row's scale is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowScale {
    /// Which of the four V_gmax cells, 0 to 3.
    pub selector: u8,
    /// The sum of both gmax dividers, 2 to 30: [`RowScale::dividers`].
    pub divider: u8,
}

/// Conductance over code for one V_gmax and divider; scales of other rows follow from it in proportion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightCurve {
    /// The conductance of each code, nS, ascending.
    pub conductance: [f64; 16],
    /// The V_gmax code under which it holds.
    pub v_gmax: Code,
    /// The sum of dividers under which it holds.
    pub divider: u8,
}

/// How a weight between two codes is rounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rounding<'a> {
    /// To the nearer one.
    Nearest,
    /// To the nearer one, after adding what the weights before it lost: their sum stays right.
    Diffused,
    /// Up or down at random, right on average, by numbers that the caller has drawn: one in [0, 1) for each weight.
    Stochastic(&'a [f64]),
}

/// Weights of one row, and what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its scale.
    pub scale: RowScale,
    /// For each weight its code, or `None` if the synapse is to be silent.
    pub codes: Vec<Option<WeightCode>>,
    /// For each weight what it will be, nS.
    pub stored: Vec<f64>,
}

impl RowScale {
    /// All scales, by selector and divider.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..4).flat_map(|selector| (2..=30).map(move |divider| Self { selector, divider }))
    }

    /// The settings of the left and the right divider, which add up.
    pub fn dividers(self) -> (u8, u8) {
        (self.divider.div_ceil(2), self.divider / 2)
    }
}

impl Default for WeightCurve {
    /// 93.94 + 81.34 w − 1.597 w² nS at V_gmax 500 and both dividers 11.
    fn default() -> Self {
        let at = |w: f64| 93.940_651_376_8 + 81.344_347_448_3 * w - 1.597_340_482_08 * w * w;
        Self {
            conductance: std::array::from_fn(|w| at(w as f64)),
            v_gmax: Code::nearest(500.0).0,
            divider: 22,
        }
    }
}

impl WeightCurve {
    /// The curve of a measured transform from code to nS; `None` unless it rises from something above zero.
    pub fn measured(transform: &Transform, v_gmax: Code, divider: u8) -> Option<Self> {
        let conductance: [f64; 16] = std::array::from_fn(|w| transform.apply(w as f64).value);
        let rises = conductance.windows(2).all(|pair| pair[0] < pair[1]);
        (rises && conductance[0] >= 0.0 && v_gmax > Code::ZERO && divider > 0).then_some(Self {
            conductance,
            v_gmax,
            divider,
        })
    }

    /// The factor on the curve under a V_gmax and a divider.
    fn factor(&self, v_gmax: Code, divider: u8) -> f64 {
        f64::from(v_gmax.get()) * f64::from(self.divider)
            / (f64::from(self.v_gmax.get()) * f64::from(divider))
    }

    /// The conductance of a code under a scale, nS.
    pub fn conductance(&self, code: WeightCode, scale: RowScale, v_gmax: &[Code; 4]) -> f64 {
        let base = self.conductance[usize::from(code & 15)];
        base * self.factor(v_gmax[usize::from(scale.selector & 3)], scale.divider)
    }

    /// Four V_gmax codes for the rows of a block, given the largest weight wanted in each, nS: rows are grouped by the
    /// logarithm of what they need, and each group gets the code that, with the best divider of each row, misses least.
    pub fn choose_v_gmax(&self, largest: &[f64]) -> [Code; 4] {
        let needs: Vec<f64> = largest
            .iter()
            .filter(|w| w.is_finite() && **w > 0.0)
            .map(|w| libm::log(w / self.conductance[15]))
            .collect();
        let groups = cluster::k_means(&needs, 4);
        let mut chosen = [Code::LARGEST; 4];
        for (group, code) in chosen.iter_mut().enumerate().take(groups.centres.len()) {
            let members: Vec<f64> = needs
                .iter()
                .zip(&groups.group)
                .filter(|(_, g)| **g == group)
                .map(|(need, _)| *need)
                .collect();
            *code = self.best_v_gmax(&members);
        }
        chosen
    }

    /// Tries codes in steps of a 64th of the scale, which divide it more finely than the dividers do.
    fn best_v_gmax(&self, needs: &[f64]) -> Code {
        let miss = |code: Code| -> f64 {
            let logs: Vec<f64> = (2..=30).map(|d| libm::log(self.factor(code, d))).collect();
            let nearest = |need: &f64| {
                let distances = logs.iter().map(|log| {
                    let short = need - log;
                    // A scale that is too small cuts weights; one that is too large only coarsens them.
                    if short > 0.0 {
                        4.0 * short * short
                    } else {
                        short * short
                    }
                });
                distances.fold(f64::INFINITY, f64::min)
            };
            needs.iter().map(nearest).sum()
        };
        let codes = (1..=64u16).rev().map(|n| Code::nearest(f64::from(n * 16 - 1)).0);
        codes
            .map(|code| (miss(code), code))
            .fold((f64::INFINITY, Code::LARGEST), |best, next| {
                if next.0 < best.0 { next } else { best }
            })
            .1
    }

    /// The codes of a row's weights, nS, under the scale that loses least.
    ///
    /// # Panics
    ///
    /// If fewer numbers have been drawn than there are weights.
    pub fn quantize(&self, wanted: &[f64], v_gmax: &[Code; 4], rounding: Rounding<'_>) -> Row {
        let distinct = cluster::k_means(wanted, 64);
        let mut heap = vec![0.0; distinct.centres.len()];
        for group in &distinct.group {
            if let Some(count) = heap.get_mut(*group) {
                *count += 1.0;
            }
        }
        let loss = |scale: RowScale| -> f64 {
            let levels = self.levels(scale, v_gmax);
            let each = distinct.centres.iter().zip(&heap).map(|(w, count)| {
                let error = levels[nearest(&levels, *w)] - w;
                error * error * count
            });
            each.sum()
        };
        // Ties go to the first: the smaller selector, then the larger scale.
        let scale = RowScale::all()
            .map(|scale| (loss(scale), scale))
            .fold(None, |best: Option<(f64, RowScale)>, next| match best {
                Some(best) if best.0 <= next.0 => Some(best),
                _ => Some(next),
            })
            .map_or(
                RowScale {
                    selector: 0,
                    divider: 2,
                },
                |(_, scale)| scale,
            );
        self.quantize_under(scale, wanted, v_gmax, rounding)
    }

    /// The codes of weights, nS, under a given scale.
    ///
    /// # Panics
    ///
    /// If fewer numbers have been drawn than there are weights.
    pub fn quantize_under(
        &self,
        scale: RowScale,
        wanted: &[f64],
        v_gmax: &[Code; 4],
        rounding: Rounding<'_>,
    ) -> Row {
        let levels = self.levels(scale, v_gmax);
        let mut carry = 0.0;
        let mut row = Row {
            scale,
            codes: Vec::with_capacity(wanted.len()),
            stored: Vec::with_capacity(wanted.len()),
        };
        for (n, w) in wanted.iter().enumerate() {
            let level = match rounding {
                Rounding::Nearest => nearest(&levels, *w),
                Rounding::Diffused if *w == 0.0 => 0,
                Rounding::Diffused => {
                    let level = nearest(&levels, w + carry);
                    // What lies beyond the ends is lost, not carried on.
                    carry = if (levels[1]..=levels[16]).contains(w) || *w < levels[1] {
                        carry + w - levels[level]
                    } else {
                        0.0
                    };
                    level
                }
                Rounding::Stochastic(drawn) => {
                    let upper = levels.partition_point(|l| l <= w).min(16);
                    let lower = upper.saturating_sub(1);
                    let part = (w - levels[lower]) / (levels[upper] - levels[lower]);
                    if drawn[n] < part { upper } else { lower }
                }
            };
            row.codes
                .push(level.checked_sub(1).map(|code| code as WeightCode));
            row.stored.push(levels[level]);
        }
        row
    }

    /// Nothing, then the sixteen codes, nS.
    fn levels(&self, scale: RowScale, v_gmax: &[Code; 4]) -> [f64; 17] {
        std::array::from_fn(|n| match n.checked_sub(1) {
            None => 0.0,
            Some(code) => self.conductance(code as WeightCode, scale, v_gmax),
        })
    }
}

impl Row {
    /// Adds the row to a projection's tally, in PyNN's unit: `unit` nS on the chip are one of it.
    pub fn tally(
        &self,
        wanted: &[f64],
        unit: f64,
        curve: &WeightCurve,
        v_gmax: &[Code; 4],
        tally: &mut Tally,
    ) {
        let largest = curve.conductance(15, self.scale, v_gmax);
        for (w, stored) in wanted.iter().zip(&self.stored) {
            tally.add(w / unit, stored / unit, *w > largest);
        }
    }
}

/// The nearest of ascending levels; of two equally near the lower.
fn nearest(levels: &[f64; 17], x: f64) -> usize {
    let upper = levels.partition_point(|l| *l < x).min(16);
    match upper.checked_sub(1) {
        Some(lower) if x - levels[lower] <= levels[upper] - x => lower,
        _ => upper,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FULL: [Code; 4] = [Code::LARGEST; 4];

    fn five_hundred() -> [Code; 4] {
        [Code::nearest(500.0).0; 4]
    }

    const STOCK: RowScale = RowScale {
        selector: 0,
        divider: 22,
    };

    #[test]
    fn the_curve_is_calibtics() {
        let curve = WeightCurve::default();
        // Ends of the reverse domain in the fixture of cake: 93.9406513768 and 954.7042546333.
        assert!((curve.conductance(0, STOCK, &five_hundred()) - 93.940_651_376_8).abs() < 1e-9);
        assert!((curve.conductance(15, STOCK, &five_hundred()) - 954.704_254_633_3).abs() < 1e-9);
        let double = RowScale {
            selector: 1,
            divider: 11,
        };
        assert!((curve.conductance(15, double, &five_hundred()) - 2.0 * 954.704_254_633_3).abs() < 1e-9);
        assert_eq!(
            RowScale {
                selector: 0,
                divider: 7
            }
            .dividers(),
            (4, 3)
        );
    }

    #[test]
    fn a_weight_of_the_curve_is_stored_exactly() {
        let curve = WeightCurve::default();
        let wanted: Vec<f64> = (0..16)
            .map(|w| curve.conductance(w, STOCK, &five_hundred()))
            .collect();
        let row = curve.quantize(&wanted, &five_hundred(), Rounding::Nearest);
        assert_eq!(row.scale, STOCK);
        assert_eq!(row.codes, (0..16).map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn losses_are_counted_in_pynns_units() {
        let curve = WeightCurve::default();
        let wanted = [2000.0, 30.0, 500.0, 0.0];
        let row = curve.quantize_under(STOCK, &wanted, &five_hundred(), Rounding::Nearest);
        assert_eq!((row.codes[0], row.codes[1], row.codes[3]), (Some(15), None, None));
        let mut tally = Tally::default();
        row.tally(&wanted, 1000.0, &curve, &five_hundred(), &mut tally);
        assert_eq!((tally.losses.saturated, tally.losses.underflowed), (1, 1));
        assert!((tally.worst_error - 1.045_295_745_366_7).abs() < 1e-9);
    }

    #[test]
    fn diffused_rounding_keeps_the_sum() {
        let curve = WeightCurve::default();
        let wanted: Vec<f64> = (0..200).map(|n| 300.0 + f64::from(n % 7) * 11.3).collect();
        let sum: f64 = wanted.iter().sum();
        let rounded = |rounding| {
            let row = curve.quantize_under(STOCK, &wanted, &five_hundred(), rounding);
            (row.stored.iter().sum::<f64>() - sum).abs()
        };
        assert!(rounded(Rounding::Diffused) < 41.0, "half a step at most");
        assert!(rounded(Rounding::Nearest) > rounded(Rounding::Diffused));
        // Numbers that fill the interval evenly: the fractional parts of multiples of the golden ratio.
        let drawn: Vec<f64> = (0..200).map(|n| (f64::from(n) * 0.618_034).fract()).collect();
        assert!(rounded(Rounding::Stochastic(&drawn)) < 41.0 * 200f64.sqrt());
        let up = curve.quantize_under(STOCK, &wanted, &five_hundred(), Rounding::Stochastic(&[0.0; 200]));
        let down = curve.quantize_under(STOCK, &wanted, &five_hundred(), Rounding::Stochastic(&[1.0; 200]));
        for ((up, down), w) in up.stored.iter().zip(&down.stored).zip(&wanted) {
            assert!(down <= w && w <= up, "{down} {w} {up}");
        }
    }

    #[test]
    fn four_voltages_serve_rows_of_four_sizes() {
        let curve = WeightCurve::default();
        let largest = [40.0, 41.0, 600.0, 610.0, 5000.0, 15_000.0];
        let v_gmax = curve.choose_v_gmax(&largest);
        for w in largest {
            let row = curve.quantize(&[w], &v_gmax, Rounding::Nearest);
            assert!((row.stored[0] / w - 1.0).abs() < 0.05, "{w}: {:?}", row.stored);
        }
    }

    proptest! {
        #[test]
        fn no_other_scale_loses_less(wanted in proptest::collection::vec(0.0f64..4000.0, 1..40)) {
            let curve = WeightCurve::default();
            let loss = |row: &Row| -> f64 { row.stored.iter().zip(&wanted).map(|(s, w)| (s - w) * (s - w)).sum() };
            let best = loss(&curve.quantize(&wanted, &FULL, Rounding::Nearest));
            for scale in RowScale::all() {
                let other = loss(&curve.quantize_under(scale, &wanted, &FULL, Rounding::Nearest));
                prop_assert!(best <= other * (1.0 + 1e-9) + 1e-9);
            }
        }
    }
}
