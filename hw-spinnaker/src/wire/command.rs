//! Commands that SCAMP understands.
//!
//! Source: `spinnaker_tools: scamp/scamp-cmd.c`, `include/sark.h`; `SpiNNMan: messages/scp/impl`.

use super::{
    WireError,
    scp::{DATA_LARGEST, ScpRequest},
    state::{CoreState, Signal},
};
use std::{fmt, net::Ipv4Addr};
use taproot_spinnaker_chip::{ChipXy, CoreSet, Link};

/// The width in which a monitor moves data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Byte,
    /// Half-words.
    Half,
    /// Words.
    Word,
}

impl Unit {
    /// The widest unit that address and length allow. Registers must be read as words.
    pub const fn widest(address: u32, length: u32) -> Self {
        match (address | length) & 3 {
            0 => Self::Word,
            2 => Self::Half,
            _ => Self::Byte,
        }
    }
}

/// Which cores start which application, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launch {
    /// Application, 1 to 255.
    pub application: u8,
    /// Stay in the wait state until the start signal.
    pub wait: bool,
    /// Virtual cores; never core 0.
    pub cores: CoreSet,
}

impl Launch {
    fn word(self) -> u32 {
        u32::from(self.application) << 24 | u32::from(self.wait) << 18 | self.cores.bits()
    }

    fn from_word(word: u32) -> Result<Self, WireError> {
        if word & 0x00f8_0000 != 0 {
            return Err(field("application flags", word));
        }
        Ok(Self {
            application: (word >> 24) as u8,
            wait: word & 1 << 18 != 0,
            cores: CoreSet::from_bits(word),
        })
    }
}

/// What an IP tag does with datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Sends datagrams of cores to a host.
    Forward {
        /// Tag, 0 to 7.
        tag: u8,
        /// The host; unspecified means whoever sends this command.
        host: Ipv4Addr,
        /// UDP port of the host.
        port: u16,
        /// Remove the SDP header.
        strip: bool,
        /// Use the port that this command came from.
        use_sender: bool,
    },
    /// Sends UDP packets of a host to a core.
    Reverse {
        /// Tag, 0 to 7.
        tag: u8,
        /// UDP port of the board.
        port: u16,
        /// SDP port << 5 | core.
        port_and_core: u8,
        /// The chip of the core.
        chip: ChipXy,
    },
    /// Switches a tag off.
    Clear {
        /// Tag, 0 to 15.
        tag: u8,
    },
    /// Reads a tag.
    Get {
        /// Tag, 0 to 15.
        tag: u8,
    },
    /// Sets how long transient tags live: 10 ms * 2^(code - 1).
    TransientTimeout {
        /// 1 to 15; 16 and above change nothing and only ask.
        code: u32,
    },
}

/// What to allocate or free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocation {
    /// SDRAM; the reply is the address, 0 if there is no room.
    Sdram {
        /// The owner.
        application: u8,
        /// Bytes.
        bytes: u32,
        /// By which the owner finds it, 1 to 255; 0 for none.
        tag: u8,
        /// If the tag is in use with this size, answer with it: makes a repeated request harmless.
        retry: bool,
    },
    /// Frees a block of SDRAM.
    FreeSdram {
        /// Its address.
        address: u32,
    },
    /// Frees all SDRAM of an application.
    FreeSdramOf {
        /// The owner.
        application: u8,
    },
    /// Routing entries; the reply is the first one, 0 if there is no room.
    Router {
        /// The owner.
        application: u8,
        /// How many.
        entries: u32,
    },
    /// Frees and clears all routing entries of an application.
    FreeRouterOf {
        /// The owner.
        application: u8,
    },
    /// Asks for free bytes and the largest free block of SDRAM.
    SdramSpace,
    /// Asks for the address behind a tag.
    TagAddress {
        /// The owner.
        application: u8,
        /// The tag.
        tag: u8,
    },
}

/// A command to SCAMP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Name, version and address.
    Version,
    /// Read memory.
    Read {
        /// From here.
        address: u32,
        /// At most 256 bytes.
        length: u32,
        /// In this width.
        unit: Unit,
    },
    /// Write memory.
    Write {
        /// From here.
        address: u32,
        /// In this width.
        unit: Unit,
        /// At most 256 bytes.
        data: Vec<u8>,
    },
    /// Fill memory with a word.
    Fill {
        /// From here, a multiple of 4.
        address: u32,
        /// With this.
        word: u32,
        /// So many bytes, a multiple of 4.
        bytes: u32,
    },
    /// Count cores of an application in a state, on this chip's board.
    Count {
        /// The application.
        application: u8,
        /// The state.
        state: CoreState,
    },
    /// Read memory of a neighbour by router packets; works on dead chips.
    LinkRead {
        /// From here, a multiple of 4.
        address: u32,
        /// At most 256 bytes, a multiple of 4.
        length: u32,
        /// Which neighbour.
        link: Link,
    },
    /// Write memory of a neighbour.
    LinkWrite {
        /// From here, a multiple of 4.
        address: u32,
        /// Which neighbour.
        link: Link,
        /// At most 256 bytes, a multiple of 4.
        data: Vec<u8>,
    },
    /// Run the image in the staging area.
    ApplicationRun(Launch),
    /// Copy the staging area from a neighbour, then run it (with no cores: only copy).
    ApplicationCopyRun {
        /// Which neighbour.
        link: Link,
        /// Bytes, a multiple of 4.
        bytes: u32,
        /// Sum of the words, 29 bits; 0 switches the check off.
        checksum: u32,
        /// Who runs it.
        launch: Launch,
    },
    /// Run the image at an address.
    ApplicationStart {
        /// Where it is.
        address: u32,
        /// Who runs it.
        launch: Launch,
    },
    /// Send a nearest-neighbour packet.
    NearestNeighbour {
        /// Its key.
        key: u32,
        /// Its payload.
        payload: u32,
        /// Forward and retry; bit 31 adds an id.
        forward: u32,
    },
    /// Send a signal to an application.
    Signal {
        /// The signal.
        signal: Signal,
        /// The application.
        application: u8,
    },
    /// Switch LEDs: two bits per LED, 3 on, 2 off, 1 invert, 0 leave.
    Led(u32),
    /// IP tags.
    Tag(Tag),
    /// Memory and routing entries.
    Allocate(Allocation),
    /// Clear the multicast table except entry 0.
    RouterClear,
    /// Load multicast entries.
    RouterLoad {
        /// The owner.
        application: u8,
        /// How many.
        entries: u16,
        /// Where the entries are, 16 bytes each ([`super::router`]).
        address: u32,
        /// First entry to write, as allocated.
        base: u32,
    },
    /// State of the chip.
    Info,
    /// Switch the time beacons on or off.
    Sync {
        /// On.
        enable: bool,
    },
}

impl Command {
    /// What it is called in messages.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Version => "VER",
            Self::Read { .. } => "READ",
            Self::Write { .. } => "WRITE",
            Self::Fill { .. } => "FILL",
            Self::Count { .. } => "COUNT",
            Self::LinkRead { .. } => "LINK_READ",
            Self::LinkWrite { .. } => "LINK_WRITE",
            Self::ApplicationRun(_) => "AR",
            Self::ApplicationCopyRun { .. } => "APP_COPY_RUN",
            Self::ApplicationStart { .. } => "AS",
            Self::NearestNeighbour { .. } => "NNP",
            Self::Signal { .. } => "SIG",
            Self::Led(_) => "LED",
            Self::Tag(_) => "IPTAG",
            Self::Allocate(_) => "ALLOC",
            Self::RouterClear | Self::RouterLoad { .. } => "RTR",
            Self::Info => "INFO",
            Self::Sync { .. } => "SYNC",
        }
    }

    /// The request that carries this command.
    pub fn to_request(&self, sequence: u16) -> ScpRequest {
        let (command, arguments, data) = self.parts();
        ScpRequest {
            command,
            sequence,
            arguments,
            data: data.to_vec(),
        }
    }

    fn parts(&self) -> (u16, [u32; 3], &[u8]) {
        match self {
            Self::Version => (0, [0; 3], &[]),
            Self::Read {
                address,
                length,
                unit,
            } => (2, [*address, *length, *unit as u32], &[]),
            Self::Write { address, unit, data } => (3, [*address, data.len() as u32, *unit as u32], data),
            Self::Fill { address, word, bytes } => (5, [*address, *word, *bytes], &[]),
            Self::Count { application, state } => {
                (15, [u32::from(*application), u32::from(state.number()), 0], &[])
            }
            Self::LinkRead {
                address,
                length,
                link,
            } => (17, [*address, *length, u32::from(link.number())], &[]),
            Self::LinkWrite { address, link, data } => {
                (18, [*address, data.len() as u32, u32::from(link.number())], data)
            }
            Self::ApplicationRun(launch) => (19, [launch.word(), 0, 0], &[]),
            Self::NearestNeighbour {
                key,
                payload,
                forward,
            } => (20, [*key, *payload, *forward], &[]),
            Self::ApplicationCopyRun {
                link,
                bytes,
                checksum,
                launch,
            } => (
                21,
                [checksum << 3 | u32::from(link.number()), *bytes, launch.word()],
                &[],
            ),
            Self::Signal { signal, application } => {
                let data = u32::from(signal.number()) << 16 | 0xff00 | u32::from(*application);
                (22, [signal.transport(), data, 0xffff], &[])
            }
            Self::ApplicationStart { address, launch } => (24, [*address, launch.word(), 0], &[]),
            Self::Led(leds) => (25, [*leds, 0, 0], &[]),
            Self::Tag(tag) => (26, tag.words(), &[]),
            Self::Allocate(allocation) => (28, allocation.words(), &[]),
            Self::RouterClear => (29, [0; 3], &[]),
            Self::RouterLoad {
                application,
                entries,
                address,
                base,
            } => (
                29,
                [
                    u32::from(*entries) << 16 | u32::from(*application) << 8 | 2,
                    *address,
                    *base,
                ],
                &[],
            ),
            Self::Info => (31, [0; 3], &[]),
            Self::Sync { enable } => (32, [u32::from(*enable), 0, 0], &[]),
        }
    }

    /// The command that a request carries; an error if it is none of these, or has bits that mean nothing.
    pub fn from_request(request: &ScpRequest) -> Result<Self, WireError> {
        let [one, two, three] = request.arguments;
        let command = match request.command {
            0 => Self::Version,
            2 => Self::Read {
                address: one,
                length: limited(two)?,
                unit: unit(three)?,
            },
            3 => Self::Write {
                address: one,
                unit: unit(three)?,
                data: data(request, two)?,
            },
            5 => Self::Fill {
                address: one,
                word: two,
                bytes: three,
            },
            15 => Self::Count {
                application: byte("application", one)?,
                state: CoreState::from_number(byte("state", two)?),
            },
            17 => Self::LinkRead {
                address: one,
                length: limited(two)?,
                link: link(three)?,
            },
            18 => Self::LinkWrite {
                address: one,
                link: link(three)?,
                data: data(request, two)?,
            },
            19 => Self::ApplicationRun(Launch::from_word(one)?),
            20 => Self::NearestNeighbour {
                key: one,
                payload: two,
                forward: three,
            },
            21 => Self::ApplicationCopyRun {
                link: link(one & 7)?,
                checksum: one >> 3,
                bytes: two,
                launch: Launch::from_word(three)?,
            },
            22 => Self::Signal {
                signal: Signal::from_number((two >> 16) as u8),
                application: two as u8,
            },
            24 => Self::ApplicationStart {
                address: one,
                launch: Launch::from_word(two)?,
            },
            25 => Self::Led(one),
            26 => Self::Tag(Tag::from_words(request.arguments)?),
            28 => Self::Allocate(Allocation::from_words(request.arguments)?),
            29 if one & 255 == 2 => Self::RouterLoad {
                application: (one >> 8) as u8,
                entries: (one >> 16) as u16,
                address: two,
                base: three,
            },
            29 => Self::RouterClear,
            31 => Self::Info,
            32 => Self::Sync { enable: one != 0 },
            other => return Err(field("command", other.into())),
        };
        // What was not understood would be lost, and the encoder would not be the inverse.
        let (_, arguments, known) = command.parts();
        for (found, understood) in request.arguments.into_iter().zip(arguments) {
            if found != understood {
                return Err(field("argument", found));
            }
        }
        match request.data.len() - known.len() {
            0 => Ok(command),
            extra => Err(WireError::Trailing {
                what: "SCAMP command",
                extra,
            }),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Read { address, length, .. } => write!(f, " of {length} bytes at {address:#010x}"),
            Self::Write { address, data, .. } => write!(f, " of {} bytes at {address:#010x}", data.len()),
            Self::Fill { address, bytes, .. } => write!(f, " of {bytes} bytes at {address:#010x}"),
            Self::LinkRead { address, link, .. } | Self::LinkWrite { address, link, .. } => {
                write!(f, " at {address:#010x} over link {link}")
            }
            Self::ApplicationCopyRun { link, .. } => write!(f, " over link {link}"),
            Self::Count { application, state } => {
                write!(f, " of cores of application {application} that are {state}")
            }
            Self::Signal { signal, application } => write!(f, " {signal} to application {application}"),
            Self::Allocate(Allocation::Sdram { bytes, .. }) => write!(f, " of {bytes} bytes of SDRAM"),
            Self::Allocate(Allocation::Router { entries, .. }) => write!(f, " of {entries} routing entries"),
            Self::RouterLoad { entries, .. } => write!(f, " load of {entries} entries"),
            _ => Ok(()),
        }
    }
}

impl Tag {
    fn words(self) -> [u32; 3] {
        match self {
            Self::Forward {
                tag,
                host,
                port,
                strip,
                use_sender,
            } => [
                u32::from(use_sender) << 30 | u32::from(strip) << 28 | 1 << 16 | u32::from(tag),
                port.into(),
                u32::from_le_bytes(host.octets()),
            ],
            Self::Reverse {
                tag,
                port,
                port_and_core,
                chip,
            } => [
                1 << 29 | 1 << 16 | u32::from(port_and_core) << 8 | u32::from(tag),
                u32::from(chip.p2p()) << 16 | u32::from(port),
                0,
            ],
            Self::Clear { tag } => [3 << 16 | u32::from(tag), 0, 0],
            Self::Get { tag } => [2 << 16 | u32::from(tag), 1, 0],
            Self::TransientTimeout { code } => [4 << 16, code, 0],
        }
    }

    fn from_words([one, two, three]: [u32; 3]) -> Result<Self, WireError> {
        let tag = one as u8;
        Ok(match one >> 16 & 255 {
            1 if one & 1 << 29 != 0 => Self::Reverse {
                tag,
                port: two as u16,
                port_and_core: (one >> 8) as u8,
                chip: ChipXy::from_p2p((two >> 16) as u16),
            },
            1 => Self::Forward {
                tag,
                host: Ipv4Addr::from(three.to_le_bytes()),
                port: two as u16,
                strip: one & 1 << 28 != 0,
                use_sender: one & 1 << 30 != 0,
            },
            2 => Self::Get { tag },
            3 => Self::Clear { tag },
            4 => Self::TransientTimeout { code: two },
            _ => return Err(field("IP tag operation", one)),
        })
    }
}

impl Allocation {
    fn words(self) -> [u32; 3] {
        match self {
            Self::Sdram {
                application,
                bytes,
                tag,
                retry,
            } => [
                u32::from(retry) << 18 | u32::from(application) << 8,
                bytes,
                tag.into(),
            ],
            Self::FreeSdram { address } => [1, address, 0],
            Self::FreeSdramOf { application } => [u32::from(application) << 8 | 2, 0, 0],
            Self::Router { application, entries } => [u32::from(application) << 8 | 3, entries, 0],
            Self::FreeRouterOf { application } => [u32::from(application) << 8 | 5, 1, 0],
            Self::SdramSpace => [6, 0, 0],
            Self::TagAddress { application, tag } => [u32::from(application) << 8 | 7, tag.into(), 0],
        }
    }

    fn from_words([one, two, three]: [u32; 3]) -> Result<Self, WireError> {
        let application = (one >> 8) as u8;
        Ok(match one & 255 {
            0 => Self::Sdram {
                application,
                bytes: two,
                tag: byte("tag", three)?,
                retry: one & 1 << 18 != 0,
            },
            1 => Self::FreeSdram { address: two },
            2 => Self::FreeSdramOf { application },
            3 => Self::Router {
                application,
                entries: two,
            },
            5 => Self::FreeRouterOf { application },
            6 => Self::SdramSpace,
            7 => Self::TagAddress {
                application,
                tag: byte("tag", two)?,
            },
            _ => return Err(field("allocation operation", one)),
        })
    }
}

fn field(field: &'static str, value: u32) -> WireError {
    WireError::Field {
        what: "SCAMP command",
        field,
        value,
    }
}

fn byte(name: &'static str, value: u32) -> Result<u8, WireError> {
    u8::try_from(value).map_err(|_| field(name, value))
}

fn unit(value: u32) -> Result<Unit, WireError> {
    match value {
        0 => Ok(Unit::Byte),
        1 => Ok(Unit::Half),
        2 => Ok(Unit::Word),
        _ => Err(field("unit", value)),
    }
}

fn link(value: u32) -> Result<Link, WireError> {
    u8::try_from(value)
        .ok()
        .and_then(Link::from_number)
        .ok_or_else(|| field("link", value))
}

fn limited(length: u32) -> Result<u32, WireError> {
    if length as usize <= DATA_LARGEST {
        Ok(length)
    } else {
        Err(field("length", length))
    }
}

fn data(request: &ScpRequest, length: u32) -> Result<Vec<u8>, WireError> {
    let length = limited(length)? as usize;
    request
        .data
        .get(..length)
        .map(<[u8]>::to_vec)
        .ok_or(WireError::Short {
            what: "SCAMP command",
            needed: length,
            found: request.data.len(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(command: Command, code: u16, arguments: [u32; 3]) {
        let request = command.to_request(7);
        assert_eq!((request.command, request.arguments), (code, arguments));
        assert_eq!(Command::from_request(&request), Ok(command));
    }

    #[test]
    fn arguments_are_the_documented_ones() {
        let launch = Launch {
            application: 17,
            wait: true,
            cores: CoreSet::from_bits(0b110),
        };
        check(Command::Version, 0, [0, 0, 0]);
        check(
            Command::Read {
                address: 0xf500_7f00,
                length: 256,
                unit: Unit::Word,
            },
            2,
            [0xf500_7f00, 256, 2],
        );
        check(Command::ApplicationRun(launch), 19, [0x1104_0006, 0, 0]);
        check(
            Command::ApplicationCopyRun {
                link: Link::West,
                bytes: 29_928,
                checksum: 5,
                launch,
            },
            21,
            [5 << 3 | 3, 29_928, 0x1104_0006],
        );
        check(
            Command::Signal {
                signal: Signal::Sync0,
                application: 17,
            },
            22,
            [0, 0x0004_ff11, 0xffff],
        );
        check(
            Command::Signal {
                signal: Signal::Stop,
                application: 17,
            },
            22,
            [2, 0x0002_ff11, 0xffff],
        );
        check(
            Command::Allocate(Allocation::Sdram {
                application: 17,
                bytes: 1000,
                tag: 201,
                retry: true,
            }),
            28,
            [0x0004_1100, 1000, 201],
        );
        check(
            Command::Allocate(Allocation::Router {
                application: 17,
                entries: 3,
            }),
            28,
            [0x1103, 3, 0],
        );
        check(
            Command::RouterLoad {
                application: 17,
                entries: 3,
                address: 0x6780_0000,
                base: 1,
            },
            29,
            [0x0003_1102, 0x6780_0000, 1],
        );
        check(
            Command::Tag(Tag::Forward {
                tag: 1,
                host: Ipv4Addr::new(192, 168, 240, 7),
                port: 17895,
                strip: true,
                use_sender: false,
            }),
            26,
            [0x1001_0001, 17895, 0x07f0_a8c0],
        );
        check(
            Command::Tag(Tag::TransientTimeout { code: 9 }),
            26,
            [0x0004_0000, 9, 0],
        );
    }

    #[test]
    fn data_must_match_the_stated_length() {
        let mut request = Command::Write {
            address: 0x6000_0000,
            unit: Unit::Byte,
            data: vec![1, 2, 3],
        }
        .to_request(0);
        request.data.push(4);
        assert_eq!(
            Command::from_request(&request),
            Err(WireError::Trailing {
                what: "SCAMP command",
                extra: 1
            })
        );
        request.arguments[1] = 300;
        assert!(Command::from_request(&request).is_err());
    }

    proptest! {
        #[test]
        fn what_is_understood_is_encoded_back(
            command in 0u16..40,
            arguments in prop_oneof![
                any::<[u32; 3]>(),
                (0u32..0x0008_0000, 0u32..256, 0u32..8).prop_map(|(a, b, c)| [a, b, c]),
            ],
            data in proptest::collection::vec(any::<u8>(), 0..260),
        ) {
            let request = ScpRequest { command, sequence: 3, arguments, data };
            if let Ok(command) = Command::from_request(&request) {
                prop_assert_eq!(command.to_request(3), request);
            }
        }
    }
}
