//! What a run or a mapping leaves in a directory.

use crate::{
    SessionError, Target, artefacts,
    report::{self, ReportInput},
    session::{Loaded, Session, prepare},
    signals_npz, spikes_npz,
    stages::{Clockwork, MAPPING},
};
use serde::{Deserialize, Serialize};
use std::path::Path;
use taproot_mapper::{Metrics, metrics};
use taproot_network::Network;
use taproot_spinnaker::{LowerOptions, SpinnakerArchitecture};
use taproot_spinnaker_chip::Machine;

/// A mapping or a run in figures: `summary.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// Name of the machine.
    pub machine: String,
    /// The network's label.
    pub network: String,
    /// Cells, over all populations.
    pub cells: u64,
    /// Synapses on the machine.
    pub synapses: u64,
    /// Cores in use.
    pub cores: usize,
    /// Real time per simulated time.
    pub time_scale_factor: u32,
    /// Chips in use.
    pub chips_used: u64,
    /// Links of all routing trees.
    pub links: u64,
    /// Visits of all routing trees.
    pub visits: u64,
    /// Routing entries before and after minimisation, and those of the largest table after it.
    pub entries: u64,
    /// After minimisation.
    pub entries_minimised: u64,
    /// Of the largest table after minimisation.
    pub entries_minimised_largest: u64,
    /// Bytes of the load image.
    pub image_bytes: u64,
    /// Simulated time run, ms.
    pub run_ms: f64,
    /// Spikes recorded in the last segment.
    pub spikes: u64,
    /// Times and amounts.
    pub measured: serde_json::Value,
    /// Seconds from the network to the load image.
    pub map_seconds: f64,
    /// Bytes of the load image per second of loading it.
    pub load_bytes_per_second: f64,
    /// Numbers that were cut or became zero, one sentence each.
    pub warnings: Vec<String>,
}

impl Session {
    /// Leaves everything about the last run in a directory: artefacts, recordings of the current segment, the raster
    /// picture, the mapping report and a summary.
    pub fn write_outputs(&self, directory: &Path, command: &str) -> Result<Summary, SessionError> {
        let loaded = self.loaded().ok_or(SessionError::NothingRun)?;
        artefacts::write(directory, loaded)?;
        let put = |name: &str, content: &[u8]| artefacts::put(&directory.join(name), content);
        let file = |name: &str| {
            let path = directory.join(name);
            move |source| SessionError::File { path, source }
        };
        let mut recording = Vec::new();
        loaded
            .recording
            .write(&mut recording)
            .map_err(|error| SessionError::Artefact {
                path: directory.join("recording.bin"),
                detail: error.to_string(),
            })?;
        put("recording.bin", &recording)?;
        put(
            "spikes.npz",
            &spikes_npz(&loaded.recording).map_err(file("spikes.npz"))?,
        )?;
        put(
            "signals.npz",
            &signals_npz(&loaded.recording).map_err(file("signals.npz"))?,
        )?;
        put(
            "raster.svg",
            crate::picture::raster_and_rates(&loaded.recording).as_bytes(),
        )?;
        let name = match self.target() {
            Target::Emulated(machine) => machine.name().to_owned(),
            Target::Board(address) => format!("udp:{address}"),
        };
        write_report(directory, loaded, &name, self.clockwork(), command)
    }
}

/// Maps a network onto a described machine, without running it, and leaves artefacts and report in a directory.
pub fn map(
    network: &Network,
    machine: &Machine,
    steps: u32,
    options: &LowerOptions,
    directory: &Path,
    command: &str,
    observer: &dyn crate::Observer,
) -> Result<Summary, SessionError> {
    let mut clockwork = Clockwork::default();
    let begin = std::time::Instant::now();
    let loaded = prepare(network, machine, steps, options, &mut clockwork, observer)?;
    clockwork.add(MAPPING, begin.elapsed());
    artefacts::clear_outputs(directory)?;
    artefacts::write(directory, &loaded)?;
    write_report(directory, &loaded, machine.name(), &clockwork, command)
}

fn write_report(
    directory: &Path,
    loaded: &Loaded,
    machine: &str,
    clockwork: &Clockwork,
    command: &str,
) -> Result<Summary, SessionError> {
    let lowered = &loaded.lowered;
    let architecture = SpinnakerArchitecture::new(&loaded.machine);
    let metrics = metrics(
        &architecture,
        &lowered.netlist,
        &lowered.placement,
        &lowered.routes,
        &lowered.tables,
        &lowered.minimised,
    );
    let input: ReportInput = report::of_mapping(loaded, &metrics, clockwork, command);
    artefacts::put(&directory.join("report.html"), report::html(&input).as_bytes())?;
    let summary = summary(loaded, machine, &metrics, clockwork);
    let text = serde_json::to_vec_pretty(&summary).map_err(|error| SessionError::Artefact {
        path: directory.join("summary.json"),
        detail: error.to_string(),
    })?;
    artefacts::put(&directory.join("summary.json"), &text)?;
    Ok(summary)
}

fn summary(loaded: &Loaded, machine: &str, metrics: &Metrics, clockwork: &Clockwork) -> Summary {
    let lowered = &loaded.lowered;
    let image_bytes = lowered.image.bytes();
    let synapses = lowered
        .layout
        .cores
        .iter()
        .flat_map(|core| &core.synapses)
        .map(|blocks| blocks.synapses)
        .sum();
    let spikes = loaded
        .recording
        .populations
        .iter()
        .filter_map(|p| p.spikes.as_ref());
    Summary {
        machine: machine.to_owned(),
        network: loaded.network.label.clone(),
        cells: loaded.network.populations.iter().map(|p| u64::from(p.size)).sum(),
        synapses,
        cores: lowered.image.cores.len(),
        time_scale_factor: lowered.time_scale_factor,
        chips_used: metrics.chips_used,
        links: metrics.links,
        visits: metrics.visits,
        entries: metrics.entries,
        entries_minimised: metrics.entries_minimised,
        entries_minimised_largest: metrics.entries_minimised_largest,
        image_bytes,
        run_ms: clockwork.run_ms,
        spikes: spikes.map(|s| s.cells.len() as u64).sum(),
        measured: serde_json::to_value(clockwork).unwrap_or_default(),
        map_seconds: clockwork.seconds(MAPPING),
        load_bytes_per_second: if clockwork.load_seconds > 0.0 {
            clockwork.loaded_bytes as f64 / clockwork.load_seconds
        } else {
            0.0
        },
        warnings: lowered
            .quantization
            .warnings()
            .map(|warning| warning.to_string())
            .collect(),
    }
}
