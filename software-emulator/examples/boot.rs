//! Boots a machine with the monitor found in `TAPROOT_FIRMWARE` and prints how fast that was.
//!
//! `cargo run --release -p taproot-emulator --example boot -- spin5 2`

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Instant;
use taproot_emulator::{CYCLES_PER_SECOND, Datagram, System};
use taproot_spinnaker_chip::Machine;

const HOST: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 1), 50_000);

fn boot_datagram(opcode: u32, op1: u32, op3: u32, data: &[u8]) -> Datagram {
    let mut bytes = vec![0, 1];
    for word in [opcode, op1, 0, op3] {
        bytes.extend(word.to_be_bytes());
    }
    for word in data.chunks(4) {
        bytes.extend(word.iter().rev());
    }
    Datagram {
        board: 0,
        port: 54321,
        host: HOST,
        data: bytes,
    }
}

#[expect(clippy::print_stdout, reason = "this is a program")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let machine = match arguments.next().as_deref() {
        Some("spin3") => Machine::spin3(),
        Some("spin5x3") => Machine::triads("spin5x3", 12, 12)?,
        _ => Machine::spin5(),
    };
    let threads = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1);
    let directory = std::env::var("TAPROOT_FIRMWARE")?;
    let mut image = std::fs::read(format!("{directory}/scamp.boot"))?;
    // sv: hardware version, time, boot signature, root chip.
    image[384 + 0x0a] = if machine.width() == 2 { 3 } else { 5 };
    image[384 + 0x40] = 1;
    let addresses: Vec<Ipv4Addr> = (2..)
        .map(|n| Ipv4Addr::new(127, 0, 0, n))
        .take(machine.ethernet_chips().count())
        .collect();
    let mut system = System::new(&machine, &addresses, threads)?;
    let blocks: Vec<&[u8]> = image.chunks(1024).collect();
    system.send(&boot_datagram(1, 0, blocks.len() as u32 - 1, &[]));
    for (n, block) in (0u32..).zip(&blocks) {
        // The ROM computes a block's place from its length, so every block says 256 words, the last one too.
        system.send(&boot_datagram(3, 255 << 8 | n, 0, block));
    }
    system.send(&boot_datagram(5, 1, 0, &[]));
    let start = Instant::now();
    let mut sequence = 0u16;
    for tenth in 1..=80u64 {
        system.run_until(tenth * CYCLES_PER_SECOND / 10);
        if tenth % 5 == 0 {
            let mut data = vec![0, 0, 0x87, 0xff, 0, 0xff, 0, 0, 0, 0];
            data.extend([0, 0]);
            data.extend(sequence.to_le_bytes());
            data.extend([0; 12]);
            sequence += 1;
            system.send(&Datagram {
                board: 0,
                port: 17893,
                host: HOST,
                data,
            });
            system.run_until(system.now() + CYCLES_PER_SECOND / 100);
        }
        if tenth % 5 == 0 {
            let statistics = system.statistics();
            let seconds = start.elapsed().as_secs_f64();
            println!(
                "{:.1} s emulated in {seconds:.2} s, {} M instructions ({:.1} MIPS), {} k windows, {} link packets, {} MB SDRAM",
                system.now() as f64 / CYCLES_PER_SECOND as f64,
                statistics.instructions / 1_000_000,
                statistics.instructions as f64 / seconds / 1e6,
                system.windows() / 1000,
                statistics.link_packets,
                statistics.sdram_bytes >> 20,
            );
        }
        if std::env::var_os("TAPROOT_CORES").is_some() {
            for (xy, chip) in machine.chips() {
                for core in chip.cores.iter() {
                    if let Some(state) = system.core_state(xy, core)
                        && state.running
                        && (core == 0 || tenth % 10 == 0)
                    {
                        println!("  {xy} {core}: {state:x?}");
                    }
                }
            }
        }
        for datagram in system.take_received() {
            let text = String::from_utf8_lossy(datagram.data.get(26..).unwrap_or(&[])).into_owned();
            println!(
                "  {:?} {:02x?} {text}",
                datagram.host,
                &datagram.data[..datagram.data.len().min(26)]
            );
        }
    }
    for report in system.statistics().reports {
        println!("{report:?}");
    }
    println!("state {:016x}", system.state_hash());
    Ok(())
}
