//! Parameters of the delay extension.

use super::{COLOUR_BITS, bytes_of};

/// What the region holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DelayExtension {
    /// First key that this core sends.
    pub key: Option<u32>,
    /// Key of the source core that it mirrors.
    pub incoming_key: u32,
    /// Mask of the same.
    pub incoming_mask: u32,
    /// Neurons of that core.
    pub atoms: u32,
    /// Delay stages.
    pub stages: u32,
    /// Time steps per stage.
    pub steps_per_stage: u32,
    /// Whether spikes that come too late are dropped.
    pub drop_late: bool,
}

/// The region.
pub fn encode(params: &DelayExtension) -> Vec<u8> {
    bytes_of(&[
        u32::from(params.key.is_some()),
        params.key.unwrap_or(0),
        params.incoming_key,
        params.incoming_mask,
        params.atoms,
        params.stages,
        params.steps_per_stage,
        params.drop_late.into(),
        COLOUR_BITS.into(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::words_of;

    #[test]
    fn the_region_is_that_of_spynnaker() {
        let words = words_of(&encode(&DelayExtension {
            key: Some(0x1a000),
            incoming_key: 0x8800,
            incoming_mask: 0xffff_f800,
            atoms: 100,
            stages: 3,
            steps_per_stage: 64,
            drop_late: false,
        }));
        assert_eq!(words, [1, 0x1a000, 0x8800, 0xffff_f800, 0x64, 3, 0x40, 0, 4]);
    }
}
