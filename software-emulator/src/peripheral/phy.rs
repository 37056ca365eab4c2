//! The Ethernet PHY, as far as its serial management interface shows it.
//!
//! A frame is 32 ones, then start 01, operation 10 (read) or 01 (write), five bits of PHY address, five of
//! register, a turnaround and sixteen data bits, each on a rising clock edge.
//!
//! | register | access | reset | effect |
//! |---|---|---|---|
//! | 0 control | rw | 0x1000 | stored; 15 (reset) and 9 (restart) clear themselves |
//! | 1 status | r | 0x782d | 2 link up, 5 negotiation complete |
//! | 2, 3 identity | r | 0x0007, 0xc0f1 | SMSC LAN8700 (data sheet of the part) |
//! | 4-31 | rw | 0 | stored |
//!
//! Sources: IEEE 802.3 clause 22; `spinnaker_tools: scamp/spinn_phy.c`.

/// The pins of the management interface, in the positions of the Ethernet controller's PHY register.
const DATA_OUT: u32 = 1 << 2;
const CLOCK: u32 = 1 << 4;

/// The PHY.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Phy {
    connected: bool,
    registers: [u16; 32],
    pins: u32,
    /// Bits shifted in, newest lowest.
    shift: u64,
    /// Bits of the frame seen so far, from its start pattern on; 0 between frames.
    position: u8,
    /// Bits still to be shifted out of a read.
    output: u32,
    input: bool,
}

impl Phy {
    /// A PHY; one that is not connected leaves its data pin pulled up.
    pub(crate) fn new(connected: bool) -> Self {
        let mut registers = [0; 32];
        registers[0] = 0x1000;
        registers[1] = 0x782d;
        registers[2] = 0x0007;
        registers[3] = 0xc0f1;
        registers[4] = 0x01e1;
        registers[5] = 0x45e1;
        Self {
            connected,
            registers,
            pins: 0,
            shift: 0,
            position: 0,
            output: 0,
            input: true,
        }
    }

    /// The level of the data pin that the PHY drives.
    pub(crate) fn data_in(&self) -> bool {
        self.input || !self.connected
    }

    /// New levels of the pins.
    pub(crate) fn set_pins(&mut self, pins: u32) {
        let rising = pins & !self.pins & CLOCK != 0;
        self.pins = pins;
        if rising {
            self.clock(pins & DATA_OUT != 0);
        }
    }

    fn clock(&mut self, bit: bool) {
        self.shift = self.shift << 1 | u64::from(bit);
        if self.position == 0 {
            // A start pattern counts only after the preamble.
            if self.shift & 0x3_ffff_ffff == 0x3_ffff_fffd {
                self.position = 2;
            }
            return;
        }
        self.position += 1;
        match self.position {
            14 => {
                let register = (self.shift & 31) as usize;
                let reading = self.shift >> 10 & 3 == 2;
                // The first data bit is there before the edge that shifts it on.
                self.output = u32::from(self.registers[register]) << 16;
                self.input = !reading;
            }
            15 => {}
            16..32 => {
                self.input = self.output & 1 << 31 != 0;
                self.output <<= 1;
            }
            32 => {
                let register = (self.shift >> 18 & 31) as usize;
                let writing = self.shift >> 28 & 3 == 1;
                if writing {
                    self.write(register, self.shift as u16);
                }
                self.position = 0;
                self.shift = 0;
                self.input = true;
            }
            _ => {}
        }
    }

    fn write(&mut self, register: usize, value: u16) {
        match register {
            0 => self.registers[0] = value & !(1 << 15 | 1 << 9),
            1..=3 => {}
            _ => self.registers[register] = value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shifts `bits` bits out, highest first, as the kernel does.
    fn shift_out(phy: &mut Phy, data: u32, bits: u32) {
        for n in 0..bits {
            let out = if data << n & 1 << 31 != 0 { DATA_OUT } else { 0 };
            phy.set_pins(1 | out);
            phy.set_pins(1 | out | CLOCK);
            phy.set_pins(1 | out);
        }
    }

    fn read(phy: &mut Phy, register: u32) -> u32 {
        shift_out(phy, u32::MAX, 32);
        shift_out(phy, 0x6000_0000 | register << 18, 14);
        shift_out(phy, 0, 2);
        let mut value = 0;
        for _ in 0..16 {
            value = value << 1 | u32::from(phy.data_in());
            phy.set_pins(1 | CLOCK);
            phy.set_pins(1);
        }
        value
    }

    fn write(phy: &mut Phy, register: u32, value: u32) {
        shift_out(phy, u32::MAX, 32);
        shift_out(phy, 0x5002_0000 | register << 18 | value, 32);
    }

    #[test]
    fn the_kernel_reads_a_link_that_is_up() {
        let mut phy = Phy::new(true);
        assert_eq!(read(&mut phy, 1), 0x782d);
        assert_eq!(read(&mut phy, 1) >> 2 & 1, 1, "and again");
        assert_eq!(read(&mut phy, 2), 0x0007);
    }

    #[test]
    fn the_boot_rom_proves_the_phy_by_writing_bits() {
        let mut phy = Phy::new(true);
        write(&mut phy, 0, 0x4080);
        assert_eq!(read(&mut phy, 0), 0x4080);
        write(&mut phy, 0, 0x1200);
        assert_eq!(read(&mut phy, 0), 0x1000, "restart clears itself");
    }
}
