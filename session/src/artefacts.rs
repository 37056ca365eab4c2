//! A mapping as a directory of files, and the independent checks of such a directory.
//!
//! | file | what |
//! | --- | --- |
//! | `network.taproot` | the network |
//! | `machine.json` | the machine it was mapped to |
//! | `netlist.json`, `placement.json`, `routes.json`, `keys.json` | the stages |
//! | `tables.json` | routing tables before and after minimisation |
//! | `image.bin` | the load image, postcard |

use crate::{SessionError, session::Loaded};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use taproot_mapper::{
    KeyOptions, Keys, Netlist, Placement, Routes, RoutingTables, check_keys, check_placement, check_routes,
    check_tables,
};
use taproot_spinnaker::{LoadImage, SpinnakerArchitecture, node_of};
use taproot_spinnaker_chip::{Machine, ROUTER_ENTRIES};

/// Routing tables before and after minimisation.
#[derive(Serialize, Deserialize)]
struct Tables {
    before: RoutingTables,
    after: RoutingTables,
}

/// Writes the artefacts of a mapping.
pub(crate) fn write(directory: &Path, loaded: &Loaded) -> Result<(), SessionError> {
    let lowered = &loaded.lowered;
    fs::create_dir_all(directory).map_err(SessionError::file(directory))?;
    let mut network = Vec::new();
    loaded
        .network
        .write(&mut network)
        .map_err(|error| artefact(&directory.join("network.taproot"), &error))?;
    put(&directory.join("network.taproot"), &network)?;
    json(directory, "machine.json", &loaded.machine)?;
    json(directory, "netlist.json", &lowered.netlist)?;
    json(directory, "placement.json", &lowered.placement)?;
    json(directory, "routes.json", &lowered.routes)?;
    json(directory, "keys.json", &lowered.keys)?;
    let tables = Tables {
        before: lowered.tables.clone(),
        after: lowered.minimised.clone(),
    };
    json(directory, "tables.json", &tables)?;
    let path = directory.join("image.bin");
    put(
        &path,
        &postcard::to_stdvec(&lowered.image).map_err(|error| artefact(&path, &error))?,
    )
}

/// Everything that a mapping or a run leaves in a directory.
const OUTPUTS: [&str; 14] = [
    "network.taproot",
    "machine.json",
    "netlist.json",
    "placement.json",
    "routes.json",
    "keys.json",
    "tables.json",
    "image.bin",
    "recording.bin",
    "spikes.npz",
    "signals.npz",
    "raster.svg",
    "report.html",
    "summary.json",
];

/// Removes what an earlier mapping or run has left in a directory, so that nothing old passes for new. Other files stay.
pub fn clear_outputs(directory: &Path) -> Result<(), SessionError> {
    let mut folders = vec![directory.to_owned()];
    // Scripts that set up several times number their folders from 2 on, without gaps.
    folders.extend(
        (2..)
            .map(|run| directory.join(format!("run-{run}")))
            .take_while(|folder| folder.is_dir()),
    );
    for folder in &folders {
        for name in OUTPUTS {
            let path = folder.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(SessionError::File { path, source: error });
                }
                _ => {}
            }
        }
        if folder != directory {
            // One that holds something else stays.
            let _ = fs::remove_dir(folder);
        }
    }
    Ok(())
}

/// What the checkers found in a directory of artefacts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CheckReport {
    /// Checks made: what, and how many things were looked at.
    pub checked: Vec<(String, usize)>,
    /// Every problem found, up to a sensible number per check.
    pub problems: Vec<String>,
}

/// Runs the independent checkers over the artefacts in a directory.
pub fn check(directory: &Path) -> Result<CheckReport, SessionError> {
    let machine: Machine = read(directory, "machine.json")?;
    let netlist: Netlist = read(directory, "netlist.json")?;
    let placement: Placement = read(directory, "placement.json")?;
    let routes: Routes = read(directory, "routes.json")?;
    let keys: Keys = read(directory, "keys.json")?;
    let tables: Tables = read(directory, "tables.json")?;
    let path = directory.join("image.bin");
    let bytes = fs::read(&path).map_err(SessionError::file(&path))?;
    let image: LoadImage = postcard::from_bytes(&bytes).map_err(|error| artefact(&path, &error))?;

    let architecture = SpinnakerArchitecture::new(&machine);
    let mut report = CheckReport::default();
    let vertices = netlist.vertices().len();
    report.add(
        "placement",
        vertices,
        check_placement(&architecture, &netlist, &placement),
    );
    // The others follow vertices to their chips, so they need a placement that makes sense.
    if report.problems.is_empty() {
        report.add(
            "routes",
            routes.len(),
            check_routes(&architecture, &netlist, &placement, &routes),
        );
        report.add(
            "keys",
            netlist.net_count(),
            check_keys(&netlist, &KeyOptions::default(), &keys),
        );
    }
    if report.problems.is_empty() {
        for (name, tables) in [
            ("tables before minimisation", &tables.before),
            ("tables", &tables.after),
        ] {
            // Only what is loaded has to fit the hardware.
            let found = check_tables(&architecture, &netlist, &placement, &keys, tables);
            let found: Vec<String> = found
                .iter()
                .filter(|problem| {
                    name == "tables" || !matches!(problem, taproot_mapper::TableProblem::TooLarge { .. })
                })
                .map(ToString::to_string)
                .collect();
            report.add(name, tables.entries(), found);
        }
    }
    report.add(
        "image",
        image.cores.len(),
        check_image(&machine, &image, &tables.after),
    );
    Ok(report)
}

impl CheckReport {
    fn add(&mut self, what: &str, looked_at: usize, problems: Vec<impl ToString>) {
        self.checked.push((what.to_owned(), looked_at));
        self.problems.extend(
            problems
                .iter()
                .map(|problem| format!("{what}: {}", problem.to_string())),
        );
    }
}

/// Checks a load image against the machine and the tables: every core exists and is used once, regions are whole words
/// and hold their content, data fits each chip, and the tables are those of the mapping.
fn check_image(machine: &Machine, image: &LoadImage, tables: &RoutingTables) -> Vec<String> {
    let mut problems = Vec::new();
    let mut used = BTreeSet::new();
    let mut bytes: BTreeMap<_, u64> = BTreeMap::new();
    for core in &image.cores {
        let exists = machine
            .chip(core.core.chip)
            .is_some_and(|c| c.application_cores().contains(&core.core.core()));
        if !exists {
            problems.push(format!(
                "{} is on core {}, which the machine does not have",
                core.label, core.core
            ));
        }
        if !used.insert(core.core) {
            problems.push(format!("core {} is used twice", core.core));
        }
        for region in &core.regions {
            if region.number > 31 || region.size % 4 != 0 || region.content.len() > region.size as usize {
                problems.push(format!(
                    "region {} of core {} is malformed",
                    region.number, core.core
                ));
            }
            *bytes.entry(core.core.chip).or_default() += u64::from(region.size);
        }
    }
    for (chip, used) in bytes {
        let most = machine.chip(chip).map_or(0, |c| u64::from(c.sdram));
        if used > most {
            problems.push(format!("the data of chip {chip} takes {used} bytes of {most}"));
        }
    }
    for (chip, entries) in &image.tables {
        if entries.len() >= usize::from(ROUTER_ENTRIES) {
            problems.push(format!("the table of chip {chip} has {} entries", entries.len()));
        }
        let mapped = tables
            .table(node_of(machine, *chip))
            .map_or(0, |table| table.entries.len());
        if mapped != entries.len() {
            problems.push(format!(
                "chip {chip} loads {} entries, the mapping has {mapped}",
                entries.len()
            ));
        }
    }
    problems
}

fn json(directory: &Path, name: &str, value: &impl Serialize) -> Result<(), SessionError> {
    let path = directory.join(name);
    put(
        &path,
        &serde_json::to_vec(value).map_err(|error| artefact(&path, &error))?,
    )
}

pub(crate) fn put(path: &Path, content: &[u8]) -> Result<(), SessionError> {
    fs::write(path, content).map_err(SessionError::file(path))
}

fn read<T: DeserializeOwned>(directory: &Path, name: &str) -> Result<T, SessionError> {
    let path = directory.join(name);
    let bytes = fs::read(&path).map_err(SessionError::file(&path))?;
    serde_json::from_slice(&bytes).map_err(|error| artefact(&path, &error))
}

fn artefact(path: &Path, error: &impl ToString) -> SessionError {
    SessionError::Artefact {
        path: path.to_owned(),
        detail: error.to_string(),
    }
}
