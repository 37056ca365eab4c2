//! Colours that colour-blind readers and black-and-white printers can tell apart.

use std::fmt;

/// A colour; prints as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl Rgb {
    /// Part of the way to another colour; `amount` is 0 to 1.
    pub(crate) fn towards(self, other: Rgb, amount: f64) -> Rgb {
        let mix = |a: u8, b: u8| {
            (f64::from(a) + (f64::from(b) - f64::from(a)) * amount.clamp(0.0, 1.0)).round() as u8
        };
        Rgb(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// The colour of text on it, dark or white, whichever has more contrast (WCAG 2.2, "relative luminance").
    pub(crate) fn text_on(self) -> &'static str {
        let linear = |channel: u8| (f64::from(channel) / 255.0).powf(2.2);
        let luminance = 0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2);
        // Where the contrast with white equals that with the dark text, whose luminance is 0.017.
        if luminance > 0.215 { "#1c2430" } else { "#fff" }
    }

    /// Whether a thin line of it would be hard to see on white, by its luma (ITU-R BT.709).
    pub(crate) fn is_light(self) -> bool {
        0.2126 * f64::from(self.0) + 0.7152 * f64::from(self.1) + 0.0722 * f64::from(self.2) > 140.0
    }
}

/// Colours of populations, in an order that keeps neighbours apart in hue and in lightness: the "muted" qualitative
/// scheme of Paul Tol (SRON technical note EPS/TN/09-002, 3.2), which stays distinct for all kinds of colour
/// blindness.
pub(crate) const COLOURS: [Rgb; 9] = [
    Rgb(0x33, 0x22, 0x88),
    Rgb(0xcc, 0x66, 0x77),
    Rgb(0x44, 0xaa, 0x99),
    Rgb(0xdd, 0xcc, 0x77),
    Rgb(0x88, 0x22, 0x55),
    Rgb(0x88, 0xcc, 0xee),
    Rgb(0x11, 0x77, 0x33),
    Rgb(0xaa, 0x44, 0x99),
    Rgb(0x99, 0x99, 0x33),
];

/// The colour of a population, by its colour index; there are nine, after which they come round again.
pub(crate) fn population(index: usize) -> Rgb {
    COLOURS[index % COLOURS.len()]
}

/// The colour of a quantity from 0 to 1: pale yellow, green, dark blue. Lightness falls all the way, so that order
/// survives any printer.
pub(crate) fn heat(value: f64) -> Rgb {
    const STOPS: [Rgb; 6] = [
        Rgb(0xf7, 0xf5, 0xd0),
        Rgb(0xc7, 0xe3, 0xb5),
        Rgb(0x7f, 0xcd, 0xbb),
        Rgb(0x38, 0xa3, 0xbd),
        Rgb(0x22, 0x5e, 0xa8),
        Rgb(0x0b, 0x20, 0x59),
    ];
    let value = if value.is_finite() {
        value.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let scaled = value * (STOPS.len() - 1) as f64;
    let below = (scaled as usize).min(STOPS.len() - 2);
    STOPS[below].towards(STOPS[below + 1], scaled - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heat_darkens_all_the_way() {
        let luma = |c: Rgb| 0.2126 * f64::from(c.0) + 0.7152 * f64::from(c.1) + 0.0722 * f64::from(c.2);
        for i in 0..100 {
            let (a, b) = (heat(f64::from(i) / 100.0), heat(f64::from(i + 1) / 100.0));
            assert!(luma(a) > luma(b), "{i}: {a} then {b}");
        }
        assert_eq!(heat(f64::NAN), heat(0.0));
    }
}
