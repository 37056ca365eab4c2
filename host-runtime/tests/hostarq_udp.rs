//! HostARQ over real sockets on loopback.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};
use taproot_brainscales::wire::{
    frame::Parameters,
    hicann::{self, Access, HicannAccess},
    packet::{Packet, PacketType},
    statistics::{self, Statistic},
    {DncNumber, Link, Tag},
};
use taproot_host::{
    SystemClock,
    fake::FakeFpga,
    hostarq::{ArqError, ArqOptions, HostArq, UdpLine},
};

fn connect(fpga: &FakeFpga, options: ArqOptions) -> Result<HostArq, ArqError> {
    let clock = Arc::new(SystemClock::new());
    let line = UdpLine::to_ports(
        Ipv4Addr::LOCALHOST,
        fpga.data_port(),
        fpga.reset_port(),
        clock.clone(),
    )?;
    HostArq::connect(Box::new(line), clock, options)
}

#[test]
fn packets_come_back_in_order_over_sockets() {
    let fpga = FakeFpga::start(ArqOptions::default(), |packet| vec![packet]).unwrap();
    let mut host = connect(&fpga, ArqOptions::default()).unwrap();
    let sent: Vec<Packet> = (0..3000u64)
        .map(|n| Packet {
            kind: PacketType::LOOPBACK,
            words: vec![n; 1 + n as usize % 180],
        })
        .collect();
    for packet in &sent {
        host.send(packet.clone()).unwrap();
    }
    let back: Vec<Packet> = (0..sent.len())
        .map(|_| {
            host.receive(Duration::from_secs(10))
                .unwrap()
                .expect("an answer comes")
        })
        .collect();
    assert!(back == sent);
    host.flush().unwrap();
    // And again, in a new session.
    host.reset().unwrap();
    host.send(sent[1].clone()).unwrap();
    assert!(host.receive(Duration::from_secs(10)).unwrap() == Some(sent[1].clone()));
    drop(host);
    assert!(fpga.stop().frames_received >= 3001);
}

/// What a host does with an FPGA: it asks for a counter, writes a register and reads it back.
#[test]
fn registers_are_written_and_read_through_an_fpga() {
    let mut register = 0;
    let fpga = FakeFpga::start(ArqOptions::default(), move |packet| {
        if packet.kind == PacketType::STATISTICS {
            assert_eq!(Statistic::from_packet(&packet), Ok(Statistic::TracedPulses));
            return vec![statistics::answer(12)];
        }
        let mut answers = Vec::new();
        for access in hicann::from_packet(&packet).unwrap() {
            if access.access.write {
                register = access.access.data;
            } else {
                let answer = Access {
                    data: register,
                    ..access.access
                };
                answers.push(HicannAccess {
                    access: answer,
                    ..access
                });
            }
        }
        hicann::to_packets(&answers)
    })
    .unwrap();
    let mut host = connect(&fpga, ArqOptions::default()).unwrap();
    let wait = Duration::from_secs(10);
    host.send(Statistic::TracedPulses.to_packet()).unwrap();
    let answer = host.receive(wait).unwrap().expect("an answer comes");
    assert_eq!(statistics::value(&answer), Ok(12));
    let at = |access| HicannAccess {
        dnc: DncNumber::default(),
        hicann: Link::at(5),
        tag: Tag::Slow,
        access,
    };
    let accesses = [at(Access::write(0xe000, 0x1234)), at(Access::read(0xe000))];
    for packet in hicann::to_packets(&accesses) {
        host.send(packet).unwrap();
    }
    let answer = host.receive(wait).unwrap().expect("an answer comes");
    let read = hicann::from_packet(&answer).unwrap();
    assert_eq!((read.len(), read[0].access.data), (1, 0x1234));
}

#[test]
fn errors_name_the_fpga() {
    let board = ArqOptions {
        parameters: Parameters::READOUT_BOARD,
        ..ArqOptions::default()
    };
    let fpga = FakeFpga::start(board, |_| Vec::new()).unwrap();
    let place = format!("127.0.0.1:{}", fpga.data_port());
    let Err(error) = connect(&fpga, ArqOptions::default()) else {
        panic!("a readout board is no FPGA of a wafer module")
    };
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("the FPGA at {place} uses 512 sequence numbers")),
        "{text}"
    );
    // A port at which nobody listens, because it has just been given back.
    fpga.stop();
    let clock = Arc::new(SystemClock::new());
    let nobody = place.rsplit(':').next().unwrap().parse().unwrap();
    let line = UdpLine::to_ports(Ipv4Addr::LOCALHOST, nobody, nobody, clock.clone()).unwrap();
    let short = ArqOptions {
        reset_patience: Duration::from_millis(300),
        reset_again: Duration::from_millis(100),
        ..ArqOptions::default()
    };
    let Err(error) = HostArq::connect(Box::new(line), clock, short) else {
        panic!("nobody is there")
    };
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("the FPGA at {place} did not answer 3 resets in 0.3 s")),
        "{text}"
    );
}
