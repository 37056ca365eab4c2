//! Both ends of HostARQ with a bad network between them, on a clock that only the network moves.

use proptest::prelude::*;
use std::{collections::VecDeque, time::Duration};
use taproot_brainscales::wire::{
    frame::{Frame, Parameters, RESET},
    packet::{Packet, PacketType},
};
use taproot_host::{
    fake::{Faults, FaultyLink},
    hostarq::{ArqError, ArqOptions, Datagram, Endpoint},
};

/// Two ends and what is between them.
struct Network {
    now: Duration,
    host: Endpoint,
    fpga: Endpoint,
    there: FaultyLink,
    back: FaultyLink,
    /// To the port for resets.
    resets: FaultyLink,
    /// Whether damaged copies and strangers' datagrams come along.
    dirt: bool,
    carried: u64,
    /// What each end has received.
    at_fpga: Vec<Packet>,
    at_host: Vec<Packet>,
}

fn options(faults: &Faults) -> ArqOptions {
    ArqOptions {
        lifetime: FaultyLink::lifetime(faults),
        ..ArqOptions::default()
    }
}

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

impl Network {
    fn new(faults: Faults, options: ArqOptions) -> Self {
        let seeded = |n: u64| Faults {
            seed: faults.seed.wrapping_mul(3).wrapping_add(n),
            ..faults
        };
        Self {
            now: Duration::ZERO,
            host: Endpoint::host("host's FPGA", options),
            fpga: Endpoint::fpga("FPGA's host", options),
            there: FaultyLink::new(seeded(0)),
            back: FaultyLink::new(seeded(1)),
            resets: FaultyLink::new(seeded(2)),
            dirt: false,
            carried: 0,
            at_fpga: Vec::new(),
            at_host: Vec::new(),
        }
    }

    /// Until `done`, or for so long.
    fn run(&mut self, longest: Duration, mut done: impl FnMut(&mut Self) -> bool) -> Result<(), ArqError> {
        let end = self.now + longest;
        while !done(self) {
            self.host.poll(self.now)?;
            self.fpga.poll(self.now)?;
            while let Some(datagram) = self.host.transmit() {
                match datagram {
                    Datagram::Frame(frame) => self.there.send(self.now, frame),
                    Datagram::Reset => self.resets.send(self.now, RESET.to_vec()),
                }
            }
            while let Some(datagram) = self.fpga.transmit() {
                let Datagram::Frame(frame) = datagram else {
                    panic!("an FPGA resets nobody")
                };
                self.back.send(self.now, frame);
            }
            let events = [
                self.host.deadline(),
                self.fpga.deadline(),
                self.there.next(),
                self.back.next(),
                self.resets.next(),
            ];
            let next = events.into_iter().flatten().min().unwrap_or(end);
            if next >= end {
                self.now = end;
                return Ok(());
            }
            assert!(
                next > self.now
                    || self.there.next() == Some(next)
                    || self.back.next() == Some(next)
                    || self.resets.next() == Some(next),
                "what is due is done"
            );
            self.now = next.max(self.now);
            while let Some(bytes) = self.resets.arrive(self.now) {
                self.fpga.handle_reset(&bytes, self.now);
            }
            while let Some(bytes) = self.there.arrive(self.now) {
                for bytes in self.with_dirt(bytes) {
                    self.fpga.handle(&bytes, self.now)?;
                }
            }
            while let Some(bytes) = self.back.arrive(self.now) {
                for bytes in self.with_dirt(bytes) {
                    self.host.handle(&bytes, self.now)?;
                }
            }
            self.at_fpga.extend(std::iter::from_fn(|| self.fpga.receive()));
            self.at_host.extend(std::iter::from_fn(|| self.host.receive()));
        }
        Ok(())
    }

    fn with_dirt(&mut self, bytes: Vec<u8>) -> Vec<Vec<u8>> {
        self.carried += 1;
        if !self.dirt {
            return vec![bytes];
        }
        let mut cut = bytes.clone();
        cut.truncate(bytes.len() - 1);
        let mut long = bytes.clone();
        long.push(0);
        let mut number = bytes.clone();
        number[2] = 7; // an acknowledgement, or a frame, beyond 255
        let stranger = b"HELP, what is this port?".to_vec();
        let dirt = [cut, long, number, stranger]
            .into_iter()
            .nth(self.carried as usize % 4);
        [dirt, Some(bytes)].into_iter().flatten().collect()
    }

    fn open(&mut self) -> Result<(), ArqError> {
        self.host.reset(self.now);
        self.run(millis(60_000), |net| net.host.is_open())?;
        // A copy of the reset may still be under way. An FPGA has nothing to say before the host has.
        let settled = self.now + millis(10);
        self.run(millis(10), |net| net.now >= settled)
    }

    /// Sends packets both ways, as much as the ends take, until all have arrived and been acknowledged.
    fn exchange(&mut self, there: &[Packet], back: &[Packet]) -> Result<(), ArqError> {
        let mut there: VecDeque<Packet> = there.iter().cloned().collect();
        let mut back: VecDeque<Packet> = back.iter().cloned().collect();
        self.run(millis(600_000), |net| {
            while net.host.has_room()
                && let Some(packet) = there.pop_front()
            {
                net.host.send(packet).unwrap();
            }
            while net.fpga.is_open()
                && net.fpga.has_room()
                && let Some(packet) = back.pop_front()
            {
                net.fpga.send(packet).unwrap();
            }
            there.is_empty() && back.is_empty() && net.host.is_flushed() && net.fpga.is_flushed()
        })
    }
}

/// Packets that can be told apart, of many sizes.
fn packets(count: usize, salt: u64) -> Vec<Packet> {
    (0..count as u64)
        .map(|n| Packet {
            kind: PacketType(0x2a1b),
            words: (0..1 + (n * 7 + salt) % 180)
                .map(|word| salt << 48 | n << 16 | word)
                .collect(),
        })
        .collect()
}

const CLEAN: Faults = Faults {
    loss: 0.0,
    duplication: 0.0,
    reordering: 0.0,
    delay: 0.0,
    delay_largest: Duration::ZERO,
    seed: 0,
};

fn tenth(seed: u64) -> Faults {
    Faults {
        delay_largest: Duration::from_micros(300),
        ..Faults::tenth(seed)
    }
}

#[test]
fn nothing_is_lost_or_repeated_or_swapped_with_ten_per_cent_of_each_fault() {
    for seed in 0..4 {
        let faults = tenth(seed);
        let mut net = Network::new(faults, options(&faults));
        net.dirt = true;
        net.open().unwrap();
        // Four times around the sequence numbers and more.
        let (there, back) = (packets(3000, 1), packets(2000, 2));
        net.exchange(&there, &back).unwrap();
        assert!(net.at_fpga == there && net.at_host == back, "seed {seed}");
        let (host, fpga) = (net.host.statistics(), net.fpga.statistics());
        assert_eq!(host.frames_sent, 3000);
        assert_eq!(fpga.frames_received, 3000);
        assert_eq!(fpga.words_received, host.words_sent);
        // The faults were there.
        assert!(host.frames_repeated > 200 && fpga.frames_old > 200, "{host:?}");
        assert!(host.foreign > 500 && fpga.foreign > 500, "{fpga:?}");
    }
}

#[test]
fn a_clean_network_needs_no_repetition_and_few_acknowledgements() {
    let mut net = Network::new(CLEAN, options(&CLEAN));
    net.open().unwrap();
    let there = packets(10_000, 1);
    net.exchange(&there, &[]).unwrap();
    assert!(net.at_fpga == there);
    let (host, fpga) = (net.host.statistics(), net.fpga.statistics());
    assert_eq!((host.frames_repeated, fpga.frames_old), (0, 0));
    assert!(fpga.acknowledgements_sent <= 10_000 / 64 + 10, "{fpga:?}");
}

#[test]
fn at_most_a_window_is_on_its_way() {
    let mut net = Network::new(CLEAN, options(&CLEAN));
    net.open().unwrap();
    for packet in packets(300, 1) {
        net.host.send(packet).unwrap();
    }
    net.now += millis(10);
    net.host.poll(net.now).unwrap();
    let numbers: Vec<u32> = std::iter::from_fn(|| net.host.transmit())
        .map(|datagram| match datagram {
            Datagram::Frame(bytes) => match Frame::from_udp(&bytes).unwrap() {
                Frame::Data { sequence, .. } => sequence,
                Frame::Acknowledgement { .. } => panic!("frames carry acknowledgements"),
            },
            Datagram::Reset => panic!("no reset"),
        })
        .collect();
    assert_eq!(numbers, (0..128).collect::<Vec<u32>>());
}

/// A real stack of bytes: what a host sends and hears in the simplest session.
#[test]
fn a_session_has_these_datagrams() {
    let us = Duration::from_micros;
    let mut host = Endpoint::host("a script", ArqOptions::default());
    host.reset(us(0));
    host.poll(us(0)).unwrap();
    assert_eq!(host.transmit(), Some(Datagram::Reset));
    #[rustfmt::skip]
    let answer = [
        0, 0, 0, 255, 0, 0, 0, 0, 0x80, 0x02, 0, 3,
        0, 0, 0, 0, 0, 0, 1, 0,
        0, 0, 0, 0, 0, 0, 0, 128,
        0, 0, 0, 0, 0, 0, 0, 180,
    ];
    host.handle(&answer, us(100)).unwrap();
    assert!(host.is_open());
    let packet = Packet {
        kind: PacketType::FPGA_CONFIG,
        words: vec![1 << 29],
    };
    host.send(packet).unwrap();
    // Nothing before all of an older session has died out: the reset at 0, twice 500 us.
    host.poll(us(999)).unwrap();
    assert_eq!((host.transmit(), host.deadline()), (None, Some(us(1000))));
    host.poll(us(1000)).unwrap();
    #[rustfmt::skip]
    let frame = vec![
        0, 0, 0, 0, // the answer is acknowledged
        0, 0, 0, 0, 0x0c, 0x1b, 0, 1,
        0, 0, 0, 0, 0x20, 0, 0, 0,
    ];
    assert_eq!(host.transmit(), Some(Datagram::Frame(frame.clone())));
    assert_eq!((host.transmit(), host.deadline()), (None, Some(us(1757))));
    host.poll(us(1757)).unwrap();
    assert_eq!(host.transmit(), Some(Datagram::Frame(frame)));
    host.handle(&[0, 0, 0, 0], us(1800)).unwrap();
    assert!(host.is_flushed());
    assert_eq!(host.deadline(), None);
}

#[test]
fn silence_after_a_reset_is_reported_after_two_seconds() {
    let nothing = Faults { loss: 1.0, ..CLEAN };
    let mut net = Network::new(nothing, options(&nothing));
    let error = net.open().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the FPGA at host's FPGA did not answer 8 resets in 2.0 s; see that it has power and a bit file, and that its \
         address is right"
    );
    assert!(matches!(
        net.host.poll(net.now),
        Err(ArqError::NotConnected { .. })
    ));
}

#[test]
fn other_parameters_are_refused_by_name() {
    let mut net = Network::new(CLEAN, options(&CLEAN));
    let board = ArqOptions {
        parameters: Parameters::READOUT_BOARD,
        ..options(&CLEAN)
    };
    net.fpga = Endpoint::fpga("host", board);
    assert_eq!(
        net.open().unwrap_err().to_string(),
        "the FPGA at host's FPGA uses 512 sequence numbers, a window of 32 and 126 words in a frame, the host uses 256 \
         sequence numbers, a window of 128 and 180 words in a frame; an old bit file, or a board of another kind: set \
         the options of the connection to what it uses"
    );
    // With the right ones it works.
    net.host = Endpoint::host("board", board);
    net.open().unwrap();
    let there: Vec<Packet> = packets(2000, 1)
        .into_iter()
        .filter(|p| p.words.len() <= 126)
        .collect();
    net.exchange(&there, &[]).unwrap();
    assert!(net.at_fpga == there);
}

#[test]
fn an_fpga_that_falls_silent_is_reported() {
    let mut net = Network::new(CLEAN, options(&CLEAN));
    net.open().unwrap();
    net.exchange(&packets(10, 1), &[]).unwrap();
    net.there = FaultyLink::new(Faults { loss: 1.0, ..CLEAN });
    let error = net.exchange(&packets(3, 1), &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the FPGA at host's FPGA has not acknowledged anything for 8.0 s, 3 frames are on their way; see that it still \
         has power and a link, then reset the connection"
    );
}

#[test]
fn an_fpga_that_somebody_else_resets_gives_itself_away() {
    for sent in [1, 40, 150, 256, 300] {
        let mut net = Network::new(CLEAN, options(&CLEAN));
        net.open().unwrap();
        net.exchange(&packets(sent, 1), &packets(sent, 2)).unwrap();
        net.run(millis(20), |_| false).unwrap();
        net.fpga.handle_reset(&RESET, net.now);
        let error = net.run(millis(5000), |_| false).unwrap_err();
        assert!(matches!(error, ArqError::PeerReset { .. }), "{sent}: {error}");
        // A reset makes it work again.
        net.open().unwrap();
        net.at_fpga.clear();
        net.exchange(&packets(5, 3), &[]).unwrap();
        assert!(net.at_fpga == packets(5, 3));
    }
}

#[test]
fn a_session_leaves_nothing_behind_for_the_next() {
    for seed in 0..20 {
        let faults = tenth(seed);
        let mut net = Network::new(faults, options(&faults));
        for session in 1..6 {
            net.open().unwrap();
            // Received before the answer was: of the old session, and not of interest.
            net.at_fpga.clear();
            net.at_host.clear();
            for (there, back) in packets(100, 2 * session)
                .into_iter()
                .zip(packets(100, 2 * session + 1))
            {
                net.host.send(there).unwrap();
                net.fpga.send(back).unwrap();
            }
            net.run(Duration::from_micros(1300 * session), |_| false).unwrap();
            let complete = |got: &[Packet], sent: Vec<Packet>| got == &sent[..got.len()];
            assert!(
                complete(&net.at_fpga, packets(100, 2 * session)),
                "seed {seed}, session {session}"
            );
            assert!(
                complete(&net.at_host, packets(100, 2 * session + 1)),
                "seed {seed}, session {session}"
            );
        }
    }
}

#[test]
fn what_nobody_reads_stops_the_sender_and_nothing_is_lost() {
    let few = ArqOptions {
        unread_largest: 5,
        ..options(&CLEAN)
    };
    let mut net = Network::new(CLEAN, few);
    net.open().unwrap();
    let there = packets(200, 1);
    for packet in &there {
        net.host.send(packet.clone()).unwrap();
    }
    // The network of the test always reads; hold it back by hand.
    let mut got = Vec::new();
    while got.len() < there.len() {
        assert!(net.now < millis(20_000));
        net.now += Duration::from_micros(400);
        net.host.poll(net.now).unwrap();
        while let Some(Datagram::Frame(frame)) = net.host.transmit() {
            net.fpga.handle(&frame, net.now).unwrap();
        }
        net.fpga.poll(net.now).unwrap();
        while let Some(Datagram::Frame(frame)) = net.fpga.transmit() {
            net.host.handle(&frame, net.now).unwrap();
        }
        got.extend(net.fpga.receive());
    }
    assert!(net.fpga.statistics().frames_without_room > 100);
    assert!(got == there);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_schedule_of_faults_and_packets_is_survived(
        seed in any::<u64>(),
        loss in 0.0..0.3f64,
        duplication in 0.0..0.5f64,
        reordering in 0.0..0.5f64,
        delay in 0.0..0.5f64,
        delay_us in 0u64..3000,
        there in 0usize..700,
        back in 0usize..700,
        window in prop_oneof![Just(1u32), Just(2), Just(7), Just(128)],
        unread in 1usize..300,
    ) {
        let faults = Faults {
            loss, duplication, reordering, delay,
            delay_largest: Duration::from_micros(delay_us),
            seed,
        };
        let parameters = Parameters { frames: 2 * window, window, words: 180 };
        let options = ArqOptions { parameters, unread_largest: unread, ..options(&faults) };
        let mut net = Network::new(faults, options);
        net.dirt = seed % 2 == 0 && window == 128;
        net.open().unwrap();
        let (there, back) = (packets(there, 1), packets(back, 2));
        net.exchange(&there, &back).unwrap();
        prop_assert!(net.at_fpga == there);
        prop_assert!(net.at_host == back);
    }
}
