//! The report of a mapping: artefacts in, plain data out.

use super::{
    LinkLoad, Occupant, OccupantKind, PopulationSummary, ProjectionSummary, Provenance, QuantizationKind,
    QuantizationRow, ReportInput, SdramUse, StageTiming, TableSize,
};
use crate::{
    session::Loaded,
    stages::{Clockwork, MAPPING},
};
use taproot_calibration::{Quantity, Quantized};
use taproot_mapper::Metrics;
use taproot_network::{Connector, Group, Network};
use taproot_spinnaker::{Binary, CoreLayout, Role, chip_of};
use taproot_spinnaker_chip::Link;

/// Gathers what the report shows.
pub(crate) fn of_mapping(
    loaded: &Loaded,
    metrics: &Metrics,
    clockwork: &Clockwork,
    command: &str,
) -> ReportInput {
    let (network, lowered, machine) = (&loaded.network, &loaded.lowered, &loaded.machine);
    let label = &network.label;
    let mut input = ReportInput::empty(if label.is_empty() { "network" } else { label }, machine.clone());
    input.timestep = network.timestep;
    input.duration = (clockwork.run_ms > 0.0).then_some(clockwork.run_ms);
    input.time_scale_factor = lowered.time_scale_factor;
    input.occupants = lowered.layout.cores.iter().map(occupant).collect();
    input.populations = (0u32..)
        .zip(&network.populations)
        .map(|(colour, population)| PopulationSummary {
            label: population.label.clone(),
            size: population.size,
            cell_type: population.cell.name().to_owned(),
            colour,
        })
        .collect();
    let mut synapses = vec![0u64; network.projections.len()];
    for blocks in lowered.layout.cores.iter().flat_map(|core| &core.synapses) {
        synapses[blocks.projection.0 as usize] += blocks.synapses;
    }
    input.projections = network
        .projections
        .iter()
        .zip(synapses)
        .map(|(projection, synapses)| ProjectionSummary {
            label: projection.label.clone(),
            source: group_label(network, &projection.source),
            target: group_label(network, &projection.target),
            receptor: receptor(network, &projection.target, projection.receptor),
            connector: connector_name(&projection.connector).to_owned(),
            synapses,
        })
        .collect();
    input.links = metrics
        .link_load
        .iter()
        .filter_map(|load| {
            Some(LinkLoad {
                chip: chip_of(machine, load.node),
                link: Link::from_number(load.port.0)?,
                nets: load.nets,
                packets_per_second: load.weight,
            })
        })
        .collect();
    for used in &metrics.nodes {
        let chip = chip_of(machine, used.node);
        if used.entries > 0 {
            input.tables.push(TableSize {
                chip,
                before: used.entries,
                after: used.entries_minimised,
            });
        }
        if used.sdram > 0 {
            input.sdram.push(SdramUse {
                chip,
                bytes: used.sdram,
            });
        }
    }
    input.quantization = lowered.quantization.entries.iter().map(row).collect();
    input.stages = clockwork
        .stages()
        .iter()
        // The sum of its stages, which are there themselves.
        .filter(|stage| stage.name != MAPPING)
        .map(|stage| StageTiming {
            name: stage.name.clone(),
            seconds: stage.seconds,
            detail: detail(&stage.name, loaded, clockwork),
        })
        .collect();
    input.warnings = lowered
        .quantization
        .warnings()
        .map(|warning| warning.to_string())
        .collect();
    input.provenance = Provenance {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        command: command.to_owned(),
        seeds: vec![("network".to_owned(), network.seed)],
    };
    input
}

fn occupant(core: &CoreLayout) -> Occupant {
    let kind = match core.binary {
        Binary::IfCurrExp | Binary::IfCondExp => OccupantKind::Neurons,
        Binary::SpikeSourcePoisson => OccupantKind::Poisson,
        Binary::ReverseIptagMulticastSource => OccupantKind::SpikeArray,
        Binary::DelayExtension => OccupantKind::DelayExtension,
    };
    let (Role::Cells { population, cells }
    | Role::Delay {
        population, cells, ..
    }) = &core.role;
    Occupant {
        core: core.core,
        kind,
        population: Some(population.0),
        first_cell: cells.start,
        cells: cells.end - cells.start,
    }
}

fn group_label(network: &Network, group: &Group) -> String {
    let labels: Vec<&str> = group
        .0
        .iter()
        .map(|part| network.population(part.population).label.as_str())
        .collect();
    labels.join(" + ")
}

fn receptor(network: &Network, target: &Group, index: u8) -> String {
    let names = target.0.first().map_or(&[][..], |part| {
        network.population(part.population).cell.receptors()
    });
    names
        .get(usize::from(index))
        .copied()
        .unwrap_or_default()
        .to_owned()
}

fn connector_name(connector: &Connector) -> &'static str {
    match connector {
        Connector::AllToAll { .. } => "all to all",
        Connector::OneToOne => "one to one",
        Connector::FixedProbability { .. } => "fixed probability",
        Connector::DistanceDependentProbability { .. } => "distance-dependent probability",
        Connector::FixedNumberPre { .. } => "fixed number of sources",
        Connector::FixedNumberPost { .. } => "fixed number of targets",
        Connector::FixedTotalNumber { .. } => "fixed total number",
        Connector::SmallWorld { .. } => "small world",
        Connector::Array { .. } => "array",
        Connector::Clone { .. } => "clone",
        Connector::List { .. } => "list",
    }
}

fn row(entry: &Quantized) -> QuantizationRow {
    let (kind, subject, quantity) = match &entry.quantity {
        Quantity::Parameter { population, name } => {
            (QuantizationKind::Population, population.clone(), name.clone())
        }
        Quantity::Weight {
            projection,
            population,
        } => (
            QuantizationKind::Projection,
            format!("{projection} \u{2192} {population}"),
            "weight".to_owned(),
        ),
        Quantity::Delay {
            projection,
            population,
        } => (
            QuantizationKind::Projection,
            format!("{projection} \u{2192} {population}"),
            "delay".to_owned(),
        ),
    };
    let tally = &entry.tally;
    let range = |(low, high): (f64, f64)| (tally.count > 0).then_some([low, high]);
    QuantizationRow {
        subject,
        kind,
        quantity,
        unit: entry.unit.clone(),
        format: format(entry),
        count: tally.count,
        asked: range(tally.asked),
        stored: range(tally.stored),
        worst_error: tally.worst_error,
        mean_error: tally.mean_error(),
        saturated: tally.losses.saturated,
        underflowed: tally.losses.underflowed,
    }
}

fn format(entry: &Quantized) -> String {
    match &entry.quantity {
        Quantity::Weight { .. } => format!("16 bit, steps of {:.3e} {}", entry.resolution, entry.unit),
        Quantity::Delay { .. } => format!("steps of {} ms", entry.resolution),
        Quantity::Parameter { .. } if entry.resolution == 0.0 => "exact".to_owned(),
        Quantity::Parameter { .. } if entry.resolution == 1.0 / 32768.0 => "s16.15".to_owned(),
        Quantity::Parameter { .. } => format!("steps of {:.3e}", entry.resolution),
    }
}

fn detail(stage: &str, loaded: &Loaded, clockwork: &Clockwork) -> String {
    let lowered = &loaded.lowered;
    match stage {
        "place" => format!("{} vertices", lowered.netlist.vertices().len()),
        "route" => format!("{} nets", lowered.netlist.net_count()),
        "tables" => {
            format!(
                "{} entries, {} after minimisation",
                lowered.tables.entries(),
                lowered.minimised.entries()
            )
        }
        "load" if clockwork.load_seconds > 0.0 => {
            let rate = clockwork.loaded_bytes as f64 / clockwork.load_seconds / 1e6;
            format!("{} bytes, {rate:.1} MB/s", clockwork.loaded_bytes)
        }
        "run" if clockwork.run_instructions > 0 && clockwork.run_seconds > 0.0 => {
            let rate = clockwork.run_instructions as f64 / clockwork.run_seconds / 1e6;
            format!(
                "{} ms simulated, {rate:.0} million instructions per second",
                clockwork.run_ms
            )
        }
        _ => String::new(),
    }
}
