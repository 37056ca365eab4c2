//! What the devices of a chain can be told by JTAG.
//!
//! Source: `hicann-system:units/jtag_lib/source/jtag_cmdbase.h` (instructions, widths and what is known of the bits);
//! `halbe:hal/backend/HICANNBackendHelper.cpp` and `halbe:hal/backend/FPGABackend.cpp` (clock).
//!
//! **Unknown:** what BIAS_CTRL, PLL2G_CTRL, SET_IBIAS, SET_TEST_CTRL and READ_STATUS say bit by bit (values that programs
//! for real hardware use are given); ARQ_READ_DOUT and its like of the FPGA, whose layout the source leaves to a wiki
//! that is not public, are not here. The DNC has a long list of instructions of its own; FPGAs of wafer modules have
//! taken its place in the chain, so they are not here either.

use super::program::{Data, Operation};

/// A command to a HICANN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HicannCommand {
    /// 0x00, 32 bits: reads the identity, [`HICANN_ID`](super::chain::HICANN_ID).
    ReadId,
    /// 0x02: switches the high-speed pads off (true) or on.
    DisablePads(bool),
    /// 0x03: sets up the high-speed link.
    LinkControl(LinkControl),
    /// 0x04: directions of the layer-1 channels, 1 towards layer 1, 0 towards the FPGA.
    Layer1Mode(u8),
    /// 0x05: enables the interface to the FPGA.
    SystemEnable(bool),
    /// 0x06, 6 bits: bias. 0x10 when the chip is shut down.
    Bias(u8),
    /// 0x07, 15 bits: bias currents, 5 bits each of transmitter pad (high), receiver pad, deserializer; reads the old ones.
    BiasCurrents(u16),
    /// 0x08: starts the link.
    StartLink,
    /// 0x09: stops it.
    StopLink,
    /// 0x0a: stops the system time (true), or has it wait for its start.
    StopTime(bool),
    /// 0x0b, 15 bits: reads the system time.
    ReadTime,
    /// 0x0c: resets the chip.
    GlobalReset,
    /// 0x0d: two pulses in a packet.
    DoublePulses(bool),
    /// 0x0e: resets the system time.
    ResetTime,
    /// 0x0f: for each channel, whether pulses with address 0 are dropped.
    Neuron0Filter(u8),
    /// 0x10, 3 bits: the PLL of the link. 0x7 before a shutdown, 0x0 after.
    LinkPll(u8),
    /// 0x11: what is sent next.
    SetTransmitData(u64),
    /// 0x12, 64 bits: reads what was received last.
    GetReceivedData,
    /// 0x17, 4 bits: test mode. 0xc sends configuration packets of one's own, 0xa pulses, 0 is normal.
    TestControl(u8),
    /// 0x18: sends a configuration packet.
    StartConfigPacket,
    /// 0x19: sends a pulse.
    StartPulsePacket,
    /// 0x1a, 8 bits: reads the state of the link.
    ReadStatus,
    /// 0x1b: holds the interface in reset.
    SetReset,
    /// 0x1c: releases it.
    ReleaseReset,
    /// 0x21, 6 bits: delay of received data; reads the old one.
    DataDelay(u8),
    /// 0x22, 6 bits: delay of the received clock; reads the old one.
    ClockDelay(u8),
    /// 0x27, 8 bits: reads the number of check-sum errors.
    ReadCrcErrors,
    /// 0x28: forgets them.
    ResetCrcErrors,
    /// 0x29: the clock of the chip.
    Pll(Pll),
    /// 0x30: resets the ARQ of both tags, or has them answer themselves.
    ArqControl(PerTag),
    /// 0x31, 32 bits: reads the packets sent by the ARQ.
    ReadArqSent,
    /// 0x32, 32 bits: reads the packets received by the ARQ.
    ReadArqReceived,
    /// 0x33, 32 bits: reads the packets dropped by the ARQ.
    ReadArqDropped,
    /// 0x34: clocks until the ARQ repeats a packet. 70 and 100 over the FPGA.
    ArqResendTimeout(PerTag),
    /// 0x35: clocks until the ARQ acknowledges a packet. 15 and 20 over the FPGA.
    ArqAcknowledgeTimeout(PerTag),
    /// 0x36, 32 bits: reads how often the ARQ has repeated.
    ReadArqResends,
    /// 0x37, 32 bits: reads how often it has sent a bare acknowledgement.
    ReadArqAcknowledgements,
}

/// How a high-speed link is set up, by bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkControl {
    /// Bit 0: initializes by itself.
    pub auto_init: bool,
    /// Bit 1: leads initialization.
    pub init_master: bool,
    /// Bit 2: protocol for configuration.
    pub config_protocol: bool,
    /// Bit 3: protocol for pulses.
    pub pulse_protocol: bool,
    /// Bit 4: balances direct current.
    pub dc_balance: bool,
    /// Bit 5: low speed.
    pub low_speed: bool,
    /// Bit 6: time stamps count.
    pub use_timestamp: bool,
    /// Bit 7: loops back.
    pub loop_back: bool,
    /// Bit 8: detects the speed.
    pub detect_speed: bool,
}

impl LinkControl {
    fn to_bits(self) -> u64 {
        let bits = [
            self.auto_init,
            self.init_master,
            self.config_protocol,
            self.pulse_protocol,
            self.dc_balance,
            self.low_speed,
            self.use_timestamp,
            self.loop_back,
            self.detect_speed,
        ];
        (0..).zip(bits).map(|(n, bit)| u64::from(bit) << n).sum()
    }
}

/// The clock of a HICANN: 50 MHz x multiplier / divider, 100 to 250 MHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pll {
    divider: u8,
    multiplier: u8,
}

impl Pll {
    /// None if there is no such setting: 100, 125, 150, 175, 200, 225 or 250 MHz.
    pub const fn from_mhz(mhz: u32) -> Option<Self> {
        if mhz < 100 || mhz > 250 || !mhz.is_multiple_of(25) {
            return None;
        }
        let quarters = (mhz / 25) as u8;
        Some(if quarters.is_multiple_of(2) {
            Self {
                divider: 1,
                multiplier: quarters / 2,
            }
        } else {
            Self {
                divider: 2,
                multiplier: quarters,
            }
        })
    }

    /// MHz.
    pub const fn mhz(self) -> u32 {
        50 * self.multiplier as u32 / self.divider as u32
    }

    /// Divider, multiplier, not powered down, the range from 100 MHz, no test.
    fn to_bits(self) -> u64 {
        u64::from(self.divider) << 9 | u64::from(self.multiplier) << 3 | 1 << 2 | 1 << 1
    }
}

/// A value for the ARQ of each tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerTag {
    /// For the slow bus.
    pub slow: u16,
    /// For the fast bus.
    pub fast: u16,
}

impl PerTag {
    /// [`HicannCommand::ArqControl`]: resets both.
    pub const RESET: Self = Self { slow: 1, fast: 1 };
    /// [`HicannCommand::ArqControl`]: both answer themselves.
    pub const LOOP_BACK: Self = Self { slow: 2, fast: 2 };

    /// Written with the slow bus in the upper half.
    fn to_bits(self) -> u64 {
        u64::from(self.slow) << 16 | u64::from(self.fast)
    }

    /// From a counter that was read: read with the slow bus in the lower half, so the source has it.
    pub fn from_counter(value: u64) -> Self {
        Self {
            slow: value as u16,
            fast: (value >> 16) as u16,
        }
    }
}

const fn told(instruction: u8) -> Operation {
    Operation {
        instruction,
        data: Data::None,
        execute: false,
    }
}

const fn executed(instruction: u8) -> Operation {
    Operation {
        execute: true,
        ..told(instruction)
    }
}

const fn write(instruction: u8, value: u64, bits: u8) -> Operation {
    Operation {
        data: Data::Write { value, bits },
        ..told(instruction)
    }
}

const fn read(instruction: u8, bits: u8) -> Operation {
    Operation {
        data: Data::Read { bits },
        ..told(instruction)
    }
}

const fn exchange(instruction: u8, value: u64, bits: u8) -> Operation {
    Operation {
        data: Data::Exchange { value, bits },
        ..told(instruction)
    }
}

impl HicannCommand {
    /// What has to be done for it.
    pub fn operation(self) -> Operation {
        match self {
            Self::ReadId => read(0x00, 32),
            Self::DisablePads(off) => write(0x02, off.into(), 1),
            Self::LinkControl(control) => write(0x03, control.to_bits(), 9),
            Self::Layer1Mode(directions) => write(0x04, directions.into(), 8),
            Self::SystemEnable(on) => write(0x05, on.into(), 1),
            Self::Bias(bias) => write(0x06, bias.into(), 6),
            Self::BiasCurrents(currents) => exchange(0x07, currents.into(), 15),
            Self::StartLink => told(0x08),
            Self::StopLink => told(0x09),
            Self::StopTime(stop) => write(0x0a, stop.into(), 1),
            Self::ReadTime => read(0x0b, 15),
            Self::GlobalReset => executed(0x0c),
            Self::DoublePulses(on) => write(0x0d, on.into(), 1),
            Self::ResetTime => told(0x0e),
            Self::Neuron0Filter(channels) => write(0x0f, channels.into(), 8),
            Self::LinkPll(control) => write(0x10, control.into(), 3),
            Self::SetTransmitData(data) => write(0x11, data, 64),
            Self::GetReceivedData => read(0x12, 64),
            Self::TestControl(mode) => write(0x17, mode.into(), 4),
            Self::StartConfigPacket => executed(0x18),
            Self::StartPulsePacket => executed(0x19),
            Self::ReadStatus => read(0x1a, 8),
            Self::SetReset => executed(0x1b),
            Self::ReleaseReset => executed(0x1c),
            Self::DataDelay(delay) => exchange(0x21, delay.into(), 6),
            Self::ClockDelay(delay) => exchange(0x22, delay.into(), 6),
            Self::ReadCrcErrors => read(0x27, 8),
            Self::ResetCrcErrors => told(0x28),
            Self::Pll(pll) => write(0x29, pll.to_bits(), 15),
            Self::ArqControl(control) => write(0x30, control.to_bits(), 32),
            Self::ReadArqSent => read(0x31, 32),
            Self::ReadArqReceived => read(0x32, 32),
            Self::ReadArqDropped => read(0x33, 32),
            Self::ArqResendTimeout(clocks) => write(0x34, clocks.to_bits(), 32),
            Self::ArqAcknowledgeTimeout(clocks) => write(0x35, clocks.to_bits(), 32),
            Self::ReadArqResends => read(0x36, 32),
            Self::ReadArqAcknowledgements => read(0x37, 32),
        }
    }

    /// What it takes to send a packet of the HICANN's ARQ by JTAG alone, in order.
    pub fn send_packet(word: u64) -> [Self; 4] {
        [
            Self::TestControl(0xc),
            Self::SetTransmitData(word),
            Self::StartConfigPacket,
            Self::TestControl(0),
        ]
    }
}

/// A command to an FPGA, about its high-speed link to one HICANN: the one selected last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FpgaCommand {
    /// 0x0, 32 bits: reads the identity, [`FPGA_ID`](super::chain::FPGA_ID).
    ReadId,
    /// 0x1, 64 bits: reads the state: link (0..7), check-sum errors (8..15), time (16..29), dropped pulses (52..63).
    ReadState,
    /// 0x2, 64 bits: reads the configuration packet received last.
    GetReceivedConfig,
    /// 0x3, 24 bits: reads the pulse received last.
    GetReceivedPulse,
    /// 0x4, 29 bits: sets up the link: start (0), loop back (1), initialize by itself (2), lead (3), time stamps (4), limit by
    /// itself (5), protocols for pulses (6) and configuration (7), directions (8..15), limit (16..26), DC coding (27),
    /// inverted data (28: HICANN link 3 on a wafer).
    LinkConfig(u32),
    /// 0x5, 6 bits: sends a pulse (0), configuration (1), routing data (2); resets the channel (3), the count of check-sum errors
    /// (4), of dropped pulses (5).
    LinkControl(u8),
    /// 0x6: what is sent next.
    SetTransmitData(u64),
    /// 0x7: keeps configuration packets of the link from the ARQ (true).
    DisableConfigOutput(bool),
    /// 0x8, 3 bits: selects a HICANN, by its link.
    Select(taproot_wafer::Link),
    /// 0x9, 5 bits: reads the delay of received data.
    ReadDataDelay,
    /// 0x9, 6 bits: sets it, 0 to 31.
    DataDelay(u8),
    /// 0xd: which pulses are dropped by channel and address (9 bits).
    NeuronFilter {
        /// Pulses with any of these bits clear in the mask and set in the address are dropped.
        positive: u16,
        /// Pulses with all bits that are clear in the mask unset are dropped; 0b111000000 drops address 0.
        negative: u16,
    },
}

impl FpgaCommand {
    /// What has to be done for it.
    pub fn operation(self) -> Operation {
        match self {
            Self::ReadId => read(0x0, 32),
            Self::ReadState => read(0x1, 64),
            Self::GetReceivedConfig => read(0x2, 64),
            Self::GetReceivedPulse => read(0x3, 24),
            Self::LinkConfig(config) => write(0x4, config.into(), 29),
            Self::LinkControl(control) => write(0x5, control.into(), 6),
            Self::SetTransmitData(data) => write(0x6, data, 64),
            Self::DisableConfigOutput(off) => write(0x7, off.into(), 1),
            Self::Select(link) => write(0x8, link.index() as u64, 3),
            Self::ReadDataDelay => read(0x9, 5),
            Self::DataDelay(delay) => write(0x9, 1 << 5 | u64::from(delay & 31), 6),
            Self::NeuronFilter { positive, negative } => write(
                0xd,
                u64::from(positive & 0x1ff) << 9 | u64::from(negative & 0x1ff),
                18,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_set_as_halbe_does() {
        // FPGABackend.cpp: 125 MHz is multiplier 5, divider 2; HICANN_set_pll_far_ctrl(2, 5, 1, 1, 0).
        let pll = Pll::from_mhz(125).unwrap();
        assert_eq!(
            HicannCommand::Pll(pll).operation(),
            write(0x29, 2 << 9 | 5 << 3 | 0b110, 15)
        );
        let pll = Pll::from_mhz(200).unwrap();
        assert_eq!(
            HicannCommand::Pll(pll).operation(),
            write(0x29, 1 << 9 | 4 << 3 | 0b110, 15)
        );
        for mhz in (100..=250).step_by(25) {
            assert_eq!(Pll::from_mhz(mhz).map(Pll::mhz), Some(mhz));
        }
        assert_eq!([75, 110, 275].map(Pll::from_mhz), [None; 3]);
    }

    #[test]
    fn values_have_their_places() {
        let timeouts = PerTag { slow: 15, fast: 20 };
        let acknowledge = HicannCommand::ArqAcknowledgeTimeout(timeouts).operation();
        assert_eq!(acknowledge, write(0x35, 15 << 16 | 20, 32));
        assert_eq!(PerTag::from_counter(20 << 16 | 15), timeouts);
        // s2c_jtagphys_2fpga.cpp sets up links with 0x061.
        let control = LinkControl {
            auto_init: true,
            low_speed: true,
            use_timestamp: true,
            ..LinkControl::default()
        };
        assert_eq!(
            HicannCommand::LinkControl(control).operation(),
            write(0x03, 0x061, 9)
        );
        // FPGABackend.cpp: drop events with address 0.
        let filter = FpgaCommand::NeuronFilter {
            positive: 0x1ff,
            negative: 0b1_1100_0000,
        };
        assert_eq!(filter.operation(), write(0xd, 0x1ff << 9 | 0x1c0, 18));
        assert_eq!(FpgaCommand::DataDelay(7).operation(), write(0x9, 0x27, 6));
    }

    #[test]
    fn a_packet_by_jtag_alone_takes_four_commands() {
        let instructions = HicannCommand::send_packet(5).map(|command| command.operation().instruction);
        assert_eq!(instructions, [0x17, 0x11, 0x18, 0x17]);
    }
}
