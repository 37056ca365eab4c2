//! Time of each stage: one board with a hundred vertices, and a large machine with ten thousand.

#![allow(
    missing_docs,
    reason = "criterion's macro makes a public function without one"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use taproot_mapper::{
    HexMesh, KeyGroup, KeyOptions, MapOptions, MinimiseOptions, Netlist, PlaceOptions, Resources, Vertex,
    VertexId, allocate_keys, build_tables, check_tables, map, minimise, place, route,
};

/// A square of one-core vertices; each drives four others within three columns and rows.
fn square(side: usize) -> Netlist {
    let mut netlist = Netlist::new();
    let ids: Vec<VertexId> = (0..side * side)
        .map(|n| netlist.add_vertex(Vertex::new(format!("vertex {n}"), Resources::new(1, 1 << 20))))
        .collect();
    let mut state = 1u64;
    let mut step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) as usize % 7 + side - 3
    };
    let mut nets = Vec::new();
    for y in 0..side {
        for x in 0..side {
            let sinks: Vec<VertexId> = (0..4)
                .map(|_| ids[(y + step()) % side * side + (x + step()) % side])
                .collect();
            nets.push(
                netlist
                    .add_net(ids[y * side + x], &sinks, 1.0, 8)
                    .expect("a good net"),
            );
        }
    }
    for members in nets.chunks(10) {
        netlist
            .add_group(KeyGroup::new("group", members.to_vec()))
            .expect("a good group");
    }
    netlist
}

fn stages(criterion: &mut Criterion) {
    for (name, side, chips) in [("board", 10, 8), ("large", 100, 26)] {
        let machine = HexMesh::new(chips, chips, chips > 8, Resources::new(17, 100 << 20), 1023);
        let netlist = square(side);
        let mapping = map(&machine, &netlist, &MapOptions::default(), &mut |_| ()).expect("a mapping");
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10);
        group.bench_function("place", |b| {
            b.iter(|| place(black_box(&machine), &netlist, &PlaceOptions::default()));
        });
        group.bench_function("route", |b| {
            b.iter(|| route(black_box(&machine), &netlist, &mapping.placement))
        });
        group.bench_function("keys", |b| {
            b.iter(|| allocate_keys(black_box(&netlist), &KeyOptions::default()))
        });
        group.bench_function("tables", |b| {
            b.iter(|| {
                build_tables(
                    black_box(&machine),
                    &netlist,
                    &mapping.placement,
                    &mapping.routes,
                    &mapping.keys,
                )
            });
        });
        group.bench_function("minimise", |b| {
            b.iter(|| minimise(black_box(&machine), &mapping.tables, &MinimiseOptions::default()));
        });
        group.bench_function("check tables", |b| {
            b.iter(|| {
                check_tables(
                    black_box(&machine),
                    &netlist,
                    &mapping.placement,
                    &mapping.keys,
                    &mapping.minimised,
                )
            });
        });
        group.finish();
    }
}

criterion_group!(benches, stages);
criterion_main!(benches);
