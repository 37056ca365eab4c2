//! What a time step costs the processor and what a program needs in memory: every constant with where it is from.
//!
//! The cycle constants are estimates until the emulator has measured them; they decide slices and the default
//! time-scale factor, never results.

use taproot_network::CellType;

/// Processor cycles per microsecond (`spinnaker-chip: sv.cpu_clk`, 200 MHz).
pub(crate) const CYCLES_PER_MICROSECOND: f64 = 200.0;

/// Share of a step that may be planned for; the rest is for the kernel, memory contention and what the estimates miss.
pub(crate) const USABLE_SHARE: f64 = 0.9;

/// Cycles of a step that does nothing: timer interrupt, ring-buffer slot, recording set-up. Estimate from the length of
/// the code path in `sPyNNaker: c_main.c`.
pub(crate) const STEP: f64 = 1500.0;

/// Cycles to take a spike from the packet queue, look it up, and start and finish the DMA of its row. Estimate:
/// `sPyNNaker: spike_processing.c`, about 250 instructions and a DMA of some hundred nanoseconds.
pub(crate) const SPIKE: f64 = 300.0;

/// Cycles per synapse of a fetched row: 200 MHz over the 13 million events per second that sPyNNaker plans for
/// (`sPyNNaker: population_vertex.py`).
pub(crate) const SYNAPSE: f64 = 200.0 / 13.0;

/// Cycles per neuron and step. For `IF_curr_exp`, Rhodes et al. 2018 ("sPyNNaker", Front. Neurosci.) report 255 neurons in
/// about 0.35 ms, recording included; a conductance input adds two multiplications of 64 bits.
pub(crate) const fn neuron(cell: CellType) -> f64 {
    match cell {
        CellType::IfCurrExp => 270.0,
        CellType::IfCondExp => 300.0,
        // Knuth's method takes one random number (44 cycles, `spinn_common: random.c`) and a product per spike.
        CellType::SpikeSourcePoisson => 150.0,
        CellType::SpikeSourceArray => 5.0,
    }
}

/// Cycles to send one spike: build the key, wait for the controller, record.
pub(crate) const SEND: f64 = 100.0;

/// Bytes of data memory that the heap of a combined core has (64 KiB less stack and static data, of the binaries' block
/// headers).
pub(crate) const HEAP: u32 = 60_800;

/// Bytes of the heap that do not depend on the population: two row buffers of 258 words, 256 queued spikes, DMA and
/// SDP buffers, recording heads.
pub(crate) const HEAP_FIXED: u32 = 2 * 258 * 4 + 256 * 4 + 500;

/// Bytes of the heap per neuron: parameters and state (17 words at most), transmit key, and for recording four
/// indices of two bytes and three values of four.
pub(crate) const HEAP_PER_NEURON: u32 = 17 * 4 + 4 + 4 * 2 + 3 * 4;

/// Bytes of the heap of a delay extension that its counters may take.
const DELAY_COUNTER_BYTES: u32 = 56 * 1024;

/// Neurons that a delay extension can count over `slots` time steps, a power of two. Each slot takes a pointer, a heap
/// block with a header of two words, and a byte per neuron in it (`sPyNNaker: delay_extension.c`; `spinnaker_tools:
/// sark_alloc.c`).
pub(crate) const fn delayed_neurons(slots: u32) -> u32 {
    (DELAY_COUNTER_BYTES / slots).saturating_sub(4 + 8) / 4 * 4
}

/// Bytes of SDRAM that a core takes beside its regions: table of contents, and what the allocator adds to each block.
pub(crate) const SDRAM_OVERHEAD: u64 = 392 + 8 + 6 * 8;

/// Bytes of SDRAM of each chip that nobody may plan with: SCAMP's buffers and heaps at both ends, staging area, and
/// the text output of all cores (`spinnaker-chip: 17`, largest free block 123,469,792 bytes; 16 KiB per core).
pub(crate) const SDRAM_RESERVED: u64 = 134_217_728 - 123_469_792 + 18 * 16 * 1024;
