//! The system region, the first of every core.

use super::bytes_of;
use crate::Binary;

/// SDP port on which the simulation library takes commands.
const CONTROL_PORT: u32 = 3;

/// The region: the hash of the binary's name (which the binary compares with its own), the hardware time step in
/// microseconds, and the port for commands.
pub fn encode(binary: Binary, hardware_timestep: u32) -> Vec<u8> {
    bytes_of(&[name_hash(binary), hardware_timestep, CONTROL_PORT])
}

/// The first 32 bits of the MD5 of a binary's base name.
pub const fn name_hash(binary: Binary) -> u32 {
    match binary {
        Binary::IfCurrExp => 0xeeb9_8d83,
        Binary::IfCondExp => 0xcb84_2b47,
        Binary::SpikeSourcePoisson => 0xe21b_9d78,
        Binary::ReverseIptagMulticastSource => 0x62bf_fbd5,
        Binary::DelayExtension => 0x0dc6_4bf0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::words_of;

    #[test]
    fn the_region_is_that_of_spynnaker() {
        assert_eq!(
            words_of(&encode(Binary::IfCurrExp, 1000)),
            [0xeeb9_8d83, 0x3e8, 3]
        );
    }
}
