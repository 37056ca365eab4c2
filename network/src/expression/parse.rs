//! The parser: Python's precedences, by precedence climbing, straight into operations on a stack.
//!
//! Left-associative chains are loops; only what nests (parentheses, arguments, signs, powers) recurses, and that is
//! counted. Whether a value is a truth value is known while parsing, because `+`, `*` and `-` of two truth values
//! differ from those of numbers in NumPy.

use super::evaluate::{self, Operation};
use super::{ExpressionError, ExpressionProblem as Problem};

const DEEPEST: usize = 64;
const LONGEST: usize = 65_536;

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Plus,
    Minus,
    Times,
    Over,
    FloorOver,
    Percent,
    Power,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
    Xor,
}

/// Signs bind tighter than products and looser than powers.
const SIGN: u8 = 7;
const COMPARISON: u8 = 1;

const OPERATORS: [(&str, Name, u8); 16] = [
    ("**", Name::Power, 8),
    ("//", Name::FloorOver, 6),
    ("<=", Name::LessEqual, COMPARISON),
    (">=", Name::GreaterEqual, COMPARISON),
    ("==", Name::Equal, COMPARISON),
    ("!=", Name::NotEqual, COMPARISON),
    ("*", Name::Times, 6),
    ("/", Name::Over, 6),
    ("%", Name::Percent, 6),
    ("+", Name::Plus, 5),
    ("-", Name::Minus, 5),
    ("<", Name::Less, COMPARISON),
    (">", Name::Greater, COMPARISON),
    ("&", Name::And, 4),
    ("^", Name::Xor, 3),
    ("|", Name::Or, 2),
];

/// What a part of an expression is worth.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Truth,
}

pub(super) fn parse(text: &str) -> Result<Vec<Operation>, ExpressionError> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
        operations: Vec::new(),
    };
    if text.len() > LONGEST {
        return Err(parser.error(Problem::TooLong));
    }
    parser.expression(0)?;
    match parser.peek() {
        None => Ok(parser.operations),
        Some(_) => Err(parser.unexpected("an operator or the end")),
    }
}

struct Parser<'a> {
    text: &'a str,
    /// Byte position, always at a character's start.
    at: usize,
    depth: usize,
    operations: Vec<Operation>,
}

impl<'a> Parser<'a> {
    /// An expression of operators that bind at least as tightly as `least`.
    fn expression(&mut self, least: u8) -> Result<Kind, ExpressionError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error(Problem::TooDeep));
        }
        let mut left = self.operand()?;
        let mut compared = false;
        while let Some((symbol, name, strength)) = self.operator() {
            if strength < least {
                break;
            }
            if strength == COMPARISON && compared {
                return Err(self.error(Problem::ChainedComparison));
            }
            let position = self.at;
            self.at += symbol.len();
            // A power is right-associative, and its exponent may carry a sign.
            let right = self.expression(if name == Name::Power { SIGN } else { strength + 1 })?;
            left = self.combine(symbol, name, left, right, position)?;
            compared = strength == COMPARISON;
        }
        self.depth -= 1;
        Ok(left)
    }

    /// Appends the operation of an operator on the two values above on the stack.
    fn combine(
        &mut self,
        symbol: &'static str,
        name: Name,
        left: Kind,
        right: Kind,
        position: usize,
    ) -> Result<Kind, ExpressionError> {
        let truths = left == Kind::Truth && right == Kind::Truth;
        let (name, kind) = match name {
            Name::And | Name::Or | Name::Xor if !truths => {
                self.at = position;
                return Err(self.error(Problem::NotLogical { operator: symbol }));
            }
            Name::And | Name::Or | Name::Xor => (name, Kind::Truth),
            Name::Less
            | Name::LessEqual
            | Name::Greater
            | Name::GreaterEqual
            | Name::Equal
            | Name::NotEqual => (name, Kind::Truth),
            // NumPy adds and multiplies truth values as "or" and "and".
            Name::Plus if truths => (Name::Or, Kind::Truth),
            Name::Times if truths => (Name::And, Kind::Truth),
            Name::Minus if truths => {
                self.at = position;
                return Err(self.error(Problem::LogicalMinus));
            }
            other => (other, Kind::Number),
        };
        self.operations.push(Operation::Two(evaluate::operator(name)));
        Ok(kind)
    }

    /// A number, a name, a call, something in parentheses, or one of these with a sign.
    fn operand(&mut self) -> Result<Kind, ExpressionError> {
        const WANTED: &str = "a number, a name or `(`";
        match self.peek() {
            None => Err(self.error(Problem::Ends { expected: WANTED })),
            Some('(') => {
                self.at += 1;
                let kind = self.expression(0)?;
                self.expect(')', "`)`")?;
                Ok(kind)
            }
            Some(sign @ ('-' | '+')) => {
                let position = self.at;
                self.at += 1;
                let kind = self.expression(SIGN)?;
                if kind == Kind::Truth && sign == '-' {
                    self.at = position;
                    return Err(self.error(Problem::LogicalMinus));
                }
                if sign == '-' {
                    self.operations.push(Operation::One(|x| -x));
                }
                Ok(kind)
            }
            Some('~') => {
                let position = self.at;
                self.at += 1;
                if self.expression(SIGN)? == Kind::Number {
                    self.at = position;
                    return Err(self.error(Problem::NotLogical { operator: "~" }));
                }
                self.operations.push(Operation::One(|x| 1.0 - x));
                Ok(Kind::Truth)
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' => self.name(),
            Some(_) => Err(self.unexpected(WANTED)),
        }
    }

    fn number(&mut self) -> Result<Kind, ExpressionError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start;
        while let Some(&byte) = bytes.get(end) {
            let exponent_sign =
                end > start && matches!(byte, b'+' | b'-') && matches!(bytes[end - 1], b'e' | b'E');
            if !(byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_' || exponent_sign) {
                break;
            }
            end += 1;
        }
        let written = &self.text[start..end];
        match written.replace('_', "").parse::<f64>() {
            // Rust reads `1e5` and `.5` as Python does; `inf` and `nan` do not start with a digit.
            Ok(value) => {
                self.at = end;
                self.operations.push(Operation::Number(value));
                Ok(Kind::Number)
            }
            Err(_) => Err(self.error(Problem::BadNumber(written.chars().take(40).collect()))),
        }
    }

    fn name(&mut self) -> Result<Kind, ExpressionError> {
        let start = self.at;
        let whole = self.word();
        let name = ["np.", "numpy.", "math."]
            .iter()
            .find_map(|prefix| whole.strip_prefix(prefix))
            .unwrap_or(whole);
        if let Some(problem) = python_logic(name) {
            return Err(self.error(problem));
        }
        self.at += whole.len();
        if name == "d" {
            self.operations.push(Operation::Distance);
            return Ok(Kind::Number);
        }
        if let "True" | "False" = name {
            self.operations
                .push(Operation::Number(f64::from(u8::from(name == "True"))));
            return Ok(Kind::Truth);
        }
        if let Some(value) = evaluate::constant(name) {
            self.operations.push(Operation::Number(value));
            return Ok(Kind::Number);
        }
        let Some(function) = evaluate::function(name) else {
            self.at = start;
            return Err(self.error(Problem::UnknownName(name.chars().take(40).collect())));
        };
        self.expect('(', "`(`")?;
        let mut found = 0;
        if self.peek() != Some(')') {
            loop {
                self.expression(0)?;
                found += 1;
                if self.peek() != Some(',') {
                    break;
                }
                self.at += 1;
            }
        }
        self.expect(')', "`,` or `)`")?;
        let needed = match function {
            Operation::Two(_) => 2,
            Operation::Three(_) => 3,
            _ => 1,
        };
        if found != needed {
            self.at = start;
            return Err(self.error(Problem::Arguments {
                name: name.to_owned(),
                needed,
                found,
            }));
        }
        self.operations.push(function);
        Ok(Kind::Number)
    }

    /// The letters, digits, underscores and dots from here on.
    fn word(&self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
            .unwrap_or(rest.len());
        &rest[..end]
    }

    fn operator(&mut self) -> Option<(&'static str, Name, u8)> {
        self.peek()?;
        OPERATORS
            .into_iter()
            .find(|(symbol, ..)| self.text[self.at..].starts_with(symbol))
    }

    /// The next character that is not a space.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn expect(&mut self, wanted: char, expected: &'static str) -> Result<(), ExpressionError> {
        match self.peek() {
            Some(c) if c == wanted => {
                self.at += wanted.len_utf8();
                Ok(())
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    fn unexpected(&mut self, expected: &'static str) -> ExpressionError {
        let Some(found) = self.peek() else {
            return self.error(Problem::Ends { expected });
        };
        let word = self.word();
        if let Some(problem) = python_logic(word) {
            return self.error(problem);
        }
        if word.is_empty() && !"()+-*/%<>=!&|^~,".contains(found) {
            return self.error(Problem::UnexpectedCharacter(found));
        }
        let found = match word {
            "" => found.to_string(),
            word => word.chars().take(40).collect(),
        };
        self.error(Problem::Expected { expected, found })
    }

    fn error(&self, problem: Problem) -> ExpressionError {
        ExpressionError {
            position: self.text[..self.at].chars().count() + 1,
            problem,
        }
    }
}

fn python_logic(word: &str) -> Option<Problem> {
    let instead = match word {
        "and" => "(d > 1) & (d < 2)",
        "or" => "(d < 1) | (d > 2)",
        "not" => "~(d < 1)",
        "if" | "else" => "where(d < 1, a, b)",
        _ => return None,
    };
    Some(Problem::PythonLogic {
        found: word.to_owned(),
        instead,
    })
}
