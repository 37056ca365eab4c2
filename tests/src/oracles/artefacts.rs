//! The oracle of a directory of artefacts, as `taproot check` reads it.

use super::Oracle;
use crate::networks::every_kind;
use arbitrary::Unstructured;
use serde_json::Value;
use std::{fs, sync::LazyLock};
use taproot_session::{Quiet, check, map};
use taproot_spinnaker::LowerOptions;
use taproot_spinnaker_chip::Machine;

const FILES: [&str; 7] = [
    "machine.json",
    "netlist.json",
    "placement.json",
    "routes.json",
    "keys.json",
    "tables.json",
    "image.bin",
];

/// The artefacts of a small mapping, without anything wrong.
static WHOLE: LazyLock<[Vec<u8>; FILES.len()]> = LazyLock::new(|| {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let machine = Machine::spin3();
    map(
        &every_kind(3),
        &machine,
        10,
        &LowerOptions::default(),
        directory.path(),
        "fuzz",
        &Quiet,
    )
    .expect("the network fits");
    let report = check(directory.path()).expect("what was written can be checked");
    assert_eq!(report.problems, Vec::<String>::new(), "a mapping is legal");
    FILES.map(|file| fs::read(directory.path().join(file)).expect("the file was written"))
});

/// Corrupted artefacts: refused, or checked with a list of problems. Pairs of changes: a file, then one of its values or
/// bytes.
pub(super) const ARTEFACTS: Oracle = Oracle {
    name: "artefacts",
    check: |bytes| {
        let mut input = Unstructured::new(bytes);
        let mut files = WHOLE.clone();
        let mut changed = false;
        // An exhausted input gives zeroes for ever.
        while !input.is_empty() {
            let (Ok(file), Ok(place), Ok(how), Ok(value)) = (
                input.arbitrary::<u8>(),
                input.arbitrary::<u16>(),
                input.arbitrary::<u8>(),
                input.arbitrary::<u32>(),
            ) else {
                break;
            };
            let content = &mut files[usize::from(file) % FILES.len()];
            match serde_json::from_slice::<Value>(content) {
                Ok(mut tree) if how != 255 => {
                    let mut place = usize::from(place) % count(&tree).max(1);
                    change(&mut tree, &mut place, how, value);
                    *content = serde_json::to_vec(&tree).unwrap_or_default();
                }
                _ => {
                    let at = usize::from(place) % content.len().max(1);
                    if how % 4 == 0 {
                        content.truncate(at);
                    } else if let Some(byte) = content.get_mut(at) {
                        *byte = value as u8;
                    }
                }
            }
            changed = true;
        }
        let directory = tempfile::tempdir().expect("a directory can be made");
        for (name, content) in FILES.iter().zip(&files) {
            fs::write(directory.path().join(name), content).expect("the file can be written");
        }
        let report = check(directory.path());
        match &report {
            Ok(report) => {
                assert!(
                    changed || report.problems.is_empty(),
                    "whole artefacts have no problems"
                );
                assert!(report.problems.len() < 100_000, "a report stays readable");
            }
            Err(error) => assert!(changed && !error.to_string().is_empty()),
        }
        (&report).into()
    },
    seeds: || {
        let change = |file: u8, place: u16, how: u8, value: u32| {
            let mut bytes = vec![file];
            bytes.extend(place.to_le_bytes());
            bytes.push(how);
            bytes.extend(value.to_le_bytes());
            bytes
        };
        let mut seeds = Vec::new();
        for file in 0..FILES.len() as u8 {
            for (place, value) in [(3, 0), (11, 1), (40, 7), (100, u32::MAX), (200, 0x10), (333, 2)] {
                seeds.push(change(file, place, place as u8, value));
            }
        }
        seeds
    },
    tries: 4_000,
};

/// Values of a tree.
fn count(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Changes the value that is `place` values further on.
fn change(tree: &mut Value, place: &mut usize, how: u8, value: u32) {
    if *place == 0 {
        *tree = match (how % 8, std::mem::take(tree)) {
            (0, Value::Array(mut items)) => {
                items.pop();
                items.into()
            }
            (1, Value::Array(mut items)) => {
                items.extend(items.last().cloned());
                items.into()
            }
            (2, Value::Array(mut items)) => {
                items.reverse();
                items.into()
            }
            (_, Value::Array(items)) => items.into(),
            (0, Value::Object(_)) => Value::Null,
            (_, Value::Object(fields)) => fields.into(),
            (0, Value::Number(number)) => number.as_u64().map_or(0, |n| n.wrapping_add(1)).into(),
            (1, Value::Number(number)) => number.as_u64().map_or(0, |n| n.saturating_sub(1)).into(),
            (2, Value::Number(_)) => (-1).into(),
            (3, Value::Number(_)) => u64::MAX.into(),
            (4, Value::Number(_)) => 1e300.into(),
            (_, Value::Number(_)) => value.into(),
            (_, Value::Null) => value.into(),
            (_, Value::Bool(old)) => (!old).into(),
            (0, Value::String(_)) => value.into(),
            (_, Value::String(text)) => (text + "x").into(),
        };
        *place = usize::MAX;
        return;
    }
    *place -= 1;
    let mut visit = |child: &mut Value| {
        if *place != usize::MAX {
            change(child, place, how, value);
        }
    };
    match tree {
        Value::Array(items) => items.iter_mut().for_each(&mut visit),
        Value::Object(fields) => fields.values_mut().for_each(&mut visit),
        _ => {}
    }
}
