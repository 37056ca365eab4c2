//! A picture of what a run brought back: who spiked when, how often, and what membranes did.
//!
//! [`raster_and_rates`] draws spikes in time and cell, the rate of every population below, and a few recorded traces
//! below that, over one time axis. Every spike is drawn, however many there are.

mod panel;
mod raster;
mod rates;
mod traces;

use crate::drawing::{FONTS, Rgb, count, plural, population, put, significant};
use panel::{Panel, TimeAxis};
use taproot_network::{PopulationRecording, Recording, Spikes};

/// Width of the picture, in its own units: CSS pixels at its natural size.
const WIDTH: f64 = 1100.0;
/// Where panels begin; labels and scales are to the left.
const LEFT: f64 = 170.0;
/// Where panels end; names of lines are to the right.
const RIGHT: f64 = 945.0;

/// Draws a recording as an SVG file that needs nothing but itself.
///
/// Populations are stacked in their order, each in its colour; a population that did not record spikes has no band.
/// More than about thirty thousand spikes become an embedded picture instead of lines, at two pixels per unit, in
/// which a pixel darkens where spikes coincide. Rates are spikes per recorded cell and second. Samples that are not
/// finite are gaps in their trace.
pub fn raster_and_rates(recording: &Recording) -> String {
    let axis = TimeAxis::of(recording);
    let bands: Vec<Band<'_>> = recording
        .populations
        .iter()
        .filter_map(|p| {
            let spikes = p.spikes.as_ref()?;
            Some(Band {
                colour: population(p.population.0 as usize),
                recording: p,
                spikes,
            })
        })
        .collect();
    let traced = traces::choose(recording);

    let mut body = String::new();
    let mut top = 58.0;
    let mut panels = Vec::new();
    if !bands.is_empty() {
        let height = raster::height(&bands);
        let panel = Panel::new(top, height);
        raster::draw(&mut body, &panel, &axis, &bands);
        panels.push(panel);
        top += height + 34.0;
        let panel = Panel::new(top, rates::height(&bands));
        rates::draw(&mut body, &panel, &axis, &bands);
        top += panel.height + 34.0;
        panels.push(panel);
    }
    for choice in &traced {
        let panel = Panel::new(top, traces::height(choice));
        traces::draw(&mut body, &panel, &axis, choice);
        top += panel.height + 34.0;
        panels.push(panel);
    }

    let mut head = String::new();
    let spikes: usize = bands
        .iter()
        .map(|b| b.spikes.cells.len().min(b.spikes.steps.len()))
        .sum();
    let cells: usize = bands.iter().map(|b| b.rows().max(1)).sum();
    let title = if panels.is_empty() {
        "Nothing was recorded".to_owned()
    } else if bands.is_empty() {
        "No spikes were recorded".to_owned()
    } else {
        format!(
            "{} of {}",
            plural(spikes as u64, "spike", "spikes"),
            plural(cells as u64, "cell", "cells")
        )
    };
    let detail = format!(
        "{} ms simulated in steps of {} ms; {} in the recording",
        significant(recording.duration, 7),
        significant(recording.timestep, 4),
        plural(recording.populations.len() as u64, "population", "populations"),
    );
    if let (Some(first), Some(last)) = (panels.first(), panels.last()) {
        axis.grid(&mut head, first, last);
        axis.labels(&mut body, last);
        top = last.bottom() + 56.0;
    } else {
        top = 78.0;
    }

    let mut svg = String::new();
    put!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {top:.0}\" width=\"{WIDTH}\" height=\"{top:.0}\" \
         role=\"img\" aria-label=\"{title}\">\n<style>\n{}text{{font-family:{FONTS}}}\n</style>\n\
         <rect width=\"{WIDTH}\" height=\"{top:.0}\" fill=\"#fff\"/>\n\
         <text class=\"title\" x=\"24\" y=\"30\">{title}</text>\n\
         <text class=\"detail\" x=\"{:.0}\" y=\"30\" text-anchor=\"end\">{detail}</text>\n",
        include_str!("picture.css"),
        WIDTH - 24.0,
    );
    svg.push_str(&head);
    svg.push_str(&body);
    svg.push_str("</svg>\n");
    svg
}

/// A population that recorded spikes.
struct Band<'a> {
    colour: Rgb,
    recording: &'a PopulationRecording,
    spikes: &'a Spikes,
}

impl Band<'_> {
    /// How many cells were recorded, by the recording's own word.
    fn rows(&self) -> usize {
        self.spikes.recorded.len()
    }

    /// Row and time step of every spike of a recorded cell.
    fn spikes(&self) -> impl Iterator<Item = (usize, u32)> {
        let recorded = &self.spikes.recorded;
        // Mostly whole populations are recorded, and then a cell is its own row.
        let whole = recorded.iter().zip(0u32..).all(|(cell, row)| *cell == row);
        self.spikes
            .cells
            .iter()
            .zip(&self.spikes.steps)
            .filter_map(move |(cell, step)| {
                let row = if whole {
                    ((*cell as usize) < recorded.len()).then_some(*cell as usize)
                } else {
                    recorded.binary_search(cell).ok()
                };
                Some((row?, *step))
            })
    }

    /// How many cells the population has and how many of them were recorded.
    fn size_text(&self) -> String {
        if self.rows() == self.recording.size as usize {
            plural(u64::from(self.recording.size), "cell", "cells")
        } else {
            format!(
                "{} of {} cells",
                count(self.rows() as u64),
                count(self.recording.size)
            )
        }
    }
}

/// A colour dark enough for a thin line or text on white.
fn ink(colour: Rgb) -> Rgb {
    if colour.is_light() {
        colour.towards(Rgb(0x1c, 0x24, 0x30), 0.32)
    } else {
        colour
    }
}
