//! What one chip can get wrong by itself.

use super::{Crossbars, HicannConfig, MergerMode, Neurons, Refusal, RepeaterMode, encode::timing_words};
use taproot_wafer::{
    AnalogOutput, Bus, Column, DncMerger, Half, HorizontalBus, L1Address, Merger, MergerInput, Neuron, Quad,
    Side, SynapseDriver, VerticalBus, crossbar,
    floating_gate::FgBlock,
    repeater::{RepeaterBlock, TestPort},
    synapse_switch::SwitchRow,
};

/// How many switches may be closed. Each closed switch loads its buses; how many a bus can stand is a matter of calibration,
/// and the defaults are those of the public tools (`sthal:sthal/Settings.h`): one everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Crossbar switches of a horizontal bus, both halves of the chip together.
    pub crossbars_per_row: usize,
    /// Crossbar switches of a vertical bus.
    pub crossbars_per_column: usize,
    /// Synapse switches of a row. Two closed switches lead two buses to one driver, and so short them.
    pub switches_per_row: usize,
    /// Synapse switches of a vertical bus.
    pub switches_per_column: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            crossbars_per_row: 1,
            crossbars_per_column: 1,
            switches_per_row: 1,
            switches_per_column: 1,
        }
    }
}

impl HicannConfig {
    /// Everything that is wrong with this chip, whatever its neighbours do; of any severity.
    pub fn check(&self, limits: &Limits) -> Vec<Refusal> {
        let mut found = Vec::new();
        if !self.check_sizes(&mut found) {
            return found;
        }
        check_neurons(&self.neurons, &mut found);
        self.check_analog(&mut found);
        check_crossbars(&self.crossbars, limits, &mut found);
        self.check_switches(limits, &mut found);
        self.check_drivers(&mut found);
        self.check_repeaters(&mut found);
        self.check_mergers(&mut found);
        found.extend(self.synapses.refusal());
        found.extend(
            self.controllers
                .iter()
                .filter_map(|controller| controller.refusal()),
        );
        found.extend(self.floating_gates.refusal());
        found.extend(self.stimuli.iter().filter_map(|stimulus| stimulus.refusal()));
        found
    }

    /// Whether all arrays have their lengths.
    fn check_sizes(&self, found: &mut Vec<Refusal>) -> bool {
        for (what, expected, length) in [
            ("neurons", Neuron::COUNT, self.neurons.denmems.len()),
            ("columns of neurons", Column::COUNT, self.neurons.vertical.len()),
            ("quads", Quad::COUNT, self.neurons.horizontal.len()),
            ("repeaters", Bus::COUNT, self.repeaters.repeaters.len()),
            ("synapse drivers", SynapseDriver::COUNT, self.drivers.len()),
        ] {
            if length != expected {
                found.push(Refusal::WrongNumber {
                    what,
                    expected,
                    found: length,
                });
            }
        }
        found.is_empty()
    }

    fn check_analog(&self, found: &mut Vec<Refusal>) {
        found.extend(self.analog.refusal());
        let shown = AnalogOutput::all()
            .map(|output| self.analog.outputs[output.index()])
            .filter(|output| output.on)
            .filter_map(|output| output.line?.membrane_group());
        let mut groups: Vec<FgBlock> = shown.collect();
        groups.dedup();
        for group in groups {
            let count = Neuron::all()
                .filter(|neuron| {
                    neuron.shared_fg_block() == group && self.neurons.denmem(*neuron).analog_output
                })
                .count();
            if count > 1 {
                found.push(Refusal::SeveralMembranes { group, count });
            }
        }
    }

    fn check_switches(&self, limits: &Limits, found: &mut Vec<Refusal>) {
        for row in SwitchRow::all() {
            let closed = self.synapse_switches.row(row).count_ones() as usize;
            if closed > limits.switches_per_row {
                let limit = limits.switches_per_row;
                found.push(Refusal::SwitchRow { row, closed, limit });
            }
        }
        let mut closed = vec![0; VerticalBus::COUNT];
        for row in SwitchRow::all() {
            for bus in self.synapse_switches.closed_in(row) {
                closed[bus.index()] += 1;
            }
        }
        for (bus, closed) in VerticalBus::all().zip(closed) {
            if closed > limits.switches_per_column {
                let limit = limits.switches_per_column;
                found.push(Refusal::SwitchColumn { bus, closed, limit });
            }
        }
    }

    fn check_drivers(&self, found: &mut Vec<Refusal>) {
        let mut scratch = Vec::new();
        for (driver, config) in SynapseDriver::all().zip(&self.drivers) {
            if config.connect_neighbour && driver.outer_neighbour().is_none() {
                found.push(Refusal::NoNeighbour(driver));
            }
            let wait = super::Step::Flush;
            scratch.clear();
            found.extend(config.write(driver, wait, &mut scratch).err());
        }
    }

    fn check_repeaters(&self, found: &mut Vec<Refusal>) {
        let mut scratch = Vec::new();
        found.extend(self.repeaters.write_repeaters(&mut scratch).err());
        found.extend(self.repeaters.write_blocks(false, &mut scratch).err());
        found.extend(timing_words(self.neurons.timings).err());
        for controller in &self.controllers {
            found.extend(timing_words(controller.timings).err());
        }
        let mut users = [[[0; 2]; 2]; 6];
        for bus in Bus::all() {
            let Some(port) = bus.test_port() else {
                continue;
            };
            let ports = &mut users[bus.repeater_block().index()][port.index()];
            match self.repeaters.get(bus).mode {
                RepeaterMode::Send { .. } => ports[0] += 1,
                RepeaterMode::Listen(_) => ports[1] += 1,
                _ => {}
            }
        }
        for (block, ports) in RepeaterBlock::ALL.into_iter().zip(users) {
            for (port, counts) in [TestPort::Zero, TestPort::One].into_iter().zip(ports) {
                for (use_, count) in ["send from", "record on"].into_iter().zip(counts) {
                    if count > 1 {
                        found.push(Refusal::TestPort {
                            block,
                            port,
                            use_,
                            count,
                        });
                    }
                }
            }
        }
    }

    fn check_mergers(&self, found: &mut Vec<Refusal>) {
        for merger in DncMerger::all() {
            let config = self.mergers.dnc[merger.index()];
            let partner = merger.loopback_partner();
            if config.loopback && self.mergers.dnc[partner.index()].loopback && merger < partner {
                found.push(Refusal::LoopbackBothWays(merger));
            }
            let sends = matches!(
                self.repeaters.get(merger.sending_repeater().bus()).mode,
                RepeaterMode::Send { .. }
            );
            // Spikes from the DNC alone are far enough apart by themselves.
            if sends && config.mode != MergerMode::LeftOnly && !config.slow {
                found.push(Refusal::SlowMissing(merger));
            }
            let (generators, _) = self.mergers.sources(merger.tap());
            let locks = |(number, generator): (usize, &super::BackgroundGenerator)| {
                let zero = generator.random || generator.address == L1Address::LOCKING;
                generators >> number & 1 != 0 && generator.on && zero
            };
            let from_tree = config.mode != MergerMode::LeftOnly;
            if sends && !(from_tree && self.background.iter().enumerate().any(locks)) {
                found.push(Refusal::NoLockingTraffic(merger));
            }
            if config.slow && config.mode != MergerMode::Merge {
                found.push(Refusal::SlowWithoutMerge(merger));
            }
        }
        for next in Merger::all() {
            for input in next.inputs() {
                if let MergerInput::Merger(merger) = input
                    && self.mergers.tree[merger.index()].mode == MergerMode::Merge
                    && self.mergers.tree[next.index()].mode != MergerMode::Merge
                {
                    found.push(Refusal::MergeNotContinued { merger, next });
                }
            }
        }
        for (block, generator) in self.background.iter().enumerate() {
            if generator.on && generator.random && generator.seed == 0 {
                found.push(Refusal::SeedZero(block));
            }
        }
    }
}

fn check_crossbars(crossbars: &Crossbars, limits: &Limits, found: &mut Vec<Refusal>) {
    for bus in HorizontalBus::all() {
        let closed = Side::ALL
            .into_iter()
            .map(|side| crossbars.row(bus, side).count_ones() as usize)
            .sum();
        if closed > limits.crossbars_per_row {
            let limit = limits.crossbars_per_row;
            found.push(Refusal::CrossbarRow { bus, closed, limit });
        }
    }
    for bus in VerticalBus::all() {
        let closed = crossbar::horizontals(bus)
            .into_iter()
            .filter(|horizontal| crossbars.is_closed(*horizontal, bus))
            .count();
        if closed > limits.crossbars_per_column {
            let limit = limits.crossbars_per_column;
            found.push(Refusal::CrossbarColumn { bus, closed, limit });
        }
    }
}

fn check_neurons(neurons: &Neurons, found: &mut Vec<Refusal>) {
    for quad in Quad::all() {
        for half in Half::ALL {
            found.extend(neurons.io_code(quad, half).err());
        }
    }
    for (left, right) in Quad::all().zip(Quad::all().skip(1)) {
        let takes = |quad: Quad, half, side| neurons.denmem(quad.neuron(half, side)).fire_input;
        let mut count = 0;
        for half in Half::ALL {
            let ends = [takes(left, half, Side::Right), takes(right, half, Side::Left)];
            if ends == [true, true] {
                found.push(Refusal::BothFireInputs { left, half });
            }
            count += ends.into_iter().filter(|takes| *takes).count();
        }
        if count > 1 {
            found.push(Refusal::SeveralFireInputs { left, count });
        }
    }
    let groups = joined(neurons);
    let mut firing: Vec<Option<Neuron>> = vec![None; Neuron::COUNT];
    for neuron in Neuron::all() {
        let denmem = neurons.denmem(neuron);
        if denmem.sends && !denmem.fires {
            found.push(Refusal::SendsWithoutFiring(neuron));
        }
        if denmem.fires {
            match firing[groups[neuron.index()]] {
                Some(first) => found.push(Refusal::SeveralFire {
                    first,
                    second: neuron,
                }),
                None => firing[groups[neuron.index()]] = Some(neuron),
            }
        }
    }
}

/// For each circuit, the lowest number of those that it is joined with.
fn joined(neurons: &Neurons) -> Vec<usize> {
    let mut joins: Vec<(usize, usize)> = Vec::new();
    for quad in Quad::all() {
        for side in Side::ALL {
            let (top, bottom) = (quad.neuron(Half::Top, side), quad.neuron(Half::Bottom, side));
            if neurons.vertical[usize::from(top.column())] {
                joins.push((top.index(), bottom.index()));
            }
        }
        for half in Half::ALL {
            let (left, right) = (quad.neuron(half, Side::Left), quad.neuron(half, Side::Right));
            if neurons.horizontal[quad.index()][half.index()] {
                joins.push((left.index(), right.index()));
            }
            if neurons.denmem(left).fire_input && left.column() > 0 {
                joins.push((left.index() - 1, left.index()));
            }
            if neurons.denmem(right).fire_input && right.column() < 255 {
                joins.push((right.index(), right.index() + 1));
            }
        }
    }
    let mut sets = super::wafer::Sets::new(Neuron::COUNT);
    for (a, b) in joins {
        sets.join(a, b);
    }
    (0..Neuron::COUNT).map(|neuron| sets.root(neuron)).collect()
}
