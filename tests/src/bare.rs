//! Bare programs on the cores of a booted machine, real or emulated: memory for them, a start, and what they leave behind.

use std::time::{Duration, Instant};
use taproot_host::{Host, HostError};
use taproot_spinnaker::wire::{
    command::{Allocation, Command, Launch},
    state::Signal,
};
use taproot_spinnaker_chip::memory_map::ROUTER_BASE;
use taproot_spinnaker_chip::system_ram::{SV_BASE, sv};
use taproot_spinnaker_chip::{ChipXy, CoreId, CoreSet};

/// Application number of bare programs; stopping it frees what they have.
pub const APPLICATION: u8 = 17;

/// What can go wrong with a bare program.
#[derive(Debug, thiserror::Error)]
pub enum BareError {
    /// The host could not do its part.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A chip has no SDRAM left.
    #[error("chip {chip} has no {bytes} bytes of SDRAM left; is it in use? stop what runs there first")]
    NoSdram {
        /// The chip.
        chip: ChipXy,
        /// What was asked for.
        bytes: u32,
    },
    /// The program did not set its mark.
    #[error("core {core} did not finish within {seconds} s; its results would have been at {address:#x}")]
    Unfinished {
        /// The core.
        core: CoreId,
        /// Where the mark was expected.
        address: u32,
        /// How long that was waited for.
        seconds: u64,
    },
}

/// Zeroed SDRAM of a chip.
pub fn allocate(host: &mut Host, chip: ChipXy, bytes: u32) -> Result<u32, BareError> {
    let allocation = Allocation::Sdram {
        application: APPLICATION,
        bytes,
        tag: 0,
        retry: false,
    };
    let reply = host.ask(chip, Command::Allocate(allocation))?;
    let address = reply.word().unwrap_or(0);
    if address == 0 {
        return Err(BareError::NoSdram { chip, bytes });
    }
    host.fill(chip, address, 0, bytes.next_multiple_of(4))?;
    Ok(address)
}

/// Starts an image on one core.
pub fn start(host: &mut Host, core: CoreId, image: &[u8]) -> Result<(), BareError> {
    start_as(host, core, image, APPLICATION)
}

/// Starts an image on one core under another application number.
pub fn start_as(host: &mut Host, core: CoreId, image: &[u8], application: u8) -> Result<(), BareError> {
    let address = allocate(host, core.chip, image.len() as u32)?;
    host.write(core.chip, address, image)?;
    let launch = Launch {
        application,
        wait: false,
        cores: CoreSet::from_bits(1 << core.core()),
    };
    host.ask(core.chip, Command::ApplicationStart { address, launch })?;
    Ok(())
}

/// Waits until the word at `address` of a core's chip is not zero, and returns it.
pub fn wait_for_mark(
    host: &mut Host,
    core: CoreId,
    address: u32,
    patience: Duration,
) -> Result<u32, BareError> {
    let begin = Instant::now();
    loop {
        let mark = words(host, core.chip, address, 1)?[0];
        if mark != 0 {
            return Ok(mark);
        }
        if begin.elapsed() > patience {
            return Err(BareError::Unfinished {
                core,
                address,
                seconds: patience.as_secs(),
            });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Words of a chip's memory or registers.
pub fn words(host: &mut Host, chip: ChipXy, address: u32, count: u32) -> Result<Vec<u32>, BareError> {
    let bytes = host.read(chip, address, 4 * count)?;
    let words = bytes.chunks_exact(4);
    Ok(words
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .collect())
}

/// The physical number of a virtual core.
pub fn physical(host: &mut Host, core: CoreId) -> Result<u32, BareError> {
    let map = host.read(core.chip, SV_BASE + sv::VIRTUAL_TO_PHYSICAL, 20)?;
    Ok(u32::from(map[usize::from(core.core())]))
}

/// Writes a multicast entry straight into the router's table, physical cores and all.
pub fn entry(
    host: &mut Host,
    chip: ChipXy,
    index: u32,
    key: u32,
    mask: u32,
    route: u32,
) -> Result<(), BareError> {
    for (offset, word) in [(0x8000, key), (0xc000, mask), (0x4000, route)] {
        host.write(chip, ROUTER_BASE + offset + 4 * index, &word.to_le_bytes())?;
    }
    Ok(())
}

/// Stops all bare programs and frees what they have.
pub fn stop(host: &mut Host) -> Result<(), BareError> {
    host.signal(APPLICATION, Signal::Stop)?;
    // The signal floods the machine.
    std::thread::sleep(Duration::from_millis(100));
    Ok(())
}
