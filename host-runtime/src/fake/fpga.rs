//! An FPGA that speaks HostARQ over real sockets and answers packets as a test says.

use crate::{
    Clock, SystemClock,
    hostarq::{ArqOptions, ArqStatistics, Datagram, Endpoint},
};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};
use taproot_brainscales::wire::packet::Packet;

/// An FPGA on loopback, in a thread of its own; it ends when it is dropped.
pub struct FakeFpga {
    data_port: u16,
    reset_port: u16,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<ArqStatistics>>,
}

impl FakeFpga {
    /// An FPGA that answers each packet with those that `respond` returns.
    pub fn start(
        options: ArqOptions,
        mut respond: impl FnMut(Packet) -> Vec<Packet> + Send + 'static,
    ) -> io::Result<Self> {
        let socket = || -> io::Result<UdpSocket> {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(10 << 20);
            socket.set_nonblocking(true)?;
            Ok(socket)
        };
        let (data, reset) = (socket()?, socket()?);
        let (data_port, reset_port) = (data.local_addr()?.port(), reset.local_addr()?.port());
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let clock = SystemClock::new();
            let mut endpoint = Endpoint::fpga("the host of a fake FPGA", options);
            let mut host = None;
            while !stopped.load(Ordering::Relaxed) {
                let busy = turn(&data, &reset, &mut host, &mut endpoint, &clock);
                while let Some(packet) = endpoint.receive() {
                    for answer in respond(packet) {
                        // A session that has ended wants no answers any more.
                        let _ = endpoint.send(answer);
                    }
                }
                if !busy {
                    clock.sleep(Duration::from_micros(20));
                }
            }
            endpoint.statistics()
        });
        Ok(Self {
            data_port,
            reset_port,
            stop,
            thread: Some(thread),
        })
    }

    /// Its port for frames.
    pub fn data_port(&self) -> u16 {
        self.data_port
    }

    /// Its port for resets.
    pub fn reset_port(&self) -> u16 {
        self.reset_port
    }

    /// Stops it; says how its end of the connection has fared.
    pub fn stop(mut self) -> ArqStatistics {
        self.end().unwrap_or_default()
    }

    fn end(&mut self) -> Option<ArqStatistics> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take()?.join().ok()
    }
}

impl Drop for FakeFpga {
    fn drop(&mut self) {
        self.end();
    }
}

/// Takes what has come and sends what is due; whether anything has come.
fn turn(
    data: &UdpSocket,
    reset: &UdpSocket,
    host: &mut Option<SocketAddr>,
    endpoint: &mut Endpoint,
    clock: &SystemClock,
) -> bool {
    let mut buffer = [0; 2048];
    let mut busy = false;
    if let Ok((length, from)) = reset.recv_from(&mut buffer) {
        *host = Some(from);
        endpoint.handle_reset(&buffer[..length], clock.now());
        busy = true;
    }
    for _ in 0..32 {
        let Ok((length, from)) = data.recv_from(&mut buffer) else {
            break;
        };
        if Some(from) == *host {
            // Its own end fails if the host has gone; it waits for the next reset then.
            let _ = endpoint.handle(&buffer[..length], clock.now());
        }
        busy = true;
    }
    let _ = endpoint.poll(clock.now());
    while let Some(datagram) = endpoint.transmit() {
        if let (Datagram::Frame(frame), Some(host)) = (datagram, *host) {
            let _ = data.send_to(&frame, host);
        }
    }
    busy
}
