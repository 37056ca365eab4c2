//! The emulation thread: datagrams in, windows of emulated time, datagrams out.

use super::pace::{Bucket, Pace};
use super::sockets::{Bind, Sockets};
use super::tags;
use crate::EmulatorError;
use crate::machine::system::{Datagram, Statistics, System};
use crate::timing::Timing;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use taproot_spinnaker_chip::system_ram::SCP_PORT;
use taproot_spinnaker_chip::{ChipXy, Machine};

/// How to serve an emulated machine.
#[derive(Clone, Debug)]
pub struct Options {
    /// How fast emulated time passes.
    pub pace: Pace,
    /// Host threads that execute the machine, at least one. The result does not depend on it.
    pub threads: usize,
    /// Where the boards listen.
    pub bind: Bind,
    /// Durations of the hardware.
    pub timing: Timing,
}

impl Default for Options {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            pace: Pace::Free,
            threads,
            bind: Bind::Loopback,
            timing: Timing::STOCK,
        }
    }
}

/// A datagram that came from outside, with the emulated time at which the machine got it. Handing the same datagrams to a
/// [`System`] at the same cycles repeats the run exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// The cycle.
    pub cycle: u64,
    /// What came.
    pub datagram: Datagram,
}

/// Starts emulated machines.
#[derive(Debug)]
pub struct Emulator;

impl Emulator {
    /// Switches a machine on, in threads of its own, and returns once its boards listen.
    ///
    /// ```no_run
    /// use taproot_emulator::{Emulator, Options};
    /// use taproot_spinnaker_chip::Machine;
    /// let running = Emulator::start(&Machine::spin5(), &Options::default())?;
    /// println!("boot me at {}", running.address());
    /// # Ok::<(), taproot_emulator::EmulatorError>(())
    /// ```
    ///
    /// # Errors
    /// If the machine cannot be built, an address cannot be bound or is not loopback, or a thread cannot be started.
    pub fn start(machine: &Machine, options: &Options) -> Result<Running, EmulatorError> {
        Self::start_logged(machine, options, |_| {})
    }

    /// The same, and `log` is called, in the emulation thread, with everything that comes from outside, in order.
    ///
    /// # Errors
    /// As [`Emulator::start`].
    pub fn start_logged(
        machine: &Machine,
        options: &Options,
        log: impl FnMut(&Logged) + Send + 'static,
    ) -> Result<Running, EmulatorError> {
        let boards = machine.ethernet_chips().count();
        if boards == 0 {
            return Err(EmulatorError::NoEthernet);
        }
        machine.check()?;
        let mailbox = Arc::new(Mailbox::default());
        let inbox = Arc::clone(&mailbox);
        let sockets = Sockets::bind(
            options.bind,
            boards,
            Arc::new(move |datagram| inbox.put(Inbound::Datagram(datagram))),
        )?;
        let addresses: Vec<IpAddr> = sockets
            .addresses
            .iter()
            .map(|address| IpAddr::V4(*address))
            .collect();
        let system = System::with_timing(machine, &sockets.addresses, options.threads, &options.timing)?;
        let ethernets = system.ethernet_chips().collect();
        let mut server = Server {
            system,
            sockets,
            ethernets,
            mailbox: Arc::clone(&mailbox),
            bucket: Bucket::new(options.pace, Instant::now()),
            log: Box::new(log),
        };
        let thread = std::thread::Builder::new()
            .name("emulator".into())
            .spawn(move || server.run())
            .map_err(EmulatorError::Thread)?;
        Ok(Running {
            addresses,
            mailbox,
            thread: Some(thread),
        })
    }
}

/// A machine that is switched on. Dropping it switches it off.
#[derive(Debug)]
pub struct Running {
    addresses: Vec<IpAddr>,
    mailbox: Arc<Mailbox>,
    thread: Option<JoinHandle<Statistics>>,
}

impl Running {
    /// The address of the first board: the one to boot.
    pub fn address(&self) -> IpAddr {
        self.addresses[0]
    }

    /// The addresses of all boards, in the order of their Ethernet chips by x, then y.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// Emulated time: processor cycles of 5 ns since the machine was switched on.
    pub fn time(&self) -> u64 {
        self.mailbox.cycles.load(Ordering::Relaxed)
    }

    /// Instructions executed by all cores, a few milliseconds ago.
    pub fn instructions(&self) -> u64 {
        self.statistics().map_or(0, |statistics| statistics.instructions)
    }

    /// What the machine has done so far; none if its thread has died.
    pub fn statistics(&self) -> Option<Statistics> {
        if self.thread.as_ref().is_none_or(JoinHandle::is_finished) {
            return None;
        }
        let (answer, question) = mpsc::channel();
        self.mailbox.put(Inbound::Statistics(answer));
        question.recv_timeout(Duration::from_secs(10)).ok()
    }

    /// Reads memory without anything noticing, as [`System::inspect`] does, a few milliseconds ago; none if there is no such
    /// memory, or the machine's thread has died.
    pub fn inspect(&self, chip: ChipXy, core: Option<u8>, address: u32, length: usize) -> Option<Vec<u8>> {
        if self.thread.as_ref().is_none_or(JoinHandle::is_finished) {
            return None;
        }
        let (answer, question) = mpsc::channel();
        self.mailbox.put(Inbound::Inspect {
            chip,
            core,
            address,
            length,
            answer,
        });
        question.recv_timeout(Duration::from_secs(10)).ok()?
    }

    /// Switches the machine off and returns what it has done; none if its thread had died.
    pub fn stop(mut self) -> Option<Statistics> {
        self.halt()
    }

    fn halt(&mut self) -> Option<Statistics> {
        self.mailbox.put(Inbound::Stop);
        self.thread.take()?.join().ok()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.halt();
    }
}

/// What other threads ask of the emulation thread.
#[derive(Debug)]
enum Inbound {
    Datagram(Datagram),
    Statistics(mpsc::Sender<Statistics>),
    Inspect {
        chip: ChipXy,
        core: Option<u8>,
        address: u32,
        length: usize,
        answer: mpsc::Sender<Option<Vec<u8>>>,
    },
    Stop,
}

/// Datagrams that wait for the emulation thread, at most; more are lost, as in any network.
const MOST_WAITING: usize = 8192;

#[derive(Debug, Default)]
struct Mailbox {
    queue: Mutex<Vec<Inbound>>,
    arrived: Condvar,
    pending: AtomicBool,
    cycles: AtomicU64,
}

impl Mailbox {
    fn put(&self, inbound: Inbound) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.len() < MOST_WAITING || !matches!(inbound, Inbound::Datagram(_)) {
            queue.push(inbound);
            self.pending.store(true, Ordering::Release);
            self.arrived.notify_one();
        }
    }

    fn take(&self) -> Vec<Inbound> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        self.pending.store(false, Ordering::Release);
        std::mem::take(&mut queue)
    }

    fn wait(&self, most: Duration) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.is_empty() {
            // Whether it was a datagram or the time, the caller looks at both.
            let _ = self.arrived.wait_timeout(queue, most);
        }
    }
}

/// Windows between two looks at the clock.
const STRIDE: usize = 64;
/// The longest nap, so that a lost notification costs little.
const LONGEST_NAP: Duration = Duration::from_millis(50);

struct Server {
    system: System,
    sockets: Sockets,
    ethernets: Vec<ChipXy>,
    mailbox: Arc<Mailbox>,
    bucket: Bucket,
    log: Box<dyn FnMut(&Logged) + Send>,
}

impl Server {
    fn run(&mut self) -> Statistics {
        loop {
            if self.mailbox.pending.load(Ordering::Acquire) && self.collect() {
                return self.system.statistics();
            }
            let now = Instant::now();
            let before = self.system.now();
            let limit = before + self.bucket.available(now) / Timing::WINDOW * Timing::WINDOW;
            for _ in 0..STRIDE {
                if self.system.now() >= limit || self.mailbox.pending.load(Ordering::Relaxed) {
                    break;
                }
                self.system.step(limit);
                if self.system.has_received() {
                    self.flush();
                }
            }
            self.bucket.spend(self.system.now() - before);
            self.mailbox.cycles.store(self.system.now(), Ordering::Relaxed);
            if self.system.now() >= limit {
                self.nap();
            }
        }
    }

    /// Sleeps until emulated time may reach the next event, or something arrives.
    fn nap(&mut self) {
        let now = Instant::now();
        let ahead = match self.system.next_event() {
            Some(next) => (next - self.system.now()).max(Timing::WINDOW),
            None => u64::MAX,
        };
        self.mailbox
            .wait(self.bucket.wait_for(ahead, now).min(LONGEST_NAP));
    }

    /// Hands what has arrived to the machine. True: stop.
    fn collect(&mut self) -> bool {
        for inbound in self.mailbox.take() {
            match inbound {
                Inbound::Stop => return true,
                Inbound::Statistics(answer) => {
                    // Nobody may be waiting any more.
                    let _ = answer.send(self.system.statistics());
                }
                Inbound::Inspect {
                    chip,
                    core,
                    address,
                    length,
                    answer,
                } => {
                    let mut bytes = vec![0; length];
                    let found = self.system.inspect(chip, core, address, &mut bytes);
                    let _ = answer.send(found.then_some(bytes));
                }
                Inbound::Datagram(datagram) => {
                    self.bucket.traffic(Instant::now());
                    self.learn(&datagram);
                    self.system.send(&datagram);
                    (self.log)(&Logged {
                        cycle: self.system.now(),
                        datagram,
                    });
                }
            }
        }
        false
    }

    /// Opens the port of a reverse IP tag that a datagram asks for.
    fn learn(&mut self, datagram: &Datagram) {
        if datagram.port == SCP_PORT
            && let Some(tag) = tags::reverse_tag(&datagram.data)
        {
            let target = ChipXy::new(tag.chip.0, tag.chip.1);
            let board = self
                .ethernets
                .iter()
                .position(|xy| *xy == target)
                .unwrap_or(datagram.board);
            self.sockets.open(board, tag.port);
        }
    }

    fn flush(&mut self) {
        self.bucket.traffic(Instant::now());
        for datagram in self.system.take_received() {
            self.sockets.send(&datagram);
        }
    }
}
