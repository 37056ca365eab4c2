//! Random numbers: PyNN's distributions over named generators.

mod distributions;
mod mt19937;
mod philox;

pub use distributions::{DrawError, ParameterProblem};
pub(crate) use distributions::{Source, below, binomial_total, draw_one, fill};
pub(crate) use mt19937::Mt19937;
pub(crate) use philox::{Philox, PhiloxKey};

use serde::{Deserialize, Serialize};

/// The state of NumPy's legacy `RandomState` (MT19937, frozen by NEP 19).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mt19937State {
    /// The 624 words.
    pub key: Vec<u32>,
    /// Position in the words, 0 to 624.
    pub position: u16,
    /// The second value of the last polar Gaussian pair, when one is kept.
    pub cached_gaussian: Option<f64>,
}

/// Where random bits come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Generator {
    /// PyNN's `NumpyRNG`: one sequential stream, the draws that PyNN's stock connectors would make.
    Numpy(Mt19937State),
    /// Our `NativeRNG`: counter-based, keyed by the seed, a stream number and the index of the thing drawn for, so
    /// that any part can be drawn on any thread.
    Native {
        /// The user's seed.
        seed: u64,
        /// Distinguishes uses of the same seed: projection and parameter, or population and parameter.
        stream: u64,
    },
    /// The generator object of the projection's connector, used a second time: the script gave one `NumpyRNG` object
    /// both to the connector and to a synapse parameter or to the connector's `n`. PyNN copies that object for a
    /// synapse parameter just before it connects (after the draws of `FixedNumberPost` and `FixedTotalNumber`, before
    /// those of every other connector) and shares it with `n`. Only meaningful there.
    OfConnector,
}

/// PyNN's distributions (PyNN 0.13, `random.py`), with PyNN's parameter names.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "the fields are the textbook parameters, named as in PyNN"
)]
pub enum Distribution {
    Uniform {
        low: f64,
        high: f64,
    },
    UniformInt {
        low: i64,
        high: i64,
    },
    Normal {
        mu: f64,
        sigma: f64,
    },
    NormalClipped {
        mu: f64,
        sigma: f64,
        low: f64,
        high: f64,
    },
    NormalClippedToBoundary {
        mu: f64,
        sigma: f64,
        low: f64,
        high: f64,
    },
    Lognormal {
        mu: f64,
        sigma: f64,
    },
    Gamma {
        k: f64,
        theta: f64,
    },
    Exponential {
        beta: f64,
    },
    Binomial {
        n: u32,
        p: f64,
    },
    Poisson {
        lambda: f64,
    },
    Vonmises {
        mu: f64,
        kappa: f64,
    },
}

impl Distribution {
    /// The largest value that can be drawn, if there is one.
    pub fn largest(&self) -> Option<f64> {
        match *self {
            Self::Uniform { low, high } => Some(low.max(high)),
            Self::UniformInt { high, .. } => Some(high as f64),
            Self::NormalClipped { high, .. } | Self::NormalClippedToBoundary { high, .. } => Some(high),
            Self::Binomial { n, .. } => Some(n.into()),
            Self::Vonmises { .. } => Some(std::f64::consts::PI),
            Self::Normal { .. }
            | Self::Lognormal { .. }
            | Self::Gamma { .. }
            | Self::Exponential { .. }
            | Self::Poisson { .. } => None,
        }
    }
}

/// A distribution and the generator it draws from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RandomSource {
    /// What is drawn.
    pub distribution: Distribution,
    /// From where.
    pub generator: Generator,
}

impl RandomSource {
    /// `n` draws in order, and the generator's state after them where it has one.
    ///
    /// With NumPy's generator this is one call of PyNN's `next(n)`; with the native one each draw has its own index.
    ///
    /// # Errors
    /// When a parameter is out of range, the state is not one, or the generator is a connector's.
    pub fn draw(&self, n: usize) -> Result<(Vec<f64>, Option<Mt19937State>), DrawError> {
        self.distribution.check()?;
        let mut values = vec![0.0; n];
        let after = match &self.generator {
            Generator::Numpy(state) => {
                let mut bits = Mt19937::resume(state)?;
                fill(&self.distribution, &mut bits, &mut values)?;
                Some(bits.state())
            }
            Generator::Native { seed, stream } => {
                let key = PhiloxKey::new(*seed, *stream);
                for (value, index) in values.iter_mut().zip(0..) {
                    *value = draw_one(&self.distribution, &mut key.at(index))?;
                }
                None
            }
            Generator::OfConnector => return Err(DrawError::NoConnectorGenerator),
        };
        Ok((values, after))
    }
}

#[cfg(test)]
mod tests;
