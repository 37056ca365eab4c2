//! Neuron control: mergers and background generators; and the spike channels to the DNC (SPL1).
//!
//! Sources: `hicann-system:units/stage2_hal/source/{neuron,spl1}_control.h`, `halbe:hal/backend/HICANNBackend.cpp`.
//!
//! Mergers, DNC mergers and generators are numbered backwards in all registers ([`crate::Merger::register_bit`],
//! [`crate::DncMerger::register_bit`], [`crate::NeuronBlock::register_bit`]).

use crate::{Field, NeuronBlock};

/// Offset: mergers that merge both inputs, one bit each.
pub const MERGE: u16 = 0;
/// Offset: mergers that pass their left input if they do not merge; the others pass the right one.
pub const SELECT: u16 = 1;
/// Offset: slow mergers.
pub const SLOW: u16 = 2;
/// Offset: DNC mergers that pass their left input, and loop-backs.
pub const DNC_SELECT_AND_LOOPBACK: u16 = 3;
/// Offset: generators that are random, and those that are on.
pub const GENERATORS: u16 = 4;
/// Offset: the clock edge on which spikes are handed to the DNC interface, one bit per DNC merger.
pub const PHASE: u16 = 5;
/// Offset: the seed that a generator takes when it is switched on.
pub const SEED: u16 = 6;
/// Offset: DNC mergers that are slow, and those that merge.
pub const DNC_SLOW_AND_MERGE: u16 = 15;
/// Number of registers.
pub const REGISTERS: u16 = 20;

/// Bits of a register with one bit per merger.
pub const MERGER_BITS: Field = Field::bits(0, 14);
/// The lower byte of a register of DNC mergers or generators: loop-back, on, merge.
pub const LOWER: Field = Field::bits(0, 7);
/// The upper byte: select, random, slow.
pub const UPPER: Field = Field::bits(8, 15);
/// A period or a seed.
pub const SIXTEEN_BITS: Field = Field::bits(0, 15);

/// Offset of the period of a generator: interval minus 1 in clocks if regular, 65535 · (1 − 2/mean interval) if random.
pub const fn period(generator: NeuronBlock) -> u16 {
    7 + generator.register_bit() as u16
}

/// Offset and field of the layer-1 address that a generator sends.
pub const fn generator_address(generator: NeuronBlock) -> (u16, Field) {
    let field = if generator.index().is_multiple_of(2) {
        Field::bits(8, 13)
    } else {
        Field::bits(0, 5)
    };
    (16 + generator.register_bit() as u16 / 2, field)
}

/// Module `Spl1`, offset 0: channel `c` is on: bit `7 - c`.
pub const fn channel_on(channel: u8) -> Field {
    Field::bit(7 - channel)
}

/// Module `Spl1`, offset 0: channel `c` carries spikes from the DNC to the chip: bit `15 - c`.
pub const fn channel_to_chip(channel: u8) -> Field {
    Field::bit(15 - channel)
}

/// Module `Spl1`, offset 0: spikes from the DNC are released at the time that they carry.
pub const USE_TIMESTAMPS: Field = Field::bit(16);
/// Module `Spl1`, offset 0: reset, until the next write without it.
pub const SPL1_RESET: Field = Field::bit(31);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generators_are_numbered_backwards() {
        let block = NeuronBlock::at;
        assert_eq!([period(block(0)), period(block(7))], [14, 7]);
        // Two addresses a word: generator 0 is the upper half of register 19, generator 1 the lower.
        assert_eq!(generator_address(block(0)), (19, Field::bits(8, 13)));
        assert_eq!(generator_address(block(1)), (19, Field::bits(0, 5)));
        assert_eq!(generator_address(block(7)), (16, Field::bits(0, 5)));
    }
}
