//! The machine behind a simulation: opened by the first run, let go when the simulation ends.

use crate::{errors, files, observer::PythonObserver};
use pyo3::{
    exceptions::{PyKeyboardInterrupt, PyOverflowError},
    prelude::*,
};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use taproot_network::{
    Connections, Network, PopulationId, PopulationRecording, ProjectionId, Recording, Variable,
};
use taproot_session::{Session, SessionError, SessionOptions, Target};

/// The machine for those who name none.
const DEFAULT_MACHINE: &str = "spin5";

/// Raises what opening a machine by this name would raise about the name.
#[pyfunction]
pub(crate) fn check_machine(py: Python<'_>, name: &str) -> PyResult<()> {
    match Target::parse(name) {
        Ok(_) => Ok(()),
        Err(error) => Err(errors::session(py, &error)),
    }
}

pub(crate) struct Machine {
    name: String,
    threads: Option<usize>,
    observer: Arc<PythonObserver>,
    // A session may move between threads but not be shared by them. Nobody waits for this lock.
    session: Mutex<Option<Session>>,
    /// What a session that has been closed had recorded.
    kept: Option<Recording>,
    /// How much of its recording each population has been told to forget.
    forgotten: BTreeMap<PopulationId, Forgotten>,
}

/// The part of a recording that comes before this is not shown any more.
#[derive(Clone, Default)]
pub(crate) struct Forgotten {
    /// Spikes.
    pub(crate) spikes: usize,
    /// Values of each signal.
    pub(crate) samples: BTreeMap<Variable, usize>,
}

#[allow(
    clippy::result_large_err,
    reason = "the closures pass on the session's own error, a few times per run"
)]
impl Machine {
    /// A machine by name; the empty name means the default one.
    pub(crate) fn new(name: String, threads: Option<usize>) -> Self {
        Self {
            name: if name.is_empty() {
                DEFAULT_MACHINE.to_owned()
            } else {
                name
            },
            threads,
            observer: Arc::new(PythonObserver::new()),
            session: Mutex::new(None),
            kept: None,
            forgotten: BTreeMap::new(),
        }
    }

    fn session(&mut self) -> &mut Option<Session> {
        self.session.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a network has been loaded.
    pub(crate) fn is_loaded(&mut self) -> bool {
        self.session()
            .as_ref()
            .is_some_and(|session| session.recording().is_some())
    }

    /// The synapses of a projection as the machine holds them; none if it holds no network.
    pub(crate) fn connections(
        &mut self,
        py: Python<'_>,
        network: &Network,
        id: ProjectionId,
    ) -> PyResult<Option<Connections>> {
        if !self.is_loaded() {
            return Ok(None);
        }
        let Some(session) = self.session() else {
            return Ok(None);
        };
        let result = py.detach(|| session.connections(network, id));
        self.outcome(py, result).map(Some)
    }

    pub(crate) fn run(&mut self, py: Python<'_>, network: &Network, until_step: u64) -> PyResult<()> {
        let until = u32::try_from(until_step).map_err(|_| {
            PyOverflowError::new_err(format!("{until_step} time steps are more than 32 bits can count"))
        })?;
        files::check(py, network)?;
        if self.session().is_none() {
            let mut options = SessionOptions::default();
            if let Some(threads) = self.threads {
                options.threads = threads.max(1);
            }
            let session = Session::open(&self.name, options, self.observer.clone());
            *self.session() = Some(self.outcome(py, session)?);
            self.kept = None;
            self.forgotten.clear();
        }
        let Some(session) = self.session() else {
            return Ok(());
        };
        let result = py.detach(|| session.run(network, until));
        self.outcome(py, result)
    }

    /// Whether what runs could follow a changed network.
    pub(crate) fn check(&mut self, py: Python<'_>, network: &Network) -> PyResult<()> {
        let Some(session) = self.session() else {
            return Ok(());
        };
        let result = py.detach(|| session.check(network));
        self.outcome(py, result)
    }

    /// Time steps since time 0 or the last reset.
    pub(crate) fn step(&mut self) -> u64 {
        self.session()
            .as_ref()
            .map_or(0, |session| u64::from(session.step()))
    }

    pub(crate) fn reset(&mut self, py: Python<'_>) -> PyResult<()> {
        self.forgotten.clear();
        let Some(session) = self.session() else {
            return Ok(());
        };
        let result = py.detach(|| session.reset());
        self.outcome(py, result)
    }

    /// What a population has recorded in the current segment, and how much of it to leave out.
    pub(crate) fn recording(
        &mut self,
        population: PopulationId,
    ) -> Option<(&PopulationRecording, Forgotten)> {
        let forgotten = self.forgotten.get(&population).cloned().unwrap_or_default();
        let session = self.session.get_mut().unwrap_or_else(PoisonError::into_inner);
        let recording = match session {
            Some(session) => session.recording(),
            None => self.kept.as_ref(),
        };
        let recording = recording?
            .populations
            .iter()
            .find(|p| p.population == population)?;
        Some((recording, forgotten))
    }

    /// Forgets what a population has recorded so far.
    pub(crate) fn clear(&mut self, population: PopulationId) {
        let Some((recording, _)) = self.recording(population) else {
            return;
        };
        let forgotten = Forgotten {
            spikes: recording.spikes.as_ref().map_or(0, |spikes| spikes.cells.len()),
            samples: recording
                .signals
                .iter()
                .map(|signal| (signal.variable, signal.samples.len()))
                .collect(),
        };
        self.forgotten.insert(population, forgotten);
    }

    /// Lets go of the machine; recordings stay.
    pub(crate) fn close(&mut self, py: Python<'_>) -> PyResult<()> {
        let Some(session) = self.session().take() else {
            return Ok(());
        };
        self.kept = session.recording().cloned();
        let result = py.detach(|| session.close());
        self.outcome(py, result)
    }

    pub(crate) fn write_outputs(&mut self, py: Python<'_>, directory: &Path, command: &str) -> PyResult<()> {
        let Some(session) = self.session() else {
            return Ok(());
        };
        let result = py.detach(move || session.write_outputs(directory, command));
        self.outcome(py, result).map(|_| ())
    }

    /// A session's result for Python. An exception that was raised meanwhile comes first.
    fn outcome<T>(&self, py: Python<'_>, result: Result<T, SessionError>) -> PyResult<T> {
        if let Some(raised) = self.observer.finish() {
            return Err(raised);
        }
        result.map_err(|error| match error {
            SessionError::Interrupted => PyKeyboardInterrupt::new_err(()),
            other => errors::session(py, &other),
        })
    }
}
