//! The `taproot` command.
fn main() {}
