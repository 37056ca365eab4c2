//! What each verb does.

use crate::{arguments::Arguments, failure::Failure};

/// Carries out a verb; whether the answer is yes.
pub(crate) fn run(arguments: Arguments) -> Result<bool, Failure> {
    let _ = arguments;
    let _ = crate::progress::Progress::new();
    Err(Failure::with_hint(
        "this verb is not connected yet",
        "see `taproot --help`",
    ))
}
