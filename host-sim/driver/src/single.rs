//! The functions that give single fields instead of one text: who the card and its holder are, and which terminal this is
//! (docs/driver.md §A.1). The answer has the fields in order; `boundary` puts each into its own buffer.

use qiyong_protocol::card::files::{Df, EF05, EF06, Generation, key, tag};
use qiyong_protocol::card::psam::READ_SSSE;
use zeroize::Zeroizing;

use crate::answer::Answer;
use crate::card::Powered;
use crate::failure::Failure;
use crate::psam::{Psam, with_terminal};
use crate::settings::Settings;

/// iReadCardPublicInfo: ident code, kind, norm version, institution, issued, expires, card number.
pub(crate) fn card(settings: &Settings) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let tags =
        [tag::IDENT_CODE, tag::CARD_TYPE, tag::VERSION, tag::INSTITUTION, tag::ISSUED, tag::EXPIRES, tag::CARD_NUMBER];
    values(settings, EF05, &tags)
}

/// iReadPersonPublicInfo: ID number, name, sex, ethnicity, birthplace, birth date.
pub(crate) fn person(settings: &Settings) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let tags = [tag::ID_NUMBER, tag::NAME, tag::SEX, tag::ETHNICITY, tag::BIRTHPLACE, tag::BIRTH_DATE];
    values(settings, EF06, &tags)
}

/// iGetReaderInfo: the device's number and the PSAM's number for the terminal.
pub(crate) fn reader(settings: &Settings) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let settings = with_terminal(settings);
    let mut answer = Answer::new();
    answer.field(settings.device.as_bytes())?;
    answer.field(settings.terminal.as_bytes())?;
    Ok(answer.into_bytes())
}

/// A card of version 3.00 gives all of them or none, as for iReadCardBas.
fn values(settings: &Settings, fid: u16, tags: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut card = Powered::new(settings)?;
    if card.generation == Generation::V3 {
        let mut psam = Psam::open(settings, &card)?;
        psam.authenticate(&mut card, READ_SSSE, key::READ_SSSE)?;
    }
    card.enter(Df::Ssse)?;
    card.select(fid)?;
    let mut answer = Answer::new();
    for tag in tags {
        let spec = card.generation.ssse_record(fid, *tag).map(|(_, spec)| spec);
        let value = card.value(fid, *tag)?;
        match spec {
            Some(spec) => answer.value(spec.format, &value)?,
            None => answer.field(b"")?,
        }
    }
    Ok(answer.into_bytes())
}
