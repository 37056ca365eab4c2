//! Synapse drivers.
//!
//! Sources: `halbe:hal/HICANN/{SynapseDriver,RowConfig}.h`, `halbe:hal/backend/HICANNBackend.cpp` (`set_synapse_driver`).

use super::{Contents, Refusal, Step, Undecodable, encode::field, step::put};
use taproot_wafer::{
    Side, SynapseDriver,
    registers::{Module, Register, synapse as bits},
};

/// Short-term plasticity of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ShortTermPlasticity {
    /// It is on.
    pub on: bool,
    /// Depression instead of facilitation, by `halbe`; the public simulator reads the bit the other way round.
    pub depression: bool,
    /// Size of the capacitor, 0 to 7: how much of the resource a spike uses.
    pub capacitor: u8,
}

/// One of the two synapse rows of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowConfig {
    /// It acts on the left ("x", excitatory by convention) input of its neurons.
    pub input_left: bool,
    /// It acts on the right ("i", inhibitory by convention) input of its neurons.
    pub input_right: bool,
    /// Which of the quadrant's four `V_gmax`, 0 to 3.
    pub gmax: u8,
    /// Divider of the conductance, left part, 0 to 15; the sum of both parts counts.
    pub divider_left: u8,
    /// Divider of the conductance, right part, 0 to 15.
    pub divider_right: u8,
    /// Upper two address bits to which synapses in even columns react, 0 to 3.
    pub strobe_even: u8,
    /// Upper two address bits to which synapses in odd columns react, 0 to 3.
    pub strobe_odd: u8,
}

impl Default for RowConfig {
    fn default() -> Self {
        Self {
            input_left: false,
            input_right: false,
            gmax: 0,
            divider_left: 1,
            divider_right: 1,
            strobe_even: 0,
            strobe_odd: 0,
        }
    }
}

/// A synapse driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DriverConfig {
    /// It is on.
    pub on: bool,
    /// It takes what its synapse switches bring.
    pub local_input: bool,
    /// Its input is tied to that of its outer neighbour ([`SynapseDriver::outer_neighbour`]).
    pub connect_neighbour: bool,
    /// Short-term plasticity.
    pub plasticity: ShortTermPlasticity,
    /// Its rows: upper, lower.
    pub rows: [RowConfig; 2],
}

/// The strobe bits of a pattern.
fn strobe(positions: [u8; 2], pattern: u8) -> u32 {
    u32::from(pattern & 1) << positions[0] | u32::from(pattern >> 1 & 1) << positions[1]
}

fn pattern(positions: [u8; 2], register: u32) -> u8 {
    (register >> positions[0] & 1 | (register >> positions[1] & 1) << 1) as u8
}

impl DriverConfig {
    /// The six bytes in the order in which they are written, each with its offset from the hardware-bottom row.
    fn bytes(&self, driver: SynapseDriver) -> Result<[(u16, u32); 6], Refusal> {
        let bottom = driver.hardware_bottom() as usize;
        let (bottom, top) = (&self.rows[bottom], &self.rows[1 - bottom]);
        let dividers = |row: &RowConfig| -> Result<u32, Refusal> {
            Ok(
                field(bits::DIVIDER_LEFT, row.divider_left, "a conductance divider")?
                    | field(bits::DIVIDER_RIGHT, row.divider_right, "a conductance divider")?,
            )
        };
        let common = |row: &RowConfig| -> Result<u32, Refusal> {
            Ok(bits::INPUT_LEFT.put_bool(row.input_left)
                | bits::INPUT_RIGHT.put_bool(row.input_right)
                | field(bits::GMAX_SELECT, row.gmax, "the selector of a V_gmax")?)
        };
        let patterns = [
            bottom.strobe_even,
            bottom.strobe_odd,
            top.strobe_even,
            top.strobe_odd,
        ];
        if let Some(value) = patterns.into_iter().find(|pattern| *pattern > 3) {
            return Err(Refusal::ValueTooLarge {
                what: "the address bits of a strobe",
                value: value.into(),
                largest: 3,
            });
        }
        let strobes = strobe(bits::STROBE_BOTTOM_EVEN, bottom.strobe_even)
            | strobe(bits::STROBE_TOP_EVEN, top.strobe_even)
            | strobe(bits::STROBE_BOTTOM_ODD, bottom.strobe_odd)
            | strobe(bits::STROBE_TOP_ODD, top.strobe_odd);
        let bottom_config = common(bottom)?
            | bits::CONNECT_NEIGHBOUR.put_bool(self.connect_neighbour)
            | bits::LOCAL_INPUT.put_bool(self.local_input)
            | bits::ENABLE.put_bool(self.on)
            | bits::STP_ENABLE.put_bool(self.plasticity.on);
        let top_config = common(top)?
            | field(
                bits::STP_CAPACITOR,
                self.plasticity.capacitor,
                "a plasticity capacitor",
            )?
            | bits::STP_DEPRESSION.put_bool(self.plasticity.depression);
        Ok([
            (bits::GMAX_DIVIDERS, dividers(bottom)?),
            (bits::GMAX_DIVIDERS + 1, dividers(top)?),
            (bits::STROBES, strobes),
            (bits::STROBES + 1, 0),
            (bits::ROW_CONFIG, bottom_config),
            (bits::ROW_CONFIG + 1, top_config),
        ])
    }

    /// Six bytes, each followed by a wait until the memory has taken it.
    pub(super) fn write(
        &self,
        driver: SynapseDriver,
        wait: Step,
        out: &mut Vec<Step>,
    ) -> Result<(), Refusal> {
        for (offset, byte) in self.bytes(driver)? {
            put(out, register(driver, offset), byte << shift(driver));
            out.push(wait);
        }
        Ok(())
    }

    pub(super) fn read(contents: &Contents, driver: SynapseDriver) -> Result<Self, Undecodable> {
        let byte = |offset, mask: u32| -> Result<u32, Undecodable> {
            let data = contents.within(register(driver, offset), mask << shift(driver))?;
            Ok(data >> shift(driver))
        };
        let strobes = byte(bits::STROBES, 0xff)?;
        byte(bits::STROBES + 1, 0)?;
        let row = |offset: u16, even, odd| -> Result<RowConfig, Undecodable> {
            let config = byte(bits::ROW_CONFIG + offset, 0xff)?;
            let dividers = byte(bits::GMAX_DIVIDERS + offset, 0xff)?;
            Ok(RowConfig {
                input_left: bits::INPUT_LEFT.is_set(config),
                input_right: bits::INPUT_RIGHT.is_set(config),
                gmax: bits::GMAX_SELECT.get(config) as u8,
                divider_left: bits::DIVIDER_LEFT.get(dividers) as u8,
                divider_right: bits::DIVIDER_RIGHT.get(dividers) as u8,
                strobe_even: pattern(even, strobes),
                strobe_odd: pattern(odd, strobes),
            })
        };
        let bottom = row(0, bits::STROBE_BOTTOM_EVEN, bits::STROBE_BOTTOM_ODD)?;
        let top = row(1, bits::STROBE_TOP_EVEN, bits::STROBE_TOP_ODD)?;
        let bottom_config = byte(bits::ROW_CONFIG, 0xff)?;
        let top_config = byte(bits::ROW_CONFIG + 1, 0xff)?;
        let mut rows = [top, bottom];
        if driver.hardware_bottom() as usize == 0 {
            rows.swap(0, 1);
        }
        Ok(Self {
            on: bits::ENABLE.is_set(bottom_config),
            local_input: bits::LOCAL_INPUT.is_set(bottom_config),
            connect_neighbour: bits::CONNECT_NEIGHBOUR.is_set(bottom_config),
            plasticity: ShortTermPlasticity {
                on: bits::STP_ENABLE.is_set(bottom_config),
                depression: bits::STP_DEPRESSION.is_set(top_config),
                capacitor: bits::STP_CAPACITOR.get(top_config) as u8,
            },
            rows,
        })
    }
}

/// Drivers on the right edge have the upper byte of their registers.
fn shift(driver: SynapseDriver) -> u32 {
    match driver.side() {
        Side::Left => 0,
        Side::Right => 8,
    }
}

fn register(driver: SynapseDriver, offset: u16) -> Register {
    Module::SynapseController(driver.half()).register(driver.hardware_address() + offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> DriverConfig {
        let upper = RowConfig {
            input_left: true,
            gmax: 2,
            divider_left: 5,
            divider_right: 9,
            strobe_even: 0b01,
            strobe_odd: 0b10,
            ..RowConfig::default()
        };
        let lower = RowConfig {
            input_right: true,
            gmax: 1,
            divider_left: 3,
            divider_right: 0,
            strobe_even: 0b11,
            strobe_odd: 0b00,
            ..RowConfig::default()
        };
        DriverConfig {
            on: true,
            local_input: true,
            connect_neighbour: false,
            plasticity: ShortTermPlasticity {
                on: true,
                depression: true,
                capacitor: 6,
            },
            rows: [upper, lower],
        }
    }

    #[test]
    fn bytes_by_hand_in_the_upper_half() {
        // The lower row is the hardware's bottom row.
        let bytes = sample().bytes(SynapseDriver::at(7)).unwrap();
        assert_eq!(bytes[0], (0x200, 0x03));
        assert_eq!(bytes[1], (0x201, 0x95));
        // Bottom even 11: bits 0 and 2; top even 01: low bit at 3; bottom odd 00; top odd 10: high bit at 5.
        assert_eq!(bytes[2], (0x100, 0b0010_1101));
        assert_eq!(bytes[3], (0x101, 0));
        // right input, V_gmax 1, local, enable, plasticity.
        assert_eq!(bytes[4], (0x000, 0b1110_0110));
        // left input, V_gmax 2, capacitor 6, depression.
        assert_eq!(bytes[5], (0x001, 0b1110_1001));
    }

    #[test]
    fn the_lower_half_is_a_mirror_image() {
        let bytes = sample().bytes(SynapseDriver::at(112)).unwrap();
        assert_eq!(bytes[0], (0x200, 0x95));
        // Bottom even 01: low bit at 0; top even 11: bits 3 and 1; bottom odd 10: high bit at 6; top odd 00.
        assert_eq!(bytes[2], (0x100, 0b0100_1011));
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        let mut driver = sample();
        driver.rows[0].strobe_odd = 4;
        assert!(driver.bytes(SynapseDriver::at(0)).is_err());
        let mut driver = sample();
        driver.plasticity.capacitor = 8;
        assert!(driver.bytes(SynapseDriver::at(0)).is_err());
    }
}
