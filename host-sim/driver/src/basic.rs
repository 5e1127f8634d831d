//! iReadCardBas and its steps with a security module (docs/card.md §1.9, docs/driver.md §A.3).
//!
//! A card of version 3.00 shows who its holder is only after an external authentication. Without a PSAM the caller takes it
//! to a security module: step 1 gives the module's input, step 2 takes its result.

use qiyong_protocol::card::files::{EF05, EF06, Format, Generation, key, tag};
use qiyong_protocol::card::psam::READ_SSSE;
use zeroize::Zeroizing;

use crate::answer::{Answer, without_filling};
use crate::card::Powered;
use crate::code::Code;
use crate::failure::Failure;
use crate::hsm::Waiting;
use crate::psam::{Psam, with_terminal};
use crate::settings::Settings;

/// iReadCardBas. Of a card of version 3.00 it gives nothing without a PSAM, not even the fields that are free: what a
/// caller gets with result 0 is complete. A PSAM that is there tells the terminal's number for any card.
pub(crate) fn read(settings: &Settings) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut card = Powered::new(settings)?;
    match card.generation {
        Generation::V1 | Generation::V2 => fields(&mut card, &with_terminal(settings)),
        Generation::V3 => {
            let mut psam = Psam::open(settings, &card)?;
            psam.authenticate(&mut card, READ_SSSE, key::READ_SSSE)?;
            card.select(EF05)?;
            fields(&mut card, &psam.named(settings))
        }
    }
}

/// iReadCardBas_HSM_Step1.
pub(crate) fn step_1(settings: &Settings) -> Result<(Waiting, Zeroizing<Vec<u8>>), Failure> {
    let card = Powered::new(settings)?;
    match card.generation {
        Generation::V1 | Generation::V2 => Err(Code::HsmNotNeeded.into()),
        Generation::V3 => Waiting::new(card, settings),
    }
}

/// iReadCardBas_HSM_Step2.
pub(crate) fn step_2(waiting: Waiting, key: &[u8], settings: &Settings) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut card = waiting.authenticate(key, key::READ_SSSE)?;
    card.select(EF05)?;
    fields(&mut card, &with_terminal(settings))
}

/// The eleven fields. EF05 is selected.
fn fields(card: &mut Powered, settings: &Settings) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let issued = card.value(EF05, tag::ISSUED)?;
    let expires = card.value(EF05, tag::EXPIRES)?;
    let number = card.value(EF05, tag::CARD_NUMBER)?;
    card.select(EF06)?;
    let id_number = card.value(EF06, tag::ID_NUMBER)?;
    let name = card.value(EF06, tag::NAME)?;
    let extension = match card.generation.has_name_extension() {
        true => card.value(EF06, tag::NAME_EXTENSION)?,
        false => Zeroizing::default(),
    };
    // A foreign name may break at a space between the two.
    let first = if without_filling(&extension).is_empty() { without_filling(&name) } else { without_zeros(&name) };
    let name = Zeroizing::new([first, without_filling(&extension)].concat());

    let mut answer = Answer::new();
    answer.field(card.ident.region().as_str().as_bytes())?;
    answer.value(Format::Text, &id_number)?;
    answer.value(Format::Text, &number)?;
    answer.field(card.ident_hex().as_bytes())?;
    answer.field(&name)?;
    answer.value(Format::Binary, &card.historical)?;
    answer.field(card.generation.version())?;
    answer.value(Format::Digits, &issued)?;
    answer.value(Format::Digits, &expires)?;
    answer.field(settings.terminal.as_bytes())?;
    answer.field(settings.device.as_bytes())?;
    Ok(answer.into_bytes())
}

/// A name record without its filling, but with a space at its end.
fn without_zeros(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| ![0x00, 0xFF].contains(byte)).map_or(0, |last| last + 1);
    text.get(..end).unwrap_or_default()
}
