//! Polynomials in one variable: values, shifts, and whether they rise or fall throughout a range.

/// c0 + c1 x + c2 x² + ..., by Horner's rule.
pub(super) fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// The coefficients of p(x − by): synthetic division, one coefficient at a time.
pub(super) fn shift(coefficients: &[f64], by: f64) -> Vec<f64> {
    let mut shifted = coefficients.to_vec();
    for first in 0..shifted.len() {
        for n in (first..shifted.len() - 1).rev() {
            shifted[n] -= by * shifted[n + 1];
        }
    }
    shifted
}

/// Whether the polynomial rises throughout `low..=high`, or falls throughout: its derivative has one sign between any
/// two of its own zeros, found by the same question about the derivative.
pub(super) fn is_monotone(coefficients: &[f64], low: f64, high: f64) -> bool {
    let slope = derivative(coefficients);
    let mut places = zeros(&slope, low, high);
    places.insert(0, low);
    places.push(high);
    let mut signs = places
        .windows(2)
        .filter(|pair| pair[0] < pair[1])
        .map(|pair| polynomial(&slope, pair[0] / 2.0 + pair[1] / 2.0))
        .filter(|s| *s != 0.0);
    let Some(first) = signs.next() else {
        return false;
    };
    signs.all(|s| (s > 0.0) == (first > 0.0))
}

/// Zeros within `low..=high`, ascending. Where the polynomial touches zero without crossing, a zero may be missed.
fn zeros(coefficients: &[f64], low: f64, high: f64) -> Vec<f64> {
    let Some(degree) = coefficients.iter().rposition(|c| *c != 0.0) else {
        return Vec::new();
    };
    if degree == 0 {
        return Vec::new();
    }
    // Cauchy's bound: no zero is farther from 0. It keeps the search clear of overflow.
    let leading = coefficients[degree];
    let bound = 1.0
        + coefficients[..degree]
            .iter()
            .fold(0.0, |largest: f64, c| largest.max((c / leading).abs()));
    let (low, high) = (low.max(-bound), high.min(bound));
    let mut places = vec![low];
    places.extend(zeros(&derivative(&coefficients[..=degree]), low, high));
    places.push(high);
    places
        .windows(2)
        .filter(|pair| {
            let (a, b) = (
                polynomial(coefficients, pair[0]),
                polynomial(coefficients, pair[1]),
            );
            a == 0.0 || (a < 0.0) != (b < 0.0)
        })
        .map(|pair| bisect(|x| polynomial(coefficients, x), pair[0], pair[1]))
        .collect()
}

fn derivative(coefficients: &[f64]) -> Vec<f64> {
    let powers = coefficients.iter().enumerate().skip(1);
    powers.map(|(n, c)| c * n as f64).collect()
}

/// Where a function that changes sign between `low` and `high` does so, to the last bit.
pub(super) fn bisect(function: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let (mut low, mut high) = (low, high);
    let (at_low, at_high) = (function(low), function(high));
    if at_low == 0.0 {
        return low;
    }
    if at_high == 0.0 {
        return high;
    }
    // Halving the bits of a double's range takes at most 2,100 steps; ranges in use take 60.
    for _ in 0..2_200 {
        let middle = low / 2.0 + high / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        let at_middle = function(middle);
        if at_middle == 0.0 {
            return middle;
        }
        if (at_middle < 0.0) == (at_low < 0.0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    // Of the two neighbours, the one whose result is nearer.
    if function(low).abs() <= function(high).abs() {
        low
    } else {
        high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shifted_parabola_is_the_binomial_formula() {
        // (x - 3)^2 = x^2 - 6x + 9
        assert_eq!(shift(&[0.0, 0.0, 1.0], 3.0), [9.0, -6.0, 1.0]);
    }

    #[test]
    fn a_parabola_is_monotone_on_one_side_only() {
        let parabola = [0.0, 0.0, 1.0];
        assert!(is_monotone(&parabola, 0.0, 3.0));
        assert!(is_monotone(&parabola, -3.0, 0.0));
        assert!(!is_monotone(&parabola, -0.1, 3.0));
        assert!(!is_monotone(&[1.0], 0.0, 1.0));
    }

    #[test]
    fn an_inflection_is_no_turning_point() {
        assert!(is_monotone(&[0.0, 0.0, 0.0, 1.0], -2.0, 2.0));
        assert!(!is_monotone(&[0.0, -1.0, 0.0, 1.0], -2.0, 2.0));
    }

    #[test]
    fn zeros_of_a_cubic_are_found_in_order() {
        // (x + 1) x (x - 2)
        let found = zeros(&[0.0, -2.0, -1.0, 1.0], -f64::MAX, f64::MAX);
        assert_eq!(found.len(), 3);
        for (zero, expected) in found.iter().zip([-1.0, 0.0, 2.0]) {
            assert!((zero - expected).abs() < 1e-12, "{zero}");
        }
    }
}
