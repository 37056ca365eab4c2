//! The port on which debuggers call, and the threads that listen there.

use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What happens on the port.
pub(super) enum Event {
    /// A client is there: its number, and the way to it.
    Connected(u64, TcpStream),
    /// It has sent something, and sends no more before this is dropped.
    Bytes(u64, Vec<u8>, Sender<()>),
    /// It has gone.
    Gone(u64),
}

/// Told of everything that happens.
pub(super) type Deliver = Arc<dyn Fn(Event) + Send + Sync>;

/// How long a second client waits for the first one to leave before it is turned away.
const PATIENCE: Duration = Duration::from_secs(1);
/// How soon a silent client's listener notices that it is no longer wanted.
const LOOK: Duration = Duration::from_secs(1);

/// A port that is open.
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    deliver: Deliver,
    /// A client is being served.
    busy: AtomicBool,
    stop: AtomicBool,
}

impl Listener {
    /// Opens a port.
    pub(super) fn open(address: SocketAddr, deliver: Deliver) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            deliver,
            busy: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("debugger port".into())
            .spawn(move || accept(&listener, &of_thread))?;
        Ok(Self {
            address,
            shared,
            thread: Some(thread),
        })
    }

    /// The client that was served is served no longer.
    pub(super) fn free(&self) {
        self.shared.busy.store(false, Ordering::Release);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        // A call of its own wakes the thread.
        let mut own = self.address;
        if own.ip().is_unspecified() {
            own.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        if TcpStream::connect_timeout(&own, LOOK).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut client = 0;
    while !shared.stop.load(Ordering::Acquire) {
        let Ok((stream, _)) = listener.accept() else {
            // Too many open files, perhaps: that may pass.
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        // Whoever calls again right after leaving may be faster than the machine's noticing.
        let since = Instant::now();
        while shared.busy.load(Ordering::Acquire)
            && since.elapsed() < PATIENCE
            && !shared.stop.load(Ordering::Acquire)
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        if shared.stop.load(Ordering::Acquire) || shared.busy.swap(true, Ordering::AcqRel) {
            // One client at a time: the stream closes here.
            continue;
        }
        client += 1;
        if !serve(client, stream, shared) {
            shared.busy.store(false, Ordering::Release);
        }
    }
}

/// Announces a client and has it listened to. Its end is announced after its beginning, however soon it leaves.
fn serve(client: u64, stream: TcpStream, shared: &Arc<Shared>) -> bool {
    let Ok(ours) = stream.try_clone() else {
        return false;
    };
    if ours.set_read_timeout(Some(LOOK)).is_err() {
        return false;
    }
    (shared.deliver)(Event::Connected(client, stream));
    let of_thread = Arc::clone(shared);
    let thread = std::thread::Builder::new()
        .name(format!("debugger {client}"))
        .spawn(move || {
            listen(client, ours, &of_thread);
            (of_thread.deliver)(Event::Gone(client));
        });
    if thread.is_err() {
        (shared.deliver)(Event::Gone(client));
    }
    true
}

fn listen(client: u64, mut stream: TcpStream, shared: &Shared) {
    let mut buffer = [0; 4096];
    while !shared.stop.load(Ordering::Acquire) {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(length) => {
                let (done, handled) = mpsc::channel();
                (shared.deliver)(Event::Bytes(client, buffer[..length].to_vec(), done));
                // Nothing is ever sent: it ends when the other side is dropped.
                let _ = handled.recv();
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}
