//! Following changes between runs: parameters, rates, spike times and weights, without a new load image.

use super::{
    Given, LowerError, Lowered, Lowering, RegionWrite, cells::Cells, images::neuron_region, vertices::Job,
    weights::scales_of,
};
use crate::regions::{neuron_params::components, numbers, poisson};
use taproot_calibration::{Quantity, QuantizationReport, Quantized};
use taproot_network::{Network, PopulationId};

/// What a changed network needs so that the next run uses it.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Changes {
    /// What to write into the regions of paused cores.
    pub writes: Vec<RegionWrite>,
    /// Populations that got spike times in the past, which will never be sent.
    pub late_spikes: Vec<LateSpikes>,
    /// Labels of populations whose ring buffers would be given more room if the network were loaded anew: inputs that
    /// arrive together may be more than they can take.
    pub crowded: Vec<String>,
}

/// New spike times of a population that lie before the step at which the change came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateSpikes {
    /// Label of the population.
    pub population: String,
    /// How many.
    pub count: usize,
}

impl Lowered {
    /// Follows a network that has changed before step `from`: what to write into the regions of cores that are paused, so
    /// that the next run uses it. The image, the send buffers and the quantization report follow as well.
    ///
    /// Only what changed is written, since a paused core keeps the state of its neurons beside their parameters.
    /// Ring-buffer shifts stay as they are: cores read them only when they start, and a core that starts anew forgets the
    /// inputs that wait in its ring buffers. So a weight that does not fit any more is refused.
    ///
    /// # Errors
    /// If the change needs a new load image, such as another size, other records, longer delays, much larger weights or
    /// more synapses. Then nothing has changed here.
    pub fn update(&mut self, network: &Network, from: u32) -> Result<Changes, LowerError> {
        let needs = |what: String| LowerError::NeedsNewImage { what };
        let populations = &self.layout.populations;
        if network.populations.len() != populations.len() {
            return Err(needs("the number of populations".to_owned()));
        }
        if network.timestep != self.plan.timestep {
            return Err(needs("the time step".to_owned()));
        }
        for (population, slices) in network.populations.iter().zip(&self.plan.split.populations) {
            if population.size != slices.size {
                return Err(needs(format!("the size of population `{}`", population.label)));
            }
        }
        let options = self.plan.options.clone();
        let lowering = Lowering::new(network, &options, Given::Image(&self.plan), &mut |_| ())?;
        // On a copy, so that a change that cannot be followed leaves everything as it is.
        let mut changed = self.image.clone();
        let mut writes = Vec::new();
        for (position, job) in self.plan.jobs.iter().enumerate() {
            let Job::Cells { population, core } = *job else {
                continue;
            };
            let label = &network.population(population).label;
            let channels = lowering.channels(job);
            let same_records = channels.len() == self.plan.channels[position].len()
                && channels
                    .iter()
                    .zip(&self.plan.channels[position])
                    .all(|(new, old)| {
                        (new.channel, new.interval, &new.cells) == (old.channel, old.interval, &old.cells)
                    });
            if !same_records {
                return Err(needs(format!("what population `{label}` records")));
            }
            let slice = self.plan.split.populations[population.0 as usize].slice(core);
            let image = &mut changed.cores[position];
            let core_id = image.core;
            match (
                &lowering.cells[population.0 as usize],
                &self.plan.cells[population.0 as usize],
            ) {
                (Cells::Neurons(_), Cells::Neurons(_)) => {
                    let new = neuron_region(&lowering, population, &slice);
                    replace(image, numbers::neuron::NEURON_PARAMS, new, &mut writes);
                    let matrix = lowering.matrix(population, core);
                    let old = &self.layout.cores[position].synapses;
                    let same_blocks = matrix.parts.len() == old.len()
                        && lowering
                            .synapse_blocks(population, core)
                            .iter()
                            .zip(old)
                            .all(|(new, old)| {
                                (&new.direct, &new.delayed, new.projection)
                                    == (&old.direct, &old.delayed, old.projection)
                            });
                    if !same_blocks {
                        return Err(needs(format!(
                            "which synapses population `{label}` receives, or through how many time steps,"
                        )));
                    }
                    if !matrix.content.is_empty() {
                        replace(
                            image,
                            numbers::neuron::SYNAPTIC_MATRIX,
                            matrix.content.clone(),
                            &mut writes,
                        );
                    }
                }
                (Cells::Poisson(new), Cells::Poisson(old)) => {
                    let range = slice.start as usize..slice.end as usize;
                    if new[range.clone()] != old[range.clone()] {
                        let content = poisson::encode_expander(&new[range]);
                        writes.push(RegionWrite {
                            core: core_id,
                            region: numbers::poisson::EXPANDER,
                            offset: 0,
                            content: content.clone(),
                        });
                        set_content(image, numbers::poisson::EXPANDER, content);
                    }
                }
                (Cells::Array(_), Cells::Array(_)) => {}
                _ => return Err(needs(format!("the cell type of population `{label}`"))),
            }
        }
        let quantization = lowering.quantization();
        refuse_grown_weights(&self.quantization, &quantization)?;
        let crowded = (0u32..)
            .zip(&network.populations)
            .filter_map(|(index, population)| {
                let given = self.plan.scales[index as usize].as_ref()?;
                let id = PopulationId(index);
                let wanted = scales_of(network, id, &lowering.parts, &lowering.cells, &options);
                let more = wanted.shifts.iter().zip(&given.shifts).any(|(w, g)| w > g);
                more.then(|| population.label.clone())
            })
            .collect();
        let late_spikes = network
            .populations
            .iter()
            .zip(lowering.cells.iter().zip(&self.plan.cells))
            .filter_map(|(population, cells)| {
                let (Cells::Array(new), Cells::Array(old)) = cells else {
                    return None;
                };
                let count = added_before(new, old, from);
                (count > 0).then(|| LateSpikes {
                    population: population.label.clone(),
                    count,
                })
            })
            .collect();
        self.image = changed;
        self.quantization = quantization;
        self.plan.cells = lowering.cells;
        Ok(Changes {
            writes,
            late_spikes,
            crowded,
        })
    }

    /// Whether a cell type has state, which its core leaves in its parameter region when it pauses.
    pub fn has_state(cell: taproot_network::CellType) -> bool {
        components(cell).is_some()
    }
}

/// An error if weights are too large that were not before. Those that were cut from the beginning have been reported.
fn refuse_grown_weights(old: &QuantizationReport, new: &QuantizationReport) -> Result<(), LowerError> {
    let weights = |report: &QuantizationReport| -> Vec<Quantized> {
        let entries = report.entries.iter();
        entries
            .filter(|entry| matches!(entry.quantity, Quantity::Weight { .. }))
            .cloned()
            .collect()
    };
    // The same parts in the same order: other synapses have been refused already.
    for (old, new) in weights(old).iter().zip(weights(new)) {
        let count = new
            .tally
            .losses
            .saturated
            .saturating_sub(old.tally.losses.saturated);
        if let Quantity::Weight {
            projection,
            population,
        } = new.quantity
            && count > 0
        {
            return Err(LowerError::WeightsGrown {
                projection,
                population,
                count,
                largest: new.resolution * f64::from(u16::MAX),
                unit: new.unit,
            });
        }
    }
    Ok(())
}

/// How many spikes before a step are in the new list and not in the old one; both are sorted.
fn added_before(new: &[(u32, u32)], old: &[(u32, u32)], from: u32) -> usize {
    let past = |spikes: &[(u32, u32)]| spikes.partition_point(|(step, _)| *step < from);
    let mut old = old[..past(old)].iter().peekable();
    new[..past(new)]
        .iter()
        .filter(|spike| {
            while old.next_if(|known| known < spike).is_some() {}
            old.next_if(|known| known == spike).is_none()
        })
        .count()
}

/// Puts new content of the same length into a region of the image, and lists the words that differ, neighbours
/// together.
fn replace(image: &mut crate::CoreImage, number: u8, new: Vec<u8>, writes: &mut Vec<RegionWrite>) {
    let Some(region) = image.regions.iter_mut().find(|region| region.number == number) else {
        return;
    };
    assert_eq!(
        region.content.len(),
        new.len(),
        "the same cells and blocks take the same space"
    );
    let mut start = None;
    let words = new.len() / 4;
    for word in 0..=words {
        let range = 4 * word..(4 * word + 4).min(new.len());
        let differs = word < words && region.content[range.clone()] != new[range];
        match (start, differs) {
            (None, true) => start = Some(4 * word),
            (Some(from), false) => {
                writes.push(RegionWrite {
                    core: image.core,
                    region: number,
                    offset: from as u32,
                    content: new[from..4 * word].to_vec(),
                });
                start = None;
            }
            _ => {}
        }
    }
    region.content = new;
}

fn set_content(image: &mut crate::CoreImage, number: u8, content: Vec<u8>) {
    if let Some(region) = image.regions.iter_mut().find(|region| region.number == number) {
        region.size = region.size.max(content.len() as u32);
        region.content = content;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_spikes_in_the_past_are_late() {
        let old = [(1, 0), (5, 0), (5, 0), (9, 1), (20, 0)];
        assert_eq!(added_before(&old, &old, 10), 0);
        // Cells 0 and 2 at step 5 twice each, the first known; step 10 is still to come.
        let new = [(0, 3), (5, 0), (5, 0), (5, 2), (5, 2), (10, 0), (11, 0)];
        assert_eq!(added_before(&new, &old, 10), 3);
        assert_eq!(added_before(&new, &[], 10), 5);
        assert_eq!(added_before(&[], &old, 10), 0);
    }
}
