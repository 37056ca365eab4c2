//! Reticles with their DNC, FPGA, links, JTAG addresses and analogue readout.
//!
//! Sources: `halco:src/halco/hicann/v2/{lookup_tables,hicann,external}.cpp`, `halbe:hal/Handle/HMFRun.cpp`.

use crate::{Hicann, OutOfRange};

index! {
    /// A reticle: 4 × 2 chips that share one DNC, which serves them; 48 of them, numbered row by row.
    Reticle(u8), 48, "r", "reticle"
}

index! {
    /// An FPGA of the wafer module. Modules of the Human Brain Project have one for each reticle.
    Fpga(u8), 48, "f", "FPGA"
}

index! {
    /// Where on its reticle a chip is: `4 * row + column`, the public tools' number of a chip on its DNC.
    ReticlePosition(u8), 8, "p", "position on a reticle"
}

index! {
    /// A high-speed link of a DNC, each to one chip. Links alternate between the upper and lower row of chips.
    Link(u8), 8, "l", "link"
}

/// First column and number of reticles in each of the 8 rows.
const ROWS: [(u8, u8); 8] = [(3, 3), (2, 5), (1, 7), (0, 9), (0, 9), (1, 7), (2, 5), (3, 3)];

/// FPGA of each reticle (`reticle_fpga_grid_bss`).
#[rustfmt::skip]
const FPGAS: [u8; 48] = [
                12, 13, 11,
            16, 14, 15, 10,  9,
        20, 17, 19,  7,  6,  8,  3,
    22, 21, 23, 18,  5,  4,  0,  2,  1,
    25, 26, 24, 28, 43, 42, 47, 45, 46,
        27, 29, 30, 41, 40, 38, 44,
            31, 32, 39, 37, 36,
                33, 34, 35,
];

/// Number of each reticle on the power board, from 1 (`reticle_power_grid`).
#[rustfmt::skip]
const POWER: [u8; 48] = [
                 1,  4,  5,
             2, 45,  6,  7,  8,
        44, 43,  3, 12, 11, 10, 14,
    41, 42, 47, 48, 46,  9, 15, 16, 13,
    37, 40, 39, 36, 34, 24, 23, 18, 17,
        38, 33, 35, 21, 22, 19, 20,
            32, 31, 27, 28, 26,
                29, 30, 25,
];

/// ADC trigger group of each reticle (`reticle_adc_trigger_grid`).
#[rustfmt::skip]
const TRIGGERS: [u8; 48] = [
                 5,  5,  6,
             4,  5,  5,  6,  6,
         3,  4,  4,  7,  7,  6,  8,
     3,  3,  3,  4,  7,  7,  8,  8,  8,
     2,  2,  2,  1, 10, 10,  9,  9,  9,
         2,  1,  1, 10, 10, 11,  9,
             1,  0, 11, 11, 11,
                 0,  0,  0,
];

/// ADC group of each reticle (`reticle_adc_group_grid`).
#[rustfmt::skip]
const ADC_GROUPS: [u8; 48] = [
                0, 0, 0,
             1, 0, 0, 0, 0,
          1, 1, 1, 2, 2, 0, 2,
       1, 1, 1, 1, 2, 2, 2, 2, 2,
       3, 3, 3, 3, 4, 4, 4, 4, 4,
          3, 3, 3, 4, 4, 5, 4,
             3, 5, 5, 5, 5,
                5, 5, 5,
];

/// First of the two neighbouring channels of a readout board's slice on which a reticle's outputs arrive
/// (`dnc_analog_ananaschannel_grid`).
#[rustfmt::skip]
const READOUT_CHANNELS: [u8; 48] = [
    6, 4, 0, 6, 2, 0, 2, 4,
    6, 4, 0, 0, 2, 6, 0, 2,
    4, 0, 2, 4, 6, 6, 2, 4,
    4, 2, 6, 6, 0, 2, 0, 4,
    2, 0, 4, 2, 4, 6, 2, 6,
    0, 6, 0, 4, 6, 4, 2, 0,
];

/// Where a reticle's two analogue outputs are sampled on modules with the newer readout boards ("AnaNas").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadoutBoard {
    /// Board, 0 or 1.
    pub board: u8,
    /// Slice of the board, 0 to 5.
    pub slice: u8,
    /// Channel of the slice for analogue output 0; output 1 is the next one.
    pub channel: u8,
}

impl Reticle {
    /// The reticle in column `x` (0 to 8) of row `y` (0 to 7) of the grid of reticles.
    pub(crate) const fn of(x: u8, y: u8) -> Self {
        let mut before = 0;
        let mut row = 0;
        while row < y as usize {
            before += ROWS[row].1;
            row += 1;
        }
        Self::at((before + x - ROWS[y as usize].0) as usize)
    }

    /// Row in the grid of reticles, 0 to 7; the reticle's chips are in rows `2y` and `2y + 1`.
    pub const fn y(self) -> u8 {
        let mut row = 0;
        let mut rest = self.0;
        while rest >= ROWS[row as usize].1 {
            rest -= ROWS[row as usize].1;
            row += 1;
        }
        row
    }

    /// Column in the grid of reticles, 0 to 8; the reticle's chips are in columns `4x` to `4x + 3`.
    pub const fn x(self) -> u8 {
        let mut row = 0;
        let mut rest = self.0;
        while rest >= ROWS[row].1 {
            rest -= ROWS[row].1;
            row += 1;
        }
        ROWS[row].0 + rest
    }

    /// Its chip at a position.
    pub const fn chip(self, position: ReticlePosition) -> Hicann {
        let (px, py) = (position.0 % 4, position.0 / 4);
        match Hicann::new(4 * self.x() + px, 2 * self.y() + py) {
            Ok(chip) => chip,
            Err(_) => panic!("reticles lie within the wafer"),
        }
    }

    /// Its eight chips, in the order of their positions.
    pub fn chips(self) -> [Hicann; 8] {
        std::array::from_fn(|position| self.chip(ReticlePosition::at(position)))
    }

    /// The FPGA that serves it.
    pub const fn fpga(self) -> Fpga {
        Fpga(FPGAS[self.0 as usize])
    }

    /// Its number on the power board, 1 to 48.
    pub const fn power_number(self) -> u8 {
        POWER[self.0 as usize]
    }

    /// Its ADC trigger group, 0 to 11.
    pub const fn trigger_group(self) -> u8 {
        TRIGGERS[self.0 as usize]
    }

    /// Its ADC group, 0 to 5.
    pub const fn adc_group(self) -> u8 {
        ADC_GROUPS[self.0 as usize]
    }

    /// Where its analogue outputs are sampled on modules with the newer readout boards. Trigger groups 3 to 8 are on
    /// board 1, the others on board 0; slices repeat every six groups.
    pub const fn readout(self) -> ReadoutBoard {
        let trigger = self.trigger_group();
        ReadoutBoard {
            board: (trigger >= 3 && trigger <= 8) as u8,
            slice: trigger % 6,
            channel: READOUT_CHANNELS[self.0 as usize],
        }
    }
}

impl Fpga {
    /// The one that starts system time and experiments.
    pub const MASTER: Fpga = Fpga(12);

    /// The reticle that it serves.
    pub const fn reticle(self) -> Reticle {
        let mut reticle = 0;
        while FPGAS[reticle] != self.0 {
            reticle += 1;
        }
        Reticle(reticle as u8)
    }

    /// The input-output board that carries it, 0 to 3.
    pub const fn board(self) -> u8 {
        self.0 / 12
    }

    /// Its socket on that board, 0 to 11.
    pub const fn socket(self) -> u8 {
        self.0 % 12
    }
}

impl ReticlePosition {
    /// The link that reaches a chip there.
    pub const fn link(self) -> Link {
        Link(2 * (self.0 % 4) + self.0 / 4)
    }
}

impl Link {
    /// The position of the chip at its end.
    pub const fn position(self) -> ReticlePosition {
        ReticlePosition(4 * (self.0 % 2) + self.0 / 2)
    }
}

/// JTAG chain addresses of a reticle's chips, by position; none where no chip is physically present.
///
/// The chain passes the links in order, and the chip nearest to its end has address 0: with all eight present, the chip
/// of link 0 has address 7 and that of link 7 has 0. A missing chip shifts those before it (`halbe:hal/Handle/HMFRun.cpp`).
pub fn jtag_addresses(present: [bool; 8]) -> [Option<u8>; 8] {
    let mut addresses = [None; 8];
    let mut next = 0;
    for link in Link::all().rev() {
        let position = link.position().index();
        if present[position] {
            addresses[position] = Some(next);
            next += 1;
        }
    }
    addresses
}

/// The FPGA of a number given by a user or a file.
impl TryFrom<usize> for Fpga {
    type Error = OutOfRange;
    fn try_from(value: usize) -> Result<Self, OutOfRange> {
        Self::new(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_alternate_between_rows() {
        let positions: Vec<usize> = Link::all().map(|link| link.position().index()).collect();
        assert_eq!(positions, [0, 4, 1, 5, 2, 6, 3, 7]);
        for position in ReticlePosition::all() {
            assert_eq!(position.link().position(), position);
        }
    }

    #[test]
    fn jtag_counts_from_the_end_and_skips_missing_chips() {
        let by_link = |present| {
            let addresses = jtag_addresses(present);
            Link::all()
                .map(|link| addresses[link.position().index()])
                .collect::<Vec<_>>()
        };
        let all: Vec<_> = [7, 6, 5, 4, 3, 2, 1, 0].map(Some).into();
        assert_eq!(by_link([true; 8]), all);
        let mut present = [true; 8];
        present[Link::at(3).position().index()] = false;
        let one_missing = vec![
            Some(6),
            Some(5),
            Some(4),
            None,
            Some(3),
            Some(2),
            Some(1),
            Some(0),
        ];
        assert_eq!(by_link(present), one_missing);
    }
}
