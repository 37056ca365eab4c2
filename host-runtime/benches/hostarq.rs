//! Speed of HostARQ, beside what the cable allows: `cargo bench -p taproot-host --bench hostarq`.
//!
//! Prints one line a figure. Nothing here passes or fails: machines differ and are noisy.

#![allow(clippy::print_stdout, reason = "a program that prints")]

use std::{net::Ipv4Addr, sync::Arc, time::Duration};
use taproot_brainscales::wire::packet::{Packet, PacketType};
use taproot_host::{
    Clock, SystemClock,
    fake::FakeFpga,
    hostarq::{ArqOptions, Datagram, Endpoint, HostArq, UdpLine},
};

/// What 1 Gbit/s leaves for words: 1440 bytes of each 1518 on the cable (HostARQ 12, UDP 8, IP 20, Ethernet 38).
const REACH: f64 = 125.0 * 1440.0 / 1518.0;

fn packet(n: usize) -> Packet {
    Packet {
        kind: PacketType::PLAYBACK,
        words: vec![n as u64; Packet::WORDS_LARGEST],
    }
}

fn report(figure: &str, packets: usize, seconds: f64) {
    let megabytes = (packets * 8 * Packet::WORDS_LARGEST) as f64 / 1e6;
    println!(
        "{figure:<60} {:>8.1} MB/s    reach {REACH:.0} MB/s (1 Gbit/s)",
        megabytes / seconds
    );
}

/// Both ends in one thread, with nothing between them: what the protocol itself costs.
fn machines(packets: usize) {
    let clock = SystemClock::new();
    let options = ArqOptions {
        lifetime: Duration::ZERO,
        ..ArqOptions::default()
    };
    let (mut host, mut fpga) = (Endpoint::host("fpga", options), Endpoint::fpga("host", options));
    host.reset(clock.now());
    let (mut sent, mut received) = (0, 0);
    let mut began = clock.now();
    while received < packets {
        if host.is_open() {
            if sent == 0 {
                began = clock.now();
            }
            while sent < packets && host.has_room() {
                host.send(packet(sent)).unwrap();
                sent += 1;
            }
        }
        let now = clock.now();
        host.poll(now).unwrap();
        while let Some(datagram) = host.transmit() {
            match datagram {
                Datagram::Frame(frame) => fpga.handle(&frame, now).unwrap(),
                Datagram::Reset => fpga.handle_reset(&[0xab; 4], now),
            }
        }
        fpga.poll(now).unwrap();
        while let Some(Datagram::Frame(frame)) = fpga.transmit() {
            host.handle(&frame, now).unwrap();
        }
        while fpga.receive().is_some() {
            received += 1;
        }
    }
    report(
        "HostARQ, both ends, no network",
        packets,
        (clock.now() - began).as_secs_f64(),
    );
}

fn sockets(packets: usize) {
    let fpga = FakeFpga::start(ArqOptions::default(), |_| Vec::new()).unwrap();
    let clock = Arc::new(SystemClock::new());
    let line = UdpLine::to_ports(
        Ipv4Addr::LOCALHOST,
        fpga.data_port(),
        fpga.reset_port(),
        clock.clone(),
    )
    .unwrap();
    let mut host = HostArq::connect(Box::new(line), clock.clone(), ArqOptions::default()).unwrap();
    let began = clock.now();
    for n in 0..packets {
        host.send(packet(n)).unwrap();
    }
    host.flush().unwrap();
    report(
        "HostARQ, host to FPGA over UDP on loopback",
        packets,
        (clock.now() - began).as_secs_f64(),
    );
    println!(
        "{:<60} {:>8} of {packets} frames",
        "    sent again",
        host.statistics().frames_repeated
    );
}

fn main() {
    machines(200_000);
    sockets(100_000);
}
