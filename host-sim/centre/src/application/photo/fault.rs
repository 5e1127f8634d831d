//! What can be wrong with a photo. Its words stand in `refused`.

use jiff::civil::Date;
use strum::{EnumCount, IntoStaticStr, VariantArray};

/// A side of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Side {
    /// The left edge.
    Left,
    /// The right edge.
    Right,
    /// The upper edge.
    Upper,
    /// The lower edge.
    Lower,
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
