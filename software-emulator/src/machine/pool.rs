//! Worker threads that run chips through one window after another.
//!
//! Every thread has a lane: the list of those of its chips, always the same, that have something to do in this window. A chip
//! stays in the cache of one host processor that way. The coordinator publishes the lanes, and every thread takes chips from its own until it
//! is empty; the coordinator then takes what is left in the others'. A worker that is late, asleep or preempted is not waited
//! for unless it is in the middle of a chip, so a busy host slows the emulation down but never stalls it. Chips do not touch
//! each other within a window, so who runs which chip has no influence on the result.

use crate::chip::Chip;
use crate::chip::watch::Cause;
use crate::timing::Timing;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// When each chip is next to run.
pub(crate) struct Agenda {
    next: Box<[AtomicU64]>,
    /// Somebody has looked at a chip or done something to it between two steps.
    disturbed: AtomicBool,
}

impl Agenda {
    pub(crate) fn next(&self, chip: usize) -> u64 {
        self.next[chip].load(Ordering::Relaxed)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        self.next.iter().map(|next| next.load(Ordering::Relaxed))
    }

    /// Whether anybody's cycle may have changed other than in a step; says so once.
    pub(crate) fn take_disturbed(&self) -> bool {
        self.disturbed.load(Ordering::Relaxed) && self.disturbed.swap(false, Ordering::Relaxed)
    }
}

/// A chip and what others may ask of it without waiting for it.
pub(crate) struct Slot {
    chip: Mutex<Chip>,
    place: usize,
    agenda: Arc<Agenda>,
    /// What each chip's last window left behind: [`MAIL`], [`FRAMES`], and above them the turns that its cores had. Side by side,
    /// so that they cross between host processors together.
    notes: Arc<[AtomicU32]>,
}

/// There are packets or credits to collect.
const MAIL: u32 = 1;
/// Ethernet frames have left.
const FRAMES: u32 = 2;
const TURNS_SHIFT: u32 = 2;

impl Slot {
    /// Slots for all chips of a machine, and their agenda.
    pub(crate) fn all(chips: Vec<Chip>) -> (Vec<Self>, Arc<Agenda>) {
        let agenda = Arc::new(Agenda {
            next: chips.iter().map(|chip| AtomicU64::new(chip.next)).collect(),
            disturbed: AtomicBool::new(true),
        });
        let notes: Arc<[AtomicU32]> = chips.iter().map(|_| AtomicU32::new(0)).collect();
        let slots = chips.into_iter().enumerate().map(|(place, chip)| Self {
            chip: Mutex::new(chip),
            place,
            agenda: Arc::clone(&agenda),
            notes: Arc::clone(&notes),
        });
        (slots.collect(), agenda)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Chip> {
        // A panic while the chip was locked has been seen and reported; its state is whatever it is.
        self.chip.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The chip as it is at cycle `now`, the end of a window, for somebody who wants to see its state.
    pub(crate) fn up_to_date(&self, now: u64) -> MutexGuard<'_, Chip> {
        let mut chip = self.lock();
        chip.bring_up_to_date(now);
        self.disturb(chip.next);
        chip
    }

    /// Says when the chip is next to run, within a step.
    pub(crate) fn set_next(&self, next: u64) {
        self.agenda.next[self.place].store(next, Ordering::Relaxed);
    }

    /// The same between two steps.
    pub(crate) fn disturb(&self, next: u64) {
        self.set_next(next);
        self.agenda.disturbed.store(true, Ordering::Relaxed);
    }

    /// Whether there are packets or credits to collect; says so once.
    pub(crate) fn take_mail(&self) -> bool {
        self.take(MAIL)
    }

    /// Whether Ethernet frames have left; says so once.
    pub(crate) fn take_frames(&self) -> bool {
        self.take(FRAMES)
    }

    fn take(&self, note: u32) -> bool {
        // Nobody else writes between two windows.
        let notes = self.notes[self.place].load(Ordering::Relaxed);
        if notes & note != 0 {
            self.notes[self.place].store(notes & !note, Ordering::Relaxed);
        }
        notes & note != 0
    }

    fn turns(&self) -> u32 {
        self.notes[self.place].load(Ordering::Relaxed) >> TURNS_SHIFT
    }

    fn run(&self, start: u64, end: u64) {
        let mut chip = self.lock();
        chip.run_window(start, end);
        self.publish(&chip);
    }

    /// Runs the window that begins at `start`, or the rest of it, while somebody debugs the machine: see
    /// [`Chip::run_watched`].
    pub(crate) fn run_watched(&self, start: u64, rest: Option<usize>) -> Result<(), (usize, u8, Cause)> {
        let mut chip = self.lock();
        chip.run_watched(start, rest)?;
        self.publish(&chip);
        Ok(())
    }

    /// Runs one window after another, those in which the chip has something to do, from `start` to `limit` at most, until it
    /// has something for others. Returns when that was, and how many windows it took.
    pub(crate) fn run_alone(&self, start: u64, limit: u64) -> (u64, u64) {
        let mut chip = self.lock();
        let (mut start, mut windows) = (start, 0);
        loop {
            let end = chip.run_window(start, limit);
            windows += 1;
            start = (chip.next / Timing::WINDOW * Timing::WINDOW).max(end);
            if start >= limit || chip.has_mail() || chip.has_frames() {
                self.publish(&chip);
                return (end, windows);
            }
        }
    }

    fn publish(&self, chip: &Chip) {
        self.set_next(chip.next);
        let mut notes = chip.turns << TURNS_SHIFT;
        if chip.has_mail() {
            notes |= MAIL;
        }
        if chip.has_frames() {
            notes |= FRAMES;
        }
        self.notes[self.place].store(notes, Ordering::Relaxed);
    }
}

/// How often an idle worker looks before it starts to give way, and before it goes to sleep.
const SPINS: u32 = 2_000;
const YIELDS: u32 = 2_200;
/// Looks at a worker's lane before the coordinator takes from it.
const STEAL: u32 = 256;
/// A window in which the cores of its chips had fewer turns than this, last time, is not worth sharing: that is about
/// two microseconds of work, and waking somebody costs more.
const WORTH_SHARING: u32 = 8;
/// Windows in a trial, and windows for which its outcome is believed.
const TRIAL: u32 = 256;
const BELIEVED: u32 = 16_384;

const INDEX_BITS: u32 = 20;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;

/// What one thread is to do in this window, in cache lines of its own.
#[repr(align(128))]
struct Lane {
    /// Window number, chips in the list, next place in it: 24, 20 and 20 bits.
    claim: AtomicU64,
    list: Vec<AtomicU64>,
    finished: Counter,
}

/// Chips finished in this window: the coordinator looks at it while others claim.
#[repr(align(128))]
struct Counter(AtomicU64);

struct Board {
    slots: Arc<Vec<Slot>>,
    lanes: Vec<Lane>,
    start: AtomicU64,
    end: AtomicU64,
    stop: AtomicBool,
    sleepers: AtomicU64,
    gate: Mutex<()>,
    wake: Condvar,
}

impl Board {
    /// Takes chips from a lane until it is empty.
    fn work(&self, lane: &Lane) {
        loop {
            let seen = lane.claim.load(Ordering::Acquire);
            if seen & INDEX_MASK >= seen >> INDEX_BITS & INDEX_MASK {
                return;
            }
            if lane
                .claim
                .compare_exchange_weak(seen, seen + 1, Ordering::AcqRel, Ordering::Relaxed)
                .is_err()
            {
                continue;
            }
            // The window cannot end before this chip is finished, so the rest of the board is stable.
            let chip = lane.list[(seen & INDEX_MASK) as usize].load(Ordering::Relaxed);
            let (start, end) = (
                self.start.load(Ordering::Relaxed),
                self.end.load(Ordering::Relaxed),
            );
            let guard = Finished(&lane.finished.0);
            self.slots[chip as usize].run(start, end);
            drop(guard);
        }
    }

    /// The lane of a chip.
    fn lane_of(&self, chip: u32) -> usize {
        chip as usize * self.lanes.len() / self.slots.len()
    }
}

impl Lane {
    fn has_work(&self) -> bool {
        let seen = self.claim.load(Ordering::Acquire);
        seen & INDEX_MASK < seen >> INDEX_BITS & INDEX_MASK
    }
}

/// Counts a chip as finished even if running it panicked, so that nobody waits for ever.
struct Finished<'a>(&'a AtomicU64);

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// The threads.
pub(crate) struct Pool {
    board: Arc<Board>,
    workers: Vec<JoinHandle<()>>,
    window: u64,
    sharing: Sharing,
}

/// Finds out by trial whether sharing windows makes them shorter. On a host with other work, or with few chips that have
/// something to do, it does not. Only the time that a run takes depends on it.
struct Sharing {
    shared: bool,
    /// Windows left until the end of this trial, or of the time for which its outcome is believed.
    left: u32,
    believed: bool,
    since: Instant,
    turns: u64,
    /// Nanoseconds a turn of the first half of a trial, which is shared.
    cost: f64,
}

impl Sharing {
    fn new() -> Self {
        Self {
            shared: true,
            left: TRIAL,
            believed: false,
            since: Instant::now(),
            turns: 0,
            cost: 0.0,
        }
    }

    /// Whether the next window, in which cores will have about so many turns, is to be shared.
    fn decide(&mut self, turns: u32) -> bool {
        self.turns += u64::from(turns);
        self.left -= 1;
        if self.left > 0 {
            return self.shared;
        }
        let cost = self.since.elapsed().as_nanos() as f64 / self.turns as f64;
        if self.believed {
            (self.shared, self.believed, self.left) = (true, false, TRIAL);
        } else if self.shared {
            (self.shared, self.cost, self.left) = (false, cost, TRIAL);
        } else {
            (self.shared, self.believed, self.left) = (self.cost < cost, true, BELIEVED);
        }
        (self.since, self.turns) = (Instant::now(), 0);
        self.shared
    }
}

impl Pool {
    /// `threads` in all, the caller included.
    pub(crate) fn new(slots: Arc<Vec<Slot>>, threads: usize) -> Self {
        let chips = slots.len();
        let lane = |_| Lane {
            claim: AtomicU64::new(0),
            list: (0..chips).map(|_| AtomicU64::new(0)).collect(),
            finished: Counter(AtomicU64::new(0)),
        };
        let threads = threads.min(chips).max(1);
        let board = Arc::new(Board {
            slots,
            lanes: (0..threads).map(lane).collect(),
            start: AtomicU64::new(0),
            end: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            sleepers: AtomicU64::new(0),
            gate: Mutex::new(()),
            wake: Condvar::new(),
        });
        let workers = (1..threads)
            .filter_map(|n| {
                let board = Arc::clone(&board);
                // With fewer threads than asked for the result is the same, only later.
                std::thread::Builder::new()
                    .name(format!("emulator {n}"))
                    .spawn(move || worker(&board, n))
                    .ok()
            })
            .collect();
        Self {
            board,
            workers,
            window: 0,
            sharing: Sharing::new(),
        }
    }

    fn shares(&mut self, list: &[u32]) -> bool {
        if self.workers.is_empty() || list.len() < 2 {
            return false;
        }
        let turns = list
            .iter()
            .map(|chip| self.board.slots[*chip as usize].turns())
            .sum::<u32>();
        turns >= WORTH_SHARING && self.sharing.decide(turns)
    }

    /// Runs the chips of `list`, in ascending order, from `start` to `end`.
    pub(crate) fn run(&mut self, list: &[u32], start: u64, end: u64) {
        let shares = self.shares(list);
        let board = &*self.board;
        if !shares {
            for chip in list {
                board.slots[*chip as usize].run(start, end);
            }
            return;
        }
        board.start.store(start, Ordering::Relaxed);
        board.end.store(end, Ordering::Relaxed);
        self.window = (self.window + 1) & 0xff_ffff;
        let mut rest = list;
        // The coordinator's own lane is the first, and published last.
        let mut lengths = vec![0u64; board.lanes.len()];
        for (n, lane) in board.lanes.iter().enumerate() {
            let length = rest.iter().take_while(|chip| board.lane_of(**chip) == n).count();
            let (mine, others) = rest.split_at(length);
            rest = others;
            for (place, chip) in lane.list.iter().zip(mine) {
                place.store(u64::from(*chip), Ordering::Relaxed);
            }
            lane.finished.0.store(0, Ordering::Relaxed);
            lengths[n] = length as u64;
            let claim = self.window << (2 * INDEX_BITS) | lengths[n] << INDEX_BITS;
            lane.claim.store(claim, Ordering::Release);
        }
        if board.sleepers.load(Ordering::Relaxed) > 0 {
            let _gate = board.gate.lock().unwrap_or_else(PoisonError::into_inner);
            board.wake.notify_all();
        }
        board.work(&board.lanes[0]);
        let mut looks = 0u32;
        for (lane, length) in board.lanes.iter().zip(lengths) {
            while lane.finished.0.load(Ordering::Acquire) < length {
                looks += 1;
                if looks.is_multiple_of(STEAL) && lane.has_work() {
                    board.work(lane);
                } else if looks < SPINS {
                    std::hint::spin_loop();
                } else {
                    std::thread::yield_now();
                }
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.board.stop.store(true, Ordering::Release);
        {
            let _gate = self.board.gate.lock().unwrap_or_else(PoisonError::into_inner);
            self.board.wake.notify_all();
        }
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

fn worker(board: &Board, n: usize) {
    let lane = &board.lanes[n];
    let mut looks = 0u32;
    while !board.stop.load(Ordering::Acquire) {
        if lane.has_work() {
            looks = 0;
            board.work(lane);
            continue;
        }
        looks += 1;
        if looks < SPINS {
            std::hint::spin_loop();
        } else if looks < YIELDS {
            std::thread::yield_now();
        } else {
            let gate = board.gate.lock().unwrap_or_else(PoisonError::into_inner);
            board.sleepers.fetch_add(1, Ordering::Relaxed);
            // The time-out covers a window published between the last look and the sleep.
            let _ = board
                .wake
                .wait_timeout(gate, std::time::Duration::from_millis(20));
            board.sleepers.fetch_sub(1, Ordering::Relaxed);
            looks = 0;
        }
    }
}
