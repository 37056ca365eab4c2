//! The on-chip programs that a load image may name (sPyNNaker and SpiNNFrontEndCommon 1!7.4.1).

use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the field's own `.aplx` programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Binary {
    /// `IF_curr_exp.aplx`, neurons and static synapses on one core.
    IfCurrExp,
    /// `IF_cond_exp.aplx`, neurons and static synapses on one core.
    IfCondExp,
    /// `spike_source_poisson.aplx`.
    SpikeSourcePoisson,
    /// `reverse_iptag_multicast_source.aplx`: spike arrays and injection.
    ReverseIptagMulticastSource,
    /// `delay_extension.aplx`.
    DelayExtension,
}

impl Binary {
    /// All of them.
    pub const ALL: [Binary; 5] = [
        Self::IfCurrExp,
        Self::IfCondExp,
        Self::SpikeSourcePoisson,
        Self::ReverseIptagMulticastSource,
        Self::DelayExtension,
    ];

    /// Base name of the file, without `.aplx`.
    pub const fn name(self) -> &'static str {
        match self {
            Binary::IfCurrExp => "IF_curr_exp",
            Binary::IfCondExp => "IF_cond_exp",
            Binary::SpikeSourcePoisson => "spike_source_poisson",
            Binary::ReverseIptagMulticastSource => "reverse_iptag_multicast_source",
            Binary::DelayExtension => "delay_extension",
        }
    }
}

impl fmt::Display for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
