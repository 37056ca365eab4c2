//! The receiving half of a window: puts frames into order, and knows when to acknowledge.

use super::ArqOptions;
use std::{collections::VecDeque, time::Duration};
use taproot_brainscales::wire::packet::Packet;

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It was expected now or soon.
    New,
    /// It has been here before, or is of no use.
    Old,
    /// There is no room for what it brings.
    NoRoom,
}

/// Receives frames and hands packets on in order, once each.
#[derive(Debug)]
pub(super) struct Receiver {
    options: ArqOptions,
    /// Number of the frame that is expected next, counted without end.
    next: u64,
    /// Frames that came too early, by their distance from `next`.
    early: VecDeque<Option<Packet>>,
    ready: VecDeque<Packet>,
    /// When an acknowledgement must be sent at the latest.
    due: Option<Duration>,
    /// Frames that have come in order since the last acknowledgement.
    unacknowledged: u32,
}

impl Receiver {
    pub(super) fn new(options: ArqOptions) -> Self {
        Self {
            options,
            next: 0,
            early: VecDeque::new(),
            ready: VecDeque::new(),
            due: None,
            unacknowledged: 0,
        }
    }

    /// Number of the last frame that came in order.
    pub(super) fn acknowledged(&self) -> u32 {
        let frames = u64::from(self.options.parameters.frames);
        ((self.next + frames - 1) % frames) as u32
    }

    /// Whether a frame with this number would be a new one.
    pub(super) fn expects(&self, number: u32) -> bool {
        let ahead = self.ahead(number);
        ahead < u64::from(self.options.parameters.window)
            && !matches!(self.early.get(ahead as usize), Some(Some(_)))
    }

    fn ahead(&self, number: u32) -> u64 {
        let frames = u64::from(self.options.parameters.frames);
        (u64::from(number) + frames - self.next % frames) % frames
    }

    pub(super) fn frame(&mut self, number: u32, packet: Packet, now: Duration) -> Arrival {
        if !self.expects(number) {
            self.due = Some(now); // our acknowledgement was lost
            return Arrival::Old;
        }
        let ahead = self.ahead(number) as usize;
        // A frame that fills a gap always has room, or nothing would ever move again.
        let grows = ahead >= self.early.len();
        if grows && self.ready.len() + ahead >= self.options.unread_largest.max(1) {
            return Arrival::NoRoom;
        }
        let had_gap = !self.early.is_empty();
        while self.early.len() <= ahead {
            self.early.push_back(None);
        }
        self.early[ahead] = Some(packet);
        while let Some(Some(_)) = self.early.front() {
            self.ready.extend(self.early.pop_front().flatten());
            self.next += 1;
            self.unacknowledged += 1;
        }
        // At once if something is missing, was missing, or half a window has come; else together with others.
        let many = self.unacknowledged >= self.options.parameters.window.div_ceil(2);
        let due = if ahead > 0 || had_gap || many {
            now
        } else {
            now + self.options.acknowledge_after
        };
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
        Arrival::New
    }

    /// An acknowledgement is on its way.
    pub(super) fn has_acknowledged(&mut self) {
        self.due = None;
        self.unacknowledged = 0;
    }

    /// When an acknowledgement is due.
    pub(super) fn due(&self) -> Option<Duration> {
        self.due
    }

    pub(super) fn receive(&mut self) -> Option<Packet> {
        self.ready.pop_front()
    }
}
