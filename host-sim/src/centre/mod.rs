//! `qiyong centre`: makes a centre's database, registers institutions and cards in it, ends a terminal's lease, checks the
//! database. `act` has the acts of the centre.

pub(crate) mod act;
pub(crate) mod backup;
pub(crate) mod db;
pub(crate) mod doctor;
pub(crate) mod populate;

#[cfg(feature = "serve")]
mod over_http;
#[cfg(feature = "serve")]
mod regions;
#[cfg(feature = "serve")]
pub(crate) mod serve;

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name, Region};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::{EF05, EF06, tag};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::decision::{CardRecord, Institution};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;

use crate::output::{Output, Verdict};
use crate::progress::busy;
use db::Db;
use qiyong_centre::acts::fields::Moment;
use qiyong_centre::hsm::Hsm;
use qiyong_centre::{ADMINISTRATOR, Centre, CentreError, Chain, Founding, Place};
use qiyong_protocol::centre::TerminalId;
use qiyong_sim::card::os::VirtualCard;

/// Where a centre is to be made.
#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    db: Db,
    /// With the published test keys, which protect nothing: for virtual cards. Keys of its own otherwise
    #[arg(long)]
    test_keys: bool,
    /// A coordinating area that it shall serve, with its agency and an administrator; may be added later
    #[arg(long, value_name = "CODE", value_parser = region)]
    area: Option<Region>,
    /// Stop the centre's clock at this time, YYYY-MM-DDTHH:MM:SS, China Standard Time
    #[arg(long, value_name = "TIME", requires = "test_keys")]
    clock: Option<Moment>,
    /// The agency's name
    #[arg(long, value_name = "NAME", default_value = "社会保险经办机构")]
    agency: String,
}

/// Which database.
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    db: Db,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// What a test centre's clock shall show.
#[derive(Args, Debug)]
pub(crate) struct ClockArgs {
    #[command(flatten)]
    db: Db,
    /// Stop the clock at this time, YYYY-MM-DDTHH:MM:SS, China Standard Time; only a centre with test keys
    #[arg(long, value_name = "TIME")]
    set: Option<Moment>,
}

/// Where something may be due.
#[derive(Args, Debug)]
pub(crate) struct ExpireArgs {
    #[command(flatten)]
    db: Db,
}

/// Whose lease is to end.
#[derive(Args, Debug)]
pub(crate) struct ReleaseArgs {
    #[command(flatten)]
    db: Db,
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
    #[command(flatten)]
    db: Db,
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

/// A coordinating area's code on a command line.
fn region(text: &str) -> Result<Region, String> {
    Region::new(text).map_err(|error| format!("{error}; it must be six digits"))
}

/// A terminal's name on a command line.
pub(crate) fn terminal_id(text: &str) -> Result<TerminalId, String> {
    let id = text.as_bytes().try_into().ok().filter(|id: &[u8; 8]| id.iter().all(u8::is_ascii_alphanumeric));
    id.map(TerminalId).ok_or_else(|| "must be eight letters and digits".into())
}

/// The centre at this place; says how to make a missing one.
pub(crate) fn open(place: &Place) -> Result<Centre, String> {
    Centre::open_at(place).map_err(|error| match error {
        CentreError::Missing { .. } => format!("{error}: qiyong centre init --test-keys --db {place}"),
        error => damaged(place, error),
    })
}

/// The words of an error at a database; of damage in Chinese too, and always with the database's name.
pub(crate) fn damaged(place: &Place, error: CentreError) -> String {
    let zh = error.damage().map(|damage| format!(" (卡管中心数据库 {place} 已损坏：{}；请用备份恢复)", damage.zh()));
    let en = match error {
        CentreError::Damaged(damage) => CentreError::DamagedFile { place: place.clone(), damage },
        other => other,
    };
    format!("{en}{}", zh.unwrap_or_default())
}

/// Exit 0 done, or done before; 2 when the database cannot be made.
pub(crate) fn init(args: &InitArgs, output: &mut Output) -> Result<Verdict, String> {
    let place = &args.db.place()?;
    let hsm = if args.test_keys { Hsm::test_keys() } else { Hsm::random().map_err(|error| error.to_string())? };
    let mut centre = match Centre::create_at(place, &hsm) {
        Ok(centre) => {
            let keys = if args.test_keys { "the test keys" } else { "keys of its own" };
            output.line(&format!("{place}: a card centre's database with {keys}, for its owner alone"));
            centre
        }
        Err(CentreError::AlreadyACentre { .. }) => {
            output.line(&format!("{place}: is a card centre's database already, and stays as it is"));
            open(place)?
        }
        Err(error) => return Err(error.to_string()),
    };
    if let Some(Moment(time)) = args.clock {
        centre.stop_clock(time).map_err(|error| error.to_string())?;
    }
    if let Some(area) = args.area {
        let founding = Founding { area, agency: args.agency.clone() };
        centre.found(&founding).map_err(|error| error.to_string())?;
        output.line(&format!("{place}: serves {area}; its administrator is {ADMINISTRATOR}"));
    }
    Ok(Verdict::Done)
}

/// Whether the records of an area are as they were written, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Verified {
    /// The area.
    area: String,
    /// How many audit records there are; null if the chain is broken.
    records: Option<i64>,
    /// The first audit record that is not as it was written, or is missing; null if the chain is whole.
    broken_record: Option<i64>,
    /// What of the ledger is not as it was written, or does not add up; null if all of it does.
    broken_ledger: Option<String>,
}

/// Exit 0 whole, 1 something was changed that no act changed.
pub(crate) fn verify(args: &VerifyArgs, output: &mut Output) -> Result<Verdict, String> {
    let place = args.db.place()?;
    let centre = open(&place)?;
    let verified = busy("{spinner} checking the books, {elapsed}", || centre.verify());
    let found = verified.map_err(|error| damaged(&place, error))?;
    let mut verdict = Verdict::Done;
    let mut areas = Vec::new();
    for (area, chain, ledger) in found {
        let (records, broken) = match chain {
            Chain::Whole(records) => (Some(records), None),
            Chain::Broken(record) => (None, Some(record)),
        };
        if broken.is_some() || ledger.is_some() {
            verdict = Verdict::No;
        }
        if !args.json {
            output.line(&match broken {
                Some(record) => format!("{area}: audit record {record} is not as it was written, or is missing"),
                None => format!("{area}: {} audit records, the chain is whole", records.unwrap_or(0)),
            });
            output.line(&match &ledger {
                Some(what) => format!("{area}: {what} is not as it was written, or does not add up"),
                None => format!("{area}: the ledger adds up"),
            });
        }
        areas.push(Verified { area: area.as_str().to_owned(), records, broken_record: broken, broken_ledger: ledger });
    }
    if args.json {
        output.json_line(&areas);
    }
    Ok(verdict)
}

/// Exit 0 done, 2 when the clock cannot be set.
pub(crate) fn clock(args: &ClockArgs, output: &mut Output) -> Result<Verdict, String> {
    let place = args.db.place()?;
    let mut centre = open(&place)?;
    if let Some(Moment(time)) = args.set {
        centre.stop_clock(time).map_err(|error| error.to_string())?;
    }
    output.line(&format!("{place}: the centre's clock shows {}", centre.now()));
    Ok(Verdict::Done)
}

/// Exit 0 done, or done before.
pub(crate) fn release(args: &ReleaseArgs, output: &mut Output) -> Result<Verdict, String> {
    let ReleaseArgs { db, institution, terminal } = args;
    let place = db.place()?;
    let released = open(&place)?.release(*institution, *terminal).map_err(|error| error.to_string())?;
    let now = if released { "has no lease now; the next to sign in gets it" } else { "had no lease" };
    output.line(&format!("{place}: terminal {} of {institution} {now}", terminal.as_str()));
    Ok(Verdict::Done)
}

/// Exit 0 done, 2 when it cannot be done.
pub(crate) fn expire(args: &ExpireArgs, output: &mut Output) -> Result<Verdict, String> {
    let place = args.db.place()?;
    let mut centre = open(&place)?;
    let expired = busy("{spinner} undoing what has expired, {elapsed}", || centre.expire());
    let expired = expired.map_err(|error| error.to_string())?;
    let pending = centre.pending().map_err(|error| error.to_string())?;
    output.line(&format!("{place}: {expired} transactions expired and were undone; {pending} are pending"));
    Ok(Verdict::Done)
}

/// Exit 0 done, 2 when something cannot be added; what came before it is.
pub(crate) fn add(args: &AddArgs, output: &mut Output) -> Result<Verdict, String> {
    // Read before anything is written.
    let cards = args.cards.iter().map(|path| record(path, Fen(args.account))).collect::<Result<Vec<_>, _>>()?;
    let place = args.db.place()?;
    let mut centre = match Centre::open_at(&place) {
        Err(CentreError::Missing { .. }) if args.test_keys => {
            Centre::create_at(&place, &Hsm::test_keys()).map_err(|error| error.to_string())?
        }
        _ => open(&place)?,
    };
    for code in &args.institutions {
        centre.add_institution(&Institution::of_region(*code)).map_err(|error| error.to_string())?;
        output.line(&format!("{place}: {} {code} is known", code.channel().as_str()));
    }
    for card in &cards {
        centre.add_card(card).map_err(|error| error.to_string())?;
        output.line(&format!("{place}: card {} is known, not activated", card.number));
    }
    Ok(Verdict::Done)
}

/// What a centre knows of a card right after production, taken from the card itself.
pub(crate) fn record(path: &Path, account: Fen) -> Result<CardRecord, String> {
    let card = VirtualCard::load(path).map_err(|error| error.to_string())?;
    let value = |fid, tag| card.ssse_value(fid, tag).unwrap_or_default();
    let wrong = |what: &str| {
        format!(
            "{}: {what} on the card is not what it should be; correct it in the file, or make a new card (`qiyong card new`)",
            path.display()
        )
    };
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
