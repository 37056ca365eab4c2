//! The wire end point: an emulated machine behind real UDP sockets.

mod pace;
mod server;
mod sockets;
mod tags;

pub use pace::Pace;
pub use server::{Emulator, Logged, Options, Running};
pub use sockets::Bind;
