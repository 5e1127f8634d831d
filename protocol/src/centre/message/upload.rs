//! What messages about a settlement have in F48 and F62: totals, entries, and where a batch stands. All ours, except that 1 and 2
//! in the answer are balanced and not balanced (recalled).
//!
//! | Message | F48, digits | F62, object DF27 |
//! |---|---|---|
//! | settle a batch | for apply, settle and purchase: count 6, total 18, paid by accounts 18 | – |
//! | upload | place of the first entry, 6 | one to five entries |
//! | upload done | how many entries there were, 6 | – |
//! | the answer to each | 1: 0 open, 1 balanced, 2 differs, 3 closed with a difference | – |
//!
//! | Bytes of an entry | 3 | 1 | 9 | 6 | 6 | 7 | 1 |
//! |---|---|---|---|---|---|---|---|
//! | | STAN, BCD | kind: 01 apply, 02 settle, 03 purchase | card's number | total in fen, BCD | paid by the account, BCD | date and time, BCD | how it ended: 01 confirmed, 02 reversed |

use super::error::MessageError;
use super::forms::{amount_bcd, amount_of, digits, number, stan_bcd, stan_of, time_digits};
use super::objects::{ENTRIES, Objects, array, card_number};
use crate::card::date::Timestamp;
use crate::centre::iso8583::{Message, Writer};
use crate::centre::{BatchState, Body, Deal, Ended, Entry, Original, Stan, Sum, Totals, UPLOAD_MAX};
use crate::rules::money::Fen;

/// The bytes of an entry.
pub const ENTRY: usize = 33;
/// The digits of a count, and of a sum.
const COUNT: usize = 6;
const SUM: usize = 18;
/// The digits of one kind's totals, and of all.
const ROW: usize = COUNT + 2 * SUM;
const TOTALS: usize = ROW * Deal::ALL.len();

/// The bytes of the entries in one message.
pub(super) type Entries = heapless::Vec<u8, { ENTRY * UPLOAD_MAX }>;

const F48: MessageError = MessageError::Value { field: 48 };
const OBJECT: MessageError = MessageError::Object { field: 62, tag: ENTRIES };

/// Writes F48 of a request; returns what its F62 has of entries.
pub(super) fn write(writer: &mut Writer<'_>, body: &Body<'_>) -> Result<Option<Entries>, MessageError> {
    match body {
        Body::SettleBatch { totals } => {
            let mut all: heapless::Vec<u8, TOTALS> = heapless::Vec::new();
            for deal in Deal::ALL {
                let Sum { count, total, charge } = totals.of(deal);
                let count: [u8; COUNT] = digits(count.into()).ok_or(F48)?;
                all.extend_from_slice(&count).map_err(|_| F48)?;
                for sum in [total, charge] {
                    let sum: [u8; SUM] = digits(sum.0).ok_or(F48)?;
                    all.extend_from_slice(&sum).map_err(|_| F48)?;
                }
            }
            writer.digits(48, &all);
            Ok(None)
        }
        Body::Upload { from, entries } => {
            if !is_upload(*from, entries.len()) {
                return Err(F48);
            }
            writer.digits(48, &digits::<COUNT>((*from).into()).ok_or(F48)?);
            let mut bytes = Entries::new();
            for entry in *entries {
                bytes.extend_from_slice(&to_bytes(entry).ok_or(OBJECT)?).map_err(|_| OBJECT)?;
            }
            Ok(Some(bytes))
        }
        Body::UploadDone { count } => {
            writer.digits(48, &digits::<COUNT>((*count).into()).ok_or(F48)?);
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// Whether so many entries may stand from this place on.
fn is_upload(from: u32, entries: usize) -> bool {
    let last = u32::try_from(entries).ok().and_then(|entries| from.checked_add(entries)?.checked_sub(1));
    (1..=UPLOAD_MAX).contains(&entries) && from > 0 && last.is_some_and(|last| last <= Stan::LAST.0)
}

fn f48<const N: usize>(message: &Message<'_>) -> Result<[u8; N], MessageError> {
    message.field(48).ok_or(MessageError::Missing { field: 48 })?.digit_array().ok_or(F48)
}

pub(super) fn read_totals(message: &Message<'_>) -> Result<Totals, MessageError> {
    let all: [u8; TOTALS] = f48(message)?;
    let mut totals = Totals::default();
    for (deal, row) in Deal::ALL.into_iter().zip(all.chunks(ROW)) {
        let (count, sums) = row.split_at_checked(COUNT).ok_or(F48)?;
        let (total, charge) = sums.split_at_checked(SUM).ok_or(F48)?;
        // Six digits fit into 32 bits.
        let sum = Sum { count: number(count) as u32, total: Fen(number(total)), charge: Fen(number(charge)) };
        *totals.of_mut(deal) = sum;
    }
    Ok(totals)
}

pub(super) fn read_count(message: &Message<'_>) -> Result<u32, MessageError> {
    Ok(number(&f48::<COUNT>(message)?) as u32)
}

pub(super) fn read_entries(message: &Message<'_>) -> Result<(u32, heapless::Vec<Entry, UPLOAD_MAX>), MessageError> {
    let from = read_count(message)?;
    let bytes = Objects::of(message, 62)?.get(ENTRIES, Some)?;
    let mut entries = heapless::Vec::new();
    for bytes in bytes.chunks(ENTRY) {
        entries.push(from_bytes(bytes).ok_or(OBJECT)?).map_err(|_| OBJECT)?;
    }
    if is_upload(from, entries.len()) { Ok((from, entries)) } else { Err(F48) }
}

/// The bytes of an entry; `None`: its number, an amount or its time has none.
fn to_bytes(entry: &Entry) -> Option<[u8; ENTRY]> {
    let Entry { stan, deal, original: Original { card, total, time }, charge, ended } = entry;
    time_digits(*time)?;
    let deal = match deal {
        Deal::Apply => 1,
        Deal::Settle => 2,
        Deal::Purchase => 3,
    };
    let ended = match ended {
        Ended::Confirmed => 1,
        Ended::Reversed => 2,
    };
    let stan = stan_bcd(digits(Stan::new(stan.0)?.0.into())?);
    let (total, charge, time) = (amount_bcd(digits(total.0)?), amount_bcd(digits(charge.0)?), time.to_bcd());
    let mut bytes = [0; ENTRY];
    let parts = [&stan[..], &[deal], card.as_bytes(), &total, &charge, &time, &[ended]];
    bytes.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
    Some(bytes)
}

/// The entry in exactly these bytes.
fn from_bytes(bytes: &[u8]) -> Option<Entry> {
    let (stan, rest) = bytes.split_at_checked(3)?;
    let (deal, rest) = rest.split_first()?;
    let (card, rest) = rest.split_at_checked(9)?;
    let (total, rest) = rest.split_at_checked(6)?;
    let (charge, rest) = rest.split_at_checked(6)?;
    let (time, ended) = rest.split_at_checked(7)?;
    let deal = match deal {
        1 => Deal::Apply,
        2 => Deal::Settle,
        3 => Deal::Purchase,
        _ => return None,
    };
    let ended = match ended {
        [1] => Ended::Confirmed,
        [2] => Ended::Reversed,
        _ => return None,
    };
    let time = Timestamp::from_bcd(array(time)?)?;
    time_digits(time)?;
    let original = Original { card: card_number(card)?, total: amount_of(total)?, time };
    Some(Entry { stan: stan_of(stan)?, deal, original, charge: amount_of(charge)?, ended })
}

pub(super) const fn state_digits(state: BatchState) -> [u8; 1] {
    match state {
        BatchState::Open => [0],
        BatchState::Balanced => [1],
        BatchState::Differs => [2],
        BatchState::Closed => [3],
    }
}

pub(super) fn read_state(message: &Message<'_>) -> Result<BatchState, MessageError> {
    let digits: [u8; 1] = f48(message)?;
    BatchState::ALL.into_iter().find(|state| state_digits(*state) == digits).ok_or(F48)
}
