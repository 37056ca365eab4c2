//! What things cost in time. Every number that the public sources leave open is in `timing.toml`, with its provenance.
//!
//! The unit is the processor clock cycle, 5 ns at the 200 MHz that SCAMP sets. The emulator keeps this unit from
//! power-on, although the boot ROM runs its cores at 160 MHz; see `docs/emulator/unknowns.md`.

use serde::Deserialize;
use std::fmt;
use std::ops::RangeInclusive;

/// Processor cycles in one emulated second: SCAMP sets PLL1 to 400 MHz and divides by two
/// (`spinnaker_tools: scamp/scamp-3.c`, `pll_init`).
pub const CYCLES_PER_SECOND: u64 = 200_000_000;

/// The stock parameters as a file, a source beside each number.
const STOCK_FILE: &str = include_str!("../timing.toml");

/// From one list of parameters: the struct, its mirror of the file, and the ways between them.
macro_rules! parameters {
    ($($(#[doc = $doc:literal])* $field:ident: $kind:ty = $key:ident, $range:expr;)*) => {
        /// Durations of the shared hardware, in processor cycles unless a field says otherwise. The sources of the stock
        /// values are in `timing.toml`.
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
        pub struct Timing {
            $($(#[doc = $doc])* pub $field: $kind,)*
        }

        impl Timing {
            /// The stock parameters: `timing.toml`.
            pub const STOCK: Timing = Timing {
                $($field: in_stock_file(stringify!($key)) as $kind,)*
            };

            /// Keys of the file with the values that they may have.
            const RANGES: &[(&str, RangeInclusive<i64>)] = &[$((stringify!($key), $range),)*];

            /// All values by key, in the order of the struct.
            fn values(&self) -> impl Iterator<Item = (&'static str, i64)> {
                [$((stringify!($key), i64::from(self.$field)),)*].into_iter()
            }

            /// Replaces what a file names. Every value has been checked, so it fits.
            fn replace(&mut self, raw: &RawTiming) {
                $(if let Some(value) = raw.$key {
                    self.$field = value as $kind;
                })*
            }
        }

        /// Mirrors the file.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct RawTiming {
            $($key: Option<i64>,)*
        }

        impl RawTiming {
            fn values(&self) -> impl Iterator<Item = (&'static str, i64)> {
                [$((stringify!($key), self.$key),)*].into_iter().filter_map(|(key, value)| Some((key, value?)))
            }
        }
    };
}

parameters! {
    /// Extra cycles of a core's load from SDRAM.
    sdram_load: u32 = sdram_load_cycles, 0..=10_000;
    /// Extra cycles of a posted store to SDRAM or to a shared peripheral.
    posted_store: u32 = posted_store_cycles, 0..=10_000;
    /// Extra cycles of a load from System RAM or a shared peripheral.
    system_load: u32 = system_load_cycles, 0..=10_000;
    /// Extra cycles of an access to a peripheral of the core itself.
    local_access: u32 = local_access_cycles, 0..=10_000;
    /// Cycles from writing the DMA descriptor to the first word.
    dma_setup: u32 = dma_setup_cycles, 1..=100_000;
    /// Cycles for one 32-bit word of an uncontended DMA transfer.
    dma_word: u32 = dma_word_cycles, 1..=10_000;
    /// Hundredths of a cycle for which one word occupies the SDRAM that all cores share.
    sdram_word_hundredths: u32 = sdram_word_hundredths_of_a_cycle, 0..=1_000_000;
    /// Cycles a packet spends in the communications controller before the router has it.
    transmit: u32 = transmit_cycles, 1..=10_000;
    /// Half-cycles of the processor clock for one router clock.
    router_clock_halves: u32 = router_clock_half_cycles, 1..=1_000;
    /// Cycles from the router's output stage to the receiving core's communications controller.
    deliver: u32 = deliver_cycles, 1..=10_000;
    /// Cycles to serialise a 40-bit packet on a link.
    link_short: u32 = link_short_cycles, 1..=100_000;
    /// Cycles to serialise a 72-bit packet on a link.
    link_long: u32 = link_long_cycles, 1..=100_000;
    /// Further cycles of one hop: router pipeline, synchronisers and wires.
    hop: u32 = hop_cycles, 0..=100_000;
    /// Further cycles of a hop that leaves the board.
    board_crossing: u32 = board_crossing_cycles, 0..=1_000_000;
    /// Packets that may be between two routers of neighbouring chips on one link, buffers of both ends included.
    link_depth: u8 = link_depth_packets, 1..=100;
    /// Packets that may wait between the router and one core, its receive register included.
    core_depth: u8 = core_depth_packets, 1..=100;
    /// Packets of one core that the router accepts between two looks at the core. Internal to the emulator.
    inject_depth: u8 = inject_depth_packets, 1..=100;
    /// Cycles from the last packet of an image to its first instruction.
    image_copy: u32 = image_copy_cycles, 0..=1_000_000;
    /// Nanoseconds for one byte on the Ethernet cable.
    ethernet_byte_ns: u32 = ethernet_byte_nanoseconds, 1..=100_000;
}

/// Why a timing file was refused.
#[derive(Debug, thiserror::Error)]
pub enum TimingError {
    /// The file is not TOML, or has an unknown key or a value that is not an integer.
    #[error("the timing file is not valid: {0}")]
    Toml(#[from] toml::de::Error),
    /// Values outside their ranges, all of them.
    #[error("the timing parameters ask for what cannot be:{}", list(.0))]
    Values(Vec<TimingProblem>),
}

/// One value that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimingProblem {
    /// The key in the file, or the sum of two.
    pub key: &'static str,
    /// What it would be.
    pub value: i64,
    /// The least that is possible.
    pub least: i64,
    /// The most that is possible.
    pub most: i64,
    /// Why, where the range alone does not say it.
    pub reason: &'static str,
}

impl fmt::Display for TimingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key,
            value,
            least,
            most,
            reason,
        } = self;
        write!(f, "{key} = {value} is not within {least} to {most}{reason}")
    }
}

fn list(problems: &[TimingProblem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

impl Timing {
    /// Cycles of one synchronisation window: no chip can affect another within fewer.
    pub const WINDOW: u64 = 80;

    /// The stock parameters with those replaced that the text of a TOML file names; its keys are those of `timing.toml`.
    ///
    /// # Errors
    /// [`TimingError::Toml`] for what is not such a file, [`TimingError::Values`] for values that cannot be.
    pub fn from_toml(text: &str) -> Result<Self, TimingError> {
        let raw: RawTiming = toml::from_str(text)?;
        let problems = Self::out_of_range(raw.values());
        if !problems.is_empty() {
            return Err(TimingError::Values(problems));
        }
        let mut timing = Self::STOCK;
        timing.replace(&raw);
        timing.check()?;
        Ok(timing)
    }

    /// Whether a machine can run with these values, wherever they come from.
    ///
    /// # Errors
    /// [`TimingError::Values`] with all that cannot be.
    pub fn check(&self) -> Result<(), TimingError> {
        let mut problems = Self::out_of_range(self.values());
        if problems.is_empty() {
            problems.extend(self.contradictions());
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(TimingError::Values(problems))
        }
    }

    /// Values that are not what their keys may have.
    fn out_of_range(values: impl Iterator<Item = (&'static str, i64)>) -> Vec<TimingProblem> {
        let problem = |(key, value)| {
            let (_, range) = Self::RANGES.iter().find(|(name, _)| *name == key)?;
            (!range.contains(&value)).then_some(TimingProblem {
                key,
                value,
                least: *range.start(),
                most: *range.end(),
                reason: "",
            })
        };
        values.filter_map(problem).collect()
    }

    /// The parameters as a file that [`Timing::from_toml`] reads.
    pub fn to_toml(&self) -> String {
        self.values()
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect()
    }

    /// What each value alone does not show.
    fn contradictions(&self) -> impl Iterator<Item = TimingProblem> {
        let shortest = TimingProblem {
            key: "link_short_cycles + hop_cycles",
            value: i64::from(self.link_short) + i64::from(self.hop),
            least: Self::WINDOW as i64,
            most: 200_000,
            reason: ": chips are advanced in windows of that length, and no packet may be faster",
        };
        let longer = TimingProblem {
            key: "link_long_cycles",
            value: i64::from(self.link_long),
            least: i64::from(self.link_short),
            most: 100_000,
            reason: ": 72 bits take at least as long as 40",
        };
        [shortest, longer]
            .into_iter()
            .filter(|problem| !(problem.least..=problem.most).contains(&problem.value))
    }

    /// Cycles on the wire of a packet with or without payload.
    pub(crate) fn link_cycles(&self, payload: bool) -> u64 {
        u64::from(if payload { self.link_long } else { self.link_short })
    }
}

const _: () = assert!(
    Timing::WINDOW <= (Timing::STOCK.link_short + Timing::STOCK.hop) as u64,
    "the window is no longer than the shortest hop"
);

/// The value of a key in the stock file, at compile time, so that [`Timing::STOCK`] is a constant and the file the only
/// place for its numbers. Reads lines `key = digits` alone; a test compares it with the TOML parser.
const fn in_stock_file(key: &str) -> u32 {
    let (text, key) = (STOCK_FILE.as_bytes(), key.as_bytes());
    let mut line = 0;
    while line < text.len() {
        let mut at = line;
        let mut matched = 0;
        while matched < key.len() && at < text.len() && text[at] == key[matched] {
            matched += 1;
            at += 1;
        }
        if matched == key.len() && at + 3 < text.len() && text[at] == b' ' && text[at + 1] == b'=' {
            at += 3;
            let mut value = 0;
            while at < text.len() && text[at].is_ascii_digit() {
                value = 10 * value + (text[at] - b'0') as u32;
                at += 1;
            }
            return value;
        }
        while line < text.len() && text[line] != b'\n' {
            line += 1;
        }
        line += 1;
    }
    panic!("timing.toml has every key")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Timing::from_toml(text).unwrap_err().to_string()
    }

    #[test]
    fn a_short_packet_takes_220_ns_on_the_wire() {
        let ns = |cycles: u64| cycles * 1_000_000_000 / CYCLES_PER_SECOND;
        assert_eq!(ns(Timing::STOCK.link_cycles(false)), 220);
        assert_eq!(ns(Timing::STOCK.link_cycles(true)), 380);
    }

    #[test]
    fn the_stock_file_is_what_is_compiled_in_and_names_every_key_once_with_a_comment() {
        assert_eq!(Timing::from_toml(STOCK_FILE).unwrap(), Timing::STOCK);
        let raw: RawTiming = toml::from_str(STOCK_FILE).unwrap();
        assert_eq!(raw.values().count(), Timing::RANGES.len());
        let mut before = "";
        for line in STOCK_FILE.lines() {
            if line.contains(" = ") && !line.starts_with('#') {
                assert!(before.starts_with("# "), "a source stands above `{line}`");
            }
            before = line;
        }
    }

    #[test]
    fn a_file_replaces_what_it_names_and_survives_being_written() {
        let timing = Timing::from_toml("sdram_load_cycles = 30\nlink_depth_packets = 2\n").unwrap();
        assert_eq!((timing.sdram_load, timing.link_depth), (30, 2));
        assert_eq!(
            (timing.dma_word, timing.hop),
            (Timing::STOCK.dma_word, Timing::STOCK.hop)
        );
        assert_eq!(Timing::from_toml(&timing.to_toml()).unwrap(), timing);
        assert_eq!(Timing::from_toml("").unwrap(), Timing::STOCK);
    }

    #[test]
    fn a_refusal_names_keys_values_and_ranges() {
        assert_eq!(
            refusal("transmit_cycles = 0\ndeliver_cycles = 10001\n"),
            "the timing parameters ask for what cannot be:\n  transmit_cycles = 0 is not within 1 to 10000\n  \
             deliver_cycles = 10001 is not within 1 to 10000"
        );
        assert!(refusal("hop_cycles = -1").contains("hop_cycles = -1 is not within 0 to 100000"));
        assert!(refusal("hop_cycle = 40").contains("hop_cycle"));
        assert!(refusal("hop_cycles = 1.5").contains("hop_cycles = 1.5"));
        assert!(refusal("link_short_cycles = 40\nhop_cycles = 39").contains("= 79 is not within 80"));
        assert!(refusal("link_short_cycles = 80").contains("link_long_cycles = 76 is not within 80"));
        assert!(Timing::from_toml("link_short_cycles = 40\nhop_cycles = 40").is_ok());
    }
}
