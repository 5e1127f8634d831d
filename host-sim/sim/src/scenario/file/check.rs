//! Turns the keys of a file into a checked scenario: every value is within its bounds, every name is known. If not, a
//! message says so.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::civil::DateTime;

use qiyong_protocol::card::codes::{CardNumber, CodeError, IdNumber, Name, Region};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::decision::{Institution, Operation};
use qiyong_protocol::rules::document::{Document, DocumentKind, DocumentNumber, Validity};
use qiyong_protocol::rules::institution::{Channel, InstitutionCode};
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::{Outcome, Reason};

use super::keys::*;
use super::{Card, Expected, ExpectedCard, Known, Scenario, Step};
use crate::card::contact::Misbehaviour;
use crate::card::contact::habits::HabitKeys;
use crate::card::file::{ATR_MAX, check_files};
use crate::gbk;
use crate::input::{self, Places};
use crate::line::{Disturbance, Fault, PullDuring};
use crate::scenario::problem::Problem;
use crate::scenario::serial;
use crate::world::visit::{CancelAt, LinkTrouble, Visit};

/// A till's clock may be wrong by a week, in seconds.
const CLOCK_AHEAD_MAX: u64 = 7 * 24 * 3_600;

/// Tables must be tables, and dates must be strings. Serde would accept a list for a table, and its messages speak of
/// maps.
pub(super) fn check_shape(path: &str, table: &toml::Table) -> Result<(), Problem> {
    for (key, value) in table {
        let name = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (key.as_str(), value) {
            (_, toml::Value::Datetime(_)) => return Err(Problem::Unquoted { key: name }),
            ("card" | "terminal" | "step", toml::Value::Table(_)) if path.is_empty() => {
                return Err(Problem::NoList { key: name });
            }
            ("centre", toml::Value::Array(_)) => {
                return Err(Problem::NoSingle { key: name });
            }
            ("document" | "expect", value) if !value.is_table() => {
                return Err(Problem::NoTable { key: name, last: key.clone() });
            }
            (_, toml::Value::Table(inner)) => check_shape(&name, inner)?,
            (_, toml::Value::Array(items)) => {
                for (number, item) in (1..).zip(items) {
                    if let toml::Value::Table(inner) = item {
                        check_shape(&format!("{name} {number}"), inner)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// A code that belongs at `key`.
fn code<T>(key: &str, result: Result<T, CodeError>) -> Result<T, Problem> {
    result.map_err(|error| Problem::Code { key: key.into(), error })
}

fn institution_code(key: &str, text: &str) -> Result<InstitutionCode, Problem> {
    InstitutionCode::new(text).map_err(|error| Problem::InstitutionCode { key: key.into(), error })
}

/// A word from a list; the error shows the list.
fn word<T>(key: &str, given: &str, find: impl Fn(&str) -> Option<T>, allowed: Vec<&'static str>) -> Result<T, Problem> {
    find(given).ok_or_else(|| Problem::Word { key: key.into(), given: given.into(), allowed })
}

fn date(key: &str, text: &str) -> Result<Date, Problem> {
    input::date(text).ok_or_else(|| Problem::Day { key: key.into(), given: text.into() })
}

fn pin(key: &str, text: &str) -> Result<Pin, Problem> {
    // The message does not show the text: it may be somebody's PIN.
    Pin::new(text.as_bytes()).ok_or_else(|| Problem::Pin { key: key.into() })
}

fn pins(key: &str, texts: OneOrMany) -> Result<VecDeque<Pin>, Problem> {
    let texts = match texts {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    };
    texts.iter().map(|text| pin(key, text)).collect()
}

fn amount(key: &str, fen: u64) -> Result<Fen, Problem> {
    if fen > Fen::MAX.0 { Err(Problem::TooMuch { key: key.into() }) } else { Ok(Fen(fen)) }
}

fn name(key: &str, text: &str) -> Result<Name, Problem> {
    gbk::name(text).ok_or_else(|| Problem::Name { key: key.into() })
}

/// What a card sends after a reset, valid or not.
fn atr(key: &str, text: &str) -> Result<Vec<u8>, Problem> {
    let bytes = input::parse_hex(text).ok().filter(|bytes| bytes.len() <= ATR_MAX);
    bytes.ok_or_else(|| Problem::Atr { key: key.into(), most: ATR_MAX })
}

fn words<T>(all: &[T], word: impl Fn(&T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(word).collect()
}

fn document_kind(key: &str, text: &str) -> Result<DocumentKind, Problem> {
    word(key, text, DocumentKind::from_word, words(&DocumentKind::ALL, |kind| kind.as_str()))
}

fn document_number(key: &str, text: &str) -> Result<DocumentNumber, Problem> {
    DocumentNumber::new(text.as_bytes()).ok_or_else(|| Problem::DocumentNumber { key: key.into() })
}

impl RawScenario {
    pub(super) fn check(self) -> Result<Scenario, Problem> {
        let clock = check_clock(&self.clock)?;
        let area = code("centre.area", Region::new(&self.centre.area))?;
        let mut institutions = Vec::new();
        let mut codes = BTreeSet::new();
        for (number, raw) in (1..).zip(self.centre.institution) {
            let key = format!("centre.institution {number}: code");
            let institution = raw.check(number)?;
            if !codes.insert(institution.code.as_str().to_string()) {
                return Err(Problem::InstitutionTwice { key, code: institution.code });
            }
            institutions.push(institution);
        }
        let mut cards: Vec<Card> = Vec::new();
        for (number, raw) in (1..).zip(self.card) {
            let card = raw.check(number, self.seed, area, clock)?;
            if cards.iter().any(|other| other.name == card.name) {
                return Err(Problem::NameTwice { place: format!("card {number}"), name: card.name });
            }
            if cards.iter().any(|other| other.new.number == card.new.number) {
                return Err(Problem::NumberTwice { place: format!("card {number}"), number: card.new.number });
            }
            cards.push(card);
        }
        let mut terminals: Vec<(String, InstitutionCode)> = Vec::new();
        for (number, raw) in (1..).zip(self.terminal) {
            let key = format!("terminal {number}: institution");
            let code = institution_code(&key, &raw.institution)?;
            if terminals.iter().any(|(name, _)| *name == raw.name) {
                return Err(Problem::NameTwice { place: format!("terminal {number}"), name: raw.name });
            }
            terminals.push((raw.name, code));
        }
        if self.step.is_empty() {
            return Err(Problem::NoStep);
        }
        let steps = (1..).zip(self.step).map(|(number, raw)| raw.check(number, self.seed, &terminals, &cards));
        let steps = steps.collect::<Result<_, _>>()?;
        let mut expected_cards = Vec::new();
        for (name, raw) in self.expect.card {
            let index = cards.iter().position(|card| card.name == name);
            let index = index.ok_or_else(|| Problem::NoExpectedCard { name: name.clone() })?;
            expected_cards.push((index, raw.check(&name)?));
        }
        expected_cards.sort_by_key(|(index, _)| *index);
        Ok(Scenario {
            title: self.title,
            seed: self.seed,
            clock,
            institutions,
            cards,
            terminals,
            steps,
            expected_cards,
            places: Places::default(),
        })
    }
}

fn check_clock(text: &str) -> Result<DateTime, Problem> {
    let wrong = || Problem::Clock { given: text.into() };
    // The zone must be there and be correct, but the terminal's clock shows local time.
    text.parse::<jiff::Timestamp>().map_err(|_| wrong())?;
    let local = jiff::fmt::temporal::Pieces::parse(text).map_err(|_| wrong())?;
    let clock = local.date().to_datetime(local.time().ok_or_else(wrong)?);
    if (1..9990).contains(&clock.year()) { Ok(clock) } else { Err(wrong()) }
}

impl RawInstitution {
    fn check(self, number: usize) -> Result<Institution, Problem> {
        let key = |key: &str| format!("centre.institution {number}: {key}");
        let code = institution_code(&key("code"), &self.code)?;
        let kind = word(&key("kind"), &self.kind, Channel::from_word, words(&Channel::ALL, |kind| kind.as_str()))?;
        if kind != code.channel() {
            return Err(Problem::Letter { key: key("kind"), kind });
        }
        Ok(Institution { designated: self.designated, issues_cards: self.issues_cards, ..Institution::of_region(code) })
    }
}

impl RawCard {
    fn check(self, number: u32, seed: u64, area: Region, clock: DateTime) -> Result<Card, Problem> {
        let key = |key: &str| format!("card {number}: {key}");
        let today = date("clock", &clock.date().to_string())?;
        let later = clock.date().saturating_add(jiff::Span::new().years(10)).to_string();
        let generation =
            word(&key("profile"), &self.profile, Generation::from_word, words(&Generation::ALL, |g| g.as_str()))?;
        let expires = date(&key("expires"), self.expires.as_deref().unwrap_or(&later))?;
        let issued = self.issued.map_or(Ok(today.min(expires)), |text| date(&key("issued"), &text))?;
        if expires < issued {
            return Err(Problem::ExpiresFirst { key: key("expires"), expires, issued });
        }
        let own_atr = self.atr.as_deref().map(|text| atr(&key("atr"), text)).transpose()?;
        if own_atr.is_some() && (self.inverse.is_some() || self.protocol.is_some()) {
            let name = if self.inverse.is_some() { "inverse" } else { "protocol" };
            return Err(Problem::InAtr { key: key(name) });
        }
        let protocol = self.protocol.unwrap_or(0);
        if protocol > 1 {
            return Err(Problem::Number { key: key("protocol"), allowed: "0 or 1" });
        }
        if !(1..=15).contains(&self.pin_tries) {
            return Err(Problem::Number { key: key("pin_tries"), allowed: "1 to 15" });
        }
        let status =
            word(&key("status"), &self.status, CardStatus::from_word, words(&CardStatus::ALL, |s| s.as_str()))?;
        let misbehaviour = self.fault.as_deref().map(|fault| {
            word(&key("fault"), fault, Misbehaviour::from_word, words(&Misbehaviour::ALL, |kind| kind.as_str()))
        });
        let habits = HabitKeys {
            pps: self.pps,
            procedure: self.procedure,
            ifs: self.ifs,
            wtx: self.wtx,
            response_delay: self.response_delay,
            implicit_rate: self.implicit_rate,
        };
        let habits = habits.check().map_err(|(name, problem)| Problem::Habit { key: key(name), problem })?;
        let document = self.document.map(|document| {
            Ok::<_, Problem>((
                document_kind(&key("document.kind"), &document.kind)?,
                document_number(&key("document.number"), &document.number)?,
            ))
        });
        let number_of = if self.check { CardNumber::new_checked } else { CardNumber::new };
        let new = NewCard {
            generation,
            number: code(&key("number"), number_of(self.number.as_bytes()))?,
            id_number: code(&key("id_number"), IdNumber::new(self.id_number.as_bytes()))?,
            holder: gbk::holder(&self.holder, generation)
                .map_err(|error| Problem::Holder { key: key("holder"), error })?,
            area: self.area.map_or(Ok(area), |text| code(&key("area"), Region::new(&text)))?,
            issued,
            expires,
            pin: pin(&key("pin"), &self.pin)?,
            pin_tries: self.pin_tries,
            convention: if self.inverse.unwrap_or(false) { Convention::Inverse } else { Convention::Direct },
            protocol,
            serial: (seed as u32).wrapping_mul(0x9E37_79B9).wrapping_add(number),
            genuine: self.genuine,
        };
        let known = Known {
            document: document.transpose()?,
            status,
            social: self.social.unwrap_or(status == CardStatus::Active),
            financial: self.financial,
            pin_is_initial: self.pin_is_initial,
            account: amount(&key("account"), self.account)?,
            insured: self.insured,
        };
        let misbehaviour = misbehaviour.transpose()?;
        check_files(generation, &self.files).map_err(|(name, problem)| Problem::Record { key: key(&name), problem })?;
        Ok(Card {
            name: self.name,
            new,
            known,
            registered: self.registered,
            atr: own_atr,
            habits,
            files: self.files,
            misbehaviour,
        })
    }
}

impl RawStep {
    fn check(
        self,
        number: usize,
        seed: u64,
        terminals: &[(String, InstitutionCode)],
        cards: &[Card],
    ) -> Result<Step, Problem> {
        let key = |key: &str| format!("step {number}: {key}");
        let terminal = terminals.iter().position(|(name, _)| *name == self.terminal);
        let terminal = terminal.ok_or_else(|| Problem::NoneNamed {
            key: key("terminal"),
            given: self.terminal.clone(),
            known: terminals.iter().map(|(name, _)| name.clone()).collect(),
        })?;
        let card = self.card.as_deref().map(|name| {
            let index = cards.iter().position(|card| card.name == name);
            index.ok_or_else(|| Problem::NoneNamed {
                key: key("card"),
                given: name.into(),
                known: cards.iter().map(|card| card.name.clone()).collect(),
            })
        });
        let operation = self.operation(&key)?;
        let place = terminals[terminal].1.channel();
        if operation.channel().is_some_and(|channel| channel != place) {
            return Err(Problem::NotOffered { key: key("do"), what: operation.as_str(), place });
        }
        let cancel = self.cancel.as_deref().map(|text| lookup(&key("cancel"), text, &CancelAt::WORDS));
        let pull = self.pull_during.as_deref().map(|text| lookup(&key("pull_during"), text, &PullDuring::WORDS));
        let pulled = self.pull_at.map(|at| Fault { at, what: Disturbance::Pull });
        let mut faults: Vec<Fault> = pulled.into_iter().collect();
        let line = (1..).zip(&self.line).map(|(number, raw)| raw.check(&key(&format!("line {number}"))));
        let line = line.collect::<Result<Vec<_>, _>>()?;
        faults.extend(line.iter().flatten());
        if self.clock_ahead.abs_diff(0) > CLOCK_AHEAD_MAX {
            return Err(Problem::Number {
                key: key("clock_ahead"),
                allowed: "seconds, at most a week of them, 604800",
            });
        }
        let noise = self.noise.as_ref().map(|raw| raw.check(&key("noise"), seed, number));
        let trouble = self.link.as_deref().map(|text| lookup(&key("link"), text, &LinkTrouble::WORDS));
        let outcomes = Outcome::ALL;
        let (to_till, to_terminal) = serial::check(&key("serial"), &self.serial)?;
        let outcome = self.expect.outcome.as_deref().map(|text| {
            let find = |text: &str| outcomes.into_iter().find(|outcome| outcome.as_str() == text);
            word(&key("expect.outcome"), text, find, words(&outcomes, |outcome| outcome.as_str()))
        });
        let reason = self.expect.reason.as_deref().map(|text| {
            word(&key("expect.reason"), text, Reason::from_word, words(Reason::ALL, |reason| reason.as_str()))
        });
        Ok(Step {
            note: self.note,
            terminal,
            card: card.transpose()?,
            operation,
            visit: Visit {
                pins: pins(&key("pin"), self.pin)?,
                new_pins: pins(&key("new_pin"), self.new_pin)?,
                cancel: cancel.transpose()?,
                pull_during: pull.transpose()?,
                faults,
                noise: noise.transpose()?,
                trouble: trouble.transpose()?.unwrap_or_default(),
                messages: BTreeMap::new(),
                to_till,
                to_terminal,
                storage_worn: self.storage_worn,
                clock_ahead: self.clock_ahead,
            },
            line,
            serial: self.serial.iter().map(|entry| entry.at).collect(),
            must_fire: self.must_fire,
            expect: Expected {
                outcome: outcome.transpose()?,
                reason: reason.transpose()?,
                activated: self.expect.activated,
                balance: self.expect.balance,
                pin_changed: self.expect.pin_changed,
            },
        })
    }

    fn operation(&self, key: &dyn Fn(&str) -> String) -> Result<Operation, Problem> {
        let refuse = |given: bool, name: &str| {
            if given { Err(Problem::OtherOperation { key: key(name), what: self.what.clone() }) } else { Ok(()) }
        };
        let bill = |fund| {
            let total = self.total.ok_or_else(|| Problem::NoTotal { key: key("total") })?;
            let total = amount(&key("total"), total)?;
            Bill::new(total, Fen(fund)).ok_or_else(|| match total {
                Fen(0) => Problem::NothingToPay { key: key("total") },
                _ => Problem::FundAboveTotal { key: key("fund") },
            })
        };
        let operation = match self.what.as_str() {
            "apply" => Operation::Apply { document: self.document.as_ref().map(|raw| raw.check(key)).transpose()? },
            "settle" => Operation::Settle(bill(self.fund.unwrap_or(0))?),
            "purchase" => Operation::Purchase(bill(0)?),
            "query" => Operation::Query,
            other => {
                let allowed = vec!["apply", "settle", "purchase", "query"];
                return Err(Problem::Word { key: key("do"), given: other.into(), allowed });
            }
        };
        let (is_apply, is_settle) = (self.what == "apply", self.what == "settle");
        refuse(self.document.is_some() && !is_apply, "document")?;
        refuse(self.fund.is_some() && !is_settle, "fund")?;
        refuse(self.total.is_some() && !is_settle && self.what != "purchase", "total")?;
        Ok(operation)
    }
}

fn lookup<T: Copy>(key: &str, text: &str, all: &[(&'static str, T)]) -> Result<T, Problem> {
    let find = |text: &str| all.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    word(key, text, find, words(all, |(word, _)| word))
}

impl RawDocument {
    fn check(&self, key: &dyn Fn(&str) -> String) -> Result<Document, Problem> {
        let kind = document_kind(&key("document.kind"), &self.kind)?;
        // The impossible number of an ID card is a mistake in the file; the ID card of another person is a case to
        // play.
        if kind == DocumentKind::IdCard {
            code(&key("document.number"), IdNumber::new_citizens(self.number.as_bytes()))?;
        }
        Ok(Document {
            kind,
            number: document_number(&key("document.number"), &self.number)?,
            name: name(&key("document.name"), &self.name)?,
            valid_until: match self.valid_until.as_str() {
                "long-term" => Validity::LongTerm,
                text => {
                    Validity::Until(input::date(text).ok_or_else(|| Problem::DayOrLongTerm {
                        key: key("document.valid_until"),
                        given: text.into(),
                    })?)
                }
            },
        })
    }
}

impl RawExpectedCard {
    fn check(self, name: &str) -> Result<ExpectedCard, Problem> {
        let key = format!("expect.card.{name}.status");
        let status = self
            .status
            .as_deref()
            .map(|text| word(&key, text, CardStatus::from_word, words(&CardStatus::ALL, |status| status.as_str())));
        Ok(ExpectedCard {
            status: status.transpose()?,
            social: self.social,
            financial: self.financial,
            account: self.account,
            pin_is_initial: self.pin_is_initial,
            pin_tries_left: self.pin_tries_left,
        })
    }
}
