//! Repeating a run from its trace.

use super::{Ending, Record, Start, TraceError, TraceReader};
use crate::EmulatorError;
use crate::machine::system::System;
use std::io::Read;
use taproot_spinnaker_chip::ChipXy;
use thiserror::Error;
use xxhash_rust::xxh3::Xxh3;

/// How to repeat a run. The result does not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayOptions {
    /// Host threads, at least one.
    pub threads: usize,
    /// The plain interpreter alone.
    pub plain: bool,
}

impl Default for ReplayOptions {
    fn default() -> Self {
        Self {
            threads: 1,
            plain: false,
        }
    }
}

/// Why a run could not be repeated.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The trace could not be read.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The machine could not be built.
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
    /// The run came out differently.
    #[error(
        "this is not the recorded run: {} differs at cycle {cycle}, and did not yet at cycle {same}",
        .chip.map_or_else(|| "the machine".to_owned(), |chip| format!("chip {chip}"))
    )]
    Different {
        /// When the trace says what the state was, and it is another.
        cycle: u64,
        /// The last time before that at which the trace and the replay agreed.
        same: u64,
        /// The first chip that differs, if the trace has a number for each.
        chip: Option<ChipXy>,
    },
}

/// A run that is being repeated: no sockets, no clock, as fast as the host allows.
pub struct Replay<R> {
    system: System,
    reader: TraceReader<R>,
    next: Option<Record>,
    same: u64,
    verified: u64,
    inputs: Xxh3,
}

impl<R: Read> Replay<R> {
    /// Switches on the machine that a trace is about.
    ///
    /// # Errors
    /// If the machine cannot be built or the trace's next record cannot be read.
    pub fn new(mut reader: TraceReader<R>, options: &ReplayOptions) -> Result<Self, ReplayError> {
        let start = reader.start();
        let mut system = System::with_timing(
            &start.machine,
            &start.addresses(),
            options.threads.max(1),
            &start.timing,
        )?;
        system.execute_plainly(options.plain);
        let next = reader.next_record()?;
        Ok(Self {
            system,
            reader,
            next,
            same: 0,
            verified: 0,
            inputs: Xxh3::new(),
        })
    }

    /// The machine as it is now.
    pub fn system(&self) -> &System {
        &self.system
    }

    /// The machine, for a debugger. If anything is changed there, it is another run from then on, and the trace's states will
    /// say so.
    pub fn system_mut(&mut self) -> &mut System {
        &mut self.system
    }

    /// What the run began from.
    pub fn start(&self) -> &Start {
        self.reader.start()
    }

    /// How the trace ends; none before the replay has got there.
    pub fn ending(&self) -> Option<Ending> {
        self.reader.ending().filter(|_| self.next.is_none())
    }

    /// How many states of the trace were compared with the replay's, and were the same.
    pub fn verified(&self) -> u64 {
        self.verified
    }

    /// A number for everything that has come from outside so far.
    pub fn inputs(&self) -> u64 {
        self.inputs.digest()
    }

    /// Repeats the run up to the first boundary at or after `cycle`, or to the end of the trace if that comes first, or until
    /// the machine [halts](System::halted). What came from outside in just that cycle comes with the next call.
    ///
    /// # Errors
    /// If the trace cannot be read on, or says that the state was another.
    pub fn run_until(&mut self, cycle: u64) -> Result<(), ReplayError> {
        while let Some(record) = &self.next {
            let at = record.cycle();
            // The machine is switched off at the very cycle that it reaches.
            let due = at < cycle || at == cycle && matches!(record, Record::End { .. });
            self.system.run_until(at.min(cycle));
            if !due || self.system.halted().is_some() {
                return Ok(());
            }
            self.apply()?;
        }
        Ok(())
    }

    /// Repeats the run to the end of the trace.
    ///
    /// # Errors
    /// As [`Replay::run_until`].
    pub fn run_to_the_end(&mut self) -> Result<(), ReplayError> {
        self.run_until(u64::MAX)
    }

    /// Does what the next record says, which is due now, and reads the one after it.
    fn apply(&mut self) -> Result<(), ReplayError> {
        match self.next.take() {
            Some(Record::Datagram(logged)) => {
                self.system.send(&logged.datagram);
                let datagram = &logged.datagram;
                self.inputs.update(&logged.cycle.to_le_bytes());
                self.inputs.update(&(datagram.board as u64).to_le_bytes());
                self.inputs.update(&datagram.port.to_le_bytes());
                self.inputs.update(&datagram.host.ip().octets());
                self.inputs.update(&datagram.host.port().to_le_bytes());
                self.inputs.update(&(datagram.data.len() as u64).to_le_bytes());
                self.inputs.update(&datagram.data);
            }
            Some(Record::State { cycle, chips }) => {
                let found = self.system.state_hashes().chips;
                if found != chips {
                    let place = found.iter().zip(&chips).position(|(a, b)| a != b);
                    return Err(ReplayError::Different {
                        cycle,
                        same: self.same,
                        chip: place.and_then(|place| self.system.chips().nth(place)),
                    });
                }
                self.agree(cycle);
            }
            Some(Record::End {
                cycle,
                instructions,
                state,
            }) => {
                if self.system.state_hash() != state || self.system.statistics().instructions != instructions
                {
                    return Err(ReplayError::Different {
                        cycle,
                        same: self.same,
                        chip: None,
                    });
                }
                self.agree(cycle);
            }
            Some(Record::Start(_)) | None => {}
        }
        // Nobody is there to hear what the machine says.
        self.system.take_received();
        self.next = self.reader.next_record()?;
        Ok(())
    }

    fn agree(&mut self, cycle: u64) {
        self.same = cycle;
        self.verified += 1;
    }
}
