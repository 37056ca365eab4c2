//! Who is told how long work goes on.

use std::time::Duration;

/// Told about stages, progress and warnings. Methods are called from any thread and should return at once.
pub trait Observer: Send + Sync {
    /// A stage begins: a short phrase such as `loading`.
    fn stage(&self, name: &str) {
        let _ = name;
    }

    /// Progress of the stage: `done` of `total` in `unit` (`bytes`, `ms`, `cores`); `total` is 0 when unknown.
    fn progress(&self, done: u64, total: u64, unit: &'static str) {
        let _ = (done, total, unit);
    }

    /// Nothing goes on but waiting: for what, such as `the board at 192.168.240.1 to answer`, and how long at most. Comes once
    /// for a wait, when that is long enough to wonder.
    fn waiting(&self, what: &str, at_most: Duration) {
        let _ = (what, at_most);
    }

    /// Something the user should know although work goes on.
    fn warn(&self, message: &str) {
        let _ = message;
    }

    /// Asked between slices of long work: true stops the work with [`crate::HostError::Interrupted`].
    fn interrupted(&self) -> bool {
        false
    }
}

/// An observer that keeps quiet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Observer for Quiet {}
