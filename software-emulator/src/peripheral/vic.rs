//! The vectored interrupt controller (PL190) of one core.
//!
//! | offset | name | access | reset | effect |
//! |---|---|---|---|---|
//! | 0x00 | IRQ status | r | 0 | raw & enable & !select |
//! | 0x04 | FIQ status | r | 0 | raw & enable & select |
//! | 0x08 | raw | r | - | levels, software bits included |
//! | 0x0c | select | rw | 0 | 1 routes a source to FIQ |
//! | 0x10 | enable | rw | 0 | write 1 sets |
//! | 0x14 | disable | w | - | write 1 clears enable bits; reads 0 |
//! | 0x18 | soft set | rw | 0 | write 1 sets a software bit |
//! | 0x1c | soft clear | w | - | write 1 clears it; reads 0 |
//! | 0x20 | protection | rw | 0 | stored |
//! | 0x30 | vector | rw | 0 | read: vector of the best pending slot, now in service; write: end of interrupt |
//! | 0x34 | default vector | rw | 0 | for sources without a slot and reads that find nothing |
//! | 0x100-0x13c | vector addresses | rw | 0 | |
//! | 0x200-0x23c | vector controls | rw | 0 | bit 5 enable, 4:0 source; slot 0 is the highest |
//!
//! Sources: data sheet 5; ARM DDI 0181. A read of the vector register that finds nothing pending returns the
//! default vector and puts nothing in service, which is what SARK's null handler expects.

use super::NoRegister;

/// Interrupt source numbers (data sheet 5; `spinnaker_tools: include/spinnaker.h`).
pub(crate) mod source {
    pub(crate) const WATCHDOG: u32 = 0;
    pub(crate) const TIMER_1: u32 = 4;
    pub(crate) const TIMER_2: u32 = 5;
    pub(crate) const PACKET_RECEIVED: u32 = 6;
    pub(crate) const TX_FULL: u32 = 9;
    pub(crate) const TX_OVERFLOW: u32 = 10;
    pub(crate) const TX_EMPTY: u32 = 11;
    pub(crate) const DMA_DONE: u32 = 12;
    pub(crate) const DMA_ERROR: u32 = 13;
    pub(crate) const DMA_TIMEOUT: u32 = 14;
    pub(crate) const ROUTER_COUNTER: u32 = 15;
    pub(crate) const ROUTER_DUMP: u32 = 16;
    pub(crate) const ROUTER_ERROR: u32 = 17;
    pub(crate) const SYSTEM_CONTROLLER: u32 = 18;
    pub(crate) const ETHERNET_TX: u32 = 19;
    pub(crate) const ETHERNET_RX: u32 = 20;
    pub(crate) const TX_NOT_FULL: u32 = 23;
    pub(crate) const MC_RECEIVED: u32 = 24;
    pub(crate) const P2P_RECEIVED: u32 = 25;
    pub(crate) const NN_RECEIVED: u32 = 26;
    pub(crate) const FR_RECEIVED: u32 = 27;
}

/// Priority of a source that no slot names: below all sixteen slots.
const DEFAULT_PRIORITY: u8 = 16;
/// Priority of nothing at all.
const IDLE: u8 = 17;

/// One interrupt controller.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Vic {
    lines: u32,
    soft: u32,
    select: u32,
    enable: u32,
    protection: u32,
    default_vector: u32,
    vectors: [u32; 16],
    controls: [u32; 16],
    /// Best slot of each source, or the default priority; follows from `controls`.
    priority: [u8; 32],
    /// Priorities in service, the current one last.
    in_service: Vec<u8>,
    irq: bool,
    fiq: bool,
}

impl Vic {
    pub(crate) fn new() -> Self {
        Self {
            lines: 0,
            soft: 0,
            select: 0,
            enable: 0,
            protection: 0,
            default_vector: 0,
            vectors: [0; 16],
            controls: [0; 16],
            priority: [DEFAULT_PRIORITY; 32],
            in_service: Vec::new(),
            irq: false,
            fiq: false,
        }
    }

    /// The level of the IRQ output.
    pub(crate) fn irq(&self) -> bool {
        self.irq
    }

    /// The level of the FIQ output.
    pub(crate) fn fiq(&self) -> bool {
        self.fiq
    }

    /// Sources enabled for IRQ or FIQ.
    pub(crate) fn enabled(&self) -> u32 {
        self.enable
    }

    /// Sets the level of all inputs.
    pub(crate) fn set_lines(&mut self, lines: u32) {
        if lines != self.lines {
            self.lines = lines;
            self.update();
        }
    }

    fn raw(&self) -> u32 {
        self.lines | self.soft
    }

    fn pending(&self) -> (u8, u32) {
        let mut best = (IDLE, 0);
        let mut sources = self.raw() & self.enable & !self.select;
        while sources != 0 {
            let number = sources.trailing_zeros();
            sources &= sources - 1;
            let priority = self.priority[number as usize];
            if priority < best.0 {
                best = (priority, number);
            }
        }
        best
    }

    fn level(&self) -> u8 {
        self.in_service.last().copied().unwrap_or(IDLE)
    }

    fn update(&mut self) {
        let active = self.raw() & self.enable;
        self.fiq = active & self.select != 0;
        self.irq = active & !self.select != 0 && self.pending().0 < self.level();
    }

    pub(crate) fn read(&mut self, offset: u32) -> Result<u32, NoRegister> {
        Ok(match offset {
            0x00 => self.raw() & self.enable & !self.select,
            0x04 => self.raw() & self.enable & self.select,
            0x08 => self.raw(),
            0x0c => self.select,
            0x10 => self.enable,
            0x18 => self.soft,
            // Write-only, but bit-field code reads them before it writes.
            0x14 | 0x1c => 0,
            0x20 => self.protection,
            0x30 => self.acknowledge(),
            0x34 => self.default_vector,
            0x100..=0x13c => self.vectors[(offset - 0x100) as usize / 4],
            0x200..=0x23c => self.controls[(offset - 0x200) as usize / 4],
            // Peripheral and PrimeCell identification (ARM DDI 0181, 3.3.13).
            0xfe0 => 0x90,
            0xfe4 => 0x11,
            0xfe8 => 0x04,
            0xfec => 0x00,
            0xff0 => 0x0d,
            0xff4 => 0xf0,
            0xff8 => 0x05,
            0xffc => 0xb1,
            _ => return Err(NoRegister),
        })
    }

    fn acknowledge(&mut self) -> u32 {
        let (priority, _) = self.pending();
        if priority >= self.level() {
            return self.default_vector;
        }
        self.in_service.push(priority);
        self.update();
        if priority == DEFAULT_PRIORITY {
            self.default_vector
        } else {
            self.vectors[usize::from(priority)]
        }
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32) -> Result<(), NoRegister> {
        match offset {
            0x0c => self.select = value,
            0x10 => self.enable |= value,
            0x14 => self.enable &= !value,
            0x18 => self.soft |= value,
            0x1c => self.soft &= !value,
            0x20 => self.protection = value & 1,
            0x30 => {
                self.in_service.pop();
            }
            0x34 => self.default_vector = value,
            0x100..=0x13c => self.vectors[(offset - 0x100) as usize / 4] = value,
            0x200..=0x23c => {
                self.controls[(offset - 0x200) as usize / 4] = value & 0x3f;
                self.priority = [DEFAULT_PRIORITY; 32];
                for (slot, control) in (0u8..16).zip(self.controls).rev() {
                    if control & 0x20 != 0 {
                        self.priority[control as usize & 31] = slot;
                    }
                }
            }
            _ => return Err(NoRegister),
        }
        self.update();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_slots() -> Vic {
        let mut vic = Vic::new();
        vic.write(0x34, 0xdef0).unwrap();
        for (slot, source, vector) in [(0u32, 5, 0x100), (3, 7, 0x200)] {
            vic.write(0x100 + 4 * slot, vector).unwrap();
            vic.write(0x200 + 4 * slot, 0x20 | source).unwrap();
        }
        vic.write(0x10, 0xffff).unwrap();
        vic
    }

    #[test]
    fn the_highest_slot_wins_and_masks_lower_ones_until_it_ends() {
        let mut vic = with_slots();
        vic.set_lines(1 << 7);
        assert!(vic.irq());
        assert_eq!(vic.read(0x30), Ok(0x200));
        assert!(!vic.irq(), "its own source is masked while in service");
        vic.set_lines(1 << 7 | 1 << 5);
        assert!(vic.irq(), "a higher slot nests");
        assert_eq!(vic.read(0x30), Ok(0x100));
        vic.set_lines(1 << 7);
        vic.write(0x30, 0).unwrap();
        assert!(!vic.irq());
        vic.write(0x30, 0).unwrap();
        assert!(vic.irq(), "still asserted, and no longer in service");
    }

    #[test]
    fn sources_without_a_slot_use_the_default_vector() {
        let mut vic = with_slots();
        vic.set_lines(1 << 9);
        assert!(vic.irq());
        assert_eq!(vic.read(0x30), Ok(0xdef0));
        vic.set_lines(1 << 9 | 1 << 7);
        assert!(vic.irq(), "any slot beats the default");
    }

    #[test]
    fn a_spurious_read_puts_nothing_in_service() {
        let mut vic = with_slots();
        assert_eq!(vic.read(0x30), Ok(0xdef0));
        vic.set_lines(1 << 7);
        assert!(vic.irq());
    }

    #[test]
    fn fast_interrupts_are_selected_and_need_no_slot() {
        let mut vic = with_slots();
        vic.write(0x0c, 1 << 7).unwrap();
        vic.set_lines(1 << 7);
        assert!(vic.fiq() && !vic.irq());
        assert_eq!(vic.read(0x04), Ok(1 << 7));
        vic.write(0x14, 1 << 7).unwrap();
        assert!(!vic.fiq());
    }

    #[test]
    fn software_interrupts_are_levels() {
        let mut vic = with_slots();
        vic.write(0x18, 1 << 5).unwrap();
        assert!(vic.irq());
        assert_eq!(vic.read(0x08), Ok(1 << 5));
        vic.write(0x1c, 1 << 5).unwrap();
        assert!(!vic.irq());
    }
}
