//! Every kind of corruption is caught, by name.

mod common;

use common::{Numbers, local, mesh};
use taproot_mapper::{
    HexMesh, Hop, KeyMask, KeyOptions, KeyProblem, MapOptions, Mapping, NetId, Netlist, NodeId, NodeTable,
    PlacementProblem, Port, RouteProblem, Routes, TableEntry, TableProblem, Targets, VertexId, check_keys,
    check_placement, check_routes, check_tables, map,
};

struct Case {
    machine: HexMesh,
    netlist: Netlist,
    mapping: Mapping,
}

fn case() -> Case {
    let mut numbers = Numbers::new(11);
    let mut machine = mesh(4, 4, true);
    machine.kill_node(NodeId(5));
    let mut netlist = local(150, 5, 60, 10, &mut numbers);
    netlist.add_same_node(vec![VertexId(0), VertexId(1)]).unwrap();
    netlist.fix(VertexId(2), NodeId(3)).unwrap();
    netlist.exclude(NodeId(9));
    let mapping = map(&machine, &netlist, &MapOptions::default(), &mut |_| ()).unwrap();
    Case {
        machine,
        netlist,
        mapping,
    }
}

/// Corrupts a placement, and says what the checker finds.
fn placement(corrupt: impl FnOnce(&mut Case)) -> Vec<PlacementProblem> {
    let mut case = case();
    corrupt(&mut case);
    check_placement(&case.machine, &case.netlist, &case.mapping.placement)
}

macro_rules! has {
    ($problems:expr, $pattern:pat) => {
        let problems = $problems;
        assert!(
            problems.iter().any(|problem| matches!(problem, $pattern)),
            "{problems:?}"
        );
    };
}

#[test]
fn corrupted_placements() {
    assert_eq!(placement(|_| ()), []);
    has!(
        placement(|c| c.mapping.placement.nodes.truncate(149)),
        PlacementProblem::Size { nodes: 149, .. }
    );
    has!(
        placement(|c| c.mapping.placement.nodes[7] = NodeId(5)),
        PlacementProblem::DeadNode {
            vertex: VertexId(7),
            node: NodeId(5)
        }
    );
    has!(
        placement(|c| c.mapping.placement.nodes[7] = NodeId(1_000_000)),
        PlacementProblem::DeadNode {
            vertex: VertexId(7),
            ..
        }
    );
    has!(
        placement(|c| c
            .mapping
            .placement
            .nodes
            .iter_mut()
            .for_each(|node| *node = NodeId(3))),
        PlacementProblem::Overfull { .. }
    );
    has!(
        placement(|c| c.mapping.placement.first_slot[7] = 16),
        PlacementProblem::NoSuchSlot {
            vertex: VertexId(7),
            slot: 16,
            cores: 16,
            ..
        }
    );
    has!(
        placement(|c| c
            .mapping
            .placement
            .first_slot
            .iter_mut()
            .for_each(|slot| *slot = 0)),
        PlacementProblem::SharedSlot { slot: 0, .. }
    );
    has!(
        placement(|c| {
            let nodes = &mut c.mapping.placement.nodes;
            nodes[1] = if nodes[0] == NodeId(0) {
                NodeId(1)
            } else {
                NodeId(0)
            };
        }),
        PlacementProblem::Parted {
            first: VertexId(0),
            second: VertexId(1),
            ..
        }
    );
    has!(
        placement(|c| c.mapping.placement.nodes[2] = NodeId(4)),
        PlacementProblem::Moved {
            vertex: VertexId(2),
            fixed: NodeId(3),
            node: NodeId(4)
        }
    );
    has!(
        placement(|c| c.mapping.placement.nodes[7] = NodeId(9)),
        PlacementProblem::Excluded {
            vertex: VertexId(7),
            node: NodeId(9)
        }
    );
}

/// Corrupts the hops of the first net that has at least two, and says what the checker finds.
fn routes(corrupt: impl FnOnce(&mut NodeId, &mut Vec<Hop>)) -> Vec<RouteProblem> {
    let case = case();
    let mut trees: Vec<(NodeId, Vec<Hop>)> = case
        .mapping
        .routes
        .trees()
        .map(|(_, tree)| (tree.root, tree.hops.to_vec()))
        .collect();
    let (root, hops) = trees.iter_mut().find(|(_, hops)| hops.len() >= 2).unwrap();
    corrupt(root, hops);
    check_routes(
        &case.machine,
        &case.netlist,
        &case.mapping.placement,
        &Routes::new(trees),
    )
}

#[test]
fn corrupted_routes() {
    assert_eq!(routes(|_, _| ()), []);
    has!(
        routes(|root, _| *root = NodeId((root.0 + 1) % 16)),
        RouteProblem::WrongRoot { .. }
    );
    has!(
        routes(|_, hops| hops.truncate(hops.len() - 1)),
        RouteProblem::Missed { .. }
    );
    has!(
        routes(|_, hops| hops[0].port = Port(9)),
        RouteProblem::DeadLink { port: Port(9), .. }
    );
    has!(
        routes(|_, hops| hops[0].to = NodeId(1_000_000)),
        RouteProblem::DeadLink { .. }
    );
    has!(
        routes(|_, hops| hops[0].from = NodeId(1_000_000)),
        RouteProblem::Unreached { .. }
    );
    has!(routes(|_, hops| hops.push(hops[0])), RouteProblem::Twice { .. });
    has!(
        routes(|_, hops| {
            // A branch to a node that the tree does not visit: back over no link is fine for this rule.
            let visited: Vec<NodeId> = hops.iter().flat_map(|hop| [hop.from, hop.to]).collect();
            let to = (0..16).map(NodeId).find(|node| !visited.contains(node)).unwrap();
            hops.push(Hop {
                from: hops[0].from,
                port: Port(0),
                to,
            });
        }),
        RouteProblem::ExtraLeaf { .. }
    );
    let case = case();
    has!(
        check_routes(
            &case.machine,
            &case.netlist,
            &case.mapping.placement,
            &Routes::default()
        ),
        RouteProblem::Size {
            trees: 0,
            nets: 150,
            ..
        }
    );
}

fn keys(corrupt: impl FnOnce(&mut Case)) -> Vec<KeyProblem> {
    let mut case = case();
    corrupt(&mut case);
    check_keys(&case.netlist, &KeyOptions::default(), &case.mapping.keys)
}

#[test]
fn corrupted_keys() {
    assert_eq!(keys(|_| ()), []);
    has!(
        keys(|c| c.mapping.keys.nets.truncate(149)),
        KeyProblem::Size { key_nets: 149, .. }
    );
    has!(
        keys(|c| c.mapping.keys.nets[3].mask = 0xffff_0fff),
        KeyProblem::NotAligned { net: NetId(3), .. }
    );
    has!(
        keys(|c| c.mapping.keys.nets[3].key |= 1),
        KeyProblem::NotAligned { net: NetId(3), .. }
    );
    has!(
        keys(|c| c
            .mapping
            .keys
            .nets
            .iter_mut()
            .for_each(|keys| keys.mask = u32::MAX)),
        KeyProblem::TooFew { .. }
    );
    has!(
        keys(|c| c.mapping.keys.nets[3] = c.mapping.keys.nets[50]),
        KeyProblem::Overlap { .. }
    );
    has!(
        keys(|c| c.mapping.keys.nets.swap(3, 4)),
        KeyProblem::Layout { .. }
    );
    has!(
        keys(|c| c.mapping.keys.groups[0].index_mask = 1),
        KeyProblem::Layout { .. }
    );
    has!(
        keys(|c| c.mapping.keys.groups[0].shift = 40),
        KeyProblem::Layout { .. }
    );
    has!(
        keys(|c| c.mapping.keys.groups[0].block = KeyMask { key: 0, mask: 0 }),
        KeyProblem::Intruder { .. }
    );
    let case = case();
    let options = KeyOptions {
        reserved: vec![case.mapping.keys.nets[8]],
    };
    has!(
        check_keys(&case.netlist, &options, &case.mapping.keys),
        KeyProblem::Reserved { net: NetId(8), .. }
    );
}

fn tables(corrupt: impl FnOnce(&mut Vec<NodeTable>)) -> Vec<TableProblem> {
    let mut case = case();
    corrupt(&mut case.mapping.minimised.tables);
    let Mapping {
        placement,
        keys,
        minimised,
        ..
    } = &case.mapping;
    check_tables(&case.machine, &case.netlist, placement, keys, minimised)
}

#[test]
fn corrupted_tables() {
    assert_eq!(tables(|_| ()), []);
    has!(tables(|t| drop(t.remove(0))), TableProblem::Missed { .. });
    has!(tables(|t| t.swap(0, 1)), TableProblem::BadNode(_));
    has!(
        tables(|t| t[0].node = NodeId(1_000_000)),
        TableProblem::BadNode(NodeId(1_000_000))
    );
    has!(
        tables(|t| t[0].entries[0].targets.slots = 0),
        TableProblem::Missed { .. }
    );
    has!(
        tables(|t| t
            .iter_mut()
            .flat_map(|t| &mut t.entries)
            .for_each(|e| e.targets.slots = 0xffff)),
        TableProblem::Stray { .. }
    );
    has!(
        tables(|t| {
            let filler = TableEntry {
                keys: KeyMask {
                    key: u32::MAX,
                    mask: u32::MAX,
                },
                targets: Targets::default(),
            };
            t[0].entries.resize(1024, filler);
        }),
        TableProblem::TooLarge {
            entries: 1024,
            capacity: 1023,
            ..
        }
    );
    has!(
        tables(|t| t[0].entries[0].targets.ports |= 1 << 6),
        TableProblem::DeadLink { port: Port(6), .. }
    );
    has!(
        tables(|t| t
            .iter_mut()
            .flat_map(|t| &mut t.entries)
            .for_each(|e| e.targets.ports = 0b1001)),
        TableProblem::Twice { .. }
    );
    // One entry before all others that takes a quarter of all keys: some of a block's keys only.
    has!(
        tables(|t| {
            let keys = KeyMask { key: 0, mask: 3 };
            t[0].entries.insert(
                0,
                TableEntry {
                    keys,
                    targets: Targets::default(),
                },
            );
        }),
        TableProblem::Missed { .. }
    );
}

#[test]
fn a_default_route_that_forgets_a_core_is_caught() {
    // The error of sPyNNaker 7.4.1's ordered covering: an entry that goes straight on is dropped from the table
    // although it also delivers to a core.
    let machine = mesh(3, 1, false);
    let mut netlist = Netlist::new();
    let ids: Vec<VertexId> = (0..3)
        .map(|n| {
            let vertex = taproot_mapper::Vertex::new("", taproot_mapper::Resources::new(1, 0));
            let id = netlist.add_vertex(vertex);
            netlist.fix(id, NodeId(n)).unwrap();
            id
        })
        .collect();
    netlist.add_net(ids[0], &[ids[1], ids[2]], 1.0, 4).unwrap();
    let mut mapping = map(&machine, &netlist, &MapOptions::default(), &mut |_| ()).unwrap();
    let table = &mut mapping.minimised.tables[1];
    assert_eq!(table.node, NodeId(1));
    table.entries.clear();
    let Mapping {
        placement,
        keys,
        minimised,
        ..
    } = &mapping;
    let problems: Vec<String> = check_tables(&machine, &netlist, placement, keys, minimised)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        problems,
        ["n0 with the keys 0x00000000/0xfffffff0 does not reach slots 0x1 of (1,0)"]
    );
}
