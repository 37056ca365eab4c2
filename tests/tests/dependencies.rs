//! The rules that make the tests honest, checked on the dependency graph itself.
//!
//! The table is that of `docs/architecture.md`: what each crate must never know.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

/// The workspace with everything it needs at the default features, as cargo resolves it.
fn metadata() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo metadata runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Crate name to the names of everything it needs at run time, however indirectly.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let names: BTreeMap<String, String> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .collect();
    let direct: BTreeMap<String, BTreeSet<String>> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| {
            let needs = node["deps"].as_array().unwrap().iter().filter(|dep| {
                // Test-only dependencies do not reach the users of a crate.
                dep["dep_kinds"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|kind| kind["kind"].is_null())
            });
            (text(&node["id"]), needs.map(|dep| text(&dep["pkg"])).collect())
        })
        .collect();
    let mut all = BTreeMap::new();
    for (id, name) in names.iter().filter(|(_, name)| name.starts_with("taproot")) {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&String> = direct[id].iter().collect();
        while let Some(next) = open.pop() {
            if reached.insert(names[next].clone()) {
                open.extend(&direct[next]);
            }
        }
        all.insert(name.clone(), reached);
    }
    all
}

#[test]
fn no_crate_knows_what_it_must_not_know() {
    const PRODUCERS: &[&str] = &[
        "taproot-network",
        "taproot-mapper",
        "taproot-spinnaker",
        "taproot-brainscales",
        "taproot-calibration",
        "taproot-host",
    ];
    let rules: &[(&str, &[&str])] = &[
        (
            "taproot-network",
            &[
                "taproot-spinnaker-chip",
                "taproot-spinnaker",
                "taproot-host",
                "taproot-emulator",
            ],
        ),
        (
            "taproot-mapper",
            &[
                "taproot-network",
                "taproot-spinnaker",
                "taproot-host",
                "taproot-emulator",
                "socket2",
            ],
        ),
        (
            "taproot-spinnaker",
            &["taproot-host", "taproot-emulator", "socket2"],
        ),
        (
            "taproot-calibration",
            &["taproot-host", "taproot-emulator", "socket2"],
        ),
        (
            "taproot-brainscales",
            &["taproot-host", "taproot-emulator", "socket2"],
        ),
        ("taproot-host", &["taproot-emulator"]),
        // The emulator depends on nothing that produces what it executes.
        ("taproot-emulator", PRODUCERS),
    ];
    let graph = dependencies();
    let mut broken = Vec::new();
    for (name, forbidden) in rules {
        let reached = graph
            .get(*name)
            .unwrap_or_else(|| panic!("{name} is in the workspace"));
        broken.extend(
            forbidden
                .iter()
                .filter(|f| reached.contains(**f))
                .map(|f| format!("{name} reaches {f}")),
        );
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_walk_finds_indirect_dependencies() {
    let graph = dependencies();
    assert!(graph["taproot-cli"].contains("taproot-spinnaker-chip"));
    assert!(graph["taproot-session"].contains("taproot-emulator"));
}

#[test]
fn nothing_compiles_c() {
    // The crates with which build scripts compile C and C++, or look for libraries of theirs.
    const COMPILERS: &[&str] = &["cc", "cmake", "bindgen", "pkg-config", "vcpkg", "autotools"];
    let metadata = metadata();
    let ids = metadata["resolve"]["nodes"].as_array().unwrap();
    let used: BTreeSet<&str> = ids.iter().map(|node| node["id"].as_str().unwrap()).collect();
    let found: Vec<&str> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| used.contains(package["id"].as_str().unwrap()))
        .map(|package| package["name"].as_str().unwrap())
        .filter(|name| COMPILERS.contains(name))
        .collect();
    assert!(used.len() > 50, "the graph has been resolved");
    assert!(found.is_empty(), "the build needs a C compiler for {found:?}");
}
