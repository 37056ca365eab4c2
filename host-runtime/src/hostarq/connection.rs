//! The host's end of a connection, run over a line.

use super::{ArqError, ArqOptions, ArqStatistics, Datagram, Endpoint, Line};
use crate::Clock;
use std::{sync::Arc, time::Duration};
use taproot_brainscales::wire::packet::Packet;

/// A connection to an FPGA.
///
/// ```no_run
/// # use std::{sync::Arc, time::Duration};
/// # use taproot_brainscales::wire::statistics::{self, Statistic};
/// # use taproot_host::{SystemClock, hostarq::{ArqOptions, HostArq, UdpLine}};
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = Arc::new(SystemClock::new());
/// let line = UdpLine::connect("192.168.1.1".parse()?, clock.clone())?;
/// let mut fpga = HostArq::connect(Box::new(line), clock, ArqOptions::default())?;
/// fpga.send(Statistic::Bitfile.to_packet())?;
/// if let Some(answer) = fpga.receive(Duration::from_secs(1))? {
///     println!("{:?}", statistics::Bitfile::from_value(statistics::value(&answer)?));
/// }
/// # Ok(())
/// # }
/// ```
pub struct HostArq {
    line: Box<dyn Line>,
    clock: Arc<dyn Clock>,
    endpoint: Endpoint,
}

/// Datagrams taken from the line before what they call for is sent.
const BATCH: usize = 32;

impl HostArq {
    /// Resets the connection to an FPGA, and returns when it has answered.
    pub fn connect(
        line: Box<dyn Line>,
        clock: Arc<dyn Clock>,
        options: ArqOptions,
    ) -> Result<Self, ArqError> {
        let endpoint = Endpoint::host(line.peer(), options);
        let mut connection = Self {
            line,
            clock,
            endpoint,
        };
        connection.reset()?;
        Ok(connection)
    }

    /// Begins a new session. What was on its way in the one before is lost.
    pub fn reset(&mut self) -> Result<(), ArqError> {
        self.endpoint.reset(self.clock.now());
        while !self.endpoint.is_open() {
            self.step(Duration::MAX)?;
        }
        Ok(())
    }

    /// Sends a packet; waits while too many others wait already.
    ///
    /// # Panics
    /// If the packet has no words, or more than the connection allows.
    pub fn send(&mut self, packet: Packet) -> Result<(), ArqError> {
        while !self.endpoint.has_room() {
            self.step(Duration::MAX)?;
        }
        self.endpoint.send(packet)
    }

    /// Waits until everything that was sent has been acknowledged.
    pub fn flush(&mut self) -> Result<(), ArqError> {
        self.endpoint.poll(self.clock.now())?;
        while !self.endpoint.is_flushed() {
            self.step(Duration::MAX)?;
        }
        Ok(())
    }

    /// The next packet, or none if none comes within `wait`.
    pub fn receive(&mut self, wait: Duration) -> Result<Option<Packet>, ArqError> {
        let deadline = self.clock.now().saturating_add(wait);
        loop {
            if let Some(packet) = self.endpoint.receive() {
                return Ok(Some(packet));
            }
            if self.clock.now() >= deadline {
                return Ok(None);
            }
            self.step(deadline)?;
        }
    }

    /// How the connection has fared.
    pub fn statistics(&self) -> ArqStatistics {
        self.endpoint.statistics()
    }

    /// Sends what is due, and waits for something to come, until something is due, or until `deadline`.
    fn step(&mut self, deadline: Duration) -> Result<(), ArqError> {
        self.endpoint.poll(self.clock.now())?;
        while let Some(datagram) = self.endpoint.transmit() {
            match datagram {
                Datagram::Frame(frame) => self.line.send(&frame)?,
                Datagram::Reset => self.line.send_reset()?,
            }
        }
        let mut until = self.endpoint.deadline().map_or(deadline, |due| due.min(deadline));
        for _ in 0..BATCH {
            let Some(bytes) = self.line.receive(until)? else {
                break;
            };
            let now = self.clock.now();
            self.endpoint.handle(&bytes, now)?;
            until = now;
        }
        Ok(())
    }
}
