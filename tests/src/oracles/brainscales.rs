//! Oracles of the wire of a BrainScaleS wafer module.

use super::{Oracle, Verdict};
use std::time::Duration;
use taproot_brainscales::wire::{
    DncNumber, Link, Tag,
    fpga::{FpgaConfig, FpgaDebug},
    frame::{Frame, Parameters},
    hicann::{self, Access, HicannAccess},
    hicann_arq::HicannArqPacket,
    jtag::{Chain, HicannCommand, JtagReply, JtagRequest, Program},
    packet::{Packet, PacketType},
    playback,
    pulse::PulseAddress,
    reset::{ResetLines, SoftReset, SystemTimeStart},
    schedule::{self, Pulse, ScheduleOptions},
    statistics::{self, Statistic},
    trace::{TraceDecoder, TraceEncoder, TraceEntry},
};
use taproot_host::hostarq::{ArqOptions, Datagram, Endpoint};

const TRIES: u32 = 20_000;

fn words(bytes: &[u8]) -> Vec<u64> {
    let words = bytes.chunks_exact(8);
    words
        .map(|word| u64::from_be_bytes(word.try_into().expect("eight bytes")))
        .collect()
}

fn bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// HostARQ frames: encoding gives back the bytes.
pub(super) const HOSTARQ_FRAME: Oracle = Oracle {
    name: "hostarq_frame",
    check: |bytes| {
        let decoded = Frame::from_udp(bytes);
        if let Ok(frame) = &decoded {
            assert_eq!(frame.to_udp(), bytes, "the encoder of frames is the inverse");
            if let Frame::Data { packet, .. } = frame
                && let Ok(parameters) = Parameters::from_packet(packet)
            {
                assert_eq!(parameters.to_packet().words, packet.words[..3]);
            }
        }
        (&decoded).into()
    },
    seeds: || vec![frame(255, 0, Parameters::FPGA.to_packet()), vec![0, 0, 0, 7]],
    tries: TRIES,
};

fn frame(acknowledged: u32, sequence: u32, packet: Packet) -> Vec<u8> {
    Frame::Data {
        acknowledged,
        sequence,
        packet,
    }
    .to_udp()
}

/// An end of a connection: datagrams from outside never break it, and what it hands on came in order. The first byte
/// of a step is the length of a datagram, the second the time that passes in front of it, in 16 us.
pub(super) const HOSTARQ: Oracle = Oracle {
    name: "hostarq",
    check: |bytes| {
        let mut host = Endpoint::host("a fuzzer", ArqOptions::default());
        let mut now = Duration::ZERO;
        host.reset(now);
        let (mut left, mut opened, mut received) = (bytes, false, 0);
        while let [length, wait, rest @ ..] = left {
            now += Duration::from_micros(16 * u64::from(*wait));
            let (datagram, rest) = rest.split_at(rest.len().min((*length).into()));
            left = rest;
            let step = host.handle(datagram, now).and_then(|()| host.poll(now));
            opened |= host.is_open();
            if let Err(error) = step {
                assert!(
                    !error.to_string().is_empty() && !host.is_open(),
                    "an end that fails is closed"
                );
                break;
            }
            if host.is_open() && host.has_room() {
                let _ = host.send(Statistic::Bitfile.to_packet());
            }
            while let Some(datagram) = host.transmit() {
                if let Datagram::Frame(frame) = datagram {
                    assert!(Frame::from_udp(&frame).is_ok(), "an end sends frames");
                }
            }
            received += std::iter::from_fn(|| host.receive()).count();
        }
        assert!(
            received as u64 <= host.statistics().frames_received,
            "nothing is handed on twice"
        );
        if opened {
            Verdict::Accepted
        } else {
            Verdict::Refused
        }
    },
    seeds: || {
        let datagrams = [
            frame(255, 0, Parameters::FPGA.to_packet()),
            frame(0, 1, statistics::answer(7)),
            vec![0, 0, 0, 1],
            frame(1, 2, statistics::answer(8)),
        ];
        let steps = datagrams.iter().flat_map(|datagram| {
            let mut step = vec![datagram.len() as u8, 70];
            step.extend(datagram);
            step
        });
        vec![[0, 0].into_iter().chain(steps).collect()]
    },
    tries: TRIES,
};

/// Configuration words, and packets of the HICANN's own ARQ: encoding gives back the words.
pub(super) const HICANN_CONFIG: Oracle = Oracle {
    name: "hicann_config",
    check: |bytes| {
        let words = words(bytes);
        for word in &words {
            if let Ok(packet) = HicannArqPacket::from_word(*word) {
                assert_eq!(HicannArqPacket::from_word(packet.to_word()), Ok(packet));
            }
        }
        let packet = Packet {
            kind: PacketType::HICANN_CONFIG,
            words,
        };
        let decoded = hicann::from_packet(&packet);
        if let Ok(accesses) = &decoded {
            let back: Vec<u64> = accesses.iter().map(|access| access.to_word()).collect();
            assert_eq!(
                back, packet.words,
                "the encoder of configuration words is the inverse"
            );
        }
        (&decoded).into()
    },
    seeds: || {
        let at = |access| HicannAccess {
            dnc: DncNumber::default(),
            hicann: Link::at(3),
            tag: Tag::Fast,
            access,
        };
        vec![bytes(
            &[at(Access::write(0x4000, 7)), at(Access::read(0x4001))].map(HicannAccess::to_word),
        )]
    },
    tries: TRIES,
};

/// Single words and small datagrams of the FPGA: encoding gives them back.
pub(super) const FPGA: Oracle = Oracle {
    name: "fpga",
    check: |bytes| {
        let mut accepted = false;
        if let Ok(reset) = SoftReset::from_udp(bytes) {
            assert_eq!(reset.to_udp(), bytes);
            accepted = true;
        }
        if let Ok(start) = SystemTimeStart::from_udp(bytes) {
            assert_eq!(start.to_udp(), bytes);
            accepted = true;
        }
        let mut packet = Packet {
            kind: PacketType::FPGA_CONFIG,
            words: words(bytes),
        };
        if let Ok(config) = FpgaConfig::from_packet(&packet) {
            assert_eq!(config.to_packet(), packet);
            accepted = true;
        }
        packet.kind = PacketType::FPGA_DEBUG;
        if let Ok(debug) = FpgaDebug::from_packet(&packet) {
            assert_eq!(debug.to_packet(), packet);
            accepted = true;
        }
        packet.kind = PacketType::STATISTICS;
        if let Ok(statistic) = Statistic::from_packet(&packet) {
            assert_eq!(statistic.to_packet(), packet);
            accepted = true;
        }
        if accepted {
            Verdict::Accepted
        } else {
            Verdict::Refused
        }
    },
    seeds: || {
        vec![
            SoftReset::Hold(ResetLines::ALL).to_udp().to_vec(),
            SoftReset::Reload.to_udp().to_vec(),
            bytes(&[FpgaConfig::experiment(true, false).to_word()]),
            bytes(&[1]),
        ]
    },
    tries: TRIES,
};

fn pulses() -> Vec<Pulse> {
    let pulse = |n: u64| Pulse {
        time: 200 + n * n * 37,
        address: PulseAddress::from_bits(n as u16 * 11),
    };
    (0..40).map(pulse).collect()
}

/// Playback: encoding gives back the words, releases never go backwards, and there are no more than halves of words.
pub(super) const PLAYBACK: Oracle = Oracle {
    name: "playback",
    check: |bytes| {
        let words = words(bytes);
        let decoded = playback::from_words(&words);
        if let Ok(entries) = &decoded {
            assert_eq!(
                playback::to_words(entries),
                words,
                "the encoder of playback is the inverse"
            );
            let released = schedule::releases(entries);
            assert!(released.len() <= 2 * words.len());
            let pulses = schedule::pulses(entries, 62);
            assert!(pulses.len() <= released.len());
        }
        (&decoded).into()
    },
    seeds: || {
        let options = ScheduleOptions {
            until: 100_000,
            delay: 62,
            record: true,
        };
        let playback = schedule::schedule(&pulses(), options).expect("they can be played back");
        vec![bytes(&playback::to_words(&playback.entries))]
    },
    tries: TRIES,
};

/// Recorded pulses: entries round-trip, and there are no more pulses than halves of words.
pub(super) const WAFER_TRACE: Oracle = Oracle {
    name: "wafer_trace",
    check: |bytes| {
        let words = words(bytes);
        let (mut decoder, mut pulses) = (TraceDecoder::new(), Vec::new());
        for word in &words {
            assert_eq!(TraceEntry::to_word(TraceEntry::pair(*word)), *word);
            decoder.word(*word, &mut pulses);
        }
        assert!(pulses.len() <= 2 * words.len());
        if decoder.is_ended() {
            Verdict::Accepted
        } else {
            Verdict::Refused
        }
    },
    seeds: || {
        let mut encoder = TraceEncoder::new();
        for pulse in pulses() {
            encoder.pulse(pulse, pulse.time + 100);
        }
        vec![bytes(&encoder.end(200_000))]
    },
    tries: TRIES,
};

/// JTAG packets: requests encode back, replies give as many bits as they are asked for.
pub(super) const JTAG: Oracle = Oracle {
    name: "jtag",
    check: |bytes| {
        let packet = Packet {
            kind: PacketType::JTAG,
            words: words(bytes),
        };
        let request = JtagRequest::from_packet(&packet);
        if let Ok(request) = &request {
            assert_eq!(
                request.to_packet(),
                packet,
                "the encoder of JTAG requests is the inverse"
            );
            assert!(request.captures() <= 8 * packet.words.len());
        }
        let reply = JtagReply::from_packet(&packet);
        if let Ok(reply) = &reply {
            let _ = reply.identity();
            for expected in [0, 1, 32, 73] {
                if let Ok(bits) = reply.captured(expected) {
                    assert_eq!(bits.len(), expected);
                }
            }
        }
        (&reply.map(drop).and(request.map(drop))).into()
    },
    seeds: || {
        let mut program = Program::new(Chain::FULL);
        let device = Chain::FULL.hicann(Link::at(4));
        program.run(device.expect("it is there"), HicannCommand::ReadId.operation());
        let mut seeds: Vec<Vec<u8>> = program
            .finish()
            .requests()
            .iter()
            .map(|request| bytes(&request.to_packet().words))
            .collect();
        seeds.push(bytes(&JtagRequest::Identify.to_packet().words));
        seeds.push(bytes(&JtagRequest::frequency(10_000).to_packet().words));
        seeds.push(bytes(&JtagReply::with_bits(0, &[true; 73]).to_packet().words));
        seeds
    },
    tries: TRIES,
};
