//! Packets of the ARQ between FPGA, or JTAG, and a HICANN: one 64-bit word each.
//!
//! The FPGA speaks this protocol with the chips of working high-speed links. For a chip that has only JTAG, the host
//! speaks it: it shifts the word into the chip's transmit register and starts a configuration packet (see
//! [`jtag`](super::jtag)).
//!
//! | bits | |
//! |---|---|
//! | 0..48 | the access |
//! | 49..54 | acknowledgement: number of the last packet that came in order |
//! | 55..60 | sequence number |
//! | 61 | whether sequence number and access are valid; 0 for a bare acknowledgement |
//! | 62..63 | tag |
//!
//! Sources: `hicann-system:units/stage2_hal/source/s2_types.cpp` (`ARQPacketStage2`), widths from
//! `hicann-system:global_src/systemc/sim_def.h`; sizes from `hicann-system:units/stage2_hal/source/linklayer.h`.

use super::{Tag, WireError, hicann::Access};

/// Sequence numbers of this ARQ, counted from 0.
pub const SEQUENCE_NUMBERS: u8 = 64;
/// Packets that may be on their way at a time.
pub const WINDOW: u8 = 16;

/// A packet of the ARQ of one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HicannArqPacket {
    /// The bus.
    pub tag: Tag,
    /// Number and access; none in a bare acknowledgement.
    pub numbered: Option<NumberedAccess>,
    acknowledged: u8,
}

/// An access with its sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumberedAccess {
    sequence: u8,
    /// The access.
    pub access: Access,
}

impl NumberedAccess {
    /// None if there is no such sequence number.
    pub const fn new(sequence: u8, access: Access) -> Option<Self> {
        if sequence < SEQUENCE_NUMBERS {
            Some(Self { sequence, access })
        } else {
            None
        }
    }

    /// 0 to 63.
    pub const fn sequence(self) -> u8 {
        self.sequence
    }
}

impl HicannArqPacket {
    /// None if there is no such sequence number to acknowledge.
    pub const fn new(tag: Tag, numbered: Option<NumberedAccess>, acknowledged: u8) -> Option<Self> {
        if acknowledged < SEQUENCE_NUMBERS {
            Some(Self {
                tag,
                numbered,
                acknowledged,
            })
        } else {
            None
        }
    }

    /// Number of the last packet that came in order, 0 to 63.
    pub const fn acknowledged(self) -> u8 {
        self.acknowledged
    }

    /// The word. A bare acknowledgement has zeros for number and access.
    pub fn to_word(self) -> u64 {
        let numbered = self.numbered.map_or(0, |numbered| {
            1 << 61 | u64::from(numbered.sequence) << 55 | numbered.access.to_bits()
        });
        (self.tag as u64) << 62 | u64::from(self.acknowledged) << 49 | numbered
    }

    /// Understands a word. What a bare acknowledgement holds as number and access is not looked at: chips leave old
    /// values there.
    pub fn from_word(word: u64) -> Result<Self, WireError> {
        let tag = match word >> 62 {
            0 => Tag::Slow,
            1 => Tag::Fast,
            value => {
                return Err(WireError::Field {
                    what: "HICANN ARQ packet",
                    field: "tag",
                    value,
                });
            }
        };
        let numbered = (word >> 61 & 1 == 1).then(|| NumberedAccess {
            sequence: (word >> 55 & 63) as u8,
            access: Access::from_bits(word),
        });
        Ok(Self {
            tag,
            numbered,
            acknowledged: (word >> 49 & 63) as u8,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_have_their_places() {
        let access = NumberedAccess::new(0b10_0001, Access::write(0xe000, 5));
        let packet = HicannArqPacket::new(Tag::Fast, access, 63).unwrap();
        // 01 1 100001 111111 1 | 1110 0000 0000 0000 | 5
        assert_eq!(packet.to_word(), 0b0111_0000_1111_1111 << 48 | 0xe000 << 32 | 5);
        let bare = HicannArqPacket::new(Tag::Slow, None, 63).unwrap();
        assert_eq!(bare.to_word(), 0b0000_0000_0111_1110 << 48);
    }

    #[test]
    fn numbers_beyond_six_bits_cannot_be_built() {
        assert_eq!(HicannArqPacket::new(Tag::Slow, None, 64), None);
        assert_eq!(NumberedAccess::new(64, Access::read(0)), None);
    }

    proptest! {
        #[test]
        fn words_round_trip(word in any::<u64>()) {
            match HicannArqPacket::from_word(word) {
                Ok(packet) if packet.numbered.is_some() => prop_assert_eq!(packet.to_word(), word),
                Ok(packet) => prop_assert_eq!(HicannArqPacket::from_word(packet.to_word()), Ok(packet)),
                Err(_) => prop_assert!(word >> 63 == 1),
            }
        }
    }
}
