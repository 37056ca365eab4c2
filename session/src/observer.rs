//! Who is told how long work goes on: the host's observer, for the whole session.

pub use taproot_host::{Observer, Quiet};
