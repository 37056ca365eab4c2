//! Recorded pulses: two entries of 32 bits to a word, the earlier one low.
//!
//! | entry | 31..30 | 29 | 28..15 | 14..0 |
//! |---|---|---|---|---|
//! | pulse | 00 | top bit of the FPGA's time on arrival | address, without or with its DNC | HICANN time, 4 ns |
//! | nothing | 01 | | | |
//! | overflow | 1x | | | number of the overflow, in bits 30 to 0 |
//!
//! The time of a pulse wraps every 131.072 us, and an overflow is recorded each time it does, always in an upper half. A
//! pulse may be on its way when time wraps: it then comes after the overflow although it happened before it. Its
//! own top bit is set and the FPGA's is not, and it belongs to the period before.
//!
//! Sources: `halbe:hal/backend/FPGABackend.cpp` (`read_trace_pulses`),
//! `hicann-system:units/stage2_hal/source/host_al_controller.cpp` (`fill_receive_buffer`). They differ in one thing: `halbe`
//! reads 12 bits of address and calls two above them padding, `hicann-system` reads 14. We read 14; on FPGAs with
//! one DNC it is the same.

use super::{
    WireError,
    packet::{Packet, PacketType},
    pulse::PulseAddress,
    schedule::Pulse,
};

/// The word that ends a trace. It reads as two entries of nothing.
pub const END: u64 = 0x4000_e11d_4000_0000;

/// HICANN clocks, 4 ns, of one period of a time stamp.
const PERIOD: u64 = 1 << 15;

/// Half a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceEntry {
    /// A pulse.
    Pulse {
        /// Where it comes from.
        address: PulseAddress,
        /// When it was sent.
        time: HicannTime,
        /// Top bit of the FPGA's time when it arrived.
        arrived_late_half: bool,
    },
    /// Nothing.
    Nothing(Padding),
    /// The time stamps have wrapped.
    Overflow(OverflowNumber),
}

/// A time of a HICANN, 4 ns, modulo 2^15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HicannTime(u16);

impl HicannTime {
    /// The low 15 bits of a time, 4 ns.
    pub const fn new(time: u64) -> Self {
        Self((time % PERIOD) as u16)
    }

    /// 4 ns, 0 to 32,767.
    pub const fn clocks(self) -> u16 {
        self.0
    }

    const fn is_late_half(self) -> bool {
        self.0 >> 14 == 1
    }
}

/// Thirty bits that mean nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Padding(u32);

/// How often time stamps have wrapped, modulo 2^31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverflowNumber(u32);

impl OverflowNumber {
    /// The low 31 bits of a number.
    pub const fn new(number: u64) -> Self {
        Self((number & 0x7fff_ffff) as u32)
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl TraceEntry {
    /// The 32 bits.
    pub const fn to_bits(self) -> u32 {
        match self {
            Self::Pulse {
                address,
                time,
                arrived_late_half,
            } => (arrived_late_half as u32) << 29 | (address.to_bits() as u32) << 15 | time.0 as u32,
            Self::Nothing(padding) => 1 << 30 | padding.0,
            Self::Overflow(number) => 1 << 31 | number.0,
        }
    }

    /// From 32 bits; all mean something.
    pub const fn from_bits(bits: u32) -> Self {
        match bits >> 30 {
            0 => Self::Pulse {
                address: PulseAddress::from_bits((bits >> 15) as u16),
                time: HicannTime((bits & 0x7fff) as u16),
                arrived_late_half: bits >> 29 & 1 == 1,
            },
            1 => Self::Nothing(Padding(bits & 0x3fff_ffff)),
            _ => Self::Overflow(OverflowNumber(bits & 0x7fff_ffff)),
        }
    }

    /// The two entries of a word, in order.
    pub const fn pair(word: u64) -> [Self; 2] {
        [Self::from_bits(word as u32), Self::from_bits((word >> 32) as u32)]
    }

    /// The word of two entries.
    pub const fn to_word(pair: [Self; 2]) -> u64 {
        pair[0].to_bits() as u64 | (pair[1].to_bits() as u64) << 32
    }
}

/// Makes pulses with full times of the words of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceDecoder {
    overflows: u64,
    ended: bool,
    oddities: TraceOddities,
}

/// What a trace should not have; none of it stops decoding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceOddities {
    /// Pulses from before the start of the clocks, dropped.
    pub early: u64,
    /// Overflows in a lower half, ignored: seen on real hardware.
    pub misplaced: u64,
    /// Overflows whose number is not the count of them.
    pub miscounted: u64,
    /// Words after the end, ignored.
    pub after_end: u64,
}

impl TraceDecoder {
    /// At the beginning of a trace.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the pulses of a packet to `pulses`, in the order in which they arrived.
    pub fn packet(&mut self, packet: &Packet, pulses: &mut Vec<Pulse>) -> Result<(), WireError> {
        if packet.kind != PacketType::TRACE {
            return Err(WireError::Type {
                what: "trace",
                found: packet.kind,
            });
        }
        for word in &packet.words {
            self.word(*word, pulses);
        }
        Ok(())
    }

    /// Adds the pulses of a word to `pulses`.
    pub fn word(&mut self, word: u64, pulses: &mut Vec<Pulse>) {
        if self.ended {
            self.oddities.after_end += 1;
            return;
        }
        if word == END {
            self.ended = true;
            return;
        }
        for (half, entry) in TraceEntry::pair(word).into_iter().enumerate() {
            match entry {
                TraceEntry::Pulse {
                    address,
                    time,
                    arrived_late_half,
                } => {
                    let before_wrap = time.is_late_half() && !arrived_late_half;
                    let Some(periods) = self.overflows.checked_sub(before_wrap.into()) else {
                        self.oddities.early += 1;
                        continue;
                    };
                    let time = periods * PERIOD + u64::from(time.0);
                    pulses.push(Pulse { time, address });
                }
                TraceEntry::Nothing(_) => {}
                TraceEntry::Overflow(_) if half == 0 => self.oddities.misplaced += 1,
                TraceEntry::Overflow(number) => {
                    self.overflows += 1;
                    self.oddities.miscounted += u64::from(number != OverflowNumber::new(self.overflows));
                }
            }
        }
    }

    /// Whether the end has come.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// What should not have been there.
    pub fn oddities(&self) -> TraceOddities {
        self.oddities
    }
}

/// Makes the words of a trace of pulses, as an FPGA records them: the inverse of [`TraceDecoder`] for pulses that are
/// on their way for less than 65 us.
#[derive(Clone, Debug, Default)]
pub struct TraceEncoder {
    overflows: u64,
    /// The lower half of a word that waits for its upper half.
    lower: Option<TraceEntry>,
    words: Vec<u64>,
}

impl TraceEncoder {
    /// At the beginning of a trace.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a pulse that arrives at the FPGA at `arrival`, 4 ns; arrivals do not go backwards.
    pub fn pulse(&mut self, pulse: Pulse, arrival: u64) {
        self.pass(arrival);
        let entry = TraceEntry::Pulse {
            address: pulse.address,
            time: HicannTime::new(pulse.time),
            arrived_late_half: HicannTime::new(arrival).is_late_half(),
        };
        match self.lower.take() {
            Some(lower) => self.words.push(TraceEntry::to_word([lower, entry])),
            None => self.lower = Some(entry),
        }
    }

    /// Time passes: overflows up to `time`, 4 ns, are recorded.
    fn pass(&mut self, time: u64) {
        while self.overflows < time / PERIOD {
            self.overflows += 1;
            let upper = TraceEntry::Overflow(OverflowNumber::new(self.overflows));
            self.complete(upper);
        }
    }

    fn complete(&mut self, upper: TraceEntry) {
        let lower = self
            .lower
            .take()
            .unwrap_or(TraceEntry::Nothing(Padding::default()));
        self.words.push(TraceEntry::to_word([lower, upper]));
    }

    /// The words, with the end, for recording that stops at `time`, 4 ns.
    pub fn end(mut self, time: u64) -> Vec<u64> {
        self.pass(time);
        if self.lower.is_some() {
            self.complete(TraceEntry::Nothing(Padding::default()));
        }
        self.words.push(END);
        self.words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pulse(time: u64, address: u16) -> Pulse {
        Pulse {
            time,
            address: PulseAddress::from_bits(address),
        }
    }

    fn decode(words: &[u64]) -> (Vec<Pulse>, TraceDecoder) {
        let (mut decoder, mut pulses) = (TraceDecoder::new(), Vec::new());
        for word in words {
            decoder.word(*word, &mut pulses);
        }
        (pulses, decoder)
    }

    /// Known: the bit fields of `fpgatracepulsedata_hack` in
    /// `hicann-system:units/hicann_test/source/tmecm_pbmemtraceloop.cpp`: time from bit 0, label from 15, FPGA bit 29,
    /// overflow from bit 32 with bit 63 set.
    #[test]
    fn a_pulse_and_an_overflow_share_a_word() {
        let word = 1 << 63 | 1 << 32 | 1 << 29 | 0xabc << 15 | 0x4321;
        let (pulses, decoder) = decode(&[word, 0x4000_0000_0000_0005, END]);
        // The second pulse comes after the overflow.
        assert_eq!(pulses, [pulse(0x4321, 0xabc), pulse(0x8005, 0)]);
        assert!(decoder.is_ended());
        assert_eq!(decoder.oddities(), TraceOddities::default());
    }

    #[test]
    fn a_pulse_that_was_on_its_way_belongs_to_the_period_before() {
        let overflow = 1 << 63 | 1 << 32 | 1 << 30;
        let late = 0x4000_0000 << 32 | 0x7fff;
        assert_eq!(decode(&[overflow, late]).0, [pulse(0x7fff, 0)]);
        let (pulses, decoder) = decode(&[late]);
        assert_eq!((pulses.len(), decoder.oddities().early), (0, 1));
    }

    #[test]
    fn oddities_are_counted_and_passed_over() {
        let misplaced = 0x4000_0000 << 32 | 1 << 31 | 1;
        let miscounted = 1 << 63 | 7 << 32 | 1 << 30;
        let (pulses, decoder) = decode(&[misplaced, miscounted, 0x4000_0000 << 32 | 3, END, 0]);
        assert_eq!(pulses, [pulse(PERIOD + 3, 0)]);
        let oddities = TraceOddities {
            early: 0,
            misplaced: 1,
            miscounted: 1,
            after_end: 1,
        };
        assert_eq!(decoder.oddities(), oddities);
    }

    #[test]
    fn the_encoder_writes_these_words() {
        let mut encoder = TraceEncoder::new();
        encoder.pulse(pulse(100, 1), 130);
        encoder.pulse(pulse(0x7ff0, 2), 0x8010);
        let words = encoder.end(0x10000);
        let expected = [
            1 << 63 | 1 << 32 | 1 << 15 | 100,
            1 << 63 | 2 << 32 | 2 << 15 | 0x7ff0,
            END,
        ];
        assert_eq!(words, expected);
    }

    proptest! {
        #[test]
        fn entries_round_trip(word in any::<u64>()) {
            prop_assert_eq!(TraceEntry::to_word(TraceEntry::pair(word)), word);
        }

        #[test]
        fn recorded_pulses_come_back(
            steps in proptest::collection::vec((prop_oneof![0u64..50, 0u64..100_000], 0u64..16_384, any::<u16>()), 0..300),
        ) {
            let mut arrival = 16_384;
            let mut encoder = TraceEncoder::new();
            let mut sent = Vec::new();
            for (step, flight, address) in steps {
                arrival += step;
                sent.push(pulse(arrival - flight, address & 0x3fff));
                encoder.pulse(*sent.last().unwrap(), arrival);
            }
            let (pulses, decoder) = decode(&encoder.end(arrival + 1));
            prop_assert_eq!(pulses, sent);
            prop_assert!(decoder.is_ended());
            prop_assert_eq!(decoder.oddities(), TraceOddities::default());
        }

        #[test]
        fn no_words_make_the_decoder_panic(words in proptest::collection::vec(any::<u64>(), 0..40)) {
            let (pulses, _) = decode(&words);
            prop_assert!(pulses.len() <= 2 * words.len());
        }
    }
}
