//! The configuration of a HICANN as plain data, and as register writes.
//!
//! [`HicannConfig`] has one part per kind of circuit, each in a file with its data, its encoding and its decoding:
//!
//! ```text
//!   HicannConfig ── Encoder::new (refuses what could damage a chip) ── stage(..) ──► Vec<Step>: writes, waits
//!        ▲                                                                              │
//!        └────────────── HicannConfig::decode ◄── Contents ◄── apply(write) ────────────┘
//! ```
//!
//! Encoding and decoding are inverse: what is decoded from the writes of a configuration is that configuration, and every
//! bit of a register that means something comes back when its decoded value is encoded. A [`WaferConfig`] holds the chips
//! of a wafer and finds what no chip can find alone, such as two senders on one bus.
//!
//! Order and waits are those of the public tools (`sthal:sthal/{HICANNConfigurator,ParallelHICANNv4Configurator}.cpp`,
//! `halbe:hal/backend/HICANNBackend.cpp`).

mod analog;
mod background;
mod check;
mod contents;
mod controllers;
mod crossbars;
mod drivers;
mod encode;
mod floating_gates;
mod mergers;
mod neurons;
mod refusal;
mod repeaters;
mod spl1;
mod step;
mod stimulus;
mod synapse_switches;
mod synapses;
mod wafer;

#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use analog::{Analog, Output};
pub use background::BackgroundGenerator;
pub use check::Limits;
pub use contents::{Contents, Undecodable};
pub use controllers::{EvaluationPattern, LookupTables, SynapseController};
pub use crossbars::Crossbars;
pub use drivers::{DriverConfig, RowConfig, ShortTermPlasticity};
pub use encode::Encoder;
pub use floating_gates::{FgController, FloatingGates, Pass, Programming, Towards};
pub use mergers::{DncMergerConfig, MergerConfig, MergerMode, Mergers};
pub use neurons::{Denmem, Mirror, Neurons, RowSettings};
pub use refusal::{Refusal, Severity};
pub use repeaters::{BlockConfig, Drive, Repeater, RepeaterMode, Repeaters, TestEvent};
pub use spl1::{Channel, Spl1};
pub use step::{Stage, Step, Write};
pub use stimulus::Stimulus;
pub use synapse_switches::SynapseSwitches;
pub use synapses::Synapses;
pub use wafer::{Violation, WaferConfig};

use taproot_wafer::{Half, SynapseDriver, floating_gate::FgBlock};

/// All of a chip's configuration.
///
/// The default is a chip at rest: no neuron fires, all switches are open, all repeaters and drivers are off, floating gates
/// have the codes that the public tools program.
#[derive(Clone, Debug, PartialEq)]
pub struct HicannConfig {
    /// Neurons and the settings of their rows.
    pub neurons: Neurons,
    /// The background generator of each neuron block.
    pub background: [BackgroundGenerator; 8],
    /// The merger tree and the DNC mergers.
    pub mergers: Mergers,
    /// Channels of spikes from and to the DNC.
    pub spl1: Spl1,
    /// Repeaters and their blocks.
    pub repeaters: Repeaters,
    /// Crossbar switches.
    pub crossbars: Crossbars,
    /// Synapse switches.
    pub synapse_switches: SynapseSwitches,
    /// Synapse drivers, by number.
    pub drivers: Vec<DriverConfig>,
    /// Weights and decoders.
    pub synapses: Synapses,
    /// The synapse controllers of the upper and lower array.
    pub controllers: [SynapseController; 2],
    /// Codes of the floating gates.
    pub floating_gates: FloatingGates,
    /// The current stimulus of each block of floating gates.
    pub stimuli: [Stimulus; 4],
    /// The analogue outputs.
    pub analog: Analog,
}

impl Default for HicannConfig {
    fn default() -> Self {
        Self {
            neurons: Neurons::default(),
            background: [BackgroundGenerator::default(); 8],
            mergers: Mergers::default(),
            spl1: Spl1::default(),
            repeaters: Repeaters::default(),
            crossbars: Crossbars::default(),
            synapse_switches: SynapseSwitches::default(),
            drivers: vec![DriverConfig::default(); SynapseDriver::COUNT],
            synapses: Synapses::default(),
            controllers: [SynapseController::default(), SynapseController::default()],
            floating_gates: FloatingGates::default(),
            stimuli: std::array::from_fn(|_| Stimulus::default()),
            analog: Analog::default(),
        }
    }
}

impl HicannConfig {
    /// The configuration that a chip with these register contents has.
    pub fn decode(contents: &Contents) -> Result<Self, Undecodable> {
        Ok(Self {
            neurons: Neurons::read(contents)?,
            background: background::read(contents)?,
            mergers: Mergers::read(contents)?,
            spl1: Spl1::read(contents)?,
            repeaters: Repeaters::read(contents)?,
            crossbars: Crossbars::read(contents)?,
            synapse_switches: SynapseSwitches::read(contents)?,
            drivers: SynapseDriver::all()
                .map(|driver| DriverConfig::read(contents, driver))
                .collect::<Result<_, _>>()?,
            synapses: Synapses::read(contents)?,
            controllers: [
                SynapseController::read(contents, Half::Top)?,
                SynapseController::read(contents, Half::Bottom)?,
            ],
            floating_gates: FloatingGates::read(contents)?,
            stimuli: [
                Stimulus::read(contents, FgBlock::at(0))?,
                Stimulus::read(contents, FgBlock::at(1))?,
                Stimulus::read(contents, FgBlock::at(2))?,
                Stimulus::read(contents, FgBlock::at(3))?,
            ],
            analog: Analog::read(contents)?,
        })
    }
}
