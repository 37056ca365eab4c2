//! A machine that halts again and again does the same as one that never does.

mod support;

use std::net::Ipv4Addr;
use support::{HOST, boot, firmware, scp, wait_until_booted};
use taproot_emulator::{CYCLES_PER_SECOND, Cause, Datagram, Halt, System};
use taproot_spinnaker_chip::system_ram::SCP_PORT;
use taproot_spinnaker_chip::{ChipXy, Machine};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const MILLISECOND: u64 = CYCLES_PER_SECOND / 1000;
/// Where an ARM core begins to handle an interrupt. SCAMP sets its vectors low.
const IRQ_VECTOR: u32 = 0x18;

fn booting(machine: &Machine, image: &[u8], threads: usize) -> System {
    let addresses: Vec<Ipv4Addr> = machine.ethernet_chips().map(|_| ADDRESS).collect();
    let mut system = System::new(machine, &addresses, threads).unwrap();
    boot(&mut system, image);
    system
}

/// The state after each of `milliseconds`; `each` runs the machine to the end of the next one. A request arrives now and then.
fn states(system: &mut System, milliseconds: u64, mut each: impl FnMut(&mut System, u64)) -> Vec<u64> {
    (0..milliseconds)
        .map(|n| {
            if n % 7 == 3 {
                system.send(&Datagram {
                    board: 0,
                    port: SCP_PORT,
                    host: HOST,
                    data: scp((0, 0), 0, 0, n as u16, [0; 3]),
                });
            }
            let until = system.now() + MILLISECOND;
            each(system, until);
            system.take_received();
            assert_eq!(system.now(), until);
            system.state_hash()
        })
        .collect()
}

/// Runs to `until`, and calls `at` for every halt; it says which cores are to execute one instruction.
fn run_halting(system: &mut System, until: u64, mut at: impl FnMut(&System, Halt) -> Vec<(ChipXy, u8)>) {
    loop {
        system.run_until(until);
        let Some(halt) = system.halted() else { return };
        let steps = at(system, halt);
        system.resume(&steps);
    }
}

#[test]
fn halts_and_steps_change_nothing() {
    let machine = Machine::spin3();
    let Some(image) = firmware(3) else { return };
    let mut free = booting(&machine, &image, 2);
    let mut halting = booting(&machine, &image, 1);
    // The flood and the beginning of SCAMP on all chips.
    free.run_until(700 * MILLISECOND);
    halting.run_until(700 * MILLISECOND);
    assert_eq!(free.state_hash(), halting.state_hash());

    let expected = states(&mut free, 30, System::run_until);
    halting.set_breakpoint(IRQ_VECTOR, true);
    let (mut breakpoints, mut steps, mut within) = (0, 0, 0);
    let mut stepping = None;
    let found = states(&mut halting, 30, |system, until| {
        run_halting(system, until, |system, halt| {
            let state = system.core_state(halt.chip, halt.core).unwrap();
            within += u32::from(system.stands_within_window());
            match halt.cause {
                Cause::Breakpoint => {
                    breakpoints += 1;
                    assert_eq!(state.pc, IRQ_VECTOR);
                    assert_eq!(state.cpsr & 0x1f, 0x12, "IRQ mode");
                }
                Cause::Step => {
                    steps += 1;
                    let expected = stepping.expect("nothing was to step");
                    assert_eq!((halt.chip, halt.core, state.instructions), expected);
                }
            }
            stepping = None;
            // Up to five steps after each of some of the breakpoints.
            if steps < 5 * breakpoints && breakpoints % 3 == 0 {
                stepping = Some((halt.chip, halt.core, state.instructions + 1));
                vec![(halt.chip, halt.core)]
            } else {
                Vec::new()
            }
        });
    });
    assert_eq!(found, expected);
    assert!(
        breakpoints > 100 && steps > 100 && within > 200,
        "{breakpoints} {steps} {within}"
    );

    // Without anything left to halt at it runs as before, shortcuts and all.
    halting.set_breakpoint(IRQ_VECTOR, false);
    assert_eq!(
        states(&mut halting, 400, System::run_until),
        states(&mut free, 400, System::run_until)
    );
    assert!(halting.windows() > 0);
    wait_until_booted(&mut halting);
}

#[test]
fn a_congested_board_halts_and_is_the_same() {
    let machine = Machine::spin5();
    let Some(image) = firmware(5) else { return };
    let mut free = booting(&machine, &image, 2);
    let mut halting = booting(&machine, &image, 2);
    // The flood by which the board boots itself: packets wait everywhere.
    free.run_until(40 * MILLISECOND);
    halting.run_until(40 * MILLISECOND);
    let expected = states(&mut free, 3, System::run_until);
    let pc = halting.core_state(ChipXy::new(0, 0), 0).unwrap().pc;
    halting.set_breakpoint(pc, true);
    let mut halts = 0;
    let found = states(&mut halting, 3, |system, until| {
        run_halting(system, until, |_, halt| {
            halts += 1;
            vec![(halt.chip, halt.core)]
        });
    });
    assert_eq!(found, expected);
    assert!(halts > 100, "{halts}");
}

#[test]
fn nothing_comes_in_within_a_window() {
    let machine = Machine::spin3();
    let Some(image) = firmware(3) else { return };
    let mut system = booting(&machine, &image, 1);
    system.run_until(700 * MILLISECOND);
    let datagram = Datagram {
        board: 0,
        port: SCP_PORT,
        host: HOST,
        data: scp((0, 0), 0, 0, 1, [0; 3]),
    };
    system.set_breakpoint(IRQ_VECTOR, true);
    system.run_until(system.now() + 10 * MILLISECOND);
    assert!(system.halted().is_some() && system.stands_within_window());
    assert!(!system.send(&datagram));
    // A halted machine stays where it is.
    let (now, state) = (system.now(), system.state_hash());
    system.step(u64::MAX);
    assert_eq!((system.now(), system.state_hash()), (now, state));
    system.finish_window();
    assert!(!system.stands_within_window());
    assert!(system.send(&datagram));
    assert_eq!(system.breakpoints().collect::<Vec<_>>(), [IRQ_VECTOR]);
}
