//! States of a core, run-time errors and signals.
//!
//! Source: `spinnaker_tools: include/sark.h`.

use std::fmt;

macro_rules! numbered {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$doc:meta])* $variant:ident = $number:literal, $text:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            /// A number that `sark.h` does not list.
            Unlisted(u8),
        }

        impl $name {
            /// What a number means.
            pub const fn from_number(number: u8) -> Self {
                match number {
                    $($number => Self::$variant,)*
                    other => Self::Unlisted(other),
                }
            }

            /// Its number.
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$variant => $number,)*
                    Self::Unlisted(number) => number,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant => f.write_str($text),)*
                    Self::Unlisted(number) => write!(f, concat!("unlisted ", $what, " {}"), number),
                }
            }
        }
    };
}

numbered! {
    /// What a core is doing (`cpu_state_e`).
    CoreState, "state" {
        /// No working core.
        Dead = 0, "dead";
        /// Clock stopped.
        PoweredDown = 1, "powered down";
        /// It crashed; see [`RuntimeError`].
        RuntimeError = 2, "run-time error";
        /// It stopped answering its monitor, which switched it off.
        Watchdog = 3, "stopped by the watchdog";
        /// An application is being loaded.
        Initialising = 4, "initialising";
        /// Waiting for the start signal, or finished with a run and safe to read.
        Ready = 5, "ready";
        /// In `c_main`.
        Main = 6, "in c_main";
        /// Running.
        Running = 7, "running";
        /// Waiting for signal sync 0.
        Sync0 = 8, "waiting for sync 0";
        /// Waiting for signal sync 1.
        Sync1 = 9, "waiting for sync 1";
        /// Paused.
        Paused = 10, "paused";
        /// The application has ended.
        Exited = 11, "exited";
        /// SARK's stub runs; the core is free.
        Idle = 15, "idle";
    }
}

impl CoreState {
    /// States from which a core does not come back by itself.
    pub const fn is_failure(self) -> bool {
        matches!(
            self,
            Self::Dead | Self::PoweredDown | Self::RuntimeError | Self::Watchdog
        )
    }
}

numbered! {
    /// Why a core crashed (`rte_code_e`).
    RuntimeError, "run-time error" {
        /// No error.
        None = 0, "no error";
        /// The reset vector was reached.
        Reset = 1, "branch through the reset vector";
        /// Undefined instruction.
        Undefined = 2, "undefined instruction";
        /// Supervisor call with no handler.
        SupervisorCall = 3, "undefined supervisor call";
        /// Instruction fetch from nowhere.
        PrefetchAbort = 4, "prefetch abort";
        /// Access to nowhere, or not aligned.
        DataAbort = 5, "data abort";
        /// Interrupt with no handler.
        UnhandledIrq = 6, "unhandled interrupt (IRQ)";
        /// Fast interrupt with no handler.
        UnhandledFiq = 7, "unhandled interrupt (FIQ)";
        /// The interrupt controller has no vector.
        Vic = 8, "interrupt controller not configured";
        /// The application gave up.
        Abort = 9, "abort called by the application";
        /// No memory.
        Malloc = 10, "out of memory";
        /// Division by zero.
        DivideByZero = 11, "division by zero";
        /// The event queue failed.
        Event = 12, "event start-up failure";
        /// The application found something wrong; its IOBUF says what.
        Software = 13, "software error, see the IOBUF";
        /// No IOBUF.
        Iobuf = 14, "IOBUF cannot be allocated";
        /// Bad interrupt enable.
        Enable = 15, "bad event enable";
        /// Null pointer.
        Null = 16, "null pointer";
        /// Packets were not set up.
        Packet = 17, "packet handling failure";
        /// Timers were not set up.
        Timer = 18, "timer failure";
        /// spin1_api failed.
        Api = 19, "spin1_api failure";
        /// Application and SARK do not match.
        Version = 20, "software version conflict";
    }
}

numbered! {
    /// A signal to all cores of an application (`signal_e`).
    Signal, "signal" {
        /// Start the default application.
        Initialise = 0, "initialise";
        /// Stop the clocks.
        PowerDown = 1, "power down";
        /// Stop and free what the application has.
        Stop = 2, "stop";
        /// Leave the wait state.
        Start = 3, "start";
        /// Go on from sync 0.
        Sync0 = 4, "sync 0";
        /// Go on from sync 1.
        Sync1 = 5, "sync 1";
        /// Pause.
        Pause = 6, "pause";
        /// Continue.
        Continue = 7, "continue";
        /// Exit.
        Exit = 8, "exit";
        /// Timer.
        Timer = 9, "timer";
        /// User signal.
        User0 = 10, "user 0";
        /// User signal.
        User1 = 11, "user 1";
        /// User signal.
        User2 = 12, "user 2";
        /// User signal.
        User3 = 13, "user 3";
    }
}

impl Signal {
    /// How the signal travels: 0 by multicast from the root, 2 by nearest-neighbour flood. Signals that end an
    /// application use the flood, since the application's routes may be what is wrong.
    pub const fn transport(self) -> u32 {
        match self {
            Self::Initialise | Self::PowerDown | Self::Stop => 2,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip_and_match_the_reference() {
        for number in 0..=255 {
            assert_eq!(CoreState::from_number(number).number(), number);
            assert_eq!(RuntimeError::from_number(number).number(), number);
            assert_eq!(Signal::from_number(number).number(), number);
        }
        assert_eq!(CoreState::from_number(10), CoreState::Paused);
        assert_eq!(CoreState::from_number(11), CoreState::Exited);
        assert_eq!(RuntimeError::from_number(13), RuntimeError::Software);
        assert_eq!(Signal::Sync1.number(), 5);
        assert_eq!(Signal::Stop.transport(), 2);
        assert_eq!(Signal::Start.transport(), 0);
    }
}
