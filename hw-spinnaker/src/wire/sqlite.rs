//! The rows of one table of an SQLite file, and no more of SQLite than that: no indices, no overflow pages, no journal.
//!
//! A table is a tree of pages. Page 1 begins with the head of the file and is the root of `sqlite_schema`, which has a row
//! for each table with the page where that one begins.
//!
//! Source: <https://www.sqlite.org/fileformat2.html>.

use super::{WireError, reader::Reader};

/// Bytes in front of the tree of page 1.
const FILE_HEAD: usize = 100;
const MAGIC: &[u8] = b"SQLite format 3\0";
const INTERIOR: u8 = 5;
const LEAF: u8 = 13;
/// What a leaf page needs for itself; a row that leaves less than this goes on elsewhere.
const LEAF_OVERHEAD: usize = 35;

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A whole number.
    Integer(i64),
    /// UTF-8 text.
    Text(String),
    /// Nothing, a floating-point number or bytes.
    Other,
}

/// One row: its number, which stands for the value of an `INTEGER PRIMARY KEY`, and its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) number: i64,
    pub(super) values: Vec<Value>,
}

impl Row {
    pub(super) fn integer(&self, column: usize) -> Option<i64> {
        match self.values.get(column) {
            Some(Value::Integer(value)) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn text(&self, column: usize) -> Option<&str> {
        match self.values.get(column) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// All rows of the table with this name, in order of their numbers.
pub(super) fn table(file: &[u8], name: &str) -> Result<Vec<Row>, WireError> {
    let file = File::new(file)?;
    let schema = file.rows(1)?;
    let root = schema
        .iter()
        .find(|row| row.text(0) == Some("table") && row.text(1) == Some(name))
        .and_then(|row| row.integer(3))
        .and_then(|page| u32::try_from(page).ok())
        .ok_or_else(|| wrong("root page of a table", 0))?;
    file.rows(root)
}

fn wrong(field: &'static str, value: u32) -> WireError {
    WireError::Field {
        what: "SQLite file",
        field,
        value,
    }
}

struct File<'a> {
    bytes: &'a [u8],
    page_size: usize,
    /// Bytes at the end of a page that belong to nobody.
    reserved: usize,
}

impl<'a> File<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut head = Reader::new("SQLite file", bytes);
        if head.take(MAGIC.len())? != MAGIC {
            return Err(wrong("magic string", 0));
        }
        let page_size = match head.u16_big()? {
            1 => 65_536,
            size if size >= 512 && size.is_power_of_two() => usize::from(size),
            size => return Err(wrong("page size", size.into())),
        };
        head.take(2)?;
        let reserved = usize::from(head.u8()?);
        Ok(Self {
            bytes,
            page_size,
            reserved,
        })
    }

    /// The bytes of a page; pages count from 1.
    fn page(&self, number: u32) -> Result<&'a [u8], WireError> {
        let start = (number as usize)
            .checked_sub(1)
            .and_then(|before| before.checked_mul(self.page_size));
        let page = start.and_then(|start| self.bytes.get(start..start.checked_add(self.page_size)?));
        page.ok_or_else(|| wrong("page number", number))
    }

    /// The rows below a page. A page may occur once, and rows may have no more bytes than the file, so that a damaged file
    /// costs no more than a sound one.
    fn rows(&self, root: u32) -> Result<Vec<Row>, WireError> {
        let mut rows = Vec::new();
        let mut pages_left = self.bytes.len() / self.page_size;
        let mut bytes_left = self.bytes.len();
        let mut waiting = vec![root];
        while let Some(number) = waiting.pop() {
            pages_left = pages_left
                .checked_sub(1)
                .ok_or_else(|| wrong("page number", number))?;
            let page = self.page(number)?;
            let mut head = Reader::new("SQLite page", page);
            head.take(if number == 1 { FILE_HEAD } else { 0 })?;
            let kind = head.u8()?;
            head.take(2)?;
            let cells = head.u16_big()?;
            head.take(3)?;
            let last = match kind {
                INTERIOR => Some(head.u32_big()?),
                LEAF => None,
                _ => return Err(wrong("kind of page", kind.into())),
            };
            // What is taken from a stack comes in reverse.
            let first_child = waiting.len();
            for _ in 0..cells {
                let at = usize::from(head.u16_big()?);
                let mut cell = Reader::new("SQLite cell", page);
                cell.take(at)?;
                if last.is_some() {
                    waiting.push(cell.u32_big()?);
                    continue;
                }
                let length = varint(&mut cell)? as usize;
                let number = varint(&mut cell)? as i64;
                let short = length <= self.page_size - self.reserved - LEAF_OVERHEAD;
                bytes_left = match bytes_left.checked_sub(length) {
                    Some(left) if short => left,
                    _ => return Err(wrong("length of a row", length.try_into().unwrap_or(u32::MAX))),
                };
                let values = record(cell.take(length)?)?;
                rows.push(Row { number, values });
            }
            waiting.extend(last);
            waiting[first_child..].reverse();
        }
        Ok(rows)
    }
}

/// A number of one to nine bytes: seven bits a byte, the upper ones first; the ninth has eight.
fn varint(reader: &mut Reader<'_>) -> Result<u64, WireError> {
    let mut value = 0;
    for _ in 0..8 {
        let byte = reader.u8()?;
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Ok(value << 8 | u64::from(reader.u8()?))
}

/// The columns of a row: their kinds, then their contents.
fn record(bytes: &[u8]) -> Result<Vec<Value>, WireError> {
    let mut kinds = Reader::new("SQLite row", bytes);
    let head = varint(&mut kinds)? as usize;
    let mut contents = Reader::new("SQLite row", bytes);
    contents.take(head)?;
    let mut values = Vec::new();
    while bytes.len() - kinds.left() < head {
        let kind = varint(&mut kinds)?;
        values.push(match kind {
            0 => Value::Other,
            1..=6 => {
                let width = [1, 2, 3, 4, 6, 8][kind as usize - 1];
                let bytes = contents.take(width)?;
                let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
                Value::Integer(
                    bytes
                        .iter()
                        .fold(sign, |value, byte| value << 8 | i64::from(*byte)),
                )
            }
            7 => {
                contents.take(8)?;
                Value::Other
            }
            8 | 9 => Value::Integer(kind as i64 - 8),
            10 | 11 => return Err(wrong("kind of value", kind as u32)),
            _ => {
                let bytes = contents.take(((kind - 12) / 2).try_into().unwrap_or(usize::MAX))?;
                match kind % 2 {
                    0 => Value::Other,
                    _ => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
                }
            }
        });
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with rows of one short text each.
    fn leaf(texts: &[(u8, &str)], head: &[u8]) -> Vec<u8> {
        let mut page = head.to_vec();
        page.extend([LEAF, 0, 0, 0, texts.len() as u8, 0, 0, 0]);
        let mut cells = Vec::new();
        for (number, text) in texts {
            let mut cell = vec![0, *number, 2, (13 + 2 * text.len()) as u8];
            cell.extend(text.as_bytes());
            cell[0] = cell.len() as u8 - 2;
            cells.push(cell);
        }
        let mut end = 512;
        let mut places = Vec::new();
        page.resize(512, 0);
        for cell in &cells {
            end -= cell.len();
            page[end..end + cell.len()].copy_from_slice(cell);
            places.extend((end as u16).to_be_bytes());
        }
        let start = head.len() + 8;
        page[start..start + places.len()].copy_from_slice(&places);
        page
    }

    /// Page 1 is a leaf; page 2 has pages 3 and 4 below.
    fn file() -> Vec<u8> {
        let mut head = MAGIC.to_vec();
        head.extend(512u16.to_be_bytes());
        head.resize(FILE_HEAD, 0);
        let mut file = leaf(&[(1, "one")], &head);
        let mut interior = vec![INTERIOR, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, 1, 0];
        interior.resize(512, 0);
        interior[256..261].copy_from_slice(&[0, 0, 0, 3, 2]);
        file.extend(interior);
        file.extend(leaf(&[(1, "a"), (2, "b")], &[]));
        file.extend(leaf(&[(3, "c")], &[]));
        file
    }

    #[test]
    fn rows_come_in_order_from_all_pages() {
        let bytes = file();
        let rows = File::new(&bytes).unwrap().rows(2).unwrap();
        let found: Vec<(i64, Option<&str>)> = rows.iter().map(|row| (row.number, row.text(0))).collect();
        assert_eq!(found, [(1, Some("a")), (2, Some("b")), (3, Some("c"))]);
        assert_eq!(
            File::new(&bytes).unwrap().rows(1).unwrap()[0].text(0),
            Some("one")
        );
    }

    #[test]
    fn a_tree_that_runs_in_a_circle_is_refused() {
        let mut bytes = file();
        bytes[512 + 11] = 2;
        assert_eq!(
            File::new(&bytes).unwrap().rows(2),
            Err(wrong("page number", 2)),
            "page 2 below itself"
        );
    }

    #[test]
    fn numbers_of_all_widths() {
        let bytes = [
            8, 1, 2, 4, 6, 8, 9, 0, 0xff, 0x12, 0x34, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0,
        ];
        let integers: Vec<Value> = [-1, 0x1234, -0x7fff_ffff, 0x100, 0, 1]
            .into_iter()
            .map(Value::Integer)
            .chain([Value::Other])
            .collect();
        assert_eq!(record(&bytes).unwrap(), integers);
        let mut nine = Reader::new("number", &[0xff; 9]);
        assert_eq!(varint(&mut nine), Ok(u64::MAX));
    }
}
