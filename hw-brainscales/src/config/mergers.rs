//! The merger tree and the DNC mergers.
//!
//! Sources: `halbe:hal/HICANN/{Merger,MergerTree,DNCMerger,DNCMergerLine}.*`, `halbe:hal/backend/HICANNBackend.cpp`.

use super::{Contents, Step, Undecodable, step::put};
use taproot_wafer::{
    DncMerger, Field, Merger, MergerInput,
    registers::{Module, Register, neuron_control as control},
};

/// What a merger lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergerMode {
    /// The left input: nearer to the background generator, or from the DNC.
    LeftOnly,
    /// The right input: nearer to the neurons.
    RightOnly,
    /// Both.
    Merge,
}

/// A merger of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergerConfig {
    /// What it lets through.
    pub mode: MergerMode,
    /// It leaves a clock free after each spike.
    pub slow: bool,
}

/// A DNC merger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DncMergerConfig {
    /// What it lets through: the DNC's channel from the left, the tree from the right.
    pub mode: MergerMode,
    /// It leaves a clock free after each spike, as a sending repeater needs it. Works only in mode `Merge`
    /// (`marocco:marocco/placement/InputPlacement.cpp`).
    pub slow: bool,
    /// Its output is looped back to the input of its partner.
    pub loopback: bool,
}

/// All mergers of a chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mergers {
    /// The tree, by number.
    pub tree: [MergerConfig; 15],
    /// The DNC mergers, by number.
    pub dnc: [DncMergerConfig; 8],
    /// For each DNC merger, whether its spikes are taken at the rising edge of the clock. The public tools use the falling
    /// edge.
    pub rising_edge: [bool; 8],
}

impl Default for Mergers {
    /// As the public tools leave them: generators and neurons merged, and every block passed straight on where it can be.
    fn default() -> Self {
        use MergerMode::{LeftOnly, Merge, RightOnly};
        let modes = [
            Merge, Merge, Merge, Merge, Merge, Merge, Merge, Merge, RightOnly, RightOnly, RightOnly,
            LeftOnly, RightOnly, LeftOnly, LeftOnly,
        ];
        Self {
            tree: modes.map(|mode| MergerConfig { mode, slow: false }),
            dnc: [DncMergerConfig {
                mode: Merge,
                slow: false,
                loopback: false,
            }; 8],
            rising_edge: [false; 8],
        }
    }
}

/// The bits of a merger in `MERGE` and `SELECT`.
const fn mode_bits(mode: MergerMode) -> (bool, bool) {
    match mode {
        MergerMode::RightOnly => (false, false),
        MergerMode::LeftOnly => (false, true),
        MergerMode::Merge => (true, false),
    }
}

fn mode(merge: bool, select: bool, register: Register, data: u32) -> Result<MergerMode, Undecodable> {
    match (merge, select) {
        (false, false) => Ok(MergerMode::RightOnly),
        (false, true) => Ok(MergerMode::LeftOnly),
        (true, false) => Ok(MergerMode::Merge),
        (true, true) => Err(Undecodable::Meaningless {
            register,
            data,
            why: "a merger that merges selects an input as well",
        }),
    }
}

fn register(offset: u16) -> Register {
    Module::NeuronControl.register(offset)
}

impl Mergers {
    /// The background generators and neuron blocks whose spikes come out of a merger, as two sets of bits.
    pub fn sources(&self, merger: Merger) -> (u8, u8) {
        let [left, right] = merger.inputs().map(|input| match input {
            MergerInput::Background(block) => (1 << block.index(), 0),
            MergerInput::Neurons(block) => (0, 1 << block.index()),
            MergerInput::Merger(upper) => self.sources(upper),
        });
        match self.tree[merger.index()].mode {
            MergerMode::LeftOnly => left,
            MergerMode::RightOnly => right,
            MergerMode::Merge => (left.0 | right.0, left.1 | right.1),
        }
    }

    pub(super) fn write_tree(&self, out: &mut Vec<Step>) {
        let (mut merge, mut select, mut slow) = (0, 0, 0);
        for (merger, config) in Merger::all().zip(&self.tree) {
            let bit = Field::bit(merger.register_bit());
            let bits = mode_bits(config.mode);
            merge |= bit.put_bool(bits.0);
            select |= bit.put_bool(bits.1);
            slow |= bit.put_bool(config.slow);
        }
        put(out, register(control::MERGE), merge);
        put(out, register(control::SELECT), select);
        put(out, register(control::SLOW), slow);
    }

    pub(super) fn write_dnc(&self, out: &mut Vec<Step>) {
        let (mut merge, mut select, mut slow, mut loopback) = (0, 0, 0, 0);
        for (merger, config) in DncMerger::all().zip(&self.dnc) {
            let bit = Field::bit(merger.register_bit());
            let bits = mode_bits(config.mode);
            merge |= bit.put_bool(bits.0);
            select |= bit.put_bool(bits.1);
            slow |= bit.put_bool(config.slow);
            // The bit of a loop-back is that of its target.
            let target = Field::bit(merger.loopback_partner().register_bit());
            loopback |= target.put_bool(config.loopback);
        }
        put(
            out,
            register(control::DNC_SLOW_AND_MERGE),
            control::UPPER.put(slow) | control::LOWER.put(merge),
        );
        put(
            out,
            register(control::DNC_SELECT_AND_LOOPBACK),
            control::UPPER.put(select) | control::LOWER.put(loopback),
        );
    }

    pub(super) fn write_phase(&self, out: &mut Vec<Step>) {
        let phase = DncMerger::all()
            .zip(self.rising_edge)
            .map(|(merger, rising)| Field::bit(merger.register_bit()).put_bool(rising))
            .sum();
        put(out, register(control::PHASE), phase);
    }

    pub(super) fn read(contents: &Contents) -> Result<Self, Undecodable> {
        let mut mergers = Self::default();
        let bits = control::MERGER_BITS.mask();
        let merge = contents.within(register(control::MERGE), bits)?;
        let select = contents.within(register(control::SELECT), bits)?;
        let slow = contents.within(register(control::SLOW), bits)?;
        for (merger, config) in Merger::all().zip(&mut mergers.tree) {
            let bit = Field::bit(merger.register_bit());
            config.mode = mode(
                bit.is_set(merge),
                bit.is_set(select),
                register(control::SELECT),
                select,
            )?;
            config.slow = bit.is_set(slow);
        }
        let slow_and_merge = contents.within(register(control::DNC_SLOW_AND_MERGE), 0xffff)?;
        let select_and_loopback = contents.within(register(control::DNC_SELECT_AND_LOOPBACK), 0xffff)?;
        let phase = contents.within(register(control::PHASE), 0xff)?;
        for merger in DncMerger::all() {
            let bit = Field::bit(merger.register_bit());
            let target = Field::bit(merger.loopback_partner().register_bit());
            mergers.dnc[merger.index()] = DncMergerConfig {
                mode: mode(
                    bit.is_set(control::LOWER.get(slow_and_merge)),
                    bit.is_set(control::UPPER.get(select_and_loopback)),
                    register(control::DNC_SELECT_AND_LOOPBACK),
                    select_and_loopback,
                )?,
                slow: bit.is_set(control::UPPER.get(slow_and_merge)),
                loopback: target.is_set(control::LOWER.get(select_and_loopback)),
            };
            mergers.rising_edge[merger.index()] = bit.is_set(phase);
        }
        Ok(mergers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Write;

    fn written(write: impl Fn(&mut Vec<Step>)) -> Vec<(u16, u32)> {
        let mut steps = Vec::new();
        write(&mut steps);
        steps
            .into_iter()
            .map(|step| match step {
                Step::Write(Write { register, data }) => (register.address - 0x4000, data),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn the_default_tree_by_hand() {
        // M0..M7 merge: bits 7..0. Left only: M11, M13, M14, with bits 8, 12 and 14.
        let mergers = Mergers::default();
        assert_eq!(
            written(|out| mergers.write_tree(out)),
            [(0, 0xff), (1, 0x100 | 0x1000 | 0x4000), (2, 0)]
        );
    }

    #[test]
    fn a_loop_back_sets_the_bit_of_its_target() {
        let mut mergers = Mergers::default();
        mergers.dnc[0].loopback = true;
        mergers.dnc[3].mode = MergerMode::LeftOnly;
        mergers.dnc[5].slow = true;
        // Loop-back 0 to 1: bit 6. DNC merger 3: bit 4, not merging but selecting. DNC merger 5: bit 2.
        assert_eq!(
            written(|out| mergers.write_dnc(out)),
            [(15, 0x0400 | 0b1110_1111), (3, 0x1000 | 0b0100_0000)]
        );
    }

    #[test]
    fn the_default_tree_passes_each_block_where_a_dnc_merger_taps_it() {
        let mergers = Mergers::default();
        let blocks: Vec<u8> = DncMerger::all().map(|dnc| mergers.sources(dnc.tap()).1).collect();
        assert_eq!(
            blocks,
            [1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7]
        );
    }
}
