//! Values: of parameters, weights and delays, given, drawn or computed.

use super::{ProblemKind, problem::Problems};
use crate::{CellType, DrawError, Expression, Generator, Network, RandomSource, SynapseValue, Values};

/// Checks the values of a parameter, or of an initial value where there is no unit.
pub(super) fn check_values(
    name: &str,
    values: &Values,
    size: u32,
    unit: Option<&'static str>,
    found: &mut Problems,
) {
    let spikes = name == "spike_times";
    let check_one = |cell: usize, value: f64, found: &mut Problems| {
        if !value.is_finite() {
            found.push(ProblemKind::NotFinite {
                name: name.to_owned(),
                cell,
                value,
            });
        } else if let (Some(unit), Some(needed)) = (unit, limits(name, value)) {
            found.push(ProblemKind::OutOfRange {
                name: name.to_owned(),
                cell,
                value,
                unit,
                needed,
            });
        }
    };
    match values {
        Values::Sequences(lists) if spikes => {
            found.count("`spike_times`", lists.len(), size);
            for (cell, times) in lists.iter().enumerate() {
                if let Some(position) = times.iter().position(|t| !(t.is_finite() && *t >= 0.0)) {
                    found.push(ProblemKind::BadSpikeTime {
                        cell,
                        position,
                        value: times[position],
                    });
                }
            }
        }
        _ if spikes => found.push(ProblemKind::WrongShape {
            name: name.to_owned(),
            needed: "one list of times per cell",
        }),
        Values::Sequences(_) => found.push(ProblemKind::WrongShape {
            name: name.to_owned(),
            needed: "a number, one number per cell, or a random distribution",
        }),
        Values::Constant(value) => check_one(0, *value, found),
        Values::PerCell(values) => {
            found.count(&format!("`{name}`"), values.len(), size);
            let before = found.list.len();
            for (cell, &value) in values.iter().enumerate() {
                check_one(cell, value, found);
                if found.list.len() > before {
                    break;
                }
            }
        }
        Values::Random(random) => check_random("a parameter's distribution", random, false, found),
    }
}

/// What a parameter with a finite value must be instead, if that value makes no cell.
fn limits(name: &str, value: f64) -> Option<&'static str> {
    match name {
        "cm" | "tau_m" | "tau_syn_E" | "tau_syn_I" if value <= 0.0 => Some("greater than 0"),
        "tau_refrac" | "rate" | "duration" if value < 0.0 => Some("0 or more"),
        _ => None,
    }
}

pub(super) fn check_synapse_value(
    value: &SynapseValue,
    rule: &ValueRule,
    pairs: u64,
    listed: Option<u64>,
    shares_generator: bool,
    found: &mut Problems,
) {
    let what = rule.what;
    let check_all = |values: &[f64], found: &mut Problems| {
        if let Some(position) = values.iter().position(|&value| !rule.allows(value)) {
            found.push(ProblemKind::BadValue {
                what,
                position,
                value: values[position],
                unit: rule.unit,
                needed: rule.needed.clone(),
            });
        }
    };
    match value {
        SynapseValue::Constant(value) => check_all(&[*value], found),
        // Only pairs with a synapse count, and which these are is not known here: expansion looks at them.
        SynapseValue::PerPair(values) => found.length(what, values.len(), pairs),
        SynapseValue::PerConnection(values) => {
            if let Some(needed) = listed {
                found.length(what, values.len(), needed);
            }
            check_all(values, found);
        }
        SynapseValue::Random(random) => check_random(what, random, shares_generator, found),
        SynapseValue::Distance(expression) => {
            check_expression(what, expression, found);
        }
    }
}

/// What a weight or a delay must be.
pub(super) struct ValueRule {
    what: &'static str,
    unit: &'static str,
    low: f64,
    high: f64,
    needed: String,
}

impl ValueRule {
    /// PyNN's rule for the sign of weights.
    pub(super) fn weight(cell: CellType, receptor: u8) -> Self {
        let inhibitory_current = receptor == 1 && !cell.conductance_based();
        let (low, high, needed) = match inhibitory_current {
            true => (
                f64::NEG_INFINITY,
                0.0,
                "0 or less for an inhibitory current-based synapse",
            ),
            false => (
                0.0,
                f64::INFINITY,
                "0 or more for an excitatory or conductance-based synapse",
            ),
        };
        Self {
            what: "the weight",
            unit: if cell.conductance_based() { "uS" } else { "nA" },
            low,
            high,
            needed: needed.to_owned(),
        }
    }

    pub(super) fn delay(network: &Network) -> Self {
        let (low, high) = (network.min_delay, network.max_delay);
        Self {
            what: "the delay",
            unit: "ms",
            low,
            high,
            needed: if high.is_finite() {
                format!("from min_delay, {low} ms, to max_delay, {high} ms")
            } else {
                format!("min_delay, {low} ms, or more")
            },
        }
    }

    fn allows(&self, value: f64) -> bool {
        value.is_finite() && value >= self.low && value <= self.high
    }
}

pub(super) fn check_random(what: &'static str, random: &RandomSource, shares: bool, found: &mut Problems) {
    if let Err(problem) = random.distribution.check() {
        found.push(ProblemKind::Distribution { what, problem });
    }
    check_generator(what, &random.generator, shares, found);
}

/// Checks a generator; says whether others can share it.
pub(super) fn check_generator(
    what: &'static str,
    generator: &Generator,
    may_share: bool,
    found: &mut Problems,
) -> bool {
    let problem = match generator {
        Generator::Numpy(state) if !state.is_valid() => DrawError::BadState {
            words: state.key.len(),
            position: state.position,
        },
        Generator::OfConnector if !may_share => DrawError::NoConnectorGenerator,
        Generator::Numpy(_) => return true,
        Generator::Native { .. } | Generator::OfConnector => return false,
    };
    found.push(ProblemKind::Generator { what, problem });
    false
}

pub(super) fn check_expression(
    what: &'static str,
    expression: &Expression,
    found: &mut Problems,
) -> Option<crate::Formula> {
    match expression.parse() {
        Ok(formula) => Some(formula),
        Err(problem) => {
            found.push(ProblemKind::Expression {
                what,
                expression: expression.0.chars().take(200).collect(),
                problem,
            });
            None
        }
    }
}
