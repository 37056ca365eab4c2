//! From pulses at times to the content of the playback memory, and back.
//!
//! Three clocks matter. A pulse is to arrive at a HICANN at a HICANN time, 4 ns. The FPGA, whose clock is half as
//! fast, must release it earlier by the delay of the way to the HICANN; the chip's interface then holds it until its
//! 15-bit time stamp is reached. Entries name release times by their low 14 bits:
//!
//! * The FPGA releases one pulse a clock. A pulse that should be released less than [`DISTANCE`] clocks after the one before it
//!   joins its group, and follows it by one clock, up to four clocks early. Groups begin at least [`DISTANCE`] clocks apart.
//! * A release more than 2^13 clocks after the one before, in another period of 2^14 clocks, needs a wait: it counts
//!   the ends of periods that pass. The FPGA misses an end of period within 4 clocks after a release.
//! * Pulses come in the order of their times. Where there are too many of them, they are released late, and a late one
//!   may miss its time stamp: [`Playback::late`] says how many were, and by how much.
//!
//! Sources: `hicann-system:units/stage2_hal/source/host_al_controller.cpp` (`addPlaybackPulse`,
//! `addPlaybackFPGAConfig`), `halbe:hal/backend/FPGABackend.cpp` (`write_playback_program`). What an FPGA does with a
//! release time that has passed is not published; the rules above never ask for one.

use super::{
    packet::{Packet, PacketType},
    playback::{FpgaTime, PlaybackConfig, PlaybackEntry, PlaybackPulse, PulseGroup, Wraps, to_words},
    pulse::PulseAddress,
};

/// FPGA clocks, 8 ns, between the beginnings of groups, at least.
pub const DISTANCE: u64 = 6;

/// Clocks of one period of the FPGA's time.
const PERIOD: u64 = 1 << 14;
/// A release so many clocks after the one before does without a wait.
const NEAR: u64 = 0x2000;
/// After a release within the last clocks of a period its end is missed.
const MISSED: u64 = 0x3ffb;

/// A pulse at a HICANN time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pulse {
    /// When it arrives, 4 ns, since the start of the experiment.
    pub time: u64,
    /// Where.
    pub address: PulseAddress,
}

/// How pulses are played back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduleOptions {
    /// When the experiment ends, 4 ns: recording stops, and reading begins.
    pub until: u64,
    /// From release to arrival, FPGA clocks of 8 ns. ESS uses 62 (496 ns).
    pub delay: u16,
    /// Whether pulses of the wafer are recorded.
    pub record: bool,
}

/// The content of a playback memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Playback {
    /// The entries, from the beginning of the experiment to its end marker.
    pub entries: Vec<PlaybackEntry>,
    /// Pulses released later than they should be.
    pub late: u64,
    /// By how much at most, FPGA clocks of 8 ns.
    pub late_most: u64,
}

impl Playback {
    /// The packets that fill the memory.
    pub fn to_packets(&self) -> Vec<Packet> {
        Packet::cut(PacketType::PLAYBACK, &to_words(&self.entries)).collect()
    }
}

/// Pulses that cannot be played back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Pulses must be sorted.
    #[error(
        "pulse {index} is at {time}, before the one in front of it; pulses must be sorted by time (units of 4 ns)"
    )]
    NotSorted {
        /// Its place in the list.
        index: usize,
        /// Its time, 4 ns.
        time: u64,
    },
    /// The FPGA would have to release it before the experiment starts.
    #[error(
        "pulse {index} is at {time}, but none can arrive before {earliest} (units of 4 ns); begin the stimulus later"
    )]
    TooEarly {
        /// Its place in the list.
        index: usize,
        /// Its time, 4 ns.
        time: u64,
        /// The earliest possible time, 4 ns.
        earliest: u64,
    },
    /// The experiment is over by then.
    #[error(
        "the last pulse is released at {released}, after the end of the experiment at {end} (FPGA clocks of 8 ns); \
         run longer, or send fewer pulses"
    )]
    AfterEnd {
        /// When it would be released, 8 ns.
        released: u64,
        /// When the experiment ends, 8 ns.
        end: u64,
    },
    /// A wait has only 14 bits.
    #[error(
        "nothing happens between {from} and {to} (FPGA clocks of 8 ns): a gap may have 16,383 periods of 131 us, some \
         2.1 s; put a pulse in between"
    )]
    Gap {
        /// The release before, 8 ns.
        from: u64,
        /// The release after, 8 ns.
        to: u64,
    },
}

/// Plays pulses back: marks the beginning, releases them, marks the end.
pub fn schedule(pulses: &[Pulse], options: ScheduleOptions) -> Result<Playback, ScheduleError> {
    let delay = u64::from(options.delay);
    let mut writer = Writer::default();
    writer.config(
        0,
        PlaybackConfig::Fpga {
            end: false,
            stop_trace: false,
            read_trace: false,
            block_trace: !options.record,
        },
    )?;
    let mut before = 0;
    for (index, pulse) in pulses.iter().enumerate() {
        let Pulse { time, address } = *pulse;
        if time < before {
            return Err(ScheduleError::NotSorted { index, time });
        }
        if time < 2 * delay {
            let earliest = 2 * delay;
            return Err(ScheduleError::TooEarly {
                index,
                time,
                earliest,
            });
        }
        before = time;
        writer.pulse(time / 2 - delay, PlaybackPulse::new(address, time))?;
    }
    let end = options.until.div_ceil(2);
    if end < writer.last {
        return Err(ScheduleError::AfterEnd {
            released: writer.last,
            end,
        });
    }
    writer.config(
        end,
        PlaybackConfig::Fpga {
            end: true,
            stop_trace: true,
            read_trace: true,
            block_trace: false,
        },
    )?;
    Ok(writer.playback())
}

/// Builds entries from one release to the next.
#[derive(Default)]
struct Writer {
    entries: Vec<PlaybackEntry>,
    /// The group that may still grow.
    open: Option<(FpgaTime, PulseGroup)>,
    /// Time of the last release, 8 ns.
    last: u64,
    late: u64,
    late_most: u64,
}

impl Writer {
    fn pulse(&mut self, wanted: u64, pulse: PlaybackPulse) -> Result<(), ScheduleError> {
        let joins =
            wanted < self.last + DISTANCE && self.open.as_mut().is_some_and(|(_, group)| group.push(pulse));
        if joins {
            self.last += 1;
        } else {
            let time = wanted.max(self.last + DISTANCE);
            self.close();
            self.wait(time)?;
            self.open = Some((FpgaTime::new(time), PulseGroup::new(pulse)));
            self.last = time;
        }
        if let Some(late @ 1..) = self.last.checked_sub(wanted) {
            self.late += 1;
            self.late_most = self.late_most.max(late);
        }
        Ok(())
    }

    fn config(&mut self, time: u64, config: PlaybackConfig) -> Result<(), ScheduleError> {
        self.close();
        self.wait(time)?;
        self.entries.push(PlaybackEntry::Config {
            time: FpgaTime::new(time),
            configs: vec![config],
        });
        self.last = time;
        Ok(())
    }

    fn close(&mut self) {
        if let Some((time, group)) = self.open.take() {
            self.entries.push(PlaybackEntry::Pulses { time, group });
        }
    }

    fn wait(&mut self, time: u64) -> Result<(), ScheduleError> {
        let (from, to) = (self.last / PERIOD, time / PERIOD);
        if time - self.last > NEAR && from < to {
            let wraps = to - from - missed(self.last);
            let wraps = Wraps::new(wraps).ok_or(ScheduleError::Gap {
                from: self.last,
                to: time,
            })?;
            self.entries.push(PlaybackEntry::Wait(wraps));
        }
        Ok(())
    }

    fn playback(mut self) -> Playback {
        self.close();
        Playback {
            entries: self.entries,
            late: self.late,
            late_most: self.late_most,
        }
    }
}

/// Ends of periods that pass unnoticed after a release.
fn missed(release: u64) -> u64 {
    u64::from(release % PERIOD > MISSED)
}

/// Something that is released in playback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// A pulse.
    Pulse(PlaybackPulse),
    /// A configuration.
    Config(PlaybackConfig),
}

/// What entries release, with full times, FPGA clocks of 8 ns since the start of the experiment. Nothing is released
/// after the first end marker.
pub fn releases(entries: &[PlaybackEntry]) -> Vec<(u64, Released)> {
    let mut released = Vec::new();
    let mut last: u64 = 0;
    let mut waited = None;
    for entry in entries {
        let time = match entry {
            PlaybackEntry::Wait(wraps) => {
                *waited.get_or_insert_with(|| missed(last)) += u64::from(wraps.count());
                continue;
            }
            PlaybackEntry::Pulses { time, .. } | PlaybackEntry::Config { time, .. } => {
                u64::from(time.clocks())
            }
        };
        // Without a wait the release is in this period, or near, in the next one.
        let periods = waited.take().unwrap_or_else(|| u64::from(time < last % PERIOD));
        let time = (last / PERIOD + periods) * PERIOD + time;
        match entry {
            PlaybackEntry::Wait(_) => {}
            PlaybackEntry::Pulses { group, .. } => {
                released.extend((time..).zip(group.pulses().iter().map(|pulse| Released::Pulse(*pulse))));
                last = time + group.pulses().len() as u64 - 1;
            }
            PlaybackEntry::Config { configs, .. } => {
                for config in configs {
                    released.push((time, Released::Config(*config)));
                    if matches!(config, PlaybackConfig::Fpga { end: true, .. }) {
                        return released;
                    }
                }
                last = time;
            }
        }
    }
    released
}

/// The pulses that entries release, at the HICANN times that they are meant for: the inverse of [`schedule`] for
/// pulses that are less than 131 us late.
pub fn pulses(entries: &[PlaybackEntry], delay: u16) -> Vec<Pulse> {
    let arrival = |released: u64, pulse: PlaybackPulse| {
        // The last time with these low bits that release and delay allow. In a group a pulse follows by one clock where
        // up to five were wanted; a HICANN clock is half an FPGA clock.
        let latest = 2 * (released + DISTANCE - 2 + u64::from(delay)) + 1;
        let behind = (latest & 0x7fff).wrapping_sub(pulse.time().into()) & 0x7fff;
        Pulse {
            time: latest.saturating_sub(behind),
            address: pulse.address,
        }
    };
    releases(entries)
        .into_iter()
        .filter_map(|(time, released)| match released {
            Released::Pulse(pulse) => Some(arrival(time, pulse)),
            Released::Config(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::playback::from_words;
    use proptest::prelude::*;

    const OPTIONS: ScheduleOptions = ScheduleOptions {
        until: 1_000_000,
        delay: 62,
        record: true,
    };

    fn pulse(time: u64, address: u16) -> Pulse {
        Pulse {
            time,
            address: PulseAddress::from_bits(address),
        }
    }

    /// By hand from the rules: release = time / 2 - 62; end = (1,000,000 + 1) / 2 = 500,000 = 30 periods + 8,480.
    #[test]
    fn a_small_experiment_has_these_words() {
        let pulses = [pulse(1124, 1), pulse(1130, 2), pulse(2124, 3)];
        let playback = schedule(&pulses, OPTIONS).unwrap();
        let words = [
            1 << 18 | 1 << 16,
            1 << 63,
            // Released at 500; the second, wanted at 503, follows at 501.
            (1 << 18 | 1124 << 1) << 32 | 2 << 18 | 500 << 1,
            2 << 18 | 1130 << 1,
            // Released at 1000.
            (3 << 18 | 2124 << 1) << 32 | 1 << 18 | 1000 << 1,
            // The end, 30 periods later.
            30 << 2 | 1,
            1 << 18 | 1 << 16 | 8480 << 1,
            1 << 63 | 1 << 62 | 0b11,
        ];
        assert_eq!(to_words(&playback.entries), words);
        assert_eq!((playback.late, playback.late_most), (0, 0));
    }

    #[test]
    fn too_many_pulses_at_once_are_late_and_counted() {
        let burst: Vec<Pulse> = (0..400).map(|n| pulse(1124, n)).collect();
        let playback = schedule(&burst, OPTIONS).unwrap();
        let sizes: Vec<usize> = playback
            .entries
            .iter()
            .filter_map(|entry| match entry {
                PlaybackEntry::Pulses { group, .. } => Some(group.pulses().len()),
                _ => None,
            })
            .collect();
        assert_eq!(sizes, [184, 184, 32]);
        assert_eq!(playback.late, 399);
        // 400 pulses, a clock each, and twice 5 clocks more between groups.
        assert_eq!(playback.late_most, 399 + 2 * 5);
        assert_eq!(pulses(&playback.entries, 62), burst);
    }

    #[test]
    fn the_end_of_a_period_just_after_a_release_is_not_counted() {
        // Released at 0x3ffc, within four clocks of the end of the period; the next one two and a half periods later.
        let first = 2 * (0x3ffc + 62);
        let second = 2 * (0xa000 + 62);
        let playback = schedule(&[pulse(first, 1), pulse(second, 2)], OPTIONS).unwrap();
        assert_eq!(playback.entries[2], PlaybackEntry::Wait(Wraps::new(1).unwrap()));
        let at: Vec<u64> = releases(&playback.entries)
            .iter()
            .map(|(time, _)| *time)
            .collect();
        assert_eq!(at, [0, 0x3ffc, 0xa000, 500_000]);
    }

    #[test]
    fn what_cannot_be_played_back_is_refused() {
        let says = |pulses: &[Pulse], options| schedule(pulses, options).unwrap_err().to_string();
        assert_eq!(
            says(&[pulse(500, 0), pulse(499, 0)], OPTIONS),
            "pulse 1 is at 499, before the one in front of it; pulses must be sorted by time (units of 4 ns)"
        );
        assert_eq!(
            says(&[pulse(123, 0)], OPTIONS),
            "pulse 0 is at 123, but none can arrive before 124 (units of 4 ns); begin the stimulus later"
        );
        let short = ScheduleOptions {
            until: 1000,
            ..OPTIONS
        };
        assert_eq!(
            says(&[pulse(1200, 0)], short),
            "the last pulse is released at 538, after the end of the experiment at 500 (FPGA clocks of 8 ns); run \
             longer, or send fewer pulses"
        );
        let long = ScheduleOptions {
            until: 1 << 30,
            ..OPTIONS
        };
        assert_eq!(
            says(&[], long),
            "nothing happens between 0 and 536870912 (FPGA clocks of 8 ns): a gap may have 16,383 periods of 131 us, \
             some 2.1 s; put a pulse in between"
        );
    }

    /// Sorted pulses, dense here and sparse there.
    fn trains() -> impl Strategy<Value = Vec<Pulse>> {
        let step = prop_oneof![
            0u64..4,
            0u64..40,
            16_000u64..17_000,
            32_700u64..32_800,
            0u64..400_000
        ];
        proptest::collection::vec((step, any::<u16>()), 0..300).prop_map(|steps| {
            let mut time = 124;
            steps
                .into_iter()
                .map(|(step, address)| {
                    time += step;
                    pulse(time, address & 0x3fff)
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn pulses_come_back_through_the_words(train in trains()) {
            let options = ScheduleOptions { until: train.last().map_or(0, |last| last.time) + 40_000, ..OPTIONS };
            let playback = schedule(&train, options).unwrap();
            let words: Vec<u64> = playback.to_packets().into_iter().flat_map(|packet| packet.words).collect();
            let entries = from_words(&words).unwrap();
            prop_assert_eq!(&entries, &playback.entries);
            prop_assert_eq!(pulses(&entries, options.delay), train.clone());
            let released = releases(&entries);
            let end = released.last().unwrap().0;
            prop_assert_eq!(end, options.until.div_ceil(2));
            // One a clock, in order, and late exactly as often as said.
            let times: Vec<u64> = released[1..released.len() - 1].iter().map(|(time, _)| *time).collect();
            prop_assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
            let late = times.iter().zip(&train).filter(|(time, pulse)| **time > pulse.time / 2 - 62).count();
            prop_assert_eq!(late as u64, playback.late);
        }
    }
}
