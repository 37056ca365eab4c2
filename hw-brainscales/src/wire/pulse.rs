//! Addresses of pulses on their way between host and wafer: 14 bits.
//!
//! | bits | |
//! |---|---|
//! | 0..5 | layer-1 address |
//! | 6..8 | 7 minus the channel |
//! | 9..11 | HICANN, by its link |
//! | 12..13 | DNC |
//!
//! Source: `halbe:hal/FPGA/PulseAddress.h`.

use super::DncNumber;
use std::fmt;
use taproot_wafer::{DncMerger, L1Address, Link};

/// Where a pulse goes, or where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PulseAddress {
    /// The DNC of the FPGA; number 0 on present wafer modules.
    pub dnc: DncNumber,
    /// The HICANN.
    pub hicann: Link,
    /// The channel between its DNC interface and its layer 1, by the DNC merger of the same number.
    pub channel: DncMerger,
    /// The address on layer 1.
    pub l1: L1Address,
}

impl PulseAddress {
    /// Bits of an address.
    pub const BITS: u32 = 14;

    /// The 14 bits.
    pub const fn to_bits(self) -> u16 {
        let (hicann, channel, l1) = (self.hicann.index(), 7 - self.channel.index(), self.l1.index());
        (self.dnc.bits() as usize * 4096 + hicann * 512 + channel * 64 + l1) as u16
    }

    /// From the low 14 bits; the others are not looked at.
    pub const fn from_bits(bits: u16) -> Self {
        let bits = bits as u64;
        Self {
            dnc: DncNumber::from_bits(bits >> 12),
            hicann: Link::at((bits >> 9) as usize % Link::COUNT),
            channel: DncMerger::at(7 - (bits >> 6) as usize % DncMerger::COUNT),
            l1: L1Address::at(bits as usize % L1Address::COUNT),
        }
    }
}

impl fmt::Display for PulseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            dnc,
            hicann,
            channel,
            l1,
        } = self;
        write!(
            f,
            "DNC {dnc}, HICANN link {hicann}, channel {channel}, address {l1}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use taproot_wafer::ReticlePosition;

    fn address(dnc: u8, position: usize, channel: usize, l1: usize) -> PulseAddress {
        PulseAddress {
            dnc: DncNumber::new(dnc).unwrap(),
            hicann: ReticlePosition::at(position).link(),
            channel: DncMerger::at(channel),
            l1: L1Address::at(l1),
        }
    }

    /// Known: the expected labels of `halbe:test/halbe_test_FPGAContainer.cpp`.
    #[test]
    fn labels_are_those_of_halbe() {
        assert_eq!(address(0, 0, 0, 0).to_bits(), 0x1c0);
        assert_eq!(address(3, 0, 0, 0).to_bits(), 0x1c0 | 3 << 12);
        for (position, link) in [0, 2, 4, 6, 1, 3, 5, 7].into_iter().enumerate() {
            assert_eq!(address(0, position, 0, 0).to_bits(), 0x1c0 | link << 9);
        }
        for channel in 0..8 {
            assert_eq!(address(0, 0, channel, 0).to_bits(), (7 - channel as u16) << 6);
        }
        assert_eq!(address(0, 0, 0, 63).to_bits(), 0x1c0 | 63);
    }

    #[test]
    fn every_address_round_trips() {
        for bits in 0..1 << 14 {
            assert_eq!(PulseAddress::from_bits(bits).to_bits(), bits);
        }
    }
}
