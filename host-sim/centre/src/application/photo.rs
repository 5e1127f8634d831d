//! The photo of an application: what a program can check of it, by the rules of the area (docs/centre.md §6.5.7).
//!
//! Header, size, colours, density, bytes, background and frame come from the picture itself; the geometry of the face only
//! from landmarks that the camera's software supplies. Nobody's face is looked for here, and whatever else a person must
//! judge (no hat, ears visible, no uniform) is the reviewer's.

mod border;
mod rules;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use strum::EnumCount;
use utoipa::ToSchema;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

pub use border::Side;
pub use rules::{Background, PhotoRules, Range};

/// Where the face is, in pixels from the left and upper edge, as the camera's software found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PhotoLandmarks)]
pub struct Landmarks {
    /// The row of the top of the hair.
    pub hair_top: u32,
    /// The column where the face begins.
    pub face_left: u32,
    /// The column where the face ends.
    pub face_right: u32,
    /// The column of the middle between the eyes.
    pub eyes_column: u32,
    /// The row of the eyes.
    pub eyes_row: u32,
}

/// Where a photo comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Taken at the outlet, now.
    OnSite,
    /// Brought along; taken on this day.
    Supplied(Date),
}

/// Why a photo is not accepted. Numbers are what was found; what is allowed stands in the rules of the area.
#[derive(Clone, Debug, PartialEq, Eq, EnumCount)]
pub enum PhotoFault {
    /// Fewer bytes than the area allows.
    TooFewBytes(usize),
    /// More bytes than the area allows; nothing else was looked at.
    TooManyBytes(usize),
    /// The bytes do not begin as a JPEG does, or their header cannot be read.
    NotJpeg,
    /// Width and height in pixels.
    Size(usize, usize),
    /// So many colour components instead of three.
    Colours(usize),
    /// Dots per inch, of both directions; `None`: the JFIF header does not say, or there is none.
    Density(Option<(u32, u32)>),
    /// The header is right, but the picture cannot be decoded: cut off or damaged.
    Damaged,
    /// A border strip has a mean colour (red, green, blue) that is no allowed background.
    Background(Side, [u8; 3]),
    /// A border strip's colour varies by more than the area allows: standard deviation in steps of 255.
    Uneven(Side, u32),
    /// The picture has a margin or frame on this side.
    Frame(Side),
    /// Rows between upper edge and hair.
    HairTop(u32),
    /// Width of the face.
    FaceWidth(u32),
    /// Distance of the middle of the eyes from the left edge.
    EyesColumn(u32),
    /// Distance of the eyes from the lower edge.
    EyesRow(u32),
    /// The landmarks lie outside the picture or contradict each other.
    Landmarks,
    /// The area asks for landmarks, and none were given.
    LandmarksMissing,
    /// Taken longer ago than the area allows, on this day.
    TooOld(Date),
    /// Taken on a day that is yet to come.
    NotYetTaken(Date),
}

/// Checks a photo, and returns all that is wrong with it, in the order of [`PhotoFault`]; nothing: it is accepted.
///
/// A file over the area's bytes and a picture of another size are not decoded, so the work has a bound.
pub fn check(
    rules: &PhotoRules,
    jpeg: &[u8],
    landmarks: Option<&Landmarks>,
    origin: Origin,
    today: Date,
) -> Vec<PhotoFault> {
    if jpeg.len() > rules.bytes.max as usize {
        return vec![PhotoFault::TooManyBytes(jpeg.len())];
    }
    let mut faults = Vec::new();
    if jpeg.len() < rules.bytes.min as usize {
        faults.push(PhotoFault::TooFewBytes(jpeg.len()));
    }
    look(rules, jpeg, &mut faults);
    geometry(rules, landmarks, &mut faults);
    faults.extend(age(rules, origin, today));
    faults
}

/// Whether a person of this birth day needs a photo on `today`: small children are without.
pub fn is_needed(rules: &PhotoRules, born: Date, today: Date) -> bool {
    born.checked_add(i32::from(rules.age_from).years()).is_ok_and(|birthday| birthday <= today)
}

fn look(rules: &PhotoRules, jpeg: &[u8], faults: &mut Vec<PhotoFault>) {
    let options = DecoderOptions::new_safe().set_strict_mode(true).jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(jpeg), options);
    let header = decoder.decode_headers().ok().and_then(|()| decoder.info());
    let Some(header) = header else {
        faults.push(PhotoFault::NotJpeg);
        return;
    };
    let (width, height) = (usize::from(header.width), usize::from(header.height));
    let sound = (width, height) == (rules.width as usize, rules.height as usize);
    if !sound {
        faults.push(PhotoFault::Size(width, height));
    }
    if header.components != 3 {
        faults.push(PhotoFault::Colours(header.components.into()));
    }
    let found = density(jpeg);
    let near = |dpi: u32| dpi.abs_diff(rules.dots_per_inch) <= 1;
    if !found.is_some_and(|(x, y)| near(x) && near(y)) {
        faults.push(PhotoFault::Density(found));
    }
    if sound {
        match decoder.decode() {
            // The decoder draws the rest of a picture that is cut off in grey.
            _ if !jpeg.ends_with(&[0xFF, 0xD9]) => faults.push(PhotoFault::Damaged),
            Ok(pixels) if header.components == 3 => border::check(rules, &border::Picture::new(&pixels, width), faults),
            Ok(_) => {}
            Err(_) => faults.push(PhotoFault::Damaged),
        }
    }
}

/// The density of the JFIF header, which stands directly after the start of the image, in dots per inch; the decoder
/// does not read it. A density per centimetre is converted; an aspect ratio is no density.
fn density(jpeg: &[u8]) -> Option<(u32, u32)> {
    let [0xFF, 0xD8, 0xFF, 0xE0, _, _, b'J', b'F', b'I', b'F', 0, _, _, unit, x1, x0, y1, y0, ..] = jpeg else {
        return None;
    };
    let (x, y) = (u32::from(u16::from_be_bytes([*x1, *x0])), u32::from(u16::from_be_bytes([*y1, *y0])));
    let from_centimetres = |dots: u32| (dots * 254 + 50) / 100;
    match unit {
        1 => Some((x, y)),
        2 => Some((from_centimetres(x), from_centimetres(y))),
        _ => None,
    }
}

fn geometry(rules: &PhotoRules, landmarks: Option<&Landmarks>, faults: &mut Vec<PhotoFault>) {
    let Some(marks) = landmarks else {
        if rules.landmarks_needed {
            faults.push(PhotoFault::LandmarksMissing);
        }
        return;
    };
    let inside = marks.face_right < rules.width && marks.eyes_row < rules.height;
    let in_order =
        marks.face_left < marks.eyes_column && marks.eyes_column < marks.face_right && marks.hair_top < marks.eyes_row;
    if !(inside && in_order) {
        faults.push(PhotoFault::Landmarks);
        return;
    }
    let width = marks.face_right - marks.face_left;
    let below = rules.height - marks.eyes_row;
    let found = [
        (rules.hair_top, marks.hair_top, PhotoFault::HairTop(marks.hair_top)),
        (rules.face_width, width, PhotoFault::FaceWidth(width)),
        (rules.eyes_column, marks.eyes_column, PhotoFault::EyesColumn(marks.eyes_column)),
        (rules.eyes_above_lower_edge, below, PhotoFault::EyesRow(below)),
    ];
    faults.extend(found.into_iter().filter(|(range, value, _)| !range.has(*value)).map(|(_, _, fault)| fault));
}

fn age(rules: &PhotoRules, origin: Origin, today: Date) -> Option<PhotoFault> {
    let Origin::Supplied(taken) = origin else { return None };
    if taken > today {
        return Some(PhotoFault::NotYetTaken(taken));
    }
    let last = taken.checked_add(i32::from(rules.months).months()).unwrap_or(Date::MAX);
    (last < today).then_some(PhotoFault::TooOld(taken))
}
