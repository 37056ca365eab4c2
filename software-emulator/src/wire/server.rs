//! The emulation thread: datagrams in, windows of emulated time, datagrams out.

use super::pace::{Bucket, Pace};
use super::sockets::{Bind, Sockets};
use super::tags;
use crate::EmulatorError;
use crate::debugger::Debugger;
use crate::machine::system::{Datagram, Statistics, System};
use crate::timing::{CYCLES_PER_SECOND, Timing};
use crate::trace::{Logged, Record, Start, TraceWriter};
use std::collections::VecDeque;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
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
    /// Execute with the plain interpreter alone. Slower; the result does not depend on it.
    pub plain: bool,
    /// Where a [debugger](Debugger) may call; port 0 takes one that is free. Who reaches it can do everything.
    pub debugger: Option<SocketAddr>,
}

impl Default for Options {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            pace: Pace::Free,
            threads,
            bind: Bind::Loopback,
            timing: Timing::STOCK,
            plain: false,
            debugger: None,
        }
    }
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
        mut log: impl FnMut(&Logged) + Send + 'static,
    ) -> Result<Running, EmulatorError> {
        Self::switch_on(machine, options, |_| {
            let record = move |record: &Record| {
                if let Record::Datagram(logged) = record {
                    log(logged);
                }
                Ok(())
            };
            Ok(Journal::new(record, None))
        })
    }

    /// The same, and everything that the run is a function of is written to `to` as a [trace](crate::trace), with the
    /// machine's state every `states` cycles if that is given. Records are written one by one, whole, as things happen.
    ///
    /// # Errors
    /// As [`Emulator::start`], and if the beginning of the trace cannot be written. Later failures show in
    /// [`Running::trace_failure`].
    pub fn start_traced(
        machine: &Machine,
        options: &Options,
        to: impl Write + Send + 'static,
        states: Option<u64>,
    ) -> Result<Running, EmulatorError> {
        Self::switch_on(machine, options, |addresses| {
            let start = Start::new(machine, addresses, &options.timing);
            let mut writer = TraceWriter::new(to, &start).map_err(EmulatorError::Trace)?;
            Ok(Journal::new(move |record| writer.write(record), states))
        })
    }

    fn switch_on(
        machine: &Machine,
        options: &Options,
        journal: impl FnOnce(&[Ipv4Addr]) -> Result<Journal, EmulatorError>,
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
        let mut system = System::with_timing(machine, &sockets.addresses, options.threads, &options.timing)?;
        system.execute_plainly(options.plain);
        let debugger = match options.debugger {
            None => None,
            Some(address) => {
                let inbox = Arc::clone(&mailbox);
                Some(Debugger::listen(address, move || inbox.put(Inbound::Debugger))?)
            }
        };
        let debugged_at = debugger.as_ref().map(Debugger::address);
        let journal = journal(&sockets.addresses)?;
        let started = Instant::now();
        let ethernets = system.ethernet_chips().collect();
        let mut server = Server {
            system,
            sockets,
            ethernets,
            mailbox: Arc::clone(&mailbox),
            bucket: Bucket::new(options.pace, started),
            journal,
            debugger,
            waiting: VecDeque::new(),
        };
        let thread = std::thread::Builder::new()
            .name("emulator".into())
            .spawn(move || server.run())
            .map_err(EmulatorError::Thread)?;
        Ok(Running {
            addresses,
            mailbox,
            debugged_at,
            started,
            thread: Some(thread),
        })
    }
}

/// A machine that is switched on. Dropping it switches it off.
#[derive(Debug)]
pub struct Running {
    addresses: Vec<IpAddr>,
    mailbox: Arc<Mailbox>,
    debugged_at: Option<SocketAddr>,
    started: Instant,
    thread: Option<JoinHandle<Statistics>>,
}

/// How emulated time keeps up with the clock on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pacing {
    /// Time since the machine was switched on, but for that in which a debugger held it.
    pub wall: Duration,
    /// Emulated time since then.
    pub emulated: Duration,
    /// Time lost because the host could not keep up: counted in real pace only.
    pub lost: Duration,
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

    /// Where a debugger may call, if one may.
    pub fn debugger(&self) -> Option<SocketAddr> {
        self.debugged_at
    }

    /// Emulated time: processor cycles of 5 ns since the machine was switched on.
    pub fn time(&self) -> u64 {
        self.mailbox.cycles.load(Ordering::Relaxed)
    }

    /// How emulated time keeps up with the clock, a moment ago.
    pub fn pacing(&self) -> Pacing {
        Pacing {
            wall: self.mailbox.held().running_since(self.started),
            emulated: Duration::from_nanos(self.time() * (1_000_000_000 / CYCLES_PER_SECOND)),
            lost: Duration::from_nanos(self.mailbox.lost.load(Ordering::Relaxed)),
        }
    }

    /// Whether the machine still runs; if not, its thread has died.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Why the trace ends here although the machine goes on: it could not be written. Says so once.
    pub fn trace_failure(&self) -> Option<std::io::Error> {
        let mut failure = self
            .mailbox
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }

    /// What this computer could not do for the machine, in sentences for a user, each once.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self
            .mailbox
            .warnings
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *warnings)
    }

    /// Instructions executed by all cores, a few milliseconds ago.
    pub fn instructions(&self) -> u64 {
        self.statistics().map_or(0, |statistics| statistics.instructions)
    }

    /// What the machine has done so far; none if its thread has died.
    pub fn statistics(&self) -> Option<Statistics> {
        if !self.is_running() {
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

    /// The same, and why the trace is not whole, if it could not be written to its end.
    pub fn stop_traced(mut self) -> (Option<Statistics>, Option<std::io::Error>) {
        let statistics = self.halt();
        (statistics, self.trace_failure())
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
    /// There is something for the debugger.
    Debugger,
    Stop,
}

/// Datagrams that wait for the emulation thread, at most; more are lost, as in any network.
const MOST_WAITING: usize = 8192;

/// When a debugger held the machine.
#[derive(Debug, Default)]
struct Held {
    /// How long, until it last went on.
    before: Duration,
    /// Since when it holds it now.
    since: Option<Instant>,
}

impl Held {
    /// The time since `started` in which nobody held the machine.
    fn running_since(&self, started: Instant) -> Duration {
        let until = self.since.unwrap_or_else(Instant::now);
        until
            .saturating_duration_since(started)
            .saturating_sub(self.before)
    }
}

#[derive(Debug, Default)]
struct Mailbox {
    queue: Mutex<Vec<Inbound>>,
    arrived: Condvar,
    pending: AtomicBool,
    cycles: AtomicU64,
    /// Nanoseconds.
    lost: AtomicU64,
    held: Mutex<Held>,
    /// Why the trace could not be written on.
    failure: Mutex<Option<std::io::Error>>,
    /// What a user should know and has not been told.
    warnings: Mutex<Vec<String>>,
}

impl Mailbox {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn warn(&self, warning: String) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        warnings.push(warning);
    }

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

/// Writes one record down.
type Scribe = Box<dyn FnMut(&Record) -> std::io::Result<()> + Send>;

/// Where what happens is written down.
struct Journal {
    /// Gone once it has failed.
    record: Option<Scribe>,
    /// Cycles between two states, and when the next is due.
    states: Option<u64>,
    next_state: u64,
}

impl Journal {
    fn new(record: impl FnMut(&Record) -> std::io::Result<()> + Send + 'static, states: Option<u64>) -> Self {
        let states = states.map(|cycles| cycles.next_multiple_of(Timing::WINDOW).max(Timing::WINDOW));
        Self {
            record: Some(Box::new(record)),
            states,
            next_state: states.unwrap_or(u64::MAX),
        }
    }
}

struct Server {
    system: System,
    sockets: Sockets,
    ethernets: Vec<ChipXy>,
    mailbox: Arc<Mailbox>,
    bucket: Bucket,
    journal: Journal,
    debugger: Option<Debugger>,
    /// Datagrams that came while a debugger held the machine.
    waiting: VecDeque<Datagram>,
}

impl Server {
    fn run(&mut self) -> Statistics {
        loop {
            if self.mailbox.pending.load(Ordering::Acquire) && self.collect() {
                return self.switch_off();
            }
            if self.is_held() {
                self.hold();
                continue;
            }
            self.deliver_waiting();
            let now = Instant::now();
            let before = self.system.now();
            let limit = before + self.bucket.available(now) / Timing::WINDOW * Timing::WINDOW;
            for _ in 0..STRIDE {
                if self.system.now() >= limit
                    || self.mailbox.pending.load(Ordering::Relaxed)
                    || self.system.halted().is_some()
                {
                    break;
                }
                self.step(limit);
            }
            self.account(before);
            if self.system.now() >= limit {
                self.nap();
            }
        }
    }

    /// One window, or a skip; the state is written down when it is due.
    fn step(&mut self, limit: u64) {
        self.system.step(limit.min(self.journal.next_state));
        if self.system.now() >= self.journal.next_state {
            let state = self.system.state_hashes();
            self.record(&Record::State {
                cycle: state.cycle,
                chips: state.chips,
            });
            self.journal.next_state = state.cycle + self.journal.states.unwrap_or(u64::MAX - state.cycle);
        }
        if self.system.has_received() {
            self.flush();
        }
        if self.system.halted().is_some()
            && let Some(debugger) = &mut self.debugger
        {
            debugger.report(&mut self.system);
        }
    }

    /// Whether a debugger wants emulated time to stand still.
    fn is_held(&self) -> bool {
        self.debugger.as_ref().is_some_and(Debugger::holds)
    }

    /// Stands still until something arrives, for a while at most.
    fn hold(&mut self) {
        let since = Instant::now();
        self.mailbox.held().since = Some(since);
        self.mailbox.wait(LONGEST_NAP);
        let now = Instant::now();
        self.bucket.stand_still(now);
        let mut held = self.mailbox.held();
        held.since = None;
        held.before += now.duration_since(since);
    }

    /// Time has passed since `before`.
    fn account(&mut self, before: u64) {
        let now = self.system.now();
        self.bucket.spend(now - before);
        self.mailbox.cycles.store(now, Ordering::Relaxed);
        let lost = self.bucket.lost().as_nanos() as u64;
        self.mailbox.lost.store(lost, Ordering::Relaxed);
    }

    fn record(&mut self, record: &Record) {
        let Some(write) = &mut self.journal.record else {
            return;
        };
        if let Err(error) = write(record) {
            tracing::error!("the trace cannot be written on: {error}");
            self.journal.record = None;
            let mut failure = self
                .mailbox
                .failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *failure = Some(error);
        }
    }

    fn switch_off(&mut self) -> Statistics {
        if let Some(debugger) = &mut self.debugger {
            debugger.switched_off(&mut self.system);
        }
        self.system.finish_window();
        let statistics = self.system.statistics();
        let end = Record::End {
            cycle: statistics.cycles,
            instructions: statistics.instructions,
            state: self.system.state_hash(),
        };
        self.record(&end);
        statistics
    }

    /// Sleeps until emulated time may reach the next event, or something arrives.
    fn nap(&mut self) {
        let now = Instant::now();
        let ahead = match self.system.next_event() {
            Some(next) => (next - self.system.now()).max(Timing::WINDOW),
            None => u64::MAX,
        };
        self.mailbox.wait(self.bucket.rest(ahead, now).min(LONGEST_NAP));
        // What woke it comes after the time it has slept, in which nothing happens.
        let before = self.system.now();
        let limit = before + self.bucket.available(Instant::now()) / Timing::WINDOW * Timing::WINDOW;
        if self.system.now() < limit && self.system.next_event().is_none_or(|next| next >= limit) {
            self.step(limit);
        }
        self.account(before);
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
                Inbound::Debugger => {
                    if let Some(debugger) = &mut self.debugger {
                        debugger.attend(&mut self.system);
                    }
                }
                Inbound::Datagram(datagram) if self.may_deliver() && self.waiting.is_empty() => {
                    self.deliver(datagram);
                }
                Inbound::Datagram(datagram) if self.waiting.len() < MOST_WAITING => {
                    self.waiting.push_back(datagram);
                }
                Inbound::Datagram(_) => {}
            }
        }
        false
    }

    /// Whether the machine can be given something now.
    fn may_deliver(&self) -> bool {
        !self.is_held() && !self.system.stands_within_window()
    }

    /// Hands on what came while the machine could not be given anything.
    fn deliver_waiting(&mut self) {
        while self.may_deliver()
            && let Some(datagram) = self.waiting.pop_front()
        {
            self.deliver(datagram);
        }
    }

    fn deliver(&mut self, datagram: Datagram) {
        self.bucket.traffic(Instant::now());
        self.learn(&datagram);
        self.system.send(&datagram);
        self.record(&Record::Datagram(Logged {
            cycle: self.system.now(),
            datagram,
        }));
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
            if let Err(error) = self.sockets.open(board, tag.port) {
                let cause =
                    std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
                self.mailbox.warn(format!(
                    "the port of a reverse IP tag cannot be opened, so what is sent to it is lost: {error}{cause}"
                ));
            }
        }
    }

    fn flush(&mut self) {
        self.bucket.traffic(Instant::now());
        for datagram in self.system.take_received() {
            self.sockets.send(&datagram);
        }
    }
}
