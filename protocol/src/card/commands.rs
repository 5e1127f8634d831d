//! The card's commands as APDUs, typed (docs/card.md §1.6).
//!
//! Carrying a command out is not done here: a card slot carries it out, and [`super::records`] reads the answer.

use super::codes::IdentCode;
use super::files::{RID, SSSE_NAME};
use super::keys::{Cryptogram, Key};
use crate::iso7816::apdu::{Command, SHORT_NE_MAX};
use crate::iso7816::t0::GET_RESPONSE;

/// INS bytes of the commands.
pub mod ins {
    #![allow(missing_docs, reason = "the names are those of the norm")]
    pub const APPLICATION_BLOCK: u8 = 0x1E;
    pub const APPLICATION_UNBLOCK: u8 = 0x18;
    pub const CARD_BLOCK: u8 = 0x16;
    pub const VERIFY: u8 = 0x20;
    pub const PIN_UNBLOCK: u8 = 0x24;
    pub const PERFORM: u8 = 0x2A;
    pub const INITIALIZE_DEBIT: u8 = 0x50;
    pub const DEBIT: u8 = 0x54;
    pub const CHANGE_PIN: u8 = 0x5E;
    pub const EXTERNAL_AUTHENTICATE: u8 = 0x82;
    pub const GET_CHALLENGE: u8 = 0x84;
    pub const INTERNAL_AUTHENTICATE: u8 = 0x88;
    pub const SELECT: u8 = 0xA4;
    pub const READ_BINARY: u8 = 0xB0;
    pub const READ_RECORD: u8 = 0xB2;
    pub const HASH: u8 = 0xC4;
    pub const UPDATE_BINARY: u8 = 0xD6;
    pub const UPDATE_RECORD: u8 = 0xDC;
}

/// Selects the environment SSSE by name; the answer is its FCI, up to 256 bytes.
pub const fn select_environment() -> Command<'static> {
    Command::new(0, ins::SELECT, 0x04, 0).with_data(&SSSE_NAME).expecting(SHORT_NE_MAX)
}

/// Selects MF, a DF or an EF by its identifier (two bytes, big-endian).
pub const fn select_file(fid: &[u8; 2]) -> Command<'_> {
    Command::new(0, ins::SELECT, 0, 0).with_data(fid).expecting(SHORT_NE_MAX)
}

/// The AID of application 0 to 255 (DF01 is 0): RID and number.
pub const fn application_aid(number: u8) -> [u8; 6] {
    let [a, b, c, d, e] = RID;
    [a, b, c, d, e, number]
}

/// Reads record `number` (from 1) of the current file. `len` is the length of the value; tag and length come before the
/// value.
pub const fn read_record(number: u8, len: u8) -> Command<'static> {
    Command::new(0, ins::READ_RECORD, number, 0x04).expecting(len as usize + 2)
}

/// VERIFY with the PIN as packed digits, see [`super::pin::Pin::card_block`].
pub const fn verify(pin: &[u8]) -> Command<'_> {
    Command::new(0, ins::VERIFY, 0, 0).with_data(pin)
}

/// CHANGE PIN, PBOC form; `data` is the old PIN, FF and the new PIN, packed digits.
pub const fn change_pin(data: &[u8]) -> Command<'_> {
    Command::new(0x80, ins::CHANGE_PIN, 0x01, 0).with_data(data)
}

/// GET CHALLENGE for eight random bytes, which hold for the very next command only.
pub const fn get_challenge() -> Command<'static> {
    Command::new(0, ins::GET_CHALLENGE, 0, 0).expecting(8)
}

/// INTERNAL AUTHENTICATE with 16 bytes in the order of [`super::keys::InternalAuthOrder`]; the answer is an eight-byte
/// cryptogram.
pub const fn internal_authenticate(data: &[u8; 16]) -> Command<'_> {
    Command::new(0, ins::INTERNAL_AUTHENTICATE, 0, 0).with_data(data).expecting(8)
}

/// EXTERNAL AUTHENTICATE against key `key_id`; `data` is from [`external_auth_data`].
pub const fn external_authenticate(key_id: u8, data: &[u8; 16]) -> Command<'_> {
    Command::new(0, ins::EXTERNAL_AUTHENTICATE, 0, key_id).with_data(data)
}

/// The data of EXTERNAL AUTHENTICATE: the cryptogram, then the terminal's eight bytes.
pub fn external_auth_data(cryptogram: Cryptogram, terminal_bytes: [u8; 8]) -> [u8; 16] {
    join(cryptogram.0, terminal_bytes)
}

/// Sixteen bytes from two times eight.
pub const fn join(first: [u8; 8], second: [u8; 8]) -> [u8; 16] {
    let ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]) = (first, second);
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

/// The MAC to append to the data of a command under secure messaging. It covers the header, with the final Lc, and the
/// data.
pub fn secure_messaging_mac(key: &Key, challenge: [u8; 8], command: &Command<'_>) -> [u8; 4] {
    let lc = (command.data.len() + 4) as u8;
    key.mac(challenge, &[&[command.cla, command.ins, command.p1, command.p2, lc], command.data])
}

/// Whether a command with this INS carries data to the card: a T=0 card needs to know this to understand P3. An INS
/// that is not in the norm carries none, since the card refuses it after the header.
pub const fn takes_data(ins: u8) -> bool {
    matches!(
        ins,
        ins::APPLICATION_BLOCK
            | ins::APPLICATION_UNBLOCK
            | ins::CARD_BLOCK
            | ins::VERIFY
            | ins::PIN_UNBLOCK
            | ins::PERFORM
            | ins::HASH
            | ins::INITIALIZE_DEBIT
            | ins::DEBIT
            | ins::CHANGE_PIN
            | ins::EXTERNAL_AUTHENTICATE
            | ins::INTERNAL_AUTHENTICATE
            | ins::SELECT
            | ins::UPDATE_BINARY
            | ins::UPDATE_RECORD
    )
}

/// What the command does, in a few words for a trace.
pub fn describe(command: &Command<'_>) -> &'static str {
    match (command.ins, command.p1) {
        (ins::SELECT, _) if command.data == SSSE_NAME => "SELECT environment SSSE (sx1.sh.社会保障)",
        (ins::SELECT, 0x04) if command.data.starts_with(&IdentCode::PROVIDER) => "SELECT application by AID",
        (ins::SELECT, _) => "SELECT file",
        (ins::READ_RECORD, _) => "READ RECORD",
        (ins::UPDATE_RECORD, _) => "UPDATE RECORD",
        (ins::READ_BINARY, _) => "READ BINARY",
        (ins::UPDATE_BINARY, _) => "UPDATE BINARY",
        (ins::VERIFY, _) => "VERIFY PIN",
        (ins::CHANGE_PIN, 0x01) => "CHANGE PIN",
        (ins::CHANGE_PIN, _) => "RELOAD PIN",
        (ins::PIN_UNBLOCK, _) => "PIN UNBLOCK",
        (ins::PERFORM, 0x9E) => "PERFORM SECURITY OPERATION: sign",
        (ins::PERFORM, _) => "PERFORM SECURITY OPERATION",
        (ins::HASH, _) => "HASH",
        (ins::INITIALIZE_DEBIT, _) => "INITIALIZE DEBIT",
        (ins::DEBIT, _) => "DEBIT",
        (ins::APPLICATION_BLOCK, _) => "APPLICATION BLOCK",
        (ins::APPLICATION_UNBLOCK, _) => "APPLICATION UNBLOCK",
        (ins::CARD_BLOCK, _) => "CARD BLOCK",
        (ins::GET_CHALLENGE, _) => "GET CHALLENGE",
        (ins::INTERNAL_AUTHENTICATE, _) => "INTERNAL AUTHENTICATE",
        (ins::EXTERNAL_AUTHENTICATE, _) => "EXTERNAL AUTHENTICATE",
        (GET_RESPONSE, _) => "GET RESPONSE",
        _ => "unknown command",
    }
}

/// What P1, P2, the command's data and the response's data of a command are, in a few words for a trace; empty where the command
/// has none, or where data objects, a record or a file say it themselves.
pub const fn words(ins: u8) -> [&'static str; 4] {
    match ins {
        ins::SELECT => ["how to select", "which occurrence", "name or identifier", "file control information"],
        ins::READ_RECORD => ["record number", "how to read", "", "record"],
        ins::UPDATE_RECORD => ["record number", "how to write", "record", ""],
        ins::READ_BINARY => ["offset, high byte", "offset, low byte", "", "contents"],
        ins::UPDATE_BINARY => ["offset, high byte", "offset, low byte", "contents", ""],
        ins::VERIFY => ["P1", "which PIN", "PIN", ""],
        ins::CHANGE_PIN => ["change or reload", "which PIN", "PINs", ""],
        ins::PIN_UNBLOCK => ["P1", "which PIN", "PIN, enciphered", ""],
        ins::PERFORM => ["what the response is", "what the data is", "digest or cryptogram", "signature or plain data"],
        ins::HASH => ["P1", "P2", "data to hash", "hash"],
        ins::GET_CHALLENGE => ["P1", "P2", "", "challenge"],
        ins::INTERNAL_AUTHENTICATE => ["P1", "P2", "authentication data", "cryptogram"],
        ins::EXTERNAL_AUTHENTICATE => ["P1", "key identifier", "cryptogram and terminal's bytes", ""],
        GET_RESPONSE => ["P1", "P2", "", "response"],
        _ => ["P1", "P2", "command data", "response data"],
    }
}

/// The data objects in the answer to SELECT that have a name (docs/card.md §1.6, ISO/IEC 7816-4 clause 5.3.3).
pub const FCI_OBJECTS: [(u32, &str); 7] = [
    (0x6F, "file control information"),
    (0x84, "name of the file"),
    (0x88, "short identifier of the directory"),
    (0x50, "label"),
    (0x9F0C, "issuer's data"),
    (0x86, "algorithm"),
    (0xA5, "proprietary data"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;
    use std::vec::Vec;

    fn bytes(command: Command<'_>) -> Vec<u8> {
        command.encode(&mut [0; 300]).unwrap().to_vec()
    }

    /// docs/card.md §1.1, §1.6.
    #[test]
    fn bytes_are_those_of_section_1_6() {
        assert_eq!(bytes(select_environment()), hex!("00A404000F 7378312E73682EC9E7BBE1B1A3D5CF 00"));
        assert_eq!(bytes(select_file(&[0xEF, 0x05])), hex!("00A4000002EF05 00"));
        assert_eq!(bytes(read_record(1, 0x10)), hex!("00B2010412"));
        assert_eq!(bytes(verify(&hex!("123456"))), hex!("0020000003123456"));
        assert_eq!(bytes(change_pin(&hex!("123456FF271828"))), hex!("805E010007123456FF271828"));
        assert_eq!(bytes(get_challenge()), hex!("0084000008"));
        let data = hex!("00112233445566778899AABBCCDDEEFF");
        assert_eq!(bytes(internal_authenticate(&data))[..5], hex!("0088000010"));
        assert_eq!(bytes(external_authenticate(0x0A, &data))[..5], hex!("0082000A10"));
        assert_eq!(application_aid(0), hex!("D15600000500"));
    }
}
