//! Time inside a core: its instructions, its timers, its own peripherals.

use super::{Laboratory, Measurement};
use crate::assembler::{Assembler, When};
use crate::bare::BareError;
use taproot_spinnaker_chip::memory_map::DTCM_BASE;

const TIMER_1: u32 = 0x2100_0000;
const TIMER_2: u32 = 0x2100_0020;

pub(super) const MEASUREMENTS: &[Measurement] = &[
    Measurement {
        name: "delay_loop",
        what: "a turn of SARK's two-instruction delay loop, cycles (documented: 4)",
        settles: "that the clock and the processor are what we think",
        run: |laboratory| {
            Ok(Some(
                (delay_loop(laboratory, 3_000)? - delay_loop(laboratory, 1_000)?) / 2_000.0,
            ))
        },
    },
    Measurement {
        name: "tcm_load",
        what: "a load from DTCM that nothing waits for, cycles (documented: 1)",
        settles: "the same",
        run: |laboratory| {
            laboratory
                .cycles_each(
                    1,
                    |program, _| program.constant(1, DTCM_BASE),
                    |program| program.load(2, 1, 0),
                )
                .map(Some)
        },
    },
    Measurement {
        name: "local_load",
        what: "a load from the core's own timer, cycles",
        settles: "local_access_cycles (one less)",
        run: |laboratory| {
            laboratory
                .cycles_each(
                    1,
                    |program, _| program.constant(1, TIMER_2),
                    |program| program.load(2, 1, 4),
                )
                .map(Some)
        },
    },
    Measurement {
        name: "local_store",
        what: "a store to the core's own timer, cycles",
        settles: "local_access_cycles (one less)",
        run: |laboratory| {
            laboratory
                .cycles_each(
                    1,
                    |program, _| program.constant(1, TIMER_1),
                    |program| program.store(2, 1, 0x0c),
                )
                .map(Some)
        },
    },
    Measurement {
        name: "timer_period",
        what: "a period of timer 1 with a load of 1,000, cycles (1,000 or 1,001?)",
        settles: "the period of a timer",
        run: |laboratory| timer_period(laboratory).map(Some),
    },
];

/// `sub r0, #1; bcs`, in Thumb, for so many turns.
fn delay_loop(laboratory: &mut Laboratory<'_>, turns: u32) -> Result<f64, BareError> {
    laboratory.cycles_of_one(
        |program| {
            // The loop, and a return, two instructions a word; jumped over.
            let over = program.branch_ahead(When::Always);
            program.word(0xd2fd_3801);
            program.word(0x46c0_4770);
            program.land(over);
            program.constant(0, turns - 1);
            // Its address, which is 4, with the bit that says Thumb.
            program.constant(1, 4 | 1);
        },
        |program: &mut Assembler| {
            // mov lr, pc; bx r1
            program.word(0xe1a0_e00f);
            program.word(0xe12f_ff11);
        },
    )
}

/// Cycles from the first end of a period to the thousandth after it, divided.
fn timer_period(laboratory: &mut Laboratory<'_>) -> Result<f64, BareError> {
    const LOAD: u32 = 1_000;
    const PERIODS: u32 = 1_000;
    let time = |laboratory: &mut Laboratory<'_>, periods: u32| {
        laboratory.cycles_of_one(
            |program| {
                program.constant(1, TIMER_1);
                program.constant(2, LOAD);
                program.constant(3, 0xc2);
                program.constant(4, 1);
                program.constant(5, periods);
            },
            |program| {
                program.store(2, 1, 0x00);
                // Enabled, periodic, 32 bits, no interrupt; the raw status shows the end of a period all the same.
                program.store(3, 1, 0x08);
                let wait = program.here();
                program.load(6, 1, 0x10);
                program.test(6, 4);
                program.branch(When::Equal, wait);
                program.store(4, 1, 0x0c);
                program.subtract(5, 5, 1);
                program.branch(When::NotEqual, wait);
            },
        )
    };
    Ok((time(laboratory, PERIODS + 1)? - time(laboratory, 1)?) / f64::from(PERIODS))
}
