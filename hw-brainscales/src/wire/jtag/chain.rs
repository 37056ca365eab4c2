//! The JTAG chain of a reticle: its FPGA and those of its eight HICANNs that are physically there.
//!
//! TDI enters the FPGA and TDO leaves HICANN 0. HICANNs are numbered against the order of their links: of those that
//! are there, the one with the highest link is number 0.
//!
//! Sources: `hicann-system:units/jtag_lib/source/jtag_cmdbase.h` (widths, positions),
//! `hicann-system:units/jtag_lib/source/jtag_cmdbase_fpgadnchicann_full.h` (order),
//! `hicann-system:units/stage2_hal/source/s2comm.cpp` (numbers and links).

use taproot_wafer::{Link, jtag_addresses};

/// JTAG identity of a HICANN.
pub const HICANN_ID: u32 = 0x1484_9434;
/// JTAG identity of an FPGA (Kintex-7 with a design for BrainScaleS).
pub const FPGA_ID: u32 = 0x1c56_c007;

/// Which HICANNs are in the chain of an FPGA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// By position on the reticle.
    present: [bool; 8],
}

impl Chain {
    /// All eight.
    pub const FULL: Self = Self { present: [true; 8] };

    /// Those with these links.
    pub fn new(present: impl IntoIterator<Item = Link>) -> Self {
        let mut chain = Self { present: [false; 8] };
        for link in present {
            chain.present[link.position().index()] = true;
        }
        chain
    }

    /// How many HICANNs there are.
    pub fn hicanns(self) -> u8 {
        self.present.into_iter().map(u8::from).sum()
    }

    /// The device of a link; none if it is not there.
    pub fn hicann(self, link: Link) -> Option<Device> {
        let number = jtag_addresses(self.present)[link.position().index()]?;
        Some(Device(Kind::Hicann { number }))
    }

    /// The FPGA.
    pub const fn fpga(self) -> Device {
        Device(Kind::Fpga)
    }

    /// All devices, from TDI to TDO.
    pub(super) fn devices(self) -> impl DoubleEndedIterator<Item = Device> {
        let hicanns = (0..self.hicanns())
            .rev()
            .map(|number| Device(Kind::Hicann { number }));
        std::iter::once(self.fpga()).chain(hicanns)
    }

    /// Devices between TDI and this one.
    pub(super) fn before(self, device: Device) -> impl Iterator<Item = Device> {
        self.devices().take_while(move |other| *other != device)
    }

    /// Devices between this one and TDO, the last first.
    pub(super) fn after(self, device: Device) -> impl Iterator<Item = Device> {
        self.devices().rev().take_while(move |other| *other != device)
    }
}

/// A device of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Device(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Fpga,
    Hicann { number: u8 },
}

impl Device {
    /// Bits of its instruction register.
    pub const fn instruction_bits(self) -> u32 {
        match self.0 {
            Kind::Fpga => 4,
            Kind::Hicann { .. } => 6,
        }
    }

    /// Its number among the HICANNs of the chain, 0 next to TDO; none for the FPGA.
    pub const fn number(self) -> Option<u8> {
        match self.0 {
            Kind::Fpga => None,
            Kind::Hicann { number } => Some(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(chain: Chain, link: usize) -> Option<u8> {
        chain.hicann(Link::at(link)).and_then(Device::number)
    }

    #[test]
    fn numbers_count_down_along_the_links() {
        assert_eq!(number(Chain::FULL, 0), Some(7));
        assert_eq!(number(Chain::FULL, 7), Some(0));
        let holes = Chain::new([0, 1, 4, 7].map(Link::at));
        let numbers: Vec<Option<u8>> = (0..8).map(|link| number(holes, link)).collect();
        assert_eq!(
            numbers,
            [Some(3), Some(2), None, None, Some(1), None, None, Some(0)]
        );
    }

    #[test]
    fn the_fpga_is_first_and_hicann_0_is_last() {
        let numbers: Vec<Option<u8>> = Chain::FULL.devices().map(Device::number).collect();
        assert_eq!(numbers[0], None);
        assert_eq!(numbers[8], Some(0));
        let link = Link::at(7);
        let last = Chain::FULL.hicann(link).unwrap();
        assert_eq!(
            (Chain::FULL.before(last).count(), Chain::FULL.after(last).count()),
            (8, 0)
        );
    }
}
