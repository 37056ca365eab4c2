//! Reading a trace, which may hold any bytes at all.

use super::{KIND, LAST_CYCLE, MAGIC, MOST_BYTES, Record, Start, VERSION, check_number};
use crate::timing::{Timing, TimingError};
use std::io::{self, Read};
use thiserror::Error;

/// Why a trace could not be read.
#[derive(Debug, Error)]
pub enum TraceError {
    /// The reader failed.
    #[error("the trace cannot be read")]
    Io(#[from] io::Error),
    /// The first bytes are not those of a trace.
    #[error("this is not a trace: it does not begin with `TAPROOT` and the kind {KIND}")]
    NotATrace,
    /// A version that this program does not know.
    #[error("the trace has format version {found}; this program reads version {VERSION}")]
    UnknownVersion {
        /// The trace's version.
        found: u16,
    },
    /// The trace stops before it has said what machine it is about.
    #[error("the trace stops before it says which machine it is about")]
    NoStart,
    /// A record cannot be what was written.
    #[error("the trace is damaged: its record {number}, at byte {offset}, {what}")]
    Damaged {
        /// Which record, from 0.
        number: u64,
        /// Where its frame begins.
        offset: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A duration in the trace makes no sense.
    #[error("the trace's timing parameters describe no machine")]
    Timing(#[from] TimingError),
}

/// How a trace ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With an end record: the machine was switched off.
    Whole,
    /// Between two records: the recording program was killed.
    Stops,
    /// Within a record: the recording program was killed. The bytes that are there of it were left out.
    Cut {
        /// How many.
        bytes: u64,
    },
}

/// Reads a trace record by record.
#[derive(Debug)]
pub struct TraceReader<R> {
    from: R,
    start: Start,
    number: u64,
    offset: u64,
    cycle: u64,
    ending: Option<Ending>,
}

const HEADER: u64 = 12;

impl<R: Read> TraceReader<R> {
    /// Reads the beginning of a trace.
    ///
    /// # Errors
    /// If it is no trace, of another version, or its first record is not whole.
    pub fn new(mut from: R) -> Result<Self, TraceError> {
        let mut header = Vec::new();
        from.by_ref().take(HEADER).read_to_end(&mut header)?;
        let field = |at: usize| Some(u16::from_le_bytes([*header.get(at)?, *header.get(at + 1)?]));
        if !header.starts_with(&MAGIC) || field(8) != Some(KIND) {
            return Err(TraceError::NotATrace);
        }
        match field(10) {
            Some(VERSION) => {}
            Some(found) => return Err(TraceError::UnknownVersion { found }),
            None => return Err(TraceError::NoStart),
        }
        let mut frames = Frames {
            from,
            number: 0,
            offset: HEADER,
        };
        let start = match frames.next()? {
            Frame::Record(Record::Start(start)) => *start,
            Frame::Record(_) => return Err(frames.damaged("does not say which machine it is about")),
            Frame::Nothing | Frame::Part(_) => return Err(TraceError::NoStart),
        };
        let boards = start.machine.ethernet_chips().count();
        if boards != start.addresses.len() {
            return Err(frames.damaged(format!(
                "has {} addresses for {boards} boards",
                start.addresses.len()
            )));
        }
        start.timing.check()?;
        Ok(Self {
            start,
            from: frames.from,
            number: frames.number,
            offset: frames.offset,
            cycle: 0,
            ending: None,
        })
    }

    /// What the run begins from.
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// How the trace ends, once it has been read to its end.
    pub fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// The next record; none at the end.
    ///
    /// # Errors
    /// If the reader fails or the record cannot be what was written.
    pub fn next_record(&mut self) -> Result<Option<Record>, TraceError> {
        if self.ending.is_some() {
            return Ok(None);
        }
        let mut frames = Frames {
            from: &mut self.from,
            number: self.number,
            offset: self.offset,
        };
        let record = match frames.next()? {
            Frame::Record(record) => record,
            Frame::Nothing => {
                self.ending = Some(Ending::Stops);
                return Ok(None);
            }
            Frame::Part(bytes) => {
                self.ending = Some(Ending::Cut { bytes });
                return Ok(None);
            }
        };
        let boards = self.start.addresses.len();
        let chips = self.start.machine.chips().count();
        let wrong = match &record {
            Record::Start(_) => Some("is a second start".to_owned()),
            _ if record.cycle() < self.cycle => Some(format!(
                "goes back in time, from cycle {} to {}",
                self.cycle,
                record.cycle()
            )),
            _ if !record.cycle().is_multiple_of(Timing::WINDOW) || record.cycle() >= LAST_CYCLE => {
                Some(format!("is of cycle {}, which is no boundary", record.cycle()))
            }
            Record::Datagram(logged) if logged.datagram.board >= boards => {
                Some(format!("is for board {} of {boards}", logged.datagram.board))
            }
            Record::State { chips: numbers, .. } if numbers.len() != chips => {
                Some(format!("has the state of {} chips of {chips}", numbers.len()))
            }
            _ => None,
        };
        if let Some(what) = wrong {
            return Err(frames.damaged(what));
        }
        (self.number, self.offset) = (frames.number, frames.offset);
        self.cycle = record.cycle();
        if matches!(record, Record::End { .. }) {
            self.ending = Some(Ending::Whole);
        }
        Ok(Some(record))
    }
}

/// What the bytes at one place are.
enum Frame {
    Record(Record),
    /// There are none.
    Nothing,
    /// So many bytes of a frame that is longer.
    Part(u64),
}

struct Frames<R> {
    from: R,
    number: u64,
    offset: u64,
}

impl<R: Read> Frames<R> {
    fn damaged(&self, what: impl Into<String>) -> TraceError {
        TraceError::Damaged {
            number: self.number.saturating_sub(1),
            offset: self.offset,
            what: what.into(),
        }
    }

    fn next(&mut self) -> Result<Frame, TraceError> {
        let mut head = Vec::new();
        self.from.by_ref().take(8).read_to_end(&mut head)?;
        let Ok(head) = <[u8; 8]>::try_from(head.as_slice()) else {
            return Ok(match head.len() {
                0 => Frame::Nothing,
                some => Frame::Part(some as u64),
            });
        };
        let [l0, l1, l2, l3, c0, c1, c2, c3] = head;
        let (length, check) = (
            u32::from_le_bytes([l0, l1, l2, l3]),
            u32::from_le_bytes([c0, c1, c2, c3]),
        );
        let this = self.number;
        self.number += 1;
        if length > MOST_BYTES {
            return Err(self.damaged(format!("claims {length} bytes")));
        }
        // Memory grows with what arrives, whatever the length claims.
        let mut bytes = Vec::new();
        self.from.by_ref().take(length.into()).read_to_end(&mut bytes)?;
        if bytes.len() < length as usize {
            self.number = this;
            return Ok(Frame::Part(8 + bytes.len() as u64));
        }
        if check_number(&bytes) != check {
            return Err(self.damaged("does not fit its check number"));
        }
        let record = match postcard::take_from_bytes(&bytes) {
            Ok((record, [])) => record,
            Ok((_, rest)) => return Err(self.damaged(format!("has {} bytes left over", rest.len()))),
            Err(error) => return Err(self.damaged(format!("does not decode: {error}"))),
        };
        self.offset += 8 + u64::from(length);
        Ok(Frame::Record(record))
    }
}
