//! Reads and writes of HICANN registers, as the FPGA takes them: one word each.
//!
//! | bits | |
//! |---|---|
//! | 0..31 | data |
//! | 32..47 | address |
//! | 48 | 1 for a write, 0 for a read |
//! | 49 | tag: 0 for the slow bus of the chip, 1 for the fast one |
//! | 50..58 | zero |
//! | 59..61 | HICANN, by its link |
//! | 62..63 | DNC |
//!
//! A read carries data 0x80000000. The answer to a read has the same form; writes are not answered.
//!
//! Sources: `hicann-system:units/stage2_hal/source/host_al_controller.cpp` (`sendSingleHICANNConfig`,
//! `fill_receive_buffer`), `hicann-system:units/stage2_hal/source/s2c_jtagphys_2fpga_arq.cpp` (`issueCommand`).

use super::{
    DncNumber, Link, Tag, WireError,
    packet::{Packet, PacketType},
};

/// A read or a write of one register: 49 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Access {
    /// Whether it writes.
    pub write: bool,
    /// The register.
    pub address: u16,
    /// What is written; what has been read, in an answer.
    pub data: u32,
}

impl Access {
    /// What a read carries as data.
    pub const READ_DATA: u32 = 0x8000_0000;

    /// Reads a register.
    pub const fn read(address: u16) -> Self {
        Self {
            write: false,
            address,
            data: Self::READ_DATA,
        }
    }

    /// Writes a register.
    pub const fn write(address: u16, data: u32) -> Self {
        Self {
            write: true,
            address,
            data,
        }
    }

    /// Bits 0 to 48 of a word.
    pub(super) const fn to_bits(self) -> u64 {
        (self.write as u64) << 48 | (self.address as u64) << 32 | self.data as u64
    }

    /// From bits 0 to 48 of a word; the others are not looked at.
    pub(super) const fn from_bits(word: u64) -> Self {
        Self {
            write: word >> 48 & 1 == 1,
            address: (word >> 32) as u16,
            data: word as u32,
        }
    }
}

/// A read or a write of one register of one HICANN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HicannAccess {
    /// The DNC of the FPGA; number 0 on present wafer modules.
    pub dnc: DncNumber,
    /// The HICANN.
    pub hicann: Link,
    /// The bus.
    pub tag: Tag,
    /// What is done there.
    pub access: Access,
}

impl HicannAccess {
    /// The word.
    pub const fn to_word(self) -> u64 {
        self.dnc.bits() << 62
            | (self.hicann.index() as u64) << 59
            | (self.tag as u64) << 49
            | self.access.to_bits()
    }

    /// Understands a word.
    pub fn from_word(word: u64) -> Result<Self, WireError> {
        WireError::unknown_bits("HICANN configuration word", word, 0x1ff << 50)?;
        Ok(Self {
            dnc: DncNumber::from_bits(word >> 62),
            hicann: Link::at((word >> 59) as usize % Link::COUNT),
            tag: if word >> 49 & 1 == 1 { Tag::Fast } else { Tag::Slow },
            access: Access::from_bits(word),
        })
    }
}

/// The packets that carry reads and writes, in order, as many to a packet as fit.
pub fn to_packets(accesses: &[HicannAccess]) -> Vec<Packet> {
    let words: Vec<u64> = accesses.iter().map(|access| access.to_word()).collect();
    Packet::cut(PacketType::HICANN_CONFIG, &words).collect()
}

/// The reads and writes of a packet, or the answers.
pub fn from_packet(packet: &Packet) -> Result<Vec<HicannAccess>, WireError> {
    if packet.kind != PacketType::HICANN_CONFIG {
        return Err(WireError::Type {
            what: "HICANN configuration",
            found: packet.kind,
        });
    }
    packet
        .words
        .iter()
        .map(|word| HicannAccess::from_word(*word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn access(hicann: usize, tag: Tag, access: Access) -> HicannAccess {
        HicannAccess {
            dnc: DncNumber::new(0).unwrap(),
            hicann: Link::at(hicann),
            tag,
            access,
        }
    }

    /// Known: `hicann-system:units/hicann_test/source/tmecm_hicannreads.cpp` sends these.
    #[test]
    fn words_of_a_program_for_real_hardware() {
        let read = access(7, Tag::Slow, Access::read(0xe000));
        // That program leaves the number of the HICANN in the low bits of its reads.
        assert_eq!(read.to_word() | 7, 0x3800_e000_8000_0007);
        let write = access(3, Tag::Slow, Access::write(0xe000, 3));
        assert_eq!(write.to_word(), 0x1801_e000_0000_0003);
    }

    #[test]
    fn tag_and_dnc_have_their_places() {
        let mut write = access(0, Tag::Fast, Access::write(0x4000, 0xdead_beef));
        write.dnc = DncNumber::new(2).unwrap();
        assert_eq!(write.to_word(), 0x8003_4000_dead_beef);
    }

    #[test]
    fn bits_that_nobody_knows_are_an_error() {
        let error = HicannAccess::from_word(1 << 50).unwrap_err();
        assert_eq!(
            error.to_string(),
            "HICANN configuration word: bits without a known meaning cannot be 0x4000000000000"
        );
    }

    proptest! {
        #[test]
        fn words_round_trip(word in any::<u64>()) {
            let word = word & !(0x1ff << 50);
            prop_assert_eq!(HicannAccess::from_word(word).map(HicannAccess::to_word), Ok(word));
        }

        #[test]
        fn packets_keep_order(words in proptest::collection::vec(any::<u64>(), 0..400)) {
            let sent: Vec<HicannAccess> =
                words.iter().map(|w| HicannAccess::from_word(w & !(0x1ff << 50)).unwrap()).collect();
            let packets = to_packets(&sent);
            prop_assert_eq!(packets.len(), sent.len().div_ceil(180));
            let received: Vec<HicannAccess> = packets.iter().flat_map(|p| from_packet(p).unwrap()).collect();
            prop_assert_eq!(received, sent);
        }
    }
}
