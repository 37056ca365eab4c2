//! Halting a machine in the midst of what it does, and going on as if nothing had been: what a debugger needs.
//!
//! While there is something to halt at, windows are executed by one thread, core by core, with the plain interpreter and
//! without shortcuts, and each core looks before each instruction whether to halt ([`crate::chip::watch`]). A machine that
//! halts leaves its window as it stands; the next step finishes it. The order of everything is that of every other run, so
//! the results are, too. When there is nothing left to halt at, the next window is an ordinary one again.

use super::{System, WINDOW};
pub use crate::chip::watch::Cause;
use std::collections::BTreeSet;
use std::sync::Arc;
use taproot_spinnaker_chip::ChipXy;

/// A core that has halted, and with it the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halt {
    /// Its chip.
    pub chip: ChipXy,
    /// Its physical number.
    pub core: u8,
    /// Why.
    pub cause: Cause,
}

/// What the machine halts at, and where it stands.
#[derive(Default)]
pub(super) struct Halting {
    breakpoints: Arc<BTreeSet<u32>>,
    /// Cores that are to execute one instruction, by chip: one bit each.
    steps: Vec<(u32, u32)>,
    /// Those that a debugger has asked for, for when the machine goes on.
    asked: Vec<(ChipXy, u8)>,
    /// The chips know less than this.
    news: bool,
    halted: Option<Halt>,
    window: Option<OpenWindow>,
}

/// A window that has begun and not ended.
#[derive(Clone, Copy)]
struct OpenWindow {
    start: u64,
    /// Which of the active chips, and which of its cores if it has begun.
    place: usize,
    core: Option<usize>,
}

impl System {
    /// The core that has halted, until the machine is told to [go on](System::resume).
    pub fn halted(&self) -> Option<Halt> {
        self.halting.as_ref()?.halted
    }

    /// Whether the machine stands in the midst of a window of 80 cycles. What comes from outside has to wait until it does
    /// not, and nobody's state is that of one time: some cores are up to a window ahead of others.
    pub fn stands_within_window(&self) -> bool {
        self.halting
            .as_ref()
            .is_some_and(|halting| halting.window.is_some())
    }

    /// The addresses before whose instruction any core of any chip halts.
    pub fn breakpoints(&self) -> impl Iterator<Item = u32> {
        let breakpoints = self.halting.as_ref().map(|halting| halting.breakpoints.iter());
        breakpoints.into_iter().flatten().copied()
    }

    /// Has every core halt before the instruction at `address`, or no longer. A core that stands there because it has just
    /// halted goes on.
    pub fn set_breakpoint(&mut self, address: u32, halts: bool) {
        let halting = self.halting.get_or_insert_default();
        let breakpoints = Arc::make_mut(&mut halting.breakpoints);
        halting.news |= if halts {
            breakpoints.insert(address)
        } else {
            breakpoints.remove(&address)
        };
    }

    /// Goes on after a halt: the next step does. The machine halts again once one of the cores in `steps` (chip and physical
    /// number) has executed one instruction; others run meanwhile as they always do. Cores that do not exist are ignored.
    pub fn resume(&mut self, steps: &[(ChipXy, u8)]) {
        let mut by_chip: Vec<(u32, u32)> = Vec::new();
        for (xy, core) in steps {
            if let Ok(chip) = self.positions.binary_search(xy)
                && *core < 32
            {
                by_chip.push((chip as u32, 1 << core));
            }
        }
        if let Some(halting) = &mut self.halting {
            halting.halted = None;
        } else if by_chip.is_empty() {
            return;
        }
        let halting = self.halting.get_or_insert_default();
        halting.steps = by_chip;
        halting.news = true;
    }

    /// Goes on without anything to halt at.
    pub fn halt_at_nothing(&mut self) {
        if let Some(halting) = &mut self.halting {
            halting.breakpoints = Arc::default();
            self.resume(&[]);
        }
    }

    pub(crate) fn ask_for_no_step(&mut self) {
        if let Some(halting) = &mut self.halting {
            halting.asked.clear();
        }
    }

    pub(crate) fn ask_for_step(&mut self, chip: ChipXy, core: u8) {
        let halting = self.halting.get_or_insert_default();
        halting.asked.push((chip, core));
    }

    pub(crate) fn resume_as_asked(&mut self) {
        let asked = self
            .halting
            .as_mut()
            .map(|halting| std::mem::take(&mut halting.asked));
        self.resume(&asked.unwrap_or_default());
    }

    /// Runs the machine to the end of the window in which it stands, whatever there is to halt at.
    pub fn finish_window(&mut self) {
        while let Some(halting) = &mut self.halting
            && halting.window.is_some()
        {
            let breakpoints = std::mem::take(&mut halting.breakpoints);
            self.resume(&[]);
            self.step_watched(u64::MAX);
            if let Some(halting) = &mut self.halting {
                halting.breakpoints = breakpoints;
                halting.news = true;
            }
        }
    }

    /// [`System::step`] while somebody debugs the machine.
    pub(super) fn step_watched(&mut self, until: u64) {
        let Some(mut halting) = self.halting.take() else {
            return;
        };
        if halting.halted.is_some() {
            self.halting = Some(halting);
            return;
        }
        let nothing = halting.breakpoints.is_empty() && halting.steps.is_empty();
        if nothing && halting.window.is_none() {
            self.run_freely();
            return self.step(until);
        }
        if std::mem::take(&mut halting.news) {
            self.tell(&halting);
        }
        let window = halting.window.take().or_else(|| self.next_window(until));
        if let Some(window) = window {
            match self.run_window(window) {
                Ok(()) => {
                    let end = window.start + WINDOW;
                    self.windows += 1;
                    self.exchange(end);
                    self.now = end;
                }
                Err((rest, halt)) => {
                    halting.window = Some(rest);
                    halting.halted = Some(halt);
                    halting.steps.clear();
                }
            }
        } else {
            self.now = self.now.max(until);
        }
        self.halting = Some(halting);
    }

    /// Tells the chips what to look out for.
    fn tell(&mut self, halting: &Halting) {
        for (n, slot) in (0u32..).zip(self.slots.iter()) {
            let mut chip = slot.up_to_date(self.now);
            let steps = halting.steps.iter().filter(|(chip, _)| *chip == n);
            let steps = steps.fold(0, |all, (_, cores)| all | cores);
            if chip.watch(&halting.breakpoints, steps) {
                chip.execute_everything(true);
                slot.disturb(chip.next);
            }
        }
    }

    /// Takes the shortcuts again.
    fn run_freely(&mut self) {
        for slot in self.slots.iter() {
            let mut chip = slot.up_to_date(self.now);
            if chip.unwatch() {
                chip.execute_everything(self.executes_everything);
                slot.disturb(chip.next);
            }
        }
    }

    /// The next window in which anything happens, and which chips are active in it; none if it begins at `until` or later.
    fn next_window(&mut self, until: u64) -> Option<OpenWindow> {
        let start = (self.earliest() / WINDOW * WINDOW).max(self.now);
        if start >= until {
            return None;
        }
        self.now = start;
        self.active.clear();
        let due = self.agenda.iter().map(|next| next < start + WINDOW);
        self.active
            .extend((0u32..).zip(due).filter_map(|(n, due)| due.then_some(n)));
        Some(OpenWindow {
            start,
            place: 0,
            core: None,
        })
    }

    /// Runs a window, or what is left of it; if a core halts, this is what is left then.
    fn run_window(&mut self, window: OpenWindow) -> Result<(), (OpenWindow, Halt)> {
        let mut rest = window.core;
        for place in window.place..self.active.len() {
            let chip = self.active[place] as usize;
            if let Err((next, core, cause)) = self.slots[chip].run_watched(window.start, rest.take()) {
                let rest = OpenWindow {
                    start: window.start,
                    place,
                    core: Some(next),
                };
                let halt = Halt {
                    chip: self.positions[chip],
                    core,
                    cause,
                };
                return Err((rest, halt));
            }
        }
        Ok(())
    }
}
