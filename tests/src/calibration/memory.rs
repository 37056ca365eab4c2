//! Time to memories and to the peripherals that cores share: loads, stores, DMA.

use super::{Laboratory, Measurement};
use crate::assembler::{Assembler, When};
use crate::bare::BareError;
use taproot_spinnaker_chip::memory_map::{DTCM_BASE, ROUTER_BASE, SYSTEM_CONTROLLER_BASE, SYSTEM_RAM_BASE};

const DMA: u32 = 0x4000_0000;
const ADRS: u32 = 0x04;
const ADRT: u32 = 0x08;
const DESC: u32 = 0x0c;
const CTRL: u32 = 0x10;
const STAT: u32 = 0x14;
/// 64 bits wide, bursts of sixteen, from the system to the TCM: as spin1_api does it.
const DESCRIPTOR: u32 = 1 << 24 | 4 << 21;

pub(super) const MEASUREMENTS: &[Measurement] = &[
    Measurement {
        name: "sdram_load",
        what: "a load from SDRAM, one core, cycles",
        settles: "sdram_load_cycles (one less)",
        run: |laboratory| sdram_load(laboratory, 1),
    },
    Measurement {
        name: "sdram_load_2_cores",
        what: "the same, 2 cores at once",
        settles: "contention on the System NoC: the emulator has none",
        run: |laboratory| sdram_load(laboratory, 2),
    },
    Measurement {
        name: "sdram_load_8_cores",
        what: "the same, 8 cores at once",
        settles: "contention on the System NoC",
        run: |laboratory| sdram_load(laboratory, 8),
    },
    Measurement {
        name: "sdram_load_16_cores",
        what: "the same, 16 cores at once",
        settles: "contention on the System NoC",
        run: |laboratory| sdram_load(laboratory, 16),
    },
    Measurement {
        name: "sdram_store",
        what: "a posted store to SDRAM among many, one core, cycles",
        settles: "posted_store_cycles (one less); when the write buffer is full",
        run: |laboratory| sdram_store(laboratory, 1),
    },
    Measurement {
        name: "sdram_store_16_cores",
        what: "the same, 16 cores at once",
        settles: "when the write buffer is full",
        run: |laboratory| sdram_store(laboratory, 16),
    },
    Measurement {
        name: "system_ram_load",
        what: "a load from System RAM, cycles",
        settles: "system_load_cycles (one less)",
        run: |laboratory| load(laboratory, SYSTEM_RAM_BASE),
    },
    Measurement {
        name: "system_controller_load",
        what: "a load from the System Controller, cycles",
        settles: "system_load_cycles (one less)",
        run: |laboratory| load(laboratory, SYSTEM_CONTROLLER_BASE),
    },
    Measurement {
        name: "router_load",
        what: "a load from a router register, cycles",
        settles: "system_load_cycles (one less)",
        run: |laboratory| load(laboratory, ROUTER_BASE),
    },
    Measurement {
        name: "dma_1_word",
        what: "a DMA read of 1 word from SDRAM, from writing its address to seeing it done, cycles",
        settles: "dma_setup_cycles",
        run: |laboratory| dma(laboratory, 1, 1),
    },
    Measurement {
        name: "dma_16_words",
        what: "the same, 16 words",
        settles: "dma_setup_cycles",
        run: |laboratory| dma(laboratory, 1, 16),
    },
    Measurement {
        name: "dma_256_words",
        what: "the same, 256 words",
        settles: "dma_word_cycles",
        run: |laboratory| dma(laboratory, 1, 256),
    },
    Measurement {
        name: "dma_1000_words",
        what: "the same, 1,000 words",
        settles: "dma_word_cycles (with the line above, divided by 744)",
        run: |laboratory| dma(laboratory, 1, 1_000),
    },
    Measurement {
        name: "dma_256_words_4_cores",
        what: "the same, 256 words, 4 cores at once",
        settles: "sdram_word_hundredths_of_a_cycle",
        run: |laboratory| dma(laboratory, 4, 256),
    },
    Measurement {
        name: "dma_256_words_16_cores",
        what: "the same, 256 words, 16 cores at once",
        settles: "sdram_word_hundredths_of_a_cycle",
        run: |laboratory| dma(laboratory, 16, 256),
    },
    Measurement {
        name: "tcm_load_during_dma",
        what: "a load from DTCM while DMA fills it, cycles (1 without)",
        settles: "conflicts at the TCM's ports: the emulator has none",
        run: |laboratory| tcm_during_dma(laboratory).map(Some),
    },
];

fn load(laboratory: &mut Laboratory<'_>, address: u32) -> Result<Option<f64>, BareError> {
    laboratory
        .cycles_each(
            1,
            |program, _| program.constant(1, address),
            |program| program.load(2, 1, 0),
        )
        .map(Some)
}

fn sdram_load(laboratory: &mut Laboratory<'_>, cores: u8) -> Result<Option<f64>, BareError> {
    if !laboratory.has_cores(cores)? {
        return Ok(None);
    }
    let scratch: Vec<u32> = (0..18).map(|core| laboratory.scratch(core)).collect();
    laboratory
        .cycles_each(
            cores,
            |program, core| program.constant(1, scratch[usize::from(core)]),
            |program| program.load(2, 1, 0),
        )
        .map(Some)
}

fn sdram_store(laboratory: &mut Laboratory<'_>, cores: u8) -> Result<Option<f64>, BareError> {
    if !laboratory.has_cores(cores)? {
        return Ok(None);
    }
    let scratch: Vec<u32> = (0..18).map(|core| laboratory.scratch(core)).collect();
    laboratory
        .cycles_each(
            cores,
            |program, core| program.constant(1, scratch[usize::from(core)]),
            |program| program.store(2, 1, 0),
        )
        .map(Some)
}

/// Registers for transfers of so many words to the middle of DTCM.
fn dma_setup(program: &mut Assembler, scratch: u32, words: u32) {
    program.constant(0, DMA);
    program.constant(1, scratch);
    program.constant(2, DTCM_BASE + 0x4000);
    program.constant(3, DESCRIPTOR | words << 2);
    program.constant(4, 1 << 10);
    program.constant(5, 1 << 3);
}

fn dma_begin(program: &mut Assembler) {
    program.store(1, 0, ADRS);
    program.store(2, 0, ADRT);
    program.store(3, 0, DESC);
}

fn dma_end(program: &mut Assembler) {
    let wait = program.here();
    program.load(6, 0, STAT);
    program.test(6, 4);
    program.branch(When::Equal, wait);
    program.store(5, 0, CTRL);
}

fn dma(laboratory: &mut Laboratory<'_>, cores: u8, words: u32) -> Result<Option<f64>, BareError> {
    const TRANSFERS: u32 = 100;
    if !laboratory.has_cores(cores)? {
        return Ok(None);
    }
    let scratch: Vec<u32> = (0..18).map(|core| laboratory.scratch(core)).collect();
    let cycles = laboratory.cycles(
        cores,
        |program, core| {
            dma_setup(program, scratch[usize::from(core)], words);
            program.constant(7, TRANSFERS);
        },
        |program, _| {
            let turn = program.here();
            dma_begin(program);
            dma_end(program);
            program.subtract(7, 7, 1);
            program.branch(When::NotEqual, turn);
        },
    )?;
    Ok(Some(cycles / f64::from(TRANSFERS)))
}

fn tcm_during_dma(laboratory: &mut Laboratory<'_>) -> Result<f64, BareError> {
    // 4,000 words take 12,000 cycles or so; the loop below less.
    const TURNS: u32 = 200;
    let scratch = laboratory.scratch(1);
    let mut time = |copies: u32| {
        laboratory.cycles_of_one(
            |program| {
                dma_setup(program, scratch, 4_000);
                program.constant(7, TURNS);
                dma_begin(program);
            },
            |program| {
                // Waiting for the flag has outlasted the first transfer: clear it and begin another.
                dma_end(program);
                dma_begin(program);
                let turn = program.here();
                for _ in 0..copies {
                    program.load(6, 2, 0);
                }
                program.subtract(7, 7, 1);
                program.branch(When::NotEqual, turn);
            },
        )
    };
    let (short, long) = (time(8)?, time(40)?);
    Ok((long - short) / f64::from(TURNS * 32))
}
