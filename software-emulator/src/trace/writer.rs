//! Writing a trace, frame by frame.

use super::{KIND, MAGIC, MOST_BYTES, Record, Start, VERSION, check_number};
use std::io::{self, Write};

/// Writes a trace. Every record is handed on in one piece when it is written, so give it something without a buffer.
#[derive(Debug)]
pub struct TraceWriter<W> {
    to: W,
}

impl<W: Write> TraceWriter<W> {
    /// Begins a trace.
    ///
    /// # Errors
    /// When `to` does not take it.
    pub fn new(mut to: W, start: &Start) -> io::Result<Self> {
        let mut header = MAGIC.to_vec();
        header.extend(KIND.to_le_bytes());
        header.extend(VERSION.to_le_bytes());
        to.write_all(&header)?;
        let mut writer = Self { to };
        writer.write(&Record::Start(Box::new(start.clone())))?;
        Ok(writer)
    }

    /// Writes a record.
    ///
    /// # Errors
    /// When the file does not take it, or when the record is longer than any reader would accept.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        let record = postcard::to_stdvec(record).map_err(io::Error::other)?;
        let length = u32::try_from(record.len())
            .ok()
            .filter(|length| *length <= MOST_BYTES)
            .ok_or_else(|| {
                io::Error::other(format!(
                    "a record of {} bytes is longer than a trace can hold",
                    record.len()
                ))
            })?;
        let mut frame = Vec::with_capacity(8 + record.len());
        frame.extend(length.to_le_bytes());
        frame.extend(check_number(&record).to_le_bytes());
        frame.extend(record);
        self.to.write_all(&frame)
    }
}
