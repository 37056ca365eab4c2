//! What a configuration must not be.

use taproot_wafer::{
    DncMerger, Half, HorizontalBus, Merger, Neuron, Quad, SynapseDriver, VerticalBus,
    floating_gate::{FgBlock, FgColumn, FgRow},
    repeater::{RepeaterBlock, TestPort},
    synapse_switch::SwitchRow,
};

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The public sources are not of one mind, or it does nothing: reported, not refused.
    Suspect,
    /// The circuits would not do what the configuration says: refused.
    Illegal,
    /// The chip can be damaged: refused.
    Damaging,
}

/// Something that is wrong with the configuration of one chip.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A membrane connection between quads is enabled from both ends (`halbe:hal/HICANNContainer.h`).
    #[error(
        "the {half} circuits at the boundary of {left} and the quad to its right take each other's fire input: this can \
         damage the chip"
    )]
    BothFireInputs {
        /// The quad to the left of the boundary.
        left: Quad,
        /// The row.
        half: Half,
    },
    /// More than one circuit at a boundary takes a fire input (`sthal:sthal/Neurons.cpp`).
    #[error(
        "{count} circuits at the boundary of {left} and the quad to its right take a fire input, and only one may"
    )]
    SeveralFireInputs {
        /// The quad to the left of the boundary.
        left: Quad,
        /// How many.
        count: usize,
    },
    /// Several comparators of joined circuits are on (`sthal:sthal/Neurons.cpp`).
    #[error("{first} and {second} are joined, and both fire")]
    SeveralFire {
        /// One of them.
        first: Neuron,
        /// Another one.
        second: Neuron,
    },
    /// A circuit sends spikes that it cannot have (`sthal:sthal/Neurons.cpp`).
    #[error("{0} sends spikes, but does not fire")]
    SendsWithoutFiring(Neuron),
    /// The analogue switches of a pair cannot be set independently (`halbe:hal/backend/HICANNBackendHelper.cpp`).
    #[error(
        "the {half} circuits of {quad} want a combination of analogue outputs and current inputs that the hardware has no \
         code for: beside a current input, only the output of the same circuit can be on"
    )]
    ImpossibleIo {
        /// The quad.
        quad: Quad,
        /// The row.
        half: Half,
    },
    /// Several membranes of a group are led to the same line, and an output shows it (`sthal:sthal/HICANN.cpp`).
    #[error("{count} membranes of the group of {group} are led to an analogue output, which can show one")]
    SeveralMembranes {
        /// The group, by the block of its shared parameters.
        group: FgBlock,
        /// How many.
        count: usize,
    },
    /// The fire line of neuron 0 reaches output 0 only.
    #[error("the fire line of neuron 0 cannot be shown on analogue output 1, only on 0")]
    FireLineOnOutput1,
    /// More switches of a horizontal bus are closed than may be.
    #[error(
        "{closed} crossbar switches of {bus} are closed, more than {limit}: they short buses or load them too much"
    )]
    CrossbarRow {
        /// The bus.
        bus: HorizontalBus,
        /// How many are closed.
        closed: usize,
        /// How many may be.
        limit: usize,
    },
    /// More crossbar switches of a vertical bus are closed than may be.
    #[error(
        "{closed} crossbar switches of {bus} are closed, more than {limit}: they short buses or load them too much"
    )]
    CrossbarColumn {
        /// The bus.
        bus: VerticalBus,
        /// How many are closed.
        closed: usize,
        /// How many may be.
        limit: usize,
    },
    /// More switches of a row are closed than may be.
    #[error("{closed} synapse switches of {row} are closed, more than {limit}: they short buses")]
    SwitchRow {
        /// The row.
        row: SwitchRow,
        /// How many are closed.
        closed: usize,
        /// How many may be.
        limit: usize,
    },
    /// More synapse switches of a bus are closed than may be.
    #[error("{closed} synapse switches of {bus} are closed, more than {limit}: they load it too much")]
    SwitchColumn {
        /// The bus.
        bus: VerticalBus,
        /// How many are closed.
        closed: usize,
        /// How many may be.
        limit: usize,
    },
    /// A driver is told to tie its input to a neighbour that it does not have.
    #[error("{0} is the last of its edge and has no neighbour to connect to")]
    NoNeighbour(SynapseDriver),
    /// A repeater sends to neither side.
    #[error("a repeater in sending mode sends to neither side")]
    SendsNowhere,
    /// Several repeaters use a test port at once (`sthal:sthal/L1Repeaters.cpp`).
    #[error("{count} repeaters of block {block} {use_} test port {}, which serves one", port.index())]
    TestPort {
        /// The block.
        block: RepeaterBlock,
        /// The port.
        port: TestPort,
        /// "send from" or "record on".
        use_: &'static str,
        /// How many.
        count: usize,
    },
    /// Two DNC mergers are looped back onto each other (`halbe:hal/backend/HICANNBackend.cpp`).
    #[error("{0} and its partner loop back onto each other, and only one may")]
    LoopbackBothWays(DncMerger),
    /// A DNC merger that feeds a sending repeater leaves no clock free (`halbe:hal/HICANN/Merger.h`).
    #[error("{0} feeds a repeater that sends on layer 1, and is not slow: spikes in a row would be lost")]
    SlowMissing(DncMerger),
    /// Nothing regular with address 0 comes out of a sending repeater: its receivers cannot lock.
    #[error(
        "{0} feeds a repeater that sends on layer 1, and no background generator with address 0 reaches it: receivers need \
         regular traffic to lock"
    )]
    NoLockingTraffic(DncMerger),
    /// Slow does nothing unless both inputs are merged (`marocco:marocco/placement/InputPlacement.cpp`).
    #[error("{0} is slow, which works only in mode Merge")]
    SlowWithoutMerge(DncMerger),
    /// A merger behind a merging one does not merge. `halbe` notes that all mergers after the point where merging begins
    /// have to merge as well, because of the handshake, and asks in the same note what "after" means; its own default tree,
    /// and those that the public mapper makes, do not comply.
    #[error("{merger} merges, and {next} behind it does not: the handshake may be incomplete")]
    MergeNotContinued {
        /// The one that merges.
        merger: Merger,
        /// The next one.
        next: Merger,
    },
    /// A random generator with seed 0 never leaves its first state.
    #[error("the random background generator of block {0} has seed 0, from which it never moves")]
    SeedZero(usize),
    /// A floating gate's code does not fit.
    #[error("code {code} of block {block}, {row}, {column} does not fit: the largest is 1023")]
    CodeTooLarge {
        /// The block.
        block: FgBlock,
        /// The row.
        row: FgRow,
        /// The column.
        column: FgColumn,
        /// The code.
        code: u16,
    },
    /// A value does not fit into its field.
    #[error("{what} is {value}, and the largest is {largest}")]
    ValueTooLarge {
        /// What it is.
        what: &'static str,
        /// The value.
        value: u32,
        /// The largest that fits.
        largest: u32,
    },
    /// An array has the wrong length.
    #[error("there are {found} {what} instead of {expected}")]
    WrongNumber {
        /// What they are.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
}

impl Refusal {
    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        match self {
            Refusal::BothFireInputs { .. } => Severity::Damaging,
            // Spikes from the DNC may lock receivers as well.
            Refusal::NoLockingTraffic(_)
            | Refusal::SlowWithoutMerge(_)
            | Refusal::MergeNotContinued { .. } => Severity::Suspect,
            _ => Severity::Illegal,
        }
    }
}
