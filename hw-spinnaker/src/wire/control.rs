//! Commands to a running application, on SDP port 3 of its core.
//!
//! Source: `SpiNNFrontEndCommon: simulation.c`, `simulation.h`.

use super::{WireError, reader::Reader, scp::ScpRequest};

/// A command to one core of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Stop and exit. No reply.
    Stop,
    /// Set the run time and wait for the sync signal.
    RunTime {
        /// The step at which the core pauses.
        until: u32,
        /// Never pause.
        infinite: bool,
        /// The first step to execute.
        from: u32,
        /// Steps between synchronisations; 0 for none.
        sync_interval: u32,
    },
    /// Write provenance and exit. No reply.
    ProvenanceAndExit,
    /// Empty the IOBUF; a reply comes.
    ClearIobuf,
    /// Pause at the next step.
    Pause,
    /// Ask for the current step; the reply's first word holds it, as i32 (-1 before the first).
    CurrentStep,
}

impl Control {
    /// What it is called in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::RunTime { .. } => "set run time",
            Self::ProvenanceAndExit => "write provenance and exit",
            Self::ClearIobuf => "clear IOBUF",
            Self::Pause => "pause",
            Self::CurrentStep => "get current step",
        }
    }

    /// Whether the core answers.
    pub const fn is_answered(self) -> bool {
        !matches!(self, Self::Stop | Self::ProvenanceAndExit)
    }

    /// The request that carries this command.
    pub fn to_request(self, sequence: u16) -> ScpRequest {
        let (command, arguments, data) = match self {
            Self::Stop => (6, [0; 3], Vec::new()),
            Self::RunTime {
                until,
                infinite,
                from,
                sync_interval,
            } => (
                7,
                [until, u32::from(infinite), from],
                sync_interval.to_le_bytes().to_vec(),
            ),
            Self::ProvenanceAndExit => (8, [0; 3], Vec::new()),
            Self::ClearIobuf => (9, [0, 0, 1], Vec::new()),
            Self::Pause => (10, [0; 3], Vec::new()),
            Self::CurrentStep => (11, [0; 3], Vec::new()),
        };
        ScpRequest {
            command,
            sequence,
            arguments,
            data,
        }
    }

    /// The command that a request carries.
    pub fn from_request(request: &ScpRequest) -> Result<Self, WireError> {
        let [one, two, three] = request.arguments;
        let command = match request.command {
            6 => Self::Stop,
            7 => {
                let mut reader = Reader::new("run time command", &request.data);
                let sync_interval = reader.u32()?;
                Self::RunTime {
                    until: one,
                    infinite: two != 0,
                    from: three,
                    sync_interval,
                }
            }
            8 => Self::ProvenanceAndExit,
            9 => Self::ClearIobuf,
            10 => Self::Pause,
            11 => Self::CurrentStep,
            other => {
                return Err(WireError::Field {
                    what: "control command",
                    field: "command",
                    value: other.into(),
                });
            }
        };
        if command.to_request(request.sequence) == *request {
            Ok(command)
        } else {
            Err(WireError::Field {
                what: "control command",
                field: "argument",
                value: one,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_run_time_command_has_the_documented_arguments() {
        let request = Control::RunTime {
            until: 1000,
            infinite: false,
            from: 500,
            sync_interval: 0,
        }
        .to_request(1);
        assert_eq!(request.command, 7);
        assert_eq!(request.arguments, [1000, 0, 500]);
        assert_eq!(request.data, [0, 0, 0, 0]);
    }

    proptest! {
        #[test]
        fn what_is_understood_is_encoded_back(
            command in 0u16..14,
            arguments in any::<[u8; 3]>(),
            data in proptest::collection::vec(any::<u8>(), 0..6),
        ) {
            let request = ScpRequest { command, sequence: 9, arguments: arguments.map(|a| u32::from(a % 3)), data };
            if let Ok(command) = Control::from_request(&request) {
                prop_assert_eq!(command.to_request(9), request);
            }
        }
    }
}
