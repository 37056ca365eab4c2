//! All stages in a row, and all checkers.

use crate::{
    Architecture, KeyError, KeyOptions, KeyProblem, Keys, Metrics, MinimiseOptions, Netlist, PlaceError,
    PlaceOptions, Placement, PlacementProblem, RouteError, RouteProblem, Routes, RoutingTables, TableError,
    TableProblem, allocate_keys, build_tables, check_keys, check_placement, check_routes, check_tables,
    metrics, minimise, place, route,
};
use serde::{Deserialize, Serialize};

/// Options of all stages.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct MapOptions {
    /// Placement.
    pub place: PlaceOptions,
    /// Keys.
    pub keys: KeyOptions,
    /// Minimisation.
    pub minimise: MinimiseOptions,
}

/// The artefacts of all stages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// Where each vertex is.
    pub placement: Placement,
    /// The tree of each net.
    pub routes: Routes,
    /// The keys of each net.
    pub keys: Keys,
    /// Tables as they follow from routes and keys.
    pub tables: RoutingTables,
    /// Tables to load.
    pub minimised: RoutingTables,
}

/// A stage of the mapper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// [`place`]
    Place,
    /// [`route`]
    Route,
    /// [`allocate_keys`]
    Keys,
    /// [`build_tables`]
    Tables,
    /// [`minimise`]
    Minimise,
    /// [`Mapping::check`]
    Check,
}

/// Why a netlist could not be mapped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// Placement failed.
    #[error("placement failed")]
    Place(#[from] PlaceError),
    /// Routing failed.
    #[error("routing failed")]
    Route(#[from] RouteError),
    /// Keys could not be allocated.
    #[error("keys could not be allocated")]
    Keys(#[from] KeyError),
    /// Tables do not fit.
    #[error("the routing tables do not fit")]
    Tables(#[from] TableError),
    /// A checker found something: a defect of the mapper.
    #[error("the mapping is illegal, in {} ways; first: {}", problems.len(), problems[0])]
    Illegal {
        /// What was found; never empty.
        problems: Vec<Problem>,
    },
}

/// What any of the checkers found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// In the placement.
    #[error(transparent)]
    Placement(#[from] PlacementProblem),
    /// In the routes.
    #[error(transparent)]
    Routes(#[from] RouteProblem),
    /// In the keys.
    #[error(transparent)]
    Keys(#[from] KeyProblem),
    /// In the tables.
    #[error(transparent)]
    Tables(#[from] TableProblem),
}

/// Runs all stages and all checkers. `begun` is called as each stage begins.
pub fn map<A: Architecture + ?Sized>(
    architecture: &A,
    netlist: &Netlist,
    options: &MapOptions,
    begun: &mut dyn FnMut(Stage),
) -> Result<Mapping, MapError> {
    begun(Stage::Place);
    let placement = place(architecture, netlist, &options.place)?;
    begun(Stage::Route);
    let routes = route(architecture, netlist, &placement)?;
    begun(Stage::Keys);
    let keys = allocate_keys(netlist, &options.keys)?;
    begun(Stage::Tables);
    let tables = build_tables(architecture, netlist, &placement, &routes, &keys);
    begun(Stage::Minimise);
    let minimised = minimise(architecture, &tables, &options.minimise)?;
    let mapping = Mapping {
        placement,
        routes,
        keys,
        tables,
        minimised,
    };
    begun(Stage::Check);
    let problems = mapping.check(architecture, netlist, &options.keys);
    if problems.is_empty() {
        Ok(mapping)
    } else {
        Err(MapError::Illegal { problems })
    }
}

impl Mapping {
    /// Everything that is wrong with the mapping, by all checkers; empty if it is legal. Of the tables, those to load
    /// are checked.
    pub fn check<A: Architecture + ?Sized>(
        &self,
        architecture: &A,
        netlist: &Netlist,
        keys: &KeyOptions,
    ) -> Vec<Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        let placement = check_placement(architecture, netlist, &self.placement);
        problems.extend(placement.into_iter().map(Problem::from));
        let routes = check_routes(architecture, netlist, &self.placement, &self.routes);
        problems.extend(routes.into_iter().map(Problem::from));
        problems.extend(
            check_keys(netlist, keys, &self.keys)
                .into_iter()
                .map(Problem::from),
        );
        let tables = check_tables(
            architecture,
            netlist,
            &self.placement,
            &self.keys,
            &self.minimised,
        );
        problems.extend(tables.into_iter().map(Problem::from));
        problems
    }

    /// Its quality.
    pub fn metrics<A: Architecture + ?Sized>(&self, architecture: &A, netlist: &Netlist) -> Metrics {
        metrics(
            architecture,
            netlist,
            &self.placement,
            &self.routes,
            &self.tables,
            &self.minimised,
        )
    }
}
