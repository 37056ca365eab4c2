//! A few recorded traces of each variable.

use super::{
    LEFT, RIGHT, ink,
    panel::{Panel, TimeAxis},
};
use crate::drawing::{Rgb, population, put, shorten};
use taproot_network::{PopulationRecording, Recording, Signal, Variable};

/// Lines in one panel.
const MOST_LINES: usize = 5;
/// Height of the lane of one trace, where there are several.
const LANE: f64 = 58.0;
/// Between two lanes.
const GAP: f64 = 10.0;

/// What one panel shows.
pub(super) struct Choice<'a> {
    variable: Variable,
    lines: Vec<Line<'a>>,
}

struct Line<'a> {
    of: &'a PopulationRecording,
    signal: &'a Signal,
    /// Position in the signal's cells.
    column: usize,
    colour: Rgb,
}

/// The first cell of every population, then the second and third, while there is room for lines.
pub(super) fn choose(recording: &Recording) -> Vec<Choice<'_>> {
    [Variable::V, Variable::GsynExc, Variable::GsynInh]
        .into_iter()
        .filter_map(|variable| {
            let mut lines = Vec::new();
            for column in 0..3 {
                for of in &recording.populations {
                    let signals = of.signals.iter().filter(|s| s.variable == variable);
                    for signal in signals {
                        let usable =
                            column < signal.cells.len() && signal.samples.len() >= signal.cells.len();
                        if usable && lines.len() < MOST_LINES {
                            lines.push(Line {
                                of,
                                signal,
                                column,
                                colour: ink(population(of.population.0 as usize)),
                            });
                        }
                    }
                }
            }
            (!lines.is_empty()).then_some(Choice { variable, lines })
        })
        .collect()
}

/// Height of the panel.
pub(super) fn height(choice: &Choice<'_>) -> f64 {
    match choice.lines.len() {
        1 => 130.0,
        lanes => lanes as f64 * (LANE + GAP) - GAP,
    }
}

/// Draws the panel.
pub(super) fn draw(svg: &mut String, panel: &Panel, axis: &TimeAxis, choice: &Choice<'_>) {
    let (mut low, mut high) = (f64::MAX, f64::MIN);
    for line in &choice.lines {
        for (_, value) in line.samples(axis) {
            if value.is_finite() {
                (low, high) = (low.min(value), high.max(value));
            }
        }
    }
    if low > high {
        (low, high) = (0.0, 1.0);
    }
    let margin = if high > low { (high - low) * 0.06 } else { 1.0 };
    let (low, high) = (low - margin, high + margin);
    let (name, unit) = match choice.variable {
        Variable::V => ("Membrane potential", "v (mV)"),
        // The recording does not know whether its cells have currents or conductances.
        Variable::GsynExc => ("Excitatory synaptic input", "gsyn_exc (µS or nA)"),
        Variable::GsynInh => ("Inhibitory synaptic input", "gsyn_inh (µS or nA)"),
        Variable::Spikes => ("Spikes", "spikes"),
    };
    put!(
        svg,
        "<text class=\"detail\" x=\"{LEFT}\" y=\"{:.1}\">{name} of {}</text>\n",
        panel.top - 9.0,
        if choice.lines.len() == 1 {
            "one cell".to_owned()
        } else {
            format!("{} cells", choice.lines.len())
        }
    );
    panel.measure(svg, unit);
    for (line, lane) in choice.lines.iter().zip(lanes(panel, choice)) {
        lane.scale(svg, low, high, if choice.lines.len() == 1 { 5 } else { 2 });
        let (path, last) = line.path(&lane, axis, low, high);
        put!(
            svg,
            "<path class=\"line\" style=\"stroke-width:1.1\" stroke=\"{}\" d=\"{path}\"/>\n",
            line.colour
        );
        let cell = line.signal.cells[line.column];
        let label = format!("{} {cell}", shorten(&line.of.label, 18 - cell.to_string().len()));
        lane.names(svg, &[(lane.y(last, low, high), label, line.colour.to_string())]);
        lane.frame(svg);
    }
}

/// One lane for each cell, all with the same scale: traces that cross each other cannot be told apart.
fn lanes(panel: &Panel, choice: &Choice<'_>) -> impl Iterator<Item = Panel> {
    let number = choice.lines.len() as f64;
    let height = (panel.height - GAP * (number - 1.0)) / number;
    let top = panel.top;
    (0..choice.lines.len()).map(move |i| Panel::new(top + i as f64 * (height + GAP), height))
}

impl Line<'_> {
    /// Time in ms and value.
    fn samples(&self, axis: &TimeAxis) -> impl Iterator<Item = (f64, f64)> {
        let between = f64::from(self.signal.interval.max(1)) * axis.timestep;
        self.signal
            .samples
            .chunks_exact(self.signal.cells.len())
            .enumerate()
            .map(move |(i, row)| (i as f64 * between, row[self.column]))
            .take_while(|(time, _)| *time <= axis.end)
    }

    /// The line, and the last finite value. Where many samples share a half unit of the drawing, their extremes are
    /// drawn in the order in which they came, so that no peak is lost.
    fn path(&self, panel: &Panel, axis: &TimeAxis, low: f64, high: f64) -> (String, f64) {
        let mut path = String::new();
        let mut pen = false;
        let mut last = low;
        let slot = |time: f64| ((axis.x(time) - LEFT) * 2.0) as u32;
        let mut samples = self.samples(axis).peekable();
        while let Some(first) = samples.next() {
            let (mut least, mut most) = (first, first);
            let mut gap = !first.1.is_finite();
            let mut end = first;
            while let Some(next) = samples.next_if(|s| slot(s.0) == slot(first.0)) {
                gap |= !next.1.is_finite();
                if next.1 < least.1 {
                    least = next;
                }
                if next.1 > most.1 {
                    most = next;
                }
                end = next;
            }
            if gap {
                pen = false;
                continue;
            }
            let mut points = vec![first, least, most, end];
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            points.dedup();
            for (time, value) in points {
                put!(
                    path,
                    "{}{:.1} {:.1}",
                    if pen { 'L' } else { 'M' },
                    axis.x(time).min(RIGHT),
                    panel.y(value, low, high)
                );
                pen = true;
                last = value;
            }
        }
        (path, last)
    }
}
