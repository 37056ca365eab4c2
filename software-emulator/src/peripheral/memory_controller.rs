//! The SDRAM controller (PL340) and its delay-locked loop.
//!
//! | offset | name | access | reset | effect |
//! |---|---|---|---|---|
//! | 0x000 | status | r | 0 | 1:0 state: 0 config, 1 ready, 2 paused |
//! | 0x004 | command | w | - | 0 go, 1 sleep, 2 wake, 3 pause, 4 configure |
//! | 0x008-0x2ff | timing, configuration, direct commands | rw | 0 | stored |
//! | 0x300 | user status | r | 0x40000 | bit 18: the DLL is locked |
//! | 0x304, 0x308 | DLL configuration | rw | 0 | stored |
//! | 0xfe0-0xffc | identification | r | ARM DDI 0331 | |
//!
//! Sources: data sheet 13; `spinnaker_tools: sark/sark_hw.c`. The memory works whatever is written here.

use super::NoRegister;

/// The controller.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct MemoryController {
    state: u32,
    stored: Vec<u32>,
}

impl MemoryController {
    pub(crate) fn new() -> Self {
        Self {
            state: 0,
            stored: vec![0; 0x400 / 4],
        }
    }

    pub(crate) fn read(&self, offset: u32) -> Result<u32, NoRegister> {
        Ok(match offset {
            0x000 => self.state,
            0x300 => 1 << 18,
            0x008..=0x3fc => self.stored[offset as usize / 4],
            0xfe0 => 0x40,
            0xfe4 => 0x13,
            0xfe8 => 0x14,
            0xfec => 0x00,
            0xff0 => 0x0d,
            0xff4 => 0xf0,
            0xff8 => 0x05,
            0xffc => 0xb1,
            _ => return Err(NoRegister),
        })
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32) -> Result<(), NoRegister> {
        match offset {
            0x004 => {
                self.state = match value & 7 {
                    0 => 1,
                    3 => 2,
                    4 => 0,
                    _ => self.state,
                }
            }
            0x008..=0x3fc => self.stored[offset as usize / 4] = value,
            _ => return Err(NoRegister),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dll_is_locked_and_registers_are_storage() {
        let mut controller = MemoryController::new();
        assert_eq!(controller.read(0x300).unwrap() >> 18 & 1, 1);
        controller.write(0x14, 6).unwrap();
        assert_eq!(controller.read(0x14), Ok(6));
        controller.write(0x04, 3).unwrap();
        assert_eq!(controller.read(0x00), Ok(2));
        assert_eq!(controller.read(0x800), Err(NoRegister));
    }
}
