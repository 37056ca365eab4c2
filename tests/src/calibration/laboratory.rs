//! Where measurements take place: which cores, and how a program's time is taken.

use crate::assembler::{Assembler, When};
use crate::bare::{self, BareError, allocate, wait_for_mark, words};
use std::time::Duration;
use taproot_host::Host;
use taproot_spinnaker_chip::{ChipXy, CoreId};

/// Timer 2 of a core.
const TIMER_2: u32 = 0x2100_0020;
/// Most that a measurement may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A machine that measurements have for themselves.
pub struct Laboratory<'a> {
    host: &'a mut Host,
    /// Results, a start flag and scratch memory on the first chip: allocated once.
    results: u32,
    flag: u32,
    scratch: u32,
}

impl<'a> Laboratory<'a> {
    /// The chip on which most takes place.
    pub const CHIP: ChipXy = ChipXy::new(0, 0);
    const SCRATCH_BYTES: u32 = 1 << 20;

    pub(super) fn new(host: &'a mut Host) -> Result<Self, BareError> {
        let results = allocate(host, Self::CHIP, 8 * 18)?;
        let flag = allocate(host, Self::CHIP, 4)?;
        let scratch = allocate(host, Self::CHIP, Self::SCRATCH_BYTES)?;
        Ok(Self {
            host,
            results,
            flag,
            scratch,
        })
    }

    pub(super) fn close(self) -> Result<(), BareError> {
        bare::stop(self.host)
    }

    pub(super) fn host(&mut self) -> &mut Host {
        self.host
    }

    /// SDRAM that a virtual core of the first chip may use: 32 KB each.
    pub(super) fn scratch(&self, core: u8) -> u32 {
        self.scratch + u32::from(core) * 32 * 1024
    }

    /// Whether the first chip has so many cores besides the monitor.
    pub(super) fn has_cores(&self, cores: u8) -> Result<bool, BareError> {
        let machine = self.host.machine()?;
        Ok(machine
            .chip(Self::CHIP)
            .is_some_and(|chip| chip.cores.len() > cores))
    }

    /// Mean cycles that `work` takes on virtual cores 1 to `cores` of the first chip, all at once. It may use registers
    /// 0 to 7, which `setup` fills; both know the core's number.
    pub(super) fn cycles(
        &mut self,
        cores: u8,
        setup: impl Fn(&mut Assembler, u8),
        work: impl Fn(&mut Assembler, u8),
    ) -> Result<f64, BareError> {
        let chip = Self::CHIP;
        self.host.fill(chip, self.flag, 0, 4)?;
        self.host.fill(chip, self.results, 0, 8 * 18)?;
        for n in 1..=cores {
            let result = self.results + 8 * u32::from(n);
            let mut program = Assembler::new();
            setup(&mut program, n);
            timed(&mut program, self.flag, result, |program| work(program, n));
            bare::start(self.host, core(chip, n), &program.aplx())?;
        }
        self.go(chip, self.flag)?;
        let mut sum = 0;
        for n in 1..=cores {
            let result = self.results + 8 * u32::from(n);
            wait_for_mark(self.host, core(chip, n), result, PATIENCE)?;
            sum += u64::from(words(self.host, chip, result + 4, 1)?[0]);
        }
        Ok(sum as f64 / f64::from(cores))
    }

    /// Cycles that one core, on any chip, takes for `work`.
    pub(super) fn cycles_on(
        &mut self,
        core: CoreId,
        setup: impl Fn(&mut Assembler),
        work: impl Fn(&mut Assembler),
    ) -> Result<f64, BareError> {
        let memory = allocate(self.host, core.chip, 12)?;
        let (flag, result) = (memory, memory + 4);
        let mut program = Assembler::new();
        setup(&mut program);
        timed(&mut program, flag, result, work);
        bare::start(self.host, core, &program.aplx())?;
        self.go(core.chip, flag)?;
        wait_for_mark(self.host, core, result, PATIENCE)?;
        Ok(f64::from(words(self.host, core.chip, result + 4, 1)?[0]))
    }

    /// Cycles that one core of the first chip takes for `work`.
    pub(super) fn cycles_of_one(
        &mut self,
        setup: impl Fn(&mut Assembler),
        work: impl Fn(&mut Assembler),
    ) -> Result<f64, BareError> {
        self.cycles(1, |program, _| setup(program), |program, _| work(program))
    }

    /// Cycles of one `body` when many follow each other: what 24 a turn take more than 8 a turn, so that everything around
    /// cancels.
    pub(super) fn cycles_each(
        &mut self,
        cores: u8,
        setup: impl Fn(&mut Assembler, u8),
        body: impl Fn(&mut Assembler),
    ) -> Result<f64, BareError> {
        const TURNS: u32 = 2_000;
        let (few, many) = (8, 24);
        let mut time = |copies: u32| {
            self.cycles(
                cores,
                |program, core| {
                    setup(program, core);
                    program.constant(7, TURNS);
                },
                |program, _| {
                    let turn = program.here();
                    for _ in 0..copies {
                        body(program);
                    }
                    program.subtract(7, 7, 1);
                    program.branch(When::NotEqual, turn);
                },
            )
        };
        let (short, long) = (time(few)?, time(many)?);
        Ok((long - short) / f64::from(TURNS * (many - few)))
    }

    /// Lets the programs that wait begin.
    fn go(&mut self, chip: ChipXy, flag: u32) -> Result<(), BareError> {
        // Time for all of them to be loaded.
        std::thread::sleep(Duration::from_millis(20));
        Ok(self.host.write(chip, flag, &1u32.to_le_bytes())?)
    }
}

/// A virtual core.
pub(super) fn core(chip: ChipXy, number: u8) -> CoreId {
    CoreId::new(chip, number).expect("a chip has cores of this number")
}

/// Waits for the flag, does `work`, and leaves the cycles that it took after a mark. Uses registers 8 to 12.
fn timed(program: &mut Assembler, flag: u32, result: u32, work: impl Fn(&mut Assembler)) {
    program.constant(8, TIMER_2);
    program.constant(9, u32::MAX);
    program.store(9, 8, 0x00);
    // Enabled, free-running, 32 bits.
    program.constant(9, 0x82);
    program.store(9, 8, 0x08);
    program.constant(10, result);
    program.constant(11, flag);
    let wait = program.here();
    program.load(9, 11, 0);
    program.test(9, 9);
    program.branch(When::Equal, wait);
    program.load(12, 8, 0x04);
    work(program);
    program.load(9, 8, 0x04);
    program.difference(12, 12, 9);
    program.store(12, 10, 4);
    program.store(8, 10, 0);
    program.sleep();
}
