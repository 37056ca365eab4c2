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

/// Bytes of the `sv` structure; the first 128 come from the boot image, SCAMP sets the rest.
pub const SV_SIZE: u32 = 256;
/// Bytes of `sv` that the boot image carries and that hosts replace before they send it.
pub const SV_BOOT_SIZE: usize = 128;
/// Where the initial `sv` lies inside `scamp.boot` (`scamp/Makefile`, `scamp/mksv`).
pub const SV_BOOT_OFFSET: usize = 384;

/// Offsets of fields of `sv`.
pub mod sv {
    /// u16: this chip's P2P address.
    pub const P2P_ADDRESS: u32 = 0x00;
    /// u16: width << 8 | height of the machine.
    pub const P2P_DIMENSIONS: u32 = 0x02;
    /// u16: P2P address of the nearest Ethernet chip.
    pub const ETHERNET_ADDRESS: u32 = 0x08;
    /// u8: 1 when this chip's Ethernet is up.
    pub const ETHERNET_UP: u32 = 0x0b;
    /// u8: phase of network initialisation; 255 when done.
    pub const NETINIT_PHASE: u32 = 0x2d;
    /// u16: P2P address of the chip that booted the machine.
    pub const P2P_ROOT: u32 = 0x2e;
    /// u32: bytes of text in one IOBUF block.
    pub const IOBUF_SIZE: u32 = 0x50;
    /// 20 bytes: physical to virtual core, 255 for none.
    pub const PHYSICAL_TO_VIRTUAL: u32 = 0x94;
    /// 20 bytes: virtual to physical core, 255 for none.
    pub const VIRTUAL_TO_PHYSICAL: u32 = 0xa8;
    /// u32: staging area for application images.
    pub const SDRAM_SYSTEM: u32 = 0xc8;
    /// 4 bytes: IP address of this chip's Ethernet.
    pub const IP_ADDRESS: u32 = 0xf0;
}

/// Offsets of fields of a `vcpu` block.
pub mod vcpu {
    /// u8: run-time error code.
    pub const RUNTIME_ERROR: u32 = 0x2c;
    /// u8: state of the core.
    pub const STATE: u32 = 0x2e;
    /// u8: application that runs there.
    pub const APPLICATION: u32 = 0x2f;
    /// u32: address of the first IOBUF block, 0 for none.
    pub const IOBUF: u32 = 0x58;
    /// u32: `user0`, where an application finds its data.
    pub const USER0: u32 = 0x70;
}

/// Where SCAMP stages an application image before cores start from it (`sv.sdram_sys`, 256 KB).
pub const APPLICATION_STAGING: u32 = 0x6780_0000;
/// Bytes of the staging area.
pub const APPLICATION_STAGING_SIZE: u32 = 256 * 1024;
