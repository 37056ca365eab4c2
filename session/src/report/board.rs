//! The machine with what runs on every core.
//!
//! A chip is a hexagon with one small hexagon for each of its 18 cores, by virtual number, clockwise from the top:
//! cores 0 to 5 around the chip's coordinates, cores 6 to 17 around those.

use super::{
    input::{OccupantKind, ReportInput},
    layout::{Layout, Place, direction, upright_hexagon},
};
use crate::drawing::{COLOURS, escape, plural, population, put, shorten};
use std::collections::BTreeMap;
use taproot_spinnaker_chip::{CORES_PER_CHIP, ChipXy, Link};

/// Radius of a chip, in distances between neighbours; 0.577 would leave no gap.
pub(super) const CHIP: f64 = 0.545;
/// Distance between two cores, in distances between chips.
const CORE: f64 = 0.186;
/// Beyond this many chips a chip is one hexagon, in the colour of the population that has most of its cores.
const CHIPS_WITH_CORES: usize = 1500;

/// The drawing.
pub(super) fn board(input: &ReportInput, layout: &Layout) -> String {
    let scale = (690.0 / layout.width).min(170.0);
    let wide = scale < 34.0;
    let scale = if wide {
        (1120.0 / layout.width).min(60.0)
    } else {
        scale
    };
    let numbered = scale >= 58.0;
    let mut on_chip: BTreeMap<ChipXy, Vec<usize>> = BTreeMap::new();
    for (index, occupant) in input.occupants.iter().enumerate() {
        on_chip.entry(occupant.core.chip).or_default().push(index);
    }
    for list in on_chip.values_mut() {
        list.sort_by_key(|&i| input.occupants[i].core);
    }

    let mut svg = String::new();
    let (width, height) = (layout.width * scale, layout.height * scale);
    put!(
        svg,
        "<svg class=\"board{}\" viewBox=\"0 0 {width:.1} {height:.1}\" style=\"max-width:{width:.0}px\" role=\"img\" \
         aria-label=\"{}: which core runs which population\">\n",
        if wide { " wide" } else { "" },
        escape(input.machine.name()),
    );
    symbols(&mut svg, scale);
    svg.push_str(&frame(input, layout, scale));
    for place in layout.places.iter().filter(|place| place.alive) {
        let own = on_chip.get(&place.xy).map_or(&[][..], Vec::as_slice);
        if shows_cores(layout) {
            chip(&mut svg, input, layout, place, own, scale, numbered);
        } else {
            whole_chip(&mut svg, input, layout, place, own, scale);
        }
    }
    svg.push_str(&defects(input, layout, scale));
    svg.push_str("</svg>\n");
    svg
}

/// Whether the drawing goes down to cores.
pub(super) fn shows_cores(layout: &Layout) -> bool {
    layout.places.len() <= CHIPS_WITH_CORES
}

/// A class for each colour, for the page's style sheet.
pub(super) fn colour_classes() -> String {
    let mut css = String::new();
    for (i, colour) in COLOURS.iter().enumerate() {
        let text = colour.text_on();
        put!(
            css,
            ".c{i}{{fill:{colour};background:{colour}}}.t{i}{{fill:{text};color:{text}}}\n"
        );
    }
    css
}

/// Links, boards and places without a chip: what lies under the chips of every map.
pub(super) fn frame(input: &ReportInput, layout: &Layout, scale: f64) -> String {
    let mut svg = String::new();
    let mut links = String::new();
    for place in layout.places.iter().filter(|p| p.alive) {
        let (x, y) = layout.centre(place);
        for link in Link::ALL {
            let live = input
                .machine
                .chip(place.xy)
                .is_some_and(|chip| chip.links.contains(link));
            let Some((_, adjacent)) = layout.across(&input.machine, place, link) else {
                continue;
            };
            let (dx, dy) = direction(link);
            let reach = if adjacent { 0.5 } else { 0.6 };
            if live {
                put!(
                    links,
                    "M{:.1} {:.1}l{:.1} {:.1}",
                    (x + dx * 0.4) * scale,
                    (y + dy * 0.4) * scale,
                    dx * (reach - 0.4) * scale,
                    dy * (reach - 0.4) * scale
                );
            }
        }
    }
    put!(svg, "<path class=\"link\" d=\"{links}\"/>\n");

    // The edge of a board: sides of the hexagons whose neighbour belongs elsewhere.
    let mut edge = String::new();
    let corners = upright_hexagon(0.577_35);
    // The side that each link crosses, as a pair of corners.
    const SIDE: [(usize, usize); 6] = [(1, 2), (0, 1), (5, 0), (4, 5), (3, 4), (2, 3)];
    let drawn: BTreeMap<(i32, i32), Option<ChipXy>> = layout.places.iter().map(|p| (p.at, p.board)).collect();
    for place in &layout.places {
        let (x, y) = layout.centre(place);
        for link in Link::ALL {
            let (dx, dy) = link.step();
            let beside = drawn.get(&(place.at.0 + dx, place.at.1 + dy));
            let same = place.board.is_none()
                || beside.is_some_and(|board| *board == place.board || (board.is_none() && !layout.wraps));
            if !same {
                let (a, b) = SIDE[usize::from(link.number())];
                put!(
                    edge,
                    "M{:.1} {:.1}L{:.1} {:.1}",
                    (x + corners[a].0) * scale,
                    (y + corners[a].1) * scale,
                    (x + corners[b].0) * scale,
                    (y + corners[b].1) * scale
                );
            }
        }
    }
    put!(svg, "<path class=\"edge\" d=\"{edge}\"/>\n");
    svg
}

/// Dead chips and dead links: what lies over the chips of every map.
pub(super) fn defects(input: &ReportInput, layout: &Layout, scale: f64) -> String {
    let mut svg = String::new();
    for place in layout.places.iter().filter(|p| !p.alive) {
        let (x, y) = layout.centre(place);
        let r = 0.16 * scale;
        put!(
            svg,
            "<g class=\"dead\"><title>chip {} is dead</title><path d=\"{}\"/><path class=\"cross\" \
             d=\"M{:.1} {:.1}l{:.1} {:.1}m0 {:.1}l{:.1} {:.1}\"/></g>\n",
            place.xy,
            hexagon_path(x * scale, y * scale, CHIP * scale),
            x * scale - r,
            y * scale - r,
            2.0 * r,
            2.0 * r,
            -2.0 * r,
            -2.0 * r,
            2.0 * r,
        );
    }
    for (place, link) in layout.dead_links(&input.machine) {
        let (x, y) = layout.centre(place);
        let (dx, dy) = direction(link);
        let (x, y) = ((x + dx * 0.5) * scale, (y + dy * 0.5) * scale);
        // A bar across the link.
        let (bx, by) = (-dy * 0.2 * scale, dx * 0.2 * scale);
        put!(
            svg,
            "<g class=\"deadlink\"><title>link {} of chip {} is dead, in both directions</title>\
             <path class=\"halo\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"/><path d=\"M{:.1} {:.1}L{:.1} {:.1}\"/></g>\n",
            link,
            place.xy,
            x - bx,
            y - by,
            x + bx,
            y + by,
            x - bx,
            y - by,
            x + bx,
            y + by
        );
    }
    svg
}

/// The outline of an upright hexagon.
pub(super) fn hexagon_path(x: f64, y: f64, radius: f64) -> String {
    let mut path = String::new();
    for (i, (dx, dy)) in upright_hexagon(radius).into_iter().enumerate() {
        put!(
            path,
            "{}{:.1} {:.1}",
            if i == 0 { 'M' } else { 'L' },
            x + dx,
            y + dy
        );
    }
    path.push('Z');
    path
}

/// The key to the marks on cores.
pub(super) fn marks_key(layout: &Layout) -> String {
    if !shows_cores(layout) {
        return String::new();
    }
    let mut html = String::from("<p class=\"key\">");
    for (kind, text) in [
        ("neurons", "neurons"),
        ("poisson", "Poisson sources"),
        ("spike-array", "spike arrays"),
        ("delay-extension", "delay extension"),
        ("helper", "helper"),
    ] {
        put!(
            html,
            "<span><svg width=\"18\" height=\"18\" viewBox=\"-9 -9 18 18\">{}</svg> {text}</span>",
            mark(kind, 8.0)
        );
    }
    put!(
        html,
        "<span><svg width=\"18\" height=\"18\" viewBox=\"-9 -9 18 18\"><path class=\"monitor\" d=\"{m}\"/></svg> \
         monitor</span><span><svg width=\"18\" height=\"18\" viewBox=\"-9 -9 18 18\"><path class=\"idle\" d=\"{m}\"/>\
         </svg> free core</span><span><svg width=\"18\" height=\"18\" viewBox=\"-9 -9 18 18\"><g class=\"broken\">\
         <path d=\"{m}\"/><path d=\"M-3 -3L3 3M3 -3L-3 3\"/></g></svg> core that does not work</span>\
         <span><svg width=\"18\" height=\"18\" viewBox=\"-9 -9 18 18\"><path class=\"link\" d=\"M-9 0H9\"/>\
         <g class=\"deadlink\"><path d=\"M0 -6V6\"/></g></svg> dead link</span></p>\n",
        m = flat_path(8.0)
    );
    html
}

fn symbols(svg: &mut String, scale: f64) {
    // A cell's radius, with a hair of white between neighbours.
    let radius = CORE * scale / 3f64.sqrt() * 0.93;
    svg.push_str("<defs>");
    for kind in ["neurons", "poisson", "spike-array", "delay-extension", "helper"] {
        put!(svg, "<g id=\"{}\">{}</g>", symbol(kind), mark(kind, radius));
    }
    let cell = flat_path(radius);
    let arm = radius * 0.4;
    put!(
        svg,
        "<path id=\"ki\" class=\"idle\" d=\"{cell}\"/><path id=\"km\" class=\"monitor\" d=\"{cell}\"/>\
         <g id=\"kx\" class=\"broken\"><path d=\"{cell}\"/>\
         <path d=\"M{:.2} {:.2}L{arm:.2} {arm:.2}M{arm:.2} {:.2}L{:.2} {arm:.2}\"/></g>\
         <path id=\"kc\" class=\"chip\" d=\"{chip}\"/><path id=\"kw\" class=\"whole\" d=\"{chip}\"/></defs>\n",
        -arm,
        -arm,
        -arm,
        -arm,
        chip = hexagon_path(0.0, 0.0, CHIP * scale)
    );
}

fn symbol(kind: &str) -> &'static str {
    match kind {
        "neurons" => "kn",
        "poisson" => "kp",
        "spike-array" => "ka",
        "delay-extension" => "kd",
        _ => "kh",
    }
}

/// A small hexagon that lies on a side, with the mark of a kind of work; it takes the colour of its surroundings.
fn mark(kind: &str, radius: f64) -> String {
    let cell = flat_path(radius);
    let inner = radius * 0.36;
    match kind {
        "neurons" => format!("<path d=\"{cell}\"/>"),
        "poisson" => format!("<path d=\"{cell}\"/><circle class=\"mark\" r=\"{inner:.2}\"/>"),
        "spike-array" => format!(
            "<path d=\"{cell}\"/><path class=\"mark\" d=\"M{:.2} {:.2}h{:.2}v{:.2}h{:.2}Z\"/>",
            -radius * 0.45,
            -radius * 0.18,
            radius * 0.9,
            radius * 0.36,
            -radius * 0.9
        ),
        "delay-extension" => format!(
            "<path d=\"{cell}\"/><path class=\"mark\" d=\"{}\"/>",
            flat_path(radius * 0.62)
        ),
        _ => format!("<path class=\"helper\" d=\"{cell}\"/>"),
    }
}

fn flat_path(radius: f64) -> String {
    let mut path = String::new();
    for (i, (x, y)) in upright_hexagon(radius).into_iter().enumerate() {
        put!(path, "{}{:.2} {:.2}", if i == 0 { 'M' } else { 'L' }, y, x);
    }
    path.push('Z');
    path
}

/// The middle of a core, in distances between cores from the middle of its chip.
fn core_centre(core: u8) -> (f64, f64) {
    let (steps, of, radius) = match core {
        0..6 => (f64::from(core), 6.0, 1.0),
        _ => {
            let step = f64::from(core - 6);
            (step, 12.0, if core.is_multiple_of(2) { 2.0 } else { 3f64.sqrt() })
        }
    };
    let angle = std::f64::consts::TAU * steps / of;
    (radius * angle.sin(), -radius * angle.cos())
}

fn chip(
    svg: &mut String,
    input: &ReportInput,
    layout: &Layout,
    place: &Place,
    own: &[usize],
    scale: f64,
    numbered: bool,
) {
    let Some(chip) = input.machine.chip(place.xy) else {
        return;
    };
    let (x, y) = layout.centre(place);
    let (x, y) = (x * scale, y * scale);
    let working = chip.cores.len();
    put!(
        svg,
        "<g transform=\"translate({x:.1} {y:.1})\"><title>chip {}: {} of {} application cores in use</title>\
         <use href=\"#kc\"/>",
        place.xy,
        own.len(),
        chip.application_cores().len()
    );
    let mut texts = String::new();
    let mut next = own.iter().map(|&i| &input.occupants[i]).peekable();
    for core in 0..CORES_PER_CHIP {
        let (cx, cy) = core_centre(core);
        let (cx, cy) = (cx * CORE * scale, cy * CORE * scale);
        let mut taken = false;
        // A core has one occupant; should a report list more, all of them are drawn and can be found.
        while let Some(occupant) = next.next_if(|o| o.core.core() == core) {
            taken = true;
            let who = occupant
                .population
                .and_then(|p| Some((p, input.populations.get(p as usize)?)));
            let kind = name_of(occupant.kind);
            put!(svg, "<use href=\"#{}\" x=\"{cx:.1}\" y=\"{cy:.1}\"", symbol(kind));
            match who {
                Some((p, summary)) => {
                    let colour = summary.colour as usize % COLOURS.len();
                    put!(
                        svg,
                        " class=\"c{colour}\" data-p=\"{p}\"><title>core {}: {} {}",
                        occupant.core,
                        noun(occupant.kind),
                        escape(&shorten(&summary.label, 60)),
                    );
                    if occupant.cells > 0 {
                        put!(
                            svg,
                            " [{}..{}]",
                            occupant.first_cell,
                            u64::from(occupant.first_cell) + u64::from(occupant.cells) - 1
                        );
                    }
                    svg.push_str("</title></use>");
                    if numbered && matches!(occupant.kind, OccupantKind::Neurons) && p < 100 {
                        put!(
                            texts,
                            "<text class=\"n t{colour}\" x=\"{cx:.1}\" y=\"{:.1}\">{p}</text>",
                            cy + 0.033 * scale
                        );
                    }
                }
                None => put!(
                    svg,
                    "><title>core {}: {}</title></use>",
                    occupant.core,
                    noun(occupant.kind)
                ),
            }
        }
        if !taken {
            let shape = if core >= working {
                "kx"
            } else if core == 0 {
                "km"
            } else {
                "ki"
            };
            put!(svg, "<use href=\"#{shape}\" x=\"{cx:.1}\" y=\"{cy:.1}\"/>");
        }
    }
    if numbered {
        put!(
            svg,
            "<g style=\"font-size:{:.1}px\">{texts}</g><text class=\"xy\" style=\"font-size:{:.1}px\" y=\"{:.1}\">{},{}</text>",
            0.094 * scale,
            0.088 * scale,
            0.03 * scale,
            place.xy.x,
            place.xy.y
        );
    } else if place.board == Some(place.xy) {
        put!(svg, "<circle class=\"ethernet\" r=\"{:.1}\"/>", 0.07 * scale);
    }
    svg.push_str("</g>\n");
}

fn whole_chip(
    svg: &mut String,
    input: &ReportInput,
    layout: &Layout,
    place: &Place,
    own: &[usize],
    scale: f64,
) {
    let (x, y) = layout.centre(place);
    let mut cores: BTreeMap<u32, usize> = BTreeMap::new();
    for p in own.iter().filter_map(|&i| input.occupants[i].population) {
        *cores.entry(p).or_default() += 1;
    }
    // Of equals the first, so that the picture does not depend on the order of the list.
    let most = cores
        .iter()
        .max_by_key(|(p, n)| (**n, std::cmp::Reverse(**p)))
        .map(|(p, _)| *p);
    let summary = most.and_then(|p| Some((p, input.populations.get(p as usize)?)));
    // The outline without a colour of its own takes the one that it is given.
    put!(
        svg,
        "<use href=\"#{}\" x=\"{:.1}\" y=\"{:.1}\"",
        if summary.is_some() { "kw" } else { "kc" },
        x * scale,
        y * scale
    );
    if let Some((p, summary)) = summary {
        put!(
            svg,
            " fill=\"{}\" data-p=\"{p}\"><title>chip {}: {}, mostly {}</title></use>\n",
            population(summary.colour as usize),
            place.xy,
            plural(own.len() as u64, "core in use", "cores in use"),
            escape(&shorten(&summary.label, 60))
        );
    } else {
        svg.push_str("/>\n");
    }
}

fn name_of(kind: OccupantKind) -> &'static str {
    match kind {
        OccupantKind::Neurons => "neurons",
        OccupantKind::Poisson => "poisson",
        OccupantKind::SpikeArray => "spike-array",
        OccupantKind::DelayExtension => "delay-extension",
        OccupantKind::Helper => "helper",
    }
}

fn noun(kind: OccupantKind) -> &'static str {
    match kind {
        OccupantKind::Neurons => "neurons of",
        OccupantKind::Poisson => "Poisson sources of",
        OccupantKind::SpikeArray => "spike arrays of",
        OccupantKind::DelayExtension => "delay extension of",
        OccupantKind::Helper => "helper",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_cores_of_a_chip_overlap() {
        for a in 0..CORES_PER_CHIP {
            for b in 0..a {
                let ((ax, ay), (bx, by)) = (core_centre(a), core_centre(b));
                assert!((ax - bx).hypot(ay - by) > 0.999, "{a} and {b}");
            }
        }
    }
}
