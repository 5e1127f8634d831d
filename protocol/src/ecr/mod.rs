//! What passes between till and terminal: the till's commands, and the terminal's events. The peer of their frames is
//! [`crate::frame::Peer::Till`].
//!
//! A message is a letter and then the parts of the table, in this order and without anything after them. Numbers are
//! big-endian. An amount is in fen, in eight bytes. A date is four BCD bytes YYYYMMDD; a time is a date, then hour,
//! minute and second. A text has its length before it. `flag?` is a byte, 0 or 1; the part after it is there only if
//! the byte is 1.
//!
//! | Command | | |
//! |---|---|---|
//! | set up | `U` | institution 12, terminal 8, the least number that the next transaction may have 4 |
//! | load key | `K` | institution 12, terminal 8, master key 16 (enciphered), its check value 3, MAC 8: [`KeyLoad`] |
//! | start | `V` | reference 4, time 7, operation: 1 apply, 2 settle, 3 purchase, 4 query; a bill: total 8, fund 8; to apply: flag? kind 1, number text, name text, last day 4 (zeros: without end) |
//! | attend | `F` | reference 4, time 7, what: 0 sign off, 1 echo, 2 settle the batch |
//! | cancel | `C` | – |
//! | status | `S` | – |
//! | time | `T` | time 7 |
//!
//! | Event | | |
//! |---|---|---|
//! | state | `s` | flags 1 (1 set up, 2 a reversal is due, 4 a confirmation is), parked 1, flag? reference 4 of the visit under way, next transaction number 4, starts 4, crashes 4, serial number 12, flag? check value 3 of the master key |
//! | ended | `e` | reference 4, flags 1 (1 activated, 2 bank account too, 4 PIN changed), charge 8, flag? reason 1, flag? balance 8, flag? transaction number 4, flag? status 1 and flags 1 (1 social, 2 financial, 4 PIN initial, 8 that PIN is a common one), flag? why the PIN stayed 1, cause 4 (zeros: none) |
//! | key loaded | `k` | check value 3 |
//! | refused | `r` | why 1 |
//!
//! A reason is sent as its place in [`Reason::ALL`], a status as its place in [`CardStatus::ALL`].
//! `qiyong_firmware::terminal::CauseCode` says what a cause means.
//!
//! **No lost frame does harm**, because the till may repeat everything. The till gives each visit a reference of its
//! own. A start with the reference of the visit under way is answered by the state; a start with the reference of the
//! last visit is answered by the end of that visit. So no holder is served twice. A key that the terminal has already is
//! loaded already. After a restart the terminal sends its state without being asked. It is set up if it knows where it
//! stands and has the master key of that name; a till can set it up for that name again, and for another one with a key of
//! that name alone.

mod codec;
mod key;
pub mod layout;
mod refused;

use core::num::NonZeroU32;

pub use self::codec::{Bytes, ECR_MAX};
use self::codec::{Reader, Writer};
pub use self::key::{KeyLoad, TEST_TRANSPORT_KEY};
pub use self::refused::Refused;
use crate::card::date::Timestamp;
use crate::card::status::CardStatus;
use crate::centre::{Stan, Standing, TerminalId};
use crate::rules::decision::{Effects, Operation};
use crate::rules::institution::InstitutionCode;
use crate::rules::money::Fen;
use crate::rules::reason::Reason;

/// The till's name for a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Reference(pub u32);

/// Where a terminal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Place {
    /// The institution where it stands.
    pub institution: InstitutionCode,
    /// The terminal's name in the institution.
    pub terminal: TerminalId,
    /// The least number that the next transaction may have. The terminal's numbers never go back, whatever this number
    /// is.
    pub next_stan: Stan,
}

/// What a till has its terminal settle with the centre, without a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Formality {
    /// The work is over.
    SignOff,
    /// Is the centre there, and does it know this terminal?
    Echo,
    /// The day is over: the batch is compared with the centre's, and another one begins (docs/centre.md §22).
    SettleBatch,
}

impl Formality {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SignOff, Self::Echo, Self::SettleBatch];

    /// Its word in commands and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignOff => "sign-off",
            Self::Echo => "echo",
            Self::SettleBatch => "settle-batch",
        }
    }
}

/// What a till wants of the terminal.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Command {
    /// Your institution and name, whose key you have.
    Setup(Place),
    /// Your master key, and the name that it is for.
    LoadKey(KeyLoad),
    /// Serve one holder.
    Start {
        /// The till's reference for the visit.
        reference: Reference,
        /// The time, by which the terminal sets its clock.
        time: Timestamp,
        /// What the terminal is to do.
        operation: Operation,
    },
    /// Settle something with the centre, as a visit without a holder.
    Attend {
        /// The till's reference for it, as for a visit.
        reference: Reference,
        /// The time, by which the terminal sets its clock.
        time: Timestamp,
        /// What.
        what: Formality,
    },
    /// Press the cancel key.
    Cancel,
    /// Send your state.
    Status,
    /// Set your clock.
    Time(Timestamp),
}

/// The state of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct State {
    /// The till has said since the start where the terminal stands, and it has the master key of that name.
    pub set_up: bool,
    /// A transaction must be reversed before anything else is done.
    pub reversal_due: bool,
    /// A transaction must be confirmed before anything else is done.
    pub confirmation_due: bool,
    /// How many transactions the centre has not taken a reversal or confirmation of, again and again. They hold up nothing.
    pub parked: u8,
    /// The visit under way.
    pub visit: Option<Reference>,
    /// The number of the next transaction.
    pub next_stan: Stan,
    /// How often it has started, this start included, as far as its memory knows.
    pub starts: u32,
    /// How many of these starts followed a panic or a fault.
    pub crashes: u32,
    /// The serial number of the chip, 96 bits; zeros if it has none.
    pub serial: [u8; 12],
    /// The check value of its master key, if it has one.
    pub key: Option<[u8; 3]>,
}

/// How a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ended {
    /// The till's reference for the visit.
    pub reference: Reference,
    /// Why the visit was not approved; `None` if it was.
    pub reason: Option<Reason>,
    /// What was done.
    pub effects: Effects,
    /// The personal account's balance after a transaction.
    pub balance: Option<Fen>,
    /// The transaction's number, if one was sent.
    pub stan: Option<Stan>,
    /// The standing of the card: for a query, that of the answer; otherwise that before the transaction.
    pub standing: Option<Standing>,
    /// The holder replaced the initial PIN.
    pub pin_changed: bool,
    /// At a bank: why the offer to replace the PIN came to nothing, unless the holder declined it.
    pub pin_unchanged: Option<Reason>,
    /// What exactly was wrong with the card or the way to the centre, where more is known than the reason says. The
    /// terminal defines the numbers.
    pub cause: Option<NonZeroU32>,
}

/// What a terminal tells the till.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event {
    /// The terminal's state: after a start, and in answer to every command that has no other answer.
    State(State),
    /// A visit ended.
    Ended(Ended),
    /// The terminal has the master key with this check value, durably.
    KeyLoaded([u8; 3]),
    /// A command is not carried out.
    Refused(Refused),
}

impl Command {
    /// As bytes.
    pub fn encode(&self) -> Bytes {
        let mut bytes = Bytes::default();
        let _ = match self {
            Self::Setup(Place { institution, terminal, next_stan }) => {
                Writer::new(&mut bytes, b'U').bytes(institution.as_bytes()).bytes(&terminal.0).number(next_stan.0)
            }
            Self::LoadKey(load) => load.write(Writer::new(&mut bytes, KeyLoad::LETTER)),
            Self::Start { reference, time, operation } => {
                Writer::new(&mut bytes, b'V').number(reference.0).time(*time).operation(operation)
            }
            Self::Attend { reference, time, what } => {
                Writer::new(&mut bytes, b'F').number(reference.0).time(*time).place(&Formality::ALL, *what)
            }
            Self::Cancel => Writer::new(&mut bytes, b'C'),
            Self::Status => Writer::new(&mut bytes, b'S'),
            Self::Time(time) => Writer::new(&mut bytes, b'T').time(*time),
        };
        bytes
    }

    /// From bytes; `None` if they are no command.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let command = match reader.byte()? {
            b'U' => Self::Setup(Place {
                institution: InstitutionCode::from_bytes(reader.slice(12)?).ok()?,
                terminal: TerminalId(reader.array()?),
                next_stan: reader.stan()?,
            }),
            KeyLoad::LETTER => Self::LoadKey(KeyLoad::read(&mut reader)?),
            b'V' => Self::Start {
                reference: Reference(reader.number()?),
                time: reader.time()?,
                operation: reader.operation()?,
            },
            b'F' => Self::Attend {
                reference: Reference(reader.number()?),
                time: reader.time()?,
                what: reader.place(&Formality::ALL)?,
            },
            b'C' => Self::Cancel,
            b'S' => Self::Status,
            b'T' => Self::Time(reader.time()?),
            _ => return None,
        };
        reader.end(command)
    }
}

impl Event {
    /// As bytes.
    pub fn encode(&self) -> Bytes {
        let mut bytes = Bytes::default();
        let _ = match self {
            Self::State(State {
                set_up,
                reversal_due,
                confirmation_due,
                parked,
                visit,
                next_stan,
                starts,
                crashes,
                serial,
                key,
            }) => Writer::new(&mut bytes, b's')
                .flags([*set_up, *reversal_due, *confirmation_due])
                .bytes(&[*parked])
                .option(*visit, |writer, visit| writer.number(visit.0))
                .number(next_stan.0)
                .number(*starts)
                .number(*crashes)
                .bytes(serial)
                .option(*key, |writer, check| writer.bytes(&check)),
            Self::Ended(ended) => {
                let Ended { reference, reason, effects, balance, stan, standing, pin_changed, pin_unchanged, cause } =
                    *ended;
                Writer::new(&mut bytes, b'e')
                    .number(reference.0)
                    .flags([effects.activates, effects.activates_financial, pin_changed])
                    .fen(effects.charge)
                    .option(reason, Writer::reason)
                    .option(balance, Writer::fen)
                    .option(stan, |writer, stan| writer.number(stan.0))
                    .option(standing, |writer, standing| {
                        let Standing { status, social, financial, pin_is_initial, initial_is_common } = standing;
                        let flags = [social, financial, pin_is_initial, initial_is_common];
                        writer.place(&CardStatus::ALL, status).flags(flags)
                    })
                    .option(pin_unchanged, Writer::reason)
                    .number(cause.map_or(0, NonZeroU32::get))
            }
            Self::KeyLoaded(check) => Writer::new(&mut bytes, b'k').bytes(check),
            Self::Refused(why) => Writer::new(&mut bytes, b'r').place(&Refused::ALL, *why),
        };
        bytes
    }

    /// From bytes; `None` if they are no event.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let event = match reader.byte()? {
            b's' => {
                let [set_up, reversal_due, confirmation_due] = reader.flags()?;
                Self::State(State {
                    set_up,
                    reversal_due,
                    confirmation_due,
                    parked: reader.byte()?,
                    visit: reader.option(|reader| reader.number().map(Reference))?,
                    next_stan: reader.stan()?,
                    starts: reader.number()?,
                    crashes: reader.number()?,
                    serial: reader.array()?,
                    key: reader.option(Reader::array)?,
                })
            }
            b'e' => {
                let reference = Reference(reader.number()?);
                let [activates, activates_financial, pin_changed] = reader.flags()?;
                Self::Ended(Ended {
                    reference,
                    pin_changed,
                    effects: Effects { activates, activates_financial, charge: reader.fen()? },
                    reason: reader.option(Reader::reason)?,
                    balance: reader.option(Reader::fen)?,
                    stan: reader.option(Reader::stan)?,
                    standing: reader.option(|reader| {
                        let status = reader.place(&CardStatus::ALL)?;
                        let [social, financial, pin_is_initial, initial_is_common] = reader.flags()?;
                        Some(Standing { status, social, financial, pin_is_initial, initial_is_common })
                    })?,
                    pin_unchanged: reader.option(Reader::reason)?,
                    cause: reader.number().map(NonZeroU32::new)?,
                })
            }
            b'k' => Self::KeyLoaded(reader.array()?),
            b'r' => Self::Refused(reader.place(&Refused::ALL)?),
            _ => return None,
        };
        reader.end(event)
    }
}

#[cfg(test)]
mod tests;
