//! Recordings as NumPy archives: `spikes.npz` and `signals.npz`.
//!
//! `spikes.npz` holds `LABEL.cells` (which cell) and `LABEL.times` (ms) for every population that recorded spikes;
//! `signals.npz` holds `LABEL.VARIABLE` (samples by cells, PyNN's unit), `LABEL.VARIABLE.cells` and
//! `LABEL.VARIABLE.times` (ms). A label's slashes become underscores; a label that occurs twice gets its population
//! number added.

use std::{
    collections::BTreeSet,
    io::{self, Cursor, Write},
};
use taproot_network::{PopulationRecording, Recording};
use zip::{ZipWriter, write::SimpleFileOptions};

/// `spikes.npz` as bytes: equal recordings give equal bytes.
pub fn spikes_npz(recording: &Recording) -> io::Result<Vec<u8>> {
    let mut archive = Archive::new();
    for (name, population) in named(recording) {
        if let Some(spikes) = &population.spikes {
            let times = spikes
                .steps
                .iter()
                .map(|step| f64::from(*step) * recording.timestep);
            archive.add(
                &format!("{name}.cells"),
                &[spikes.cells.len() as u64],
                spikes.cells.iter().copied(),
            )?;
            archive.add(&format!("{name}.times"), &[spikes.steps.len() as u64], times)?;
        }
    }
    archive.finish()
}

/// `signals.npz` as bytes: equal recordings give equal bytes.
pub fn signals_npz(recording: &Recording) -> io::Result<Vec<u8>> {
    let mut archive = Archive::new();
    for (name, population) in named(recording) {
        for signal in &population.signals {
            let name = format!("{name}.{}", signal.variable.name());
            let columns = signal.cells.len();
            let rows = signal.samples.len().checked_div(columns).unwrap_or(0);
            let step = f64::from(signal.interval) * recording.timestep;
            archive.add(
                &name,
                &[rows as u64, columns as u64],
                signal.samples.iter().copied(),
            )?;
            archive.add(
                &format!("{name}.cells"),
                &[columns as u64],
                signal.cells.iter().copied(),
            )?;
            archive.add(
                &format!("{name}.times"),
                &[rows as u64],
                (0..rows).map(|k| k as f64 * step),
            )?;
        }
    }
    archive.finish()
}

/// Populations with names that differ.
fn named(recording: &Recording) -> Vec<(String, &PopulationRecording)> {
    let mut seen = BTreeSet::new();
    recording
        .populations
        .iter()
        .map(|population| {
            let mut name = population.label.replace(['/', '\\'], "_");
            if !seen.insert(name.clone()) {
                name = format!("{name}.{}", population.population.0);
                seen.insert(name.clone());
            }
            (name, population)
        })
        .collect()
}

struct Archive(ZipWriter<Cursor<Vec<u8>>>);

impl Archive {
    fn new() -> Self {
        Self(ZipWriter::new(Cursor::new(Vec::new())))
    }

    fn add<T: Element>(
        &mut self,
        name: &str,
        shape: &[u64],
        values: impl IntoIterator<Item = T>,
    ) -> io::Result<()> {
        let mut bytes = npy_header(T::DESCRIPTION, shape);
        for value in values {
            value.put(&mut bytes);
        }
        // The default time stamp is a constant, so archives of equal recordings are equal.
        self.0
            .start_file(format!("{name}.npy"), SimpleFileOptions::default())
            .map_err(io::Error::other)?;
        self.0.write_all(&bytes)
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        Ok(self.0.finish().map_err(io::Error::other)?.into_inner())
    }
}

/// A number that NumPy files hold.
trait Element {
    /// NumPy's name of its type: byte order, kind, bytes.
    const DESCRIPTION: &'static str;
    fn put(self, bytes: &mut Vec<u8>);
}

impl Element for f64 {
    const DESCRIPTION: &'static str = "<f8";
    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

impl Element for u32 {
    const DESCRIPTION: &'static str = "<u4";
    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

/// The head of an `.npy` file, format 1.0 (`numpy/lib/format.py`): magic, version, length, and a Python dictionary,
/// padded so that the data begins at a multiple of 64 bytes.
fn npy_header(description: &str, shape: &[u64]) -> Vec<u8> {
    let mut dimensions = String::new();
    for size in shape {
        dimensions.push_str(&format!("{size}, "));
    }
    let mut text = format!("{{'descr': '{description}', 'fortran_order': False, 'shape': ({dimensions}), }}");
    let length = (10 + text.len() + 1).next_multiple_of(64) - 10;
    text.push_str(&" ".repeat(length - text.len() - 1));
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use taproot_network::{PopulationId, Signal, Spikes, Variable};

    fn recording() -> Recording {
        Recording {
            timestep: 0.5,
            duration: 2.0,
            populations: vec![PopulationRecording {
                population: PopulationId(0),
                label: "a/b".into(),
                size: 3,
                spikes: Some(Spikes {
                    recorded: vec![0, 1, 2],
                    cells: vec![2, 0],
                    steps: vec![1, 3],
                }),
                signals: vec![Signal {
                    variable: Variable::V,
                    cells: vec![0, 2],
                    interval: 2,
                    samples: vec![-65.0, -64.0, -63.0, -62.0],
                }],
            }],
        }
    }

    /// The header's text and the doubles of an array.
    fn read(bytes: Vec<u8>, name: &str) -> (String, Vec<f64>) {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut content = Vec::new();
        io::copy(&mut archive.by_name(name).unwrap(), &mut content).unwrap();
        assert_eq!(&content[..8], b"\x93NUMPY\x01\x00");
        let data = 10 + usize::from(u16::from_le_bytes([content[8], content[9]]));
        assert_eq!(data % 64, 0);
        let header = String::from_utf8(content[10..data].to_vec()).unwrap();
        let values = content[data..]
            .chunks(8)
            .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
            .collect();
        (header, values)
    }

    #[test]
    fn spikes_and_signals_read_back() {
        let (_, times) = read(spikes_npz(&recording()).unwrap(), "a_b.times.npy");
        assert_eq!(times, [0.5, 1.5]);
        let (header, samples) = read(signals_npz(&recording()).unwrap(), "a_b.v.npy");
        assert!(
            header.contains("'descr': '<f8'") && header.contains("(2, 2, )"),
            "{header}"
        );
        assert_eq!(samples, [-65.0, -64.0, -63.0, -62.0]);
    }

    #[test]
    fn equal_recordings_give_equal_bytes() {
        assert_eq!(
            spikes_npz(&recording()).unwrap(),
            spikes_npz(&recording()).unwrap()
        );
    }
}
