//! A connection to a machine: one SCP connection for every board that can be reached.

use crate::{Clock, HostError, Observer, Opener, Patience, Quiet, Scp, ScpError, SystemClock, UdpOpener};
use crate::{Job, Outcome, Question, ScpStatistics};
use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use taproot_spinnaker::wire::{
    command::Command, messages::Messages, reply::VersionReply, scp::ScpReply, sdp::SdpAddress,
};
use taproot_spinnaker_chip::{ChipXy, CoreId, Machine, system_ram::SCP_PORT};

/// How a host talks to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostOptions {
    /// Requests outstanding per board.
    pub window: usize,
    /// How long to wait for answers, and how often to ask.
    pub patience: Patience,
    /// The application that Taproot's programs run as, 16 to 255 by custom.
    pub application: u8,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            window: Scp::WINDOW,
            patience: Patience::NORMAL,
            application: 30,
        }
    }
}

/// One board of the machine.
pub(crate) struct Board {
    /// Its address.
    pub(crate) address: Ipv4Addr,
    pub(crate) scp: Scp,
}

/// A connection to a machine.
///
/// It begins with one board; [`Host::discover`] finds the others and connects to them, so that each board's traffic
/// goes through its own Ethernet. Chips of boards that cannot be reached are served through the first one.
pub struct Host {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) opener: Box<dyn Opener>,
    pub(crate) options: HostOptions,
    /// The first is the board that was named.
    pub(crate) boards: Vec<Board>,
    /// Board by Ethernet chip.
    pub(crate) board_of: BTreeMap<ChipXy, usize>,
    pub(crate) machine: Option<Machine>,
    /// The texts of what programs print as numbers.
    pub(crate) messages: Messages,
}

impl Host {
    /// Connects to a board over UDP. Nothing is sent yet.
    pub fn connect(address: Ipv4Addr, options: HostOptions) -> Result<Self, HostError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let opener = Box::new(UdpOpener::new(clock.clone()));
        Self::with_opener(address, opener, clock, options)
    }

    /// Connects through any transport.
    pub fn with_opener(
        address: Ipv4Addr,
        mut opener: Box<dyn Opener>,
        clock: Arc<dyn Clock>,
        options: HostOptions,
    ) -> Result<Self, HostError> {
        let transport = opener.open(address, SCP_PORT)?;
        let mut scp = Scp::new(transport, clock.clone(), options.window);
        scp.patience = options.patience;
        Ok(Self {
            clock,
            opener,
            options,
            boards: vec![Board { address, scp }],
            board_of: BTreeMap::new(),
            machine: None,
            messages: Messages::default(),
        })
    }

    /// Makes known the texts of what programs print as numbers. Without them the numbers are shown.
    pub fn know_messages(&mut self, messages: Messages) {
        self.messages = messages;
    }

    /// The machine, once it has been discovered.
    pub fn machine(&self) -> Result<&Machine, HostError> {
        self.machine.as_ref().ok_or(HostError::NotDiscovered)
    }

    /// The options it was made with.
    pub fn options(&self) -> HostOptions {
        self.options
    }

    /// Addresses of the boards that it is connected to; the one that was named comes first.
    pub fn boards(&self) -> Vec<Ipv4Addr> {
        self.boards.iter().map(|board| board.address).collect()
    }

    /// How its connections have fared, summed.
    pub fn statistics(&self) -> ScpStatistics {
        self.boards.iter().fold(ScpStatistics::default(), |sum, board| {
            let one = board.scp.statistics();
            ScpStatistics {
                requests: sum.requests + one.requests,
                timeouts: sum.timeouts + one.timeouts,
                busy: sum.busy + one.busy,
                strays: sum.strays + one.strays,
            }
        })
    }

    /// The name and version of the kernel of the board, or none if nobody answers.
    pub fn version(&mut self) -> Result<Option<VersionReply>, HostError> {
        let normal = self.set_patience(Patience::SHORT);
        let question = Question::Monitor(SdpAddress::BOOT_CHIP, Command::Version);
        let answer = self.boards[0].scp.ask(question);
        self.set_patience(normal);
        match answer {
            Ok(reply) => match VersionReply::from_body(&reply.body) {
                Ok(version) => Ok(Some(version)),
                Err(source) => Err(ScpError::Malformed {
                    board: self.boards[0].scp.board(),
                    command: "VER".into(),
                    destination: SdpAddress::monitor(SdpAddress::BOOT_CHIP),
                    source,
                }
                .into()),
            },
            Err(ScpError::NoAnswer { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks the monitor of a chip.
    pub fn ask(&mut self, chip: ChipXy, command: Command) -> Result<ScpReply, HostError> {
        let board = self.board_for(chip);
        Ok(self.boards[board].scp.ask(Question::Monitor(chip, command))?)
    }

    /// Reads memory of a chip, of any length.
    pub fn read(&mut self, chip: ChipXy, address: u32, length: u32) -> Result<Vec<u8>, HostError> {
        let job = Job::Read {
            chip,
            address,
            length,
        };
        Ok(self.perform(&[job], &Quiet)?.remove(0).into_data())
    }

    /// Writes memory of a chip, of any length.
    pub fn write(&mut self, chip: ChipXy, address: u32, data: &[u8]) -> Result<(), HostError> {
        self.perform(&[Job::Write { chip, address, data }], &Quiet)?;
        Ok(())
    }

    /// Fills memory of a chip with a word; address and length are multiples of 4.
    pub fn fill(&mut self, chip: ChipXy, address: u32, word: u32, bytes: u32) -> Result<(), HostError> {
        let job = Job::Fill {
            chip,
            address,
            word,
            bytes,
        };
        self.perform(&[job], &Quiet)?;
        Ok(())
    }

    /// Performs jobs, each through the Ethernet of its chip's board, all boards at the same time. Jobs of one board
    /// begin in the order given; jobs that depend on each other belong into separate calls. The observer hears
    /// of bytes.
    pub fn perform(&mut self, jobs: &[Job<'_>], observer: &dyn Observer) -> Result<Vec<Outcome>, HostError> {
        let mut by_board: Vec<Vec<(usize, &Job<'_>)>> = vec![Vec::new(); self.boards.len()];
        for (index, job) in jobs.iter().enumerate() {
            by_board[self.board_for(job.chip())].push((index, job));
        }
        let total: u64 = jobs.iter().map(Job::bytes).sum();
        let done = AtomicU64::new(0);
        let moved = |bytes: u64| {
            if total > 0 {
                let done = done.fetch_add(bytes, Ordering::Relaxed) + bytes;
                observer.progress(done, total, "bytes");
            }
        };
        let busy = by_board.iter().filter(|jobs| !jobs.is_empty()).count();
        let work = self
            .boards
            .iter_mut()
            .zip(&by_board)
            .filter(|(_, jobs)| !jobs.is_empty());
        let results: Vec<Result<Vec<(usize, Outcome)>, ScpError>> = if busy <= 1 {
            work.map(|(board, jobs)| board.scp.perform(jobs, &mut |bytes| moved(bytes), observer))
                .collect()
        } else {
            let moved = &moved;
            std::thread::scope(|scope| {
                let threads: Vec<_> = work
                    .map(|(board, jobs)| {
                        scope.spawn(move || board.scp.perform(jobs, &mut |bytes| moved(bytes), observer))
                    })
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| {
                        thread
                            .join()
                            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                    })
                    .collect()
            })
        };
        let mut outcomes = vec![Outcome::Done; jobs.len()];
        for result in results {
            match result {
                Ok(list) => {
                    for (index, outcome) in list {
                        outcomes[index] = outcome;
                    }
                }
                Err(ScpError::Interrupted) => return Err(HostError::Interrupted),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(outcomes)
    }

    /// Changes the patience with all boards, and returns what it was with the first.
    pub(crate) fn set_patience(&mut self, patience: Patience) -> Patience {
        let before = self.boards[0].scp.patience;
        for board in &mut self.boards {
            board.scp.patience = patience;
        }
        before
    }

    /// The board through which a chip is reached.
    pub(crate) fn board_for(&self, chip: ChipXy) -> usize {
        let ethernet = self
            .machine
            .as_ref()
            .and_then(|machine| machine.chip(chip))
            .map(|chip| chip.ethernet);
        ethernet
            .and_then(|ethernet| self.board_of.get(&ethernet).copied())
            .unwrap_or(0)
    }

    /// Lets at least 10 ms per round pass on the machine's own clock, whatever the pace of that clock: counting
    /// cores takes the monitor so long. Signals travel meanwhile.
    pub(crate) fn settle(&mut self, rounds: usize) -> Result<(), HostError> {
        let application = self.options.application;
        for _ in 0..rounds {
            self.count(application, taproot_spinnaker::wire::state::CoreState::Dead)?;
        }
        Ok(())
    }

    /// Counts cores of an application in a state, over all boards.
    pub(crate) fn count(
        &mut self,
        application: u8,
        state: taproot_spinnaker::wire::state::CoreState,
    ) -> Result<usize, HostError> {
        let ethernets: Vec<ChipXy> = self.machine()?.ethernet_chips().collect();
        let count = Command::Count { application, state };
        let jobs: Vec<Job<'_>> = ethernets
            .into_iter()
            .map(|chip| Job::Ask(Question::Monitor(chip, count.clone())))
            .collect();
        let mut sum = 0;
        for outcome in self.perform(&jobs, &Quiet)? {
            let word = outcome
                .body()
                .get(..4)
                .map_or(0, |word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
            sum += word as usize;
        }
        Ok(sum)
    }

    /// Whether a core exists on the discovered machine.
    pub(crate) fn has_core(&self, core: CoreId) -> bool {
        self.machine
            .as_ref()
            .and_then(|machine| machine.chip(core.chip))
            .is_some_and(|chip| chip.application_cores().contains(&core.core()))
    }
}
