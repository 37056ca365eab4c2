//! Wake-ups that repeat.
//!
//! A program that sleeps until its own timer wakes it often does the same each time: it clears the interrupt, looks at a
//! register, finds nothing to do and sleeps again. sPyNNaker's extra monitor does so every 10 us on every chip, and an idle
//! board would cost almost 200 million instructions a second.
//!
//! What a core does between two sleeps (an *episode*) is a function of the state in which it slept and of the answers
//! of the bus. So an episode repeats, exactly, if it ended in the state in which it began, everything later by one period,
//! and if the bus would give the same answers again. This file finds such episodes:
//!
//! 1. *Watching*: several episodes in a row took the same number of cycles and instructions.
//! 2. *Recording*: the core's whole state is kept, one episode is executed, and its loads from outside the core are written
//!    down. It counts if it did nothing that anybody could notice outside the core, loaded only from places that change
//!    by nothing but stores and packets ([`Shared::steady`]), and left the same state behind.
//! 3. *Proven*: while nobody disturbs the core and those places hold the same values, whole periods are added to its
//!    counts when somebody wants to know. Any episode that is executed nevertheless has its loads compared with the
//!    recorded ones; a difference ends the proof.
//!
//! Nothing that a program, a neighbour or a host can see depends on it; [`Routine::forget`] is always right.

use super::core::Local;
use super::uncore::Shared;
use crate::arm::{Cpu, Width};
use crate::diagnostics::Access;
use crate::peripheral::communications::Communications;
use crate::peripheral::dma::Dma;
use crate::peripheral::timer::Timer;
use crate::peripheral::vic::Vic;
use taproot_spinnaker_chip::memory_map::{DTCM_BASE, DTCM_SIZE, ITCM_SIZE};

/// Equal episodes in a row before one is recorded, at first and at most; the number doubles with every failure.
const PATIENCE: (u32, u32) = (3, 1 << 16);
/// Loads in an episode that is worth remembering.
const MOST_LOADS: usize = 32;

/// How far one episode moves the counts of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Counts {
    cycles: u64,
    instructions: u64,
}

impl Counts {
    fn of(cpu: &Cpu) -> Self {
        Self {
            cycles: cpu.cycles(),
            instructions: cpu.instructions(),
        }
    }

    fn since(self, earlier: Self) -> Self {
        Self {
            cycles: self.cycles.wrapping_sub(earlier.cycles),
            instructions: self.instructions.wrapping_sub(earlier.instructions),
        }
    }
}

/// A load from outside the core, and the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Load {
    address: u32,
    width: Width,
    value: u32,
}

/// What is known of a core's habits.
pub(crate) struct Routine {
    stage: Stage,
    /// The counts when the core last fell asleep.
    asleep: Counts,
    /// The length of the last episode, and how many before it were as long.
    episode: Counts,
    repeats: u32,
    patience: u32,
}

enum Stage {
    Watching,
    Recording(Box<Recording>),
    Proven(Box<Proven>),
}

/// The state in which an episode began, and what it has done so far.
struct Recording {
    processor: Vec<u32>,
    memories: Vec<u8>,
    vic: Vic,
    timers: [Timer; 2],
    dma: Dma,
    communications: Communications,
    loads: Vec<Load>,
    /// Interrupt sources that were enabled at any time.
    enabled: u32,
    /// It has done something that does not repeat by itself.
    spoiled: bool,
}

/// An episode that repeats.
struct Proven {
    loads: Vec<Load>,
    enabled: u32,
    episode: Counts,
    /// Loads of the episode that is being executed.
    done: usize,
}

impl Routine {
    pub(crate) fn new() -> Self {
        Self {
            stage: Stage::Watching,
            asleep: Counts::default(),
            episode: Counts::default(),
            repeats: 0,
            patience: PATIENCE.0,
        }
    }

    /// Something happened to the core that its own program did not do.
    pub(crate) fn forget(&mut self) {
        self.stage = Stage::Watching;
        self.repeats = 0;
    }

    /// Interrupt lines from outside the core have changed.
    pub(crate) fn lines_changed(&mut self, changed: u32) {
        match &self.stage {
            // The core cannot see the others.
            Stage::Proven(proven) if proven.enabled & changed == 0 => {}
            _ => self.forget(),
        }
    }

    /// The core sleeps and nothing is pending.
    pub(crate) fn rest(&mut self, cpu: &Cpu, local: &Local) {
        let now = Counts::of(cpu);
        if now == self.asleep {
            return;
        }
        let episode = now.since(self.asleep);
        self.asleep = now;
        if let Stage::Proven(proven) = &mut self.stage {
            if episode == proven.episode && proven.done == proven.loads.len() {
                proven.done = 0;
            } else {
                self.forget();
            }
            return;
        }
        let same = episode == self.episode && episode.instructions > 0;
        self.episode = episode;
        self.repeats = if same { self.repeats + 1 } else { 0 };
        match std::mem::replace(&mut self.stage, Stage::Watching) {
            Stage::Recording(recording) if same && recording.repeats(cpu, local, episode.cycles) => {
                self.patience = PATIENCE.0;
                self.stage = Stage::Proven(Box::new(Proven {
                    loads: recording.loads,
                    enabled: recording.enabled,
                    episode,
                    done: 0,
                }));
            }
            Stage::Recording(_) => {
                self.patience = (self.patience * 2).min(PATIENCE.1);
                self.repeats = 0;
            }
            _ if self.repeats >= self.patience && local.is_quiet() => {
                self.stage = Stage::Recording(Box::new(Recording::new(cpu, local)));
            }
            _ => {}
        }
    }

    /// The core has loaded something from outside it; none was a bus error.
    #[inline]
    pub(crate) fn loaded(&mut self, address: u32, width: Width, value: Option<u32>) {
        if !matches!(self.stage, Stage::Watching) {
            self.note_load(address, width, value);
        }
    }

    fn note_load(&mut self, address: u32, width: Width, value: Option<u32>) {
        match (&mut self.stage, value) {
            (Stage::Recording(recording), Some(value))
                if Shared::is_steady(address) && recording.loads.len() < MOST_LOADS =>
            {
                recording.loads.push(Load {
                    address,
                    width,
                    value,
                });
            }
            (Stage::Recording(recording), _) => recording.spoiled = true,
            (Stage::Proven(proven), Some(value))
                if proven.loads.get(proven.done)
                    == Some(&Load {
                        address,
                        width,
                        value,
                    }) =>
            {
                proven.done += 1;
            }
            _ => self.forget(),
        }
    }

    /// The core has done something that others may notice, or that its own state does not show.
    #[inline]
    pub(crate) fn acted(&mut self) {
        if let Stage::Recording(recording) = &mut self.stage {
            recording.spoiled = true;
        }
    }

    /// The core has enabled interrupt sources.
    #[inline]
    pub(crate) fn enabled(&mut self, sources: u32) {
        if let Stage::Recording(recording) = &mut self.stage {
            recording.enabled |= sources;
        }
    }

    /// Whether the core, which sleeps, will repeat what it did last for as long as nothing else happens on the chip.
    pub(crate) fn will_repeat(&self, cpu: &Cpu, shared: &mut Shared, number: u8) -> bool {
        let Stage::Proven(proven) = &self.stage else {
            return false;
        };
        let access = Access {
            at: cpu.cycles(),
            pc: 0,
            core: number,
        };
        cpu.asleep()
            && Counts::of(cpu) == self.asleep
            && proven
                .loads
                .iter()
                .all(|load| shared.steady(load.address, load.width, access) == Some(load.value))
    }

    /// Whole episodes of a core that repeats, until cycle `to`: how many cycles and instructions they take.
    pub(crate) fn skip(&mut self, to: u64) -> Option<(u64, u64)> {
        let Stage::Proven(proven) = &self.stage else {
            return None;
        };
        let episodes = to.saturating_sub(self.asleep.cycles) / proven.episode.cycles;
        let (cycles, instructions) = (
            episodes * proven.episode.cycles,
            episodes * proven.episode.instructions,
        );
        self.asleep.cycles += cycles;
        self.asleep.instructions += instructions;
        (episodes > 0).then_some((cycles, instructions))
    }
}

impl Recording {
    fn new(cpu: &Cpu, local: &Local) -> Self {
        Self {
            processor: cpu.timeless_state(),
            memories: memories(cpu),
            vic: local.vic.clone(),
            timers: local.timers.clone(),
            dma: local.dma.clone(),
            communications: local.communications.clone(),
            loads: Vec::new(),
            enabled: local.vic.enabled(),
            spoiled: false,
        }
    }

    /// Whether the core is where it was, `period` cycles later.
    fn repeats(&self, cpu: &Cpu, local: &Local, period: u64) -> bool {
        !self.spoiled
            && local.is_quiet()
            && self.processor == cpu.timeless_state()
            && self.vic == local.vic
            && self.dma == local.dma
            && self.communications == local.communications
            && self
                .timers
                .iter()
                .zip(&local.timers)
                .all(|(then, now)| then.later(period) == *now)
            && self.memories == memories(cpu)
    }
}

/// Both TCMs.
fn memories(cpu: &Cpu) -> Vec<u8> {
    let mut bytes = vec![0; (ITCM_SIZE + DTCM_SIZE) as usize];
    let (code, data) = bytes.split_at_mut(ITCM_SIZE as usize);
    cpu.tcm_read(0, code);
    cpu.tcm_read(DTCM_BASE, data);
    bytes
}
