use super::*;
use proptest::prelude::*;

fn polynomial(c: &[f64], low: f64, high: f64) -> Transform {
    Transform::new(Function::Polynomial(c.to_vec()), low, high)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

#[test]
fn arguments_outside_are_cut_and_said_to_be() {
    // The cases of `calibtic: test/transformation.cpp`, "Domain, Polynomial".
    let square = polynomial(&[0.0, 0.0, 1.0], 0.0, 3.0);
    assert_eq!(
        square.apply(2.0),
        Applied {
            value: 4.0,
            clipped: false
        }
    );
    assert_eq!(
        square.apply(4.0),
        Applied {
            value: 9.0,
            clipped: true
        }
    );
    assert_eq!(square.apply(-1.0).value, 0.0);
    assert!(square.apply(f64::NAN).clipped);
}

#[test]
fn each_kind_computes_its_formula() {
    let at = |function, x| Transform::new(function, -10.0, 10.0).apply(x).value;
    assert_eq!(at(Function::Constant(7.0), 3.0), 7.0);
    assert_eq!(at(Function::Polynomial(vec![1.0, 2.0, 3.0]), 2.0), 17.0);
    assert_eq!(at(Function::NegativePowers(vec![1.0, 2.0, 4.0]), 2.0), 3.0);
    assert_eq!(at(Function::OneOver(vec![1.0, 2.0]), 2.0), 0.2);
    // (3 + √(9 + 4 (2 + 2))) / 2 = 4
    let roots = |negative| Function::InvQuadratic {
        coefficients: [3.0, 4.0, 2.0, 2.0],
        negative,
    };
    assert_eq!(at(roots(false), 2.0), 4.0);
    assert_eq!(at(roots(true), 2.0), -1.0);
    let sum = Function::Sum(vec![Transform::constant(5.0), polynomial(&[0.0, 2.0], 0.0, 10.0)]);
    assert_eq!(at(sum, 3.0), 11.0);
    let cube = Function::Power {
        exponent: 3.0,
        base: Some(Box::new(polynomial(&[1.0, 1.0], 0.0, 10.0))),
    };
    assert_eq!(at(cube, 1.0), 8.0);
}

#[test]
fn a_lookup_gives_the_nearer_place_in_either_direction() {
    let falling = Transform::lookup(vec![4.0, 2.0, 1.0], 10).unwrap();
    assert_eq!(falling.apply(2.0).value, 11.0);
    assert_eq!(falling.apply(1.4).value.round(), 12.0);
    assert_eq!(falling.apply(1.6).value.round(), 11.0);
    assert!(falling.apply(0.9).clipped);
    assert_eq!(falling.invert(10.0).unwrap().value, 4.0);
    assert_eq!(falling.invert(11.5).unwrap().value, 1.5);
    assert!(falling.invert(9.0).unwrap().clipped);
    let rising = Transform::lookup(vec![1.0, 2.0, 2.0, 4.0], 0).unwrap();
    assert_eq!(rising.apply(3.0).value, 2.5);
    assert_eq!(rising.apply(2.0).value, 1.0);
    assert_eq!(rising.apply(4.0).value, 3.0);
}

#[test]
fn what_has_two_answers_has_no_inverse() {
    assert_eq!(Transform::constant(3.0).invert(3.0), Err(NotInvertible::Constant));
    let square = polynomial(&[0.0, 0.0, 1.0], -1.0, 1.0);
    assert!(square.invert(0.5).is_err());
    let wave = polynomial(&[0.0, -1.0, 0.0, 1.0], -2.0, 2.0);
    assert_eq!(wave.invert(0.1), Err(NotInvertible::NotMonotone));
    let pole = Transform::new(Function::OneOver(vec![0.0, 1.0]), -1.0, 2.0);
    assert_eq!(pole.invert(0.6), Err(NotInvertible::NotMonotone));
    let negative = Transform::new(Function::NegativePowers(vec![0.0, 1.0]), 0.0, 1.0);
    assert_eq!(negative.invert(3.0), Err(NotInvertible::NotFinite));
}

#[test]
fn a_root_of_a_cubic_is_found() {
    // 5 x³ − 10 x² + 30 = 60 at x = 2.77766381083; `calibtic: test/transformation.cpp`, "Polynomial, FindRoots".
    let cubic = polynomial(&[30.0, 0.0, -10.0, 5.0], 2.0, 100.0);
    let root = cubic.invert(60.0).unwrap().value;
    assert!((root - 2.777_663_810_830_011).abs() < 1e-12, "{root}");
}

#[test]
fn malformed_transforms_are_named() {
    assert_eq!(polynomial(&[], 0.0, 1.0).check(), Err(Malformed::Empty));
    assert_eq!(polynomial(&[1.0], 1.0, 0.0).check(), Err(Malformed::Domain));
    assert_eq!(
        polynomial(&[f64::NAN], 0.0, 1.0).check(),
        Err(Malformed::NotFinite)
    );
    assert_eq!(
        Transform::lookup(vec![1.0, 3.0, 2.0], 0),
        Err(Malformed::Unsorted)
    );
    let mut nested = Transform::constant(1.0);
    for _ in 0..Transform::DEEPEST {
        nested = Transform::new(Function::Sum(vec![nested]), 0.0, 1.0);
    }
    assert_eq!(nested.check(), Err(Malformed::TooDeep));
}

proptest! {
    #[test]
    fn an_inverse_undoes_a_transform(
        c in proptest::collection::vec(0.01f64..10.0, 2..5),
        low in 0.1f64..2.0,
        width in 0.1f64..5.0,
        part in 0.0f64..1.0,
        kind in 0usize..5,
    ) {
        // Positive coefficients on positive arguments: every kind is monotone.
        let function = match kind {
            0 => Function::Polynomial(c),
            1 => Function::NegativePowers(c),
            2 => Function::OneOver(c),
            3 => Function::InvQuadratic { coefficients: [c[0], c[1], 0.5, 2.0], negative: c[0] > 1.0 },
            _ => Function::Power { exponent: c[0], base: Some(Box::new(polynomial(&c, low, low + width))) },
        };
        let transform = Transform::new(function, low, low + width);
        let x = low + part * width;
        let back = transform.invert(transform.apply(x).value).unwrap();
        prop_assert!((back.value - x).abs() < 1e-6 * x, "{} for {x} of {transform:?}", back.value);
        prop_assert!(!back.clipped);
    }

    #[test]
    fn shifting_and_stretching_move_the_argument(
        c in proptest::collection::vec(0.01f64..10.0, 2..5),
        x in 1.0f64..2.0,
        by in 0.5f64..2.0,
        kind in 0usize..4,
    ) {
        let function = match kind {
            0 => Function::Polynomial(c),
            1 => Function::OneOver(c),
            2 => Function::NegativePowers(c),
            _ => Function::Lookup { values: vec![1.0, 1.5, 2.0], offset: 3 },
        };
        let transform = Transform::new(function, 1.0, 2.0);
        let expected = transform.apply(x).value;
        if let Some(shifted) = transform.shifted(by) {
            prop_assert!(close(shifted.apply(x + by).value, expected));
        } else {
            prop_assert_eq!(kind, 2);
        }
        let stretched = transform.stretched(by).unwrap();
        prop_assert!(close(stretched.apply(x * by).value, expected));
    }
}
