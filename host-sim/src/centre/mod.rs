//! `qiyong centre`: makes a centre's database, registers institutions and cards in it, ends a terminal's lease, checks the
//! database. `act` has the acts of the centre.

pub(crate) mod act;
pub(crate) mod populate;

#[cfg(feature = "serve")]
pub(crate) mod serve;

use std::path::{Path, PathBuf};

use clap::Args;

use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name, Region};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::{EF05, EF06, tag};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::decision::{CardRecord, Institution};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;

use crate::output::{Output, Verdict};
use qiyong_centre::acts::fields::Moment;
use qiyong_centre::hsm::Hsm;
use qiyong_centre::{ADMINISTRATOR, Centre, CentreError, Chain, Founding};
use qiyong_protocol::centre::TerminalId;
use qiyong_sim::card::os::VirtualCard;

/// Where a centre is to be made.
#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// The database to be made, for its owner alone
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
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
    /// The database
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// What a test centre's clock shall show.
#[derive(Args, Debug)]
pub(crate) struct ClockArgs {
    /// The database
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// Stop the clock at this time, YYYY-MM-DDTHH:MM:SS, China Standard Time; only a centre with test keys
    #[arg(long, value_name = "TIME")]
    set: Option<Moment>,
}

/// Whose lease is to end.
#[derive(Args, Debug)]
pub(crate) struct ReleaseArgs {
    /// The database
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
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
    db: PathBuf,
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
    Region::new(text).map_err(|error| format!("{error}; it is six digits"))
}

/// A terminal's name on a command line.
pub(crate) fn terminal_id(text: &str) -> Result<TerminalId, String> {
    let id = text.as_bytes().try_into().ok().filter(|id: &[u8; 8]| id.iter().all(u8::is_ascii_alphanumeric));
    id.map(TerminalId).ok_or_else(|| "must be eight letters and digits".into())
}

/// The centre in this file; says how to make a missing one.
pub(crate) fn open(path: &Path) -> Result<Centre, String> {
    Centre::open(path).map_err(|error| match error {
        CentreError::Missing { .. } => format!("{error}: qiyong centre init --test-keys --db {}", path.display()),
        error => damaged(path, error),
    })
}

/// The words of an error at a database; of damage in Chinese too, and always with the file's name.
pub(crate) fn damaged(path: &Path, error: CentreError) -> String {
    let zh = error
        .damage()
        .map(|damage| format!(" (卡管中心数据库 {} 已损坏：{}；请用备份恢复)", path.display(), damage.zh()));
    let en = match error {
        CentreError::Damaged(damage) => CentreError::DamagedFile { path: path.into(), damage },
        other => other,
    };
    format!("{en}{}", zh.unwrap_or_default())
}

/// Exit 0 done, or done before; 2 when the database cannot be made.
pub(crate) fn init(args: &InitArgs, output: &mut Output) -> Result<Verdict, String> {
    let path = &args.db;
    let hsm = if args.test_keys { Hsm::test_keys() } else { Hsm::random().map_err(|error| error.to_string())? };
    let mut centre = match Centre::create(path, &hsm) {
        Ok(centre) => {
            let keys = if args.test_keys { "the test keys" } else { "keys of its own" };
            output.line(&format!("{}: a card centre's database with {keys}, for its owner alone", path.display()));
            centre
        }
        Err(CentreError::AlreadyACentre { .. }) => {
            output.line(&format!("{}: is a card centre's database already, and stays as it is", path.display()));
            open(path)?
        }
        Err(error) => return Err(error.to_string()),
    };
    if let Some(Moment(time)) = args.clock {
        centre.stop_clock(time).map_err(|error| error.to_string())?;
    }
    if let Some(area) = args.area {
        let founding = Founding { area, agency: args.agency.clone() };
        centre.found(&founding).map_err(|error| error.to_string())?;
        output.line(&format!("{}: serves {area}; its administrator is {ADMINISTRATOR}", path.display()));
    }
    Ok(Verdict::Done)
}

/// Exit 0 whole, 1 something was changed that no act changed.
pub(crate) fn verify(args: &VerifyArgs, output: &mut Output) -> Result<Verdict, String> {
    let found = open(&args.db)?.verify().map_err(|error| damaged(&args.db, error))?;
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
        areas.push(serde_json::json!({
            "area": area.as_str(), "records": records, "broken_record": broken, "broken_ledger": ledger
        }));
    }
    if args.json {
        output.json_line(&areas);
    }
    Ok(verdict)
}

/// Exit 0 done, 2 when the clock cannot be set.
pub(crate) fn clock(args: &ClockArgs, output: &mut Output) -> Result<Verdict, String> {
    let mut centre = open(&args.db)?;
    if let Some(Moment(time)) = args.set {
        centre.stop_clock(time).map_err(|error| error.to_string())?;
    }
    output.line(&format!("{}: the centre's clock shows {}", args.db.display(), centre.now()));
    Ok(Verdict::Done)
}

/// Exit 0 done, or done before.
pub(crate) fn release(args: &ReleaseArgs, output: &mut Output) -> Result<Verdict, String> {
    let ReleaseArgs { db: path, institution, terminal } = args;
    let released = open(path)?.release(*institution, *terminal).map_err(|error| error.to_string())?;
    let now = if released { "has no lease now; the next to sign in gets it" } else { "had no lease" };
    output.line(&format!("{}: terminal {} of {institution} {now}", path.display(), terminal.as_str()));
    Ok(Verdict::Done)
}

/// Exit 0 done, 2 when something cannot be added; what came before it is.
pub(crate) fn add(args: &AddArgs, output: &mut Output) -> Result<Verdict, String> {
    // Read before anything is written.
    let cards = args.cards.iter().map(|path| record(path, Fen(args.account))).collect::<Result<Vec<_>, _>>()?;
    let mut centre = match Centre::open(&args.db) {
        Err(CentreError::Missing { .. }) if args.test_keys => {
            Centre::create(&args.db, &Hsm::test_keys()).map_err(|error| error.to_string())?
        }
        _ => open(&args.db)?,
    };
    for code in &args.institutions {
        centre.add_institution(&Institution::of_region(*code)).map_err(|error| error.to_string())?;
        output.line(&format!("{}: {} {code} is known", args.db.display(), code.channel().as_str()));
    }
    for card in &cards {
        centre.add_card(card).map_err(|error| error.to_string())?;
        output.line(&format!("{}: card {} is known, not activated", args.db.display(), card.number));
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
