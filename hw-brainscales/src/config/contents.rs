//! Register contents of a chip, as writes leave them.

use super::{Step, Write};
use taproot_wafer::{
    Field, Half, NeuronBlock, SynapseRow,
    floating_gate::{FgBlock, FgColumn, FgRow},
    registers::{
        Module, Register,
        floating_gates::{self as fg, FgInstruction},
        layer1, neuron_builder, neuron_control,
        synapse::{self, Command},
    },
};

/// Why contents are not a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// A write to a register that does not exist.
    #[error("there is no register {0}")]
    NoSuchRegister(Register),
    /// A register that decides something was never written; what it holds is not known.
    #[error("register {0} was never written")]
    NeverWritten(Register),
    /// A row of weights or decoders was never written.
    #[error("{what} of synapse {row} were not all written")]
    SynapsesNeverWritten {
        /// "weights" or "decoders".
        what: &'static str,
        /// The row.
        row: SynapseRow,
    },
    /// A row of floating gates was never programmed.
    #[error("{row} of floating-gate block {block} was never programmed")]
    GatesNeverProgrammed {
        /// The block.
        block: FgBlock,
        /// The row.
        row: FgRow,
    },
    /// The stimulus of a block was never started.
    #[error("floating-gate block {0} was given no stimulus")]
    NoStimulus(FgBlock),
    /// Bits that mean nothing, or contradict each other.
    #[error("register {register} holds {data:#x}, and {why}")]
    Meaningless {
        /// The register.
        register: Register,
        /// What it holds.
        data: u32,
        /// What is wrong.
        why: &'static str,
    },
}

/// Words of a row of synapses.
pub(super) const ROW_WORDS: usize = 32;

/// What the writes to a chip leave in it: its registers, and behind its controllers weights, decoders and the codes to which
/// floating gates were programmed. This is bookkeeping, with no time and no circuits in it.
#[derive(Clone, PartialEq)]
pub struct Contents {
    registers: Vec<Option<u32>>,
    weights: Vec<Option<u32>>,
    decoders: Vec<Option<u32>>,
    gates: Vec<Option<[u32; fg::WORDS as usize]>>,
    stimuli: [Option<FgInstruction>; 4],
    seeds: [u16; 8],
}

impl Default for Contents {
    fn default() -> Self {
        Self {
            registers: vec![None; 2 << 16],
            weights: vec![None; SynapseRow::COUNT * ROW_WORDS],
            decoders: vec![None; SynapseRow::COUNT * ROW_WORDS],
            gates: vec![None; FgBlock::COUNT * FgRow::COUNT],
            stimuli: [None; 4],
            seeds: [0; 8],
        }
    }
}

impl Contents {
    /// Contents after some steps, from nothing; waits make no difference.
    pub fn after(steps: &[Step]) -> Result<Self, Undecodable> {
        let mut contents = Self::default();
        for step in steps {
            if let Step::Write(write) = step {
                contents.apply(*write)?;
            }
        }
        Ok(contents)
    }

    /// Takes in one write.
    pub fn apply(&mut self, Write { register, data }: Write) -> Result<(), Undecodable> {
        let no_such = Undecodable::NoSuchRegister(register);
        let (module, offset) = Module::of(register).ok_or(no_such)?;
        if !exists(module, offset) {
            return Err(no_such);
        }
        let before = self.registers[index(register)].replace(data);
        match (module, offset) {
            (Module::SynapseController(half), synapse::CONTROL) if synapse::NEW_COMMAND.is_set(data) => {
                self.command(half, data)?;
            }
            (Module::FloatingGates(block), fg::INSTRUCTION) => self.instruct(block, data)?,
            (Module::NeuronControl, neuron_control::GENERATORS) => {
                // A generator takes the seed when it is switched on.
                let seed = self.registers[index(module.register(neuron_control::SEED))].unwrap_or(0);
                for generator in NeuronBlock::all() {
                    let on = Field::bit(generator.register_bit());
                    if on.is_set(data) && !on.is_set(before.unwrap_or(0)) {
                        self.seeds[generator.index()] = neuron_control::SIXTEEN_BITS.get(seed) as u16;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn command(&mut self, half: Half, data: u32) -> Result<(), Undecodable> {
        let module = Module::SynapseController(half);
        let meaningless = |why| Undecodable::Meaningless {
            register: module.register(synapse::CONTROL),
            data,
            why,
        };
        let command =
            Command::from_code(synapse::COMMAND.get(data)).ok_or(meaningless("there is no such command"))?;
        let memory = match command {
            Command::Write => &mut self.weights,
            Command::WriteDecoders => &mut self.decoders,
            _ => return Ok(()),
        };
        let row = SynapseRow::from_hardware(half, synapse::ROW.get(data) as u8)
            .ok_or(meaningless("there is no such row"))?;
        let set = synapse::COLUMN_SET.get(data) as usize;
        for chunk in 0..synapse::CHUNKS {
            let input = module.register(synapse::INPUT + chunk as u16);
            let word = self.registers[index(input)].ok_or(Undecodable::NeverWritten(input))?;
            memory[row.index() * ROW_WORDS + synapse::COLUMN_SETS * chunk + set] = Some(word);
        }
        Ok(())
    }

    fn instruct(&mut self, block: FgBlock, data: u32) -> Result<(), Undecodable> {
        let module = Module::FloatingGates(block);
        let meaningless = |why| Undecodable::Meaningless {
            register: module.register(fg::INSTRUCTION),
            data,
            why,
        };
        let instruction = FgInstruction::from_code(fg::CODE.get(data))
            .ok_or(meaningless("there is no such instruction"))?;
        match instruction {
            FgInstruction::WriteUp | FgInstruction::WriteDown => {
                let row = FgRow::new(fg::ROW.get(data) as usize)
                    .map_err(|_| meaningless("there is no such row"))?;
                let bank = if fg::BANK.is_set(data) { fg::BANK_1 } else { 0 };
                let mut words = [0; fg::WORDS as usize];
                for (offset, word) in (bank..).zip(&mut words) {
                    *word = self.get(module.register(offset))?;
                }
                self.gates[block.index() * FgRow::COUNT + row.index()] = Some(words);
            }
            FgInstruction::Stimulate | FgInstruction::StimulateContinuously => {
                self.stimuli[block.index()] = Some(instruction);
            }
            FgInstruction::Read | FgInstruction::NextFalse => {}
        }
        Ok(())
    }

    /// What a register holds.
    pub fn get(&self, register: Register) -> Result<u32, Undecodable> {
        self.registers[index(register)].ok_or(Undecodable::NeverWritten(register))
    }

    /// What a register holds, all of it within some bits.
    pub(super) fn within(&self, register: Register, bits: u32) -> Result<u32, Undecodable> {
        let data = self.get(register)?;
        if data & !bits != 0 {
            return Err(Undecodable::Meaningless {
                register,
                data,
                why: "some of these bits have no meaning",
            });
        }
        Ok(data)
    }

    /// The seed that a generator took when it was last switched on.
    pub(super) fn seed(&self, generator: NeuronBlock) -> u16 {
        self.seeds[generator.index()]
    }

    /// The words of a row of weights.
    pub(super) fn weights(&self, row: SynapseRow) -> Result<[u32; ROW_WORDS], Undecodable> {
        words(&self.weights, row, "weights")
    }

    /// The words of a row of decoders.
    pub(super) fn decoders(&self, row: SynapseRow) -> Result<[u32; ROW_WORDS], Undecodable> {
        words(&self.decoders, row, "decoders")
    }

    /// The words that a row of floating gates was last programmed with.
    pub(super) fn gates(&self, block: FgBlock, row: FgRow) -> Result<[u32; fg::WORDS as usize], Undecodable> {
        self.gates[block.index() * FgRow::COUNT + row.index()]
            .ok_or(Undecodable::GatesNeverProgrammed { block, row })
    }

    /// The instruction that started the stimulus of a block.
    pub(super) fn stimulus(&self, block: FgBlock) -> Result<FgInstruction, Undecodable> {
        self.stimuli[block.index()].ok_or(Undecodable::NoStimulus(block))
    }
}

#[cfg(test)]
impl Contents {
    /// All registers that were written.
    pub(super) fn written(&self) -> Vec<Register> {
        let tags = [
            taproot_wafer::registers::Tag::Slow,
            taproot_wafer::registers::Tag::Fast,
        ];
        tags.into_iter()
            .flat_map(|tag| (0..=u16::MAX).map(move |address| Register { tag, address }))
            .filter(|register| self.get(*register).is_ok())
            .collect()
    }

    /// Changes a register, and nothing behind it.
    pub(super) fn poke(&mut self, register: Register, data: u32) {
        self.registers[index(register)] = Some(data);
    }

    /// Forgets the seeds that generators took.
    pub(super) fn without_seeds(mut self) -> Self {
        self.seeds = [0; 8];
        self
    }
}

fn words(
    memory: &[Option<u32>],
    row: SynapseRow,
    what: &'static str,
) -> Result<[u32; ROW_WORDS], Undecodable> {
    let mut words = [0; ROW_WORDS];
    for (word, stored) in words.iter_mut().zip(&memory[row.index() * ROW_WORDS..]) {
        *word = stored.ok_or(Undecodable::SynapsesNeverWritten { what, row })?;
    }
    Ok(words)
}

fn index(register: Register) -> usize {
    (register.tag as usize) << 16 | register.address as usize
}

/// Whether there is a register at an offset of a module.
fn exists(module: Module, offset: u16) -> bool {
    if let Some(timings) = module.sram_registers()
        && timings.contains(&module.register(offset))
    {
        return true;
    }
    match module {
        Module::Crossbar(_) => offset < 64,
        Module::SynapseSwitches(..) => offset < 112,
        Module::Repeaters(block) => {
            usize::from(offset) < block.size() || (layer1::BLOCK_CONFIG..=0x8c).contains(&offset)
        }
        Module::NeuronControl => offset < neuron_control::REGISTERS,
        Module::NeuronBuilder => offset <= neuron_builder::ANALOG,
        Module::FloatingGates(_) => {
            offset % fg::BANK_1 < fg::WORDS && offset < 2 * fg::BANK_1
                || [fg::INSTRUCTION, fg::OPERATION, fg::BIAS].contains(&offset)
        }
        Module::DncInterface | Module::Spl1 => offset == 0,
        Module::SynapseController(_) => {
            offset < 0x300 && offset % 0x100 < 224
                || [synapse::CONTROL, synapse::CONFIG, synapse::RESET].contains(&offset)
                || (synapse::LOOKUP..synapse::LOOKUP + 6).contains(&offset)
                || (synapse::INPUT..synapse::INPUT + 4).contains(&offset)
        }
    }
}

/// The codes of a row in the words of a controller's memory, column by column.
pub(super) fn codes(words: &[u32; fg::WORDS as usize]) -> impl Iterator<Item = u16> {
    words
        .iter()
        .flat_map(|word| [fg::LOWER.get(*word) as u16, fg::HIGHER.get(*word) as u16])
        .take(FgColumn::COUNT)
}
