//! The controllers of floating gates.
//!
//! Sources: `hicann-system:units/stage2_hal/source/fg_control.cpp`, `hicann-system:global_src/systemc/hardware_base.h`,
//! `halbe:hal/HICANN/{FGConfig,FGInstruction,FGErrorResult,FGRow}.*`.
//!
//! A row is programmed from the controller's memory, which holds one code per column in two banks; the same memory holds
//! the amplitudes of the current stimulus.

use crate::Field;

/// Words of one bank: two columns each, the lower one in the lower bits. The last word holds one.
pub const WORDS: u16 = 65;
/// Offset of bank 1; bank 0 is at 0.
pub const BANK_1: u16 = 128;
/// Offset of the instruction register; writing it starts the instruction.
pub const INSTRUCTION: u16 = 0x101;
/// Offset of the operation register.
pub const OPERATION: u16 = 0x102;
/// Offset of the answer register, which is read only.
pub const ANSWER: u16 = 0x104;
/// Offset of the bias register.
pub const BIAS: u16 = 0x108;

/// Memory word: the lower column.
pub const LOWER: Field = Field::bits(0, 9);
/// Memory word: the higher column.
pub const HIGHER: Field = Field::bits(10, 19);

/// Instruction: row.
pub const ROW: Field = Field::bits(0, 4);
/// Instruction: column, of use when reading.
pub const COLUMN: Field = Field::bits(5, 12);
/// Instruction: bank.
pub const BANK: Field = Field::bit(13);
/// Instruction: what to do.
pub const CODE: Field = Field::bits(14, 16);

/// What a controller can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FgInstruction {
    /// Lead a cell to the analogue output.
    Read = 0,
    /// Program a row upwards: cells below their code are raised.
    WriteUp = 1,
    /// Program a row downwards: cells above their code are lowered.
    WriteDown = 2,
    /// Report the next cell that did not reach its code.
    NextFalse = 3,
    /// Play the memory once as a current stimulus.
    Stimulate = 4,
    /// Play it over and over.
    StimulateContinuously = 5,
}

impl FgInstruction {
    /// All instructions, by their code.
    pub const ALL: [FgInstruction; 6] = [
        FgInstruction::Read,
        FgInstruction::WriteUp,
        FgInstruction::WriteDown,
        FgInstruction::NextFalse,
        FgInstruction::Stimulate,
        FgInstruction::StimulateContinuously,
    ];

    /// The instruction of a code; none above 5.
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.get(code as usize).copied()
    }

    /// The word for a row with bank 0 and column 0.
    pub const fn word(self, row: crate::floating_gate::FgRow) -> u32 {
        CODE.put(self as u32) | ROW.put(row.index() as u32)
    }
}

/// Operation: most cycles of programming a row.
pub const MAX_CYCLES: Field = Field::bits(0, 7);
/// Operation: time until what is read is stable.
pub const READ_TIME: Field = Field::bits(8, 13);
/// Operation: cycles after which the write time is doubled.
pub const ACCELERATOR_STEP: Field = Field::bits(14, 19);
/// Operation: first write time of voltage cells.
pub const VOLTAGE_WRITE_TIME: Field = Field::bits(20, 25);
/// Operation: first write time of current cells.
pub const CURRENT_WRITE_TIME: Field = Field::bits(26, 31);

/// Bias: upper programming voltage. Reads back with its bits in reverse order (`halbe:hal/backend/HICANNBackend.cpp`).
pub const FG_BIAS: Field = Field::bits(0, 3);
/// Bias: source followers, largest at 0. Reads back with its bits in reverse order.
pub const FG_BIASN: Field = Field::bits(4, 7);
/// Bias: pulse length, in clocks of a quarter of the chip's clock, minus 1.
pub const PULSE_LENGTH: Field = Field::bits(8, 11);
/// Bias: shorts the programming line to ground.
pub const GROUND: Field = Field::bit(12);
/// Bias: calibration mode.
pub const CALIBRATION: Field = Field::bit(13);
/// Bits of the bias register.
pub const BIAS_BITS: Field = Field::bits(0, 13);

/// Answer: the column reported.
pub const ANSWER_COLUMN: Field = Field::bits(0, 7);
/// Answer: the controller is busy.
pub const ANSWER_BUSY: Field = Field::bit(8);
/// Answer: a cell did not reach its code within the cycles allowed.
pub const ANSWER_ERROR: Field = Field::bit(9);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floating_gate::FgRow;

    #[test]
    fn instruction_words() {
        assert_eq!(FgInstruction::WriteDown.word(FgRow::at(23)), 0x8017);
        assert_eq!(FgInstruction::StimulateContinuously.word(FgRow::at(0)), 0x1_4000);
    }
}
