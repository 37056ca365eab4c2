//! Why something could not be done: the chain of causes, then hints about what to try.

use crate::{hints, output};
use std::error::Error;
use taproot_host::HostError;
use taproot_session::SessionError;

/// An error on its way to the user.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Box<dyn Error + Send + Sync>,
    hints: Vec<String>,
}

impl Failure {
    /// A failure with advice.
    pub(crate) fn with_hint(error: impl Into<Box<dyn Error + Send + Sync>>, hint: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            hints: vec![hint.into()],
        }
    }

    /// Prints the error, what caused it, and what to try.
    pub(crate) fn print(&self) {
        output::message(&format!("error: {}", self.error));
        let mut shown = self.error.to_string();
        let mut cause = self.error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Transparent wrappers repeat their cause.
            if !shown.contains(&text) {
                output::message(&format!("  because: {text}"));
            }
            shown = text;
            cause = error.source();
        }
        let advice = match (
            self.error.downcast_ref::<SessionError>(),
            self.error.downcast_ref::<HostError>(),
        ) {
            (Some(error), _) => hints::hints(error),
            (_, Some(error)) => hints::machine(error),
            _ => Vec::new(),
        };
        for hint in self.hints.iter().chain(&advice) {
            output::message(&format!("  hint: {hint}"));
        }
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            hints: Vec::new(),
        }
    }
}
