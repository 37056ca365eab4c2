//! Crossbar switches.

use super::{Contents, Step, Undecodable, step::put};
use taproot_wafer::{
    HorizontalBus, Side, VerticalBus, crossbar,
    registers::layer1::{CROSSBAR_BITS, crossbar_bit, crossbar_register},
};

/// The 512 crossbar switches of a chip; all open at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossbars {
    /// Four switches per horizontal bus and side, bit 0 leftmost, by `2 * bus + side`.
    rows: Vec<u8>,
}

impl Default for Crossbars {
    fn default() -> Self {
        Self {
            rows: vec![0; 2 * HorizontalBus::COUNT],
        }
    }
}

impl Crossbars {
    /// Whether the switch between two buses is closed; false if there is none.
    pub fn is_closed(&self, horizontal: HorizontalBus, vertical: VerticalBus) -> bool {
        crossbar::exists(horizontal, vertical)
            && self.row(horizontal, vertical.side()) >> crossbar::number(vertical) & 1 != 0
    }

    /// Closes or opens the switch between two buses.
    ///
    /// # Panics
    ///
    /// If there is no such switch: see [`crossbar::exists`].
    pub fn set(&mut self, horizontal: HorizontalBus, vertical: VerticalBus, closed: bool) {
        assert!(
            crossbar::exists(horizontal, vertical),
            "no crossbar switch joins {horizontal} and {vertical}"
        );
        let bit = 1 << crossbar::number(vertical);
        let row = &mut self.rows[2 * horizontal.index() + vertical.side().index()];
        *row = if closed { *row | bit } else { *row & !bit };
    }

    /// The four switches of a horizontal bus in one half of the chip, bit 0 leftmost.
    pub fn row(&self, horizontal: HorizontalBus, side: Side) -> u8 {
        self.rows[2 * horizontal.index() + side.index()]
    }

    /// All closed switches.
    pub fn closed(&self) -> impl Iterator<Item = (HorizontalBus, VerticalBus)> {
        HorizontalBus::all().flat_map(move |horizontal| {
            Side::ALL.into_iter().flat_map(move |side| {
                let row = self.row(horizontal, side);
                (0..4)
                    .filter(move |number| row >> number & 1 != 0)
                    .map(move |number| (horizontal, crossbar::vertical(horizontal, side, number)))
            })
        })
    }

    pub(super) fn write(&self, out: &mut Vec<Step>) {
        for horizontal in HorizontalBus::all() {
            for side in Side::ALL {
                let row = self.row(horizontal, side);
                let data = (0..4)
                    .map(|number| crossbar_bit(side, number).put_bool(row >> number & 1 != 0))
                    .sum();
                put(out, crossbar_register(horizontal, side), data);
            }
        }
    }

    pub(super) fn read(contents: &Contents) -> Result<Self, Undecodable> {
        let mut crossbars = Self::default();
        for horizontal in HorizontalBus::all() {
            for side in Side::ALL {
                let data = contents.within(crossbar_register(horizontal, side), CROSSBAR_BITS.mask())?;
                crossbars.rows[2 * horizontal.index() + side.index()] = (0..4)
                    .map(|number| u8::from(crossbar_bit(side, number).is_set(data)) << number)
                    .sum();
            }
        }
        Ok(crossbars)
    }
}
