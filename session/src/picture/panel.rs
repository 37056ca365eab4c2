//! Panels over one time axis.

use super::{LEFT, RIGHT};
use crate::drawing::{Ticks, escape, put, shorten};
use taproot_network::Recording;

/// A rectangle to draw in.
pub(super) struct Panel {
    pub(super) top: f64,
    pub(super) height: f64,
}

impl Panel {
    pub(super) fn new(top: f64, height: f64) -> Self {
        Self { top, height }
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// The lines on the left and at the bottom.
    pub(super) fn frame(&self, svg: &mut String) {
        put!(
            svg,
            "<path class=\"frame\" d=\"M{LEFT} {:.1}V{:.1}H{RIGHT}\"/>\n",
            self.top,
            self.bottom()
        );
    }

    /// A scale on the left, of at most so many steps, and faint lines across the panel.
    pub(super) fn scale(&self, svg: &mut String, low: f64, high: f64, most: usize) {
        let ticks = Ticks::between(low, high, most);
        let mut lines = String::new();
        let mut marks = String::new();
        for value in &ticks.values {
            let y = self.y(*value, low, high);
            put!(lines, "M{LEFT} {y:.1}H{RIGHT}");
            put!(marks, "M{LEFT} {y:.1}h-5");
            put!(
                svg,
                "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 9.0,
                y + 4.0,
                ticks.label(*value)
            );
        }
        put!(
            svg,
            "\n<path class=\"grid\" d=\"{lines}\"/><path class=\"mark\" d=\"{marks}\"/>\n"
        );
    }

    /// What the scale on the left measures.
    pub(super) fn measure(&self, svg: &mut String, title: &str) {
        let middle = self.top + self.height / 2.0;
        put!(
            svg,
            "<text x=\"{x}\" y=\"{middle:.1}\" transform=\"rotate(-90 {x} {middle:.1})\" \
             text-anchor=\"middle\">{}</text>\n",
            escape(title),
            x = LEFT - 58.0,
        );
    }

    /// Where a value is drawn.
    pub(super) fn y(&self, value: f64, low: f64, high: f64) -> f64 {
        self.bottom() - (value - low) / (high - low) * self.height
    }

    /// Names of lines at their right end, moved apart where they would overlap.
    pub(super) fn names(&self, svg: &mut String, names: &[(f64, String, String)]) {
        const APART: f64 = 15.0;
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by(|a, b| names[*a].0.total_cmp(&names[*b].0).then(a.cmp(b)));
        let mut at = vec![0.0; names.len()];
        let mut lowest = self.top + 2.0;
        for &i in &order {
            at[i] = names[i].0.max(lowest);
            lowest = at[i] + APART;
        }
        // What ran over the bottom moves up again, pushing the others.
        let mut highest = self.bottom() - 2.0;
        for &i in order.iter().rev() {
            at[i] = at[i].min(highest);
            highest = at[i] - APART;
        }
        for (i, (y, name, colour)) in names.iter().enumerate() {
            put!(
                svg,
                "<path class=\"leader\" d=\"M{:.1} {y:.1}L{:.1} {:.1}\"/>\
                 <text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" style=\"fill:{colour}\">{}</text>\n",
                RIGHT + 3.0,
                RIGHT + 13.0,
                at[i],
                RIGHT + 16.0,
                at[i] + 4.0,
                escape(&shorten(name, 19))
            );
        }
    }
}

/// The time axis that all panels share, from 0.
pub(super) struct TimeAxis {
    /// Time step, ms.
    pub(super) timestep: f64,
    /// The end, ms; more than 0.
    pub(super) end: f64,
}

impl TimeAxis {
    /// As long as the run, or as what was recorded if that says otherwise.
    pub(super) fn of(recording: &Recording) -> Self {
        let timestep = if recording.timestep.is_finite() && recording.timestep > 0.0 {
            recording.timestep
        } else {
            1.0
        };
        let last = recording
            .populations
            .iter()
            .filter_map(|p| p.spikes.as_ref()?.steps.iter().max())
            .max()
            .map_or(0.0, |step| f64::from(*step) * timestep);
        let end = recording.duration.max(last);
        Self {
            timestep,
            end: if end.is_finite() && end > 0.0 {
                end
            } else {
                timestep
            },
        }
    }

    /// Where a time in ms is drawn.
    pub(super) fn x(&self, time: f64) -> f64 {
        LEFT + time / self.end * (RIGHT - LEFT)
    }

    /// Time in seconds rather than milliseconds?
    fn unit(&self) -> (f64, &'static str) {
        if self.end >= 20_000.0 {
            (1000.0, "s")
        } else {
            (1.0, "ms")
        }
    }

    /// Faint lines through all panels.
    pub(super) fn grid(&self, svg: &mut String, first: &Panel, last: &Panel) {
        let (unit, _) = self.unit();
        let mut lines = String::new();
        for value in Ticks::between(0.0, self.end / unit, 10).values {
            put!(
                lines,
                "M{:.1} {:.1}V{:.1}",
                self.x(value * unit),
                first.top,
                last.bottom()
            );
        }
        put!(svg, "<path class=\"grid\" d=\"{lines}\"/>\n");
    }

    /// Ticks, numbers and the axis' name below the last panel.
    pub(super) fn labels(&self, svg: &mut String, last: &Panel) {
        let (unit, name) = self.unit();
        let ticks = Ticks::between(0.0, self.end / unit, 10);
        let mut marks = String::new();
        for value in &ticks.values {
            let x = self.x(value * unit);
            put!(marks, "M{x:.1} {:.1}v5", last.bottom());
            put!(
                svg,
                "<text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                last.bottom() + 19.0,
                ticks.label(*value)
            );
        }
        put!(
            svg,
            "\n<path class=\"mark\" d=\"{marks}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">time ({name})</text>\n",
            (LEFT + RIGHT) / 2.0,
            last.bottom() + 40.0
        );
    }
}
