//! Runs are repeated from traces, runs by any number of threads and by either way of executing are the same, and where two
//! machines differ is named.

mod support;

use std::io::{self, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::{HOST, boot, boot_datagrams, firmware, scp, word};
use taproot_emulator::trace::{
    Ending, Record, Replay, ReplayError, ReplayOptions, TraceReader, TraceWriter, compare,
};
use taproot_emulator::{
    CYCLES_PER_SECOND, Datagram, Emulator, Logged, Options, Pace, Place, System, Timing, trace::Start,
};
use taproot_spinnaker_chip::{ChipXy, Machine};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const MILLISECOND: u64 = CYCLES_PER_SECOND / 1000;

/// A file in memory that two sides hold.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(data);
        Ok(data.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn replay(trace: &[u8], threads: usize, plain: bool) -> Result<Replay<&[u8]>, ReplayError> {
    Replay::new(TraceReader::new(trace)?, &ReplayOptions { threads, plain })
}

fn records(trace: &[u8]) -> Vec<Record> {
    let mut reader = TraceReader::new(trace).unwrap();
    std::iter::from_fn(|| reader.next_record().unwrap()).collect()
}

/// A trace made by hand: a board that is booted at once, asked for its version at certain times, and watched until `end`.
fn boot_trace(machine: &Machine, image: &[u8], asked: &[u64], end: u64) -> Vec<u8> {
    let mut trace = Vec::new();
    let start = Start::new(machine, &[ADDRESS], &Timing::STOCK);
    let mut writer = TraceWriter::new(&mut trace, &start).unwrap();
    let datagram = |cycle, port, data| {
        Record::Datagram(Logged {
            cycle,
            datagram: Datagram {
                board: 0,
                port,
                host: HOST,
                data,
            },
        })
    };
    for data in boot_datagrams(image) {
        writer.write(&datagram(0, 54_321, data)).unwrap();
    }
    for cycle in asked {
        writer
            .write(&datagram(*cycle, 17_893, scp((0, 0), 0, 0, 1, [0; 3])))
            .unwrap();
    }
    // Something at the very end, so that it lasts until there.
    writer
        .write(&datagram(end, 17_893, scp((0, 0), 0, 0, 2, [0; 3])))
        .unwrap();
    trace
}

/// The state of every millisecond.
fn states(trace: &[u8], threads: usize, plain: bool) -> Vec<u64> {
    let mut run = replay(trace, threads, plain).unwrap();
    let mut states = Vec::new();
    while run.ending().is_none() {
        run.run_until((states.len() as u64 + 1) * MILLISECOND).unwrap();
        states.push(run.system().state_hash());
    }
    states
}

/// Replays by the plain interpreter and by the fast paths, with 1, 2 and 8 threads, are the same in every millisecond.
fn judge(trace: &[u8]) {
    let oracle = states(trace, 1, true);
    assert!(oracle.len() > 10, "the run lasts");
    for (threads, plain) in [(1, false), (2, false), (8, false), (2, true)] {
        let found = states(trace, threads, plain);
        if found != oracle {
            let parting = compare(
                || replay(trace, 1, true),
                || replay(trace, threads, plain),
                8,
                |_| true,
            );
            panic!("{threads} threads, plain {plain}: {parting:#?}");
        }
    }
}

#[test]
fn a_spin3_boot_is_the_same_by_either_way_and_any_number_of_threads() {
    let Some(image) = firmware(3) else { return };
    let asked = [900, 1_000, 1_001].map(|ms| ms * MILLISECOND);
    judge(&boot_trace(
        &Machine::spin3(),
        &image,
        &asked,
        1_200 * MILLISECOND,
    ));
}

#[test]
fn the_beginning_of_a_spin5_boot_is_the_same_by_either_way_and_any_number_of_threads() {
    let Some(image) = firmware(5) else { return };
    judge(&boot_trace(&Machine::spin5(), &image, &[], 60 * MILLISECOND));
}

#[test]
#[ignore = "takes minutes: cargo test --release -p taproot-emulator --test replay -- --ignored"]
fn whole_boots_are_the_same_by_either_way_and_any_number_of_threads() {
    for (machine, version) in [(Machine::spin3(), 3), (Machine::spin5(), 5)] {
        let Some(image) = firmware(version) else { return };
        judge(&boot_trace(&machine, &image, &[], 6_000 * MILLISECOND));
    }
}

/// Any trace that somebody has recorded, of a network for instance: `TAPROOT_TRACE` names the file.
#[test]
#[ignore = "needs a trace: TAPROOT_TRACE=FILE cargo test --release -p taproot-emulator --test replay -- --ignored"]
fn a_recorded_run_is_the_same_by_either_way_and_any_number_of_threads() {
    let path = std::env::var_os("TAPROOT_TRACE").expect("TAPROOT_TRACE names a trace");
    judge(&std::fs::read(path).unwrap());
}

#[test]
fn a_recorded_session_is_repeated_without_the_host() {
    let Some(image) = firmware(3) else { return };
    let file = Shared::default();
    let options = Options::default();
    let running =
        Emulator::start_traced(&Machine::spin3(), &options, file.clone(), Some(100 * MILLISECOND)).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    for datagram in boot_datagrams(&image) {
        socket.send_to(&datagram, (running.address(), 54_321)).unwrap();
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut buffer = [0; 512];
    loop {
        assert!(Instant::now() < deadline, "the board boots");
        socket
            .send_to(&scp((255, 255), 0, 0, 1, [0; 3]), (running.address(), 17_893))
            .unwrap();
        if socket.recv_from(&mut buffer).is_ok() && word(&buffer, 14) >> 16 == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let (statistics, failure) = running.stop_traced();
    let statistics = statistics.unwrap();
    assert!(failure.is_none());
    let trace = file.0.lock().unwrap().clone();

    let states = |record: &Record| matches!(record, Record::State { .. });
    let recorded = records(&trace).iter().filter(|record| states(record)).count() as u64;
    assert!(recorded > 20, "{recorded} states");
    for threads in [1, 2] {
        let mut run = replay(&trace, threads, false).unwrap();
        run.run_to_the_end().unwrap();
        assert_eq!(run.ending(), Some(Ending::Whole));
        assert_eq!(
            run.verified(),
            recorded + 1,
            "every state and the end were compared"
        );
        assert_eq!(run.system().statistics(), statistics);
    }

    // Without its end it is repeated up to where it stops.
    let mut run = replay(&trace[..trace.len() - 3], 1, false).unwrap();
    run.run_to_the_end().unwrap();
    assert!(matches!(run.ending(), Some(Ending::Cut { .. })));
    assert!(run.system().now() > CYCLES_PER_SECOND && run.system().now() <= statistics.cycles);

    // A host that had said something else is found out, and where it shows is named.
    let mut changed = Vec::new();
    let mut writer = TraceWriter::new(&mut changed, run.start()).unwrap();
    let mut last = 0;
    for mut record in records(&trace) {
        if let Record::Datagram(logged) = &mut record
            && logged.datagram.port == 17_893
            && logged.cycle > CYCLES_PER_SECOND
            && last == 0
        {
            last = logged.cycle;
            logged.datagram.data[12] ^= 1;
        }
        writer.write(&record).unwrap();
    }
    let mut run = replay(&changed, 1, false).unwrap();
    let Err(ReplayError::Different { cycle, same, chip }) = run.run_to_the_end() else {
        panic!("the changed datagram at cycle {last} was not noticed")
    };
    assert!(
        same <= last && last < cycle,
        "{same} <= {last} < {cycle}: the states around the change"
    );
    assert!(chip.is_some());
}

#[test]
fn two_runs_part_where_they_first_differ() {
    let Some(image) = firmware(3) else { return };
    let machine = Machine::spin3();
    let (same, at) = (700 * MILLISECOND, 750 * MILLISECOND + 400);
    let one = boot_trace(&machine, &image, &[same], 800 * MILLISECOND);
    let two = boot_trace(&machine, &image, &[same, at], 800 * MILLISECOND);
    let mut heard = 0;
    let parting = compare(
        || replay(&one, 1, false),
        || replay(&two, 2, false),
        4,
        |cycle| {
            heard = cycle;
            true
        },
    )
    .unwrap()
    .expect("they part");
    assert_eq!(heard, 750 * MILLISECOND);
    assert_eq!((parting.from, parting.to), (at, at + Timing::WINDOW));
    assert!(!parting.same_inputs);
    let first = &parting.differences[0];
    assert_eq!(first.chip, None, "{first}: one datagram more");
    assert_eq!(
        compare(
            || replay(&one, 1, false),
            || replay(&one, 1, true),
            4,
            |cycle| cycle < 5 * MILLISECOND
        )
        .unwrap(),
        None
    );
}

#[test]
fn the_place_of_a_flipped_bit_is_named() {
    let Some(image) = firmware(3) else { return };
    let machine = Machine::spin3();
    let booted = || {
        let mut system = System::new(&machine, &[ADDRESS], 1).unwrap();
        boot(&mut system, &image);
        system.run_until(300 * MILLISECOND);
        system
    };
    let one = booted();
    assert_eq!(one.first_difference(&booted()), None);
    let xy = ChipXy::new(1, 0);
    for (core, address, at) in [
        (Some(3), 0x0000_1234, 0x0000_1234),
        (Some(0), 0x0040_ff01, 0x0040_ff01),
        (None, 0x6123_4567, 0x6123_4567),
        (None, 0xf500_7000, 0xe500_7000),
    ] {
        let mut two = booted();
        assert!(flip(&mut two, xy, core, address));
        let found = one.first_difference(&two).expect("one bit differs");
        assert_eq!(
            (found.chip, found.core, &found.place),
            (Some(xy), core, &Place::Address(at)),
            "{found}"
        );
        let (a, b) = (one.state_hashes(), two.state_hashes());
        let differ: Vec<usize> = (0..4).filter(|n| a.chips[*n] != b.chips[*n]).collect();
        assert_eq!(differ, [2], "chip (1,0) alone, the third by x, then y");
        assert!(flip(&mut two, xy, core, address));
        assert_eq!(one.first_difference(&two), None);
        assert_eq!(one.state_hash(), two.state_hash());
    }
    let mut two = booted();
    assert!(two.set_register(xy, 5, 4, 0x1234_5678));
    let found = one.first_difference(&two).unwrap();
    assert_eq!(found.place, Place::Register("r4".into()));
    assert_eq!((found.chip, found.core), (Some(xy), Some(5)));
    assert!(
        found
            .to_string()
            .starts_with("chip (1,0), physical core 5, register r4: 0x")
    );
    assert_ne!(one.state_hash(), two.state_hash());

    for (address, value, name) in [
        (0xe100_4000, 0x5555, "router.table.routes[0]"),
        (0xe100_002c, 0x5555, "router.registers."),
        (0xe200_0060, 0x5555, "system_controller."),
    ] {
        let mut two = booted();
        assert!(two.patch(xy, None, address, &u32::to_le_bytes(value)));
        let found = one.first_difference(&two).unwrap();
        let Place::Device(device) = &found.place else {
            panic!("{found}")
        };
        assert!(device.starts_with(name), "{found}");
        assert_eq!((found.chip, found.core), (Some(xy), None));
        assert_ne!(one.state_hash(), two.state_hash());
    }
}

/// Inverts a bit of a memory, as a particle would.
fn flip(system: &mut System, xy: ChipXy, core: Option<u8>, address: u32) -> bool {
    let mut byte = [0];
    system.inspect(xy, core, address, &mut byte) && system.patch(xy, core, address, &[byte[0] ^ 0x10])
}

#[test]
fn a_board_in_real_pace_answers_at_once_and_follows_the_clock() {
    let Some(image) = firmware(3) else { return };
    // Booted at leisure, or the test would take as long as a boot does.
    let options = Options {
        pace: Pace::Real,
        ..Options::default()
    };
    let running = Emulator::start(&Machine::spin3(), &options).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    for datagram in boot_datagrams(&image) {
        socket.send_to(&datagram, (running.address(), 54_321)).unwrap();
    }
    let mut buffer = [0; 512];
    let mut ask = |sequence: u16| {
        let began = Instant::now();
        let request = scp((0, 0), 0, 0, sequence, [0; 3]);
        socket.send_to(&request, (running.address(), 17_893)).unwrap();
        loop {
            let (length, _) = socket.recv_from(&mut buffer).ok()?;
            // An answer to an earlier question may still come.
            if length > 14 && u16::from_le_bytes([buffer[12], buffer[13]]) == sequence {
                return Some(began.elapsed());
            }
        }
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    while ask(1).is_none() {
        assert!(Instant::now() < deadline, "the board boots");
    }
    std::thread::sleep(Duration::from_millis(500));
    let before = running.pacing();
    let mut latencies: Vec<Duration> = (2..42)
        .filter_map(|n| {
            std::thread::sleep(Duration::from_millis(7));
            ask(n)
        })
        .collect();
    let after = running.pacing();
    latencies.sort();
    assert!(latencies.len() > 35, "{} of 40 were answered", latencies.len());
    let median = latencies[latencies.len() / 2];
    assert!(
        median < Duration::from_millis(10),
        "half of the answers take {median:?} or more"
    );
    // Time that passed and was not lost has been emulated.
    let wall = after.wall - before.wall;
    let emulated = after.emulated - before.emulated;
    let lost = after.lost - before.lost;
    let accounted = emulated + lost;
    assert!(
        accounted.abs_diff(wall) < Duration::from_millis(12),
        "{wall:?} passed, {emulated:?} were emulated and {lost:?} lost"
    );
}
