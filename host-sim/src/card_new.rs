//! `qiyong card new` and `qiyong card show`: makes a virtual card, and shows one. What a card can hold is not decided
//! here.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::codes::{CardNumber, IdNumber, Region};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::iso7816::atr::Atr;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_sim::card::antenna::Antenna;
use qiyong_sim::card::desk::replace;
use qiyong_sim::card::os::VirtualCard;
use qiyong_sim::{gbk, input};

use crate::card_from_centre::FromCentre;
use crate::output::{Output, Verdict};

/// What a new card is to be.
#[derive(Args, Debug)]
pub(crate) struct NewArgs {
    /// Generation of the card: v1, v2 or v3
    #[arg(long, value_parser = profile, default_value = "v3")]
    pub(crate) profile: Generation,
    /// The file to write
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    pub(crate) force: bool,
    /// Card number, 9 characters with check character
    #[arg(long, value_parser = number, default_value = "X00000019")]
    pub(crate) number: CardNumber,
    /// The holder's number: a citizen's ID number with check character, or 18 characters 0-9 A-Z with letters
    #[arg(long, default_value = "111111198101011110")]
    pub(crate) id_number: String,
    /// The holder's name
    #[arg(long, default_value = "张三")]
    pub(crate) holder: String,
    /// Coordinating area that issues the card, 6 digits
    #[arg(long, value_parser = region, default_value = "320100")]
    pub(crate) area: Region,
    /// Day of issue, YYYY-MM-DD
    #[arg(long, value_parser = day, default_value = "2026-01-01")]
    pub(crate) issued: Date,
    /// Last day of validity, YYYY-MM-DD
    #[arg(long, value_parser = day, default_value = "2036-01-01")]
    pub(crate) expires: Date,
    /// PIN on the card, 4 to 16 digits
    #[arg(long, default_value = "123456")]
    pub(crate) pin: String,
    /// Wrong PIN tries allowed in a row, 1 to 15
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=15), default_value_t = 3, value_name = "COUNT")]
    pub(crate) pin_tries: u8,
    /// Protocol the card speaks, T=0 or T=1
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=1), default_value_t = 0, value_name = "NUMBER")]
    pub(crate) protocol: u8,
    /// Serial number, part of ATR and ident code
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub(crate) serial: u32,
    /// Inverse convention (ATR begins with 3F)
    #[arg(long)]
    pub(crate) inverse: bool,
    /// Which sides the card has: by default contacts, and from the third generation on an antenna, too
    #[arg(long, value_enum)]
    pub(crate) interfaces: Option<Sides>,
    /// A forged card, whose keys are not the centre's
    #[arg(long)]
    pub(crate) forged: bool,
    #[command(flatten)]
    pub(crate) from_centre: FromCentre,
}

/// The sides of a card, by the words of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sides {
    /// Contacts alone
    Contacts,
    /// An antenna alone
    Contactless,
    /// Contacts and an antenna
    Both,
}

impl Sides {
    /// Gives these sides to a new card, and takes others from it.
    fn put_on(self, card: &mut VirtualCard, serial: u32) {
        let antenna = Antenna::beside(Atr::new(&card.atr).historical(), serial);
        card.antenna = (self != Self::Contacts).then_some(antenna);
        if self == Self::Contactless {
            card.atr.clear();
        }
    }
}

fn profile(text: &str) -> Result<Generation, String> {
    Generation::from_word(text).ok_or_else(|| "must be v1, v2 or v3".into())
}

fn number(text: &str) -> Result<CardNumber, String> {
    CardNumber::new_checked(text.as_bytes()).map_err(|error| error.to_string())
}

fn region(text: &str) -> Result<Region, String> {
    Region::new(text).map_err(|error| format!("{error}; it must be six digits"))
}

fn day(text: &str) -> Result<Date, String> {
    input::date(text).ok_or_else(|| "must be a day that exists, as YYYY-MM-DD".into())
}

/// Exit 0 when the file is written, 2 when it is not.
pub(crate) fn run(args: &NewArgs, output: &mut Output) -> Result<Verdict, String> {
    may_write(args)?;
    if let Some(taken) = args.from_centre.take(args.area)? {
        replace(&args.out, &taken.card).map_err(|error| error.to_string())?;
        output.line(&taken.summary(&args.out));
        return taken.report().map(|()| Verdict::Done);
    }
    let card = make(args)?;
    output.line(&format!(
        "{}: a {} card, number {}, holder {}, ATR {}",
        args.out.display(),
        args.profile.as_str(),
        args.number,
        args.holder,
        hex::encode_upper(&card.atr)
    ));
    Ok(Verdict::Done)
}

/// Whether the file may be written, before anything is made for it.
fn may_write(args: &NewArgs) -> Result<(), String> {
    match args.out.symlink_metadata() {
        Ok(there) if !there.is_file() => {
            Err(format!("{} exists and is no plain file; name another", args.out.display()))
        }
        Ok(_) if !args.force => {
            Err(format!("{} exists; name another file, or --force replaces it", args.out.display()))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn make(args: &NewArgs) -> Result<VirtualCard, String> {
    if args.expires < args.issued {
        return Err(format!("--expires {} lies before --issued {}: give a later day", args.expires, args.issued));
    }
    // Checked here and not by the command-line parser, which would repeat the values in its error.
    let id_number = IdNumber::new(args.id_number.as_bytes())
        .map_err(|error| format!("--id-number {error}; give it as it stands on the card"))?;
    let pin = Pin::new(args.pin.as_bytes()).ok_or("--pin must be 4 to 16 digits")?;
    let new = NewCard {
        generation: args.profile,
        number: args.number,
        id_number,
        holder: gbk::holder(&args.holder, args.profile).map_err(|error| error.to_string())?,
        area: args.area,
        issued: args.issued,
        expires: args.expires,
        pin,
        pin_tries: args.pin_tries,
        convention: if args.inverse { Convention::Inverse } else { Convention::Direct },
        protocol: args.protocol,
        serial: args.serial,
        genuine: !args.forged,
    };
    let mut card = make_card(&new, &Hsm::test_keys()).map_err(|error| error.to_string())?;
    args.interfaces.inspect(|sides| sides.put_on(&mut card, args.serial));
    replace(&args.out, &card).map_err(|error| error.to_string())?;
    Ok(card)
}
