//! Loads sPyNNaker's extra monitor, which takes a timer interrupt every 10 us.

use super::{HOST, ask, scp};
use std::path::PathBuf;
use taproot_emulator::{CYCLES_PER_SECOND, Datagram, System};
use taproot_spinnaker_chip::system_ram::SCP_PORT;
use taproot_spinnaker_chip::{ChipXy, Machine};

/// Where SCAMP expects an application to start.
const STAGING: u32 = 0x6780_0000;
/// Free SDRAM for its configuration.
const REGIONS: u32 = 0x6100_0000;
/// The word in which a core of this virtual number finds its configuration: `user0` of its `vcpu`.
const USER_0: u32 = 0xe500_7000 + 128 * CORE + 0x70;
/// Its virtual core.
const CORE: u32 = 1;

/// The program, from the directory that `TAPROOT_FIRMWARE` names; none if it is not there.
pub fn extra_monitor() -> Option<Vec<u8>> {
    let directory = std::env::var_os("TAPROOT_FIRMWARE")?;
    let bytes = std::fs::read(PathBuf::from(directory).join("extra_monitor_support.aplx")).ok();
    #[expect(clippy::print_stderr, reason = "a skipped test should say so")]
    if bytes.is_none() {
        eprintln!("SKIPPED: TAPROOT_FIRMWARE has no extra_monitor_support.aplx");
    }
    bytes
}

/// Writes to a chip's memory by way of its monitor, which answers.
pub fn write(system: &mut System, xy: ChipXy, address: u32, bytes: &[u8]) {
    for (block, at) in bytes.chunks(256).zip((address..).step_by(256)) {
        let mut data = scp((xy.x, xy.y), 0, 3, 9, [at, block.len() as u32, 2]);
        data.extend(block);
        let sent = system.send(&Datagram {
            board: 0,
            port: SCP_PORT,
            host: HOST,
            data,
        });
        assert!(sent);
        let deadline = system.now() + CYCLES_PER_SECOND;
        while !system.has_received() {
            assert!(system.now() < deadline, "the monitor of {xy} answers");
            system.step(deadline);
        }
        system.take_received();
    }
}

/// Starts the program on virtual core 1 of every chip, and waits until all run.
pub fn load_extra_monitors(system: &mut System, machine: &Machine, program: &[u8]) {
    // A table of 32 regions of three words behind two words of identification (`SpiNNFrontEndCommon: data_specification.h`),
    // all of them the same kilobyte of zeros: reinject everything, keys 0, no system routes.
    let mut regions = vec![0xad13_0ad6u32, 0x0001_0000];
    for _ in 0..32 {
        regions.extend([REGIONS + 0x400, 0, 0]);
    }
    let regions: Vec<u8> = regions.iter().flat_map(|word| word.to_le_bytes()).collect();
    for (xy, _) in machine.chips() {
        write(system, xy, STAGING, program);
        write(system, xy, REGIONS, &regions);
        // Flag 1: wait for a signal before running.
        ask(system, (xy.x, xy.y), 19, [16 << 24 | 1 << 18 | 1 << CORE, 0, 0]);
        write(system, xy, USER_0, &REGIONS.to_le_bytes());
    }
    // The last of them are still being copied.
    system.run_until(system.now() + CYCLES_PER_SECOND / 50);
    // Signal START to application 16, as a multicast packet from the root.
    ask(system, (0, 0), 22, [0, 3 << 16 | 0xff << 8 | 16, 0xffff]);
    system.run_until(system.now() + CYCLES_PER_SECOND / 50);
}
