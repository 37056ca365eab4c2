//! The whole life of an application against a machine that is only memory and manners, over good and bad networks.

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc};
use taproot_host::{
    BootOptions, ChannelData, Clock, FirmwareError, FirmwareSource, Host, HostError, HostOptions, Job, Quiet,
    RunOptions,
    fake::{FakeClock, FakeMachine, Faults, Meddling},
};
use taproot_spinnaker::{
    Binary, CoreImage, IpTag, LoadImage, Region, RegionWrite, RoutingEntry,
    wire::{
        boot::BootValues,
        data_table::DataTable,
        recording,
        state::{CoreState, RuntimeError},
        vcpu,
    },
};
use taproot_spinnaker_chip::{Board, ChipXy, CoreId, Link, Machine, system_ram};

struct Files;

impl FirmwareSource for Files {
    fn read(&self, name: &str) -> Result<Vec<u8>, FirmwareError> {
        // Different for each name, not a multiple of 4.
        Ok(name.bytes().cycle().take(1001).collect())
    }
}

fn host(machine: &FakeMachine, clock: &Arc<FakeClock>, faults: Option<Faults>) -> Host {
    let address = Ipv4Addr::new(127, 0, 0, 2);
    Host::with_opener(
        address,
        Box::new(machine.opener(faults)),
        clock.clone(),
        HostOptions::default(),
    )
    .unwrap()
}

fn core(x: u8, y: u8, p: u8) -> CoreId {
    CoreId::new(ChipXy::new(x, y), p).unwrap()
}

fn image(cores: &[CoreId]) -> LoadImage {
    let core_image = |(index, core): (usize, &CoreId)| CoreImage {
        core: *core,
        binary: if index % 2 == 0 {
            Binary::IfCurrExp
        } else {
            Binary::SpikeSourcePoisson
        },
        label: format!("cells {index}"),
        regions: vec![
            Region {
                number: 0,
                size: 12,
                content: (0..12).collect(),
            },
            Region {
                number: 6,
                size: 5000,
                content: (0..4000u32).map(|i| (i % 251) as u8 ^ index as u8).collect(),
            },
            Region {
                number: 15,
                size: 4 + 12 * 2,
                content: vec![0; 28],
            },
        ],
    };
    let entry = RoutingEntry {
        key: 0x100,
        mask: 0xffff_ff00,
        route: 0x81,
    };
    LoadImage {
        hardware_timestep: 1000,
        cores: cores.iter().enumerate().map(core_image).collect(),
        tables: vec![(ChipXy::new(0, 0), vec![entry; 3])],
        tags: vec![IpTag {
            ethernet: ChipXy::new(0, 0),
            tag: 1,
            port: 17895,
            strip: true,
        }],
    }
}

#[test]
fn a_board_is_booted_and_waited_for() {
    let clock = Arc::new(FakeClock::new());
    let machine = FakeMachine::new(Machine::spin5(), clock.clone());
    let mut host = host(&machine, &clock, None);
    assert_eq!(host.version().unwrap(), None);
    let options = BootOptions::new(BootValues::for_board(Board::Spin5, 1));
    let version = host.ensure_booted(&[0; 29_868], options, &Quiet).unwrap();
    assert_eq!(
        (version.chip, version.version.as_str()),
        (ChipXy::new(0, 0), "4.0.0")
    );
    // A second time there is nothing to boot.
    let before = clock.now();
    host.ensure_booted(&[], options, &Quiet).unwrap();
    assert!((clock.now() - before).as_millis() < 10);
}

#[test]
fn a_board_that_is_not_there_is_reported() {
    let clock = Arc::new(FakeClock::new());
    let machine = FakeMachine::new(Machine::spin5(), clock.clone());
    machine.unplug();
    let mut host = host(&machine, &clock, None);
    assert!(matches!(host.discover(&Quiet), Err(HostError::NotBooted { .. })));
    let options = BootOptions::new(BootValues::for_board(Board::Spin5, 1));
    let error = host.boot(&[0; 29_868], options, &Quiet).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the board at 127.0.0.2 did not answer within 6"),
        "{error}"
    );
}

/// What discovery can see of a machine: not which physical cores are missing, only how many.
fn as_seen(machine: &Machine, name: &str) -> Machine {
    let chips = machine.chips().map(|(xy, chip)| {
        let mut seen = chip.clone();
        seen.cores = taproot_spinnaker_chip::CoreSet::from_bits((1 << chip.cores.len()) - 1);
        seen.sdram = 123_469_792;
        (xy, seen)
    });
    Machine::new(name, machine.width(), machine.height(), chips).unwrap()
}

#[test]
fn discovery_finds_dimensions_defects_and_boards() {
    let mut damaged = Machine::spin5();
    damaged.kill_chip(ChipXy::new(3, 3));
    damaged.kill_link(ChipXy::new(0, 0), Link::North);
    damaged.kill_core(ChipXy::new(1, 1), 5);
    let boards = Machine::triads("spin5x3", 12, 12).unwrap();
    for machine in [Machine::spin3(), damaged, boards] {
        let clock = Arc::new(FakeClock::new());
        let fake = FakeMachine::booted(machine.clone(), clock.clone());
        let mut host = host(&fake, &clock, None);
        let found = host.discover(&Quiet).unwrap();
        assert_eq!(found, as_seen(&machine, "udp:127.0.0.2"));
        assert_eq!(host.boards().len(), machine.ethernet_chips().count());
    }
}

#[test]
fn memory_of_any_size_survives_a_bad_network() {
    for seed in 0..4 {
        let clock = Arc::new(FakeClock::new());
        let fake = FakeMachine::booted(Machine::spin5(), clock.clone());
        let mut host = host(&fake, &clock, Some(Faults::tenth(seed)));
        host.discover(&Quiet).unwrap();
        let chip = ChipXy::new(4, 4);
        let data: Vec<u8> = (0..100_003u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        host.write(chip, 0x6100_0001, &data).unwrap();
        assert_eq!(
            fake.peek(chip, 0x6100_0001, data.len() as u32),
            data,
            "seed {seed}"
        );
        assert_eq!(
            host.read(chip, 0x6100_0001, data.len() as u32).unwrap(),
            data,
            "seed {seed}"
        );
        host.fill(chip, 0x6200_0000, 0xdead_beef, 1000).unwrap();
        assert_eq!(
            fake.peek(chip, 0x6200_03e4, 8),
            [0xef, 0xbe, 0xad, 0xde, 0, 0, 0, 0]
        );
        assert!(host.statistics().timeouts > 100, "the network was bad");
    }
}

#[test]
fn boards_work_at_the_same_time_through_their_own_ethernet() {
    let clock = Arc::new(FakeClock::new());
    let fake = FakeMachine::booted(Machine::triads("spin5x3", 12, 12).unwrap(), clock.clone());
    let mut host = host(&fake, &clock, None);
    let machine = host.discover(&Quiet).unwrap();
    let data: BTreeMap<ChipXy, Vec<u8>> = machine
        .chips()
        .map(|(xy, _)| (xy, vec![xy.x ^ xy.y; 300]))
        .collect();
    let jobs: Vec<Job<'_>> = data
        .iter()
        .map(|(chip, data)| Job::Write {
            chip: *chip,
            address: 0x6100_0000,
            data,
        })
        .collect();
    host.perform(&jobs, &Quiet).unwrap();
    for (chip, data) in &data {
        assert_eq!(&fake.peek(*chip, 0x6100_0000, 300), data);
    }
    assert_eq!(host.boards().len(), 3);
}

#[test]
fn an_application_is_loaded_run_twice_read_and_stopped() {
    for faults in [None, Some(Faults::tenth(7)), Some(Faults::tenth(8))] {
        let clock = Arc::new(FakeClock::new());
        let fake = FakeMachine::booted(Machine::spin5(), clock.clone());
        let mut host = host(&fake, &clock, faults);
        host.discover(&Quiet).unwrap();
        let cores = [core(0, 0, 1), core(0, 0, 2), core(2, 2, 17), core(7, 7, 3)];
        let image = image(&cores);
        let mut application = host.load(&image, &Files, &Quiet).unwrap();

        for (index, loaded) in application.cores().iter().enumerate() {
            assert_eq!(fake.core_state(loaded.core), Some(CoreState::Paused));
            let chip = loaded.core.chip;
            // user0 points at the table, the table at the regions, and the regions hold what they should.
            let user0 = vcpu::address(loaded.core.core()) + system_ram::vcpu::USER0;
            assert_eq!(fake.peek(chip, user0, 4), loaded.base.to_le_bytes());
            let table = DataTable::from_bytes(&fake.peek(chip, loaded.base, 392)).unwrap();
            assert_eq!(table.regions[0].address, loaded.base + 392);
            assert_eq!(table.regions[6].address, loaded.base + 392 + 12);
            assert_eq!(table.regions[6].words, 1000);
            assert_eq!(table.regions[15].address, loaded.base + 392 + 12 + 5000);
            assert_eq!(
                fake.peek(chip, table.regions[6].address, 4000),
                image.cores[index].regions[1].content
            );
        }
        assert_eq!(fake.table(ChipXy::new(0, 0)), image.tables[0].1);
        assert_eq!(fake.tags(ChipXy::new(0, 0)), BTreeMap::from([(1, 17895)]));

        // Two runs: the first ends at sync 1, so the second needs the other signal.
        for (from, until) in [(0, 100), (100, 250)] {
            let run = RunOptions {
                from,
                until,
                writes: vec![RegionWrite {
                    core: cores[1],
                    region: 6,
                    offset: 16,
                    content: vec![9; 8],
                }],
            };
            let report = application.run(&mut host, &run, &Quiet).unwrap();
            assert!(report.machine_ms >= u64::from(until - from));
            assert!(
                cores
                    .iter()
                    .all(|core| fake.core_state(*core) == Some(CoreState::Ready))
            );
        }
        let region = application.read_regions(&mut host, &[(1, 6)], &Quiet).unwrap();
        assert_eq!(region[0].len(), 5000);
        assert_eq!(region[0][16..24], [9; 8]);

        // Core 2 has recorded 700 bytes on channel 1 and lost some.
        let spikes: Vec<u8> = (0..700).map(|i| i as u8).collect();
        fake.poke(cores[2].chip, 0x6300_0000, &spikes);
        let channels = [
            recording::Channel {
                space: 0,
                written: 0,
                missing: false,
                address: 0,
            },
            recording::Channel {
                space: 800,
                written: 700,
                missing: true,
                address: 0x6300_0000,
            },
        ];
        let header = application.cores()[2].regions[2].address;
        fake.poke(cores[2].chip, header, &recording::to_bytes(&channels));
        let recorded = application
            .recordings(&mut host, &[(2, 15), (3, 15)], &Quiet)
            .unwrap();
        let expected = [
            ChannelData::default(),
            ChannelData {
                data: spikes,
                missing: true,
            },
        ];
        assert_eq!(recorded[0], expected);
        assert_eq!(recorded[1], []);

        application.stop(&mut host).unwrap();
        assert!(
            cores
                .iter()
                .all(|core| fake.core_state(*core) == Some(CoreState::Idle))
        );
        assert_eq!(fake.allocated(ChipXy::new(0, 0)), 0);
        assert_eq!(fake.table(ChipXy::new(0, 0)), []);
        assert_eq!(fake.tags(ChipXy::new(0, 0)), BTreeMap::new());
    }
}

#[test]
fn a_run_that_somebody_else_ends_is_noticed_within_seconds() {
    for (meddling, expected) in [
        (Meddling::Stop, "somebody else has stopped the application"),
        (Meddling::Pause, "instead of 100000 ms"),
    ] {
        let clock = Arc::new(FakeClock::new());
        let fake = FakeMachine::booted(Machine::spin5(), clock.clone());
        let mut host = host(&fake, &clock, None);
        host.discover(&Quiet).unwrap();
        let cores = [core(0, 0, 1), core(3, 4, 5)];
        let image = image(&cores);
        let mut application = host.load(&image, &Files, &Quiet).unwrap();
        let begun = clock.now();
        fake.meddle(begun + std::time::Duration::from_secs(10), meddling);
        let run = RunOptions {
            from: 0,
            until: 100_000,
            writes: vec![],
        };
        let error = application.run(&mut host, &run, &Quiet).unwrap_err();
        let took = clock.now() - begun;
        assert!(error.to_string().contains(expected), "{error}");
        assert!(took.as_secs() < 15, "{took:?}");
        // The board stays usable.
        let mut application = host.load(&image, &Files, &Quiet).unwrap();
        application.run(&mut host, &run, &Quiet).unwrap();
    }
}

#[test]
fn a_core_that_dies_is_described_and_the_board_stays_usable() {
    let clock = Arc::new(FakeClock::new());
    let fake = FakeMachine::booted(Machine::spin5(), clock.clone());
    let mut host = host(&fake, &clock, None);
    host.discover(&Quiet).unwrap();
    let (good, bad) = (core(0, 0, 1), core(3, 4, 5));
    let mut application = host.load(&image(&[good, bad]), &Files, &Quiet).unwrap();
    fake.crash(bad, RuntimeError::DataAbort);
    let block = vcpu::address(5);
    fake.poke(bad.chip, block + 0x28, &0x1234u32.to_le_bytes());
    fake.poke(bad.chip, block + 0x58, &0x6300_0000u32.to_le_bytes());
    let mut iobuf = Vec::new();
    for word in [0u32, 0, 0, 14] {
        iobuf.extend(word.to_le_bytes());
    }
    iobuf.extend(b"812\x1eff\nSorry\n\n");
    fake.poke(bad.chip, 0x6300_0000, &iobuf);
    let run = RunOptions {
        from: 0,
        until: 5000,
        writes: vec![],
    };
    let error = application.run(&mut host, &run, &Quiet).unwrap_err();
    let message = error.to_string();
    for part in [
        "core (3,4,5) (cells 1) has failed: run-time error, data abort",
        "lr=0x00001234",
        "message 812 (ff)",
        "Sorry",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(fake.core_state(good), Some(CoreState::Idle));
    assert_eq!(fake.allocated(good.chip), 0);
    // And it can be used again at once.
    let mut application = host.load(&image(&[good, bad]), &Files, &Quiet).unwrap();
    application.run(&mut host, &run, &Quiet).unwrap();
}

#[test]
fn an_iobuf_that_runs_in_a_circle_ends() {
    let clock = Arc::new(FakeClock::new());
    let fake = FakeMachine::booted(Machine::spin3(), clock.clone());
    let mut host = host(&fake, &clock, None);
    host.discover(&Quiet).unwrap();
    let bad = core(0, 0, 1);
    fake.poke(bad.chip, vcpu::address(1) + 0x58, &0x6300_0000u32.to_le_bytes());
    // A block with text, then two empty ones that name each other.
    for (at, next, text) in [
        (0x6300_0000u32, 0x6300_0100u32, "once"),
        (0x6300_0100, 0x6300_0200, ""),
        (0x6300_0200, 0x6300_0100, ""),
    ] {
        let mut block = Vec::new();
        for word in [next, 0, 0, text.len() as u32] {
            block.extend(word.to_le_bytes());
        }
        block.extend(text.bytes());
        fake.poke(bad.chip, at, &block);
    }
    assert_eq!(host.iobuf(bad).unwrap(), b"once");
}

#[test]
fn a_board_that_dies_in_the_middle_is_reported_with_what_was_asked() {
    let clock = Arc::new(FakeClock::new());
    let fake = FakeMachine::booted(Machine::spin5(), clock.clone());
    let mut host = host(&fake, &clock, None);
    host.discover(&Quiet).unwrap();
    let mut application = host.load(&image(&[core(1, 0, 1)]), &Files, &Quiet).unwrap();
    fake.unplug();
    let run = RunOptions {
        from: 0,
        until: 10,
        writes: vec![],
    };
    let message = application.run(&mut host, &run, &Quiet).unwrap_err().to_string();
    assert!(
        message.starts_with("chip (1,0), core 1 of the board at 127.0.0.2 did not answer \"set run time\""),
        "{message}"
    );
}

#[test]
fn images_that_do_not_fit_are_refused_with_the_name_of_what_does_not() {
    let clock = Arc::new(FakeClock::new());
    let fake = FakeMachine::booted(Machine::spin5(), clock.clone());
    let mut host = host(&fake, &clock, None);
    assert!(matches!(
        host.load(&image(&[]), &Files, &Quiet),
        Err(HostError::NotDiscovered)
    ));
    host.discover(&Quiet).unwrap();
    let error = host.load(&image(&[core(1, 1, 17)]), &Files, &Quiet).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the load image uses core (1,1,17) (cells 0), which this machine does not have"
    );
    let mut large = image(&[core(0, 0, 1)]);
    large.cores[0].regions[1].size = 130_000_000;
    let error = host.load(&large, &Files, &Quiet).unwrap_err();
    assert!(matches!(error, HostError::NoSdram { .. }), "{error}");
    let mut wide = image(&[core(0, 0, 1)]);
    wide.tables[0].1 = vec![wide.tables[0].1[0]; 1024];
    let error = host.load(&wide, &Files, &Quiet).unwrap_err();
    assert_eq!(
        error.to_string(),
        "chip (0,0) has no room for 1024 routing entries"
    );
    assert_eq!(fake.allocated(ChipXy::new(0, 0)), 0);
}
