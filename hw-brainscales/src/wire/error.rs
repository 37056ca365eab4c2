//! What can be wrong with bytes from outside.

/// Bytes or words that are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// There is less than the structure needs.
    #[error("{what} ends early: it needs {needed} {unit} and has {found}")]
    Short {
        /// The structure.
        what: &'static str,
        /// How much is needed.
        needed: usize,
        /// How much there is.
        found: usize,
        /// Of what: bytes, words.
        unit: &'static str,
    },
    /// There is something left over.
    #[error("{what} is followed by {extra} {unit} that belong to nothing")]
    Trailing {
        /// The structure.
        what: &'static str,
        /// How much is left over.
        extra: usize,
        /// Of what: bytes, words.
        unit: &'static str,
    },
    /// A field holds a value that it cannot have.
    #[error("{what}: {field} cannot be {value:#x}")]
    Field {
        /// The structure.
        what: &'static str,
        /// The field.
        field: &'static str,
        /// What it holds.
        value: u64,
    },
    /// A packet of another type.
    #[error("{what} expected, but the packet is of type {found}")]
    Type {
        /// What was expected.
        what: &'static str,
        /// The type that came.
        found: super::packet::PacketType,
    },
}

impl WireError {
    /// An error if any of the bits of `value` in `mask` is set: nobody knows what they would mean.
    pub(super) fn unknown_bits(what: &'static str, value: u64, mask: u64) -> Result<(), Self> {
        if value & mask == 0 {
            return Ok(());
        }
        Err(Self::Field {
            what,
            field: "bits without a known meaning",
            value: value & mask,
        })
    }
}
