//! Core parameters of a neuron core.

use super::{COLOUR_BITS, bits_for, bytes_of};

/// What the region holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreParams<'a> {
    /// First key of the core's neurons; none if nobody listens.
    pub key: Option<u32>,
    /// Neurons on this core.
    pub atoms: u32,
    /// Neurons on the fullest core of the population.
    pub max_atoms: u32,
    /// Left shift from ring buffer to input, per synapse type.
    pub shifts: &'a [u32],
}

/// The region.
pub fn encode(params: &CoreParams<'_>) -> Vec<u8> {
    let mut words = vec![
        u32::from(params.key.is_some()),
        params.atoms,
        1 << bits_for(params.max_atoms),
        COLOUR_BITS.into(),
        params.shifts.len() as u32,
    ];
    words.extend(params.shifts);
    words.extend(transmit_keys(params.key, params.atoms));
    bytes_of(&words)
}

/// One key per neuron, zeros when the core has no key.
pub(super) fn transmit_keys(key: Option<u32>, atoms: u32) -> impl Iterator<Item = u32> {
    (0..atoms).map(move |atom| key.map_or(0, |key| key + (atom << COLOUR_BITS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::words_of;

    #[test]
    fn keys_leave_room_for_the_colour() {
        let words = words_of(&encode(&CoreParams {
            key: Some(0x1400),
            atoms: 20,
            max_atoms: 50,
            shifts: &[1, 0],
        }));
        assert_eq!(words.len(), 108 / 4);
        assert_eq!(words[..9], [1, 0x14, 0x40, 4, 2, 1, 0, 0x1400, 0x1410]);
        assert_eq!(words[26], 0x1530);
    }

    #[test]
    fn a_core_that_nobody_hears_has_zero_keys() {
        let words = words_of(&encode(&CoreParams {
            key: None,
            atoms: 20,
            max_atoms: 20,
            shifts: &[4, 5],
        }));
        assert_eq!(words[..8], [0, 0x14, 0x20, 4, 2, 4, 5, 0]);
        assert!(words[7..].iter().all(|&word| word == 0));
    }
}
