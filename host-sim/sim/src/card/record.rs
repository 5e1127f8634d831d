//! Records a real card: asks it for what it tells everybody, and makes a virtual card that answers the same.
//!
//! It sends SELECT and READ RECORD alone, so that the card loses nothing by it. Whose card it is goes nowhere: what identifies
//! card or holder is replaced in memory (`made_up`) before anything else is done with it. An answer whose form is not known
//! could contain such a value, and is not kept.

mod made_up;

use std::collections::BTreeMap;

use thiserror::Error;
use zeroize::Zeroizing;

use qiyong_firmware::slot::{CardSlot, ResponseBuffer, SlotError};
use qiyong_protocol::card::codes::{CodeError, IdentCode, Region};
use qiyong_protocol::card::commands::{ins, read_record, select_environment, select_file};
use qiyong_protocol::card::files::{Df, EF05, FileSpec, Generation, RecordSpec, tag};
use qiyong_protocol::card::records::Record;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::atr::Atr;
use qiyong_protocol::iso7816::sw::StatusWord;

use super::antenna::{Antenna, Ats, is_pcsc_atr};
use super::file::{ATR_MAX, file_name};
use super::os::{Bytes, VirtualCard};
use super::recorded::{Exchange, Place, Recorded, without_le};

/// Why a card is not recorded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// It cannot be talked to.
    #[error("after {after} exchanges: {error}")]
    Slot {
        /// What happened.
        error: SlotError,
        /// How many commands it had answered.
        after: usize,
    },
    /// It has no environment of a social security card.
    #[error("this is no social security card, since it answers the selection of SSSE with {0}: put one in")]
    OtherCard(StatusWord),
    /// It does not say which version it is.
    #[error("the card does not tell its version ({0}) and cannot be recorded: take another card")]
    NoVersion(StatusWord),
    /// Its version is none that is known.
    #[error("the card's version is none of 1.00, 2.00 and 3.00, or its record is none: take another card")]
    UnknownVersion,
    /// No card could be made to stand for it.
    #[error("no card can be made with the area in the card's ident code ({0}): take another card")]
    Area(CodeError),
}

/// Makes a card of this generation with everything in it made up, issued by this area, whose keys fit these historical bytes.
pub type Make<'a> = &'a dyn Fn(Generation, Region, &[u8]) -> Result<VirtualCard, CodeError>;

/// One exchange as it was. The answer may be somebody's name.
struct Heard {
    place: Place,
    command: Vec<u8>,
    /// The record that was asked for, and its file.
    asked: Option<(&'static FileSpec, &'static RecordSpec)>,
    data: Zeroizing<Vec<u8>>,
    sw: StatusWord,
    micros: u64,
}

/// Who asks the card, and what it has heard.
struct Recorder<'a, S> {
    slot: &'a mut S,
    /// The time, in µs.
    now: &'a mut dyn FnMut() -> u64,
    place: Place,
    heard: Vec<Heard>,
}

/// Records the card in the slot; `now` is a clock in µs.
///
/// # Errors
/// It is no social security card, or it cannot be talked to: then nothing of it is left.
pub async fn record<S: CardSlot>(
    slot: &mut S,
    now: &mut dyn FnMut() -> u64,
    make: Make<'_>,
) -> Result<VirtualCard, RecordError> {
    let mut recorder = Recorder { slot, now, place: Place::default(), heard: Vec::new() };
    let outcome = recorder.run(make).await;
    recorder.slot.disconnect().await;
    outcome
}

impl<S: CardSlot> Recorder<'_, S> {
    async fn run(&mut self, make: Make<'_>) -> Result<VirtualCard, RecordError> {
        let atr = self.slot.connect().await.map_err(|error| RecordError::Slot { error, after: 0 })?.to_vec();
        let antenna = if is_pcsc_atr(&atr) { Some(self.antenna(&atr).await?) } else { None };
        match self.ask(&select_environment(), None).await? {
            (_, sw) if super::recorded::accepted(sw) => {}
            (_, sw) => return Err(RecordError::OtherCard(sw)),
        }
        let generation = self.generation().await?;
        for spec in generation.files().filter(|spec| spec.df == Df::Ssse) {
            self.file(spec).await?;
        }
        let mut inside = None;
        for spec in generation.files() {
            let Some(df) = spec.df.fid() else { continue };
            if inside != Some(df) {
                self.ask(&select_file(&df.to_be_bytes()), None).await?;
                inside = Some(df);
            }
            self.ask(&select_file(&spec.fid.to_be_bytes()), None).await?;
        }
        self.make(generation, &atr, antenna, make)
    }

    /// Sends a command and notes what came.
    async fn ask(
        &mut self,
        command: &Command<'_>,
        asked: Option<(&'static FileSpec, &'static RecordSpec)>,
    ) -> Result<(Zeroizing<Vec<u8>>, StatusWord), RecordError> {
        let mut buffer: Zeroizing<ResponseBuffer> = Zeroizing::new([0; 258]);
        let begin = (self.now)();
        let answer = self.slot.transmit(command, &mut *buffer).await;
        let micros = (self.now)().saturating_sub(begin);
        let after = self.heard.len();
        let answer = answer.map_err(|error| RecordError::Slot { error, after })?;
        let (data, sw) = (Zeroizing::new(answer.data.to_vec()), answer.sw);
        let place = self.place.of(command);
        self.place.follow(command, sw);
        self.heard.push(Heard { place, command: without_le(command), asked, data: data.clone(), sw, micros });
        Ok((data, sw))
    }

    /// The version record, which is free on every card and at the same place.
    async fn generation(&mut self) -> Result<Generation, RecordError> {
        let file = Generation::V1.file(Df::Ssse, EF05);
        let (number, spec) = Generation::V1.ssse_record(EF05, tag::VERSION).ok_or(RecordError::UnknownVersion)?;
        self.ask(&select_file(&EF05.to_be_bytes()), None).await?;
        let (data, sw) = self.ask(&read_record(number, spec.len), file.map(|file| (file, spec))).await?;
        if !sw.is_ok() {
            return Err(RecordError::NoVersion(sw));
        }
        let value = Record::decode(&data).ok().filter(|record| record.tag == tag::VERSION);
        value.and_then(|record| Generation::from_version(record.value)).ok_or(RecordError::UnknownVersion)
    }

    /// Selects a file of the environment, and reads its records and one more.
    async fn file(&mut self, spec: &'static FileSpec) -> Result<(), RecordError> {
        let selected = self.ask(&select_file(&spec.fid.to_be_bytes()), None).await?.1;
        if !super::recorded::accepted(selected) || spec.records().is_empty() {
            return Ok(());
        }
        let known = self.heard.iter().any(|heard| heard.asked.is_some());
        for (number, record) in (1..).zip(spec.records()) {
            // It was read to know the version.
            if !(known && record.tag == tag::VERSION) {
                self.ask(&read_record(number, record.len), Some((spec, record))).await?;
            }
        }
        let beyond = u8::try_from(spec.records().len() + 1).unwrap_or(u8::MAX);
        self.ask(&read_record(beyond, 0), None).await?;
        Ok(())
    }

    /// What the reader knows of a card without contacts, with a UID that is none.
    async fn antenna(&mut self, atr: &[u8]) -> Result<Antenna, RecordError> {
        let mut get = async |p1| {
            let mut buffer: Zeroizing<ResponseBuffer> = Zeroizing::new([0; 258]);
            let command = Command::new(0xFF, 0xCA, p1, 0).expecting(256);
            let answer = self.slot.transmit(&command, &mut *buffer).await;
            let answer = answer.map_err(|error| RecordError::Slot { error, after: 0 })?;
            Ok(if answer.sw.is_ok() { Zeroizing::new(answer.data.to_vec()) } else { Zeroizing::default() })
        };
        let uid = get(0).await?.len();
        let historical = made_up::historical(Atr::new(atr).historical());
        // Some readers answer the whole ATS, in which T0, TA, TB and TC come before the historical bytes.
        let ats = match get(1).await?.as_slice() {
            [tl, t0, rest @ ..] if usize::from(*tl) == rest.len() + 2 && t0 & 0x20 != 0 => {
                let tb = rest.get(usize::from(t0 & 0x10 != 0)).copied().unwrap_or_default();
                Ats { fsci: (t0 & 0x0F).min(8), fwi: (tb >> 4).min(14), sfgi: (tb & 0x0F).min(14), historical }
            }
            _ => Ats { historical, ..Ats::default() },
        };
        Ok(Antenna { uid: made_up::uid(uid), ats })
    }

    /// The card that stands for the real one.
    fn make(
        &self,
        generation: Generation,
        atr: &[u8],
        antenna: Option<Antenna>,
        make: Make<'_>,
    ) -> Result<VirtualCard, RecordError> {
        let read =
            self.heard.iter().filter_map(|heard| Some(((heard.asked?.0.fid, heard.asked?.1.tag), heard.value()?)));
        let read: BTreeMap<_, _> = read.collect();
        let ident = read.get(&(EF05, tag::IDENT_CODE)).and_then(|value| <[u8; 16]>::try_from(*value).ok());
        let area = ident.and_then(|bytes| IdentCode::new(bytes).ok()).map(|ident| ident.region());
        let area = area.map_or_else(|| Region::new(made_up::AREA), Ok).map_err(RecordError::Area)?;
        let historical = made_up::historical(Atr::new(atr).historical());
        let mut card = make(generation, area, &historical).map_err(RecordError::Area)?;
        let mut missing = Vec::new();
        match (&antenna, made_up::atr(atr)) {
            (Some(_), _) => card.atr.clear(),
            (None, Some(atr)) if (1..=ATR_MAX).contains(&atr.len()) => card.atr = atr,
            (None, _) => missing.push("the ATR, which is none".into()),
        }
        card.antenna = antenna;
        for (&(fid, tag), value) in &read {
            card.put_recorded(fid, tag, value);
        }
        // Of the ident code its own part, since its beginning stands in every application's name; and the serial number in the ATR.
        let serial = Atr::new(atr).historical().last_chunk::<6>().map(|serial| serial.as_slice());
        let serials = [serial, ident.as_ref().and_then(|ident| ident.get(8..))];
        let personal = |tag: u8| tag != tag::IDENT_CODE && !made_up::is_of_the_card(tag);
        let values = read.iter().filter(|((_, tag), _)| personal(*tag)).map(|(_, value)| *value);
        let secret: Vec<&[u8]> = values.chain(serials.into_iter().flatten()).collect();
        let exchanges = self.heard.iter().map(|heard| heard.kept(&card, &secret, &mut missing)).collect();
        if card.antenna.is_some() {
            missing.push("FSCI, FWI and SFGI of the ATS, unless the reader told them; the ATR of the contacts".into());
        }
        missing.push(
            "what needs a key or the PIN, transparent files, and the records of applications: never asked".into(),
        );
        card.recorded = Recorded { exchanges, missing };
        card.forget_what_it_answers_itself();
        Ok(card)
    }
}

impl Heard {
    /// The value of the record that was asked for, if that is what came.
    fn value(&self) -> Option<&[u8]> {
        let (_, spec) = self.asked?;
        let record = Record::decode(&self.data).ok().filter(|_| self.sw.is_ok())?;
        (record.tag == spec.tag && record.value.len() == usize::from(spec.len)).then_some(record.value)
    }

    /// What is kept of the exchange; what is left out is told.
    fn kept(&self, card: &VirtualCard, secret: &[&[u8]], missing: &mut Vec<String>) -> Exchange {
        let sw = self.sw.0.to_be_bytes();
        let mut note = |what: String| missing.push(what);
        let answer = match (self.asked, self.value()) {
            // What the virtual card has by now.
            (Some((file, spec)), Some(_)) => {
                let value = card.ssse_value(file.fid, spec.tag).unwrap_or_default();
                let record = Record { tag: spec.tag, value }.encode();
                record.map(|bytes| [bytes.as_slice(), &sw].concat())
            }
            _ if self.data.is_empty() => {
                if let Some((file, spec)) = self.asked {
                    note(format!("{} {:02X}: the card answers {}", file_name(file), spec.tag, self.sw));
                }
                Some(sw.to_vec())
            }
            (None, _) if self.is_select() && made_up::is_harmless(&self.data, secret) => {
                Some([self.data.as_slice(), &sw].concat())
            }
            _ => {
                let what = self.asked.map_or_else(
                    || format!("the answer to {}", hex::encode_upper(&self.command)),
                    |(file, spec)| format!("{} {:02X}", file_name(file), spec.tag),
                );
                note(format!("{what}: {} bytes of a form that is not known, and not kept", self.data.len()));
                None
            }
        };
        Exchange { place: self.place.clone(), command: self.command.clone(), micros: self.micros, answer }
    }

    fn is_select(&self) -> bool {
        self.command.get(1) == Some(&ins::SELECT)
    }
}

impl VirtualCard {
    /// Takes over a value that was read, or what is made up in its place.
    fn put_recorded(&mut self, fid: u16, tag: u8, value: &[u8]) {
        let generation = self.generation;
        let Some((number, _)) = generation.ssse_record(fid, tag) else { return };
        let sample = self.ssse_value(fid, tag).unwrap_or_default().to_vec();
        let value = made_up::value(tag, value, &sample);
        let Some(spec) = generation.file(Df::Ssse, fid) else { return };
        if let Some(Bytes::Records(values)) = self.file_mut(spec)
            && let Some(place) = values.get_mut(usize::from(number) - 1)
        {
            *place = value;
        }
    }

    /// Leaves out the recorded answers that this card gives by itself: its file then says what is peculiar.
    fn forget_what_it_answers_itself(&mut self) {
        for at in 0..self.recorded.exchanges.len() {
            let Some(answer) = self.recorded.exchanges.get_mut(at).and_then(|exchange| exchange.answer.take()) else {
                continue;
            };
            self.reset();
            let upto = self.recorded.exchanges.iter().take(at + 1).map(|exchange| exchange.command.clone());
            let mut last = Vec::new();
            for bytes in upto.collect::<Vec<_>>() {
                if let Ok(command) = Command::decode(&bytes) {
                    let (data, sw) = self.process(&command.expecting(256));
                    last = [data.as_slice(), &sw.0.to_be_bytes()].concat();
                }
            }
            if last != answer
                && let Some(exchange) = self.recorded.exchanges.get_mut(at)
            {
                exchange.answer = Some(answer);
            }
        }
        self.reset();
    }
}
