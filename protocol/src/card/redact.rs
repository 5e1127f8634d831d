//! Which bytes of an APDU a log or trace must not show: PINs, new keys, the ID number, and what stands in it.
//!
//! No PIN, key or whole ID number reaches a log or trace (docs/design.md §1, invariant 4). The decoded trace and the
//! character trace both ask here.

use core::ops::Range;

use super::commands::ins;
use super::files::tag;
use crate::iso7816::apdu::Command;
use crate::iso7816::t0::GET_RESPONSE;

/// The commands whose data field holds a PIN (docs/card.md §1.6, §1.12).
const PIN_COMMANDS: [u8; 4] = [ins::VERIFY, ins::CHANGE_PIN, ins::PIN_UNBLOCK, ins::HASH];

/// What HASH and PERFORM answer: of a PIN, from which it is soon guessed, and an opened key.
const SECRET_ANSWERS: [usize; 2] = [32, 16];
/// The first byte of file control information.
const FCI: u8 = 0x6F;

/// The records that are hidden, with their length: the ID number, and what its hidden middle can be made of again.
const PERSONAL: [(u8, u8); 5] =
    [(tag::ID_NUMBER, 18), (tag::SEX, 1), (tag::BIRTHPLACE, 3), (tag::BIRTH_DATE, 4), (tag::HOUSEHOLD_REGION, 3)];

/// Whether the record of this tag says something that stands in the hidden middle of the ID number: the birth date, the
/// sex, or most of the region. With all three only nine numbers are left.
pub const fn stands_in_id_number(tag: u8) -> bool {
    matches!(tag, tag::SEX | tag::BIRTHPLACE | tag::BIRTH_DATE | tag::HOUSEHOLD_REGION)
}

/// The range of a command's data field to hide, by INS and data.
pub fn command_secret(ins: u8, data: &[u8]) -> Range<usize> {
    match ins {
        ins if PIN_COMMANDS.contains(&ins) => 0..data.len(),
        ins::UPDATE_BINARY => 0..data.len(),
        ins::UPDATE_RECORD => personal(data),
        _ => 0..0,
    }
}

/// Whether all that the card answers to this command is hidden: hashes of PINs, and keys that it opens.
pub const fn answer_is_secret(ins: u8) -> bool {
    matches!(ins, ins::HASH | ins::PERFORM)
}

/// The range of a response's data field to hide, by the INS of the command and the data.
pub fn response_secret(ins: u8, data: &[u8]) -> Range<usize> {
    match (ins, data) {
        (ins::READ_RECORD, _) => personal(data),
        // GET RESPONSE fetches a record that the card announced with 61xx.
        (GET_RESPONSE, [tag, len, ..]) if PERSONAL.contains(&(*tag, *len)) => personal(data),
        (ins, _) if answer_is_secret(ins) => 0..data.len(),
        // The same, fetched; a data object or record of this length is none of them. While only the first byte is known, that of
        // file control information is shown.
        (GET_RESPONSE, [first, len, ..])
            if SECRET_ANSWERS.contains(&data.len()) && usize::from(*len) + 2 != data.len() =>
        {
            usize::from(*first == FCI)..data.len()
        }
        _ => 0..0,
    }
}

/// [`command_secret`] of a whole command.
pub fn secret_of(command: &Command<'_>) -> Range<usize> {
    command_secret(command.ins, command.data)
}

/// The middle of an ID number record: the first three and last two characters of the number may be shown. The whole of
/// what stands in it.
fn personal(record: &[u8]) -> Range<usize> {
    match record {
        [tag::ID_NUMBER, ..] => record.len().min(5)..record.len().saturating_sub(2).max(5).min(record.len()),
        [tag, ..] if stands_in_id_number(*tag) => record.len().min(2)..record.len(),
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_an_id_number_is_hidden_and_a_pin_wholly() {
        let mut record = [0x30; 20];
        [record[0], record[1]] = [tag::ID_NUMBER, 18];
        assert_eq!(response_secret(ins::READ_RECORD, &record), 5..18);
        assert_eq!(response_secret(ins::READ_RECORD, &record[..4]), 4..4);
        record[0] = tag::NAME;
        assert_eq!(response_secret(ins::READ_RECORD, &record), 0..0);
        for (tag, len) in PERSONAL.into_iter().filter(|(tag, _)| stands_in_id_number(*tag)) {
            let record = [tag, len, 1, 2, 3, 4];
            let whole = 2..2 + usize::from(len);
            assert_eq!(response_secret(ins::READ_RECORD, &record[..whole.end]), whole);
            assert_eq!(response_secret(GET_RESPONSE, &record[..whole.end]), whole);
            assert_eq!(command_secret(ins::UPDATE_RECORD, &record[..whole.end]), whole);
        }
        assert_eq!(response_secret(GET_RESPONSE, &[tag::SEX, 9, 1]), 0..0);
        assert_eq!(command_secret(0x20, &[0x12, 0x34, 0x56]), 0..3);
    }

    #[test]
    fn what_is_hashed_and_opened_is_hidden() {
        assert_eq!(command_secret(ins::HASH, &[0xC1, 3, 0x12, 0x34, 0x56]), 0..5);
        let bytes = [0x5A; 64];
        for length in SECRET_ANSWERS {
            assert_eq!(response_secret(ins::HASH, &bytes[..length]), 0..length);
            assert_eq!(response_secret(ins::PERFORM, &bytes[..length]), 0..length);
            assert_eq!(response_secret(GET_RESPONSE, &bytes[..length]), 0..length);
            let mut record = bytes;
            record[1] = length as u8 - 2;
            assert_eq!(response_secret(GET_RESPONSE, &record[..length]), 0..0);
            [record[0], record[1]] = [FCI, 0];
            assert_eq!(response_secret(GET_RESPONSE, &record[..length]), 1..length);
        }
        assert_eq!(response_secret(GET_RESPONSE, &bytes), 0..0, "a signature");
    }
}
