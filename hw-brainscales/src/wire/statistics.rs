//! Counters of an FPGA: the host sends the number of one, the FPGA its value, one word each.
//!
//! Question and answer have the same packet type; only their direction tells them apart.
//!
//! Source: `hicann-system:units/stage2_hal/source/fpga_control.cpp`.

use super::{
    WireError,
    fpga::only_word,
    packet::{Packet, PacketType},
};

/// What can be asked, in the order of its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Statistic {
    /// 0: pulses in the trace memory.
    TracedPulses,
    /// 1: pulses in the playback memory.
    PlaybackPulses,
    /// 2: packets that the ARQ with the HICANNs has received from the network.
    NetworkReceived,
    /// 3: packets that it has sent to the network.
    NetworkSent,
    /// 4: packets read from the way up to the host.
    UplinkRead,
    /// 5: packets written to it.
    UplinkWritten,
    /// 6: what is programmed into the FPGA: [`Bitfile`].
    Bitfile,
    /// 7: what went wrong in playback: [`PlaybackErrors`].
    PlaybackErrors,
    /// 8: errors of check sums on the high-speed links.
    CrcErrors,
}

impl Statistic {
    /// All of them, by number.
    pub const ALL: [Self; 9] = [
        Self::TracedPulses,
        Self::PlaybackPulses,
        Self::NetworkReceived,
        Self::NetworkSent,
        Self::UplinkRead,
        Self::UplinkWritten,
        Self::Bitfile,
        Self::PlaybackErrors,
        Self::CrcErrors,
    ];

    /// The packet that asks.
    pub fn to_packet(self) -> Packet {
        answer(self as u64)
    }

    /// What a packet asks.
    pub fn from_packet(packet: &Packet) -> Result<Self, WireError> {
        let value = value(packet)?;
        let found = usize::try_from(value)
            .ok()
            .and_then(|number| Self::ALL.get(number));
        found.copied().ok_or(WireError::Field {
            what: "statistics",
            field: "number",
            value,
        })
    }
}

/// The packet with a value.
pub fn answer(value: u64) -> Packet {
    Packet {
        kind: PacketType::STATISTICS,
        words: vec![value],
    }
}

/// The value in a packet.
pub fn value(packet: &Packet) -> Result<u64, WireError> {
    only_word("statistics", PacketType::STATISTICS, packet)
}

/// What is programmed into the FPGA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bitfile {
    /// Beginning of the hash of the revision that it was made from.
    pub revision: u32,
    /// Whether the revision had been changed.
    pub changed: bool,
}

impl Bitfile {
    /// The value of [`Statistic::Bitfile`].
    pub fn to_value(self) -> u64 {
        u64::from(self.revision) << 32 | u64::from(self.changed)
    }

    /// From such a value. Bits 1 to 31 have no published meaning and are not looked at.
    pub fn from_value(value: u64) -> Self {
        Self {
            revision: (value >> 32) as u32,
            changed: value & 1 == 1,
        }
    }
}

/// What went wrong in playback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlaybackErrors {
    /// Bit 0: pulses or configuration should have been released faster than memory delivers them.
    pub late_release: bool,
    /// Bit 1: configuration came faster than the ARQ with the HICANNs takes it.
    pub config_overflow: bool,
}

impl PlaybackErrors {
    /// The value of [`Statistic::PlaybackErrors`].
    pub fn to_value(self) -> u64 {
        u64::from(self.late_release) | u64::from(self.config_overflow) << 1
    }

    /// From such a value. The other bits have no published meaning and are not looked at.
    pub fn from_value(value: u64) -> Self {
        Self {
            late_release: value & 1 == 1,
            config_overflow: value & 2 == 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_source() {
        assert_eq!(Statistic::TracedPulses.to_packet().words, [0]);
        assert_eq!(Statistic::UplinkWritten.to_packet().words, [5]);
        assert_eq!(Statistic::CrcErrors.to_packet().words, [8]);
        for statistic in Statistic::ALL {
            assert_eq!(Statistic::from_packet(&statistic.to_packet()), Ok(statistic));
        }
        let error = Statistic::from_packet(&answer(9)).unwrap_err();
        assert_eq!(error.to_string(), "statistics: number cannot be 0x9");
    }

    #[test]
    fn values_with_fields_round_trip() {
        let bitfile = Bitfile {
            revision: 0xcafe_0001,
            changed: true,
        };
        assert_eq!(bitfile.to_value(), 0xcafe_0001_0000_0001);
        assert_eq!(Bitfile::from_value(bitfile.to_value()), bitfile);
        for value in 0..4 {
            assert_eq!(PlaybackErrors::from_value(value).to_value(), value);
        }
        assert!(PlaybackErrors::from_value(2).config_overflow);
    }
}
