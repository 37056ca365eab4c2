//! The neuron builder: a word of memory per neuron circuit, and two registers for the whole chip.
//!
//! Sources: `halbe:hal/HICANNContainer.{h,cpp}`, `halbe:hal/backend/HICANNBackendHelper.cpp`,
//! `hicann-system:units/stage2_hal/source/neuronbuilder_control.{h,cpp}`.

use crate::{AnalogOutput, Field, Half, Side};

/// Offset of the register with the settings of both rows of neurons; below it is a word per circuit
/// ([`crate::Neuron::hardware_address`]).
pub const GLOBAL: u16 = 0x200;
/// Offset of the register with the multiplexers of the analogue outputs.
pub const ANALOG: u16 = 0x201;

/// Circuit's word: its address on layer 1, with the bits in reverse order.
pub const ADDRESS: Field = Field::bits(0, 5);
/// Circuit's word, top right circuits only: the [`pair`] of the upper row.
pub const PAIR_TOP: Field = Field::bits(6, 13);
/// Circuit's word, top right circuits only: the [`pair`] of the lower row.
pub const PAIR_BOTTOM: Field = Field::bits(14, 21);
/// Circuit's word, lower circuits only: joined with the upper circuit of the column.
pub const VERTICAL: Field = Field::bit(22);
/// Circuit's word, upper circuits only: its spikes are sent.
pub const FIRE_TOP: Field = Field::bit(23);
/// Circuit's word, lower circuits only: its spikes are sent.
pub const FIRE_BOTTOM: Field = Field::bit(24);

/// The field of a row's pair.
pub const fn pair_field(half: Half) -> Field {
    match half {
        Half::Top => PAIR_TOP,
        Half::Bottom => PAIR_BOTTOM,
    }
}

/// The bit with which the circuits of a row send spikes.
pub const fn fire_field(half: Half) -> Field {
    match half {
        Half::Top => FIRE_TOP,
        Half::Bottom => FIRE_BOTTOM,
    }
}

/// The eight bits of the two circuits of one row of a quad.
pub mod pair {
    use super::{Field, Side};

    /// Which membranes go to the analogue output or take the current stimulus: see [`IO_MAP`].
    pub const IO: Field = Field::bits(0, 2);
    /// The two circuits are joined.
    pub const HORIZONTAL: Field = Field::bit(3);

    /// Meaning of the codes of [`IO`], each as four switches: bit 0 output of the right circuit, 1 output of the left,
    /// 2 stimulus of the right, 3 stimulus of the left. Other combinations cannot be had.
    pub const IO_MAP: [u8; 8] = [0, 1, 2, 3, 4, 5, 10, 8];

    /// The circuit's comparator is on: it can fire and be reset.
    pub const fn firing(side: Side) -> Field {
        match side {
            Side::Left => Field::bit(4),
            Side::Right => Field::bit(7),
        }
    }

    /// The circuit is joined with, and reset by, the circuit beyond the boundary of the quad on that side. If the circuit
    /// there has this set too, the chip can be damaged.
    pub const fn fire_input(side: Side) -> Field {
        match side {
            Side::Left => Field::bit(5),
            Side::Right => Field::bit(6),
        }
    }
}

/// A current whose mirror has three settings, for each row of neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MirroredCurrent {
    /// Adaptation time constant, `I_radapt`.
    Radapt,
    /// Adaptation conductance, `I_gladapt`.
    Gladapt,
    /// Leak, `I_gl`.
    Gl,
}

/// Global register: the bit that makes a current of a row fast.
pub const fn fast(current: MirroredCurrent, row: Half) -> Field {
    Field::bit(current as u8 + 3 * (row.opposite().index() as u8))
}

/// Global register: the bit that makes a current of a row slow.
pub const fn slow(current: MirroredCurrent, row: Half) -> Field {
    Field::bit(6 + current as u8 + 3 * (row.opposite().index() as u8))
}

/// Global register: the row's membranes have the large capacitor.
pub const fn big_capacitor(row: Half) -> Field {
    match row {
        Half::Top => Field::bit(13),
        Half::Bottom => Field::bit(12),
    }
}

/// Global register: the spike interface is *not* in reset.
pub const SPL1_RUNS: Field = Field::bit(14);

/// Global register: the neurons of a row are *not* in reset.
pub const fn neurons_run(row: Half) -> Field {
    match row {
        Half::Top => Field::bit(16),
        Half::Bottom => Field::bit(15),
    }
}

/// All bits of the global register that mean something.
pub const GLOBAL_BITS: Field = Field::bits(0, 16);

/// Analogue register: the ten switches of an output, one per [`crate::AnalogLine`].
pub const fn analog_lines(output: AnalogOutput) -> Field {
    match output.index() {
        0 => Field::bits(10, 19),
        _ => Field::bits(0, 9),
    }
}

/// Analogue register: the output drives its line.
pub const fn analog_enable(output: AnalogOutput) -> Field {
    match output.index() {
        0 => Field::bit(21),
        _ => Field::bit(20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn global_bits_as_halbe_numbers_them() {
        use MirroredCurrent::{Gl, Gladapt, Radapt};
        let (top, bottom) = (Half::Top, Half::Bottom);
        for (number, field) in [
            fast(Radapt, bottom),
            fast(Gladapt, bottom),
            fast(Gl, bottom),
            fast(Radapt, top),
            fast(Gladapt, top),
            fast(Gl, top),
            slow(Radapt, bottom),
            slow(Gladapt, bottom),
            slow(Gl, bottom),
            slow(Radapt, top),
            slow(Gladapt, top),
            slow(Gl, top),
            big_capacitor(bottom),
            big_capacitor(top),
            SPL1_RUNS,
            neurons_run(bottom),
            neurons_run(top),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(field, Field::bit(number as u8));
        }
    }
}
