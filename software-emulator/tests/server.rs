//! The machine behind real sockets.

mod support;

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::{boot_datagrams, firmware, scp, word};
use taproot_emulator::{Bind, Emulator, EmulatorError, Logged, Options, Pace, System};
use taproot_spinnaker_chip::Machine;

fn host() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    socket
}

#[test]
fn a_board_boots_over_udp() {
    let Some(image) = firmware(3) else { return };
    let log = Arc::new(Mutex::new(Vec::<Logged>::new()));
    let sink = Arc::clone(&log);
    let running = Emulator::start_logged(&Machine::spin3(), &Options::default(), move |logged| {
        sink.lock().unwrap().push(logged.clone());
    })
    .unwrap();
    let socket = host();
    for datagram in boot_datagrams(&image) {
        socket.send_to(&datagram, (running.address(), 54321)).unwrap();
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut buffer = [0; 512];
    let booted = loop {
        socket
            .send_to(&scp((255, 255), 0, 0, 1, [0; 3]), (running.address(), 17893))
            .unwrap();
        if let Ok((length, from)) = socket.recv_from(&mut buffer) {
            assert_eq!((from.ip(), from.port()), (running.address(), 17893));
            assert!(length >= 26);
            if word(&buffer, 14) >> 16 == 0 {
                break true;
            }
        }
        if Instant::now() > deadline {
            break false;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(booted, "the monitor knows its address");
    assert!(running.time() > 0);
    let IpAddr::V4(address) = running.address() else {
        panic!("boards speak IPv4")
    };
    let statistics = running.stop().unwrap();
    assert!(statistics.instructions > 10_000_000);
    let log = log.lock().unwrap();
    // Each port has a listener of its own, so a question to one may overtake the boot packets to the other.
    assert!(log.iter().any(|logged| logged.datagram.port == 54321));

    // The log is all that it takes to repeat the run exactly.
    let mut again = System::new(&Machine::spin3(), &[address], 1).unwrap();
    for logged in log.iter() {
        again.run_until(logged.cycle);
        assert_eq!(again.now(), logged.cycle);
        again.send(&logged.datagram);
    }
    again.run_until(statistics.cycles);
    assert_eq!(again.statistics(), statistics);
}

#[test]
fn machines_run_side_by_side_and_give_their_addresses_back() {
    let machine = Machine::spin3();
    let triad = Machine::triads("spin5x3", 12, 12).unwrap();
    let first = Emulator::start(&machine, &Options::default()).unwrap();
    let second = Emulator::start(
        &triad,
        &Options {
            threads: 1,
            ..Options::default()
        },
    )
    .unwrap();
    assert_eq!(second.addresses().len(), 3);
    assert!(!second.addresses().contains(&first.address()));
    assert!(first.address() != IpAddr::V4(Ipv4Addr::LOCALHOST));
    let IpAddr::V4(address) = first.address() else {
        panic!("boards speak IPv4")
    };
    let bind = Options {
        bind: Bind::At(address),
        ..Options::default()
    };
    assert!(matches!(
        Emulator::start(&machine, &bind),
        Err(EmulatorError::Bind { .. })
    ));
    drop(first);
    Emulator::start(&machine, &bind).unwrap();
}

#[test]
fn the_port_of_a_reverse_tag_opens_when_the_tag_is_set() {
    let running = Emulator::start(&Machine::spin3(), &Options::default()).unwrap();
    let sender = host();
    let closed = |port: u16| {
        // The kernel reports a closed port to a connected socket on the next call.
        let socket = host();
        socket.connect((running.address(), port)).unwrap();
        socket.send(&[1]).is_err() || socket.send(&[1]).is_err()
    };
    assert!(closed(12_345));
    // Set tag 1: reverse, to port 1 of core 2 of chip (0,0), listening on 12345.
    let tag = scp(
        (0, 0),
        0,
        26,
        1,
        [1 << 29 | 1 << 16 | (1 << 5 | 2) << 8 | 1, 12_345, 0],
    );
    sender.send_to(&tag, (running.address(), 17893)).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while closed(12_345) {
        assert!(Instant::now() < deadline, "the port opens");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_port_that_cannot_be_opened_is_said_once() {
    let running = Emulator::start(&Machine::spin3(), &Options::default()).unwrap();
    let taken = UdpSocket::bind((running.address(), 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let tag = scp(
        (0, 0),
        0,
        26,
        1,
        [1 << 29 | 1 << 16 | (1 << 5 | 2) << 8 | 1, port.into(), 0],
    );
    let sender = host();
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut warnings = Vec::new();
    while warnings.is_empty() {
        sender.send_to(&tag, (running.address(), 17893)).unwrap();
        assert!(Instant::now() < deadline, "somebody is told");
        std::thread::sleep(Duration::from_millis(20));
        warnings = running.warnings();
    }
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let place = format!("cannot listen on {} port {port}: ", running.address());
    assert!(warnings[0].contains(&place), "{warnings:?}");
    for _ in 0..10 {
        sender.send_to(&tag, (running.address(), 17893)).unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(running.warnings().is_empty(), "once is enough");
}

#[test]
fn real_pace_is_not_faster_than_the_clock() {
    let started = Instant::now();
    let options = Options {
        pace: Pace::Real,
        ..Options::default()
    };
    let running = Emulator::start(&Machine::spin3(), &options).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    let cycles = running.time();
    assert!(cycles > 0);
    assert!(u128::from(cycles) * 5 <= started.elapsed().as_nanos());
}

#[test]
fn other_networks_need_to_be_asked_for() {
    let options = Options {
        bind: Bind::At(Ipv4Addr::UNSPECIFIED),
        ..Options::default()
    };
    let error = Emulator::start(&Machine::spin3(), &options).unwrap_err();
    assert!(matches!(error, EmulatorError::NotLoopback(_)), "{error}");
}

#[test]
fn nonsense_from_outside_does_no_harm() {
    let running = Emulator::start(&Machine::spin3(), &Options::default()).unwrap();
    let socket = host();
    for length in (0..1600).step_by(7) {
        for port in [17893, 54321] {
            let _ = socket.send_to(&vec![0xa5; length], (running.address(), port));
            let _ = socket.send_to(&vec![0; length], (running.address(), port));
        }
    }
    assert!(running.statistics().is_some(), "the machine is still there");
}
