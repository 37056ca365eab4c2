//! Packets that arrive damaged or late, and the error registers.

use super::*;

#[test]
fn packets_two_phases_old_are_errors() {
    let (mut router, mut ports) = (router(), Fake::default());
    set(&mut router, 0, 0x0040_0001 | 1 << 6 | 1 << 3);
    router.arrive(0, 0, packet(2 << 2, 1, None));
    router.arrive(0, 1, packet(0, 1, None));
    router.process(0, 100, &T, &mut ports);
    assert_eq!(ports.links.len(), 1);
    assert_eq!(get(&mut router, 0x14) & 0x8000_ffff, 0x8000_0001);
}

/// Phases run 00, 01, 11, 10. A packet launched now, one phase ago or (by a chip that is ahead) one phase hence passes.
#[test]
fn a_packet_expires_exactly_two_phases_from_its_own() {
    const CYCLE: [u8; 4] = [0b00, 0b01, 0b11, 0b10];
    for (now, phase) in CYCLE.into_iter().enumerate() {
        for (launched, stamp) in CYCLE.into_iter().enumerate() {
            let mut router = router();
            set(&mut router, 0, 0x0040_0001 | 5 << 8 | u32::from(phase) << 6);
            set(&mut router, 0x84, 1 << 6);
            set(&mut router, 0x1_0000, 0o66_666_667);
            let expired = (4 + now - launched) % 4 == 2;
            for (kind, passed) in [(0x00, "link 3"), (0x40, "core 5"), (0xc0, "core 0")] {
                let sent = packet(kind | stamp << 2, 0, None);
                let went = goes(&mut router, &mut Fake::default(), 0, sent);
                assert_eq!(
                    went,
                    if expired { "" } else { passed },
                    "{kind:#x} {launched} at {now}"
                );
            }
        }
    }
}

#[test]
fn a_core_s_packet_gets_the_present_phase() {
    for phase in 0..4u8 {
        let (mut router, mut ports) = (router(), Fake::default());
        set(&mut router, 0, 0x0040_0001 | u32::from(phase) << 6);
        entry(&mut router, 0, 1, !0, 1);
        router.injected.push(local(packet(0b1100, 1, None), 0));
        router.process(0, 100, &T, &mut ports);
        assert_eq!(ports.links[0].2.time_stamp(), phase);
        assert!(ports.links[0].2.parity_is_odd());
    }
}

/// What is wrong, the bit of header and status, and the control bit that has it counted.
#[test]
fn damaged_and_late_packets_are_kept_counted_and_reported() {
    for (damage, bit, enable) in [
        (Some(Damage::Bit), 29, 5),
        (Some(Damage::Length), 28, 4),
        (None, 27, 3),
    ] {
        for enabled in [0, 1u32] {
            let (mut router, mut ports) = (router(), Fake::default());
            set(
                &mut router,
                0,
                0x0040_0003 | 5 << 8 | 0b11 << 6 | enabled << enable,
            );
            // Launched in phase 00, so it is late now; damage is found first.
            for (at, key) in [(0, 4), (1, 6)] {
                router.damage[2] = damage;
                router.arrive(2, at, packet(0, key, Some(9)));
            }
            router.process(0, 100, &T, &mut ports);
            assert!(ports.links.is_empty() && ports.cores.is_empty());
            assert_eq!(router.registers.interrupts(), (false, false, true));
            assert_eq!(get(&mut router, 0x04) >> 29, 0b110, "interrupt, error");
            let header = get(&mut router, 0x08);
            assert_eq!(
                (header >> 27, header >> 24 & 7, header >> 6 & 3),
                (1 << (bit - 27), 2, 0b11)
            );
            assert_eq!(get(&mut router, 0x0c) & !1, 4, "the first one");
            assert_eq!(get(&mut router, 0x10), 9);
            assert_eq!(get(&mut router, 0x14), 0b11 << 30 | 1 << bit | enabled << 1);
            assert_eq!(get(&mut router, 0x14), 0, "reading clears");
            assert_eq!(router.registers.interrupts(), (false, false, false));
        }
    }
}

#[test]
fn a_wrong_wire_spoils_one_packet_only_and_the_interrupt_can_be_off() {
    let (mut router, mut ports) = (router(), Fake::default());
    router.damage[1] = Some(Damage::Bit);
    assert_eq!(goes(&mut router, &mut ports, 1, packet(0x80, 0, None)), "");
    assert_eq!(goes(&mut router, &mut ports, 1, packet(0x80, 0, None)), "core 5");
    assert_eq!(router.registers.interrupts(), (false, false, false));
    assert_eq!(get(&mut router, 0x14) >> 31, 1);
}

#[test]
fn the_error_count_saturates() {
    let (mut router, mut ports) = (router(), Fake::default());
    set(&mut router, 0, 0x0040_0001 | 1 << 5);
    for n in 0..0x1_0010u64 {
        router.damage[0] = Some(Damage::Bit);
        router.arrive(0, 2 * n, packet(0, 1, None));
        router.process(2 * n, 2 * n + 2, &T, &mut ports);
        router.taken = [0; LINKS];
    }
    assert_eq!(get(&mut router, 0x14) & 0xffff, 0xffff);
}
