//! Where PINs, keys and full ID numbers may not be (docs/design.md §1, invariant 4): visits with secrets that chance
//! does not make, and then a search of everything that is left of them. Each search is first shown to find what was
//! planted there.

#[path = "secrets/board.rs"]
mod board;
#[path = "secrets/files.rs"]
mod files;
#[path = "secrets/process.rs"]
mod process;

use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::codes::IdNumber;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_tests::sample_card;
use qiyong_tests::secrets::{Found, Secret, search};

/// The card's PIN, what is keyed wrongly for it, and the holder's new one.
const PIN: &str = "592038471605";
const WRONG: &str = "846157203948";
const NEW_PIN: &str = "730461952817";
/// The first 17 characters of the holder's number.
const HOLDER: &str = "32010619860723164";

/// The holder's number, with its check character.
fn id_number() -> IdNumber {
    let number = |check: u8| IdNumber::new(&[HOLDER.as_bytes(), &[check]].concat()).ok();
    b"0123456789X".iter().find_map(|check| number(*check)).expect("one of them is right")
}

/// A card that speaks this protocol.
fn card(generation: Generation, protocol: u8) -> NewCard {
    let pin = Pin::new(PIN.as_bytes()).expect("twelve digits");
    let convention = Convention::Direct;
    NewCard { protocol, convention, pin, id_number: id_number(), ..sample_card(generation) }
}

/// What may be nowhere once a visit is over.
fn pins() -> Vec<Secret> {
    vec![Secret::pin("PIN", PIN), Secret::pin("wrong PIN", WRONG), Secret::pin("new PIN", NEW_PIN)]
}

/// The card's keys, which only the card and the centre's security module have.
fn card_keys(new: &NewCard) -> Vec<Secret> {
    let keys = Hsm::test_keys().issue(new).expect("a card").keys;
    let keys = [("IRK", keys.irk.expose()), ("PUK", keys.puk.expose()), ("STK", keys.stk.expose())];
    keys.into_iter().map(|(name, key)| Secret::bytes(name, key)).collect()
}

/// The holder's number.
fn holder() -> Secret {
    Secret::text("ID number", std::str::from_utf8(id_number().as_bytes()).expect("ASCII"))
}

/// Every form of every secret, planted among other bytes, is found by the search.
#[test]
fn the_search_finds_every_form_of_every_secret() {
    let secrets: Vec<Secret> =
        pins().into_iter().chain(card_keys(&card(Generation::V3, 0))).chain([holder()]).collect();
    let mut planted = 0;
    for secret in &secrets {
        for (form, bytes) in secret.forms() {
            let found = search(&[&[7; 1000], bytes, &[9; 1000]].concat(), &secrets);
            let is_it = |one: &Found| (one.name, one.form) == (secret.name, form) && one.at == 1000;
            assert!(found.iter().any(is_it), "{} as {form}: {found:?}", secret.name);
            planted += 1;
        }
    }
    assert_eq!(search(&[0; 4096], &secrets), []);
    println!("{planted} forms of {} secrets, each found", secrets.len());
}
