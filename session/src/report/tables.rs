//! The page's tables: populations, projections, the fullest chips, stages, and how to do it again.

use super::input::{OccupantKind, ReportInput};
use crate::drawing::{COLOURS, bytes, count, escape, plural, put, seconds, shorten, significant};

/// Populations with their colours: the key to the drawing of the board.
pub(super) fn populations(input: &ReportInput) -> String {
    if input.populations.is_empty() {
        return "<p class=\"note\">The network has no populations.</p>\n".to_owned();
    }
    let mut cores = vec![(0u32, 0u32); input.populations.len()];
    for occupant in &input.occupants {
        if let Some(entry) = occupant.population.and_then(|p| cores.get_mut(p as usize)) {
            match occupant.kind {
                OccupantKind::DelayExtension => entry.1 += 1,
                _ => entry.0 += 1,
            }
        }
    }
    let delays = cores.iter().any(|(_, extensions)| *extensions > 0);
    let mut html = String::from(
        "<table class=\"populations\"><thead><tr><th></th><th>population</th><th>cell type</th>\
         <th class=\"r\">cells</th><th class=\"r\">cores</th>",
    );
    if delays {
        html.push_str("<th class=\"r\">delay</th>");
    }
    html.push_str("</tr></thead><tbody>\n");
    for (index, (population, (own, extensions))) in input.populations.iter().zip(cores).enumerate() {
        let colour = population.colour as usize % COLOURS.len();
        put!(
            html,
            "<tr data-p=\"{index}\" tabindex=\"0\"><td><span class=\"chip-key c{colour} t{colour}\">{index}</span></td>\
             <td class=\"label\">{}</td><td>{}</td><td class=\"r\">{}</td><td class=\"r\">{own}</td>",
            escape(&shorten(&population.label, 80)),
            escape(&shorten(&population.cell_type, 40)),
            count(population.size)
        );
        if delays {
            put!(html, "<td class=\"r\">{extensions}</td>");
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table>\n");
    html
}

/// The fullest tables and the chips with most memory in use, in numbers.
pub(super) fn busiest(input: &ReportInput) -> String {
    const SHOWN: usize = 8;
    let mut tables: Vec<_> = input.tables.iter().collect();
    tables.sort_by_key(|t| (std::cmp::Reverse((t.after, t.before)), t.chip));
    let mut memory: Vec<_> = input.sdram.iter().collect();
    memory.sort_by_key(|s| (std::cmp::Reverse(s.bytes), s.chip));
    let mut links: Vec<_> = input.links.iter().collect();
    links.sort_by_key(|l| (std::cmp::Reverse(l.nets), l.chip, l.link));
    if tables.is_empty() && memory.is_empty() && links.is_empty() {
        return String::new();
    }
    let mut html = String::from("<div class=\"columns\">\n");
    if !links.is_empty() {
        html.push_str(
            "<table><caption>Busiest links</caption><thead><tr><th>link</th><th class=\"r\">nets</th>\
             <th class=\"r\">packets/s</th></tr></thead><tbody>\n",
        );
        for l in links.iter().take(SHOWN) {
            put!(
                html,
                "<tr><td>{} {}</td><td class=\"r\">{}</td><td class=\"r\">{}</td></tr>\n",
                l.chip,
                l.link,
                count(l.nets),
                significant(l.packets_per_second, 4)
            );
        }
        html.push_str("</tbody></table>\n");
    }
    if !tables.is_empty() {
        html.push_str(
            "<table><caption>Fullest routing tables</caption><thead><tr><th>chip</th><th class=\"r\">entries</th>\
             <th class=\"r\">before</th><th class=\"r\">of capacity</th></tr></thead><tbody>\n",
        );
        for t in tables.iter().take(SHOWN) {
            let capacity = input.machine.chip(t.chip).map_or(0, |c| c.router_entries);
            let share = if capacity == 0 {
                "unknown".to_owned()
            } else {
                format!(
                    "{} %",
                    significant(f64::from(t.after) * 100.0 / f64::from(capacity), 2)
                )
            };
            put!(
                html,
                "<tr><td>{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td><td class=\"r\">{share}</td></tr>\n",
                t.chip,
                count(t.after),
                count(t.before)
            );
        }
        html.push_str("</tbody></table>\n");
    }
    if !memory.is_empty() {
        html.push_str(
            "<table><caption>Most SDRAM in use</caption><thead><tr><th>chip</th><th class=\"r\">in use</th>\
             <th class=\"r\">usable</th></tr></thead><tbody>\n",
        );
        for s in memory.iter().take(SHOWN) {
            put!(
                html,
                "<tr><td>{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td></tr>\n",
                s.chip,
                bytes(s.bytes),
                bytes(input.machine.chip(s.chip).map_or(0, |c| u64::from(c.sdram)))
            );
        }
        html.push_str("</tbody></table>\n");
    }
    html.push_str("</div>\n");
    html
}

/// How long each stage took.
pub(super) fn stages(input: &ReportInput) -> String {
    if input.stages.is_empty() {
        return String::new();
    }
    let sound = |s: f64| if s.is_finite() && s > 0.0 { s } else { 0.0 };
    let total: f64 = input.stages.iter().map(|s| sound(s.seconds)).sum();
    let longest = input.stages.iter().map(|s| sound(s.seconds)).fold(0.0, f64::max);
    let mut html = String::from(
        "<section id=\"timing\"><h2>How long it took</h2>\n<table class=\"timing\"><thead><tr><th>stage</th><th></th>\
         <th class=\"r\">time</th><th class=\"r\">share</th><th>what was done</th></tr></thead><tbody>\n",
    );
    for stage in &input.stages {
        let part = |of: f64| if of > 0.0 { sound(stage.seconds) / of } else { 0.0 };
        put!(
            html,
            "<tr><td class=\"label\">{}</td><td class=\"bar\"><span style=\"width:{:.2}%\"></span></td>\
             <td class=\"r\">{}</td><td class=\"r\">{} %</td><td>{}</td></tr>\n",
            escape(&shorten(&stage.name, 60)),
            part(longest) * 100.0,
            seconds(stage.seconds),
            significant(part(total) * 100.0, 2),
            escape(&shorten(&stage.detail, 120))
        );
    }
    put!(
        html,
        "</tbody><tfoot><tr><td>total</td><td></td><td class=\"r\">{}</td><td></td><td></td></tr></tfoot></table>\n\
         <p class=\"note\">Wall-clock time on the host computer.</p></section>\n",
        seconds(total)
    );
    html
}

/// What is connected to what.
pub(super) fn projections(input: &ReportInput) -> String {
    let mut html = String::from("<section id=\"network\"><h2>Projections</h2>\n");
    if input.projections.is_empty() {
        html.push_str("<p class=\"note\">The network has no projections.</p></section>\n");
        return html;
    }
    const OPEN: usize = 40;
    let (first, rest) = input.projections.split_at(input.projections.len().min(OPEN));
    for (part, folded) in [(first, false), (rest, true)] {
        if part.is_empty() {
            continue;
        }
        if folded {
            put!(
                html,
                "<details><summary>{}</summary>\n",
                plural(part.len() as u64, "more projection", "more projections")
            );
        }
        html.push_str(
            "<div class=\"scroll\"><table><thead><tr><th>projection</th><th>from</th><th>to</th><th>receptor</th>\
             <th>connector</th><th class=\"r\">synapses</th></tr></thead><tbody>\n",
        );
        for p in part {
            put!(
                html,
                "<tr><td class=\"label\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"r\">{}</td></tr>\n",
                escape(&shorten(&p.label, 80)),
                escape(&shorten(&p.source, 60)),
                escape(&shorten(&p.target, 60)),
                escape(&shorten(&p.receptor, 40)),
                escape(&shorten(&p.connector, 60)),
                count(p.synapses)
            );
        }
        html.push_str("</tbody></table></div>\n");
        if folded {
            html.push_str("</details>\n");
        }
    }
    html.push_str("</section>\n");
    html
}

/// How to make the same result again.
pub(super) fn provenance(input: &ReportInput) -> String {
    let p = &input.provenance;
    let mut html =
        String::from("<section id=\"provenance\"><h2>To make this again</h2>\n<dl class=\"provenance\">\n");
    if !p.command.is_empty() {
        put!(
            html,
            "<dt>command</dt><dd><code>{}</code></dd>\n",
            escape(&p.command)
        );
    }
    put!(
        html,
        "<dt>toolchain</dt><dd>Taproot {}</dd>\n<dt>machine</dt><dd>{}</dd>\n",
        escape(&p.tool_version),
        escape(&input.machine.to_string())
    );
    if !p.seeds.is_empty() {
        html.push_str("<dt>seeds</dt><dd>");
        for (i, (name, seed)) in p.seeds.iter().enumerate() {
            put!(
                html,
                "{}{} <code>{seed}</code>",
                if i > 0 { ", " } else { "" },
                escape(name)
            );
        }
        html.push_str("</dd>\n");
    }
    html.push_str("</dl>\n</section>\n");
    html
}
