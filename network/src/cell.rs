//! The cell types that a network may use, with PyNN's names, units and defaults (PyNN 0.13, `standardmodels/cells.py`).

use serde::{Deserialize, Serialize};

/// A standard cell type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CellType {
    /// Leaky integrate-and-fire, exponentially decaying synaptic currents.
    IfCurrExp,
    /// Leaky integrate-and-fire, exponentially decaying synaptic conductances.
    IfCondExp,
    /// Spikes at given times.
    SpikeSourceArray,
    /// Spikes of a Poisson process.
    SpikeSourcePoisson,
}

/// One parameter or initial value of a cell type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParameterInfo {
    /// PyNN's name.
    pub name: &'static str,
    /// PyNN's unit; empty for plain numbers.
    pub unit: &'static str,
    /// PyNN's default. Not meaningful for `spike_times`, whose default is no spikes.
    pub default: f64,
}

/// A quantity that can be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Variable {
    /// Spike times, ms.
    Spikes,
    /// Membrane potential, mV.
    V,
    /// Excitatory synaptic conductance, uS.
    GsynExc,
    /// Inhibitory synaptic conductance, uS.
    GsynInh,
}

impl Variable {
    /// PyNN's name.
    pub const fn name(self) -> &'static str {
        match self {
            Variable::Spikes => "spikes",
            Variable::V => "v",
            Variable::GsynExc => "gsyn_exc",
            Variable::GsynInh => "gsyn_inh",
        }
    }

    /// The variable with PyNN's name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Spikes, Self::V, Self::GsynExc, Self::GsynInh]
            .into_iter()
            .find(|v| v.name() == name)
    }

    /// PyNN's unit.
    pub const fn unit(self) -> &'static str {
        match self {
            Variable::Spikes => "ms",
            Variable::V => "mV",
            Variable::GsynExc | Variable::GsynInh => "uS",
        }
    }
}

const fn info(name: &'static str, unit: &'static str, default: f64) -> ParameterInfo {
    ParameterInfo { name, unit, default }
}

const IF_CURR_EXP: [ParameterInfo; 9] = [
    info("v_rest", "mV", -65.0),
    info("cm", "nF", 1.0),
    info("tau_m", "ms", 20.0),
    info("tau_refrac", "ms", 0.1),
    info("tau_syn_E", "ms", 5.0),
    info("tau_syn_I", "ms", 5.0),
    info("i_offset", "nA", 0.0),
    info("v_reset", "mV", -65.0),
    info("v_thresh", "mV", -50.0),
];
const IF_COND_EXP: [ParameterInfo; 11] = [
    info("v_rest", "mV", -65.0),
    info("cm", "nF", 1.0),
    info("tau_m", "ms", 20.0),
    info("tau_refrac", "ms", 0.1),
    info("tau_syn_E", "ms", 5.0),
    info("tau_syn_I", "ms", 5.0),
    info("e_rev_E", "mV", 0.0),
    info("e_rev_I", "mV", -70.0),
    info("v_thresh", "mV", -50.0),
    info("v_reset", "mV", -65.0),
    info("i_offset", "nA", 0.0),
];
const POISSON: [ParameterInfo; 3] = [
    info("rate", "1/s", 1.0),
    info("start", "ms", 0.0),
    info("duration", "ms", 1e10),
];
const ARRAY: [ParameterInfo; 1] = [info("spike_times", "ms", 0.0)];
const IF_CURR_EXP_STATE: [ParameterInfo; 3] = [
    info("v", "mV", -65.0),
    info("isyn_exc", "nA", 0.0),
    info("isyn_inh", "nA", 0.0),
];
const IF_COND_EXP_STATE: [ParameterInfo; 3] = [
    info("v", "mV", -65.0),
    info("gsyn_exc", "uS", 0.0),
    info("gsyn_inh", "uS", 0.0),
];

impl CellType {
    /// All of them.
    pub const ALL: [CellType; 4] = [
        Self::IfCurrExp,
        Self::IfCondExp,
        Self::SpikeSourceArray,
        Self::SpikeSourcePoisson,
    ];

    /// PyNN's name.
    pub const fn name(self) -> &'static str {
        match self {
            CellType::IfCurrExp => "IF_curr_exp",
            CellType::IfCondExp => "IF_cond_exp",
            CellType::SpikeSourceArray => "SpikeSourceArray",
            CellType::SpikeSourcePoisson => "SpikeSourcePoisson",
        }
    }

    /// The cell type with PyNN's name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cell| cell.name() == name)
    }

    /// Its parameters.
    pub const fn parameters(self) -> &'static [ParameterInfo] {
        match self {
            CellType::IfCurrExp => &IF_CURR_EXP,
            CellType::IfCondExp => &IF_COND_EXP,
            CellType::SpikeSourceArray => &ARRAY,
            CellType::SpikeSourcePoisson => &POISSON,
        }
    }

    /// Its state variables that can be initialised.
    pub const fn initial_values(self) -> &'static [ParameterInfo] {
        match self {
            CellType::IfCurrExp => &IF_CURR_EXP_STATE,
            CellType::IfCondExp => &IF_COND_EXP_STATE,
            CellType::SpikeSourceArray | CellType::SpikeSourcePoisson => &[],
        }
    }

    /// Receptor names; the first is excitatory, the second inhibitory. Empty for sources.
    pub const fn receptors(self) -> &'static [&'static str] {
        match self {
            CellType::IfCurrExp | CellType::IfCondExp => &["excitatory", "inhibitory"],
            CellType::SpikeSourceArray | CellType::SpikeSourcePoisson => &[],
        }
    }

    /// What can be recorded from it.
    pub const fn recordables(self) -> &'static [Variable] {
        match self {
            // sPyNNaker and the binaries record the synaptic input of current-based cells through the same channels.
            CellType::IfCurrExp | CellType::IfCondExp => &[
                Variable::Spikes,
                Variable::V,
                Variable::GsynExc,
                Variable::GsynInh,
            ],
            CellType::SpikeSourceArray | CellType::SpikeSourcePoisson => &[Variable::Spikes],
        }
    }

    /// Whether weights are conductances (uS) rather than currents (nA).
    pub const fn conductance_based(self) -> bool {
        matches!(self, CellType::IfCondExp)
    }
}
