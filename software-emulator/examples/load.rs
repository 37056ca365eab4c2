//! Boots a SpiNN-5 with the monitor found in `TAPROOT_FIRMWARE` and prints how fast it takes data for near and far chips.
//!
//! `cargo run --release -p taproot-emulator --example load -- 1 4`: threads, and requests outstanding.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Instant;
use taproot_emulator::{CYCLES_PER_SECOND, Datagram, System};
use taproot_spinnaker_chip::Machine;

const HOST: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 1), 50_000);
/// Largest SCP data.
const BLOCK: u32 = 256;
/// Written in each experiment.
const BYTES: u32 = 256 * 1024;
/// Free SDRAM.
const TO: u32 = 0x6100_0000;

fn boot_datagram(opcode: u32, op1: u32, op3: u32, data: &[u8]) -> Datagram {
    let mut bytes = vec![0, 1];
    for word in [opcode, op1, 0, op3] {
        bytes.extend(word.to_be_bytes());
    }
    for word in data.chunks(4) {
        bytes.extend(word.iter().rev());
    }
    datagram(54321, bytes)
}

fn datagram(port: u16, data: Vec<u8>) -> Datagram {
    Datagram {
        board: 0,
        port,
        host: HOST,
        data,
    }
}

fn write(chip: (u8, u8), sequence: u16, address: u32) -> Datagram {
    let mut data = vec![0, 0, 0x87, 0xff, 0, 0xff, chip.1, chip.0, 0, 0, 3, 0];
    data.extend(sequence.to_le_bytes());
    for argument in [address, BLOCK, 2] {
        data.extend(argument.to_le_bytes());
    }
    data.extend((0..BLOCK).map(|n| (n ^ address >> 8) as u8));
    datagram(17893, data)
}

#[expect(clippy::print_stdout, reason = "this is a program")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let threads = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1);
    let outstanding: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(4);
    let directory = std::env::var("TAPROOT_FIRMWARE")?;
    let mut image = std::fs::read(format!("{directory}/scamp.boot"))?;
    // sv: hardware version, boot signature, root chip.
    image[384 + 0x0a] = 5;
    image[384 + 0x40] = 1;
    let mut system = System::new(&Machine::spin5(), &[Ipv4Addr::new(127, 0, 0, 2)], threads)?;
    let blocks: Vec<&[u8]> = image.chunks(1024).collect();
    system.send(&boot_datagram(1, 0, blocks.len() as u32 - 1, &[]));
    for (n, block) in (0u32..).zip(&blocks) {
        // The ROM computes a block's place from its length, so every block says 256 words, the last one too.
        system.send(&boot_datagram(3, 255 << 8 | n, 0, block));
    }
    system.send(&boot_datagram(5, 1, 0, &[]));
    let start = Instant::now();
    system.run_until(9 * CYCLES_PER_SECOND / 2);
    println!(
        "boot: {:.2} s, state {:016x}",
        start.elapsed().as_secs_f64(),
        system.state_hash()
    );
    for chips in [
        &[(0u8, 0u8)][..],
        &[(1, 0)],
        &[(7, 7)],
        &[(1, 0), (0, 1)],
        &[(0, 0), (1, 0), (0, 1)],
        &[(1, 0), (0, 1), (1, 1), (2, 1), (7, 7)],
    ] {
        let (before, windows) = (system.statistics(), system.windows());
        let start = Instant::now();
        let total = BYTES / BLOCK;
        let mut waiting = Vec::new();
        let (mut sent, mut done, mut repeated) = (0, 0, 0);
        while done < total {
            while waiting.len() < outstanding && sent < total {
                let chip = chips[sent as usize % chips.len()];
                let request = write(chip, sent as u16, TO + sent * BLOCK);
                system.send(&request);
                waiting.push((sent as u16, system.now(), request));
                sent += 1;
            }
            system.step(system.now() + CYCLES_PER_SECOND / 1000);
            for answer in system.take_received() {
                let sequence = u16::from_le_bytes([answer.data[12], answer.data[13]]);
                let ok = answer.data[10] == 0x80;
                if let Some(place) = waiting.iter().position(|(number, ..)| *number == sequence && ok) {
                    waiting.remove(place);
                    done += 1;
                }
            }
            let now = system.now();
            for (_, at, request) in &mut waiting {
                if now > *at + CYCLES_PER_SECOND / 10 {
                    *at = now;
                    repeated += 1;
                    system.send(request);
                }
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        let after = system.statistics();
        let emulated = (after.cycles - before.cycles) as f64 / CYCLES_PER_SECOND as f64;
        println!(
            "{chips:?}: {:.3} MB a second, {:.3} MB an emulated second; per byte {:.1} instructions, {:.2} windows, {:.2} link packets; {repeated} repeated",
            f64::from(BYTES) / seconds / 1e6,
            f64::from(BYTES) / emulated / 1e6,
            (after.instructions - before.instructions) as f64 / f64::from(BYTES),
            (system.windows() - windows) as f64 / f64::from(BYTES),
            (after.link_packets - before.link_packets) as f64 / f64::from(BYTES),
        );
    }
    println!("state {:016x}", system.state_hash());
    Ok(())
}
