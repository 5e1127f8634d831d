//! Draws a screen's words on a display of 128 × 64 pixels: four lines of 16 pixels, each of 16 Latin or 8 Chinese characters.
//!
//! Chinese comes first, English below. The detail stands at the bottom right: twice as large where two lines are free, as they
//! are for an amount to be paid. Where all four lines are taken, it stands behind the Chinese.

use embedded_graphics_core::Pixel;
use embedded_graphics_core::draw_target::DrawTarget;
use embedded_graphics_core::geometry::Point;
use embedded_graphics_core::pixelcolor::BinaryColor;
use heapless::Vec;

use super::Text;
use super::font::{self, COLUMN};
use super::framebuffer::{HEIGHT, WIDTH};

/// How many columns a line has.
const COLUMNS: usize = WIDTH / COLUMN;
/// How many lines there are.
const LINES: usize = HEIGHT / font::HEIGHT;
/// The most pieces of text on a screen: two lines in either language, and the detail.
const PIECES: usize = 5;

/// Words in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece<'a> {
    words: &'a str,
    /// In columns.
    left: usize,
    /// In lines.
    top: usize,
    large: bool,
}

/// Draws `text` over all that was there.
///
/// # Errors
/// What `target` does not draw.
pub fn draw<D: DrawTarget<Color = BinaryColor>>(text: &Text, target: &mut D) -> Result<(), D::Error> {
    target.clear(BinaryColor::Off)?;
    for &Piece { words, left, top, large } in &pieces(text) {
        let doubled = usize::from(large);
        let mut x = left * COLUMN;
        for character in words.chars() {
            for column in font::columns(character) {
                for down in 0..font::HEIGHT << doubled {
                    let row = column.get(down >> doubled).copied().unwrap_or_default();
                    for across in 0..COLUMN << doubled {
                        if row << (across >> doubled) & 0x80 != 0 {
                            let point = Point::new((x + across) as i32, (top * font::HEIGHT + down) as i32);
                            target.draw_iter(Some(Pixel(point, BinaryColor::On)))?;
                        }
                    }
                }
                x += COLUMN << doubled;
            }
        }
    }
    Ok(())
}

/// Where everything is to stand.
fn pieces(text: &Text) -> Vec<Piece<'_>, PIECES> {
    let detail = text.detail.as_str();
    let (first, mut second) = break_chinese(text.chinese, true);
    let english = break_english(text.english);
    let taken = 2 + usize::from(!second.is_empty()) + usize::from(!english.1.is_empty());
    let mut first = first;
    if taken == LINES && width(second) + width(detail) > COLUMNS {
        (first, second) = break_chinese(text.chinese, false);
    }

    let mut pieces = Vec::new();
    let mut top = 0;
    for words in [first, second, english.0, english.1] {
        if !words.is_empty() {
            // There is room for all.
            let _ = pieces.push(Piece { words, left: 0, top, large: false });
            top += 1;
        }
    }
    let large = LINES - taken >= 2 && 2 * width(detail) <= COLUMNS;
    let left = COLUMNS.saturating_sub(width(detail) << usize::from(large));
    let top = if taken == LINES { 1 } else { LINES - 1 - usize::from(large) };
    let _ = pieces.push(Piece { words: detail, left, top, large });
    pieces
}

/// How many columns the words take: a Latin character one, a Chinese two.
fn width(words: &str) -> usize {
    words.chars().map(width_of).sum()
}

fn width_of(character: char) -> usize {
    1 + usize::from(character > '\u{FF}')
}

/// Chinese in one line or two; the first may end early, after a comma or question mark.
fn break_chinese(words: &str, early: bool) -> (&str, &str) {
    if width(words) <= COLUMNS {
        return (words, "");
    }
    let (mut used, mut end) = (0, 0);
    for (at, character) in words.char_indices() {
        used += width_of(character);
        if used > COLUMNS {
            break;
        }
        end = at + character.len_utf8();
        if early && matches!(character, '，' | '？') {
            break;
        }
    }
    words.split_at_checked(end).unwrap_or((words, ""))
}

/// English in one line or two, broken between words as late as possible.
fn break_english(words: &str) -> (&str, &str) {
    if words.len() <= COLUMNS {
        return (words, "");
    }
    let mut bytes = words.bytes().take(COLUMNS + 1);
    let last = bytes.rposition(|byte| byte == b' ').unwrap_or_default();
    (words.get(..last).unwrap_or_default(), words.get(last + 1..).unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]
mod tests {
    use std::collections::BTreeSet;
    use std::string::String;

    use super::super::tests::every_screen;
    use super::*;
    use crate::ui::framebuffer::Framebuffer;

    #[test]
    fn every_text_is_drawn_whole_and_nothing_covers_anything() {
        for screen in every_screen() {
            let text = screen.text();
            let mut taken = BTreeSet::new();
            let mut read = String::new();
            for &Piece { words, left, top, large } in &pieces(&text) {
                let scale = 1 << usize::from(large);
                for cell in 0..width(words) * scale {
                    for line in top..top + scale {
                        assert!(left + cell < COLUMNS && line < LINES, "{words:?} of {text:?} is cut off");
                        assert!(taken.insert((left + cell, line)), "{words:?} of {text:?} covers something");
                    }
                }
                read.extend(words.chars().filter(|character| *character != ' '));
            }
            let all = [text.chinese, text.english, text.detail.as_str()].concat().replace(' ', "");
            assert_eq!(read, all);
        }
    }

    #[test]
    fn what_is_paid_is_large() {
        let text =
            crate::ui::Screen::EnterPin { amount: qiyong_protocol::rules::money::Fen(3580), tries_left: None }.text();
        let all: std::vec::Vec<_> = pieces(&text).iter().map(|piece| (piece.words, piece.left, piece.top)).collect();
        assert_eq!(all, [("请输入密码", 0, 0), ("Enter PIN", 0, 1), ("¥35.80", 4, 2)]);
        assert!(pieces(&text).last().unwrap().large);
    }

    #[test]
    fn lines_break_between_words_and_after_a_comma_if_the_detail_then_fits() {
        assert_eq!(break_english("Reading card, do not remove"), ("Reading card, do", "not remove"));
        assert_eq!(break_english("exactly 16 wide."), ("exactly 16 wide.", ""));
        let mut text =
            Text {
                english: "Paid, card activated", chinese: "支付成功，卡已启用", detail: Default::default()
            };
        let chinese = |text: &Text| -> std::vec::Vec<String> {
            pieces(text).iter().take(2).map(|piece| piece.words.into()).collect()
        };
        text.detail.push_str("¥9999.99").unwrap();
        assert_eq!(chinese(&text), ["支付成功，", "卡已启用"]);
        text.detail.push('9').unwrap();
        assert_eq!(chinese(&text), ["支付成功，卡已启", "用"]);
    }

    #[test]
    fn a_picture_is_the_glyphs_at_their_places_and_nothing_of_the_last() {
        for screen in every_screen() {
            let text = screen.text();
            let mut frame = Framebuffer::from_bytes([0xA5; 1024]);
            let Ok(()) = draw(&text, &mut frame);
            let mut lit = BTreeSet::new();
            for &Piece { words, left, top, large } in &pieces(&text) {
                let scale = 1 << usize::from(large);
                let columns = words.chars().flat_map(font::columns).enumerate();
                for (at, column) in columns {
                    for (x, y) in (0..8 * scale).flat_map(|x| (0..16 * scale).map(move |y| (x, y))) {
                        if column[y / scale] >> (7 - x / scale) & 1 == 1 {
                            lit.insert(((left + at * scale) * 8 + x, top * 16 + y));
                        }
                    }
                }
            }
            let drawn = (0..WIDTH).flat_map(|x| (0..HEIGHT).map(move |y| (x, y)));
            assert_eq!(drawn.filter(|(x, y)| frame.is_lit(*x, *y)).collect::<BTreeSet<_>>(), lit, "{text:?}");
        }
    }
}
