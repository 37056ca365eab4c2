//! Oracles of the wire formats.

use super::{Oracle, Verdict};
use taproot_spinnaker::{
    RoutingEntry,
    wire::{
        aplx::{Aplx, AplxBlock},
        boot::{self, BootPacket, BootValues},
        command::{Command, Launch, Unit},
        control::Control,
        data_table::{DataTable, RegionEntry},
        eieio::Eieio,
        iobuf::{self, BlockHeader},
        recording,
        reply::{ChipInfo, VersionReply},
        router,
        scp::{ReturnCode, ScpReply, ScpRequest},
        sdp::{Sdp, SdpAddress},
        state::{CoreState, Signal},
        sv::SystemVariables,
        vcpu::Vcpu,
    },
};
use taproot_spinnaker_chip::{Board, ChipXy, CoreSet, Link};

const TRIES: u32 = 20_000;

/// SDP inside UDP: encoding gives back everything but the padding.
pub(super) const SDP: Oracle = Oracle {
    name: "sdp",
    check: |bytes| {
        let decoded = Sdp::from_udp(bytes);
        if let Ok(message) = &decoded {
            assert_eq!(
                message.to_udp()[2..],
                bytes[2..],
                "the encoder of SDP is the inverse of its decoder"
            );
            assert!(!message.destination.to_string().is_empty());
        }
        (&decoded).into()
    },
    seeds: || {
        let request = Command::Info.to_request(3).to_bytes();
        vec![
            Sdp::from_host(
                SdpAddress::monitor(ChipXy::new(1, 2)),
                Sdp::REPLY_EXPECTED,
                request,
            )
            .to_udp(),
        ]
    },
    tries: TRIES,
};

/// SCP requests: encoding gives back the bytes.
pub(super) const SCP_REQUEST: Oracle = Oracle {
    name: "scp_request",
    check: |bytes| {
        let decoded = ScpRequest::from_bytes(bytes);
        if let Ok(request) = &decoded {
            assert_eq!(
                request.to_bytes(),
                bytes,
                "the encoder of SCP requests is the inverse"
            );
        }
        (&decoded).into()
    },
    seeds: requests,
    tries: TRIES,
};

/// SCP replies: encoding gives back the bytes, and every return code has a text.
pub(super) const SCP_REPLY: Oracle = Oracle {
    name: "scp_reply",
    check: |bytes| {
        let decoded = ScpReply::from_bytes(bytes);
        if let Ok(reply) = &decoded {
            assert_eq!(
                reply.to_bytes(),
                bytes,
                "the encoder of SCP replies is the inverse"
            );
            assert_eq!(reply.word().is_ok(), bytes.len() >= 8, "a word needs four bytes");
            assert!(!reply.code.to_string().is_empty());
        }
        (&decoded).into()
    },
    seeds: || {
        [0x80, 0x8d]
            .map(|code| {
                let body = vec![1, 2, 3, 4];
                let code = ReturnCode::from_number(code);
                ScpReply {
                    code,
                    sequence: 7,
                    body,
                }
                .to_bytes()
            })
            .to_vec()
    },
    tries: TRIES,
};

/// SCAMP's commands: encoding gives back the request.
pub(super) const COMMAND: Oracle = Oracle {
    name: "command",
    check: |bytes| {
        let Ok(request) = ScpRequest::from_bytes(bytes) else {
            return Verdict::Refused;
        };
        let decoded = Command::from_request(&request);
        if let Ok(command) = &decoded {
            assert_eq!(
                command.to_request(request.sequence),
                request,
                "the encoder of commands is the inverse of their decoder"
            );
            assert!(command.to_string().starts_with(command.name()));
        }
        (&decoded).into()
    },
    seeds: requests,
    tries: 4 * TRIES,
};

/// Commands to applications: encoding gives back the request.
pub(super) const CONTROL: Oracle = Oracle {
    name: "control",
    check: |bytes| {
        let Ok(request) = ScpRequest::from_bytes(bytes) else {
            return Verdict::Refused;
        };
        let decoded = Control::from_request(&request);
        if let Ok(control) = &decoded {
            assert_eq!(
                control.to_request(request.sequence),
                request,
                "the encoder of control commands is the inverse of their decoder"
            );
        }
        (&decoded).into()
    },
    seeds: || {
        let run = Control::RunTime {
            until: 1000,
            infinite: false,
            from: 10,
            sync_interval: 0,
        };
        [
            run,
            Control::Stop,
            Control::ProvenanceAndExit,
            Control::ClearIobuf,
            Control::Pause,
            Control::CurrentStep,
        ]
        .map(|control| control.to_request(5).to_bytes())
        .to_vec()
    },
    tries: TRIES,
};

/// EIEIO, events and commands: encoding gives back the bytes, and no message claims more events than it has bytes for.
pub(super) const EIEIO: Oracle = Oracle {
    name: "eieio",
    check: |bytes| {
        let decoded = Eieio::from_bytes(bytes);
        if let Ok(message) = &decoded {
            let encoded = message.to_bytes().expect("what was decoded can be encoded");
            assert_eq!(
                encoded, bytes,
                "the encoder of EIEIO is the inverse of its decoder"
            );
            if let Eieio::Events(events) = message {
                for event in &events.events {
                    events.key(event);
                }
            }
        }
        (&decoded).into()
    },
    // Plain 32-bit keys; 16-bit keys with payloads behind both prefixes; a command.
    seeds: || {
        vec![
            vec![2, 0x08, 1, 0, 0, 0, 2, 0, 0, 0],
            vec![1, 0xe4, 7, 0, 9, 0, 1, 0, 5, 0],
            vec![0x06, 0x40, 1, 2, 3, 4, 5, 6, 7, 8],
        ]
    },
    tries: 2 * TRIES,
};

/// Boot packets: encoding gives back the bytes.
pub(super) const BOOT_PACKET: Oracle = Oracle {
    name: "boot_packet",
    check: |bytes| {
        let decoded = BootPacket::from_udp(bytes);
        if let Ok(packet) = &decoded {
            assert_eq!(
                packet.to_udp(),
                bytes,
                "the encoder of boot packets is the inverse of their decoder"
            );
        }
        // The same bytes as a boot image: refused by its size, or cut into packets that carry all of it.
        if let Ok(packets) = boot::packets(bytes, BootValues::for_board(Board::Spin5, 1)) {
            assert_eq!(
                packets.len(),
                2 + bytes.len().div_ceil(4 * boot::BLOCK_WORDS),
                "an image is sent as start, blocks and go"
            );
        }
        (&decoded).into()
    },
    seeds: || {
        let mut seeds = vec![
            BootPacket::Start { blocks: 28 }.to_udp(),
            BootPacket::Execute { address: 0 }.to_udp(),
        ];
        for words in [1, 3, 256] {
            let words = (0..words).collect();
            seeds.push(BootPacket::Block { index: 2, words }.to_udp());
        }
        seeds
    },
    tries: TRIES,
};

/// Application images: what is accepted writes only program memory, from within the file, and starts once.
pub(super) const APLX: Oracle = Oracle {
    name: "aplx",
    check: |file| {
        let parsed = Aplx::parse(file);
        if let Ok(aplx) = &parsed {
            assert!(16 * aplx.blocks.len() <= file.len(), "blocks come from the file");
            let (last, others) = aplx.blocks.split_last().expect("an image starts something");
            assert!(
                matches!(last, AplxBlock::Execute { .. }),
                "an image ends with a start"
            );
            for (number, block) in others.iter().enumerate() {
                let (to, bytes) = match *block {
                    AplxBlock::Copy { to, bytes, .. } | AplxBlock::Fill { to, bytes, .. } => (to, bytes),
                    AplxBlock::CopyImage { to, offset, bytes } => {
                        let end = 16 * number as u64 + u64::from(offset) + u64::from(bytes);
                        assert!(end <= file.len() as u64, "copies stay within the file");
                        (to, bytes)
                    }
                    AplxBlock::Execute { .. } => panic!("an image starts once"),
                };
                let end = u64::from(to) + u64::from(bytes);
                let in_data = (0x0040_0000..=0x0041_0000).contains(&to) && end <= 0x0041_0000;
                assert!(end <= 0x7f00 || in_data, "an image stays within program memory");
            }
            let (code, data) = (aplx.code_bytes(), aplx.data_bytes());
            assert!(others.is_empty() || u64::from(code) + u64::from(data) <= 0x1_0000 * others.len() as u64);
        }
        (&parsed).into()
    },
    seeds: || {
        let words = |words: &[u32]| {
            words
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .collect::<Vec<u8>>()
        };
        let mut image = words(&[
            2,
            0,
            64,
            8,
            2,
            0x0040_0000,
            56,
            4,
            3,
            0x0040_0100,
            64,
            0,
            1,
            0x100,
            0,
            16,
            4,
            0,
            0,
            0,
        ]);
        image.extend([0xaa; 16]);
        vec![image, words(&[4, 0, 0, 0])]
    },
    tries: TRIES,
};

/// Tables of contents: encoding gives back the bytes.
pub(super) const DATA_TABLE: Oracle = Oracle {
    name: "data_table",
    check: |bytes| {
        let decoded = DataTable::from_bytes(bytes);
        if let Ok(table) = &decoded {
            assert_eq!(
                table.to_bytes(),
                bytes,
                "the encoder of data tables is the inverse of their decoder"
            );
        }
        RegionEntry::of(0, bytes);
        (&decoded).into()
    },
    seeds: || {
        let mut table = DataTable::default();
        table.regions[3] = RegionEntry::of(0x6000_0000, &[1, 2, 3, 4, 5]);
        vec![table.to_bytes()]
    },
    tries: TRIES,
};

/// IOBUF: block headers round, and lines that are no longer than the text.
pub(super) const IOBUF: Oracle = Oracle {
    name: "iobuf",
    check: |bytes| {
        let header = BlockHeader::from_bytes(bytes);
        if let Ok(header) = &header {
            assert_eq!(
                header.to_bytes(),
                bytes[..16],
                "the encoder of block headers is the inverse"
            );
        }
        let lines = iobuf::lines(bytes);
        assert!(
            lines.len() <= bytes.len(),
            "a line has at least one character or end"
        );
        for line in &lines {
            // Each byte may become a replacement character, and each separator a comma and a blank.
            let text = line.to_string();
            assert!(
                text.len() <= 3 * bytes.len() + 64,
                "a line is no longer than the text"
            );
            assert!(!text.contains('\n'), "a line is one line");
        }
        (&header).into()
    },
    seeds: || {
        let mut block = vec![0, 0, 0, 0x60, 1, 2, 3, 4, 5, 0, 0, 0, 12, 0, 0, 0];
        block.extend(b"4711\x1e10\x1e2\nhello\r\n");
        vec![block, b"12\x1eff\n\xff\xfe\n".to_vec()]
    },
    tries: TRIES,
};

/// `vcpu` blocks: encoding gives back the bytes.
pub(super) const VCPU: Oracle = Oracle {
    name: "vcpu",
    check: |bytes| {
        let decoded = Vcpu::from_bytes(bytes);
        if let Ok(vcpu) = &decoded {
            assert_eq!(
                vcpu.to_bytes(),
                bytes,
                "the encoder of vcpu is the inverse of its decoder"
            );
            // A name of 16 bytes, each of which may become a replacement character.
            assert!(vcpu.name().len() <= 48, "a name has at most 16 characters");
            assert!(!vcpu.state.to_string().is_empty() && !vcpu.runtime_error.to_string().is_empty());
        }
        (&decoded).into()
    },
    seeds: || vec![(0..128).collect(), vec![0; 128]],
    tries: TRIES,
};

/// The `sv` structure: encoding gives back the bytes.
pub(super) const SV: Oracle = Oracle {
    name: "sv",
    check: |bytes| {
        let decoded = SystemVariables::from_bytes(bytes);
        if let Ok(sv) = &decoded {
            assert_eq!(
                sv.to_bytes(),
                bytes,
                "the encoder of sv is the inverse of its decoder"
            );
        }
        (&decoded).into()
    },
    seeds: || vec![vec![0; 256], (0..=255).map(|byte| byte / 64).collect()],
    tries: TRIES,
};

/// Headers of recording regions: encoding gives back the bytes that were looked at.
pub(super) const RECORDING_REGION: Oracle = Oracle {
    name: "recording_region",
    check: |bytes| {
        let decoded = recording::channels(bytes);
        if let Ok(channels) = &decoded {
            let encoded = recording::to_bytes(channels);
            assert_eq!(
                encoded.len() as u32,
                recording::header_bytes(channels.len() as u32),
                "the length of a header follows from its channels"
            );
            assert_eq!(
                encoded,
                bytes[..encoded.len()],
                "the encoder of channels is the inverse"
            );
        }
        (&decoded).into()
    },
    seeds: || {
        let words = [2u32, 100, 40, 0x6000_0000, 8, 0x8000_0004, 0x6000_1000];
        vec![words.iter().flat_map(|word| word.to_le_bytes()).collect()]
    },
    tries: TRIES,
};

/// Routing tables and P2P columns: entries come back, but for the word that is SCAMP's own.
pub(super) const ROUTING_TABLE: Oracle = Oracle {
    name: "routing_table",
    check: |bytes| {
        let decoded = router::table_from_bytes(bytes);
        if let Ok(entries) = &decoded {
            assert_eq!(16 * entries.len(), bytes.len(), "an entry takes 16 bytes");
            let encoded = router::table_to_bytes(entries);
            assert_eq!(
                router::table_from_bytes(&encoded).as_ref(),
                Ok(entries),
                "the decoder of tables is the inverse of their encoder"
            );
        }
        let height = bytes.len() as u8;
        if let Ok(column) = router::p2p_column(3, height, bytes) {
            assert_eq!(
                column.len(),
                usize::from(height),
                "a column has one route per chip"
            );
        }
        (&decoded).into()
    },
    seeds: || {
        let entry = |key| RoutingEntry {
            key,
            mask: 0xffff_ff00,
            route: 0x41,
        };
        vec![router::table_to_bytes(&[
            entry(0x100),
            entry(0x200),
            entry(0x300),
        ])]
    },
    tries: TRIES,
};

/// What SCAMP answers to VER: decoding what was encoded gives the same reply.
pub(super) const VERSION_REPLY: Oracle = Oracle {
    name: "version_reply",
    check: |bytes| {
        let decoded = VersionReply::from_body(bytes);
        if let Ok(reply) = &decoded {
            assert_eq!(
                VersionReply::from_body(&reply.to_body()).as_ref(),
                Ok(reply),
                "the decoder of VER replies is the inverse of their encoder"
            );
        }
        (&decoded).into()
    },
    seeds: || {
        let mut body = vec![0, 0, 0, 0, 0, 1, 0xff, 0xff, 1, 2, 3, 4];
        body.extend(b"SC&MP/SpiNNaker\x004.0.0\0");
        vec![body]
    },
    tries: TRIES,
};

/// What SCAMP answers to INFO: encoding gives back the bytes.
pub(super) const CHIP_INFO: Oracle = Oracle {
    name: "chip_info",
    check: |bytes| {
        let decoded = ChipInfo::from_body(bytes);
        if let Ok(info) = &decoded {
            assert_eq!(
                info.to_body(),
                bytes,
                "the encoder of INFO replies is the inverse"
            );
        }
        (&decoded).into()
    },
    seeds: || {
        let mut body = vec![18, 0x3f, 0xff, 0x02, 0, 0, 0, 7, 0, 0x40, 0, 0];
        body.extend([15; 18]);
        body.extend([0, 0, 127, 0, 0, 2]);
        let mut longer = body.clone();
        longer.extend([3, 0]);
        vec![body, longer]
    },
    tries: TRIES,
};

/// One request of every kind.
fn requests() -> Vec<Vec<u8>> {
    let launch = Launch {
        application: 30,
        wait: true,
        cores: CoreSet::from_bits(0x1fffe),
    };
    let commands = [
        Command::Version,
        Command::Read {
            address: 0x6000_0000,
            length: 256,
            unit: Unit::Word,
        },
        Command::Write {
            address: 0x6000_0000,
            unit: Unit::Byte,
            data: vec![1, 2, 3],
        },
        Command::Fill {
            address: 0x6000_0000,
            word: 5,
            bytes: 64,
        },
        Command::Count {
            application: 30,
            state: CoreState::Running,
        },
        Command::LinkRead {
            address: 0x6000_0000,
            length: 4,
            link: Link::North,
        },
        Command::LinkWrite {
            address: 0x6000_0000,
            link: Link::South,
            data: vec![0; 8],
        },
        Command::ApplicationRun(launch),
        Command::ApplicationCopyRun {
            link: Link::East,
            bytes: 1000,
            checksum: 7,
            launch,
        },
        Command::ApplicationStart {
            address: 0x6000_0000,
            launch,
        },
        Command::NearestNeighbour {
            key: 1,
            payload: 2,
            forward: 3,
        },
        Command::Signal {
            signal: Signal::Sync0,
            application: 30,
        },
        Command::Led(3),
        Command::RouterClear,
        Command::RouterLoad {
            application: 30,
            entries: 12,
            address: 0x6000_0000,
            base: 1,
        },
        Command::Info,
        Command::Sync { enable: true },
    ];
    let mut requests: Vec<Vec<u8>> = commands
        .iter()
        .map(|command| command.to_request(9).to_bytes())
        .collect();
    // IP tags and allocations by the numbers of their operations (`spinnaker_tools: include/sark.h`).
    for (command, operations) in [(26u16, 1..=4u32), (28, 0..=7)] {
        for operation in operations {
            let one = if command == 26 {
                operation << 16 | 2
            } else {
                30 << 8 | operation
            };
            let arguments = [one, u32::from(operation == 2 || operation == 5), 0];
            let request = ScpRequest {
                command,
                sequence: 1,
                arguments,
                data: Vec::new(),
            };
            requests.push(request.to_bytes());
        }
    }
    requests
}
