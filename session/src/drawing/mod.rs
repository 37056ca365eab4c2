//! What the report and the pictures share: colours, axes, numbers as people read them, and text made safe.

mod axis;
mod colour;
mod image;
mod text;

pub(crate) use axis::{Ticks, nice_step};
pub(crate) use colour::{COLOURS, Rgb, heat, population};
pub(crate) use image::{Indexed, data_uri};
pub(crate) use text::{bytes, count, escape, plural, seconds, shorten, significant};

/// Appends formatted text to a `String`, which cannot fail.
macro_rules! put {
    ($out:expr, $($argument:tt)*) => {{
        use std::fmt::Write as _;
        let _ = write!($out, $($argument)*);
    }};
}
pub(crate) use put;

/// The fonts that every picture asks for, in order; the first is what the viewer's system reads best.
pub(crate) const FONTS: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif";
