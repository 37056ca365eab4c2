//! The only place that prints: results on stdout, messages on stderr. A closed pipe is not an error.

use std::io::Write;

/// Writes a result line to stdout.
pub(crate) fn result(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// How many of something there are: `1 chip`, `3 chips`.
pub(crate) fn amount(number: u64, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// Writes a JSON result to stdout.
pub(crate) fn json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => result(text),
        Err(error) => message(&format!("error: the result cannot be written as JSON: {error}")),
    }
}

/// Writes a message line to stderr.
pub(crate) fn message(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Writes a JSON result to stdout, on one line.
pub(crate) fn json_line(value: &serde_json::Value) {
    result(value);
}
