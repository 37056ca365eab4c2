//! Oracles of what a host reads back from the memory of cores.

use super::{Oracle, Verdict};
use crate::networks::every_kind;
use arbitrary::Unstructured;
use std::{collections::BTreeMap, sync::LazyLock};
use taproot_network::{Network, ProjectionId};
use taproot_spinnaker::{LowerOptions, Lowered, Records, Role, Segment, lower};
use taproot_spinnaker_chip::Machine;

/// A network of every kind of core, lowered: the layout that says what the bytes should be.
static LOWERED: LazyLock<(Network, Lowered)> = LazyLock::new(|| {
    let network = every_kind(40);
    let options = LowerOptions {
        run_steps: Some(100),
        ..LowerOptions::default()
    };
    let lowered = lower(&network, &Machine::spin3(), &options).expect("the network fits");
    (network, lowered)
});

/// Recorded data of every channel of every core: what comes out belongs to the channel, and there is no more of it
/// than there are bits. The first two bytes choose core and channel.
pub(super) const RECORDED_DATA: Oracle = Oracle {
    name: "recorded_data",
    check: |bytes| {
        let (network, lowered) = &*LOWERED;
        let [which_core, which_channel, data @ ..] = bytes else {
            return Verdict::Refused;
        };
        let core = usize::from(*which_core) % (lowered.layout.cores.len() + 1);
        let Some(layout) = lowered.layout.cores.get(core) else {
            assert!(
                lowered.decode_recording(core, 0, data).is_err(),
                "a core that is not there records nothing"
            );
            return Verdict::Refused;
        };
        let mut segment = Segment::new();
        segment.add_final_state(lowered, network, core, 3, data);
        let channel = match layout.channels.len() {
            0 => *which_channel,
            count => layout.channels[usize::from(*which_channel) % count].channel,
        };
        let decoded = lowered.decode_recording(core, channel, data);
        if let Ok(records) = &decoded {
            let channel = layout.channels.iter().find(|c| c.channel == channel);
            let recorded = &channel.expect("a channel that is not there is refused").cells;
            match records {
                Records::Spikes(spikes) => {
                    assert!(spikes.len() <= 8 * data.len(), "a spike takes at least a bit");
                    for (_, cell) in spikes {
                        assert!(recorded.contains(cell), "only recorded cells spike");
                    }
                }
                Records::Samples(samples) => {
                    assert!(4 * samples.len() <= data.len(), "a sample takes at least a step");
                    for (_, values) in samples {
                        assert_eq!(
                            values.len(),
                            recorded.len(),
                            "a sample has a value per recorded cell"
                        );
                    }
                }
            }
        }
        // Refused or not, what comes out afterwards must make sense.
        let _ = segment.add(
            lowered,
            core,
            layout.channels.first().map_or(0, |c| c.channel),
            data,
        );
        let recording = segment.recording(network, 20);
        for population in &recording.populations {
            for signal in &population.signals {
                assert_eq!(
                    signal.samples.len(),
                    signal.cells.len() * 20usize.div_ceil(signal.interval as usize).max(1)
                        + if 20 % signal.interval == 0 {
                            signal.cells.len()
                        } else {
                            0
                        },
                    "a signal has a row for each interval, both ends included"
                );
            }
        }
        (&decoded).into()
    },
    seeds: || {
        let mut seeds = Vec::new();
        for (core, layout) in (0u8..).zip(&LOWERED.1.layout.cores) {
            let (Role::Cells { cells, .. } | Role::Delay { cells, .. }) = &layout.role;
            for channel in 0..layout.channels.len() as u8 {
                let words = |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
                let field = cells.len().div_ceil(32);
                // Samples; spikes of neurons; of Poisson sources: step, count, fields; of arrays: length, step, message.
                for data in [
                    words(&vec![5; 1 + cells.len()]),
                    words(&vec![0x8000_0101; 1 + field]),
                    words(&[&[5, 1][..], &vec![7; field]].concat()),
                    words(&[12, 5, 0x0000_0801, 0, 0]),
                ] {
                    seeds.push([&[core, channel][..], &data].concat());
                }
            }
        }
        seeds
    },
    tries: 40_000,
};

/// Synaptic matrices of a board: reading them back gives the synapses of the projection or an error. The bytes change
/// words of the matrices that were loaded.
pub(super) const SYNAPTIC_MATRIX: Oracle = Oracle {
    name: "synaptic_matrix",
    check: |bytes| {
        let (network, lowered) = &*LOWERED;
        let mut input = Unstructured::new(bytes);
        let projection = ProjectionId(u32::from(input.arbitrary::<u8>().unwrap_or(0)) % 3);
        let mut matrices: BTreeMap<usize, Vec<u8>> = lowered
            .matrices_of(projection)
            .into_iter()
            .map(|core| {
                let regions = &lowered.image.cores[core].regions;
                let matrix = regions.iter().find(|region| region.number == 6);
                (
                    core,
                    matrix.map_or_else(Vec::new, |region| region.content.clone()),
                )
            })
            .collect();
        let original = lowered.read_back(network, projection, &matrices);
        let original = original.expect("what was loaded can be read back");
        for matrix in matrices.values_mut() {
            for _ in 0..input.arbitrary::<u8>().unwrap_or(0) % 32 {
                let (Ok(place), Ok(value)) = (input.arbitrary::<u16>(), input.arbitrary::<u32>()) else {
                    break;
                };
                let at = 4 * (usize::from(place) % (matrix.len() / 4).max(1));
                if place == u16::MAX {
                    matrix.truncate(value as usize);
                } else if let Some(word) = matrix.get_mut(at..at + 4) {
                    word.copy_from_slice(&value.to_le_bytes());
                }
            }
        }
        let read = lowered.read_back(network, projection, &matrices);
        if let Ok(connections) = &read {
            assert_eq!(
                (&connections.sources, connections.targets()),
                (&original.sources, original.targets()),
                "a matrix decides about weights and delays, not about who is connected"
            );
            let values = connections.weights.iter().chain(&connections.delays);
            assert!(
                values.clone().all(|value| value.is_finite()),
                "stored values are finite"
            );
        }
        (&read).into()
    },
    seeds: || {
        (0..3)
            .map(|projection| {
                let mut seed = vec![projection, 3];
                for word in [0u16, 2, 20] {
                    seed.extend(word.to_le_bytes());
                    seed.extend(0x0001_0002u32.to_le_bytes());
                }
                seed
            })
            .collect()
    },
    tries: 5_000,
};
