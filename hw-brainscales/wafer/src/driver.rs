//! Synapse drivers, synapse rows and columns.
//!
//! Sources: `halco:src/halco/hicann/v2/synapse.cpp`, `halbe:hal/backend/{HICANNBackend,HICANNBackendHelper}.cpp`.
//!
//! A chip has two synapse arrays, one for each row of neurons, each 224 rows of 256 synapses. Two neighbouring rows
//! belong to a driver, and drivers sit alternately on the left and right edge of the chip:
//!
//! ```text
//!                 left edge                         right edge
//!    driver 0                 ═══ rows 0, 1 ═══     ◄ d0
//!    driver 1     d1 ►        ═══ rows 2, 3 ═══
//!    ...          d111 ►      ═══ rows 222, 223 ═══
//!                 neurons 0..255, neurons 256..511
//!    driver 112   d112 ►      ═══ rows 224, 225 ═══
//!    driver 113               ═══ rows 226, 227 ═══ ◄ d113
//! ```

use crate::{DriverClass, Half, Neuron, Side, floating_gate::FgBlock};
use serde::{Deserialize, Serialize};

index! {
    /// A synapse driver of a chip, 0 to 223 from top to bottom; also the row of synapse switches beside it.
    SynapseDriver(u8), 224, "d", "synapse driver"
}

index! {
    /// A row of synapses, 0 to 447 from top to bottom: `2 * driver` and `2 * driver + 1` belong to a driver.
    SynapseRow(u16), 448, "row ", "synapse row"
}

index! {
    /// A column of synapses, 0 to 255 from left to right: that of the neurons above or below.
    Column(u8), 256, "column ", "synapse column"
}

/// Which of a driver's two rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowOnDriver {
    /// The upper one as seen on the wafer.
    Top,
    /// The lower one.
    Bottom,
}

impl RowOnDriver {
    /// Both, top first.
    pub const ALL: [RowOnDriver; 2] = [RowOnDriver::Top, RowOnDriver::Bottom];
}

/// Drivers of one half of the chip.
const PER_HALF: u8 = 112;

impl SynapseDriver {
    /// The half of the chip, and so the synapse array, that it drives.
    pub const fn half(self) -> Half {
        if self.0 < PER_HALF {
            Half::Top
        } else {
            Half::Bottom
        }
    }

    /// The edge on which it sits: in the upper half right for even drivers, in the lower half left for even drivers.
    pub const fn side(self) -> Side {
        let even = self.0.is_multiple_of(2);
        match (self.half(), even) {
            (Half::Top, true) | (Half::Bottom, false) => Side::Right,
            (Half::Top, false) | (Half::Bottom, true) => Side::Left,
        }
    }

    /// The class of nets that can reach it.
    pub const fn class(self) -> DriverClass {
        let row = (self.index() % 16) / 2;
        match self.half() {
            Half::Top => DriverClass::at(7 - row),
            Half::Bottom => DriverClass::at(row),
        }
    }

    /// The floating-gate block of its quadrant, which gives it its four `V_gmax` and the voltages of its short-term
    /// plasticity.
    pub const fn fg_block(self) -> FgBlock {
        FgBlock::of(self.half(), self.side())
    }

    /// The next driver on its edge and in its half, away from the neurons in the middle of the chip: the one above in
    /// the upper half, the one below in the lower half. The driver's "connect neighbour" bit ties its input to the
    /// input of that driver, so that one net can use a row of drivers, any one of which may be fed by a bus
    /// (`halbe:hal/HICANN/SynapseDriver.h`, `marocco:marocco/routing/SynapseRoutingConfigurator.cpp`).
    pub const fn outer_neighbour(self) -> Option<Self> {
        match self.half() {
            Half::Top if self.0 >= 2 => Some(Self(self.0 - 2)),
            Half::Bottom if self.0 + 2 < 224 => Some(Self(self.0 + 2)),
            _ => None,
        }
    }

    /// The driver whose outer neighbour this is.
    pub const fn inner_neighbour(self) -> Option<Self> {
        match self.half() {
            Half::Top if self.0 + 2 < PER_HALF => Some(Self(self.0 + 2)),
            Half::Bottom if self.0 >= PER_HALF + 2 => Some(Self(self.0 - 2)),
            _ => None,
        }
    }

    /// One of its rows.
    pub const fn row(self, row: RowOnDriver) -> SynapseRow {
        SynapseRow(2 * self.0 as u16 + row as u16)
    }

    /// Its row that the hardware calls "bottom": the one with the even register address. In the lower half of the chip,
    /// which is a mirror image, that is the upper one.
    pub const fn hardware_bottom(self) -> RowOnDriver {
        match self.half() {
            Half::Top => RowOnDriver::Bottom,
            Half::Bottom => RowOnDriver::Top,
        }
    }

    /// Address of its hardware-bottom row in the synapse controller of its array; the other row follows.
    pub const fn hardware_address(self) -> u16 {
        match self.half() {
            Half::Top => 222 - 2 * self.0 as u16,
            Half::Bottom => 2 * (self.0 - PER_HALF) as u16,
        }
    }
}

impl SynapseRow {
    /// The driver that drives it.
    pub const fn driver(self) -> SynapseDriver {
        SynapseDriver((self.0 / 2) as u8)
    }

    /// Which of its driver's rows it is.
    pub const fn on_driver(self) -> RowOnDriver {
        if self.0.is_multiple_of(2) {
            RowOnDriver::Top
        } else {
            RowOnDriver::Bottom
        }
    }

    /// The synapse array that it is part of.
    pub const fn half(self) -> Half {
        self.driver().half()
    }

    /// Its number in commands to the synapse controller: arrays are counted from the neurons in the middle outwards.
    pub const fn hardware_number(self) -> u8 {
        match self.half() {
            Half::Top => (223 - self.0) as u8,
            Half::Bottom => (self.0 - 224) as u8,
        }
    }

    /// The row of a synapse array with a hardware number; none above 223.
    pub const fn from_hardware(half: Half, number: u8) -> Option<Self> {
        if number >= 224 {
            return None;
        }
        Some(Self(match half {
            Half::Top => 223 - number as u16,
            Half::Bottom => 224 + number as u16,
        }))
    }

    /// The neuron on which a synapse of this row acts.
    pub const fn neuron(self, column: Column) -> Neuron {
        Neuron::at(256 * self.half() as usize + column.index())
    }
}

impl Column {
    /// Whether the column belongs to a driver's second strobe line: odd columns do.
    pub const fn is_odd(self) -> bool {
        self.0 % 2 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_alternate_and_start_anew_in_the_lower_half() {
        let sides = [0, 1, 110, 111, 112, 113].map(|d| SynapseDriver::at(d).side());
        assert_eq!(
            sides,
            [
                Side::Right,
                Side::Left,
                Side::Right,
                Side::Left,
                Side::Left,
                Side::Right
            ]
        );
    }

    #[test]
    fn hardware_addresses_are_counted_from_the_middle() {
        let address = |d| SynapseDriver::at(d).hardware_address();
        assert_eq!(
            [address(0), address(111), address(112), address(223)],
            [222, 0, 0, 222]
        );
        // The hardware-bottom row has the even address in either half.
        for driver in SynapseDriver::all() {
            let bottom = driver.row(driver.hardware_bottom());
            assert_eq!(u16::from(bottom.hardware_number()), driver.hardware_address());
        }
    }

    #[test]
    fn rows_and_hardware_numbers_correspond() {
        for row in SynapseRow::all() {
            assert_eq!(
                SynapseRow::from_hardware(row.half(), row.hardware_number()),
                Some(row)
            );
            assert_eq!(row.driver().row(row.on_driver()), row);
        }
        assert_eq!(SynapseRow::from_hardware(Half::Top, 224), None);
        assert_eq!(SynapseRow::at(448 - 1).neuron(Column::at(255)), Neuron::at(511));
        assert_eq!(SynapseRow::at(223).neuron(Column::at(0)), Neuron::at(0));
    }

    #[test]
    fn chains_stay_on_their_edge_and_half() {
        for driver in SynapseDriver::all() {
            if let Some(next) = driver.outer_neighbour() {
                assert_eq!((next.side(), next.half()), (driver.side(), driver.half()));
                assert_eq!(next.inner_neighbour(), Some(driver));
            }
        }
        let ends: Vec<usize> = SynapseDriver::all()
            .filter(|driver| driver.outer_neighbour().is_none())
            .map(SynapseDriver::index)
            .collect();
        assert_eq!(ends, [0, 1, 222, 223]);
    }
}
