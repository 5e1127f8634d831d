//! `qiyong centre`: makes a centre's database, registers institutions and cards in it, and ends a terminal's lease.

#[cfg(feature = "http")]
pub(crate) mod serve;

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
use qiyong_centre::hsm::Hsm;
use qiyong_centre::{Centre, CentreError};
use qiyong_protocol::centre::TerminalId;
use qiyong_sim::card::os::VirtualCard;

/// Where a centre is to be made.
#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// The database to be made, for its owner alone
    #[arg(long, value_name = "FILE")]
    centre: PathBuf,
    /// With the published test keys, which protect nothing: for virtual cards. There are no others yet
    #[arg(long, required = true)]
    test_keys: bool,
}

/// Whose lease is to end.
#[derive(Args, Debug)]
pub(crate) struct ReleaseArgs {
    /// The database
    #[arg(long, value_name = "FILE")]
    centre: PathBuf,
    /// The code of the institution where the terminal stood
    #[arg(long, value_name = "CODE", value_parser = institution)]
    institution: InstitutionCode,
    /// The terminal's name there
    #[arg(long, value_name = "NAME", value_parser = terminal_id)]
    terminal: TerminalId,
}

/// What is to be known.
#[derive(Args, Debug)]
pub(crate) struct AddArgs {
    /// The database (`qiyong centre init`)
    #[arg(long, value_name = "FILE")]
    centre: PathBuf,
    /// If the database is missing, make it with the published test keys, which protect nothing
    #[arg(long)]
    test_keys: bool,
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

/// An institution's code on a command line.
pub(crate) fn institution(text: &str) -> Result<InstitutionCode, String> {
    InstitutionCode::new(text).map_err(|error| format!("{error}; such as P32010000017"))
}

/// A terminal's name on a command line.
pub(crate) fn terminal_id(text: &str) -> Result<TerminalId, String> {
    let id = text.as_bytes().try_into().ok().filter(|id: &[u8; 8]| id.iter().all(u8::is_ascii_alphanumeric));
    id.map(TerminalId).ok_or_else(|| "must be eight letters and digits".into())
}

/// The centre in this file; says how to make a missing one.
pub(crate) fn open(path: &Path) -> Result<Centre, String> {
    Centre::open(path).map_err(|error| match error {
        CentreError::Missing { .. } => format!("{error}: qiyong centre init --test-keys --centre {}", path.display()),
        error => error.to_string(),
    })
}

/// Exit 0 done, or done before; 2 when the database cannot be made.
pub(crate) fn init(args: &InitArgs, output: &mut Output) -> Result<Verdict, String> {
    let InitArgs { centre: path, test_keys: true } = args else {
        return Err("which keys? Give --test-keys".into());
    };
    match Centre::create(path, &Hsm::test_keys()) {
        Ok(_) => output
            .line(&format!("{}: a card centre's database with the test keys, for its owner alone", path.display())),
        Err(CentreError::AlreadyACentre { .. }) => {
            open(path)?;
            output.line(&format!("{}: is a card centre's database already, and stays as it is", path.display()));
        }
        Err(error) => return Err(error.to_string()),
    }
    Ok(Verdict::Done)
}

/// Exit 0 done, or done before.
pub(crate) fn release(args: &ReleaseArgs, output: &mut Output) -> Result<Verdict, String> {
    let ReleaseArgs { centre: path, institution, terminal } = args;
    let released = open(path)?.release(*institution, *terminal).map_err(|error| error.to_string())?;
    let now = if released { "has no lease now; the next to sign in gets it" } else { "had no lease" };
    output.line(&format!("{}: terminal {} of {institution} {now}", path.display(), terminal.as_str()));
    Ok(Verdict::Done)
}

/// Exit 0 done, 2 when something cannot be added; what came before it is.
pub(crate) fn add(args: &AddArgs, output: &mut Output) -> Result<Verdict, String> {
    // Read before anything is written.
    let cards = args.cards.iter().map(|path| record(path, Fen(args.account))).collect::<Result<Vec<_>, _>>()?;
    let mut centre = match Centre::open(&args.centre) {
        Err(CentreError::Missing { .. }) if args.test_keys => {
            Centre::create(&args.centre, &Hsm::test_keys()).map_err(|error| error.to_string())?
        }
        _ => open(&args.centre)?,
    };
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
