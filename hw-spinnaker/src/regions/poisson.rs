//! Regions of the Poisson source.

use super::{COLOUR_BITS, bytes_of, core_params::transmit_keys};
use taproot_calibration::fixed::{U032, U1616, U3232};

/// Below this many spikes per step a source draws intervals instead of counts.
const SLOW_CUTOFF: f64 = 0.01;
/// Above this many spikes per step it takes a normal approximation.
const FAST_CUTOFF: f64 = 10.0;
/// Rates are below this, Hz: the region holds u32.32, but the program goes on with the u16.16 in the middle of it.
pub const RATE_LIMIT: f64 = 65_536.0;
/// Words of the parameters before the keys. The reserved size counts one more.
const PARAMS_WORDS: u32 = 14;

/// What the parameter region holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoissonParams {
    /// First key of the core's sources; none if nobody listens.
    pub key: Option<u32>,
    /// Simulation time step, ms.
    pub timestep: f64,
    /// Index in the population of the first source of the core.
    pub first: u32,
    /// Sources on the core.
    pub atoms: u32,
    /// Most spikes of one source in one step: sizes the recording.
    pub max_spikes_per_step: u32,
    /// Seed of the generator; see [`valid_seed`].
    pub seed: [u32; 4],
}

/// A rate, with when it starts and for how long it lasts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Hz.
    pub rate: f64,
    /// ms.
    pub start: f64,
    /// ms; 2^32 - 1 and more is for ever.
    pub duration: f64,
}

/// The parameter region.
pub fn encode_params(params: &PoissonParams) -> Vec<u8> {
    let mut words = vec![
        u32::from(params.key.is_some()),
        0, // no live control of rates
        U032.encode(params.timestep / 1000.0).raw as u32,
        U1616.encode(1.0 / params.timestep).raw as u32,
        U1616.encode(SLOW_CUTOFF).raw as u32,
        U1616.encode(FAST_CUTOFF).raw as u32,
        params.first,
        params.atoms,
        params.max_spikes_per_step,
        COLOUR_BITS.into(),
    ];
    words.extend(params.seed);
    words.extend(transmit_keys(params.key, params.atoms));
    bytes_of(&words)
}

/// Bytes reserved for the parameter region.
pub const fn params_size(atoms: u32) -> u32 {
    4 * (PARAMS_WORDS + 1 + atoms)
}

/// Bytes of the region that the core expands the rates into.
pub const fn rates_size(atoms: u32) -> u32 {
    4 * (2 + 6) * atoms
}

/// Bytes reserved for the expander region: enough for sources that all differ.
pub const fn expander_size(atoms: u32) -> u32 {
    4 * (2 + (3 + 6) * atoms)
}

/// Bytes reserved for the SDRAM edge.
pub const fn edge_size(atoms: u32) -> u32 {
    12 + 2 * atoms + 2 * (atoms % 2)
}

/// The SDRAM edge of a source that sends packets instead.
pub fn encode_no_edge() -> Vec<u8> {
    vec![0; 12]
}

/// The expander region: runs of equal sources. The core reads it when the first word says that rates changed.
pub fn encode_expander(rates: &[Rate]) -> Vec<u8> {
    let mut words = vec![1, 0];
    let mut items = 0;
    for run in rates.chunk_by(|a, b| a == b) {
        items += 1;
        words.extend([run.len() as u32, 1, 0]);
        for value in [run[0].rate, run[0].start, run[0].duration] {
            let raw = u3232(value);
            words.extend([raw as u32, (raw >> 32) as u32]);
        }
    }
    words[1] = items;
    bytes_of(&words)
}

/// Stored form of a rate, start or duration: u32.32, and whole 2^32 - 1 for everything beyond.
pub fn u3232(value: f64) -> u64 {
    if value >= f64::from(u32::MAX) {
        0xffff_ffff_0000_0000
    } else {
        U3232.encode_binary(value).raw as u64
    }
}

/// A seed that the generator accepts: its second word is not 0, its fourth is between 1 and 698769068
/// (`spinn_common: random.c`, `validate_mars_kiss64_seed`).
pub fn valid_seed(mut seed: [u32; 4]) -> [u32; 4] {
    if seed[1] == 0 {
        seed[1] = 13_031_301;
    }
    seed[3] = seed[3] % 698_769_068 + 1;
    seed
}

/// Most spikes that a source of `rate` Hz is expected to send in one step: the 99.9 % quantile of the Poisson
/// distribution and one more (`sPyNNaker: spike_source_poisson_vertex.py`, `max_spikes_per_ts`).
pub fn max_spikes_per_step(rate: f64, timestep: f64) -> u32 {
    let mean = rate * timestep / 1000.0;
    if mean.is_nan() || mean < SLOW_CUTOFF {
        return 1;
    }
    if mean > 500.0 {
        // The sum below would underflow; the normal tail is exact to a spike here.
        return (mean + 3.0902 * mean.sqrt()).ceil() as u32 + 2;
    }
    let (mut k, mut term) = (0u32, (-mean).exp());
    let mut sum = term;
    while sum < 1.0 - 1.0 / 1000.0 {
        k += 1;
        term *= mean / f64::from(k);
        sum += term;
    }
    k + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::words_of;

    #[test]
    fn the_parameters_are_those_of_spynnaker() {
        let region = encode_params(&PoissonParams {
            key: Some(0),
            timestep: 1.0,
            first: 0,
            atoms: 30,
            max_spikes_per_step: max_spikes_per_step(50.0, 1.0),
            seed: [0x8d01_176a, 0x121b_0698, 0xb549_2cf9, 0x06c7_0d28],
        });
        assert_eq!((region.len(), params_size(30)), (176, 180));
        assert_eq!(
            words_of(&region)[..16],
            [
                1,
                0,
                0x41_8937,
                0x10000,
                0x28f,
                0xa0000,
                0,
                0x1e,
                3,
                4,
                0x8d01_176a,
                0x121b_0698,
                0xb549_2cf9,
                0x06c7_0d28,
                0,
                0x10
            ]
        );
    }

    #[test]
    fn equal_sources_share_an_item() {
        let rate = Rate {
            rate: 50.0,
            start: 0.0,
            duration: 1e10,
        };
        assert_eq!(
            words_of(&encode_expander(&[rate; 30])),
            [1, 1, 30, 1, 0, 0, 50, 0, 0, 0, 0xffff_ffff]
        );
        assert_eq!(
            (expander_size(30), rates_size(30), edge_size(30)),
            (1088, 960, 72)
        );
        let other = Rate { rate: 0.5, ..rate };
        assert_eq!(words_of(&encode_expander(&[rate, other]))[..2], [1, 2]);
    }

    #[test]
    fn seeds_are_made_valid() {
        assert_eq!(valid_seed([0, 0, 0, 698_769_068]), [0, 13_031_301, 0, 1]);
    }

    #[test]
    fn quantiles_of_the_poisson_distribution() {
        // SciPy: poisson.ppf(0.999, [0.05, 0.5, 1, 10, 600]) = 2, 4, 5, 21, 677; below the slow cutoff it is 1.
        assert_eq!(max_spikes_per_step(5.0, 1.0), 1);
        assert_eq!(max_spikes_per_step(500.0, 1.0), 5);
        assert_eq!(max_spikes_per_step(1000.0, 1.0), 6);
        assert_eq!(max_spikes_per_step(10_000.0, 1.0), 22);
        assert_eq!(max_spikes_per_step(50.0, 1.0), 3);
        assert!(max_spikes_per_step(600_000.0, 1.0).abs_diff(678) <= 1);
        assert_eq!(max_spikes_per_step(f64::NAN, 1.0), 1);
    }
}
