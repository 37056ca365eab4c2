//! What every router must do. A new router joins by adding a line to `routers`.

mod common;

use common::{Numbers, breadth_first, damage, local, mesh, reachable};
use taproot_mapper::{
    Architecture, HexMesh, NetId, Netlist, NodeId, PlaceOptions, Placement, Port, Resources, RouteError,
    Routes, Vertex, check_routes, place, route,
};

type Router = fn(&HexMesh, &Netlist, &Placement) -> Result<Routes, RouteError>;

fn routers() -> [(&'static str, Router); 1] {
    [("nearest first", |machine, netlist, placement| {
        route(machine, netlist, placement)
    })]
}

/// One net from each listed source node to its sink nodes, vertices fixed by hand.
fn by_hand(nets: &[(NodeId, &[NodeId])]) -> (Netlist, Placement) {
    let mut netlist = Netlist::new();
    let mut placement = Placement::default();
    let mut add = |netlist: &mut Netlist, node: NodeId| {
        let slot = placement.nodes.iter().filter(|other| **other == node).count();
        placement.nodes.push(node);
        placement.first_slot.push(slot as u8);
        netlist.add_vertex(Vertex::new(node.to_string(), Resources::new(1, 0)))
    };
    for (source, sinks) in nets {
        let from = add(&mut netlist, *source);
        let to: Vec<_> = sinks.iter().map(|sink| add(&mut netlist, *sink)).collect();
        netlist.add_net(from, &to, 1.0, 0).unwrap();
    }
    (netlist, placement)
}

fn legal(machine: &HexMesh, netlist: &Netlist, placement: &Placement) -> Vec<Routes> {
    routers()
        .into_iter()
        .map(|(name, router)| {
            let routes =
                router(machine, netlist, placement).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(check_routes(machine, netlist, placement, &routes), [], "{name}");
            routes
        })
        .collect()
}

#[test]
fn a_net_on_one_node_uses_no_link() {
    let machine = mesh(3, 3, false);
    let (netlist, placement) = by_hand(&[(NodeId(4), &[NodeId(4), NodeId(4)]), (NodeId(0), &[])]);
    for routes in legal(&machine, &netlist, &placement) {
        assert_eq!(routes.tree(NetId(0)).links(), 0);
        assert_eq!(routes.tree(NetId(0)).visits(), 1);
        assert_eq!(routes.tree(NetId(1)).links(), 0);
    }
}

#[test]
fn two_nodes_are_joined_by_a_shortest_path_whatever_is_broken() {
    for seed in 0..12 {
        let mut numbers = Numbers::new(seed);
        let mut machine = mesh(7, 5, seed % 2 == 0);
        if seed >= 4 {
            damage(&mut machine, 12, &mut numbers);
        }
        let live: Vec<NodeId> = (0..machine.node_count())
            .map(NodeId::new)
            .filter(|n| machine.is_live(*n))
            .collect();
        for &from in &live {
            let distances = breadth_first(&machine, from);
            for &to in &live {
                let (netlist, placement) = by_hand(&[(from, &[to])]);
                let Some(distance) = distances[to.index()] else {
                    for (name, router) in routers() {
                        let error = router(&machine, &netlist, &placement).expect_err(name);
                        assert!(matches!(error, RouteError::NoPath { .. }), "{name}");
                    }
                    continue;
                };
                for routes in legal(&machine, &netlist, &placement) {
                    assert_eq!(
                        routes.tree(NetId(0)).links(),
                        distance as usize,
                        "seed {seed} {from} {to}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_row_of_sinks_takes_a_row_of_links() {
    let machine = mesh(8, 1, false);
    let sinks: Vec<NodeId> = (1..8).map(NodeId).collect();
    let (netlist, placement) = by_hand(&[(NodeId(0), &sinks)]);
    for routes in legal(&machine, &netlist, &placement) {
        assert_eq!(routes.tree(NetId(0)).links(), 7);
    }
}

#[test]
fn broadcasts_are_spanning_trees() {
    for seed in 0..10 {
        let mut numbers = Numbers::new(seed);
        let mut machine = mesh(6, 6, seed % 2 == 0);
        damage(&mut machine, 8, &mut numbers);
        let root = (0..36).map(NodeId).find(|node| machine.is_live(*node)).unwrap();
        let near: Vec<NodeId> = (0..36)
            .map(NodeId)
            .filter(|n| reachable(&machine, root)[n.index()])
            .collect();
        let (netlist, placement) = by_hand(&[(root, &near)]);
        for routes in legal(&machine, &netlist, &placement) {
            assert_eq!(routes.tree(NetId(0)).visits(), near.len());
        }
    }
}

#[test]
fn an_unreachable_sink_is_named() {
    let mut machine = mesh(3, 1, false);
    machine.kill_link(NodeId(0), Port(0));
    let (netlist, placement) = by_hand(&[(NodeId(0), &[NodeId(2)])]);
    for (name, router) in routers() {
        let error = router(&machine, &netlist, &placement).expect_err(name);
        assert_eq!(
            error.to_string(),
            "net n0 cannot get from (0,0) to (2,0): no path over live links joins them"
        );
    }
}

#[test]
fn a_torus_one_node_wide_is_no_trap() {
    let machine = mesh(1, 6, true);
    let sinks: Vec<NodeId> = (0..6).map(NodeId).collect();
    let (netlist, placement) = by_hand(&[(NodeId(2), &sinks)]);
    for routes in legal(&machine, &netlist, &placement) {
        assert_eq!(routes.tree(NetId(0)).links(), 5);
    }
}

#[test]
fn placed_netlists_are_routed_on_damaged_machines() {
    for seed in 0..20 {
        let mut numbers = Numbers::new(seed);
        let mut machine = mesh(6, 5, seed % 2 == 0);
        damage(&mut machine, 30, &mut numbers);
        let netlist = local(200, 6, 40, 7, &mut numbers);
        let options = PlaceOptions {
            effort: 0.1,
            ..PlaceOptions::default()
        };
        let placement = place(&machine, &netlist, &options).unwrap();
        legal(&machine, &netlist, &placement);
    }
}

#[test]
fn another_netlists_placement_is_refused() {
    let machine = mesh(2, 2, false);
    let (netlist, mut placement) = by_hand(&[(NodeId(0), &[NodeId(1)])]);
    placement.nodes.pop();
    assert!(matches!(
        route(&machine, &netlist, &placement),
        Err(RouteError::WrongPlacement {
            places: 1,
            vertices: 2
        })
    ));
}

#[test]
fn the_metric_is_the_length_of_a_shortest_path() {
    for (width, height, torus) in [
        (7, 4, false),
        (7, 4, true),
        (12, 12, true),
        (1, 5, true),
        (2, 2, true),
    ] {
        let machine = mesh(width, height, torus);
        for from in (0..machine.node_count()).map(NodeId::new) {
            let walked = breadth_first(&machine, from);
            for to in (0..machine.node_count()).map(NodeId::new) {
                let distance = machine
                    .metric()
                    .distance(machine.position(from), machine.position(to));
                assert_eq!(Some(distance), walked[to.index()], "{width}x{height} {from} {to}");
            }
        }
    }
}

#[test]
fn the_estimate_of_two_nodes_is_their_distance() {
    let machine = mesh(9, 6, true);
    for to in 1..54 {
        let (netlist, placement) = by_hand(&[(NodeId(0), &[NodeId(to)])]);
        let walked = breadth_first(&machine, NodeId(0))[to as usize].unwrap();
        let cost = taproot_mapper::placement_cost(&machine, &netlist, &placement.nodes);
        assert_eq!(
            (cost.links, cost.weighted_links),
            (f64::from(walked), f64::from(walked))
        );
    }
}
