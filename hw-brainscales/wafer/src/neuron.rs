//! Neuron circuits (denmems) of a chip.
//!
//! Sources: `halco:include/halco/hicann/v2/neuron.h`, `halbe:hal/HICANNContainer.cpp` (`NeuronQuad::neuron_mapping`).
//!
//! A chip has two rows of 256. Two columns of both rows form a quad, within which circuits can be joined; circuits of
//! neighbouring quads can be joined across their boundary.

use crate::{Half, NeuronBlock, Side, floating_gate::FgBlock};

index! {
    /// A neuron circuit: `256 * row + column`, row 0 being the upper one.
    Neuron(u16), 512, "n", "neuron"
}

index! {
    /// Four neuron circuits: columns `2q` and `2q + 1` of both rows.
    Quad(u8), 128, "q", "quad"
}

impl Neuron {
    /// The circuit in a column, 0 to 255, of a row.
    ///
    /// # Panics
    ///
    /// If the column is above 255.
    pub const fn in_row(half: Half, column: usize) -> Self {
        assert!(column < 256, "256 columns of neurons");
        Self::at(256 * half.index() + column)
    }

    /// Column, 0 to 255.
    pub const fn column(self) -> u8 {
        (self.0 % 256) as u8
    }

    /// Its row: the half of the chip that it is in.
    pub const fn half(self) -> Half {
        if self.0 < 256 { Half::Top } else { Half::Bottom }
    }

    /// Its quad.
    pub const fn quad(self) -> Quad {
        Quad((self.column()) / 2)
    }

    /// Whether it is the left or the right one of its row in the quad.
    pub const fn side_in_quad(self) -> Side {
        if self.column().is_multiple_of(2) {
            Side::Left
        } else {
            Side::Right
        }
    }

    /// Its neuron block.
    pub const fn block(self) -> NeuronBlock {
        NeuronBlock::at(self.column() as usize / 32)
    }

    /// The block of floating gates with its own parameters: that of the quarter of the chip that it is in.
    pub const fn fg_block(self) -> FgBlock {
        FgBlock::at(self.index() / 128)
    }

    /// Its number in that block, 0 to 127 from left to right.
    pub const fn in_fg_block(self) -> usize {
        self.index() % 128
    }

    /// The block of floating gates whose *shared* parameters, such as the reset voltage, it uses: that with the number of
    /// its place in the quad. So all four circuits of every quad use different blocks. The analogue outputs show membranes
    /// by the same four groups.
    pub const fn shared_fg_block(self) -> FgBlock {
        FgBlock::of(self.half(), self.side_in_quad())
    }

    /// Address of its word in the neuron builder's memory: `4 * quad`, and 1 for top left, 3 for top right, 0 for bottom
    /// left, 2 for bottom right.
    pub const fn hardware_address(self) -> u16 {
        let place = match (self.half(), self.side_in_quad()) {
            (Half::Top, Side::Left) => 1,
            (Half::Top, Side::Right) => 3,
            (Half::Bottom, Side::Left) => 0,
            (Half::Bottom, Side::Right) => 2,
        };
        4 * self.quad().0 as u16 + place
    }
}

impl Quad {
    /// One of its circuits.
    pub const fn neuron(self, half: Half, side: Side) -> Neuron {
        Neuron::in_row(half, 2 * self.0 as usize + side.index())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_addresses_within_a_quad() {
        let quad = Quad::at(5);
        let address = |half, side| quad.neuron(half, side).hardware_address();
        assert_eq!(address(Half::Top, Side::Left), 21);
        assert_eq!(address(Half::Top, Side::Right), 23);
        assert_eq!(address(Half::Bottom, Side::Left), 20);
        assert_eq!(address(Half::Bottom, Side::Right), 22);
        let mut seen: Vec<u16> = Neuron::all().map(Neuron::hardware_address).collect();
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..512));
    }

    #[test]
    fn shared_parameters_differ_within_each_quad() {
        for quad in Quad::all() {
            let blocks = Half::ALL
                .into_iter()
                .flat_map(|half| Side::ALL.map(|side| quad.neuron(half, side).shared_fg_block()));
            assert!(blocks.eq(FgBlock::all()));
        }
    }

    #[test]
    fn own_parameters_come_from_the_quarter() {
        let block = |n| Neuron::at(n).fg_block().index();
        assert_eq!(
            [0, 127, 128, 255, 256, 383, 384, 511].map(block),
            [0, 0, 1, 1, 2, 2, 3, 3]
        );
    }
}
