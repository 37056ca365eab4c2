//! How errors look from Python.

use pyo3::{
    create_exception,
    exceptions::{PyException, PyUserWarning},
    prelude::*,
};
use std::{error::Error, fmt::Write};
use taproot_network::{DrawError, ExpandError, ExpandReason};
use taproot_session::SessionError;
use taproot_spinnaker::LowerError;

create_exception!(
    taproot,
    TaprootError,
    PyException,
    "Something that the machine, or the way to it, could not do."
);
create_exception!(
    taproot,
    TaprootWarning,
    PyUserWarning,
    "Something about the machine that a user should know although work goes on."
);

/// The message of an error and of everything that caused it.
fn chain(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // A message often ends with its cause already.
        if !message.ends_with(&text) {
            let _ = write!(message, "\n  {text}");
        }
        cause = error.source();
    }
    message
}

/// A machine error for Python.
pub(crate) fn machine(error: &dyn Error) -> PyErr {
    TaprootError::new_err(chain(error))
}

/// One of PyNN's own exceptions.
pub(crate) fn pynn(py: Python<'_>, class: &str, message: String) -> PyErr {
    let raise = || -> PyResult<PyErr> {
        let class = py.import("pyNN.errors")?.getattr(class)?;
        Ok(PyErr::from_value(class.call1((message,))?))
    };
    raise().unwrap_or_else(|error| error)
}

/// What PyNN calls an error of the expansion.
pub(crate) fn expansion(py: Python<'_>, error: &ExpandError) -> PyErr {
    let class = match error.reason {
        ExpandReason::Expression { .. } | ExpandReason::Draw(_) | ExpandReason::BadProbability { .. } => {
            "InvalidParameterValueError"
        }
        ExpandReason::WrongLength { .. } => "InvalidDimensionsError",
        _ => "ConnectionError",
    };
    pynn(py, class, chain(error))
}

/// An error of the machine or the way to it; of PyNN's own kind where PyNN has one.
pub(crate) fn session(py: Python<'_>, error: &SessionError) -> PyErr {
    match error {
        SessionError::Lower(LowerError::Expand(error)) => expansion(py, error),
        SessionError::Lower(LowerError::DelayTooLong { .. }) => pynn(py, "ConnectionError", chain(error)),
        SessionError::Lower(
            LowerError::ParameterCount { .. }
            | LowerError::NotPositive { .. }
            | LowerError::Negative { .. }
            | LowerError::RateTooHigh { .. }
            | LowerError::Draw { .. },
        ) => pynn(py, "InvalidParameterValueError", chain(error)),
        _ => machine(error),
    }
}

/// What PyNN calls a distribution that cannot be drawn from.
pub(crate) fn draw(py: Python<'_>, error: &DrawError) -> PyErr {
    pynn(py, "InvalidParameterValueError", chain(error))
}
