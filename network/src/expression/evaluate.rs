//! The value of an expression: a list of operations on a stack.
//!
//! Transcendental functions come from the `libm` crate, so that every machine gets the same bits; they are within one
//! unit in the last place of NumPy's.

use super::parse::Name;

/// One step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    Number(f64),
    Distance,
    /// Takes one value.
    One(fn(f64) -> f64),
    /// Takes two.
    Two(fn(f64, f64) -> f64),
    /// Takes three.
    Three(fn(f64, f64, f64) -> f64),
}

/// Runs the operations, which the parser made so that they leave one value.
pub(super) fn evaluate(operations: &[Operation], distance: f64, stack: &mut Vec<f64>) -> f64 {
    stack.clear();
    for operation in operations {
        let value = match *operation {
            Operation::Number(value) => value,
            Operation::Distance => distance,
            Operation::One(f) => f(pop(stack)),
            Operation::Two(f) => {
                let b = pop(stack);
                f(pop(stack), b)
            }
            Operation::Three(f) => {
                let c = pop(stack);
                let b = pop(stack);
                f(pop(stack), b, c)
            }
        };
        stack.push(value);
    }
    pop(stack)
}

fn pop(stack: &mut Vec<f64>) -> f64 {
    stack.pop().unwrap_or(f64::NAN)
}

const fn truth(value: bool) -> f64 {
    if value { 1.0 } else { 0.0 }
}

/// NumPy's constants.
pub(super) fn constant(name: &str) -> Option<f64> {
    Some(match name {
        "pi" => std::f64::consts::PI,
        "e" => std::f64::consts::E,
        "inf" => f64::INFINITY,
        "nan" => f64::NAN,
        _ => return None,
    })
}

/// NumPy's functions.
pub(super) fn function(name: &str) -> Option<Operation> {
    use Operation::{One, Three, Two};
    Some(match name {
        "exp" => One(libm::exp),
        "exp2" => One(libm::exp2),
        "expm1" => One(libm::expm1),
        "log" => One(libm::log),
        "log2" => One(libm::log2),
        "log10" => One(libm::log10),
        "log1p" => One(libm::log1p),
        "sqrt" => One(f64::sqrt),
        "cbrt" => One(libm::cbrt),
        "square" => One(|x| x * x),
        "reciprocal" => One(|x| 1.0 / x),
        "sin" => One(libm::sin),
        "cos" => One(libm::cos),
        "tan" => One(libm::tan),
        "arcsin" | "asin" => One(libm::asin),
        "arccos" | "acos" => One(libm::acos),
        "arctan" | "atan" => One(libm::atan),
        "sinh" => One(libm::sinh),
        "cosh" => One(libm::cosh),
        "tanh" => One(libm::tanh),
        "abs" | "fabs" | "absolute" => One(f64::abs),
        "floor" => One(f64::floor),
        "ceil" => One(f64::ceil),
        "trunc" => One(f64::trunc),
        "rint" => One(f64::round_ties_even),
        "sign" => One(|x| if x.is_nan() || x == 0.0 { x } else { x.signum() }),
        "arctan2" | "atan2" => Two(libm::atan2),
        "hypot" => Two(libm::hypot),
        "power" | "pow" => Two(libm::pow),
        "minimum" | "min" => Two(minimum),
        "maximum" | "max" => Two(maximum),
        "fmod" => Two(|a, b| a % b),
        "mod" | "remainder" => Two(remainder),
        "floor_divide" => Two(floor_divide),
        "where" => Three(|condition, yes, no| if condition == 0.0 { no } else { yes }),
        "clip" => Three(|x, low, high| minimum(maximum(x, low), high)),
        _ => return None,
    })
}

/// The operation of an operator on two numbers.
pub(super) fn operator(name: Name) -> fn(f64, f64) -> f64 {
    match name {
        Name::Plus => |a, b| a + b,
        Name::Minus => |a, b| a - b,
        Name::Times => |a, b| a * b,
        Name::Over => |a, b| a / b,
        Name::FloorOver => floor_divide,
        Name::Percent => remainder,
        Name::Power => power,
        Name::Less => |a, b| truth(a < b),
        Name::LessEqual => |a, b| truth(a <= b),
        Name::Greater => |a, b| truth(a > b),
        Name::GreaterEqual => |a, b| truth(a >= b),
        Name::Equal => |a, b| truth(a == b),
        Name::NotEqual => |a, b| truth(a != b),
        Name::And => |a, b| truth(a != 0.0 && b != 0.0),
        Name::Or => |a, b| truth(a != 0.0 || b != 0.0),
        Name::Xor => |a, b| truth((a != 0.0) != (b != 0.0)),
    }
}

/// NumPy's `minimum`, which keeps NaN.
fn minimum(a: f64, b: f64) -> f64 {
    if a.is_nan() || a <= b { a } else { b }
}

/// NumPy's `maximum`, which keeps NaN.
fn maximum(a: f64, b: f64) -> f64 {
    if a.is_nan() || a >= b { a } else { b }
}

/// `**`: NumPy computes these exponents of an array without `pow`.
fn power(base: f64, exponent: f64) -> f64 {
    match exponent {
        2.0 => base * base,
        1.0 => base,
        0.5 => base.sqrt(),
        -1.0 => 1.0 / base,
        _ => libm::pow(base, exponent),
    }
}

/// Python's `%`: the sign of the divisor.
fn remainder(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if b == 0.0 {
        rest
    } else if rest == 0.0 {
        0.0_f64.copysign(b)
    } else if (b < 0.0) != (rest < 0.0) {
        rest + b
    } else {
        rest
    }
}

/// Python's `//`, by way of the remainder, as Python and NumPy do it.
fn floor_divide(a: f64, b: f64) -> f64 {
    if b == 0.0 {
        return a / b;
    }
    let rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest != 0.0 && (b < 0.0) != (rest < 0.0) {
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return 0.0_f64.copysign(a / b);
    }
    let floored = quotient.floor();
    if quotient - floored > 0.5 {
        floored + 1.0
    } else {
        floored
    }
}
