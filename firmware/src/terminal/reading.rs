//! Reading a card: which generation it is and whose it is. Whether it is genuine is `authentication`'s.
//!
//! T=0 has parity and nothing else, so what was read may be wrong without a sign of it. Therefore what the card says of itself
//! is proved before the card is made to spend a try on it: its answer to INTERNAL AUTHENTICATE, which costs nothing, fits only
//! if all was read right that its keys come from. And no card is refused on the strength of one reading (docs/design.md §1,
//! invariant 6).

use core::convert::identity;
use core::fmt;

use crc::{CRC_32_ISCSI, Crc, Digest, NoTable};
use heapless::Vec;
use rand_core::Rng;
use zeroize::Zeroizing;

use qiyong_protocol::advice::Advice;
use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name};
use qiyong_protocol::card::commands;
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::{EF05, EF06, Generation, tag};
use qiyong_protocol::card::keys::Algorithm;
use qiyong_protocol::card::records::{Record, RecordError};
use qiyong_protocol::centre::{Answer, Body, LinkError, Standing};
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::atr::Atr;
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::rules::decision::{Operation, PresentedCard};
use qiyong_protocol::rules::reason::Reason;

use super::{Board, Clock, Operator, Stop, Terminal, Visit};

use crate::slot::{CardSlot, ResponseBuffer, SlotError};
use crate::ui::Screen;

/// How often a card is read until two readings agree. If none do, it is unreadable.
const READINGS: u8 = 3;

/// Over what a card said of itself, to tell whether it said the same again.
static SAID: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISCSI);

/// See [`SAID`].
pub(super) type Said = Digest<'static, u32, NoTable>;

/// What was read from a genuine card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardData {
    /// The generation of the card.
    pub generation: Generation,
    /// What identifies card and holder.
    pub presented: PresentedCard,
    /// The last day of the card's validity; `None`: the card leaves it unset.
    pub expires: Option<Date>,
}

/// What exactly was wrong with a card that could not be read, or with the way to the centre, for those who maintain terminals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Cause {
    /// The slot could not talk to it.
    Slot(SlotError),
    /// It answered a command with this status word.
    Status {
        /// INS of the command.
        ins: u8,
        /// The status word.
        sw: StatusWord,
    },
    /// A record is not what the norm says.
    Record(RecordError),
    /// Its norm version is unknown.
    Version,
    /// It uses an algorithm this terminal does not know; the code of the answer to SELECT.
    Algorithm(u8),
    /// It was never personalised: its ident code is blank.
    Blank,
    /// An answer has another length than it should.
    Length {
        /// INS of the command.
        ins: u8,
    },
    /// What was read of it differs from reading to reading.
    Unsteady,
    /// The centre did not get the message, or could not act on it.
    Link(LinkError),
}

impl Cause {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Slot(error) => error.advice(),
            Self::Record(error) => error.advice(),
            Self::Link(error) => error.advice(),
            Self::Status { .. } | Self::Blank | Self::Length { .. } | Self::Unsteady => Advice::AskHolder,
            // Newer than the terminal's program.
            Self::Version | Self::Algorithm(_) => Advice::CallService,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot(error) => error.fmt(f),
            Self::Status { ins, sw } => write!(f, "the card answered INS {ins:02X} with {sw:?}"),
            Self::Record(error) => error.fmt(f),
            Self::Version => f.write_str("the norm version in EF05 is none of 1.00, 2.00, 3.00"),
            Self::Algorithm(code) => write!(f, "the card uses algorithm {code:02X}, known here are 01 3DES and 03 SM4"),
            Self::Blank => f.write_str("the card was never personalised: its ident code ends in FFFFFFFF"),
            Self::Length { ins } => write!(f, "the answer to INS {ins:02X} has a wrong length"),
            Self::Unsteady => f.write_str("the card says something else each time: clean its contacts, and try again"),
            Self::Link(error) => error.fmt(f),
        }
    }
}

/// An unreadable card, or one that was taken out.
impl From<SlotError> for Stop {
    fn from(error: SlotError) -> Self {
        match error {
            SlotError::Removed => Self::here(Reason::CardRemoved),
            error => Cause::Slot(error).into(),
        }
    }
}

impl From<RecordError> for Stop {
    fn from(error: RecordError) -> Self {
        Cause::Record(error).into()
    }
}

impl From<Cause> for Stop {
    fn from(cause: Cause) -> Self {
        Self { cause: Some(cause.into()), ..Self::here(Reason::CardUnreadable) }
    }
}

impl<B: Board> Terminal<B> {
    /// Reads the card, and asks the centre about it. A refusal that what was read may have caused counts if two readings in a
    /// row, each from the reset on, say the same: what the card said in one of them the line may have changed.
    pub(super) async fn identify(
        &mut self,
        operation: &Operation,
        visit: &mut Visit,
    ) -> Result<(PresentedCard, Standing), Stop> {
        let mut internal = [0; 16];
        self.random.fill_bytes(&mut internal);
        let mut before = None;
        for _ in 0..READINGS {
            self.operator.show(&Screen::ReadingCard);
            let mut said = SAID.digest();
            // What an await returns straight into a variable lies beside the future; passed through a call, in its place.
            let stop = match identity(self.read_card(&internal, &mut said).await) {
                Ok(data) => match self.inquire(operation, &data, visit).await {
                    Ok(standing) => return Ok((data.presented, standing)),
                    Err(stop) => stop,
                },
                Err(stop) => stop,
            };
            let reading = Some((stop.reason, said.finalize()));
            if !stop.again || before == reading {
                return Err(stop);
            }
            (before, visit.standing) = (reading, None);
        }
        Err(Cause::Unsteady.into())
    }

    /// Asks the centre about a card that was read.
    async fn inquire(&mut self, operation: &Operation, data: &CardData, visit: &mut Visit) -> Result<Standing, Stop> {
        let CardData { presented: card, expires, .. } = data;
        visit.card = Some(card.number);
        self.operator.show(&Screen::AskingCentre);
        let standing = match self.ask(Body::Inquire { card, operation }).await {
            Ok(Answer::Standing(standing)) => standing,
            Ok(_) => return Err(Stop::here(Reason::NoAnswer)),
            Err(stop) => {
                let again = matches!(stop.reason, Reason::CardUnknown | Reason::CardNotGenuine);
                return Err(Stop { again, ..stop });
            }
        };
        visit.standing = Some(standing);
        // The centre has looked at the date in its own record, when its turn among the rules came. This is the date on the
        // card.
        let expired = expires.is_some_and(|last_day| last_day < self.clock.now().date);
        if expired && !matches!(operation, Operation::Query) {
            return Err(Stop { again: true, ..Stop::here(Reason::CardExpired) });
        }
        Ok(standing)
    }

    /// Powers the card, authenticates it and reads it. Adds to `said` what the card says.
    async fn read_card(&mut self, internal: &[u8; 16], said: &mut Said) -> Result<CardData, Stop> {
        // K of T0 is at most 15.
        let mut historical: Vec<u8, 15> = Vec::new();
        let _ = historical.extend_from_slice(Atr::new(self.slot.connect().await?).historical());
        said.update(&historical);

        let announced = self.select_environment().await?;
        self.select(EF05).await?;
        // The version tells which table of records applies. Version and ident code have the same places in all tables.
        let (mut version, mut ident) = ([0; 4], [0; 16]);
        let wanted: &mut [(u8, &mut [u8])] = &mut [(tag::VERSION, &mut version), (tag::IDENT_CODE, &mut ident)];
        self.records(Generation::V1, EF05, wanted, said).await?;
        let generation = Generation::from_version(&version).ok_or(Cause::Version)?;
        let ident = IdentCode::new(ident).map_err(|_| RecordError::Value { tag: tag::IDENT_CODE })?;
        if ident.is_blank() {
            return Err(Cause::Blank.into());
        }

        let algorithm = announced.unwrap_or(generation.algorithm());
        self.authenticate(generation, &ident, &historical, algorithm, internal, said).await?;

        // EF05 is still selected.
        let (mut expires, mut number) = ([0; 4], [0; 9]);
        let wanted: &mut [(u8, &mut [u8])] = &mut [(tag::EXPIRES, &mut expires), (tag::CARD_NUMBER, &mut number)];
        self.records(generation, EF05, wanted, said).await?;
        // A maker may leave the day unset. The centre knows it anyhow.
        let expires = match expires {
            [0x00, 0x00, 0x00, 0x00] | [0xFF, 0xFF, 0xFF, 0xFF] => None,
            day => Some(Date::from_bcd(day).ok_or(RecordError::Value { tag: tag::EXPIRES })?),
        };
        let number = CardNumber::new(&number).map_err(|_| RecordError::Value { tag: tag::CARD_NUMBER })?;

        self.select(EF06).await?;
        let (mut id_number, mut name, mut extension) = ([0; 18], [0; 30], [0; 20]);
        let mut wanted: [(u8, &mut [u8]); 3] =
            [(tag::ID_NUMBER, &mut id_number), (tag::NAME, &mut name), (tag::NAME_EXTENSION, &mut extension)];
        // Cards of version 1.00 have no extension.
        let count = if generation == Generation::V1 { 2 } else { 3 };
        self.records(generation, EF06, wanted.get_mut(..count).unwrap_or_default(), said).await?;
        let id_number = IdNumber::new(&id_number).map_err(|_| RecordError::Value { tag: tag::ID_NUMBER })?;
        let name = Name::from_records(&name, &extension).ok_or(RecordError::Value { tag: tag::NAME })?;
        Ok(CardData { generation, presented: PresentedCard { number, ident, id_number, name }, expires })
    }

    /// Selects SSSE; returns the algorithm it announces.
    async fn select_environment(&mut self) -> Result<Option<Algorithm>, Stop> {
        let command = commands::select_environment();
        let mut buffer: ResponseBuffer = [0; 258];
        let response = self.slot.transmit(&command, &mut buffer).await?;
        match response.sw {
            StatusWord::OK => Algorithm::from_fci(response.data).map_err(|code| Cause::Algorithm(code).into()),
            // An application or card block (docs/card.md §1.8).
            StatusWord::SELECTED_INVALIDATED | StatusWord::NOT_SUPPORTED | StatusWord::BLOCKED_FOR_GOOD => {
                Err(Stop::here(Reason::CardLocked))
            }
            sw => Err(Cause::Status { ins: command.ins, sw }.into()),
        }
    }

    async fn select(&mut self, fid: u16) -> Result<(), Stop> {
        let fid = fid.to_be_bytes();
        let command = commands::select_file(&fid);
        match self.status_of(&command).await? {
            StatusWord::OK => Ok(()),
            sw => Err(Cause::Status { ins: command.ins, sw }.into()),
        }
    }

    /// Reads data elements of the selected file by their record numbers, and checks tags and lengths.
    async fn records(
        &mut self,
        generation: Generation,
        fid: u16,
        wanted: &mut [(u8, &mut [u8])],
        said: &mut Said,
    ) -> Result<(), Stop> {
        for (tag, value) in wanted {
            let tag = *tag;
            // Every element the application asks for stands in the tables of its generation.
            let (number, spec) = generation.ssse_record(fid, tag).ok_or(RecordError::Value { tag })?;
            let command = commands::read_record(number, spec.len);
            let mut buffer: Zeroizing<ResponseBuffer> = Zeroizing::new([0; 258]);
            let response = self.slot.transmit(&command, &mut *buffer).await?;
            said.update(response.data);
            match response.sw {
                StatusWord::OK => Record::expect_into(response.data, tag, value)?,
                sw => return Err(Cause::Status { ins: command.ins, sw }.into()),
            }
        }
        Ok(())
    }

    /// The status word of a command whose response data, if any, does not matter and is no secret.
    pub(super) async fn status_of(&mut self, command: &Command<'_>) -> Result<StatusWord, SlotError> {
        let mut buffer: ResponseBuffer = [0; 258];
        Ok(self.slot.transmit(command, &mut buffer).await?.sw)
    }
}
