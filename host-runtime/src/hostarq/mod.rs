//! HostARQ: the reliable connection to an FPGA of a BrainScaleS wafer module, over UDP.
//!
//! ```text
//!   packets ─► backlog ─► window ──── frames ───► in order, once ─► packets
//!                           ▲                         │
//!                           └──── acknowledgements ◄──┘      the same in the other direction
//! ```
//!
//! [`Endpoint`] is one end of a connection, host or FPGA, as a state machine without sockets and clocks: it is told of
//! datagrams and of the time, and says what to send and when it wants to be asked again. [`HostArq`] runs the host's
//! end over a [`Line`], of which [`UdpLine`] is the real one.
//!
//! **Window.** Frames are numbered modulo 256 (for FPGAs), and at most 128 may be on their way. The receiver keeps
//! frames that come too early. An acknowledgement names the last frame that came in order, and rides on frames where
//! there are any. A frame that is not acknowledged in time is sent again, alone; the time follows the round trips that were
//! measured (RFC 6298) and doubles with each attempt.
//!
//! **Old datagrams.** With a window of half the numbers, a frame that is overtaken by a frame a whole window later
//! would be taken for a new one. Networks that swap datagrams make that possible: a repeated frame may linger while
//! the acknowledgement of the first copy lets the window move on. So no number is used again before everything
//! with the number half a circle away must have arrived: [`ArqOptions::lifetime`]. That costs nothing below 184 MB/s,
//! more than the 125 MB/s of the cable. The FPGA does not do this (nothing published says so), so in its direction only a
//! network that keeps order is safe; a cable and a switch do.
//!
//! **Reset.** The host sends a reset to a port of its own, repeats it while nothing comes, and takes the first frame of
//! the FPGA that holds the parameters of the connection, which must be its own. It keeps quiet for a lifetime before, and deaf for
//! a lifetime after, so that nothing of an older session reaches the new one. An FPGA that was reset by somebody else
//! gives itself away by sending that first frame again.
//!
//! Sources: `sctrltp:src/us_sctp_core.cpp`, `sctrltp:src/sctp_window.cpp`,
//! `sctrltp:include/sctrltp/sctrltp_defines.h`, revision e305300.

mod connection;
mod endpoint;
mod error;
mod line;
mod receiver;
mod sender;

pub use connection::HostArq;
pub use endpoint::{ArqOptions, ArqStatistics, Datagram, Endpoint};
pub use error::ArqError;
pub use line::{Line, UdpLine};
