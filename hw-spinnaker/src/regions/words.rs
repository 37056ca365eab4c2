//! Words, bytes, and how many bits a number takes.

/// Little-endian bytes of words.
pub(crate) fn bytes_of(words: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(words.len() * 4);
    for word in words {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// Words of little-endian bytes; a rest of one to three bytes is dropped.
pub fn words_of(bytes: &[u8]) -> Vec<u32> {
    bytes
        .chunks_exact(4)
        .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect()
}

/// Bits that the binaries keep for an index below `n`: at least one (`sPyNNaker: get_n_bits`).
pub const fn bits_for(n: u32) -> u32 {
    if n <= 2 {
        1
    } else {
        u32::BITS - (n - 1).leading_zeros()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_takes_at_least_one_bit() {
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 255, 256, 257].map(bits_for),
            [1, 1, 1, 2, 2, 3, 8, 8, 9]
        );
    }
}
