//! The chips of a wafer together.
//!
//! What a chip does to its neighbours' buses and drivers cannot be seen from one configuration. Here closed crossbar switches
//! join buses, closed synapse switches join buses through a driver, and every piece of wire made that way may be driven by
//! one repeater only.

use super::{Encoder, HicannConfig, Limits, Refusal, Severity};
use std::collections::BTreeMap;
use std::fmt;
use taproot_wafer::{
    AnalogOutput, Bus, Direction, Hicann, Reticle, SynapseDriver,
    synapse_switch::{self, SwitchRow},
};

/// The configurations of the chips of a wafer. A chip that is not there is not used, and does nothing.
///
/// ```
/// use taproot_brainscales::config::{Contents, HicannConfig, Limits, Programming, WaferConfig};
/// use taproot_wafer::{Hicann, Neuron, floating_gate::NeuronParameter};
///
/// let mut config = HicannConfig::default();
/// config.floating_gates.set_neuron(Neuron::at(17), NeuronParameter::VT, 612);
/// let mut wafer = WaferConfig::default();
/// wafer.chips.insert(Hicann::new(12, 7)?, config.clone());
/// for (_, encoder) in wafer.encoders(&Limits::default()).map_err(|wrong| wrong[0].to_string())? {
///     let steps = encoder.all(&Programming::default())?;
///     assert_eq!(HicannConfig::decode(&Contents::after(&steps)?)?, config);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WaferConfig {
    /// The chips.
    pub chips: BTreeMap<Hicann, HicannConfig>,
}

/// Something that is wrong with the configuration of a wafer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Wrong with one chip alone.
    Chip {
        /// The chip.
        chip: Hicann,
        /// What is wrong.
        refusal: Refusal,
    },
    /// Several synapse switches, of its own and of the adjacent chip, lead to one driver, and so short their buses.
    SharedSwitches {
        /// The driver's chip.
        chip: Hicann,
        /// The driver.
        driver: SynapseDriver,
        /// The buses, each with its chip.
        buses: Vec<(Hicann, Bus)>,
        /// How many may be led to it.
        limit: usize,
    },
    /// Drivers whose inputs are tied together take different buses, and so short them.
    ChainFedTwice {
        /// The drivers' chip.
        chip: Hicann,
        /// The drivers of the chain that take a bus of their own.
        drivers: Vec<SynapseDriver>,
    },
    /// Several repeaters drive a piece of wire.
    Senders {
        /// One of its buses.
        bus: (Hicann, Bus),
        /// The repeaters, each by its chip and bus.
        repeaters: Vec<(Hicann, Bus)>,
    },
    /// Several chips of a reticle drive the same analogue line.
    SharedAnalogLine {
        /// The reticle.
        reticle: Reticle,
        /// The output.
        output: AnalogOutput,
        /// The chips.
        chips: Vec<Hicann>,
    },
    /// A repeater drives out of the wafer's rim, or onto a chip that is not used.
    DrivesNothing {
        /// The repeater's chip.
        chip: Hicann,
        /// The repeater's bus.
        bus: Bus,
    },
}

impl Violation {
    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        match self {
            Violation::Chip { refusal, .. } => refusal.severity(),
            Violation::DrivesNothing { .. } => Severity::Suspect,
            _ => Severity::Illegal,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |buses: &[(Hicann, Bus)]| {
            let names: Vec<String> = buses.iter().map(|(chip, bus)| format!("{chip} {bus}")).collect();
            names.join(", ")
        };
        match self {
            Violation::Chip { chip, refusal } => write!(f, "chip {chip}: {refusal}"),
            Violation::SharedSwitches {
                chip,
                driver,
                buses,
                limit,
            } => write!(
                f,
                "chip {chip}: driver {driver} is reached by {}, more than {limit}: closed synapse switches short these buses",
                list(buses)
            ),
            Violation::ChainFedTwice { chip, drivers } => write!(
                f,
                "chip {chip}: the drivers {drivers:?} are tied together, and each takes a bus of its own"
            ),
            Violation::Senders {
                bus: (chip, bus),
                repeaters,
            } => write!(
                f,
                "chip {chip}: bus {bus} is driven by the repeaters {}, and only one may drive it",
                list(repeaters)
            ),
            Violation::SharedAnalogLine {
                reticle,
                output,
                chips,
            } => write!(
                f,
                "reticle {reticle}: the chips {chips:?} all drive the line of analogue {output}, and only one may"
            ),
            Violation::DrivesNothing { chip, bus } => {
                write!(
                    f,
                    "chip {chip}: the repeater of {bus} drives out of the chips in use"
                )
            }
        }
    }
}

/// Sets that are joined, each known by its smallest member.
pub(super) struct Sets(Vec<u32>);

impl Sets {
    pub(super) fn new(count: usize) -> Self {
        Self((0..count as u32).collect())
    }

    pub(super) fn root(&mut self, mut member: usize) -> usize {
        while self.0[member] as usize != member {
            self.0[member] = self.0[self.0[member] as usize];
            member = self.0[member] as usize;
        }
        member
    }

    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b) as u32;
    }
}

fn wire(chip: Hicann, bus: Bus) -> usize {
    chip.index() * Bus::COUNT + bus.index()
}

fn bus_of(wire: usize) -> (Hicann, Bus) {
    let chip = Hicann::from_index(wire / Bus::COUNT).expect("wires lie on chips");
    let bus = Bus::all().nth(wire % Bus::COUNT).expect("wires are buses");
    (chip, bus)
}

impl WaferConfig {
    /// Everything that is wrong, of any severity: chip by chip, then what chips do to each other.
    pub fn check(&self, limits: &Limits) -> Vec<Violation> {
        let mut found = Vec::new();
        for (chip, config) in &self.chips {
            let refusals = config.check(limits);
            found.extend(
                refusals
                    .into_iter()
                    .map(|refusal| Violation::Chip { chip: *chip, refusal }),
            );
        }
        // Arrays of the wrong length are found above; nothing else can be looked at then.
        if found.iter().any(|violation| {
            matches!(
                violation,
                Violation::Chip {
                    refusal: Refusal::WrongNumber { .. },
                    ..
                }
            )
        }) {
            return found;
        }
        let mut wires = Sets::new(Hicann::COUNT * Bus::COUNT);
        for (chip, config) in &self.chips {
            for (horizontal, vertical) in config.crossbars.closed() {
                wires.join(wire(*chip, horizontal.into()), wire(*chip, vertical.into()));
            }
        }
        self.check_drivers(limits, &mut wires, &mut found);
        self.check_senders(&mut wires, &mut found);
        self.check_analog_lines(&mut found);
        found
    }

    /// An encoder for each chip, if there is nothing damaging or illegal on the whole wafer; all violations otherwise.
    pub fn encoders(&self, limits: &Limits) -> Result<Vec<(Hicann, Encoder<'_>)>, Vec<Violation>> {
        let mut violations = self.check(limits);
        violations.retain(|violation| violation.severity() > Severity::Suspect);
        if !violations.is_empty() {
            return Err(violations);
        }
        let mut encoders = Vec::with_capacity(self.chips.len());
        for (chip, config) in &self.chips {
            let encoder = Encoder::new(config, limits).map_err(|refusals| {
                let violation = |refusal| Violation::Chip { chip: *chip, refusal };
                refusals.into_iter().map(violation).collect::<Vec<_>>()
            })?;
            encoders.push((*chip, encoder));
        }
        Ok(encoders)
    }

    /// The buses that closed switches lead to a driver.
    fn buses_to(&self, chip: Hicann, driver: SynapseDriver) -> Vec<(Hicann, Bus)> {
        let rows = synapse_switch::feeding(chip, driver).into_iter().flatten();
        rows.flat_map(|(at, row): (Hicann, SwitchRow)| {
            let switches = self.chips.get(&at).map(|config| &config.synapse_switches);
            switches
                .into_iter()
                .flat_map(move |switches| switches.closed_in(row))
                .map(move |bus| (at, Bus::Vertical(bus)))
        })
        .collect()
    }

    fn check_drivers(&self, limits: &Limits, wires: &mut Sets, found: &mut Vec<Violation>) {
        // Drivers of chips that are not used have switches on the chips beside them, too.
        for chip in Hicann::all() {
            let config = self.chips.get(&chip);
            let mut chain: Vec<SynapseDriver> = Vec::new();
            let mut chain_bus: Option<(Hicann, Bus)> = None;
            for driver in chains() {
                let buses = self.buses_to(chip, driver);
                if buses.len() > limits.switches_per_row {
                    found.push(Violation::SharedSwitches {
                        chip,
                        driver,
                        buses: buses.clone(),
                        limit: limits.switches_per_row,
                    });
                }
                for pair in buses.windows(2) {
                    wires.join(wire(pair[0].0, pair[0].1), wire(pair[1].0, pair[1].1));
                }
                let Some(config) = config else { continue };
                let settings = &config.drivers[driver.index()];
                if settings.local_input
                    && let Some(bus) = buses.first()
                {
                    if let Some(other) = chain_bus {
                        wires.join(wire(other.0, other.1), wire(bus.0, bus.1));
                    }
                    chain_bus = Some(*bus);
                    chain.push(driver);
                }
                // The chain ends at a driver that does not connect to the next.
                if !settings.connect_neighbour || driver.outer_neighbour().is_none() {
                    if chain.len() > 1 {
                        found.push(Violation::ChainFedTwice {
                            chip,
                            drivers: std::mem::take(&mut chain),
                        });
                    }
                    chain.clear();
                    chain_bus = None;
                }
            }
        }
    }

    fn check_analog_lines(&self, found: &mut Vec<Violation>) {
        let mut users: BTreeMap<(Reticle, AnalogOutput), Vec<Hicann>> = BTreeMap::new();
        for (chip, config) in &self.chips {
            for output in AnalogOutput::all().filter(|output| config.analog.outputs[output.index()].on) {
                users.entry((chip.reticle(), output)).or_default().push(*chip);
            }
        }
        for ((reticle, output), chips) in users {
            if chips.len() > 1 {
                found.push(Violation::SharedAnalogLine {
                    reticle,
                    output,
                    chips,
                });
            }
        }
    }

    fn check_senders(&self, wires: &mut Sets, found: &mut Vec<Violation>) {
        let mut senders: BTreeMap<usize, Vec<(Hicann, Bus)>> = BTreeMap::new();
        for (chip, config) in &self.chips {
            for bus in Bus::all() {
                let (inwards, outwards) = config.repeaters.get(bus).mode.drives();
                if inwards {
                    let root = wires.root(wire(*chip, bus));
                    senders.entry(root).or_default().push((*chip, bus));
                }
                if outwards {
                    let border: Direction = bus.repeater_border();
                    let target = chip
                        .neighbour(border)
                        .filter(|next| self.chips.contains_key(next));
                    match (target, bus.across(border)) {
                        (Some(next), Some(across)) => {
                            let root = wires.root(wire(next, across));
                            senders.entry(root).or_default().push((*chip, bus));
                        }
                        _ => found.push(Violation::DrivesNothing { chip: *chip, bus }),
                    }
                }
            }
        }
        for (root, repeaters) in senders {
            if repeaters.len() > 1 {
                found.push(Violation::Senders {
                    bus: bus_of(root),
                    repeaters,
                });
            }
        }
    }
}

/// All drivers, edge by edge from the middle of the chip outwards: each is followed by its outer neighbour, if it has one.
fn chains() -> impl Iterator<Item = SynapseDriver> {
    SynapseDriver::all()
        .filter(|driver| driver.inner_neighbour().is_none())
        .flat_map(|first| std::iter::successors(Some(first), |driver| driver.outer_neighbour()))
}
