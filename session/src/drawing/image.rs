//! Pictures with few colours, as PNG in a `data:` address.

use super::Rgb;

/// A picture whose pixels are positions in a palette of at most 256 colours. Entry 0 is transparent.
pub(crate) struct Indexed {
    /// Columns.
    pub(crate) width: usize,
    /// Rows.
    pub(crate) height: usize,
    /// Row-major, from the top left.
    pub(crate) pixels: Vec<u8>,
    /// What the pixels mean.
    pub(crate) palette: Vec<Rgb>,
}

impl Indexed {
    /// A picture of entry 0.
    pub(crate) fn new(width: usize, height: usize, palette: Vec<Rgb>) -> Self {
        Self {
            width,
            height,
            pixels: vec![0; width * height],
            palette,
        }
    }

    /// The pixel in a column and row, if there is one.
    pub(crate) fn at(&mut self, column: usize, row: usize) -> Option<&mut u8> {
        if column >= self.width {
            return None;
        }
        self.pixels.get_mut(row * self.width + column)
    }

    /// The PNG file.
    fn encode(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        encoder.set_palette(
            self.palette
                .iter()
                .flat_map(|c| [c.0, c.1, c.2])
                .collect::<Vec<u8>>(),
        );
        encoder.set_trns(vec![0u8]);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(file)
    }
}

/// A picture as an address that an `<image>` can show.
///
/// # Panics
/// If the picture has no pixel or more than 256 colours.
pub(crate) fn data_uri(picture: &Indexed) -> String {
    let file = picture
        .encode()
        .expect("an indexed picture with pixels and a palette can be written to memory");
    format!("data:image/png;base64,{}", base64(&file))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            if i <= group.len() {
                text.push(char::from(ALPHABET[(bits >> (18 - 6 * i)) as usize & 63]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_agrees_with_the_test_vectors_of_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn a_picture_survives_its_file() {
        let mut picture = Indexed::new(3, 2, vec![Rgb(255, 255, 255), Rgb(1, 2, 3)]);
        *picture.at(2, 1).unwrap() = 1;
        assert!(picture.at(3, 0).is_none());
        let file = picture.encode().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels[..6], [0, 0, 0, 0, 0, 1]);
    }
}
