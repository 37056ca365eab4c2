//! Debuggers: the GDB remote serial protocol on a TCP port.
//!
//! A client sees every working core of every chip as a thread. While it holds the machine, emulated time stands still for
//! all of it; the machine goes on when the client says so, and when it leaves, in whatever way. Halting changes nothing of
//! what the machine does ([`System::resume`]), so a run with a debugger is the run without, unless the client writes.
//!
//! The protocol is the `gdbstub` crate's. It is run by whoever advances the machine, between two steps; threads of its own
//! only carry bytes. What does not make sense ends the connection, and does nothing else.

mod listener;
mod registers;
mod session;
mod target;

use crate::EmulatorError;
use crate::machine::system::System;
use listener::{Event, Listener};
use session::{Over, Session};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// A port for a debugger, and the debugger that is connected to it: one at a time.
pub struct Debugger {
    listener: Listener,
    events: Receiver<Event>,
    session: Option<Session>,
}

impl Debugger {
    /// Opens a port. Whoever reaches it can read and change everything on the machine. `news` is called, by other threads,
    /// when there is something to [attend](Debugger::attend) to.
    ///
    /// # Errors
    /// If the port cannot be opened.
    pub fn listen(
        address: SocketAddr,
        news: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, EmulatorError> {
        let (send, events) = mpsc::channel();
        let deliver = move |event| {
            // Without a receiver the machine has been switched off.
            let _ = send.send(event);
            news();
        };
        let listener = Listener::open(address, Arc::new(deliver)).map_err(|source| EmulatorError::Bind {
            address: address.ip(),
            port: address.port(),
            source,
        })?;
        Ok(Self {
            listener,
            events,
            session: None,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address
    }

    /// Whether a client wants the machine to stand still.
    pub fn holds(&self) -> bool {
        self.session.as_ref().is_some_and(Session::holds)
    }

    /// Handles what clients have said.
    pub fn attend(&mut self, system: &mut System) {
        while let Ok(event) = self.events.try_recv() {
            self.handle(event, system);
        }
    }

    /// The same, and waits for the first for up to `most`.
    pub fn wait(&mut self, system: &mut System, most: Duration) {
        if let Ok(event) = self.events.recv_timeout(most) {
            self.handle(event, system);
            self.attend(system);
        }
    }

    /// Tells the client that a core [has halted](System::halted). Without one the machine goes on.
    pub fn report(&mut self, system: &mut System) {
        let over = match &mut self.session {
            Some(session) => session.report(system),
            None => Err(Over),
        };
        if over.is_err() {
            self.leave(system);
        }
    }

    /// Tells the client that the machine has come to its end.
    pub fn switched_off(&mut self, system: &mut System) {
        if let Some(session) = &mut self.session {
            session.switched_off(system);
        }
        self.leave(system);
    }

    fn handle(&mut self, event: Event, system: &mut System) {
        let client = |session: &Session| session.client;
        let over = match event {
            Event::Connected(client, stream) => {
                self.session = Session::new(client, stream, system);
                if self.session.is_none() { Err(Over) } else { Ok(()) }
            }
            Event::Bytes(from, bytes, _done) => match &mut self.session {
                Some(session) if session.client == from => session.feed(&bytes, system),
                _ => Ok(()),
            },
            Event::Gone(gone) if self.session.as_ref().map(client) == Some(gone) => Err(Over),
            Event::Gone(_) => Ok(()),
        };
        if over.is_err() {
            self.leave(system);
        }
    }

    /// The client has left, or was left: the machine goes on without anything to halt at.
    fn leave(&mut self, system: &mut System) {
        self.session = None;
        system.halt_at_nothing();
        self.listener.free();
    }
}
