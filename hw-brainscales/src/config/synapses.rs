//! Weights and decoders of all synapses, as bytes in flat arrays.
//!
//! Source: `halbe:hal/backend/HICANNBackendHelper.cpp` (`set_weights_row_impl`, `set_decoder_double_row_impl`,
//! `top_to_decoder`, `bot_to_decoder`).
//!
//! Rows are written eight columns at a time: 32 columns fill four input registers, then a command stores them. A weight is a
//! nibble with its bits in reverse order. The decoders of a driver's two rows are interleaved: what is written for the
//! hardware-top row has the upper two bits of both rows' decoders, what is written for the bottom row the lower two.

use super::{Contents, Refusal, Step, SynapseController, Undecodable, contents::ROW_WORDS, step::put};
use taproot_wafer::{
    Column, Half, RowOnDriver, SynapseDriver, SynapseRow,
    registers::{
        Module,
        synapse::{self as bits, Command},
    },
};

/// The 114,688 synapses of a chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synapses {
    /// Weights, 0 to 15, row by row: see [`Synapses::index`].
    pub weights: Vec<u8>,
    /// The lower four address bits to which each synapse reacts, 0 to 15, row by row.
    pub decoders: Vec<u8>,
}

impl Default for Synapses {
    fn default() -> Self {
        Self {
            weights: vec![0; SynapseRow::COUNT * Column::COUNT],
            decoders: vec![0; SynapseRow::COUNT * Column::COUNT],
        }
    }
}

/// Nibbles with their bits in reverse order.
const REVERSED: [u8; 16] = [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15];

/// Of the decoders of both rows, hardware-top in the upper nibble: the nibbles written for the top row (upper) and the
/// bottom row (lower).
const INTERLEAVED: [u8; 256] = {
    let mut table = [0; 256];
    let mut both = 0;
    while both < 256 {
        let (top, bottom) = (both >> 4, both & 15);
        let upper = (bottom >> 3 & 1) << 3 | (top >> 2 & 1) << 2 | (bottom >> 2 & 1) << 1 | (top >> 3 & 1);
        let lower = (bottom >> 1 & 1) << 3 | (top & 1) << 2 | (bottom & 1) << 1 | (top >> 1 & 1);
        table[both] = (upper << 4 | lower) as u8;
        both += 1;
    }
    table
};

/// The other way round.
const SEPARATED: [u8; 256] = {
    let mut table = [0; 256];
    let mut both = 0;
    while both < 256 {
        table[INTERLEAVED[both] as usize] = both as u8;
        both += 1;
    }
    table
};

/// Eight columns in a word, the first one in the highest nibble.
fn word(nibbles: impl Iterator<Item = u8>) -> u32 {
    nibbles.fold(0, |word, nibble| word << 4 | u32::from(nibble))
}

fn nibble(words: &[u32; ROW_WORDS], column: usize) -> u8 {
    (words[column / 8] >> (28 - 4 * (column % 8)) & 15) as u8
}

impl Synapses {
    /// Where a synapse is in both arrays.
    pub const fn index(row: SynapseRow, column: Column) -> usize {
        row.index() * Column::COUNT + column.index()
    }

    fn row_of(values: &[u8], row: SynapseRow) -> &[u8] {
        &values[row.index() * Column::COUNT..][..Column::COUNT]
    }

    /// The driver's upper and lower row in the hardware's order: top, bottom.
    fn hardware_rows(driver: SynapseDriver) -> [SynapseRow; 2] {
        let rows = RowOnDriver::ALL.map(|row| driver.row(row));
        match driver.half() {
            Half::Top => rows,
            Half::Bottom => [rows[1], rows[0]],
        }
    }

    fn decoder_words(&self, driver: SynapseDriver) -> [[u32; ROW_WORDS]; 2] {
        let [top, bottom] = Self::hardware_rows(driver).map(|row| Self::row_of(&self.decoders, row));
        let mut words = [[0; ROW_WORDS]; 2];
        for (chunk, (top, bottom)) in top.chunks_exact(8).zip(bottom.chunks_exact(8)).enumerate() {
            let both = |shift: u8| {
                top.iter()
                    .zip(bottom)
                    .map(move |(top, bottom)| INTERLEAVED[usize::from(top << 4 | bottom)] >> shift & 15)
            };
            words[0][chunk] = word(both(4));
            words[1][chunk] = word(both(0));
        }
        words
    }

    fn weight_words(&self, row: SynapseRow) -> [u32; ROW_WORDS] {
        let mut words = [0; ROW_WORDS];
        for (stored, weights) in words
            .iter_mut()
            .zip(Self::row_of(&self.weights, row).chunks_exact(8))
        {
            *stored = word(weights.iter().map(|weight| REVERSED[usize::from(*weight)]));
        }
        words
    }

    /// Whether all values fit into four bits.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        for (what, values) in [("a weight", &self.weights), ("a synapse decoder", &self.decoders)] {
            if values.len() != SynapseRow::COUNT * Column::COUNT {
                return Some(Refusal::WrongNumber {
                    what: "synapses",
                    expected: SynapseRow::COUNT * Column::COUNT,
                    found: values.len(),
                });
            }
            // The largest of all bits: quick, and enough to find one that is too large.
            if values.iter().fold(0, |all, value| all | value) > 15 {
                let value = values
                    .iter()
                    .copied()
                    .find(|value| *value > 15)
                    .unwrap_or_default();
                return Some(Refusal::ValueTooLarge {
                    what,
                    value: value.into(),
                    largest: 15,
                });
            }
        }
        None
    }

    /// All rows: for each driver the decoders of both rows, hardware-top first, then the weights of both.
    pub(super) fn write(&self, controllers: &[SynapseController; 2], waits: [Step; 2], out: &mut Vec<Step>) {
        for driver in SynapseDriver::all() {
            let half = driver.half();
            let store = Store {
                half,
                control: controllers[half.index()].control_word(half),
                wait: waits[half.index()],
            };
            let words = self.decoder_words(driver);
            for (row, words) in Self::hardware_rows(driver).into_iter().zip(&words) {
                store.row(row, Command::WriteDecoders, words, out);
            }
            for row in RowOnDriver::ALL {
                let row = driver.row(row);
                store.row(row, Command::Write, &self.weight_words(row), out);
            }
        }
    }

    pub(super) fn read(contents: &Contents) -> Result<Self, Undecodable> {
        let mut synapses = Self::default();
        for row in SynapseRow::all() {
            let words = contents.weights(row)?;
            for column in Column::all() {
                let weight = REVERSED[usize::from(nibble(&words, column.index()))];
                synapses.weights[Self::index(row, column)] = weight;
            }
        }
        for driver in SynapseDriver::all() {
            let [top, bottom] = Self::hardware_rows(driver);
            let (upper, lower) = (contents.decoders(top)?, contents.decoders(bottom)?);
            for column in Column::all() {
                let both = nibble(&upper, column.index()) << 4 | nibble(&lower, column.index());
                let both = SEPARATED[usize::from(both)];
                synapses.decoders[Self::index(top, column)] = both >> 4;
                synapses.decoders[Self::index(bottom, column)] = both & 15;
            }
        }
        Ok(synapses)
    }
}

/// What does not change from row to row of an array.
struct Store {
    half: Half,
    control: u32,
    wait: Step,
}

impl Store {
    fn row(&self, row: SynapseRow, command: Command, words: &[u32; ROW_WORDS], out: &mut Vec<Step>) {
        let module = Module::SynapseController(self.half);
        // Row and command replace the configured row and the idle command.
        let control = self.control & !(bits::ROW.mask() | bits::COMMAND.mask() | bits::COLUMN_SET.mask())
            | bits::NEW_COMMAND.mask()
            | bits::COMMAND.put(command as u32)
            | bits::ROW.put(row.hardware_number().into());
        for set in 0..bits::COLUMN_SETS {
            for chunk in 0..bits::CHUNKS {
                let register = module.register(bits::INPUT + chunk as u16);
                put(out, register, words[bits::COLUMN_SETS * chunk + set]);
            }
            put(
                out,
                module.register(bits::CONTROL),
                control | bits::COLUMN_SET.put(set as u32),
            );
            out.push(self.wait);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_by_hand() {
        let mut synapses = Synapses::default();
        let row = SynapseRow::at(300);
        for (column, weight) in (8..).zip([1, 2, 3, 4, 8, 15, 0, 7]) {
            synapses.weights[Synapses::index(row, Column::at(column))] = weight;
        }
        // Each nibble reversed: 1000 0100 1100 0010 0001 1111 0000 1110.
        assert_eq!(synapses.weight_words(row)[1], 0x84c2_1f0e);
        assert_eq!(synapses.weight_words(row)[0], 0);
    }

    #[test]
    fn decoders_by_hand_in_both_halves() {
        // Hardware-top decoder 0b1010, hardware-bottom 0b0111, in column 3:
        // word of the top row: bottom[3] top[2] bottom[2] top[3] = 0 0 1 1 in bits 19 to 16,
        // word of the bottom row: bottom[1] top[0] bottom[0] top[1] = 1 0 1 1.
        for (driver, upper, lower) in [(100, 0b1010, 0b0111), (200, 0b0111, 0b1010)] {
            let driver = SynapseDriver::at(driver);
            let mut synapses = Synapses::default();
            synapses.decoders[Synapses::index(driver.row(RowOnDriver::Top), Column::at(3))] = upper;
            synapses.decoders[Synapses::index(driver.row(RowOnDriver::Bottom), Column::at(3))] = lower;
            let [top, bottom] = synapses.decoder_words(driver);
            assert_eq!((top[0], bottom[0]), (0b0011 << 16, 0b1011 << 16), "{driver}");
        }
    }

    #[test]
    fn interleaving_loses_nothing() {
        for both in 0..256 {
            assert_eq!(usize::from(SEPARATED[usize::from(INTERLEAVED[both])]), both);
        }
    }

    #[test]
    fn the_columns_of_a_set_are_spread_over_the_row() {
        // Set 5, chunk 2 holds word 21: columns 168 to 175.
        let mut synapses = Synapses::default();
        let row = SynapseRow::at(0);
        synapses.weights[Synapses::index(row, Column::at(168))] = 8;
        let controllers = [SynapseController::default(), SynapseController::default()];
        let mut out = Vec::new();
        synapses.write(&controllers, [Step::Flush; 2], &mut out);
        // Driver 0 has the rows 0 and 1: both decoder rows come first, eight sets of six steps each.
        let row = &out[2 * 8 * 6..][..8 * 6];
        let set = &row[5 * 6..][..6];
        let data: Vec<u32> = set
            .iter()
            .filter_map(|step| match step {
                Step::Write(write) => Some(write.data),
                _ => None,
            })
            .collect();
        // Reversed 8 is 1, in the highest nibble. Command 3, new, row 223, last row 223, set 5, both capacitors.
        assert_eq!(data, [0, 0, 0x1000_0000, 0, 0x35df_df43]);
    }
}
