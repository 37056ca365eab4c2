//! One client, from its first byte to its last.

use super::target::thread_of;
use crate::machine::system::{Cause, System};
use gdbstub::common::{Signal, Tid};
use gdbstub::conn::Connection;
use gdbstub::stub::state_machine::GdbStubStateMachine;
use gdbstub::stub::{DisconnectReason, GdbStub, MultiThreadStopReason};
use std::io;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// The longest packet that a client may send, in bytes: it is told so.
const PACKET: usize = 16 * 1024;
/// The longest answer: the threads of the largest machine fit.
const MOST_ANSWER: usize = 16 << 20;
/// A client that does not take an answer in this time is gone.
const PATIENCE: Duration = Duration::from_secs(2);

type Stub = GdbStubStateMachine<'static, System, Wire>;

/// A connected client.
pub(super) struct Session {
    /// Its number, by which late news of an earlier one are told apart.
    pub(super) client: u64,
    stub: Option<Stub>,
    stream: TcpStream,
    /// It has said something that makes sense.
    attached: bool,
    /// The thread that halted last.
    thread: Option<Tid>,
}

/// The session is over.
pub(super) struct Over;

impl Session {
    /// A session with a client that has just connected; none if it has gone already.
    pub(super) fn new(client: u64, stream: TcpStream, system: &mut System) -> Option<Self> {
        stream.set_nodelay(true).ok()?;
        stream.set_write_timeout(Some(PATIENCE)).ok()?;
        let wire = Wire {
            stream: stream.try_clone().ok()?,
            out: Vec::new(),
            spoken: false,
        };
        let stub = GdbStub::builder(wire).packet_buffer_size(PACKET).build().ok()?;
        Some(Self {
            client,
            stub: Some(stub.run_state_machine(system).ok()?),
            stream,
            attached: false,
            thread: None,
        })
    }

    /// Whether the client wants the machine to stand still. One that has not yet said anything that makes sense does not.
    pub(super) fn holds(&self) -> bool {
        self.attached && !matches!(self.stub, Some(GdbStubStateMachine::Running(_)))
    }

    /// Handles what the client has sent.
    pub(super) fn feed(&mut self, bytes: &[u8], system: &mut System) -> Result<(), Over> {
        for byte in bytes {
            let held = self.holds();
            let stub = match self.stub.take().ok_or(Over)? {
                GdbStubStateMachine::Idle(idle) => idle.incoming_data(system, *byte),
                GdbStubStateMachine::Running(running) => running.incoming_data(system, *byte),
                GdbStubStateMachine::CtrlCInterrupt(_) | GdbStubStateMachine::Disconnected(_) => {
                    return Err(Over);
                }
            };
            self.settle(stub.map_err(refused)?, held, system)?;
        }
        Ok(())
    }

    /// Leaves the states in which no byte is expected. The machine stood still before if it was `held`.
    fn settle(&mut self, stub: Stub, held: bool, system: &mut System) -> Result<(), Over> {
        let mut stub = match stub {
            GdbStubStateMachine::CtrlCInterrupt(interrupt) => {
                let thread = self.thread.unwrap_or(Tid::MIN);
                let reason = MultiThreadStopReason::SignalWithThread {
                    tid: thread,
                    signal: Signal::SIGINT,
                };
                // If the machine stood still already, the client has been told why.
                let reason = (!held).then_some(reason);
                interrupt.interrupt_handled(system, reason).map_err(refused)?
            }
            other => other,
        };
        let spoken = match &mut stub {
            GdbStubStateMachine::Idle(idle) => idle.borrow_conn().spoken,
            GdbStubStateMachine::Running(running) => running.borrow_conn().spoken,
            GdbStubStateMachine::Disconnected(gone) => {
                if gone.get_reason() == DisconnectReason::Kill {
                    // The machine lives on, but clients wait for a word.
                    let _ = io::Write::write_all(&mut self.stream, b"+$OK#9a");
                }
                return Err(Over);
            }
            GdbStubStateMachine::CtrlCInterrupt(_) => return Err(Over),
        };
        self.attached |= spoken;
        self.stub = Some(stub);
        Ok(())
    }

    /// Tells the client which core has halted, and why.
    pub(super) fn report(&mut self, system: &mut System) -> Result<(), Over> {
        let Some(halt) = system.halted() else {
            return Ok(());
        };
        let thread = thread_of(system, halt.chip, halt.core).unwrap_or(Tid::MIN);
        self.thread = Some(thread);
        self.stop(
            system,
            match halt.cause {
                Cause::Breakpoint => MultiThreadStopReason::SwBreak(thread),
                Cause::Step => MultiThreadStopReason::SignalWithThread {
                    tid: thread,
                    signal: Signal::SIGTRAP,
                },
            },
        )
    }

    /// Tells the client that the machine has been switched off.
    pub(super) fn switched_off(&mut self, system: &mut System) {
        let _ = self.stop(system, MultiThreadStopReason::Exited(0));
    }

    fn stop(&mut self, system: &mut System, reason: MultiThreadStopReason<u32>) -> Result<(), Over> {
        let stub = match self.stub.take() {
            Some(GdbStubStateMachine::Running(running)) => running.report_stop(system, reason),
            other => {
                self.stub = other;
                return Ok(());
            }
        };
        self.settle(stub.map_err(refused)?, false, system)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The client's listener holds the stream, too.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

fn refused(error: impl std::fmt::Display) -> Over {
    tracing::warn!("the debugger's connection is closed: {error}");
    Over
}

/// The way to the client: answers are sent whole.
struct Wire {
    stream: TcpStream,
    out: Vec<u8>,
    spoken: bool,
}

impl Connection for Wire {
    type Error = io::Error;

    fn write(&mut self, byte: u8) -> io::Result<()> {
        self.write_all(&[byte])
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.out.len() + bytes.len() > MOST_ANSWER {
            return Err(io::Error::other("the client asked for more than can be answered"));
        }
        self.spoken = true;
        self.out.extend(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let sent = io::Write::write_all(&mut self.stream, &self.out);
        self.out.clear();
        sent
    }
}
