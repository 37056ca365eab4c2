//! The `sv` structure: what a chip knows about itself and the machine.
//!
//! Only fields that a host looks at are named; the bytes of the rest are kept, so that encoding loses nothing.
//!
//! Source: `spinnaker_tools: include/sark.h` (`sv_t`), `tools/boot/sark.struct`.

use super::WireError;
use std::net::Ipv4Addr;
use taproot_spinnaker_chip::{
    ChipXy,
    system_ram::{SV_SIZE, sv},
};

const SIZE: usize = SV_SIZE as usize;

/// One `sv` structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemVariables {
    /// This chip.
    pub chip: ChipXy,
    /// Columns of the machine.
    pub width: u8,
    /// Rows of the machine.
    pub height: u8,
    /// Nearest chip with Ethernet.
    pub ethernet: ChipXy,
    /// Whether this chip's Ethernet is up.
    pub ethernet_up: bool,
    /// Version of the board.
    pub hardware_version: u8,
    /// Milliseconds since the boot.
    pub clock_ms: u64,
    /// Seconds since 1970, from the boot on.
    pub unix_time: u32,
    /// Phase of network initialisation; 255 when done.
    pub netinit_phase: u8,
    /// The chip that booted the machine.
    pub root: ChipXy,
    /// Drift of this chip's clock against the root's, 17 fractional bits of ticks per microsecond.
    pub clock_drift: i32,
    /// Bytes of text in one IOBUF block.
    pub iobuf_size: u32,
    /// Virtual core by physical core, 255 for none.
    pub physical_to_virtual: [u8; 18],
    /// Physical core by virtual core, 255 for none.
    pub virtual_to_physical: [u8; 18],
    /// Working cores.
    pub working_cores: u8,
    /// The copy of the routing table.
    pub router_copy: u32,
    /// This chip's IP address.
    pub ip: Ipv4Addr,
    rest: [u8; SIZE],
}

impl SystemVariables {
    /// Understands the 256 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let rest: [u8; SIZE] = bytes.try_into().map_err(|_| WireError::Short {
            what: "sv structure",
            needed: SIZE,
            found: bytes.len(),
        })?;
        let u16_at = |at: u32| u16::from_le_bytes([rest[at as usize], rest[at as usize + 1]]);
        let u32_at = |at: usize| u32::from_le_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]);
        let map_at = |at: u32| {
            let mut map = [0; 18];
            map.copy_from_slice(&rest[at as usize..at as usize + 18]);
            map
        };
        let flag = rest[sv::ETHERNET_UP as usize];
        if flag > 1 {
            return Err(WireError::Field {
                what: "sv structure",
                field: "eth_up",
                value: flag.into(),
            });
        }
        let dimensions = u16_at(sv::P2P_DIMENSIONS);
        let ip = sv::IP_ADDRESS as usize;
        Ok(Self {
            chip: ChipXy::from_p2p(u16_at(sv::P2P_ADDRESS)),
            width: (dimensions >> 8) as u8,
            height: dimensions as u8,
            ethernet: ChipXy::from_p2p(u16_at(sv::ETHERNET_ADDRESS)),
            ethernet_up: flag == 1,
            hardware_version: rest[0x0a],
            clock_ms: u64::from(u32_at(0x14)) << 32 | u64::from(u32_at(0x10)),
            unix_time: u32_at(0x1c),
            netinit_phase: rest[sv::NETINIT_PHASE as usize],
            root: ChipXy::from_p2p(u16_at(sv::P2P_ROOT)),
            clock_drift: u32_at(0x38) as i32,
            iobuf_size: u32_at(sv::IOBUF_SIZE as usize),
            physical_to_virtual: map_at(sv::PHYSICAL_TO_VIRTUAL),
            virtual_to_physical: map_at(sv::VIRTUAL_TO_PHYSICAL),
            working_cores: rest[0xbc],
            router_copy: u32_at(0xd4),
            ip: Ipv4Addr::new(rest[ip], rest[ip + 1], rest[ip + 2], rest[ip + 3]),
            rest,
        })
    }

    /// The 256 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.rest.to_vec();
        let mut put =
            |at: u32, field: &[u8]| bytes[at as usize..at as usize + field.len()].copy_from_slice(field);
        put(sv::P2P_ADDRESS, &self.chip.p2p().to_le_bytes());
        put(sv::P2P_DIMENSIONS, &[self.height, self.width]);
        put(sv::ETHERNET_ADDRESS, &self.ethernet.p2p().to_le_bytes());
        put(sv::ETHERNET_UP, &[self.ethernet_up.into()]);
        put(0x0a, &[self.hardware_version]);
        put(0x10, &self.clock_ms.to_le_bytes());
        put(0x1c, &self.unix_time.to_le_bytes());
        put(sv::NETINIT_PHASE, &[self.netinit_phase]);
        put(sv::P2P_ROOT, &self.root.p2p().to_le_bytes());
        put(0x38, &self.clock_drift.to_le_bytes());
        put(sv::IOBUF_SIZE, &self.iobuf_size.to_le_bytes());
        put(sv::PHYSICAL_TO_VIRTUAL, &self.physical_to_virtual);
        put(sv::VIRTUAL_TO_PHYSICAL, &self.virtual_to_physical);
        put(0xbc, &[self.working_cores]);
        put(0xd4, &self.router_copy.to_le_bytes());
        put(sv::IP_ADDRESS, &self.ip.octets());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dimensions_are_width_then_height() {
        let mut bytes = [0u8; 256];
        bytes[..4].copy_from_slice(&[3, 2, 12, 24]);
        bytes[0xf0..0xf4].copy_from_slice(&[127, 0, 0, 2]);
        let sv = SystemVariables::from_bytes(&bytes).unwrap();
        assert_eq!((sv.width, sv.height), (24, 12));
        assert_eq!(sv.chip, ChipXy::new(2, 3));
        assert_eq!(sv.ip, Ipv4Addr::new(127, 0, 0, 2));
    }

    proptest! {
        #[test]
        fn structures_round_trip(mut bytes in proptest::collection::vec(any::<u8>(), 256)) {
            bytes[0x0b] &= 1;
            prop_assert_eq!(SystemVariables::from_bytes(&bytes).unwrap().to_bytes(), bytes);
        }

        #[test]
        fn other_lengths_are_errors(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            prop_assert!(SystemVariables::from_bytes(&bytes).is_err());
        }
    }
}
