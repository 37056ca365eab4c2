//! Loads and stores: alignment, the two TCMs, and the bus for the rest.

use super::state::{Core, TCM_DATA_BASE, TCM_DATA_BYTES, TCM_INSTRUCTION_BYTES};
use super::{Bus, BusFault, Loaded, Width};

/// One instruction's accesses to memory: where it is, and the wait states it has met so far.
pub(super) struct Access {
    pub(super) pc: u32,
    pub(super) wait: u64,
    /// Transfers done: each takes a cycle, so that later ones reach the bus later.
    pub(super) done: u64,
}

impl Access {
    pub(super) fn new(pc: u32) -> Access {
        Access { pc, wait: 0, done: 0 }
    }

    /// Loads from `address`, which the caller has not aligned; fails on an alignment fault or an error on the bus.
    pub(super) fn load<B: Bus>(
        &mut self,
        core: &mut Core,
        bus: &mut B,
        address: u32,
        width: Width,
    ) -> Result<u32, BusFault> {
        if core.check_alignment && address & (width.bytes() - 1) != 0 {
            return Err(BusFault);
        }
        let address = address & !(width.bytes() - 1);
        let at = core.cycles + self.wait + self.done;
        self.done += 1;
        let data = address.wrapping_sub(TCM_DATA_BASE);
        if data < core.dtcm_size {
            return Ok(read(&core.dtcm, data, width));
        }
        if address < core.itcm_size {
            return Ok(read(&core.itcm, address, width));
        }
        let answer = bus.load(address, width, at, self.pc);
        core.observe(bus);
        let Loaded { value, wait } = answer?;
        self.wait += u64::from(wait);
        Ok(value)
    }

    /// Stores to `address`, which the caller has not aligned; fails on an alignment fault or an error on the bus.
    pub(super) fn store<B: Bus>(
        &mut self,
        core: &mut Core,
        bus: &mut B,
        address: u32,
        width: Width,
        value: u32,
    ) -> Result<(), BusFault> {
        if core.check_alignment && address & (width.bytes() - 1) != 0 {
            return Err(BusFault);
        }
        let address = address & !(width.bytes() - 1);
        let at = core.cycles + self.wait + self.done;
        self.done += 1;
        let data = address.wrapping_sub(TCM_DATA_BASE);
        if data < core.dtcm_size {
            write(&mut core.dtcm, data, width, value);
            return Ok(());
        }
        if address < core.itcm_size {
            write(&mut core.itcm, address, width, value);
            // An operation's time depends on the word after it, hence also the page before.
            core.written |= 1 << (address / 256) | 1 << (address.saturating_sub(4) / 256);
            return Ok(());
        }
        let value = match width {
            Width::Byte => value & 0xff,
            Width::Half => value & 0xffff,
            Width::Word => value,
        };
        let answer = bus.store(address, width, value, at, self.pc);
        core.observe(bus);
        self.wait += u64::from(answer?);
        Ok(())
    }
}

/// The word at `at`, which is brought into range and alignment.
#[inline(always)]
pub(super) fn word<const SIZE: usize>(memory: &[u8; SIZE], at: u32) -> u32 {
    let at = at as usize & (SIZE - 4);
    u32::from_le_bytes([memory[at], memory[at + 1], memory[at + 2], memory[at + 3]])
}

/// The half-word at `at`, which is brought into range and alignment.
#[inline(always)]
pub(super) fn half<const SIZE: usize>(memory: &[u8; SIZE], at: u32) -> u16 {
    let at = at as usize & (SIZE - 2);
    u16::from_le_bytes([memory[at], memory[at + 1]])
}

fn read<const SIZE: usize>(memory: &[u8; SIZE], at: u32, width: Width) -> u32 {
    match width {
        Width::Byte => u32::from(memory[at as usize & (SIZE - 1)]),
        Width::Half => u32::from(half(memory, at)),
        Width::Word => word(memory, at),
    }
}

fn write<const SIZE: usize>(memory: &mut [u8; SIZE], at: u32, width: Width, value: u32) {
    match width {
        Width::Byte => memory[at as usize & (SIZE - 1)] = value as u8,
        Width::Half => {
            let at = at as usize & (SIZE - 2);
            memory[at..at + 2].copy_from_slice(&(value as u16).to_le_bytes());
        }
        Width::Word => {
            let at = at as usize & (SIZE - 4);
            memory[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
    }
}

const _: () = assert!(TCM_DATA_BYTES.is_power_of_two() && TCM_INSTRUCTION_BYTES.is_power_of_two());
