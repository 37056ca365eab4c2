//! Experiment control and debug switches of an FPGA: one word each.
//!
//! The FPGA sends a configuration packet back when it has acted on it.
//!
//! | bit | configuration |
//! |---|---|
//! | 19 | the time start below is that of the experiment instead of the clocks |
//! | 20 | listen to the global start signal of the wafer |
//! | 21 | start now; without it, be ready for the signal |
//! | 22 | bits 19 to 21 count |
//! | 23 | replace time stamps of played pulses with the system time |
//! | 24 | pulses come back from the FPGA instead of going to the chips |
//! | 25 | read recorded configuration answers |
//! | 26 | read recorded pulses |
//! | 27 | stop recording |
//! | 28 | start recording |
//! | 29 | start playback and recording |
//! | 30 | clear the trace memory |
//! | 31 | clear the playback memory |
//!
//! Sources: `hicann-system:units/stage2_hal/source/host_al_controller.cpp` (19 to 24, 26, 27, 29, debug);
//! bits 25, 28, 30 and 31 only from a test program, `hicann-system:units/hicann_test/source/tmecm_pbmemtraceloop.cpp`.
//! Nobody has published what bits 0 to 18 and 32 to 63 do.

use super::{
    WireError,
    packet::{Packet, PacketType},
};

/// A configuration of the FPGA. Every combination of bits is a value; whether it makes sense is for whoever sends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FpgaConfig {
    /// Bit 19: the start is that of the experiment, not of the system time.
    pub experiment: bool,
    /// Bit 20: listen to the global start signal.
    pub listen_global: bool,
    /// Bit 21: start now.
    pub enable: bool,
    /// Bit 22: bits 19 to 21 count.
    pub write_start: bool,
    /// Bit 23: time stamps of played pulses are replaced with the system time.
    pub replace_time: bool,
    /// Bit 24: pulses are looped back in the FPGA.
    pub loop_back: bool,
    /// Bit 25: read recorded configuration answers.
    pub read_traced_config: bool,
    /// Bit 26: read recorded pulses.
    pub read_trace: bool,
    /// Bit 27: stop recording.
    pub stop_trace: bool,
    /// Bit 28: start recording.
    pub start_trace: bool,
    /// Bit 29: start playback and recording.
    pub start: bool,
    /// Bit 30: clear the trace memory.
    pub clear_trace: bool,
    /// Bit 31: clear the playback memory.
    pub clear_playback: bool,
}

impl FpgaConfig {
    /// Makes the clocks ready (`enable` false) or starts them.
    pub fn system_time(enable: bool, listen_global: bool) -> Self {
        Self {
            enable,
            listen_global,
            write_start: true,
            ..Self::default()
        }
    }

    /// Makes the experiment ready (`enable` false) or starts it: playback and recording.
    pub fn experiment(enable: bool, listen_global: bool) -> Self {
        Self {
            experiment: true,
            ..Self::system_time(enable, listen_global)
        }
    }

    fn bits(&mut self) -> [(u32, &mut bool); 13] {
        [
            (19, &mut self.experiment),
            (20, &mut self.listen_global),
            (21, &mut self.enable),
            (22, &mut self.write_start),
            (23, &mut self.replace_time),
            (24, &mut self.loop_back),
            (25, &mut self.read_traced_config),
            (26, &mut self.read_trace),
            (27, &mut self.stop_trace),
            (28, &mut self.start_trace),
            (29, &mut self.start),
            (30, &mut self.clear_trace),
            (31, &mut self.clear_playback),
        ]
    }

    /// The word.
    pub fn to_word(mut self) -> u64 {
        self.bits()
            .into_iter()
            .map(|(bit, set)| u64::from(*set) << bit)
            .sum()
    }

    /// Understands a word.
    pub fn from_word(word: u64) -> Result<Self, WireError> {
        WireError::unknown_bits("FPGA configuration", word, !0xfff8_0000)?;
        let mut config = Self::default();
        for (bit, set) in config.bits() {
            *set = word >> bit & 1 == 1;
        }
        Ok(config)
    }

    /// The packet.
    pub fn to_packet(self) -> Packet {
        Packet {
            kind: PacketType::FPGA_CONFIG,
            words: vec![self.to_word()],
        }
    }

    /// The configuration in a packet.
    pub fn from_packet(packet: &Packet) -> Result<Self, WireError> {
        Self::from_word(only_word("FPGA configuration", PacketType::FPGA_CONFIG, packet)?)
    }
}

/// Debug switches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FpgaDebug {
    /// Bit 0: the ARQ with the HICANNs answers itself instead of sending to the chips.
    pub hicann_arq_loop_back: bool,
}

impl FpgaDebug {
    /// The packet.
    pub fn to_packet(self) -> Packet {
        Packet {
            kind: PacketType::FPGA_DEBUG,
            words: vec![self.hicann_arq_loop_back.into()],
        }
    }

    /// The switches in a packet.
    pub fn from_packet(packet: &Packet) -> Result<Self, WireError> {
        let word = only_word("FPGA debug switches", PacketType::FPGA_DEBUG, packet)?;
        WireError::unknown_bits("FPGA debug switches", word, !1)?;
        Ok(Self {
            hicann_arq_loop_back: word == 1,
        })
    }
}

/// The word of a packet that has exactly one.
pub(super) fn only_word(what: &'static str, kind: PacketType, packet: &Packet) -> Result<u64, WireError> {
    if packet.kind != kind {
        return Err(WireError::Type {
            what,
            found: packet.kind,
        });
    }
    match packet.words.as_slice() {
        [word] => Ok(*word),
        [] => Err(WireError::Short {
            what,
            needed: 1,
            found: 0,
            unit: "words",
        }),
        [_, rest @ ..] => Err(WireError::Trailing {
            what,
            extra: rest.len(),
            unit: "words",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Known: the shifts in `hicann-system:units/stage2_hal/source/host_al_controller.cpp`, by function.
    #[test]
    fn bits_have_their_places() {
        let start = FpgaConfig {
            start: true,
            ..FpgaConfig::default()
        };
        assert_eq!(start.to_word(), 1 << 29); // startPlaybackTrace
        let stop = FpgaConfig {
            stop_trace: true,
            loop_back: true,
            ..FpgaConfig::default()
        };
        assert_eq!(stop.to_word(), 1 << 27 | 1 << 24); // stopTrace
        let read = FpgaConfig {
            read_trace: true,
            replace_time: true,
            ..FpgaConfig::default()
        };
        assert_eq!(read.to_word(), 1 << 26 | 1 << 23); // startTraceRead
        assert_eq!(FpgaConfig::system_time(false, true).to_word(), 1 << 22 | 1 << 20); // setSystime
        assert_eq!(
            FpgaConfig::experiment(true, false).to_word(),
            1 << 22 | 1 << 21 | 1 << 19
        );
    }

    #[test]
    fn a_packet_has_exactly_one_word() {
        let says = |words: Vec<u64>| {
            let packet = Packet {
                kind: PacketType::FPGA_CONFIG,
                words,
            };
            FpgaConfig::from_packet(&packet).unwrap_err().to_string()
        };
        assert_eq!(
            says(vec![]),
            "FPGA configuration ends early: it needs 1 words and has 0"
        );
        assert_eq!(
            says(vec![0, 0]),
            "FPGA configuration is followed by 1 words that belong to nothing"
        );
        assert_eq!(
            says(vec![1]),
            "FPGA configuration: bits without a known meaning cannot be 0x1"
        );
        let debug = FpgaDebug::default().to_packet();
        assert_eq!(
            FpgaConfig::from_packet(&debug).unwrap_err().to_string(),
            "FPGA configuration expected, but the packet is of type FPGA debug (0x0db0)"
        );
    }

    proptest! {
        #[test]
        fn words_round_trip(word in any::<u32>()) {
            let word = u64::from(word & 0xfff8_0000);
            prop_assert_eq!(FpgaConfig::from_word(word).map(FpgaConfig::to_word), Ok(word));
        }

        #[test]
        fn debug_round_trips(word in 0u64..4) {
            let packet = Packet { kind: PacketType::FPGA_DEBUG, words: vec![word] };
            match FpgaDebug::from_packet(&packet) {
                Ok(debug) => prop_assert_eq!(debug.to_packet(), packet),
                Err(_) => prop_assert!(word > 1),
            }
        }
    }
}
