use super::*;
use crate::testing::{network, projection};
use crate::{Connector, PopulationId, PopulationRecording, SelfConnections, Signal, Spikes, Variable};

fn example() -> Network {
    let connector = Connector::AllToAll {
        self_connections: SelfConnections::Forbidden,
    };
    network(
        &[3, 4],
        vec![projection(0, 1, connector), projection(1, 1, Connector::OneToOne)],
    )
}

fn bytes(network: &Network) -> Vec<u8> {
    let mut out = Vec::new();
    network.write(&mut out).expect("a vector takes everything");
    out
}

#[test]
fn network_comes_back() {
    let network = example();
    assert_eq!(Network::read(bytes(&network).as_slice()).expect("reads"), network);
}

#[test]
fn recording_comes_back() {
    let recording = Recording {
        timestep: 0.1,
        duration: 10.0,
        populations: vec![PopulationRecording {
            population: PopulationId(0),
            label: "a".into(),
            size: 2,
            spikes: Some(Spikes {
                recorded: vec![0, 1],
                cells: vec![1, 0],
                steps: vec![3, 9],
            }),
            signals: vec![Signal {
                variable: Variable::V,
                cells: vec![1],
                interval: 50,
                samples: vec![-65.0, -64.5],
            }],
        }],
    };
    let mut out = Vec::new();
    recording.write(&mut out).expect("writes");
    assert_eq!(Recording::read(out.as_slice()).expect("reads"), recording);
    assert_eq!(
        Network::read(out.as_slice())
            .expect_err("not a network")
            .to_string(),
        "this Taproot file holds a recording, not a network"
    );
}

/// The check value of CRC-32 in the catalogue of parametrised CRC algorithms (`CRC-32/ISO-HDLC`).
#[test]
fn checksum_is_crc_32() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
}

#[test]
fn broken_files_are_refused() {
    let good = bytes(&example());
    let message = |bytes: &[u8]| Network::read(bytes).expect_err("refused").to_string();
    assert_eq!(
        message(b"hello"),
        "this is not a Taproot file: it does not begin with `TAPROOT`"
    );
    let mut version = good.clone();
    version[10] = 9;
    assert_eq!(
        message(&version),
        "the file has format version 9; this program reads version 1"
    );
    let mut damaged = good.clone();
    *damaged.last_mut().expect("not empty") ^= 1;
    assert!(message(&damaged).starts_with("the file is damaged: its checksum is "));
    assert!(
        message(&good[..good.len() - 1]).starts_with("the file is cut short or has something behind its end")
    );
    let mut longer = good.clone();
    longer.push(0);
    assert!(message(&longer).starts_with("the file is cut short or has something behind its end"));
    let mut invalid = example();
    invalid.projections[0].delay = crate::SynapseValue::Constant(-1.0);
    assert_eq!(
        message(&bytes(&invalid)),
        "the network in the file has 1 problems; the first: projection `0 to 1` (j0): value 0 of the delay is -1 ms; \
         it must be from min_delay, 0.1 ms, to max_delay, 100 ms"
    );
}

/// Any body under a correct header: decoding must neither panic nor allocate what is not there.
fn with_header(body: &[u8]) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    file.extend([1, 0, 1, 0]);
    file.extend((body.len() as u64).to_le_bytes());
    file.extend(crc32(body).to_le_bytes());
    file.extend(body);
    file
}

#[test]
fn promised_lengths_allocate_nothing() {
    let mut file = with_header(&[]);
    file[12..20].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(matches!(
        Network::read(file.as_slice()),
        Err(FileError::WrongLength { found: 0, .. })
    ));
    // A label that claims to be 2^63 bytes long.
    assert!(matches!(
        Network::read(with_header(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]).as_slice()),
        Err(FileError::Contents(_))
    ));
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let _ = Network::read(with_header(&body).as_slice());
        let _ = Network::read(body.as_slice());
    }

    #[test]
    fn no_change_of_a_good_file_panics(at in 0_usize..1000, value in proptest::num::u8::ANY) {
        let good = bytes(&example());
        let mut body = good[HEADER..].to_vec();
        let at = at % body.len();
        body[at] = value;
        if let Ok(network) = Network::read(with_header(&body).as_slice()) {
            proptest::prop_assert_eq!(Network::read(bytes(&network).as_slice()).expect("reads"), network);
        }
    }
}
