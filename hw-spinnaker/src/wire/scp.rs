//! SCP frames: a command or return code, a sequence number, and what belongs to them.
//!
//! Source: application note 5; `spinnaker_tools: include/sark.h` (return codes).

use super::{WireError, reader::Reader};
use std::fmt;

/// Most bytes of data in one request or reply.
pub const DATA_LARGEST: usize = 256;

/// A request: command, sequence number, three arguments, data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScpRequest {
    /// What to do; numbers depend on who is asked.
    pub command: u16,
    /// Comes back in the reply.
    pub sequence: u16,
    /// Arguments 1 to 3.
    pub arguments: [u32; 3],
    /// Up to 256 bytes.
    pub data: Vec<u8>,
}

impl ScpRequest {
    /// The content of an SDP message.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + self.data.len());
        bytes.extend(self.command.to_le_bytes());
        bytes.extend(self.sequence.to_le_bytes());
        for argument in self.arguments {
            bytes.extend(argument.to_le_bytes());
        }
        bytes.extend_from_slice(&self.data);
        bytes
    }

    /// Understands the content of an SDP message.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new("SCP request", bytes);
        Ok(Self {
            command: reader.u16()?,
            sequence: reader.u16()?,
            arguments: [reader.u32()?, reader.u32()?, reader.u32()?],
            data: reader.rest().to_vec(),
        })
    }
}

/// A reply: return code, sequence number, and a body whose layout depends on the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScpReply {
    /// How it went.
    pub code: ReturnCode,
    /// The sequence number of the request.
    pub sequence: u16,
    /// Everything behind the sequence number.
    pub body: Vec<u8>,
}

impl ScpReply {
    /// The content of an SDP message.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + self.body.len());
        bytes.extend(self.code.number().to_le_bytes());
        bytes.extend(self.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Understands the content of an SDP message.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new("SCP reply", bytes);
        Ok(Self {
            code: ReturnCode::from_number(reader.u16()?),
            sequence: reader.u16()?,
            body: reader.rest().to_vec(),
        })
    }

    /// The first word of the body, as most replies have one.
    pub fn word(&self) -> Result<u32, WireError> {
        Reader::new("SCP reply", &self.body).u32()
    }
}

/// How a request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReturnCode {
    /// 0x80
    Ok,
    /// 0x81
    BadLength,
    /// 0x82
    BadChecksum,
    /// 0x83
    BadCommand,
    /// 0x84
    BadArgument,
    /// 0x85
    BadPort,
    /// 0x86
    Timeout,
    /// 0x87
    NoRoute,
    /// 0x88
    BadCore,
    /// 0x89
    DeadCore,
    /// 0x8a
    NoBuffer,
    /// 0x8b
    NoP2pReply,
    /// 0x8c
    P2pRejected,
    /// 0x8d
    P2pBusy,
    /// 0x8e
    P2pTimeout,
    /// 0x8f
    PacketNotSent,
    /// A code that `sark.h` does not list.
    Unlisted(u16),
}

impl ReturnCode {
    const LISTED: [(ReturnCode, &'static str); 16] = [
        (ReturnCode::Ok, "done"),
        (ReturnCode::BadLength, "the packet has the wrong length"),
        (ReturnCode::BadChecksum, "the checksum does not match"),
        (ReturnCode::BadCommand, "the command is unknown there"),
        (ReturnCode::BadArgument, "an argument is not valid"),
        (ReturnCode::BadPort, "the port does not exist"),
        (ReturnCode::Timeout, "the core did not take the message in time"),
        (ReturnCode::NoRoute, "there is no route to the chip"),
        (ReturnCode::BadCore, "the core does not exist"),
        (ReturnCode::DeadCore, "the core is dead or has crashed"),
        (ReturnCode::NoBuffer, "the monitor has no free message buffer"),
        (ReturnCode::NoP2pReply, "the chip did not open a channel"),
        (ReturnCode::P2pRejected, "the chip refused the channel"),
        (ReturnCode::P2pBusy, "the chip is busy"),
        (ReturnCode::P2pTimeout, "the chip did not answer in time"),
        (ReturnCode::PacketNotSent, "the packet could not be sent"),
    ];

    /// The code with a number.
    pub fn from_number(number: u16) -> Self {
        number
            .checked_sub(0x80)
            .and_then(|index| Self::LISTED.get(usize::from(index)))
            .map_or(Self::Unlisted(number), |(code, _)| *code)
    }

    /// Its number.
    pub fn number(self) -> u16 {
        if let Self::Unlisted(number) = self {
            return number;
        }
        (0x80..)
            .zip(Self::LISTED)
            .find(|(_, (code, _))| *code == self)
            .map_or(0, |(number, _)| number)
    }

    /// Whether asking again may help: the machine was busy, not unable.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Timeout
                | Self::NoBuffer
                | Self::NoP2pReply
                | Self::P2pRejected
                | Self::P2pBusy
                | Self::P2pTimeout
                | Self::PacketNotSent
                | Self::BadLength
        )
    }
}

impl fmt::Display for ReturnCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::LISTED.iter().find(|(code, _)| code == self) {
            Some((_, meaning)) => write!(f, "{meaning} (code {:#x})", self.number()),
            None => write!(f, "unlisted code {:#x}", self.number()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_have_the_numbers_of_sark_h() {
        assert_eq!(ReturnCode::from_number(0x80), ReturnCode::Ok);
        assert_eq!(ReturnCode::from_number(0x86), ReturnCode::Timeout);
        assert_eq!(ReturnCode::from_number(0x8b), ReturnCode::NoP2pReply);
        assert_eq!(ReturnCode::from_number(0x8f), ReturnCode::PacketNotSent);
        assert_eq!(ReturnCode::from_number(0x90), ReturnCode::Unlisted(0x90));
        for number in 0..=0x1ff {
            assert_eq!(ReturnCode::from_number(number).number(), number);
        }
    }

    #[test]
    fn a_message_names_the_meaning() {
        assert_eq!(
            ReturnCode::DeadCore.to_string(),
            "the core is dead or has crashed (code 0x89)"
        );
    }

    proptest! {
        #[test]
        fn requests_round_trip(bytes in proptest::collection::vec(any::<u8>(), 16..272)) {
            prop_assert_eq!(ScpRequest::from_bytes(&bytes).unwrap().to_bytes(), bytes);
        }

        #[test]
        fn replies_round_trip(bytes in proptest::collection::vec(any::<u8>(), 4..272)) {
            prop_assert_eq!(ScpReply::from_bytes(&bytes).unwrap().to_bytes(), bytes);
        }

        #[test]
        fn short_bytes_are_errors(bytes in proptest::collection::vec(any::<u8>(), 0..16)) {
            prop_assert!(ScpRequest::from_bytes(&bytes).is_err());
            let _ = ScpReply::from_bytes(&bytes);
        }
    }
}
