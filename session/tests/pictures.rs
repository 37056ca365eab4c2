//! Reports and raster pictures: what they show, that labels cannot break them, that they repeat, and their size.

#[path = "support/demo.rs"]
mod demo;

use taproot_network::{PopulationId, PopulationRecording, Recording, Signal, Spikes, Variable};
use taproot_session::{picture::raster_and_rates, report::*};
use taproot_spinnaker_chip::{ChipXy, CoreId, Link, Machine};

/// A label that tries everything at once.
const HOSTILE: &str = "</title></style></script><script>alert(1)</script>\"' onload='x' `${y}` ]]> <!-- &amp; \u{0}\u{8}\u{202e}\u{ffff}";

/// Parses strictly, so that anything unescaped or unclosed is an error. Both kinds of picture are written as XML.
fn parse(markup: &str) -> roxmltree::Document<'_> {
    let markup = markup.strip_prefix("<!DOCTYPE html>").unwrap_or(markup);
    match roxmltree::Document::parse(markup) {
        Ok(document) => document,
        Err(error) => {
            let line = markup.lines().nth(error.pos().row as usize - 1).unwrap_or("");
            panic!("not well formed: {error}\n{}", &line[..line.len().min(400)]);
        }
    }
}

fn elements(markup: &str, name: &str) -> usize {
    parse(markup)
        .descendants()
        .filter(|n| n.tag_name().name() == name)
        .count()
}

/// Two populations on a SpiNN-3 board with a dead core and a dead link.
fn small_report() -> ReportInput {
    let mut machine = Machine::spin3();
    machine.kill_core(ChipXy::new(1, 1), 5);
    machine.kill_link(ChipXy::new(0, 0), Link::NorthEast);
    let mut input = ReportInput::empty("two populations", machine);
    let core = |x, y, p| CoreId::new(ChipXy::new(x, y), p).unwrap();
    for (core, kind, population, cells) in [
        (core(0, 0, 1), OccupantKind::Neurons, 0, 50),
        (core(0, 0, 2), OccupantKind::DelayExtension, 0, 0),
        (core(0, 1, 1), OccupantKind::Poisson, 1, 20),
    ] {
        input.occupants.push(Occupant {
            core,
            kind,
            population: Some(population),
            first_cell: 0,
            cells,
        });
    }
    for (index, (label, size, cell_type)) in
        [("cells", 50, "IF_curr_exp"), ("noise", 20, "SpikeSourcePoisson")]
            .into_iter()
            .enumerate()
    {
        input.populations.push(PopulationSummary {
            label: label.into(),
            size,
            cell_type: cell_type.into(),
            colour: index as u32,
        });
    }
    input.projections.push(ProjectionSummary {
        label: "noise → cells".into(),
        source: "noise".into(),
        target: "cells".into(),
        receptor: "excitatory".into(),
        connector: "AllToAllConnector".into(),
        synapses: 1000,
    });
    input.links.push(LinkLoad {
        chip: ChipXy::new(0, 1),
        link: Link::South,
        nets: 1,
        packets_per_second: 200.0,
    });
    input.tables.push(TableSize {
        chip: ChipXy::new(0, 0),
        before: 3,
        after: 2,
    });
    input.sdram.push(SdramUse {
        chip: ChipXy::new(0, 0),
        bytes: 123_456,
    });
    input.quantization.push(QuantizationRow {
        subject: "cells".into(),
        kind: QuantizationKind::Population,
        quantity: "tau_m".into(),
        unit: "ms".into(),
        format: "s16.15".into(),
        count: 50,
        asked: Some([20.0, 20.0]),
        stored: Some([20.0, 20.0]),
        worst_error: 0.0,
        mean_error: 0.0,
        saturated: 0,
        underflowed: 0,
    });
    input.quantization.push(QuantizationRow {
        subject: "noise → cells".into(),
        kind: QuantizationKind::Projection,
        quantity: "weight".into(),
        unit: "nA".into(),
        format: "16 bit, 2⁻⁵ nA".into(),
        count: 1000,
        asked: Some([0.0, 3000.0]),
        stored: Some([0.0, 2047.97]),
        worst_error: 952.03,
        mean_error: 10.0,
        saturated: 12,
        underflowed: 0,
    });
    input.stages.push(StageTiming {
        name: "place".into(),
        seconds: 0.002,
        detail: "3 vertices".into(),
    });
    input
        .warnings
        .push("projection `noise → cells`: 12 of 1,000 weights saturated".into());
    input.provenance = Provenance {
        tool_version: "0.1.0".into(),
        command: "taproot map network.taproot --machine spin3".into(),
        seeds: vec![("network".into(), 7)],
    };
    input
}

fn small_recording() -> Recording {
    Recording {
        timestep: 1.0,
        duration: 100.0,
        populations: vec![
            PopulationRecording {
                population: PopulationId(0),
                label: "cells".into(),
                size: 5,
                spikes: Some(Spikes {
                    recorded: vec![1, 3],
                    cells: vec![1, 3, 1],
                    steps: vec![10, 20, 90],
                }),
                signals: vec![Signal {
                    variable: Variable::V,
                    cells: vec![3],
                    interval: 20,
                    samples: vec![-65.0, -60.0, -55.0, f64::NAN, -65.0, -64.0],
                }],
            },
            PopulationRecording {
                population: PopulationId(2),
                label: "silent".into(),
                size: 4,
                spikes: Some(Spikes {
                    recorded: vec![0, 1, 2, 3],
                    ..Spikes::default()
                }),
                signals: vec![],
            },
        ],
    }
}

#[test]
fn a_small_report_reads_as_expected() {
    let page = html(&small_report());
    parse(&page);
    let (_, body) = page.split_once("</head>").unwrap();
    let (body, _) = body.split_once("<script>").unwrap();
    insta::assert_snapshot!(body);
}

#[test]
fn a_small_recording_reads_as_expected() {
    let picture = raster_and_rates(&small_recording());
    let (_, body) = picture.split_once("</style>").unwrap();
    insta::assert_snapshot!(body);
}

#[test]
fn losses_come_before_everything_else_and_are_marked() {
    let page = html(&small_report());
    let section = &page[page.find("id=\"quantization\"").unwrap()..];
    let lossy = section.find("class=\"lossy\"").unwrap();
    assert!(lossy < section.find("tau_m").unwrap());
    assert!(section.contains("⚠ 12 <span>(1.2 %)</span>"));
}

#[test]
fn the_board_shows_every_core_and_every_defect() {
    let page = html(&small_report());
    let document = parse(&page);
    let board = document
        .descendants()
        .find(|n| n.attribute("class") == Some("board"))
        .expect("the page has a drawing of the board");
    let uses = |target: &str| {
        board
            .descendants()
            .filter(|n| n.attribute("href") == Some(target))
            .count()
    };
    assert_eq!(uses("#kc"), 4, "chips");
    assert_eq!(uses("#kn"), 1, "cores with neurons");
    assert_eq!(uses("#kp"), 1, "cores with Poisson sources");
    assert_eq!(uses("#kd"), 1, "delay extensions");
    assert_eq!(uses("#km"), 4, "monitors");
    assert_eq!(uses("#kx"), 1, "dead cores");
    assert_eq!(uses("#ki"), 4 * 18 - 3 - 4 - 1, "free cores");
    let titles: Vec<&str> = board
        .descendants()
        .filter(|n| n.tag_name().name() == "title")
        .filter_map(|n| n.text())
        .collect();
    assert!(
        titles.contains(&"core (0,0,1): neurons of cells [0..49]"),
        "{titles:?}"
    );
    assert!(
        titles.contains(&"link north-east of chip (0,0) is dead, in both directions"),
        "{titles:?}"
    );
}

#[test]
fn labels_cannot_become_markup_in_a_report() {
    let hostile = || HOSTILE.to_owned();
    let plain = html(&small_report());
    let mut input = small_report();
    input.title = hostile();
    input.populations[0].label = hostile();
    input.populations[0].cell_type = hostile();
    let projection = &mut input.projections[0];
    for text in [
        &mut projection.label,
        &mut projection.source,
        &mut projection.target,
        &mut projection.receptor,
        &mut projection.connector,
    ] {
        *text = hostile();
    }
    let row = &mut input.quantization[0];
    for text in [
        &mut row.subject,
        &mut row.quantity,
        &mut row.unit,
        &mut row.format,
    ] {
        *text = hostile();
    }
    input.stages[0].name = hostile();
    input.stages[0].detail = hostile();
    input.warnings[0] = hostile();
    input.provenance.tool_version = hostile();
    input.provenance.command = hostile();
    input.provenance.seeds[0].0 = hostile();
    let chips: Vec<_> = input
        .machine
        .chips()
        .map(|(xy, chip)| (xy, chip.clone()))
        .collect();
    input.machine = Machine::new(HOSTILE, 2, 2, chips).unwrap();
    let page = html(&input);
    assert_eq!(elements(&page, "script"), 1);
    for name in ["title", "p", "td", "svg", "style"] {
        assert_eq!(elements(&page, name), elements(&plain, name), "<{name}>");
    }
    assert!(
        parse(&page)
            .descendants()
            .all(|n| n.attribute("onload").is_none())
    );
    assert!(!page.contains("<script>alert") && !page.contains('\u{202e}') && !page.contains('\u{0}'));
}

#[test]
fn labels_cannot_become_markup_in_a_picture() {
    let plain = raster_and_rates(&small_recording());
    let mut recording = small_recording();
    for population in &mut recording.populations {
        population.label = HOSTILE.to_owned();
    }
    let picture = raster_and_rates(&recording);
    for name in ["text", "path", "title", "script", "svg"] {
        assert_eq!(elements(&picture, name), elements(&plain, name), "<{name}>");
    }
    assert!(!picture.contains("<script") && !picture.contains('\u{202e}'));
}

#[test]
fn nothing_at_all_is_drawn_without_trouble() {
    parse(&html(&ReportInput::empty("", Machine::spin5())));
    let picture = raster_and_rates(&Recording::default());
    parse(&picture);
    assert!(picture.contains("Nothing was recorded"));
}

#[test]
fn recordings_that_contradict_themselves_are_drawn_without_trouble() {
    let mut recording = small_recording();
    recording.timestep = f64::NAN;
    recording.duration = f64::NEG_INFINITY;
    let first = &mut recording.populations[0];
    first.signals[0].samples = vec![f64::NAN; 3];
    first.signals.push(Signal {
        variable: Variable::GsynExc,
        cells: vec![],
        interval: 0,
        samples: vec![1.0],
    });
    if let Some(spikes) = &mut first.spikes {
        spikes.cells.push(77);
        spikes.steps.push(u32::MAX);
        spikes.steps.push(3);
        spikes.recorded.clear();
    }
    parse(&raster_and_rates(&recording));
    let mut input = small_report();
    input.occupants[0].population = Some(99);
    input.occupants[1].core = CoreId::new(ChipXy::new(200, 200), 3).unwrap();
    input.occupants[2].cells = u32::MAX;
    input.occupants[2].first_cell = u32::MAX;
    input.links[0].packets_per_second = f64::NAN;
    input.links[0].chip = ChipXy::new(9, 9);
    input.tables[0].chip = ChipXy::new(9, 9);
    input.stages[0].seconds = f64::INFINITY;
    input.quantization[0].asked = Some([f64::NAN, f64::INFINITY]);
    parse(&html(&input));
}

#[test]
fn every_spike_is_drawn_as_a_line_or_as_a_pixel() {
    let network = [("a", 40, 100.0)];
    let few = demo::recording(200.0, &network, false);
    let spikes = few.populations[0].spikes.as_ref().unwrap().cells.len();
    let picture = raster_and_rates(&few);
    let raster = picture
        .split("stroke-width=\"1.4\" d=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(raster.matches('M').count(), spikes);
    assert_eq!(elements(&picture, "image"), 0);
    let many = demo::recording(1000.0, &[("a", 4000, 15.0)], false);
    assert_eq!(elements(&raster_and_rates(&many), "image"), 1);
}

#[test]
fn a_thousand_populations_stay_small() {
    let mut input = ReportInput::empty("columns", Machine::triads("spin:24x24", 24, 24).unwrap());
    let cores: Vec<CoreId> = input
        .machine
        .chips()
        .flat_map(|(xy, chip)| chip.application_cores().map(move |p| CoreId::new(xy, p).unwrap()))
        .collect();
    let labels: Vec<String> = (0..1000).map(|i| format!("column {i}")).collect();
    for (index, (label, core)) in labels.iter().zip(cores).enumerate() {
        input.populations.push(PopulationSummary {
            label: label.clone(),
            size: 20,
            cell_type: "IF_curr_exp".into(),
            colour: index as u32,
        });
        input.occupants.push(Occupant {
            core,
            kind: OccupantKind::Neurons,
            population: Some(index as u32),
            first_cell: 0,
            cells: 20,
        });
        input.quantization.push(QuantizationRow {
            subject: label.clone(),
            ..small_report().quantization.swap_remove(0)
        });
    }
    let page = html(&input);
    parse(&page);
    assert!(page.len() < 4_000_000, "{} bytes", page.len());
    assert!(page.contains("and 999 more"));

    let many: Vec<(&str, u32, f64)> = labels.iter().map(|label| (label.as_str(), 20, 10.0)).collect();
    let picture = raster_and_rates(&demo::recording(500.0, &many, false));
    parse(&picture);
    assert!(picture.len() < 3_000_000, "{} bytes", picture.len());
}

#[test]
fn the_same_input_gives_the_same_bytes_in_any_order() {
    let input = demo::vogels_abbott(Machine::spin5(), 76);
    let page = html(&input);
    assert_eq!(page, html(&input.clone()));
    let mut shuffled = input;
    shuffled.occupants.reverse();
    shuffled.tables.reverse();
    shuffled.sdram.reverse();
    shuffled.links.reverse();
    assert_eq!(page, html(&shuffled));
    let recording = demo::recording(300.0, &[("a", 50, 20.0), ("b", 10, 20.0)], true);
    assert_eq!(raster_and_rates(&recording), raster_and_rates(&recording.clone()));
}

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let page = html(&demo::vogels_abbott(Machine::spin5(), 76));
    for address in ["http://", "https://", "src=", "url(", "@import"] {
        assert!(!page.contains(address), "{address}");
    }
}

#[test]
fn chips_of_a_very_large_machine_take_the_colour_of_their_population() {
    let machine = Machine::grid("mesh:40x40", 40, 40, false).unwrap();
    let page = html(&demo::vogels_abbott(machine, 76));
    let document = parse(&page);
    let coloured: Vec<&str> = document
        .descendants()
        .filter(|n| n.attribute("href") == Some("#kw"))
        .filter_map(|n| n.attribute("fill"))
        .collect();
    // The first colour of the palette, then the second.
    assert_eq!(coloured, ["#332288", "#332288", "#332288", "#332288", "#cc6677"]);
    assert!(page.contains("in the colour of the population that has most of its cores"));
}
