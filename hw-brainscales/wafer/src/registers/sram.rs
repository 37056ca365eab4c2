//! Timing of the memories behind which most configuration bits are.

use super::{Module, Register};
use crate::Field;
use serde::{Deserialize, Serialize};

/// The first word: clocks before read data is taken.
pub(super) const READ_DELAY: Field = Field::bits(0, 7);
/// The second word: clocks of a write.
pub(super) const WRITE_DELAY: Field = Field::bits(0, 3);
/// The second word: clocks to set up addresses and to precharge.
pub(super) const SETUP_PRECHARGE: Field = Field::bits(4, 7);

/// Clock cycles of the chip that a memory controller takes for the parts of an access. Each synapse controller, repeater
/// block and the neuron builder has its own. The reset values are 8, 1 and 1; the public tools write 64, 8 and 8, the default
/// here (`halbe:hal/HICANNContainer.h`, `SRAMControllerTimings`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SramTimings {
    /// Clocks before read data is taken.
    pub read_delay: u8,
    /// Clocks to set up addresses and to precharge, 0 to 15.
    pub setup_precharge: u8,
    /// Clocks of a write, 0 to 15.
    pub write_delay: u8,
}

impl Default for SramTimings {
    fn default() -> Self {
        Self {
            read_delay: 64,
            setup_precharge: 8,
            write_delay: 8,
        }
    }
}

impl SramTimings {
    /// Cycles after which a read is complete.
    pub const fn cycles_read(self) -> u16 {
        self.setup_precharge as u16 + 2 + self.read_delay as u16 + 2
    }

    /// Cycles after which a write is complete.
    pub const fn cycles_write(self) -> u16 {
        self.setup_precharge as u16 + 2 + self.write_delay as u16 + 2
    }

    /// The two words; none if a value of four bits is above 15.
    pub const fn words(self) -> Option<SramWords> {
        if self.setup_precharge > 15 || self.write_delay > 15 {
            return None;
        }
        Some([
            READ_DELAY.put(self.read_delay as u32),
            SETUP_PRECHARGE.put(self.setup_precharge as u32) | WRITE_DELAY.put(self.write_delay as u32),
        ])
    }

    /// The timings of two words. Bits beyond the fields have no meaning and are ignored.
    pub const fn from_words([first, second]: SramWords) -> Self {
        Self {
            read_delay: READ_DELAY.get(first) as u8,
            setup_precharge: SETUP_PRECHARGE.get(second) as u8,
            write_delay: WRITE_DELAY.get(second) as u8,
        }
    }
}

/// Contents of a memory's two timing registers.
pub type SramWords = [u32; 2];

impl Module {
    /// The two registers with the timings of its memory; none if it has no such memory.
    pub const fn sram_registers(self) -> Option<[Register; 2]> {
        let offset = match self {
            Module::NeuronBuilder => 0x210,
            Module::Repeaters(_) => 0xa0,
            Module::SynapseController(_) => 0x500,
            _ => return None,
        };
        Some([self.register(offset), self.register(offset + 1)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_as_words() {
        assert_eq!(SramTimings::default().words(), Some([0x40, 0x88]));
        assert_eq!(SramTimings::default().cycles_write(), 20);
        assert_eq!(SramTimings::default().cycles_read(), 76);
    }

    #[test]
    fn all_meaningful_words_round() {
        for word in 0..=255 {
            let timings = SramTimings::from_words([word, 255 - word]);
            assert_eq!(timings.words(), Some([word, 255 - word]));
        }
    }
}
