//! What travels between a host and a SpiNNaker machine, and the structures that a host reads and writes there.
//!
//! Bytes are decoded once, here, into structs with named fields; every encoder is the exact inverse of its decoder,
//! and property tests say so. Decoders take bytes from outside: they never panic, and they allocate no more than the
//! bytes they were given.
//!
//! | module | what |
//! |---|---|
//! | [`sdp`] | SpiNNaker datagrams inside UDP |
//! | [`scp`], [`command`], [`reply`] | requests to SCAMP and their replies |
//! | [`control`] | requests to a running application, on SDP port 3 |
//! | [`eieio`] | spikes and buffer commands |
//! | [`boot`] | the boot ROM's Ethernet protocol |
//! | [`aplx`] | application images |
//! | [`data_table`] | the table of contents in front of a core's data |
//! | [`recording`] | the recording region of an application |
//! | [`iobuf`], [`vcpu`], [`sv`], [`state`] | what SCAMP and applications leave in memory |
//! | [`messages`] | the texts behind the numbers in an IOBUF |
//! | [`router`] | routing tables as SCAMP loads them, P2P tables as the router holds them |

pub mod aplx;
pub mod boot;
pub mod command;
pub mod control;
pub mod data_table;
pub mod eieio;
mod error;
pub mod iobuf;
pub mod messages;
mod reader;
pub mod recording;
pub mod reply;
pub mod router;
pub mod scp;
pub mod sdp;
mod sqlite;
pub mod state;
pub mod sv;
pub mod vcpu;

pub use error::WireError;
