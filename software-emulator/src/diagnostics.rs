//! What the firmware did that the emulator has no model for: reported once each, never ignored in silence.

use std::{collections::BTreeSet, fmt};
use taproot_spinnaker_chip::ChipXy;

/// Why an access is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unmodelled {
    /// A register that nobody has modelled was read; zero was returned.
    Read,
    /// A register that nobody has modelled was written; the value was dropped.
    Write,
    /// A register that is modelled was written with a value whose effect is not.
    Value,
    /// The data sheet says that this access is a bus error, and the core got one.
    BusError,
    /// The watchdog ran out and would have reset the chip; it did not.
    Watchdog,
    /// There was more on this chip than is reported one by one.
    Further,
}

/// One report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Report {
    /// Where.
    pub chip: ChipXy,
    /// What happened.
    pub kind: Unmodelled,
    /// The address, as the core gave it.
    pub address: u32,
    /// The program counter of the first such access; zero for accesses by a neighbour or by DMA.
    pub pc: u32,
    /// The physical core; 255 for accesses by a neighbour.
    pub core: u8,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            chip,
            address,
            pc,
            core,
            ..
        } = self;
        match self.kind {
            Unmodelled::Read => write!(f, "a read at {address:#010x}, answered with 0,")?,
            Unmodelled::Write => write!(f, "a write at {address:#010x}, dropped,")?,
            Unmodelled::Value => write!(f, "the value of a write at {address:#010x}, without its effect,")?,
            Unmodelled::BusError => write!(f, "an access to nothing at {address:#010x}, a bus error,")?,
            Unmodelled::Watchdog => return write!(f, "the watchdog ran out and would reset chip {chip}"),
            Unmodelled::Further => {
                return write!(
                    f,
                    "more on chip {chip} than the first {LIMIT} accesses; the rest is not listed"
                );
            }
        }
        match core {
            255 => write!(f, " by a neighbour of chip {chip}"),
            _ => write!(
                f,
                " by physical core {core} of chip {chip} at program counter {pc:#010x}"
            ),
        }
    }
}

/// Who makes an access, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) at: u64,
    pub(crate) pc: u32,
    pub(crate) core: u8,
}

/// Collects reports of one chip and warns once for each address and kind.
#[derive(Debug)]
pub(crate) struct Diagnostics {
    chip: ChipXy,
    seen: BTreeSet<(Unmodelled, u32)>,
    reports: Vec<Report>,
}

/// Reports kept and warned about per chip, and one more that says that there were more; a program gone wild would otherwise fill memory with them.
const LIMIT: usize = 256;

impl Diagnostics {
    pub(crate) fn new(chip: ChipXy) -> Self {
        Self {
            chip,
            seen: BTreeSet::new(),
            reports: Vec::new(),
        }
    }

    #[cold]
    pub(crate) fn report(&mut self, kind: Unmodelled, address: u32, access: Access) {
        if self.reports.len() > LIMIT || !self.seen.insert((kind, address)) {
            return;
        }
        let (kind, address, access) = if self.reports.len() < LIMIT {
            (kind, address, access)
        } else {
            (Unmodelled::Further, 0, Access { pc: 0, ..access })
        };
        let report = Report {
            chip: self.chip,
            kind,
            address,
            pc: access.pc,
            core: access.core,
        };
        tracing::warn!(
            chip = %self.chip,
            core = access.core,
            pc = format_args!("{:#010x}", access.pc),
            address = format_args!("{address:#010x}"),
            cycle = access.at,
            "unmodelled: {kind:?}"
        );
        self.reports.push(report);
    }

    pub(crate) fn reports(&self) -> &[Report] {
        &self.reports
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said_once() {
        let mut diagnostics = Diagnostics::new(ChipXy::new(2, 3));
        let access = Access {
            at: 7,
            pc: 0x100,
            core: 4,
        };
        for address in 0..1000 {
            diagnostics.report(Unmodelled::Write, address, access);
            diagnostics.report(Unmodelled::Write, address, access);
        }
        let (last, listed) = diagnostics.reports().split_last().unwrap();
        assert_eq!(listed.len(), 256);
        assert!(listed.iter().all(|report| report.kind == Unmodelled::Write));
        assert_eq!(
            last.to_string(),
            "more on chip (2,3) than the first 256 accesses; the rest is not listed"
        );
    }
}
