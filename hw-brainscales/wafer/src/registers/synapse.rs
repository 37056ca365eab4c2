//! The synapse controllers: drivers, weights, decoders and spike-timing-dependent plasticity.
//!
//! Sources: `hicann-system:units/stage2_hal/source/synapse_control.{h,cpp}`,
//! `halbe:hal/backend/HICANNBackendHelper.cpp`, `halbe:hal/HICANNContainer.{h,cpp}`.

use crate::Field;

/// Offset of the configuration of driver rows, by [`crate::SynapseDriver::hardware_address`].
pub const ROW_CONFIG: u16 = 0x000;
/// Offset of the strobe patterns ("pre-out") of driver rows. Only the registers of hardware-bottom rows mean something to
/// `halbe`, which writes the others as zero; `hicann-system` divides the bits among both.
pub const STROBES: u16 = 0x100;
/// Offset of the conductance dividers of driver rows.
pub const GMAX_DIVIDERS: u16 = 0x200;
/// Offset of the control register.
pub const CONTROL: u16 = 0x4000;
/// Offset of the configuration register.
pub const CONFIG: u16 = 0x4001;
/// Offset of the status register, which is read only.
pub const STATUS: u16 = 0x4002;
/// Offset of the six words of the lookup tables: two each for acausal, causal, and both.
pub const LOOKUP: u16 = 0x4100;
/// Offset of the four words from which a command writes a column set.
pub const INPUT: u16 = 0x4200;
/// Offset of the four words to which a command reads a column set.
pub const OUTPUT: u16 = 0x4300;
/// Offset of the two words with the correlations of a column set, one per evaluation pattern.
pub const CORRELATION: u16 = 0x4400;
/// Offset of the register with the columns of a set whose correlations a reset clears.
pub const RESET: u16 = 0x4500;

/// Column sets of a row.
pub const COLUMN_SETS: usize = 8;
/// Words of a column set; word `8 * chunk + set` of a row holds eight neighbouring columns.
pub const CHUNKS: usize = 4;

/// Registers of drivers are 16 bits wide: the driver on the left edge has the lower byte, the one on the right the upper.
pub const DRIVER_BITS: Field = Field::bits(0, 15);

/// Row configuration: the row acts on the left ("x", excitatory) input of its neurons.
pub const INPUT_LEFT: Field = Field::bit(0);
/// Row configuration: the row acts on the right ("i", inhibitory) input of its neurons.
pub const INPUT_RIGHT: Field = Field::bit(1);
/// Row configuration: which of the four `V_gmax`.
pub const GMAX_SELECT: Field = Field::bits(2, 3);
/// Hardware-bottom row: the driver's input is tied to that of its outer neighbour.
pub const CONNECT_NEIGHBOUR: Field = Field::bit(4);
/// Hardware-bottom row: the driver takes what its synapse switches bring.
pub const LOCAL_INPUT: Field = Field::bit(5);
/// Hardware-bottom row: the driver is on.
pub const ENABLE: Field = Field::bit(6);
/// Hardware-bottom row: short-term plasticity is on.
pub const STP_ENABLE: Field = Field::bit(7);
/// Hardware-top row: capacitor of short-term plasticity.
pub const STP_CAPACITOR: Field = Field::bits(4, 6);
/// Hardware-top row: mode of short-term plasticity. 0 is facilitation and 1 depression in `halbe`; the public simulator of
/// the system (`ess`) reads it the other way round.
pub const STP_DEPRESSION: Field = Field::bit(7);

/// Divider towards the left input.
pub const DIVIDER_LEFT: Field = Field::bits(0, 3);
/// Divider towards the right input.
pub const DIVIDER_RIGHT: Field = Field::bits(4, 7);

/// Position in the strobe register of both bits, low one first, of the pattern of the hardware-bottom row's even columns.
pub const STROBE_BOTTOM_EVEN: [u8; 2] = [0, 2];
/// The same for the hardware-top row's even columns.
pub const STROBE_TOP_EVEN: [u8; 2] = [3, 1];
/// The same for the hardware-bottom row's odd columns.
pub const STROBE_BOTTOM_ODD: [u8; 2] = [4, 6];
/// The same for the hardware-top row's odd columns.
pub const STROBE_TOP_ODD: [u8; 2] = [7, 5];

/// A command to a synapse controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// Nothing.
    Idle = 0,
    /// Read the weights of a column set into the output register.
    Read = 1,
    /// Open a row to read decoders.
    StartReadDecoders = 2,
    /// Write the input register as weights of a column set.
    Write = 3,
    /// Start automatic updates of weights.
    Auto = 4,
    /// Write the input register as decoders of a column set.
    WriteDecoders = 5,
    /// Read the decoders of a column set into the output register.
    ReadDecoders = 6,
    /// Open a row to read weights.
    StartRead = 7,
    /// Close the open row.
    CloseRow = 9,
    /// Reset correlations of a column set.
    ResetCorrelation = 10,
}

impl Command {
    /// All commands.
    pub const ALL: [Command; 10] = [
        Command::Idle,
        Command::Read,
        Command::StartReadDecoders,
        Command::Write,
        Command::Auto,
        Command::WriteDecoders,
        Command::ReadDecoders,
        Command::StartRead,
        Command::CloseRow,
        Command::ResetCorrelation,
    ];

    /// The command of a code; none for 8 and above 10.
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|command| *command as u32 == code)
    }
}

/// Control register: the command.
pub const COMMAND: Field = Field::bits(0, 3);
/// Control register: read correlations along with weights.
pub const READ_CORRELATION: Field = Field::bit(4);
/// Control register: automatic updates start again at the first row after the last.
pub const CONTINUOUS: Field = Field::bit(5);
/// Control register: the command is new.
pub const NEW_COMMAND: Field = Field::bit(6);
/// Control register: row, by its hardware number; the first one of automatic updates.
pub const ROW: Field = Field::bits(8, 15);
/// Control register: last row of automatic updates, by its hardware number.
pub const LAST_ROW: Field = Field::bits(16, 23);
/// Control register: column set.
pub const COLUMN_SET: Field = Field::bits(24, 26);
/// Control register: do not reset capacitors after an evaluation.
pub const WITHOUT_RESET: Field = Field::bit(27);
/// Control register: read the causal capacitor.
pub const CAUSAL: Field = Field::bit(28);
/// Control register: read the acausal capacitor.
pub const ACAUSAL: Field = Field::bit(29);
/// Control register: the controller is idle; read only.
pub const IDLE: Field = Field::bit(30);

/// Configuration register: the two evaluation patterns; bit `2 * switch` is that of pattern 1, `2 * switch + 1` that of
/// pattern 0, with switches acausal-high 0, acausal-low 1, causal-low 2, causal-high 3 by the names `aa`, `ac`, `ca`, `cc`.
/// The public tools disagree: `hicann-system` has one pattern in bits 0 to 3 and the other in 4 to 7, and the comments on
/// `ac` and `ca` in `halbe` do not match its names.
pub const PATTERNS: Field = Field::bits(0, 7);
/// Configuration register: clocks of the enable signal.
pub const ENABLE_DELAY: Field = Field::bits(8, 11);
/// Configuration register: clocks of precharging.
pub const PRECHARGE_DELAY: Field = Field::bits(12, 15);
/// Configuration register: enables of the four slices of an array ("gen"); what they do is not documented, 0 is used.
pub const SLICES: Field = Field::bits(16, 19);
/// Configuration register: the delay-locked loops of the drivers on one edge each are *not* in reset. No public source says
/// which bit is which edge; they are always set together.
pub const DLL_RUNS: [Field; 2] = [Field::bit(20), Field::bit(21)];
/// Configuration register: clocks of the output enable.
pub const OUTPUT_DELAY: Field = Field::bits(22, 25);
/// Configuration register: clocks of a write.
pub const WRITE_DELAY: Field = Field::bits(26, 27);

/// Status register: a driver's memory is busy.
pub const DRIVER_BUSY: Field = Field::bit(0);
/// Status register: the array is busy.
pub const ARRAY_BUSY: Field = Field::bit(1);
/// Status register: automatic updates are running.
pub const AUTO_BUSY: Field = Field::bit(2);

/// Weights whose new values are in the first word of a lookup table, from the highest nibble to the lowest; those of the
/// second word are one larger. Nibbles are stored with their bits in reverse order.
pub const LOOKUP_ORDER: [u8; 8] = [0, 8, 4, 12, 2, 10, 6, 14];
