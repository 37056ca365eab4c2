//! HostARQ frames: what a UDP datagram holds.
//!
//! ```text
//! data    acknowledgement u32 | sequence number u32 | type u16 | length u16, in words | words u64 ...
//! bare    acknowledgement u32
//! reset   0xabababab u32, to a port of its own
//! ```
//!
//! Everything is big-endian. The acknowledgement is cumulative: the number of the last frame that came in order.
//! The answer to a reset is a data frame, the first of the new session.
//!
//! Sources: `sctrltp:include/sctrltp/packets.h`, `sctrltp:include/sctrltp/sctrltp_defines.h`,
//! `sctrltp:src/us_sctp_core.cpp` (what is dropped, what a reset answer must hold).

use super::{
    WireError,
    packet::{Packet, PacketType},
    reader::Reader,
};

/// UDP port of an FPGA for frames. Source: `sctrltp:include/sctrltp/ARQStream.h`.
pub const DATA_PORT: u16 = 1234;
/// UDP port of an FPGA for resets of the connection. Source: `sctrltp:include/sctrltp/ARQStream.h`.
pub const RESET_PORT: u16 = 45054;

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Says what has arrived, and nothing else.
    Acknowledgement {
        /// Number of the last frame that came in order.
        acknowledged: u32,
    },
    /// Carries a packet.
    Data {
        /// Number of the last frame that came in order.
        acknowledged: u32,
        /// Its own number.
        sequence: u32,
        /// What it carries.
        packet: Packet,
    },
}

/// Bytes in front of the words of a data frame.
const HEADER_BYTES: usize = 12;

impl Frame {
    /// Bytes of the largest frame.
    pub const BYTES_LARGEST: usize = HEADER_BYTES + 8 * Packet::WORDS_LARGEST;

    /// The content of a datagram.
    ///
    /// # Panics
    /// If the packet has more than [`Packet::WORDS_LARGEST`] words.
    pub fn to_udp(&self) -> Vec<u8> {
        match self {
            Self::Acknowledgement { acknowledged } => acknowledged.to_be_bytes().to_vec(),
            Self::Data {
                acknowledged,
                sequence,
                packet,
            } => {
                let words = &packet.words;
                assert!(words.len() <= Packet::WORDS_LARGEST, "a packet fits into a frame");
                let mut bytes = Vec::with_capacity(HEADER_BYTES + 8 * words.len());
                bytes.extend(acknowledged.to_be_bytes());
                bytes.extend(sequence.to_be_bytes());
                bytes.extend(packet.kind.0.to_be_bytes());
                bytes.extend((words.len() as u16).to_be_bytes());
                bytes.extend(words.iter().flat_map(|word| word.to_be_bytes()));
                bytes
            }
        }
    }

    /// Understands the content of a datagram. A length that is not that of the datagram is an error: such a frame is
    /// nobody's.
    pub fn from_udp(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new("HostARQ frame", bytes);
        let acknowledged = reader.u32()?;
        if reader.left() == 0 {
            return Ok(Self::Acknowledgement { acknowledged });
        }
        let sequence = reader.u32()?;
        let kind = PacketType(reader.u16()?);
        let length = usize::from(reader.u16()?);
        if length > Packet::WORDS_LARGEST {
            return Err(WireError::Field {
                what: "HostARQ frame",
                field: "length",
                value: length as u64,
            });
        }
        let words = (0..length)
            .map(|_| reader.u64())
            .collect::<Result<Vec<u64>, _>>()?;
        reader.end()?;
        Ok(Self::Data {
            acknowledged,
            sequence,
            packet: Packet { kind, words },
        })
    }
}

/// The datagram that resets a connection.
pub const RESET: [u8; 4] = [0xab; 4];

/// Whether a datagram to the reset port is a reset.
pub fn is_reset(bytes: &[u8]) -> bool {
    bytes == RESET
}

/// What both ends of a connection must agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Sequence numbers, counted from 0; at least twice the window.
    pub frames: u32,
    /// Frames that may be on their way at a time.
    pub window: u32,
    /// Words that a frame may carry.
    pub words: u32,
}

impl Parameters {
    /// FPGAs of a wafer module.
    pub const FPGA: Self = Self {
        frames: 256,
        window: 128,
        words: 180,
    };
    /// Analog readout boards (AnaNas).
    pub const READOUT_BOARD: Self = Self {
        frames: 512,
        window: 32,
        words: 126,
    };

    /// The packet with which an FPGA answers a reset.
    pub fn to_packet(self) -> Packet {
        Packet {
            kind: PacketType::RESET_ANSWER,
            words: [self.frames, self.window, self.words].map(u64::from).to_vec(),
        }
    }

    /// What an answer to a reset says. Words after the third are not looked at.
    pub fn from_packet(packet: &Packet) -> Result<Self, WireError> {
        let what = "answer to a reset";
        if packet.kind != PacketType::RESET_ANSWER {
            return Err(WireError::Type {
                what,
                found: packet.kind,
            });
        }
        let &[frames, window, words, ..] = packet.words.as_slice() else {
            return Err(WireError::Short {
                what,
                needed: 3,
                found: packet.words.len(),
                unit: "words",
            });
        };
        let small =
            |field, value: u64| u32::try_from(value).map_err(|_| WireError::Field { what, field, value });
        Ok(Self {
            frames: small("number of frames", frames)?,
            window: small("window", window)?,
            words: small("words in a frame", words)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_data_frame_has_the_documented_bytes() {
        let frame = Frame::Data {
            acknowledged: 255,
            sequence: 1,
            packet: Packet {
                kind: PacketType::HICANN_CONFIG,
                words: vec![0x3801_e000_0000_0007],
            },
        };
        #[rustfmt::skip]
        let bytes = [
            0, 0, 0, 0xff, // acknowledgement
            0, 0, 0, 1, // sequence number
            0x2a, 0x1b, 0, 1, // type, length
            0x38, 0x01, 0xe0, 0, 0, 0, 0, 7,
        ];
        assert_eq!(frame.to_udp(), bytes);
        assert_eq!(Frame::from_udp(&bytes), Ok(frame));
    }

    #[test]
    fn a_bare_acknowledgement_is_four_bytes() {
        let frame = Frame::Acknowledgement { acknowledged: 0x12 };
        assert_eq!(frame.to_udp(), [0, 0, 0, 0x12]);
    }

    #[test]
    fn a_reset_is_answered_with_the_parameters() {
        assert!(is_reset(&[0xab, 0xab, 0xab, 0xab]));
        assert!(!is_reset(&[0xab, 0xab, 0xab]));
        let answer = Parameters::FPGA.to_packet();
        assert_eq!(
            (answer.kind.0, answer.words.as_slice()),
            (0x8002, &[256, 128, 180][..])
        );
    }

    #[test]
    fn frames_of_a_wrong_length_are_refused_with_what_is_wrong() {
        let says = |bytes: &[u8]| Frame::from_udp(bytes).unwrap_err().to_string();
        assert_eq!(
            says(&[1, 2]),
            "HostARQ frame ends early: it needs 4 bytes and has 2"
        );
        let mut bytes = Frame::Data {
            acknowledged: 0,
            sequence: 0,
            packet: Packet {
                kind: PacketType::JTAG,
                words: vec![1],
            },
        }
        .to_udp();
        bytes.push(0);
        assert_eq!(
            says(&bytes),
            "HostARQ frame is followed by 1 bytes that belong to nothing"
        );
        bytes.truncate(19);
        assert_eq!(
            says(&bytes),
            "HostARQ frame ends early: it needs 20 bytes and has 19"
        );
        bytes[11] = 181;
        assert_eq!(says(&bytes), "HostARQ frame: length cannot be 0xb5");
    }

    pub(crate) fn any_packet() -> impl Strategy<Value = Packet> {
        (any::<u16>(), proptest::collection::vec(any::<u64>(), 0..=180)).prop_map(|(kind, words)| Packet {
            kind: PacketType(kind),
            words,
        })
    }

    proptest! {
        #[test]
        fn frames_round_trip(acknowledged in any::<u32>(), sequence in any::<u32>(), packet in any_packet()) {
            let frame = Frame::Data { acknowledged, sequence, packet };
            prop_assert_eq!(Frame::from_udp(&frame.to_udp()), Ok(frame));
        }

        #[test]
        fn what_is_understood_is_encoded_back(mut bytes in proptest::collection::vec(any::<u8>(), 0..60), fit in any::<bool>()) {
            if fit && bytes.len() >= 12 {
                bytes[10] = 0;
                bytes[11] = ((bytes.len() - 12) / 8) as u8;
                bytes.truncate(12 + 8 * usize::from(bytes[11]));
            }
            if let Ok(frame) = Frame::from_udp(&bytes) {
                prop_assert_eq!(frame.to_udp(), bytes);
            }
        }

        #[test]
        fn answers_round_trip(frames in any::<u32>(), window in any::<u32>(), words in any::<u32>()) {
            let parameters = Parameters { frames, window, words };
            prop_assert_eq!(Parameters::from_packet(&parameters.to_packet()), Ok(parameters));
        }
    }
}
