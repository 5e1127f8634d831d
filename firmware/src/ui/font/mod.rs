//! The glyphs of the screens' texts: GNU Unifont under the SIL Open Font License 1.1, see README.md beside this file.
//!
//! A glyph is 16 pixels high, and 8 (Latin) or 16 (Chinese) wide: one column of eight, or two. The
//! compiler makes the table from the font's own file, `unifont.hex`. The statics' names begin with `QIYONG_FONT`, so that `cargo
//! xtask firmware` can count them apart.

/// A glyph's height, in pixels.
pub const HEIGHT: usize = 16;
/// A column's width, in pixels.
pub const COLUMN: usize = 8;

/// Rows of eight pixels from the top down, each with its leftmost pixel in the most significant bit.
pub type Column = [u8; HEIGHT];

const SOURCE: &[u8] = include_bytes!("unifont.hex");
const GLYPHS: usize = count().0;
const COLUMNS: usize = count().1;

/// The code points, in ascending order.
static QIYONG_FONT_CODES: [u16; GLYPHS] = TABLES.0;
/// Their columns, in the same order.
static QIYONG_FONT_COLUMNS: [Column; COLUMNS] = TABLES.1;
const TABLES: ([u16; GLYPHS], [Column; COLUMNS]) = tables();
/// How many of the glyphs, the first ones, have one column.
const NARROW: usize = 2 * GLYPHS - COLUMNS;

/// The columns of a character, one or two; none if the font lacks it.
pub fn columns(character: char) -> &'static [Column] {
    let code = u16::try_from(u32::from(character)).unwrap_or_default();
    let at = QIYONG_FONT_CODES.partition_point(|one| *one < code);
    if QIYONG_FONT_CODES.get(at) != Some(&code) {
        return &[];
    }
    let range = if at < NARROW { at..at + 1 } else { 2 * at - NARROW..2 * at - NARROW + 2 };
    QIYONG_FONT_COLUMNS.get(range).unwrap_or_default()
}

// What follows runs in the compiler alone, where an index out of bounds is an error in the source.

/// How many glyphs and columns the source has.
const fn count() -> (usize, usize) {
    let (mut glyphs, mut columns, mut line) = (0, 0, 0);
    while line < SOURCE.len() {
        let end = end_of(line);
        glyphs += 1;
        columns += width_of(line, end);
        line = end + 1;
    }
    (glyphs, columns)
}

#[allow(clippy::indexing_slicing, clippy::panic, reason = "by the compiler")]
const fn tables() -> ([u16; GLYPHS], [Column; COLUMNS]) {
    let (mut codes, mut columns) = ([0; GLYPHS], [[0; HEIGHT]; COLUMNS]);
    let (mut glyph, mut column, mut line) = (0, 0, 0);
    while line < SOURCE.len() {
        let end = end_of(line);
        codes[glyph] = (byte(line) as u16) << 8 | byte(line + 2) as u16;
        assert!(glyph == 0 || codes[glyph - 1] < codes[glyph], "the code points of unifont.hex ascend");
        let width = width_of(line, end);
        assert!((width == 1) == (glyph < NARROW), "in unifont.hex the narrow glyphs come first");
        let mut at = 0;
        while at < HEIGHT * width {
            columns[column + at % width][at / width] = byte(line + 5 + 2 * at);
            at += 1;
        }
        (glyph, column, line) = (glyph + 1, column + width, end + 1);
    }
    (codes, columns)
}

/// Where the line's end is.
#[allow(clippy::indexing_slicing, clippy::panic, reason = "by the compiler")]
const fn end_of(line: usize) -> usize {
    let mut end = line;
    while SOURCE[end] != b'\n' {
        end += 1;
    }
    end
}

/// How many columns the line's glyph has: it follows four digits and a colon, two digits for eight pixels.
const fn width_of(line: usize, end: usize) -> usize {
    let width = (end - line - 5) / (2 * HEIGHT);
    assert!(end - line == 5 + 2 * HEIGHT * width && (width == 1 || width == 2), "a glyph is 8 or 16 pixels wide");
    width
}

/// The byte that two hexadecimal digits stand for.
#[allow(clippy::indexing_slicing, clippy::panic, reason = "by the compiler")]
const fn byte(at: usize) -> u8 {
    const fn digit(digit: u8) -> u8 {
        match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'F' => digit - b'A' + 10,
            _ => panic!("unifont.hex has capital hexadecimal digits"),
        }
    }
    digit(SOURCE[at]) << 4 | digit(SOURCE[at + 1])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]
mod tests {
    use std::collections::BTreeSet;
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use super::super::tests::every_screen;
    use super::*;

    #[test]
    fn the_font_has_the_glyphs_of_all_texts_and_no_others() {
        let mut needed: BTreeSet<char> = "¥.x0123456789".chars().collect();
        for screen in every_screen() {
            let text = screen.text();
            needed.extend([text.english, text.chinese, text.detail.as_str()].concat().chars());
        }
        let missing: Vec<String> =
            needed.iter().filter(|c| columns(**c).is_empty()).map(|c| format!("{c} {:04X}", u32::from(*c))).collect();
        assert!(missing.is_empty(), "unifont.hex lacks {missing:?}: README.md beside it says where they are");
        let has: BTreeSet<char> = QIYONG_FONT_CODES.iter().filter_map(|code| char::from_u32((*code).into())).collect();
        let unused: Vec<_> = has.difference(&needed).collect();
        assert!(unused.is_empty(), "no text needs {unused:?}: take their lines out of unifont.hex");
        // Width as the layout takes it for granted.
        assert!(needed.iter().all(|c| columns(*c).len() == if *c < '\u{100}' { 1 } else { 2 }));
        assert_eq!((columns('☃').len(), columns('\u{1F600}').len()), (0, 0));
    }

    #[test]
    fn u8g2_draws_the_same_glyphs_but_for_three_marks() {
        use embedded_graphics_core::geometry::Point;
        use embedded_graphics_core::pixelcolor::BinaryColor;
        use u8g2_fonts::FontRenderer;
        use u8g2_fonts::fonts::{u8g2_font_unifont_t_gb2312, u8g2_font_unifont_tf};
        use u8g2_fonts::types::{FontColor, VerticalPosition};

        let (latin, chinese) =
            (FontRenderer::new::<u8g2_font_unifont_tf>(), FontRenderer::new::<u8g2_font_unifont_t_gb2312>());
        let mut differ = Vec::new();
        for code in QIYONG_FONT_CODES.iter() {
            let character = char::from_u32((*code).into()).unwrap();
            let mut frame = crate::ui::framebuffer::Framebuffer::new();
            let font = if *code < 0x100 { &latin } else { &chinese };
            // The baseline of Unifont is between rows 13 and 14.
            let at = Point::new(0, 14);
            font.render(character, at, VerticalPosition::Baseline, FontColor::Transparent(BinaryColor::On), &mut frame)
                .unwrap_or_else(|error| panic!("{character}: {error:?}"));
            let ours = columns(character);
            let same = (0..16 * 16).all(|at| {
                let (x, y) = (at % 16, at / 16);
                frame.is_lit(x, y) == ours.get(x / 8).is_some_and(|column| column[y] >> (7 - x % 8) & 1 == 1)
            });
            if !same {
                differ.push(character);
            }
        }
        // Those stand elsewhere in their cells in the release that u8g2 has.
        assert_eq!(differ, ['，', '：', '？']);
    }
}
