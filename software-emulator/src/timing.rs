//! What things cost in time. Every number that the public sources leave open is here, with its provenance.
//!
//! The unit is the processor clock cycle, 5 ns at the 200 MHz that SCAMP sets. The emulator keeps this unit from
//! power-on, although the boot ROM runs its cores at 160 MHz; see `docs/emulator/unknowns.md`.

/// Processor cycles in one emulated second: SCAMP sets PLL1 to 400 MHz and divides by two
/// (`spinnaker_tools: scamp/scamp-3.c`, `pll_init`).
pub const CYCLES_PER_SECOND: u64 = 200_000_000;

/// Durations of the shared hardware, in processor cycles unless a field says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Timing {
    /// Extra cycles of a core's load from SDRAM. "More than 100 ns" (resource slides of the 2015 workshop), so 20
    /// and a little for the bridge.
    pub sdram_load: u32,
    /// Extra cycles of a posted store to SDRAM or to a shared peripheral: it enters the bridge's write buffer.
    /// Inferred.
    pub posted_store: u32,
    /// Extra cycles of a load from System RAM or a shared peripheral. Inferred: 10 to 20.
    pub system_load: u32,
    /// Extra cycles of an access to a peripheral of the core itself, over its AHB. Inferred.
    pub local_access: u32,
    /// Cycles from writing the DMA descriptor to the first word. Inferred: some tens.
    pub dma_setup: u32,
    /// Cycles for one 32-bit word of an uncontended DMA transfer: 15 ns (resource slides).
    pub dma_word: u32,
    /// Hundredths of a cycle for which one word occupies the SDRAM: 1.04 GB/s shared by all cores (data sheet
    /// 13) is 5.2 bytes a cycle.
    pub sdram_word_hundredths: u32,
    /// Cycles a packet spends in the communications controller before the router has it. Inferred.
    pub transmit: u32,
    /// Half-cycles of the processor clock for one router clock: 200 MHz / 133 MHz is three half-cycles.
    pub router_clock_halves: u32,
    /// Cycles from the router's output stage to the receiving core's communications controller. Inferred.
    pub deliver: u32,
    /// Cycles to serialise a 40-bit packet on a link: eleven 2-of-7 symbols of 20 ns (data sheet 8).
    pub link_short: u32,
    /// Cycles to serialise a 72-bit packet on a link: nineteen symbols (data sheet 8).
    pub link_long: u32,
    /// Further cycles of one hop: router pipeline, synchronisers and wires. Chosen so that a hop takes 0.42 us
    /// (40 bits) or 0.58 us (72 bits); SCAMP's own model says 0.5 us.
    pub hop: u32,
    /// Further cycles of a hop that leaves the board: 900 ns (SCAMP's model, `BRD_DLY_NS`).
    pub board_crossing: u32,
    /// Packets that may be between two routers of neighbouring chips on one link, buffers of both ends included.
    /// Inferred; large enough that a free link runs at its full rate.
    pub link_depth: u8,
    /// Packets that may wait between the router and one core, its receive register included. Inferred.
    pub core_depth: u8,
    /// Packets of one core that the router accepts between two looks at the core. Internal to the emulator.
    pub inject_depth: u8,
    /// Nanoseconds for one byte on 100 Mbit/s Ethernet.
    pub ethernet_byte_ns: u32,
}

impl Timing {
    /// The stock parameters.
    pub const STOCK: Timing = Timing {
        sdram_load: 24,
        posted_store: 1,
        system_load: 14,
        local_access: 1,
        dma_setup: 40,
        dma_word: 3,
        sdram_word_hundredths: 77,
        transmit: 20,
        router_clock_halves: 3,
        deliver: 20,
        link_short: 44,
        link_long: 76,
        hop: 40,
        board_crossing: 180,
        link_depth: 8,
        core_depth: 4,
        inject_depth: 4,
        ethernet_byte_ns: 80,
    };

    /// Cycles of one synchronisation window: no chip can affect another within fewer.
    pub const WINDOW: u64 = 80;

    /// Cycles on the wire of a packet with or without payload.
    pub(crate) fn link_cycles(&self, payload: bool) -> u64 {
        u64::from(if payload { self.link_long } else { self.link_short })
    }
}

const _: () = assert!(
    Timing::WINDOW <= (Timing::STOCK.link_short + Timing::STOCK.hop) as u64,
    "the window is no longer than the shortest hop"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_packet_takes_220_ns_on_the_wire() {
        let ns = |cycles: u64| cycles * 1_000_000_000 / CYCLES_PER_SECOND;
        assert_eq!(ns(Timing::STOCK.link_cycles(false)), 220);
        assert_eq!(ns(Timing::STOCK.link_cycles(true)), 380);
    }
}
