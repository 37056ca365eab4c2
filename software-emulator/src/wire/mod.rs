//! The wire end point: an emulated machine behind real UDP sockets.

mod behind;
mod pace;
mod server;
mod sockets;
mod tags;

pub use behind::{Behind, Notice};
pub use pace::Pace;
pub use server::{Emulator, Options, Pacing, Running};
pub use sockets::Bind;
