//! `qiyong centre add`: registers institutions and cards in a centre's database.

use std::path::{Path, PathBuf};

use clap::Args;

use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::{EF05, EF06, tag};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::decision::{CardRecord, Institution};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;

use crate::output::{Output, Verdict};
use qiyong_centre::Centre;
use qiyong_sim::card::os::VirtualCard;

/// What is to be known.
#[derive(Args, Debug)]
pub(crate) struct AddArgs {
    /// The database; made if it is missing
    #[arg(long, value_name = "FILE")]
    centre: PathBuf,
    /// An institution's code: hospital or pharmacy, designated, or a bank that issues cards in its area
    #[arg(long = "institution", value_name = "CODE", value_parser = institution)]
    institutions: Vec<InstitutionCode>,
    /// A card file: known as it comes from production, not activated and with its initial PIN
    #[arg(long = "card", value_name = "FILE")]
    cards: Vec<PathBuf>,
    /// What is in the personal account of each card, in fen
    #[arg(long, value_name = "FEN", default_value_t = 0)]
    account: u64,
}

fn institution(text: &str) -> Result<InstitutionCode, String> {
    InstitutionCode::new(text).map_err(|error| format!("{error}; such as P32010000017"))
}

/// Exit 0 done, 2 when something cannot be added; what came before it is.
pub(crate) fn add(args: &AddArgs, output: &mut Output) -> Result<Verdict, String> {
    // Read before anything is written.
    let cards = args.cards.iter().map(|path| record(path, Fen(args.account))).collect::<Result<Vec<_>, _>>()?;
    let mut centre = Centre::open(&args.centre).map_err(|error| error.to_string())?;
    for code in &args.institutions {
        let institution = Institution { code: *code, designated: true, issues_cards: true };
        centre.add_institution(&institution).map_err(|error| error.to_string())?;
        output.line(&format!("{}: {} {code} is known", args.centre.display(), code.channel().as_str()));
    }
    for card in &cards {
        centre.add_card(card).map_err(|error| error.to_string())?;
        output.line(&format!("{}: card {} is known, not activated", args.centre.display(), card.number));
    }
    Ok(Verdict::Done)
}

/// What a centre knows of a card right after production, taken from the card itself.
pub(crate) fn record(path: &Path, account: Fen) -> Result<CardRecord, String> {
    let card = VirtualCard::load(path).map_err(|error| error.to_string())?;
    let value = |fid, tag| card.ssse_value(fid, tag).unwrap_or_default();
    let wrong = |what: &str| format!("{}: {what} on the card is not what it should be", path.display());
    let ident = value(EF05, tag::IDENT_CODE).try_into().ok().and_then(|bytes| IdentCode::new(bytes).ok());
    let ident = ident.ok_or_else(|| wrong("the ident code"))?;
    let expires = value(EF05, tag::EXPIRES).try_into().ok().and_then(Date::from_bcd);
    Ok(CardRecord {
        number: CardNumber::new(value(EF05, tag::CARD_NUMBER)).map_err(|_| wrong("the number"))?,
        ident,
        id_number: IdNumber::new(value(EF06, tag::ID_NUMBER)).map_err(|_| wrong("the ID number"))?,
        name: Name::from_records(value(EF06, tag::NAME), value(EF06, tag::NAME_EXTENSION))
            .ok_or_else(|| wrong("the name"))?,
        document: None,
        area: ident.region(),
        expires: expires.ok_or_else(|| wrong("the last day of validity"))?,
        status: CardStatus::Inactive,
        social: false,
        financial: false,
        pin_is_initial: true,
        account,
        insured: true,
    })
}
