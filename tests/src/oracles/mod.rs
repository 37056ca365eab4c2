//! What every parser of bytes from outside must do, whatever the bytes are: one oracle per parser.
//!
//! An oracle takes bytes, gives them to a parser and panics if a property does not hold: no panic of the parser,
//! results that keep their invariants, and an encoder that is the inverse of the decoder. It is an ordinary function.
//! The targets in `fuzz/` call it with what a fuzzer invents, and the test `parsers` with seeded mutations of [`Oracle::seeds`].

mod artefacts;
mod brainscales;
mod emulated;
mod files;
mod mutation;
mod recorded;
mod traces;
mod wire;

pub use mutation::Mutations;

/// What a parser made of some bytes. Both are right; a test that only ever sees one of them tests little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They meant something.
    Accepted,
    /// They were refused with an error.
    Refused,
}

impl<T, E> From<&Result<T, E>> for Verdict {
    fn from(result: &Result<T, E>) -> Self {
        if result.is_ok() {
            Self::Accepted
        } else {
            Self::Refused
        }
    }
}

/// One parser and what is asked of it.
pub struct Oracle {
    /// The name of its fuzz target.
    pub name: &'static str,
    /// Panics if a property does not hold for these bytes.
    pub check: fn(&[u8]) -> Verdict,
    /// Bytes that mean something, to begin from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Mutations that an ordinary test tries.
    pub tries: u32,
}

/// Every parser of bytes from outside.
pub const ORACLES: &[Oracle] = &[
    wire::SDP,
    wire::SCP_REQUEST,
    wire::SCP_REPLY,
    wire::COMMAND,
    wire::CONTROL,
    wire::EIEIO,
    wire::BOOT_PACKET,
    wire::APLX,
    wire::DATA_TABLE,
    wire::IOBUF,
    wire::VCPU,
    wire::SV,
    wire::RECORDING_REGION,
    wire::ROUTING_TABLE,
    wire::VERSION_REPLY,
    wire::CHIP_INFO,
    files::MACHINE_NAME,
    files::MACHINE_TOML,
    files::MACHINE_JSON,
    files::TIMING_TOML,
    files::NETWORK_FILE,
    files::RECORDING_FILE,
    files::EXPRESSION,
    files::MESSAGES,
    recorded::RECORDED_DATA,
    recorded::SYNAPTIC_MATRIX,
    artefacts::ARTEFACTS,
    emulated::BOARD,
    emulated::REGISTERS,
    traces::TRACE,
    brainscales::HOSTARQ_FRAME,
    brainscales::HOSTARQ,
    brainscales::HICANN_CONFIG,
    brainscales::FPGA,
    brainscales::PLAYBACK,
    brainscales::WAFER_TRACE,
    brainscales::JTAG,
];

/// The oracle of a fuzz target.
///
/// # Panics
/// If there is none of that name.
pub fn oracle(name: &str) -> &'static Oracle {
    let found = ORACLES.iter().find(|oracle| oracle.name == name);
    found.unwrap_or_else(|| panic!("there is no oracle called `{name}`"))
}
