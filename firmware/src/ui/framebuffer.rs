//! A picture of 128 × 64 pixels of one bit, as the SSD1306 and its kin take it.

use core::convert::Infallible;

use embedded_graphics_core::Pixel;
use embedded_graphics_core::draw_target::DrawTarget;
use embedded_graphics_core::geometry::{OriginDimensions, Point, Size};
use embedded_graphics_core::pixelcolor::BinaryColor;

/// Its width, in pixels.
pub const WIDTH: usize = 128;
/// Its height, in pixels.
pub const HEIGHT: usize = 64;
/// How many bytes it has.
pub const LEN: usize = WIDTH * HEIGHT / 8;

/// The picture: pages of eight rows from the top down, in each a byte a column from the left, its lowest bit uppermost
/// (SSD1306, 8.7). A one is a pixel that is lit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Framebuffer([u8; LEN]);

impl Framebuffer {
    /// All dark.
    pub const fn new() -> Self {
        Self([0; LEN])
    }

    /// As it was read out of a terminal's memory.
    pub const fn from_bytes(bytes: [u8; LEN]) -> Self {
        Self(bytes)
    }

    /// As it lies in memory.
    pub const fn bytes(&self) -> &[u8; LEN] {
        &self.0
    }

    /// Whether the pixel is lit; those outside are dark.
    pub fn is_lit(&self, x: usize, y: usize) -> bool {
        x < WIDTH && self.0.get(y / 8 * WIDTH + x).is_some_and(|byte| byte >> (y % 8) & 1 == 1)
    }
}

impl Default for Framebuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl OriginDimensions for Framebuffer {
    fn size(&self) -> Size {
        Size::new(WIDTH as u32, HEIGHT as u32)
    }
}

impl DrawTarget for Framebuffer {
    type Color = BinaryColor;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<BinaryColor>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(Point { x, y }, color) in pixels {
            // What is negative becomes large, and is outside as well.
            let (x, y) = (x as usize, y as usize);
            if x < WIDTH
                && y < HEIGHT
                && let Some(byte) = self.0.get_mut(y / 8 * WIDTH + x)
            {
                let bit = 1 << (y % 8);
                *byte = if color.is_on() { *byte | bit } else { *byte & !bit };
            }
        }
        Ok(())
    }

    fn clear(&mut self, color: BinaryColor) -> Result<(), Infallible> {
        self.0.fill(if color.is_on() { 0xFF } else { 0 });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_is_a_bit_of_its_page_and_what_lies_outside_is_left_out() {
        let mut frame = Framebuffer::new();
        let on = |x, y| Pixel(Point::new(x, y), BinaryColor::On);
        let Ok(()) = frame.draw_iter([on(0, 0), on(127, 63), on(5, 17), on(6, 17)]);
        let Ok(()) = frame.draw_iter([Pixel(Point::new(6, 17), BinaryColor::Off)]);
        let Ok(()) = frame.draw_iter([on(-1, 0), on(128, 0), on(0, 64), on(0, -1), on(i32::MIN, i32::MAX)]);
        let lit: std::vec::Vec<_> =
            frame.bytes().iter().enumerate().filter(|(_, byte)| **byte != 0).map(|(at, byte)| (at, *byte)).collect();
        assert_eq!(lit, [(0, 1), (2 * 128 + 5, 2), (1023, 0x80)]);
        assert!(frame.is_lit(5, 17) && frame.is_lit(127, 63) && !frame.is_lit(6, 17));
        assert!(!frame.is_lit(128, 16) && !frame.is_lit(0, 64));
        assert_eq!(Framebuffer::from_bytes(*frame.bytes()), frame);
        let Ok(()) = frame.clear(BinaryColor::Off);
        assert_eq!(frame, Framebuffer::default());
    }
}
