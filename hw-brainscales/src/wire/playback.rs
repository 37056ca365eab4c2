//! What the playback memory of an FPGA holds: a list of entries in 64-bit words, released in order of time.
//!
//! ```text
//!           63         50 49   48 47           33 32 31       18 17  16  15 14        1  0
//! wait      0                                                       0     wraps (2..15) 0 1
//! pulses    address       0     HICANN time      0  count       0   0   0   FPGA time    0   first pulse
//!           address       0     HICANN time      0  address     0       HICANN time      0   third, second pulse
//! config    0                                       count       0   1   0   FPGA time    0
//!           FPGA: 1 in bit 63, end in bit 62, bits 0..2 below; HICANN: 0 in bit 63
//! ```
//!
//! Each half of a word of pulses holds one pulse; a half that is left over is zero. FPGA times count 8 ns and have 14
//! bits, HICANN times count 4 ns and have 15 bits: both wrap every 131.072 us. A wait passes over whole wraps; what
//! times mean is in [`schedule`](super::schedule).
//!
//! Sources: `hicann-system:units/stage2_hal/source/host_al_controller.cpp` (`addPlaybackPulse`,
//! `addPlaybackFPGAConfig`), `hicann-system:units/hicann_test/source/tmecm_pbmemtraceloop.cpp` (a group as bit fields).
//!
//! **Unknown:** how a HICANN configuration in playback names its HICANN. Two functions of the same file disagree:
//! `sendPlaybackConfig` puts link and DNC into bits 59 to 63, where bit 63 would also mark an FPGA configuration;
//! `addPlaybackConfig` puts them into bits 49 to 53. Nothing published calls either. Such words are kept as they are.

use super::{
    WireError,
    packet::{Packet, PacketType},
    pulse::PulseAddress,
};

/// A pulse in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaybackPulse {
    /// Where it goes.
    pub address: PulseAddress,
    time: u16,
}

impl PlaybackPulse {
    /// A pulse that is to arrive at a HICANN time, 4 ns, of which the low 15 bits are kept.
    pub const fn new(address: PulseAddress, time: u64) -> Self {
        Self {
            address,
            time: (time & 0x7fff) as u16,
        }
    }

    /// When it is to arrive, 4 ns, modulo 2^15.
    pub const fn time(self) -> u16 {
        self.time
    }

    fn to_half(self) -> u64 {
        u64::from(self.address.to_bits()) << 18 | u64::from(self.time) << 1
    }

    fn from_half(half: u64) -> Result<Self, WireError> {
        WireError::unknown_bits(PULSES, half, 0b11 << 16 | 1)?;
        Ok(Self {
            address: PulseAddress::from_bits((half >> 18) as u16),
            time: (half >> 1 & 0x7fff) as u16,
        })
    }
}

const PULSES: &str = "group of pulses";
const CONFIG: &str = "configuration in playback";

/// Pulses that are released one after the other, one each 8 ns: 1 to 184.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PulseGroup {
    pulses: Vec<PlaybackPulse>,
}

impl PulseGroup {
    /// Pulses that a group may have.
    pub const LARGEST: usize = 184;

    /// A group of one.
    pub fn new(pulse: PlaybackPulse) -> Self {
        Self { pulses: vec![pulse] }
    }

    /// Adds a pulse, unless the group is full.
    #[must_use]
    pub fn push(&mut self, pulse: PlaybackPulse) -> bool {
        let room = self.pulses.len() < Self::LARGEST;
        if room {
            self.pulses.push(pulse);
        }
        room
    }

    /// The pulses, 1 to 184.
    pub fn pulses(&self) -> &[PlaybackPulse] {
        &self.pulses
    }
}

/// A configuration that is released in playback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaybackConfig {
    /// For the FPGA itself.
    Fpga {
        /// Bit 62: playback ends here.
        end: bool,
        /// Bit 0: stop recording.
        stop_trace: bool,
        /// Bit 1: begin to read what was recorded.
        read_trace: bool,
        /// Bit 2: record nothing.
        block_trace: bool,
    },
    /// For a HICANN: 63 bits, see above for what is unknown about them.
    Hicann(HicannBits),
}

/// A configuration word for a HICANN; bit 63 is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HicannBits(u64);

impl HicannBits {
    /// None if bit 63 is set.
    pub const fn new(word: u64) -> Option<Self> {
        if word >> 63 == 0 { Some(Self(word)) } else { None }
    }

    /// The word.
    pub const fn word(self) -> u64 {
        self.0
    }
}

impl PlaybackConfig {
    fn to_word(self) -> u64 {
        match self {
            Self::Hicann(bits) => bits.0,
            Self::Fpga {
                end,
                stop_trace,
                read_trace,
                block_trace,
            } => {
                let low = u64::from(stop_trace) | u64::from(read_trace) << 1 | u64::from(block_trace) << 2;
                1 << 63 | u64::from(end) << 62 | low
            }
        }
    }

    fn from_word(word: u64) -> Result<Self, WireError> {
        if let Some(bits) = HicannBits::new(word) {
            return Ok(Self::Hicann(bits));
        }
        WireError::unknown_bits(CONFIG, word, !(0b11 << 62 | 0b111))?;
        let bit = |bit: u32| word >> bit & 1 == 1;
        Ok(Self::Fpga {
            end: bit(62),
            stop_trace: bit(0),
            read_trace: bit(1),
            block_trace: bit(2),
        })
    }
}

/// One entry of the playback memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaybackEntry {
    /// Wait until the FPGA's time has wrapped so many times.
    Wait(Wraps),
    /// Release pulses.
    Pulses {
        /// When the first is released.
        time: FpgaTime,
        /// The pulses.
        group: PulseGroup,
    },
    /// Release configurations.
    Config {
        /// When.
        time: FpgaTime,
        /// What, 1 to 16,383 words.
        configs: Vec<PlaybackConfig>,
    },
}

/// A number of 14 bits: times the FPGA's time wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wraps(u16);

impl Wraps {
    /// The longest wait.
    pub const LARGEST: u64 = 0x3fff;

    /// None if 14 bits cannot hold it.
    pub const fn new(wraps: u64) -> Option<Self> {
        if wraps <= Self::LARGEST {
            Some(Self(wraps as u16))
        } else {
            None
        }
    }

    /// How many.
    pub const fn count(self) -> u16 {
        self.0
    }
}

/// A time of the FPGA, 8 ns, modulo 2^14.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FpgaTime(u16);

impl FpgaTime {
    /// The low 14 bits of a time, 8 ns.
    pub const fn new(time: u64) -> Self {
        Self((time & 0x3fff) as u16)
    }

    /// 8 ns, 0 to 16,383.
    pub const fn clocks(self) -> u16 {
        self.0
    }
}

/// The words of entries.
///
/// # Panics
/// If an entry has no configurations, or more than its 14-bit count can say.
pub fn to_words(entries: &[PlaybackEntry]) -> Vec<u64> {
    let mut words = Vec::new();
    for entry in entries {
        match entry {
            PlaybackEntry::Wait(wraps) => words.push(1 | u64::from(wraps.0) << 2),
            PlaybackEntry::Pulses { time, group } => {
                let count = group.pulses.len() as u64;
                let header = count << 18 | u64::from(time.0) << 1;
                let halves: Vec<u64> = std::iter::once(header)
                    .chain(group.pulses.iter().map(|pulse| pulse.to_half()))
                    .collect();
                words.extend(
                    halves
                        .chunks(2)
                        .map(|pair| pair[0] | pair.get(1).copied().unwrap_or(0) << 32),
                );
            }
            PlaybackEntry::Config { time, configs } => {
                let count = configs.len() as u64;
                assert!(
                    (1..=0x3fff).contains(&count),
                    "a group of configurations has 1 to 16,383"
                );
                words.push(count << 18 | 1 << 16 | u64::from(time.0) << 1);
                words.extend(configs.iter().map(|config| config.to_word()));
            }
        }
    }
    words
}

/// The entries in words.
pub fn from_words(words: &[u64]) -> Result<Vec<PlaybackEntry>, WireError> {
    let mut entries = Vec::new();
    let mut left = words;
    while let Some((&header, rest)) = left.split_first() {
        let (entry, after) = if header & 1 == 1 {
            WireError::unknown_bits("wait in playback", header, !0xfffd)?;
            (PlaybackEntry::Wait(Wraps((header >> 2) as u16)), rest)
        } else if header >> 16 & 1 == 1 {
            configs(header, rest)?
        } else {
            pulses(header, rest)?
        };
        entries.push(entry);
        left = after;
    }
    Ok(entries)
}

fn count(what: &'static str, header: u64, largest: usize) -> Result<usize, WireError> {
    WireError::unknown_bits(what, header, 0b10_1000_0000_0000_0000 | 1)?;
    let count = (header >> 18 & 0x3fff) as usize;
    if (1..=largest).contains(&count) {
        return Ok(count);
    }
    Err(WireError::Field {
        what,
        field: "count",
        value: count as u64,
    })
}

fn split<'a>(what: &'static str, words: &'a [u64], at: usize) -> Result<(&'a [u64], &'a [u64]), WireError> {
    words.split_at_checked(at).ok_or(WireError::Short {
        what,
        needed: at + 1,
        found: words.len() + 1,
        unit: "words",
    })
}

fn pulses(header: u64, rest: &[u64]) -> Result<(PlaybackEntry, &[u64]), WireError> {
    let count = count(PULSES, header, PulseGroup::LARGEST)?;
    let (words, after) = split(PULSES, rest, count / 2)?;
    let halves =
        std::iter::once(header >> 32).chain(words.iter().flat_map(|word| [word & 0xffff_ffff, word >> 32]));
    let mut group = Vec::with_capacity(count);
    for half in halves {
        if group.len() < count {
            group.push(PlaybackPulse::from_half(half)?);
        } else {
            WireError::unknown_bits(PULSES, half, !0)?;
        }
    }
    let entry = PlaybackEntry::Pulses {
        time: FpgaTime::new(header >> 1),
        group: PulseGroup { pulses: group },
    };
    Ok((entry, after))
}

fn configs(header: u64, rest: &[u64]) -> Result<(PlaybackEntry, &[u64]), WireError> {
    WireError::unknown_bits(CONFIG, header, !0xffff_ffff)?;
    let count = count(CONFIG, header, 0x3fff)?;
    let (words, after) = split(CONFIG, rest, count)?;
    let entry = PlaybackEntry::Config {
        time: FpgaTime::new(header >> 1),
        configs: words
            .iter()
            .map(|word| PlaybackConfig::from_word(*word))
            .collect::<Result<_, _>>()?,
    };
    Ok((entry, after))
}

/// The packet with which an FPGA says that playback has come to its end marker.
pub fn ended(address: u64) -> Packet {
    Packet {
        kind: PacketType::PLAYBACK,
        words: vec![address],
    }
}

/// The memory address of the end marker that such a packet names. Words after the first are not looked at.
pub fn end_address(packet: &Packet) -> Result<u64, WireError> {
    let what = "end of playback";
    if packet.kind != PacketType::PLAYBACK {
        return Err(WireError::Type {
            what,
            found: packet.kind,
        });
    }
    packet.words.first().copied().ok_or(WireError::Short {
        what,
        needed: 1,
        found: 0,
        unit: "words",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pulse(address: u16, time: u64) -> PlaybackPulse {
        PlaybackPulse::new(PulseAddress::from_bits(address), time)
    }

    fn group(pulses: &[PlaybackPulse]) -> PulseGroup {
        PulseGroup {
            pulses: pulses.to_vec(),
        }
    }

    /// Known: the bit fields of `singlepulsegroup_hack` in
    /// `hicann-system:units/hicann_test/source/tmecm_pbmemtraceloop.cpp`: time from bit 1, count from 18,
    /// time stamp from 33, label from 50.
    #[test]
    fn a_single_pulse_is_one_word() {
        let entry = PlaybackEntry::Pulses {
            time: FpgaTime::new(0x1234),
            group: group(&[pulse(0x2abc, 0x7001)]),
        };
        assert_eq!(
            to_words(&[entry]),
            [0x2abc << 50 | 0x7001 << 33 | 1 << 18 | 0x1234 << 1]
        );
    }

    #[test]
    fn later_pulses_share_words_the_earlier_one_low() {
        let entry = PlaybackEntry::Pulses {
            time: FpgaTime::new(0),
            group: group(&[pulse(1, 2), pulse(3, 4), pulse(5, 6), pulse(7, 8)]),
        };
        let half = |address: u64, time: u64| address << 18 | time << 1;
        let words = [
            half(1, 2) << 32 | 4 << 18,
            half(5, 6) << 32 | half(3, 4),
            half(7, 8),
        ];
        assert_eq!(to_words(&[entry]), words);
    }

    #[test]
    fn waits_and_configurations_have_the_documented_words() {
        let begin = PlaybackConfig::Fpga {
            end: false,
            stop_trace: false,
            read_trace: false,
            block_trace: true,
        };
        let end = PlaybackConfig::Fpga {
            end: true,
            stop_trace: true,
            read_trace: true,
            block_trace: false,
        };
        let entries = [
            PlaybackEntry::Config {
                time: FpgaTime::new(0),
                configs: vec![begin],
            },
            PlaybackEntry::Wait(Wraps::new(0x3fff).unwrap()),
            PlaybackEntry::Config {
                time: FpgaTime::new(0x3fff),
                configs: vec![end],
            },
        ];
        let words = [
            0x5_0000,
            0x8000_0000_0000_0004,
            0xfffd,
            0x5_7ffe,
            0xc000_0000_0000_0003,
        ];
        assert_eq!(to_words(&entries), words);
        assert_eq!(from_words(&words).unwrap(), entries);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let says = |words: &[u64]| from_words(words).unwrap_err().to_string();
        assert_eq!(says(&[0]), "group of pulses: count cannot be 0x0");
        assert_eq!(says(&[185 << 18]), "group of pulses: count cannot be 0xb9");
        assert_eq!(
            says(&[2 << 18]),
            "group of pulses ends early: it needs 2 words and has 1"
        );
        assert_eq!(
            says(&[1 << 18 | 1 << 16]),
            "configuration in playback ends early: it needs 2 words and has 1"
        );
        assert_eq!(
            says(&[3]),
            "wait in playback: bits without a known meaning cannot be 0x2"
        );
        assert_eq!(
            says(&[2 << 18, 1 << 40]),
            "group of pulses: bits without a known meaning cannot be 0x100"
        );
    }

    #[test]
    fn a_group_is_full_at_184() {
        let mut group = PulseGroup::new(pulse(0, 0));
        while group.push(pulse(0, 0)) {}
        assert_eq!(group.pulses().len(), 184);
    }

    fn entry() -> impl Strategy<Value = PlaybackEntry> {
        let pulses = proptest::collection::vec((any::<u16>(), any::<u64>()), 1..=184);
        let config = prop_oneof![
            any::<u64>().prop_map(|word| PlaybackConfig::Hicann(HicannBits(word >> 1))),
            any::<[bool; 4]>().prop_map(
                |[end, stop_trace, read_trace, block_trace]| PlaybackConfig::Fpga {
                    end,
                    stop_trace,
                    read_trace,
                    block_trace
                }
            ),
        ];
        prop_oneof![
            any::<u64>().prop_map(|wraps| PlaybackEntry::Wait(Wraps::new(wraps & 0x3fff).unwrap())),
            (any::<u64>(), pulses).prop_map(|(time, pulses)| PlaybackEntry::Pulses {
                time: FpgaTime::new(time),
                group: PulseGroup {
                    pulses: pulses
                        .into_iter()
                        .map(|(address, time)| pulse(address, time))
                        .collect()
                },
            }),
            (any::<u64>(), proptest::collection::vec(config, 1..40)).prop_map(|(time, configs)| {
                PlaybackEntry::Config {
                    time: FpgaTime::new(time),
                    configs,
                }
            }),
        ]
    }

    proptest! {
        #[test]
        fn entries_round_trip(entries in proptest::collection::vec(entry(), 0..8)) {
            prop_assert_eq!(from_words(&to_words(&entries)).unwrap(), entries);
        }

        #[test]
        fn what_is_understood_is_encoded_back(
            // Words that often are headers.
            words in proptest::collection::vec((any::<u64>(), 0u64..6, any::<bool>()).prop_map(|(word, count, any)| {
                if any { word } else { word & 0xfffc_fffe_0001_7ffe | count << 18 }
            }), 0..20),
        ) {
            if let Ok(entries) = from_words(&words) {
                prop_assert_eq!(to_words(&entries), words);
            }
        }
    }
}
