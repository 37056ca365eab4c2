//! Codes of floating gates, and how they are programmed.
//!
//! Sources: `halbe:hal/HICANN/{FGBlock,FGConfig,FGRow}.*`, `sthal:sthal/{FloatingGates,ParallelHICANNv4Configurator}.cpp`.
//!
//! A row of all four blocks is programmed at once: its codes go into the controllers' memories, then all four begin, then
//! one waits for them. Codes decay towards what neighbours are programmed to, so order and speed matter; see [`Programming`].

use super::{Contents, Refusal, Step, Undecodable, contents::codes, encode::field, step::put};
use taproot_wafer::{
    Neuron, Side,
    floating_gate::{
        CELLS_PER_BLOCK, CellKind, FgBlock, FgColumn, FgRow, LARGEST_CODE, NeuronParameter, SharedParameter,
    },
    registers::{
        Module,
        floating_gates::{self as bits, FgInstruction},
    },
};

/// The codes of all cells of a chip, 0 to 1023.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloatingGates {
    codes: Vec<u16>,
}

impl Default for FloatingGates {
    /// The codes that the public tools program; 0 in cells without a use.
    fn default() -> Self {
        let mut gates = Self {
            codes: vec![0; FgBlock::COUNT * CELLS_PER_BLOCK],
        };
        for block in FgBlock::all() {
            for parameter in SharedParameter::ALL {
                gates.set_shared(block, *parameter, parameter.default_code());
            }
        }
        for neuron in Neuron::all() {
            for parameter in NeuronParameter::ALL {
                gates.set_neuron(neuron, *parameter, parameter.default_code());
            }
        }
        gates
    }
}

impl FloatingGates {
    fn index(block: FgBlock, row: FgRow, column: FgColumn) -> usize {
        (block.index() * FgRow::COUNT + row.index()) * FgColumn::COUNT + column.index()
    }

    /// The code of a cell.
    pub fn get(&self, block: FgBlock, row: FgRow, column: FgColumn) -> u16 {
        self.codes[Self::index(block, row, column)]
    }

    /// Sets the code of a cell.
    pub fn set(&mut self, block: FgBlock, row: FgRow, column: FgColumn, code: u16) {
        self.codes[Self::index(block, row, column)] = code;
    }

    /// The code of a neuron's parameter.
    pub fn neuron(&self, neuron: Neuron, parameter: NeuronParameter) -> u16 {
        let block = neuron.fg_block();
        self.get(block, parameter.row(block.side()), neuron.fg_column())
    }

    /// Sets the code of a neuron's parameter.
    pub fn set_neuron(&mut self, neuron: Neuron, parameter: NeuronParameter, code: u16) {
        let block = neuron.fg_block();
        self.set(block, parameter.row(block.side()), neuron.fg_column(), code);
    }

    /// The code of a block's shared parameter; none if the block has no such parameter.
    pub fn shared(&self, block: FgBlock, parameter: SharedParameter) -> Option<u16> {
        let row = parameter.row(block.side())?;
        Some(self.get(block, row, FgColumn::SHARED))
    }

    /// Sets the code of a block's shared parameter; nothing happens if the block has no such parameter.
    pub fn set_shared(&mut self, block: FgBlock, parameter: SharedParameter, code: u16) {
        if let Some(row) = parameter.row(block.side()) {
            self.set(block, row, FgColumn::SHARED, code);
        }
    }

    fn row(&self, block: FgBlock, row: FgRow) -> &[u16] {
        &self.codes[Self::index(block, row, FgColumn::SHARED)..][..FgColumn::COUNT]
    }

    pub(super) fn refusal(&self) -> Option<Refusal> {
        let index = self.codes.iter().position(|code| *code > LARGEST_CODE)?;
        Some(Refusal::CodeTooLarge {
            block: FgBlock::at(index / CELLS_PER_BLOCK),
            row: FgRow::at(index % CELLS_PER_BLOCK / FgColumn::COUNT),
            column: FgColumn::at(index % FgColumn::COUNT),
            code: self.codes[index],
        })
    }

    /// Everything that programs the chip's floating gates.
    pub(super) fn write(&self, programming: &Programming, out: &mut Vec<Step>) -> Result<(), Refusal> {
        let zero = vec![0; FgColumn::COUNT];
        let kinds = |kind| FgRow::all().filter(move |row| row.kind() == kind);

        // Everything to zero, currents first.
        write_controllers(&programming.zero, out)?;
        for row in kinds(CellKind::Current).chain(kinds(CellKind::Voltage)) {
            program([row; 4], |_, _| &zero, Towards::Down, out);
        }
        // The bias of the floating gates' own amplifiers, neurons still at zero.
        let bias = FgRow::at(1);
        for pass in &programming.passes {
            write_controllers(&pass.controller, out)?;
            for block in FgBlock::all() {
                let mut codes = zero.clone();
                codes[0] = self.get(block, bias, FgColumn::SHARED);
                put_row(block, &codes, out);
                put_instruction(block, pass.towards.instruction().word(bias), out);
            }
            out.extend(FgBlock::all().map(Step::AwaitFloatingGates));
        }
        // Voltages, then the currents of which some are low, as often as there are passes.
        let (high, low): (Vec<NeuronParameter>, Vec<NeuronParameter>) = NeuronParameter::ALL
            .iter()
            .filter(|parameter| parameter.row(Side::Left).kind() == CellKind::Current)
            .partition(|parameter| self.is_high(**parameter, programming.fast_from));
        let voltages: Vec<[FgRow; 4]> = kinds(CellKind::Voltage).map(|row| [row; 4]).collect();
        let rows =
            |parameter: &NeuronParameter| [0, 1, 2, 3].map(|block| parameter.row(FgBlock::at(block).side()));
        let currents: Vec<[FgRow; 4]> = low.iter().map(rows).collect();
        for group in [voltages, currents] {
            for pass in &programming.passes {
                write_controllers(&pass.controller, out)?;
                for row in &group {
                    program(*row, |block, row| self.row(block, row), pass.towards, out);
                }
            }
        }
        // Currents that are all high: once, fast upwards.
        write_controllers(&programming.fast_upwards, out)?;
        for parameter in high {
            program(
                rows(&parameter),
                |block, row| self.row(block, row),
                Towards::Up,
                out,
            );
        }
        Ok(())
    }

    /// Whether all cells in the rows of a parameter have a code of at least `limit` in some block.
    fn is_high(&self, parameter: NeuronParameter, limit: u16) -> bool {
        FgBlock::all().any(|block| {
            self.row(block, parameter.row(block.side()))
                .iter()
                .all(|code| *code >= limit)
        })
    }

    pub(super) fn read(contents: &Contents) -> Result<Self, Undecodable> {
        let mut gates = Self::default();
        for block in FgBlock::all() {
            for row in FgRow::all() {
                for (column, code) in FgColumn::all().zip(codes(&contents.gates(block, row)?)) {
                    gates.set(block, row, column, code);
                }
            }
        }
        Ok(gates)
    }
}

/// Programs one row of each block and waits.
fn program<'a>(
    rows: [FgRow; 4],
    codes: impl Fn(FgBlock, FgRow) -> &'a [u16],
    towards: Towards,
    out: &mut Vec<Step>,
) {
    for (block, row) in FgBlock::all().zip(rows) {
        put_row(block, codes(block, row), out);
        put_instruction(block, towards.instruction().word(row), out);
    }
    out.extend(FgBlock::all().map(Step::AwaitFloatingGates));
}

/// Codes of all columns into bank 0 of a controller's memory.
pub(super) fn put_row(block: FgBlock, codes: &[u16], out: &mut Vec<Step>) {
    for (offset, pair) in (0..).zip(codes.chunks(2)) {
        let higher = pair.get(1).copied().unwrap_or_default();
        let data = bits::LOWER.put(pair[0].into()) | bits::HIGHER.put(higher.into());
        put(out, Module::FloatingGates(block).register(offset), data);
    }
}

pub(super) fn put_instruction(block: FgBlock, word: u32, out: &mut Vec<Step>) {
    put(
        out,
        Module::FloatingGates(block).register(bits::INSTRUCTION),
        word,
    );
}

fn write_controllers(controller: &FgController, out: &mut Vec<Step>) -> Result<(), Refusal> {
    for block in FgBlock::all() {
        controller.write(block, out)?;
    }
    Ok(())
}

/// Settings of a controller of floating gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FgController {
    /// Most cycles of programming a row.
    pub max_cycles: u8,
    /// Time until what is read is stable, 0 to 63.
    pub read_time: u8,
    /// Cycles after which the write time doubles, 0 to 63.
    pub accelerator_step: u8,
    /// First write time of voltage cells, 0 to 63.
    pub voltage_write_time: u8,
    /// First write time of current cells, 0 to 63.
    pub current_write_time: u8,
    /// Bias of the upper programming voltage, 0 to 15. Chips of version 4 are programmed with 0.
    pub bias: u8,
    /// Bias of the source followers, 0 to 15, largest at 0. Chips of version 4 are programmed with 0.
    pub biasn: u8,
    /// Pulse length in clocks of a quarter of the chip's clock minus 1, 0 to 15.
    pub pulse_length: u8,
    /// Shorts the programming line to ground.
    pub ground: bool,
    /// Calibration mode.
    pub calibration: bool,
}

impl FgController {
    /// What the public tools use for the coarse passes, with the biases of version 4.
    pub const COARSE: FgController = FgController {
        max_cycles: 255,
        read_time: 40,
        accelerator_step: 9,
        voltage_write_time: 15,
        current_write_time: 1,
        bias: 0,
        biasn: 0,
        pulse_length: 9,
        ground: false,
        calibration: false,
    };
    /// What they use for the fine passes.
    pub const FINE: FgController = FgController {
        max_cycles: 10,
        read_time: 63,
        accelerator_step: 63,
        voltage_write_time: 5,
        current_write_time: 20,
        pulse_length: 1,
        ..Self::COARSE
    };

    /// Contents of the bias register and of the operation register.
    pub(super) fn words(&self) -> Result<[u32; 2], Refusal> {
        let bias = field(bits::FG_BIAS, self.bias, "a floating-gate bias")?
            | field(bits::FG_BIASN, self.biasn, "a floating-gate bias")?
            | field(bits::PULSE_LENGTH, self.pulse_length, "a pulse length")?
            | bits::GROUND.put_bool(self.ground)
            | bits::CALIBRATION.put_bool(self.calibration);
        let operation = field(bits::MAX_CYCLES, self.max_cycles, "a number of cycles")?
            | field(bits::READ_TIME, self.read_time, "a read time")?
            | field(
                bits::ACCELERATOR_STEP,
                self.accelerator_step,
                "an accelerator step",
            )?
            | field(bits::VOLTAGE_WRITE_TIME, self.voltage_write_time, "a write time")?
            | field(bits::CURRENT_WRITE_TIME, self.current_write_time, "a write time")?;
        Ok([bias, operation])
    }

    pub(super) fn from_words([bias, operation]: [u32; 2]) -> Self {
        Self {
            max_cycles: bits::MAX_CYCLES.get(operation) as u8,
            read_time: bits::READ_TIME.get(operation) as u8,
            accelerator_step: bits::ACCELERATOR_STEP.get(operation) as u8,
            voltage_write_time: bits::VOLTAGE_WRITE_TIME.get(operation) as u8,
            current_write_time: bits::CURRENT_WRITE_TIME.get(operation) as u8,
            bias: bits::FG_BIAS.get(bias) as u8,
            biasn: bits::FG_BIASN.get(bias) as u8,
            pulse_length: bits::PULSE_LENGTH.get(bias) as u8,
            ground: bits::GROUND.is_set(bias),
            calibration: bits::CALIBRATION.is_set(bias),
        }
    }

    pub(super) fn write(&self, block: FgBlock, out: &mut Vec<Step>) -> Result<(), Refusal> {
        let [bias, operation] = self.words()?;
        put(out, Module::FloatingGates(block).register(bits::BIAS), bias);
        put(
            out,
            Module::FloatingGates(block).register(bits::OPERATION),
            operation,
        );
        Ok(())
    }

    /// Most clock cycles of the chip that programming a row of one kind of cells can take.
    pub fn longest_row(&self, kind: CellKind) -> u64 {
        let mut write_time = u64::from(match kind {
            CellKind::Voltage => self.voltage_write_time,
            CellKind::Current => self.current_write_time,
        });
        let pulse = u64::from(self.pulse_length) + 1;
        let read = (u64::from(self.read_time) + 1) * pulse * FgColumn::COUNT as u64;
        let (mut cycles, mut since_doubling) = (0, 0);
        for cycle in 0..=u32::from(self.max_cycles) {
            if cycle > 0 {
                since_doubling += 1;
            }
            if since_doubling == u32::from(self.accelerator_step) && write_time < 128 {
                write_time *= 2;
                since_doubling = 0;
            }
            cycles += write_time * pulse + read;
        }
        4 * cycles
    }
}

/// Whether cells are raised or lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// Raised.
    Up,
    /// Lowered.
    Down,
}

impl Towards {
    const fn instruction(self) -> FgInstruction {
        match self {
            Towards::Up => FgInstruction::WriteUp,
            Towards::Down => FgInstruction::WriteDown,
        }
    }
}

/// One pass over rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Settings of the controllers.
    pub controller: FgController,
    /// Direction.
    pub towards: Towards,
}

/// How floating gates are programmed: all to zero; the bias of their amplifiers; voltages; currents of which some are low;
/// and currents that are all high, fast upwards, since this disturbs others least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programming {
    /// Settings for lowering everything to zero.
    pub zero: FgController,
    /// The passes over a row.
    pub passes: Vec<Pass>,
    /// Settings for raising currents that are all high.
    pub fast_upwards: FgController,
    /// The code from which a current counts as high.
    pub fast_from: u16,
}

impl Default for Programming {
    /// As chips of version 4 are programmed by the public tools: coarse down, coarse up, fine down, fine up.
    fn default() -> Self {
        let pass = |controller, towards| Pass { controller, towards };
        let fast = FgController {
            max_cycles: 31,
            read_time: 30,
            accelerator_step: 2,
            voltage_write_time: 63,
            current_write_time: 63,
            pulse_length: 15,
            ..FgController::COARSE
        };
        Self {
            zero: FgController {
                max_cycles: 23,
                ..fast
            },
            passes: vec![
                pass(FgController::COARSE, Towards::Down),
                pass(FgController::COARSE, Towards::Up),
                pass(FgController::FINE, Towards::Down),
                pass(FgController::FINE, Towards::Up),
            ],
            fast_upwards: fast,
            fast_from: 800,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controller_words_by_hand() {
        // 1 at 26, 15 at 20, 9 at 14, 40 at 8, 255; pulse length 9 at 8.
        let expected = [9 << 8, 1 << 26 | 15 << 20 | 9 << 14 | 40 << 8 | 255];
        assert_eq!(FgController::COARSE.words(), Ok(expected));
        let halbe = FgController {
            bias: 8,
            biasn: 5,
            ..FgController::COARSE
        };
        assert_eq!(halbe.words().unwrap()[0], 0x958);
        assert_eq!(FgController::from_words(halbe.words().unwrap()), halbe);
    }

    #[test]
    fn two_columns_share_a_word_and_the_last_is_alone() {
        let mut codes = vec![0; FgColumn::COUNT];
        codes[0] = 1;
        codes[1] = 2;
        codes[128] = 1023;
        let mut out = Vec::new();
        put_row(FgBlock::at(0), &codes, &mut out);
        assert_eq!(out.len(), 65);
        let data = |step: &Step| match step {
            Step::Write(write) => write.data,
            other => panic!("{other:?}"),
        };
        assert_eq!((data(&out[0]), data(&out[64])), (2 << 10 | 1, 1023));
    }

    #[test]
    fn defaults_are_in_the_rows_of_their_side() {
        let gates = FloatingGates::default();
        // E_l, 300: row 6 on the left, 16 on the right.
        assert_eq!(gates.get(FgBlock::at(0), FgRow::at(6), FgColumn::at(1)), 300);
        assert_eq!(gates.get(FgBlock::at(3), FgRow::at(16), FgColumn::at(128)), 300);
        assert_eq!(gates.shared(FgBlock::at(0), SharedParameter::VBout), Some(1023));
        assert_eq!(gates.shared(FgBlock::at(1), SharedParameter::VBout), None);
    }

    #[test]
    fn the_longest_row_takes_about_a_second_and_a_half() {
        // Coarse at 100 MHz: 256 cycles of 41 * 10 * 129 clocks of reading alone are 0.54 s.
        let cycles = FgController::COARSE.longest_row(CellKind::Voltage);
        let reading = 4 * 256 * 41 * 10 * 129;
        // Write times: 15, doubled every 9 cycles: 9 * (15 + 30 + 60 + 120) + 220 * 240.
        let writing = 4 * 10 * (9 * (15 + 30 + 60 + 120) + 220 * 240);
        assert_eq!(cycles, reading + writing);
    }
}
