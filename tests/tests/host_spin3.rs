//! The host runtime against an emulated SpiNN-3 board that executes the real monitor and the real programs.

use taproot_host::{FirmwareSource, Quiet};
use taproot_spinnaker::wire::{aplx::Aplx, state::CoreState};
use taproot_spinnaker_chip::{Board, ChipXy, Link, Machine};
use taproot_tests::booted;

#[test]
fn a_board_boots_and_is_what_it_was_described_as() {
    let description = Machine::spin3();
    let Some((_running, mut host)) = booted(&description, Board::Spin3) else {
        return;
    };
    // SCAMP switches off the south-west link of board chip (1,0), whatever the board (scamp-3.c), and then its other end.
    let mut description = description;
    description.kill_link(ChipXy::new(1, 0), Link::SouthWest);
    let found = host.discover(&Quiet).unwrap();
    assert_eq!((found.width(), found.height()), (2, 2));
    for (xy, chip) in found.chips() {
        let described = description.chip(xy).unwrap();
        assert_eq!(chip.cores.len(), described.cores.len(), "{xy}");
        assert_eq!(chip.links, described.links, "{xy}");
        assert_eq!(chip.ethernet, ChipXy::new(0, 0));
        assert_eq!(chip.router_entries, 1023);
        assert!(chip.sdram > 100_000_000, "{} bytes on {xy}", chip.sdram);
    }
    assert_eq!(found.chips().count(), 4);

    let info = host.info().unwrap();
    assert_eq!(info.version.kernel, "SC&MP");
    assert_eq!(info.ethernets.len(), 1);
    assert_eq!(info.ethernets[0].0, ChipXy::new(0, 0));
    let cores = host.ps().unwrap();
    assert_eq!(cores.len(), 72);
    assert!(cores.iter().all(|core| core.vcpu.state
        == if core.core.core() == 0 {
            CoreState::Running
        } else {
            CoreState::Idle
        }));

    for chip in [ChipXy::new(0, 0), ChipXy::new(1, 1)] {
        let data: Vec<u8> = (0..50_001u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 11) as u8)
            .collect();
        host.write(chip, 0x6100_0000, &data).unwrap();
        assert_eq!(host.read(chip, 0x6100_0000, data.len() as u32).unwrap(), data);
        host.fill(chip, 0x6200_0000, 0xdead_beef, 100_000).unwrap();
        assert_eq!(
            host.read(chip, 0x6200_0000 + 99_996, 8).unwrap()[..4],
            [0xef, 0xbe, 0xad, 0xde]
        );
    }
}

#[test]
fn every_program_of_the_firmware_is_an_image_that_a_core_can_load() {
    let Some(files) = taproot_tests::firmware() else {
        return;
    };
    let mut programs = 0;
    for pin in taproot_host::firmware::pins() {
        if pin.name.ends_with(".aplx") {
            let aplx =
                Aplx::parse(&files.read(&pin.name).unwrap()).unwrap_or_else(|e| panic!("{}: {e}", pin.name));
            assert!(aplx.code_bytes() > 8_000, "{}", pin.name);
            programs += 1;
        }
    }
    assert_eq!(programs, 82);
    // Documented sizes: code, then initialised data and cleared memory (reference, section 20).
    let aplx = Aplx::parse(&files.read("IF_curr_exp.aplx").unwrap()).unwrap();
    assert_eq!((aplx.code_bytes(), aplx.data_bytes()), (29_624, 240 + 2_428));
}
