//! Sensible ticks.

use super::significant;

/// The ticks of an axis that starts at or below `low` and ends at or above `high`.
pub(crate) struct Ticks {
    /// Distance of two ticks: 1, 2 or 5 times a power of ten.
    pub(crate) step: f64,
    /// Positions, ascending, all within the range.
    pub(crate) values: Vec<f64>,
}

impl Ticks {
    /// At most `most` steps between `low` and `high`, or as many more as give two ticks: one alone shows no scale. A range that is empty or not finite gets one tick at `low`.
    pub(crate) fn between(low: f64, high: f64, most: usize) -> Self {
        let span = high - low;
        if !span.is_finite() || span <= 0.0 {
            return Self {
                step: 1.0,
                values: vec![if low.is_finite() { low } else { 0.0 }],
            };
        }
        let ends = |step: f64| ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
        let mut step = nice_step(span / most.max(1) as f64);
        let (mut first, mut last) = ends(step);
        if last - first < 1.0 {
            // A step of half the range or less always gives two.
            step = nice_step(span / 5.0);
            (first, last) = ends(step);
        }
        let values = (0..=(last - first).clamp(0.0, 1000.0) as u32)
            .map(|i| (first + f64::from(i)) * step)
            .collect();
        Self { step, values }
    }

    /// A tick's label, with as many digits as the step needs.
    pub(crate) fn label(&self, value: f64) -> String {
        let rounded = (value / self.step).round() * self.step;
        significant(rounded, 7)
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `least`; 1 if `least` is not positive.
pub(crate) fn nice_step(least: f64) -> f64 {
    if !least.is_finite() || least <= 0.0 {
        return 1.0;
    }
    let exponent = least.log10().floor() as i32;
    let power = 10f64.powi(exponent);
    for multiple in [1.0, 2.0, 5.0] {
        if multiple * power >= least * (1.0 - 1e-9) {
            // A power below one is written as a quotient, so that 0.2 is the nearest number to 0.2.
            return if exponent < 0 {
                multiple / 10f64.powi(-exponent)
            } else {
                multiple * power
            };
        }
    }
    10.0 * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_one_two_or_five() {
        for (least, step) in [
            (0.0, 1.0),
            (0.13, 0.2),
            (1.0, 1.0),
            (1.01, 2.0),
            (2.5, 5.0),
            (70.0, 100.0),
        ] {
            assert_eq!(nice_step(least), step, "{least}");
        }
    }

    #[test]
    fn ticks_stay_within_the_range() {
        let ticks = Ticks::between(-72.0, -48.0, 5);
        assert_eq!(ticks.values, [-70.0, -65.0, -60.0, -55.0, -50.0]);
        assert_eq!(ticks.label(-65.0), "−65");
        assert_eq!(Ticks::between(0.0, 1000.0, 10).values.len(), 11);
        // A step of 10 would leave -60 alone.
        assert_eq!(Ticks::between(-64.9, -54.7, 2).values, [-60.0, -55.0]);
        assert_eq!(Ticks::between(-64.9, -53.0, 2).values, [-60.0, -55.0]);
        assert_eq!(Ticks::between(3.0, 3.0, 10).values, [3.0]);
        assert_eq!(Ticks::between(0.0, f64::NAN, 10).values, [0.0]);
    }
}
