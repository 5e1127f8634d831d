//! The Pico's image as a USB reader in rp2040js: Debian's unmodified pcscd and libccid drive it, and programs of others read the virtual
//! card in its slot, key a PIN on its keypad, and see the card come and go. Raw messages do what no sound host does.

#[path = "ccid/programs.rs"]
mod programs;
#[path = "ccid/raw.rs"]
mod raw;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_sim::card::contact::ContactCard;
use qiyong_tests::sample_card;
use qiyong_tests::usb_board::MakesCard;

/// What `cargo xtask firmware` makes.
fn image() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../target/arm/thumbv6m-none-eabi/firmware/qiyong-pico"].iter().collect()
}

/// A sample card that speaks this protocol.
fn card(generation: Generation, protocol: u8) -> MakesCard {
    let new = NewCard { protocol, ..sample_card(generation) };
    Box::new(move || {
        let card = make_card(&new, &Hsm::test_keys()).expect("a card that can be made");
        Rc::new(RefCell::new(ContactCard::new(card)))
    })
}
