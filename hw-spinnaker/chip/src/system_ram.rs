//! Structures that SCAMP keeps in System RAM and that hosts read: `sv`, the `vcpu` blocks, the serial-ROM block.
//!
//! Source: `spinnaker_tools: include/sark.h`, `tools/boot/sark.struct`, `scamp/scamp-3.c`; application note 6 for
//! the serial-ROM block.

/// The `sv` structure, 256 bytes: system-wide variables of one chip.
pub const SV_BASE: u32 = 0xf500_7f00;
/// The array of `vcpu` blocks, indexed by virtual core.
pub const VCPU_BASE: u32 = 0xe500_7000;
/// Bytes of one `vcpu` block.
pub const VCPU_SIZE: u32 = 128;
/// The serial-ROM parameter block, 32 bytes, that the boot ROM leaves on Ethernet chips.
pub const SROM_BLOCK: u32 = 0xf500_7fe0;
/// UDP port of SCP and SDP.
pub const SCP_PORT: u16 = 17893;
/// UDP port of the boot protocol.
pub const BOOT_PORT: u16 = 54321;
