//! Maps of the machine in which colour is a quantity: link load, table occupancy, memory.

use super::{
    board::{CHIP, defects, frame, hexagon_path},
    input::{LinkLoad, ReportInput},
    layout::{Layout, direction},
};
use crate::drawing::{Ticks, escape, heat, nice_step, put};
use std::collections::BTreeMap;
use taproot_spinnaker_chip::{ChipXy, Link};

/// A quantity of every chip.
pub(super) struct ChipMap<'a> {
    /// Heading.
    pub(super) title: &'a str,
    /// Under the scale.
    pub(super) unit: &'a str,
    /// Value, what to write on the chip, and what to say when the mouse is over it.
    pub(super) values: BTreeMap<ChipXy, (f64, String, String)>,
    /// One sentence below the map, as markup.
    pub(super) caption: String,
}

/// Draws the quantity of every chip; chips without one are left empty.
pub(super) fn chips(input: &ReportInput, layout: &Layout, map: &ChipMap<'_>) -> String {
    let scale = scale_of(layout);
    let largest = map.values.values().map(|v| v.0).fold(0.0, larger);
    let top = top_of_scale(largest);
    let mut svg = open(input, layout, scale, map.title);
    svg.push_str(&frame(input, layout, scale));
    let mut shades = Shades::default();
    for place in layout.places.iter().filter(|p| p.alive) {
        let (x, y) = layout.centre(place);
        let (x, y) = (x * scale, y * scale);
        let outline = hexagon_path(x, y, CHIP * scale);
        match map.values.get(&place.xy) {
            None => put!(svg, "<path class=\"chip\" d=\"{outline}\"/>"),
            Some((value, _, _)) if shades.is_worthwhile(layout) => {
                shades.add((value / top).clamp(0.0, 1.0), &outline);
            }
            Some((value, text, hover)) => {
                let colour = heat(value / top);
                put!(
                    svg,
                    "<path class=\"hex\" fill=\"{colour}\" d=\"{outline}\"><title>chip {}: {}</title></path>",
                    place.xy,
                    escape(hover)
                );
                if scale >= 30.0 {
                    put!(
                        svg,
                        "<text class=\"v\" style=\"font-size:{:.1}px\" fill=\"{}\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                        (0.26 * scale).min(15.0),
                        colour.text_on(),
                        y + (0.26 * scale).min(15.0) * 0.36,
                        escape(text)
                    );
                }
            }
        }
        svg.push('\n');
    }
    shades.draw(&mut svg, "hex");
    svg.push_str(&defects(input, layout, scale));
    svg.push_str("</svg>\n");
    figure(map.title, map.unit, &svg, top, &map.caption)
}

/// A quantity of every link.
pub(super) struct LinkMap<'a> {
    /// Heading.
    pub(super) title: &'a str,
    /// Under the scale.
    pub(super) unit: &'a str,
    /// What is shown of a load.
    pub(super) value: fn(&LinkLoad) -> f64,
    /// What to say when the mouse is over it.
    pub(super) hover: fn(&LinkLoad) -> String,
    /// One sentence below the map, as markup.
    pub(super) caption: String,
}

/// Draws the quantity of every link in use, one arrow for each direction, on the right-hand side of the road.
pub(super) fn links(input: &ReportInput, layout: &Layout, map: &LinkMap<'_>) -> String {
    let scale = scale_of(layout);
    let radius = inner_radius(scale);
    let largest = input.links.iter().map(map.value).fold(0.0, larger);
    let top = top_of_scale(largest);
    let mut svg = open(input, layout, scale, map.title);
    svg.push_str(&frame(input, layout, scale).replace("class=\"link\"", "class=\"link thin\""));
    let mut outline = String::new();
    for place in layout.places.iter().filter(|p| p.alive) {
        let (x, y) = layout.centre(place);
        outline.push_str(&hexagon_path(x * scale, y * scale, radius * scale));
    }
    put!(svg, "<path class=\"chip\" d=\"{outline}\"/>\n");
    if scale >= 52.0 {
        for place in layout.places.iter().filter(|p| p.alive) {
            let (x, y) = layout.centre(place);
            put!(
                svg,
                "<text class=\"xy\" style=\"font-size:{:.1}px\" x=\"{:.1}\" y=\"{:.1}\">{},{}</text>",
                (0.17 * scale).min(14.0),
                x * scale,
                (y + 0.06) * scale,
                place.xy.x,
                place.xy.y
            );
        }
    }
    // The busiest last, so that nothing covers them.
    let mut loads: Vec<&LinkLoad> = input.links.iter().collect();
    loads.sort_by(|a, b| {
        (map.value)(a)
            .total_cmp(&(map.value)(b))
            .then((a.chip, a.link).cmp(&(b.chip, b.link)))
    });
    let mut shades = Shades::default();
    for load in loads {
        let Some(place) = layout.place(load.chip) else {
            continue;
        };
        let Some((_, adjacent)) = layout.across(&input.machine, place, load.link) else {
            continue;
        };
        let relative = (map.value)(load) / top;
        let relative = if relative.is_finite() {
            relative.clamp(0.0, 1.0)
        } else {
            0.0
        };
        let arrow = arrow(layout.centre(place), load.link, adjacent, relative, scale);
        if shades.is_worthwhile(layout) {
            shades.add(relative, &arrow);
        } else {
            put!(
                svg,
                "<path class=\"{}\" fill=\"{}\" d=\"{arrow}\"><title>{} {}: {}</title></path>\n",
                if scale < COARSE { "flow coarse" } else { "flow" },
                heat(relative),
                load.chip,
                load.link,
                escape(&(map.hover)(load))
            );
        }
    }
    shades.draw(&mut svg, "flow coarse");
    svg.push_str(&defects(input, layout, scale));
    svg.push_str("</svg>\n");
    figure(map.title, map.unit, &svg, top, &map.caption)
}

/// The outline of an arrow along one direction of a link, on the right-hand side of the road.
fn arrow((x, y): (f64, f64), link: Link, adjacent: bool, relative: f64, scale: f64) -> String {
    let (dx, dy) = direction(link);
    let radius = inner_radius(scale);
    // Half of the arrow's width, then its lane: both directions fit between two chips.
    let (half, lane) = if scale < COARSE {
        (0.05 + 0.02 * relative, 0.09)
    } else {
        (0.022 + 0.03 * relative, 0.07)
    };
    let (from, to) = (radius - 0.025, if adjacent { 1.025 - radius } else { 0.62 });
    let head = (to - 0.1).max(from);
    let mut path = String::new();
    for (i, (along, aside)) in [
        (from, lane - half),
        (head, lane - half),
        (head, lane - half - 0.03),
        (to, lane),
        (head, lane + half + 0.03),
        (head, lane + half),
        (from, lane + half),
    ]
    .into_iter()
    .enumerate()
    {
        put!(
            path,
            "{}{:.1} {:.1}",
            if i == 0 { 'M' } else { 'L' },
            (x + dx * along - dy * aside) * scale,
            (y + dy * along + dx * aside) * scale
        );
    }
    path.push('Z');
    path
}

/// Shapes of the same shade in one path: what a machine of thousands of chips needs to stay small. There is nothing
/// to point at in them, and the scale is cut into [`Shades::LEVELS`].
#[derive(Default)]
struct Shades(BTreeMap<u8, String>);

impl Shades {
    const LEVELS: f64 = 48.0;
    const CHIPS: usize = 1500;

    fn is_worthwhile(&self, layout: &Layout) -> bool {
        layout.places.len() > Self::CHIPS
    }

    /// `relative` is 0 to 1.
    fn add(&mut self, relative: f64, path: &str) {
        let level = (relative * Self::LEVELS).round() as u8;
        self.0.entry(level).or_default().push_str(path);
    }

    /// Darker shades last.
    fn draw(&self, svg: &mut String, class: &str) {
        for (level, path) in &self.0 {
            put!(
                svg,
                "<path class=\"{class}\" fill=\"{}\" d=\"{path}\"/>\n",
                heat(f64::from(*level) / Self::LEVELS)
            );
        }
    }
}

/// Below this many units from chip to chip arrows matter more than chips.
const COARSE: f64 = 20.0;

/// Radius of chips between which arrows are drawn.
fn inner_radius(scale: f64) -> f64 {
    if scale < COARSE { 0.2 } else { 0.27 }
}

fn larger(a: f64, b: f64) -> f64 {
    if b.is_finite() && b > a { b } else { a }
}

fn scale_of(layout: &Layout) -> f64 {
    (540.0 / layout.width).min(150.0)
}

/// The end of the colour scale: the next tick at or above the largest value.
fn top_of_scale(largest: f64) -> f64 {
    if largest <= 0.0 {
        return 1.0;
    }
    let step = nice_step(largest / 5.0);
    (largest / step - 1e-9).ceil() * step
}

fn open(input: &ReportInput, layout: &Layout, scale: f64, title: &str) -> String {
    let (width, height) = (layout.width * scale, layout.height * scale);
    format!(
        "<svg viewBox=\"0 0 {width:.1} {height:.1}\" style=\"max-width:{width:.0}px\" role=\"img\" \
         aria-label=\"{}: {}\">\n",
        escape(input.machine.name()),
        escape(title)
    )
}

fn figure(title: &str, unit: &str, svg: &str, top: f64, caption: &str) -> String {
    const WIDTH: f64 = 260.0;
    const STEPS: u32 = 52;
    let mut html = format!("<figure><h3>{}</h3>\n{svg}", escape(title));
    put!(
        html,
        "<svg class=\"scale\" viewBox=\"-26 0 {} 44\" width=\"{}\" height=\"44\" role=\"img\" aria-label=\"colour scale\">",
        WIDTH + 52.0,
        WIDTH + 52.0
    );
    for i in 0..STEPS {
        let width = WIDTH / f64::from(STEPS);
        put!(
            html,
            "<path fill=\"{}\" d=\"M{:.1} 0h{:.1}v11h-{:.1}Z\"/>",
            heat((f64::from(i) + 0.5) / f64::from(STEPS)),
            f64::from(i) * width,
            width + 0.3,
            width + 0.3
        );
    }
    let ticks = Ticks::between(0.0, top, 5);
    for value in &ticks.values {
        let x = value / top * WIDTH;
        put!(
            html,
            "<path class=\"tick\" d=\"M{x:.1} 11v4\"/><text class=\"v\" x=\"{x:.1}\" y=\"26\">{}</text>",
            ticks.label(*value)
        );
    }
    put!(
        html,
        "<text class=\"v\" x=\"{:.1}\" y=\"41\">{}</text></svg>\n<figcaption>{caption}</figcaption></figure>\n",
        WIDTH / 2.0,
        escape(unit)
    );
    html
}
