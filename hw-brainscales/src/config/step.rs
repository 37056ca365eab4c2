//! What a host does to configure a chip, step by step.

use std::fmt;
use taproot_wafer::{Half, floating_gate::FgBlock, registers::Register};

/// One configuration packet that writes a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub register: Register,
    /// What.
    pub data: u32,
}

/// One step of configuring a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Write a register.
    Write(Write),
    /// Leave the chip some time before the next write with the same tag. Hosts send the harmless `filler` over and over:
    /// see [`Step::fillers`].
    Wait {
        /// Clock cycles of the chip.
        cycles: u16,
        /// A write that changes nothing.
        filler: Write,
    },
    /// Wait until everything sent before has taken effect: a read with each tag, answered.
    Flush,
    /// Wait until the controller of a block of floating gates is no longer busy, and take note of cells that failed. A row
    /// takes up to some 1.4 s.
    AwaitFloatingGates(FgBlock),
    /// Wait until no driver memory of a synapse array is busy.
    AwaitDrivers(Half),
}

impl Step {
    /// How many writes fill a number of cycles. At 100 MHz, the slowest clock that is used, two packets from the FPGA are at
    /// least two cycles apart (`halbe:hal/backend/HICANNBackendHelper.cpp`, `wait_by_dummy`).
    pub const fn fillers(cycles: u16) -> u16 {
        cycles.div_ceil(2)
    }
}

/// A stage of configuration. All chips of a wafer go through one stage before any begins the next, because receivers can
/// lock only while senders send (`sthal:sthal/ConfigurationStages.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Everything off, memory timings set.
    Init,
    /// Floating gates, synapses, switches, mergers, generators, repeaters, drivers; all receivers stay in reset.
    TimingUncritical,
    /// Receivers of repeaters leave reset and lock.
    LockingRepeaters,
    /// Receivers of synapse drivers leave reset and lock.
    LockingSynapseDrivers,
    /// Neurons and analogue outputs.
    Neurons,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Stage; 5] = [
        Stage::Init,
        Stage::TimingUncritical,
        Stage::LockingRepeaters,
        Stage::LockingSynapseDrivers,
        Stage::Neurons,
    ];
}

impl fmt::Display for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {:#010x}", self.register, self.data)
    }
}

/// Appends a write.
pub(super) fn put(out: &mut Vec<Step>, register: Register, data: u32) {
    out.push(Step::Write(Write { register, data }));
}
