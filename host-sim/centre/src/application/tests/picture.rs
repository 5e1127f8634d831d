//! Draws portraits for tests, so that no picture of anybody is stored: an even background, a head, shoulders with a
//! pattern. What a test wants to be wrong with them is a field.

use jpeg_encoder::{ColorType, Encoder, PixelDensity, PixelDensityUnit};

use crate::application::photo::{Landmarks, Side};

/// A portrait to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct Portrait {
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) background: [u8; 3],
    /// The brightness of the background falls by so many steps from its upper to its lower edge.
    pub(crate) gradient: u8,
    /// A margin of this colour and width on these sides.
    pub(crate) margin: Option<([u8; 3], usize, Vec<Side>)>,
    pub(crate) density: PixelDensity,
    pub(crate) quality: u8,
    pub(crate) grey: bool,
    /// Dots in the pattern of the clothes: more of them make a larger file.
    pub(crate) pattern: u32,
}

pub(crate) fn dpi(density: u16) -> PixelDensity {
    PixelDensity { density: (density, density), unit: PixelDensityUnit::Inches }
}

impl Default for Portrait {
    fn default() -> Self {
        Self {
            width: 358,
            height: 441,
            background: [255, 255, 255],
            gradient: 0,
            margin: None,
            density: dpi(350),
            quality: 90,
            grey: false,
            pattern: 40,
        }
    }
}

/// Where the drawn face is, in a picture of 358 by 441.
pub(crate) const MARKS: Landmarks =
    Landmarks { hair_top: 14, face_left: 79, face_right: 279, eyes_column: 179, eyes_row: 180 };

impl Portrait {
    pub(crate) fn jpeg(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, self.quality);
        encoder.set_density(self.density);
        let pixels: Vec<[u8; 3]> = (0..usize::from(self.height))
            .flat_map(|y| (0..usize::from(self.width)).map(move |x| (x, y)))
            .map(|(x, y)| self.pixel(x, y))
            .collect();
        if self.grey {
            let light: Vec<u8> =
                pixels.iter().map(|[r, g, b]| ((u16::from(*r) + u16::from(*g) + u16::from(*b)) / 3) as u8).collect();
            encoder.encode(&light, self.width, self.height, ColorType::Luma).expect("an encoder of bytes");
        } else {
            encoder
                .encode(pixels.as_flattened(), self.width, self.height, ColorType::Rgb)
                .expect("an encoder of bytes");
        }
        bytes
    }

    fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let (width, height) = (usize::from(self.width), usize::from(self.height));
        if let Some((colour, wide, sides)) = &self.margin {
            let on = |side: &Side| match side {
                Side::Left => x < *wide,
                Side::Right => x >= width - wide,
                Side::Upper => y < *wide,
                Side::Lower => y >= height - wide,
            };
            if sides.iter().any(on) {
                return *colour;
            }
        }
        let ellipse = |cx: f64, cy: f64, rx: f64, ry: f64| {
            let (dx, dy) = ((x as f64 - cx) / rx, (y as f64 - cy) / ry);
            dx * dx + dy * dy <= 1.0
        };
        let middle = width as f64 / 2.0;
        if ellipse(middle, 200.0, 92.0, 130.0) {
            [224, 188, 164]
        } else if ellipse(middle, 164.0, 104.0, 150.0) {
            [24, 20, 20]
        } else if ellipse(middle, height as f64 + 60.0, 190.0, 160.0) {
            // Steps of a linear congruential generator, so that every run draws the same cloth.
            let noise = (x as u32).wrapping_mul(1_103_515_245).wrapping_add((y as u32).wrapping_mul(747_796_405)) >> 16;
            let dot = if noise % 41 < self.pattern { noise as u8 & 0x3F } else { 0 };
            [40 + dot, 44 + dot, 60 + dot]
        } else {
            let fall = (usize::from(self.gradient) * y / height) as u8;
            self.background.map(|part| part.saturating_sub(fall))
        }
    }
}
