//! What can be wrong with bytes from outside.

/// Bytes that are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// There are fewer bytes than the structure needs.
    #[error("{what} ends early: it needs {needed} bytes and has {found}")]
    Short {
        /// The structure.
        what: &'static str,
        /// Bytes needed so far.
        needed: usize,
        /// Bytes there are.
        found: usize,
    },
    /// There are bytes left over.
    #[error("{what} is followed by {extra} bytes that belong to nothing")]
    Trailing {
        /// The structure.
        what: &'static str,
        /// Bytes left over.
        extra: usize,
    },
    /// A field holds a value that it cannot have.
    #[error("{what}: {field} cannot be {value:#x}")]
    Field {
        /// The structure.
        what: &'static str,
        /// The field.
        field: &'static str,
        /// What it holds.
        value: u32,
    },
}
