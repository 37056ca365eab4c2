//! Ring-buffer shifts as sPyNNaker 7.4.1 estimates them (`population_vertex.py`, class `_Stats`), for comparison.
//!
//! Followed to the bit, with its slip: the sum of all weights leaves out the global scale of conductances, the other
//! terms have it. Where a connector draws at random sPyNNaker bounds the numbers of synapses by quantiles; here the
//! numbers that were drawn stand in for them.

use super::{
    LowerOptions,
    cells::{Cells, steps_per_second},
    parts::Part,
    weights::shift_for,
};
use crate::regions::{neuron_params::global_weight_scale, poisson::max_spikes_per_step};
use taproot_network::{Connector, Network, PopulationId};

/// Standard deviations to which the inner sum runs (`POSSION_SIGMA_SUMMATION_LIMIT`).
const SUMMATION_SIGMA: f64 = 3.0;

/// Running mean and variance of groups of items.
#[derive(Clone, Copy, Debug, Default)]
struct Running {
    items: f64,
    mean: f64,
    squares: f64,
}

impl Running {
    fn add(&mut self, mean: f64, variance: f64, items: f64) {
        if items <= 0.0 {
            return;
        }
        let all = self.items + items;
        let delta = mean - self.mean;
        self.squares += variance * (items - 1.0) + delta * delta * self.items * items / all;
        self.mean = (self.items * self.mean + items * mean) / all;
        self.items = all;
    }

    fn variance(&self) -> f64 {
        if self.items <= 1.0 {
            0.0
        } else {
            self.squares / (self.items - 1.0)
        }
    }
}

/// Shifts of a population's receptors.
pub(crate) fn shifts(
    network: &Network,
    population: PopulationId,
    parts: &[Part],
    cells: &[Cells],
    options: &LowerOptions,
) -> Vec<u32> {
    let cell = network.population(population).cell;
    (0..cell.receptors().len() as u8)
        .map(|receptor| {
            let incoming = parts
                .iter()
                .filter(|part| part.target == population && part.receptor == receptor);
            shift_for(max_weight(
                network,
                incoming,
                cells,
                global_weight_scale(cell),
                options,
            ))
        })
        .collect()
}

fn max_weight<'a>(
    network: &Network,
    parts: impl Iterator<Item = &'a Part>,
    cells: &[Cells],
    global: f64,
    options: &LowerOptions,
) -> f64 {
    let per_second = steps_per_second(network.timestep);
    let (mut weights, mut delays, mut rates) = (Running::default(), Running::default(), Running::default());
    let (mut total, mut biggest) = (0f64, 0f64);
    for part in parts {
        let n = connections_onto_one(network, part);
        let magnitudes: Vec<f64> = part.weights.iter().map(|w| w.abs()).collect();
        let largest = magnitudes.iter().copied().fold(0.0, f64::max);
        let (mean, variance) = moments(&magnitudes);
        let steps: Vec<f64> = part.delays.iter().map(|d| f64::from(*d)).collect();
        weights.add(mean * global, variance * global * global, n);
        biggest = biggest.max(largest * global);
        delays.add(0.0, moments(&steps).1, n);
        let (per_step, rate) = match &cells[part.source.0 as usize] {
            // Spike arrays count as neurons.
            Cells::Neurons(_) | Cells::Array(_) => (
                (options.expected_rate / per_second).max(1.0),
                options.expected_rate,
            ),
            Cells::Poisson(sources) => {
                let rate = sources.iter().map(|s| s.rate).fold(0.0, f64::max);
                let most = f64::from(max_spikes_per_step(rate, network.timestep));
                (most, if rate > 0.0 { rate } else { options.expected_rate })
            }
        };
        rates.add(rate, 0.0, n);
        total += per_step * largest * n;
    }
    if delays.variance() == 0.0 {
        return total.max(biggest);
    }
    upper_bound(
        weights.mean,
        weights.variance().sqrt(),
        rates.mean,
        weights.items,
        per_second,
        options,
    )
    .min(total)
    .max(biggest)
}

/// The connector's bound on synapses onto one cell.
fn connections_onto_one(network: &Network, part: &Part) -> f64 {
    let projection = network.projection(part.projection);
    match projection.connector {
        Connector::AllToAll { .. } => network.group_size(&projection.source) as f64,
        Connector::OneToOne => 1.0,
        _ => part
            .first
            .windows(2)
            .map(|w| w[1] - w[0])
            .max()
            .unwrap_or(0)
            .into(),
    }
}

fn moments(values: &[f64]) -> (f64, f64) {
    if values.is_empty() {
        return (0.0, 0.0);
    }
    let n = values.len() as f64;
    let mean = if values.iter().all(|v| *v == values[0]) {
        values[0]
    } else {
        values.iter().sum::<f64>() / n
    };
    (
        mean,
        values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n,
    )
}

/// Mean and so many standard deviations of the weight that arrives in a step.
fn upper_bound(
    mean: f64,
    deviation: f64,
    rate: f64,
    synapses: f64,
    per_second: f64,
    options: &LowerOptions,
) -> f64 {
    let expected = synapses * rate / per_second;
    let poisson_variance = expected * mean * mean;
    let limit = (expected + SUMMATION_SIGMA * expected.sqrt()).round_ties_even();
    let mut weight_variance = 0.0;
    if deviation > 0.0 {
        let log_factorial: f64 = (1..=limit as u64).map(|k| (k as f64).ln()).sum();
        let ratio = expected.ln() * limit - log_factorial;
        if -701.0 < ratio && ratio < 701.0 && ratio != 0.0 {
            // exp(expected) times the regularised upper incomplete gamma function of a whole number is a partial sum
            // of the exponential series.
            let (mut term, mut sum) = (1.0, 1.0);
            for k in 1..=limit as u64 {
                term *= expected / k as f64;
                sum += term;
            }
            let log = -expected + expected.ln() + 2.0 * deviation.ln() + (sum - ratio.exp()).ln();
            weight_variance = log.exp();
        }
    }
    expected * mean + options.ring_buffer_sigma * (poisson_variance + weight_variance).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_add_up_like_items() {
        let mut running = Running::default();
        running.add(1.0, 0.0, 3.0);
        running.add(5.0, 0.0, 1.0);
        assert_eq!(running.mean, 2.0);
        assert_eq!(running.variance(), 4.0);
    }

    #[test]
    fn the_bound_is_that_of_spynnaker() {
        // _ring_buffer_expected_upper_bound(0.5, 0.1, 30.0, 100, 5.0) at 1000 steps per second.
        let bound = upper_bound(0.5, 0.1, 30.0, 100.0, 1000.0, &LowerOptions::default());
        assert!((bound - 5.914_869_377_694_853).abs() < 1e-9, "{bound}");
        let busy = upper_bound(5.0, 2.5, 80.0, 1000.0, 1000.0, &LowerOptions::default());
        assert!((busy - 649.942_911_893_688_9).abs() < 1e-6, "{busy}");
    }
}
