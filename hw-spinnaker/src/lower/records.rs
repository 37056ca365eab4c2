//! From recorded bytes to spikes and traces.
//!
//! A core records at the start of step k, before it updates: sample k is the value at time k times the time step, and
//! sample 0 is the initial value. A run of T steps records samples 0 to T - 1; PyNN wants the value at the end too. The
//! core leaves its state in its parameter region when it pauses, so sample T comes from there
//! ([`Segment::add_final_state`]): v exactly, synaptic inputs but for what arrives in step T itself. If the run goes on,
//! the next run records sample T as well, and that one is kept.
//!
//! A spike carries the number of the step whose update crossed the threshold, as sPyNNaker reports it; simulators
//! that stamp spikes with the end of the step report one step more. A spike of a source array carries its own step.

use super::{Lowered, Role};
use crate::regions::{
    COLOUR_BITS,
    neuron_params::{Field, components, global_weight_scale, offsets},
    words_of,
};
use crate::{ChannelLayout, CoreLayout};
use std::collections::BTreeMap;
use taproot_calibration::fixed::S1615;
use taproot_network::{
    CellType, Network, PopulationId, PopulationRecording, Recording, Signal, Spikes, Variable,
};

/// What one channel recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum Records {
    /// Spikes: step and cell of the population.
    Spikes(Vec<(u32, u32)>),
    /// Samples of the channel's cells: step, then one value per cell.
    Samples(Vec<(u32, Vec<f64>)>),
}

/// Recorded bytes that cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The layout has no such channel.
    #[error("core {core} of the load image records nothing in channel {channel}")]
    NoChannel {
        /// Position in the load image.
        core: usize,
        /// Channel.
        channel: u8,
    },
    /// A record is cut.
    #[error("the record at byte {offset} needs {needed} bytes, and {left} are left")]
    Cut {
        /// Where it starts.
        offset: usize,
        /// Its length.
        needed: u64,
        /// Bytes there are.
        left: usize,
    },
    /// A message of a spike array is not one of 32-bit keys.
    #[error("the record at byte {offset} holds a message with header {header:#06x}, not one of 32-bit keys")]
    Header {
        /// Where the record starts.
        offset: usize,
        /// The message's header.
        header: u16,
    },
}

/// Everything recorded since time 0 or a reset, in pieces.
#[derive(Clone, Debug, Default)]
pub struct Segment {
    /// By population: step and cell.
    spikes: BTreeMap<PopulationId, Vec<(u32, u32)>>,
    /// By population, variable, cell and step.
    samples: BTreeMap<(PopulationId, Variable), BTreeMap<u32, Trace>>,
}

/// One cell's samples in order of steps; one for the same step replaces the earlier one.
#[derive(Clone, Debug, Default)]
struct Trace(Vec<(u32, f64)>);

impl Trace {
    fn put(&mut self, step: u32, value: f64) {
        match self.0.last_mut() {
            Some(last) if last.0 == step => last.1 = value,
            Some(last) if last.0 > step => match self.0.binary_search_by_key(&step, |s| s.0) {
                Ok(place) => self.0[place].1 = value,
                Err(place) => self.0.insert(place, (step, value)),
            },
            _ => self.0.push((step, value)),
        }
    }

    /// The last sample at or before a step.
    fn at(&self, step: u32) -> Option<(u32, f64)> {
        let place = self.0.partition_point(|s| s.0 <= step);
        Some(self.0[place.checked_sub(1)?])
    }
}

impl Lowered {
    /// Decodes what one channel of the `core`-th core of the image recorded.
    ///
    /// # Errors
    /// If the layout has no such channel, or the bytes are not whole records.
    pub fn decode_recording(&self, core: usize, channel: u8, bytes: &[u8]) -> Result<Records, RecordError> {
        let layout = self.layout.cores.get(core);
        let found = layout.and_then(|l| l.channels.iter().find(|c| c.channel == channel).map(|c| (l, c)));
        let Some((layout, channel)) = found else {
            return Err(RecordError::NoChannel { core, channel });
        };
        decode(layout, channel, bytes)
    }
}

fn decode(layout: &CoreLayout, channel: &ChannelLayout, bytes: &[u8]) -> Result<Records, RecordError> {
    use crate::Binary;
    match (layout.binary, channel.variable) {
        (Binary::SpikeSourcePoisson, _) => poisson_spikes(layout, channel, bytes).map(Records::Spikes),
        (Binary::ReverseIptagMulticastSource, _) => array_spikes(layout, channel, bytes).map(Records::Spikes),
        (_, Variable::Spikes) => neuron_spikes(channel, bytes).map(Records::Spikes),
        _ => samples(channel, bytes).map(Records::Samples),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .and_then(|b| b.try_into().ok())
        .map_or(0, u32::from_le_bytes)
}

/// Records of a fixed length; an error names the first that is cut.
fn records(bytes: &[u8], length: usize) -> Result<impl Iterator<Item = &[u8]>, RecordError> {
    let rest = bytes.len() % length;
    if rest != 0 {
        return Err(RecordError::Cut {
            offset: bytes.len() - rest,
            needed: length as u64,
            left: rest,
        });
    }
    Ok(bytes.chunks_exact(length))
}

fn samples(channel: &ChannelLayout, bytes: &[u8]) -> Result<Vec<(u32, Vec<f64>)>, RecordError> {
    Ok(records(bytes, 4 + 4 * channel.cells.len())?
        .map(|record| {
            let values = words_of(&record[4..])
                .into_iter()
                .map(|word| S1615.decode((word as i32).into()))
                .collect();
            (word(record, 0), values)
        })
        .collect())
}

fn neuron_spikes(channel: &ChannelLayout, bytes: &[u8]) -> Result<Vec<(u32, u32)>, RecordError> {
    let mut spikes = Vec::new();
    for record in records(bytes, 4 + 4 * channel.cells.len().div_ceil(32))? {
        let step = word(record, 0);
        bits(&record[4..], |place| {
            if let Some(&cell) = channel.cells.get(place as usize) {
                spikes.push((step, cell));
            }
        });
    }
    Ok(spikes)
}

/// Calls `set` for each bit that is set, from the lowest.
fn bits(bytes: &[u8], mut set: impl FnMut(u32)) {
    for (index, mut word) in (0u32..).zip(words_of(bytes)) {
        while word != 0 {
            set(32 * index + word.trailing_zeros());
            word &= word - 1;
        }
    }
}

fn cells_of(layout: &CoreLayout) -> std::ops::Range<u32> {
    match &layout.role {
        Role::Cells { cells, .. } | Role::Delay { cells, .. } => cells.clone(),
    }
}

fn poisson_spikes(
    layout: &CoreLayout,
    channel: &ChannelLayout,
    bytes: &[u8],
) -> Result<Vec<(u32, u32)>, RecordError> {
    let slice = cells_of(layout);
    let field = 4 * slice.len().div_ceil(32);
    let mut spikes = Vec::new();
    let mut offset = 0;
    while offset < bytes.len() {
        let left = bytes.len() - offset;
        let fields = if left < 8 { 0 } else { word(bytes, offset + 4) };
        let needed = 8 + u64::from(fields) * field as u64;
        if (left as u64) < needed {
            return Err(RecordError::Cut { offset, needed, left });
        }
        let step = word(bytes, offset);
        let end = offset + needed as usize;
        for field in bytes[offset + 8..end].chunks_exact(field.max(4)) {
            bits(field, |atom| {
                let cell = slice.start + atom;
                if cell < slice.end && channel.cells.binary_search(&cell).is_ok() {
                    spikes.push((step, cell));
                }
            });
        }
        offset = end;
    }
    Ok(spikes)
}

fn array_spikes(
    layout: &CoreLayout,
    channel: &ChannelLayout,
    bytes: &[u8],
) -> Result<Vec<(u32, u32)>, RecordError> {
    const PREFIX: u16 = 1 << 15;
    const PAYLOAD_PREFIX: u16 = 1 << 13;
    const TYPE: u16 = 3 << 10;
    const KEY_32: u16 = 2 << 10;
    let slice = cells_of(layout);
    let base = layout.keys.map_or(0, |(key, _)| key);
    let mut spikes = Vec::new();
    let mut offset = 0;
    while offset < bytes.len() {
        let left = bytes.len() - offset;
        let length = u64::from(if left < 8 { 0 } else { word(bytes, offset) }).next_multiple_of(4);
        let needed = 8 + length.max(4);
        if (left as u64) < needed {
            return Err(RecordError::Cut { offset, needed, left });
        }
        let step = word(bytes, offset + 4);
        let end = offset + needed as usize;
        let message = &bytes[offset + 8..end];
        let header = u16::from_le_bytes([message[0], message[1]]);
        if header & TYPE != KEY_32 {
            return Err(RecordError::Header { offset, header });
        }
        let start =
            2 + if header & PREFIX != 0 { 2 } else { 0 } + if header & PAYLOAD_PREFIX != 0 { 4 } else { 0 };
        let count = usize::from(header & 0xff);
        let keys = message.get(start..start + 4 * count).ok_or(RecordError::Cut {
            offset,
            needed: 8 + (start + 4 * count) as u64,
            left,
        })?;
        for key in words_of(keys) {
            let cell = slice.start.wrapping_add(key.wrapping_sub(base) >> COLOUR_BITS);
            if cell < slice.end && channel.cells.binary_search(&cell).is_ok() {
                spikes.push((step, cell));
            }
        }
        offset = end;
    }
    Ok(spikes)
}

impl Segment {
    /// Nothing recorded yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what one channel of the `core`-th core recorded in one run.
    ///
    /// # Errors
    /// As for [`Lowered::decode_recording`].
    pub fn add(
        &mut self,
        lowered: &Lowered,
        core: usize,
        channel: u8,
        bytes: &[u8],
    ) -> Result<(), RecordError> {
        let records = lowered.decode_recording(core, channel, bytes)?;
        let layout = &lowered.layout.cores[core];
        let Role::Cells { population, .. } = layout.role else {
            return Ok(());
        };
        match records {
            Records::Spikes(spikes) => self.spikes.entry(population).or_default().extend(spikes),
            Records::Samples(samples) => {
                let Some(channel) = layout.channels.iter().find(|c| c.channel == channel) else {
                    return Ok(());
                };
                let traces = self.samples.entry((population, channel.variable)).or_default();
                for (place, &cell) in channel.cells.iter().enumerate() {
                    let trace = traces.entry(cell).or_default();
                    for (step, values) in &samples {
                        trace.put(*step, values[place]);
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds the state that the `core`-th core left in its parameter region (region 2) when it paused at `step`: the
    /// sample at the end of the run. Bytes that are too few are ignored.
    pub fn add_final_state(
        &mut self,
        lowered: &Lowered,
        network: &Network,
        core: usize,
        step: u32,
        bytes: &[u8],
    ) {
        let Some(layout) = lowered.layout.cores.get(core) else {
            return;
        };
        let Role::Cells { population, cells } = &layout.role else {
            return;
        };
        let cell_type = network.population(*population).cell;
        let Some(parts) = components(cell_type) else {
            return;
        };
        for channel in &layout.channels {
            let Some((field, scale)) = state_of(cell_type, channel.variable) else {
                continue;
            };
            let Some(places) = offsets(parts, cells.len() as u32, field) else {
                continue;
            };
            let traces = self.samples.entry((*population, channel.variable)).or_default();
            for cell in &channel.cells {
                let at = places[(cell - cells.start) as usize] as usize;
                if at + 4 <= bytes.len() {
                    let value = S1615.decode((word(bytes, at) as i32).into()) / scale;
                    traces.entry(*cell).or_default().put(step, value);
                }
            }
        }
    }

    /// The recording from step 0 to `end`. Cells and intervals are those that the network asks for.
    ///
    /// Spikes are sorted by step, then cell. A sample that is missing (the last one without
    /// [`Segment::add_final_state`], or one that fell between two runs) is the latest one before it.
    pub fn recording(&self, network: &Network, end: u32) -> Recording {
        let populations = (0u32..)
            .map(PopulationId)
            .zip(&network.populations)
            .filter(|(_, population)| !population.records.is_empty())
            .map(|(id, population)| {
                let mut signals = Vec::new();
                let mut spikes = None;
                for record in &population.records {
                    let cells: Vec<u32> = record
                        .cells
                        .clone()
                        .unwrap_or_else(|| (0..population.size).collect());
                    if record.variable == Variable::Spikes {
                        spikes = Some(self.spikes_of(id, cells, spikes));
                    } else {
                        signals.push(self.signal_of(id, record.variable, cells, record.interval.max(1), end));
                    }
                }
                PopulationRecording {
                    population: id,
                    label: population.label.clone(),
                    size: population.size,
                    spikes,
                    signals,
                }
            })
            .collect();
        Recording {
            timestep: network.timestep,
            duration: f64::from(end) * (network.timestep * 1000.0).round() / 1000.0,
            populations,
        }
    }

    fn spikes_of(&self, population: PopulationId, mut cells: Vec<u32>, already: Option<Spikes>) -> Spikes {
        cells.extend(already.into_iter().flat_map(|spikes| spikes.recorded));
        cells.sort_unstable();
        cells.dedup();
        let mut found: Vec<(u32, u32)> = self
            .spikes
            .get(&population)
            .into_iter()
            .flatten()
            .copied()
            .filter(|(_, cell)| cells.binary_search(cell).is_ok())
            .collect();
        found.sort_unstable();
        Spikes {
            recorded: cells,
            cells: found.iter().map(|s| s.1).collect(),
            steps: found.iter().map(|s| s.0).collect(),
        }
    }

    fn signal_of(
        &self,
        population: PopulationId,
        variable: Variable,
        cells: Vec<u32>,
        interval: u32,
        end: u32,
    ) -> Signal {
        let traces = self.samples.get(&(population, variable));
        let mut samples = Vec::with_capacity((end / interval + 1) as usize * cells.len());
        for step in (0..=end).step_by(interval as usize) {
            for cell in &cells {
                let sample = traces.and_then(|t| t.get(cell)).and_then(|trace| trace.at(step));
                samples.push(sample.map_or(f64::NAN, |s| s.1));
            }
        }
        Signal {
            variable,
            cells,
            interval,
            samples,
        }
    }
}

/// Where a variable is in the parameter region, and stored units per PyNN unit.
fn state_of(cell: CellType, variable: Variable) -> Option<(Field, f64)> {
    let scale = global_weight_scale(cell);
    Some(match (variable, cell.conductance_based()) {
        (Variable::V, _) => (Field::State("v"), 1.0),
        (Variable::GsynExc, true) => (Field::Input("gsyn_exc"), scale),
        (Variable::GsynInh, true) => (Field::Input("gsyn_inh"), scale),
        (Variable::GsynExc, false) => (Field::Input("isyn_exc"), scale),
        (Variable::GsynInh, false) => (Field::Input("isyn_inh"), scale),
        (Variable::Spikes, _) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Binary, regions::bytes_of};
    use taproot_spinnaker_chip::{ChipXy, CoreId};

    fn core(
        binary: Binary,
        cells: std::ops::Range<u32>,
        variable: Variable,
        recorded: Vec<u32>,
    ) -> CoreLayout {
        CoreLayout {
            core: CoreId::new(ChipXy::new(0, 0), 1).unwrap(),
            binary,
            role: Role::Cells {
                population: PopulationId(0),
                cells,
            },
            keys: Some((0x1000, 0xffff_f000)),
            recording_region: Some(15),
            channel_count: 1,
            channels: vec![ChannelLayout {
                channel: 0,
                variable,
                interval: 1,
                cells: recorded,
                bytes: 0,
            }],
            provenance: (10, 28),
            synapses: vec![],
        }
    }

    fn decoded(layout: &CoreLayout, bytes: &[u8]) -> Result<Records, RecordError> {
        decode(layout, &layout.channels[0], bytes)
    }

    #[test]
    fn neuron_spikes_are_bits_of_the_recorded_cells() {
        let layout = core(Binary::IfCurrExp, 50..90, Variable::Spikes, (50..90).collect());
        let bytes = bytes_of(&[3, 0b101, 1 << 2, 7, 0, 1]);
        assert_eq!(
            decoded(&layout, &bytes),
            Ok(Records::Spikes(vec![(3, 50), (3, 52), (3, 84), (7, 82)]))
        );
        assert_eq!(
            decoded(&layout, &bytes[..20]),
            Err(RecordError::Cut {
                offset: 12,
                needed: 12,
                left: 8
            })
        );
    }

    #[test]
    fn samples_are_fixed_point() {
        let layout = core(Binary::IfCondExp, 0..4, Variable::V, vec![1, 3]);
        let bytes = bytes_of(&[9, 0xffdf_8000, 0x4000]);
        assert_eq!(
            decoded(&layout, &bytes),
            Ok(Records::Samples(vec![(9, vec![-65.0, 0.5])]))
        );
    }

    #[test]
    fn a_poisson_source_may_fire_twice() {
        let layout = core(
            Binary::SpikeSourcePoisson,
            100..130,
            Variable::Spikes,
            (100..130).collect(),
        );
        let bytes = bytes_of(&[5, 2, 0b11, 0b10, 6, 0]);
        assert_eq!(
            decoded(&layout, &bytes),
            Ok(Records::Spikes(vec![(5, 100), (5, 101), (5, 101)]))
        );
        let huge = bytes_of(&[5, u32::MAX, 0]);
        assert!(matches!(decoded(&layout, &huge), Err(RecordError::Cut { .. })));
    }

    #[test]
    fn array_spikes_come_as_messages() {
        let layout = core(
            Binary::ReverseIptagMulticastSource,
            0..20,
            Variable::Spikes,
            (0..20).collect(),
        );
        // A message of two keys at step 5: header 0x3802, time, keys with colour 5; padded to 16 bytes.
        let mut bytes = bytes_of(&[16, 5]);
        bytes.extend([0x02, 0x38, 5, 0, 0, 0]);
        bytes.extend(0x1135u32.to_le_bytes());
        bytes.extend(0x1005u32.to_le_bytes());
        bytes.extend([0, 0]);
        assert_eq!(
            decoded(&layout, &bytes),
            Ok(Records::Spikes(vec![(5, 19), (5, 0)]))
        );
        bytes[8] = 0xff;
        assert!(matches!(decoded(&layout, &bytes), Err(RecordError::Cut { .. })));
        bytes[9] = 0;
        assert!(matches!(
            decoded(&layout, &bytes),
            Err(RecordError::Header { .. })
        ));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_decode_or_are_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            for binary in [Binary::IfCurrExp, Binary::SpikeSourcePoisson, Binary::ReverseIptagMulticastSource] {
                for variable in [Variable::Spikes, Variable::V] {
                    let layout = core(binary, 5..90, variable, (7..60).collect());
                    match decoded(&layout, &bytes) {
                        Ok(Records::Spikes(spikes)) => assert!(spikes.iter().all(|(_, c)| (7..60).contains(c))),
                        Ok(Records::Samples(samples)) => assert!(samples.iter().all(|(_, v)| v.len() == 53)),
                        Err(_) => {}
                    }
                }
            }
        }
    }

    #[test]
    fn a_later_run_replaces_the_sample_at_the_end_of_the_one_before() {
        let mut trace = Trace::default();
        for (step, value) in [(0, 1.0), (1, 2.0), (2, 9.0), (2, 3.0)] {
            trace.put(step, value);
        }
        assert_eq!(trace.at(2), Some((2, 3.0)));
        assert_eq!(trace.at(7), Some((2, 3.0)));
        assert_eq!(Trace::default().at(0), None);
    }
}
