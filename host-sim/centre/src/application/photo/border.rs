//! The border of a photo: the colour and evenness of its background, and whether it has a margin or frame
//! (docs/centre.md §6.5.7).
//!
//! A margin is an even line at the edge whose colour ends all along the line a few pixels further in. Background never
//! does so: it goes on at the sides and above, at least in the corners.

use std::ops::Range as Span;

use strum::VariantArray as _;

use super::fault::{PhotoFault, Side};
use super::rules::PhotoRules;

/// A decoded picture: rows of pixels of three bytes, red, green, blue.
pub(super) struct Picture<'a> {
    pixels: &'a [[u8; 3]],
    width: usize,
    height: usize,
}

impl<'a> Picture<'a> {
    /// Of the decoder's bytes, whole rows of `width` pixels.
    pub(super) fn new(bytes: &'a [u8], width: usize) -> Self {
        let (pixels, _) = bytes.as_chunks::<3>();
        Self { pixels, width, height: pixels.len() / width.max(1) }
    }

    fn patch(&self, columns: Span<usize>, rows: Span<usize>) -> impl Iterator<Item = [u8; 3]> + Clone {
        rows.flat_map(move |row| {
            columns.clone().filter_map(move |column| self.pixels.get(row * self.width + column)).copied()
        })
    }

    /// The line that lies `depth` pixels inside a side, without the corners.
    fn line(&self, side: Side, depth: usize, corner: usize) -> Vec<[u8; 3]> {
        let (width, height) = (self.width, self.height);
        let (columns, rows) = match side {
            Side::Left => (depth..depth + 1, corner..height.saturating_sub(corner)),
            Side::Right => (width - 1 - depth..width - depth, corner..height.saturating_sub(corner)),
            Side::Upper => (corner..width.saturating_sub(corner), depth..depth + 1),
            Side::Lower => (corner..width.saturating_sub(corner), height - 1 - depth..height - depth),
        };
        self.patch(columns, rows).collect()
    }
}

/// Adds what is wrong with background and border.
pub(super) fn check(rules: &PhotoRules, picture: &Picture<'_>, faults: &mut Vec<PhotoFault>) {
    let strip = rules.strip as usize;
    let down = picture.height * rules.strip_percent as usize / 100;
    let above = rules.hair_top.min.clamp(1, rules.strip) as usize;
    let strips = [
        (Side::Left, 0..strip, 0..down),
        (Side::Right, picture.width - strip..picture.width, 0..down),
        (Side::Upper, 0..picture.width, 0..above),
    ];
    for (side, columns, rows) in strips {
        let pixels = picture.patch(columns, rows);
        let mean = mean(pixels.clone());
        if !rules.backgrounds.iter().any(|background| is_near(mean, background.rgb, background.tolerance)) {
            faults.push(PhotoFault::Background(side, mean));
        }
        let deviation = deviation(pixels);
        if deviation > rules.unevenness {
            faults.push(PhotoFault::Uneven(side, deviation));
        }
    }
    let framed = Side::VARIANTS.iter().filter(|side| has_frame(rules, picture, **side));
    faults.extend(framed.map(|side| PhotoFault::Frame(*side)));
}

/// A tenth of the inner line in the colour of the edge is enough to say that the colour goes on.
const GOES_ON: usize = 10;

/// A step of colour that no lossy coding makes of an even ground.
const STEP: u8 = 48;

fn has_frame(rules: &PhotoRules, picture: &Picture<'_>, side: Side) -> bool {
    let depth = rules.frame as usize;
    let edge = picture.line(side, 0, depth);
    if deviation(edge.iter().copied()) > rules.unevenness {
        return false;
    }
    let colour = mean(edge.iter().copied());
    let inner = picture.line(side, depth, depth);
    let same = inner.iter().filter(|pixel| is_near(**pixel, colour, STEP)).count();
    same * GOES_ON < inner.len()
}

fn is_near(one: [u8; 3], other: [u8; 3], tolerance: u8) -> bool {
    one.iter().zip(other).all(|(a, b)| a.abs_diff(b) <= tolerance)
}

fn mean(pixels: impl Iterator<Item = [u8; 3]>) -> [u8; 3] {
    let (count, sums) = pixels.fold((0u64, [0u64; 3]), |(count, [r, g, b]), [red, green, blue]| {
        (count + 1, [r + u64::from(red), g + u64::from(green), b + u64::from(blue)])
    });
    sums.map(|sum| u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX))
}

/// The standard deviation of the brightness (the mean of the three colours), rounded down.
fn deviation(pixels: impl Iterator<Item = [u8; 3]>) -> u32 {
    let (count, sum, squares) = pixels.fold((0u64, 0u64, 0u64), |(count, sum, squares), [r, g, b]| {
        let light = (u64::from(r) + u64::from(g) + u64::from(b)) / 3;
        (count + 1, sum + light, squares + light * light)
    });
    let count = count.max(1);
    let variance = (squares * count - sum * sum) / (count * count);
    u32::try_from(variance.isqrt()).unwrap_or(u32::MAX)
}
