//! Repeaters and their blocks.
//!
//! Source: `halbe:hal/backend/HICANNBackendHelper.{h,cpp}`, `halbe:hal/HICANNContainer.h` (`Repeater`, `RepeaterBlock`).

use super::{Contents, Refusal, Step, Undecodable, encode::field, step::put};
use taproot_wafer::{
    Bus, L1Address,
    registers::{Module, Register, SramTimings, layer1 as bits},
    repeater::{RepeaterBlock, TestPort},
};

/// The two sides of a repeater.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// Its own chip's bus, away from the border: see [`Bus::inwards`].
    Inwards,
    /// The neighbouring chip's bus.
    Outwards,
}

/// What a repeater does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RepeaterMode {
    /// Nothing.
    #[default]
    Idle,
    /// Repeats what comes from the other side.
    Forward(Drive),
    /// The same, and its test port records what it receives.
    Listen(Drive),
    /// Sends what the merger tree (sending repeaters) or the test port delivers, to one or both sides; at least one.
    Send {
        /// Onto its own bus.
        inwards: bool,
        /// Onto the neighbouring chip's bus.
        outwards: bool,
    },
    /// Leads the output of its test port to its input.
    Loopback,
}

/// A repeater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Repeater {
    /// What it does.
    pub mode: RepeaterMode,
    /// Crosstalk cancellation "len", 0 to 3; the public tools use 0.
    pub len: u8,
    /// Crosstalk cancellation "ren", 0 to 3; the public tools use 0.
    pub ren: u8,
}

/// A spike that a test port sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TestEvent {
    /// Its address.
    pub address: L1Address,
    /// When, 0 to 1023.
    pub time: u16,
}

/// What the repeaters of a block share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct BlockConfig {
    /// Receivers are held in reset. Encoding releases them in the stage that locks them, and not before.
    pub dll_reset: bool,
    /// Drivers are held in reset. It was found that never resetting them helps locking.
    pub driver_reset: bool,
    /// Filter capacitor of the receivers, 0 to 3.
    pub filter_capacitor: u8,
    /// Start recording, for each test port.
    pub record: [bool; 2],
    /// Start sending, for each test port.
    pub send: [bool; 2],
    /// What each test port sends.
    pub events: [[TestEvent; 3]; 2],
    /// Timings of the block's memory.
    pub timings: SramTimings,
}

/// All repeaters of a chip.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeaters {
    /// By [`Bus::index`].
    pub repeaters: Vec<Repeater>,
    /// By [`RepeaterBlock::index`].
    pub blocks: [BlockConfig; 6],
}

impl Default for Repeaters {
    fn default() -> Self {
        Self {
            repeaters: vec![Repeater::default(); Bus::COUNT],
            blocks: [BlockConfig::default(); 6],
        }
    }
}

impl RepeaterMode {
    /// Whether it drives its own bus and the neighbouring chip's.
    pub const fn drives(self) -> (bool, bool) {
        match self {
            RepeaterMode::Idle | RepeaterMode::Loopback => (false, false),
            RepeaterMode::Forward(Drive::Inwards) | RepeaterMode::Listen(Drive::Inwards) => (true, false),
            RepeaterMode::Forward(Drive::Outwards) | RepeaterMode::Listen(Drive::Outwards) => (false, true),
            RepeaterMode::Send { inwards, outwards } => (inwards, outwards),
        }
    }
}

impl Repeater {
    fn byte(&self) -> Result<u32, Refusal> {
        let (inwards, outwards) = self.mode.drives();
        let (test_input, test_output) = match self.mode {
            RepeaterMode::Idle | RepeaterMode::Forward(_) => (false, false),
            RepeaterMode::Listen(_) => (false, true),
            RepeaterMode::Send { .. } if !(inwards || outwards) => return Err(Refusal::SendsNowhere),
            RepeaterMode::Send { .. } => (true, false),
            RepeaterMode::Loopback => (true, true),
        };
        Ok(bits::INWARDS.put_bool(inwards)
            | bits::OUTWARDS.put_bool(outwards)
            | bits::TEST_INPUT.put_bool(test_input)
            | bits::TEST_OUTPUT.put_bool(test_output)
            | field(bits::LEN, self.len, "a repeater's len")?
            | field(bits::REN, self.ren, "a repeater's ren")?)
    }

    fn read(contents: &Contents, register: Register) -> Result<Self, Undecodable> {
        let data = contents.within(register, 0xff)?;
        let set = |field: taproot_wafer::Field| field.is_set(data);
        let (inwards, outwards) = (set(bits::INWARDS), set(bits::OUTWARDS));
        let drive = match inwards {
            true => Drive::Inwards,
            false => Drive::Outwards,
        };
        let mode = match (set(bits::TEST_OUTPUT), set(bits::TEST_INPUT)) {
            (false, false) if !inwards && !outwards => RepeaterMode::Idle,
            (false, false) if inwards != outwards => RepeaterMode::Forward(drive),
            (true, false) if inwards != outwards => RepeaterMode::Listen(drive),
            (false, true) if inwards || outwards => RepeaterMode::Send { inwards, outwards },
            (true, true) if !inwards && !outwards => RepeaterMode::Loopback,
            _ => {
                return Err(Undecodable::Meaningless {
                    register,
                    data,
                    why: "its directions do not go with its mode",
                });
            }
        };
        Ok(Self {
            mode,
            len: bits::LEN.get(data) as u8,
            ren: bits::REN.get(data) as u8,
        })
    }
}

const PORTS: [TestPort; 2] = [TestPort::Zero, TestPort::One];

impl BlockConfig {
    fn byte(&self, dll_reset: bool) -> Result<u32, Refusal> {
        let mut byte = bits::DLL_RUNS.put_bool(!dll_reset)
            | bits::DRIVERS_RUN.put_bool(!self.driver_reset)
            | field(
                bits::FILTER_CAPACITOR,
                self.filter_capacitor,
                "a filter capacitor",
            )?;
        for port in PORTS {
            byte |= bits::start_input(port).put_bool(self.record[port.index()]);
            byte |= bits::start_output(port).put_bool(self.send[port.index()]);
        }
        Ok(byte)
    }
}

impl Repeaters {
    /// The repeater of a bus.
    pub fn get(&self, bus: impl Into<Bus>) -> &Repeater {
        &self.repeaters[bus.into().index()]
    }

    /// The repeater of a bus, to be changed.
    pub fn get_mut(&mut self, bus: impl Into<Bus>) -> &mut Repeater {
        &mut self.repeaters[bus.into().index()]
    }

    /// Blocks: timings, test events, then the configuration. Receivers are in reset if `hold`, as configured otherwise.
    pub(super) fn write_blocks(&self, hold: bool, out: &mut Vec<Step>) -> Result<(), Refusal> {
        for (block, config) in RepeaterBlock::ALL.into_iter().zip(&self.blocks) {
            let module = Module::Repeaters(block);
            super::encode::put_timings(out, module, config.timings)?;
            for port in PORTS {
                for (number, event) in (0..).zip(config.events[port.index()]) {
                    if event.time > 1023 {
                        return Err(Refusal::ValueTooLarge {
                            what: "the time of a test event",
                            value: event.time.into(),
                            largest: 1023,
                        });
                    }
                    let time = u32::from(event.time);
                    let [first, second] = bits::test_event(port, number);
                    let low = bits::TEST_TIME_LOW.put(time & 3)
                        | bits::TEST_ADDRESS.put(event.address.index() as u32);
                    put(out, module.register(first), low);
                    put(out, module.register(second), bits::TEST_TIME_HIGH.put(time >> 2));
                }
            }
            let byte = config.byte(hold || config.dll_reset)?;
            put(out, module.register(bits::BLOCK_CONFIG), byte);
        }
        Ok(())
    }

    pub(super) fn write_repeaters(&self, out: &mut Vec<Step>) -> Result<(), Refusal> {
        for bus in Bus::all() {
            put(out, register(bus), self.get(bus).byte()?);
        }
        Ok(())
    }

    pub(super) fn read(contents: &Contents) -> Result<Self, Undecodable> {
        let mut repeaters = Self::default();
        for bus in Bus::all() {
            *repeaters.get_mut(bus) = Repeater::read(contents, register(bus))?;
        }
        for (block, config) in RepeaterBlock::ALL.into_iter().zip(&mut repeaters.blocks) {
            let module = Module::Repeaters(block);
            let byte = contents.within(module.register(bits::BLOCK_CONFIG), bits::BLOCK_BITS.mask())?;
            config.dll_reset = !bits::DLL_RUNS.is_set(byte);
            config.driver_reset = !bits::DRIVERS_RUN.is_set(byte);
            config.filter_capacitor = bits::FILTER_CAPACITOR.get(byte) as u8;
            config.timings = super::encode::read_timings(contents, module)?;
            for port in PORTS {
                config.record[port.index()] = bits::start_input(port).is_set(byte);
                config.send[port.index()] = bits::start_output(port).is_set(byte);
                for (number, event) in (0..).zip(&mut config.events[port.index()]) {
                    let [first, second] = bits::test_event(port, number);
                    let low = contents.within(module.register(first), 0xff)?;
                    let high = contents.within(module.register(second), 0xff)?;
                    *event = TestEvent {
                        address: L1Address::at(bits::TEST_ADDRESS.get(low) as usize),
                        time: (high << 2 | bits::TEST_TIME_LOW.get(low)) as u16,
                    };
                }
            }
        }
        Ok(repeaters)
    }
}

fn register(bus: Bus) -> Register {
    Module::Repeaters(bus.repeater_block()).register(bus.repeater_address() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Write;

    #[test]
    fn nine_of_sixteen_combinations_of_bits_are_modes() {
        let register = Module::Repeaters(RepeaterBlock::TopLeft).register(0);
        let mut legal = Vec::new();
        for data in 0..=255 {
            let mut contents = Contents::default();
            contents.apply(Write { register, data }).unwrap();
            if let Ok(repeater) = Repeater::read(&contents, register) {
                assert_eq!(repeater.byte(), Ok(data));
                if data < 16 || data % 16 == 0 {
                    legal.push(data >> 4);
                }
            }
        }
        legal.retain(|mode| *mode > 0);
        // Bits: listen 8, send 4, outwards 2, inwards 1.
        assert_eq!(legal, [1, 2, 5, 6, 7, 9, 10, 12]);
    }

    #[test]
    fn the_block_of_a_chip_at_rest() {
        let block = BlockConfig::default();
        assert_eq!(block.byte(true), Ok(0x20));
        assert_eq!(block.byte(false), Ok(0x30));
    }
}
