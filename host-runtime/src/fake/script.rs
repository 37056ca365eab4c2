//! A transport that follows a script: packets expected, replies given.

use super::FakeClock;
use crate::{Clock, Transport, TransportError};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The packet that is expected next.
    pub expected: Vec<u8>,
    /// What comes back, each after a delay.
    pub replies: Vec<(Duration, Vec<u8>)>,
}

/// A transport that follows a script. Sending anything else than what is expected next is a panic that shows both;
/// so is dropping it with steps left over.
pub struct ScriptedTransport {
    clock: Arc<FakeClock>,
    script: VecDeque<Exchange>,
    /// By time of arrival, then in order.
    arriving: Vec<(Duration, Vec<u8>)>,
    closed: bool,
}

impl ScriptedTransport {
    /// A transport on `clock` with a script.
    pub fn new(clock: Arc<FakeClock>, script: impl IntoIterator<Item = Exchange>) -> Self {
        Self {
            clock,
            script: script.into_iter().collect(),
            arriving: Vec::new(),
            closed: false,
        }
    }
}

impl Transport for ScriptedTransport {
    fn send(&mut self, packet: &[u8]) -> Result<(), TransportError> {
        if self.closed {
            return Err(TransportError::Closed { peer: self.peer() });
        }
        let Some(step) = self.script.pop_front() else {
            panic!("the script has ended, but {packet:02x?} was sent")
        };
        assert_eq!(packet, step.expected, "the script expects another packet");
        let now = self.clock.now();
        self.arriving.extend(
            step.replies
                .into_iter()
                .map(|(delay, reply)| (now + delay, reply)),
        );
        self.arriving.sort_by_key(|(time, _)| *time);
        Ok(())
    }

    fn receive(&mut self, deadline: Duration) -> Result<Option<Vec<u8>>, TransportError> {
        if self.closed {
            return Err(TransportError::Closed { peer: self.peer() });
        }
        match self.arriving.first() {
            Some((time, _)) if *time <= deadline => {
                let (time, packet) = self.arriving.remove(0);
                self.clock.advance_to(time);
                Ok(Some(packet))
            }
            _ => {
                self.clock.advance_to(deadline);
                Ok(None)
            }
        }
    }

    fn close(&mut self) {
        self.closed = true;
    }

    fn peer(&self) -> String {
        "a script".into()
    }
}

impl Drop for ScriptedTransport {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(
                self.script.is_empty(),
                "the script was left with {} steps to go",
                self.script.len()
            );
        }
    }
}
