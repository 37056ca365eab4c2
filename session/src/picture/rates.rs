//! How often populations spike, in bins of time.

use super::{
    Band, LEFT, RIGHT, ink,
    panel::{Panel, TimeAxis},
};
use crate::drawing::{Indexed, Ticks, data_uri, escape, heat, nice_step, put, shorten, significant};

/// More populations than this are rows of colour rather than lines.
const MOST_LINES: usize = 8;
/// Height of a row of colour that has its population's name beside it.
const ROW: f64 = 14.0;
/// Levels of the colour scale.
const LEVELS: usize = 128;

/// Height of the panel.
pub(super) fn height(bands: &[Band<'_>]) -> f64 {
    if bands.len() <= MOST_LINES {
        150.0
    } else {
        (bands.len() as f64 * ROW).clamp(150.0, 420.0)
    }
}

/// Draws the panel.
pub(super) fn draw(svg: &mut String, panel: &Panel, axis: &TimeAxis, bands: &[Band<'_>]) {
    // Bins of a round width, never less than a time step, and enough spikes in a bin for a rate to mean something.
    let spikes: usize = bands.iter().map(|band| band.spikes.cells.len()).sum();
    let bins = (spikes / (4 * bands.len()).max(1)).clamp(20, 120);
    let width = nice_step((axis.end / bins as f64).max(axis.timestep));
    let rates: Vec<Vec<f64>> = bands.iter().map(|band| binned(band, axis, width)).collect();
    let largest = rates.iter().flatten().copied().fold(0.0, f64::max);
    let high = if largest > 0.0 {
        let step = nice_step(largest / 5.0);
        (largest / step - 1e-9).ceil() * step
    } else {
        1.0
    };
    put!(
        svg,
        "<text class=\"detail\" x=\"{LEFT}\" y=\"{:.1}\">Population rates in bins of {} ms</text>\n",
        panel.top - 9.0,
        significant(width, 3)
    );
    if bands.len() <= MOST_LINES {
        panel.scale(svg, 0.0, high, 5);
        panel.measure(svg, "rate per cell (Hz)");
        for (band, rates) in bands.iter().zip(&rates) {
            put!(svg, "<path class=\"line\" stroke=\"{}\" d=\"", ink(band.colour));
            for (bin, rate) in rates.iter().enumerate() {
                let from = axis.x((bin as f64 * width).min(axis.end));
                let to = axis.x(((bin + 1) as f64 * width).min(axis.end));
                let y = panel.y(*rate, 0.0, high);
                put!(
                    svg,
                    "{}{from:.1} {y:.1}H{to:.1}",
                    if bin == 0 { 'M' } else { 'L' }
                );
            }
            svg.push_str("\"/>\n");
        }
        let names: Vec<_> = bands
            .iter()
            .zip(&rates)
            .map(|(band, rates)| {
                (
                    panel.y(rates.last().copied().unwrap_or(0.0), 0.0, high),
                    band.recording.label.clone(),
                    ink(band.colour).to_string(),
                )
            })
            .collect();
        panel.names(svg, &names);
    } else {
        rows(svg, panel, bands, &rates, high, axis.end / width);
    }
    panel.frame(svg);
}

/// Rates in Hz. The last bin may be shorter than the others, and is measured by its own length.
fn binned(band: &Band<'_>, axis: &TimeAxis, width: f64) -> Vec<f64> {
    let bins = ((axis.end / width - 1e-9).ceil() as usize).max(1);
    let mut counts = vec![0u64; bins];
    for (_, step) in band.spikes() {
        let bin = (f64::from(step) * axis.timestep / width + 1e-9) as usize;
        counts[bin.min(bins - 1)] += 1;
    }
    let cells = band.rows().max(1) as f64;
    counts
        .iter()
        .enumerate()
        .map(|(bin, count)| {
            let length = width.min(axis.end - bin as f64 * width);
            *count as f64 / cells / (length.max(axis.timestep.min(width)) / 1000.0)
        })
        .collect()
}

/// One row of colour for each population, and the scale to the right.
fn rows(svg: &mut String, panel: &Panel, bands: &[Band<'_>], rates: &[Vec<f64>], high: f64, bins: f64) {
    let number = bands.len();
    let palette = std::iter::once(heat(0.0))
        .chain((0..LEVELS).map(|i| heat(i as f64 / (LEVELS - 1) as f64)))
        .collect();
    let columns = rates.first().map_or(1, Vec::len);
    let mut picture = Indexed::new(columns, number, palette);
    for (row, rates) in rates.iter().enumerate() {
        for (column, rate) in rates.iter().enumerate() {
            if let Some(pixel) = picture.at(column, row) {
                *pixel = 1 + (rate / high * (LEVELS - 1) as f64).round().clamp(0.0, 127.0) as u8;
            }
        }
    }
    put!(
        svg,
        "<image x=\"{LEFT}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" preserveAspectRatio=\"none\" \
         style=\"image-rendering:pixelated\" href=\"{}\"/>\n",
        panel.top,
        // The last bin may be cut short by the end of the run; what is beyond the frame is covered below.
        (RIGHT - LEFT) * columns as f64 / bins,
        panel.height,
        data_uri(&picture)
    );
    let middle = panel.top + panel.height / 2.0;
    put!(
        svg,
        "<path fill=\"#fff\" d=\"M{RIGHT} {:.1}h60v{:.1}h-60Z\"/>\n",
        panel.top,
        panel.height
    );
    if panel.height / number as f64 >= ROW - 1e-9 {
        for (row, band) in bands.iter().enumerate() {
            put!(
                svg,
                "<text class=\"size\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 9.0,
                panel.top + (row as f64 + 0.5) * panel.height / number as f64 + 4.0,
                escape(&shorten(&band.recording.label, 24))
            );
        }
        svg.push('\n');
    } else {
        put!(
            svg,
            "<text x=\"{x}\" y=\"{middle:.1}\" transform=\"rotate(-90 {x} {middle:.1})\" text-anchor=\"middle\">population, as above</text>\n",
            x = LEFT - 16.0
        );
    }
    let steps = 40;
    let (left, height) = (RIGHT + 24.0, panel.height.min(220.0));
    for i in 0..steps {
        let part = height / f64::from(steps);
        put!(
            svg,
            "<path fill=\"{}\" d=\"M{left} {:.1}h13v-{:.1}h-13Z\"/>",
            heat((f64::from(i) + 0.5) / f64::from(steps)),
            panel.top + height - f64::from(i) * part,
            part + 0.3
        );
    }
    let ticks = Ticks::between(0.0, high, 5);
    for value in &ticks.values {
        let y = panel.top + height * (1.0 - value / high);
        put!(
            svg,
            "<path class=\"mark\" d=\"M{:.1} {y:.1}h4\"/><text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            left + 13.0,
            left + 21.0,
            y + 4.0,
            ticks.label(*value)
        );
    }
    put!(
        svg,
        "\n<text x=\"{x:.1}\" y=\"{y:.1}\" transform=\"rotate(-90 {x:.1} {y:.1})\" text-anchor=\"middle\">rate per cell (Hz)</text>\n",
        x = left + 78.0,
        y = panel.top + height / 2.0
    );
}
