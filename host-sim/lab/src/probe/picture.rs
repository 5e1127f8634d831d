//! What the screen shows, pixel by pixel, and as a PNG.

use std::io;
use std::path::Path;

use png::{BitDepth, ColorType, Encoder, EncodingError};
use qiyong_firmware::ui::framebuffer::{Framebuffer, HEIGHT, LEN, WIDTH};

use super::{DebugProbe, published};

/// How many pixels of the PNG, in each direction, stand for one pixel of the screen.
pub const SCALE: usize = 4;
/// The colours of dark and lit pixels, as red, green and blue.
pub const COLOURS: [[u8; 3]; 2] = [[0x10, 0x18, 0x20], [0xC8, 0xF0, 0xFF]];

/// The picture at `at`; `None` while it is being written.
pub(crate) fn frame<P: DebugProbe>(probe: &mut P, at: u64) -> Result<Option<Framebuffer>, P::Error> {
    let bytes = published(probe, at, LEN)?;
    Ok(bytes.and_then(|bytes| bytes.get(1..)?.try_into().ok()).map(Framebuffer::from_bytes))
}

/// The picture as a PNG.
///
/// # Errors
/// None is known: the size is right, and memory accepts everything.
pub fn png(frame: &Framebuffer) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::new();
    let side = |pixels: usize| u32::try_from(pixels * SCALE).unwrap_or(u32::MAX);
    let mut encoder = Encoder::new(&mut bytes, side(WIDTH), side(HEIGHT));
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(COLOURS.concat());
    let pixels: Vec<u8> = (0..HEIGHT * SCALE)
        .flat_map(|y| (0..WIDTH * SCALE).map(move |x| u8::from(frame.is_lit(x / SCALE, y / SCALE))))
        .collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// Writes the picture as a PNG.
///
/// # Errors
/// The file cannot be written.
pub fn save(frame: &Framebuffer, path: &Path) -> io::Result<()> {
    std::fs::write(path, png(frame).map_err(io::Error::other)?)
}
