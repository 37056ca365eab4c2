//! A host in few lines, written from the protocol's description: boot datagrams and SCP requests.

#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

pub mod monitor;
pub mod rsp;

use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;
use taproot_emulator::{CYCLES_PER_SECOND, Datagram, System};
use taproot_spinnaker_chip::ChipXy;
use taproot_spinnaker_chip::system_ram::{BOOT_PORT, SCP_PORT};

/// Where the host of these tests seems to be.
pub const HOST: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 1), 50_000);

/// The monitor's image, from the directory that `TAPROOT_FIRMWARE` names: as a plain file or in the unpacked SpiNNMan
/// wheel. None, with a notice, if it is not there.
#[expect(clippy::print_stderr, reason = "a skipped test should say so")]
pub fn firmware(hardware_version: u8) -> Option<Vec<u8>> {
    let found = std::env::var_os("TAPROOT_FIRMWARE").and_then(|directory| {
        [
            "scamp.boot",
            "spinnman/messages/spinnaker_boot/boot_data/scamp.boot",
        ]
        .iter()
        .find_map(|path| std::fs::read(PathBuf::from(&directory).join(path)).ok())
    });
    match found {
        Some(mut image) => {
            // What hosts patch into sv: hardware version, time, root chip.
            image[384 + 0x0a] = hardware_version;
            image[384 + 0x1c..384 + 0x20].copy_from_slice(&1_600_000_000u32.to_le_bytes());
            image[384 + 0x40] = 1;
            Some(image)
        }
        None => {
            eprintln!("SKIPPED: TAPROOT_FIRMWARE does not name a directory with scamp.boot");
            None
        }
    }
}

/// The datagrams that boot a machine, in order.
pub fn boot_datagrams(image: &[u8]) -> Vec<Vec<u8>> {
    let datagram = |opcode: u32, op1: u32, op3: u32, data: &[u8]| {
        let mut bytes = vec![0, 1];
        for word in [opcode, op1, 0, op3] {
            bytes.extend(word.to_be_bytes());
        }
        for word in data.chunks(4) {
            bytes.extend(word.iter().rev());
        }
        bytes
    };
    let blocks: Vec<&[u8]> = image.chunks(1024).collect();
    let mut datagrams = vec![datagram(1, 0, blocks.len() as u32 - 1, &[])];
    for (n, block) in (0u32..).zip(&blocks) {
        // The ROM computes a block's place from its length, so every block says 256 words, the last one too.
        datagrams.push(datagram(3, 255 << 8 | n, 0, block));
    }
    datagrams.push(datagram(5, 1, 0, &[]));
    datagrams
}

/// An SCP request as a UDP payload.
pub fn scp(chip: (u8, u8), core: u8, command: u16, sequence: u16, arguments: [u32; 3]) -> Vec<u8> {
    let mut data = vec![0, 0, 0x87, 0xff, core, 0xff, chip.1, chip.0, 0, 0];
    data.extend(command.to_le_bytes());
    data.extend(sequence.to_le_bytes());
    for argument in arguments {
        data.extend(argument.to_le_bytes());
    }
    data
}

/// Sends what boots the machine, all at once.
pub fn boot(system: &mut System, image: &[u8]) {
    for data in boot_datagrams(image) {
        assert!(system.send(&Datagram {
            board: 0,
            port: BOOT_PORT,
            host: HOST,
            data
        }));
    }
}

/// Asks a monitor and returns its answer from the return code on.
pub fn ask(system: &mut System, chip: (u8, u8), command: u16, arguments: [u32; 3]) -> Option<Vec<u8>> {
    let data = scp(chip, 0, command, 7, arguments);
    system.send(&Datagram {
        board: 0,
        port: SCP_PORT,
        host: HOST,
        data,
    });
    let deadline = system.now() + CYCLES_PER_SECOND;
    while system.now() < deadline {
        system.step(deadline);
        if let Some(answer) = system.take_received().pop() {
            return Some(answer.data[10..].to_vec());
        }
    }
    None
}

/// Runs until the monitor at (0,0) knows its address; returns how long that took, in emulated seconds.
pub fn wait_until_booted(system: &mut System) -> f64 {
    loop {
        system.run_until(system.now() + CYCLES_PER_SECOND / 10);
        let seconds = system.now() as f64 / CYCLES_PER_SECOND as f64;
        assert!(seconds < 10.0, "not booted after ten emulated seconds");
        if let Some(answer) = ask(system, (255, 255), 0, [0; 3])
            && word(&answer, 4) >> 16 != 0xffff
        {
            return seconds;
        }
    }
}

/// A little-endian word.
pub fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// What `CMD_INFO` says of a chip: working cores and live links.
pub fn info(system: &mut System, xy: ChipXy) -> Option<(u8, u8)> {
    let answer = ask(system, (xy.x, xy.y), 31, [0x5f, 0, 0])?;
    assert_eq!(word(&answer, 0) & 0xffff, 0x80, "the chip answers OK");
    let flags = word(&answer, 4);
    Some(((flags & 31) as u8, (flags >> 8 & 63) as u8))
}
