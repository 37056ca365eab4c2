//! Progress on stderr: a stage, a rate and an estimate, and nothing at all when stderr is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io::IsTerminal,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use taproot_session::Observer;

/// Set by Ctrl-C; looked at between slices of work.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Shows progress to a person, on stderr, if that is a terminal.
pub struct Progress {
    terminal: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Progress {
    /// Progress for this process. The first Ctrl-C asks the work to stop, the second ends the process.
    pub(crate) fn new() -> Self {
        // Fails only if a handler is set already, and then that one does the same.
        let _ = ctrlc::set_handler(|| {
            if INTERRUPTED.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
        });
        Self::under_a_program()
    }

    /// Progress within a program that deals with Ctrl-C itself, such as a Python interpreter.
    pub fn under_a_program() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
            bar: Mutex::new(None),
        }
    }

    /// Removes the bar, so that what is printed next stands alone.
    pub fn finish(&self) {
        if let Ok(mut bar) = self.bar.lock()
            && let Some(bar) = bar.take()
        {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Progress {
    fn stage(&self, name: &str) {
        if !self.terminal {
            return;
        }
        let spinner = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            spinner.set_style(style);
        }
        spinner.set_message(name.to_owned());
        spinner.enable_steady_tick(std::time::Duration::from_millis(200));
        if let Ok(mut bar) = self.bar.lock()
            && let Some(old) = bar.replace(spinner)
        {
            old.finish_and_clear();
        }
    }

    fn progress(&self, done: u64, total: u64, unit: &'static str) {
        let Ok(bar) = self.bar.lock() else { return };
        let Some(bar) = bar.as_ref() else { return };
        if total > 0 && bar.length() != Some(total) {
            bar.set_length(total);
            let template = match unit {
                "bytes" => {
                    "{spinner} {msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left".to_owned()
                }
                _ => format!(
                    "{{spinner}} {{msg}} {{wide_bar}} {{pos}}/{{len}} {unit} {{per_sec}} {{eta}} left"
                ),
            };
            if let Ok(style) = ProgressStyle::with_template(&template) {
                bar.set_style(style);
            }
        }
        bar.set_position(done);
    }

    fn warn(&self, message: &str) {
        let line = format!("warning: {message}");
        match self.bar.lock().ok().as_deref() {
            Some(Some(bar)) => bar.println(line),
            _ => crate::output::message(&line),
        }
    }

    fn interrupted(&self) -> bool {
        INTERRUPTED.load(Ordering::SeqCst)
    }
}
