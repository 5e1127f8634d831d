//! PINs that a holder keys on a reader's keypad for a program, which never sees them (PC/SC part 10): the card gets the command with
//! the PINs in it. What a program asks for is read as the firmware's own reader does (CCID 1.1 sections 6.1.11 and 6.1.12).

use std::sync::Arc;
use std::time::Duration;

use qiyong_firmware::ccid::pin::PinOperation;
use qiyong_firmware::terminal::WhichPin;
use zeroize::Zeroizing;

use super::client::Client;
use super::keypad::{Entry, KEYING_MAX, Keypad, Unkeyed};
use crate::codes::Rv;

/// Header, Lc and 255 bytes of data.
const COMMAND_MAX: usize = 5 + 255;

/// What is to be done with PINs. The numbers are those of the class CCID.
#[derive(Clone, Copy)]
pub(super) enum What {
    /// FEATURE_VERIFY_PIN_DIRECT: the card verifies the PIN.
    Verify = 0,
    /// FEATURE_MODIFY_PIN_DIRECT: the card gets the present PIN and the new one.
    Modify = 1,
}

/// What answers a control message.
pub(super) enum Reply {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The card's answer to this command.
    OfCard(Command),
}

/// A command with a PIN in it; erased when dropped.
pub(super) type Command = Zeroizing<Vec<u8>>;

/// Takes the PINs, and builds the command with them.
pub(super) fn carry_out(what: What, keypad: &Keypad, client: &Arc<Client>, message: &[u8]) -> Result<Reply, Rv> {
    let operation = read(what, message).ok_or(Rv::INVALID_PARAMETER)?;
    let patience = Duration::from_secs(operation.patience_s.into()).min(KEYING_MAX);
    let mut entry = Entry::begin(keypad, client, patience, operation.asks().count())?;
    let says = |sw: u16| Ok(Reply::Bytes(sw.to_be_bytes().to_vec()));
    let (mut present, mut new, mut again) = (None, None, None);
    for which in operation.asks() {
        let pin = match entry.pin() {
            Ok(pin) if operation.allows(&pin) => pin,
            Ok(_) => return says(0x6403),
            Err(Unkeyed::TimedOut) => return says(0x6400),
            Err(Unkeyed::Cancelled) => return says(0x6401),
            Err(Unkeyed::Gone) => return Err(Rv::READER_UNAVAILABLE),
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

/// PIN_VERIFY_STRUCTURE and PIN_MODIFY_STRUCTURE (PC/SC part 10 clauses 2.5.2 and 2.5.3). They have a second time-out and the command's
/// length, which the message of the class has not; one that changes a PIN has always three indices.
fn read(what: What, message: &[u8]) -> Option<PinOperation> {
    // How many bytes stand before the command, and where bEntryValidationCondition is among them.
    let (head, condition) = match what {
        What::Verify => (19, 7),
        What::Modify => (24, 10),
    };
    let (head, apdu) = message.split_at_checked(head)?;
    // The enter key must be one of the conditions that end the entry.
    let ends_by_enter = head.get(condition)? & 2 != 0;
    let (fields, said) = head.split_last_chunk::<4>()?;
    (u32::from_le_bytes(*said) as usize == apdu.len() && ends_by_enter).then_some(())?;
    let (time, fields) = fields.split_first_chunk::<2>()?;
    let mut class = [&[what as u8, time[0]][..], fields, apdu].concat();
    if let (What::Modify, Some(messages)) = (what, class.get_mut(condition + 1)) {
        *messages = 3;
    }
    PinOperation::read(&class).ok()
}

#[cfg(test)]
mod tests {
    use qiyong_protocol::card::pin::Pin;

    use super::*;

    fn pin(digits: &[u8]) -> Pin {
        Pin::new(digits).unwrap()
    }

    fn verification(seconds: u8, format: u8, block: u8, condition: u8, apdu: &[u8]) -> Vec<u8> {
        let mut message = vec![seconds, 0, format, block, 0, 12, 4, condition, 1, 0x04, 0x08, 0, 0, 0, 0];
        message.extend((apdu.len() as u32).to_le_bytes());
        message.extend(apdu);
        message
    }

    /// The command of a verification.
    fn command(format: u8, block: u8, apdu: &[u8], digits: &[u8]) -> Option<Vec<u8>> {
        let operation = read(What::Verify, &verification(30, format, block, 2, apdu)).expect("understood");
        assert!(operation.asks().eq([WhichPin::Present]));
        let mut command = [0; COMMAND_MAX];
        let len = operation.command(Some(&pin(digits)), None, &mut command).ok()?;
        operation.allows(&pin(digits)).then(|| command[..len].to_vec())
    }

    #[test]
    fn the_pin_stands_where_the_program_says_and_lc_counts_it() {
        // Packed digits, as many as there are.
        assert_eq!(command(0x81, 0, &[0, 0x20, 0, 0, 0], b"123456"), Some(vec![0, 0x20, 0, 0, 3, 0x12, 0x34, 0x56]));
        assert_eq!(command(0x81, 0, &[0, 0x20, 0, 0, 0], b"12345"), Some(vec![0, 0x20, 0, 0, 3, 0x12, 0x34, 0x5F]));
        // ASCII in a block of eight, filled by the program.
        let template = [&[0, 0x20, 0, 1, 8][..], &[0xFF; 8]].concat();
        let expected = [&[0, 0x20, 0, 1, 8][..], b"1234\xFF\xFF\xFF\xFF"].concat();
        assert_eq!(command(0x82, 8, &template, b"1234"), Some(expected));
        // Packed, after one byte of control information.
        let template = [&[0, 0x20, 0, 1, 8, 0x2C][..], &[0xFF; 7]].concat();
        let expected = [&[0, 0x20, 0, 1, 8, 0x2C, 0x12, 0x34, 0x5F][..], &[0xFF; 4]].concat();
        assert_eq!(command(0x89, 7, &template, b"12345"), Some(expected));
    }

    #[test]
    fn a_pin_of_another_length_than_asked_for_is_refused() {
        assert_eq!(command(0x81, 0, &[0, 0x20, 0, 0, 0], b"1234567890123"), None);
        // Longer than the block.
        assert_eq!(command(0x82, 5, &[&[0, 0x20, 0, 1, 8][..], &[0xFF; 8]].concat(), b"123456"), None);
    }

    fn modification(seconds: u8, condition: u8, len: u32) -> Vec<u8> {
        let mut message = vec![seconds, 0, 0x81, 3, 0, 0, 4, 6, 6, 3, condition, 3, 0x04, 0x08, 0, 1, 2, 0, 0, 0];
        message.extend(len.to_le_bytes());
        message.extend([0x80, 0x5E, 1, 0, 7, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        message
    }

    #[test]
    fn both_pins_stand_where_the_program_says() {
        // Whatever it says of messages, there are three indices.
        for messages in [0, 1, 3] {
            let mut message = modification(30, 2, 12);
            message[11] = messages;
            let operation = read(What::Modify, &message).unwrap();
            assert!(operation.asks().eq([WhichPin::Present, WhichPin::New, WhichPin::NewAgain]));
            let mut command = [0; COMMAND_MAX];
            let len = operation.command(Some(&pin(b"123456")), Some(&pin(b"271828")), &mut command).unwrap();
            assert_eq!(command[..len], [0x80, 0x5E, 1, 0, 7, 0x12, 0x34, 0x56, 0xFF, 0x27, 0x18, 0x28]);
            assert!(operation.allows(&pin(b"314159")) && !operation.allows(&pin(b"3141592")));
        }
    }

    #[test]
    fn what_is_not_understood_is_none() {
        let verify = [0, 0x20, 0, 0, 0];
        for (what, whole, no_enter, head) in [
            (What::Verify, verification(30, 0x81, 0, 2, &verify), verification(30, 0x81, 0, 1, &verify), 19),
            (What::Modify, modification(30, 2, 12), modification(30, 1, 12), 24),
        ] {
            assert!(read(what, &whole).is_some());
            assert!(read(what, &no_enter).is_none(), "it does not end by the enter key");
            (0..whole.len()).for_each(|len| assert!(read(what, &whole[..len]).is_none(), "{len}"));
            let mut wrong = whole.clone();
            wrong[head - 4] += 1;
            assert!(read(what, &wrong).is_none(), "the length is wrong");
            let mut wrong = whole;
            wrong[2] |= 3;
            assert!(read(what, &wrong).is_none(), "no such digits");
        }
    }

    #[test]
    fn a_program_that_leaves_the_time_to_the_reader_has_as_much_for_both() {
        let verify = read(What::Verify, &verification(0, 0x81, 0, 2, &[0, 0x20, 0, 0, 0])).unwrap();
        let modify = read(What::Modify, &modification(0, 2, 12)).unwrap();
        assert_eq!([verify.patience_s, modify.patience_s].map(|s| Duration::from_secs(s.into())), [KEYING_MAX; 2]);
    }
}
