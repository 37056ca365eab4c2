//! How long expansion takes: the Vogels-Abbott benchmark's recurrent connections (4,000 cells, 2 %) with PyNN's draws
//! and natively, and one slice of a projection between two populations of 77,169 cells (the size of the cortical
//! microcircuit), as lowering asks for it.

#![allow(
    missing_docs,
    reason = "criterion's macro makes a public function without one"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use std::collections::BTreeMap;
use taproot_network::*;

fn network(size: u32, probability: f64, generator: Generator) -> Network {
    let whole = Group(vec![Selection {
        population: PopulationId(0),
        cells: None,
    }]);
    Network {
        label: "bench".into(),
        timestep: 0.1,
        min_delay: 0.1,
        max_delay: 10.0,
        time_scale_factor: None,
        seed: 1,
        populations: vec![Population {
            label: "cells".into(),
            size,
            cell: CellType::IfCurrExp,
            parameters: BTreeMap::new(),
            initial_values: BTreeMap::new(),
            positions: None,
            records: Vec::new(),
            neurons_per_core: None,
        }],
        projections: vec![Projection {
            label: "recurrent".into(),
            source: whole.clone(),
            target: whole,
            receptor: 0,
            connector: Connector::FixedProbability {
                probability,
                self_connections: SelfConnections::Forbidden,
                generator,
            },
            weight: SynapseValue::Constant(0.1),
            delay: SynapseValue::Constant(0.2),
            space: Space::default(),
        }],
    }
}

fn expansion(criterion: &mut Criterion) {
    let id = ProjectionId(0);
    let native = Generator::Native { seed: 1, stream: 1 };
    let numpy = Generator::Numpy(Mt19937State::from_seed(1));
    let small = network(4000, 0.02, numpy);
    criterion.bench_function("4,000 x 4,000, p = 0.02, NumpyRNG", |b| {
        b.iter(|| small.expand(id))
    });
    let small = network(4000, 0.02, native.clone());
    criterion.bench_function("4,000 x 4,000, p = 0.02, NativeRNG", |b| {
        b.iter(|| small.expand(id))
    });
    let large = network(77_169, 0.05, native);
    criterion.bench_function("256 targets of 77,169 x 77,169, p = 0.05, NativeRNG", |b| {
        b.iter(|| large.expand_targets(id, 40_000..40_256));
    });
}

criterion_group!(benches, expansion);
criterion_main!(benches);
