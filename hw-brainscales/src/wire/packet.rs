//! Packets: a type and some 64-bit words. A frame carries one.
//!
//! Sources: `hicann-system:units/stage2_hal/source/host_al_controller.h` (application types),
//! `sctrltp:include/sctrltp/sctrltp_defines.h` (protocol types, words in a frame).

use std::fmt;

/// What a packet is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketType(pub u16);

impl PacketType {
    /// JTAG, both ways.
    pub const JTAG: Self = Self(0x06a4);
    /// Pulses to the playback memory; from the FPGA, that playback has ended.
    pub const PLAYBACK: Self = Self(0x0c5a);
    /// Recorded pulses.
    pub const TRACE: Self = Self(0x0ca5);
    /// Experiment control; the FPGA sends the packet back when it is done.
    pub const FPGA_CONFIG: Self = Self(0x0c1b);
    /// Debug switches.
    pub const FPGA_DEBUG: Self = Self(0x0db0);
    /// Reads and writes of HICANN registers, and what was read.
    pub const HICANN_CONFIG: Self = Self(0x2a1b);
    /// Protocol: data to be dropped.
    pub const FLUSH: Self = Self(0x8000);
    /// Protocol: data to be sent back.
    pub const LOOPBACK: Self = Self(0x8001);
    /// Protocol: the answer to a reset.
    pub const RESET_ANSWER: Self = Self(0x8002);
    /// Protocol: asks for data without meaning.
    pub const SEND_DUMMY: Self = Self(0x8003);
    /// Protocol: counters.
    pub const STATISTICS: Self = Self(0x8004);
    /// Protocol: asks for data, to measure.
    pub const PERFORMANCE_TEST: Self = Self(0x8006);

    const NAMES: &[(Self, &str)] = &[
        (Self::JTAG, "JTAG"),
        (Self::PLAYBACK, "playback"),
        (Self::TRACE, "trace"),
        (Self::FPGA_CONFIG, "FPGA configuration"),
        (Self::FPGA_DEBUG, "FPGA debug"),
        (Self::HICANN_CONFIG, "HICANN configuration"),
        (Self::FLUSH, "flush"),
        (Self::LOOPBACK, "loop-back"),
        (Self::RESET_ANSWER, "reset answer"),
        (Self::SEND_DUMMY, "send dummy data"),
        (Self::STATISTICS, "statistics"),
        (Self::PERFORMANCE_TEST, "performance test"),
    ];
}

impl fmt::Display for PacketType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.iter().find(|(kind, _)| kind == self) {
            Some((_, name)) => write!(f, "{name} ({:#06x})", self.0),
            None => write!(f, "{:#06x}", self.0),
        }
    }
}

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// What it is about.
    pub kind: PacketType,
    /// What it says, at most [`Packet::WORDS_LARGEST`] words.
    pub words: Vec<u64>,
}

impl Packet {
    /// Words that a frame has room for.
    pub const WORDS_LARGEST: usize = 180;

    /// Cuts words into packets of one type, each as large as it may be. An FPGA does not care where it is cut.
    pub fn cut(kind: PacketType, words: &[u64]) -> impl Iterator<Item = Self> {
        words.chunks(Self::WORDS_LARGEST).map(move |words| Self {
            kind,
            words: words.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_is_as_large_as_it_may_be() {
        let words: Vec<u64> = (0..365).collect();
        let packets: Vec<Packet> = Packet::cut(PacketType::PLAYBACK, &words).collect();
        assert_eq!(
            packets.iter().map(|p| p.words.len()).collect::<Vec<_>>(),
            [180, 180, 5]
        );
        assert_eq!(packets[2].words, [360, 361, 362, 363, 364]);
    }

    #[test]
    fn types_have_names() {
        assert_eq!(PacketType::TRACE.to_string(), "trace (0x0ca5)");
        assert_eq!(PacketType(0xdead).to_string(), "0xdead");
    }
}
