//! The two boards: which chips they carry, and what is known to be missing on each of them.

use crate::{CORES_PER_CHIP, ChipXy, Link};

/// A kind of SpiNNaker board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Board {
    /// SpiNN-3: four chips, wired as a 2 by 2 torus but for two external connectors.
    Spin3,
    /// SpiNN-5: forty-eight chips in a hexagon.
    Spin5,
}

impl Board {
    /// Position of every chip, relative to the board's Ethernet chip (0,0), ordered by x, then y.
    ///
    /// The hexagon is all (x, y) in 0..8 with x - y <= 4 and y - x <= 3
    /// (`SpiNNMachine: spinn_machine/version/version_5.py`).
    pub fn chips(self) -> Vec<ChipXy> {
        let (width, height) = self.size();
        let mut chips = Vec::with_capacity(48);
        for x in 0..width {
            for y in 0..height {
                let (sx, sy) = (i16::from(x), i16::from(y));
                if self == Board::Spin3 || (sx - sy <= 4 && sy - sx <= 3) {
                    chips.push(ChipXy::new(x, y));
                }
            }
        }
        chips
    }

    /// Width and height of the grid that holds one board.
    pub const fn size(self) -> (u8, u8) {
        match self {
            Board::Spin3 => (2, 2),
            Board::Spin5 => (8, 8),
        }
    }

    /// Working cores of the chip at a board-relative position, on a board without further defects.
    ///
    /// Eight chips of a SpiNN-5 board nominally have 17
    /// (`SpiNNMachine: spinn_machine/version/version_5.py`, `chip_core_map`).
    pub fn working_cores(self, local: ChipXy) -> u8 {
        const SEVENTEEN: [(u8, u8); 8] = [(1, 1), (1, 3), (3, 1), (3, 3), (3, 5), (5, 2), (5, 4), (5, 6)];
        if self == Board::Spin5 && SEVENTEEN.contains(&(local.x, local.y)) {
            CORES_PER_CHIP - 1
        } else {
            CORES_PER_CHIP
        }
    }

    /// Links that leave the board for an external connector instead of another chip of a lone board.
    ///
    /// SpiNN-3 has connectors at (0,0) west and (1,0) east (`SpiNNMachine: version_3.py`), and only the host's
    /// model treats the rest as a torus: (0,0) and (1,0) still meet through their other pair of links.
    pub fn external_links(self) -> &'static [(ChipXy, Link)] {
        const SPIN3: [(ChipXy, Link); 2] = [(ChipXy::new(0, 0), Link::West), (ChipXy::new(1, 0), Link::East)];
        match self {
            Board::Spin3 => &SPIN3,
            Board::Spin5 => &[],
        }
    }
}

/// Ethernet chips of one triad of three SpiNN-5 boards on a 12 by 12 grid
/// (`SpiNNMachine: version_48_chips.py`).
pub(crate) const TRIAD: [(u8, u8); 3] = [(0, 0), (4, 8), (8, 4)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spin5_board_has_48_chips_in_the_documented_columns() {
        let chips = Board::Spin5.chips();
        assert_eq!(chips.len(), 48);
        let columns: [(u8, u8); 8] = [(0, 3), (0, 4), (0, 5), (0, 6), (0, 7), (1, 7), (2, 7), (3, 7)];
        for (x, (low, high)) in (0u8..).zip(columns) {
            let ys: Vec<u8> = chips.iter().filter(|c| c.x == x).map(|c| c.y).collect();
            assert_eq!(ys, (low..=high).collect::<Vec<_>>(), "column {x}");
        }
    }

    #[test]
    fn three_boards_tile_a_triad_without_overlap() {
        let mut seen = std::collections::BTreeSet::new();
        for (ex, ey) in TRIAD {
            for chip in Board::Spin5.chips() {
                assert!(seen.insert(((chip.x + ex) % 12, (chip.y + ey) % 12)));
            }
        }
        assert_eq!(seen.len(), 144);
    }
}
