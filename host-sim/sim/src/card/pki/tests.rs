//! The PKI application, command by command (docs/card.md §1.12, §1.8).

use std::path::Path;

use qiyong_pki::application::{
    self, APPLICATION, ENCRYPTION_KEY, ENVIRONMENT, KEY_HEAD, PinKey, SIGN_CERTIFICATE, SIGN_KEY,
};
use qiyong_pki::certificate::{CERTIFICATE_MAX, Certificate};
use qiyong_pki::issuer::TestCa;
use qiyong_pki::key::{Signature, hash};
use qiyong_protocol::card::codes::{CardNumber, IdNumber, Region};
use qiyong_protocol::card::commands;
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::{Generation, key};
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::keys::{Algorithm, CardKeys, Key, Scheme};
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::iso7816::sw::StatusWord;

use super::Pki;
use crate::card::os::{Blocked, PinState, VirtualCard};

const SIGNED: &[u8] = b"a settlement";

fn pin(text: &str) -> Pin {
    Pin::new(text.as_bytes()).unwrap()
}

fn card_with_serial(serial: u32) -> VirtualCard {
    let new = NewCard {
        generation: Generation::V3,
        number: CardNumber::new_checked(b"X00000019").unwrap(),
        id_number: IdNumber::new(b"111111198101011110").unwrap(),
        holder: crate::gbk::name("张三").unwrap(),
        area: Region::new("320100").unwrap(),
        issued: Date::new(2026, 1, 1).unwrap(),
        expires: Date::new(2036, 1, 1).unwrap(),
        pin: pin("271828"),
        pin_tries: 3,
        convention: Convention::Direct,
        protocol: 0,
        serial,
        genuine: true,
    };
    let own = |number: u8| Key::new(Algorithm::Sm4, [number ^ serial as u8; 16]);
    let mut keys = CardKeys { irk: own(1), puk: own(2), stk: own(3), external: Default::default() };
    key::EXTERNAL.iter().for_each(|id| keys.external.push((*id, own(*id))).unwrap());
    let state = PinState { value: new.pin.clone(), tries: 3, left: 3 };
    let pki = Pki::of(&new, &keys).unwrap();
    let mut card = VirtualCard::blank(Generation::V3, vec![0x3B, 0x00], keys, state, Scheme::default(), 1);
    card.pki = Some(Box::new(pki));
    card
}

/// A card whose application is selected.
fn card() -> VirtualCard {
    let mut card = card_with_serial(1);
    enter(&mut card);
    card
}

fn enter(card: &mut VirtualCard) {
    for name in [&ENVIRONMENT, &APPLICATION] {
        assert_eq!(card.process(&application::select(name)).1, StatusWord::OK);
    }
}

fn select(card: &mut VirtualCard, fid: u16) -> StatusWord {
    card.process(&commands::select_file(&fid.to_be_bytes())).1
}

fn challenge(card: &mut VirtualCard) -> [u8; 16] {
    card.process(&application::get_challenge()).0.try_into().unwrap()
}

fn verify(card: &mut VirtualCard, text: &str) -> StatusWord {
    let challenge = challenge(card);
    card.process(&application::verify(&PinKey::new(&pin(text)).answer(&challenge))).1
}

fn sign(card: &mut VirtualCard) -> (Vec<u8>, StatusWord) {
    let digest = card.pki.as_ref().unwrap().sign_key.public().digest(SIGNED);
    card.process(&application::sign(&digest))
}

/// All bytes of the selected file.
fn read(card: &mut VirtualCard) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        match card.process(&application::read_binary(bytes.len() as u16)) {
            (part, StatusWord::OK) => bytes.extend(part),
            (_, sw) => {
                assert_eq!(sw, StatusWord::WRONG_OFFSET);
                return bytes;
            }
        }
    }
}

#[test]
fn it_signs_for_who_knows_the_pin() {
    let mut card = card();
    assert_eq!(sign(&mut card).1, StatusWord::SECURITY_NOT_SATISFIED);
    assert_eq!(verify(&mut card, "271828"), StatusWord::OK);
    let (signature, sw) = sign(&mut card);
    assert_eq!(sw, StatusWord::OK);
    assert_eq!(select(&mut card, SIGN_KEY), StatusWord::OK);
    let bytes = read(&mut card);
    let coordinates = bytes.strip_prefix(&KEY_HEAD).unwrap();
    let key = qiyong_pki::key::PublicKey::from_coordinates(coordinates.try_into().unwrap()).unwrap();
    assert_eq!(key.verify(SIGNED, &Signature(signature.try_into().unwrap())), Ok(()));
    assert_eq!(select(&mut card, SIGN_CERTIFICATE), StatusWord::OK);
    let file = read(&mut card);
    assert_eq!(file.len(), CERTIFICATE_MAX);
    let certificate = Certificate::from_der(&file[..Certificate::length_in(&file).unwrap()]).unwrap();
    assert_eq!(certificate.key(), &key);
    assert_eq!(certificate.is_issued_by(&TestCa::default().key()), Ok(()));
}

#[test]
fn it_opens_what_was_sealed_to_its_other_key() {
    let mut card = card();
    let (sign_key, public) = {
        let pki = card.pki.as_ref().unwrap();
        (pki.sign_key.public(), pki.encryption_key.public())
    };
    let mut random = <rand_chacha::ChaCha8Rng as rand_core::SeedableRng>::from_seed([1; 32]);
    let sealed = |key: &qiyong_pki::key::PublicKey, random: &mut rand_chacha::ChaCha8Rng| {
        [vec![0x00], key.seal(b"sixteen bytes...", random).unwrap()].concat()
    };
    let data = sealed(&public, &mut random);
    assert_eq!(card.process(&application::decipher(&data)).1, StatusWord::SECURITY_NOT_SATISFIED);
    assert_eq!(verify(&mut card, "271828"), StatusWord::OK);
    assert_eq!(card.process(&application::decipher(&data)), (b"sixteen bytes...".to_vec(), StatusWord::OK));
    for bad in [&data[1..], &data[..data.len() - 1], &sealed(&sign_key, &mut random)[..], &[]] {
        assert_eq!(card.process(&application::decipher(bad)), (vec![], StatusWord::WRONG_DATA));
    }
}

#[test]
fn wrong_pins_lock_it_and_not_the_cards_own() {
    let mut card = card();
    for left in [2, 1] {
        assert_eq!(verify(&mut card, "111222"), StatusWord::tries_left(left));
    }
    assert_eq!(verify(&mut card, "271828"), StatusWord::OK, "a right one gives the tries back");
    for left in [2, 1, 0] {
        assert_eq!(verify(&mut card, "111222"), StatusWord::tries_left(left));
        assert_eq!(sign(&mut card).1, StatusWord::SECURITY_NOT_SATISFIED, "a wrong one ends the right");
    }
    assert_eq!(verify(&mut card, "271828"), StatusWord::BLOCKED);
    assert_eq!(card.pin.left, 3);
    let challenge = challenge(&mut card);
    let data = PinKey::new(&pin("271828")).change(&challenge, &pin("314159"));
    assert_eq!(card.process(&application::change_pin(&data)).1, StatusWord::BLOCKED);
    // The card's PIN, for its part, locks nothing here.
    let mut other = card_with_serial(2);
    other.pin.left = 0;
    enter(&mut other);
    assert_eq!(verify(&mut other, "271828"), StatusWord::OK);
}

#[test]
fn a_challenge_holds_for_the_next_command_only() {
    let mut card = card();
    let challenge = challenge(&mut card);
    let answer = PinKey::new(&pin("271828")).answer(&challenge);
    assert_eq!(select(&mut card, SIGN_KEY), StatusWord::OK);
    assert_eq!(card.process(&application::verify(&answer)).1, StatusWord::NO_CHALLENGE);
    assert_eq!(verify(&mut card, "271828"), StatusWord::OK);
    assert_eq!(card.process(&application::verify(&answer)).1, StatusWord::NO_CHALLENGE, "and once");
    assert_eq!(card.pki.as_ref().unwrap().pin.left, 3, "none of this cost a try");
    // Eight bytes are filled up with zeros, as another client does.
    let (short, _) = card.process(&commands::get_challenge());
    let filled: [u8; 16] = [short, vec![0; 8]].concat().try_into().unwrap();
    let answer = PinKey::new(&pin("271828")).answer(&filled);
    assert_eq!(card.process(&application::verify(&answer)).1, StatusWord::OK);
}

#[test]
fn a_pin_is_changed_under_the_old_one() {
    let mut card = card();
    let change = |card: &mut VirtualCard, old: &str, new: &str| {
        let challenge = challenge(card);
        card.process(&application::change_pin(&PinKey::new(&pin(old)).change(&challenge, &pin(new)))).1
    };
    assert_eq!(change(&mut card, "111222", "314159"), StatusWord::tries_left(2));
    assert_eq!(change(&mut card, "271828", "3141592"), StatusWord::OK);
    assert_eq!(verify(&mut card, "271828"), StatusWord::tries_left(2));
    assert_eq!(verify(&mut card, "3141592"), StatusWord::OK);
    assert!(!card.took_new_pin(), "the card's own PIN is the same");
    assert!(card.pin.value == pin("271828"));
}

#[test]
fn another_selection_ends_the_right() {
    let mut card = card();
    assert_eq!(verify(&mut card, "271828"), StatusWord::OK);
    assert_eq!(card.process(&commands::select_environment()).1, StatusWord::OK);
    assert_eq!(sign(&mut card).1, StatusWord::UNKNOWN_INS, "it is another application's command");
    enter(&mut card);
    assert_eq!(sign(&mut card).1, StatusWord::SECURITY_NOT_SATISFIED);
    assert_eq!(verify(&mut card, "271828"), StatusWord::OK);
    card.reset();
    assert_eq!(select(&mut card, SIGN_KEY), StatusWord::FILE_NOT_FOUND);
    // The card's own PIN opens nothing here, and this one nothing there.
    assert_eq!(card.process(&commands::verify(pin("271828").card_block().as_bytes())).1, StatusWord::OK);
    enter(&mut card);
    assert_eq!(sign(&mut card).1, StatusWord::SECURITY_NOT_SATISFIED);
}

#[test]
fn bad_commands_have_their_words_and_cost_nothing() {
    let mut card = card();
    assert_eq!(verify(&mut card, "271828"), StatusWord::OK);
    let sixteen = [0; 16];
    let perform = |p1, p2| Command::new(0, commands::ins::PERFORM, p1, p2);
    for (command, sw) in [
        (application::sign(&[0; 32]).with_data(&[0; 31]), StatusWord::WRONG_LENGTH),
        (perform(0x9E, 0x9B).with_data(&sixteen), StatusWord::WRONG_P1_P2),
        (application::verify(&sixteen).with_data(&[0; 3]), StatusWord::WRONG_LENGTH),
        (application::verify(&sixteen), StatusWord::NO_CHALLENGE),
        (Command::new(0, 0x20, 0, 0).with_data(&[0x27, 0x18, 0x28]), StatusWord::WRONG_P1_P2),
        (Command::new(0, 0x20, 1, 0).with_data(&sixteen), StatusWord::KEY_NOT_FOUND),
        (commands::select_file(&[0x00, 0x13]), StatusWord::FILE_NOT_FOUND),
        (application::read_binary(0), StatusWord::NO_CURRENT_FILE),
        (Command::new(0x00, 0xB2, 1, 4).expecting(18), StatusWord::UNKNOWN_INS),
        (Command::new(0xF0, 0x2A, 0, 0), StatusWord::UNKNOWN_CLA),
        (Command::new(0x80, 0xC4, 1, 3).with_data(&[0xC1, 4, 0]), StatusWord::WRONG_DATA),
    ] {
        assert_eq!(card.process(&command), (vec![], sw), "{command:?}");
    }
    // The card hashes, too: a client takes the PIN's key so.
    let data = [0xC1, 3, 0x12, 0x34, 0x56];
    let (digest, _) = card.process(&Command::new(0x80, 0xC4, 1, 3).with_data(&data).expecting(32));
    assert_eq!(digest, hash(&[0x12, 0x34, 0x56]));
    card.blocked = Blocked::Application;
    assert_eq!(sign(&mut card).1, StatusWord::SELECTED_INVALIDATED);
    assert_eq!(card.process(&application::select(&ENVIRONMENT)).1, StatusWord::SELECTED_INVALIDATED);
    card.blocked = Blocked::Card;
    assert_eq!(card.process(&application::select(&ENVIRONMENT)).1, StatusWord::NOT_SUPPORTED);
}

/// Every command with every file selected: neither secret key is in any answer, nor a quarter of it.
#[test]
fn no_answer_has_a_secret_key() {
    let mut card = card();
    assert_eq!(verify(&mut card, "271828"), StatusWord::OK);
    let pki = card.pki.clone().unwrap();
    let secrets = [pki.sign_key.expose(), pki.encryption_key.expose()];
    let mut answers = Vec::new();
    for low in 0..=0xFF {
        if select(&mut card, low) == StatusWord::OK {
            answers.extend(read(&mut card));
        }
        for (cla, ins) in [(0x00, low as u8), (0x80, low as u8)] {
            let command = Command::new(cla, ins, 0, 0).expecting(256);
            if ins != 0xA4 {
                answers.extend(card.process(&command).0);
            }
        }
    }
    assert!(answers.len() > 2 * CERTIFICATE_MAX);
    for secret in secrets {
        for part in secret.chunks(8) {
            assert!(!answers.windows(8).any(|bytes| bytes == part));
        }
    }
}

#[test]
fn a_certificate_is_replaced_by_who_knows_the_pin() {
    let mut card = card();
    let old = card.pki.as_ref().unwrap().sign_certificate.clone();
    let update = |offset: u16, data| {
        let [high, low] = offset.to_be_bytes();
        Command::new(0, 0xD6, high, low).with_data(data)
    };
    assert_eq!(select(&mut card, SIGN_CERTIFICATE), StatusWord::OK);
    assert_eq!(card.process(&update(0, &[0x30])).1, StatusWord::SECURITY_NOT_SATISFIED);
    assert_eq!(verify(&mut card, "271828"), StatusWord::OK);
    // In parts of 112 bytes, as a client writes it.
    let new: Vec<u8> = (0..700).map(|at| at as u8).collect();
    for (number, part) in (0..).zip(new.chunks(0x70)) {
        assert_eq!(card.process(&update(number * 0x70, part)).1, StatusWord::OK);
    }
    assert_eq!(read(&mut card)[..700], new);
    assert!(old.len() < 700, "else its end would still be there");
    assert_eq!(card.pki.as_ref().unwrap().sign_certificate, new);
    assert_eq!(card.process(&update(2047, &[1, 2])).1, StatusWord::WRONG_OFFSET);
    assert_eq!(select(&mut card, ENCRYPTION_KEY), StatusWord::OK);
    assert_eq!(card.process(&update(0, &[0x30])).1, StatusWord::SECURITY_NOT_SATISFIED, "a key is never written");
}

#[test]
fn a_card_keeps_it_in_its_file_and_an_old_file_has_none() {
    let mut card = card_with_serial(3);
    card.pki.as_mut().unwrap().pin.left = 1;
    // The environment's records must be what their tags require.
    let text = card.to_toml();
    let path = Path::new("card.toml");
    let again = VirtualCard::from_toml(&text, path).unwrap();
    assert_eq!(again.to_toml(), text);
    let (one, two) = (card.pki.as_ref().unwrap(), again.pki.as_ref().unwrap());
    assert_eq!((&one.sign_key, &one.encryption_key), (&two.sign_key, &two.encryption_key));
    assert_eq!(two.pin.left, 1);
    // As programs before this one wrote it.
    let start = text.find("\n[pki]").unwrap();
    let end = text[start + 1..].find("\n[files").map_or(text.len(), |at| start + 1 + at);
    let old = format!("{}{}", &text[..start], &text[end..]);
    let mut old = VirtualCard::from_toml(&old, path).unwrap();
    assert!(old.pki.is_none());
    for name in [&ENVIRONMENT, &APPLICATION] {
        assert_eq!(old.process(&application::select(name)).1, StatusWord::FILE_NOT_FOUND);
    }
    // What is wrong is named, and what stands there is not.
    for (from, to, words) in [
        ("sign_key = \"", "sign_key = \"00", "`pki.sign_key` must be 64 hex digits"),
        ("sign_certificate = \"", "sign_certificate = \"0", "`pki.sign_certificate` must be hex"),
        ("left = 1\n", "left = 4\n", "`pki.pin.tries` must be 1 to 15"),
    ] {
        let changed = text.replacen(from, to, 1);
        let error = VirtualCard::from_toml(&changed, path).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn keys_follow_from_the_card_and_differ_from_card_to_card() {
    let keys = |serial| {
        let pki = card_with_serial(serial).pki.unwrap();
        (pki.sign_key, pki.encryption_key, pki.sign_certificate)
    };
    assert_eq!(keys(1), keys(1));
    let (one, two) = (keys(1), keys(2));
    assert!(one.0 != two.0 && one.1 != two.1 && one.0 != one.1 && one.2 != two.2);
}
