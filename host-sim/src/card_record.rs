//! `qiyong card record --reader NAME FILE`: a card file that answers as the real card in a reader does. What is asked and what
//! is replaced is `qiyong_sim::card::record`'s.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use embassy_futures::block_on;
use serde::Serialize;

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::codes::{CardNumber, CodeError, IdNumber, Region};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_sim::card::desk::replace;
use qiyong_sim::card::os::VirtualCard;
use qiyong_sim::card::record::{RecordError, record};
use qiyong_sim::gbk;

use crate::advice;
use crate::output::{Output, Verdict};
use crate::progress::busy;
use crate::reader;

/// Which card, and where to.
#[derive(Args, Debug)]
pub(crate) struct RecordArgs {
    /// The PC/SC reader with this in its name, or any
    #[arg(long, value_name = "NAME|any")]
    reader: String,
    /// The file to write
    file: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// What came of it, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Told {
    /// The card's file.
    file: String,
    /// The card's generation: v1, v2 or v3.
    profile: &'static str,
    /// What it sends after a reset, in hex, with another serial number; only of a card in contacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    atr: Option<String>,
    /// How many commands were sent and answered.
    recorded: usize,
    /// How many of these answers a virtual card would not answer so.
    peculiar: usize,
    /// What could not be read, one sentence each.
    missing: Vec<String>,
}

/// Exit 0 when the file is written, 1 when the card is none that can be recorded, 2 for everything else.
pub(crate) fn run(args: &RecordArgs, output: &mut Output) -> Result<Verdict, String> {
    match args.file.symlink_metadata() {
        Ok(there) if !there.is_file() || !args.force => {
            return Err(format!("{} exists; name another file, or --force replaces it", args.file.display()));
        }
        _ => {}
    }
    let mut at = reader::open(&args.reader)?;
    let begin = Instant::now();
    let mut now = || u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
    let outcome = busy("{spinner} reading the card, {elapsed}", || block_on(record(&mut at.slot, &mut now, &make)));
    at.check()?;
    let card = match outcome {
        Ok(card) => card,
        Err(error) => {
            let advice =
                if let RecordError::Slot { error, .. } = &error { advice::sentence(error.advice()) } else { "" };
            let join = if advice.is_empty() { "" } else { "; " };
            output.complain(&format!("{error}{join}{advice}; nothing was written"));
            return Ok(Verdict::No);
        }
    };
    replace(&args.file, &card).map_err(|error| error.to_string())?;
    let recorded = &card.recorded;
    let told = Told {
        file: args.file.display().to_string(),
        profile: card.generation.as_str(),
        atr: Some(&card.atr).filter(|atr| !atr.is_empty()).map(hex::encode_upper),
        recorded: recorded.exchanges.len(),
        peculiar: recorded.exchanges.iter().filter(|exchange| exchange.answer.is_some()).count(),
        missing: recorded.missing.clone(),
    };
    if args.json {
        output.json_line(&told);
    } else {
        let Told { file, profile, recorded: exchanges, peculiar, .. } = &told;
        output.line(&format!(
            "{file}: a {profile} card, {exchanges} exchanges, {peculiar} of them peculiar to this card"
        ));
        told.missing.iter().for_each(|words| output.line(&format!("missing  {words}")));
    }
    Ok(Verdict::Done)
}

/// The made-up card of a made-up holder, with test keys, of this area and with keys for these historical bytes.
fn make(generation: Generation, area: Region, historical: &[u8]) -> Result<VirtualCard, CodeError> {
    let hsm = Hsm::test_keys();
    let unreachable = CodeError::Length { expected: 0 };
    let day = |year| Date::new(year, 1, 1).ok_or(unreachable);
    let new = NewCard {
        generation,
        number: CardNumber::new_checked(b"X00000019")?,
        id_number: IdNumber::new(b"111111198101011110")?,
        holder: gbk::holder("张三", generation).map_err(|_| unreachable)?,
        area,
        issued: day(2026)?,
        expires: day(2036)?,
        pin: Pin::new(b"123456").ok_or(unreachable)?,
        pin_tries: 3,
        convention: Convention::Direct,
        protocol: 0,
        serial: 1,
        genuine: true,
    };
    let mut card = make_card(&new, &hsm).map_err(|_| unreachable)?;
    card.keys = hsm.card_keys(generation.algorithm(), historical, area);
    Ok(card)
}
