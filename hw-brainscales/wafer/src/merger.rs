//! From neuron blocks to buses: the merger tree, DNC mergers and sending repeaters.
//!
//! Sources: `halbe:hal/HICANN/{Merger,MergerTree,DNCMerger,DNCMergerLine}.h`, `halbe:hal/backend/HICANNBackendHelper.cpp`,
//! `halco:src/halco/hicann/v2/l1.cpp`, `marocco:marocco/placement/MergerTreeGraph.cpp`.
//!
//! ```text
//!   background generators and neuron blocks   g0 b0 g1 b1 g2 b2 g3 b3 g4 b4 g5 b5 g6 b6 g7 b7
//!                                 level 0      M0    M1    M2    M3    M4    M5    M6    M7
//!                                 level 1         M8          M9         M10         M11
//!                                 level 2               M12                    M13
//!                                 level 3                           M14
//!   DNC mergers: right input is    0: M0  1: M8  2: M2  3: M14  4: M4  5: M13  6: M11  7: M7
//!                left input is     the channel of the same number of the link to the DNC (Gbit link)
//! ```
//!
//! Output of a merger can go to several places: DNC mergers tap it without taking it from the next level.

use crate::{HorizontalBus, Neuron};

index! {
    /// A merger of the tree of a chip: 0 to 7 on level 0, 8 to 11 on level 1, 12 and 13 on level 2, 14 on level 3.
    Merger(u8), 15, "m", "merger"
}

index! {
    /// A DNC merger of a chip; the link to the DNC has a channel of the same number.
    DncMerger(u8), 8, "dnc", "DNC merger"
}

index! {
    /// A sending repeater of a chip: the repeater, on horizontal bus `8 s + 6`, through which spikes enter layer 1.
    SendingRepeater(u8), 8, "s", "sending repeater"
}

index! {
    /// A block of 32 columns of neurons, 64 in all, that share a priority encoder; and the background generator of the
    /// same number.
    NeuronBlock(u8), 8, "b", "neuron block"
}

/// What a merger's input is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MergerInput {
    /// The background generator of a number.
    Background(NeuronBlock),
    /// The neurons of a block.
    Neurons(NeuronBlock),
    /// Another merger's output.
    Merger(Merger),
}

/// The merger at the right input of each DNC merger.
const TAPS: [u8; 8] = [0, 8, 2, 14, 4, 13, 11, 7];
/// The bit of each merger in the registers.
const REGISTER_BITS: [u8; 15] = [7, 6, 5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 13, 12, 14];

impl Merger {
    /// Its level, 0 to 3.
    pub const fn level(self) -> u8 {
        match self.0 {
            0..=7 => 0,
            8..=11 => 1,
            12..=13 => 2,
            _ => 3,
        }
    }

    /// What its left and right input are connected to.
    pub const fn inputs(self) -> [MergerInput; 2] {
        match self.level() {
            0 => [
                MergerInput::Background(NeuronBlock(self.0)),
                MergerInput::Neurons(NeuronBlock(self.0)),
            ],
            1 => Self::two(2 * (self.0 - 8)),
            2 => Self::two(8 + 2 * (self.0 - 12)),
            _ => Self::two(12),
        }
    }

    const fn two(first: u8) -> [MergerInput; 2] {
        [
            MergerInput::Merger(Self(first)),
            MergerInput::Merger(Self(first + 1)),
        ]
    }

    /// The merger of the next level that it feeds; none for the last.
    pub const fn next(self) -> Option<Self> {
        match self.level() {
            0 => Some(Self(8 + self.0 / 2)),
            1 => Some(Self(12 + (self.0 - 8) / 2)),
            2 => Some(Self(14)),
            _ => None,
        }
    }

    /// Its bit in the registers `enable`, `select` and `slow` of the neuron control: every level counts backwards
    /// (`translate_neuron_merger` in `halbe:hal/backend/HICANNBackendHelper.cpp`).
    pub const fn register_bit(self) -> u8 {
        REGISTER_BITS[self.0 as usize]
    }
}

impl DncMerger {
    /// The merger of the tree at its right input.
    pub const fn tap(self) -> Merger {
        Merger(TAPS[self.0 as usize])
    }

    /// The sending repeater that it feeds.
    pub const fn sending_repeater(self) -> SendingRepeater {
        SendingRepeater(7 - self.0)
    }

    /// The DNC merger to whose input its output can be looped back: pairs 0 and 1, 2 and 3, 4 and 5, 6 and 7.
    pub const fn loopback_partner(self) -> Self {
        Self(self.0 ^ 1)
    }

    /// Its bit in the registers: they count the other way.
    pub const fn register_bit(self) -> u8 {
        7 - self.0
    }
}

impl SendingRepeater {
    /// The DNC merger that feeds it.
    pub const fn dnc_merger(self) -> DncMerger {
        DncMerger(7 - self.0)
    }

    /// The horizontal bus that it drives, inwards from the left border.
    pub const fn bus(self) -> HorizontalBus {
        HorizontalBus::at(8 * self.0 as usize + 6)
    }
}

impl NeuronBlock {
    /// The level-0 merger that it feeds.
    pub const fn merger(self) -> Merger {
        Merger(self.0)
    }

    /// Its bit in registers that have one per background generator, and the number of its generator's registers.
    pub const fn register_bit(self) -> u8 {
        7 - self.0
    }

    /// Its 64 neurons: those of its 32 columns, upper row first.
    pub fn neurons(self) -> impl Iterator<Item = Neuron> {
        let first = 32 * self.index();
        [0, 256]
            .into_iter()
            .flat_map(move |row| (0..32).map(move |column| Neuron::at(row + first + column)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn register_bits_count_backwards_on_each_level() {
        let bits: Vec<u8> = Merger::all().map(Merger::register_bit).collect();
        assert_eq!(bits, [7, 6, 5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 13, 12, 14]);
    }

    #[test]
    fn inputs_and_next_levels_agree() {
        for merger in Merger::all() {
            for input in merger.inputs() {
                if let MergerInput::Merger(upper) = input {
                    assert_eq!(upper.next(), Some(merger));
                    assert_eq!(upper.level() + 1, merger.level());
                }
            }
        }
        assert_eq!(Merger::at(14).next(), None);
    }

    #[test]
    fn buses_of_the_mergers_that_dnc_mergers_tap() {
        let bus = |dnc| DncMerger::at(dnc).sending_repeater().bus().index();
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(bus), [62, 54, 46, 38, 30, 22, 14, 6]);
        // Which mergers have a bus of their own.
        let taps: Vec<usize> = DncMerger::all().map(|dnc| dnc.tap().index()).collect();
        assert_eq!(taps, [0, 8, 2, 14, 4, 13, 11, 7]);
        for repeater in SendingRepeater::all() {
            assert_eq!(repeater.dnc_merger().sending_repeater(), repeater);
            assert_eq!(repeater.bus().sending_repeater(), Some(repeater));
        }
    }

    #[test]
    fn blocks_have_their_own_neurons() {
        let mut all: Vec<usize> = NeuronBlock::all()
            .flat_map(|block| block.neurons().map(move |neuron| (block, neuron)))
            .map(|(block, neuron)| {
                assert_eq!(neuron.block(), block);
                neuron.index()
            })
            .collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..512));
    }
}
