//! Why a network cannot be lowered.

use taproot_mapper::{KeyError, NetlistError, PlaceError, RouteError, TableError};
use taproot_network::ExpandError;

/// Why a network cannot be lowered to a load image, or a change to it cannot be followed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LowerError {
    /// A projection cannot be expanded.
    #[error(transparent)]
    Expand(#[from] ExpandError),
    /// The time step is not a whole number of microseconds, which is what the hardware timer counts.
    #[error(
        "a time step of {timestep} ms is not a whole number of microseconds (from 0.001 to 1,000,000 ms)"
    )]
    Timestep {
        /// The time step, ms.
        timestep: f64,
    },
    /// Time step times time-scale factor does not fit 32 bits of microseconds.
    #[error("a time step of {timestep} ms at time-scale factor {factor} is too long for the hardware timer")]
    TimeScale {
        /// The time step, ms.
        timestep: f64,
        /// Time-scale factor.
        factor: u32,
    },
    /// A population has no value, or too few, for a parameter.
    #[error("population `{population}` has {found} values of `{name}`; {needed} are needed")]
    ParameterCount {
        /// Its label.
        population: String,
        /// PyNN's name of the parameter.
        name: String,
        /// Values found.
        found: usize,
        /// Values needed.
        needed: u32,
    },
    /// A parameter that the model divides by is stored as zero or less.
    #[error("population `{population}`: `{name}` is {value}, stored as {stored}; it must be positive")]
    NotPositive {
        /// Its label.
        population: String,
        /// PyNN's name of the parameter.
        name: String,
        /// The value asked for.
        value: f64,
        /// The value stored.
        stored: f64,
    },
    /// A rate, start or duration is negative or not a number.
    #[error("population `{population}`: `{name}` is {value}; it must be 0 or more")]
    Negative {
        /// Its label.
        population: String,
        /// PyNN's name of the parameter.
        name: String,
        /// The value.
        value: f64,
    },
    /// A Poisson source is faster than the program can count.
    #[error(
        "population `{population}`: a rate of {rate} Hz is beyond what a Poisson source can do, which is below {limit} Hz; \
         several sources with a part of the rate each add up to the same"
    )]
    RateTooHigh {
        /// Its label.
        population: String,
        /// The rate, Hz.
        rate: f64,
        /// The rates that can be stored are below this, Hz.
        limit: f64,
    },
    /// Values of a parameter cannot be drawn.
    #[error("population `{population}`: `{name}` cannot be drawn: {source}")]
    Draw {
        /// Its label.
        population: String,
        /// PyNN's name of the parameter.
        name: String,
        /// Why.
        source: taproot_network::DrawError,
    },
    /// A record request, a projection or a list of cells does not fit its population.
    #[error("population `{population}` cannot {what}")]
    Unsupported {
        /// Its label.
        population: String,
        /// What it cannot do, as an infinitive.
        what: String,
    },
    /// A delay is longer than delay slots and delay extension together allow.
    #[error(
        "projection `{projection}` has a delay of {delay} ms; the longest that its source `{population}` can have is {limit} ms"
    )]
    DelayTooLong {
        /// Label of the projection.
        projection: String,
        /// Label of the population it starts from.
        population: String,
        /// Its longest delay, ms.
        delay: f64,
        /// The limit, ms.
        limit: f64,
    },
    /// The synapses onto one core do not fit its matrix.
    #[error("the synapses onto `{vertex}` take {bytes} bytes; a core can address {limit}")]
    MatrixTooLarge {
        /// The core's label.
        vertex: String,
        /// Bytes needed.
        bytes: u64,
        /// Bytes that can be addressed.
        limit: u64,
    },
    /// More blocks of synapses than the population table can list.
    #[error("`{vertex}` receives {blocks} blocks of synapses; its population table can list {limit}")]
    TooManyBlocks {
        /// The core's label.
        vertex: String,
        /// Blocks needed.
        blocks: usize,
        /// Blocks that can be listed.
        limit: usize,
    },
    /// What a core keeps at hand does not fit its data memory, even with one cell.
    #[error(
        "`{vertex}` needs {bytes} bytes of data memory and its core has {available}; it hears of {sources} populations in \
         {blocks} blocks of synapses, and fewer would fit"
    )]
    DataMemory {
        /// The core's label.
        vertex: String,
        /// Bytes needed.
        bytes: u32,
        /// Bytes there are.
        available: u32,
        /// Entries of its population table.
        sources: u32,
        /// Blocks of rows that these list.
        blocks: u32,
    },
    /// The network needs more cores than the machine has.
    #[error(
        "the network needs {needed} cores and `{machine}` has {available}; the largest population, `{population}`, \
         takes {cores} of them for {size} cells at up to {per_core} per core"
    )]
    TooManyCores {
        /// Name of the machine.
        machine: String,
        /// Cores needed.
        needed: usize,
        /// Application cores of the machine.
        available: usize,
        /// Label of the largest population.
        population: String,
        /// Its cores.
        cores: usize,
        /// Its cells.
        size: u32,
        /// Its cells per core.
        per_core: u32,
    },
    /// Recordings of a single step do not fit a chip.
    #[error(
        "chip {chip} has no room for recordings: they take {per_step} bytes per step and {free} bytes are free"
    )]
    NoRecordingSpace {
        /// The chip.
        chip: taproot_spinnaker_chip::ChipXy,
        /// Bytes per step of all its cores.
        per_step: u64,
        /// Bytes free.
        free: u64,
    },
    /// The netlist is not sound.
    #[error(transparent)]
    Netlist(#[from] NetlistError),
    /// No placement.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// No routes.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// No keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// Tables do not fit.
    #[error(transparent)]
    Tables(#[from] TableError),
    /// A checker found fault with an artefact: a mistake in this program, not in the network.
    #[error("the {stage} checker found {count} problems; the first: {first}")]
    Check {
        /// Which artefact.
        stage: &'static str,
        /// How many problems.
        count: usize,
        /// The first of them.
        first: String,
    },
    /// Weights have grown beyond what the ring buffers can take, whose scale cores read only when they start.
    #[error(
        "weights of `{projection}` onto population `{population}`: {count} are above {largest} {unit}, the largest for which \
         the network has been loaded; call reset() before so large a change, or give the projection its largest weight \
         before the first run"
    )]
    WeightsGrown {
        /// Label of the projection.
        projection: String,
        /// Label of the population that receives them.
        population: String,
        /// How many are too large that were not before.
        count: u64,
        /// The largest weight that can be stored.
        largest: f64,
        /// Its unit.
        unit: String,
    },
    /// A change to the network needs a new load image.
    #[error("{what} cannot be changed without loading the network anew")]
    NeedsNewImage {
        /// What was changed.
        what: String,
    },
    /// Spikes of a run interval do not fit the send buffer of a core.
    #[error(
        "the spikes of `{vertex}` from step {from} to {to} take {bytes} bytes; its send buffer has {capacity}"
    )]
    SendBufferTooSmall {
        /// The core's label.
        vertex: String,
        /// First step.
        from: u32,
        /// Step after the last.
        to: u32,
        /// Bytes needed.
        bytes: usize,
        /// Bytes there are.
        capacity: usize,
    },
}
