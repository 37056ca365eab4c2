//! A machine: a grid of chips, what works on each of them, and which links are live.

use crate::{Board, CORES_PER_CHIP, ChipXy, Link, LinkSet, ROUTER_ENTRIES, SDRAM_BYTES, board::TRIAD};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A set of cores of one chip; bit n is core n. Whether numbers are physical or virtual is up to the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct CoreSet(u32);

/// A set of cores from a file names a core that no chip has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:#x} is not a set of cores: a SpiNNaker chip has cores 0 to 17")]
pub struct CoreSetError(pub u32);

impl TryFrom<u32> for CoreSet {
    type Error = CoreSetError;
    fn try_from(bits: u32) -> Result<Self, CoreSetError> {
        if bits & !Self::ALL.0 == 0 {
            Ok(Self(bits))
        } else {
            Err(CoreSetError(bits))
        }
    }
}

impl From<CoreSet> for u32 {
    fn from(set: CoreSet) -> Self {
        set.0
    }
}

impl CoreSet {
    /// All eighteen cores.
    pub const ALL: CoreSet = CoreSet((1 << CORES_PER_CHIP) - 1);

    /// The set whose bits are the low eighteen of `bits`; higher bits are dropped.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// Bit n is core n.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether core `core` is in the set.
    pub const fn contains(self, core: u8) -> bool {
        core < CORES_PER_CHIP && self.0 & (1 << core) != 0
    }

    /// How many cores.
    pub const fn len(self) -> u8 {
        self.0.count_ones() as u8
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The cores of the set, in ascending order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..CORES_PER_CHIP).filter(move |core| self.contains(*core))
    }
}

/// One chip of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chip {
    /// Working cores by **physical** number, the monitor among them. A host sees only how many there are:
    /// virtual core v is the v-th of them, and a machine found by discovery has the lowest bits set.
    pub cores: CoreSet,
    /// Live links. Both ends of a link are live or neither is ([`Machine::check`]).
    pub links: LinkSet,
    /// Bytes of SDRAM that an application may use.
    pub sdram: u32,
    /// Multicast entries that an application may use. SCAMP keeps entry 0.
    pub router_entries: u16,
    /// The Ethernet chip of this chip's board.
    pub ethernet: ChipXy,
}

impl Chip {
    /// Virtual core numbers of application cores: 1 up to, not including, the number of working cores.
    pub fn application_cores(&self) -> std::ops::Range<u8> {
        1..self.cores.len().max(1)
    }
}

/// A SpiNNaker machine: a grid of `width` by `height` positions, some of which hold a chip.
///
/// The grid wraps: the neighbour of the last column to the east is in column 0. On a machine without wrap-around
/// links the links at its edge are dead, so no separate flag is needed.
///
/// ```
/// use taproot_spinnaker_chip::{ChipXy, Link, Machine};
/// let board = Machine::spin5();
/// assert_eq!(board.chips().count(), 48);
/// assert_eq!(board.neighbour(ChipXy::new(0, 0), Link::NorthEast), Some(ChipXy::new(1, 1)));
/// assert_eq!(board.neighbour(ChipXy::new(0, 0), Link::West), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "MachineParts", into = "MachineParts")]
pub struct Machine {
    name: String,
    width: u8,
    height: u8,
    /// `y * width + x`.
    chips: Vec<Option<Chip>>,
}

/// A machine as it is written to files.
#[derive(Serialize, Deserialize)]
struct MachineParts {
    name: String,
    width: u8,
    height: u8,
    chips: Vec<(ChipXy, Chip)>,
}

impl TryFrom<MachineParts> for Machine {
    type Error = MachineError;
    fn try_from(parts: MachineParts) -> Result<Self, MachineError> {
        Self::new(parts.name, parts.width, parts.height, parts.chips)
    }
}

impl From<Machine> for MachineParts {
    fn from(machine: Machine) -> Self {
        let chips = machine.chips().map(|(xy, chip)| (xy, chip.clone())).collect();
        Self {
            name: machine.name,
            width: machine.width,
            height: machine.height,
            chips,
        }
    }
}

/// What is wrong with a machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MachineError {
    /// A dimension is zero or beyond 255 chips (P2P addresses have eight bits for each coordinate).
    #[error("a machine of {width} by {height} chips cannot be addressed: each side must be 1 to 255")]
    Size {
        /// Chips per row.
        width: u32,
        /// Chips per column.
        height: u32,
    },
    /// A link is live at one end only.
    #[error("link {link} of chip {chip} is live, but its other end at {neighbour} is not")]
    HalfLink {
        /// The chip with the live end.
        chip: ChipXy,
        /// Its link.
        link: Link,
        /// Where it should lead.
        neighbour: ChipXy,
    },
    /// A chip names an Ethernet chip that is not there.
    #[error("chip {chip} names {ethernet} as its Ethernet chip, and there is no such chip")]
    NoEthernet {
        /// The chip.
        chip: ChipXy,
        /// The missing Ethernet chip.
        ethernet: ChipXy,
    },
    /// A chip has more memory or routing entries than the hardware.
    #[error(
        "chip {chip} cannot have {sdram} bytes of SDRAM and {router_entries} routing entries; \
         the most are {SDRAM_BYTES} and {ROUTER_ENTRIES}"
    )]
    TooMuch {
        /// The chip.
        chip: ChipXy,
        /// Its SDRAM.
        sdram: u32,
        /// Its routing entries.
        router_entries: u16,
    },
    /// A chip has no working core, so it cannot run a monitor.
    #[error("chip {0} has no working core; list it as a dead chip instead")]
    NoCore(ChipXy),
}

impl Machine {
    /// A machine from its parts; `chips` gives position and chip.
    pub fn new(
        name: impl Into<String>,
        width: u8,
        height: u8,
        chips: impl IntoIterator<Item = (ChipXy, Chip)>,
    ) -> Result<Self, MachineError> {
        if width == 0 || height == 0 {
            return Err(MachineError::Size {
                width: width.into(),
                height: height.into(),
            });
        }
        let mut machine = Self {
            name: name.into(),
            width,
            height,
            chips: vec![None; usize::from(width) * usize::from(height)],
        };
        for (xy, chip) in chips {
            if xy.x >= width || xy.y >= height {
                return Err(MachineError::Size {
                    width: u32::from(xy.x) + 1,
                    height: u32::from(xy.y) + 1,
                });
            }
            let index = machine.index(xy);
            machine.chips[index] = Some(chip);
        }
        machine.check()?;
        Ok(machine)
    }

    /// One SpiNN-3 board. Its two external connectors are dead links; the rest is a 2 by 2 torus.
    pub fn spin3() -> Self {
        Self::boards("spin3", 2, 2, Board::Spin3, &[ChipXy::new(0, 0)])
    }

    /// One SpiNN-5 board.
    pub fn spin5() -> Self {
        Self::boards("spin5", 8, 8, Board::Spin5, &[ChipXy::new(0, 0)])
    }

    /// Triads of three SpiNN-5 boards on a torus of `width` by `height` chips, both multiples of 12.
    pub fn triads(name: &str, width: u8, height: u8) -> Result<Self, MachineError> {
        if width == 0 || height == 0 || !width.is_multiple_of(12) || !height.is_multiple_of(12) {
            return Err(MachineError::Size {
                width: width.into(),
                height: height.into(),
            });
        }
        let mut ethernets = Vec::new();
        for x in (0..width).step_by(12) {
            for y in (0..height).step_by(12) {
                ethernets.extend(TRIAD.map(|(dx, dy)| ChipXy::new(x + dx, y + dy)));
            }
        }
        Ok(Self::boards(name, width, height, Board::Spin5, &ethernets))
    }

    /// A plain grid, every chip whole, with (`torus`) or without wrap-around links; Ethernet at (0,0) only.
    pub fn grid(name: &str, width: u8, height: u8, torus: bool) -> Result<Self, MachineError> {
        if width == 0 || height == 0 {
            return Err(MachineError::Size {
                width: width.into(),
                height: height.into(),
            });
        }
        let chip = Chip {
            cores: CoreSet::ALL,
            links: LinkSet::ALL,
            sdram: SDRAM_BYTES,
            router_entries: ROUTER_ENTRIES - 1,
            ethernet: ChipXy::new(0, 0),
        };
        let mut machine = Self {
            name: name.to_owned(),
            width,
            height,
            chips: vec![Some(chip); usize::from(width) * usize::from(height)],
        };
        if !torus {
            for xy in machine.positions().collect::<Vec<_>>() {
                for link in Link::ALL {
                    let (dx, dy) = link.step();
                    let inside = (0..i32::from(width)).contains(&(i32::from(xy.x) + dx))
                        && (0..i32::from(height)).contains(&(i32::from(xy.y) + dy));
                    if !inside {
                        machine.kill_link(xy, link);
                    }
                }
            }
        }
        Ok(machine)
    }

    fn boards(name: &str, width: u8, height: u8, board: Board, ethernets: &[ChipXy]) -> Self {
        let mut chips = vec![None; usize::from(width) * usize::from(height)];
        for &ethernet in ethernets {
            for local in board.chips() {
                let x = ((u16::from(ethernet.x) + u16::from(local.x)) % u16::from(width)) as u8;
                let y = ((u16::from(ethernet.y) + u16::from(local.y)) % u16::from(height)) as u8;
                chips[usize::from(y) * usize::from(width) + usize::from(x)] = Some(Chip {
                    cores: CoreSet::from_bits((1 << board.working_cores(local)) - 1),
                    links: LinkSet::ALL,
                    sdram: SDRAM_BYTES,
                    router_entries: ROUTER_ENTRIES - 1,
                    ethernet,
                });
            }
        }
        let mut machine = Self {
            name: name.to_owned(),
            width,
            height,
            chips,
        };
        for xy in machine.positions().collect::<Vec<_>>() {
            for link in Link::ALL {
                // A lone 48-chip board does not wrap, although the grid does.
                let (dx, dy) = link.step();
                let leaves = !(0..i32::from(width)).contains(&(i32::from(xy.x) + dx))
                    || !(0..i32::from(height)).contains(&(i32::from(xy.y) + dy));
                let wraps = ethernets.len() > 1 || board == Board::Spin3;
                if machine.chip(machine.beside(xy, link)).is_none() || (leaves && !wraps) {
                    machine.kill_link(xy, link);
                }
            }
        }
        if ethernets.len() == 1 {
            for &(xy, link) in board.external_links() {
                machine.kill_link(xy, link);
            }
        }
        machine
    }

    /// A name for messages, such as `spin5`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same machine under another name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }

    /// Columns of the grid.
    pub fn width(&self) -> u8 {
        self.width
    }

    /// Rows of the grid.
    pub fn height(&self) -> u8 {
        self.height
    }

    /// The chip at `xy`; none if it is missing, dead or outside the grid.
    pub fn chip(&self, xy: ChipXy) -> Option<&Chip> {
        if xy.x >= self.width || xy.y >= self.height {
            return None;
        }
        self.chips[self.index(xy)].as_ref()
    }

    /// All chips, ordered by x, then y.
    pub fn chips(&self) -> impl Iterator<Item = (ChipXy, &Chip)> {
        self.positions().filter_map(|xy| Some((xy, self.chip(xy)?)))
    }

    /// The grid position that `link` leads to, whether or not anything is there.
    pub fn beside(&self, xy: ChipXy, link: Link) -> ChipXy {
        let (dx, dy) = link.step();
        let wrap =
            |value: u8, step: i32, size: u8| (i32::from(value) + step).rem_euclid(i32::from(size)) as u8;
        ChipXy::new(wrap(xy.x, dx, self.width), wrap(xy.y, dy, self.height))
    }

    /// The chip that a live link leads to.
    pub fn neighbour(&self, xy: ChipXy, link: Link) -> Option<ChipXy> {
        self.chip(xy)?.links.contains(link).then(|| self.beside(xy, link))
    }

    /// Ethernet chips, ordered by x, then y.
    pub fn ethernet_chips(&self) -> impl Iterator<Item = ChipXy> {
        self.chips()
            .filter(|(xy, chip)| chip.ethernet == *xy)
            .map(|(xy, _)| xy)
    }

    /// Application cores of the whole machine: working cores without monitors.
    pub fn application_cores(&self) -> usize {
        self.chips().map(|(_, chip)| chip.application_cores().len()).sum()
    }

    /// Removes a chip and its links. Chips of a board whose Ethernet chip dies keep its name only if it lives, so
    /// the whole board is removed with it: without its Ethernet chip SCAMP cannot reach it.
    pub fn kill_chip(&mut self, xy: ChipXy) {
        let board: Vec<ChipXy> = match self.chip(xy) {
            None => return,
            Some(chip) if chip.ethernet == xy => self
                .chips()
                .filter(|(_, other)| other.ethernet == xy)
                .map(|(at, _)| at)
                .collect(),
            Some(_) => vec![xy],
        };
        for dead in board {
            for link in Link::ALL {
                self.kill_link(dead, link);
            }
            let index = self.index(dead);
            self.chips[index] = None;
        }
    }

    /// Makes both ends of a link dead.
    pub fn kill_link(&mut self, xy: ChipXy, link: Link) {
        let other = self.beside(xy, link);
        for (at, link) in [(xy, link), (other, link.opposite())] {
            if at.x < self.width && at.y < self.height {
                let index = self.index(at);
                if let Some(chip) = &mut self.chips[index] {
                    chip.links = chip.links.without(link);
                }
            }
        }
    }

    /// Takes a core, by physical number, out of a chip.
    pub fn kill_core(&mut self, xy: ChipXy, physical: u8) {
        if self.chip(xy).is_some() && physical < CORES_PER_CHIP {
            let index = self.index(xy);
            if let Some(chip) = &mut self.chips[index] {
                chip.cores = CoreSet::from_bits(chip.cores.bits() & !(1 << physical));
            }
        }
    }

    /// Checks that the parts agree: links symmetric and leading to chips, Ethernet chips present, cores working.
    pub fn check(&self) -> Result<(), MachineError> {
        for (xy, chip) in self.chips() {
            if chip.cores.is_empty() {
                return Err(MachineError::NoCore(xy));
            }
            if chip.sdram > SDRAM_BYTES || chip.router_entries > ROUTER_ENTRIES {
                return Err(MachineError::TooMuch {
                    chip: xy,
                    sdram: chip.sdram,
                    router_entries: chip.router_entries,
                });
            }
            if self.chip(chip.ethernet).is_none() {
                return Err(MachineError::NoEthernet {
                    chip: xy,
                    ethernet: chip.ethernet,
                });
            }
            for link in chip.links.iter() {
                let neighbour = self.beside(xy, link);
                if !self
                    .chip(neighbour)
                    .is_some_and(|other| other.links.contains(link.opposite()))
                {
                    return Err(MachineError::HalfLink {
                        chip: xy,
                        link,
                        neighbour,
                    });
                }
            }
        }
        Ok(())
    }

    fn positions(&self) -> impl Iterator<Item = ChipXy> + use<> {
        let height = self.height;
        (0..self.width).flat_map(move |x| (0..height).map(move |y| ChipXy::new(x, y)))
    }

    fn index(&self, xy: ChipXy) -> usize {
        usize::from(xy.y) * usize::from(self.width) + usize::from(xy.x)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} by {}, {} chips, {} application cores",
            self.name,
            self.width,
            self.height,
            self.chips().count(),
            self.application_cores()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_machines_are_consistent() {
        for machine in [
            Machine::spin3(),
            Machine::spin5(),
            Machine::triads("spin5x3", 12, 12).unwrap(),
            Machine::grid("torus", 5, 3, true).unwrap(),
            Machine::grid("mesh", 13, 13, false).unwrap(),
        ] {
            machine.check().unwrap();
        }
    }

    #[test]
    fn machines_survive_files_and_wrong_files_are_refused() {
        let board = Machine::spin5();
        let text = toml::to_string(&MachineParts::from(board.clone())).unwrap();
        assert_eq!(toml::from_str::<Machine>(&text).unwrap(), board);
        assert!(toml::from_str::<Machine>(&text.replace("width = 8", "width = 3")).is_err());
    }

    #[test]
    fn files_with_cores_links_or_memory_that_no_chip_has_are_refused() {
        let machine = Machine::grid("one", 1, 1, false).unwrap();
        let text = toml::to_string(&machine).unwrap();
        assert!(toml::from_str::<Machine>(&text).is_ok());
        for (good, bad) in [
            ("cores = 262143", "cores = 524287"),
            ("links = 0", "links = 64"),
            ("sdram = 134217728", "sdram = 134217729"),
            ("router_entries = 1023", "router_entries = 1025"),
        ] {
            assert!(text.contains(good), "{text}");
            assert!(
                toml::from_str::<Machine>(&text.replace(good, bad)).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_lone_board_has_the_documented_number_of_links_and_cores() {
        let board = Machine::spin5();
        let ends: u32 = board
            .chips()
            .map(|(_, chip)| chip.links.bits().count_ones())
            .sum();
        // Six edges of eight half-links leave the hexagon (SpiNNMachine, version_5.py).
        assert_eq!(ends, 48 * 6 - 48);
        assert_eq!(board.application_cores(), 48 * 17 - 8);
    }

    #[test]
    fn three_boards_are_a_whole_torus() {
        let machine = Machine::triads("spin5x3", 12, 12).unwrap();
        assert!(machine.chips().all(|(_, chip)| chip.links == LinkSet::ALL));
        assert_eq!(machine.ethernet_chips().count(), 3);
    }

    #[test]
    fn a_dead_chip_takes_its_links_along() {
        let mut board = Machine::spin5();
        board.kill_chip(ChipXy::new(1, 1));
        board.check().unwrap();
        assert_eq!(board.neighbour(ChipXy::new(0, 0), Link::NorthEast), None);
        assert_eq!(board.chips().count(), 47);
    }
}
