//! What the emulator need not execute makes no difference: whole runs with and without the shortcuts have the same state.

mod support;

use std::net::Ipv4Addr;
use support::monitor::{extra_monitor, load_extra_monitors};
use support::{HOST, boot, firmware, scp, wait_until_booted};
use taproot_emulator::{CYCLES_PER_SECOND, Datagram, System};
use taproot_spinnaker_chip::system_ram::SCP_PORT;
use taproot_spinnaker_chip::{ChipXy, Machine};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const MILLISECOND: u64 = CYCLES_PER_SECOND / 1000;

/// A small generator (xorshift64*), so that a failure can be repeated from its seed.
struct Rng(u64);

impl Rng {
    fn below(&mut self, n: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32 % n
    }

    fn one_of<T: Copy>(&mut self, these: &[T]) -> T {
        these[self.below(these.len() as u32) as usize]
    }
}

/// The same machine with shortcuts, on two threads, and without, on one.
fn pair(machine: &Machine) -> [System; 2] {
    [2, 1].map(|threads| {
        let mut system = System::new(machine, &[ADDRESS], threads).unwrap();
        if threads == 1 {
            system.execute_everything();
        }
        system
    })
}

/// Compares everything, and returns what was answered.
fn compare([short, long]: &mut [System; 2], when: &str) -> Vec<Datagram> {
    assert_eq!(short.now(), long.now(), "{when}");
    let answers = short.take_received();
    assert_eq!(answers, long.take_received(), "answers, {when}");
    assert_eq!(short.statistics(), long.statistics(), "{when}");
    assert_eq!(short.state_hash(), long.state_hash(), "{when}");
    answers
}

/// Kinds of requests.
const KINDS: usize = 8;

/// Something that a host may ask of a board, mostly of SCAMP, sometimes of an extra monitor.
fn request(rng: &mut Rng, machine: &Machine) -> Vec<u8> {
    let chips: Vec<ChipXy> = machine.chips().map(|(xy, _)| xy).collect();
    let xy = rng.one_of(&chips);
    let chip = (xy.x, xy.y);
    let memory = rng.one_of(&[0x6200_0000, 0xf500_7f00, 0x6300_0100]) + 4 * rng.below(16);
    let register = rng.one_of(&[0xf100_0000, 0xf100_0004, 0xf200_0064, 0xf200_0000, 0xf100_0300]);
    let kind = rng.below(KINDS as u32);
    // The sequence number tells the kind of an answer.
    let number = kind as u16;
    match kind {
        0 => scp(chip, 0, 0, number, [0; 3]),
        1 => scp(chip, 0, 31, number, [0x5f, 0, 0]),
        2 => scp(chip, 0, 2, number, [memory, 64, 2]),
        3 => scp(chip, 0, 2, number, [register, 4, 2]),
        4 => {
            // Only what belongs to nobody is overwritten.
            let mut data = scp(chip, 0, 3, number, [0x6200_0000 + 4 * rng.below(64), 8, 2]);
            data.extend([rng.below(256) as u8; 8]);
            data
        }
        // Peeks of a neighbour, by nearest-neighbour packets.
        5 => scp(chip, 0, 17, number, [0x6200_0000, 16, rng.below(6)]),
        6 => scp(chip, 0, 17, number, [register, 4, rng.below(6)]),
        _ => {
            // The extra monitor itself, at its reinjector's port: router time-outs, packet types, counters.
            let mut data = scp(chip, 1, rng.below(5) as u16, number, [0x4f, 0, 0]);
            data[4] = 4 << 5 | 1;
            data
        }
    }
}

#[test]
fn a_boot_is_the_same_with_and_without_shortcuts() {
    let Some(image) = firmware(3) else { return };
    let mut systems = pair(&Machine::spin3());
    for system in &mut systems {
        boot(system, &image);
    }
    for tenth in 1..=42 {
        for system in &mut systems {
            system.run_until(tenth * CYCLES_PER_SECOND / 10);
        }
        compare(&mut systems, &format!("after {tenth} tenths of a second"));
    }
    let [short, long] = systems.map(|system| system.windows());
    assert!(short < long / 2, "{short} windows with shortcuts, {long} without");
}

#[test]
fn a_flood_over_a_board_is_the_same_with_and_without_shortcuts() {
    let Some(image) = firmware(5) else { return };
    let mut systems = pair(&Machine::spin5());
    for system in &mut systems {
        boot(system, &image);
    }
    let mut rng = Rng(5);
    while systems[0].now() < CYCLES_PER_SECOND * 3 / 4 {
        let next = systems[0].now() + u64::from(rng.below(10_000_000));
        for system in &mut systems {
            system.run_until(next);
        }
        compare(&mut systems, &format!("at cycle {next}"));
    }
}

#[test]
fn loaded_boards_that_are_interrupted_at_random_are_the_same_with_and_without_shortcuts() {
    interrupt_at_random(&[1], 300);
}

/// The same for minutes: `cargo test --release -p taproot-emulator --test shortcuts -- --ignored`.
#[test]
#[ignore = "runs for minutes"]
fn loaded_boards_that_are_interrupted_at_random_are_the_same_at_length() {
    interrupt_at_random(&[2, 3, 4, 5, 6, 7, 8, 9], 2000);
}

fn interrupt_at_random(seeds: &[u64], milliseconds: u32) {
    let (Some(image), Some(program)) = (firmware(3), extra_monitor()) else {
        return;
    };
    let machine = Machine::spin3();
    let mut systems = pair(&machine);
    for system in &mut systems {
        boot(system, &image);
        wait_until_booted(system);
        load_extra_monitors(system, &machine, &program);
    }
    compare(&mut systems, "loaded");

    // At rest the extra monitors repeat themselves, and nearly nothing is executed.
    let before = systems
        .each_ref()
        .map(|system| (system.statistics().instructions, system.windows()));
    for _ in 0..10 {
        for system in &mut systems {
            system.run_until(system.now() + MILLISECOND);
        }
    }
    compare(&mut systems, "after ten quiet milliseconds");
    let spent = [0, 1].map(|n| {
        let (instructions, windows) = before[n];
        (
            systems[n].statistics().instructions - instructions,
            systems[n].windows() - windows,
        )
    });
    for (xy, _) in machine.chips() {
        let core = systems[0].core_state(xy, 1).unwrap();
        assert!(
            core.running && core.instructions > 25 * 1000,
            "the extra monitor of {xy}: {core:x?}"
        );
    }
    assert!(
        spent[0].1 < spent[1].1 / 4,
        "windows with and without shortcuts: {spent:?}"
    );

    for &seed in seeds {
        let mut rng = Rng(seed);
        let mut asked = 0;
        let mut answered = [0; KINDS];
        let mut last = [0; KINDS];
        for millisecond in 0..milliseconds {
            let end = systems[0].now() + MILLISECOND;
            // Busy and quiet milliseconds.
            for _ in 0..[0, 0, 1, 4][rng.below(4) as usize] {
                let at = systems[0].now() + u64::from(rng.below(80_000));
                let data = request(&mut rng, &machine);
                for (n, system) in systems.iter_mut().enumerate() {
                    // In pieces of any length.
                    while n == 0 && rng.below(3) != 0 && system.now() < at {
                        let pause = u64::from(rng.below(30_000));
                        system.run_until((system.now() + pause).min(at));
                        if rng.below(4) == 0 {
                            system.state_hash();
                        }
                    }
                    system.run_until(at);
                    system.send(&Datagram {
                        board: 0,
                        port: SCP_PORT,
                        host: HOST,
                        data: data.clone(),
                    });
                }
                asked += 1;
            }
            for system in &mut systems {
                system.run_until(end);
            }
            for answer in compare(
                &mut systems,
                &format!("seed {seed}, after {millisecond} milliseconds and {asked} requests"),
            ) {
                let kind = usize::from(answer.data[12]) % KINDS;
                answered[kind] += 1;
                last[kind] = millisecond;
            }
        }
        assert!(
            answered.iter().all(|n| *n > 10),
            "{asked} requests, answers by kind: {answered:?}, {last:?}"
        );
    }
}
