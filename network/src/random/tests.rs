use super::*;

fn numpy(distribution: Distribution, n: usize) -> (Vec<f64>, Mt19937State) {
    let source = RandomSource {
        distribution,
        generator: Generator::Numpy(Mt19937State::from_seed(42)),
    };
    let (values, after) = source.draw(n).expect("draws");
    (values, after.expect("a NumPy generator has a state"))
}

/// `numpy.random.RandomState(42)` of NumPy 2.0.2, method by method; the clipped ones from PyNN 0.13's `NumpyRNG(42)`.
#[test]
fn numpy_draws() {
    let check = |distribution, expected: &[f64]| {
        assert_eq!(
            numpy(distribution, expected.len()).0,
            expected,
            "{distribution:?}"
        );
    };
    check(
        Distribution::Uniform { low: 0.0, high: 1.0 },
        &[0.3745401188473625, 0.9507143064099162, 0.7319939418114051],
    );
    check(
        Distribution::UniformInt { low: 0, high: 10 },
        &[6.0, 3.0, 7.0, 4.0, 6.0, 9.0],
    );
    check(
        Distribution::UniformInt {
            low: 0,
            high: 1 << 40,
        },
        &[441507790259.0, 395924837646.0, 458615280711.0],
    );
    check(
        Distribution::Normal { mu: 1.0, sigma: 2.0 },
        &[
            1.9934283060224653,
            0.7234713976576307,
            2.295377076201385,
            4.046059712816051,
        ],
    );
    check(
        Distribution::Lognormal { mu: 0.5, sigma: 0.25 },
        &[1.8667118950169075, 1.592705153080254, 1.9385148419810967],
    );
    check(
        Distribution::Gamma { k: 2.5, theta: 3.0 },
        &[8.949406096274439, 5.908358872446038, 5.5198654102367355],
    );
    check(
        Distribution::Gamma { k: 0.5, theta: 3.0 },
        &[0.42084090187858925, 1.9770540985265552, 0.07302544849651886],
    );
    check(
        Distribution::Exponential { beta: 2.0 },
        &[0.9385361799537182, 6.020242861835042, 2.6334913870908987],
    );
    check(
        Distribution::Binomial { n: 10, p: 0.3 },
        &[2.0, 5.0, 4.0, 3.0, 2.0],
    );
    check(
        Distribution::Binomial { n: 1000, p: 0.3 },
        &[289.0, 286.0, 302.0, 278.0, 306.0],
    );
    check(
        Distribution::Binomial { n: 100_000, p: 0.7 },
        &[70143.0, 69883.0, 69984.0, 70248.0, 69972.0],
    );
    check(Distribution::Poisson { lambda: 3.0 }, &[4.0, 1.0, 3.0, 3.0, 2.0]);
    check(
        Distribution::Poisson { lambda: 100.0 },
        &[96.0, 107.0, 88.0, 103.0, 111.0],
    );
    check(
        Distribution::Vonmises { mu: 1.0, kappa: 2.0 },
        &[1.4598674699258964, 0.10367762614779785, 1.064180151597765],
    );
    let (mu, sigma, low, high) = (0.0, 1.0, 0.0, 1.0);
    check(
        Distribution::NormalClipped { mu, sigma, low, high },
        &[
            0.4967141530112327,
            0.24196227156603412,
            0.6476885381006925,
            0.5425600435859647,
            0.7674347291529088,
        ],
    );
    check(
        Distribution::NormalClippedToBoundary { mu, sigma, low, high },
        &[0.4967141530112327, 0.0, 0.6476885381006925, 1.0, 0.0],
    );
}

/// `RandomState(42)` after four normals: `get_state()[1:]`.
#[test]
fn state_is_handed_back() {
    let (_, after) = numpy(Distribution::Normal { mu: 1.0, sigma: 2.0 }, 4);
    assert_eq!(after.position, 8);
    assert_eq!(after.key[..2], [723_970_371, 1_229_153_189]);
    assert_eq!(after.cached_gaussian, None);
    let (_, odd) = numpy(Distribution::Normal { mu: 1.0, sigma: 2.0 }, 3);
    assert_eq!(odd.cached_gaussian, Some(1.5230298564080254));
}

#[test]
fn bad_parameters_and_states_are_refused() {
    let source = |distribution, generator| RandomSource {
        distribution,
        generator,
    };
    let negative = source(
        Distribution::Normal { mu: 0.0, sigma: -1.0 },
        Generator::Native { seed: 1, stream: 1 },
    );
    assert_eq!(
        negative.draw(1).expect_err("negative sigma").to_string(),
        "`sigma` of the normal distribution is -1; it must be 0 or more, and finite"
    );
    let state = Mt19937State {
        key: vec![1, 2, 3],
        position: 0,
        cached_gaussian: None,
    };
    let short = source(Distribution::Exponential { beta: 1.0 }, Generator::Numpy(state));
    assert!(matches!(short.draw(1), Err(DrawError::BadState { words: 3, .. })));
    let never = source(
        Distribution::NormalClipped {
            mu: 0.0,
            sigma: 0.001,
            low: 5.0,
            high: 6.0,
        },
        Generator::Native { seed: 1, stream: 1 },
    );
    assert!(matches!(never.draw(1), Err(DrawError::TooManyRedraws { .. })));
}

/// Mean and variance within six standard errors of the textbook's, over 20,000 native draws.
#[test]
fn native_distributions_have_their_moments() {
    let check = |distribution: Distribution, mean: f64, variance: f64| {
        let n = 20_000;
        let generator = Generator::Native { seed: 7, stream: 3 };
        let (values, _) = RandomSource {
            distribution,
            generator,
        }
        .draw(n)
        .expect("draws");
        let found = values.iter().sum::<f64>() / n as f64;
        let spread = values.iter().map(|v| (v - found).powi(2)).sum::<f64>() / n as f64;
        assert!(
            (found - mean).abs() < 6.0 * (variance / n as f64).sqrt(),
            "{distribution:?}: mean {found}"
        );
        assert!(
            (spread / variance - 1.0).abs() < 0.1,
            "{distribution:?}: variance {spread}"
        );
    };
    check(Distribution::Uniform { low: 2.0, high: 5.0 }, 3.5, 9.0 / 12.0);
    check(Distribution::UniformInt { low: 0, high: 10 }, 4.5, 99.0 / 12.0);
    check(Distribution::Normal { mu: 1.0, sigma: 2.0 }, 1.0, 4.0);
    check(Distribution::Exponential { beta: 2.0 }, 2.0, 4.0);
    check(Distribution::Gamma { k: 2.5, theta: 3.0 }, 7.5, 22.5);
    check(Distribution::Gamma { k: 0.5, theta: 3.0 }, 1.5, 4.5);
    check(Distribution::Binomial { n: 1000, p: 0.3 }, 300.0, 210.0);
    check(Distribution::Poisson { lambda: 3.0 }, 3.0, 3.0);
    check(Distribution::Poisson { lambda: 100.0 }, 100.0, 100.0);
}
