//! Regions of the spike array and injector, and the buffer of spikes that it sends.

use super::{COLOUR_BITS, bytes_of};

/// SDP port for injected events.
const INJECTION_PORT: u32 = 1;
/// What the request threshold lies above the buffer: the core never asks for more.
const THRESHOLD_MARGIN: u32 = 256;
/// EIEIO header of a data message: 32-bit keys, a payload prefix, and the payload is a time.
const HEADER: u16 = 0x3800;
/// EIEIO command that ends the buffer.
const STOP_REQUESTS: u16 = 0x4003;
/// Most bytes of one message.
const MESSAGE_BYTES: usize = 272;
/// Header and time of a message.
const MESSAGE_HEADER_BYTES: usize = 6;
/// Most keys in one message.
pub const MESSAGE_KEYS: usize = (MESSAGE_BYTES - MESSAGE_HEADER_BYTES) / 4;

/// What the configuration region holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpikeArray {
    /// First key of the core's sources and the mask of the core; none if nobody listens.
    pub keys: Option<(u32, u32)>,
    /// Bytes of the send buffer.
    pub buffer_bytes: u32,
    /// Microseconds into a step at which the core sends.
    pub transmit_offset: u32,
}

/// The configuration region.
pub fn encode_configuration(params: &SpikeArray) -> Vec<u8> {
    let (has_key, key, mask) = params.keys.map_or((0, 0, 0), |(key, mask)| (1, key, mask));
    bytes_of(&[
        has_key, // apply a prefix
        key,
        has_key, // the prefix is the upper part
        0,       // do not check keys
        has_key,
        key,
        mask,
        params.buffer_bytes,
        params.buffer_bytes.saturating_add(THRESHOLD_MARGIN),
        0, // no tag
        0, // no destination
        INJECTION_PORT,
        params.transmit_offset,
    ])
}

/// When the `index`-th of `cores` such cores sends, microseconds into the step, so that not all send at once
/// (`reverse_ip_tag_multicast_source_machine_vertex.py`).
pub fn transmit_offset(index: u32, cores: u32, hardware_timestep: u32) -> u32 {
    let max = hardware_timestep / 20;
    (max.div_ceil(cores.max(1)) * index + max) % 1000
}

/// The send buffer for spikes at `(step, atom)`, sorted. Key base of the core is `key`.
///
/// One or more messages per step, each of at most 66 keys; within a step the highest atom comes first, as in the field.
pub fn encode_send_buffer(key: u32, spikes: &[(u32, u32)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 + spikes.len() * 6);
    for step in spikes.chunk_by(|a, b| a.0 == b.0) {
        for message in step.rchunks(MESSAGE_KEYS) {
            bytes.extend_from_slice(&(HEADER | message.len() as u16).to_le_bytes());
            bytes.extend_from_slice(&step[0].0.to_le_bytes());
            for &(time, atom) in message.iter().rev() {
                let colour = time & ((1 << COLOUR_BITS) - 1);
                bytes.extend_from_slice(&(key + (atom << COLOUR_BITS) + colour).to_le_bytes());
            }
        }
    }
    bytes.extend_from_slice(&STOP_REQUESTS.to_le_bytes());
    while bytes.len() % 4 != 0 {
        bytes.push(0);
    }
    bytes
}

/// Bytes of the messages for `keys` spikes in one step.
pub const fn step_bytes(keys: usize) -> usize {
    keys * 4 + keys.div_ceil(MESSAGE_KEYS) * MESSAGE_HEADER_BYTES
}

/// Bytes behind the last message: the command that ends the buffer, padded.
pub const END_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::words_of;

    #[test]
    fn the_configuration_is_that_of_spynnaker() {
        let region = encode_configuration(&SpikeArray {
            keys: Some((0x800, 0xffff_ff00)),
            buffer_bytes: 0x88_d614,
            transmit_offset: transmit_offset(0, 1, 1000),
        });
        assert_eq!(
            words_of(&region),
            [
                1,
                0x800,
                1,
                0,
                1,
                0x800,
                0xffff_ff00,
                0x88_d614,
                0x88_d714,
                0,
                0,
                1,
                0x32
            ]
        );
    }

    #[test]
    fn a_send_buffer_is_that_of_spynnaker() {
        let spikes: Vec<(u32, u32)> = [1, 5]
            .into_iter()
            .flat_map(|step| (0..20).map(move |atom| (step, atom)))
            .collect();
        let expected = "143801000000310100002101000011010000010100 00f1000000e1000000d1000000c1000000b1000000a1000000910000008100\
                        0000710000006100000051000000410000003100000021000000110000000100000014380500000035010000250100001501\
                        000005010000f5000000e5000000d5000000c5000000b5000000a5000000950000008500000075000000650000005500000045\
                        000000350000002500000015000000050000000340";
        let expected: Vec<u8> = expected
            .bytes()
            .filter(u8::is_ascii_hexdigit)
            .collect::<Vec<u8>>()
            .chunks_exact(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        let buffer = encode_send_buffer(0, &spikes);
        assert_eq!(buffer[..expected.len()], expected);
        assert_eq!(buffer.len() % 4, 0);
        assert!(2 * step_bytes(20) + END_BYTES >= buffer.len());
    }

    #[test]
    fn a_busy_step_takes_several_messages() {
        let spikes: Vec<(u32, u32)> = (0..100).map(|atom| (3, atom)).collect();
        let buffer = encode_send_buffer(0x1000, &spikes);
        assert_eq!(buffer[..2], (0x3800u16 | 66).to_le_bytes());
        // The highest atom first, with the colour of step 3.
        assert_eq!(buffer[6..10], (0x1000u32 + (99 << 4) + 3).to_le_bytes());
        assert_eq!(buffer[step_bytes(66)..][..2], (0x3800u16 | 34).to_le_bytes());
        assert_eq!(step_bytes(100), 412);
    }

    #[test]
    fn an_empty_buffer_is_just_the_end() {
        assert_eq!(encode_send_buffer(0, &[])[..2], [0x03, 0x40]);
    }

    #[test]
    fn cores_send_one_after_the_other() {
        assert_eq!([0, 1, 2].map(|i| transmit_offset(i, 3, 1000)), [50, 67, 84]);
    }
}
