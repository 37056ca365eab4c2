//! Neuron circuits: how they are joined, which fire, which are seen.

use super::{Contents, Refusal, Step, Undecodable, step::put};
use taproot_wafer::{
    Column, Half, L1Address, Neuron, Quad, Side,
    registers::{
        Module, SramTimings,
        neuron_builder::{self as bits, MirroredCurrent, pair},
    },
    reversed,
};

/// The switches of one neuron circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Denmem {
    /// The address of its spikes.
    pub address: L1Address,
    /// Its comparator is on: it fires, and its membrane is reset.
    pub fires: bool,
    /// Its spikes are sent to the merger tree.
    pub sends: bool,
    /// It is joined with, and reset by, the neighbouring circuit of the next quad: to the left for even columns, to the
    /// right for odd ones. Never set this on both sides of a boundary: that can damage the chip.
    pub fire_input: bool,
    /// Its membrane is led to the analogue output.
    pub analog_output: bool,
    /// It takes the current stimulus of its group.
    pub current_input: bool,
}

/// Setting of a current mirror. Both together are not documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Mirror {
    /// Current divided by 1 instead of 3.
    pub fast: bool,
    /// Current divided by 27 instead of 3.
    pub slow: bool,
}

/// Settings that all neurons of a row share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowSettings {
    /// Mirror of the leak current, `I_gl`.
    pub gl: Mirror,
    /// Mirror of `I_gladapt`.
    pub gladapt: Mirror,
    /// Mirror of `I_radapt`.
    pub radapt: Mirror,
    /// Membranes have the large capacitor.
    pub big_capacitor: bool,
    /// Neurons are held in reset.
    pub reset: bool,
}

impl Default for RowSettings {
    fn default() -> Self {
        Self {
            gl: Mirror::default(),
            gladapt: Mirror::default(),
            radapt: Mirror::default(),
            big_capacitor: true,
            reset: false,
        }
    }
}

/// All neuron circuits of a chip.
#[derive(Clone, Debug, PartialEq)]
pub struct Neurons {
    /// The circuits, by number.
    pub denmems: Vec<Denmem>,
    /// Columns, 0 to 255, whose upper and lower circuits are joined.
    pub vertical: Vec<bool>,
    /// Rows of each quad, 0 to 127, whose two circuits are joined: upper, lower.
    pub horizontal: Vec<[bool; 2]>,
    /// Settings of the upper and the lower row.
    pub rows: [RowSettings; 2],
    /// The spike interface is held in reset.
    pub spl1_reset: bool,
    /// Timings of the memory that holds all this.
    pub timings: SramTimings,
}

impl Default for Neurons {
    fn default() -> Self {
        Self {
            denmems: vec![Denmem::default(); Neuron::COUNT],
            vertical: vec![false; Column::COUNT],
            horizontal: vec![[false; 2]; Quad::COUNT],
            rows: [RowSettings::default(); 2],
            spl1_reset: false,
            timings: SramTimings::default(),
        }
    }
}

impl Neurons {
    /// A circuit.
    pub fn denmem(&self, neuron: Neuron) -> &Denmem {
        &self.denmems[neuron.index()]
    }

    /// A circuit, to be changed.
    pub fn denmem_mut(&mut self, neuron: Neuron) -> &mut Denmem {
        &mut self.denmems[neuron.index()]
    }

    /// The four switches of a pair that share a field: output right, output left, stimulus right, stimulus left.
    fn io(&self, quad: Quad, half: Half) -> u8 {
        let [left, right] = Side::ALL.map(|side| self.denmem(quad.neuron(half, side)));
        u8::from(right.analog_output)
            | u8::from(left.analog_output) << 1
            | u8::from(right.current_input) << 2
            | u8::from(left.current_input) << 3
    }

    /// The field's code for them; an error for the combinations that cannot be had.
    pub(super) fn io_code(&self, quad: Quad, half: Half) -> Result<u32, Refusal> {
        let io = self.io(quad, half);
        pair::IO_MAP
            .iter()
            .position(|switches| *switches == io)
            .map(|code| code as u32)
            .ok_or(Refusal::ImpossibleIo { quad, half })
    }

    fn pair(&self, quad: Quad, half: Half) -> Result<u32, Refusal> {
        let mut word = pair::IO.put(self.io_code(quad, half)?)
            | pair::HORIZONTAL.put_bool(self.horizontal[quad.index()][half.index()]);
        for side in Side::ALL {
            let denmem = self.denmem(quad.neuron(half, side));
            word |= pair::firing(side).put_bool(denmem.fires)
                | pair::fire_input(side).put_bool(denmem.fire_input);
        }
        Ok(word)
    }

    /// The word of a circuit.
    pub(super) fn word(&self, neuron: Neuron) -> Result<u32, Refusal> {
        let denmem = self.denmem(neuron);
        let half = neuron.half();
        let mut word = bits::ADDRESS.put(reversed(denmem.address.index() as u32, 6))
            | bits::fire_field(half).put_bool(denmem.sends);
        if half == Half::Bottom {
            word |= bits::VERTICAL.put_bool(self.vertical[usize::from(neuron.column())]);
        }
        if (half, neuron.side_in_quad()) == (Half::Top, Side::Right) {
            for half in Half::ALL {
                word |= bits::pair_field(half).put(self.pair(neuron.quad(), half)?);
            }
        }
        Ok(word)
    }

    pub(super) fn write_quads(&self, out: &mut Vec<Step>) -> Result<(), Refusal> {
        for quad in Quad::all() {
            for half in Half::ALL {
                for side in Side::ALL {
                    let neuron = quad.neuron(half, side);
                    let register = Module::NeuronBuilder.register(neuron.hardware_address());
                    put(out, register, self.word(neuron)?);
                }
            }
        }
        Ok(())
    }

    /// The global word.
    pub(super) fn global(&self) -> u32 {
        let mut word = bits::SPL1_RUNS.put_bool(!self.spl1_reset);
        for half in Half::ALL {
            let row = &self.rows[half.index()];
            for (current, mirror) in [
                (MirroredCurrent::Gl, row.gl),
                (MirroredCurrent::Gladapt, row.gladapt),
                (MirroredCurrent::Radapt, row.radapt),
            ] {
                word |= bits::fast(current, half).put_bool(mirror.fast);
                word |= bits::slow(current, half).put_bool(mirror.slow);
            }
            word |= bits::big_capacitor(half).put_bool(row.big_capacitor);
            word |= bits::neurons_run(half).put_bool(!row.reset);
        }
        word
    }

    /// Timings, then everything into reset, then the settings. The reset must reach the chip before it is released.
    pub(super) fn write_global(&self, out: &mut Vec<Step>) -> Result<(), Refusal> {
        super::encode::put_timings(out, Module::NeuronBuilder, self.timings)?;
        let register = Module::NeuronBuilder.register(bits::GLOBAL);
        put(out, register, 0);
        out.push(Step::Flush);
        put(out, register, self.global());
        Ok(())
    }

    pub(super) fn read(contents: &Contents) -> Result<Self, Undecodable> {
        let mut neurons = Self::default();
        for neuron in Neuron::all() {
            neurons.read_word(contents, neuron)?;
        }
        let global = contents.within(
            Module::NeuronBuilder.register(bits::GLOBAL),
            bits::GLOBAL_BITS.mask(),
        )?;
        neurons.spl1_reset = !bits::SPL1_RUNS.is_set(global);
        neurons.rows = Half::ALL.map(|half| {
            let mirror = |current| Mirror {
                fast: bits::fast(current, half).is_set(global),
                slow: bits::slow(current, half).is_set(global),
            };
            RowSettings {
                gl: mirror(MirroredCurrent::Gl),
                gladapt: mirror(MirroredCurrent::Gladapt),
                radapt: mirror(MirroredCurrent::Radapt),
                big_capacitor: bits::big_capacitor(half).is_set(global),
                reset: !bits::neurons_run(half).is_set(global),
            }
        });
        neurons.timings = super::encode::read_timings(contents, Module::NeuronBuilder)?;
        Ok(neurons)
    }

    fn read_word(&mut self, contents: &Contents, neuron: Neuron) -> Result<(), Undecodable> {
        let (half, side, quad) = (neuron.half(), neuron.side_in_quad(), neuron.quad());
        let mut meaningful = bits::ADDRESS.mask() | bits::fire_field(half).mask();
        if half == Half::Bottom {
            meaningful |= bits::VERTICAL.mask();
        }
        let has_pairs = (half, side) == (Half::Top, Side::Right);
        if has_pairs {
            meaningful |= bits::PAIR_TOP.mask() | bits::PAIR_BOTTOM.mask();
        }
        let word = contents.within(
            Module::NeuronBuilder.register(neuron.hardware_address()),
            meaningful,
        )?;
        let denmem = self.denmem_mut(neuron);
        denmem.address = L1Address::at(reversed(bits::ADDRESS.get(word), 6) as usize);
        denmem.sends = bits::fire_field(half).is_set(word);
        if half == Half::Bottom {
            self.vertical[usize::from(neuron.column())] = bits::VERTICAL.is_set(word);
        }
        if has_pairs {
            for half in Half::ALL {
                let pair = bits::pair_field(half).get(word);
                let io = pair::IO_MAP[pair::IO.get(pair) as usize];
                self.horizontal[quad.index()][half.index()] = pair::HORIZONTAL.is_set(pair);
                for side in Side::ALL {
                    let shift = 1 - side.index();
                    let denmem = self.denmem_mut(quad.neuron(half, side));
                    denmem.fires = pair::firing(side).is_set(pair);
                    denmem.fire_input = pair::fire_input(side).is_set(pair);
                    denmem.analog_output = io >> shift & 1 != 0;
                    denmem.current_input = io >> (2 + shift) & 1 != 0;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_made_by_hand() {
        // A quad with everything different, written out bit by bit from the formats of halbe.
        let quad = Quad::at(3);
        let at = |half, side| quad.neuron(half, side);
        let mut neurons = Neurons::default();
        *neurons.denmem_mut(at(Half::Top, Side::Left)) = Denmem {
            address: L1Address::at(0b000001),
            fires: true,
            sends: true,
            analog_output: true,
            ..Denmem::default()
        };
        *neurons.denmem_mut(at(Half::Top, Side::Right)) = Denmem {
            address: L1Address::at(0b110000),
            fire_input: true,
            ..Denmem::default()
        };
        *neurons.denmem_mut(at(Half::Bottom, Side::Left)) = Denmem {
            current_input: true,
            fire_input: true,
            ..Denmem::default()
        };
        *neurons.denmem_mut(at(Half::Bottom, Side::Right)) = Denmem {
            sends: true,
            fires: true,
            ..Denmem::default()
        };
        neurons.vertical[6] = true;
        neurons.horizontal[3] = [true, false];
        let word = |half, side| neurons.word(at(half, side)).unwrap();
        // Top left: fire-top 23, address reversed.
        assert_eq!(word(Half::Top, Side::Left), 1 << 23 | 0b100000);
        // Top right: upper pair = code 2 (left output) + horizontal + left firing + right fire input at bit 6; lower pair =
        // code 7 (left stimulus) + left fire input + right firing at bit 14.
        let upper = 2 | 1 << 3 | 1 << 4 | 1 << 6;
        let lower = 7 | 1 << 5 | 1 << 7;
        assert_eq!(word(Half::Top, Side::Right), lower << 14 | upper << 6 | 0b000011);
        assert_eq!(word(Half::Bottom, Side::Left), 1 << 22);
        assert_eq!(word(Half::Bottom, Side::Right), 1 << 24);
    }

    #[test]
    fn the_global_word_of_a_chip_at_rest() {
        // Both capacitors, spike interface and both rows running.
        assert_eq!(Neurons::default().global(), 0b1_1111_0000_0000_0000);
        let mut neurons = Neurons::default();
        neurons.rows[Half::Bottom.index()].gl.fast = true;
        neurons.rows[Half::Top.index()].radapt.slow = true;
        assert_eq!(neurons.global(), 0b1_1111_0010_0000_0100);
    }

    #[test]
    fn both_stimuli_of_a_pair_cannot_be_had() {
        let mut neurons = Neurons::default();
        for side in Side::ALL {
            neurons
                .denmem_mut(Quad::at(0).neuron(Half::Top, side))
                .current_input = true;
        }
        let refusal = Refusal::ImpossibleIo {
            quad: Quad::at(0),
            half: Half::Top,
        };
        assert_eq!(neurons.word(Neuron::at(1)), Err(refusal));
    }
}
