//! Time against cell: a mark for every spike.

use super::{
    Band, LEFT, RIGHT, ink,
    panel::{Panel, TimeAxis},
};
use crate::drawing::{COLOURS, Indexed, Rgb, count, data_uri, escape, put, shorten};

/// More spikes than this are drawn as pixels.
const MOST_LINES: usize = 30_000;
/// Pixels per unit of an embedded picture.
const DENSITY: f64 = 2.0;
/// Shades of each colour: one spike on a pixel, two, more.
const SHADES: usize = 3;

/// Height of the panel: enough to see single cells of a small network, and no more than a screen for a large one.
pub(super) fn height(bands: &[Band<'_>]) -> f64 {
    let rows: usize = bands.iter().map(|b| b.rows()).sum();
    let least = (bands.len() as f64 * 20.0)
        .min(560.0)
        .max(bands.len() as f64)
        .min(1000.0);
    (rows as f64 * 6.0).clamp(120.0, 560.0).max(least)
}

/// Draws the panel.
pub(super) fn draw(svg: &mut String, panel: &Panel, axis: &TimeAxis, bands: &[Band<'_>]) {
    let places = stack(panel, bands);
    let spikes: usize = bands.iter().map(|b| b.spikes.cells.len()).sum();
    if spikes <= MOST_LINES {
        lines(svg, axis, bands, &places);
    } else {
        pixels(svg, panel, axis, bands, &places);
    }
    labels(svg, bands, &places);
    panel.frame(svg);
}

/// Top and height of every band.
fn stack(panel: &Panel, bands: &[Band<'_>]) -> Vec<(f64, f64)> {
    let rows: usize = bands.iter().map(|b| b.rows()).sum();
    let number = bands.len() as f64;
    // Every band gets the same part of a fifth of the height, so that small populations stay visible, but no band
    // needs more than a line of text for that.
    let gap = if bands.len() <= 40 { 5.0 } else { 0.0 };
    let room = panel.height - gap * (number - 1.0);
    let least = (room / number * 0.8).min(18.0);
    let share = room - least * number;
    let mut top = panel.top;
    bands
        .iter()
        .map(|band| {
            let part = if rows == 0 {
                1.0 / number
            } else {
                band.rows() as f64 / rows as f64
            };
            let place = (top, least + share * part);
            top += place.1 + gap;
            place
        })
        .collect()
}

fn lines(svg: &mut String, axis: &TimeAxis, bands: &[Band<'_>], places: &[(f64, f64)]) {
    for (band, (top, height)) in bands.iter().zip(places) {
        let row_height = height / band.rows().max(1) as f64;
        let mark = (row_height * 0.8).clamp(1.4, 9.0);
        let mut path = String::new();
        for (row, step) in band.spikes() {
            let y = top + height - (row as f64 + 0.5) * row_height;
            put!(
                path,
                "M{:.1} {:.1}v{mark:.1}",
                axis.x(f64::from(step) * axis.timestep),
                y - mark / 2.0
            );
        }
        put!(
            svg,
            "<path fill=\"none\" stroke=\"{}\" stroke-width=\"1.4\" d=\"{path}\"/>\n",
            ink(band.colour)
        );
    }
}

fn pixels(svg: &mut String, panel: &Panel, axis: &TimeAxis, bands: &[Band<'_>], places: &[(f64, f64)]) {
    let dark = Rgb(0x10, 0x14, 0x1c);
    let white = Rgb(0xff, 0xff, 0xff);
    let mut palette = vec![white];
    for colour in COLOURS {
        let colour = ink(colour);
        palette.extend([colour.towards(white, 0.25), colour, colour.towards(dark, 0.5)]);
    }
    let width = ((RIGHT - LEFT) * DENSITY).ceil() as usize + 2;
    let height = (panel.height * DENSITY).ceil() as usize;
    let mut picture = Indexed::new(width, height, palette);
    for (band, (top, band_height)) in bands.iter().zip(places) {
        let colour = COLOURS.iter().position(|c| *c == band.colour).unwrap_or(0);
        let row_height = band_height / band.rows().max(1) as f64 * DENSITY;
        let tall = (row_height as usize).clamp(2, 10);
        for (row, step) in band.spikes() {
            let middle = (top - panel.top + band_height) * DENSITY - (row as f64 + 0.5) * row_height;
            let first = (middle - tall as f64 / 2.0).clamp(0.0, (height - tall.min(height)) as f64) as usize;
            let column = ((axis.x(f64::from(step) * axis.timestep) - LEFT) * DENSITY) as usize;
            for (dx, dy) in (0..2).flat_map(|dx| (0..tall).map(move |dy| (dx, dy))) {
                if let Some(pixel) = picture.at(column + dx, first + dy) {
                    let shade = if *pixel == 0 {
                        0
                    } else {
                        ((usize::from(*pixel) - 1) % SHADES + 1).min(SHADES - 1)
                    };
                    *pixel = (1 + colour * SHADES + shade) as u8;
                }
            }
        }
    }
    put!(
        svg,
        "<image x=\"{LEFT}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" preserveAspectRatio=\"none\" href=\"{}\"/>\n",
        panel.top,
        width as f64 / DENSITY,
        height as f64 / DENSITY,
        data_uri(&picture)
    );
}

fn labels(svg: &mut String, bands: &[Band<'_>], places: &[(f64, f64)]) {
    let mut free_from = f64::MIN;
    let mut splits = String::new();
    for (i, (band, (top, height))) in bands.iter().zip(places).enumerate() {
        let bottom = top + height;
        if i > 0 && bands.len() <= 40 {
            put!(splits, "M{LEFT} {:.1}H{RIGHT}", top - 2.5);
        }
        let middle = top + height / 2.0;
        // A label only where it does not touch the one above.
        if middle - 7.0 < free_from {
            continue;
        }
        let tall = *height >= 44.0;
        put!(
            svg,
            "<path d=\"M{:.1} {top:.1}V{bottom:.1}\" stroke=\"{}\" stroke-width=\"4\"/>\
             <text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 5.0,
            band.colour,
            LEFT - 14.0,
            if tall { middle - 3.0 } else { middle + 4.5 },
            escape(&shorten(&band.recording.label, 21))
        );
        if tall {
            put!(
                svg,
                "<text class=\"size\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 14.0,
                middle + 13.0,
                band.size_text()
            );
        }
        if *height >= 90.0 {
            let last = band.spikes.recorded.last().copied().unwrap_or(0);
            let first = band.spikes.recorded.first().copied().unwrap_or(0);
            put!(
                svg,
                "<text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
                 <text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                top + 9.0,
                count(last),
                bottom - 1.0,
                count(first),
                x = LEFT - 14.0,
            );
        }
        svg.push('\n');
        free_from = middle + if tall { 18.0 } else { 7.0 };
    }
    put!(svg, "<path class=\"split\" d=\"{splits}\"/>\n");
}
