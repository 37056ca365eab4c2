//! Oracles of files and texts that people hand to the tools.

use super::{Oracle, Verdict};
use crate::networks::one_to_one;
use taproot_emulator::Timing;
use taproot_network::{
    Expression, FileError, Network, PopulationId, PopulationRecording, Recording, Signal, Spikes, Variable,
};
use taproot_spinnaker::wire::{
    iobuf::{Line, lines},
    messages::Messages,
};
use taproot_spinnaker_chip::{ChipXy, CoreId, Machine, MachineName, ROUTER_ENTRIES, SDRAM_BYTES};

/// What is true of every machine, however it came about.
fn check_machine(machine: &Machine) {
    machine
        .check()
        .expect("a machine that was accepted holds together");
    for (xy, chip) in machine.chips() {
        assert!(
            xy.x < machine.width() && xy.y < machine.height(),
            "chips are on the grid"
        );
        assert!(chip.sdram <= SDRAM_BYTES, "a chip has 128 MiB of SDRAM");
        assert!(
            chip.router_entries <= ROUTER_ENTRIES,
            "a router has 1,024 entries"
        );
        for core in chip.application_cores() {
            CoreId::new(xy, core).expect("a chip has 18 cores");
        }
        for link in chip.links.iter() {
            let other = machine.neighbour(xy, link).expect("a live link leads somewhere");
            assert_eq!(
                machine.neighbour(other, link.opposite()),
                Some(xy),
                "links lead back"
            );
        }
    }
}

/// Machine names: what is described holds together.
pub(super) const MACHINE_NAME: Oracle = Oracle {
    name: "machine_name",
    check: |bytes| {
        let Ok(name) = std::str::from_utf8(bytes) else {
            return Verdict::Refused;
        };
        let parsed = MachineName::parse(name);
        if let Ok(MachineName::Described(machine)) = &parsed {
            check_machine(machine);
        }
        (&parsed).into()
    },
    seeds: || {
        [
            "spin3",
            "spin5",
            "spin5x3",
            "spin:12x24",
            "spin:1x1",
            "mesh:9x7",
            "udp:127.0.0.2",
            "a/b.toml",
            "brainscales1",
        ]
        .map(|name| name.as_bytes().to_vec())
        .to_vec()
    },
    tries: 10_000,
};

/// Timing files: what is accepted survives being written.
pub(super) const TIMING_TOML: Oracle = Oracle {
    name: "timing_toml",
    check: |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Verdict::Refused;
        };
        let parsed = Timing::from_toml(text);
        if let Ok(timing) = &parsed {
            let back = Timing::from_toml(&timing.to_toml()).expect("what was written can be read");
            assert_eq!(&back, timing, "timing parameters survive being written");
            assert!(
                u64::from(timing.link_short) + u64::from(timing.hop) >= Timing::WINDOW,
                "no packet is faster than a window"
            );
        }
        (&parsed).into()
    },
    seeds: || {
        let mut seeds = [
            "sdram_load_cycles = 30\n",
            "link_short_cycles = 50\nhop_cycles = 30\nlink_depth_packets = 1\n",
            "dma_word_cycles = 0\n",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec();
        seeds.push(Timing::STOCK.to_toml().into_bytes());
        seeds
    },
    tries: 3_000,
};

/// Machine descriptions: what is accepted holds together and survives being written as JSON.
pub(super) const MACHINE_TOML: Oracle = Oracle {
    name: "machine_toml",
    check: |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Verdict::Refused;
        };
        let parsed = Machine::from_toml(text);
        if let Ok(machine) = &parsed {
            check_machine(machine);
            let json = serde_json::to_vec(machine).expect("a machine can be written");
            let back: Machine =
                serde_json::from_slice(&json).expect("a machine that was written can be read");
            assert_eq!(&back, machine, "a machine survives being written");
        }
        (&parsed).into()
    },
    seeds: || {
        [
            "name = \"a\"\nbase = \"spin3\"\ndead_chips = [[1, 1]]\ndead_cores = [[0, 0, 5], [1, 0, 17]]\n",
            "name = \"b\"\nbase = \"mesh:3x4\"\nsdram = 100_000_000\ndead_links = [{ chip = [0, 0], link = \"east\" }]\n",
            "name = \"c\"\nbase = \"spin5\"\ndead_chips = [[0, 0]]\n[[dead_links]]\nchip = [3, 3]\nlink = \"north-east\"\n",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
    },
    tries: 10_000,
};

/// Machines as artefacts: what is accepted holds together and survives being written.
pub(super) const MACHINE_JSON: Oracle = Oracle {
    name: "machine_json",
    check: |bytes| {
        let read: Result<Machine, _> = serde_json::from_slice(bytes);
        if let Ok(machine) = &read {
            check_machine(machine);
            let json = serde_json::to_vec(machine).expect("a machine can be written");
            let back: Machine =
                serde_json::from_slice(&json).expect("a machine that was written can be read");
            assert_eq!(&back, machine, "a machine survives being written");
        }
        (&read).into()
    },
    seeds: || {
        let mut lame = Machine::spin3();
        lame.kill_core(ChipXy::new(1, 1), 4);
        lame.kill_chip(ChipXy::new(0, 1));
        [Machine::spin3(), lame]
            .map(|machine| serde_json::to_vec(&machine).expect("a machine can be written"))
            .to_vec()
    },
    tries: 20_000,
};

const HEADER: usize = 24;

/// CRC-32 of IEEE 802.3, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

/// The file with a header that fits its body, so that changes to the body reach the decoder.
fn repaired(bytes: &[u8], kind: u16) -> Vec<u8> {
    let body = bytes.get(HEADER..).unwrap_or_default();
    let mut file = b"TAPROOT\n".to_vec();
    file.extend(kind.to_le_bytes());
    file.extend(taproot_network::VERSION.to_le_bytes());
    file.extend((body.len() as u64).to_le_bytes());
    file.extend(crc32(body).to_le_bytes());
    file.extend(body);
    file
}

/// Reads the bytes as they are and with a header that fits. What is read must survive being written.
fn check_file<T>(
    bytes: &[u8],
    kind: u16,
    read: impl Fn(&[u8]) -> Result<T, FileError>,
    write: impl Fn(&T) -> Vec<u8>,
) -> Verdict {
    let round = |result: &Result<T, FileError>| {
        if let Ok(value) = result {
            let file = write(value);
            let back = read(&file).expect("what was written can be read");
            // Bytes, not values: a recording may hold NaN, which is unequal to itself.
            assert!(write(&back) == file, "what was read survives being written");
        }
    };
    round(&read(bytes));
    let result = read(&repaired(bytes, kind));
    round(&result);
    if let Err(error) = &result {
        assert!(!error.to_string().is_empty());
    }
    (&result).into()
}

/// Network files: what is accepted has no problems and survives being written.
pub(super) const NETWORK_FILE: Oracle = Oracle {
    name: "network_file",
    check: |bytes| {
        check_file(
            bytes,
            1,
            |file| Network::read(file),
            |network| {
                let mut file = Vec::new();
                network.write(&mut file).expect("memory takes everything");
                file
            },
        )
    },
    seeds: || {
        [
            one_to_one(3, &[1.0, 5.0], Some(2)),
            crate::networks::every_kind(4),
        ]
        .iter()
        .map(|network| {
            let mut file = Vec::new();
            network.write(&mut file).expect("memory takes everything");
            file
        })
        .collect()
    },
    tries: 20_000,
};

/// Recording files: what is accepted survives being written.
pub(super) const RECORDING_FILE: Oracle = Oracle {
    name: "recording_file",
    check: |bytes| {
        check_file(
            bytes,
            2,
            |file| Recording::read(file),
            |recording| {
                let mut file = Vec::new();
                recording.write(&mut file).expect("memory takes everything");
                file
            },
        )
    },
    seeds: || {
        let recording = Recording {
            timestep: 0.1,
            duration: 0.3,
            populations: vec![PopulationRecording {
                population: PopulationId(1),
                label: "cells".into(),
                size: 4,
                spikes: Some(Spikes {
                    recorded: vec![0, 1, 3],
                    cells: vec![3, 0],
                    steps: vec![1, 2],
                }),
                signals: vec![Signal {
                    variable: Variable::V,
                    cells: vec![0, 2],
                    interval: 2,
                    samples: vec![-65.0, f64::NAN, -64.5, -60.25],
                }],
            }],
        };
        let mut file = Vec::new();
        recording.write(&mut file).expect("memory takes everything");
        vec![file]
    },
    tries: 20_000,
};

/// Expressions of the distance: evaluating never fails, parentheses change nothing, and errors lie within the text.
pub(super) const EXPRESSION: Oracle = Oracle {
    name: "expression",
    check: |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Verdict::Refused;
        };
        let parsed = Expression(text.to_owned()).parse();
        match &parsed {
            Ok(formula) => {
                // One level deeper may be one too many.
                let enclosed = Expression(format!("({text})")).parse();
                for distance in [0.0, 1.0, -2.5, 1e300, f64::INFINITY, f64::NAN] {
                    let value = formula.at(distance);
                    assert_eq!(
                        value.to_bits(),
                        formula.at(distance).to_bits(),
                        "a value is a function of the distance"
                    );
                    if let Ok(enclosed) = &enclosed {
                        let same = enclosed.at(distance);
                        assert!(
                            same == value || same.is_nan() && value.is_nan(),
                            "parentheses change nothing"
                        );
                    }
                }
            }
            Err(error) => {
                assert!(
                    (1..=text.chars().count() + 1).contains(&error.position),
                    "an error lies within the text or at its end"
                );
                assert!(!error.to_string().is_empty());
            }
        }
        (&parsed).into()
    },
    seeds: || {
        [
            "0.5*exp(-d/200) * (d < 50)",
            "np.where(d >= 3, 1e-3, d ** -2) // 7 % 2",
            "~(d < 1) | (d > 2) & (d != 3) ^ (d == 1)",
            "clip(-+-d, 0, max(1, d)) + pi - e",
            "minimum(maximum(d, 0.1), hypot(3., .4)) / 5",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
    },
    tries: 40_000,
};

/// Dictionaries of messages: what was read is shown as a line, or left as it is.
pub(super) const MESSAGES: Oracle = Oracle {
    name: "messages",
    check: |bytes| {
        let read = Messages::from_sqlite(bytes);
        if let Ok(messages) = &read {
            assert!(messages.len() <= bytes.len(), "a message takes a byte at least");
            for line in lines(b"1\n2\x1e1f\n3\x1e1\x1e2\n4711\x1ea\ntext\n") {
                let known = matches!(&line, Line::Message { id, .. } if messages.get(*id).is_some());
                let decoded = messages.decode(line.clone());
                assert!(known || decoded == line, "what is not known stays as it is");
            }
        }
        (&read).into()
    },
    seeds: || vec![dictionary(&[(1, "ready"), (2, "key %08x"), (3, "\\t%u of %3d")])],
    tries: 20_000,
};

/// An SQLite file with tables `log` and `file` as in `logs.sqlite3`: three pages of 512 bytes, each the one leaf of its table.
fn dictionary(messages: &[(u8, &str)]) -> Vec<u8> {
    let text = |text: &str| ((13 + 2 * text.len()) as u8, text.as_bytes().to_vec());
    let number = |number: u8| (1, vec![number]);
    let table = |name: &str, page: u8| vec![text("table"), text(name), text(name), number(page), text("")];
    let schema = [(1, table("log", 2)), (2, table("file", 3))];
    let log: Vec<_> = messages
        .iter()
        .map(|(id, words)| {
            (
                *id,
                vec![(0, vec![]), number(20), number(*id), text(words), number(1)],
            )
        })
        .collect();
    let file = [(1, vec![(0, vec![]), number(1), text("c_main.c")])];
    let mut head = b"SQLite format 3\0".to_vec();
    head.extend([2, 0]);
    head.resize(100, 0);
    [page(head, &schema), page(vec![], &log), page(vec![], &file)].concat()
}

/// A value of a row in an SQLite file: its kind, its bytes.
type Column = (u8, Vec<u8>);

/// Numbered rows behind a head.
fn page(head: Vec<u8>, rows: &[(u8, Vec<Column>)]) -> Vec<u8> {
    let mut page = head;
    page.extend([13, 0, 0, 0, rows.len() as u8, 0, 0, 0]);
    let mut end: usize = 512;
    let mut cells = Vec::new();
    for (id, columns) in rows {
        let kinds = columns.iter().map(|(kind, _)| *kind);
        let mut row: Vec<u8> = std::iter::once(columns.len() as u8 + 1).chain(kinds).collect();
        row.extend(columns.iter().flat_map(|(_, content)| content));
        let mut cell = vec![row.len() as u8, *id];
        cell.extend(row);
        end -= cell.len();
        page.extend((end as u16).to_be_bytes());
        cells.splice(0..0, cell);
    }
    page.resize(end, 0);
    page.extend(cells);
    page
}
