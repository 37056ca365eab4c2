//! Replacements for machines, networks and time, for tests.
//!
//! A [`FakeClock`] stands still until somebody waits; a [`ScriptedTransport`] expects packets and gives replies; a
//! [`FaultyTransport`] in front of any transport loses, repeats, swaps and delays packets as its seed decides, and a [`FaultyLink`] is one direction of such a network; a
//! [`FakeMachine`] answers as SCAMP does; a [`FakeFpga`] speaks HostARQ over loopback.

mod clock;
mod faults;
mod fpga;
mod machine;
mod script;

pub use clock::FakeClock;
pub use faults::{Faults, FaultyLink, FaultyTransport};
pub use fpga::FakeFpga;
pub use machine::{FakeMachine, FakeOpener, Meddling};
pub use script::{Exchange, ScriptedTransport};
