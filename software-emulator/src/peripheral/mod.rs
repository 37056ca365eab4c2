//! The peripherals, one file each. A file begins with its register table.
//!
//! Registers are 32 bits wide. A narrower load takes the lane that its address selects; a narrower store is
//! widened by repeating the value on all lanes, as an AMBA bus does.

pub(crate) mod communications;
pub(crate) mod dma;
pub(crate) mod ethernet;
pub(crate) mod memory_controller;
pub(crate) mod phy;
pub(crate) mod serial_rom;
pub(crate) mod system_controller;
pub(crate) mod timer;
pub(crate) mod vic;
pub(crate) mod watchdog;

/// A register that the peripheral does not have, or has not modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRegister;

/// "No event ahead."
pub(crate) const NEVER: u64 = u64::MAX;
