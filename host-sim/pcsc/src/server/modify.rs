//! FEATURE_MODIFY_PIN_DIRECT: the holder keys the present PIN and the new one twice, and the card gets both in one command. What a
//! program asks for is read as the firmware's own reader does (CCID 1.1 section 6.1.12).

use embassy_futures::block_on;
use qiyong_firmware::ccid::pin::PinOperation;
use qiyong_firmware::terminal::{Operator, WhichPin};
use zeroize::Zeroizing;

use super::client::Client;
use super::keypad::{Command, Entry, KEYING_MAX, Keypad, Reply, unkeyed};
use crate::codes::Rv;

/// A message to the class CCID that has a PIN changed.
const MODIFICATION: u8 = 1;
/// Bytes of PIN_MODIFY_STRUCTURE before the command (PC/SC part 10 clause 2.5.3).
const HEAD: usize = 24;
/// Header, Lc and 255 bytes of data.
const COMMAND_MAX: usize = 5 + 255;

/// Takes the PINs, and builds the command with them.
pub(super) fn modify(keypad: &Keypad, client: &Client, message: &[u8]) -> Result<Reply, Rv> {
    let operation = read(message).ok_or(Rv::INVALID_PARAMETER)?;
    let patience = std::time::Duration::from_secs(operation.patience_s.into()).min(KEYING_MAX);
    let mut entry = Entry::begin(keypad, client, patience)?;
    entry.left = operation.asks().count();
    let says = |sw: u16| Ok(Reply::Bytes(sw.to_be_bytes().to_vec()));
    let (mut present, mut new, mut again) = (None, None, None);
    for which in operation.asks() {
        let pin = match block_on(entry.enter_pin(which)) {
            Ok(pin) if operation.allows(&pin) => pin,
            Ok(_) => return says(0x6403),
            Err(why) => return Ok(unkeyed(why)),
        };
        match which {
            WhichPin::Present => present = Some(pin),
            WhichPin::New => new = Some(pin),
            WhichPin::NewAgain => again = Some(pin),
        }
    }
    if again.is_some_and(|again| new.as_ref() != Some(&again)) {
        return says(0x6402);
    }
    let mut command: Command = Zeroizing::new(vec![0; COMMAND_MAX]);
    let Ok(len) = operation.command(present.as_ref(), new.as_ref(), &mut command) else { return says(0x6403) };
    command.truncate(len);
    Ok(Reply::OfCard(command))
}

/// The structure has a second time-out and the command's length, which the message of the class has not, and always three indices.
fn read(message: &[u8]) -> Option<PinOperation> {
    let (head, apdu) = message.split_first_chunk::<HEAD>()?;
    let &[time, _, format, block, length, old, new, max, min, confirm, condition, _, lang, uage, a, b, c, d, e, f, ..] =
        head;
    let said = u32::from_le_bytes(*head.last_chunk()?);
    let ends_by_enter = condition & 2 != 0;
    let class = [
        MODIFICATION,
        time,
        format,
        block,
        length,
        old,
        new,
        max,
        min,
        confirm,
        condition,
        3,
        lang,
        uage,
        a,
        b,
        c,
        d,
        e,
        f,
    ];
    (said as usize == apdu.len() && ends_by_enter).then_some(())?;
    PinOperation::read(&[&class[..], apdu].concat()).ok()
}

#[cfg(test)]
mod tests {
    use qiyong_protocol::card::pin::Pin;

    use super::*;

    fn message(condition: u8, len: u32) -> Vec<u8> {
        let mut message = vec![30, 0, 0x81, 3, 0, 0, 4, 6, 6, 3, condition, 3, 0x04, 0x08, 0, 1, 2, 0, 0, 0];
        message.extend(len.to_le_bytes());
        message.extend([0x80, 0x5E, 1, 0, 7, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        message
    }

    #[test]
    fn both_pins_stand_where_the_program_says() {
        let operation = read(&message(2, 12)).unwrap();
        let asked: Vec<_> = operation.asks().collect();
        assert_eq!(asked, [WhichPin::Present, WhichPin::New, WhichPin::NewAgain]);
        let mut command = [0; COMMAND_MAX];
        let pin = |digits: &[u8]| Pin::new(digits).unwrap();
        let len = operation.command(Some(&pin(b"123456")), Some(&pin(b"271828")), &mut command).unwrap();
        assert_eq!(command[..len], [0x80, 0x5E, 1, 0, 7, 0x12, 0x34, 0x56, 0xFF, 0x27, 0x18, 0x28]);
        assert!(operation.allows(&pin(b"314159")) && !operation.allows(&pin(b"3141592")));
    }

    #[test]
    fn what_is_not_understood_is_none() {
        assert!(read(&message(1, 12)).is_none(), "it does not end by the enter key");
        assert!(read(&message(2, 11)).is_none(), "the length is wrong");
        assert!(read(&message(2, 12)[..HEAD - 1]).is_none());
    }
}
