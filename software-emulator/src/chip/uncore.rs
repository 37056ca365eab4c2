//! Everything on a chip that its cores share, and the System NoC in between.

use super::memory::Memory;
use super::watch::Watch;
use crate::arm::Width;
use crate::diagnostics::{Access, Diagnostics, Unmodelled};
use crate::peripheral::NoRegister;
use crate::peripheral::ethernet::Ethernet;
use crate::peripheral::memory_controller::MemoryController;
use crate::peripheral::system_controller::SystemController;
use crate::peripheral::vic::source;
use crate::peripheral::watchdog::Watchdog;
use crate::router::{self, Router};
use crate::timing::Timing;
use taproot_spinnaker_chip::memory_map::SYSTEM_RAM_SIZE;

/// Shared parts other than the router.
pub(crate) struct Uncore {
    pub(crate) timing: Timing,
    pub(crate) sdram: Memory,
    pub(crate) ram: Memory,
    pub(crate) system: SystemController,
    pub(crate) watchdog: Watchdog,
    pub(crate) memory_controller: MemoryController,
    pub(crate) ethernet: Ethernet,
    pub(crate) diagnostics: Diagnostics,
    /// When the SDRAM has served all DMA transfers committed so far.
    pub(crate) sdram_free: u64,
}

/// All shared parts.
pub(crate) struct Shared {
    pub(crate) router: Router,
    pub(crate) uncore: Uncore,
    /// Interrupt lines common to all cores, as the cores last heard of them.
    pub(crate) lines: u32,
    /// The running core changed something that it or other cores have to notice at once.
    pub(crate) stop: bool,
    /// The running core did something that the rest of the chip has to see to at the end of this window.
    pub(crate) acted: bool,
    /// Some core did so in this window, or fell asleep: it cannot become longer.
    pub(crate) closed: bool,
    /// The window that is being executed.
    pub(crate) window_start: u64,
    pub(crate) window_end: u64,
    /// Cores run by the plain interpreter alone: slower, and the same to the cycle.
    pub(crate) plain: bool,
    /// What the cores are to stop at, while somebody debugs the machine; they run by the plain interpreter then, too.
    pub(crate) watch: Option<Box<Watch>>,
}

/// What a System NoC address selects.
enum Target {
    Sdram,
    Ram,
    Register(Block, u32),
    BootRom,
    Nothing,
}

enum Block {
    MemoryController,
    Router,
    System,
    Watchdog,
    Ethernet,
}

fn decode(address: u32) -> Target {
    if matches!(address >> 28, 6 | 7) {
        return Target::Sdram;
    }
    if address >> 29 != 7 {
        return Target::Nothing;
    }
    let offset = address & 0xff_ffff;
    match address >> 24 & 15 {
        0 => Target::Register(Block::MemoryController, offset),
        1 => Target::Register(Block::Router, offset),
        2 => Target::Register(Block::System, offset),
        3 => Target::Register(Block::Watchdog, offset),
        4 => Target::Register(Block::Ethernet, offset),
        5 => Target::Ram,
        6 => Target::BootRom,
        _ => Target::Nothing,
    }
}

/// Whether reading a register is a bus error.
fn write_only_register(block: &Block, offset: u32) -> bool {
    matches!(block, Block::Router) && router::write_only(offset)
}

impl Uncore {
    fn read_register(&mut self, block: &Block, offset: u32, at: u64) -> Result<u32, NoRegister> {
        match block {
            Block::MemoryController => self.memory_controller.read(offset),
            Block::System => self.system.read(offset),
            Block::Watchdog => self.watchdog.read(offset, at),
            Block::Ethernet => self.ethernet.read(offset, at),
            Block::Router => Err(NoRegister),
        }
    }

    fn write_register(
        &mut self,
        block: &Block,
        offset: u32,
        value: u32,
        mask: u32,
        at: u64,
    ) -> Result<bool, NoRegister> {
        match block {
            Block::MemoryController => self.memory_controller.write(offset, value).map(|()| true),
            Block::System => self.system.write(offset, value, at),
            Block::Watchdog => self.watchdog.write(offset, value, at).map(|()| true),
            Block::Ethernet => self
                .ethernet
                .write(offset, value, mask, at, &self.timing)
                .map(|()| true),
            Block::Router => Err(NoRegister),
        }
    }

    /// A neighbour's peek or poke; the router's own registers are reached before this. None is a bus error.
    pub(crate) fn neighbour_access(&mut self, address: u32, value: Option<u32>, at: u64) -> Option<u32> {
        let access = Access { at, pc: 0, core: 255 };
        // Local addresses show System RAM.
        let address = if address < 0x0100_0000 {
            0xf500_0000 | address
        } else {
            address
        };
        match (decode(address), value) {
            (Target::Sdram, None) => Some(self.sdram.load(address, Width::Word)),
            (Target::Sdram, Some(value)) => {
                self.sdram.store(address, Width::Word, value);
                Some(0)
            }
            (Target::Ram, None) => Some(self.ram.load(address, Width::Word)),
            (Target::Ram, Some(value)) => {
                self.ram.store(address, Width::Word, value);
                Some(0)
            }
            (Target::Register(block, offset), None) => match self.read_register(&block, offset, at) {
                Ok(value) => Some(value),
                Err(NoRegister) => {
                    self.diagnostics.report(Unmodelled::Read, address, access);
                    Some(0)
                }
            },
            (Target::Register(block, offset), Some(value)) => {
                if self.write_register(&block, offset, value, !0, at) != Ok(true) {
                    self.diagnostics.report(Unmodelled::Write, address, access);
                }
                Some(0)
            }
            (Target::BootRom | Target::Nothing, _) => {
                self.diagnostics.report(Unmodelled::BusError, address, access);
                None
            }
        }
    }

    /// The levels of the interrupt lines that all cores see, the router's aside.
    fn lines(&self) -> u32 {
        let (tx, rx) = self.ethernet.interrupts();
        u32::from(self.watchdog.interrupt()) << source::WATCHDOG
            | u32::from(tx) << source::ETHERNET_TX
            | u32::from(rx) << source::ETHERNET_RX
    }
}

impl Shared {
    /// The levels of the interrupt lines that all cores see.
    pub(crate) fn common_lines(&self) -> u32 {
        let (counter, dump, error) = self.router.registers.interrupts();
        self.uncore.lines()
            | u32::from(counter) << source::ROUTER_COUNTER
            | u32::from(dump) << source::ROUTER_DUMP
            | u32::from(error) << source::ROUTER_ERROR
    }

    /// The levels of all lines that reach one core from outside it.
    pub(crate) fn lines_of(&self, core: u8) -> u32 {
        self.common_lines() | (self.uncore.system.cpu_irq >> core & 1) << source::SYSTEM_CONTROLLER
    }

    /// Reads from the System NoC; none is a bus error. The value is in its lane's low bits.
    pub(crate) fn load(&mut self, address: u32, width: Width, access: Access) -> Option<u32> {
        match decode(address) {
            Target::Sdram => Some(self.uncore.sdram.load(address, width)),
            Target::Ram => Some(self.uncore.ram.load(address, width)),
            Target::Register(block, offset) if !write_only_register(&block, offset) => {
                let aligned = offset & !3;
                self.acted |= matches!(block, Block::Ethernet | Block::Watchdog);
                let result = match block {
                    Block::Router => self.router.read(aligned, access.at),
                    _ => self.uncore.read_register(&block, aligned, access.at),
                };
                let word = result.unwrap_or_else(|NoRegister| {
                    self.uncore.diagnostics.report(Unmodelled::Read, address, access);
                    0
                });
                self.notice();
                Some(lane(word, address, width))
            }
            Target::BootRom => {
                self.uncore.diagnostics.report(Unmodelled::Read, address, access);
                Some(0)
            }
            Target::Register(..) | Target::Nothing => {
                self.uncore
                    .diagnostics
                    .report(Unmodelled::BusError, address, access);
                None
            }
        }
    }

    /// Writes to the System NoC; false is a bus error.
    pub(crate) fn store(&mut self, address: u32, width: Width, value: u32, access: Access) -> bool {
        match decode(address) {
            Target::Sdram => self.uncore.sdram.store(address, width, value),
            Target::Ram => self.uncore.ram.store(address, width, value),
            Target::Register(block, offset) => {
                let (value, mask) = spread(value, address, width);
                let aligned = offset & !3;
                self.acted = true;
                let result = match block {
                    Block::Router => self.router.write(aligned, value, access.at).map(|()| true),
                    _ => self
                        .uncore
                        .write_register(&block, aligned, value, mask, access.at),
                };
                match result {
                    Ok(true) => {}
                    Ok(false) => self.uncore.diagnostics.report(Unmodelled::Value, address, access),
                    Err(NoRegister) => self.uncore.diagnostics.report(Unmodelled::Write, address, access),
                }
                self.notice();
            }
            Target::BootRom => self.uncore.diagnostics.report(Unmodelled::Write, address, access),
            Target::Nothing => {
                self.uncore
                    .diagnostics
                    .report(Unmodelled::BusError, address, access);
                return false;
            }
        }
        true
    }

    /// Whether loads from an address change nothing, and give a value that depends on nothing but stores, packets and resets:
    /// not on time, and not on which cores sleep.
    pub(crate) fn is_steady(address: u32) -> bool {
        match decode(address) {
            Target::Sdram | Target::Ram => true,
            // Control, status, counter enable, diversion and fixed route, diagnostic counters.
            Target::Register(Block::Router, offset) => {
                matches!(offset & !3, 0x00 | 0x04 | 0x2c | 0x80 | 0x84 | 0x300..=0x33c)
            }
            // All up to the monitor's number, PLLs, flags and clock mux.
            Target::Register(Block::System, offset) => {
                matches!(offset & !3, 0x00..=0x20 | 0x30..=0x38 | 0x50..=0x60)
            }
            _ => false,
        }
    }

    /// What a load from a steady address would give; none if it is not steady.
    pub(crate) fn steady(&mut self, address: u32, width: Width, access: Access) -> Option<u32> {
        if Self::is_steady(address) {
            self.load(address, width, access)
        } else {
            None
        }
    }

    /// Ends the running core's turn if a register access changed what cores see.
    fn notice(&mut self) {
        if self.uncore.system.touched || self.common_lines() != self.lines {
            self.stop = true;
            self.acted = true;
        }
    }

    /// What the boot area holds: System RAM once it is switched in.
    pub(crate) fn boot_area(&self, address: u32, width: Width) -> Option<u32> {
        self.uncore
            .system
            .boot_area_is_ram()
            .then(|| self.uncore.ram.load(address & (SYSTEM_RAM_SIZE - 1), width))
    }

    /// Copies a DMA transfer's data out of the System NoC; false is a bus error.
    pub(crate) fn copy_out(&mut self, address: u32, out: &mut [u8], access: Access) -> bool {
        match self.copied(address) {
            Some((memory, address)) => memory.copy_out(address, out),
            None => {
                for (word, at) in out.chunks_exact_mut(4).zip((address..).step_by(4)) {
                    match self.load(at, Width::Word, access) {
                        Some(value) => word.copy_from_slice(&value.to_le_bytes()),
                        None => return false,
                    }
                }
            }
        }
        true
    }

    /// Copies a DMA transfer's data into the System NoC; false is a bus error.
    pub(crate) fn copy_in(&mut self, address: u32, data: &[u8], access: Access) -> bool {
        match self.copied(address) {
            Some((memory, address)) => memory.copy_in(address, data),
            None => {
                for (word, at) in data.chunks_exact(4).zip((address..).step_by(4)) {
                    let value = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
                    if !self.store(at, Width::Word, value, access) {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// The memory behind an address as a DMA controller sees it.
    fn copied(&mut self, address: u32) -> Option<(&mut Memory, u32)> {
        match decode(address) {
            Target::Sdram => Some((&mut self.uncore.sdram, address)),
            Target::Ram => Some((&mut self.uncore.ram, address)),
            _ if address < 0x0100_0000 => Some((&mut self.uncore.ram, address)),
            _ => None,
        }
    }
}

/// The part of a register that a narrow load sees.
pub(crate) fn lane(word: u32, address: u32, width: Width) -> u32 {
    match width {
        Width::Word => word,
        Width::Half => word >> (8 * (address & 2)) & 0xffff,
        Width::Byte => word >> (8 * (address & 3)) & 0xff,
    }
}

/// A narrow store as the bus carries it: the value on all lanes, and a mask of those that count.
pub(crate) fn spread(value: u32, address: u32, width: Width) -> (u32, u32) {
    match width {
        Width::Word => (value, !0),
        Width::Half => ((value & 0xffff) * 0x1_0001, 0xffff << (8 * (address & 2))),
        Width::Byte => ((value & 0xff) * 0x0101_0101, 0xff << (8 * (address & 3))),
    }
}
