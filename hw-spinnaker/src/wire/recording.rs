//! The recording region of an application: where each channel's data is, and how much.
//!
//! Source: `SpiNNFrontEndCommon: recording.c`.

use super::{WireError, reader::Reader};

/// Most channels that a header may claim; binaries have up to 6.
pub const CHANNELS_LARGEST: u32 = 64;

/// One channel, after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Bytes that the binary allocated; 0 when the channel is off.
    pub space: u32,
    /// Bytes recorded since the last resume.
    pub written: u32,
    /// Whether records were dropped for lack of space.
    pub missing: bool,
    /// Where the data is.
    pub address: u32,
}

/// Bytes of a header with so many channels.
pub const fn header_bytes(channels: u32) -> u32 {
    4 + 12 * channels
}

/// Understands a recording region. Bytes behind the header are ignored: the region may be larger.
pub fn channels(bytes: &[u8]) -> Result<Vec<Channel>, WireError> {
    let mut reader = Reader::new("recording region", bytes);
    let count = reader.u32()?;
    if count > CHANNELS_LARGEST {
        return Err(WireError::Field {
            what: "recording region",
            field: "number of channels",
            value: count,
        });
    }
    (0..count)
        .map(|_| {
            let (space, written, address) = (reader.u32()?, reader.u32()?, reader.u32()?);
            Ok(Channel {
                space,
                written: written & 0x7fff_ffff,
                missing: written >> 31 != 0,
                address,
            })
        })
        .collect()
}

/// A recording region with these channels, as a binary leaves it.
pub fn to_bytes(channels: &[Channel]) -> Vec<u8> {
    let mut bytes = (channels.len() as u32).to_le_bytes().to_vec();
    for channel in channels {
        let written = channel.written & 0x7fff_ffff | u32::from(channel.missing) << 31;
        for word in [channel.space, written, channel.address] {
            bytes.extend(word.to_le_bytes());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bit_31_says_that_data_is_missing() {
        let bytes: Vec<u8> = [2u32, 100, 40, 0x6030_0000, 8, 0x8000_0008, 0x6031_0000]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        let channels = channels(&bytes).unwrap();
        assert_eq!((channels[0].written, channels[0].missing), (40, false));
        assert_eq!((channels[1].written, channels[1].missing), (8, true));
        assert_eq!(to_bytes(&channels), bytes);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(count in 0u8..5, mut bytes in proptest::collection::vec(any::<u8>(), 4..60)) {
            bytes[..4].copy_from_slice(&[count, 0, 0, 0]);
            if let Ok(channels) = channels(&bytes) {
                let encoded = to_bytes(&channels);
                prop_assert_eq!(&encoded[..], &bytes[..encoded.len()]);
            }
        }
    }
}
