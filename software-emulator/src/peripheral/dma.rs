//! The DMA controller of one core, which is also its bridge to the System NoC.
//!
//! | offset | name | access | reset | effect |
//! |---|---|---|---|---|
//! | 0x04 | ADRS | rw | 0 | system address, word aligned |
//! | 0x08 | ADRT | rw | 0 | TCM address, word aligned |
//! | 0x0c | DESC | rw | 0 | write commits a transfer: 31:26 id, 25 privileged, 24 width, 23:21 burst, 20 CRC, 19 to system, 16:2 length |
//! | 0x10 | CTRL | w | - | 0 uncommit, 1 abort, 2 restart, 3 clear one done, 4 clear timeout, 5 clear write-buffer error |
//! | 0x14 | STAT | r | core << 24 | see below |
//! | 0x18 | GCTL | rw | 0 | interrupt enables in the positions of STAT; 0 write buffer, 31 slow timer |
//! | 0x1c | CRCC | r | 0 | calculated CRC |
//! | 0x20 | CRCR | r | 0 | received CRC |
//! | 0x24 | TMTV | rw | 0 | burst timeout, 0 off |
//! | 0x28 | SCTL | rw | 0 | statistics: 0 enable, 1 clear |
//! | 0x40-0x5c | STAT0-7 | r | 0 | bursts by latency |
//! | 0x104-0x10c | active | r | 0 | ADRS, ADRT, DESC of the active transfer |
//! | 0x180-0x1fc | CRC matrix | rw | 0 | |
//!
//! STAT: 31:24 physical core, 20 write-buffer error, 17 soft reset, 16 user abort, 15 system error, 14 TCM error, 13
//! CRC error, 12 timeout, 11:10 done (00, 01, 11), 4 write buffer active, 3 write buffer full, 2 queue full, 1
//! paused, 0 transferring.
//!
//! Source: data sheet 7. Not modelled: CRC (only the boot ROM uses it), burst timeouts, the latency histogram
//! beyond its first row. Data moves when the transfer finishes (`docs/emulator/unknowns.md`).

use super::{NEVER, NoRegister};
use crate::timing::Timing;

/// A transfer as its registers describe it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize)]
pub(crate) struct Transfer {
    pub(crate) system: u32,
    pub(crate) tcm: u32,
    pub(crate) descriptor: u32,
}

impl Transfer {
    pub(crate) fn bytes(&self) -> u32 {
        self.descriptor & 0x1_fffc
    }

    pub(crate) fn writes_system(&self) -> bool {
        self.descriptor & 1 << 19 != 0
    }
}

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    SystemError,
    TcmError,
}

/// One DMA controller.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Dma {
    core: u8,
    /// The registers as last written.
    next: Transfer,
    active: Option<(Transfer, u64)>,
    queued: Option<Transfer>,
    paused: bool,
    done: u8,
    /// Error bits of STAT, 20:12.
    errors: u32,
    global: u32,
    timeout: u32,
    statistics_control: u32,
    statistics: [u32; 8],
    crc: Vec<u32>,
}

const ERRORS: u32 = 0x0012_0000 | 0x0001_f000;
const SOFT_RESET: u32 = 1 << 17;
const WRITE_BUFFER: u32 = 1 << 20;

impl Dma {
    pub(crate) fn new(core: u8) -> Self {
        Self {
            core,
            next: Transfer::default(),
            active: None,
            queued: None,
            paused: false,
            done: 0,
            errors: 0,
            global: 0,
            timeout: 0,
            statistics_control: 0,
            statistics: [0; 8],
            crc: Vec::new(),
        }
    }

    /// What a soft reset of the core leaves behind.
    pub(crate) fn soft_reset(&mut self) {
        *self = Self {
            errors: SOFT_RESET,
            crc: std::mem::take(&mut self.crc),
            ..Self::new(self.core)
        };
    }

    /// Whether no transfer is under way or waits.
    pub(crate) fn is_quiet(&self) -> bool {
        self.active.is_none() && self.queued.is_none()
    }

    /// When the active transfer finishes.
    pub(crate) fn next_event(&self) -> u64 {
        self.active.map_or(NEVER, |(_, finish)| finish)
    }

    /// The transfer that is finished by cycle `now`, if there is one; the caller moves the data and then calls
    /// [`Dma::finish`].
    pub(crate) fn due(&self, now: u64) -> Option<(Transfer, u64)> {
        self.active.filter(|(_, finish)| *finish <= now)
    }

    /// Ends the active transfer and starts the queued one. `sdram_free` is when the memory is next free.
    pub(crate) fn finish(&mut self, outcome: Outcome, at: u64, timing: &Timing, sdram_free: &mut u64) {
        if let Some((transfer, _)) = self.active.take() {
            match outcome {
                Outcome::Done => {
                    // Two flags that fill up from the right.
                    self.done = (self.done << 1 | 1) & 3;
                    if self.statistics_control & 1 != 0 {
                        let words_per_burst =
                            (1 + (transfer.descriptor >> 24 & 1)) << (transfer.descriptor >> 21 & 7);
                        let bursts = (transfer.bytes() / 4).div_ceil(words_per_burst);
                        self.statistics[0] = (self.statistics[0] + bursts) & 0xffff;
                    }
                }
                Outcome::SystemError => self.errors |= 1 << 15,
                Outcome::TcmError => self.errors |= 1 << 14,
            }
            self.paused = outcome != Outcome::Done;
        }
        self.start_queued(at, timing, sdram_free);
    }

    fn start_queued(&mut self, at: u64, timing: &Timing, sdram_free: &mut u64) {
        if self.active.is_some() || self.paused {
            return;
        }
        if let Some(transfer) = self.queued.take() {
            let words = u64::from(transfer.bytes() / 4);
            let begin = at + u64::from(timing.dma_setup);
            let occupied = words * u64::from(timing.sdram_word_hundredths) / 100;
            let served = begin.max(*sdram_free) + occupied;
            *sdram_free = served;
            let finish = served.max(begin + words * u64::from(timing.dma_word));
            self.active = Some((transfer, finish));
        }
    }

    fn status(&self) -> u32 {
        u32::from(self.core) << 24
            | self.errors
            | u32::from(self.done) << 10
            | u32::from(self.queued.is_some()) << 2
            | u32::from(self.paused) << 1
            | u32::from(self.active.is_some())
    }

    /// Done, error and timeout interrupt levels.
    pub(crate) fn interrupts(&self) -> (bool, bool, bool) {
        let active = self.status() & self.global;
        (
            active & 0xc00 != 0,
            active & ERRORS & !(1 << 12) != 0,
            active & 1 << 12 != 0,
        )
    }

    pub(crate) fn read(&self, offset: u32) -> Result<u32, NoRegister> {
        let (active, _) = self.active.unwrap_or_default();
        Ok(match offset {
            0x04 => self.next.system,
            0x08 => self.next.tcm,
            0x0c => self.next.descriptor,
            0x10 => 0,
            0x14 => self.status(),
            0x18 => self.global,
            0x1c | 0x20 => 0,
            0x24 => self.timeout,
            0x28 => self.statistics_control,
            0x40..=0x5c => self.statistics[(offset - 0x40) as usize / 4],
            0x104 => active.system,
            0x108 => active.tcm,
            0x10c => active.descriptor,
            0x180..=0x1fc => self.crc.get((offset - 0x180) as usize / 4).copied().unwrap_or(0),
            _ => return Err(NoRegister),
        })
    }

    /// Writes a register. `Ok(false)` is a bus error: the queue is full.
    pub(crate) fn write(
        &mut self,
        offset: u32,
        value: u32,
        at: u64,
        timing: &Timing,
        sdram_free: &mut u64,
    ) -> Result<bool, NoRegister> {
        match offset {
            0x04..=0x0c if self.queued.is_some() => return Ok(false),
            0x04 => self.next.system = value & !3,
            0x08 => self.next.tcm = value & !3,
            0x0c => {
                self.next.descriptor = value & !3;
                self.queued = Some(self.next);
                self.start_queued(at, timing, sdram_free);
            }
            0x10 => {
                if value & 1 != 0 {
                    self.queued = None;
                }
                if value & 2 != 0 {
                    if self.active.take().is_some() {
                        self.errors |= 1 << 16;
                    }
                    self.paused = true;
                }
                if value & 4 != 0 {
                    self.errors &= !(0xf << 13 | SOFT_RESET);
                    self.paused = false;
                }
                if value & 8 != 0 {
                    self.done >>= 1;
                }
                if value & 0x10 != 0 {
                    self.errors &= !(1 << 12);
                }
                if value & 0x20 != 0 {
                    self.errors &= !WRITE_BUFFER;
                }
                self.start_queued(at, timing, sdram_free);
            }
            0x18 => self.global = value,
            0x24 => self.timeout = value & 0x7fe0,
            0x28 => {
                self.statistics_control = value & 1;
                if value & 2 != 0 {
                    self.statistics = [0; 8];
                }
            }
            0x180..=0x1fc => {
                self.crc.resize(32, 0);
                self.crc[(offset - 0x180) as usize / 4] = value;
            }
            _ => return Err(NoRegister),
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Timing = Timing::STOCK;

    fn start(dma: &mut Dma, at: u64, free: &mut u64) {
        for (offset, value) in [(4, 0x6000_0000), (8, 0x0040_0000), (0xc, 1 << 24 | 4 << 21 | 400)] {
            assert_eq!(dma.write(offset, value, at, &T, free), Ok(true));
        }
    }

    #[test]
    fn status_carries_the_physical_core() {
        assert_eq!(Dma::new(17).read(0x14), Ok(17 << 24));
    }

    #[test]
    fn a_transfer_takes_its_set_up_and_fifteen_nanoseconds_a_word() {
        let (mut dma, mut free) = (Dma::new(1), 0);
        dma.write(0x18, 0xc00, 0, &T, &mut free).unwrap();
        start(&mut dma, 1000, &mut free);
        assert_eq!(dma.next_event(), 1000 + 40 + 300);
        assert_eq!(dma.read(0x14).unwrap() & 7, 1);
        assert!(dma.due(1339).is_none());
        assert_eq!(dma.due(1340).unwrap().0.bytes(), 400);
        dma.finish(Outcome::Done, 1340, &T, &mut free);
        assert_eq!(dma.interrupts(), (true, false, false));
        dma.write(0x10, 8, 1341, &T, &mut free).unwrap();
        assert_eq!(dma.interrupts(), (false, false, false));
    }

    #[test]
    fn one_transfer_may_queue_and_a_third_is_a_bus_error() {
        let (mut dma, mut free) = (Dma::new(1), 0);
        start(&mut dma, 0, &mut free);
        start(&mut dma, 10, &mut free);
        assert_eq!(dma.read(0x14).unwrap() & 7, 5);
        assert_eq!(dma.write(4, 0, 20, &T, &mut free), Ok(false));
        let first = dma.next_event();
        dma.finish(Outcome::Done, first, &T, &mut free);
        let second = dma.next_event();
        assert_eq!(second, first + 340);
        dma.finish(Outcome::Done, second, &T, &mut free);
        assert_eq!(dma.read(0x14).unwrap() >> 10 & 3, 3);
    }

    #[test]
    fn an_error_pauses_until_restart() {
        let (mut dma, mut free) = (Dma::new(1), 0);
        start(&mut dma, 0, &mut free);
        dma.finish(Outcome::SystemError, 340, &T, &mut free);
        assert_eq!(dma.read(0x14).unwrap() & (1 << 15 | 2), 1 << 15 | 2);
        start(&mut dma, 400, &mut free);
        assert_eq!(dma.next_event(), NEVER);
        dma.write(0x10, 4, 500, &T, &mut free).unwrap();
        assert_ne!(dma.next_event(), NEVER);
    }

    #[test]
    fn cores_share_the_bandwidth_of_the_sdram() {
        let mut free = 0;
        let mut finish = 0;
        for core in 0..18 {
            let mut dma = Dma::new(core);
            for (offset, value) in [(4, 0x6000_0000), (8, 0x0040_0000), (0xc, 40_000)] {
                dma.write(offset, value, 0, &T, &mut free).unwrap();
            }
            finish = finish.max(dma.next_event());
        }
        // 18 times 40,000 bytes at 5.2 bytes a cycle.
        assert!((138_000..140_000).contains(&finish), "{finish}");
    }
}
