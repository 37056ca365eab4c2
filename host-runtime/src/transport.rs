//! How packets get to a machine and back.

use crate::Clock;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::Arc,
    time::Duration,
};

/// Something that carries packets, and may lose, repeat, delay and swap them.
pub trait Transport: Send {
    /// Sends one packet.
    fn send(&mut self, packet: &[u8]) -> Result<(), TransportError>;

    /// The next packet, or none if there is none before `deadline` on the clock that the transport was given.
    fn receive(&mut self, deadline: Duration) -> Result<Option<Vec<u8>>, TransportError>;

    /// Ends the connection. Sending and receiving fail from then on.
    fn close(&mut self);

    /// The other end, for messages.
    fn peer(&self) -> String;
}

/// A transport that does not work; lost packets are not an error.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No connection to the other end.
    #[error("cannot open a connection to {peer}")]
    Open {
        /// The other end.
        peer: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The operating system refused to send or receive.
    #[error("the connection to {peer} failed")]
    Io {
        /// The other end.
        peer: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// Someone has closed it.
    #[error("the connection to {peer} is closed")]
    Closed {
        /// The other end.
        peer: String,
    },
}

/// Opens transports, by address and port of a board.
pub trait Opener: Send {
    /// A transport to a board.
    fn open(&mut self, address: Ipv4Addr, port: u16) -> Result<Box<dyn Transport>, TransportError>;
}

/// Opens UDP transports.
pub struct UdpOpener {
    clock: Arc<dyn Clock>,
}

impl UdpOpener {
    /// Transports that measure time with `clock`, which must be a real one: sockets wait in real time.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl Opener for UdpOpener {
    fn open(&mut self, address: Ipv4Addr, port: u16) -> Result<Box<dyn Transport>, TransportError> {
        Ok(Box::new(UdpTransport::connect(
            SocketAddr::from((address, port)),
            self.clock.clone(),
        )?))
    }
}

/// UDP to one port of one board.
pub struct UdpTransport {
    socket: Option<UdpSocket>,
    peer: SocketAddr,
    clock: Arc<dyn Clock>,
    buffer: Vec<u8>,
}

impl UdpTransport {
    /// A socket that sends to `peer` and hears nobody else. No packet is sent yet, so a wrong address shows only when
    /// nothing answers.
    pub fn connect(peer: SocketAddr, clock: Arc<dyn Clock>) -> Result<Self, TransportError> {
        let open = || {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
            socket.connect(peer)?;
            Ok(socket)
        };
        let socket = open().map_err(|source| TransportError::Open {
            peer: peer.to_string(),
            source,
        })?;
        Ok(Self {
            socket: Some(socket),
            peer,
            clock,
            buffer: vec![0; 2048],
        })
    }

    fn failed(&self, source: io::Error) -> TransportError {
        TransportError::Io {
            peer: self.peer.to_string(),
            source,
        }
    }

    fn closed(&self) -> TransportError {
        TransportError::Closed {
            peer: self.peer.to_string(),
        }
    }
}

/// Errors that mean that a packet got lost: nobody listens (yet), a full queue, a signal.
pub(crate) fn is_loss(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
            | io::ErrorKind::WouldBlock
            | io::ErrorKind::TimedOut
    )
}

impl Transport for UdpTransport {
    fn send(&mut self, packet: &[u8]) -> Result<(), TransportError> {
        let socket = self.socket.as_ref().ok_or_else(|| self.closed())?;
        match socket.send(packet) {
            Ok(_) => Ok(()),
            Err(error) if is_loss(&error) => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn receive(&mut self, deadline: Duration) -> Result<Option<Vec<u8>>, TransportError> {
        loop {
            let left = deadline.saturating_sub(self.clock.now());
            if left.is_zero() {
                return Ok(None);
            }
            let socket = self.socket.as_ref().ok_or_else(|| self.closed())?;
            // The operating system rounds down, and zero would mean for ever.
            let wait = left.max(Duration::from_millis(1));
            let received = socket
                .set_read_timeout(Some(wait))
                .and_then(|()| socket.recv(&mut self.buffer));
            match received {
                Ok(length) => return Ok(Some(self.buffer[..length].to_vec())),
                Err(error) if is_loss(&error) => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    fn close(&mut self) {
        self.socket = None;
    }

    fn peer(&self) -> String {
        self.peer.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemClock;

    #[test]
    fn packets_go_both_ways_over_loopback_and_a_deadline_ends_the_wait() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let board = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut transport = UdpTransport::connect(board.local_addr().unwrap(), clock.clone()).unwrap();
        transport.send(b"ping").unwrap();
        let mut buffer = [0; 16];
        let (length, host) = board.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"ping");
        board.send_to(b"pong", host).unwrap();
        let soon = clock.now() + Duration::from_secs(5);
        assert_eq!(transport.receive(soon).unwrap().as_deref(), Some(&b"pong"[..]));
        let now = clock.now();
        assert_eq!(transport.receive(now).unwrap(), None);
        transport.close();
        assert!(transport.send(b"ping").is_err());
    }
}
