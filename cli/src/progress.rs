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

/// How often the display moves while nothing new is known.
const TICK: std::time::Duration = std::time::Duration::from_millis(200);

/// Shows progress to a person, on stderr, if that is a terminal.
pub struct Progress {
    terminal: bool,
    bar: Mutex<Option<Shown>>,
}

/// The bar of the stage, and what it measures: how much of what.
struct Shown {
    bar: ProgressBar,
    measure: Option<(u64, &'static str)>,
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
            && let Some(shown) = bar.take()
        {
            shown.bar.finish_and_clear();
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
        spinner.enable_steady_tick(TICK);
        let shown = Shown {
            bar: spinner,
            measure: None,
        };
        if let Ok(mut bar) = self.bar.lock()
            && let Some(old) = bar.replace(shown)
        {
            old.bar.finish_and_clear();
        }
    }

    fn progress(&self, done: u64, total: u64, unit: &'static str) {
        let Ok(mut shown) = self.bar.lock() else { return };
        let Some(shown) = shown.as_mut() else { return };
        if total == 0 {
            // Of something without an end there is nothing to show but that it goes on.
            return;
        }
        if shown.measure != Some((total, unit)) {
            // Another quantity gets a bar of its own: one that changes over would mix the two for a moment.
            shown.bar.finish_and_clear();
            shown.bar = measuring(&shown.bar.message(), done, total, unit);
            shown.measure = Some((total, unit));
        }
        shown.bar.set_position(done);
    }

    fn waiting(&self, what: &str, at_most: std::time::Duration) {
        let text = format!("waiting for {what}, for {} s at most", at_most.as_secs());
        if self.terminal {
            self.stage(&text);
        } else {
            // Whoever reads this later wants to know where the time went.
            crate::output::message(&text);
        }
    }

    fn warn(&self, message: &str) {
        let line = format!("warning: {message}");
        match self.bar.lock().ok().as_deref() {
            Some(Some(shown)) => shown.bar.println(line),
            _ => crate::output::message(&line),
        }
    }

    fn interrupted(&self) -> bool {
        INTERRUPTED.load(Ordering::SeqCst)
    }
}

/// A bar for an amount of something.
fn measuring(stage: &str, done: u64, total: u64, unit: &str) -> ProgressBar {
    let amount = match unit {
        "bytes" => "{bytes}/{total_bytes} {bytes_per_sec}".to_owned(),
        _ => format!("{{pos}}/{{len}} {unit} {{per_sec}}"),
    };
    let template = format!("{{spinner}} {{msg}} {{wide_bar}} {amount} {{eta}} left");
    let bar = ProgressBar::new(total)
        .with_message(stage.to_owned())
        .with_position(done);
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_quantity_of_a_stage_has_a_bar_of_its_own() {
        let progress = Progress {
            terminal: true,
            bar: Mutex::new(None),
        };
        let shown = |progress: &Progress| {
            let bar = progress.bar.lock().unwrap();
            let shown = bar.as_ref().unwrap();
            (shown.bar.message(), shown.bar.position(), shown.bar.length())
        };
        progress.progress(1, 2, "bytes");
        assert!(progress.bar.lock().unwrap().is_none(), "no stage, no bar");
        progress.stage("booting");
        assert_eq!(shown(&progress), ("booting".to_owned(), 0, None));
        progress.progress(5, 10, "packets");
        assert_eq!(shown(&progress), ("booting".to_owned(), 5, Some(10)));
        let first = progress.bar.lock().unwrap().as_ref().unwrap().bar.clone();
        progress.progress(300, 1000, "bytes");
        assert_eq!(shown(&progress), ("booting".to_owned(), 300, Some(1000)));
        assert!(first.is_finished(), "packets and bytes are not mixed in one bar");
        assert_eq!(first.length(), Some(10));
        progress.progress(700, 0, "ms");
        assert_eq!(shown(&progress), ("booting".to_owned(), 300, Some(1000)));
        progress.stage("loading");
        assert_eq!(shown(&progress), ("loading".to_owned(), 0, None));
        progress.progress(2, 2000, "bytes");
        assert_eq!(shown(&progress), ("loading".to_owned(), 2, Some(2000)));
        progress.finish();
        assert!(progress.bar.lock().unwrap().is_none());
    }
}
