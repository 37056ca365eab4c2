//! The law by which layer 1 falls into 32 networks that no switch connects.
//!
//! Give every bus a phase: `h / 2` for a horizontal bus, `v mod 32` for a vertical bus in the right half and
//! `31 - v mod 32` for one in the left half. Every crossbar switch joins buses of equal phase; a step to the east adds
//! 1, a step to the west subtracts 1, north subtracts 2, south adds 2. So
//!
//! ```text
//! network = (phase - x - 2 y) mod 32
//! ```
//!
//! is the same on everything that can be connected, and a wafer has 32 separate networks of 3,840 buses: 2 horizontal
//! and 8 vertical ones on each chip. This was derived from the rules of continuation and of switches; the test
//! `networks` checks it by connecting all 122,880 buses of a wafer without it.

use crate::{Bus, Hicann, HorizontalBus, SendingRepeater, Side, VerticalBus};

index! {
    /// The phase of a bus on its chip, 0 to 31: see [`Network`].
    Phase(u8), 32, "phase ", "phase"
}

index! {
    /// One of the 32 mutually disconnected networks of layer 1.
    ///
    /// ```
    /// use taproot_wafer::{HorizontalBus, Hicann, Network};
    /// let (chip, east) = (Hicann::new(12, 3).unwrap(), Hicann::new(13, 3).unwrap());
    /// let bus = HorizontalBus::at(6);
    /// assert_eq!(Network::of(chip, bus.into()), Network::of(east, bus.east().into()));
    /// ```
    Network(u8), 32, "network ", "layer-1 network"
}

index! {
    /// A class of synapse drivers: those that buses of four neighbouring phases can reach. A chip has 28 drivers of each
    /// of the 8 classes, 14 on each edge; which class a net reaches on a chip follows from its phase there alone.
    DriverClass(u8), 8, "class ", "driver class"
}

impl Phase {
    /// The drivers that a bus of this phase can reach on its own chip.
    pub const fn driver_class(self) -> DriverClass {
        DriverClass(self.0 / 4)
    }
}

impl HorizontalBus {
    /// Its phase: `h / 2`.
    pub const fn phase(self) -> Phase {
        Phase::at(self.index() / 2)
    }
}

impl VerticalBus {
    /// Its phase: `v mod 32` in the right half, `31 - v mod 32` in the left half.
    pub const fn phase(self) -> Phase {
        match self.side() {
            Side::Left => Phase::at(31 - self.index() % 32),
            Side::Right => Phase::at(self.index() % 32),
        }
    }
}

impl Bus {
    /// Its phase.
    pub const fn phase(self) -> Phase {
        match self {
            Bus::Horizontal(bus) => bus.phase(),
            Bus::Vertical(bus) => bus.phase(),
        }
    }
}

impl Network {
    /// The network that a bus of a chip is part of.
    pub const fn of(chip: Hicann, bus: Bus) -> Self {
        let shift = chip.x() as i32 + 2 * chip.y() as i32;
        Self((bus.phase().0 as i32 - shift).rem_euclid(32) as u8)
    }

    /// The network that a sending repeater of a chip feeds: `(4 s + 3 - x - 2 y) mod 32`.
    pub const fn of_sender(chip: Hicann, repeater: SendingRepeater) -> Self {
        Self::of(chip, Bus::Horizontal(repeater.bus()))
    }

    /// The phase of its buses on a chip.
    pub const fn phase_on(self, chip: Hicann) -> Phase {
        let shift = chip.x() as i32 + 2 * chip.y() as i32;
        Phase((self.0 as i32 + shift).rem_euclid(32) as u8)
    }
}
