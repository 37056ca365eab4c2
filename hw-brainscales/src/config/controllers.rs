//! The synapse controllers: timings, and spike-timing-dependent plasticity as far as its registers are known.
//!
//! Source: `halbe:hal/HICANNContainer.{h,cpp}` (`SynapseController`), `halbe:hal/backend/HICANNBackendHelper.cpp`.
//!
//! The public tools never use the plasticity; the registers are encoded, what the circuits make of them is not known in full.

use super::{Contents, Refusal, Step, Undecodable, encode::field, step::Write, step::put};
use taproot_wafer::{
    Half, SynapseRow,
    registers::{
        Module, Register, SramTimings,
        synapse::{self as bits, Command},
    },
    reversed,
};

/// Which capacitors and thresholds an evaluation compares. Names as in `halbe`, whose own comments on `ac` and `ca`
/// contradict them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct EvaluationPattern {
    /// Acausal with the high threshold.
    pub aa: bool,
    /// Causal with the low threshold, by its comment.
    pub ac: bool,
    /// Acausal with the low threshold, by its comment.
    pub ca: bool,
    /// Causal with the high threshold.
    pub cc: bool,
}

/// New weight for each old one, 0 to 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookupTables {
    /// If only the acausal evaluation is positive.
    pub acausal: [u8; 16],
    /// If only the causal one is.
    pub causal: [u8; 16],
    /// If both are.
    pub both: [u8; 16],
}

impl Default for LookupTables {
    /// One more, one less, and no change.
    fn default() -> Self {
        Self {
            acausal: std::array::from_fn(|weight| weight.saturating_sub(1) as u8),
            causal: std::array::from_fn(|weight| (weight + 1).min(15) as u8),
            both: std::array::from_fn(|weight| weight as u8),
        }
    }
}

/// The controller of one synapse array.
#[derive(Clone, Debug, PartialEq)]
pub struct SynapseController {
    /// Read the acausal capacitor.
    pub read_acausal: bool,
    /// Read the causal capacitor.
    pub read_causal: bool,
    /// Read correlations along with weights.
    pub read_correlation: bool,
    /// Do not reset capacitors after an evaluation.
    pub without_reset: bool,
    /// Automatic updates start over when they are through.
    pub continuous: bool,
    /// First row of automatic updates, 0 to 223 from the top of the array.
    pub first_row: u8,
    /// Last row of automatic updates, 0 to 223 from the top of the array.
    pub last_row: u8,
    /// Column set, 0 to 7.
    pub column_set: u8,
    /// The two patterns of an evaluation.
    pub patterns: [EvaluationPattern; 2],
    /// New weights.
    pub lookup: LookupTables,
    /// Columns of a set whose correlations a reset clears.
    pub reset_columns: u32,
    /// Enables of the four slices, 0 to 15; the public tools use 0.
    pub slices: u8,
    /// Clocks of a write, 0 to 3.
    pub write_delay: u8,
    /// Clocks of the output enable, 0 to 15.
    pub output_delay: u8,
    /// Clocks of precharging, 0 to 15.
    pub precharge_delay: u8,
    /// Clocks of the enable signal, 0 to 15.
    pub enable_delay: u8,
    /// Receivers of the drivers on either edge are held in reset; which is which is not known. Encoding releases them in the
    /// stage that locks them, and not before.
    pub dll_reset: [bool; 2],
    /// Timings of the drivers' memory.
    pub timings: SramTimings,
}

impl Default for SynapseController {
    fn default() -> Self {
        Self {
            read_acausal: true,
            read_causal: true,
            read_correlation: false,
            without_reset: false,
            continuous: false,
            first_row: 0,
            last_row: 0,
            column_set: 0,
            patterns: [EvaluationPattern::default(); 2],
            lookup: LookupTables::default(),
            reset_columns: u32::MAX,
            slices: 0,
            write_delay: 2,
            output_delay: 15,
            precharge_delay: 15,
            enable_delay: 15,
            dll_reset: [false; 2],
            timings: SramTimings::default(),
        }
    }
}

/// The bits of the switches of both patterns.
const PATTERN_BITS: [[u32; 4]; 2] = [[1 << 1, 1 << 3, 1 << 5, 1 << 7], [1, 1 << 2, 1 << 4, 1 << 6]];

impl SynapseController {
    /// Clock cycles after which a command is complete.
    pub fn cycles(&self, command: Command) -> u16 {
        let (output, write) = (u16::from(self.output_delay), u16::from(self.write_delay));
        match command {
            Command::Idle | Command::Auto => 0,
            Command::StartRead | Command::StartReadDecoders => {
                u16::from(self.precharge_delay) + u16::from(self.enable_delay) + 4
            }
            Command::Read | Command::ReadDecoders => output + 3,
            Command::Write | Command::WriteDecoders => write + 4,
            Command::CloseRow => 3,
            Command::ResetCorrelation => output + 6,
        }
    }

    pub(super) fn refusal(&self) -> Option<Refusal> {
        let rows = [self.first_row, self.last_row];
        if let Some(row) = rows.into_iter().find(|row| *row > 223) {
            return Some(Refusal::ValueTooLarge {
                what: "the row of a synapse array",
                value: row.into(),
                largest: 223,
            });
        }
        let weights = self
            .lookup
            .acausal
            .iter()
            .chain(&self.lookup.causal)
            .chain(&self.lookup.both);
        if let Some(weight) = weights.copied().find(|weight| *weight > 15) {
            return Some(Refusal::ValueTooLarge {
                what: "a weight in a lookup table",
                value: weight.into(),
                largest: 15,
            });
        }
        self.config_word(false)
            .and_then(|_| field(bits::COLUMN_SET, self.column_set, "a column set"))
            .err()
    }

    /// The control register at rest. Rows and column set must have been found to fit.
    pub(super) fn control_word(&self, half: Half) -> u32 {
        let row =
            |row: u8| u32::from(SynapseRow::at(224 * half.index() + usize::from(row)).hardware_number());
        bits::COMMAND.put(Command::Idle as u32)
            | bits::READ_CORRELATION.put_bool(self.read_correlation)
            | bits::CONTINUOUS.put_bool(self.continuous)
            | bits::ROW.put(row(self.first_row))
            | bits::LAST_ROW.put(row(self.last_row))
            | bits::COLUMN_SET.put(self.column_set.into())
            | bits::WITHOUT_RESET.put_bool(self.without_reset)
            | bits::CAUSAL.put_bool(self.read_causal)
            | bits::ACAUSAL.put_bool(self.read_acausal)
    }

    /// The configuration register; receivers in reset if `hold`, as configured otherwise.
    pub(super) fn config_word(&self, hold: bool) -> Result<u32, Refusal> {
        let mut word = field(bits::ENABLE_DELAY, self.enable_delay, "an enable delay")?
            | field(bits::PRECHARGE_DELAY, self.precharge_delay, "a precharge delay")?
            | field(bits::SLICES, self.slices, "the enables of slices")?
            | field(bits::OUTPUT_DELAY, self.output_delay, "an output delay")?
            | field(bits::WRITE_DELAY, self.write_delay, "a write delay")?;
        for (runs, reset) in bits::DLL_RUNS.into_iter().zip(self.dll_reset) {
            word |= runs.put_bool(!(hold || reset));
        }
        for (pattern, places) in self.patterns.iter().zip(PATTERN_BITS) {
            let switches = [pattern.aa, pattern.ac, pattern.ca, pattern.cc];
            for (on, place) in switches.into_iter().zip(places) {
                word |= if on { place } else { 0 };
            }
        }
        Ok(word)
    }

    /// A write to the controller that changes nothing, to pass time with.
    pub(super) fn filler(&self, half: Half, hold: bool) -> Result<Write, Refusal> {
        Ok(Write {
            register: register(half, bits::CONFIG),
            data: self.config_word(hold)?,
        })
    }

    /// Once no driver is busy: timings, configuration, lookup tables, reset columns, control.
    pub(super) fn write(&self, half: Half, hold: bool, out: &mut Vec<Step>) -> Result<(), Refusal> {
        out.push(Step::AwaitDrivers(half));
        super::encode::put_timings(out, Module::SynapseController(half), self.timings)?;
        put(out, register(half, bits::CONFIG), self.config_word(hold)?);
        for (table, offset) in [
            (&self.lookup.acausal, bits::LOOKUP),
            (&self.lookup.causal, bits::LOOKUP + 2),
            (&self.lookup.both, bits::LOOKUP + 4),
        ] {
            for word in 0..2 {
                put(
                    out,
                    register(half, offset + word),
                    lookup_word(table, word.into()),
                );
            }
        }
        put(out, register(half, bits::RESET), self.reset_columns);
        put(out, register(half, bits::CONTROL), self.control_word(half));
        Ok(())
    }

    pub(super) fn read(contents: &Contents, half: Half) -> Result<Self, Undecodable> {
        let control_register = register(half, bits::CONTROL);
        let control = contents.within(control_register, 0x3fff_ff3f)?;
        let row = |number: u32| {
            SynapseRow::from_hardware(half, number as u8)
                .map(|row| (row.index() - 224 * half.index()) as u8)
                .ok_or(Undecodable::Meaningless {
                    register: control_register,
                    data: control,
                    why: "there is no such row",
                })
        };
        if bits::COMMAND.is_set(control) {
            return Err(Undecodable::Meaningless {
                register: control_register,
                data: control,
                why: "a command is no configuration",
            });
        }
        let config = contents.within(register(half, bits::CONFIG), 0x0fff_ffff)?;
        let mut lookup = LookupTables::default();
        for (table, offset) in [
            (&mut lookup.acausal, bits::LOOKUP),
            (&mut lookup.causal, bits::LOOKUP + 2),
            (&mut lookup.both, bits::LOOKUP + 4),
        ] {
            for word in 0..2 {
                let data = contents.get(register(half, offset + word))?;
                for (place, weight) in bits::LOOKUP_ORDER.into_iter().enumerate() {
                    let nibble = data >> (28 - 4 * place) & 15;
                    table[usize::from(weight) + usize::from(word)] = reversed(nibble, 4) as u8;
                }
            }
        }
        let patterns = PATTERN_BITS.map(|[aa, ac, ca, cc]| EvaluationPattern {
            aa: config & aa != 0,
            ac: config & ac != 0,
            ca: config & ca != 0,
            cc: config & cc != 0,
        });
        Ok(Self {
            read_acausal: bits::ACAUSAL.is_set(control),
            read_causal: bits::CAUSAL.is_set(control),
            read_correlation: bits::READ_CORRELATION.is_set(control),
            without_reset: bits::WITHOUT_RESET.is_set(control),
            continuous: bits::CONTINUOUS.is_set(control),
            first_row: row(bits::ROW.get(control))?,
            last_row: row(bits::LAST_ROW.get(control))?,
            column_set: bits::COLUMN_SET.get(control) as u8,
            patterns,
            lookup,
            reset_columns: contents.get(register(half, bits::RESET))?,
            slices: bits::SLICES.get(config) as u8,
            write_delay: bits::WRITE_DELAY.get(config) as u8,
            output_delay: bits::OUTPUT_DELAY.get(config) as u8,
            precharge_delay: bits::PRECHARGE_DELAY.get(config) as u8,
            enable_delay: bits::ENABLE_DELAY.get(config) as u8,
            dll_reset: bits::DLL_RUNS.map(|runs| !runs.is_set(config)),
            timings: super::encode::read_timings(contents, Module::SynapseController(half))?,
        })
    }
}

fn register(half: Half, offset: u16) -> Register {
    Module::SynapseController(half).register(offset)
}

fn lookup_word(table: &[u8; 16], word: usize) -> u32 {
    bits::LOOKUP_ORDER
        .into_iter()
        .map(|weight| reversed(table[usize::from(weight) + word].into(), 4))
        .fold(0, |word, nibble| word << 4 | nibble)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_at_rest_by_hand() {
        let controller = SynapseController::default();
        // Write delay 2, output 15, precharge 15, enable 15; receivers running or not.
        assert_eq!(controller.config_word(false), Ok(0x0bf0_ff00));
        assert_eq!(controller.config_word(true), Ok(0x0bc0_ff00));
        // Both capacitors; rows from the top of the array are 223 in the upper half, 0 in the lower.
        assert_eq!(controller.control_word(Half::Top), 0x30df_df00);
        assert_eq!(controller.control_word(Half::Bottom), 0x3000_0000);
        // Pattern 0 has the odd bits from aa at 1 to cc at 7, pattern 1 the even ones.
        let mut patterned = controller.clone();
        patterned.patterns[0].cc = true;
        patterned.patterns[0].ac = true;
        patterned.patterns[1].ca = true;
        assert_eq!(
            patterned.config_word(false),
            Ok(0x0bf0_ff00 | 1 << 7 | 1 << 3 | 1 << 4)
        );
        assert_eq!(controller.cycles(Command::Write), 6);
        assert_eq!(controller.cycles(Command::StartRead), 34);
    }

    #[test]
    fn lookup_words_by_hand() {
        // No change: weights 0, 8, 4, 12, 2, 10, 6, 14, each reversed: 0 1 2 3 4 5 6 7.
        let table = LookupTables::default().both;
        assert_eq!(lookup_word(&table, 0), 0x0123_4567);
        assert_eq!(lookup_word(&table, 1), 0x89ab_cdef);
    }
}
