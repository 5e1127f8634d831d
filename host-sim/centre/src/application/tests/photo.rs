//! Every rule for photos kept and broken, and deliberate faults of each rule (docs/centre.md §6.5.7).

use jiff::civil::{Date, date};
use jpeg_encoder::{PixelDensity, PixelDensityUnit};

use super::picture::{MARKS, Portrait, dpi};
use crate::application::photo::{self, Background, Landmarks, Origin, PhotoFault, PhotoRules, Range, Side, is_needed};

const TODAY: Date = date(2026, 3, 2);

fn colour(name: &str, rgb: [u8; 3]) -> Background {
    Background { name: name.to_string(), name_zh: name.to_string(), rgb, tolerance: 40 }
}

/// The rules of Nanjing.
pub(super) fn rules() -> PhotoRules {
    PhotoRules {
        width: 358,
        height: 441,
        dots_per_inch: 350,
        bytes: Range { min: 15_000, max: 100_000 },
        backgrounds: vec![colour("white", [255, 255, 255]), colour("red", [220, 0, 0]), colour("blue", [67, 142, 219])],
        unevenness: 10,
        strip: 20,
        strip_percent: 40,
        frame: 12,
        hair_top: Range { min: 7, max: 21 },
        face_width: Range { min: 179, max: 255 },
        eyes_column: Range { min: 162, max: 196 },
        eyes_above_lower_edge: Range { min: 207, max: 441 },
        landmarks_needed: false,
        months: 6,
        age_from: 7,
    }
}

fn found(portrait: &Portrait) -> Vec<PhotoFault> {
    photo::check(&rules(), &portrait.jpeg(), None, Origin::OnSite, TODAY)
}

#[test]
fn a_portrait_on_each_allowed_background_is_accepted() {
    for background in rules().backgrounds {
        for quality in [75, 90, 95] {
            let portrait = Portrait { background: background.rgb, quality, ..Portrait::default() };
            assert_eq!(found(&portrait), [], "{background:?} {quality}: {} bytes", portrait.jpeg().len());
        }
    }
}

#[test]
fn a_picture_without_header_or_end_is_refused() {
    let jpeg = Portrait::default().jpeg();
    let judge = |bytes: &[u8]| photo::check(&rules(), bytes, None, Origin::OnSite, TODAY);
    assert_eq!(judge(&jpeg), []);
    assert_eq!(judge(&jpeg[..jpeg.len() - 4000]), [PhotoFault::Damaged]);
    assert_eq!(judge(&[0; 20_000]), [PhotoFault::NotJpeg]);
    assert_eq!(judge(b""), [PhotoFault::TooFewBytes(0), PhotoFault::NotJpeg]);
    let mut png = jpeg.clone();
    png[..8].copy_from_slice(b"\x89PNG\r\n\x1a\n");
    assert_eq!(judge(&png), [PhotoFault::NotJpeg]);
    assert_eq!(judge(&[jpeg.as_slice(), &[0; 100_000]].concat()), [PhotoFault::TooManyBytes(jpeg.len() + 100_000)]);
}

/// A small picture, so that each of its bytes can be damaged.
#[test]
fn no_damage_of_a_file_makes_the_check_fail_otherwise_than_by_a_fault() {
    let small =
        PhotoRules { width: 48, height: 60, strip: 4, frame: 4, bytes: Range { min: 1, max: 100_000 }, ..rules() };
    let jpeg = Portrait { width: 48, height: 60, ..Portrait::default() }.jpeg();
    let judge = |bytes: &[u8]| photo::check(&small, bytes, None, Origin::OnSite, TODAY);
    let broken =
        |bytes: &[u8]| judge(bytes).iter().any(|fault| matches!(fault, PhotoFault::NotJpeg | PhotoFault::Damaged));
    assert!(!broken(&jpeg));
    for at in 0..jpeg.len() {
        let mut damaged = jpeg.clone();
        damaged[at] ^= if at % 2 == 0 { 0xFF } else { 0x01 };
        let _ = judge(&damaged);
        if at % 16 == 0 {
            assert!(broken(&jpeg[..at]), "cut off at {at}");
        }
    }
}

#[test]
fn size_colours_density_and_bytes_are_checked() {
    let with = |change: fn(&mut Portrait)| {
        let mut portrait = Portrait::default();
        change(&mut portrait);
        found(&portrait)
    };
    assert_eq!(with(|p| p.width = 357), [PhotoFault::Size(357, 441)]);
    assert_eq!(with(|p| p.height = 442), [PhotoFault::Size(358, 442)]);
    assert_eq!(with(|p| p.grey = true), [PhotoFault::Colours(1)]);
    assert_eq!(with(|p| p.density = dpi(300)), [PhotoFault::Density(Some((300, 300)))]);
    let aspect = PixelDensity { density: (1, 1), unit: PixelDensityUnit::PixelAspectRatio };
    assert_eq!(found(&Portrait { density: aspect, ..Portrait::default() }), [PhotoFault::Density(None)]);
    let centimetres = PixelDensity { density: (138, 138), unit: PixelDensityUnit::Centimeters };
    assert_eq!(found(&Portrait { density: centimetres, ..Portrait::default() }), []);
    let uneven = PixelDensity { density: (350, 300), unit: PixelDensityUnit::Inches };
    assert_eq!(found(&Portrait { density: uneven, ..Portrait::default() }), [PhotoFault::Density(Some((350, 300)))]);
    assert!(matches!(with(|p| (p.pattern, p.quality) = (0, 60))[..], [PhotoFault::TooFewBytes(_)]));
}

#[test]
fn background_and_frame_are_checked() {
    let green = found(&Portrait { background: [30, 160, 60], ..Portrait::default() });
    assert_eq!(green.len(), 3, "{green:?}");
    assert!(green.iter().all(|fault| matches!(fault, PhotoFault::Background(..))));
    let shaded = found(&Portrait { gradient: 120, ..Portrait::default() });
    assert!(
        matches!(shaded[..], [PhotoFault::Uneven(Side::Left, _), PhotoFault::Uneven(Side::Right, _)]),
        "{shaded:?}"
    );
    for sides in [vec![Side::Left], vec![Side::Right], vec![Side::Upper], vec![Side::Lower]] {
        let margin = Some(([255, 255, 255], 8, sides.clone()));
        let faults = found(&Portrait { background: [220, 0, 0], margin, ..Portrait::default() });
        let frames: Vec<_> = faults.iter().filter(|fault| matches!(fault, PhotoFault::Frame(_))).cloned().collect();
        assert_eq!(frames, [PhotoFault::Frame(sides[0])], "{faults:?}");
    }
    let all = vec![Side::Left, Side::Right, Side::Upper, Side::Lower];
    let framed = found(&Portrait { margin: Some(([0, 0, 0], 6, all)), ..Portrait::default() });
    assert_eq!(framed.iter().filter(|fault| matches!(fault, PhotoFault::Frame(_))).count(), 4, "{framed:?}");
}

/// Landmarks, and the faults that they must give.
fn geometries() -> Vec<(Landmarks, Vec<PhotoFault>)> {
    let face = |left, right| Landmarks { face_left: left, face_right: right, ..MARKS };
    vec![
        (MARKS, vec![]),
        (Landmarks { hair_top: 7, ..MARKS }, vec![]),
        (Landmarks { hair_top: 6, ..MARKS }, vec![PhotoFault::HairTop(6)]),
        (Landmarks { hair_top: 21, ..MARKS }, vec![]),
        (Landmarks { hair_top: 22, ..MARKS }, vec![PhotoFault::HairTop(22)]),
        (face(90, 269), vec![]),
        (face(90, 268), vec![PhotoFault::FaceWidth(178)]),
        (face(20, 275), vec![]),
        (face(20, 276), vec![PhotoFault::FaceWidth(256)]),
        (Landmarks { eyes_column: 162, ..MARKS }, vec![]),
        (Landmarks { eyes_column: 161, ..MARKS }, vec![PhotoFault::EyesColumn(161)]),
        (Landmarks { eyes_column: 196, ..MARKS }, vec![]),
        (Landmarks { eyes_column: 197, ..MARKS }, vec![PhotoFault::EyesColumn(197)]),
        (Landmarks { eyes_row: 234, ..MARKS }, vec![]),
        (Landmarks { eyes_row: 235, ..MARKS }, vec![PhotoFault::EyesRow(206)]),
        (Landmarks { eyes_row: 441, ..MARKS }, vec![PhotoFault::Landmarks]),
        (Landmarks { face_right: 358, ..MARKS }, vec![PhotoFault::Landmarks]),
        (Landmarks { eyes_column: 79, ..MARKS }, vec![PhotoFault::Landmarks]),
        (Landmarks { hair_top: 180, ..MARKS }, vec![PhotoFault::Landmarks]),
    ]
}

#[test]
fn the_geometry_is_that_of_the_rule() {
    let jpeg = Portrait::default().jpeg();
    for (marks, expected) in geometries() {
        assert_eq!(photo::check(&rules(), &jpeg, Some(&marks), Origin::OnSite, TODAY), expected, "{marks:?}");
    }
    let needed = PhotoRules { landmarks_needed: true, ..rules() };
    assert_eq!(photo::check(&needed, &jpeg, None, Origin::OnSite, TODAY), [PhotoFault::LandmarksMissing]);
}

#[test]
fn a_supplied_photo_is_recent() {
    let jpeg = Portrait::default().jpeg();
    let taken = |day| photo::check(&rules(), &jpeg, None, Origin::Supplied(day), TODAY);
    assert_eq!(taken(date(2025, 9, 2)), []);
    assert_eq!(taken(date(2025, 9, 1)), [PhotoFault::TooOld(date(2025, 9, 1))]);
    assert_eq!(taken(TODAY), []);
    assert_eq!(taken(date(2026, 3, 3)), [PhotoFault::NotYetTaken(date(2026, 3, 3))]);
}

#[test]
fn small_children_need_none() {
    assert!(!is_needed(&rules(), date(2019, 3, 3), TODAY));
    assert!(is_needed(&rules(), date(2019, 3, 2), TODAY));
    assert!(is_needed(&rules(), date(1980, 1, 1), TODAY));
}

/// One figure of the rules.
type Break = fn(&mut PhotoRules);

#[test]
fn each_deliberate_fault_of_a_rule_is_caught() {
    let mutants: [(&str, Break); 15] = [
        ("width off by one", |r| r.width += 1),
        ("height off by one", |r| r.height -= 1),
        ("density as of paper", |r| r.dots_per_inch = 300),
        ("fewest bytes too many", |r| r.bytes.min = 60_000),
        ("most bytes too few", |r| r.bytes.max = 15_001),
        ("white not allowed", |r| drop(r.backgrounds.remove(0))),
        ("everything even", |r| r.unevenness = 255),
        ("a little shade too much", |r| r.unevenness = 3),
        ("frames not looked for", |r| r.frame = 1),
        ("hair a row too low", |r| r.hair_top.max += 1),
        ("hair a row too high", |r| r.hair_top.min -= 1),
        ("face too narrow", |r| r.face_width.min -= 1),
        ("eyes too far left", |r| r.eyes_column.min -= 1),
        ("eyes too far right", |r| r.eyes_column.max += 1),
        ("eyes too low", |r| r.eyes_above_lower_edge.min -= 1),
    ];
    let red_margin = Some(([255, 255, 255], 8, vec![Side::Left]));
    let portraits = [
        Portrait::default(),
        Portrait { gradient: 120, ..Portrait::default() },
        Portrait { gradient: 60, ..Portrait::default() },
        Portrait { background: [220, 0, 0], margin: red_margin, ..Portrait::default() },
    ]
    .map(|portrait| portrait.jpeg());
    let judge = |rules: &PhotoRules| -> Vec<Vec<PhotoFault>> {
        let pictures = portraits.iter().map(|jpeg| photo::check(rules, jpeg, None, Origin::OnSite, TODAY));
        let marks = geometries();
        // Geometry is judged whatever the bytes are.
        let faces = marks.iter().map(|(marks, _)| photo::check(rules, b"", Some(marks), Origin::OnSite, TODAY));
        pictures.chain(faces).collect()
    };
    let sound = judge(&rules());
    for (name, break_it) in mutants {
        let mut broken = rules();
        break_it(&mut broken);
        assert_ne!(judge(&broken), sound, "{name}");
    }
}

#[test]
fn rules_that_no_photo_can_keep_are_refused() {
    assert_eq!(rules().check_figures(), Ok(()));
    let mutants: [(&str, Break); 9] = [
        ("bytes", |r| r.bytes = Range { min: 2, max: 1 }),
        ("bytes.max", |r| r.bytes.max = 1_000_001),
        ("hair_top", |r| r.hair_top = Range { min: 442, max: 443 }),
        ("face_width", |r| r.face_width = Range { min: 300, max: 200 }),
        ("width", |r| r.width = 2001),
        ("height", |r| r.height = 31),
        ("backgrounds", |r| r.backgrounds.clear()),
        ("strip", |r| r.strip = 0),
        ("strip_percent", |r| r.strip_percent = 101),
    ];
    for (field, break_it) in mutants {
        let mut broken = rules();
        break_it(&mut broken);
        assert!(broken.check_figures().is_err_and(|error| error.contains(field)), "{field}");
    }
}
