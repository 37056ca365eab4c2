//! SDRAM: what a machine really has, and how long a run its recordings hold.

use super::{LowerError, channels::Channel, costs, vertices::Vertices};
use crate::chip_of;
use taproot_mapper::{NodeId, Placement};
use taproot_spinnaker_chip::{Chip, ChipXy, Machine};

/// The machine with the memory that applications may really use.
pub(crate) fn usable_machine(machine: &Machine) -> Machine {
    let most = u64::from(taproot_spinnaker_chip::SDRAM_BYTES) - costs::SDRAM_RESERVED;
    let chips = machine.chips().map(|(xy, chip)| {
        let sdram = u64::from(chip.sdram).min(most) as u32;
        (
            xy,
            Chip {
                sdram,
                ..chip.clone()
            },
        )
    });
    Machine::new(machine.name(), machine.width(), machine.height(), chips)
        .expect("a machine with less memory is as sound as before")
}

/// Steps that recordings should hold: `wanted`, or as many as fit up to `most`, but a whole number of every sampling
/// interval. A core counts its intervals from the start of each run, so that only then the pieces of a long run sample
/// as the whole would.
pub(crate) fn whole_intervals(wanted: u32, most: u32, channels: &[Vec<Channel>]) -> u32 {
    let mut common = 1u64;
    for channel in channels.iter().flatten() {
        let interval = u64::from(channel.interval);
        let (mut a, mut b) = (common, interval);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        common = (common / a).saturating_mul(interval);
    }
    let most = u64::from(most);
    let enough = u64::from(wanted).div_ceil(common).saturating_mul(common);
    if enough <= most {
        enough as u32
    } else if common <= most {
        (most - most % common) as u32
    } else {
        most as u32
    }
}

/// Bytes per 2^20 steps.
pub(crate) fn per_step(channels: &[Channel]) -> u64 {
    channels.iter().map(Channel::bytes_per_mebistep).sum()
}

/// The longest run, in steps, whose recordings fit every chip.
pub(crate) fn max_steps(
    machine: &Machine,
    placement: &Placement,
    vertices: &Vertices,
    fixed: &[u64],
    channels: &[Vec<Channel>],
) -> Result<u32, LowerError> {
    let mut chips: std::collections::BTreeMap<NodeId, (u64, u64)> = std::collections::BTreeMap::new();
    for vertex in 0..vertices.jobs.len() {
        let sums = chips.entry(placement.nodes[vertex]).or_default();
        sums.0 += fixed[vertex];
        sums.1 += per_step(&channels[vertex]);
    }
    let mut most = u32::MAX >> 1;
    for (node, (used, per_mebistep)) in chips {
        if per_mebistep == 0 {
            continue;
        }
        let chip: ChipXy = chip_of(machine, node);
        let free = machine
            .chip(chip)
            .map_or(0, |c| u64::from(c.sdram))
            .saturating_sub(used);
        let steps = (free.saturating_mul(1 << 20) / per_mebistep).min(u64::from(most)) as u32;
        if steps == 0 {
            return Err(LowerError::NoRecordingSpace {
                chip,
                per_step: per_mebistep.div_ceil(1 << 20),
                free,
            });
        }
        most = steps;
    }
    Ok(most)
}
