//! Expressions of the distance, as PyNN scripts write them.

mod evaluate;
mod parse;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An expression of the distance `d` in Python's syntax: arithmetic, comparisons, `&`, `|`, `^` and `~` of
/// comparisons, and NumPy's functions and constants, with or without `np.` before them (`exp(-d/200)`, `0.3*(d<50)`).
///
/// ```
/// use taproot_network::Expression;
/// let formula = Expression("0.5*exp(-d/200) * (d < 50)".into()).parse()?;
/// assert_eq!(formula.at(0.0), 0.5);
/// assert_eq!(formula.at(60.0), 0.0);
/// # Ok::<(), taproot_network::ExpressionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expression(pub String);

/// A parsed [`Expression`], ready to evaluate.
#[derive(Clone, Debug)]
pub struct Formula(Vec<evaluate::Operation>);

/// Why a text is not an expression of the distance.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem} (at character {position})")]
pub struct ExpressionError {
    /// Where, in characters from 1.
    pub position: usize,
    /// What.
    pub problem: ExpressionProblem,
}

/// What can be wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExpressionProblem {
    /// A character that starts nothing.
    #[error("`{0}` means nothing here")]
    UnexpectedCharacter(char),
    /// Something other than what must follow.
    #[error("expected {expected}, found `{found}`")]
    Expected {
        /// What would do.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// The text ends too early.
    #[error("expected {expected}, but the expression ends")]
    Ends {
        /// What would do.
        expected: &'static str,
    },
    /// A number that is none.
    #[error("`{0}` is not a number")]
    BadNumber(String),
    /// A name that is neither the distance nor a constant nor a function.
    #[error("`{0}` is unknown; use `d`, `pi`, `e` and NumPy's functions, such as `exp(-d/100)`")]
    UnknownName(String),
    /// A function with the wrong number of arguments.
    #[error("`{name}` takes {needed} arguments, not {found}")]
    Arguments {
        /// The function.
        name: String,
        /// How many it takes.
        needed: usize,
        /// How many it got.
        found: usize,
    },
    /// Python's `and`, `or`, `not` or `if`, which arrays refuse.
    #[error("`{found}` does not work on arrays of distances; write `{instead}`")]
    PythonLogic {
        /// The word.
        found: String,
        /// What to write.
        instead: &'static str,
    },
    /// `a < d < b`, which arrays refuse.
    #[error("a chain of comparisons does not work on arrays of distances; write `(a < d) * (d < b)`")]
    ChainedComparison,
    /// `&`, `|`, `^` or `~` of something that is not a comparison.
    #[error("`{operator}` needs comparisons on its sides, in parentheses: `(d > 1) {operator} (d < 2)`")]
    NotLogical {
        /// The operator.
        operator: &'static str,
    },
    /// `-` between two comparisons, which NumPy refuses.
    #[error("NumPy refuses to subtract or negate truth values; write `1 - (d < 2)` or `(d > 1) ^ (d > 2)`")]
    LogicalMinus,
    /// Nested deeper than 64 parentheses, powers and signs.
    #[error("it is nested too deeply; the most is 64 levels")]
    TooDeep,
    /// Longer than 65,536 characters.
    #[error("it has more than 65,536 characters")]
    TooLong,
}

impl Expression {
    /// Parses it.
    ///
    /// # Errors
    /// The first problem, with its position.
    pub fn parse(&self) -> Result<Formula, ExpressionError> {
        parse::parse(&self.0).map(Formula)
    }
}

impl Formula {
    /// Its value at a distance; true is 1 and false is 0. The result may be infinite or NaN, as with NumPy.
    pub fn at(&self, distance: f64) -> f64 {
        self.evaluate(distance, &mut Vec::new())
    }

    /// The same, reusing a stack.
    pub(crate) fn evaluate(&self, distance: f64, stack: &mut Vec<f64>) -> f64 {
        evaluate::evaluate(&self.0, distance, stack)
    }
}

#[cfg(test)]
mod tests;
