//! Crossbar switches, synapse switches and repeaters.
//!
//! Sources: `halbe:hal/backend/{HICANNBackend,HICANNBackendHelper}.cpp`,
//! `hicann-system:units/stage2_hal/source/repeater_control.h`.

use super::{Module, Register};
use crate::{
    Field, Half, HorizontalBus, Side, SynapseDriver, crossbar, repeater::TestPort, synapse_switch::SwitchRow,
};

/// Bits of a crossbar register.
pub const CROSSBAR_BITS: Field = Field::bits(0, 3);
/// Bits of a register of synapse switches.
pub const SYNAPSE_SWITCH_BITS: Field = Field::bits(0, 15);

/// The register with the four crossbar switches of a horizontal bus in one half of the chip.
pub const fn crossbar_register(bus: HorizontalBus, side: Side) -> Register {
    Module::Crossbar(side).register(63 - bus.index() as u16)
}

/// The bit of a crossbar switch: counted from the left border in the left half, from the right border in the right half.
///
/// # Panics
///
/// If `number` is above 3.
pub const fn crossbar_bit(side: Side, number: usize) -> Field {
    assert!(number < crossbar::PER_ROW_AND_SIDE, "four switches");
    match side {
        Side::Left => Field::bit(number as u8),
        Side::Right => Field::bit(3 - number as u8),
    }
}

/// The register with a row of synapse switches.
pub const fn synapse_switch_register(row: SwitchRow) -> Register {
    let line = row.line.index() as u16;
    let per_half = SynapseDriver::COUNT as u16 / 2;
    let offset = match row.line.half() {
        Half::Top => per_half - 1 - line,
        Half::Bottom => line - per_half,
    };
    Module::SynapseSwitches(row.line.half(), row.side).register(offset)
}

/// The bit of switch `number` of a row: counted from the middle of the chip.
///
/// # Panics
///
/// If `number` is above 15.
pub const fn synapse_switch_bit(side: Side, number: usize) -> Field {
    assert!(number < 16, "sixteen switches");
    match side {
        Side::Left => Field::bit(15 - number as u8),
        Side::Right => Field::bit(number as u8),
    }
}

/// Repeater's byte: setting of crosstalk cancellation, "len". No public source says what its values do.
pub const LEN: Field = Field::bits(0, 1);
/// Repeater's byte: setting of crosstalk cancellation, "ren". No public source says what its values do.
pub const REN: Field = Field::bits(2, 3);
/// Repeater's byte: drives its own bus. (`hicann-system` calls bits 4 and 5 direction and enable; what they do together is
/// taken from `halbe`, whose use of them is newer.)
pub const INWARDS: Field = Field::bit(4);
/// Repeater's byte: drives the neighbouring chip's bus.
pub const OUTWARDS: Field = Field::bit(5);
/// Repeater's byte: sends what the test port or, on sending repeaters, the merger tree delivers.
pub const TEST_INPUT: Field = Field::bit(6);
/// Repeater's byte: the test port records what the repeater receives.
pub const TEST_OUTPUT: Field = Field::bit(7);

/// Offset in a repeater block: configuration when written, status when read.
pub const BLOCK_CONFIG: u16 = 0x80;
/// Bits of the block's configuration.
pub const BLOCK_BITS: Field = Field::bits(0, 7);

/// Offset in a repeater block of the two bytes of test event `number`, 0 to 2, of a port.
///
/// # Panics
///
/// If `number` is above 2.
pub const fn test_event(port: TestPort, number: u16) -> [u16; 2] {
    assert!(number < 3, "three test events");
    let first = match port {
        TestPort::Zero => 0x81,
        TestPort::One => 0x87,
    } + 2 * number;
    [first, first + 1]
}

/// First byte of a test event: address.
pub const TEST_ADDRESS: Field = Field::bits(0, 5);
/// First byte of a test event: lowest two of the ten bits of its time.
pub const TEST_TIME_LOW: Field = Field::bits(6, 7);
/// Second byte of a test event: upper eight bits of its time.
pub const TEST_TIME_HIGH: Field = Field::bits(0, 7);

/// Block's configuration: start sending the test events of a port.
pub const fn start_output(port: TestPort) -> Field {
    Field::bit(port.index() as u8)
}

/// Block's configuration: start recording test events on a port.
pub const fn start_input(port: TestPort) -> Field {
    Field::bit(2 + port.index() as u8)
}

/// Block's configuration: the delay-locked loops are *not* in reset.
pub const DLL_RUNS: Field = Field::bit(4);
/// Block's configuration: the drivers are *not* in reset.
pub const DRIVERS_RUN: Field = Field::bit(5);
/// Block's configuration: filter capacitor of the delay-locked loops.
pub const FILTER_CAPACITOR: Field = Field::bits(6, 7);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_from_the_middle() {
        let address = |bus, side| crossbar_register(HorizontalBus::at(bus), side).address;
        assert_eq!([address(0, Side::Left), address(63, Side::Right)], [63, 0xd400]);
        let address =
            |side, line| synapse_switch_register(SwitchRow::new(side, SynapseDriver::at(line))).address;
        assert_eq!(address(Side::Left, 0), 0xe000 + 111);
        assert_eq!(address(Side::Right, 111), 0xd000);
        assert_eq!(address(Side::Left, 112), 0xa000);
        assert_eq!(address(Side::Right, 223), 0xd200 + 111);
    }

    #[test]
    fn test_events_take_two_bytes_each() {
        assert_eq!(test_event(TestPort::Zero, 2), [0x85, 0x86]);
        assert_eq!(test_event(TestPort::One, 0), [0x87, 0x88]);
    }
}
