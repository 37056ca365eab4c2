//! The texts behind the numbers that the binaries of 7.4.1 print into their IOBUFs.
//!
//! When they are built, each text is replaced by a number, and the pair goes into `logs.sqlite3`, which the package
//! SpiNNUtilities carries. [`Messages::decode`] turns lines back to text: level, source file, line number, text.
//!
//! Source: `SpiNNUtils: make_tools/file_converter.py`, `make_tools/replacer.py`, `make_tools/db.sql`.

use super::{WireError, iobuf::Line, sqlite};
use std::collections::BTreeMap;

/// What a line of IOBUF stands for, by its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    by_id: BTreeMap<u32, Message>,
}

/// One message as the source of a binary has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// 10 for debugging, 20 for information, 30 for a warning, 40 for an error.
    pub level: i64,
    /// The source file.
    pub file: String,
    /// Its line, counted from 1.
    pub line: i64,
    /// The text, with a place such as `%08x` for each argument and with C's escapes.
    pub text: String,
}

impl Messages {
    /// Understands the content of `logs.sqlite3`.
    pub fn from_sqlite(bytes: &[u8]) -> Result<Self, WireError> {
        // file: file_id (the row's number), directory_id, file_name, ...
        let files: BTreeMap<i64, String> = sqlite::table(bytes, "file")?
            .iter()
            .filter_map(|row| Some((row.number, row.text(2)?.to_owned())))
            .collect();
        // log: log_id (the row's number), log_level, line_num, original, file_id
        let by_id = sqlite::table(bytes, "log")?
            .iter()
            .filter_map(|row| {
                let message = Message {
                    level: row.integer(1)?,
                    file: files.get(&row.integer(4)?)?.clone(),
                    line: row.integer(2)?,
                    text: row.text(3)?.to_owned(),
                };
                Some((u32::try_from(row.number).ok()?, message))
            })
            .collect();
        Ok(Self { by_id })
    }

    /// A message by its number.
    pub fn get(&self, id: u32) -> Option<&Message> {
        self.by_id.get(&id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// A line as text if its message is known and has as many arguments as the line; else the line as it is.
    pub fn decode(&self, line: Line) -> Line {
        let Line::Message { id, arguments } = &line else {
            return line;
        };
        match self.get(*id).and_then(|message| message.fill(arguments)) {
            Some(text) => Line::Text(text),
            None => line,
        }
    }
}

impl Message {
    /// The message as text, or none if it has not so many arguments. A core prints an argument as its place in the text says,
    /// so it is put there as it is. (`%f` and `%F` would come as bits; no message of the pinned file has one.)
    fn fill(&self, arguments: &[String]) -> Option<String> {
        let level = match self.level {
            10 => "[DEBUG]",
            20 => "[INFO]",
            30 => "[WARN]",
            _ => "[ERROR]",
        };
        let mut text = format!("{level} ({}: {}): ", self.file, self.line);
        let mut arguments = arguments.iter();
        let mut characters = self.text.chars();
        while let Some(character) = characters.next() {
            match character {
                '%' => {
                    let mut next = characters.next()?;
                    if next == '%' {
                        text.push('%');
                        continue;
                    }
                    while next.is_ascii_digit() || next == '.' {
                        next = characters.next()?;
                    }
                    text.push_str(arguments.next()?);
                }
                '\\' => match characters.next()? {
                    'n' => text.push(' '),
                    't' => text.push_str("  "),
                    other => text.push(other),
                },
                other => text.push(other),
            }
        }
        text.truncate(text.trim_end().len());
        arguments.next().is_none().then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages() -> Messages {
        let message = |level, text: &str| Message {
            level,
            file: "neuron.c".into(),
            line: 17,
            text: text.into(),
        };
        Messages {
            by_id: BTreeMap::from([
                (3, message(40, "no room for %u bytes at 0x%08x: %12.6k\\n")),
                (4, message(20, "\\t100 %% of it")),
            ]),
        }
    }

    #[test]
    fn numbers_become_text_where_the_arguments_fit() {
        let decode = |line: &str| {
            let lines = super::super::iobuf::lines(line.as_bytes());
            messages().decode(lines[0].clone()).to_string()
        };
        assert_eq!(
            decode("3\x1e12\x1e60000010\x1e    1.500000"),
            "[ERROR] (neuron.c: 17): no room for 12 bytes at 0x60000010:     1.500000"
        );
        assert_eq!(decode("4"), "[INFO] (neuron.c: 17):   100 % of it");
        assert_eq!(decode("3\x1e12"), "message 3 (12)");
        assert_eq!(decode("4\x1e12"), "message 4 (12)");
        assert_eq!(decode("5"), "message 5");
        assert_eq!(decode("plain"), "plain");
    }

    #[test]
    fn what_is_no_dictionary_is_refused() {
        assert!(Messages::from_sqlite(b"").is_err());
        assert!(Messages::from_sqlite(&[0; 4096]).is_err());
    }
}
