//! What the cores of a chip stop at while somebody debugs the machine.
//!
//! A core halts before an instruction, in the midst of a window. The window is left as it stands and finished later, from
//! that core on ([`Chip::run_watched`]): nothing is executed twice or in another order, so halting changes nothing.

use super::{CORES, Chip};
use crate::arm::Cpu;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Why a core halted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The next instruction has a breakpoint.
    Breakpoint,
    /// It has executed the one instruction that it was asked to.
    Step,
}

/// Where a core stood when it halted: instructions executed, and the address of the next.
type Standing = (u64, u32);

/// What the cores of one chip stop at.
#[derive(Default)]
pub(crate) struct Watch {
    breakpoints: Arc<BTreeSet<u32>>,
    /// For cores that are to execute one instruction: how many they had executed before.
    steps: [Option<u64>; CORES],
    /// Where each core has halted last: it does not halt there again before it has executed something.
    halted: [Option<Standing>; CORES],
    /// The core that halts now.
    cause: Option<(u8, Cause)>,
}

impl Watch {
    /// Whether `core` is to halt before its next instruction.
    pub(crate) fn halts(&mut self, core: u8, cpu: &Cpu) -> bool {
        let standing = (cpu.instructions(), cpu.register(15));
        if self.halted[usize::from(core)] == Some(standing) {
            return false;
        }
        if self.breakpoints.contains(&standing.1) {
            self.halt(core, standing, Cause::Breakpoint);
        } else if self.has_stepped(core, cpu) {
            self.halt(core, standing, Cause::Step);
        }
        self.cause.is_some()
    }

    /// The same at the end of the core's time in a window: halts only if it has executed its one instruction.
    fn halts_after(&mut self, core: u8, cpu: &Cpu) -> bool {
        self.has_stepped(core, cpu) && self.halts(core, cpu)
    }

    fn has_stepped(&self, core: u8, cpu: &Cpu) -> bool {
        self.steps[usize::from(core)].is_some_and(|before| cpu.instructions() > before)
    }

    fn halt(&mut self, core: u8, standing: Standing, cause: Cause) {
        self.halted[usize::from(core)] = Some(standing);
        self.cause = Some((core, cause));
    }
}

impl Chip {
    /// Looks out for these breakpoints from now on, and lets the cores in `steps`, one bit each, execute one instruction.
    /// True if it did not look out for anything before.
    pub(crate) fn watch(&mut self, breakpoints: &Arc<BTreeSet<u32>>, steps: u32) -> bool {
        let new = self.shared.watch.is_none();
        let watch = self.shared.watch.get_or_insert_default();
        watch.breakpoints = Arc::clone(breakpoints);
        for (n, (step, core)) in watch.steps.iter_mut().zip(&self.cores).enumerate() {
            *step = (steps >> n & 1 != 0).then(|| core.cpu.instructions());
        }
        new
    }

    /// Looks out for nothing any more; true if it did. The chip is between two windows.
    pub(crate) fn unwatch(&mut self) -> bool {
        self.shared.watch.take().is_some()
    }

    /// Runs everything on the chip in the window that begins at cycle `start`, or what is left of it: from core `rest` on.
    /// If a core halts, this is where to go on, which core it is, and why.
    pub(crate) fn run_watched(&mut self, start: u64, rest: Option<usize>) -> Result<(), (usize, u8, Cause)> {
        if rest.is_none() {
            self.open_window(start);
        }
        for n in rest.unwrap_or(0)..CORES {
            while self.attention.of(n) < self.shared.window_end {
                self.turn(n);
                if let Some((core, cause)) = self.take_cause() {
                    return Err((n, core, cause));
                }
            }
            if let Some(watch) = &mut self.shared.watch
                && watch.halts_after(n as u8, &self.cores[n].cpu)
                && let Some((core, cause)) = self.take_cause()
            {
                return Err((n + 1, core, cause));
            }
        }
        self.close_window();
        Ok(())
    }

    fn take_cause(&mut self) -> Option<(u8, Cause)> {
        self.shared.watch.as_mut()?.cause.take()
    }
}
