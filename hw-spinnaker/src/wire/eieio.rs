//! EIEIO: spikes and other events, and the commands that travel beside them.
//!
//! Source: `SpiNNFrontEndCommon: eieio.h`, `buffered_eieio_defs.h`; `SpiNNMan: messages/eieio`.

use super::{WireError, reader::Reader};

/// How wide the events of a message are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// 16-bit keys.
    Key16,
    /// 16-bit keys, each with a 16-bit payload.
    Key16Payload,
    /// 32-bit keys.
    Key32,
    /// 32-bit keys, each with a 32-bit payload.
    Key32Payload,
}

impl EventKind {
    const fn is_wide(self) -> bool {
        matches!(self, Self::Key32 | Self::Key32Payload)
    }

    const fn has_payload(self) -> bool {
        matches!(self, Self::Key16Payload | Self::Key32Payload)
    }
}

/// Sixteen bits that are put before every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPrefix {
    /// The bits.
    pub bits: u16,
    /// Whether they go to the upper half of the key.
    pub upper: bool,
}

/// One event: a key, with a payload if the kind has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The key, before prefixes.
    pub key: u32,
    /// The payload; 0 if the kind has none.
    pub payload: u32,
}

/// A message of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    /// Width.
    pub kind: EventKind,
    /// Prefix of keys.
    pub key_prefix: Option<KeyPrefix>,
    /// Prefix of payloads: the time step, in most messages. 16 bits wide for 16-bit kinds.
    pub payload_prefix: Option<u32>,
    /// Whether payloads are times.
    pub payload_is_time: bool,
    /// Two bits for the application.
    pub tag: u8,
    /// At most 255.
    pub events: Vec<Event>,
}

/// Why events cannot be put into a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventsError {
    /// The count has eight bits.
    #[error("{0} events do not fit into one EIEIO message, which holds at most 255")]
    TooMany(usize),
    /// The field is narrower.
    #[error("{field} {value:#x} does not fit into {bits} bits")]
    TooWide {
        /// The field.
        field: &'static str,
        /// The value.
        value: u32,
        /// The width.
        bits: u32,
    },
}

impl Events {
    /// The bytes of the message.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EventsError> {
        let count = u8::try_from(self.events.len()).map_err(|_| EventsError::TooMany(self.events.len()))?;
        let mut header = u16::from(count) | (self.kind as u16) << 10;
        header |= u16::from(narrow("tag", self.tag.into(), 2)?) << 8;
        header |= u16::from(self.payload_is_time) << 12 | u16::from(self.payload_prefix.is_some()) << 13;
        if let Some(prefix) = self.key_prefix {
            header |= 1 << 15 | u16::from(prefix.upper) << 14;
        }
        let mut bytes = header.to_le_bytes().to_vec();
        if let Some(prefix) = self.key_prefix {
            bytes.extend(prefix.bits.to_le_bytes());
        }
        let mut put = |field, value| -> Result<(), EventsError> {
            if self.kind.is_wide() {
                bytes.extend(value_bytes(value));
            } else {
                bytes.extend(narrow16(field, value)?.to_le_bytes());
            }
            Ok(())
        };
        if let Some(prefix) = self.payload_prefix {
            put("payload prefix", prefix)?;
        }
        for event in &self.events {
            put("key", event.key)?;
            if self.kind.has_payload() {
                put("payload", event.payload)?;
            }
        }
        Ok(bytes)
    }

    fn read(header: u16, reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let kind = match header >> 10 & 3 {
            0 => EventKind::Key16,
            1 => EventKind::Key16Payload,
            2 => EventKind::Key32,
            _ => EventKind::Key32Payload,
        };
        let key_prefix = if header & 1 << 15 != 0 {
            Some(KeyPrefix {
                bits: reader.u16()?,
                upper: header & 1 << 14 != 0,
            })
        } else {
            None
        };
        let field = |reader: &mut Reader<'_>| {
            if kind.is_wide() {
                reader.u32()
            } else {
                reader.u16().map(u32::from)
            }
        };
        let payload_prefix = if header & 1 << 13 != 0 {
            Some(field(reader)?)
        } else {
            None
        };
        let events = (0..header & 255)
            .map(|_| {
                let key = field(reader)?;
                let payload = if kind.has_payload() { field(reader)? } else { 0 };
                Ok(Event { key, payload })
            })
            .collect::<Result<_, WireError>>()?;
        Ok(Self {
            kind,
            key_prefix,
            payload_prefix,
            payload_is_time: header & 1 << 12 != 0,
            tag: (header >> 8 & 3) as u8,
            events,
        })
    }

    /// The whole key of an event, with the prefix.
    pub fn key(&self, event: &Event) -> u32 {
        match self.key_prefix {
            Some(KeyPrefix { bits, upper: true }) => event.key | u32::from(bits) << 16,
            Some(KeyPrefix { bits, upper: false }) => event.key | u32::from(bits),
            None => event.key,
        }
    }
}

fn value_bytes(value: u32) -> [u8; 4] {
    value.to_le_bytes()
}

fn narrow(field: &'static str, value: u32, bits: u32) -> Result<u8, EventsError> {
    if value >> bits == 0 {
        Ok(value as u8)
    } else {
        Err(EventsError::TooWide { field, value, bits })
    }
}

fn narrow16(field: &'static str, value: u32) -> Result<u16, EventsError> {
    u16::try_from(value).map_err(|_| EventsError::TooWide {
        field,
        value,
        bits: 16,
    })
}

/// What a command message asks for; the numbers are its low 14 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum EieioCommand {
    /// Path of the database, for clients of live spikes; without a path, the client's answer.
    Database = 1,
    /// Nothing: fills a buffer.
    Padding = 2,
    /// End of a buffer.
    Stop = 3,
    /// Stop asking for buffers.
    StopRequests = 4,
    /// Start asking for buffers.
    StartRequests = 5,
    /// A source asks for buffers.
    RequestBuffers = 6,
    /// A buffer for a source.
    SequencedData = 7,
    /// Recorded data can be read.
    RequestRead = 8,
    /// Recorded data has been read.
    DataRead = 9,
    /// The simulation has paused or stopped.
    StopPause = 10,
    /// The simulation has started or goes on.
    StartResume = 11,
    /// The request to read has been received.
    ReadAcknowledge = 12,
}

impl EieioCommand {
    const ALL: [EieioCommand; 12] = [
        Self::Database,
        Self::Padding,
        Self::Stop,
        Self::StopRequests,
        Self::StartRequests,
        Self::RequestBuffers,
        Self::SequencedData,
        Self::RequestRead,
        Self::DataRead,
        Self::StopPause,
        Self::StartResume,
        Self::ReadAcknowledge,
    ];
}

/// An EIEIO message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Eieio {
    /// Events.
    Events(Events),
    /// A command with whatever follows it.
    Command {
        /// What.
        command: EieioCommand,
        /// What follows the header.
        body: Vec<u8>,
    },
}

impl Eieio {
    /// The bytes of the message.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EventsError> {
        match self {
            Self::Events(events) => events.to_bytes(),
            Self::Command { command, body } => {
                let mut bytes = (0x4000 | *command as u16).to_le_bytes().to_vec();
                bytes.extend_from_slice(body);
                Ok(bytes)
            }
        }
    }

    /// Understands a message. All bytes must belong to it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new("EIEIO message", bytes);
        let header = reader.u16()?;
        if header >> 14 == 0b01 {
            let command = EieioCommand::ALL
                .into_iter()
                .find(|command| *command as u16 == header & 0x3fff)
                .ok_or(WireError::Field {
                    what: "EIEIO message",
                    field: "command",
                    value: (header & 0x3fff).into(),
                })?;
            return Ok(Self::Command {
                command,
                body: reader.rest().to_vec(),
            });
        }
        let events = Events::read(header, &mut reader)?;
        reader.end()?;
        Ok(Self::Events(events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_spike_array_message_has_header_0x3800_plus_count() {
        let message = Events {
            kind: EventKind::Key32,
            key_prefix: None,
            payload_prefix: Some(17),
            payload_is_time: true,
            tag: 0,
            events: vec![
                Event {
                    key: 0x0001_0000,
                    payload: 0,
                },
                Event {
                    key: 0x0001_0010,
                    payload: 0,
                },
            ],
        };
        assert_eq!(
            message.to_bytes().unwrap(),
            [2, 0x38, 17, 0, 0, 0, 0, 0, 1, 0, 0x10, 0, 1, 0]
        );
        let end = Eieio::Command {
            command: EieioCommand::Stop,
            body: vec![],
        };
        assert_eq!(end.to_bytes().unwrap(), [3, 0x40]);
    }

    #[test]
    fn an_upper_prefix_completes_16_bit_keys() {
        // Prefix 0x0070 in the upper half, two 16-bit keys.
        let Ok(Eieio::Events(events)) = Eieio::from_bytes(&[2, 0xc0, 0x70, 0, 5, 0, 6, 0]) else {
            panic!("events")
        };
        assert_eq!(events.key(&events.events[0]), 0x0070_0005);
        assert_eq!(events.key(&events.events[1]), 0x0070_0006);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let mut events = Events {
            kind: EventKind::Key16,
            key_prefix: None,
            payload_prefix: None,
            payload_is_time: false,
            tag: 0,
            events: vec![Event { key: 0, payload: 0 }; 256],
        };
        assert_eq!(events.to_bytes(), Err(EventsError::TooMany(256)));
        events.events = vec![Event {
            key: 0x10000,
            payload: 0,
        }];
        assert_eq!(
            events.to_bytes().unwrap_err().to_string(),
            "key 0x10000 does not fit into 16 bits"
        );
    }

    proptest! {
        #[test]
        fn what_is_understood_is_encoded_back(
            mut bytes in proptest::collection::vec(any::<u8>(), 2..40), count in 0u8..8,
        ) {
            bytes[0] = count;
            if let Ok(message) = Eieio::from_bytes(&bytes) {
                prop_assert_eq!(message.to_bytes().unwrap(), bytes);
            }
        }
    }
}
