//! The PIN pad of a reader, as a program uses it (PC/SC part 10): a PIN goes from the pad to the card, and never comes here.

use pcsc::{Card, Error, ctl_code};
use qiyong_firmware::terminal::{OfPad, OnPad};
use qiyong_protocol::card::commands;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;

/// The tags of features that are used here (PC/SC part 10 section 2.3).
const VERIFY_PIN_DIRECT: u8 = 0x06;
const MODIFY_PIN_DIRECT: u8 = 0x07;
/// Room for the answer of a reader.
const ANSWER_MAX: usize = 256;
/// Digits in packed form, in whole bytes, from the left.
const PACKED: u8 = 0x81;
/// The enter key ends an entry.
const ENTER: u8 = 0x02;
/// The holder enters the present PIN, and the new one twice.
const ALL_THREE: u8 = 0x03;
/// Chinese (China).
const LANGUAGE: u16 = 0x0804;
/// The digits of a PIN: the fewest, and the most that a pad may be expected to take (ISO 9564-1).
const DIGITS: [u8; 2] = [4, 12];
/// The digits of a PIN that is changed, and the bytes of its block. A pad puts each PIN at a fixed place of the command.
const CHANGED: (u8, u8) = (6, 3);

/// The pad's own status words are those of PC/SC part 10 section 2.5; all others are the card's.
const fn of_pad(sw: StatusWord) -> OfPad {
    match sw.0 {
        0x6400 => OfPad::TimedOut,
        0x6401 => OfPad::Cancelled,
        0x6402 => OfPad::Differ,
        0x6403 => OfPad::Length,
        _ => OfPad::Answered(sw),
    }
}

/// Why nothing came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPad {
    /// The reader has no pad that does this.
    None,
    /// The service, the reader or the card.
    Of(Error),
}

/// Has the holder key, for at most so many seconds, and the card answer.
pub(crate) fn ask(card: &Card, what: OnPad, seconds: u8) -> Result<OfPad, NoPad> {
    let (tag, message) = match what {
        OnPad::Verify => (VERIFY_PIN_DIRECT, verify(seconds)),
        OnPad::Change => (MODIFY_PIN_DIRECT, change(seconds)),
    };
    let mut room = [0; ANSWER_MAX];
    let features = match card.control(ctl_code(3400), &[], &mut room) {
        Ok(answer) => answer,
        // A reader that knows no features says so in many ways.
        Err(Error::UnsupportedFeature | Error::InvalidParameter | Error::NotTransacted) => return Err(NoPad::None),
        Err(error) => return Err(NoPad::Of(error)),
    };
    let code = control_code(features, tag).ok_or(NoPad::None)?;
    let mut room = [0; ANSWER_MAX];
    match card.control(code.into(), &message, &mut room) {
        Ok(&[.., high, low]) => Ok(of_pad(StatusWord(u16::from_be_bytes([high, low])))),
        // The pad answers without a status word: nobody knows what the card did.
        Ok(_) => Err(NoPad::Of(Error::NotTransacted)),
        Err(Error::UnsupportedFeature | Error::InvalidParameter) => Err(NoPad::None),
        Err(error) => Err(NoPad::Of(error)),
    }
}

/// The control code of a feature: tag, length 4, code in big-endian order, one after the other (PC/SC part 10 section 2.2).
fn control_code(mut features: &[u8], wanted: u8) -> Option<u32> {
    while let [tag, len, rest @ ..] = features {
        let (value, after) = rest.split_at_checked((*len).into())?;
        if *tag == wanted {
            return value.try_into().ok().map(u32::from_be_bytes);
        }
        features = after;
    }
    None
}

/// PIN_VERIFY_STRUCTURE (PC/SC part 10 section 2.5.2), numbers in little-endian order.
fn verify(seconds: u8) -> Vec<u8> {
    let [min, max] = DIGITS;
    // As many bytes as the PIN needs; the pad counts them in Lc.
    let mut message = vec![seconds, 0, PACKED, 0, 0, max, min, ENTER, 1];
    message.extend(LANGUAGE.to_le_bytes());
    message.extend([0; 4]);
    finish(message, &commands::verify(&[]), &[])
}

/// PIN_MODIFY_STRUCTURE (PC/SC part 10 section 2.5.3): the present PIN, FF and the new one.
fn change(seconds: u8) -> Vec<u8> {
    let (digits, block) = CHANGED;
    let mut message = vec![seconds, 0, PACKED, block, 0, 0, block + 1, digits, digits, ALL_THREE, ENTER, 3];
    message.extend(LANGUAGE.to_le_bytes());
    message.extend([0, 1, 2, 0, 0, 0]);
    finish(message, &commands::change_pin(&[]), &[0xFF; 2 * CHANGED.1 as usize + 1])
}

/// Appends the command: header, Lc, and what stands in its data before a PIN does.
fn finish(mut message: Vec<u8>, command: &Command<'_>, data: &[u8]) -> Vec<u8> {
    message.extend((data.len() as u32 + 5).to_le_bytes());
    message.extend([command.cla, command.ins, command.p1, command.p2, data.len() as u8]);
    message.extend(data);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The structures as they stand in PC/SC part 10, byte by byte.
    #[test]
    fn a_pad_is_asked_for_the_commands_of_this_card() {
        let expected =
            "1E00810000".to_string() + "0C04" + "0201" + "0408" + "00" + "000000" + "05000000" + "0020000000";
        assert_eq!(hex::encode_upper(verify(30)), expected);
        let expected = "1E00810300".to_string()
            + "0004"
            + "0606"
            + "030203"
            + "0408"
            + "000102"
            + "000000"
            + "0C000000"
            + "805E010007"
            + "FFFFFFFFFFFFFF";
        assert_eq!(hex::encode_upper(change(30)), expected);
    }

    #[test]
    fn a_feature_is_found_by_its_tag_and_a_cut_list_has_none() {
        let list = [0x12, 4, 0, 0, 0, 1, 0x06, 4, 0x42, 0x33, 0, 6];
        assert_eq!(control_code(&list, VERIFY_PIN_DIRECT), Some(0x4233_0006));
        assert_eq!(control_code(&list, MODIFY_PIN_DIRECT), None);
        for end in 0..list.len() {
            assert_eq!(control_code(&list[..end], VERIFY_PIN_DIRECT), None, "{end}");
        }
        assert_eq!(control_code(&[0x06, 2, 1, 2], VERIFY_PIN_DIRECT), None);
    }

    #[test]
    fn the_pads_own_words_are_not_the_cards() {
        for (sw, keyed) in [
            (0x6400, OfPad::TimedOut),
            (0x6401, OfPad::Cancelled),
            (0x6402, OfPad::Differ),
            (0x6403, OfPad::Length),
            (0x9000, OfPad::Answered(StatusWord(0x9000))),
            (0x63C2, OfPad::Answered(StatusWord(0x63C2))),
        ] {
            assert_eq!(of_pad(StatusWord(sw)), keyed, "{sw:04X}");
        }
    }
}
