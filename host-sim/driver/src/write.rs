//! iWriteCard and its steps with a security module: records of one file (docs/card.md §1.6, §1.9). Records are written one by one,
//! and a failure says how many are: a card knows no transaction.

use qiyong_protocol::card::commands::ins::UPDATE_RECORD;
use qiyong_protocol::card::files::{FileSpec, RecordSpec};
use qiyong_protocol::card::psam::{Named, for_writing};
use qiyong_protocol::card::records::Record;
use qiyong_protocol::iso7816::apdu::Command;
use zeroize::Zeroizing;

use crate::card::Powered;
use crate::code::Code;
use crate::failure::Failure;
use crate::fields;
use crate::files::{Found, Wanted, shows_number};
use crate::hsm::Waiting;
use crate::pin::Keyboard;
use crate::psam::Psam;
use crate::rights::{Needs, Rights};
use crate::settings::Settings;

/// A record's number and bytes: tag, length, value.
type Written = (u8, Zeroizing<Vec<u8>>);

/// iWriteCard. The text on success is empty.
pub(crate) fn write(
    settings: &Settings,
    keyboard: Keyboard,
    wanted: &Wanted,
    data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut card = Powered::new(settings)?;
    let (found, records) = prepare(wanted, &card, data)?;
    let FileSpec { df, fid, update, .. } = *found.file;
    let needs = Needs::of(update, false)?;
    let named = for_writing(df, fid);
    if shows_number(&card) {
        wanted.card.compare_number(&mut card)?;
    }
    let mut rights = Rights::prepare(settings, keyboard, &mut card, needs)?;
    rights.enter(&mut card, df, needs, named)?;
    card.select(fid)?;
    let mut signer = rights.psam().zip(named).filter(|_| settings.write_mac);
    put(&mut card, &records, |card, command, bytes| match &mut signer {
        Some((psam, named)) => signed(card, psam, *named, command, bytes),
        None => card.done(&command.with_data(bytes)),
    })?;
    Ok(Zeroizing::default())
}

/// iWriteCard_HSM_Step1. What the module must know beside the text, which file it is, the caller tells it.
pub(crate) fn step_1(settings: &Settings, wanted: &Wanted) -> Result<(Waiting, Zeroizing<Vec<u8>>), Failure> {
    let mut card = Powered::new(settings)?;
    let found = first(wanted.find(&card)?)?;
    match Needs::of(found.file.update, false)? {
        Needs { key: None, .. } => Err(Code::HsmNotNeeded.into()),
        Needs { key: Some(_), .. } => {
            if shows_number(&card) {
                wanted.card.compare_number(&mut card)?;
            }
            card.enter(found.file.df)?;
            Waiting::new(card, settings)
        }
    }
}

/// iWriteCard_HSM_Step2. The text on success is empty.
pub(crate) fn step_2(
    waiting: Waiting,
    wanted: &Wanted,
    (key, data): (&[u8], &[u8]),
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let (found, records) = prepare(wanted, waiting.card(), data)?;
    let needs = Needs::of(found.file.update, false)?;
    let mut card = waiting.authenticate(key, needs.key.ok_or(Code::HsmNotNeeded)?)?;
    card.select(found.file.fid)?;
    put(&mut card, &records, |card, command, bytes| card.done(&command.with_data(bytes)))?;
    Ok(Zeroizing::default())
}

fn first(found: Vec<Found>) -> Result<Found, Failure> {
    found.into_iter().next().ok_or_else(|| Code::Parameter.into())
}

/// The file and its records as they will be written: all of them are right, or none is begun.
fn prepare(wanted: &Wanted, card: &Powered, data: &[u8]) -> Result<(Found, Vec<Written>), Failure> {
    let found = first(wanted.find(card)?)?;
    let fields = fields::split(data)?;
    if fields.len() != found.records.len() {
        return Err(Code::BadData.with(format!("应为{}项,实为{}项", found.records.len(), fields.len())));
    }
    let rows = (1..).zip(found.records.iter().zip(fields));
    let written = rows.map(|(at, ((number, spec), field)): (usize, (&(u8, &RecordSpec), &[u8]))| {
        let value = fields::value(at, field, spec)?;
        let record = Record { tag: spec.tag, value: &value }.encode().ok_or(Code::BadData)?;
        Ok((*number, Zeroizing::new(record.to_vec())))
    });
    let written = written.collect::<Result<_, Failure>>()?;
    Ok((found, written))
}

fn put(
    card: &mut Powered,
    records: &[Written],
    mut one: impl FnMut(&mut Powered, Command<'static>, &[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for (done, (number, bytes)) in records.iter().enumerate() {
        let command = Command::new(0, UPDATE_RECORD, *number, 0x04);
        one(card, command, bytes).map_err(|failure| match done {
            0 => failure,
            done => failure.and(&format!("已写{done}项")),
        })?;
    }
    Ok(())
}

/// UPDATE RECORD with a MAC by the file's key.
fn signed(
    card: &mut Powered,
    psam: &mut Psam,
    named: Named,
    command: Command<'static>,
    bytes: &[u8],
) -> Result<(), Failure> {
    let command = Command { cla: 0x04, ..command };
    let challenge = card.challenge()?;
    let mac = psam.secure(card, named, challenge, &command.with_data(bytes))?;
    let data = Zeroizing::new([bytes, &mac].concat());
    card.done(&command.with_data(&data))
}
