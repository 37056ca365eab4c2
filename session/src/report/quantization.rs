//! What fixed-point storage did to the network's numbers, the losses first.

use super::input::{QuantizationKind, QuantizationRow, ReportInput};
use crate::drawing::{count, escape, plural, put, shorten, significant};
use std::collections::BTreeMap;

/// The section; empty if nothing was quantized.
pub(super) fn section(input: &ReportInput) -> String {
    let mut html = String::from("<section id=\"quantization\"><h2>What quantization cost</h2>\n");
    if input.quantization.is_empty() {
        html.push_str("<p class=\"note\">No number was quantized.</p></section>\n");
        return html;
    }
    let (lossy, sound): (Vec<_>, Vec<_>) = grouped(input).into_iter().partition(|group| group.row.is_lossy());
    html.push_str(
        "<p class=\"note\">Weights and parameters are stored in fixed point. <b>Saturated</b> values lay beyond the \
         format's range and took its end; <b>underflowed</b> ones were not zero and became zero. Errors are absolute, \
         in the quantity's unit.</p>\n",
    );
    if lossy.is_empty() {
        html.push_str("<p class=\"fine\"><b>✓</b> Nothing saturated, and nothing underflowed to zero.</p>\n");
    }
    const OPEN: usize = 40;
    let first: Vec<_> = lossy
        .iter()
        .chain(sound.iter().take(OPEN.saturating_sub(lossy.len())))
        .collect();
    let rest: Vec<_> = sound.iter().skip(OPEN.saturating_sub(lossy.len())).collect();
    table(&mut html, &first);
    if !rest.is_empty() {
        put!(
            html,
            "<details><summary>{} without losses</summary>\n",
            plural(rest.len() as u64, "more row", "more rows")
        );
        table(&mut html, &rest);
        html.push_str("</details>\n");
    }
    html.push_str("</section>\n");
    html
}

/// Rows that differ in nothing but whose they are: a thousand populations with the same parameters are one line.
struct Group<'a> {
    row: &'a QuantizationRow,
    subjects: Vec<&'a str>,
    count: u64,
}

fn grouped(input: &ReportInput) -> Vec<Group<'_>> {
    let bits = |range: Option<[f64; 2]>| range.map(|r| r.map(f64::to_bits));
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut position = BTreeMap::new();
    for row in &input.quantization {
        // Losses are never summed up: each subject that lost something is named.
        let own = row.is_lossy().then_some(row.subject.as_str());
        let key = (
            own,
            row.kind,
            row.quantity.as_str(),
            row.unit.as_str(),
            row.format.as_str(),
            bits(row.asked),
            bits(row.stored),
            (
                row.worst_error.to_bits(),
                row.mean_error.to_bits(),
                row.saturated,
                row.underflowed,
            ),
        );
        let index = *position.entry(key).or_insert_with(|| {
            groups.push(Group {
                row,
                subjects: Vec::new(),
                count: 0,
            });
            groups.len() - 1
        });
        groups[index].subjects.push(&row.subject);
        groups[index].count += row.count;
    }
    groups
}

fn table(html: &mut String, groups: &[&Group<'_>]) {
    html.push_str(
        "<div class=\"scroll\"><table class=\"quantization\"><thead><tr><th>of</th><th>quantity</th><th>format</th>\
         <th class=\"r\">values</th><th class=\"r\">asked</th><th class=\"r\">stored</th><th class=\"r\">worst error</th>\
         <th class=\"r\">mean error</th><th class=\"r\">saturated</th><th class=\"r\">underflowed</th></tr></thead><tbody>\n",
    );
    for group in groups {
        let row = group.row;
        let unit = if row.unit.is_empty() {
            String::new()
        } else {
            format!(" <i>{}</i>", escape(&row.unit))
        };
        put!(
            html,
            "<tr{}><td class=\"label\"><span class=\"what\">{}</span> {}",
            if row.is_lossy() { " class=\"lossy\"" } else { "" },
            match row.kind {
                QuantizationKind::Projection => "projection",
                QuantizationKind::Population => "population",
            },
            escape(&shorten(&row.subject, 80)),
        );
        if group.subjects.len() > 1 {
            put!(
                html,
                " <span class=\"what\">and {} more</span>",
                count((group.subjects.len() - 1) as u64)
            );
        }
        put!(
            html,
            "</td><td>{}{unit}</td><td>{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td>\
             <td class=\"r\">{}</td><td class=\"r\">{}</td>{}{}</tr>\n",
            escape(&shorten(&row.quantity, 60)),
            escape(&shorten(&row.format, 40)),
            count(group.count),
            range(row.asked),
            range(row.stored),
            significant(row.worst_error, 3),
            significant(row.mean_error, 3),
            losses(row.saturated, row.count),
            losses(row.underflowed, row.count),
        );
    }
    html.push_str("</tbody></table></div>\n");
}

fn range(range: Option<[f64; 2]>) -> String {
    match range {
        None => "none".to_owned(),
        Some([low, high]) if low == high => significant(low, 6),
        Some([low, high]) => format!("{} … {}", significant(low, 6), significant(high, 6)),
    }
}

/// A cell of the table; a symbol and weight besides the colour, for whoever sees no colour.
fn losses(lost: u64, of: u64) -> String {
    if lost == 0 {
        return "<td class=\"r none\">0</td>".to_owned();
    }
    format!(
        "<td class=\"r lost\">⚠ {} <span>({} %)</span></td>",
        count(lost),
        significant(lost as f64 * 100.0 / of.max(1) as f64, 2)
    )
}
