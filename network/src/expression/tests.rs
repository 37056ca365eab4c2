use super::{Expression, ExpressionProblem};

fn at(text: &str, d: f64) -> f64 {
    Expression(text.into()).parse().expect(text).at(d)
}

fn message(text: &str) -> String {
    Expression(text.into()).parse().expect_err(text).to_string()
}

/// Python's own answers.
#[test]
fn precedence_is_pythons() {
    assert_eq!(at("2+3*4", 0.0), 14.0);
    assert_eq!(at("-d**2", 3.0), -9.0);
    assert_eq!(at("2**-1", 0.0), 0.5);
    assert_eq!(at("2**3**2", 0.0), 512.0);
    assert_eq!(at("8/2/2", 0.0), 2.0);
    assert_eq!(at("8-2-2", 0.0), 4.0);
    assert_eq!(at("-7 // 2", 0.0), -4.0);
    assert_eq!(at("-7 % 3", 0.0), 2.0);
    assert_eq!(at("7 % -3", 0.0), -2.0);
    assert_eq!(at("1 + d < 3", 1.0), 1.0);
    assert_eq!(at("0.3*(d<50)", 49.0), 0.3);
    assert_eq!(at("(d > 1) & (d < 2)", 1.5), 1.0);
    assert_eq!(at("(d < 1) | (d > 2)", 1.5), 0.0);
    assert_eq!(at("~(d < 1)", 1.5), 1.0);
    assert_eq!(at("-2*-3", 0.0), 6.0);
    assert_eq!(at("1e-3*1_000", 0.0), 1.0);
}

/// NumPy: `np.array([True]) + np.array([True])` is `True`, which weighs 1.
#[test]
fn truth_values_add_as_or() {
    assert_eq!(at("0.5*((d<1) + (d<2))", 0.5), 0.5);
    assert_eq!(at("1 + (d<2)", 0.5), 2.0);
}

#[test]
fn functions_and_constants() {
    assert_eq!(at("np.exp(-d)", 0.0), 1.0);
    assert_eq!(at("where(d < 3, 1, 2)", 3.0), 2.0);
    assert_eq!(at("maximum(d, 4)", 3.0), 4.0);
    assert_eq!(at("minimum(d, numpy.pi)", 9.0), std::f64::consts::PI);
    assert_eq!(at("power(d, 3)", 2.0), 8.0);
    assert_eq!(at("log(e)", 2.0), 1.0);
    assert_eq!(at("abs(-d)", 2.0), 2.0);
    assert_eq!(at("sqrt(d*d)", 2.0), 2.0);
    assert_eq!(at("1/d", 0.0), f64::INFINITY);
}

#[test]
fn messages_say_where() {
    assert_eq!(
        message("exp(-d/"),
        "expected a number, a name or `(`, but the expression ends (at character 8)"
    );
    assert_eq!(
        message("0.3*dist"),
        "`dist` is unknown; use `d`, `pi`, `e` and NumPy's functions, such as `exp(-d/100)` (at character 5)"
    );
    assert_eq!(
        message("maximum(d)"),
        "`maximum` takes 2 arguments, not 1 (at character 1)"
    );
    assert_eq!(
        message("d<2 and d>1"),
        "`and` does not work on arrays of distances; write `(d > 1) & (d < 2)` (at character 5)"
    );
    assert_eq!(
        message("1<d<2"),
        "a chain of comparisons does not work on arrays of distances; write `(a < d) * (d < b)` (at character 4)"
    );
    assert_eq!(message("d $ 2"), "`$` means nothing here (at character 3)");
    assert_eq!(
        message("d d"),
        "expected an operator or the end, found `d` (at character 3)"
    );
    assert_eq!(message("1.2.3"), "`1.2.3` is not a number (at character 1)");
    assert_eq!(
        message("d & 2"),
        "`&` needs comparisons on its sides, in parentheses: `(d > 1) & (d < 2)` (at character 3)"
    );
}

#[test]
fn depth_is_bounded_and_length_is_not_depth() {
    let deep = "(".repeat(10_000);
    assert_eq!(
        Expression(deep).parse().expect_err("deep").problem,
        ExpressionProblem::TooDeep
    );
    assert_eq!(
        Expression("-".repeat(10_000)).parse().expect_err("deep").problem,
        ExpressionProblem::TooDeep
    );
    let long = format!("0{}", "+1".repeat(10_000));
    assert_eq!(at(&long, 0.0), 10_000.0);
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "[-+*/%<>=!&|^~(),.0-9de xp_é]{0,40}") {
        if let Ok(formula) = Expression(text).parse() {
            let _ = formula.at(1.5);
        }
    }
}
