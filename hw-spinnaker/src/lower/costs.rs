//! What a time step costs the processor and what a program needs in memory: every constant with where it is from.
//!
//! The cycle constants decide slices and the default time-scale factor, never results. Those called "measured" are of
//! the shipped binaries on the emulated board: for spikes, the shortest time step at which all of N simultaneous spikes
//! with a delay of one step still arrive (N = 20 and 80; rows of 1, 40 and 120 synapses); for neurons, instructions per
//! neuron and step, times 1.5 cycles per instruction.

use taproot_network::CellType;

/// Processor cycles per microsecond (`spinnaker-chip: sv.cpu_clk`, 200 MHz).
pub(crate) const CYCLES_PER_MICROSECOND: f64 = 200.0;

/// Share of a step that may be planned for; the rest is for the kernel, memory contention and what the figures miss.
pub(crate) const USABLE_SHARE: f64 = 0.9;

/// Cycles of a step that does nothing: timer interrupt, ring-buffer slot, recording set-up, and the time until the
/// first spike has come. Measured: 20,000 cycles with 20 spikes, less their 20 times [`SPIKE`], is 3,000.
pub(crate) const STEP: f64 = 3_000.0;

/// Cycles to take a spike from the packet queue, look it up, and fetch and finish a row of one synapse. Measured: 60
/// spikes more take 50,000 cycles more. The DMA round trip is the larger part, so it depends on the emulator's figures
/// for SDRAM.
pub(crate) const SPIKE: f64 = 850.0;

/// Cycles per further synapse of a fetched row. Measured: 80 rows of 40 synapses take 96,000 cycles more than 80 rows of
/// one, 80 rows of 120 take 296,000 more. (sPyNNaker plans with 15.4 for cores that do nothing else: 13 million events
/// per second, `sPyNNaker: population_vertex.py`.)
pub(crate) const SYNAPSE: f64 = 31.0;

/// Cycles per neuron and step. Measured instructions: 123 for `IF_curr_exp`, 160 for `IF_cond_exp`, 8 more with recording;
/// a Poisson source of 20 Hz 97, a very slow one 46.
pub(crate) const fn neuron(cell: CellType) -> f64 {
    match cell {
        CellType::IfCurrExp => 200.0,
        CellType::IfCondExp => 255.0,
        CellType::SpikeSourcePoisson => 150.0,
        CellType::SpikeSourceArray => 5.0,
    }
}

/// Cycles to send one spike: build the key, wait for the controller, record.
pub(crate) const SEND: f64 = 100.0;

/// Bytes of the heap of a delay extension that its counters may take.
const DELAY_COUNTER_BYTES: u32 = 56 * 1024;

/// Neurons that a delay extension can count over `steps` time steps: stages times steps per stage.
///
/// It has slots for the next power of two above that (seen in the text output of the program: 4,096 for 2,048 steps).
/// Each slot takes a pointer, a heap block with a header of two words, and a byte per neuron in it (`sPyNNaker:
/// delay_extension.c`; `spinnaker_tools: sark_alloc.c`).
pub(crate) const fn delayed_neurons(steps: u32) -> u32 {
    match steps.saturating_add(1).checked_next_power_of_two() {
        Some(slots) => (DELAY_COUNTER_BYTES / slots).saturating_sub(4 + 8) / 4 * 4,
        None => 0,
    }
}

/// Bytes of SDRAM that a core takes beside its regions: table of contents, and what the allocator adds to each block.
pub(crate) const SDRAM_OVERHEAD: u64 = 392 + 8 + 6 * 8;

/// Bytes of SDRAM of each chip that nobody may plan with: SCAMP's buffers and heaps at both ends, staging area, and
/// the text output of all cores (`spinnaker-chip: 17`, largest free block 123,469,792 bytes; 16 KiB per core).
pub(crate) const SDRAM_RESERVED: u64 = 134_217_728 - 123_469_792 + 18 * 16 * 1024;
