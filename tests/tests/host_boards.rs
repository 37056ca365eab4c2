//! The host runtime against emulated SpiNN-5 boards: one with defects, and three together.

use std::collections::BTreeSet;
use taproot_host::{HostError, Quiet, RunOptions, ScpError};
use taproot_network::Variable;
use taproot_spinnaker::{LowerOptions, Role, lower};
use taproot_spinnaker_chip::{Board, ChipXy, Link, Machine};
use taproot_tests::{booted, firmware, networks::one_to_one};

#[test]
fn a_board_with_defects_is_discovered_loaded_and_run_around_them() {
    let mut machine = Machine::spin5();
    machine.kill_chip(ChipXy::new(1, 1));
    machine.kill_link(ChipXy::new(0, 0), Link::North);
    machine.kill_core(ChipXy::new(2, 2), 3);
    let Some((running, mut host)) = booted(&machine, Board::Spin5) else {
        return;
    };
    let found = host.discover(&Quiet).unwrap();
    // SCAMP switches off the south-west link of board chip (1,0), which leads nowhere on a lone board.
    assert_eq!(found.chips().count(), 47);
    for (xy, chip) in found.chips() {
        let described = machine.chip(xy).unwrap();
        assert_eq!(chip.links, described.links, "{xy}");
        assert_eq!(chip.cores.len(), described.cores.len(), "{xy}");
    }
    assert_eq!(found.chip(ChipXy::new(2, 2)).unwrap().cores.len(), 17);

    // One neuron a core: the program has to reach many chips.
    let lowered = lower(&one_to_one(80, &[5.0], Some(1)), &found, &LowerOptions::default()).unwrap();
    let chips: BTreeSet<ChipXy> = lowered.image.cores.iter().map(|core| core.core.chip).collect();
    assert!(chips.len() >= 4, "{chips:?}");
    let mut application = host.load(&lowered.image, &firmware().unwrap(), &Quiet).unwrap();
    let run = RunOptions {
        from: 0,
        until: 20,
        writes: lowered.send_buffers(0, 20).unwrap(),
    };
    application.run(&mut host, &run, &Quiet).unwrap();
    let wanted: Vec<(usize, u8)> = lowered
        .layout
        .cores
        .iter()
        .enumerate()
        .filter(|(_, core)| matches!(core.role, Role::Cells { .. }) && !core.channels.is_empty())
        .map(|(index, core)| (index, core.recording_region.unwrap()))
        .collect();
    assert_eq!(wanted.len(), 80);
    let recordings = application.recordings(&mut host, &wanted, &Quiet).unwrap();
    for ((core, _), channels) in wanted.iter().zip(recordings) {
        let layout = &lowered.layout.cores[*core];
        let spikes = layout
            .channels
            .iter()
            .find(|c| c.variable == Variable::Spikes)
            .unwrap();
        let data = &channels[usize::from(spikes.channel)].data;
        assert_eq!(data[..], [9, 0, 0, 0, 1, 0, 0, 0], "core {}", layout.core);
    }

    // Somebody pulls the plug.
    drop(running);
    let error = application.run(&mut host, &run, &Quiet).unwrap_err();
    assert!(
        matches!(error, HostError::Scp(ScpError::NoAnswer { .. })),
        "{error}"
    );
}

#[test]
#[ignore = "booting three boards takes a minute"]
fn three_boards_are_served_through_their_own_ethernet() {
    let machine = Machine::triads("spin5x3", 12, 12).unwrap();
    let Some((running, mut host)) = booted(&machine, Board::Spin5) else {
        return;
    };
    let found = host.discover(&Quiet).unwrap();
    assert_eq!(
        (found.width(), found.height(), found.chips().count()),
        (12, 12, 144)
    );
    let boards: Vec<std::net::IpAddr> = host.boards().into_iter().map(Into::into).collect();
    assert_eq!(boards, running.addresses());
    for (xy, chip) in found.chips() {
        let described = machine.chip(xy).unwrap();
        assert_eq!(
            (chip.cores.len(), chip.ethernet),
            (described.cores.len(), described.ethernet)
        );
        // SCAMP switches off some links between boards, never within one.
        for link in described.links.iter().filter(|link| !chip.links.contains(*link)) {
            let neighbour = machine.neighbour(xy, link).unwrap();
            assert_ne!(
                machine.chip(neighbour).unwrap().ethernet,
                chip.ethernet,
                "{link} of {xy}"
            );
        }
    }
    for chip in [ChipXy::new(3, 3), ChipXy::new(5, 9), ChipXy::new(9, 5)] {
        let data: Vec<u8> = (0..10_000u32).map(|i| (i % 253) as u8 ^ chip.x).collect();
        host.write(chip, 0x6100_0000, &data).unwrap();
        assert_eq!(host.read(chip, 0x6100_0000, 10_000).unwrap(), data);
    }
}
