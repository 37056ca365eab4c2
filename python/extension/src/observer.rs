//! Long work under a Python interpreter: progress for a person, warnings as Python's, Ctrl-C as an exception.

use crate::errors;
use pyo3::prelude::*;
use std::{
    ffi::CString,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use taproot_cli::Progress;
use taproot_session::Observer;

/// How often the interpreter is asked whether a signal has come in.
const SIGNAL_CHECKS: Duration = Duration::from_millis(50);

/// Frames between the native code and the script's call of `run`.
const FRAMES_TO_SCRIPT: i32 = 4;

pub(crate) struct PythonObserver {
    progress: Progress,
    state: Mutex<State>,
}

struct State {
    checked: Instant,
    /// What a signal handler, or a warning turned into an error, has raised.
    raised: Option<PyErr>,
}

impl PythonObserver {
    pub(crate) fn new() -> Self {
        Self {
            progress: Progress::under_a_program(),
            state: Mutex::new(State {
                checked: Instant::now(),
                raised: None,
            }),
        }
    }

    /// Ends the display, and hands over the exception that stopped the work.
    pub(crate) fn finish(&self) -> Option<PyErr> {
        self.progress.finish();
        self.lock().raised.take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // A panic elsewhere leaves nothing half done here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn raise(&self, error: PyErr) {
        self.lock().raised.get_or_insert(error);
    }
}

impl Observer for PythonObserver {
    fn stage(&self, name: &str) {
        self.progress.stage(name);
    }

    fn progress(&self, done: u64, total: u64, unit: &'static str) {
        self.progress.progress(done, total, unit);
    }

    fn waiting(&self, what: &str, at_most: Duration) {
        self.progress.waiting(what, at_most);
    }

    fn warn(&self, message: &str) {
        Python::attach(|py| {
            let category = py.get_type::<errors::TaprootWarning>();
            let message = CString::new(message.replace('\0', " ")).unwrap_or_default();
            if let Err(error) = PyErr::warn(py, category.as_any(), &message, FRAMES_TO_SCRIPT) {
                self.raise(error);
            }
        });
    }

    fn interrupted(&self) -> bool {
        {
            let mut state = self.lock();
            if state.raised.is_some() {
                return true;
            }
            if state.checked.elapsed() < SIGNAL_CHECKS {
                return false;
            }
            state.checked = Instant::now();
        }
        // Only the main thread hears of signals; elsewhere this finds none.
        match Python::attach(|py| py.check_signals()) {
            Ok(()) => false,
            Err(error) => {
                self.raise(error);
                true
            }
        }
    }
}
