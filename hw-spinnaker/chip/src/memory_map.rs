//! The memory map seen by one core.
//!
//! Source: data sheet 2.02, sections 3.3, 7.2, 13, 14.2, 17, 18; `spinnaker_tools/include/spinnaker.h`.

/// Instruction memory, 32 KB at address 0.
pub const ITCM_BASE: u32 = 0x0000_0000;
/// Bytes of instruction memory.
pub const ITCM_SIZE: u32 = 32 * 1024;
/// Data memory, 64 KB.
pub const DTCM_BASE: u32 = 0x0040_0000;
/// Bytes of data memory.
pub const DTCM_SIZE: u32 = 64 * 1024;
/// SDRAM through the buffered window; the device repeats through it.
pub const SDRAM_BASE: u32 = 0x6000_0000;
/// SDRAM through the unbuffered window.
pub const SDRAM_BASE_UNBUFFERED: u32 = 0x7000_0000;
/// Router registers, buffered view; `0xf100_0000` is the unbuffered one.
pub const ROUTER_BASE: u32 = 0xe100_0000;
/// The router's point-to-point table: 8,192 words of eight 3-bit entries.
pub const ROUTER_P2P_BASE: u32 = ROUTER_BASE + 0x1_0000;
/// System Controller registers.
pub const SYSTEM_CONTROLLER_BASE: u32 = 0xe200_0000;
/// Ethernet controller.
pub const ETHERNET_BASE: u32 = 0xe400_0000;
/// System RAM, buffered view.
pub const SYSTEM_RAM_BASE: u32 = 0xe500_0000;
/// System RAM, unbuffered view, the one SCAMP writes into its tables.
pub const SYSTEM_RAM_BASE_UNBUFFERED: u32 = 0xf500_0000;
/// Bytes of System RAM.
pub const SYSTEM_RAM_SIZE: u32 = 32 * 1024;
