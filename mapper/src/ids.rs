//! Small printable indices. Each is its own type, so that a net can never be looked up with a vertex's number.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The id with a position in a dense array. Positions beyond 2^32 - 2 break the mapper's assumption
            /// that ids have four bytes, and panic.
            pub fn new(index: usize) -> Self {
                let id = u32::try_from(index).expect("an artefact has fewer than 2^32 - 1 of everything");
                assert!(id != u32::MAX, "the largest id is kept to mean none");
                Self(id)
            }

            /// The position in a dense array.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id!(
    /// A vertex of a netlist; prints as `v17`.
    VertexId,
    "v"
);
id!(
    /// A net of a netlist; prints as `n3`.
    NetId,
    "n"
);
id!(
    /// A key group of a netlist; prints as `g2`.
    GroupId,
    "g"
);
id!(
    /// A node of the architecture (a SpiNNaker chip, a HICANN); prints as `node5`.
    /// [`crate::Architecture::name`] gives the name that users know.
    NodeId,
    "node"
);

/// A port: the number of an outgoing (or, on arrival, incoming) link of a node; prints as `p4`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Port(pub u8);

impl Port {
    /// The position in a dense array.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_with_their_prefix() {
        assert_eq!(VertexId(17).to_string(), "v17");
        assert_eq!(format!("{:?} {} {}", NetId(3), GroupId(0), Port(4)), "n3 g0 p4");
    }
}
