//! Transforms between a hardware quantity and a code, each with the range in which it holds.
//!
//! A transform leads from a quantity in SI units (volt, second, ampere, siemens) to a code of a floating gate, or from
//! the code of a synaptic weight to a conductance. It is applied forwards when a machine is configured, and inverted to
//! say what a code will do. An argument outside of the domain is cut to its nearer end, and the result says so.
//!
//! The kinds are those that calibtic stores. Source: `calibtic: include/calibtic/trafo/`. Differences on purpose:
//! * A lookup gives the fractional place between two entries, so that rounding finds the nearer one; calibtic's search
//!   always takes the last entry that is not smaller.
//! * An inverse is also found for sums and powers where they are monotone; calibtic has none.

use super::roots;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A closed range of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// A function and the arguments for which it was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    /// What it computes.
    pub function: Function,
    /// Where it holds.
    pub domain: Interval,
}

/// The kinds of function. Coefficients stand in ascending order of powers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Function {
    /// The same for every argument.
    Constant(f64),
    /// c0 + c1 x + c2 x² + ...
    Polynomial(Vec<f64>),
    /// c0 + c1 / x + c2 / x² + ...
    NegativePowers(Vec<f64>),
    /// 1 / (c0 + c1 x + c2 x² + ...)
    OneOver(Vec<f64>),
    /// (c0 ± √(c0² + c1 (c2 + x))) / c3: the inverse of a parabola.
    InvQuadratic {
        /// c0 to c3.
        coefficients: [f64; 4],
        /// Whether the root is subtracted.
        negative: bool,
    },
    /// The place of the argument in a sorted list, plus `offset`: an inverse of measured values, one per code.
    Lookup {
        /// The argument that belongs to each result; rising or falling throughout.
        values: Vec<f64>,
        /// The result that belongs to the first entry.
        offset: u32,
    },
    /// The sum of the results of other transforms.
    Sum(Vec<Transform>),
    /// The result of another transform, or the argument itself, to a fixed power.
    Power {
        /// The exponent.
        exponent: f64,
        /// What is raised to it; the argument if absent.
        base: Option<Box<Transform>>,
    },
}

/// The result of a transform.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Applied {
    /// The number.
    pub value: f64,
    /// Whether the argument lay outside of the domain (or was no number) and was cut to its end.
    pub clipped: bool,
}

/// Why a transform cannot be inverted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotInvertible {
    /// It has the same result for all arguments.
    #[error("a constant has no inverse")]
    Constant,
    /// It has several arguments with the same result.
    #[error("its result does not rise or fall throughout its valid range")]
    NotMonotone,
    /// It has no finite value at the ends of its domain.
    #[error("it has no finite value at the ends of its valid range")]
    NotFinite,
}

/// Why a transform cannot be used at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Malformed {
    /// A domain that is empty or not a range of numbers.
    #[error("its valid range is empty or has an end that is no number")]
    Domain,
    /// A polynomial without coefficients, or a lookup without entries.
    #[error("it has no coefficients")]
    Empty,
    /// A coefficient, an exponent or an entry that is infinite or no number.
    #[error("a coefficient is not a finite number")]
    NotFinite,
    /// A lookup whose entries neither rise nor fall throughout.
    #[error("the entries of its table are not sorted")]
    Unsorted,
    /// A division by a coefficient that is zero.
    #[error("it divides by zero: its last coefficient is 0")]
    DividesByZero,
    /// Sums and powers of sums and powers, too many levels deep.
    #[error("it nests more than {} transforms", Transform::DEEPEST)]
    TooDeep,
}

impl Interval {
    /// Every finite number. Text archives of calibtic cannot hold infinities, so it uses these ends for "everywhere".
    pub const EVERYWHERE: Self = Self::new(-f64::MAX, f64::MAX);

    /// From `low` to `high`, both included.
    pub const fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    /// Whether `x` lies in it.
    pub fn contains(self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }

    /// `x`, or the nearer end; the lower end for what is no number.
    fn nearest(self, x: f64) -> Applied {
        if self.contains(x) {
            return Applied {
                value: x,
                clipped: false,
            };
        }
        let value = if x > self.high { self.high } else { self.low };
        Applied { value, clipped: true }
    }
}

impl Transform {
    /// How deep sums and powers may be nested.
    pub const DEEPEST: usize = 8;

    /// A function and where it holds.
    pub const fn new(function: Function, low: f64, high: f64) -> Self {
        Self {
            function,
            domain: Interval::new(low, high),
        }
    }

    /// The same code always.
    pub const fn constant(value: f64) -> Self {
        Self {
            function: Function::Constant(value),
            domain: Interval::EVERYWHERE,
        }
    }

    /// The place of the argument in a list; its domain is what the list covers.
    ///
    /// # Errors
    /// If the list is empty or not sorted.
    pub fn lookup(values: Vec<f64>, offset: u32) -> Result<Self, Malformed> {
        let (Some(&first), Some(&last)) = (values.first(), values.last()) else {
            return Err(Malformed::Empty);
        };
        let transform = Self::new(
            Function::Lookup { values, offset },
            first.min(last),
            first.max(last),
        );
        transform.check().map(|()| transform)
    }

    /// Whether it can be used.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn check(&self) -> Result<(), Malformed> {
        self.check_depth(Self::DEEPEST)
    }

    fn check_depth(&self, left: usize) -> Result<(), Malformed> {
        let deeper = left.checked_sub(1).ok_or(Malformed::TooDeep)?;
        if !(self.domain.low.is_finite() && self.domain.high.is_finite())
            || self.domain.low > self.domain.high
        {
            return Err(Malformed::Domain);
        }
        let finite = |numbers: &[f64]| match numbers {
            [] => Err(Malformed::Empty),
            _ if numbers.iter().all(|c| c.is_finite()) => Ok(()),
            _ => Err(Malformed::NotFinite),
        };
        match &self.function {
            Function::Constant(value) => finite(&[*value]),
            Function::Polynomial(c) | Function::NegativePowers(c) | Function::OneOver(c) => finite(c),
            Function::InvQuadratic { coefficients, .. } => {
                finite(coefficients)?;
                if coefficients[3] == 0.0 {
                    return Err(Malformed::DividesByZero);
                }
                Ok(())
            }
            Function::Lookup { values, .. } => {
                finite(values)?;
                let rises = values.windows(2).all(|pair| pair[0] <= pair[1]);
                let falls = values.windows(2).all(|pair| pair[0] >= pair[1]);
                if rises || falls {
                    Ok(())
                } else {
                    Err(Malformed::Unsorted)
                }
            }
            Function::Sum(terms) if terms.is_empty() => Err(Malformed::Empty),
            Function::Sum(terms) => terms.iter().try_for_each(|term| term.check_depth(deeper)),
            Function::Power { exponent, base } => {
                finite(&[*exponent])?;
                base.as_ref().map_or(Ok(()), |base| base.check_depth(deeper))
            }
        }
    }

    /// The result for `x`, or for the nearer end of the domain.
    ///
    /// ```
    /// use taproot_calibration::brainscales::{Function, Transform};
    /// let volts = Transform::new(Function::Polynomial(vec![0.0, 1023.0 / 1.8]), 0.0, 1.8);
    /// assert_eq!(volts.apply(0.9).value.round(), 512.0);
    /// assert!(volts.apply(2.0).clipped);
    /// ```
    pub fn apply(&self, x: f64) -> Applied {
        let within = self.domain.nearest(x);
        Applied {
            value: self.function.at(within.value),
            clipped: within.clipped,
        }
    }

    /// The argument with the result `y`, or with the nearest result that there is.
    ///
    /// # Errors
    /// If there is no such argument, or more than one.
    pub fn invert(&self, y: f64) -> Result<Applied, NotInvertible> {
        match &self.function {
            Function::Constant(_) => Err(NotInvertible::Constant),
            Function::Lookup { values, offset } => Ok(lookup_inverse(values, *offset, y)),
            _ => self.invert_monotone(y),
        }
    }

    /// The results at the ends of the domain, the smaller first.
    ///
    /// # Errors
    /// If one of them is not finite.
    pub fn range(&self) -> Result<Interval, NotInvertible> {
        let (a, b) = (
            self.function.at(self.domain.low),
            self.function.at(self.domain.high),
        );
        if a.is_finite() && b.is_finite() {
            Ok(Interval::new(a.min(b), a.max(b)))
        } else {
            Err(NotInvertible::NotFinite)
        }
    }

    fn invert_monotone(&self, y: f64) -> Result<Applied, NotInvertible> {
        let range = self.range()?;
        if range.low == range.high {
            return Err(NotInvertible::Constant);
        }
        self.is_monotone()?;
        let target = range.nearest(y);
        let value = roots::bisect(
            |x| self.function.at(x) - target.value,
            self.domain.low,
            self.domain.high,
        );
        Ok(Applied {
            value,
            clipped: target.clipped,
        })
    }

    /// Exact for polynomials of x and 1/x; sums and powers are tried at 1,024 places.
    fn is_monotone(&self) -> Result<(), NotInvertible> {
        let Interval { low, high } = self.domain;
        let monotone = match &self.function {
            Function::Polynomial(c) => roots::is_monotone(c, low, high),
            // A pole inside of the domain is a place where it is not monotone.
            Function::OneOver(c) => {
                let signs = (roots::polynomial(c, low), roots::polynomial(c, high));
                signs.0 * signs.1 > 0.0 && roots::is_monotone(c, low, high)
            }
            Function::NegativePowers(c) => low * high > 0.0 && roots::is_monotone(c, 1.0 / high, 1.0 / low),
            Function::InvQuadratic { .. } => true,
            _ => {
                const PLACES: u32 = 1024;
                let place = |n: u32| {
                    let part = f64::from(n) / f64::from(PLACES);
                    self.function.at(low * (1.0 - part) + high * part)
                };
                let rising = place(PLACES) > place(0);
                let steps: Vec<f64> = (0..=PLACES).map(place).collect();
                steps.iter().all(|y| y.is_finite())
                    && steps
                        .windows(2)
                        .all(|pair| pair[0] == pair[1] || (pair[1] > pair[0]) == rising)
            }
        };
        if monotone {
            Ok(())
        } else {
            Err(NotInvertible::NotMonotone)
        }
    }

    /// The transform of a circuit whose quantity is this one's plus `offset`: f(x − offset), and its domain moved along.
    /// `None` for kinds that have no such form.
    pub fn shifted(&self, offset: f64) -> Option<Self> {
        let function = match &self.function {
            Function::Constant(value) => return Some(Self::constant(*value)),
            Function::Polynomial(c) => Function::Polynomial(roots::shift(c, offset)),
            Function::OneOver(c) => Function::OneOver(roots::shift(c, offset)),
            Function::InvQuadratic {
                coefficients: [a, b, c, d],
                negative,
            } => Function::InvQuadratic {
                coefficients: [*a, *b, c - offset, *d],
                negative: *negative,
            },
            Function::Lookup {
                values,
                offset: first,
            } => Function::Lookup {
                values: values.iter().map(|v| v + offset).collect(),
                offset: *first,
            },
            Function::NegativePowers(_) | Function::Sum(_) | Function::Power { .. } => return None,
        };
        Some(Self::new(
            function,
            self.domain.low + offset,
            self.domain.high + offset,
        ))
    }

    /// The transform of a circuit whose quantity is this one's times `factor` (positive): f(x / factor), and its domain
    /// stretched along. `None` for kinds that have no such form.
    pub fn stretched(&self, factor: f64) -> Option<Self> {
        let scaled = |c: &[f64], step: f64| -> Vec<f64> {
            c.iter()
                .scan(1.0, |power, c| {
                    let scaled = c * *power;
                    *power *= step;
                    Some(scaled)
                })
                .collect()
        };
        let function = match &self.function {
            Function::Constant(value) => return Some(Self::constant(*value)),
            Function::Polynomial(c) => Function::Polynomial(scaled(c, 1.0 / factor)),
            Function::OneOver(c) => Function::OneOver(scaled(c, 1.0 / factor)),
            Function::NegativePowers(c) => Function::NegativePowers(scaled(c, factor)),
            Function::Lookup { values, offset } => Function::Lookup {
                values: values.iter().map(|v| v * factor).collect(),
                offset: *offset,
            },
            Function::InvQuadratic { .. } | Function::Sum(_) | Function::Power { .. } => return None,
        };
        Some(Self::new(
            function,
            self.domain.low * factor,
            self.domain.high * factor,
        ))
    }
}

impl Function {
    fn at(&self, x: f64) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Polynomial(c) => roots::polynomial(c, x),
            Self::NegativePowers(c) if c.len() > 1 => roots::polynomial(c, 1.0 / x),
            Self::NegativePowers(c) => roots::polynomial(c, 0.0),
            Self::OneOver(c) => 1.0 / roots::polynomial(c, x),
            Self::InvQuadratic {
                coefficients: [a, b, c, d],
                negative,
            } => {
                let root = (a * a + b * (c + x)).sqrt();
                (a + if *negative { -root } else { root }) / d
            }
            Self::Lookup { values, offset } => lookup(values, *offset, x),
            Self::Sum(terms) => terms.iter().map(|term| term.apply(x).value).sum(),
            Self::Power { exponent, base } => {
                let base = base.as_ref().map_or(x, |base| base.apply(x).value);
                libm::pow(base, *exponent)
            }
        }
    }
}

/// The fractional place of `x` among sorted values.
fn lookup(values: &[f64], offset: u32, x: f64) -> f64 {
    let falls = values.first() > values.last();
    let before = |v: f64| if falls { v > x } else { v < x };
    let upper = values.partition_point(|v| before(*v));
    let place = match (upper.checked_sub(1).map(|n| values[n]), values.get(upper)) {
        (Some(lower), Some(&v)) => (upper - 1) as f64 + (x - lower) / (v - lower),
        (None, _) => 0.0,
        (_, None) => values.len() as f64 - 1.0,
    };
    f64::from(offset) + place
}

fn lookup_inverse(values: &[f64], offset: u32, y: f64) -> Applied {
    let last = values.len() as f64 - 1.0;
    let place = Interval::new(0.0, last).nearest(y - f64::from(offset));
    let lower = (place.value as usize).min(values.len() - 1);
    let upper = (lower + 1).min(values.len() - 1);
    let part = place.value - lower as f64;
    Applied {
        value: values[lower] + (values[upper] - values[lower]) * part,
        clipped: place.clipped,
    }
}

#[cfg(test)]
mod tests;
