//! The System Controller: resets, monitor arbitration, locks, pins, clocks.
//!
//! Writes marked K need 0x5ec in bits 31:20 and are ignored without it.
//!
//! | offset | name | access | reset | effect |
//! |---|---|---|---|---|
//! | 0x00 | chip id | r | 0x59111012 | |
//! | 0x04 | CPU disable | rw K | 0 | level; stops a core |
//! | 0x08, 0x0c | set, clear CPU IRQ | rw K | 0 | VIC source 18 of each core |
//! | 0x10, 0x14 | set, clear CPU OK | rw | 0 | free-form bits |
//! | 0x18 | soft reset | rw K | 0 | level; a core runs from the reset vector on the falling edge |
//! | 0x1c, 0x20 | node, subsystem reset | rw K | 0 | stored, reported |
//! | 0x24-0x2c | reset pulses | w K | - | 256 clocks; soft is modelled, the others are reported |
//! | 0x30 | reset code | r | 0 | power-on |
//! | 0x34 | monitor id | rw K | 31 | 4:0 id, 8 arbitrate, 16 reset monitor on watchdog |
//! | 0x38 | misc | rw | 0 | 0 boot area is System RAM; 20:19 JTAG pins read 0 |
//! | 0x3c | pulls | rw | 0 | stored |
//! | 0x40 | GPIO latch | rw | 0 | |
//! | 0x44 | GPIO direction | rw | all ones | 1 input |
//! | 0x48, 0x4c | set, clear latch | rw | - | read: the pins |
//! | 0x50, 0x54 | PLL 1, 2 | rw | 0 | stored: the core clock is fixed |
//! | 0x58, 0x5c | set, clear flags | rw | 0 | |
//! | 0x60 | clock mux | rw | 0 | stored |
//! | 0x64 | sleep | r | - | 1: core waits for an interrupt |
//! | 0x68-0x70 | temperature | rw | 0 | bit 31 starts, bit 24 is then set, 23:0 reads a constant |
//! | 0x80-0xfc | arbitration | r | - | see the code |
//! | 0x100-0x17c | test and set | r | 0 | old bit in 31, then sets |
//! | 0x180-0x1fc | test and clear | r | 0 | old bit in 31, then clears |
//! | 0x200 | link disable | rw K | 0 | 13:8 transmit, 5:0 receive |
//!
//! Source: data sheet 14. GPIO 5 to 2 are the serial ROM's select, clock, input and output
//! (`spinnaker_tools: include/spinnaker.h`).

use super::NoRegister;
use super::serial_rom::{Pins, SerialRom};

const KEY: u32 = 0x5ec;
const CORES: u32 = 0x3_ffff;
/// Cycles of a reset pulse.
const PULSE: u64 = 256;
/// A temperature sensor's count; real sensors are uncalibrated and read a few thousand.
const TEMPERATURE: u32 = 0x0000_1b00;

/// The System Controller of one chip.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct SystemController {
    pub(crate) cpu_disable: u32,
    /// Interrupt requests to the cores.
    pub(crate) cpu_irq: u32,
    pub(crate) cpu_ok: u32,
    pub(crate) soft_reset: u32,
    /// Cores under a reset pulse, and when it ends.
    pulse: (u32, u64),
    node_reset: u32,
    subsystem_reset: u32,
    monitor: u32,
    misc: u32,
    pulls: u32,
    latch: u32,
    direction: u32,
    pll: [u32; 2],
    flags: u32,
    clock_mux: u32,
    /// Cores that wait for an interrupt; kept by the chip.
    pub(crate) sleeping: u32,
    temperature: [u32; 3],
    locks: u32,
    link_disable: u32,
    rom: Option<SerialRom>,
    /// Something changed that the cores have to hear of.
    pub(crate) touched: bool,
}

impl SystemController {
    /// Of a chip with or without a serial ROM.
    pub(crate) fn new(serial_rom: bool) -> Self {
        Self {
            cpu_disable: 0,
            cpu_irq: 0,
            cpu_ok: 0,
            soft_reset: 0,
            pulse: (0, 0),
            node_reset: 0,
            subsystem_reset: 0,
            monitor: 31,
            misc: 0,
            pulls: 0,
            latch: 0,
            direction: u32::MAX,
            pll: [0; 2],
            flags: 0,
            clock_mux: 0,
            sleeping: 0,
            temperature: [0; 3],
            locks: 0,
            link_disable: 0,
            rom: serial_rom.then(SerialRom::new),
            touched: false,
        }
    }

    /// Whether the boot area shows System RAM.
    pub(crate) fn boot_area_is_ram(&self) -> bool {
        self.misc & 1 != 0
    }

    /// Links that may not transmit.
    pub(crate) fn links_disabled(&self) -> u8 {
        (self.link_disable >> 8 & 0x3f) as u8
    }

    /// Cores held in reset at cycle `now`.
    pub(crate) fn held(&self, now: u64) -> u32 {
        self.soft_reset | if now < self.pulse.1 { self.pulse.0 } else { 0 }
    }

    /// When a reset pulse ends, if one is under way.
    pub(crate) fn pulse_end(&self) -> u64 {
        if self.pulse.0 == 0 {
            super::NEVER
        } else {
            self.pulse.1
        }
    }

    /// Forgets a pulse that has ended.
    pub(crate) fn advance(&mut self, now: u64) {
        if self.pulse.0 != 0 && now >= self.pulse.1 {
            self.pulse = (0, 0);
            self.touched = true;
        }
    }

    /// What the boot ROM leaves behind: the monitor's number and the working cores.
    pub(crate) fn after_boot_rom(&mut self, monitor: u8, working: u32) {
        self.monitor = u32::from(monitor);
        self.cpu_ok = working;
        self.misc |= 0xc;
    }

    fn pins(&self) -> u32 {
        let outputs = self.latch & !self.direction;
        let mut inputs = 0;
        if let Some(rom) = &self.rom {
            inputs |= u32::from(rom.data()) << 2 | 1 << 6;
        }
        outputs | inputs & self.direction
    }

    fn drive(&mut self) {
        let pins = self.pins();
        if let Some(rom) = &mut self.rom {
            // Undriven pins float to their idle level: not selected.
            let undriven = self.direction & 1 << 5 != 0;
            rom.set_pins(Pins {
                not_selected: undriven || pins & 1 << 5 != 0,
                clock: pins & 1 << 4 != 0,
                data: pins & 1 << 3 != 0,
            });
        }
    }

    pub(crate) fn read(&mut self, offset: u32) -> Result<u32, NoRegister> {
        let lock = |offset: u32| 1u32 << (offset >> 2 & 31);
        Ok(match offset {
            0x00 => 0x5911_1012,
            0x04 => self.cpu_disable,
            0x08 | 0x0c => self.cpu_irq,
            0x10 | 0x14 => self.cpu_ok,
            0x18 => self.soft_reset,
            0x1c => self.node_reset,
            0x20 => self.subsystem_reset,
            0x24..=0x2c => 0,
            0x30 => 0,
            0x34 => self.monitor,
            0x38 => self.misc,
            0x3c => self.pulls,
            0x40 => self.latch,
            0x44 => self.direction,
            0x48 | 0x4c => self.pins(),
            0x50 => self.pll[0],
            0x54 => self.pll[1],
            0x58 | 0x5c => self.flags,
            0x60 => self.clock_mux,
            0x64 => self.sleeping,
            0x68..=0x70 => self.temperature[(offset - 0x68) as usize / 4],
            0x80..=0xfc => {
                // The reader becomes monitor if arbitration is on and it was not the monitor before.
                let core = offset >> 2 & 31;
                if self.monitor & 1 << 8 != 0 && self.monitor & 31 != core {
                    self.monitor = self.monitor & !(31 | 1 << 8) | core;
                    0x8000_0000
                } else {
                    0
                }
            }
            0x100..=0x17c => {
                let old = self.locks & lock(offset) != 0;
                self.locks |= lock(offset);
                u32::from(old) << 31
            }
            0x180..=0x1fc => {
                let old = self.locks & lock(offset) != 0;
                self.locks &= !lock(offset);
                u32::from(old) << 31
            }
            0x200 => self.link_disable,
            _ => return Err(NoRegister),
        })
    }

    /// Writes a register. `Ok(false)`: stored, but its effect is not modelled.
    pub(crate) fn write(&mut self, offset: u32, value: u32, at: u64) -> Result<bool, NoRegister> {
        let keyed = matches!(offset, 0x04..=0x0c | 0x18..=0x2c | 0x34 | 0x200);
        if keyed && value >> 20 != KEY {
            return Ok(true);
        }
        let bits = value & 0xf_ffff;
        let mut modelled = true;
        match offset {
            0x04 => {
                self.cpu_disable = bits & CORES;
                self.touched = true;
            }
            0x08 => {
                self.cpu_irq |= bits & CORES;
                self.touched = true;
            }
            0x0c => {
                self.cpu_irq &= !bits;
                self.touched = true;
            }
            0x10 => self.cpu_ok |= value,
            0x14 => self.cpu_ok &= !value,
            0x18 => {
                self.soft_reset = bits & CORES;
                self.touched = true;
            }
            0x1c => {
                self.node_reset = bits;
                modelled = bits == 0;
            }
            0x20 => {
                self.subsystem_reset = bits;
                modelled = bits == 0;
            }
            0x24 => {
                self.pulse = (bits & CORES, at + PULSE);
                self.touched = true;
            }
            0x28 | 0x2c => modelled = bits == 0,
            0x34 => self.monitor = bits & 0x1_011f,
            0x38 => self.misc = value & 0xffff,
            0x3c => self.pulls = value,
            0x40 => {
                self.latch = value;
                self.drive();
            }
            0x44 => {
                self.direction = value;
                self.drive();
            }
            0x48 => {
                self.latch |= value;
                self.drive();
            }
            0x4c => {
                self.latch &= !value;
                self.drive();
            }
            0x50 => self.pll[0] = value,
            0x54 => self.pll[1] = value,
            0x58 => self.flags |= value,
            0x5c => self.flags &= !value,
            0x60 => self.clock_mux = value,
            0x68..=0x70 => {
                self.temperature[(offset - 0x68) as usize / 4] = if value >> 31 != 0 {
                    1 << 24 | TEMPERATURE
                } else {
                    0
                };
            }
            0x200 => self.link_disable = bits,
            _ => return Err(NoRegister),
        }
        Ok(modelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reset_values() {
        let mut sc = SystemController::new(false);
        for (offset, value) in [
            (0x00, 0x5911_1012),
            (0x34, 31),
            (0x44, u32::MAX),
            (0x30, 0),
            (0x10, 0),
        ] {
            assert_eq!(sc.read(offset), Ok(value), "{offset:#x}");
        }
        assert_eq!(sc.read(0x204), Err(NoRegister));
    }

    #[test]
    fn keyed_registers_ignore_writes_without_the_code() {
        let mut sc = SystemController::new(false);
        sc.write(0x04, 2, 0).unwrap();
        assert_eq!(sc.read(0x04), Ok(0));
        sc.write(0x04, 0x5ec0_0002, 0).unwrap();
        assert_eq!(sc.read(0x04), Ok(2));
        sc.write(0x08, 0x5ec0_0012, 0).unwrap();
        sc.write(0x0c, 0x5ec0_0010, 0).unwrap();
        assert_eq!((sc.read(0x08), sc.read(0x0c)), (Ok(2), Ok(2)));
    }

    #[test]
    fn locks_are_tested_and_set_in_one_read() {
        let mut sc = SystemController::new(false);
        assert_eq!(sc.read(0x104), Ok(0));
        assert_eq!(sc.read(0x104), Ok(0x8000_0000));
        assert_eq!(sc.read(0x184), Ok(0x8000_0000));
        assert_eq!(sc.read(0x104), Ok(0));
    }

    #[test]
    fn a_reset_pulse_lasts_256_cycles() {
        let mut sc = SystemController::new(false);
        sc.write(0x24, 0x5ec0_0004, 1000).unwrap();
        assert_eq!((sc.held(1255), sc.held(1256)), (4, 0));
        assert_eq!(sc.pulse_end(), 1256);
    }

    #[test]
    fn arbitration_names_one_monitor() {
        let mut sc = SystemController::new(false);
        sc.write(0x34, 0x5ec0_011f, 0).unwrap();
        assert_eq!(sc.read(0x80 + 4 * 5), Ok(0x8000_0000));
        assert_eq!(sc.read(0x80 + 4 * 6), Ok(0));
        assert_eq!(sc.read(0x34), Ok(5));
    }

    #[test]
    fn the_serial_rom_answers_on_its_pin() {
        let mut sc = SystemController::new(true);
        sc.write(0x44, !0x38, 0).unwrap();
        sc.write(0x48, 0x20, 0).unwrap();
        let send = |sc: &mut SystemController, byte: u8| {
            for n in (0..8).rev() {
                sc.write(if byte >> n & 1 != 0 { 0x48 } else { 0x4c }, 8, 0)
                    .unwrap();
                sc.write(0x48, 0x10, 0).unwrap();
                sc.write(0x4c, 0x10, 0).unwrap();
            }
        };
        sc.write(0x4c, 0x20, 0).unwrap();
        send(&mut sc, 0xab);
        for _ in 0..3 {
            send(&mut sc, 0);
        }
        let mut value = 0;
        for _ in 0..8 {
            value = value << 1 | sc.read(0x48).unwrap() >> 2 & 1;
            sc.write(0x48, 0x10, 0).unwrap();
            sc.write(0x4c, 0x10, 0).unwrap();
        }
        assert_eq!(value, 0x29);
    }
}
