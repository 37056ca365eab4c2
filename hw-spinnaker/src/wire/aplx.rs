//! Application images: a list of copies and fills, ended by a jump.
//!
//! Source: application note 3; `spinnaker_tools: scamp/boot_aplx.s`, `tools/mkaplx`.

use super::{WireError, reader::Reader};
use taproot_spinnaker_chip::memory_map::{DTCM_BASE, DTCM_SIZE};

/// Code must stay below this address: the loader works above it.
pub const CODE_LIMIT: u32 = 0x7f00;

/// One entry of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AplxBlock {
    /// Copy from an address.
    Copy {
        /// To.
        to: u32,
        /// From.
        from: u32,
        /// Bytes.
        bytes: u32,
    },
    /// Copy from the image.
    CopyImage {
        /// To.
        to: u32,
        /// From, relative to this entry.
        offset: u32,
        /// Bytes.
        bytes: u32,
    },
    /// Fill with a word.
    Fill {
        /// From here.
        to: u32,
        /// Bytes.
        bytes: u32,
        /// The word.
        word: u32,
    },
    /// Jump.
    Execute {
        /// There.
        address: u32,
    },
}

/// The list at the head of an application image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aplx {
    /// Its entries, up to and including the first jump.
    pub blocks: Vec<AplxBlock>,
}

/// Why a file is not an application image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AplxError {
    /// The list runs off the file.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The list ends without a jump.
    #[error("the list of blocks ends with operation {0:#x} and never starts the program")]
    NoStart(u32),
    /// A block lies outside the file.
    #[error("block {block} copies {bytes} bytes from offset {offset}, but the file has {size}")]
    OutsideFile {
        /// Number of the block.
        block: usize,
        /// Where it copies from, in bytes from the start of the file.
        offset: u64,
        /// How much.
        bytes: u32,
        /// Bytes of the file.
        size: usize,
    },
    /// A block writes where no program may.
    #[error("block {block} writes {bytes} bytes at {address:#x}, outside a core's memory for programs")]
    OutsideMemory {
        /// Number of the block.
        block: usize,
        /// Where to.
        address: u32,
        /// How much.
        bytes: u32,
    },
}

impl Aplx {
    /// Understands a file, and checks that the loader could run it: copies come from within the file and go to a
    /// core's own memory, and there is a start.
    pub fn parse(file: &[u8]) -> Result<Self, AplxError> {
        let mut reader = Reader::new("application image", file);
        let mut blocks = Vec::new();
        loop {
            let number = blocks.len();
            let [operation, one, two, three] = [reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?];
            let block = match operation {
                1 => AplxBlock::Copy {
                    to: one,
                    from: two,
                    bytes: three,
                },
                2 => AplxBlock::CopyImage {
                    to: one,
                    offset: two,
                    bytes: three,
                },
                3 => AplxBlock::Fill {
                    to: one,
                    bytes: two,
                    word: three,
                },
                4 => AplxBlock::Execute { address: one },
                other => return Err(AplxError::NoStart(other)),
            };
            check(number, &block, file.len())?;
            blocks.push(block);
            if let AplxBlock::Execute { .. } = block {
                return Ok(Self { blocks });
            }
        }
    }

    /// Bytes of code, as copied to instruction memory.
    pub fn code_bytes(&self) -> u32 {
        self.copied_to(|to| to < CODE_LIMIT)
    }

    /// Bytes of initialised and zeroed data in data memory.
    pub fn data_bytes(&self) -> u32 {
        self.copied_to(|to| to >= DTCM_BASE)
    }

    fn copied_to(&self, inside: impl Fn(u32) -> bool) -> u32 {
        let sizes = self.blocks.iter().map(|block| match *block {
            AplxBlock::Copy { to, bytes, .. }
            | AplxBlock::CopyImage { to, bytes, .. }
            | AplxBlock::Fill { to, bytes, .. }
                if inside(to) =>
            {
                bytes
            }
            _ => 0,
        });
        sizes.fold(0, u32::saturating_add)
    }
}

fn check(number: usize, block: &AplxBlock, size: usize) -> Result<(), AplxError> {
    if let AplxBlock::CopyImage { offset, bytes, .. } = *block {
        let offset = number as u64 * 16 + u64::from(offset);
        if offset + u64::from(bytes) > size as u64 {
            return Err(AplxError::OutsideFile {
                block: number,
                offset,
                bytes,
                size,
            });
        }
    }
    match *block {
        AplxBlock::Copy { to, bytes, .. }
        | AplxBlock::CopyImage { to, bytes, .. }
        | AplxBlock::Fill { to, bytes, .. } => {
            let end = u64::from(to) + u64::from(bytes);
            // Instruction memory starts at zero.
            let in_code = end <= u64::from(CODE_LIMIT);
            let in_data = to >= DTCM_BASE && end <= u64::from(DTCM_BASE + DTCM_SIZE);
            if in_code || in_data {
                Ok(())
            } else {
                Err(AplxError::OutsideMemory {
                    block: number,
                    address: to,
                    bytes,
                })
            }
        }
        AplxBlock::Execute { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn image(words: &[u32], padding: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.resize(bytes.len() + padding, 0);
        bytes
    }

    #[test]
    fn the_usual_image_copies_code_and_data_clears_and_starts() {
        let file = image(
            &[
                2, 0, 64, 32, // code behind the table
                2, 0x40_0000, 80, 8, // data, relative to the second entry
                3, 0x40_0008, 2428, 0, //
                4, 0, 0, 0,
            ],
            40,
        );
        let aplx = Aplx::parse(&file).unwrap();
        assert_eq!(aplx.blocks.len(), 4);
        assert_eq!(aplx.code_bytes(), 32);
        assert_eq!(aplx.data_bytes(), 8 + 2428);
    }

    #[test]
    fn a_cut_file_is_refused() {
        let file = image(&[2, 0, 32, 32, 4, 0, 0, 0], 31);
        assert_eq!(
            Aplx::parse(&file),
            Err(AplxError::OutsideFile {
                block: 0,
                offset: 32,
                bytes: 32,
                size: 63
            })
        );
    }

    #[test]
    fn an_image_that_would_overwrite_the_loader_is_refused() {
        let file = image(&[3, 0x7f00, 4, 0, 4, 0, 0, 0], 0);
        assert!(matches!(Aplx::parse(&file), Err(AplxError::OutsideMemory { .. })));
        assert_eq!(Aplx::parse(&image(&[9, 0, 0, 0], 0)), Err(AplxError::NoStart(9)));
    }

    proptest! {
        #[test]
        fn no_file_makes_the_parser_panic(words in proptest::collection::vec(prop_oneof![0u32..6, any::<u32>()], 0..64)) {
            let _ = Aplx::parse(&image(&words, 3));
        }
    }
}
