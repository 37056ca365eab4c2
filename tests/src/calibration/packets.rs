//! Time of packets: through the router of one chip, over a link, over the edge of a board.

use super::laboratory::core;
use super::{Laboratory, Measurement};
use crate::assembler::{Assembler, When};
use crate::bare::{BareError, entry, physical, start};
use taproot_spinnaker_chip::{ChipXy, Link};

const COMMUNICATIONS: u32 = 0x1000_0000;
const TCR: u32 = 0x00;
const TX_DATA: u32 = 0x04;
const TX_KEY: u32 = 0x08;
const RSR: u32 = 0x0c;
const RX_KEY: u32 = 0x14;

/// Keys of the ball on its way there, on its way back, and of packets to nowhere.
const THERE: u32 = 0x00ca_0001;
const BACK: u32 = 0x00ca_0002;
const NOWHERE: u32 = 0x00ca_0003;
/// Entries of the table that are used, far behind those of an application.
const ENTRIES: [u32; 3] = [900, 901, 902];

pub(super) const MEASUREMENTS: &[Measurement] = &[
    Measurement {
        name: "round_trip",
        what: "a packet to another core of the chip and one back, cycles, both programs' polling included",
        settles: "transmit_cycles and deliver_cycles together (twice); the emulator's windows add up to 80 each way",
        run: |laboratory| round_trip(laboratory, &[], false),
    },
    Measurement {
        name: "hop",
        what: "a hop, 40 bits, cycles",
        settles: "link_short_cycles and hop_cycles together",
        run: |laboratory| hop(laboratory, false),
    },
    Measurement {
        name: "hop_with_payload",
        what: "a hop, 72 bits, cycles",
        settles: "link_long_cycles (32 cycles more than without payload, if the wires are as fast as published)",
        run: |laboratory| hop(laboratory, true),
    },
    Measurement {
        name: "board_crossing",
        what: "what a hop to another board takes more than one on the board, 40 bits, cycles",
        settles: "board_crossing_cycles",
        run: |laboratory| board_crossing(laboratory),
    },
    Measurement {
        name: "send",
        what: "a packet of a core that sends as fast as it can, cycles",
        settles: "transmit_cycles; how deep the transmit side is",
        run: |laboratory| flood(laboratory, 1),
    },
    Measurement {
        name: "send_16_cores",
        what: "the same, 16 cores at once, cycles between two packets of one core",
        settles: "router_clock_half_cycles: the router's throughput, if 16 cores can reach it",
        run: |laboratory| flood(laboratory, 16),
    },
];

/// The registers that the programs here share.
fn registers(program: &mut Assembler) {
    program.constant(0, COMMUNICATIONS);
    program.constant(1, 1 << 31);
    program.constant(2, 1 << 28);
}

fn send(program: &mut Assembler, key: u32, payload: bool) {
    if payload {
        program.store(key, 0, TX_DATA);
    }
    program.store(key, 0, TX_KEY);
}

fn receive(program: &mut Assembler, key: u32) {
    let wait = program.here();
    program.load(key, 0, RSR);
    program.test(key, 1);
    program.branch(When::Equal, wait);
    program.load(key, 0, RX_KEY);
}

/// Cycles from sending a packet to having its answer, from core 1 of the first chip to core 2 of the chip at the end of
/// `path`; none if a link of the path is not there.
fn round_trip(
    laboratory: &mut Laboratory<'_>,
    path: &[Link],
    payload: bool,
) -> Result<Option<f64>, BareError> {
    round_trip_from(laboratory, Laboratory::CHIP, path, payload)
}

/// Turns of the ball, and how many different pauses there are before it is thrown, on both sides: with them the polling
/// loops meet it in every phase, and what they add does not depend on the length of the way.
const TURNS: u32 = 560;
const PAUSES: u32 = 80;

fn round_trip_from(
    laboratory: &mut Laboratory<'_>,
    chip: ChipXy,
    path: &[Link],
    payload: bool,
) -> Result<Option<f64>, BareError> {
    let machine = laboratory.host().machine()?;
    let mut chips = vec![chip];
    for link in path {
        let Some(next) = machine.neighbour(chips[chips.len() - 1], *link) else {
            return Ok(None);
        };
        chips.push(next);
    }
    let there = chips[chips.len() - 1];
    let (one, other) = (core(chip, 1), core(there, 2));
    let to_one = 1 << (6 + physical(laboratory.host(), one)?);
    let to_other = 1 << (6 + physical(laboratory.host(), other)?);
    let [first, second, _] = ENTRIES;
    for (n, chip) in chips.iter().enumerate() {
        let out = path.get(n).map_or(to_other, |link| 1 << link.number());
        let back = match n {
            0 => to_one,
            _ => 1 << path[n - 1].opposite().number(),
        };
        entry(laboratory.host(), *chip, first, THERE, !0, out)?;
        entry(laboratory.host(), *chip, second, BACK, !0, back)?;
    }
    let mut answers = Assembler::new();
    registers(&mut answers);
    answers.constant(4, BACK);
    answers.constant(6, 0);
    let again = answers.here();
    receive(&mut answers, 5);
    pause(&mut answers, 6);
    send(&mut answers, 4, payload);
    answers.branch(When::Always, again);
    start(laboratory.host(), other, &answers.aplx())?;
    let cycles = laboratory.cycles_on(
        one,
        |program| {
            registers(program);
            program.constant(4, THERE);
            program.constant(6, 0);
            program.constant(7, TURNS);
        },
        |program| {
            let turn = program.here();
            pause(program, 6);
            send(program, 4, payload);
            receive(program, 5);
            program.subtract(7, 7, 1);
            program.branch(When::NotEqual, turn);
        },
    )?;
    // A jump, half the longest pause in the mean, and counting.
    let pause = 3.0 + f64::from(PAUSES + 1) / 2.0 + 3.0;
    Ok(Some(cycles / f64::from(TURNS) - 2.0 * pause))
}

/// Idles one cycle less than last time, from [`PAUSES`] to 1, and again; `rest` counts.
fn pause(program: &mut Assembler, rest: u32) {
    // add pc, pc, rest, lsl #2, which counts from the second instruction after itself
    program.word(0xe08f_f100 | rest);
    for _ in 0..=PAUSES {
        program.copy(0, 0);
    }
    program.add(rest, rest, 1);
    // cmp rest, #PAUSES; moveq rest, #0
    program.word(0xe350_0000 | rest << 16 | PAUSES);
    program.word(0x03a0_0000 | rest << 12);
}

/// What the second hop of a way adds to the first.
fn hop(laboratory: &mut Laboratory<'_>, payload: bool) -> Result<Option<f64>, BareError> {
    let near = round_trip(laboratory, &[Link::East], payload)?;
    let far = round_trip(laboratory, &[Link::East, Link::North], payload)?;
    Ok(near.zip(far).map(|(near, far)| (far - near) / 2.0))
}

/// What the edge of a board adds to a hop.
fn board_crossing(laboratory: &mut Laboratory<'_>) -> Result<Option<f64>, BareError> {
    let machine = laboratory.host().machine()?;
    let across = machine.chips().find_map(|(xy, chip)| {
        Link::ALL.into_iter().find_map(|link| {
            let other = machine.chip(machine.neighbour(xy, link)?)?;
            (other.ethernet != chip.ethernet).then_some((xy, link))
        })
    });
    let Some((chip, link)) = across else {
        return Ok(None);
    };
    let ordinary = round_trip(laboratory, &[Link::East], false)?;
    let crossing = round_trip_from(laboratory, chip, &[link], false)?;
    Ok(ordinary.zip(crossing).map(|(near, far)| (far - near) / 2.0))
}

/// Cycles between two packets of a core that sends flat out, to an entry without outputs: the router drops them at once.
fn flood(laboratory: &mut Laboratory<'_>, cores: u8) -> Result<Option<f64>, BareError> {
    const PACKETS: u32 = 2_000;
    if !laboratory.has_cores(cores)? {
        return Ok(None);
    }
    entry(laboratory.host(), Laboratory::CHIP, ENTRIES[2], NOWHERE, !0, 0)?;
    let cycles = laboratory.cycles(
        cores,
        |program, _| {
            registers(program);
            program.constant(4, NOWHERE);
            program.constant(7, PACKETS);
        },
        |program, _| {
            let turn = program.here();
            program.load(5, 0, TCR);
            program.test(5, 2);
            program.branch(When::Equal, turn);
            send(program, 4, false);
            program.subtract(7, 7, 1);
            program.branch(When::NotEqual, turn);
        },
    )?;
    Ok(Some(cycles / f64::from(PACKETS)))
}
