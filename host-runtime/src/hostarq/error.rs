//! What can go wrong on a connection to an FPGA.

use crate::TransportError;
use std::time::Duration;
use taproot_brainscales::wire::{WireError, frame::Parameters};

/// A connection that does not work. After any of these, only a reset helps.
#[derive(Debug, thiserror::Error)]
pub enum ArqError {
    /// The operating system failed.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Nothing came after a reset.
    #[error(
        "the FPGA at {peer} did not answer {attempts} resets in {:.1} s; see that it has power and a bit file, and that \
         its address is right",
        waited.as_secs_f32()
    )]
    NoResetAnswer {
        /// The FPGA.
        peer: String,
        /// How often it was asked.
        attempts: u32,
        /// How long that took.
        waited: Duration,
    },
    /// The answer to a reset makes no sense.
    #[error(
        "the FPGA at {peer} answered a reset with something else; its bit file may be for another purpose"
    )]
    MalformedAnswer {
        /// The FPGA.
        peer: String,
        /// What is wrong with it.
        #[source]
        source: WireError,
    },
    /// The two ends do not fit together.
    #[error(
        "the FPGA at {peer} uses {}, the host uses {}; an old bit file, or a board of another kind: set the options of \
         the connection to what it uses",
        describe(*theirs),
        describe(*ours)
    )]
    Parameters {
        /// The FPGA.
        peer: String,
        /// What the host was told to use.
        ours: Parameters,
        /// What the FPGA uses.
        theirs: Parameters,
    },
    /// What was sent is not acknowledged.
    #[error(
        "the FPGA at {peer} has not acknowledged anything for {:.1} s, {outstanding} frames are on their way; see \
         that it still has power and a link, then reset the connection",
        waited.as_secs_f32()
    )]
    NoAnswer {
        /// The FPGA.
        peer: String,
        /// Frames that are not acknowledged.
        outstanding: usize,
        /// How long nothing has moved.
        waited: Duration,
    },
    /// Somebody else has reset the FPGA, or it has lost power for a moment.
    #[error(
        "the FPGA at {peer} was reset in the midst of a session, by another host or by itself; what was on its way is \
         lost: see that nobody else uses it, then reset the connection and begin again"
    )]
    PeerReset {
        /// The FPGA.
        peer: String,
    },
    /// A reset comes first.
    #[error("the connection to the FPGA at {peer} has to be reset before anything is sent")]
    NotConnected {
        /// The FPGA.
        peer: String,
    },
}

fn describe(parameters: Parameters) -> String {
    let Parameters {
        frames,
        window,
        words,
    } = parameters;
    format!("{frames} sequence numbers, a window of {window} and {words} words in a frame")
}
