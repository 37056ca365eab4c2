//! Registers of a HICANN: where they are and what their bits mean.
//!
//! Sources: `hicann-system:global_src/systemc/hardware_base.h` (address map),
//! `hicann-system:units/stage2_hal/source/*_control.h`, `halbe:hal/backend/{HICANNBackend,HICANNBackendHelper}.cpp`.
//!
//! A configuration packet carries a tag, a 16-bit address and 32 bits of data. Behind the slow tag are the modules in
//! [`Module`] except the two synapse controllers, which are behind the fast tag. Each tag has its own lossless link.

use crate::{Half, Side, floating_gate::FgBlock, repeater::RepeaterBlock};
use std::fmt;

pub mod floating_gates;
pub mod layer1;
pub mod neuron_builder;
pub mod neuron_control;
pub mod synapse;

mod sram;
pub use sram::{SramTimings, SramWords};

/// One of the two lossless links between FPGA and HICANN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tag {
    /// Tag 0: everything but synapses.
    Slow = 0,
    /// Tag 1: the synapse controllers.
    Fast = 1,
}

/// A register of a chip.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Register {
    /// The link.
    pub tag: Tag,
    /// The address behind it.
    pub address: u16,
}

/// A module of the chip with its own range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Module {
    /// Crossbar switches of one half of the chip, one register per horizontal bus.
    Crossbar(Side),
    /// Synapse switches of a quarter of the chip, one register per driver.
    SynapseSwitches(Half, Side),
    /// A block of repeaters.
    Repeaters(RepeaterBlock),
    /// Mergers and background generators.
    NeuronControl,
    /// Neurons and analogue outputs.
    NeuronBuilder,
    /// The controller of a block of floating gates.
    FloatingGates(FgBlock),
    /// The interface to the DNC.
    DncInterface,
    /// Channels of spikes to and from the DNC.
    Spl1,
    /// The synapse controller of an array.
    SynapseController(Half),
}

impl Module {
    /// All modules.
    pub const ALL: [Module; 22] = [
        Module::Crossbar(Side::Left),
        Module::Crossbar(Side::Right),
        Module::SynapseSwitches(Half::Top, Side::Left),
        Module::SynapseSwitches(Half::Top, Side::Right),
        Module::SynapseSwitches(Half::Bottom, Side::Left),
        Module::SynapseSwitches(Half::Bottom, Side::Right),
        Module::Repeaters(RepeaterBlock::TopLeft),
        Module::Repeaters(RepeaterBlock::TopRight),
        Module::Repeaters(RepeaterBlock::CentreLeft),
        Module::Repeaters(RepeaterBlock::CentreRight),
        Module::Repeaters(RepeaterBlock::BottomLeft),
        Module::Repeaters(RepeaterBlock::BottomRight),
        Module::NeuronControl,
        Module::NeuronBuilder,
        Module::FloatingGates(FgBlock::at(0)),
        Module::FloatingGates(FgBlock::at(1)),
        Module::FloatingGates(FgBlock::at(2)),
        Module::FloatingGates(FgBlock::at(3)),
        Module::DncInterface,
        Module::Spl1,
        Module::SynapseController(Half::Top),
        Module::SynapseController(Half::Bottom),
    ];

    /// The link that it is behind.
    pub const fn tag(self) -> Tag {
        match self {
            Module::SynapseController(_) => Tag::Fast,
            _ => Tag::Slow,
        }
    }

    /// Its first address and the largest offset from there.
    pub const fn range(self) -> (u16, u16) {
        match self {
            Module::Crossbar(Side::Left) => (0x0000, 0x1fff),
            Module::Crossbar(Side::Right) => (0xd400, 0x01ff),
            Module::SynapseSwitches(Half::Top, Side::Left) => (0xe000, 0x07ff),
            Module::SynapseSwitches(Half::Top, Side::Right) => (0xd000, 0x01ff),
            Module::SynapseSwitches(Half::Bottom, Side::Left) => (0xa000, 0x0fff),
            Module::SynapseSwitches(Half::Bottom, Side::Right) => (0xd200, 0x01ff),
            Module::Repeaters(RepeaterBlock::CentreLeft) => (0x2000, 0x1fff),
            Module::Repeaters(RepeaterBlock::CentreRight) => (0xd600, 0x01ff),
            Module::Repeaters(RepeaterBlock::TopLeft) => (0xe800, 0x07ff),
            Module::Repeaters(RepeaterBlock::TopRight) => (0xd800, 0x01ff),
            Module::Repeaters(RepeaterBlock::BottomLeft) => (0xc000, 0x0fff),
            Module::Repeaters(RepeaterBlock::BottomRight) => (0xda00, 0x01ff),
            Module::NeuronControl => (0x4000, 0x1fff),
            Module::NeuronBuilder => (0x6000, 0x1fff),
            Module::FloatingGates(block) => match (block.half(), block.side()) {
                (Half::Top, Side::Left) => (0x8000, 0x1fff),
                (Half::Top, Side::Right) => (0xdc00, 0x01ff),
                (Half::Bottom, Side::Left) => (0xb000, 0x0fff),
                (Half::Bottom, Side::Right) => (0xde00, 0x01ff),
            },
            Module::DncInterface => (0xf000, 0x07ff),
            Module::Spl1 => (0xf800, 0x07ff),
            Module::SynapseController(Half::Top) => (0x0000, 0x7fff),
            Module::SynapseController(Half::Bottom) => (0x8000, 0x7fff),
        }
    }

    /// The register at an offset.
    ///
    /// # Panics
    ///
    /// If the offset lies beyond the module.
    pub const fn register(self, offset: u16) -> Register {
        let (base, largest) = self.range();
        assert!(offset <= largest, "the offset lies within the module");
        Register {
            tag: self.tag(),
            address: base + offset,
        }
    }

    /// The module of a register, and the offset in it; none where there is no module.
    pub fn of(register: Register) -> Option<(Self, u16)> {
        Self::ALL.into_iter().find_map(|module| {
            let (base, largest) = module.range();
            let offset = register.address.checked_sub(base)?;
            (module.tag() == register.tag && offset <= largest).then_some((module, offset))
        })
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Module::Crossbar(side) => write!(f, "crossbar {side}"),
            Module::SynapseSwitches(half, side) => write!(f, "synapse switches {half} {side}"),
            Module::Repeaters(block) => write!(f, "repeaters {block}"),
            Module::NeuronControl => f.write_str("neuron control"),
            Module::NeuronBuilder => f.write_str("neuron builder"),
            Module::FloatingGates(block) => {
                write!(f, "floating gates {} {}", block.half(), block.side())
            }
            Module::DncInterface => f.write_str("DNC interface"),
            Module::Spl1 => f.write_str("SPL1"),
            Module::SynapseController(half) => write!(f, "synapse controller {half}"),
        }
    }
}

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = self.tag as u8;
        write!(f, "tag {tag} address {:#06x}", self.address)?;
        match Module::of(*self) {
            Some((module, offset)) => write!(f, " ({module} + {offset:#x})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_do_not_overlap_and_leave_no_gap() {
        for (tag, modules) in [(Tag::Slow, 20), (Tag::Fast, 2)] {
            let mut ranges: Vec<(u32, u32)> = Module::ALL
                .into_iter()
                .filter(|module| module.tag() == tag)
                .map(|module| {
                    let (base, largest) = module.range();
                    (base.into(), u32::from(base) + u32::from(largest) + 1)
                })
                .collect();
            assert_eq!(ranges.len(), modules);
            ranges.sort_unstable();
            assert_eq!(ranges.first().unwrap().0, 0);
            assert_eq!(ranges.last().unwrap().1, 0x1_0000);
            assert!(
                ranges.windows(2).all(|pair| pair[0].1 == pair[1].0),
                "{ranges:x?}"
            );
        }
    }

    #[test]
    fn a_register_says_where_it_is() {
        let register = Module::Repeaters(RepeaterBlock::TopLeft).register(0x80);
        assert_eq!(
            register.to_string(),
            "tag 0 address 0xe880 (repeaters top left + 0x80)"
        );
    }
}
