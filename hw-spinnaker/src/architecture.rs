//! A SpiNNaker machine as the mapper sees it: chips are nodes, links are ports, application cores are slots.
//!
//! Node numbers are `x * height + y`, so that nodes are in the order of P2P addresses. Slot s is virtual core s + 1,
//! since virtual core 0 is the monitor's.

use taproot_mapper::{Architecture, Metric, NodeId, Port, Position, Resources, Topology};
use taproot_spinnaker_chip::{ChipXy, CoordinateError, CoreId, Link, Machine};

/// The node of a chip.
pub fn node_of(machine: &Machine, chip: ChipXy) -> NodeId {
    NodeId(u32::from(chip.x) * u32::from(machine.height()) + u32::from(chip.y))
}

/// The chip of a node. Nodes beyond the machine give chips beyond it.
pub fn chip_of(machine: &Machine, node: NodeId) -> ChipXy {
    let height = u32::from(machine.height());
    let narrow = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
    ChipXy::new(narrow(node.0 / height), narrow(node.0 % height))
}

/// The core that a slot of a node stands for; an error beyond the eighteenth core.
pub fn core_of(machine: &Machine, node: NodeId, slot: u8) -> Result<CoreId, CoordinateError> {
    CoreId::new(chip_of(machine, node), slot.saturating_add(1))
}

/// A machine with what the mapper asks often worked out once.
#[derive(Clone, Debug)]
pub struct SpinnakerArchitecture<'a> {
    machine: &'a Machine,
    metric: Metric,
}

impl<'a> SpinnakerArchitecture<'a> {
    /// The architecture of a machine.
    pub fn new(machine: &'a Machine) -> Self {
        // The grid always wraps, but a machine without wrap-around has only dead links at its edge.
        let crosses = |edge: &dyn Fn(ChipXy) -> bool, links: [Link; 2]| {
            machine
                .chips()
                .any(|(xy, chip)| edge(xy) && links.iter().any(|link| chip.links.contains(*link)))
        };
        let metric = Metric {
            topology: Topology::Hexagonal,
            width: machine.width().into(),
            height: machine.height().into(),
            wrap_x: crosses(&|xy| xy.x == 0, [Link::West, Link::SouthWest]),
            wrap_y: crosses(&|xy| xy.y == 0, [Link::South, Link::SouthWest]),
        };
        Self { machine, metric }
    }

    /// The machine.
    pub fn machine(&self) -> &'a Machine {
        self.machine
    }

    fn chip(&self, node: NodeId) -> Option<&'a taproot_spinnaker_chip::Chip> {
        if node.index() >= self.node_count() {
            return None;
        }
        self.machine.chip(chip_of(self.machine, node))
    }
}

impl Architecture for SpinnakerArchitecture<'_> {
    fn node_count(&self) -> usize {
        usize::from(self.machine.width()) * usize::from(self.machine.height())
    }

    fn is_live(&self, node: NodeId) -> bool {
        self.chip(node).is_some()
    }

    fn name(&self, node: NodeId) -> String {
        chip_of(self.machine, node).to_string()
    }

    fn port_name(&self, port: Port) -> String {
        Link::from_number(port.0).map_or_else(|| port.to_string(), |link| link.to_string())
    }

    fn position(&self, node: NodeId) -> Position {
        let chip = chip_of(self.machine, node);
        Position {
            x: chip.x.into(),
            y: chip.y.into(),
        }
    }

    fn node_at(&self, position: Position) -> Option<NodeId> {
        let x = u8::try_from(position.x)
            .ok()
            .filter(|x| *x < self.machine.width())?;
        let y = u8::try_from(position.y)
            .ok()
            .filter(|y| *y < self.machine.height())?;
        Some(node_of(self.machine, ChipXy::new(x, y)))
    }

    fn metric(&self) -> Metric {
        self.metric
    }

    fn capacity(&self, node: NodeId) -> Resources {
        self.chip(node).map_or_else(Resources::default, |chip| {
            Resources::new(chip.application_cores().len() as u32, chip.sdram.into())
        })
    }

    fn ports(&self) -> u8 {
        6
    }

    fn step(&self, port: Port) -> (i32, i32) {
        Link::from_number(port.0).map_or((0, 0), Link::step)
    }

    fn follow(&self, node: NodeId, port: Port) -> Option<(NodeId, Port)> {
        let link = Link::from_number(port.0)?;
        self.chip(node)?;
        let to = self.machine.neighbour(chip_of(self.machine, node), link)?;
        Some((node_of(self.machine, to), Port(link.opposite().number())))
    }

    fn default_route(&self, arrival: Port) -> Option<Port> {
        Some(Port(Link::from_number(arrival.0)?.opposite().number()))
    }

    fn table_capacity(&self, node: NodeId) -> Option<u32> {
        Some(self.chip(node).map_or(0, |chip| chip.router_entries.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_board_does_not_wrap_and_a_triad_does() {
        let board = Machine::spin5();
        let metric = SpinnakerArchitecture::new(&board).metric();
        assert_eq!((metric.wrap_x, metric.wrap_y), (false, false));
        let triad = Machine::triads("spin5x3", 12, 12).unwrap();
        let metric = SpinnakerArchitecture::new(&triad).metric();
        assert_eq!((metric.wrap_x, metric.wrap_y), (true, true));
    }

    #[test]
    fn nodes_are_chips_in_the_order_of_p2p_addresses() {
        let board = Machine::spin5();
        let architecture = SpinnakerArchitecture::new(&board);
        let mut last = None;
        for (xy, chip) in board.chips() {
            let node = node_of(&board, xy);
            assert!(last < Some(node));
            last = Some(node);
            assert_eq!(chip_of(&board, node), xy);
            assert_eq!(architecture.name(node), xy.to_string());
            assert_eq!(architecture.capacity(node).cores + 1, u32::from(chip.cores.len()));
            assert_eq!(architecture.table_capacity(node), Some(1023));
        }
        assert_eq!(
            core_of(&board, node_of(&board, ChipXy::new(4, 7)), 11)
                .unwrap()
                .to_string(),
            "(4,7,12)"
        );
        assert!(core_of(&board, NodeId(0), 17).is_err());
    }

    #[test]
    fn links_are_symmetric_and_dead_chips_have_none() {
        let mut machine = Machine::triads("spin5x3", 12, 12).unwrap();
        machine.kill_chip(ChipXy::new(5, 5));
        let architecture = SpinnakerArchitecture::new(&machine);
        for node in (0..architecture.node_count()).map(NodeId::new) {
            for port in (0..6).map(Port) {
                if let Some((to, arrival)) = architecture.follow(node, port) {
                    assert!(architecture.is_live(node) && architecture.is_live(to));
                    assert_eq!(architecture.follow(to, arrival), Some((node, port)));
                    assert_eq!(architecture.default_route(arrival), Some(port));
                    let at = architecture.position(node);
                    assert_eq!(architecture.metric().distance(at, architecture.position(to)), 1);
                }
            }
        }
        assert!(!architecture.is_live(node_of(&machine, ChipXy::new(5, 5))));
        assert!(!architecture.is_live(NodeId(1_000_000)));
    }
}
