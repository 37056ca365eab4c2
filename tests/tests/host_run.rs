//! The host runtime loads and runs the real programs on an emulated SpiNN-3 board.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};
use taproot_host::{Application, Host, HostError, HostOptions, Quiet, RunOptions};
use taproot_network::{Network, Variable};
use taproot_spinnaker::{
    LowerOptions, Lowered, RegionWrite, lower,
    wire::{
        iobuf,
        state::{CoreState, RuntimeError},
    },
};
use taproot_spinnaker_chip::{Board, Machine};
use taproot_tests::{booted, firmware, networks::one_to_one};

/// Ten neurons that fire when they are told to.
fn network() -> Network {
    one_to_one(10, &[5.0, 105.0, 205.0], None)
}

/// Words of a channel by label of what is recorded there.
fn recorded(host: &mut Host, application: &Application, lowered: &Lowered, variable: Variable) -> Vec<u32> {
    let (index, layout) = lowered
        .layout
        .cores
        .iter()
        .enumerate()
        .find(|(_, core)| core.channels.iter().any(|channel| channel.variable == variable))
        .unwrap();
    let channel = layout
        .channels
        .iter()
        .find(|c| c.variable == variable)
        .unwrap()
        .channel;
    let region = layout.recording_region.unwrap();
    let channels = application.recordings(host, &[(index, region)], &Quiet).unwrap();
    let data = &channels[0][usize::from(channel)];
    assert!(!data.missing);
    data.data
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .collect()
}

#[test]
fn neurons_fire_when_they_are_driven_in_each_of_two_runs() {
    let Some((_running, mut host)) = booted(&Machine::spin3(), Board::Spin3) else {
        return;
    };
    let machine = host.discover(&Quiet).unwrap();
    let lowered = lower(&network(), &machine, &LowerOptions::default()).unwrap();
    let files = firmware().unwrap();
    let mut application = host.load(&lowered.image, &files, &Quiet).unwrap();
    let mut steps = Vec::new();
    for (from, until) in [(0, 150), (150, 250)] {
        let run = RunOptions {
            from,
            until,
            writes: lowered.send_buffers(from, until).unwrap(),
        };
        let report = application.run(&mut host, &run, &Quiet).unwrap();
        assert!(report.machine_ms >= u64::from(until - from));
        let spikes = recorded(&mut host, &application, &lowered, Variable::Spikes);
        for record in spikes.chunks_exact(2) {
            assert_eq!(record[1], 0x3ff, "all ten fire together");
            steps.push(record[0]);
        }
        let v = recorded(&mut host, &application, &lowered, Variable::V);
        assert_eq!(v.len(), 11 * (until - from) as usize);
        assert_eq!((v[0], v[v.len() - 11]), (from, until - 1));
    }
    assert_eq!(steps.len(), 3);
    for (step, input) in steps.into_iter().zip([5, 105, 205]) {
        // One step of delay, then the neuron charges for a few steps before it reaches its threshold.
        assert!((input + 2..input + 12).contains(&step), "{step} after {input}");
    }
    // Cores say at the end of each run that they have resumed and paused, as numbers.
    let lines = iobuf::lines(&application.iobufs(&mut host, &[0]).unwrap()[0]);
    assert!(
        lines
            .iter()
            .any(|line| matches!(line, iobuf::Line::Message { .. })),
        "{lines:?}"
    );
    let core = lowered.image.cores[0].core;
    let texts: Vec<String> = host
        .iobuf_lines(core)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(texts.len(), lines.len());
    assert!(
        texts
            .iter()
            .all(|text| text.starts_with("[INFO] (") && !text.contains('%')),
        "{texts:?}"
    );
    assert!(
        texts
            .iter()
            .any(|text| text.starts_with("[INFO] (simulation.c: ")),
        "{texts:?}"
    );
    application.stop(&mut host).unwrap();
    let cores = host.ps().unwrap();
    assert!(cores.iter().all(|core| core.vcpu.application == 0));
}

#[test]
fn a_run_that_somebody_else_stops_is_noticed_within_seconds() {
    let Some((running, mut host)) = booted(&Machine::spin3(), Board::Spin3) else {
        return;
    };
    let machine = host.discover(&Quiet).unwrap();
    let lowered = lower(&network(), &machine, &LowerOptions::default()).unwrap();
    let files = firmware().unwrap();
    let mut application = host.load(&lowered.image, &files, &Quiet).unwrap();
    let IpAddr::V4(address) = running.address() else {
        panic!("boards speak IPv4")
    };
    let mut meddler = application.clone();
    let other = std::thread::spawn(move || {
        let mut host = Host::connect(address, HostOptions::default()).unwrap();
        host.discover(&Quiet).unwrap();
        std::thread::sleep(Duration::from_secs(1));
        meddler.stop(&mut host).unwrap();
    });
    let begun = Instant::now();
    // Three hours of the board's time.
    let run = RunOptions {
        from: 0,
        until: 10_000_000,
        writes: lowered.send_buffers(0, 1000).unwrap(),
    };
    let error = application.run(&mut host, &run, &Quiet).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let HostError::Gone { gone, total, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(*total, lowered.image.cores.len());
    assert!(
        gone.iter().all(|(_, _, state)| *state == CoreState::Idle),
        "{error}"
    );
    other.join().unwrap();
    // The board is usable, from time 0.
    let mut application = host.load(&lowered.image, &files, &Quiet).unwrap();
    let run = RunOptions { until: 20, ..run };
    application.run(&mut host, &run, &Quiet).unwrap();
    application.stop(&mut host).unwrap();
}

#[test]
fn a_core_that_refuses_its_data_is_described_and_the_board_stays_usable() {
    let Some((_running, mut host)) = booted(&Machine::spin3(), Board::Spin3) else {
        return;
    };
    let machine = host.discover(&Quiet).unwrap();
    let lowered = lower(&network(), &machine, &LowerOptions::default()).unwrap();
    let files = firmware().unwrap();
    let mut broken = lowered.image.clone();
    let victim = broken
        .cores
        .iter()
        .position(|core| core.label.contains("cells"))
        .unwrap();
    // Another application's name: the program gives up with an API error when its data is not its own.
    broken.cores[victim].regions[0].content[0] ^= 1;
    let error = host.load(&broken, &files, &Quiet).unwrap_err();
    let HostError::CoresFailed { failures, total } = &error else {
        panic!("{error}")
    };
    assert_eq!(*total, 1);
    assert_eq!(failures[0].core, broken.cores[victim].core);
    assert_eq!(failures[0].label, broken.cores[victim].label);
    assert_eq!(failures[0].vcpu.state, CoreState::RuntimeError);
    assert_eq!(failures[0].vcpu.runtime_error, RuntimeError::Api);
    assert!(!failures[0].iobuf.is_empty());
    let message = error.to_string();
    for part in [
        "run-time error, spin1_api failure",
        "r7=0x",
        "lr=0x",
        "IOBUF",
        "[ERROR] (simulation.c: ",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let cores = host.ps().unwrap();
    assert!(cores.iter().all(|core| core.vcpu.application == 0));

    let mut application = host.load(&lowered.image, &files, &Quiet).unwrap();
    let run = RunOptions {
        from: 0,
        until: 20,
        writes: lowered.send_buffers(0, 20).unwrap(),
    };
    application.run(&mut host, &run, &Quiet).unwrap();
    // Begin anew at step 0 without loading again: neurons have left their state in region 2, and read it again.
    let neurons = &lowered.image.cores[victim];
    let parameters = neurons.regions.iter().find(|region| region.number == 2).unwrap();
    let reset = RegionWrite {
        core: neurons.core,
        region: 2,
        offset: 0,
        content: parameters.content.clone(),
    };
    application.write_regions(&mut host, &[reset], &Quiet).unwrap();
    application.run(&mut host, &run, &Quiet).unwrap();
    assert_eq!(
        recorded(&mut host, &application, &lowered, Variable::Spikes),
        [9, 0x3ff]
    );
    application.stop(&mut host).unwrap();
}
