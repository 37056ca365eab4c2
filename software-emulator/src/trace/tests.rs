use super::*;
use taproot_spinnaker_chip::Machine;

const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

fn start() -> Start {
    Start::new(&Machine::spin3(), &[ADDRESS], &Timing::STOCK)
}

fn datagram(cycle: u64, data: &[u8]) -> Record {
    Record::Datagram(Logged {
        cycle,
        datagram: Datagram {
            board: 0,
            port: 17_893,
            host: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 50_000),
            data: data.to_vec(),
        },
    })
}

fn records() -> Vec<Record> {
    vec![
        datagram(80, b"one"),
        datagram(80, &[0; 300]),
        Record::State {
            cycle: 200_000,
            chips: vec![1, 2, 3, u64::MAX],
        },
        Record::End {
            cycle: 400_000,
            instructions: 7,
            state: 8,
        },
    ]
}

fn write(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = TraceWriter::new(&mut bytes, &start()).unwrap();
    for record in records {
        writer.write(record).unwrap();
    }
    bytes
}

fn read(bytes: &[u8]) -> Result<(Vec<Record>, Option<Ending>), TraceError> {
    let mut reader = TraceReader::new(bytes)?;
    let mut records = Vec::new();
    while let Some(record) = reader.next_record()? {
        records.push(record);
    }
    Ok((records, reader.ending()))
}

#[test]
fn what_was_written_is_read() {
    let bytes = write(&records());
    assert_eq!(&bytes[..12], b"TAPROOT\n\x03\x00\x02\x00");
    assert_eq!(TraceReader::new(&bytes[..]).unwrap().start(), &start());
    assert_eq!(read(&bytes).unwrap(), (records(), Some(Ending::Whole)));
}

#[test]
fn a_trace_that_was_cut_anywhere_is_read_up_to_its_last_whole_record() {
    let bytes = write(&records());
    let ends: Vec<usize> = (0..=records().len())
        .map(|n| write(&records()[..n]).len())
        .collect();
    for length in 12..bytes.len() {
        let whole = ends.iter().filter(|end| **end <= length).count();
        match read(&bytes[..length]) {
            Err(TraceError::NoStart) => assert_eq!(whole, 0, "{length} bytes"),
            Err(error) => panic!("{length} bytes: {error}"),
            Ok((found, ending)) => {
                assert_eq!(found, records()[..whole - 1], "{length} bytes");
                let rest = (length - ends[whole - 1]) as u64;
                let expected = if rest == 0 {
                    Ending::Stops
                } else {
                    Ending::Cut { bytes: rest }
                };
                assert_eq!(ending, Some(expected), "{length} bytes");
            }
        }
    }
}

#[test]
fn no_bit_can_change_unnoticed() {
    let bytes = write(&records());
    let (whole, _) = read(&bytes).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        // A changed length may make the rest look cut off.
        if let Ok((found, ending)) = read(&changed) {
            assert!(found.len() < whole.len(), "byte {at}");
            assert!(matches!(ending, Some(Ending::Cut { .. })), "byte {at}");
            assert_eq!(found, whole[..found.len()], "byte {at}");
        }
    }
}

#[test]
fn records_that_nobody_writes_are_refused() {
    let state = |cycle, chips: &[u64]| Record::State {
        cycle,
        chips: chips.to_vec(),
    };
    let other_board = |board| {
        let Record::Datagram(mut logged) = datagram(80, &[]) else {
            unreachable!("it is one")
        };
        logged.datagram.board = board;
        Record::Datagram(logged)
    };
    for (records, what) in [
        (vec![datagram(160, &[]), datagram(80, &[])], "goes back in time"),
        (vec![datagram(81, &[])], "no boundary"),
        (vec![datagram(80 << 56, &[])], "no boundary"),
        (vec![other_board(1)], "board 1 of 1"),
        (vec![state(0, &[1, 2, 3])], "3 chips of 4"),
        (vec![Record::Start(Box::new(start()))], "second start"),
    ] {
        let error = read(&write(&records)).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
    let mut bytes = Vec::new();
    // Whatever a timing file may not ask for, a trace may not either.
    let spoil: [fn(&mut Timing); 3] = [
        |timing| timing.hop = 0,
        |timing| timing.link_long = timing.link_short - 1,
        |timing| timing.link_depth = 101,
    ];
    for spoil in spoil {
        let mut timing = Timing::STOCK;
        spoil(&mut timing);
        bytes.clear();
        TraceWriter::new(&mut bytes, &Start::new(&Machine::spin3(), &[ADDRESS], &timing)).unwrap();
        assert!(matches!(read(&bytes), Err(TraceError::Timing(_))));
    }
    bytes.clear();
    TraceWriter::new(
        &mut bytes,
        &Start::new(&Machine::spin3(), &[ADDRESS; 2], &Timing::STOCK),
    )
    .unwrap();
    assert!(read(&bytes).unwrap_err().to_string().contains("2 addresses"));
}

#[test]
fn a_length_that_nothing_follows_takes_no_memory() {
    let mut bytes = write(&[]);
    bytes.extend((MOST_BYTES + 1).to_le_bytes());
    bytes.extend([0; 4]);
    assert!(
        read(&bytes)
            .unwrap_err()
            .to_string()
            .contains("claims 4194305 bytes")
    );
}
