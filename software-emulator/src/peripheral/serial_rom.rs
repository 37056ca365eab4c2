//! The serial ROM on the board, behind four GPIO pins: an SPI memory with 24-bit addresses.
//!
//! | command | effect |
//! |---|---|
//! | 0x03 | read from a 24-bit address on |
//! | 0x02 | write from a 24-bit address on, if writing is enabled |
//! | 0x04, 0x06 | disable, enable writing |
//! | 0x05, 0x01 | read, write the status byte (bit 0 busy, never; bit 1 writing enabled) |
//! | 0x42, 0xd8, 0xc7 | erase page (256 bytes), sector (32 KB), chip |
//! | 0xab | signature 0x29 |
//! | 0xb9 | sleep: ignored |
//!
//! Sources: `spinnaker_tools: scamp/spinn_srom.c`; data sheet of the Microchip 25AA1024. The board-information block
//! at 0x100 is all zeros: an empty blacklist.

/// Bytes of the memory.
const SIZE: usize = 128 * 1024;

/// Levels of the pins towards the memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Pins {
    pub(crate) not_selected: bool,
    pub(crate) clock: bool,
    pub(crate) data: bool,
}

/// The memory.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct SerialRom {
    /// Allocated on the first write; until then every byte is zero.
    content: Vec<u8>,
    pins: Pins,
    command: u8,
    address: usize,
    /// Bits since the chip was selected.
    bits: u32,
    shift_in: u8,
    shift_out: u8,
    write_enabled: bool,
}

impl SerialRom {
    pub(crate) fn new() -> Self {
        Self {
            content: Vec::new(),
            pins: Pins {
                not_selected: true,
                ..Pins::default()
            },
            command: 0,
            address: 0,
            bits: 0,
            shift_in: 0,
            shift_out: 0,
            write_enabled: false,
        }
    }

    /// The level of the data output.
    pub(crate) fn data(&self) -> bool {
        self.shift_out & 0x80 != 0
    }

    /// New levels of the pins.
    pub(crate) fn set_pins(&mut self, pins: Pins) {
        let before = std::mem::replace(&mut self.pins, pins);
        if pins.not_selected {
            if !before.not_selected {
                self.deselect();
            }
            return;
        }
        if pins.clock && !before.clock {
            self.shift_in = self.shift_in << 1 | u8::from(pins.data);
            self.bits = self.bits.saturating_add(1);
            if self.bits.is_multiple_of(8) {
                self.byte(self.bits / 8);
            }
        } else if !pins.clock && before.clock && self.bits > 8 && !self.bits.is_multiple_of(8) {
            self.shift_out <<= 1;
        }
    }

    fn deselect(&mut self) {
        match self.command {
            0x06 => self.write_enabled = true,
            0x04 | 0x02 | 0x01 => self.write_enabled = false,
            0x42 => self.erase(256),
            0xd8 => self.erase(32 * 1024),
            0xc7 => self.erase(SIZE),
            _ => {}
        }
        self.command = 0;
        self.bits = 0;
        self.address = 0;
        self.shift_out = 0;
    }

    fn erase(&mut self, size: usize) {
        if self.write_enabled {
            let start = self.address & !(size - 1) & (SIZE - 1);
            self.storage()[start..start + size].fill(0xff);
        }
        self.write_enabled = false;
    }

    fn storage(&mut self) -> &mut [u8] {
        if self.content.is_empty() {
            self.content = vec![0; SIZE];
        }
        &mut self.content
    }

    fn byte(&mut self, number: u32) {
        let value = self.shift_in;
        match (number, self.command) {
            (1, _) => {
                self.command = value;
                if value == 0x05 {
                    self.shift_out = u8::from(self.write_enabled) << 1;
                }
            }
            (_, 0x05) => self.shift_out = u8::from(self.write_enabled) << 1,
            (2..=4, 0x02 | 0x03 | 0x42 | 0xd8 | 0xab) => {
                self.address = self.address << 8 | usize::from(value);
                if number == 4 {
                    match self.command {
                        0x03 => self.fetch(),
                        0xab => self.shift_out = 0x29,
                        _ => {}
                    }
                }
            }
            (5.., 0x03) => self.fetch(),
            (5.., 0x02) if self.write_enabled => {
                let address = self.address % SIZE;
                self.storage()[address] = value;
                // Writing wraps inside a page of 256 bytes.
                self.address = address & !0xff | (address + 1) & 0xff;
            }
            _ => {}
        }
    }

    fn fetch(&mut self) {
        self.shift_out = self.content.get(self.address % SIZE).copied().unwrap_or(0);
        self.address = (self.address + 1) % SIZE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(rom: &mut SerialRom, selected: bool) {
        rom.set_pins(Pins {
            not_selected: !selected,
            ..Pins::default()
        });
    }

    fn send(rom: &mut SerialRom, value: u32, bits: u32) {
        for n in 0..bits {
            let data = value << n & 1 << 31 != 0;
            for clock in [false, true, false] {
                rom.set_pins(Pins {
                    not_selected: false,
                    clock,
                    data,
                });
            }
        }
    }

    fn read(rom: &mut SerialRom) -> u8 {
        let mut value = 0;
        for _ in 0..8 {
            value = value << 1 | u8::from(rom.data());
            for clock in [true, false] {
                rom.set_pins(Pins {
                    not_selected: false,
                    clock,
                    data: false,
                });
            }
        }
        value
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut rom = SerialRom::new();
        select(&mut rom, true);
        send(&mut rom, 0x06 << 24, 8);
        select(&mut rom, false);
        select(&mut rom, true);
        send(&mut rom, 0x02 << 24 | 0x100, 32);
        for byte in [0xa5u32, 0x3c, 0x01] {
            send(&mut rom, byte << 24, 8);
        }
        select(&mut rom, false);
        select(&mut rom, true);
        send(&mut rom, 0x03 << 24 | 0x100, 32);
        assert_eq!(
            [read(&mut rom), read(&mut rom), read(&mut rom), read(&mut rom)],
            [0xa5, 0x3c, 0x01, 0]
        );
        select(&mut rom, false);
    }

    #[test]
    fn writing_needs_to_be_enabled_and_status_says_so() {
        let mut rom = SerialRom::new();
        let status = |rom: &mut SerialRom| {
            select(rom, true);
            send(rom, 0x05 << 24, 8);
            let value = read(rom);
            select(rom, false);
            value
        };
        assert_eq!(status(&mut rom), 0);
        select(&mut rom, true);
        send(&mut rom, 0x06 << 24, 8);
        select(&mut rom, false);
        assert_eq!(status(&mut rom), 2);
        select(&mut rom, true);
        send(&mut rom, 0x03 << 24 | 0x100, 32);
        assert_eq!(read(&mut rom), 0, "blank board information");
        select(&mut rom, false);
    }
}
