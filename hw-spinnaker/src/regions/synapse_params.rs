//! Parameters of synapse processing.

use super::{bits_for, bytes_of};

/// Spikes that a core can queue.
pub const INCOMING_SPIKES: u32 = 256;

/// What the region holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SynapseParams<'a> {
    /// Neurons on the fullest core of the population.
    pub max_atoms: u32,
    /// Delay slots of the ring buffer, a power of two.
    pub delay_slots: u32,
    /// Whether spikes that come too late are dropped.
    pub drop_late: bool,
    /// Left shift from ring buffer to input, per synapse type.
    pub shifts: &'a [u32],
}

/// The region.
pub fn encode(params: &SynapseParams<'_>) -> Vec<u8> {
    let types = params.shifts.len() as u32;
    let mut words = vec![
        params.max_atoms,
        types,
        bits_for(params.max_atoms),
        bits_for(types),
        bits_for(params.delay_slots),
        params.drop_late.into(),
        INCOMING_SPIKES,
    ];
    words.extend(params.shifts);
    bytes_of(&words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::words_of;

    #[test]
    fn the_region_is_that_of_spynnaker() {
        let words = words_of(&encode(&SynapseParams {
            max_atoms: 20,
            delay_slots: 128,
            drop_late: false,
            shifts: &[4, 5],
        }));
        assert_eq!(words, [0x14, 2, 5, 1, 7, 0, 0x100, 4, 5]);
    }
}
