//! Checkers. Each takes artefacts and says what is wrong with them; none shares code with what produced them.
//!
//! | checker | rules |
//! |---|---|
//! | [`check_placement`] | each vertex has one live node; nodes are not overfull; slots do not overlap; same-node, fixed and excluded are kept |
//! | [`check_routes`] | each tree starts at its source, is a tree, uses live links only, reaches each sink's node, has no leaf without a sink |
//! | [`check_keys`] | blocks are aligned and disjoint; groups have one key and mask and their index where it belongs; fixed keys are kept |
//! | [`check_tables`] | every key that a net may send reaches exactly the cores of its sinks; no table is larger than the hardware's |

mod keys;
mod placement;
mod routes;
mod tables;

pub use keys::{KeyProblem, check_keys};
pub use placement::{PlacementProblem, check_placement};
pub use routes::{RouteProblem, check_routes};
pub use tables::{TableProblem, check_tables};

/// Problems that a checker reports before it stops looking.
pub const PROBLEM_LIMIT: usize = 100;
