//! IOBUF: what a core has printed, as a chain of blocks in SDRAM.
//!
//! Binaries of 7.4.1 print numbers instead of texts: a line is a decimal message id, then arguments as they would stand in
//! the text, separated by the record separator (0x1e). [`super::messages`] has the texts; without them a line is shown as
//! `message 123 (10, 2)`.
//!
//! Source: `spinnaker_tools: sark/sark_io.c`; `SpiNNUtils: make_tools/file_converter.py`.

use super::{WireError, reader::Reader};
use std::fmt;

/// Bytes in front of the text of a block.
pub const HEADER_BYTES: u32 = 16;
const SEPARATOR: char = '\u{1e}';

/// The head of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockHeader {
    /// Address of the next block, 0 at the end.
    pub next: u32,
    /// When the block was begun, seconds since 1970.
    pub unix_time: u32,
    /// Milliseconds of that second.
    pub milliseconds: u32,
    /// Bytes of text.
    pub length: u32,
}

impl BlockHeader {
    /// Understands the first 16 bytes of a block.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new("IOBUF block", bytes);
        Ok(Self {
            next: reader.u32()?,
            unix_time: reader.u32()?,
            milliseconds: reader.u32()?,
            length: reader.u32()?,
        })
    }

    /// The 16 bytes.
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let words = [self.next, self.unix_time, self.milliseconds, self.length];
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

/// One line of an IOBUF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A message by number.
    Message {
        /// Which, in `logs.sqlite3`.
        id: u32,
        /// Its arguments as printed.
        arguments: Vec<String>,
    },
    /// Text, as SARK and SCAMP print it.
    Text(String),
}

/// The lines of an IOBUF. Bytes that are not UTF-8 are replaced.
pub fn lines(text: &[u8]) -> Vec<Line> {
    String::from_utf8_lossy(text).lines().map(line).collect()
}

fn line(line: &str) -> Line {
    let mut parts = line.split(SEPARATOR);
    match parts.next().and_then(|id| id.trim().parse().ok()) {
        Some(id) => Line::Message {
            id,
            arguments: parts.map(str::to_owned).collect(),
        },
        None => Line::Text(line.replace(SEPARATOR, " ")),
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Message { id, arguments } => {
                write!(f, "message {id}")?;
                if arguments.is_empty() {
                    return Ok(());
                }
                f.write_str(" (")?;
                for (index, argument) in arguments.iter().enumerate() {
                    write!(f, "{}{argument}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str(")")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_and_text_are_told_apart() {
        let lines = lines(b"[api_warn] warning\n1245\x1e10\x1effffffff\n7\n");
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0], Line::Text("[api_warn] warning".into()));
        assert_eq!(lines[1].to_string(), "message 1245 (10, ffffffff)");
        assert_eq!(lines[2].to_string(), "message 7");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_decoder_panic(text in proptest::collection::vec(any::<u8>(), 0..100)) {
            for line in lines(&text) {
                let _ = line.to_string();
            }
        }

        #[test]
        fn headers_round_trip(bytes in any::<[u8; 16]>()) {
            prop_assert_eq!(BlockHeader::from_bytes(&bytes).unwrap().to_bytes(), bytes);
        }
    }
}
