//! The boot ROM as a model: what its monitor does with boot images that arrive by Ethernet or from neighbours.
//!
//! The ROM's code is not executed. Its rules for accepting a flood are followed one for one, because floods from
//! several neighbours overlap and a laxer model boots corrupt chips:
//!
//! * a start is accepted only while no image is being received, and it fixes the channel (Ethernet or links);
//! * links: a block start only when no block is open and that block is missing; data only for the open block and a
//!   word not yet seen; a block end closes the open block only if every word is there, and keeps it only if its CRC
//!   is good; control boots only if every block is held;
//! * Ethernet: a block only once; control boots only if every block is held.
//!
//! Sources: `spinnaker_bootROM: src/flood_fill.c`, `src/interrupt_service_routines.c`; LLSD chapter 2. Not modelled:
//! the hello broadcast every 4096 ms, ARP and ICMP while waiting, serial-ROM loading (its parameter block is simply there).

use crate::packet::Packet;

/// Bytes of an image at most: the instruction memory.
const IMAGE_BYTES: usize = 32 * 1024;
const BLOCKS: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
enum Channel {
    Ethernet,
    Links,
}

/// A complete image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) bytes: Vec<u8>,
    pub(crate) entry: u32,
}

/// The monitor's state while the ROM waits for an image.
#[derive(Debug, serde::Serialize)]
pub(crate) struct BootRom {
    channel: Option<Channel>,
    blocks: usize,
    received: Vec<bool>,
    /// Words of the last block; the ROM computes the image's length and every block's place from it.
    words: usize,
    image: Vec<u8>,
    open: Option<u8>,
    block: Vec<Option<u32>>,
}

impl BootRom {
    pub(crate) fn new() -> Self {
        Self {
            channel: None,
            blocks: 0,
            received: Vec::new(),
            words: 0,
            image: Vec::new(),
            open: None,
            block: Vec::new(),
        }
    }

    fn start(&mut self, channel: Channel, target: u32, blocks: usize) {
        if self.channel.is_none() && target == 0 {
            self.channel = Some(channel);
            self.blocks = blocks;
            self.received = vec![false; BLOCKS];
            self.image = vec![0; IMAGE_BYTES];
        }
    }

    fn complete(&self) -> bool {
        self.received[..self.blocks].iter().all(|held| *held)
    }

    fn finish(&mut self, entry: u32) -> Option<Image> {
        if !self.complete() {
            return None;
        }
        let length = (self.blocks * self.words * 4).min(IMAGE_BYTES);
        let bytes = self.image[..length].to_vec();
        *self = Self::new();
        Some(Image { bytes, entry })
    }

    fn put(&mut self, block: usize, words: impl ExactSizeIterator<Item = u32>) {
        let start = block * words.len() * 4;
        for (n, word) in words.enumerate() {
            if let Some(place) = self.image.get_mut(start + 4 * n..start + 4 * n + 4) {
                place.copy_from_slice(&word.to_le_bytes());
            }
        }
    }

    /// A nearest-neighbour packet. An image: boot it.
    pub(crate) fn packet(&mut self, packet: &Packet) -> Option<Image> {
        let key = packet.key;
        let sum = checksum(key & 0x0fff_ffff, packet.payload);
        if key >> 28 != sum || key & 15 != 3 {
            return None;
        }
        let (block, word) = ((key >> 16) as u8, (key >> 8 & 0xff) as usize);
        let links = self.channel == Some(Channel::Links);
        match key >> 24 & 15 {
            1 => self.start(
                Channel::Links,
                packet.payload >> 24,
                (packet.payload >> 16 & 0xff) as usize + 1,
            ),
            2 if links && self.open.is_none() && !self.received[usize::from(block)] => {
                self.open = Some(block);
                self.words = word + 1;
                self.block = vec![None; BLOCKS];
            }
            3 if links && self.open == Some(block) && self.block[word].is_none() => {
                self.block[word] = Some(packet.payload);
            }
            4 if links && self.open == Some(block) => {
                let words: Option<Vec<u32>> = self.block[..self.words].iter().copied().collect();
                if let Some(words) = words {
                    if crc32(&words) == packet.payload {
                        self.put(usize::from(block), words.into_iter());
                        self.received[usize::from(block)] = true;
                    }
                    self.open = None;
                }
            }
            5 if links && key & 0x100 != 0 => return self.finish(packet.payload),
            _ => {}
        }
        None
    }

    /// A UDP datagram to the boot port. An image: boot it.
    pub(crate) fn datagram(&mut self, data: &[u8]) -> Option<Image> {
        let (header, body) = data.split_at_checked(18)?;
        let word = |n: usize| u32::from_be_bytes([header[n], header[n + 1], header[n + 2], header[n + 3]]);
        if header[..2] != [0, 1] {
            return None;
        }
        let (opcode, op1, op3) = (word(2), word(6), word(14));
        let ethernet = self.channel == Some(Channel::Ethernet);
        match opcode {
            1 => self.start(Channel::Ethernet, op1 & 0xff, (op3 & 0xff) as usize + 1),
            3 if ethernet => {
                let block = (op1 & 0xff) as usize;
                if !self.received[block] {
                    self.words = (op1 >> 8 & 0xff) as usize + 1;
                    // A short datagram leaves the rest of the block as it was in the receive buffer: zero here.
                    let mut words = vec![0; self.words];
                    for (word, bytes) in words.iter_mut().zip(body.chunks_exact(4)) {
                        *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                    }
                    self.put(block, words.into_iter());
                    self.received[block] = true;
                }
            }
            5 if ethernet && op1 & 1 != 0 => return self.finish(op3),
            _ => {}
        }
        None
    }
}

/// The four-bit one's-complement sum over key and payload, inverted.
fn checksum(key: u32, payload: u32) -> u32 {
    let mut sum: u32 = (0..32)
        .step_by(4)
        .map(|shift| (key >> shift & 15) + (payload >> shift & 15))
        .sum();
    while sum > 15 {
        sum = (sum & 15) + (sum >> 4);
    }
    15 - sum
}

/// CRC-32 of Ethernet over little-endian words, which is what SCAMP sends and the DMA controller checks.
fn crc32(words: &[u32]) -> u32 {
    let mut crc = !0u32;
    for word in words {
        crc ^= word;
        for _ in 0..32 {
            crc = crc >> 1 ^ if crc & 1 != 0 { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nn(key: u32, payload: u32) -> Packet {
        let key = key & 0x0fff_ffff;
        Packet {
            control: 0x82,
            key: key | checksum(key, payload) << 28,
            payload,
        }
    }

    const WORDS: [u32; 2] = [0x1122_3344, 0x5566_7788];

    fn flood(rom: &mut BootRom, block: u32) {
        rom.packet(&nn(0x0200_0103 | block << 16, 0));
        for (n, word) in (0u32..).zip(WORDS) {
            rom.packet(&nn(0x0300_0003 | block << 16 | n << 8, word));
        }
        rom.packet(&nn(0x0400_0003 | block << 16, crc32(&WORDS)));
    }

    #[test]
    fn the_check_value_of_crc_32() {
        assert_eq!(
            crc32(&[u32::from_le_bytes(*b"1234"), u32::from_le_bytes(*b"5678")]),
            0x9ae0_daaf
        );
    }

    #[test]
    fn a_flood_boots_when_every_block_is_there() {
        let mut rom = BootRom::new();
        rom.packet(&nn(0x0100_0003, 1 << 16));
        flood(&mut rom, 0);
        assert_eq!(rom.packet(&nn(0x0500_0103, 0)), None, "one block is missing");
        flood(&mut rom, 1);
        let image = rom.packet(&nn(0x0500_0103, 0)).unwrap();
        assert_eq!(image.bytes.len(), 16);
        assert_eq!(image.bytes[..8], [0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55]);
    }

    #[test]
    fn an_incomplete_block_stays_open_until_a_later_flood_completes_it() {
        let mut rom = BootRom::new();
        rom.packet(&nn(0x0100_0003, 0));
        rom.packet(&nn(0x0200_0103, 0));
        rom.packet(&nn(0x0300_0003, WORDS[0]));
        rom.packet(&nn(0x0400_0003, crc32(&WORDS)));
        // Another neighbour's flood of the same block.
        rom.packet(&nn(0x0300_0103, WORDS[1]));
        rom.packet(&nn(0x0400_0003, crc32(&WORDS)));
        assert!(rom.packet(&nn(0x0500_0103, 0)).is_some());
    }

    #[test]
    fn bad_checksums_are_ignored() {
        let mut rom = BootRom::new();
        let mut start = nn(0x0100_0003, 0);
        start.payload ^= 1 << 16;
        rom.packet(&start);
        assert_eq!(rom.channel, None);
    }

    fn datagram(opcode: u32, op1: u32, op3: u32, data: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0, 1];
        for word in [opcode, op1, 0, op3].iter().chain(data) {
            bytes.extend(word.to_be_bytes());
        }
        bytes
    }

    #[test]
    fn ethernet_boot_is_big_endian_on_the_wire() {
        let mut rom = BootRom::new();
        assert!(rom.datagram(&datagram(1, 0, 0, &[])).is_none());
        assert!(rom.datagram(&datagram(3, 1 << 8, 0, &WORDS)).is_none());
        let image = rom.datagram(&datagram(5, 1, 0, &[])).unwrap();
        assert_eq!(image.bytes, [0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55]);
    }

    #[test]
    fn nonsense_does_no_harm() {
        let mut rom = BootRom::new();
        for length in 0..40 {
            rom.datagram(&vec![0xff; length]);
            rom.datagram(&vec![0; length]);
        }
        rom.datagram(&datagram(1, 0, 0xff, &[]));
        rom.datagram(&datagram(3, 0xffff, 0, &[7; 300]));
        assert!(rom.datagram(&datagram(5, 1, 0, &[])).is_none());
    }
}
