//! Oracles of the emulated machine: datagrams, boot packets and whatever a program does to the registers.

use super::{Oracle, Verdict};
use arbitrary::{Arbitrary, Unstructured};
use std::net::{Ipv4Addr, SocketAddrV4};
use taproot_emulator::{Datagram, System};
use taproot_spinnaker::wire::{boot::BootPacket, command::Command, sdp::Sdp, sdp::SdpAddress};
use taproot_spinnaker_chip::{
    ChipXy, Machine,
    memory_map::{
        DTCM_BASE, ETHERNET_BASE, ROUTER_BASE, SDRAM_BASE, SYSTEM_CONTROLLER_BASE, SYSTEM_RAM_BASE,
    },
    system_ram::{BOOT_PORT, SCP_PORT},
};

/// Longer than the boot ROM takes to copy an image, in cycles.
const IMAGE_COPY: u64 = 30_000;

/// Two chips, switched on.
fn machine(threads: usize) -> System {
    let machine = Machine::grid("two chips", 2, 1, false).expect("two chips are a machine");
    System::new(&machine, &[Ipv4Addr::new(127, 0, 0, 2)], threads).expect("two chips can be emulated")
}

/// What happens to a machine from outside.
enum Act {
    Send(Datagram),
    Wait(u64),
}

fn datagram(port: u16, data: Vec<u8>) -> Act {
    Act::Send(Datagram {
        board: 0,
        port,
        host: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 50_000),
        data,
    })
}

fn act(input: &mut Unstructured<'_>) -> arbitrary::Result<Act> {
    let packet = |packet: BootPacket| datagram(BOOT_PORT, packet.to_udp());
    Ok(match input.int_in_range(0..=6)? {
        0 => {
            let port = *input.choose(&[BOOT_PORT, SCP_PORT, 0, 17894])?;
            let length = usize::from(u16::arbitrary(input)? % 1600);
            let data = input.bytes(length.min(input.len()))?.to_vec();
            Act::Send(Datagram {
                board: usize::from(bool::arbitrary(input)?),
                port,
                host: SocketAddrV4::new(u32::arbitrary(input)?.into(), u16::arbitrary(input)?),
                data,
            })
        }
        1 => packet(BootPacket::Start {
            blocks: u16::arbitrary(input)? % 4 + 1,
        }),
        2 => {
            let index = u8::arbitrary(input)? % 4;
            let length = usize::from(u8::arbitrary(input)?) + 1;
            let some = <[u32; 4]>::arbitrary(input)?;
            let words = some.into_iter().cycle().take(length).collect();
            packet(BootPacket::Block { index, words })
        }
        3 => packet(BootPacket::Execute {
            address: u32::from(u16::arbitrary(input)?),
        }),
        4 => {
            let request = Command::Led(u32::arbitrary(input)?).to_request(1).to_bytes();
            datagram(
                SCP_PORT,
                Sdp::from_host(
                    SdpAddress::monitor(ChipXy::new(0, 0)),
                    Sdp::REPLY_EXPECTED,
                    request,
                )
                .to_udp(),
            )
        }
        _ => Act::Wait(u64::from(u16::arbitrary(input)? % 12_000)),
    })
}

fn perform(system: &mut System, acts: &[Act]) -> usize {
    let mut answers = 0;
    for act in acts {
        match act {
            Act::Send(datagram) => {
                system.send(datagram);
            }
            Act::Wait(cycles) => system.run_until(system.now() + cycles),
        }
        answers += system.take_received().len();
    }
    answers
}

/// Datagrams and boot packets, whole and broken, at any time, and random programs: the machine goes on, and does the
/// same with two threads.
pub(super) const BOARD: Oracle = Oracle {
    name: "board",
    check: |bytes| {
        let mut input = Unstructured::new(bytes);
        let mut acts = Vec::new();
        while !input.is_empty() && acts.len() < 24 {
            match act(&mut input) {
                Ok(act) => acts.push(act),
                Err(_) => break,
            }
        }
        acts.push(Act::Wait(IMAGE_COPY + 4096));
        let (mut one, mut two) = (machine(1), machine(2));
        let answers = perform(&mut one, &acts);
        assert_eq!(
            answers,
            perform(&mut two, &acts),
            "answers do not depend on threads"
        );
        assert_eq!(
            one.state_hash(),
            two.state_hash(),
            "a run is a function of its inputs"
        );
        verdict(&one)
    },
    seeds: || {
        // Start, one block of a branch to itself, go; then time and a command.
        let mut boot = vec![1, 0, 0, 2, 0, 3];
        boot.extend(0xeaff_fffeu32.to_le_bytes().repeat(4));
        boot.extend([3, 0, 0, 5, 0, 8, 4, 3, 0, 0, 0, 5, 0, 16]);
        vec![boot, vec![0, 0, 200, 0, 1, 2, 3, 4, 5, 6, 7, 8]]
    },
    tries: 500,
};

/// Whether any program ran.
fn verdict(system: &System) -> Verdict {
    if system.statistics().instructions > 100 {
        Verdict::Accepted
    } else {
        Verdict::Refused
    }
}

/// Where the registers and memories of a chip are (data sheet 2.02, section 3), and places where nothing is.
const PLACES: [u32; 16] = [
    0x0000_1000,
    DTCM_BASE,
    0x1000_0000,
    0x1f00_0000,
    0x2100_0000,
    0x1100_0000,
    0x3000_0000,
    0x4000_0000,
    SDRAM_BASE,
    0xe000_0000,
    ROUTER_BASE,
    ROUTER_BASE + 0x8000,
    SYSTEM_CONTROLLER_BASE,
    0xe300_0000,
    ETHERNET_BASE,
    SYSTEM_RAM_BASE,
];

/// A program that performs the accesses of the table behind it: three words each, kind, address and value.
const PROGRAM: [u32; 11] = [
    0xe28f_0024, // add r0, pc, #36
    0xe8b0_000e, // ldmia r0!, {r1, r2, r3}
    0xe351_0000, // cmp r1, #0
    0x0582_3000, // streq r3, [r2]
    0xe351_0001, // cmp r1, #1
    0x0592_3000, // ldreq r3, [r2]
    0xe351_0002, // cmp r1, #2
    0x05c2_3000, // strbeq r3, [r2]
    0xe351_0003, // cmp r1, #3
    0x01c2_30b0, // strheq r3, [r2]
    0xeaff_fff5, // b to the ldmia
];
const ACCESSES: usize = 80;

/// Accesses of any width to registers and memories, by a program of the monitor: the machine goes on. Eight bytes are one
/// access: kind, place, offset and value.
pub(super) const REGISTERS: Oracle = Oracle {
    name: "registers",
    check: |bytes| {
        let mut words = PROGRAM.to_vec();
        for access in bytes.chunks_exact(8).take(ACCESSES) {
            let place = PLACES[usize::from(access[1]) % PLACES.len()];
            let offset = u32::from(u16::from_le_bytes([access[2], access[3]]));
            let value = u32::from_le_bytes([access[4], access[5], access[6], access[7]]);
            words.extend([u32::from(access[0] & 3), place + (offset & !3), value]);
        }
        // In the end, wait for ever: an access of kind 4 does nothing.
        words.resize(512, 4);
        let mut system = machine(1);
        let mut packets = vec![BootPacket::Start { blocks: 2 }];
        packets.extend(
            (0..)
                .zip(words.chunks(256))
                .map(|(index, words)| BootPacket::Block {
                    index,
                    words: words.to_vec(),
                }),
        );
        packets.push(BootPacket::Execute { address: 0 });
        for packet in packets {
            let Act::Send(datagram) = datagram(BOOT_PORT, packet.to_udp()) else {
                continue;
            };
            assert!(system.send(&datagram), "the boot ROM takes boot packets");
        }
        system.run_until(system.now() + IMAGE_COPY + 20_000);
        system.take_received();
        // What comes by Ethernet meets whatever state the program has left.
        if let Act::Send(datagram) = datagram(SCP_PORT, bytes.iter().copied().take(300).collect()) {
            system.send(&datagram);
        }
        system.run_until(system.now() + 5_000);
        verdict(&system)
    },
    seeds: || {
        let all = (0..16u8).flat_map(|place| [1, place, 0, 0, 0, 0, 0, 0]).collect();
        let stores = (0..64u8)
            .flat_map(|n| [n & 3, n / 4, n.wrapping_mul(36), 0, 1, 0, 0, 0x80])
            .collect();
        // Transmit a frame: its length and the command that sends it.
        let ethernet = [(0x08u16, 60u32), (0x04, 0x40), (0x04, 0x80), (0x04, 0xff)]
            .iter()
            .flat_map(|(offset, value)| {
                let [low, high] = offset.to_le_bytes();
                [&[0, 14, low, high][..], &value.to_le_bytes()].concat()
            })
            .collect();
        vec![all, stores, ethernet]
    },
    tries: 2_000,
};
