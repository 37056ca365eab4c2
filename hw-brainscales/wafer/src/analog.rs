//! The two analogue outputs of a chip.
//!
//! Sources: `halbe:hal/HICANNContainer.{h,cpp}` (`Analog`), `sthal:sthal/HICANN.cpp` (`enable_aout`).

use crate::{Half, Neuron, Side, floating_gate::FgBlock};

index! {
    /// One of the two analogue outputs of a chip. Each leads to one of the two lines of the reticle, so that only one of
    /// its chips can use an output at a time.
    AnalogOutput(u8), 2, "output ", "analogue output"
}

/// What an analogue output can show. The number of each is its bit in the multiplexer; bit 1 has no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnalogLine {
    /// A cell of the floating gates on the right.
    FloatingGatesRight = 0,
    /// The membrane of a neuron in the lower row and an odd column.
    MembraneBottomOdd = 2,
    /// The membrane of a neuron in the upper row and an odd column.
    MembraneTopOdd = 3,
    /// The membrane of a neuron in the lower row and an even column.
    MembraneBottomEven = 4,
    /// The membrane of a neuron in the upper row and an even column.
    MembraneTopEven = 5,
    /// A cell of the floating gates on the left.
    FloatingGatesLeft = 6,
    /// The fire line of neuron 0; on output 0 only.
    FireLineOfNeuron0 = 7,
    /// The strobe lines of synapse drivers.
    PreOut = 8,
    /// The control voltage of a delay-locked loop.
    DllVoltage = 9,
}

impl AnalogLine {
    /// All lines, by bit.
    pub const ALL: [AnalogLine; 9] = [
        AnalogLine::FloatingGatesRight,
        AnalogLine::MembraneBottomOdd,
        AnalogLine::MembraneTopOdd,
        AnalogLine::MembraneBottomEven,
        AnalogLine::MembraneTopEven,
        AnalogLine::FloatingGatesLeft,
        AnalogLine::FireLineOfNeuron0,
        AnalogLine::PreOut,
        AnalogLine::DllVoltage,
    ];

    /// Its bit in the multiplexer of an output, 0 to 9.
    pub const fn bit(self) -> u8 {
        self as u8
    }

    /// The line of a bit; none for bit 1 and above 9.
    pub fn from_bit(bit: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|line| line.bit() == bit)
    }

    /// The line that shows a neuron's membrane, if the neuron's own switch is closed.
    pub const fn membrane(neuron: Neuron) -> Self {
        match (neuron.half(), neuron.side_in_quad()) {
            (Half::Top, Side::Left) => AnalogLine::MembraneTopEven,
            (Half::Top, Side::Right) => AnalogLine::MembraneTopOdd,
            (Half::Bottom, Side::Left) => AnalogLine::MembraneBottomEven,
            (Half::Bottom, Side::Right) => AnalogLine::MembraneBottomOdd,
        }
    }

    /// The group of neurons whose membranes the line can show, named by the floating-gate block with their shared
    /// parameters; none for other lines. At most one neuron of a group may be switched to the line.
    pub const fn membrane_group(self) -> Option<FgBlock> {
        Some(match self {
            AnalogLine::MembraneTopEven => FgBlock::of(Half::Top, Side::Left),
            AnalogLine::MembraneTopOdd => FgBlock::of(Half::Top, Side::Right),
            AnalogLine::MembraneBottomEven => FgBlock::of(Half::Bottom, Side::Left),
            AnalogLine::MembraneBottomOdd => FgBlock::of(Half::Bottom, Side::Right),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_bits_correspond() {
        for bit in 0..12 {
            let line = AnalogLine::from_bit(bit);
            assert_eq!(line.is_some(), bit != 1 && bit < 10);
            assert!(line.is_none_or(|line| line.bit() == bit));
        }
    }

    #[test]
    fn a_neuron_is_shown_by_the_line_of_its_group() {
        for neuron in Neuron::all() {
            let line = AnalogLine::membrane(neuron);
            assert_eq!(line.membrane_group(), Some(neuron.shared_fg_block()));
        }
    }
}
