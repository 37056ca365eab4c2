//! Placement, routing, keys and routing tables, on any machine that can be described as nodes with ports.
//!
//! Every stage is a function from immutable artefacts to the next one, and every artefact has a checker that shares no
//! code with what produced it:
//!
//! ```text
//! Netlist --place--> Placement --route--> Routes -+
//!    |                                            +--build_tables--> RoutingTables --minimise--> RoutingTables
//!    +------------allocate_keys--> Keys ----------+
//! ```
//!
//! The machine is seen through one trait, [`Architecture`]. Same input, options and seed give the same bytes, on any
//! host and with any number of threads.
//!
//! This crate does not know sockets, files, clocks, firmware or neuron models, and it knows no real machine.
//!
//! ```
//! use taproot_mapper::*;
//! let machine = HexMesh::new(8, 8, false, Resources::new(17, 100_000_000), 1023);
//! let mut netlist = Netlist::new();
//! let cells: Vec<VertexId> = (0..40)
//!     .map(|core| netlist.add_vertex(Vertex::new(format!("cells {core}"), Resources::new(1, 1_000_000))))
//!     .collect();
//! let nets = cells.iter().map(|cell| netlist.add_net(*cell, &cells, 1000.0, 12)).collect::<Result<_, _>>()?;
//! netlist.add_group(KeyGroup::new("cells", nets))?;
//!
//! let mapping = map(&machine, &netlist, &MapOptions::default(), &mut |_| ())?;
//! assert_eq!(mapping.metrics(&machine, &netlist).chips_used, 3);
//! assert!(mapping.check(&machine, &netlist, &KeyOptions::default()).is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod architecture;
mod check;
mod cost;
mod grid;
mod ids;
mod keys;
mod mapping;
mod mesh;
mod metrics;
mod minimise;
mod netlist;
mod place;
mod placement;
mod random;
mod resources;
mod route;
mod routes;
mod tables;

pub use architecture::{Architecture, Metric, Position, Topology};
pub use check::{
    KeyProblem, PROBLEM_LIMIT, PlacementProblem, RouteProblem, TableProblem, check_keys, check_placement,
    check_routes, check_tables,
};
pub use cost::{PlacementCost, placement_cost};
pub use ids::{GroupId, NetId, NodeId, Port, VertexId};
pub use keys::{GroupKeys, KeyError, KeyMask, KeyOptions, Keys, allocate_keys};
pub use mapping::{MapError, MapOptions, Mapping, Problem, Stage, map};
pub use mesh::HexMesh;
pub use metrics::{LinkLoad, Metrics, NodeUse, metrics};
pub use minimise::{Effort, MinimiseOptions, TableError, minimise, minimise_table};
pub use netlist::{FixedKeys, KeyGroup, Net, Netlist, NetlistError, Vertex};
pub use place::{PlaceError, PlaceOptions, place};
pub use placement::Placement;
pub use resources::Resources;
pub use route::{RouteError, route};
pub use routes::{Hop, Routes, Tree};
pub use tables::{NodeTable, RoutingTables, TableEntry, Targets, build_tables};
