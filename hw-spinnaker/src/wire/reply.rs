//! Replies of SCAMP that have a structure: version and chip information.
//!
//! Source: `spinnaker_tools: scamp/scamp-cmd.c` (`cmd_ver`, `cmd_info`).

use super::{WireError, reader::Reader, state::CoreState};
use std::net::Ipv4Addr;
use taproot_spinnaker_chip::{CORES_PER_CHIP, ChipXy, LinkSet};

/// The reply to VER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionReply {
    /// The chip that answers; (255,255) while the machine is still finding itself.
    pub chip: ChipXy,
    /// Its core by physical number.
    pub physical_core: u8,
    /// Its core by virtual number.
    pub virtual_core: u8,
    /// Bytes of data in one request.
    pub buffer_size: u16,
    /// When the kernel was built, seconds since 1970.
    pub build_time: u32,
    /// Who answers: `SC&MP` or `BC&MP`.
    pub kernel: String,
    /// On what: `SpiNNaker`.
    pub hardware: String,
    /// Version, such as `4.0.0`.
    pub version: String,
}

impl VersionReply {
    /// Whether the machine has found its shape and can be used.
    pub fn is_ready(&self) -> bool {
        self.chip != ChipXy::new(255, 255)
    }

    /// Understands the body of a reply.
    pub fn from_body(body: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new("VER reply", body);
        let where_from = reader.u32()?;
        let size = reader.u32()?;
        if size >> 16 != 0xffff {
            // Kernels before 1.33 put a decimal version here and no version text; none of those is supported.
            return Err(WireError::Field {
                what: "VER reply",
                field: "version format",
                value: size,
            });
        }
        let build_time = reader.u32()?;
        let text = String::from_utf8_lossy(reader.rest()).into_owned();
        let mut parts = text.split('\0');
        let name = parts.next().unwrap_or_default();
        let (kernel, hardware) = name.split_once('/').unwrap_or((name, ""));
        Ok(Self {
            chip: ChipXy::from_p2p((where_from >> 16) as u16),
            physical_core: (where_from >> 8) as u8,
            virtual_core: where_from as u8,
            buffer_size: size as u16,
            build_time,
            kernel: kernel.to_owned(),
            hardware: hardware.to_owned(),
            version: parts.next().unwrap_or_default().to_owned(),
        })
    }

    /// The body of such a reply.
    pub fn to_body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        let where_from = u32::from(self.chip.p2p()) << 16
            | u32::from(self.physical_core) << 8
            | u32::from(self.virtual_core);
        body.extend(where_from.to_le_bytes());
        body.extend((0xffff_0000 | u32::from(self.buffer_size)).to_le_bytes());
        body.extend(self.build_time.to_le_bytes());
        body.extend(format!("{}/{}\0{}\0", self.kernel, self.hardware, self.version).bytes());
        body
    }
}

/// The reply to INFO: what a chip says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipInfo {
    /// Working cores, the monitor among them.
    pub working_cores: u8,
    /// Links that answered.
    pub links: LinkSet,
    /// Routing entries in the largest free block.
    pub free_entries: u16,
    /// Whether this chip's Ethernet is up.
    pub ethernet_up: bool,
    /// Bytes of the largest free block of SDRAM.
    pub largest_sdram: u32,
    /// Bytes of the largest free block of System RAM.
    pub largest_system_ram: u32,
    /// State by virtual core.
    pub states: [CoreState; CORES_PER_CHIP as usize],
    /// The nearest chip with Ethernet.
    pub ethernet: ChipXy,
    /// This chip's IP address, 0.0.0.0 without Ethernet.
    pub ip: Ipv4Addr,
    /// Link towards the chip that booted the machine; 7 on that chip itself, none before SCAMP 4.
    pub parent_link: Option<u16>,
}

impl ChipInfo {
    /// Understands the body of a reply.
    pub fn from_body(body: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new("INFO reply", body);
        let flags = reader.u32()?;
        let largest_sdram = reader.u32()?;
        let largest_system_ram = reader.u32()?;
        let mut states = [CoreState::Dead; CORES_PER_CHIP as usize];
        for state in &mut states {
            *state = CoreState::from_number(reader.u8()?);
        }
        let ethernet = ChipXy::from_p2p(reader.u16()?);
        let ip = Ipv4Addr::new(reader.u8()?, reader.u8()?, reader.u8()?, reader.u8()?);
        let parent_link = if reader.left() > 0 {
            Some(reader.u16()?)
        } else {
            None
        };
        reader.end()?;
        let working_cores = (flags & 31) as u8;
        if working_cores > CORES_PER_CHIP || flags & 0xfc00_00e0 != 0 {
            return Err(WireError::Field {
                what: "INFO reply",
                field: "flags",
                value: flags,
            });
        }
        Ok(Self {
            working_cores,
            links: LinkSet::from_bits((flags >> 8) as u8),
            free_entries: (flags >> 14 & 0x7ff) as u16,
            ethernet_up: flags & 1 << 25 != 0,
            largest_sdram,
            largest_system_ram,
            states,
            ethernet,
            ip,
            parent_link,
        })
    }

    /// The body of such a reply.
    pub fn to_body(&self) -> Vec<u8> {
        let flags = u32::from(self.working_cores & 31)
            | u32::from(self.links.bits()) << 8
            | u32::from(self.free_entries & 0x7ff) << 14
            | u32::from(self.ethernet_up) << 25;
        let mut body = Vec::with_capacity(38);
        for word in [flags, self.largest_sdram, self.largest_system_ram] {
            body.extend(word.to_le_bytes());
        }
        body.extend(self.states.map(CoreState::number));
        body.extend(self.ethernet.p2p().to_le_bytes());
        body.extend(self.ip.octets());
        if let Some(link) = self.parent_link {
            body.extend(link.to_le_bytes());
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scamp_4_says_who_it_is() {
        let mut body = vec![0, 1, 0xff, 0xff, 0x00, 0x01, 0xff, 0xff, 1, 2, 3, 4];
        body.extend(b"SC&MP/SpiNNaker\x004.0.0\0");
        let reply = VersionReply::from_body(&body).unwrap();
        assert_eq!(
            (reply.kernel.as_str(), reply.version.as_str()),
            ("SC&MP", "4.0.0")
        );
        assert_eq!(reply.buffer_size, 256);
        assert!(!reply.is_ready());
        assert_eq!(reply.to_body(), body);
    }

    #[test]
    fn info_of_a_spin5_ethernet_chip() {
        // 18 cores, links east, north-east, north; 1023 free entries; Ethernet up.
        let mut body = Vec::new();
        body.extend((18u32 | 0b000_111 << 8 | 1023 << 14 | 1 << 25).to_le_bytes());
        body.extend(123_469_792u32.to_le_bytes());
        body.extend(22_000u32.to_le_bytes());
        body.extend([7u8]);
        body.extend([15u8; 17]);
        body.extend([0, 0, 127, 0, 0, 2, 7, 0]);
        let info = ChipInfo::from_body(&body).unwrap();
        assert_eq!(info.working_cores, 18);
        assert_eq!(info.links.bits(), 7);
        assert_eq!(info.free_entries, 1023);
        assert_eq!(info.largest_sdram, 123_469_792);
        assert_eq!(info.states[0], CoreState::Running);
        assert_eq!(info.states[17], CoreState::Idle);
        assert_eq!(info.ip, Ipv4Addr::new(127, 0, 0, 2));
        assert_eq!(info.to_body(), body);
    }

    proptest! {
        #[test]
        fn info_that_is_understood_is_encoded_back(
            mut body in prop_oneof![
                proptest::collection::vec(any::<u8>(), 36),
                proptest::collection::vec(any::<u8>(), 38),
            ],
        ) {
            body[0] %= 19;
            body[3] &= 3;
            prop_assert_eq!(ChipInfo::from_body(&body).unwrap().to_body(), body);
        }

        #[test]
        fn no_bytes_make_the_decoders_panic(body in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = ChipInfo::from_body(&body);
            let _ = VersionReply::from_body(&body);
        }
    }
}
