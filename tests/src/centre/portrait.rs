//! A photo that Nanjing accepts, drawn here so that no picture of anybody is stored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jpeg_encoder::{ColorType, Encoder, PixelDensity, PixelDensityUnit};

/// The size of docs/centre.md §6.5.7.
const SIZE: (u16, u16) = (358, 441);

/// A JPEG of this width and the usual height in Base64: a head over a cloth, on white.
///
/// # Panics
/// Never, since a vector takes all bytes.
#[must_use]
pub fn portrait(width: u16) -> String {
    let (middle, height) = (i32::from(SIZE.0 / 2), SIZE.1);
    let mut pixels = Vec::new();
    for y in 0..i32::from(height) {
        for x in 0..i32::from(width) {
            let (dx, dy) = (x - middle, y - 170);
            let head = dx * dx / 100 + dy * dy / 196 < 100;
            let cloth = y > 340 && dx.abs() < 60 + (y - 340);
            // Steps of a linear congruential generator, so that each run draws the same cloth.
            let noise = (x.wrapping_mul(1_103_515_245).wrapping_add(y.wrapping_mul(747_796_405)) >> 16).unsigned_abs();
            pixels.extend(match (head, cloth) {
                (true, _) => [200, 160, 140],
                (false, true) => [(noise % 128) as u8, (noise / 128 % 128) as u8, 60],
                (false, false) => [255; 3],
            });
        }
    }
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 85);
    encoder.set_density(PixelDensity { density: (350, 350), unit: PixelDensityUnit::Inches });
    encoder.encode(&pixels, width, height, ColorType::Rgb).expect("a vector takes all bytes");
    STANDARD.encode(jpeg)
}
