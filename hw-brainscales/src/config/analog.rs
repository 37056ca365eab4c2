//! The analogue outputs.
//!
//! Source: `halbe:hal/HICANNContainer.{h,cpp}` (`Analog`).

use super::{Contents, Refusal, Step, Undecodable, step::put};
use taproot_wafer::{
    AnalogLine, AnalogOutput,
    registers::{
        Module,
        neuron_builder::{ANALOG, analog_enable, analog_lines},
    },
};

/// One analogue output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Output {
    /// It drives the reticle's line. Only one chip of a reticle may.
    pub on: bool,
    /// What it shows.
    pub line: Option<AnalogLine>,
}

/// Both analogue outputs of a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Analog {
    /// By number.
    pub outputs: [Output; 2],
}

impl Analog {
    pub(super) fn refusal(&self) -> Option<Refusal> {
        (self.outputs[1].line == Some(AnalogLine::FireLineOfNeuron0)).then_some(Refusal::FireLineOnOutput1)
    }

    fn word(&self) -> u32 {
        AnalogOutput::all()
            .zip(self.outputs)
            .map(|(number, output)| {
                let line = output.line.map_or(0, |line| 1 << line.bit());
                analog_lines(number).put(line) | analog_enable(number).put_bool(output.on)
            })
            .sum()
    }

    pub(super) fn write(&self, out: &mut Vec<Step>) {
        put(out, Module::NeuronBuilder.register(ANALOG), self.word());
    }

    pub(super) fn read(contents: &Contents) -> Result<Self, Undecodable> {
        let register = Module::NeuronBuilder.register(ANALOG);
        let data = contents.within(register, 0x3f_ffff)?;
        let mut analog = Self::default();
        for (number, output) in AnalogOutput::all().zip(&mut analog.outputs) {
            let meaningless = |why| Undecodable::Meaningless { register, data, why };
            let lines = analog_lines(number).get(data);
            output.on = analog_enable(number).is_set(data);
            output.line = match lines.count_ones() {
                0 => None,
                1 => Some(
                    AnalogLine::from_bit(lines.trailing_zeros() as u8)
                        .ok_or(meaningless("multiplexer bit 1 has no line"))?,
                ),
                _ => return Err(meaningless("an output is switched to several lines")),
            };
        }
        Ok(analog)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_by_hand() {
        let analog = Analog {
            outputs: [
                Output {
                    on: true,
                    line: Some(AnalogLine::MembraneTopEven),
                },
                Output {
                    on: false,
                    line: Some(AnalogLine::PreOut),
                },
            ],
        };
        assert_eq!(analog.word(), 1 << 21 | 1 << 15 | 1 << 8);
    }
}
