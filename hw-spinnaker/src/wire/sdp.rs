//! SpiNNaker datagrams, as they travel inside UDP.
//!
//! Two pad bytes, eight header bytes, then up to 272 bytes of content (application notes 4 and 5).

use super::{WireError, reader::Reader};
use std::fmt;
use taproot_spinnaker_chip::{ChipXy, CoreId};

/// Most bytes behind the SDP header: an SCP header of 16 and data of 256.
pub const CONTENT_LARGEST: usize = 272;

/// A port of a core: 0 is the kernel's, 1 to 7 are the application's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SdpPort(u8);

impl SdpPort {
    /// The kernel of the core: SCAMP on a monitor, SARK elsewhere.
    pub const KERNEL: SdpPort = SdpPort(0);
    /// Input of spike sources.
    pub const INPUT: SdpPort = SdpPort(1);
    /// Control of a simulation (`SpiNNFrontEndCommon: simulation.c`).
    pub const CONTROL: SdpPort = SdpPort(3);
    /// What hosts use as their own.
    pub const HOST: SdpPort = SdpPort(7);

    /// Port `number`, 0 to 7; none if there is no such port.
    pub const fn new(number: u8) -> Option<Self> {
        if number < 8 { Some(Self(number)) } else { None }
    }

    /// 0 to 7.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// One end of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SdpAddress {
    /// The chip; [`SdpAddress::BOOT_CHIP`] means whichever chip booted the machine.
    pub chip: ChipXy,
    /// The port.
    pub port: SdpPort,
    core: u8,
}

impl SdpAddress {
    /// The chip that booted the machine, wherever it is.
    pub const BOOT_CHIP: ChipXy = ChipXy::new(255, 255);
    /// A host, as hosts name themselves: port 7, core 31.
    pub const HOST: SdpAddress = SdpAddress {
        chip: ChipXy::new(0, 0),
        port: SdpPort::HOST,
        core: 31,
    };

    /// Core `core`, 0 to 31; none if five bits cannot hold it. Cores above 17 do not exist on a chip, but the
    /// field has room for them and 31 means a host.
    pub const fn new(chip: ChipXy, port: SdpPort, core: u8) -> Option<Self> {
        if core < 32 {
            Some(Self { chip, port, core })
        } else {
            None
        }
    }

    /// The monitor of a chip.
    pub const fn monitor(chip: ChipXy) -> Self {
        Self {
            chip,
            port: SdpPort::KERNEL,
            core: 0,
        }
    }

    /// A core of a chip.
    pub const fn of(core: CoreId, port: SdpPort) -> Self {
        Self {
            chip: core.chip,
            port,
            core: core.core(),
        }
    }

    /// Virtual core number, 0 to 31.
    pub const fn core(self) -> u8 {
        self.core
    }

    const fn port_and_core(self) -> u8 {
        self.port.0 << 5 | self.core
    }

    const fn from_parts(port_and_core: u8, y: u8, x: u8) -> Self {
        Self {
            chip: ChipXy::new(x, y),
            port: SdpPort(port_and_core >> 5),
            core: port_and_core & 31,
        }
    }
}

impl fmt::Display for SdpAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.chip == Self::BOOT_CHIP {
            return write!(f, "the boot chip, core {}", self.core);
        }
        write!(f, "chip {}, core {}", self.chip, self.core)
    }
}

/// A datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sdp {
    /// 0x87 asks for a reply, 0x07 does not; bit 5 keeps the message off the P2P network.
    pub flags: u8,
    /// IP tag by which a monitor sends this to a host; 255 asks for a transient one.
    pub tag: u8,
    /// Where to.
    pub destination: SdpAddress,
    /// Where from.
    pub source: SdpAddress,
    /// Content: SCP, EIEIO or whatever the application speaks.
    pub content: Vec<u8>,
}

impl Sdp {
    /// Flags of a message that wants a reply.
    pub const REPLY_EXPECTED: u8 = 0x87;
    /// Flags of a message that wants none.
    pub const NO_REPLY: u8 = 0x07;
    /// The tag of a message from a host.
    pub const TRANSIENT_TAG: u8 = 0xff;

    /// A message from a host.
    pub fn from_host(destination: SdpAddress, flags: u8, content: Vec<u8>) -> Self {
        Self {
            flags,
            tag: Self::TRANSIENT_TAG,
            destination,
            source: SdpAddress::HOST,
            content,
        }
    }

    /// The bytes of a UDP packet, with the two pad bytes in front.
    pub fn to_udp(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(10 + self.content.len());
        bytes.extend([0, 0, self.flags, self.tag]);
        bytes.extend([self.destination.port_and_core(), self.source.port_and_core()]);
        bytes.extend([self.destination.chip.y, self.destination.chip.x]);
        bytes.extend([self.source.chip.y, self.source.chip.x]);
        bytes.extend_from_slice(&self.content);
        bytes
    }

    /// Understands the bytes of a UDP packet. The pad bytes are ignored: a machine leaves what it likes there.
    pub fn from_udp(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new("SDP message", bytes);
        reader.u16()?;
        let (flags, tag) = (reader.u8()?, reader.u8()?);
        let (destination, source) = (reader.u8()?, reader.u8()?);
        let (destination_y, destination_x) = (reader.u8()?, reader.u8()?);
        let (source_y, source_x) = (reader.u8()?, reader.u8()?);
        Ok(Self {
            flags,
            tag,
            destination: SdpAddress::from_parts(destination, destination_y, destination_x),
            source: SdpAddress::from_parts(source, source_y, source_x),
            content: reader.rest().to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_to_the_boot_chip_has_the_documented_bytes() {
        let sdp = Sdp::from_host(
            SdpAddress::monitor(SdpAddress::BOOT_CHIP),
            Sdp::REPLY_EXPECTED,
            vec![],
        );
        assert_eq!(sdp.to_udp(), [0, 0, 0x87, 0xff, 0x00, 0xff, 0xff, 0xff, 0, 0]);
    }

    #[test]
    fn y_comes_before_x_and_the_port_is_in_the_upper_bits() {
        let core = CoreId::new(ChipXy::new(4, 7), 12).unwrap();
        let sdp = Sdp::from_host(SdpAddress::of(core, SdpPort::CONTROL), Sdp::NO_REPLY, vec![9]);
        assert_eq!(sdp.to_udp(), [0, 0, 0x07, 0xff, 3 << 5 | 12, 0xff, 7, 4, 0, 0, 9]);
    }

    #[test]
    fn a_short_packet_says_what_is_missing() {
        let error = Sdp::from_udp(&[0, 0, 7]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "SDP message ends early: it needs 4 bytes and has 3"
        );
    }

    proptest! {
        #[test]
        fn bytes_round_trip(mut bytes in proptest::collection::vec(any::<u8>(), 10..300)) {
            bytes[..2].fill(0);
            prop_assert_eq!(Sdp::from_udp(&bytes).unwrap().to_udp(), bytes);
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            let _ = Sdp::from_udp(&bytes);
        }
    }
}
