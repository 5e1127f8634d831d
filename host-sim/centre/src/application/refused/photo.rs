//! The words for photos: what was found, and what the area allows.

use strum::EnumCount;

use super::words;
use crate::acts::words::Words;
use crate::application::photo::{PhotoFault, PhotoRules, Range, Side};

pub(super) const ALL: &[&str; PhotoFault::COUNT] = &[
    "photo-bytes-few",
    "photo-bytes-many",
    "photo-not-jpeg",
    "photo-size",
    "photo-colours",
    "photo-density",
    "photo-damaged",
    "photo-background",
    "photo-uneven",
    "photo-frame",
    "photo-hair",
    "photo-face-width",
    "photo-eyes-column",
    "photo-eyes-row",
    "photo-landmarks",
    "photo-landmarks-missing",
    "photo-old",
    "photo-not-yet-taken",
];

const fn zh(side: Side) -> &'static str {
    match side {
        Side::Left => "左",
        Side::Right => "右",
        Side::Upper => "上",
        Side::Lower => "下",
    }
}

pub(super) fn words_of(fault: &PhotoFault, rules: &PhotoRules) -> Words {
    let another = ("Take another photo.", "请重新拍摄。");
    let save = ("Save the picture anew by the area's rules.", "请按本地规定重新保存照片。");
    let say = |code, en: String, zh: String, next| words(code, en, zh, next);
    let range = |code, found: &u32, Range { min, max }: Range, (what_en, what_zh): (&str, &str)| {
        say(
            code,
            format!("{what_en}: {found} pixels, allowed {min} to {max}"),
            format!("{what_zh}: {found} 像素，允许 {min} 至 {max}"),
            another,
        )
    };
    let words = match fault {
        PhotoFault::TooFewBytes(found) | PhotoFault::TooManyBytes(found) => {
            let code = if matches!(fault, PhotoFault::TooFewBytes(_)) { "photo-bytes-few" } else { "photo-bytes-many" };
            let Range { min, max } = rules.bytes;
            say(
                code,
                format!("the file has {found} bytes, allowed {min} to {max}"),
                format!("文件大小 {found} 字节，允许 {min} 至 {max}"),
                save,
            )
        }
        PhotoFault::NotJpeg => {
            words("photo-not-jpeg", "this is no JPEG that can be read", "不是可读取的 JPEG 文件", save)
        }
        PhotoFault::Size(width, height) => say(
            "photo-size",
            format!("the picture has {width} × {height} pixels, the rule {} × {}", rules.width, rules.height),
            format!("照片为 {width} × {height} 像素，规定为 {} × {}", rules.width, rules.height),
            save,
        ),
        PhotoFault::Colours(found) => say(
            "photo-colours",
            format!("the picture has {found} colour components, the rule 3"),
            format!("照片颜色分量为 {found}，应为 3"),
            save,
        ),
        PhotoFault::Density(found) => say(
            "photo-density",
            match found {
                Some((x, y)) => format!("the density is {x} × {y} dots per inch, the rule {}", rules.dots_per_inch),
                None => format!("the JFIF header gives no density, the rule is {} dots per inch", rules.dots_per_inch),
            },
            match found {
                Some((x, y)) => format!("分辨率为 {x} × {y} dpi，规定为 {}", rules.dots_per_inch),
                None => format!("JFIF 文件头没有分辨率，规定为 {} dpi", rules.dots_per_inch),
            },
            save,
        ),
        PhotoFault::Damaged => {
            words("photo-damaged", "the picture is cut off or damaged", "照片数据不完整或已损坏", save)
        }
        PhotoFault::Background(side, [red, green, blue]) => {
            let word: &str = side.into();
            let names = |name: fn(&crate::application::photo::Background) -> &str| {
                rules.backgrounds.iter().map(name).collect::<Vec<_>>().join(", ")
            };
            let allowed = (names(|background| &background.name), names(|background| &background.name_zh));
            say(
                "photo-background",
                format!("the background ({word}) is {red}, {green}, {blue}; allowed: {}", allowed.0),
                format!("{}侧背景颜色为 {red}, {green}, {blue}；允许: {}", zh(*side), allowed.1),
                another,
            )
        }
        PhotoFault::Uneven(side, found) => {
            let word: &str = side.into();
            say(
                "photo-uneven",
                format!("the background ({word}) varies by {found}, allowed {}", rules.unevenness),
                format!("{}侧背景不均匀: {found}，允许 {}", zh(*side), rules.unevenness),
                another,
            )
        }
        PhotoFault::Frame(side) => {
            let word: &str = side.into();
            say(
                "photo-frame",
                format!("the picture has a margin or frame ({word})"),
                format!("照片{}侧有边框或白边", zh(*side)),
                ("Cut the margin off, or take another photo.", "请裁去边框或重新拍摄。"),
            )
        }
        PhotoFault::HairTop(found) => {
            range("photo-hair", found, rules.hair_top, ("from the upper edge to the hair", "头顶距上边缘"))
        }
        PhotoFault::FaceWidth(found) => {
            range("photo-face-width", found, rules.face_width, ("width of the face", "脸部宽度"))
        }
        PhotoFault::EyesColumn(found) => range(
            "photo-eyes-column",
            found,
            rules.eyes_column,
            ("from the left edge to the middle of the eyes", "两眼中心距左边缘"),
        ),
        PhotoFault::EyesRow(found) => range(
            "photo-eyes-row",
            found,
            rules.eyes_above_lower_edge,
            ("from the eyes to the lower edge", "眼睛距下边缘"),
        ),
        PhotoFault::Landmarks => words(
            "photo-landmarks",
            "the landmarks lie outside the picture or contradict each other",
            "人脸定位点超出照片或互相矛盾",
            ("Have the camera's software find them again.", "请由采集软件重新定位。"),
        ),
        PhotoFault::LandmarksMissing => words(
            "photo-landmarks-missing",
            "this area asks for the landmarks of the face",
            "本地要求提供人脸定位点",
            ("Send what the camera's software found.", "请附上采集软件的定位结果。"),
        ),
        PhotoFault::TooOld(day) => say(
            "photo-old",
            format!("the photo is of {day}, and at most {} months old", rules.months),
            format!("照片拍摄于 {day}，应为 {} 个月内", rules.months),
            another,
        ),
        PhotoFault::NotYetTaken(day) => {
            say("photo-not-yet-taken", format!("{day} is yet to come"), format!("{day} 晚于今日"), another)
                .field("taken")
        }
    };
    words.field(match fault {
        PhotoFault::Landmarks | PhotoFault::LandmarksMissing => "landmarks",
        PhotoFault::TooOld(_) | PhotoFault::NotYetTaken(_) => "taken",
        _ => "jpeg",
    })
}
