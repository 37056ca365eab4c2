//! PyNN's distributions over any source of random words.
//!
//! Over [`super::Mt19937`] they are the legacy distributions of NumPy's `RandomState`, draw for draw: masked rejection
//! for integers, Marsaglia and Tsang (2000) and Ahrens and Dieter (1974) for gamma, inversion and BTPE (Kachitvichyanukul
//! and Schmeiser 1988) for binomial, multiplication and PTRS (Hörmann 1993) for Poisson, Best and Fisher (1979) for von
//! Mises. Over [`super::Philox`] the same methods make our own distributions.
//!
//! Order of evaluation matters here: regrouping a sum changes the last bit, and with it agreement with NumPy.

use super::Distribution;
use std::f64::consts::PI;
use thiserror::Error;

/// Random words, and the mathematical functions that go with them.
pub(crate) trait Source {
    /// 32 random bits.
    fn next_u32(&mut self) -> u32;
    /// Uniform in [0, 1), 53 bits.
    fn next_f64(&mut self) -> f64;
    /// Standard normal.
    fn gauss(&mut self) -> f64;
    /// 64 random bits, the high half first.
    fn next_u64(&mut self) -> u64 {
        let high = u64::from(self.next_u32());
        (high << 32) | u64::from(self.next_u32())
    }
    fn ln(x: f64) -> f64;
    fn exp(x: f64) -> f64;
    fn pow(x: f64, y: f64) -> f64;
    fn cos(x: f64) -> f64;
    fn acos(x: f64) -> f64;
}

/// Why a distribution cannot be drawn from.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum DrawError {
    /// A parameter is out of its range.
    #[error(transparent)]
    Parameter(#[from] ParameterProblem),
    /// A clipped distribution found no value within its limits in 1,000 rounds, PyNN's limit.
    #[error(
        "no value of a normal distribution (mu {mu}, sigma {sigma}) fell between {low} and {high} in 1,000 rounds"
    )]
    TooManyRedraws {
        /// Its mean.
        mu: f64,
        /// Its standard deviation.
        sigma: f64,
        /// The lower limit.
        low: f64,
        /// The upper limit.
        high: f64,
    },
    /// An MT19937 state without its 624 words.
    #[error(
        "the state of a NumpyRNG has {words} words and position {position}; it needs 624 words, position 0 to 624, and a finite kept Gaussian"
    )]
    BadState {
        /// Words found.
        words: usize,
        /// Position found.
        position: u16,
    },
    /// `OfConnector` where there is no connector, or one that draws nothing.
    #[error("a value shares the generator of a connector, but that connector draws no random numbers")]
    NoConnectorGenerator,
}

/// A parameter of a distribution that is out of its range.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("`{parameter}` of the {distribution} distribution is {value}; it must be {needed}")]
pub struct ParameterProblem {
    /// PyNN's name of the distribution.
    pub distribution: &'static str,
    /// PyNN's name of the parameter.
    pub parameter: &'static str,
    /// What it is.
    pub value: f64,
    /// What it must be.
    pub needed: &'static str,
}

impl Distribution {
    /// PyNN's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Distribution::Uniform { .. } => "uniform",
            Distribution::UniformInt { .. } => "uniform_int",
            Distribution::Normal { .. } => "normal",
            Distribution::NormalClipped { .. } => "normal_clipped",
            Distribution::NormalClippedToBoundary { .. } => "normal_clipped_to_boundary",
            Distribution::Lognormal { .. } => "lognormal",
            Distribution::Gamma { .. } => "gamma",
            Distribution::Exponential { .. } => "exponential",
            Distribution::Binomial { .. } => "binomial",
            Distribution::Poisson { .. } => "poisson",
            Distribution::Vonmises { .. } => "vonmises",
        }
    }

    /// Whether its values are whole numbers.
    pub const fn is_discrete(&self) -> bool {
        matches!(
            self,
            Distribution::UniformInt { .. } | Distribution::Binomial { .. } | Distribution::Poisson { .. }
        )
    }

    /// Whether its parameters are in range: finite, and as NumPy demands.
    ///
    /// # Errors
    /// The first parameter that is not.
    pub fn check(&self) -> Result<(), ParameterProblem> {
        let distribution = self.name();
        let ensure = |ok: bool, parameter, value, needed| match ok {
            true => Ok(()),
            false => Err(ParameterProblem {
                distribution,
                parameter,
                value,
                needed,
            }),
        };
        let finite = |parameter, value: f64| ensure(value.is_finite(), parameter, value, "finite");
        let not_negative = |parameter, value: f64| {
            ensure(
                value.is_finite() && value >= 0.0,
                parameter,
                value,
                "0 or more, and finite",
            )
        };
        let not_nan = |parameter, value: f64| ensure(!value.is_nan(), parameter, value, "a number");
        match *self {
            Distribution::Uniform { low, high } => {
                finite("low", low)?;
                finite("high", high)?;
                ensure((high - low).is_finite(), "high", high, "less far from `low`")
            }
            Distribution::UniformInt { low, high } => ensure(
                high > low,
                "high",
                high as f64,
                "greater than `low`, which it excludes",
            ),
            Distribution::Normal { mu, sigma } | Distribution::Lognormal { mu, sigma } => {
                finite("mu", mu)?;
                not_negative("sigma", sigma)
            }
            Distribution::NormalClipped { mu, sigma, low, high }
            | Distribution::NormalClippedToBoundary { mu, sigma, low, high } => {
                finite("mu", mu)?;
                not_negative("sigma", sigma)?;
                not_nan("low", low)?;
                not_nan("high", high)?;
                ensure(low <= high, "high", high, "at least `low`")
            }
            Distribution::Gamma { k, theta } => {
                not_negative("k", k)?;
                not_negative("theta", theta)
            }
            Distribution::Exponential { beta } => not_negative("beta", beta),
            Distribution::Binomial { p, .. } => ensure((0.0..=1.0).contains(&p), "p", p, "between 0 and 1"),
            // NumPy's own limit, at which a draw could leave the 64-bit integers.
            Distribution::Poisson { lambda } => ensure(
                (0.0..=9.2e18).contains(&lambda),
                "lambda",
                lambda,
                "between 0 and 9.2e18",
            ),
            Distribution::Vonmises { mu, kappa } => {
                finite("mu", mu)?;
                // Rejection needs about as many rounds as the square root of kappa is large only below this.
                ensure((0.0..=1e6).contains(&kappa), "kappa", kappa, "between 0 and 1e6")
            }
        }
    }
}

/// Fills `out` with draws, as one call of PyNN's `next(n)` does. Parameters must have passed [`Distribution::check`].
pub(crate) fn fill<S: Source>(
    distribution: &Distribution,
    source: &mut S,
    out: &mut [f64],
) -> Result<(), DrawError> {
    if let Distribution::NormalClipped { mu, sigma, low, high } = *distribution {
        return fill_clipped(source, out, mu, sigma, low, high);
    }
    for value in out {
        *value = draw(distribution, source);
    }
    Ok(())
}

/// One draw, as PyNN's `next(1)` makes it.
pub(crate) fn draw_one<S: Source>(distribution: &Distribution, source: &mut S) -> Result<f64, DrawError> {
    let mut value = [0.0];
    fill(distribution, source, &mut value)?;
    Ok(value[0])
}

/// A uniform integer from 0 to `largest`: the words under the smallest mask, until one fits. Draws nothing for 0.
pub(crate) fn below<S: Source>(source: &mut S, largest: u64) -> u64 {
    if largest == 0 {
        return 0;
    }
    let mask = u64::MAX >> largest.leading_zeros();
    loop {
        let word = if largest <= u64::from(u32::MAX) {
            u64::from(source.next_u32())
        } else {
            source.next_u64()
        };
        if word & mask <= largest {
            return word & mask;
        }
    }
}

/// A point in the unit circle and the factor that makes its coordinates two independent standard normals.
pub(super) fn polar_pair<S: Source>(source: &mut S) -> (f64, f64, f64) {
    loop {
        let x = 2.0 * source.next_f64() - 1.0;
        let y = 2.0 * source.next_f64() - 1.0;
        let square = x * x + y * y;
        if square < 1.0 && square != 0.0 {
            return (x, y, (-2.0 * S::ln(square) / square).sqrt());
        }
    }
}

fn draw<S: Source>(distribution: &Distribution, source: &mut S) -> f64 {
    match *distribution {
        Distribution::Uniform { low, high } => low + (high - low) * source.next_f64(),
        Distribution::UniformInt { low, high } => {
            low.wrapping_add(below(source, (high - 1).wrapping_sub(low) as u64) as i64) as f64
        }
        Distribution::Normal { mu, sigma } | Distribution::NormalClipped { mu, sigma, .. } => {
            mu + sigma * source.gauss()
        }
        Distribution::NormalClippedToBoundary { mu, sigma, low, high } => {
            (mu + sigma * source.gauss()).min(high).max(low)
        }
        Distribution::Lognormal { mu, sigma } => S::exp(mu + sigma * source.gauss()),
        Distribution::Gamma { k, theta } => theta * standard_gamma(source, k),
        Distribution::Exponential { beta } => beta * standard_exponential(source),
        Distribution::Binomial { n, p } => binomial(source, i64::from(n), p) as f64,
        Distribution::Poisson { lambda } => poisson(source, lambda),
        Distribution::Vonmises { mu, kappa } => vonmises(source, mu, kappa),
    }
}

/// PyNN's way to clip: a whole batch, then the ones outside as a batch, and so on.
fn fill_clipped<S: Source>(
    source: &mut S,
    out: &mut [f64],
    mu: f64,
    sigma: f64,
    low: f64,
    high: f64,
) -> Result<(), DrawError> {
    let mut outside = Vec::new();
    for (i, value) in out.iter_mut().enumerate() {
        *value = mu + sigma * source.gauss();
        if *value < low || *value > high {
            outside.push(i);
        }
    }
    let mut rounds = 0;
    while !outside.is_empty() {
        if rounds > 1000 {
            return Err(DrawError::TooManyRedraws { mu, sigma, low, high });
        }
        outside.retain(|&i| {
            out[i] = mu + sigma * source.gauss();
            out[i] < low || out[i] > high
        });
        rounds += 1;
    }
    Ok(())
}

fn standard_exponential<S: Source>(source: &mut S) -> f64 {
    -S::ln(1.0 - source.next_f64())
}

fn standard_gamma<S: Source>(source: &mut S, shape: f64) -> f64 {
    if shape == 1.0 {
        return standard_exponential(source);
    }
    if shape == 0.0 {
        return 0.0;
    }
    if shape < 1.0 {
        loop {
            let u = source.next_f64();
            let v = standard_exponential(source);
            if u <= 1.0 - shape {
                let x = S::pow(u, 1.0 / shape);
                if x <= v {
                    return x;
                }
            } else {
                let y = -S::ln((1.0 - u) / shape);
                let x = S::pow(1.0 - shape + shape * y, 1.0 / shape);
                if x <= v + y {
                    return x;
                }
            }
        }
    }
    let b = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * b).sqrt();
    loop {
        let (x, v) = loop {
            let x = source.gauss();
            let v = 1.0 + c * x;
            if v > 0.0 {
                break (x, v * v * v);
            }
        };
        let u = source.next_f64();
        if u < 1.0 - 0.0331 * (x * x) * (x * x) || S::ln(u) < 0.5 * x * x + b * (1.0 - v + S::ln(v)) {
            return b * v;
        }
    }
}

fn binomial<S: Source>(source: &mut S, n: i64, p: f64) -> i64 {
    let smaller = if p <= 0.5 { p } else { 1.0 - p };
    let successes = if smaller * n as f64 <= 30.0 {
        binomial_inversion(source, n, smaller)
    } else {
        binomial_btpe(source, n, smaller)
    };
    if p <= 0.5 { successes } else { n - successes }
}

/// Binomial draws of NumPy for counts that exceed 32 bits: `FixedTotalNumber` splits its total over processes.
pub(crate) fn binomial_total<S: Source>(source: &mut S, n: u64, p: f64) -> u64 {
    binomial(source, i64::try_from(n).unwrap_or(i64::MAX), p).max(0) as u64
}

fn binomial_inversion<S: Source>(source: &mut S, n: i64, p: f64) -> i64 {
    let q = 1.0 - p;
    let none = S::exp(n as f64 * S::ln(q));
    let mean = n as f64 * p;
    let bound = (n as f64).min(mean + 10.0 * (mean * q + 1.0).sqrt()) as i64;
    let mut count = 0;
    let mut probability = none;
    let mut u = source.next_f64();
    while u > probability {
        count += 1;
        if count > bound {
            count = 0;
            probability = none;
            u = source.next_f64();
        } else {
            u -= probability;
            probability = ((n - count + 1) as f64 * p * probability) / (count as f64 * q);
        }
    }
    count
}

/// The BTPE method: a triangle, two parallelograms beside it and two exponential tails enclose the distribution; a
/// point under that hull is accepted by squeezes first, then exactly. Here `p` is at most one half.
fn binomial_btpe<S: Source>(source: &mut S, n: i64, p: f64) -> i64 {
    let r = p.min(1.0 - p);
    let q = 1.0 - r;
    let size = n as f64;
    let peak = size * r + r;
    let mode = peak.floor() as i64;
    let m = mode as f64;
    let half_width = (2.195 * (size * r * q).sqrt() - 4.6 * q).floor() + 0.5;
    let centre = m + 0.5;
    let left = centre - half_width;
    let right = centre + half_width;
    let c = 0.134 + 20.5 / (15.3 + m);
    let a = (peak - left) / (peak - left * r);
    let left_rate = a * (1.0 + a / 2.0);
    let a = (right - peak) / (right * q);
    let right_rate = a * (1.0 + a / 2.0);
    let triangle = half_width;
    let parallelogram = triangle * (1.0 + 2.0 * c);
    let left_tail = parallelogram + c / left_rate;
    let right_tail = left_tail + c / right_rate;
    let variance = size * r * q;

    loop {
        let u = source.next_f64() * right_tail;
        let mut v = source.next_f64();
        let y = if u <= triangle {
            return (centre - half_width * v + u).floor() as i64;
        } else if u <= parallelogram {
            let x = left + (u - half_width) / c;
            v = v * c + 1.0 - (m - x + 0.5).abs() / half_width;
            if v > 1.0 {
                continue;
            }
            x.floor() as i64
        } else if u <= left_tail {
            let y = (left + S::ln(v) / left_rate).floor();
            if y < 0.0 || v == 0.0 {
                continue;
            }
            v = v * (u - parallelogram) * left_rate;
            y as i64
        } else {
            let y = (right - S::ln(v) / right_rate).floor();
            if y > size || v == 0.0 {
                continue;
            }
            v = v * (u - left_tail) * right_rate;
            y as i64
        };

        let k = (y - mode).abs();
        if k <= 20 || k as f64 >= variance / 2.0 - 1.0 {
            // Near the mode or far in the tail the ratio of probabilities is a short product.
            let s = r / q;
            let a = s * (n + 1) as f64;
            let mut ratio = 1.0;
            for i in mode + 1..=y {
                ratio *= a / i as f64 - s;
            }
            for i in y + 1..=mode {
                ratio /= a / i as f64 - s;
            }
            if v <= ratio {
                return y;
            }
            continue;
        }
        let kf = k as f64;
        let rho = (kf / variance) * ((kf * (kf / 3.0 + 0.625) + 0.166_666_666_666_666_66) / variance + 0.5);
        let t = (-k * k) as f64 / (2.0 * variance);
        let log_v = S::ln(v);
        if log_v < t - rho {
            return y;
        }
        if log_v > t + rho {
            continue;
        }
        let stirling = |x: f64, square: f64| {
            (13680.0 - (462.0 - (132.0 - (99.0 - 140.0 / square) / square) / square) / square) / x / 166_320.0
        };
        let x1 = (y + 1) as f64;
        let f1 = (mode + 1) as f64;
        let z = (n + 1 - mode) as f64;
        let w = (n - y + 1) as f64;
        let bound = centre * S::ln(f1 / x1)
            + ((n - mode) as f64 + 0.5) * S::ln(z / w)
            + (y - mode) as f64 * S::ln(w * r / (x1 * q))
            + stirling(f1, f1 * f1)
            + stirling(z, z * z)
            + stirling(x1, x1 * x1)
            + stirling(w, w * w);
        if log_v <= bound {
            return y;
        }
    }
}

fn poisson<S: Source>(source: &mut S, mean: f64) -> f64 {
    if mean == 0.0 {
        return 0.0;
    }
    if mean < 10.0 {
        let limit = S::exp(-mean);
        let mut count = 0.0;
        let mut product = 1.0;
        loop {
            product *= source.next_f64();
            if product <= limit {
                return count;
            }
            count += 1.0;
        }
    }
    let root = mean.sqrt();
    let log_mean = S::ln(mean);
    let b = 0.931 + 2.53 * root;
    let a = -0.059 + 0.02483 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let v_r = 0.9277 - 3.6224 / (b - 2.0);
    loop {
        let u = source.next_f64() - 0.5;
        let v = source.next_f64();
        let us = 0.5 - u.abs();
        let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
        if us >= 0.07 && v <= v_r {
            return k;
        }
        if k < 0.0 || (us < 0.013 && v > us) {
            continue;
        }
        if S::ln(v) + S::ln(inverse_alpha) - S::ln(a / (us * us) + b)
            <= -mean + k * log_mean - log_gamma::<S>(k + 1.0)
        {
            return k;
        }
    }
}

/// Stirling's series for the logarithm of the gamma function (Zhang and Jin 1996), `x` at least 1.
fn log_gamma<S: Source>(x: f64) -> f64 {
    const SERIES: [f64; 10] = [
        8.333333333333333e-02,
        -2.777777777777778e-03,
        7.936507936507937e-04,
        -5.952380952380952e-04,
        8.417508417508418e-04,
        -1.917526917526918e-03,
        6.410_256_410_256_41e-3,
        -2.955065359477124e-02,
        1.796443723688307e-01,
        -1.392_432_216_905_90e+00,
    ];
    if x == 1.0 || x == 2.0 {
        return 0.0;
    }
    let lifts = if x < 7.0 { (7.0 - x) as i64 } else { 0 };
    let mut x0 = x + lifts as f64;
    let x2 = (1.0 / x0) * (1.0 / x0);
    const LOG_2PI: f64 = 1.8378770664093453e+00;
    let mut sum = SERIES[9];
    for &coefficient in SERIES[..9].iter().rev() {
        sum *= x2;
        sum += coefficient;
    }
    let mut result = sum / x0 + 0.5 * LOG_2PI + (x0 - 0.5) * S::ln(x0) - x0;
    for _ in 0..lifts {
        result -= S::ln(x0 - 1.0);
        x0 -= 1.0;
    }
    result
}

fn vonmises<S: Source>(source: &mut S, mu: f64, kappa: f64) -> f64 {
    if kappa < 1e-8 {
        return PI * (2.0 * source.next_f64() - 1.0);
    }
    let s = if kappa < 1e-5 {
        1.0 / kappa + kappa
    } else {
        let r = 1.0 + (1.0 + 4.0 * kappa * kappa).sqrt();
        let rho = (r - (2.0 * r).sqrt()) / (2.0 * kappa);
        (1.0 + rho * rho) / (2.0 * rho)
    };
    let w = loop {
        let z = S::cos(PI * source.next_f64());
        let w = (1.0 + s * z) / (s + z);
        let y = kappa * (s - w);
        let v = source.next_f64();
        if y * (2.0 - y) - v >= 0.0 || S::ln(y / v) + 1.0 - y >= 0.0 {
            break w;
        }
    };
    let mut angle = S::acos(w);
    if source.next_f64() < 0.5 {
        angle = -angle;
    }
    angle += mu;
    let folded = (angle.abs() + PI) % (2.0 * PI) - PI;
    if angle < 0.0 { -folded } else { folded }
}
