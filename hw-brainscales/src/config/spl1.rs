//! Channels of spikes between the chip and its DNC.
//!
//! Sources: `halbe:hal/HICANN/GbitLink.h`, `halbe:hal/backend/HICANNBackend.cpp` (`set_gbit_link`).

use super::{Contents, Step, Undecodable, step::put};
use taproot_wafer::registers::{Module, neuron_control as control};

/// What a channel is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Channel {
    /// Nothing.
    #[default]
    Off,
    /// Spikes of the chip go to the DNC.
    ToDnc,
    /// Spikes from the DNC go to the DNC merger of the same number.
    ToChip,
}

/// The eight channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Spl1 {
    /// By number, which is that of the DNC merger.
    pub channels: [Channel; 8],
    /// Spikes to the chip are released at the time that they carry, instead of at once.
    pub use_timestamps: bool,
}

impl Spl1 {
    fn word(&self) -> u32 {
        let mut word = control::USE_TIMESTAMPS.put_bool(self.use_timestamps);
        for (number, channel) in (0..).zip(self.channels) {
            word |= control::channel_on(number).put_bool(channel != Channel::Off);
            word |= control::channel_to_chip(number).put_bool(channel == Channel::ToChip);
        }
        word
    }

    pub(super) fn write(&self, out: &mut Vec<Step>) {
        put(out, Module::Spl1.register(0), self.word());
    }

    pub(super) fn read(contents: &Contents) -> Result<Self, Undecodable> {
        let register = Module::Spl1.register(0);
        let data = contents.within(register, 0x1_ffff)?;
        let mut channels = [Channel::Off; 8];
        for (number, channel) in (0..).zip(&mut channels) {
            let on = control::channel_on(number).is_set(data);
            *channel = match (on, control::channel_to_chip(number).is_set(data)) {
                (true, true) => Channel::ToChip,
                (true, false) => Channel::ToDnc,
                (false, false) => Channel::Off,
                (false, true) => {
                    return Err(Undecodable::Meaningless {
                        register,
                        data,
                        why: "a channel that is off has a direction",
                    });
                }
            };
        }
        Ok(Self {
            channels,
            use_timestamps: control::USE_TIMESTAMPS.is_set(data),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_by_hand() {
        let mut spl1 = Spl1 {
            use_timestamps: true,
            ..Spl1::default()
        };
        spl1.channels[0] = Channel::ToChip;
        spl1.channels[6] = Channel::ToDnc;
        assert_eq!(spl1.word(), 1 << 16 | 1 << 15 | 1 << 7 | 1 << 1);
    }
}
