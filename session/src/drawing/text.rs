//! Text that came from outside, made safe for markup; numbers as people read them.

use std::fmt;

/// Text with everything escaped that has a meaning in HTML, in XML or in their attributes.
///
/// Characters that XML forbids, and those that turn the direction of the text around them, become U+FFFD: a label
/// can neither end its element nor rearrange its neighbours.
pub(crate) struct Escaped<'a>(&'a str);

/// Makes text from outside fit to stand in an element or in a quoted attribute.
pub(crate) fn escape(text: &str) -> Escaped<'_> {
    Escaped(text)
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '`' => f.write_str("&#96;")?,
                '\t' | '\n' => f.write_char(c)?,
                '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => f.write_char('\u{fffd}')?,
                c if c.is_control() => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// At most `limit` characters, the last an ellipsis if something was cut.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// `1234567` as `1,234,567`.
pub(crate) fn count(value: impl Into<u128>) -> String {
    let digits = value.into().to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 core`, `2 cores`.
pub(crate) fn plural(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(value), if value == 1 { one } else { many })
}

/// Bytes with a decimal unit: `640 B`, `12.3 kB`, `4.56 MB`.
pub(crate) fn bytes(value: u64) -> String {
    match value {
        0..1_000 => format!("{value} B"),
        1_000..1_000_000 => format!("{} kB", significant(value as f64 / 1e3, 3)),
        1_000_000..1_000_000_000 => format!("{} MB", significant(value as f64 / 1e6, 3)),
        _ => format!("{} GB", significant(value as f64 / 1e9, 3)),
    }
}

/// A duration with the unit that suits it: `0.12 ms`, `45.6 ms`, `1.23 s`, `3 min 20 s`.
pub(crate) fn seconds(value: f64) -> String {
    if !value.is_finite() {
        "unknown".to_owned()
    } else if value < 1e-3 {
        format!("{} µs", significant(value * 1e6, 3))
    } else if value < 1.0 {
        format!("{} ms", significant(value * 1e3, 3))
    } else if value < 120.0 {
        format!("{} s", significant(value, 3))
    } else {
        let whole = value.round() as u64;
        format!("{} min {} s", count(whole / 60), whole % 60)
    }
}

/// A number with `digits` significant digits, without trailing zeros, in powers of ten where it is very large or
/// very small. A minus sign is the typographic one.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "not a number".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    // Scientific notation first: it does the rounding, so that 9.996 with three digits becomes 10.0 and not 9.100.
    let scientific = format!("{:.*e}", digits.saturating_sub(1), value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    let body = if (-4..7).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        let plain = trimmed(&format!("{:.*}", decimals, value.abs()));
        match plain.split_once('.') {
            None => count(plain.parse::<u64>().unwrap_or(0)),
            Some((whole, fraction)) => format!("{}.{fraction}", count(whole.parse::<u64>().unwrap_or(0))),
        }
    } else {
        let power: String = exponent.to_string().chars().map(superscript).collect();
        format!("{} × 10{power}", trimmed(mantissa))
    };
    if value < 0.0 { format!("−{body}") } else { body }
}

fn superscript(c: char) -> char {
    match c {
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '0' | '4'..='9' => char::from_u32(0x2070 + (c as u32 - '0' as u32)).unwrap_or(c),
        _ => '⁻',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_becomes_text() {
        assert_eq!(
            escape("</title><b a='1' c=\"2\">&\u{0}\u{202e}`").to_string(),
            "&lt;/title&gt;&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;\u{fffd}\u{fffd}&#96;"
        );
        assert_eq!(escape("µS, “quoted”, 日本").to_string(), "µS, “quoted”, 日本");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(0u32), "0");
        assert_eq!(count(999u32), "999");
        assert_eq!(count(1_234_567u32), "1,234,567");
        assert_eq!(significant(0.0, 3), "0");
        assert_eq!(significant(9.996, 3), "10");
        assert_eq!(significant(-70.0, 4), "−70");
        assert_eq!(significant(0.00025, 3), "0.00025");
        assert_eq!(significant(1234.56, 3), "1,235");
        assert_eq!(significant(1234.56, 5), "1,234.6");
        assert_eq!(significant(1e10, 3), "1 × 10¹⁰");
        assert_eq!(significant(-2.5e-7, 3), "−2.5 × 10⁻⁷");
        assert_eq!(significant(f64::NAN, 3), "not a number");
        assert_eq!(significant(f64::INFINITY, 3), "∞");
        assert_eq!(bytes(640), "640 B");
        assert_eq!(bytes(117_440_512), "117 MB");
        assert_eq!(seconds(0.0456), "45.6 ms");
        assert_eq!(seconds(200.0), "3 min 20 s");
        assert_eq!(plural(1, "core", "cores"), "1 core");
        assert_eq!(shorten("excitatory", 6), "excit…");
    }
}
