//! The boot ROM's Ethernet protocol: start, blocks, go. All fields are big-endian.
//!
//! Source: `spinnaker_bootROM`; `SpiNNMan: messages/spinnaker_boot`.

use super::{WireError, reader::Reader};
use taproot_spinnaker_chip::system_ram::{SV_BOOT_OFFSET, SV_BOOT_SIZE};

/// Words in one block.
pub const BLOCK_WORDS: usize = 256;
/// Largest image: the ROM has 32 slots for blocks of 1 KB.
pub const IMAGE_LARGEST: usize = 32 * 1024;
const VERSION: u16 = 1;

/// One packet of the protocol. Nothing is acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BootPacket {
    /// An image of so many blocks (1 to 256) follows.
    Start {
        /// How many.
        blocks: u16,
    },
    /// One block. Every block of an image must have the same length, since its place follows from it.
    Block {
        /// 0 to 31.
        index: u8,
        /// Its words, 1 to 256, as the chip will hold them.
        words: Vec<u32>,
    },
    /// Run the image.
    Execute {
        /// Start address.
        address: u32,
    },
}

impl BootPacket {
    /// The bytes of a UDP packet.
    pub fn to_udp(&self) -> Vec<u8> {
        let (operation, operands, words): (u32, [u32; 3], &[u32]) = match self {
            Self::Start { blocks } => (1, [0, 0, u32::from(*blocks).wrapping_sub(1)], &[]),
            Self::Block { index, words } => {
                let length = (words.len() as u32).wrapping_sub(1) & 255;
                (3, [length << 8 | u32::from(*index), 0, 0], words)
            }
            Self::Execute { address } => (5, [1, 0, *address], &[]),
        };
        let mut bytes = Vec::with_capacity(18 + 4 * words.len());
        bytes.extend(VERSION.to_be_bytes());
        bytes.extend(operation.to_be_bytes());
        for operand in operands {
            bytes.extend(operand.to_be_bytes());
        }
        for word in words {
            bytes.extend(word.to_be_bytes());
        }
        bytes
    }

    /// Understands the bytes of a UDP packet.
    pub fn from_udp(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new("boot packet", bytes);
        let field = |field, value| WireError::Field {
            what: "boot packet",
            field,
            value,
        };
        let version = reader.u16_big()?;
        if version != VERSION {
            return Err(field("version", version.into()));
        }
        let operation = reader.u32_big()?;
        let operands = [reader.u32_big()?, reader.u32_big()?, reader.u32_big()?];
        let packet = match (operation, operands) {
            (1, [0, 0, last @ 0..=255]) => Self::Start {
                blocks: last as u16 + 1,
            },
            (3, [one @ 0..=0xffff, 0, 0]) => {
                let mut words = Vec::with_capacity((one >> 8) as usize + 1);
                for _ in 0..=one >> 8 {
                    words.push(reader.u32_big()?);
                }
                Self::Block {
                    index: one as u8,
                    words,
                }
            }
            (5, [1, 0, address]) => Self::Execute { address },
            (1 | 3 | 5, [one, _, _]) => return Err(field("operand", one)),
            _ => return Err(field("operation", operation)),
        };
        reader.end()?;
        Ok(packet)
    }
}

/// What a host writes into the image before it sends it: the first half of `sv`.
///
/// Everything else in those 128 bytes has the stock image's value, but for the size of the user area in SDRAM and the
/// soft watchdog, which are zero here as they are with SpiNNMan (`system_variable_boot_values.py`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootValues {
    /// Version of the board: 3 or 5.
    pub hardware_version: u8,
    /// Where the LEDs are: 0x502 on SpiNN-3, 1 on SpiNN-5.
    pub led0: u32,
    /// Seconds since 1970. SCAMP's random generator starts from it, so a run that must repeat fixes it.
    pub unix_time: u32,
    /// Tells one boot from another; hosts use the time.
    pub boot_signature: u32,
}

impl BootValues {
    /// Values for a board.
    pub const fn for_board(board: taproot_spinnaker_chip::Board, unix_time: u32) -> Self {
        let (hardware_version, led0) = match board {
            taproot_spinnaker_chip::Board::Spin3 => (3, 0x502),
            taproot_spinnaker_chip::Board::Spin5 => (5, 1),
        };
        Self {
            hardware_version,
            led0,
            unix_time,
            boot_signature: unix_time,
        }
    }

    /// The 128 bytes.
    pub fn to_sv(self) -> [u8; SV_BOOT_SIZE] {
        let mut sv = [0; SV_BOOT_SIZE];
        let mut put = |offset: usize, bytes: &[u8]| sv[offset..offset + bytes.len()].copy_from_slice(bytes);
        put(0x0a, &[self.hardware_version]);
        put(0x0c, &[4, 4, 0x33]); // p2pb_repeats, p2p_sql, clk_div
        put(0x1c, &self.unix_time.to_le_bytes());
        put(0x24, &200u16.to_le_bytes()); // cpu_clk, MHz
        put(0x26, &130u16.to_le_bytes()); // mem_clk, MHz
        put(0x28, &[0x3f, 0, 200, 1, 50]); // forward, retry, peek_time, led_period, netinit_bc_wait
        put(0x30, &self.led0.to_le_bytes());
        put(0x40, &[1, 7, 20, 0]); // root_chip, num_buf, boot_delay, soft_wdog
        put(0x48, &1024u32.to_le_bytes()); // sysram_heap, words
        put(0x4c, &0u32.to_le_bytes()); // sdram_heap, words of user area in front of it
        put(0x50, &16384u32.to_le_bytes()); // iobuf_size
        put(0x54, &0x0080_0000u32.to_le_bytes()); // sdram_bufs: system SDRAM, bytes
        put(0x58, &32768u32.to_le_bytes()); // sysbuf_size, words
        put(0x5c, &self.boot_signature.to_le_bytes());
        put(0x65, &[0x3f]); // link_en
        sv
    }
}

/// Why a file is not a boot image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a boot image has 512 to {IMAGE_LARGEST} bytes, a multiple of 4; this file has {0}")]
pub struct BootImageError(pub usize);

/// All packets of a boot, in order: start, blocks, execute. `image` is `scamp.boot`.
pub fn packets(image: &[u8], values: BootValues) -> Result<Vec<BootPacket>, BootImageError> {
    if image.len() < SV_BOOT_OFFSET + SV_BOOT_SIZE
        || image.len() > IMAGE_LARGEST
        || !image.len().is_multiple_of(4)
    {
        return Err(BootImageError(image.len()));
    }
    let mut image = image.to_vec();
    image[SV_BOOT_OFFSET..SV_BOOT_OFFSET + SV_BOOT_SIZE].copy_from_slice(&values.to_sv());
    // The last block is filled up: its place in memory follows from its length.
    image.resize(image.len().next_multiple_of(4 * BLOCK_WORDS), 0);
    let blocks = image.chunks_exact(4 * BLOCK_WORDS);
    let mut packets = vec![BootPacket::Start {
        blocks: blocks.len() as u16,
    }];
    packets.extend((0..).zip(blocks).map(|(index, block)| {
        BootPacket::Block {
            index,
            words: block
                .chunks_exact(4)
                .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
                .collect(),
        }
    }));
    packets.push(BootPacket::Execute { address: 0 });
    Ok(packets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use taproot_spinnaker_chip::Board;

    #[test]
    fn packets_have_the_documented_bytes() {
        assert_eq!(
            BootPacket::Start { blocks: 30 }.to_udp(),
            [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 29]
        );
        let block = BootPacket::Block {
            index: 2,
            words: vec![0x1122_3344; 256],
        }
        .to_udp();
        assert_eq!(block.len(), 18 + 1024);
        assert_eq!(block[..10], [0, 1, 0, 0, 0, 3, 0, 0, 255, 2]);
        assert_eq!(block[18..22], [0x11, 0x22, 0x33, 0x44]);
        assert_eq!(
            BootPacket::Execute { address: 0 }.to_udp(),
            [0, 1, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
        );
    }

    #[test]
    fn an_image_of_29868_bytes_needs_30_blocks() {
        let values = BootValues::for_board(Board::Spin5, 0x5555_aaaa);
        let packets = packets(&vec![0xee; 29_868], values).unwrap();
        assert_eq!(packets.len(), 32);
        assert_eq!(packets[0], BootPacket::Start { blocks: 30 });
        let BootPacket::Block { index: 0, words } = &packets[1] else {
            panic!("the second packet is the first block")
        };
        assert_eq!(words[95], 0xeeee_eeee);
        assert_eq!(words[96 + 0x1c / 4], 0x5555_aaaa);
        assert_eq!(words[96 + 0x30 / 4], 1);
        assert_eq!(words[128], 0xeeee_eeee);
    }

    #[test]
    fn the_soft_watchdog_is_off_and_the_heap_starts_at_the_base() {
        let sv = BootValues::for_board(Board::Spin3, 1).to_sv();
        assert_eq!(sv[0x43], 0);
        assert_eq!(sv[0x4c..0x50], [0; 4]);
        assert_eq!((sv[0x0a], sv[0x30], sv[0x31]), (3, 2, 5));
        assert_eq!(sv[0x40], 1);
    }

    #[test]
    fn files_of_impossible_size_are_refused() {
        let values = BootValues::for_board(Board::Spin5, 0);
        for size in [0, 511, 514, IMAGE_LARGEST + 4] {
            assert_eq!(packets(&vec![0; size], values), Err(BootImageError(size)));
        }
    }

    proptest! {
        #[test]
        fn what_is_understood_is_encoded_back(
            mut bytes in proptest::collection::vec(any::<u8>(), 18..60),
            operation in 0u8..7, length in 0u8..12,
        ) {
            bytes[..6].copy_from_slice(&[0, 1, 0, 0, 0, operation]);
            if operation == 3 {
                bytes[6..8].fill(0);
                bytes[8] = length;
                bytes[10..18].fill(0);
            }
            if let Ok(packet) = BootPacket::from_udp(&bytes) {
                prop_assert_eq!(packet.to_udp(), bytes);
            }
        }

        #[test]
        fn blocks_round_trip(words in proptest::collection::vec(any::<u32>(), 1..=256), index in any::<u8>()) {
            let packet = BootPacket::Block { index, words };
            prop_assert_eq!(BootPacket::from_udp(&packet.to_udp()), Ok(packet));
        }
    }
}
