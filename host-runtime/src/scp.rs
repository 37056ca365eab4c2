//! One SCP connection: a window of outstanding requests, matched by sequence number, repeated until answered.
//!
//! A request is repeated when no answer came in time, and when the answer says that the machine was busy. The wait
//! doubles with each attempt. Everything that Taproot sends may be executed twice without harm, which is what makes
//! repeating safe; where a command is not so by nature (allocation), the flag or the order that makes it so is noted
//! where it is sent.

use crate::{Clock, Observer, ScpError, Transport};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use taproot_spinnaker::wire::{
    command::{Command, Unit},
    control::Control,
    scp::{DATA_LARGEST, ReturnCode, ScpReply, ScpRequest},
    sdp::{Sdp, SdpAddress, SdpPort},
};
use taproot_spinnaker_chip::{ChipXy, CoreId};

/// How long to wait for an answer, and how often to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Wait before the first repetition; doubles each time, up to `timeout_largest`.
    pub timeout: Duration,
    /// Longest wait before a repetition.
    pub timeout_largest: Duration,
    /// How often a request is sent before it fails, at least 1.
    pub attempts: u32,
}

impl Patience {
    /// For requests that a machine answers at once: 20 s in all. An emulated machine may be much slower than a real
    /// one, so the first wait is longer than a real machine needs; and there are enough attempts for a network that
    /// loses every tenth packet in either direction to fail once in about 10^9 requests.
    pub const NORMAL: Patience = Patience {
        timeout: Duration::from_millis(250),
        timeout_largest: Duration::from_secs(2),
        attempts: 12,
    };
    /// For requests that a machine works on for a while, such as copying a program from a neighbour: a minute.
    pub const LONG: Patience = Patience {
        timeout: Duration::from_secs(2),
        timeout_largest: Duration::from_secs(5),
        attempts: 12,
    };
    /// To find out whether somebody is there: 3 s.
    pub const SHORT: Patience = Patience {
        timeout: Duration::from_millis(250),
        timeout_largest: Duration::from_millis(500),
        attempts: 6,
    };

    /// While an application runs: 32 s. Emulated cores that are all busy leave little for the monitor, and counting
    /// takes it 10 ms of its own time.
    pub const RUNNING: Patience = Patience {
        timeout: Duration::from_secs(1),
        timeout_largest: Duration::from_secs(5),
        attempts: 8,
    };

    /// The longest time that a request may take.
    pub fn total(self) -> Duration {
        (1..=self.attempts.max(1)).map(|attempt| self.wait(attempt)).sum()
    }

    fn wait(self, attempt: u32) -> Duration {
        let doubled = self
            .timeout
            .saturating_mul(1 << attempt.saturating_sub(1).min(16));
        doubled.min(self.timeout_largest)
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// A command to SCAMP.
    Monitor(ChipXy, Command),
    /// A command to an application.
    Application(CoreId, Control),
}

impl Question {
    fn destination(&self) -> SdpAddress {
        match self {
            Self::Monitor(chip, _) => SdpAddress::monitor(*chip),
            Self::Application(core, _) => SdpAddress::of(*core, SdpPort::CONTROL),
        }
    }

    fn request(&self, sequence: u16) -> ScpRequest {
        match self {
            Self::Monitor(_, command) => command.to_request(sequence),
            Self::Application(_, control) => control.to_request(sequence),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Monitor(_, command) => command.to_string(),
            Self::Application(_, control) => format!("\"{}\"", control.name()),
        }
    }

    /// An incomplete count is still an answer: some chips did not report in time.
    fn accepts(&self, code: ReturnCode) -> bool {
        code == ReturnCode::Ok
            || matches!(self, Self::Monitor(_, Command::Count { .. })) && code == ReturnCode::NoP2pReply
    }
}

/// A piece of work: one question, or as many as it takes to move some memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job<'a> {
    /// Ask.
    Ask(Question),
    /// Ask, and wait longer.
    AskPatiently(Question),
    /// Read memory of a chip.
    Read {
        /// The chip.
        chip: ChipXy,
        /// From here.
        address: u32,
        /// So many bytes.
        length: u32,
    },
    /// Write memory of a chip.
    Write {
        /// The chip.
        chip: ChipXy,
        /// From here.
        address: u32,
        /// This.
        data: &'a [u8],
    },
    /// Fill memory of a chip.
    Fill {
        /// The chip.
        chip: ChipXy,
        /// From here, a multiple of 4.
        address: u32,
        /// With this word.
        word: u32,
        /// So many bytes, a multiple of 4.
        bytes: u32,
    },
}

impl Job<'_> {
    /// The chip that the job is about.
    pub fn chip(&self) -> ChipXy {
        match self {
            Self::Ask(question) | Self::AskPatiently(question) => question.destination().chip,
            Self::Read { chip, .. } | Self::Write { chip, .. } | Self::Fill { chip, .. } => *chip,
        }
    }

    /// Bytes that it moves.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Ask(_) | Self::AskPatiently(_) => 0,
            Self::Read { length, .. } => u64::from(*length),
            Self::Write { data, .. } => data.len() as u64,
            Self::Fill { bytes, .. } => u64::from(*bytes),
        }
    }

    fn patience(&self, normal: Patience) -> Patience {
        match self {
            Self::AskPatiently(_) => Patience::LONG,
            // A fill is one request however large it is.
            Self::Fill { bytes, .. } if *bytes > 65_536 => Patience::LONG,
            _ => normal,
        }
    }

    /// The question that moves the bytes from `done` on, and how many it moves.
    fn part(&self, done: u64) -> (Question, u64) {
        let piece = |address: u32, length: u64| {
            let address = address.wrapping_add(done as u32);
            let length = (length - done).min(DATA_LARGEST as u64) as u32;
            (address, length, Unit::widest(address, length))
        };
        match self {
            Self::Ask(question) | Self::AskPatiently(question) => (question.clone(), 0),
            Self::Read {
                chip,
                address,
                length,
            } => {
                let (address, length, unit) = piece(*address, u64::from(*length));
                let read = Command::Read {
                    address,
                    length,
                    unit,
                };
                (Question::Monitor(*chip, read), u64::from(length))
            }
            Self::Write { chip, address, data } => {
                let (address, length, unit) = piece(*address, data.len() as u64);
                let data = data[done as usize..][..length as usize].to_vec();
                let write = Command::Write { address, unit, data };
                (Question::Monitor(*chip, write), u64::from(length))
            }
            Self::Fill {
                chip,
                address,
                word,
                bytes,
            } => {
                let fill = Command::Fill {
                    address: *address,
                    word: *word,
                    bytes: *bytes,
                };
                (Question::Monitor(*chip, fill), u64::from(*bytes))
            }
        }
    }
}

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer to a question.
    Reply(ScpReply),
    /// What was read.
    Data(Vec<u8>),
    /// Done.
    Done,
}

impl Outcome {
    /// The data of a read; empty for anything else.
    pub fn into_data(self) -> Vec<u8> {
        match self {
            Self::Data(data) => data,
            Self::Reply(_) | Self::Done => Vec::new(),
        }
    }

    /// The body of a reply; empty for anything else.
    pub fn body(&self) -> &[u8] {
        match self {
            Self::Reply(reply) => &reply.body,
            Self::Data(_) | Self::Done => &[],
        }
    }
}

/// How a connection has fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ScpStatistics {
    /// Requests sent for the first time.
    pub requests: u64,
    /// Requests sent again because nothing came back in time.
    pub timeouts: u64,
    /// Requests sent again because the machine was busy.
    pub busy: u64,
    /// Packets that answered nothing outstanding.
    pub strays: u64,
}

/// A connection to one board.
pub struct Scp {
    transport: Box<dyn Transport>,
    clock: Arc<dyn Clock>,
    window: usize,
    /// For questions that do not say otherwise.
    pub patience: Patience,
    sequence: u16,
    statistics: ScpStatistics,
}

/// A request that waits for its answer.
struct Pending {
    job: usize,
    question: Question,
    packet: Vec<u8>,
    /// Bytes of the job that this one moves, and where they start.
    part: (u64, u64),
    patience: Patience,
    attempts: u32,
    /// How often the machine said that it was busy.
    refusals: u32,
    /// Whether it did so last.
    refused: bool,
    first_sent: Duration,
    /// When to send it again.
    again: Duration,
}

/// A job under way.
struct Progress {
    done: u64,
    outcome: Outcome,
}

impl Scp {
    /// Requests outstanding at a time unless said otherwise. The Ethernet controller of a chip buffers 3 KB, about ten
    /// of the largest packets, and its monitor forwards one message at a time: with four outstanding it is never idle
    /// and never drops any; with eight it begins to drop (measured with SCAMP 4.0.0 on an emulated SpiNN-5).
    pub const WINDOW: usize = 4;

    /// A connection over `transport`, with at most `window` requests outstanding (at least 1).
    pub fn new(transport: Box<dyn Transport>, clock: Arc<dyn Clock>, window: usize) -> Self {
        Self {
            transport,
            clock,
            window: window.max(1),
            patience: Patience::NORMAL,
            sequence: 0,
            statistics: ScpStatistics::default(),
        }
    }

    /// The board, for messages.
    pub fn board(&self) -> String {
        self.transport.peer()
    }

    /// How it has fared so far.
    pub fn statistics(&self) -> ScpStatistics {
        self.statistics
    }

    /// Asks one question.
    pub fn ask(&mut self, question: Question) -> Result<ScpReply, ScpError> {
        let jobs = [Job::Ask(question)];
        let mut outcomes = self.perform(&[(0, &jobs[0])], &mut |_| (), &crate::Quiet)?;
        match outcomes.pop() {
            Some((_, Outcome::Reply(reply))) => Ok(reply),
            _ => unreachable!("a question that succeeded has a reply"),
        }
    }

    /// Sends a message that nobody answers.
    pub fn tell(&mut self, core: CoreId, control: Control) -> Result<(), ScpError> {
        let sequence = self.next_sequence();
        let content = control.to_request(sequence).to_bytes();
        let sdp = Sdp::from_host(SdpAddress::of(core, SdpPort::CONTROL), Sdp::NO_REPLY, content);
        Ok(self.transport.send(&sdp.to_udp())?)
    }

    /// Performs jobs in order, several requests at a time, and returns what became of each, in the order given. `moved`
    /// is told of bytes as they are confirmed. The first failure ends everything; what was sent by then may have
    /// been executed.
    pub fn perform(
        &mut self,
        jobs: &[(usize, &Job<'_>)],
        moved: &mut dyn FnMut(u64),
        observer: &dyn Observer,
    ) -> Result<Vec<(usize, Outcome)>, ScpError> {
        let mut state: Vec<Progress> = jobs
            .iter()
            .map(|(_, job)| Progress {
                done: 0,
                outcome: match job {
                    Job::Read { length, .. } => Outcome::Data(vec![0; *length as usize]),
                    _ => Outcome::Done,
                },
            })
            .collect();
        // By sequence number; in the window there are never 65,536.
        let mut pending: BTreeMap<u16, Pending> = BTreeMap::new();
        let mut next = 0;
        loop {
            while pending.len() < self.window && next < jobs.len() {
                let job = jobs[next].1;
                let progress = &mut state[next];
                let total = job.bytes();
                let is_memory = !matches!(job, Job::Ask(_) | Job::AskPatiently(_));
                if is_memory && progress.done == total {
                    next += 1; // nothing to move
                    continue;
                }
                let (question, bytes) = job.part(progress.done);
                let part = (progress.done, bytes);
                progress.done += bytes;
                self.start(&mut pending, next, question, part, job.patience(self.patience))?;
                if progress.done == total {
                    next += 1;
                }
            }
            if pending.is_empty() {
                break;
            }
            if observer.interrupted() {
                return Err(ScpError::Interrupted);
            }
            let deadline = pending.values().map(|p| p.again).min().unwrap_or_default();
            match self.transport.receive(deadline)? {
                Some(packet) => {
                    if let Some((done, reply)) = self.answered(&mut pending, &packet)? {
                        settle(self.transport.peer(), &mut state[done.job], &done, reply)?;
                        moved(done.part.1);
                    }
                }
                None => self.repeat(&mut pending)?,
            }
        }
        Ok(jobs
            .iter()
            .zip(state)
            .map(|((index, _), progress)| (*index, progress.outcome))
            .collect())
    }

    fn next_sequence(&mut self) -> u16 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }

    fn start(
        &mut self,
        pending: &mut BTreeMap<u16, Pending>,
        job: usize,
        question: Question,
        part: (u64, u64),
        patience: Patience,
    ) -> Result<(), ScpError> {
        let sequence = self.next_sequence();
        let content = question.request(sequence).to_bytes();
        let packet = Sdp::from_host(question.destination(), Sdp::REPLY_EXPECTED, content).to_udp();
        self.transport.send(&packet)?;
        self.statistics.requests += 1;
        let now = self.clock.now();
        let started = Pending {
            job,
            question,
            packet,
            part,
            patience,
            attempts: 1,
            refusals: 0,
            refused: false,
            first_sent: now,
            again: now + patience.wait(1),
        };
        let taken = pending.insert(sequence, started);
        assert!(
            taken.is_none(),
            "the window is smaller than the space of sequence numbers"
        );
        Ok(())
    }

    /// Matches a packet with what is outstanding. Repeated, late and foreign packets are counted and dropped.
    fn answered(
        &mut self,
        pending: &mut BTreeMap<u16, Pending>,
        packet: &[u8],
    ) -> Result<Option<(Pending, ScpReply)>, ScpError> {
        let reply =
            Sdp::from_udp(packet).and_then(|sdp| Ok((sdp.source, ScpReply::from_bytes(&sdp.content)?)));
        let Ok((_, reply)) = reply else {
            self.statistics.strays += 1;
            return Ok(None);
        };
        let Some(asked) = pending.get_mut(&reply.sequence) else {
            self.statistics.strays += 1;
            return Ok(None);
        };
        if asked.question.accepts(reply.code) {
            return Ok(pending.remove(&reply.sequence).map(|asked| (asked, reply)));
        }
        let now = self.clock.now();
        if reply.code.is_transient() && now - asked.first_sent < asked.patience.total() {
            // Ask again after a pause rather than at once. A machine that says that it is busy is alive, so time alone
            // limits how often; and an answer to an earlier copy may still be on its way.
            let pause = Duration::from_millis(20).saturating_mul(1 << asked.refusals.min(5));
            asked.again = now + pause;
            asked.refusals += 1;
            asked.refused = true;
            return Ok(None);
        }
        Err(ScpError::Refused {
            board: self.transport.peer(),
            command: asked.question.name(),
            destination: asked.question.destination(),
            code: reply.code,
        })
    }

    /// Sends everything again whose time has come.
    fn repeat(&mut self, pending: &mut BTreeMap<u16, Pending>) -> Result<(), ScpError> {
        let now = self.clock.now();
        for asked in pending.values_mut().filter(|asked| asked.again <= now) {
            if asked.refused {
                self.transport.send(&asked.packet)?;
                self.statistics.busy += 1;
                asked.refused = false;
                asked.again = now + asked.patience.wait(asked.attempts);
                continue;
            }
            if asked.attempts >= asked.patience.attempts {
                return Err(ScpError::NoAnswer {
                    board: self.transport.peer(),
                    command: asked.question.name(),
                    destination: asked.question.destination(),
                    attempts: asked.attempts,
                    waited: now - asked.first_sent,
                });
            }
            self.transport.send(&asked.packet)?;
            self.statistics.timeouts += 1;
            asked.attempts += 1;
            asked.again = now + asked.patience.wait(asked.attempts);
        }
        Ok(())
    }
}

/// Puts an answer where it belongs.
fn settle(board: String, progress: &mut Progress, done: &Pending, reply: ScpReply) -> Result<(), ScpError> {
    match &mut progress.outcome {
        Outcome::Data(data) => {
            let (start, length) = (done.part.0 as usize, done.part.1 as usize);
            let Some(found) = reply.body.get(..length) else {
                return Err(ScpError::Malformed {
                    board,
                    command: done.question.name(),
                    destination: done.question.destination(),
                    source: taproot_spinnaker::wire::WireError::Short {
                        what: "READ reply",
                        needed: length,
                        found: reply.body.len(),
                    },
                });
            };
            data[start..start + length].copy_from_slice(found);
        }
        outcome => {
            if matches!(done.part, (_, 0)) {
                *outcome = Outcome::Reply(reply);
            }
        }
    }
    Ok(())
}
