//! The header of the recording region (`SpiNNFrontEndCommon: recording.c`).

use super::bytes_of;

/// The header: the number of channels, then per channel the bytes to allocate (0 is off) and two words that the core
/// fills.
pub fn encode(channel_bytes: &[u32]) -> Vec<u8> {
    let mut words = vec![channel_bytes.len() as u32];
    for &bytes in channel_bytes {
        words.extend([bytes, 0, 0]);
    }
    bytes_of(&words)
}

/// What a core writes into its recording header at each pause, for one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes of records.
    pub bytes: u32,
    /// Whether records were dropped because the buffer was full.
    pub missing: bool,
    /// Where the records are.
    pub address: u32,
}

/// Reads back a header of `channels` channels; none if the bytes are too few or disagree.
pub fn decode(bytes: &[u8], channels: usize) -> Option<Vec<Written>> {
    let words = super::words_of(bytes);
    if *words.first()? as usize != channels || words.len() < 1 + 3 * channels {
        return None;
    }
    Some(
        words[1..]
            .chunks_exact(3)
            .take(channels)
            .map(|w| Written {
                bytes: w[1] & 0x7fff_ffff,
                missing: w[1] >> 31 != 0,
                address: w[2],
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::words_of;

    #[test]
    fn a_header_holds_three_words_per_channel() {
        assert_eq!(words_of(&encode(&[0x3b_7edc])), [1, 0x3b_7edc, 0, 0]);
        assert_eq!(encode(&[0; 6]).len(), 76);
    }

    #[test]
    fn the_core_reports_bytes_address_and_loss() {
        let header = bytes_of(&[1, 64, 0x8000_0040, 0x6024_0000]);
        assert_eq!(
            decode(&header, 1),
            Some(vec![Written {
                bytes: 64,
                missing: true,
                address: 0x6024_0000
            }])
        );
        assert_eq!(decode(&header, 2), None);
        assert_eq!(decode(&header[..8], 1), None);
    }
}
