//! The network file (`.taproot`) and the recording file.
//!
//! A file is a header of 24 bytes and a body:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `TAPROOT` and a line feed |
//! | 2 | kind: 1 network, 2 recording |
//! | 2 | version of the body's format |
//! | 8 | length of the body in bytes |
//! | 4 | CRC-32 of the body (the polynomial of IEEE 802.3) |
//!
//! Numbers in the header are little-endian. The body is the artefact in postcard's wire format. Reading allocates in
//! proportion to the bytes that are really there, and a network is checked before it is handed out.

use crate::{Network, Problem, Recording};
use serde::{Serialize, de::DeserializeOwned};
use std::io::{self, Read, Write};
use thiserror::Error;

const MAGIC: [u8; 8] = *b"TAPROOT\n";
const HEADER: usize = 24;

/// The version of the format that is written, and the only one that is read.
pub const VERSION: u16 = 1;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A [`Network`].
    Network,
    /// A [`Recording`].
    Recording,
}

impl FileKind {
    const fn code(self) -> u16 {
        match self {
            FileKind::Network => 1,
            FileKind::Recording => 2,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            FileKind::Network => "network",
            FileKind::Recording => "recording",
        }
    }
}

/// Why a file could not be read or written.
#[derive(Debug, Error)]
pub enum FileError {
    /// The reader or writer failed.
    #[error("reading or writing failed")]
    Io(#[from] io::Error),
    /// The first bytes are not Taproot's.
    #[error("this is not a Taproot file: it does not begin with `TAPROOT`")]
    NotTaproot,
    /// The file holds something else.
    #[error("this Taproot file holds {found}, not a {wanted}")]
    WrongKind {
        /// What it holds.
        found: String,
        /// What was wanted.
        wanted: &'static str,
    },
    /// A version that this program does not know.
    #[error("the file has format version {found}; this program reads version {VERSION}")]
    UnknownVersion {
        /// The file's version.
        found: u16,
    },
    /// The file is shorter or longer than its header says.
    #[error(
        "the file is cut short or has something behind its end: its header promises {promised} bytes, {found} follow"
    )]
    WrongLength {
        /// Bytes promised.
        promised: u64,
        /// Bytes found; one more than promised when there are more.
        found: u64,
    },
    /// The checksum does not fit.
    #[error("the file is damaged: its checksum is {found:08x}, not {promised:08x}")]
    Damaged {
        /// Checksum in the header.
        promised: u32,
        /// Checksum of the body.
        found: u32,
    },
    /// The body does not decode.
    #[error("the contents do not decode")]
    Contents(#[source] postcard::Error),
    /// Bytes behind the decoded body.
    #[error("{count} bytes of the contents are left over")]
    LeftOver {
        /// How many.
        count: usize,
    },
    /// The network in the file has problems.
    #[error("the network in the file has {} problems; the first: {}", .0.len(), .0[0])]
    Invalid(Vec<Problem>),
}

impl Network {
    /// Writes the network file.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write(&self, to: impl Write) -> Result<(), FileError> {
        write(self, FileKind::Network, to)
    }

    /// Reads a network file and checks the network.
    ///
    /// # Errors
    /// When the bytes are not a network file of this version, are damaged, or hold a network with problems.
    pub fn read(from: impl Read) -> Result<Self, FileError> {
        let network: Self = read(FileKind::Network, from)?;
        let problems = network.check();
        if problems.is_empty() {
            Ok(network)
        } else {
            Err(FileError::Invalid(problems))
        }
    }
}

impl Recording {
    /// Writes the recording file.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write(&self, to: impl Write) -> Result<(), FileError> {
        write(self, FileKind::Recording, to)
    }

    /// Reads a recording file.
    ///
    /// # Errors
    /// When the bytes are not a recording file of this version or are damaged.
    pub fn read(from: impl Read) -> Result<Self, FileError> {
        read(FileKind::Recording, from)
    }
}

fn write<T: Serialize>(value: &T, kind: FileKind, mut to: impl Write) -> Result<(), FileError> {
    let body = postcard::to_stdvec(value).map_err(FileError::Contents)?;
    let mut header = Vec::with_capacity(HEADER);
    header.extend(MAGIC);
    header.extend(kind.code().to_le_bytes());
    header.extend(VERSION.to_le_bytes());
    header.extend((body.len() as u64).to_le_bytes());
    header.extend(crc32(&body).to_le_bytes());
    to.write_all(&header)?;
    to.write_all(&body)?;
    Ok(to.flush()?)
}

fn read<T: DeserializeOwned>(wanted: FileKind, mut from: impl Read) -> Result<T, FileError> {
    let mut header = Vec::with_capacity(HEADER);
    from.by_ref().take(HEADER as u64).read_to_end(&mut header)?;
    if !header.starts_with(&MAGIC) {
        return Err(FileError::NotTaproot);
    }
    let Ok(header) = <[u8; HEADER]>::try_from(header.as_slice()) else {
        return Err(FileError::WrongLength {
            promised: (HEADER - MAGIC.len()) as u64,
            found: (header.len() - MAGIC.len()) as u64,
        });
    };
    let field = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let kind = field(8);
    if kind != wanted.code() {
        let found = match kind {
            1 => "a network".to_owned(),
            2 => "a recording".to_owned(),
            other => format!("something of kind {other}"),
        };
        return Err(FileError::WrongKind {
            found,
            wanted: wanted.name(),
        });
    }
    if field(10) != VERSION {
        return Err(FileError::UnknownVersion { found: field(10) });
    }
    let promised = u64::from_le_bytes(std::array::from_fn(|i| header[12 + i]));
    let checksum = u32::from_le_bytes(std::array::from_fn(|i| header[20 + i]));
    // One byte more than promised shows whether there is more; memory grows with what arrives.
    let mut body = Vec::new();
    let found = from.take(promised.saturating_add(1)).read_to_end(&mut body)? as u64;
    if found != promised {
        return Err(FileError::WrongLength { promised, found });
    }
    let found = crc32(&body);
    if found != checksum {
        return Err(FileError::Damaged {
            promised: checksum,
            found,
        });
    }
    let (value, rest) = postcard::take_from_bytes(&body).map_err(FileError::Contents)?;
    if !rest.is_empty() {
        return Err(FileError::LeftOver { count: rest.len() });
    }
    Ok(value)
}

/// CRC-32 of IEEE 802.3, reflected.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut i = 0;
        while i < 256 {
            let mut word = i as u32;
            let mut bit = 0;
            while bit < 8 {
                word = if word & 1 == 1 {
                    (word >> 1) ^ 0xedb8_8320
                } else {
                    word >> 1
                };
                bit += 1;
            }
            table[i] = word;
            i += 1;
        }
        table
    };
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8)
    })
}

#[cfg(test)]
mod tests;
