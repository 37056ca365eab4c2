//! Background generators.
//!
//! Source: `halbe:hal/HICANNContainer.{h,cpp}` (`BackgroundGenerator`), `halbe:hal/backend/HICANNBackend.cpp`.

use super::{Contents, Step, Undecodable, step::put};
use taproot_wafer::{
    Field, L1Address, NeuronBlock,
    registers::{Module, neuron_control as control},
};

/// A generator of spikes inside the chip, one per neuron block. Receivers need its regular traffic to stay locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackgroundGenerator {
    /// It is on.
    pub on: bool,
    /// Intervals are random, and the address is always 0.
    pub random: bool,
    /// Regular: clocks between spikes minus 1. Random: 65535 · (1 − 2/mean interval).
    pub period: u16,
    /// Start of the random sequence, not 0. There is one register for all generators, which each takes when it is switched
    /// on; so one that is off has none, and decodes as 0.
    pub seed: u16,
    /// The address that it sends.
    pub address: L1Address,
}

impl Default for BackgroundGenerator {
    fn default() -> Self {
        Self {
            on: false,
            random: false,
            period: 100,
            seed: 0,
            address: L1Address::LOCKING,
        }
    }
}

impl BackgroundGenerator {
    /// One that sends address 0 every `interval` clocks, 2 to 65,536; none for other intervals.
    pub fn regular(interval: u32) -> Option<Self> {
        (2..=65_536).contains(&interval).then(|| Self {
            on: true,
            period: (interval - 1) as u16,
            ..Self::default()
        })
    }

    /// One that sends address 0 at random, every `interval` clocks in the mean, 4 to 32,768; none for other intervals and
    /// for seed 0, from which the generator never moves.
    pub fn random(interval: u32, seed: u16) -> Option<Self> {
        ((4..=32_768).contains(&interval) && seed != 0).then(|| Self {
            on: true,
            random: true,
            period: (65_535.0 * (1.0 - 2.0 / f64::from(interval))) as u16,
            seed,
            ..Self::default()
        })
    }
}

/// All off; addresses; periods; then one after another its seed, and on.
pub(super) fn write(generators: &[BackgroundGenerator; 8], out: &mut Vec<Step>) {
    let register = |offset| Module::NeuronControl.register(offset);
    put(out, register(control::GENERATORS), 0);
    for first in (0..8).step_by(2) {
        let mut data = 0;
        let mut offset = 0;
        for generator in [first, first + 1] {
            let (at, field) = control::generator_address(NeuronBlock::at(generator));
            offset = at;
            data |= field.put(generators[generator].address.index() as u32);
        }
        put(out, register(offset), data);
    }
    for (block, generator) in NeuronBlock::all().zip(generators) {
        put(out, register(control::period(block)), generator.period.into());
    }
    let mut switches = 0;
    for (block, generator) in NeuronBlock::all().zip(generators) {
        let bit = Field::bit(block.register_bit());
        switches |= control::LOWER.put(bit.put_bool(generator.on));
        switches |= control::UPPER.put(bit.put_bool(generator.random));
        put(out, register(control::SEED), generator.seed.into());
        put(out, register(control::GENERATORS), switches);
    }
}

pub(super) fn read(contents: &Contents) -> Result<[BackgroundGenerator; 8], Undecodable> {
    let register = |offset| Module::NeuronControl.register(offset);
    let switches = contents.within(register(control::GENERATORS), 0xffff)?;
    let mut generators = [BackgroundGenerator::default(); 8];
    for (block, generator) in NeuronBlock::all().zip(&mut generators) {
        let bit = Field::bit(block.register_bit());
        let (offset, field) = control::generator_address(block);
        let addresses = contents.within(register(offset), 0x3f3f)?;
        let on = bit.is_set(control::LOWER.get(switches));
        *generator = BackgroundGenerator {
            on,
            random: bit.is_set(control::UPPER.get(switches)),
            period: contents.within(register(control::period(block)), 0xffff)? as u16,
            seed: if on { contents.seed(block) } else { 0 },
            address: L1Address::at(field.get(addresses) as usize),
        };
    }
    Ok(generators)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_become_periods() {
        assert_eq!(BackgroundGenerator::regular(125).unwrap().period, 124);
        assert_eq!(BackgroundGenerator::regular(65_536).unwrap().period, 65_535);
        assert_eq!(BackgroundGenerator::regular(1), None);
        // 65535 * (1 - 2/4) = 32767.5
        assert_eq!(BackgroundGenerator::random(4, 1).unwrap().period, 32_767);
        assert_eq!(BackgroundGenerator::random(4, 0), None);
    }
}
