//! A session: one machine, one network on it, any number of runs.

use crate::{
    Observer, OpenMachine, SessionError, Target,
    extract::Piece,
    stages::{Clockwork, MAPPING, StageTime},
};
use std::{sync::Arc, time::Instant};
use taproot_host::{Application, HostError, RunOptions, ScpError};
use taproot_network::{Connections, Network, ProjectionId, Recording};
use taproot_spinnaker::{LowerError, LowerOptions, Lowered, Segment, lower_observed};
use taproot_spinnaker_chip::Machine;

/// Region of the synaptic rows of a core that runs neurons (`sPyNNaker: population_vertex.py`).
const SYNAPTIC_MATRIX: u8 = 6;

/// What may be chosen about a session.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// Threads of an emulated machine.
    pub threads: usize,
    /// How networks are lowered.
    pub lower: LowerOptions,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            threads: crate::processors(),
            lower: LowerOptions::default(),
        }
    }
}

/// One machine, one network on it, any number of runs.
///
/// Nothing is opened before the first run, so a session that only describes costs nothing. Dropping a session stops
/// what runs on the machine.
pub struct Session {
    target: Target,
    options: SessionOptions,
    observer: Arc<dyn Observer>,
    open: Option<OpenMachine>,
    loaded: Option<Loaded>,
    clockwork: Clockwork,
}

/// A network that has been mapped and loaded.
pub(crate) struct Loaded {
    pub(crate) network: Network,
    pub(crate) machine: Machine,
    pub(crate) lowered: Lowered,
    /// None after a reset: the image is loaded anew before the next run.
    application: Option<Application>,
    step: u32,
    segment: Segment,
    /// Of the segment so far.
    pub(crate) recording: Recording,
}

impl Session {
    /// A session with a machine by name (`spin5`, a TOML file, `udp:ADDRESS`, ...). The machine is opened by the
    /// first run.
    pub fn open(
        machine: &str,
        options: SessionOptions,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, SessionError> {
        Ok(Self {
            target: Target::parse(machine)?,
            options,
            observer,
            open: None,
            loaded: None,
            clockwork: Clockwork::default(),
        })
    }

    /// Runs the network until a time step, counted from time 0.
    ///
    /// The first call boots the machine, maps and loads. Later calls continue; values of parameters, weights and spike
    /// times may have changed in between, and anything may have changed after a [`Session::reset`].
    ///
    /// # Errors
    /// Whatever keeps the network from being mapped, loaded or run. A network that cannot be followed leaves machine, time
    /// and recording as they are: once it has been corrected, the next call goes on. After any other error the machine is
    /// stopped and the session begins anew with the next run.
    pub fn run(&mut self, network: &Network, until: u32) -> Result<(), SessionError> {
        let result = self.try_run(network, until);
        self.tell_unmodelled();
        if let Err(error) = &result
            && !matches!(error, SessionError::Structure { .. } | SessionError::Lower(_))
        {
            if matches!(
                error,
                SessionError::Host(HostError::Scp(ScpError::NoAnswer { .. }))
            ) {
                // Nobody is there to be stopped, and waiting for nobody again helps nobody.
                self.open = None;
            }
            self.abandon();
        }
        result
    }

    /// Never in silence: what programs did that the emulator has no model for.
    fn tell_unmodelled(&mut self) {
        if let Some(open) = &mut self.open {
            open.tell_unmodelled(&*self.observer);
        }
    }

    fn try_run(&mut self, network: &Network, until: u32) -> Result<(), SessionError> {
        let step = self.step();
        if until <= step {
            return Ok(());
        }
        let observer = self.observer.clone();
        if self.open.is_none() {
            let begin = Instant::now();
            observer.stage("opening the machine");
            self.open = Some(OpenMachine::open(&self.target, self.options.threads, &*observer)?);
            self.clockwork.add("boot and discover", begin.elapsed());
        }
        self.follow(network, until)?;
        self.advance(until)
    }

    /// Brings what is loaded in line with the network.
    fn follow(&mut self, network: &Network, until: u32) -> Result<(), SessionError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let observer = self.observer.clone();
        let unchanged = self
            .loaded
            .as_ref()
            .is_some_and(|loaded| loaded.network == *network);
        if !unchanged {
            match &mut self.loaded {
                Some(loaded) if loaded.step > 0 => {
                    let changes = loaded
                        .lowered
                        .update(network, loaded.step)
                        .map_err(|error| loaded.refused(error))?;
                    if let Some(application) = &loaded.application {
                        application.write_regions(&mut open.host, &changes.writes, &*observer)?;
                    }
                    loaded.network = network.clone();
                    for population in &changes.crowded {
                        observer.warn(&format!(
                            "inputs of population `{population}` that arrive together may now be more than its ring buffers \
                             can take; what is above is lost. Their room is chosen at the first run: call reset() before \
                             such a change, or give projections their largest weights before the first run"
                        ));
                    }
                    for late in &changes.late_spikes {
                        observer.warn(&format!(
                            "{} new spike times of population `{}` are before {} ms, which is now; they are never sent",
                            late.count,
                            late.population,
                            f64::from(loaded.step) * network.timestep
                        ));
                    }
                    warn_of_losses(&loaded.lowered, &*observer);
                }
                _ => {
                    let machine = open.machine.clone();
                    self.stop_application()?;
                    let begin = Instant::now();
                    let loaded = prepare(
                        network,
                        &machine,
                        until,
                        &self.options.lower,
                        &mut self.clockwork,
                        &*observer,
                    )?;
                    self.clockwork.add(MAPPING, begin.elapsed());
                    self.loaded = Some(loaded);
                }
            }
        }
        if let (Some(open), Some(loaded)) = (&mut self.open, &mut self.loaded)
            && loaded.application.is_none()
        {
            let begin = Instant::now();
            observer.stage("loading");
            let application = open
                .host
                .load(&loaded.lowered.image, &open.firmware, &*observer)?;
            loaded.application = Some(application);
            self.clockwork
                .loaded(loaded.lowered.image.bytes(), begin.elapsed());
        }
        Ok(())
    }

    /// Whether what runs could follow a changed network. Nothing changes.
    ///
    /// # Errors
    /// What [`Session::run`] would say about the change.
    pub fn check(&mut self, network: &Network) -> Result<(), SessionError> {
        match &self.loaded {
            Some(loaded) if loaded.step > 0 && loaded.network != *network => {
                let mut lowered = loaded.lowered.clone();
                match lowered.update(network, loaded.step) {
                    Ok(_) => Ok(()),
                    Err(error) => Err(loaded.refused(error)),
                }
            }
            _ => Ok(()),
        }
    }

    /// Runs what is loaded, in pieces that fit the recording buffers.
    fn advance(&mut self, until: u32) -> Result<(), SessionError> {
        let (Some(open), Some(loaded)) = (&mut self.open, &mut self.loaded) else {
            return Ok(());
        };
        let Some(application) = &mut loaded.application else {
            return Ok(());
        };
        let observer = &*self.observer;
        let pieces = loaded.lowered.max_steps_per_run.max(1);
        while loaded.step < until {
            let from = loaded.step;
            let mut to = until.min(from.saturating_add(pieces));
            // Spikes of a long interval may not fit the send buffers; those of a shorter one do.
            let writes = loop {
                match loaded.lowered.send_buffers(from, to) {
                    Err(LowerError::SendBufferTooSmall { .. }) if to - from > 1 => {
                        to = from + (to - from) / 2
                    }
                    other => break other?,
                }
            };
            let begin = Instant::now();
            observer.stage("running");
            let options = RunOptions {
                from,
                until: to,
                writes,
            };
            let before = open.emulator.as_ref().map(|e| (e.time(), e.instructions()));
            application.run(&mut open.host, &options, observer)?;
            let after = open.emulator.as_ref().map(|e| (e.time(), e.instructions()));
            self.clockwork.ran(
                f64::from(to - from) * loaded.network.timestep,
                begin.elapsed(),
                before,
                after,
            );
            let begin = Instant::now();
            observer.stage("reading recordings");
            let piece = Piece {
                network: &loaded.network,
                lowered: &loaded.lowered,
                application,
                end: to,
            };
            piece.extract(&mut loaded.segment, &mut open.host, observer)?;
            loaded.step = to;
            self.clockwork.add("extract", begin.elapsed());
        }
        loaded.recording = loaded.segment.recording(&loaded.network, loaded.step);
        Ok(())
    }

    /// Time steps since time 0 or the last reset.
    pub fn step(&self) -> u32 {
        self.loaded.as_ref().map_or(0, |loaded| loaded.step)
    }

    /// The recording of the current segment.
    pub fn recording(&self) -> Option<&Recording> {
        self.loaded.as_ref().map(|loaded| &loaded.recording)
    }

    /// Back to time 0: the network stays, the recording of the segment is dropped, and the image is loaded anew before
    /// the next run.
    pub fn reset(&mut self) -> Result<(), SessionError> {
        self.stop_application()?;
        if let Some(loaded) = &mut self.loaded {
            loaded.rewind();
        }
        Ok(())
    }

    /// The synapses of a projection as they are: read back from the machine when the network runs there, else as they
    /// would be stored.
    pub fn connections(
        &mut self,
        network: &Network,
        projection: ProjectionId,
    ) -> Result<Connections, SessionError> {
        if let (Some(open), Some(loaded)) = (&mut self.open, &self.loaded)
            && let Some(application) = &loaded.application
            && loaded.network == *network
        {
            let cores = loaded.lowered.matrices_of(projection);
            let wanted: Vec<(usize, u8)> = cores.iter().map(|core| (*core, SYNAPTIC_MATRIX)).collect();
            let regions = application.read_regions(&mut open.host, &wanted, &*self.observer)?;
            let matrices = cores.into_iter().zip(regions).collect();
            return Ok(loaded.lowered.read_back(network, projection, &matrices)?);
        }
        match &self.loaded {
            Some(loaded) if loaded.network == *network => Ok(loaded.lowered.stored(network, projection)?),
            _ => Ok(network.expand(projection).map_err(LowerError::from)?),
        }
    }

    /// The machine, once it has been opened.
    pub fn machine(&self) -> Option<&Machine> {
        self.open.as_ref().map(|open| &open.machine)
    }

    /// What is loaded.
    pub(crate) fn loaded(&self) -> Option<&Loaded> {
        self.loaded.as_ref()
    }

    /// How long the stages took.
    pub fn stages(&self) -> &[StageTime] {
        self.clockwork.stages()
    }

    pub(crate) fn clockwork(&self) -> &Clockwork {
        &self.clockwork
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    fn stop_application(&mut self) -> Result<(), SessionError> {
        if let (Some(open), Some(loaded)) = (&mut self.open, &mut self.loaded)
            && let Some(mut application) = loaded.application.take()
        {
            application.stop(&mut open.host)?;
        }
        Ok(())
    }

    /// After an error: leaves the machine stopped, as far as it still answers.
    fn abandon(&mut self) {
        // The error that matters is the first one, and it is on its way to the user.
        let _ = self.stop_application();
        if let Some(loaded) = &mut self.loaded {
            loaded.application = None;
            loaded.rewind();
        }
    }

    /// Stops the network and lets go of the machine.
    pub fn close(mut self) -> Result<(), SessionError> {
        let stopped = self.stop_application();
        self.tell_unmodelled();
        stopped
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // An emulated machine of ours goes with the session; a board must not be left running.
        if matches!(self.target, Target::Board(_)) {
            self.abandon();
        }
    }
}

/// Names every quantity that lost numbers on the way to the machine's formats.
fn warn_of_losses(lowered: &Lowered, observer: &dyn Observer) {
    for warning in lowered.quantization.warnings() {
        observer.warn(&warning.to_string());
    }
}

impl Loaded {
    /// What to say about a change that cannot be followed.
    fn refused(&self, error: LowerError) -> SessionError {
        match error {
            LowerError::NeedsNewImage { what } => SessionError::Structure {
                what,
                time: f64::from(self.step) * self.network.timestep,
            },
            error => error.into(),
        }
    }

    fn rewind(&mut self) {
        self.step = 0;
        self.segment = Segment::new();
        self.recording = self.segment.recording(&self.network, 0);
    }
}

/// Maps a network onto a machine: everything but loading.
pub(crate) fn prepare(
    network: &Network,
    machine: &Machine,
    steps: u32,
    options: &LowerOptions,
    clockwork: &mut Clockwork,
    observer: &dyn Observer,
) -> Result<Loaded, SessionError> {
    observer.stage("mapping");
    let options = LowerOptions {
        run_steps: Some(steps),
        ..options.clone()
    };
    let lowered = clockwork.lowering(|observe| lower_observed(network, machine, &options, observe))?;
    warn_of_losses(&lowered, observer);
    if network.time_scale_factor.is_none() && lowered.time_scale_factor > 1 {
        observer.warn(&format!(
            "the network runs {} times slower than real time, so that every core gets its work of a time step of {} ms done; \
             time_scale_factor={0} in setup() asks for that without this warning",
            lowered.time_scale_factor, network.timestep
        ));
    }
    Ok(Loaded {
        network: network.clone(),
        machine: machine.clone(),
        lowered,
        application: None,
        step: 0,
        segment: Segment::new(),
        recording: Segment::new().recording(network, 0),
    })
}
