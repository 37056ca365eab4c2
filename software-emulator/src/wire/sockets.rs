//! The sockets of a machine's boards, and the threads that listen to them.

use crate::EmulatorError;
use crate::machine::system::Datagram;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use taproot_spinnaker_chip::system_ram::{BOOT_PORT, SCP_PORT};

/// Where the boards of a machine listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Bind {
    /// The first run of free loopback addresses from 127.0.0.2 on, one address for each Ethernet chip. Several machines
    /// can run at once.
    #[default]
    Loopback,
    /// This loopback address and, for further Ethernet chips, those after it.
    At(Ipv4Addr),
    /// This address and those after it, even if other machines can reach them. The firmware has no access control:
    /// whoever can send to these addresses can do everything.
    Open(Ipv4Addr),
}

/// Where the search for free addresses begins: hosts treat 127.0.0.1 itself as "no machine" (SpiNNMan).
const FIRST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Addresses tried before the search is given up.
const TRIES: u32 = 4000;
/// The kernel's buffer for datagrams that wait: hosts send in bursts.
const BUFFER: usize = 4 << 20;
/// A further port of one board beyond this many is not opened.
const MOST_PORTS: usize = 64;

/// One bound socket and its listener.
struct Port {
    socket: Arc<UdpSocket>,
    listener: Option<JoinHandle<()>>,
}

/// Called with every datagram that arrives.
pub(super) type Deliver = Arc<dyn Fn(Datagram) + Send + Sync>;

/// The sockets of all boards, by board and port.
pub(super) struct Sockets {
    pub(super) addresses: Vec<Ipv4Addr>,
    ports: BTreeMap<(usize, u16), Port>,
    /// Ports that could not be opened.
    refused: BTreeSet<(usize, u16)>,
    stop: Arc<AtomicBool>,
    deliver: Deliver,
}

type Bound = Vec<((usize, u16), UdpSocket)>;

impl Sockets {
    /// Binds the two well-known ports of `boards` boards.
    pub(super) fn bind(bind: Bind, boards: usize, deliver: Deliver) -> Result<Self, EmulatorError> {
        let (addresses, bound) = match bind {
            Bind::Loopback => search(boards)?,
            Bind::At(first) if !first.is_loopback() => {
                return Err(EmulatorError::NotLoopback(first.into()));
            }
            Bind::At(first) | Bind::Open(first) => bind_all(first, boards)?,
        };
        let mut sockets = Self {
            addresses,
            ports: BTreeMap::new(),
            refused: BTreeSet::new(),
            stop: Arc::new(AtomicBool::new(false)),
            deliver,
        };
        for ((board, port), socket) in bound {
            sockets.listen(board, port, socket)?;
        }
        Ok(sockets)
    }

    fn listen(&mut self, board: usize, port: u16, socket: UdpSocket) -> Result<(), EmulatorError> {
        socket
            .set_read_timeout(Some(Duration::from_secs(1)))
            .map_err(EmulatorError::Thread)?;
        let socket = Arc::new(socket);
        let (source, stop, deliver) = (
            Arc::clone(&socket),
            Arc::clone(&self.stop),
            Arc::clone(&self.deliver),
        );
        let listener = std::thread::Builder::new()
            .name(format!("board {board} port {port}"))
            .spawn(move || listen(&source, board, port, &stop, &deliver))
            .map_err(EmulatorError::Thread)?;
        self.ports.insert(
            (board, port),
            Port {
                socket,
                listener: Some(listener),
            },
        );
        Ok(())
    }

    /// Opens a further port of a board, if it is not open yet. That it cannot be opened is an error the first time; later it is
    /// tried in silence.
    pub(super) fn open(&mut self, board: usize, port: u16) -> Result<(), EmulatorError> {
        let Some(address) = self.addresses.get(board).copied() else {
            return Ok(());
        };
        if port == 0 || self.ports.contains_key(&(board, port)) {
            return Ok(());
        }
        let open = self.ports.keys().filter(|(other, _)| *other == board).count();
        let result = if open < MOST_PORTS {
            bind_one(address, port).and_then(|socket| self.listen(board, port, socket))
        } else {
            Err(EmulatorError::Bind {
                address: address.into(),
                port,
                source: std::io::Error::other(format!("{MOST_PORTS} ports of this board are open already")),
            })
        };
        match result {
            Err(error) if self.refused.insert((board, port)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Sends a datagram from its board's port, or from the SCP port if that one is not open.
    pub(super) fn send(&self, datagram: &Datagram) {
        let port = self
            .ports
            .get(&(datagram.board, datagram.port))
            .or_else(|| self.ports.get(&(datagram.board, SCP_PORT)));
        if let Some(port) = port
            && let Err(error) = port.socket.send_to(&datagram.data, datagram.host)
        {
            // As on a real network, the datagram is lost.
            tracing::debug!(host = %datagram.host, "a datagram could not be sent: {error}");
        }
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        for port in self.ports.values_mut() {
            // A datagram to itself wakes the listener; otherwise its time-out does.
            if let Ok(own) = port.socket.local_addr() {
                let _ = port.socket.send_to(&[], own);
            }
        }
        for port in self.ports.values_mut() {
            if let Some(listener) = port.listener.take() {
                let _ = listener.join();
            }
        }
    }
}

fn listen(socket: &UdpSocket, board: usize, port: u16, stop: &AtomicBool, deliver: &Deliver) {
    let mut buffer = vec![0; 65_536];
    while !stop.load(Ordering::Acquire) {
        if let Ok((length, SocketAddr::V4(host))) = socket.recv_from(&mut buffer)
            && !stop.load(Ordering::Acquire)
        {
            deliver(Datagram {
                board,
                port,
                host,
                data: buffer[..length].to_vec(),
            });
        }
    }
}

fn bind_one(address: Ipv4Addr, port: u16) -> Result<UdpSocket, EmulatorError> {
    let bind = || {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        // The kernel may grant less.
        let _ = socket.set_recv_buffer_size(BUFFER);
        socket.bind(&SocketAddrV4::new(address, port).into())?;
        Ok(socket.into())
    };
    bind().map_err(|source| EmulatorError::Bind {
        address: address.into(),
        port,
        source,
    })
}

fn bind_all(first: Ipv4Addr, boards: usize) -> Result<(Vec<Ipv4Addr>, Bound), EmulatorError> {
    let mut bound = Vec::new();
    let mut addresses = Vec::new();
    for board in 0..boards {
        let address = Ipv4Addr::from(u32::from(first).wrapping_add(board as u32));
        for port in [SCP_PORT, BOOT_PORT] {
            bound.push(((board, port), bind_one(address, port)?));
        }
        addresses.push(address);
    }
    Ok((addresses, bound))
}

fn search(boards: usize) -> Result<(Vec<Ipv4Addr>, Bound), EmulatorError> {
    let mut first = FIRST;
    for _ in 0..TRIES {
        match bind_all(first, boards) {
            Err(EmulatorError::Bind {
                address: IpAddr::V4(taken),
                source,
                ..
            }) if source.kind() == std::io::ErrorKind::AddrInUse => {
                first = Ipv4Addr::from(u32::from(taken) + 1);
            }
            other => return other,
        }
    }
    Err(EmulatorError::NoFreeAddress {
        boards,
        first: FIRST.into(),
    })
}
