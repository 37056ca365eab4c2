//! Current stimuli: a block's memory played to one neuron.
//!
//! Source: `halbe:hal/HICANN/FGStimulus.h`, `sthal:sthal/HICANNConfigurator.cpp` (`config_fg_stimulus`).

use super::{
    Contents, FgController, Refusal, Step, Undecodable,
    contents::codes,
    floating_gates::{put_instruction, put_row},
};
use taproot_wafer::{
    floating_gate::{FgBlock, FgColumn, FgRow, LARGEST_CODE},
    registers::{
        Module,
        floating_gates::{self as bits, FgInstruction},
    },
};

/// The current stimulus of a block of floating gates, for the neurons of its group whose `current_input` is set; one at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stimulus {
    /// 129 amplitudes, 0 to 1023, each lasting one pulse length.
    pub amplitudes: Vec<u16>,
    /// They are repeated without end.
    pub continuous: bool,
    /// Settings that the block's controller keeps; the pulse length is that of the stimulus.
    pub controller: FgController,
}

impl Default for Stimulus {
    fn default() -> Self {
        Self {
            amplitudes: vec![0; FgColumn::COUNT],
            continuous: true,
            controller: FgController {
                pulse_length: 15,
                ..FgController::FINE
            },
        }
    }
}

impl Stimulus {
    pub(super) fn refusal(&self) -> Option<Refusal> {
        if self.amplitudes.len() != FgColumn::COUNT {
            return Some(Refusal::WrongNumber {
                what: "amplitudes of a stimulus",
                expected: FgColumn::COUNT,
                found: self.amplitudes.len(),
            });
        }
        if let Some(value) = self.amplitudes.iter().find(|value| **value > LARGEST_CODE) {
            return Some(Refusal::ValueTooLarge {
                what: "the amplitude of a stimulus",
                value: (*value).into(),
                largest: LARGEST_CODE.into(),
            });
        }
        self.controller.words().err()
    }

    pub(super) fn write(&self, block: FgBlock, out: &mut Vec<Step>) -> Result<(), Refusal> {
        self.controller.write(block, out)?;
        put_row(block, &self.amplitudes, out);
        let instruction = match self.continuous {
            true => FgInstruction::StimulateContinuously,
            false => FgInstruction::Stimulate,
        };
        put_instruction(block, instruction.word(FgRow::at(0)), out);
        Ok(())
    }

    pub(super) fn read(contents: &Contents, block: FgBlock) -> Result<Self, Undecodable> {
        let register = |offset| Module::FloatingGates(block).register(offset);
        let mut words = [0; bits::WORDS as usize];
        for (offset, word) in (0..).zip(&mut words) {
            let mask = match offset {
                64 => bits::LOWER.mask(),
                _ => bits::LOWER.mask() | bits::HIGHER.mask(),
            };
            *word = contents.within(register(offset), mask)?;
        }
        let bias = contents.within(register(bits::BIAS), bits::BIAS_BITS.mask())?;
        let operation = contents.get(register(bits::OPERATION))?;
        Ok(Self {
            amplitudes: codes(&words).collect(),
            continuous: contents.stimulus(block)? == FgInstruction::StimulateContinuously,
            controller: FgController::from_words([bias, operation]),
        })
    }
}
