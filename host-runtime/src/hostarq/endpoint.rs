//! One end of a connection, without sockets and clocks.

use super::{
    ArqError,
    receiver::{Arrival, Receiver},
    sender::Sender,
};
use std::{collections::VecDeque, time::Duration};
use taproot_brainscales::wire::{
    frame::{self, Frame, Parameters},
    packet::{Packet, PacketType},
};

/// How a connection behaves. The defaults are those of `sctrltp` where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArqOptions {
    /// What both ends must agree on.
    pub parameters: Parameters,
    /// Shortest wait before a frame is sent again: the time that half a window takes on the cable, 757 us.
    pub timeout: Duration,
    /// Longest wait before a frame is sent again.
    pub timeout_largest: Duration,
    /// How long an acknowledgement waits for others, and for a frame to ride on.
    pub acknowledge_after: Duration,
    /// How long nothing may be acknowledged before the connection counts as broken.
    pub patience: Duration,
    /// How long the answer to a reset may take in all.
    pub reset_patience: Duration,
    /// When a reset that was not answered is sent again.
    pub reset_again: Duration,
    /// Longest time that a datagram may spend in the network.
    pub lifetime: Duration,
    /// Packets that may wait to be received; with more, frames are dropped until some are taken.
    pub unread_largest: usize,
    /// Packets that may wait to be sent.
    pub unsent_largest: usize,
}

impl Default for ArqOptions {
    fn default() -> Self {
        Self {
            parameters: Parameters::FPGA,
            timeout: Duration::from_micros(757),
            timeout_largest: Duration::from_millis(250),
            acknowledge_after: Duration::from_micros(500),
            patience: Duration::from_secs(8),
            reset_patience: Duration::from_secs(2),
            reset_again: Duration::from_millis(250),
            lifetime: Duration::from_micros(500),
            unread_largest: 65_536,
            unsent_largest: 1024,
        }
    }
}

impl ArqOptions {
    /// # Panics
    /// If the window is empty, or larger than half the sequence numbers, or frames are larger than they can be.
    fn check(self) -> Self {
        let Parameters {
            frames,
            window,
            words,
        } = self.parameters;
        assert!(
            window > 0 && 2 * u64::from(window) <= u64::from(frames),
            "a window is at most half of all numbers"
        );
        assert!(
            words as usize <= Packet::WORDS_LARGEST,
            "a packet fits into a frame"
        );
        self
    }
}

/// How a connection has fared since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArqStatistics {
    /// Frames sent for the first time.
    pub frames_sent: u64,
    /// Words that they carried.
    pub words_sent: u64,
    /// Frames sent again.
    pub frames_repeated: u64,
    /// Acknowledgements sent without a frame.
    pub acknowledgements_sent: u64,
    /// Frames received that were new.
    pub frames_received: u64,
    /// Words that they carried.
    pub words_received: u64,
    /// Frames received that had been here before.
    pub frames_old: u64,
    /// Frames dropped because nobody takes what they bring.
    pub frames_without_room: u64,
    /// Datagrams dropped because they are no frames of this connection.
    pub foreign: u64,
    /// Datagrams dropped because they came during a reset.
    pub during_reset: u64,
    /// Resets that were answered.
    pub resets: u64,
}

/// Something to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datagram {
    /// To the port for frames of the other end.
    Frame(Vec<u8>),
    /// A reset, to the FPGA's port for resets.
    Reset,
}

/// Which end this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Host,
    Fpga,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first reset, and after a failure.
    Closed,
    /// A reset will be sent, when nothing of the old session can arrive after it.
    Quiet { until: Duration },
    /// A reset was sent.
    Resetting {
        began: Duration,
        again: Duration,
        attempts: u32,
    },
    /// Frames go both ways; until a time, nothing is heard or sent, lest it be of the old session.
    Open { deaf_until: Duration },
}

/// How long an answered FPGA may go on answering before that means another reset.
const STILL_ANSWERING: Duration = Duration::from_secs(1);

/// One end of a connection.
///
/// Its owner calls [`Endpoint::poll`] when the time of [`Endpoint::deadline`] has come and after anything else, and
/// sends what [`Endpoint::transmit`] returns.
#[derive(Debug)]
pub struct Endpoint {
    role: Role,
    peer: String,
    options: ArqOptions,
    state: State,
    sender: Sender,
    receiver: Receiver,
    outbound: VecDeque<Datagram>,
    statistics: ArqStatistics,
    /// When anything was sent last.
    last_sent: Option<Duration>,
    /// When the reset that began this session was sent last.
    reset_sent: Duration,
    /// When the answer to our reset was first repeated.
    answered_again: Option<Duration>,
}

impl Endpoint {
    /// A host's end. `peer` is the FPGA, for messages. It has to be reset first.
    ///
    /// # Panics
    /// If the window is empty, or larger than half the sequence numbers, or frames are larger than they can be.
    pub fn host(peer: impl Into<String>, options: ArqOptions) -> Self {
        Self::new(Role::Host, peer.into(), options.check())
    }

    /// An FPGA's end; `peer` is the host. It waits to be reset.
    ///
    /// # Panics
    /// As [`Endpoint::host`].
    pub fn fpga(peer: impl Into<String>, options: ArqOptions) -> Self {
        Self::new(Role::Fpga, peer.into(), options.check())
    }

    fn new(role: Role, peer: String, options: ArqOptions) -> Self {
        Self {
            role,
            peer,
            options,
            state: State::Closed,
            sender: Sender::new(options),
            receiver: Receiver::new(options),
            outbound: VecDeque::new(),
            statistics: ArqStatistics::default(),
            last_sent: None,
            reset_sent: Duration::ZERO,
            answered_again: None,
        }
    }

    /// The other end, for messages.
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// How the connection has fared.
    pub fn statistics(&self) -> ArqStatistics {
        self.statistics
    }

    /// Whether packets can be exchanged.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Whether everything that was sent has been acknowledged.
    pub fn is_flushed(&self) -> bool {
        self.sender.waiting() == 0 && self.sender.outstanding() == 0
    }

    /// Begins a session, as the host. What was on its way in the one before is forgotten.
    pub fn reset(&mut self, now: Duration) {
        self.forget();
        let until = self
            .last_sent
            .map_or(now, |sent| now.max(sent + self.options.lifetime));
        self.state = State::Quiet { until };
    }

    fn forget(&mut self) {
        self.sender = Sender::new(self.options);
        self.receiver = Receiver::new(self.options);
        self.outbound.clear();
        self.answered_again = None;
    }

    /// Whether [`Endpoint::send`] has room for a packet.
    pub fn has_room(&self) -> bool {
        self.sender.waiting() < self.options.unsent_largest
    }

    /// Sends a packet when there is room in the window.
    ///
    /// # Panics
    /// If the packet has no words, or more than the connection allows.
    pub fn send(&mut self, packet: Packet) -> Result<(), ArqError> {
        if !self.is_open() {
            return Err(ArqError::NotConnected {
                peer: self.peer.clone(),
            });
        }
        let largest = self.options.parameters.words as usize;
        assert!(
            (1..=largest).contains(&packet.words.len()),
            "a packet has 1 to {largest} words"
        );
        self.sender.push(packet);
        Ok(())
    }

    /// The next packet that has come in order.
    pub fn receive(&mut self) -> Option<Packet> {
        self.receiver.receive()
    }

    /// The next datagram to be sent.
    pub fn transmit(&mut self) -> Option<Datagram> {
        self.outbound.pop_front()
    }

    /// When to call [`Endpoint::poll`] even if nothing happens.
    pub fn deadline(&self) -> Option<Duration> {
        match self.state {
            State::Closed => None,
            State::Quiet { until } => Some(until),
            State::Resetting { began, again, .. } => Some(again.min(began + self.options.reset_patience)),
            State::Open { deaf_until } => [self.sender.deadline(), self.receiver.due()]
                .into_iter()
                .flatten()
                .min()
                .map(|time| time.max(deaf_until)),
        }
    }

    /// Does what is due. A host's end that has not been reset since it failed is an error.
    pub fn poll(&mut self, now: Duration) -> Result<(), ArqError> {
        match self.state {
            State::Closed if self.role == Role::Host => {
                return Err(ArqError::NotConnected {
                    peer: self.peer.clone(),
                });
            }
            State::Closed => {}
            State::Quiet { until } if now >= until => self.send_reset(now, now, 1),
            State::Quiet { .. } => {}
            State::Resetting {
                began,
                again,
                attempts,
            } => {
                let waited = now.saturating_sub(began);
                if waited >= self.options.reset_patience {
                    return Err(self.fail(|peer| ArqError::NoResetAnswer {
                        peer,
                        attempts,
                        waited,
                    }));
                }
                if now >= again {
                    self.send_reset(began, now, attempts + 1);
                }
            }
            State::Open { deaf_until } if now >= deaf_until => self.exchange(now)?,
            State::Open { .. } => {}
        }
        Ok(())
    }

    fn fail(&mut self, error: impl FnOnce(String) -> ArqError) -> ArqError {
        self.forget();
        self.state = State::Closed;
        error(self.peer.clone())
    }

    fn send_reset(&mut self, began: Duration, now: Duration, attempts: u32) {
        self.outbound.push_back(Datagram::Reset);
        self.last_sent = Some(now);
        self.reset_sent = now;
        self.state = State::Resetting {
            began,
            again: now + self.options.reset_again,
            attempts,
        };
    }

    fn exchange(&mut self, now: Duration) -> Result<(), ArqError> {
        let waited = self.sender.stalled(now);
        if waited >= self.options.patience {
            let outstanding = self.sender.outstanding();
            return Err(self.fail(|peer| ArqError::NoAnswer {
                peer,
                outstanding,
                waited,
            }));
        }
        let acknowledged = self.receiver.acknowledged();
        let before = self.outbound.len();
        let outbound = &mut self.outbound;
        self.sender
            .poll(now, &mut self.statistics, &mut |sequence, packet| {
                let frame = Frame::Data {
                    acknowledged,
                    sequence,
                    packet: packet.clone(),
                };
                outbound.push_back(Datagram::Frame(frame.to_udp()));
            });
        let due = self.receiver.due().is_some_and(|due| due <= now);
        if due && self.outbound.len() == before {
            let frame = Frame::Acknowledgement { acknowledged };
            self.outbound.push_back(Datagram::Frame(frame.to_udp()));
            self.statistics.acknowledgements_sent += 1;
        }
        if self.outbound.len() > before {
            self.receiver.has_acknowledged();
            self.last_sent = Some(now);
        }
        Ok(())
    }

    /// A datagram has come to the FPGA's port for resets.
    pub fn handle_reset(&mut self, bytes: &[u8], now: Duration) {
        if self.role != Role::Fpga || !frame::is_reset(bytes) {
            self.statistics.foreign += 1;
            return;
        }
        self.forget();
        self.statistics.resets += 1;
        self.state = State::Open { deaf_until: now };
        self.sender.push(self.options.parameters.to_packet());
    }

    /// A datagram has come to the port for frames. What is no frame of this connection is dropped.
    pub fn handle(&mut self, bytes: &[u8], now: Duration) -> Result<(), ArqError> {
        let frames = self.options.parameters.frames;
        let frame = match Frame::from_udp(bytes) {
            Ok(Frame::Data {
                acknowledged,
                sequence,
                packet,
            }) if acknowledged < frames
                && sequence < frames
                && packet.words.len() <= self.options.parameters.words as usize =>
            {
                (acknowledged, Some((sequence, packet)))
            }
            Ok(Frame::Acknowledgement { acknowledged }) if acknowledged < frames => (acknowledged, None),
            _ => {
                return self.handle_foreign(bytes, now);
            }
        };
        match self.state {
            State::Closed | State::Quiet { .. } => self.statistics.during_reset += 1,
            State::Resetting { .. } => match frame {
                (_, Some((0, packet))) if packet.kind == PacketType::RESET_ANSWER => {
                    self.answer(&packet, now)?
                }
                _ => self.statistics.during_reset += 1,
            },
            State::Open { deaf_until } if now < deaf_until => self.statistics.during_reset += 1,
            State::Open { .. } => {
                let (acknowledged, data) = frame;
                if let Some((sequence, packet)) = data {
                    if self.role == Role::Host && packet.kind == PacketType::RESET_ANSWER {
                        self.check_for_reset(acknowledged, sequence, now)?;
                    }
                    self.data(sequence, packet, now);
                }
                self.sender.acknowledge(acknowledged, now);
            }
        }
        Ok(())
    }

    /// The answer to a reset may look foreign because the other end has other parameters; saying so beats silence.
    fn handle_foreign(&mut self, bytes: &[u8], now: Duration) -> Result<(), ArqError> {
        if let State::Resetting { .. } = self.state
            && let Ok(Frame::Data {
                sequence: 0, packet, ..
            }) = Frame::from_udp(bytes)
            && packet.kind == PacketType::RESET_ANSWER
        {
            return self.answer(&packet, now);
        }
        self.statistics.foreign += 1;
        Ok(())
    }

    fn data(&mut self, sequence: u32, packet: Packet, now: Duration) {
        let words = packet.words.len() as u64;
        match self.receiver.frame(sequence, packet, now) {
            Arrival::New => {
                self.statistics.frames_received += 1;
                self.statistics.words_received += words;
            }
            Arrival::Old => self.statistics.frames_old += 1,
            Arrival::NoRoom => self.statistics.frames_without_room += 1,
        }
    }

    /// The answer to our reset, the first frame of a session.
    fn answer(&mut self, packet: &Packet, now: Duration) -> Result<(), ArqError> {
        let theirs = match Parameters::from_packet(packet) {
            Ok(theirs) => theirs,
            Err(source) => return Err(self.fail(|peer| ArqError::MalformedAnswer { peer, source })),
        };
        let ours = self.options.parameters;
        if theirs != ours {
            return Err(self.fail(|peer| ArqError::Parameters { peer, ours, theirs }));
        }
        self.receiver.frame(0, packet.clone(), now);
        self.receiver.receive(); // nobody else wants to see it
        self.statistics.resets += 1;
        // A reset or a frame of the old session may still be under way, in either direction.
        let settled = now.max(self.reset_sent + self.options.lifetime) + self.options.lifetime;
        self.state = State::Open { deaf_until: settled };
        Ok(())
    }

    /// An FPGA answers a reset again: because it has not heard from us yet, or because somebody else has reset it.
    fn check_for_reset(&mut self, acknowledged: u32, sequence: u32, now: Duration) -> Result<(), ArqError> {
        let lost_memory = acknowledged == self.options.parameters.frames - 1
            && self
                .sender
                .first_acknowledged()
                .is_some_and(|first| now > first + 2 * self.options.lifetime);
        let since = *self.answered_again.get_or_insert(now);
        let goes_on = now.saturating_sub(since) > STILL_ANSWERING;
        if self.receiver.expects(sequence) || lost_memory || goes_on {
            return Err(self.fail(|peer| ArqError::PeerReset { peer }));
        }
        Ok(())
    }
}
