//! States in few numbers, and the first place where two of them differ.
//!
//! A machine's state is its memories, the registers of its processors, and its devices. Devices are plain data that
//! `serde` can walk: for a number they are encoded in postcard's wire format, which has a specification, and for a
//! comparison they are turned into trees whose branches have names. Numbers are XXH3 (64 bits) of little-endian bytes, so
//! that they mean the same on every host and for every compiler.

use serde::Serialize;
use serde::ser::SerializeSeq;
use serde_json::Value;
use std::fmt;
use taproot_spinnaker_chip::ChipXy;
use xxhash_rust::xxh3::xxh3_64;

/// A machine's state at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateHash {
    /// Emulated time in processor cycles of 5 ns.
    pub cycle: u64,
    /// One number for the whole machine, time included.
    pub machine: u64,
    /// One number for each chip, in the order of [`System::chips`](crate::System::chips).
    pub chips: Vec<u64>,
}

/// Where two machines differ, and what either holds there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The chip; none for what belongs to no chip.
    pub chip: Option<ChipXy>,
    /// The physical core; none for what the cores of a chip share.
    pub core: Option<u8>,
    /// The register, address or device.
    pub place: Place,
    /// What the first machine holds.
    pub first: String,
    /// What the second machine holds.
    pub second: String,
}

/// Something that holds state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A processor register, by the name that the ARM manuals give it: `r4`, `cpsr`, `r13_irq`.
    Register(String),
    /// A byte of memory, by the address that a core uses.
    Address(u32),
    /// A part of a device: `vic.enable`, `router.registers.control`.
    Device(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.chip {
            Some(chip) => write!(f, "chip {chip}")?,
            None => write!(f, "machine")?,
        }
        if let Some(core) = self.core {
            write!(f, ", physical core {core}")?;
        }
        match &self.place {
            Place::Register(name) => write!(f, ", register {name}")?,
            Place::Address(address) => write!(f, ", address 0x{address:08x}")?,
            Place::Device(name) => write!(f, ", {name}")?,
        }
        write!(f, ": {} and {}", self.first, self.second)
    }
}

/// The bytes of a device, for its number.
pub(crate) fn encode(value: &impl Serialize) -> Vec<u8> {
    match postcard::to_stdvec(value) {
        Ok(bytes) => bytes,
        Err(error) => unreachable!("devices are numbers and sequences of known length: {error}"),
    }
}

/// The number of a device.
pub(crate) fn digest(value: &impl Serialize) -> u64 {
    xxh3_64(&encode(value))
}

/// The branches in which two devices differ, up to `most`, as paths with what either holds.
pub(crate) fn differences(
    name: &str,
    first: &impl Serialize,
    second: &impl Serialize,
    most: usize,
) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    if encode(first) != encode(second) {
        walk(name, &tree(first), &tree(second), most, &mut found);
    }
    found
}

fn tree(value: &impl Serialize) -> Value {
    match serde_json::to_value(value) {
        Ok(tree) => tree,
        Err(error) => unreachable!("devices are numbers and sequences: {error}"),
    }
}

fn walk(path: &str, first: &Value, second: &Value, most: usize, found: &mut Vec<(String, String, String)>) {
    if first == second || found.len() >= most {
        return;
    }
    match (first, second) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            for (key, value) in a {
                walk(&format!("{path}.{key}"), value, &b[key], most, found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (n, (a, b)) in a.iter().zip(b).enumerate() {
                walk(&format!("{path}[{n}]"), a, b, most, found);
            }
        }
        _ => found.push((path.to_owned(), show(first), show(second))),
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Number(number) => number
            .as_u64()
            .map_or_else(|| number.to_string(), |number| format!("0x{number:x}")),
        Value::Null => "nothing".to_owned(),
        Value::Array(items) => format!("{} items", items.len()),
        other => other.to_string(),
    }
}

/// For arrays longer than those that serde knows.
pub(crate) fn sequence<S: serde::Serializer, T: Serialize>(
    items: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(Some(items.len()))?;
    for item in items {
        sequence.serialize_element(item)?;
    }
    sequence.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Device {
        control: u32,
        queue: Vec<(u64, Option<u8>)>,
    }

    #[test]
    fn the_first_difference_of_a_device_has_a_path() {
        let one = Device {
            control: 1,
            queue: vec![(1, None), (2, Some(3))],
        };
        let mut two = Device {
            control: 1,
            queue: vec![(1, None), (2, Some(4))],
        };
        let found = |two: &Device, most| differences("device", &one, two, most);
        let item = |path: &str, a: &str, b: &str| (path.to_owned(), a.to_owned(), b.to_owned());
        assert_eq!(found(&two, 9), [item("device.queue[1][1]", "0x3", "0x4")]);
        two.control = 0x10;
        assert_eq!(found(&two, 1), [item("device.control", "0x1", "0x10")]);
        two.queue.pop();
        assert_eq!(found(&two, 9)[1], item("device.queue", "2 items", "1 items"));
        assert_ne!(digest(&one), digest(&two));
    }

    #[test]
    fn numbers_are_those_of_the_published_hash() {
        // XXH3 (64 bits, seed 0) of nothing, from the reference implementation's specification.
        assert_eq!(xxh3_64(&[]), 0x2d06_8005_38d3_94c2);
        // Postcard: a varint of 300 is ac 02.
        assert_eq!(encode(&300u32), [0xac, 0x02]);
    }
}
