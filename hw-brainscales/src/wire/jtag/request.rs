//! JTAG packets: a count of 32-bit words, and the words.
//!
//! The count is in the lower half of the first 64-bit word, the words follow, lower half before upper half; a half that
//! is left over is zero. A word holds four bytes, the first in its top bits.
//!
//! | request | bytes |
//! |---|---|
//! | who are you | 1d c0 de 00 |
//! | TCK divider | 0c 3a divider 80 |
//! | set pins | 0c 3a 00, pins to set << 4 with their values: 1 TDI, 2 TMS, 4 TCK |
//! | clocks | 0c 33, nibbles u16, one byte each clock |
//!
//! The byte of a clock is two nibbles, the lower one first: TDI (1) and TMS (2) with TCK low, then the same with TCK (4)
//! high, and 8 if TDO is to be captured.
//!
//! The reply to clocks that capture is one word whose low half is the number of bits, and the bits, first in the lowest
//! bit of the first byte. Other replies are one word; three words say who is there.
//!
//! Source: `hicann-system:units/jtag_lib/source/jtag_ethernet.cpp`.
//!
//! **Unknown:** the upper half of the first word of a reply; what a frame with some clocks that capture and some that
//! do not is answered with (nobody sends one); whether version and buffer size of an identity are big-endian like all
//! else (the source swaps them once more, and then falls back to a buffer of 256 bytes, which is what we keep to).

use crate::wire::{
    WireError,
    packet::{Packet, PacketType},
};

/// One period of TCK.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct JtagClock {
    /// TMS at its rising edge.
    pub tms: bool,
    /// TDI at its rising edge.
    pub tdi: bool,
    /// Whether TDO is captured.
    pub capture: bool,
}

impl JtagClock {
    const fn to_byte(self) -> u8 {
        let low = self.tdi as u8 | (self.tms as u8) << 1;
        low | (low | 4 | (self.capture as u8) << 3) << 4
    }

    fn from_byte(byte: u8) -> Result<Self, WireError> {
        let clock = Self {
            tdi: byte & 1 == 1,
            tms: byte & 2 == 2,
            capture: byte & 0x80 == 0x80,
        };
        if clock.to_byte() == byte {
            return Ok(clock);
        }
        Err(WireError::Field {
            what: REQUEST,
            field: "clock",
            value: byte.into(),
        })
    }
}

/// What an FPGA is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JtagRequest {
    /// Who is there.
    Identify,
    /// Sets the frequency of TCK: 125 MHz / (2 (divider + 1)).
    Frequency {
        /// The divider.
        divider: u8,
    },
    /// Sets pins at once.
    Pins(Pins),
    /// Clocks the chain, 1 to [`JtagRequest::CLOCKS_LARGEST`] times.
    Clocks(Vec<JtagClock>),
}

/// Pins to set: none leaves a pin as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pins {
    /// TDI.
    pub tdi: Option<bool>,
    /// TMS.
    pub tms: Option<bool>,
    /// TCK.
    pub tck: Option<bool>,
}

const REQUEST: &str = "JTAG request";
const IDENTIFY: u32 = 0x1dc0_de00;
const SINGLE: u32 = 0x0c3a;
const BULK: u32 = 0x0c33;

impl JtagRequest {
    /// Clocks that a packet has room for.
    pub const CLOCKS_LARGEST: usize = 8 * Packet::WORDS_LARGEST - 8;
    /// Clocks that a request of ours has: with them the FPGA's buffer of 256 bytes is never full.
    pub const CLOCKS: usize = 248;

    /// The divider for a frequency of TCK, in kHz, at most 50 MHz; the frequency is at most that, unless it is below
    /// 245 kHz, the lowest possible.
    pub const fn frequency(khz: u32) -> Self {
        let khz = if khz == 0 {
            1
        } else if khz > 50_000 {
            50_000
        } else {
            khz
        };
        let divider = 125_000u32.div_ceil(2 * khz) - 1;
        Self::Frequency {
            divider: if divider > 255 { 255 } else { divider as u8 },
        }
    }

    /// Bits that the reply will bring.
    pub fn captures(&self) -> usize {
        match self {
            Self::Clocks(clocks) => clocks.iter().filter(|clock| clock.capture).count(),
            Self::Identify | Self::Frequency { .. } | Self::Pins(_) => 0,
        }
    }

    /// The packet.
    ///
    /// # Panics
    /// If there are no clocks, or more than [`JtagRequest::CLOCKS_LARGEST`].
    pub fn to_packet(&self) -> Packet {
        match self {
            Self::Identify => pack(&[IDENTIFY]),
            Self::Frequency { divider } => pack(&[SINGLE << 16 | u32::from(*divider) << 8 | 0x80]),
            Self::Pins(pins) => {
                let bits = (0..).zip([pins.tdi, pins.tms, pins.tck]);
                let byte: u32 = bits
                    .filter_map(|(bit, pin)| Some((0x10 | u32::from(pin?)) << bit))
                    .sum();
                pack(&[SINGLE << 16 | byte])
            }
            Self::Clocks(clocks) => {
                let fit = (1..=Self::CLOCKS_LARGEST).contains(&clocks.len());
                assert!(fit, "a JTAG request has 1 to {} clocks", Self::CLOCKS_LARGEST);
                let header = (BULK << 16) | (2 * clocks.len() as u32);
                let words = clocks.chunks(4).map(|clocks| {
                    (0..)
                        .zip(clocks)
                        .map(|(n, clock)| u32::from(clock.to_byte()) << (24 - 8 * n))
                        .sum()
                });
                pack(&std::iter::once(header).chain(words).collect::<Vec<u32>>())
            }
        }
    }

    /// Understands a packet.
    pub fn from_packet(packet: &Packet) -> Result<Self, WireError> {
        let (words, padding) = unpack(REQUEST, packet)?;
        WireError::unknown_bits(REQUEST, padding.into(), !0)?;
        let field = |field, value: u32| WireError::Field {
            what: REQUEST,
            field,
            value: value.into(),
        };
        let (header, rest) = (words[0], &words[1..]);
        let (command, argument) = (header >> 16, header & 0xffff);
        if command == BULK {
            return Self::clocks(argument, rest);
        }
        if !rest.is_empty() {
            return Err(WireError::Trailing {
                what: REQUEST,
                extra: 4 * rest.len(),
                unit: "bytes",
            });
        }
        match (command, argument & 0xff) {
            _ if header == IDENTIFY => Ok(Self::Identify),
            (SINGLE, 0x80) => Ok(Self::Frequency {
                divider: (argument >> 8) as u8,
            }),
            (SINGLE, byte) if argument < 0x80 && byte & 8 == 0 && byte & 7 & !(byte >> 4) == 0 => {
                let pin = |bit: u32| (byte >> (4 + bit) & 1 == 1).then_some(byte >> bit & 1 == 1);
                Ok(Self::Pins(Pins {
                    tdi: pin(0),
                    tms: pin(1),
                    tck: pin(2),
                }))
            }
            _ => Err(field("command", header)),
        }
    }

    fn clocks(nibbles: u32, words: &[u32]) -> Result<Self, WireError> {
        let clocks = nibbles as usize / 2;
        if nibbles % 2 == 1 || clocks == 0 || clocks.div_ceil(4) != words.len() {
            return Err(WireError::Field {
                what: REQUEST,
                field: "number of nibbles",
                value: nibbles.into(),
            });
        }
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        let (bytes, padding) = bytes.split_at(clocks);
        for byte in padding {
            WireError::unknown_bits(REQUEST, (*byte).into(), !0)?;
        }
        let clocks = bytes.iter().map(|byte| JtagClock::from_byte(*byte));
        Ok(Self::Clocks(clocks.collect::<Result<_, _>>()?))
    }
}

/// What an FPGA answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JtagReply {
    /// Its words, 1 to [`JtagReply::WORDS_LARGEST`].
    words: Vec<u32>,
}

/// Who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JtagIdentity {
    /// Version, in a byte order that is not known.
    pub version: u32,
    /// Buffer size, in a byte order that is not known.
    pub buffer: u32,
}

const REPLY: &str = "JTAG reply";
/// How an identity begins.
const IDENTITY: u32 = 0xc007_face;

impl JtagReply {
    /// 32-bit words that a packet has room for.
    pub const WORDS_LARGEST: usize = 2 * Packet::WORDS_LARGEST - 1;

    /// The reply to clocks, with what they have captured; `header` goes into the upper half of its first word.
    ///
    /// # Panics
    /// If there are more bits than fit.
    pub fn with_bits(header: u16, bits: &[bool]) -> Self {
        let first = u32::from(header) << 16 | bits.len() as u32;
        let words = bits.chunks(32).map(|bits| {
            let word: u32 = (0..).zip(bits).map(|(n, bit)| u32::from(*bit) << n).sum();
            word.swap_bytes()
        });
        let words: Vec<u32> = std::iter::once(first).chain(words).collect();
        assert!(
            words.len() <= Self::WORDS_LARGEST,
            "captured bits fit into a packet"
        );
        Self { words }
    }

    /// The reply that says who is there.
    pub fn with_identity(identity: JtagIdentity) -> Self {
        Self {
            words: vec![IDENTITY, identity.version, identity.buffer],
        }
    }

    /// The packet.
    pub fn to_packet(&self) -> Packet {
        pack(&self.words)
    }

    /// Understands a packet. What fills it up to 64 bits is not looked at.
    pub fn from_packet(packet: &Packet) -> Result<Self, WireError> {
        let (words, _) = unpack(REPLY, packet)?;
        Ok(Self { words })
    }

    /// The bits that were captured, of which there must be `expected`. With none expected every reply will do.
    pub fn captured(&self, expected: usize) -> Result<Vec<bool>, WireError> {
        if expected == 0 {
            return Ok(Vec::new());
        }
        let count = self.words[0] & 0xffff;
        if count as usize != expected {
            return Err(WireError::Field {
                what: REPLY,
                field: "number of bits",
                value: count.into(),
            });
        }
        let needed = 1 + expected.div_ceil(32);
        let found = self.words.len();
        if found < needed {
            return Err(WireError::Short {
                what: REPLY,
                needed: 4 * needed,
                found: 4 * found,
                unit: "bytes",
            });
        }
        let bit = |n: usize| self.words[1 + n / 32].swap_bytes() >> (n % 32) & 1 == 1;
        Ok((0..expected).map(bit).collect())
    }

    /// Who is there. Version and buffer may be missing.
    pub fn identity(&self) -> Result<Option<JtagIdentity>, WireError> {
        match self.words.as_slice() {
            [IDENTITY] => Ok(None),
            &[IDENTITY, version, buffer] => Ok(Some(JtagIdentity { version, buffer })),
            [first, ..] => Err(WireError::Field {
                what: REPLY,
                field: "identity",
                value: (*first).into(),
            }),
            [] => unreachable!("a reply has a word"),
        }
    }
}

fn pack(words: &[u32]) -> Packet {
    let halves: Vec<u32> = std::iter::once(words.len() as u32)
        .chain(words.iter().copied())
        .collect();
    let words = halves
        .chunks(2)
        .map(|pair| u64::from(pair[0]) | u64::from(pair.get(1).copied().unwrap_or(0)) << 32);
    Packet {
        kind: PacketType::JTAG,
        words: words.collect(),
    }
}

/// The words of a packet, at least one, and what follows them.
fn unpack(what: &'static str, packet: &Packet) -> Result<(Vec<u32>, u32), WireError> {
    if packet.kind != PacketType::JTAG {
        return Err(WireError::Type {
            what,
            found: packet.kind,
        });
    }
    let mut halves = packet
        .words
        .iter()
        .flat_map(|word| [*word as u32, (*word >> 32) as u32]);
    let count = halves.next().ok_or(WireError::Short {
        what,
        needed: 1,
        found: 0,
        unit: "words",
    })?;
    let mut words: Vec<u32> = halves.collect();
    let fits = words.len() == count as usize || words.len() == count as usize + 1;
    if count == 0 || !fits {
        return Err(WireError::Field {
            what,
            field: "number of words",
            value: count.into(),
        });
    }
    let padding = if words.len() > count as usize {
        words.pop()
    } else {
        None
    };
    Ok((words, padding.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clock(tms: bool, tdi: bool, capture: bool) -> JtagClock {
        JtagClock { tms, tdi, capture }
    }

    /// By hand from `jtag_ethernet.cpp`: `sendData` and its callers.
    #[test]
    fn requests_have_the_documented_words() {
        assert_eq!(JtagRequest::Identify.to_packet().words, [0x1dc0_de00_0000_0001]);
        // 10 MHz: (125,000 - 20,000) / 20,000 = 5.
        let frequency = JtagRequest::frequency(10_000);
        assert_eq!(frequency, JtagRequest::Frequency { divider: 6 });
        assert_eq!(frequency.to_packet().words, [0x0c3a_0680_0000_0001]);
        let pins = JtagRequest::Pins(Pins {
            tms: Some(true),
            tck: Some(false),
            tdi: None,
        });
        assert_eq!(pins.to_packet().words, [0x0c3a_0062_0000_0001]);
    }

    #[test]
    fn a_clock_is_a_byte_and_the_first_byte_is_on_top() {
        let clocks = vec![
            clock(true, false, false),
            clock(false, true, false),
            clock(false, false, true),
            clock(false, false, false),
            clock(true, true, true),
        ];
        // 62, 51, c0, 40; f3
        let words = [0x0c33_000a_0000_0003, 0xf300_0000_6251_c040];
        assert_eq!(JtagRequest::Clocks(clocks).to_packet().words, words);
    }

    #[test]
    fn captured_bits_begin_in_the_lowest_bit_of_the_first_byte() {
        let mut bits = vec![false; 34];
        bits[0] = true;
        bits[8] = true;
        bits[33] = true;
        let reply = JtagReply::with_bits(0, &bits);
        assert_eq!(
            reply.to_packet().words,
            [0x0000_0022_0000_0003, 0x0200_0000_0101_0000]
        );
        assert_eq!(reply.captured(34), Ok(bits));
        assert_eq!(
            reply.captured(33).unwrap_err().to_string(),
            "JTAG reply: number of bits cannot be 0x22"
        );
    }

    #[test]
    fn the_frequency_is_never_above_what_was_asked_for() {
        for khz in [1, 245, 1000, 10_000, 33_000, 50_000, 90_000] {
            let JtagRequest::Frequency { divider } = JtagRequest::frequency(khz) else {
                unreachable!()
            };
            let real = 125_000 / (2 * (u32::from(divider) + 1));
            assert!(real <= khz.max(245), "{khz} kHz gives {real}");
        }
    }

    #[test]
    fn packets_that_contradict_themselves_are_refused() {
        let says = |words: Vec<u64>| {
            let packet = Packet {
                kind: PacketType::JTAG,
                words,
            };
            JtagRequest::from_packet(&packet).unwrap_err().to_string()
        };
        assert_eq!(
            says(vec![]),
            "JTAG request ends early: it needs 1 words and has 0"
        );
        assert_eq!(says(vec![5]), "JTAG request: number of words cannot be 0x5");
        assert_eq!(says(vec![0]), "JTAG request: number of words cannot be 0x0");
        assert_eq!(
            says(vec![0x0c33_0003_0000_0002, 0x6200_0000]),
            "JTAG request: number of nibbles cannot be 0x3"
        );
        assert_eq!(
            says(vec![0x0c33_0002_0000_0002, 0x6100_0000]),
            "JTAG request: clock cannot be 0x61"
        );
        assert_eq!(
            says(vec![0x1234_0000_0000_0001]),
            "JTAG request: command cannot be 0x12340000"
        );
    }

    pub(crate) fn any_request() -> impl Strategy<Value = JtagRequest> {
        let clocks = proptest::collection::vec(any::<[bool; 3]>(), 1..=JtagRequest::CLOCKS_LARGEST);
        prop_oneof![
            Just(JtagRequest::Identify),
            any::<u8>().prop_map(|divider| JtagRequest::Frequency { divider }),
            any::<[Option<bool>; 3]>().prop_map(|[tdi, tms, tck]| JtagRequest::Pins(Pins { tdi, tms, tck })),
            clocks.prop_map(|clocks| {
                JtagRequest::Clocks(clocks.into_iter().map(|[a, b, c]| clock(a, b, c)).collect())
            }),
        ]
    }

    proptest! {
        #[test]
        fn requests_round_trip(request in any_request()) {
            prop_assert_eq!(JtagRequest::from_packet(&request.to_packet()), Ok(request));
        }

        #[test]
        fn replies_round_trip(bits in proptest::collection::vec(any::<bool>(), 1..2000), header in any::<u16>()) {
            let reply = JtagReply::from_packet(&JtagReply::with_bits(header, &bits).to_packet()).unwrap();
            prop_assert_eq!(reply.captured(bits.len()), Ok(bits));
        }

        #[test]
        fn what_is_understood_is_encoded_back(mut words in proptest::collection::vec(any::<u64>(), 0..8), fit in any::<bool>()) {
            if fit && !words.is_empty() {
                words[0] = (words[0] >> 32 << 32) | (2 * words.len() as u64 - 1);
            }
            let packet = Packet { kind: PacketType::JTAG, words };
            if let Ok(request) = JtagRequest::from_packet(&packet) {
                prop_assert_eq!(request.to_packet(), packet.clone());
            }
            if let Ok(reply) = JtagReply::from_packet(&packet) {
                prop_assert_eq!(reply.to_packet().words.len(), packet.words.len());
            }
        }
    }
}
