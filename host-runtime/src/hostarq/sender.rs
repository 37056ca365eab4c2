//! The sending half of a window: what is on its way, what waits, and when to send something again.

use super::{ArqOptions, ArqStatistics};
use std::{collections::VecDeque, time::Duration};
use taproot_brainscales::wire::packet::Packet;

/// Sends packets in order, each until it is acknowledged.
#[derive(Debug)]
pub(super) struct Sender {
    options: ArqOptions,
    /// Packets without a number yet.
    backlog: VecDeque<Packet>,
    /// Frames on their way, the oldest first.
    flying: VecDeque<Flying>,
    /// Number of the oldest frame on its way, counted without end.
    base: u64,
    /// When the frame with a number was last sent, by number modulo the window.
    last_sent: Vec<Option<Duration>>,
    round_trip: RoundTrip,
    /// When the oldest frame on its way became that.
    progress: Duration,
    /// When the first frame was acknowledged.
    first_acknowledged: Option<Duration>,
}

#[derive(Debug)]
struct Flying {
    packet: Packet,
    sent: Duration,
    attempts: u32,
    again: Duration,
}

impl Sender {
    pub(super) fn new(options: ArqOptions) -> Self {
        Self {
            options,
            backlog: VecDeque::new(),
            flying: VecDeque::new(),
            base: 0,
            last_sent: vec![None; options.parameters.window as usize],
            round_trip: RoundTrip::new(options),
            progress: Duration::ZERO,
            first_acknowledged: None,
        }
    }

    pub(super) fn push(&mut self, packet: Packet) {
        self.backlog.push_back(packet);
    }

    pub(super) fn waiting(&self) -> usize {
        self.backlog.len()
    }

    pub(super) fn outstanding(&self) -> usize {
        self.flying.len()
    }

    pub(super) fn first_acknowledged(&self) -> Option<Duration> {
        self.first_acknowledged
    }

    /// How long nothing has been acknowledged although something should have been.
    pub(super) fn stalled(&self, now: Duration) -> Duration {
        if self.flying.is_empty() {
            return Duration::ZERO;
        }
        now.saturating_sub(self.progress)
    }

    /// Whether the number is that of a frame on its way; then all up to it have arrived.
    pub(super) fn acknowledge(&mut self, number: u32, now: Duration) {
        let frames = u64::from(self.options.parameters.frames);
        let ahead = (u64::from(number) + frames - self.base % frames) % frames;
        if ahead >= self.flying.len() as u64 {
            return; // an old one
        }
        for _ in 0..=ahead {
            let Some(frame) = self.flying.pop_front() else {
                break;
            };
            self.base += 1;
            // A frame that was sent twice does not say which copy was acknowledged.
            if frame.attempts == 1 {
                self.round_trip.measure(now.saturating_sub(frame.sent));
            }
        }
        // It moves again: what has been repeated in vain before need not wait as long.
        let soon = now + self.round_trip.timeout(1);
        for frame in &mut self.flying {
            frame.again = frame.again.min(soon);
        }
        self.progress = now;
        self.first_acknowledged.get_or_insert(now);
    }

    /// Calls `send` with number and packet of every frame that should be sent now.
    pub(super) fn poll(
        &mut self,
        now: Duration,
        statistics: &mut ArqStatistics,
        send: &mut dyn FnMut(u32, &Packet),
    ) {
        let (frames, window) = (self.options.parameters.frames, self.options.parameters.window);
        let wire = |number: u64| (number % u64::from(frames)) as u32;
        let place = |number: u64| (number % u64::from(window)) as usize;
        for (number, frame) in (self.base..).zip(&mut self.flying) {
            if frame.again <= now {
                frame.attempts += 1;
                frame.again = now + self.round_trip.timeout(frame.attempts);
                self.last_sent[place(number)] = Some(now);
                statistics.frames_repeated += 1;
                send(wire(number), &frame.packet);
            }
        }
        while self.next_new().is_some_and(|time| time <= now)
            && let Some(packet) = self.backlog.pop_front()
        {
            let number = self.base + self.flying.len() as u64;
            if self.flying.is_empty() {
                self.progress = now;
            }
            statistics.frames_sent += 1;
            statistics.words_sent += packet.words.len() as u64;
            send(wire(number), &packet);
            self.last_sent[place(number)] = Some(now);
            self.flying.push_back(Flying {
                packet,
                sent: now,
                attempts: 1,
                again: now + self.round_trip.timeout(1),
            });
        }
    }

    /// When a new frame may be sent: nobody may still take the one a window before it for it. None if there is no
    /// frame, or no room.
    fn next_new(&self) -> Option<Duration> {
        let window = u64::from(self.options.parameters.window);
        let room = (self.flying.len() as u64) < window && !self.backlog.is_empty();
        let number = self.base + self.flying.len() as u64;
        room.then(|| {
            self.last_sent[(number % window) as usize]
                .map_or(Duration::ZERO, |sent| sent + 2 * self.options.lifetime)
        })
    }

    /// When there is something to send, or something to complain about.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let again = self.flying.iter().map(|frame| frame.again).min();
        let stalled = (!self.flying.is_empty()).then(|| self.progress + self.options.patience);
        [again, stalled, self.next_new()].into_iter().flatten().min()
    }
}

/// How long frames and their acknowledgements take (RFC 6298).
#[derive(Debug)]
struct RoundTrip {
    options: ArqOptions,
    /// Smoothed, and how much it varies.
    estimate: Option<(Duration, Duration)>,
}

impl RoundTrip {
    fn new(options: ArqOptions) -> Self {
        Self {
            options,
            estimate: None,
        }
    }

    fn measure(&mut self, sample: Duration) {
        self.estimate = Some(match self.estimate {
            None => (sample, sample / 2),
            Some((smooth, variation)) => (
                (7 * smooth + sample) / 8,
                (3 * variation + smooth.abs_diff(sample)) / 4,
            ),
        });
    }

    fn timeout(&self, attempts: u32) -> Duration {
        let ArqOptions {
            timeout,
            timeout_largest,
            ..
        } = self.options;
        let estimated = self
            .estimate
            .map_or(timeout, |(smooth, variation)| smooth + 4 * variation);
        let once = estimated.clamp(timeout, timeout_largest);
        once.saturating_mul(1 << (attempts - 1).min(16))
            .min(timeout_largest)
    }
}
