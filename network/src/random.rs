//! Random numbers: PyNN's distributions over named generators.

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

/// A distribution and the generator it draws from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RandomSource {
    /// What is drawn.
    pub distribution: Distribution,
    /// From where.
    pub generator: Generator,
}
