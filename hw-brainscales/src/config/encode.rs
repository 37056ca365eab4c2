//! A chip's configuration as steps, in the order in which the chip needs them.
//!
//! Sources: `sthal:sthal/ParallelHICANNv4Configurator.cpp` (stages), `sthal:sthal/HICANNConfigurator.cpp` (parts),
//! `halbe:hal/backend/HICANNBackendHelper.cpp` (`hicann_init`).

use super::{
    Contents, HicannConfig, Limits, Programming, Refusal, Severity, Stage, Step, Undecodable, background,
    step::put,
};
use taproot_wafer::{
    Field, Half, Side, SynapseDriver,
    floating_gate::FgBlock,
    registers::{
        Module, SramTimings, layer1, neuron_builder, neuron_control,
        synapse::{self, Command},
    },
    repeater::RepeaterBlock,
};

/// A configuration that has been found fit to be written to a chip.
#[derive(Clone, Debug)]
pub struct Encoder<'a> {
    pub(super) config: &'a HicannConfig,
}

impl<'a> Encoder<'a> {
    /// Looks at everything that one chip can get wrong by itself; what is damaging or illegal makes it refuse, with all
    /// reasons. What chips can only get wrong together is found by [`super::WaferConfig::check`].
    pub fn new(config: &'a HicannConfig, limits: &Limits) -> Result<Self, Vec<Refusal>> {
        let mut refusals = config.check(limits);
        refusals.retain(|refusal| refusal.severity() > Severity::Suspect);
        if refusals.is_empty() {
            Ok(Self { config })
        } else {
            Err(refusals)
        }
    }

    /// Appends the steps of a stage. Only values of `programming` that do not fit can still be refused.
    pub fn stage(&self, stage: Stage, programming: &Programming, out: &mut Vec<Step>) -> Result<(), Refusal> {
        match stage {
            Stage::Init => self.init(out),
            Stage::TimingUncritical => self.timing_uncritical(programming, out),
            Stage::LockingRepeaters => self.config.repeaters.write_blocks(false, out),
            Stage::LockingSynapseDrivers => self.controllers(false, out),
            Stage::Neurons => self.neurons(out),
        }
    }

    /// All stages, one after another.
    pub fn all(&self, programming: &Programming) -> Result<Vec<Step>, Refusal> {
        let mut out = Vec::new();
        for stage in Stage::ALL {
            self.stage(stage, programming, &mut out)?;
        }
        Ok(out)
    }

    /// Everything off. Synapses stay as they are: the next stage writes all of them.
    fn init(&self, out: &mut Vec<Step>) -> Result<(), Refusal> {
        put(out, Module::Spl1.register(0), neuron_control::SPL1_RESET.mask());
        for half in Half::ALL {
            for side in Side::ALL {
                zero(Module::SynapseSwitches(half, side), 0..112, out);
            }
        }
        for side in Side::ALL {
            zero(Module::Crossbar(side), 0..64, out);
        }
        for block in RepeaterBlock::ALL {
            put_timings(out, Module::Repeaters(block), SramTimings::default())?;
        }
        for block in RepeaterBlock::ALL {
            let module = Module::Repeaters(block);
            zero(module, 0..block.size() as u16, out);
            // Drivers out of reset, receivers in reset.
            let config = module.register(layer1::BLOCK_CONFIG);
            put(out, config, layer1::DRIVERS_RUN.mask());
        }
        put_timings(out, Module::NeuronBuilder, SramTimings::default())?;
        zero(Module::NeuronBuilder, 0..neuron_builder::ANALOG + 1, out);
        zero(Module::NeuronControl, 0..neuron_control::REGISTERS, out);
        for half in Half::ALL {
            out.push(Step::AwaitDrivers(half));
            put_timings(out, Module::SynapseController(half), SramTimings::default())?;
        }
        for half in Half::ALL {
            let wait = Step::Wait {
                cycles: SramTimings::default().cycles_write(),
                filler: self.config.controllers[half.index()].filler(half, true)?,
            };
            for row in 0..2 * (SynapseDriver::COUNT as u16 / 2) {
                for memory in [synapse::ROW_CONFIG, synapse::STROBES, synapse::GMAX_DIVIDERS] {
                    put(out, Module::SynapseController(half).register(memory + row), 0);
                    out.push(wait);
                }
            }
        }
        Ok(())
    }

    fn timing_uncritical(&self, programming: &Programming, out: &mut Vec<Step>) -> Result<(), Refusal> {
        let config = self.config;
        config.floating_gates.write(programming, out)?;
        config.synapses.write(
            &config.controllers,
            [self.wait_array(Half::Top)?, self.wait_array(Half::Bottom)?],
            out,
        );
        config.neurons.write_global(out)?;
        config.repeaters.write_blocks(true, out)?;
        self.controllers(true, out)?;
        config.mergers.write_phase(out);
        config.spl1.write(out);
        for (block, stimulus) in FgBlock::all().zip(&config.stimuli) {
            stimulus.write(block, out)?;
        }
        config.synapse_switches.write(out);
        config.crossbars.write(out);
        config.mergers.write_tree(out);
        config.mergers.write_dnc(out);
        background::write(&config.background, out);
        config.repeaters.write_repeaters(out)?;
        let waits = [self.wait_driver(Half::Top)?, self.wait_driver(Half::Bottom)?];
        for (driver, settings) in SynapseDriver::all().zip(&config.drivers) {
            settings.write(driver, waits[driver.half().index()], out)?;
        }
        Ok(())
    }

    fn controllers(&self, hold: bool, out: &mut Vec<Step>) -> Result<(), Refusal> {
        for (half, controller) in Half::ALL.into_iter().zip(&self.config.controllers) {
            controller.write(half, hold, out)?;
        }
        Ok(())
    }

    fn neurons(&self, out: &mut Vec<Step>) -> Result<(), Refusal> {
        self.config.neurons.write_global(out)?;
        self.config.neurons.write_quads(out)?;
        self.config.analog.write(out);
        Ok(())
    }

    /// The wait for a column set of an array.
    fn wait_array(&self, half: Half) -> Result<Step, Refusal> {
        let controller = &self.config.controllers[half.index()];
        Ok(Step::Wait {
            cycles: controller.cycles(Command::Write),
            filler: controller.filler(half, true)?,
        })
    }

    /// The wait for a register of a driver.
    fn wait_driver(&self, half: Half) -> Result<Step, Refusal> {
        let controller = &self.config.controllers[half.index()];
        Ok(Step::Wait {
            cycles: controller.timings.cycles_write(),
            filler: controller.filler(half, true)?,
        })
    }
}

fn zero(module: Module, offsets: std::ops::Range<u16>, out: &mut Vec<Step>) {
    for offset in offsets {
        put(out, module.register(offset), 0);
    }
}

/// A value in its field, or a refusal if it is too large.
pub(super) fn field(field: Field, value: u8, what: &'static str) -> Result<u32, Refusal> {
    let value = u32::from(value);
    if value > field.largest() {
        return Err(Refusal::ValueTooLarge {
            what,
            value,
            largest: field.largest(),
        });
    }
    Ok(field.put(value))
}

/// The two registers with the timings of a module's memory.
pub(super) fn put_timings(out: &mut Vec<Step>, module: Module, timings: SramTimings) -> Result<(), Refusal> {
    let registers = module
        .sram_registers()
        .expect("only modules with such a memory have timings");
    for (register, word) in registers.into_iter().zip(timing_words(timings)?) {
        put(out, register, word);
    }
    Ok(())
}

pub(super) fn timing_words(timings: SramTimings) -> Result<[u32; 2], Refusal> {
    timings.words().ok_or(Refusal::ValueTooLarge {
        what: "the timing of a memory",
        value: timings.setup_precharge.max(timings.write_delay).into(),
        largest: 15,
    })
}

pub(super) fn read_timings(contents: &Contents, module: Module) -> Result<SramTimings, Undecodable> {
    let registers = module
        .sram_registers()
        .expect("only modules with such a memory have timings");
    Ok(SramTimings::from_words([
        contents.within(registers[0], 0xff)?,
        contents.within(registers[1], 0xff)?,
    ]))
}
