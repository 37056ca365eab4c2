//! The `taproot` command line: parses arguments, calls the crates that know, prints what they say.
//!
//! It decides nothing. Results go to stdout, progress and messages to stderr; the exit code is 0, 1 when the answer
//! is no, and 2 when the thing could not be done.

mod arguments;
mod failure;
mod hints;
mod output;
mod progress;
mod verbs;

pub use progress::Progress;

pub use hints::hints;

use clap::Parser;
use std::ffi::OsString;

/// Runs the command line and returns the exit code. The first argument is the program's name.
pub fn main(arguments: Vec<OsString>) -> i32 {
    let arguments = match arguments::Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap writes help to stdout and mistakes to stderr; a closed pipe is not an error.
            let _ = error.print();
            return if error.use_stderr() { 2 } else { 0 };
        }
    };
    match verbs::run(arguments) {
        Ok(answer) => i32::from(!answer),
        Err(failure) => {
            failure.print();
            2
        }
    }
}
