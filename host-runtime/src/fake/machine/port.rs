//! The way to a fake machine: transports that hand over packets at once and replies when their time has come.

use super::FakeMachine;
use crate::{
    Clock, Opener, Transport, TransportError,
    fake::{FakeClock, Faults, FaultyTransport},
};
use std::{collections::VecDeque, net::Ipv4Addr, sync::Arc, time::Duration};
use taproot_spinnaker_chip::system_ram::BOOT_PORT;

/// Opens transports to a [`FakeMachine`].
pub struct FakeOpener {
    pub(super) machine: FakeMachine,
    pub(super) faults: Option<Faults>,
    pub(super) opened: u64,
}

impl Opener for FakeOpener {
    fn open(&mut self, address: Ipv4Addr, port: u16) -> Result<Box<dyn Transport>, TransportError> {
        let clock = self.machine.state().clock.clone();
        let transport = Port {
            machine: self.machine.clone(),
            clock: clock.clone(),
            address,
            port,
            replies: VecDeque::new(),
            closed: false,
        };
        self.opened += 1;
        Ok(match self.faults {
            None => Box::new(transport),
            Some(faults) => {
                let seed = faults.seed.wrapping_add(self.opened);
                Box::new(FaultyTransport::new(transport, clock, Faults { seed, ..faults }))
            }
        })
    }
}

struct Port {
    machine: FakeMachine,
    clock: Arc<FakeClock>,
    address: Ipv4Addr,
    port: u16,
    replies: VecDeque<(Duration, Vec<u8>)>,
    closed: bool,
}

impl Transport for Port {
    fn send(&mut self, packet: &[u8]) -> Result<(), TransportError> {
        if self.closed {
            return Err(TransportError::Closed { peer: self.peer() });
        }
        let mut state = self.machine.state();
        let Some(ethernet) = state.ethernet(self.address).filter(|_| !state.unplugged) else {
            return Ok(());
        };
        if self.port == BOOT_PORT {
            state.boot_packet(packet);
        } else if let Some((delay, reply)) = state.scp_packet(packet, ethernet) {
            self.replies.push_back((self.clock.now() + delay, reply));
        }
        Ok(())
    }

    fn receive(&mut self, deadline: Duration) -> Result<Option<Vec<u8>>, TransportError> {
        let first = (0..self.replies.len()).min_by_key(|index| self.replies[*index].0);
        match first.filter(|index| self.replies[*index].0 <= deadline) {
            Some(index) => {
                let reply = self.replies.remove(index);
                Ok(reply.map(|(time, packet)| {
                    self.clock.advance_to(time);
                    packet
                }))
            }
            None => {
                self.clock.advance_to(deadline);
                Ok(None)
            }
        }
    }

    fn close(&mut self) {
        self.closed = true;
    }

    fn peer(&self) -> String {
        self.address.to_string()
    }
}
