//! Oracle of the trace, the file from which a run of the emulator is repeated.

use super::{Oracle, Verdict};
use std::net::{Ipv4Addr, SocketAddrV4};
use taproot_emulator::{
    Datagram, Timing,
    trace::{Ending, Logged, Record, Start, TraceError, TraceReader, TraceWriter, VERSION},
};
use taproot_spinnaker_chip::Machine;
use xxhash_rust::xxh3::xxh3_64;

const HEADER: usize = 12;

fn read(bytes: &[u8]) -> (Result<Start, TraceError>, Vec<Record>, Option<Ending>) {
    let mut reader = match TraceReader::new(bytes) {
        Ok(reader) => reader,
        Err(error) => return (Err(error), Vec::new(), None),
    };
    let mut records = Vec::new();
    loop {
        match reader.next_record() {
            Ok(Some(record)) => records.push(record),
            Ok(None) => return (Ok(reader.start().clone()), records, reader.ending()),
            Err(error) => {
                assert!(!error.to_string().is_empty());
                return (Ok(reader.start().clone()), records, None);
            }
        }
    }
}

fn write(start: &Start, records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = TraceWriter::new(&mut bytes, start).expect("memory takes everything");
    for record in records {
        writer.write(record).expect("what was read is not too long");
    }
    bytes
}

/// The bytes as a trace whose header and check numbers fit, so that changes reach the decoder.
fn repaired(bytes: &[u8]) -> Vec<u8> {
    let mut trace = b"TAPROOT\n\x03\0".to_vec();
    trace.extend(VERSION.to_le_bytes());
    let mut rest = bytes.get(HEADER..).unwrap_or_default();
    while let Some((head, body)) = rest.split_at_checked(8) {
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let record = &body[..length.min(body.len())];
        trace.extend(&head[..4]);
        trace.extend((xxh3_64(record) as u32).to_le_bytes());
        trace.extend(record);
        rest = &body[record.len()..];
    }
    trace.extend(rest);
    trace
}

fn check(bytes: &[u8]) -> Verdict {
    let (start, records, ending) = read(bytes);
    let Ok(start) = start else {
        return Verdict::Refused;
    };
    let written = write(&start, &records);
    let (again, same, _) = read(&written);
    assert_eq!(
        again.ok().as_ref(),
        Some(&start),
        "what was read survives being written"
    );
    assert_eq!(same, records, "what was read survives being written");
    // A killed program's trace: the same, only shorter.
    let (_, fewer, cut) = read(&written[..written.len() - 1]);
    assert!(cut != Some(Ending::Whole) && fewer.len() + 1 >= records.len());
    assert_eq!(fewer, records[..fewer.len()]);
    if ending.is_some() && !records.is_empty() {
        Verdict::Accepted
    } else {
        Verdict::Refused
    }
}

/// Traces, as they are and with check numbers that fit: what is read survives being written.
pub(super) const TRACE: Oracle = Oracle {
    name: "trace",
    check: |bytes| {
        check(bytes);
        check(&repaired(bytes))
    },
    seeds: || {
        let machine = Machine::grid("two chips", 2, 1, false).expect("two chips are a machine");
        let start = Start::new(&machine, &[Ipv4Addr::new(127, 0, 0, 2)], &Timing::STOCK);
        let records = [
            Record::Datagram(Logged {
                cycle: 160,
                datagram: Datagram {
                    board: 0,
                    port: 17_893,
                    host: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 50_000),
                    data: (0..40).collect(),
                },
            }),
            Record::State {
                cycle: 200_000,
                chips: vec![7, u64::MAX],
            },
            Record::End {
                cycle: 200_080,
                instructions: 1_000,
                state: 1 << 40,
            },
        ];
        vec![
            write(&start, &records),
            write(&start, &records[..2]),
            write(&start, &[]),
        ]
    },
    tries: 20_000,
};
