//! The life of a loaded application: run, pause, read, write, run on, stop.
//!
//! ```text
//!   load -> paused -> (command 7) sync 0 or 1 -> (signal) running -> ready -> (command 7) sync 1 or 0 -> ...
//! ```
//!
//! Source: `SpiNNFrontEndCommon: simulation.c`, `application_runner.py`.

use crate::{CoreFailure, Host, HostError, Job, Observer, Patience, Question, ScpError};
use std::time::Duration;
use taproot_spinnaker::{
    Binary, LoadImage, RegionWrite,
    wire::{
        command::{Command, Tag},
        control::Control,
        recording::{Channel, channels, header_bytes},
        scp::ReturnCode,
        state::{CoreState, Signal},
        vcpu::Vcpu,
    },
};
use taproot_spinnaker_chip::{ChipXy, CoreId, system_ram::SV_BASE};

/// How many failures or missing cores a message describes.
const DESCRIBED: usize = 4;
/// How long the machine's own clock may stand still, in the host's time, before the machine is given up.
const STANDSTILL: Duration = Duration::from_secs(60);
/// How long cores may take after the expected end, in the machine's time.
const GRACE_MS: u64 = 10_000;
/// How much earlier than expected all cores may be seen to have ended, in the machine's time.
const EARLY_MS: u64 = 1_000;
/// Most channels that a binary of 7.4.1 records.
const CHANNELS: u32 = 6;

/// A region of a core as it lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadedRegion {
    /// Its number.
    pub number: u8,
    /// Its address.
    pub address: u32,
    /// Its size in bytes.
    pub size: u32,
}

/// A core of a loaded application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedCore {
    /// Where.
    pub core: CoreId,
    /// What it does, for messages.
    pub label: String,
    /// What runs there.
    pub binary: Binary,
    /// Address of its table of contents.
    pub base: u32,
    /// Its regions, sorted by number.
    pub regions: Vec<LoadedRegion>,
}

impl LoadedCore {
    fn region(&self, number: u8) -> Result<&LoadedRegion, HostError> {
        self.regions
            .iter()
            .find(|region| region.number == number)
            .ok_or_else(|| HostError::NoSuchRegion {
                core: self.core,
                label: self.label.clone(),
                region: number,
            })
    }
}

/// One run, from step to step.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RunOptions {
    /// First step to execute: where the last run ended, or 0 to begin anew.
    pub from: u32,
    /// The step at which cores pause.
    pub until: u32,
    /// What to write when cores are armed but do not run yet: the buffers of spike arrays. Parameters belong into
    /// [`Application::write_regions`] before the run, since arming is when cores read them.
    pub writes: Vec<RegionWrite>,
}

/// How a run went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunReport {
    /// Milliseconds on the machine's clock from the start signal until all cores were seen to have finished.
    pub machine_ms: u64,
    /// The same on the host's clock.
    pub host: Duration,
}

/// What a core has recorded on one channel since its last resume.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ChannelData {
    /// The records.
    pub data: Vec<u8>,
    /// Whether later ones were dropped because the space was full.
    pub missing: bool,
}

/// An application that has been loaded. It does not hold the connection: a crashed host leaves it running, and
/// [`Application::stop`] must be called to free the machine.
#[derive(Clone, Debug)]
pub struct Application {
    number: u8,
    hardware_timestep: u32,
    cores: Vec<LoadedCore>,
    tags: Vec<(ChipXy, u8)>,
}

impl Application {
    pub(crate) fn new(number: u8, image: &LoadImage, cores: Vec<LoadedCore>) -> Self {
        Self {
            number,
            hardware_timestep: image.hardware_timestep,
            cores,
            tags: image.tags.iter().map(|tag| (tag.ethernet, tag.tag)).collect(),
        }
    }

    /// Its cores, in the order of the image.
    pub fn cores(&self) -> &[LoadedCore] {
        &self.cores
    }

    /// Its number on the machine.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// Runs all cores from one step to another and waits until they have finished. While the machine's clock
    /// advances there is no limit to the patience: an emulated machine may be slow. Waiting reads the monitors only
    /// and does not disturb the cores.
    ///
    /// If cores die, the error says everything about them; then the application is stopped.
    pub fn run(
        &mut self,
        host: &mut Host,
        options: &RunOptions,
        observer: &dyn Observer,
    ) -> Result<RunReport, HostError> {
        let result = self.run_inner(host, options, observer);
        if let Err(error) = &result
            && !matches!(
                error,
                HostError::Scp(_) | HostError::NoSuchRegion { .. } | HostError::RegionTooSmall { .. }
            )
        {
            // Leave the board usable. The error that matters is the first one.
            let _ = self.stop(host);
        }
        result
    }

    fn run_inner(
        &mut self,
        host: &mut Host,
        options: &RunOptions,
        observer: &dyn Observer,
    ) -> Result<RunReport, HostError> {
        if self.cores.is_empty() {
            return Ok(RunReport {
                machine_ms: 0,
                host: Duration::ZERO,
            });
        }
        let run_time = Control::RunTime {
            until: options.until,
            infinite: false,
            from: options.from,
            sync_interval: 0,
        };
        self.command(host, run_time)?;
        let signal = self.wait_armed(host, observer)?;
        self.write_regions(host, &options.writes, observer)?;
        observer.stage("running");
        let root = self.root(host)?;
        let begun = host.clock.now();
        let start = clock_ms(host, root)?;
        host.signal(self.number, signal)?;
        let steps = u64::from(options.until.saturating_sub(options.from));
        let expected = steps * u64::from(self.hardware_timestep) / 1000;
        let normal = host.set_patience(Patience::RUNNING);
        let ended = self.wait_run(host, root, start, expected, observer);
        host.set_patience(normal);
        ended?;
        Ok(RunReport {
            machine_ms: clock_ms(host, root)?.saturating_sub(start),
            host: host.clock.now() - begun,
        })
    }

    /// Sends a command to all cores and waits for their answers.
    fn command(&self, host: &mut Host, control: Control) -> Result<(), HostError> {
        let jobs: Vec<Job<'_>> = self
            .cores
            .iter()
            .map(|core| Job::Ask(Question::Application(core.core, control)))
            .collect();
        match host.perform(&jobs, &crate::Quiet) {
            Ok(_) => Ok(()),
            // A core that does not answer has most likely died, and then there is more to say.
            Err(
                error @ HostError::Scp(
                    ScpError::NoAnswer { .. }
                    | ScpError::Refused {
                        code: ReturnCode::DeadCore | ReturnCode::Timeout,
                        ..
                    },
                ),
            ) => {
                // If it is the board, waiting long for it once is enough.
                let normal = host.set_patience(Patience::SHORT);
                let found = self.check_failures(host);
                host.set_patience(normal);
                match found {
                    Err(dead @ HostError::CoresFailed { .. }) => Err(dead),
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Waits until all cores wait for the same sync signal, and says which.
    fn wait_armed(&self, host: &mut Host, observer: &dyn Observer) -> Result<Signal, HostError> {
        let states = [CoreState::Sync0, CoreState::Sync1];
        self.wait(
            host,
            self.cores.len(),
            &states,
            "cores to be ready to run",
            observer,
        )?;
        let first = host.count(self.number, CoreState::Sync0)?;
        if first == self.cores.len() {
            Ok(Signal::Sync0)
        } else if first == 0 {
            Ok(Signal::Sync1)
        } else {
            self.stalled(
                host,
                "all cores to wait for the same sync signal",
                &[CoreState::Sync0],
            )
        }
    }

    /// Waits for cores to be in one of some states, up to a minute without any change. States that do not lead there
    /// end the wait.
    pub(crate) fn wait(
        &self,
        host: &mut Host,
        expected: usize,
        states: &[CoreState],
        what: &'static str,
        observer: &dyn Observer,
    ) -> Result<(), HostError> {
        let mut best = 0;
        let mut since = host.clock.now();
        let mut pause = Duration::from_millis(2);
        loop {
            let mut count = 0;
            for state in states {
                count += host.count(self.number, *state)?;
            }
            observer.progress(count as u64, expected as u64, "cores");
            if count >= expected {
                return Ok(());
            }
            if host.count(self.number, CoreState::RuntimeError)?
                + host.count(self.number, CoreState::Watchdog)?
                > 0
            {
                self.check_failures(host)?;
            }
            if observer.interrupted() {
                return Err(HostError::Interrupted);
            }
            let now = host.clock.now();
            if count > best {
                (best, since) = (count, now);
            }
            if now - since > STANDSTILL {
                // Counts can miss chips; only the blocks themselves decide.
                self.check_failures(host)?;
                return self.stalled(host, what, states);
            }
            host.clock.sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(200));
        }
    }

    fn wait_run(
        &self,
        host: &mut Host,
        root: ChipXy,
        start: u64,
        expected: u64,
        observer: &dyn Observer,
    ) -> Result<(), HostError> {
        let mut last = start;
        let mut since = host.clock.now();
        let mut checked = since;
        let mut pause = Duration::from_millis(5);
        loop {
            let clock = clock_ms(host, root)?;
            let now = host.clock.now();
            if clock != last {
                (last, since) = (clock, now);
            }
            let done = clock.saturating_sub(start);
            observer.progress(done.min(expected), expected, "ms");
            if done >= expected && host.count(self.number, CoreState::Ready)? == self.cores.len() {
                return Ok(());
            }
            // Deaths show at once rather than at the end of a long run.
            let late = done > expected;
            if late || now - checked > Duration::from_secs(1) {
                checked = now;
                for state in [CoreState::RuntimeError, CoreState::Watchdog, CoreState::Exited] {
                    if host.count(self.number, state)? > 0 {
                        self.check_failures(host)?;
                    }
                }
                // In this order a core that ends in between counts twice, and none is missed.
                let running = host.count(self.number, CoreState::Running)?;
                let ready = host.count(self.number, CoreState::Ready)?;
                if running + ready < self.cores.len() {
                    self.check_presence(host, done)?;
                }
                if running == 0 && ready == self.cores.len() && done + EARLY_MS < expected {
                    return Err(HostError::CutShort {
                        after_ms: done,
                        expected_ms: expected,
                    });
                }
            }
            if observer.interrupted() {
                return Err(HostError::Interrupted);
            }
            if now - since > STANDSTILL || done > 2 * expected + GRACE_MS {
                self.check_failures(host)?;
                return self.stalled(host, "the run to end", &[CoreState::Ready]);
            }
            host.clock.sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }

    /// An error if cores do not belong to the application any more.
    fn check_presence(&self, host: &mut Host, after_ms: u64) -> Result<(), HostError> {
        let gone: Vec<_> = self
            .cores
            .iter()
            .zip(self.blocks(host)?)
            .filter(|(_, vcpu)| {
                vcpu.application != self.number
                    || matches!(
                        vcpu.state,
                        CoreState::Dead | CoreState::PoweredDown | CoreState::Idle
                    )
            })
            .map(|(core, vcpu)| (core.core, core.label.clone(), vcpu.state))
            .collect();
        if gone.is_empty() {
            // A chip whose answer to the count was lost.
            return Ok(());
        }
        Err(HostError::Gone {
            total: gone.len(),
            gone: gone.into_iter().take(DESCRIBED).collect(),
            after_ms,
        })
    }

    /// An error with all that is known if any core has died or left.
    fn check_failures(&self, host: &mut Host) -> Result<(), HostError> {
        let failed: Vec<(usize, Vcpu)> = self
            .blocks(host)?
            .into_iter()
            .enumerate()
            .filter(|(_, vcpu)| vcpu.state.is_failure() || vcpu.state == CoreState::Exited)
            .collect();
        if failed.is_empty() {
            return Ok(());
        }
        let total = failed.len();
        let failures: Vec<CoreFailure> = failed
            .into_iter()
            .take(DESCRIBED)
            .map(|(index, vcpu)| {
                let core = &self.cores[index];
                host.failure(core.core, &core.label, vcpu)
            })
            .collect::<Result<_, _>>()?;
        Err(HostError::CoresFailed { failures, total })
    }

    fn stalled<T>(&self, host: &mut Host, what: &'static str, wanted: &[CoreState]) -> Result<T, HostError> {
        let blocks = self.blocks(host)?;
        let missing: Vec<_> = self
            .cores
            .iter()
            .zip(blocks)
            .filter(|(_, vcpu)| !wanted.contains(&vcpu.state))
            .map(|(core, vcpu)| (core.core, core.label.clone(), vcpu.state))
            .collect();
        Err(HostError::Stalled {
            what,
            total: missing.len(),
            waiting: missing.into_iter().take(DESCRIBED).collect(),
        })
    }

    fn blocks(&self, host: &mut Host) -> Result<Vec<Vcpu>, HostError> {
        let cores: Vec<CoreId> = self.cores.iter().map(|core| core.core).collect();
        host.vcpus(&cores)
    }

    fn root(&self, host: &mut Host) -> Result<ChipXy, HostError> {
        // The chip that is read must exist; any Ethernet chip's clock will do, and the first is the nearest.
        Ok(host.machine()?.ethernet_chips().next().unwrap_or_default())
    }

    /// Reads all channels that cores have recorded since their last resume: `(core, region of its recording)` in,
    /// channels out. To be called when a run has ended, and before the next one, which overwrites them.
    pub fn recordings(
        &self,
        host: &mut Host,
        wanted: &[(usize, u8)],
        observer: &dyn Observer,
    ) -> Result<Vec<Vec<ChannelData>>, HostError> {
        let headers = wanted
            .iter()
            .map(|(core, region)| {
                let core = &self.cores[*core];
                let region = core.region(*region)?;
                Ok(Job::Read {
                    chip: core.core.chip,
                    address: region.address,
                    length: region.size.min(header_bytes(CHANNELS)),
                })
            })
            .collect::<Result<Vec<_>, HostError>>()?;
        let mut lists: Vec<Vec<Channel>> = Vec::with_capacity(wanted.len());
        for ((core, _), header) in wanted.iter().zip(host.perform(&headers, &crate::Quiet)?) {
            let list = channels(&header.into_data()).map_err(|source| HostError::Memory {
                what: "a recording region",
                chip: self.cores[*core].core.chip,
                source,
            })?;
            lists.push(list);
        }
        let reads: Vec<Job<'_>> = wanted
            .iter()
            .zip(&lists)
            .flat_map(|((core, _), list)| {
                let chip = self.cores[*core].core.chip;
                list.iter().map(move |channel| Job::Read {
                    chip,
                    address: channel.address,
                    // A core cannot have written more than it has; a crashed one may claim anything.
                    length: channel.written.min(channel.space),
                })
            })
            .collect();
        observer.stage("reading recordings");
        let mut data = host.perform(&reads, observer)?.into_iter();
        Ok(lists
            .iter()
            .map(|list| {
                list.iter()
                    .map(|channel| ChannelData {
                        data: data.next().map(crate::Outcome::into_data).unwrap_or_default(),
                        missing: channel.missing,
                    })
                    .collect()
            })
            .collect())
    }

    /// Reads regions of cores whole: `(core, region)` in, bytes out.
    pub fn read_regions(
        &self,
        host: &mut Host,
        wanted: &[(usize, u8)],
        observer: &dyn Observer,
    ) -> Result<Vec<Vec<u8>>, HostError> {
        let jobs = wanted
            .iter()
            .map(|(core, region)| {
                let core = &self.cores[*core];
                let region = core.region(*region)?;
                Ok(Job::Read {
                    chip: core.core.chip,
                    address: region.address,
                    length: region.size,
                })
            })
            .collect::<Result<Vec<_>, HostError>>()?;
        let outcomes = host.perform(&jobs, observer)?;
        Ok(outcomes.into_iter().map(crate::Outcome::into_data).collect())
    }

    /// Writes into regions of cores. Cores read their parameters again when they resume, so this belongs between runs.
    /// The checksums in the table of contents are not touched: cores look at them only when they start.
    pub fn write_regions(
        &self,
        host: &mut Host,
        writes: &[RegionWrite],
        observer: &dyn Observer,
    ) -> Result<(), HostError> {
        let jobs = writes
            .iter()
            .map(|write| {
                let core = self
                    .cores
                    .iter()
                    .find(|core| core.core == write.core)
                    .ok_or_else(|| HostError::NoSuchCore {
                        core: write.core,
                        label: "a write into one of its regions".into(),
                    })?;
                let region = core.region(write.region)?;
                let end = u64::from(write.offset) + write.content.len() as u64;
                if end > u64::from(region.size) {
                    return Err(HostError::RegionTooSmall {
                        core: core.core,
                        label: core.label.clone(),
                        region: write.region,
                        offset: write.offset,
                        bytes: write.content.len(),
                        size: region.size,
                    });
                }
                Ok(Job::Write {
                    chip: core.core.chip,
                    address: region.address + write.offset,
                    data: &write.content,
                })
            })
            .collect::<Result<Vec<_>, HostError>>()?;
        host.perform(&jobs, observer)?;
        Ok(())
    }

    /// What cores have printed: index of the core in, text out.
    pub fn iobufs(&self, host: &mut Host, wanted: &[usize]) -> Result<Vec<Vec<u8>>, HostError> {
        wanted
            .iter()
            .map(|core| host.iobuf(self.cores[*core].core))
            .collect()
    }

    /// Stops the application and frees what it had: cores, SDRAM, routing entries and tags.
    pub fn stop(&mut self, host: &mut Host) -> Result<(), HostError> {
        host.stop(self.number)?;
        for (chip, tag) in self.tags.drain(..) {
            host.ask(chip, Command::Tag(Tag::Clear { tag }))?;
        }
        Ok(())
    }
}

/// Milliseconds since the boot on a chip's own clock.
fn clock_ms(host: &mut Host, chip: ChipXy) -> Result<u64, HostError> {
    let bytes = host.read(chip, SV_BASE + 0x10, 8)?;
    let mut word = [0; 8];
    word.copy_from_slice(&bytes);
    Ok(u64::from_le_bytes(word))
}
