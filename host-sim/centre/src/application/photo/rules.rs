//! The rules of an area for photos: the parameter `photo` (docs/centre.md §6.5.7, §11). They differ from area to area,
//! so none of their figures stands in code.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// From `min` to `max`, both allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PhotoRange)]
pub struct Range {
    /// The least.
    pub min: u32,
    /// The greatest.
    pub max: u32,
}

impl Range {
    /// Whether the range has this value.
    pub const fn has(self, value: u32) -> bool {
        self.min <= value && value <= self.max
    }
}

/// A colour that the background may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PhotoBackground)]
pub struct Background {
    /// Its name in English, for messages.
    pub name: String,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Red, green, blue, 0 to 255.
    pub rgb: [u8; 3],
    /// So far from it may each of the three be.
    pub tolerance: u8,
}

/// What a photo must be in an area. Lengths are pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhotoRules {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
    /// Density, to one dot, in dots per inch.
    pub dots_per_inch: u32,
    /// Size of the file, bytes.
    pub bytes: Range,
    /// The colours of which the background must be one.
    pub backgrounds: Vec<Background>,
    /// The greatest standard deviation of a border strip's brightness, in steps of 255.
    pub unevenness: u32,
    /// The width of the border strips: left, right, and above the hair.
    pub strip: u32,
    /// The strips at the sides reach down so far, in parts of a hundred of the height: below are the shoulders.
    pub strip_percent: u32,
    /// So deep a margin or frame is looked for.
    pub frame: u32,
    /// Rows between upper edge and hair.
    pub hair_top: Range,
    /// Width of the face.
    pub face_width: Range,
    /// From the left edge to the middle of the eyes.
    pub eyes_column: Range,
    /// From the eyes to the lower edge.
    pub eyes_above_lower_edge: Range,
    /// Whether a photo without landmarks is refused.
    pub landmarks_needed: bool,
    /// A supplied photo is at most so many months old.
    pub months: u8,
    /// Younger holders need no photo; in years.
    pub age_from: u8,
}

impl PhotoRules {
    /// Whether a photo can satisfy these rules at all; the error says which figure is wrong.
    pub fn check_figures(&self) -> Result<(), String> {
        let sizes = [("width", self.width), ("height", self.height)];
        if let Some((name, _)) = sizes.iter().find(|(_, size)| !(32..=2000).contains(size)) {
            return Err(format!("{name}: 32 to 2000 pixels"));
        }
        let ranges = [
            ("bytes", self.bytes, u32::MAX),
            ("hair_top", self.hair_top, self.height),
            ("face_width", self.face_width, self.width),
            ("eyes_column", self.eyes_column, self.width),
            ("eyes_above_lower_edge", self.eyes_above_lower_edge, self.height),
        ];
        if let Some((name, ..)) = ranges.iter().find(|(_, range, limit)| range.min > range.max || range.min > *limit) {
            return Err(format!("{name}: min must be at most max and fit into the picture"));
        }
        if self.bytes.max > 1_000_000 {
            return Err("bytes.max: at most 1000000".to_string());
        }
        if self.backgrounds.is_empty() {
            return Err("backgrounds: at least one colour".to_string());
        }
        if !(1..=self.width / 4).contains(&self.strip) || !(1..=self.width / 4).contains(&self.frame) {
            return Err("strip, frame: from 1 pixel to a quarter of the width".to_string());
        }
        if !(1..=100).contains(&self.strip_percent) {
            return Err("strip_percent: 1 to 100".to_string());
        }
        Ok(())
    }
}
