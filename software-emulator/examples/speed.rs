//! Speed and memory of an emulated board, one figure a line: what, value, unit, what it should reach, separated by tabs.
//!
//! `cargo run --release -p taproot-emulator --example speed -- MACHINE THREADS`, where MACHINE is `spin5` or WIDTHxHEIGHT
//! (multiples of 12). The firmware is looked for in the directory that `TAPROOT_FIRMWARE` names. `make bench` runs it.

#[path = "../tests/support/mod.rs"]
mod support;

use std::net::Ipv4Addr;
use std::time::Instant;
use support::monitor::{extra_monitor, load_extra_monitors};
use support::{ask, boot, firmware, word};
use taproot_emulator::{CYCLES_PER_SECOND, System};
use taproot_spinnaker_chip::Machine;

#[expect(clippy::print_stdout, reason = "this is a program")]
fn print(what: &str, value: f64, unit: &str, reach: &str) {
    println!("{what}\t{value:.3}\t{unit}\t{reach}");
}

/// Memory of this process that the operating system has given pages to, in MB, from Linux's `/proc`.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| {
        line.strip_prefix("VmRSS:")?
            .trim()
            .strip_suffix("kB")?
            .trim()
            .parse::<f64>()
            .ok()
    });
    kilobytes.unwrap_or(f64::NAN) * 1024.0 / 1e6
}

/// Emulated seconds a second, over so many emulated seconds.
fn pace(system: &mut System, seconds: f64) -> (f64, f64) {
    let before = system.statistics().instructions;
    let start = Instant::now();
    system.run_until(system.now() + (seconds * CYCLES_PER_SECOND as f64) as u64);
    let wall = start.elapsed().as_secs_f64();
    (
        (seconds / wall),
        (system.statistics().instructions - before) as f64 / seconds / 1e6,
    )
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "spin5".into());
    let threads = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1);
    let machine = match name.split_once('x') {
        Some((width, height)) => Machine::triads(&name, width.parse()?, height.parse()?)?,
        None => Machine::spin5(),
    };
    let boards = machine.ethernet_chips().count();
    let one = boards == 1;
    let (Some(image), Some(program)) = (firmware(5), extra_monitor()) else {
        return Err("no firmware".into());
    };
    let addresses: Vec<Ipv4Addr> = (0..boards)
        .map(|n| Ipv4Addr::new(127, 0, 1, 1 + n as u8))
        .collect();
    let mut system = System::new(&machine, &addresses, threads)?;
    let label = |what: &str| format!("{name}, threads {threads}: {what}");
    boot(&mut system, &image);
    let start = Instant::now();
    // As a host does: it asks for the version until the chip knows its address.
    loop {
        system.run_until(system.now() + CYCLES_PER_SECOND / 20);
        let answer = ask(&mut system, (255, 255), 0, [0; 3]);
        if answer.is_some_and(|answer| word(&answer, 4) >> 16 != 0xffff) {
            break;
        }
        if system.now() > 60 * CYCLES_PER_SECOND {
            return Err("not booted after a minute".into());
        }
    }
    let reach = if one { "at most 4" } else { "" };
    print(&label("boot"), start.elapsed().as_secs_f64(), "s", reach);
    let emulated = system.now() as f64 / CYCLES_PER_SECOND as f64;
    print(&label("boot, emulated time"), emulated, "s", "");
    let instructions = system.statistics().instructions as f64 / 1e6;
    print(&label("boot, instructions"), instructions, "million", "");
    let (booted, _) = pace(&mut system, 1.0);
    print(&label("idle, booted"), booted, "x real time", "");
    print(
        &label("memory, booted"),
        resident(),
        "MB",
        if one { "at most 150" } else { "at most 6000" },
    );
    if one {
        load_extra_monitors(&mut system, &machine, &program);
        let (loaded, rate) = pace(&mut system, 2.0);
        print(
            &label("idle, extra monitor on every chip"),
            loaded,
            "x real time",
            "at least 5",
        );
        print(&label("instructions of that"), rate, "million/s", "");
        print(&label("memory, loaded"), resident(), "MB", "at most 150");
        system.execute_everything();
        let (loaded, _) = pace(&mut system, 0.2);
        print(&label("the same, everything executed"), loaded, "x real time", "");
    }
    Ok(())
}
