//! Reset, the delay loop of SARK, and running to a limit.

use super::*;

#[test]
fn reset_state() {
    let cpu = Cpu::new();
    assert_eq!(cpu.register(15), 0xffff_0000);
    assert_eq!(cpu.cpsr() & 0xff, 0xd3);
    assert_eq!(cpu.control() & 0x3006, 0x3004);
}

/// `sub r0, #1; bcs .-2` is documented in SARK as four cycles a turn.
#[test]
fn the_delay_loop_takes_four_cycles_a_turn() {
    let mut cpu = thumb(&[0x3801, 0xd2fd, 0xe7fe]);
    cpu.set_register(0, 1000);
    let mut bus = Outside::default();
    assert_eq!(cpu.run(&mut bus, 4 * 1000 + 2), Stop::Limit);
    assert_eq!(cpu.register(0), 0xffff_ffff);
    assert_eq!(
        (cpu.register(15), cpu.cycles(), cpu.instructions()),
        (0x104, 4002, 2002)
    );
}
