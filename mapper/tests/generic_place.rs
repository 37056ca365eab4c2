//! What every placer must do. A new placer joins by adding a line to `placers`.

mod common;

use common::{Numbers, damage, local, mesh};
use taproot_mapper::{
    Architecture, HexMesh, Netlist, NodeId, PlaceError, PlaceOptions, Placement, Resources, Vertex, VertexId,
    check_placement, place, placement_cost,
};

type Placer = fn(&HexMesh, &Netlist, u64) -> Result<Placement, PlaceError>;

fn placers() -> [(&'static str, Placer); 2] {
    [
        ("annealing", |machine, netlist, seed| {
            place(
                machine,
                netlist,
                &PlaceOptions {
                    seed,
                    ..PlaceOptions::default()
                },
            )
        }),
        ("constructive", |machine, netlist, seed| {
            let options = PlaceOptions {
                seed,
                effort: 0.0,
                ..PlaceOptions::default()
            };
            place(machine, netlist, &options)
        }),
    ]
}

/// Places with every placer and checks that the placement is legal.
fn legal(machine: &HexMesh, netlist: &Netlist) -> Vec<Placement> {
    placers()
        .into_iter()
        .map(|(name, placer)| {
            let placement = placer(machine, netlist, 1).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(check_placement(machine, netlist, &placement), [], "{name}");
            assert_eq!(
                placement,
                placer(machine, netlist, 1).unwrap(),
                "{name} repeats itself"
            );
            placement
        })
        .collect()
}

/// The error that every placer reports.
fn refused(machine: &HexMesh, netlist: &Netlist) -> String {
    let errors: Vec<PlaceError> = placers()
        .into_iter()
        .map(|(name, placer)| placer(machine, netlist, 1).expect_err(name))
        .collect();
    assert!(errors.iter().all(|error| *error == errors[0]));
    errors[0].to_string()
}

fn vertices(netlist: &mut Netlist, count: usize, need: Resources) -> Vec<VertexId> {
    (0..count)
        .map(|n| netlist.add_vertex(Vertex::new(format!("vertex {n}"), need.clone())))
        .collect()
}

#[test]
fn nothing_is_placed_on_nothing() {
    legal(&mesh(1, 1, false), &Netlist::new());
}

#[test]
fn a_machine_can_be_filled_to_the_last_core() {
    let mut netlist = Netlist::new();
    vertices(&mut netlist, 4 * 16, Resources::new(1, 0));
    legal(&mesh(2, 2, true), &netlist);
}

#[test]
fn one_core_too_many_is_refused_with_the_numbers() {
    let mut netlist = Netlist::new();
    vertices(&mut netlist, 4 * 16 + 1, Resources::new(1, 0));
    assert_eq!(
        refused(&mesh(2, 2, true), &netlist),
        "the netlist needs 65 cores, and the machine has 64"
    );
}

#[test]
fn memory_is_a_limit_of_its_own() {
    let mut netlist = Netlist::new();
    vertices(&mut netlist, 4, Resources::new(1, 60 << 20));
    // Two of 60 MiB do not fit into 100 MiB, so each gets a node.
    let mut nodes = legal(&mesh(2, 2, false), &netlist).remove(0).nodes;
    nodes.sort_unstable();
    nodes.dedup();
    assert_eq!(nodes.len(), 4);
}

#[test]
fn a_vertex_larger_than_a_node_is_refused() {
    let mut netlist = Netlist::new();
    vertices(&mut netlist, 1, Resources::new(17, 0));
    assert_eq!(
        refused(&mesh(2, 2, false), &netlist),
        "`vertex 0` needs 17 cores, 0 bytes; \
         the most that a node offers is 16 cores, 104857600 bytes"
    );
}

#[test]
fn scraps_that_no_vertex_fits_into_are_reported() {
    let mut netlist = Netlist::new();
    vertices(&mut netlist, 3, Resources::new(10, 0));
    assert_eq!(
        refused(&mesh(2, 1, false), &netlist),
        "`vertex 2` needs 10 cores, 0 bytes, and none of the 2 usable nodes has so much left"
    );
}

#[test]
fn dead_and_excluded_nodes_stay_empty() {
    let mut machine = mesh(3, 3, false);
    machine.kill_node(NodeId(4));
    let mut netlist = Netlist::new();
    vertices(&mut netlist, 7 * 16, Resources::new(1, 0));
    netlist.exclude(NodeId(0));
    for placement in legal(&machine, &netlist) {
        assert!(!placement.nodes.contains(&NodeId(0)) && !placement.nodes.contains(&NodeId(4)));
    }
}

#[test]
fn vertices_that_belong_together_share_a_node() {
    let mut numbers = Numbers::new(1);
    let mut netlist = local(100, 4, 10, 10, &mut numbers);
    for first in [0, 20, 40] {
        netlist
            .add_same_node((first..first + 12).map(VertexId).collect())
            .unwrap();
    }
    // The second list joins the first group through v11.
    netlist.add_same_node(vec![VertexId(11), VertexId(99)]).unwrap();
    for placement in legal(&mesh(4, 4, true), &netlist) {
        assert_eq!(placement.node(VertexId(0)), placement.node(VertexId(99)));
    }
}

#[test]
fn fixed_vertices_stay_where_they_are_even_on_excluded_nodes() {
    let mut numbers = Numbers::new(2);
    let mut netlist = local(100, 4, 10, 10, &mut numbers);
    netlist.exclude(NodeId(15));
    netlist.fix(VertexId(3), NodeId(15)).unwrap();
    netlist.fix(VertexId(4), NodeId(2)).unwrap();
    for placement in legal(&mesh(4, 4, true), &netlist) {
        assert_eq!(placement.node(VertexId(3)), NodeId(15));
        assert_eq!(placement.node(VertexId(4)), NodeId(2));
        assert_eq!(
            placement.nodes.iter().filter(|node| **node == NodeId(15)).count(),
            1
        );
    }
}

#[test]
fn impossible_constraints_are_named() {
    let mut machine = mesh(2, 2, false);
    machine.kill_node(NodeId(1));
    let mut netlist = Netlist::new();
    let two = vertices(&mut netlist, 2, Resources::new(9, 0));
    let base = netlist.clone();
    netlist.fix(two[0], NodeId(1)).unwrap();
    assert_eq!(
        refused(&machine, &netlist),
        "v0 `vertex 0` is fixed to (0,1), which is missing or dead"
    );
    let mut netlist = base.clone();
    netlist.fix(two[0], NodeId(2)).unwrap();
    netlist.fix(two[1], NodeId(2)).unwrap();
    assert_eq!(
        refused(&machine, &netlist),
        "the vertices fixed to (1,0) need 18 cores, 0 bytes, and it has 16 cores, 104857600 bytes"
    );
    let mut netlist = base;
    netlist.add_same_node(two.clone()).unwrap();
    netlist.fix(two[0], NodeId(2)).unwrap();
    netlist.fix(two[1], NodeId(3)).unwrap();
    assert_eq!(
        refused(&machine, &netlist),
        "`vertex 1` must be on (1,0) and on (1,1)"
    );
}

#[test]
fn further_resources_are_kept_too() {
    let mut capacity = Resources::new(16, 0);
    capacity.counters = vec![3];
    let machine = HexMesh::new(2, 2, false, capacity, 1023);
    let mut netlist = Netlist::new();
    let mut need = Resources::new(1, 0);
    need.counters = vec![2];
    vertices(&mut netlist, 4, need);
    let mut nodes = legal(&machine, &netlist).remove(0).nodes;
    nodes.sort_unstable();
    assert_eq!(nodes, [0, 1, 2, 3].map(NodeId));
}

#[test]
fn damaged_machines_are_placed_on() {
    for seed in 0..20 {
        let mut numbers = Numbers::new(seed);
        let mut machine = mesh(6, 5, seed % 2 == 0);
        damage(&mut machine, 10, &mut numbers);
        legal(&machine, &local(200, 3, 15, 7, &mut numbers));
    }
}

#[test]
fn a_machine_in_two_parts_is_used_in_its_larger_part() {
    let mut machine = mesh(5, 1, false);
    machine.kill_node(NodeId(1));
    let mut netlist = Netlist::new();
    let ids = vertices(&mut netlist, 48, Resources::new(1, 0));
    netlist.add_net(ids[0], &ids, 1.0, 0).unwrap();
    for placement in legal(&machine, &netlist) {
        assert!(!placement.nodes.contains(&NodeId(0)));
    }
    vertices(&mut netlist, 1, Resources::new(1, 0));
    assert_eq!(
        refused(&machine, &netlist),
        "the netlist needs 49 cores, and the machine has 48"
    );
}

#[test]
fn annealing_is_no_worse_than_its_start() {
    let mut numbers = Numbers::new(3);
    let machine = mesh(5, 5, true);
    let netlist = local(300, 4, 20, 10, &mut numbers);
    let placements = legal(&machine, &netlist);
    let cost = |placement: &Placement| placement_cost(&machine, &netlist, &placement.nodes).weighted_links;
    assert!(
        cost(&placements[0]) < 0.9 * cost(&placements[1]),
        "{} {}",
        cost(&placements[0]),
        cost(&placements[1])
    );
}

#[test]
fn a_pair_that_talks_ends_up_together() {
    let machine = mesh(8, 8, false);
    let mut netlist = Netlist::new();
    let ids = vertices(&mut netlist, 200, Resources::new(1, 0));
    for n in 0..100 {
        netlist.add_net(ids[n], &[ids[199 - n]], 1.0, 0).unwrap();
    }
    for placement in legal(&machine, &netlist) {
        let cost = placement_cost(&machine, &netlist, &placement.nodes);
        // Sixteen cores hold eight pairs, so no pair need be parted; the start may part one per node.
        assert!(cost.links <= 12.0, "{cost:?}");
    }
    let annealed = placers()[0].1(&machine, &netlist, 1).unwrap();
    assert_eq!(placement_cost(&machine, &netlist, &annealed.nodes).links, 0.0);
}

#[test]
fn the_seed_matters_to_the_annealer_only() {
    let mut numbers = Numbers::new(4);
    let machine = mesh(5, 5, true);
    let netlist = local(300, 4, 20, 10, &mut numbers);
    let [(_, annealing), (_, constructive)] = placers();
    assert_ne!(annealing(&machine, &netlist, 1), annealing(&machine, &netlist, 2));
    assert_eq!(
        constructive(&machine, &netlist, 1),
        constructive(&machine, &netlist, 2)
    );
    assert!(machine.node_count() == 25);
}
