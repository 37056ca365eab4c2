//! The region numbers of each binary.

/// `IF_curr_exp`, `IF_cond_exp` and every other combined core (`sPyNNaker: population_machine_vertex.py`).
pub mod neuron {
    #![allow(missing_docs, reason = "the names are those of the binary's own enumeration")]
    pub const SYSTEM: u8 = 0;
    pub const CORE_PARAMS: u8 = 1;
    pub const NEURON_PARAMS: u8 = 2;
    pub const CURRENT_SOURCES: u8 = 3;
    pub const SYNAPSE_PARAMS: u8 = 4;
    pub const POPULATION_TABLE: u8 = 5;
    pub const SYNAPTIC_MATRIX: u8 = 6;
    pub const NEURON_RECORDING: u8 = 9;
    pub const PROVENANCE: u8 = 10;
    pub const PROFILER: u8 = 11;
    pub const BIT_FIELD: u8 = 14;
    pub const RECORDING: u8 = 15;
    pub const INITIAL_VALUES: u8 = 16;
    /// Words of the provenance region: six of the simulation library and 22 of the binary.
    pub const PROVENANCE_WORDS: u32 = 28;
    /// Recording channels.
    pub const CHANNELS: usize = 6;
    pub const CHANNEL_V: u8 = 0;
    pub const CHANNEL_GSYN_EXC: u8 = 1;
    pub const CHANNEL_GSYN_INH: u8 = 2;
    pub const CHANNEL_SPIKES: u8 = 3;
}

/// `spike_source_poisson` (`sPyNNaker: spike_source_poisson_machine_vertex.py`).
pub mod poisson {
    #![allow(missing_docs, reason = "the names are those of the binary's own enumeration")]
    pub const SYSTEM: u8 = 0;
    pub const PARAMS: u8 = 1;
    pub const RATES: u8 = 2;
    pub const RECORDING: u8 = 3;
    pub const PROVENANCE: u8 = 4;
    pub const PROFILER: u8 = 5;
    pub const SDRAM_EDGE: u8 = 6;
    pub const EXPANDER: u8 = 7;
    pub const PROVENANCE_WORDS: u32 = 7;
}

/// `reverse_iptag_multicast_source` (`SpiNNFrontEndCommon: reverse_ip_tag_multicast_source_machine_vertex.py`).
pub mod spike_array {
    #![allow(missing_docs, reason = "the names are those of the binary's own enumeration")]
    pub const SYSTEM: u8 = 0;
    pub const CONFIGURATION: u8 = 1;
    pub const RECORDING: u8 = 2;
    pub const SEND_BUFFER: u8 = 3;
    pub const PROVENANCE: u8 = 4;
    pub const PROVENANCE_WORDS: u32 = 11;
}

/// `delay_extension` (`sPyNNaker: delay_extension_machine_vertex.py`).
pub mod delay_extension {
    #![allow(missing_docs, reason = "the names are those of the binary's own enumeration")]
    pub const SYSTEM: u8 = 0;
    pub const PARAMS: u8 = 1;
    pub const PROVENANCE: u8 = 2;
    pub const PROVENANCE_WORDS: u32 = 18;
}
