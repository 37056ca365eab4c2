//! Synapse switches.

use super::{Contents, Step, Undecodable, step::put};
use taproot_wafer::{
    VerticalBus,
    registers::layer1::{SYNAPSE_SWITCH_BITS, synapse_switch_bit, synapse_switch_register},
    reversed,
    synapse_switch::SwitchRow,
};

/// The 7,168 synapse switches of a chip; all open at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynapseSwitches {
    /// Sixteen switches, bit 0 leftmost, by [`SwitchRow::index`].
    rows: Vec<u16>,
}

impl Default for SynapseSwitches {
    fn default() -> Self {
        Self {
            rows: vec![0; SwitchRow::COUNT],
        }
    }
}

impl SynapseSwitches {
    /// Whether the switch of a bus in a row is closed; false if there is none.
    pub fn is_closed(&self, row: SwitchRow, bus: VerticalBus) -> bool {
        row.number(bus)
            .is_some_and(|number| self.row(row) >> number & 1 != 0)
    }

    /// Closes or opens the switch of a bus in a row.
    ///
    /// # Panics
    ///
    /// If the bus has no switch in that row: see [`SwitchRow::number`].
    pub fn set(&mut self, row: SwitchRow, bus: VerticalBus, closed: bool) {
        let number = row
            .number(bus)
            .unwrap_or_else(|| panic!("{bus} has no synapse switch in {row}"));
        let bits = &mut self.rows[row.index()];
        *bits = if closed {
            *bits | 1 << number
        } else {
            *bits & !(1 << number)
        };
    }

    /// The sixteen switches of a row, bit 0 leftmost.
    pub fn row(&self, row: SwitchRow) -> u16 {
        self.rows[row.index()]
    }

    /// The buses that the closed switches of a row lead to its driver.
    pub fn closed_in(&self, row: SwitchRow) -> impl Iterator<Item = VerticalBus> {
        let bits = self.row(row);
        (0..16)
            .filter(move |number| bits >> number & 1 != 0)
            .map(move |number| row.bus(number))
    }

    pub(super) fn write(&self, out: &mut Vec<Step>) {
        for row in SwitchRow::all() {
            // Bit 0 is the switch next to the middle of the chip on the left, and next to it on the right as well.
            let bits = u32::from(self.row(row));
            let data = if synapse_switch_bit(row.side, 0).is_set(1) {
                bits
            } else {
                reversed(bits, 16)
            };
            put(out, synapse_switch_register(row), data);
        }
    }

    pub(super) fn read(contents: &Contents) -> Result<Self, Undecodable> {
        let mut switches = Self::default();
        for row in SwitchRow::all() {
            let data = contents.within(synapse_switch_register(row), SYNAPSE_SWITCH_BITS.mask())?;
            switches.rows[row.index()] = (0..16)
                .map(|number| u16::from(synapse_switch_bit(row.side, number).is_set(data)) << number)
                .sum();
        }
        Ok(switches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Write;
    use taproot_wafer::{Side, SynapseDriver};

    #[test]
    fn the_leftmost_switch_is_bit_15_on_the_left_and_bit_0_on_the_right() {
        for (side, expected) in [(Side::Left, 1 << 15), (Side::Right, 1)] {
            let row = SwitchRow::new(side, SynapseDriver::at(20));
            let mut switches = SynapseSwitches::default();
            switches.set(row, row.bus(0), true);
            let mut out = Vec::new();
            switches.write(&mut out);
            let set: Vec<_> = out
                .into_iter()
                .filter_map(|step| match step {
                    Step::Write(Write { register, data }) if data != 0 => Some((register, data)),
                    _ => None,
                })
                .collect();
            assert_eq!(set, [(synapse_switch_register(row), expected)]);
        }
    }
}
