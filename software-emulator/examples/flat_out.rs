//! Boots a SpiNN-5 board, starts a loop of loads, multiplications and branches on every core of some chips, and prints how
//! fast it runs: `cargo run --release -p taproot-emulator --example flat_out -- CHIPS THREADS`.

#[path = "../tests/support/mod.rs"]
mod support;

use std::net::Ipv4Addr;
use std::time::Instant;
use support::{HOST, ask, boot, firmware, scp, wait_until_booted};
use taproot_emulator::{CYCLES_PER_SECOND, Datagram, System};
use taproot_spinnaker_chip::Machine;

/// Two nested loops over a buffer in DTCM, with one SDRAM load and one call for every 64 turns.
const LOOP: [u32; 25] = [
    0xe3a0_d501,
    0xe38d_d902,
    0xe3a0_5206,
    0xe3a0_0040,
    0xe3a0_2501,
    0xe592_1000,
    0xe592_3100,
    0xe124_4381,
    0xe006_0391,
    0xe096_71c4,
    0x4247_7005,
    0xe021_1007,
    0xe482_1004,
    0xe1d2_80b2,
    0xe084_4008,
    0xe154_0007,
    0xc1a0_4007,
    0xe250_0001,
    0x1aff_fff1,
    0xe495_9004,
    0xeb00_0000,
    0xeaff_ffec,
    0xe92d_40f0,
    0xe084_4005,
    0xe8bd_80f0,
];
/// Where SCAMP expects an application to start.
const STAGING: u32 = 0x6780_0000;

#[expect(clippy::print_stdout, reason = "this is a program")]
fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|n| n.parse::<usize>().ok());
    let chips = arguments.next().unwrap_or(5);
    let threads = arguments.next().unwrap_or(1);
    let Some(image) = firmware(5) else { return };
    let machine = Machine::spin5();
    let Ok(mut system) = System::new(&machine, &[Ipv4Addr::new(127, 0, 0, 2)], threads) else {
        return;
    };
    boot(&mut system, &image);
    wait_until_booted(&mut system);
    // APLX: copy the code behind these three entries to 0, run it, end.
    let mut aplx: Vec<u32> = vec![2, 0, 48, 4 * LOOP.len() as u32, 4, 0, 0, 0, 0, 0, 0, 0];
    aplx.extend(LOOP);
    let bytes: Vec<u8> = aplx.iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut cores = 0;
    for (xy, chip) in machine.chips().take(chips) {
        let mut write = scp((xy.x, xy.y), 0, 3, 9, [STAGING, bytes.len() as u32, 2]);
        write.extend(&bytes);
        system.send(&Datagram {
            board: 0,
            port: 17893,
            host: HOST,
            data: write,
        });
        system.run_until(system.now() + CYCLES_PER_SECOND / 100);
        let mask = (1 << chip.cores.len()) - 2;
        ask(&mut system, (xy.x, xy.y), 19, [17 << 24 | mask, 0, 0]);
        cores += usize::from(chip.cores.len()) - 1;
    }
    let before = system.statistics().instructions;
    let (from, start) = (system.now(), Instant::now());
    system.run_until(from + CYCLES_PER_SECOND / 10);
    let seconds = start.elapsed().as_secs_f64();
    let instructions = system.statistics().instructions - before;
    println!(
        "{cores} cores, {threads} threads: {:.1} ms emulated in {seconds:.2} s, {:.1} MIPS, {:.2} cycles an instruction",
        (system.now() - from) as f64 * 1e3 / CYCLES_PER_SECOND as f64,
        instructions as f64 / seconds / 1e6,
        (system.now() - from) as f64 * cores as f64 / instructions as f64,
    );
}
