//! How datagrams get to an FPGA and back.

use crate::{Clock, TransportError};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    sync::Arc,
    time::Duration,
};
use taproot_brainscales::wire::frame;

/// Carries datagrams between a host and one FPGA, and may lose, repeat, delay and swap them.
///
/// Unlike a [`Transport`](crate::Transport) it has a second port: an FPGA answers a reset to where it came from, so both
/// ports must be reached from the same socket.
pub trait Line: Send {
    /// Sends a frame.
    fn send(&mut self, frame: &[u8]) -> Result<(), TransportError>;
    /// Sends a reset.
    fn send_reset(&mut self) -> Result<(), TransportError>;
    /// The next datagram, or none if there is none before `deadline` on the clock that the line was given. A datagram
    /// that is there already is returned whatever the deadline.
    fn receive(&mut self, deadline: Duration) -> Result<Option<Vec<u8>>, TransportError>;
    /// The other end, for messages.
    fn peer(&self) -> String;
}

/// UDP.
pub struct UdpLine {
    socket: UdpSocket,
    data: SocketAddr,
    reset: SocketAddr,
    clock: Arc<dyn Clock>,
    buffer: Vec<u8>,
}

/// Bytes that the operating system is asked to buffer in each direction, as `sctrltp` does.
const BUFFER_BYTES: usize = 10 << 20;
/// Longest sleep between two looks at the socket: a quarter of the shortest time that the protocol knows.
const NAP: Duration = Duration::from_micros(125);

impl UdpLine {
    /// A socket to the standard ports of an FPGA. It hears nobody else. Nothing is sent yet, so a wrong address shows
    /// only when nothing answers.
    pub fn connect(address: Ipv4Addr, clock: Arc<dyn Clock>) -> Result<Self, TransportError> {
        Self::to_ports(address, frame::DATA_PORT, frame::RESET_PORT, clock)
    }

    /// A socket to other ports.
    pub fn to_ports(
        address: Ipv4Addr,
        data: u16,
        reset: u16,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TransportError> {
        let (data, reset) = (
            SocketAddr::from((address, data)),
            SocketAddr::from((address, reset)),
        );
        let open = || -> io::Result<UdpSocket> {
            let socket = UdpSocket::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0))?;
            let buffers = socket2::SockRef::from(&socket);
            // The system may grant less, which costs repetitions and nothing else.
            let _ = buffers.set_recv_buffer_size(BUFFER_BYTES);
            let _ = buffers.set_send_buffer_size(BUFFER_BYTES);
            socket.connect(data)?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        };
        let socket = open().map_err(|source| TransportError::Open {
            peer: data.to_string(),
            source,
        })?;
        Ok(Self {
            socket,
            data,
            reset,
            clock,
            buffer: vec![0; 2048],
        })
    }

    fn failed(&self, source: io::Error) -> TransportError {
        TransportError::Io {
            peer: self.data.to_string(),
            source,
        }
    }

    fn sent(&self, result: io::Result<usize>) -> Result<(), TransportError> {
        match result {
            Err(error) if !crate::transport::is_loss(&error) => Err(self.failed(error)),
            _ => Ok(()),
        }
    }
}

impl Line for UdpLine {
    fn send(&mut self, frame: &[u8]) -> Result<(), TransportError> {
        self.sent(self.socket.send(frame))
    }

    fn send_reset(&mut self) -> Result<(), TransportError> {
        self.sent(self.socket.send_to(&frame::RESET, self.reset))
    }

    fn receive(&mut self, deadline: Duration) -> Result<Option<Vec<u8>>, TransportError> {
        loop {
            match self.socket.recv(&mut self.buffer) {
                Ok(length) => return Ok(Some(self.buffer[..length].to_vec())),
                Err(error) if crate::transport::is_loss(&error) => {}
                Err(error) => return Err(self.failed(error)),
            }
            let left = deadline.saturating_sub(self.clock.now());
            if left.is_zero() {
                return Ok(None);
            }
            // Time-outs of sockets are rounded to milliseconds, which is more than the protocol's.
            self.clock.sleep(left.min(NAP));
        }
    }

    fn peer(&self) -> String {
        self.data.to_string()
    }
}
