//! All stages on random netlists and damaged machines, judged by the checkers and by plain counting.

mod common;

use common::{Numbers, damage, local, mesh};
use proptest::prelude::*;
use taproot_mapper::{
    Effort, HexMesh, KeyMask, KeyOptions, MapError, MapOptions, Mapping, MinimiseOptions, Netlist, NodeId,
    NodeTable, PlaceError, PlaceOptions, Resources, TableEntry, TableError, Targets, check_tables, map,
    minimise_table,
};

fn quick() -> MapOptions {
    MapOptions {
        place: PlaceOptions {
            effort: 0.05,
            ..PlaceOptions::default()
        },
        ..MapOptions::default()
    }
}

fn mapped(machine: &HexMesh, netlist: &Netlist) -> Mapping {
    map(machine, netlist, &quick(), &mut |_| ()).unwrap_or_else(|error| panic!("{error:?}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_netlist_that_fits_is_mapped_legally(
        seed in any::<u64>(),
        (width, height) in (1u16..7, 1u16..7),
        torus in any::<bool>(),
        fan_out in 0usize..12,
        share in 1usize..17,
        group in 1usize..9,
        one_in in 5usize..60,
    ) {
        let mut numbers = Numbers::new(seed);
        let mut machine = mesh(width, height, torus);
        damage(&mut machine, one_in, &mut numbers);
        let vertices = usize::from(width * height) * share;
        let netlist = local(vertices, fan_out, 20, group, &mut numbers);
        match map(&machine, &netlist, &quick(), &mut |_| ()) {
            Ok(mapping) => {
                // The tables before minimisation must deliver as well.
                let problems = check_tables(&machine, &netlist, &mapping.placement, &mapping.keys, &mapping.tables);
                prop_assert_eq!(problems, vec![]);
                let metrics = mapping.metrics(&machine, &netlist);
                prop_assert_eq!(metrics.visits, metrics.links + netlist.net_count() as u64);
                let loads: u64 = metrics.link_load.iter().map(|link| u64::from(link.nets)).sum();
                prop_assert_eq!(loads, metrics.links);
                prop_assert!(metrics.entries_minimised <= metrics.entries);
                let bytes = postcard::to_allocvec(&mapping).unwrap();
                prop_assert_eq!(postcard::from_bytes::<Mapping>(&bytes).unwrap(), mapping);
                let bytes = postcard::to_allocvec(&netlist).unwrap();
                prop_assert_eq!(postcard::from_bytes::<Netlist>(&bytes).unwrap(), netlist);
            }
            Err(MapError::Place(PlaceError::NotEnoughCores { needed, available })) => {
                prop_assert!(needed > available);
            }
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn a_minimised_table_does_the_same_for_every_key_that_arrives(
        entries in prop::collection::vec((0u32..64, 0u32..3, 0u32..4, prop::bool::weighted(0.2)), 0..40),
    ) {
        let table = disjoint(&entries);
        let small = minimise_table(&table);
        prop_assert!(small.entries.len() <= table.entries.len());
        for key in 0..64 {
            let wanted = all(&table).find(|entry| entry.keys.contains(key)).map(|entry| entry.targets);
            let got = small.entries.iter().find(|entry| entry.keys.contains(key)).map(|entry| entry.targets);
            let by_default = table.by_default.iter().any(|entry| entry.keys.contains(key));
            match wanted {
                None => {}
                Some(_) if by_default && got.is_none() => {}
                Some(_) => prop_assert_eq!(got, wanted, "key {}", key),
            }
        }
    }
}

fn all(table: &NodeTable) -> impl Iterator<Item = &TableEntry> {
    table.entries.iter().chain(&table.by_default)
}

/// A table without overlaps, from (key, free low bits, port, left to default routing).
fn disjoint(parts: &[(u32, u32, u32, bool)]) -> NodeTable {
    let mut table = NodeTable {
        node: NodeId(0),
        entries: Vec::new(),
        by_default: Vec::new(),
    };
    for &(key, free, port, default) in parts {
        let mask = u32::MAX << free;
        let keys = KeyMask {
            key: key & mask,
            mask,
        };
        if all(&table).any(|entry| entry.keys.intersects(keys)) {
            continue;
        }
        let targets = Targets {
            ports: 1 << port,
            slots: 0,
        };
        let list = if default {
            &mut table.by_default
        } else {
            &mut table.entries
        };
        list.push(TableEntry { keys, targets });
    }
    table
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let mut numbers = Numbers::new(7);
    let mut machine = mesh(8, 8, true);
    damage(&mut machine, 40, &mut numbers);
    let netlist = local(600, 8, 40, 10, &mut numbers);
    let with_threads = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| postcard::to_allocvec(&mapped(&machine, &netlist)).unwrap())
    };
    let one = with_threads(1);
    for threads in [2, 3, 8] {
        assert_eq!(one, with_threads(threads), "{threads} threads");
    }
}

#[test]
fn one_population_with_one_destination_needs_one_entry() {
    // Sixteen cores of a population send to one core of the next node: their keys share a mask.
    let machine = mesh(2, 1, false);
    let mut netlist = Netlist::new();
    let vertex = |netlist: &mut Netlist, node| {
        let id = netlist.add_vertex(taproot_mapper::Vertex::new("", Resources::new(1, 0)));
        netlist.fix(id, node).unwrap();
        id
    };
    let cores: Vec<_> = (0..16).map(|_| vertex(&mut netlist, NodeId(0))).collect();
    let sink = vertex(&mut netlist, NodeId(1));
    let nets = cores
        .iter()
        .map(|core| netlist.add_net(*core, &[sink], 1.0, 8).unwrap())
        .collect();
    netlist
        .add_group(taproot_mapper::KeyGroup::new("population", nets))
        .unwrap();
    let mapping = mapped(&machine, &netlist);
    assert_eq!(mapping.tables.entries(), 32);
    assert_eq!(mapping.minimised.entries(), 2);
}

#[test]
fn tables_that_cannot_fit_are_refused_with_the_numbers() {
    // Alternating targets that no merge can join, in tables of three entries.
    let machine = HexMesh::new(2, 1, false, Resources::new(16, 0), 3);
    let mut netlist = Netlist::new();
    let ids: Vec<_> = (0..16)
        .map(|n| {
            let id = netlist.add_vertex(taproot_mapper::Vertex::new("", Resources::new(1, 0)));
            netlist.fix(id, NodeId(n % 2)).unwrap();
            id
        })
        .collect();
    for n in 0..16 {
        netlist.add_net(ids[n], &[ids[(n + 5) % 16]], 1.0, 0).unwrap();
    }
    let options = MapOptions {
        minimise: MinimiseOptions {
            effort: Effort::IfNeeded,
        },
        ..MapOptions::default()
    };
    match map(&machine, &netlist, &options, &mut |_| ()) {
        Err(MapError::Tables(TableError::TooLarge {
            node,
            before: 16,
            after,
            capacity: 3,
        })) => {
            assert_eq!(node, "(0,0)");
            assert!(after > 3);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn stages_are_announced_in_order() {
    let mut numbers = Numbers::new(7);
    let netlist = local(20, 2, 4, 4, &mut numbers);
    let mut stages = Vec::new();
    map(&mesh(2, 1, false), &netlist, &quick(), &mut |stage| {
        stages.push(stage)
    })
    .unwrap();
    assert!(stages.is_sorted() && stages.len() == 6, "{stages:?}");
    assert!(KeyOptions::default().reserved.is_empty());
}
