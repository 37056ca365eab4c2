//! The mapping report: one page that needs nothing but itself.
//!
//! [`html`] turns plain data, a [`ReportInput`], into a page with a drawing of the machine and what runs on each of
//! its cores, heat maps of links, routing tables and memory, what quantization did, and how long each stage took.
//! The page loads nothing, runs without its script, prints well, and is the same for the same input.

mod board;
mod heat;
mod input;
mod layout;
mod of_mapping;
mod quantization;
mod tables;

pub(crate) use of_mapping::of_mapping;

pub use input::{
    LinkLoad, Occupant, OccupantKind, PopulationSummary, ProjectionSummary, Provenance, QuantizationKind,
    QuantizationRow, ReportInput, SdramUse, StageTiming, TableSize,
};

use crate::drawing::{FONTS, bytes, count, escape, plural, put, significant};
use heat::{ChipMap, LinkMap};
use layout::Layout;
use std::collections::BTreeSet;
use taproot_spinnaker_chip::ChipXy;

/// The page.
///
/// ```
/// use taproot_session::report::{ReportInput, html};
/// use taproot_spinnaker_chip::Machine;
/// let page = html(&ReportInput::empty("nothing yet", Machine::spin5()));
/// assert!(page.starts_with("<!DOCTYPE html>"));
/// ```
pub fn html(input: &ReportInput) -> String {
    let layout = Layout::of(&input.machine);
    let mut page = head(input);
    put!(
        page,
        "<header><p class=\"eyebrow\">Mapping report</p><h1>{}</h1><p class=\"lead\">{}</p></header>\n<main>\n",
        escape(&input.title),
        lead(input)
    );
    key_figures(&mut page, input);
    warnings(&mut page, input);

    page.push_str("<section id=\"board\"><h2>Where everything runs</h2>\n<div class=\"sheet\">\n");
    page.push_str(&board::board(input, &layout));
    page.push_str("<div class=\"legend\">\n");
    page.push_str(&tables::populations(input));
    page.push_str("</div></div>\n");
    page.push_str(&board::marks_key(&layout));
    page.push_str(&board_caption(input, &layout));
    page.push_str("</section>\n");

    page.push_str("<section id=\"load\"><h2>How full the machine is</h2>\n<div class=\"maps\">\n");
    page.push_str(&heat::links(input, &layout, &link_nets(input)));
    page.push_str(&heat::links(input, &layout, &link_packets(input)));
    page.push_str(&heat::chips(input, &layout, &table_map(input)));
    page.push_str(&heat::chips(input, &layout, &sdram_map(input)));
    page.push_str("</div>\n");
    page.push_str(&tables::busiest(input));
    page.push_str("</section>\n");

    page.push_str(&quantization::section(input));
    page.push_str(&tables::stages(input));
    page.push_str(&tables::projections(input));
    page.push_str(&tables::provenance(input));
    put!(
        page,
        "</main>\n<script>\n{}</script>\n</body>\n</html>\n",
        include_str!("page.js")
    );
    page
}

impl ReportInput {
    /// A report about a machine on which nothing runs; a beginning to fill in.
    pub fn empty(title: impl Into<String>, machine: taproot_spinnaker_chip::Machine) -> Self {
        Self {
            title: title.into(),
            machine,
            timestep: 1.0,
            duration: None,
            time_scale_factor: 1,
            occupants: Vec::new(),
            populations: Vec::new(),
            projections: Vec::new(),
            links: Vec::new(),
            tables: Vec::new(),
            sdram: Vec::new(),
            quantization: Vec::new(),
            stages: Vec::new(),
            warnings: Vec::new(),
            provenance: Provenance::default(),
        }
    }
}

fn head(input: &ReportInput) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'; img-src data:\"/>\n\
         <title>{} on {}</title>\n<style>\n:root{{--fonts:{FONTS}}}\n{}{}</style>\n</head>\n<body>\n",
        escape(&input.title),
        escape(input.machine.name()),
        include_str!("page.css"),
        board::colour_classes(),
    )
}

fn lead(input: &ReportInput) -> String {
    let mut text = format!(
        "on <b>{}</b>, {} of {} by {}",
        escape(input.machine.name()),
        plural(input.machine.chips().count() as u64, "chip", "chips"),
        input.machine.width(),
        input.machine.height()
    );
    put!(text, "; time step {} ms", significant(input.timestep, 4));
    match input.duration {
        Some(duration) => put!(text, "; {} ms simulated", significant(duration, 7)),
        None => text.push_str("; mapped, not run"),
    }
    text
}

fn key_figures(page: &mut String, input: &ReportInput) {
    let cells: u64 = input.populations.iter().map(|p| u64::from(p.size)).sum();
    let synapses: u64 = input.projections.iter().map(|p| p.synapses).sum();
    let chips: BTreeSet<ChipXy> = input.occupants.iter().map(|o| o.core.chip).collect();
    let links: u64 = input.links.iter().map(|l| u64::from(l.nets)).sum();
    let before = input.tables.iter().map(|t| t.before).max().unwrap_or(0);
    let after = input.tables.iter().map(|t| t.after).max().unwrap_or(0);
    let lossy = input.quantization.iter().filter(|row| row.is_lossy()).count();
    let capacity = input
        .machine
        .chips()
        .map(|(_, c)| c.router_entries)
        .max()
        .unwrap_or(0);
    let figures = [
        (
            count(input.populations.len() as u64),
            "populations",
            format!("{} cells", count(cells)),
        ),
        (
            count(synapses),
            "synapses",
            format!(
                "in {}",
                plural(input.projections.len() as u64, "projection", "projections")
            ),
        ),
        (
            count(input.occupants.len() as u64),
            "cores in use",
            format!(
                "of {} for applications",
                count(input.machine.application_cores() as u64)
            ),
        ),
        (
            count(chips.len() as u64),
            "chips in use",
            format!("of {}", count(input.machine.chips().count() as u64)),
        ),
        (
            count(links),
            "links traversed",
            format!(
                "busiest carries {}",
                plural(
                    u64::from(input.links.iter().map(|l| l.nets).max().unwrap_or(0)),
                    "net",
                    "nets"
                )
            ),
        ),
        (
            count(after),
            "entries in the largest table",
            format!("of {}; {} before minimisation", count(capacity), count(before)),
        ),
        (
            format!("{}×", count(input.time_scale_factor)),
            "time-scale factor",
            if input.time_scale_factor == 1 {
                "real time".to_owned()
            } else {
                format!("1 s of biology takes {} s", count(input.time_scale_factor))
            },
        ),
        (
            count(lossy as u64),
            "quantities with lost values",
            format!("of {} stored", count(input.quantization.len() as u64)),
        ),
    ];
    page.push_str("<dl class=\"figures\">\n");
    for (value, name, detail) in figures {
        put!(
            page,
            "<div><dt>{name}</dt><dd>{value}</dd><dd class=\"detail\">{detail}</dd></div>\n"
        );
    }
    page.push_str("</dl>\n");
}

fn warnings(page: &mut String, input: &ReportInput) {
    const SHOWN: usize = 50;
    if input.warnings.is_empty() {
        return;
    }
    put!(
        page,
        "<section class=\"warnings\" id=\"warnings\"><h2>{}</h2><ul>\n",
        plural(input.warnings.len() as u64, "warning", "warnings")
    );
    for warning in input.warnings.iter().take(SHOWN) {
        put!(page, "<li>{}</li>\n", with_code(warning));
    }
    if input.warnings.len() > SHOWN {
        put!(
            page,
            "<li>and {} more, which the log has in full</li>\n",
            count((input.warnings.len() - SHOWN) as u64)
        );
    }
    page.push_str("</ul></section>\n");
}

/// Text in which what stands between backquotes is set as code.
fn with_code(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let mut html = String::new();
    for (i, part) in parts.iter().enumerate() {
        if i % 2 == 0 {
            put!(html, "{}", escape(part));
        } else if i + 1 < parts.len() {
            put!(html, "<code>{}</code>", escape(part));
        } else {
            put!(html, "{}{}", escape("`"), escape(part));
        }
    }
    html
}

fn board_caption(input: &ReportInput, layout: &Layout) -> String {
    let mut html = String::from("<p class=\"note\">");
    html.push_str(if board::shows_cores(layout) {
        "Each hexagon is a chip, each small one a core, by virtual number clockwise from the top: 0 to 5 inside, \
         6 to 17 around them."
    } else {
        "Each hexagon is a chip, in the colour of the population that has most of its cores."
    });
    html.push_str(" East is right, north is up and to the left.");
    if layout.wraps {
        html.push_str(" Links that leave one edge arrive at the opposite one.");
    }
    let dead = layout.places.iter().filter(|p| !p.alive).count();
    let dead_links = layout.dead_links(&input.machine).len();
    if dead + dead_links > 0 {
        put!(
            html,
            " This machine has {} and {}.",
            plural(dead as u64, "dead chip", "dead chips"),
            plural(dead_links as u64, "dead link", "dead links")
        );
    }
    html.push_str(" Point at anything for its name.</p>\n");
    html
}

fn link_nets(input: &ReportInput) -> LinkMap<'static> {
    let most = input
        .links
        .iter()
        .max_by_key(|l| (l.nets, std::cmp::Reverse((l.chip, l.link))));
    LinkMap {
        title: "Link load: nets",
        unit: "nets routed over the link",
        value: |load| f64::from(load.nets),
        hover: |load| plural(u64::from(load.nets), "net", "nets"),
        caption: most.map_or_else(
            || "No net leaves its chip.".to_owned(),
            |load| {
                format!(
                    "Busiest: {} of {}, with {}. {} carry something.",
                    load.link,
                    load.chip,
                    plural(u64::from(load.nets), "net", "nets"),
                    plural(input.links.len() as u64, "directed link", "directed links")
                )
            },
        ),
    }
}

fn link_packets(input: &ReportInput) -> LinkMap<'static> {
    let most = input.links.iter().max_by(|a, b| {
        a.packets_per_second
            .total_cmp(&b.packets_per_second)
            .then((b.chip, b.link).cmp(&(a.chip, a.link)))
    });
    LinkMap {
        title: "Link load: packets",
        unit: "expected packets per second of real time",
        value: |load| load.packets_per_second,
        hover: |load| format!("{} packets/s", significant(load.packets_per_second, 3)),
        caption: most.map_or_else(
            || "No packet leaves its chip.".to_owned(),
            |load| {
                format!(
                    "Busiest: {} of {}, with {} packets/s.",
                    load.link,
                    load.chip,
                    significant(load.packets_per_second, 3)
                )
            },
        ),
    }
}

fn table_map(input: &ReportInput) -> ChipMap<'static> {
    let total =
        |size: fn(&TableSize) -> u32| -> u64 { input.tables.iter().map(|t| u64::from(size(t))).sum() };
    ChipMap {
        title: "Routing table occupancy",
        unit: "entries loaded",
        values: input
            .tables
            .iter()
            .map(|t| {
                let capacity = input.machine.chip(t.chip).map_or(0, |c| c.router_entries);
                (
                    t.chip,
                    (
                        f64::from(t.after),
                        t.after.to_string(),
                        format!(
                            "{} of {}, {} before minimisation",
                            plural(u64::from(t.after), "entry", "entries"),
                            count(capacity),
                            count(t.before)
                        ),
                    ),
                )
            })
            .collect(),
        caption: if input.tables.is_empty() {
            "No chip has a routing table.".to_owned()
        } else {
            format!(
                "{} in {}; {} before minimisation.",
                plural(total(|t| t.after), "entry", "entries"),
                plural(input.tables.len() as u64, "table", "tables"),
                count(total(|t| t.before))
            )
        },
    }
}

fn sdram_map(input: &ReportInput) -> ChipMap<'static> {
    let most = input
        .sdram
        .iter()
        .max_by_key(|s| (s.bytes, std::cmp::Reverse(s.chip)));
    ChipMap {
        title: "SDRAM in use",
        unit: "MB",
        values: input
            .sdram
            .iter()
            .map(|s| {
                let mega = s.bytes as f64 / 1e6;
                let size = input.machine.chip(s.chip).map_or(0, |c| c.sdram);
                (
                    s.chip,
                    (
                        mega,
                        significant(mega, if mega >= 1.0 { 3 } else { 2 }),
                        format!("{} of {}", bytes(s.bytes), bytes(u64::from(size))),
                    ),
                )
            })
            .collect(),
        caption: most.map_or_else(
            || "No chip has data in its SDRAM.".to_owned(),
            |s| {
                format!(
                    "{} in all; most on {}: {}.",
                    bytes(input.sdram.iter().map(|s| s.bytes).sum()),
                    s.chip,
                    bytes(s.bytes)
                )
            },
        ),
    }
}
