//! The load image: everything that a host writes to a machine for one network.

use crate::Binary;
use serde::{Deserialize, Serialize};
use taproot_spinnaker_chip::{ChipXy, CoreId};

/// Everything that a host writes to a machine for one network, in machine-independent order: sorted by chip, core
/// and region, so that equal networks give equal bytes.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LoadImage {
    /// Hardware time step, microseconds: simulation step times time-scale factor.
    pub hardware_timestep: u32,
    /// Cores that run a program, sorted by core.
    pub cores: Vec<CoreImage>,
    /// Routing tables, sorted by chip; entries in matching order (first match wins). Chips without entries are absent.
    pub tables: Vec<(ChipXy, Vec<RoutingEntry>)>,
    /// IP tags to set before the programs start.
    pub tags: Vec<IpTag>,
}

impl LoadImage {
    /// Bytes of data that a host writes: tables of contents, regions and routing tables, without programs.
    pub fn bytes(&self) -> u64 {
        let regions = |core: &CoreImage| {
            core.regions
                .iter()
                .map(|region| region.content.len() as u64)
                .sum::<u64>()
        };
        let data: u64 = self.cores.iter().map(|core| 392 + regions(core)).sum();
        let entries: u64 = self.tables.iter().map(|(_, entries)| entries.len() as u64).sum();
        data + 16 * entries
    }
}

/// One core: the program it runs and the regions that the program reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreImage {
    /// Where.
    pub core: CoreId,
    /// What runs there.
    pub binary: Binary,
    /// What it does, for messages: population label and cell range.
    pub label: String,
    /// Its regions, sorted by number. They are laid out in this order behind the 392-byte table of contents.
    pub regions: Vec<Region>,
}

/// One data region of a core (`SpiNNFrontEndCommon: data_specification.h`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Region number, 0 to 31.
    pub number: u8,
    /// Reserved bytes, a multiple of 4, at least the length of the content.
    pub size: u32,
    /// Bytes written at load, a multiple of 4; the rest of the region is left as it is.
    #[serde(with = "serde_bytes")]
    pub content: Vec<u8>,
}

/// One entry of a multicast routing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RoutingEntry {
    /// Key: a packet matches if `packet & mask == key`.
    pub key: u32,
    /// Mask.
    pub mask: u32,
    /// Bits 0 to 5: links; bits 6 to 23: **virtual** cores 0 to 17.
    pub route: u32,
}

/// An IP tag: where the Ethernet chip sends SDP messages that carry the tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpTag {
    /// The Ethernet chip.
    pub ethernet: ChipXy,
    /// Tag number, 0 to 7.
    pub tag: u8,
    /// UDP port of the host.
    pub port: u16,
    /// Whether the SDP header is removed.
    pub strip: bool,
}
