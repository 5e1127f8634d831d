//! Turns the keys of a file into a checked scenario: every value is within its bounds, every name is known. If not, a
//! message says so.

use std::collections::{BTreeSet, VecDeque};

use jiff::civil::DateTime;

use qiyong_protocol::card::codes::{CardNumber, IdNumber, Name, Region};
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
use crate::line::{Disturbance, Fault};
use crate::world::visit::{CancelAt, LinkTrouble, PullDuring, Visit};
use crate::{gbk, input};

/// Tables must be tables, and dates must be strings. Serde would accept a list for a table, and its messages speak of
/// maps.
pub(super) fn check_shape(path: &str, table: &toml::Table) -> Result<(), String> {
    for (key, value) in table {
        let name = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (key.as_str(), value) {
            (_, toml::Value::Datetime(_)) => return Err(format!("`{name}` must stand in quotes")),
            ("card" | "terminal" | "step", toml::Value::Table(_)) if path.is_empty() => {
                return Err(format!("`{name}` must be written [[{name}]]: there can be several"));
            }
            ("centre", toml::Value::Array(_)) => {
                return Err(format!("`{name}` must be written [{name}]: there is one"));
            }
            ("document" | "expect", value) if !value.is_table() => {
                return Err(format!("`{name}` must be a table, like {key} = {{ key = value }}"));
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

/// All names, for an error that says that there is no other.
fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { "there are none".to_string() } else { format!("there are {}", names.join(", ")) }
}

/// A problem, with the key concerned before it.
fn at<T, E: std::fmt::Display>(key: &str, result: Result<T, E>) -> Result<T, String> {
    result.map_err(|problem| format!("`{key}` {problem}"))
}

/// A word from a list; the error shows the list.
fn word<T>(key: &str, given: &str, find: impl Fn(&str) -> Option<T>, allowed: &[&str]) -> Result<T, String> {
    find(given).ok_or_else(|| format!("`{key}` is {given:?}; allowed are {}", allowed.join(", ")))
}

fn date(key: &str, text: &str) -> Result<Date, String> {
    input::date(text).ok_or_else(|| format!("`{key}` is {text:?}; it must be a day that exists, as YYYY-MM-DD"))
}

fn pin(key: &str, text: &str) -> Result<Pin, String> {
    // The message does not show the text: it may be somebody's PIN.
    Pin::new(text.as_bytes()).ok_or_else(|| format!("`{key}` must be 4 to 16 digits"))
}

fn pins(key: &str, texts: OneOrMany) -> Result<VecDeque<Pin>, String> {
    let texts = match texts {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    };
    texts.iter().map(|text| pin(key, text)).collect()
}

fn amount(key: &str, fen: u64) -> Result<Fen, String> {
    if fen > Fen::MAX.0 { Err(format!("`{key}` is more than {} fen", Fen::MAX.0)) } else { Ok(Fen(fen)) }
}

fn name(key: &str, text: &str) -> Result<Name, String> {
    gbk::name(text).ok_or_else(|| format!("`{key}` must be a name of 1 to 50 bytes in GBK"))
}

fn words<T>(all: &[T], word: impl Fn(&T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(word).collect()
}

fn document_kind(key: &str, text: &str) -> Result<DocumentKind, String> {
    word(key, text, DocumentKind::from_word, &words(&DocumentKind::ALL, |kind| kind.as_str()))
}

fn document_number(key: &str, text: &str) -> Result<DocumentNumber, String> {
    DocumentNumber::new(text.as_bytes()).ok_or_else(|| format!("`{key}` must be 1 to 20 printable ASCII characters"))
}

impl RawScenario {
    pub(super) fn check(self) -> Result<Scenario, String> {
        let clock = check_clock(&self.clock)?;
        let area = at("centre.area", Region::new(&self.centre.area))?;
        let mut institutions = Vec::new();
        let mut codes = BTreeSet::new();
        for (number, raw) in (1..).zip(self.centre.institution) {
            let key = format!("centre.institution {number}: code");
            let institution = raw.check(number)?;
            if !codes.insert(institution.code.as_str().to_string()) {
                return Err(format!("`{key}` {} stands twice", institution.code));
            }
            institutions.push(institution);
        }
        let mut cards: Vec<Card> = Vec::new();
        for (number, raw) in (1..).zip(self.card) {
            let card = raw.check(number, self.seed, area, clock)?;
            if cards.iter().any(|other| other.name == card.name) {
                return Err(format!("card {number}: `name` {:?} stands twice", card.name));
            }
            if cards.iter().any(|other| other.new.number == card.new.number) {
                return Err(format!("card {number}: `number` {} stands twice", card.new.number));
            }
            cards.push(card);
        }
        let mut terminals: Vec<(String, InstitutionCode)> = Vec::new();
        for (number, raw) in (1..).zip(self.terminal) {
            let key = format!("terminal {number}: institution");
            let code = at(&key, InstitutionCode::new(&raw.institution).map_err(institution_code_problem))?;
            if terminals.iter().any(|(name, _)| *name == raw.name) {
                return Err(format!("terminal {number}: `name` {:?} stands twice", raw.name));
            }
            terminals.push((raw.name, code));
        }
        if self.step.is_empty() {
            return Err("there is no [[step]]: nothing would happen".into());
        }
        let steps = (1..).zip(self.step).map(|(number, raw)| raw.check(number, self.seed, &terminals, &cards));
        let steps = steps.collect::<Result<_, _>>()?;
        let mut expected_cards = Vec::new();
        for (name, raw) in self.expect.card {
            let index = cards.iter().position(|card| card.name == name);
            let index = index.ok_or_else(|| format!("`expect.card.{name}`: there is no card of that name"))?;
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
        })
    }
}

fn check_clock(text: &str) -> Result<DateTime, String> {
    let wrong = || format!("`clock` is {text:?}; it must be a date and time with zone, like 2026-03-02T09:00:00+08:00");
    // The zone must be there and be correct, but the terminal's clock shows local time.
    text.parse::<jiff::Timestamp>().map_err(|_| wrong())?;
    let local = jiff::fmt::temporal::Pieces::parse(text).map_err(|_| wrong())?;
    let clock = local.date().to_datetime(local.time().ok_or_else(wrong)?);
    if (1..9990).contains(&clock.year()) { Ok(clock) } else { Err(wrong()) }
}

fn institution_code_problem(problem: qiyong_protocol::card::codes::CodeError) -> String {
    format!("{problem}; it is B, H or P, six digits of the area and five more")
}

impl RawInstitution {
    fn check(self, number: usize) -> Result<Institution, String> {
        let key = |key: &str| format!("centre.institution {number}: {key}");
        let code = at(&key("code"), InstitutionCode::new(&self.code).map_err(institution_code_problem))?;
        let kind = word(&key("kind"), &self.kind, Channel::from_word, &words(&Channel::ALL, |kind| kind.as_str()))?;
        if kind != code.channel() {
            let letter = char::from(kind.letter());
            return Err(format!("`{}` is a {}, so its code must begin with {letter}", key("kind"), kind.as_str()));
        }
        Ok(Institution { code, designated: self.designated, issues_cards: self.issues_cards })
    }
}

impl RawCard {
    fn check(self, number: u32, seed: u64, area: Region, clock: DateTime) -> Result<Card, String> {
        let key = |key: &str| format!("card {number}: {key}");
        let today = date("clock", &clock.date().to_string())?;
        let later = clock.date().saturating_add(jiff::Span::new().years(10)).to_string();
        let generation =
            word(&key("profile"), &self.profile, Generation::from_word, &words(&Generation::ALL, |g| g.as_str()))?;
        let expires = date(&key("expires"), self.expires.as_deref().unwrap_or(&later))?;
        let issued = self.issued.map_or(Ok(today.min(expires)), |text| date(&key("issued"), &text))?;
        if expires < issued {
            return Err(format!("`{}` {expires} lies before `issued` {issued}", key("expires")));
        }
        if self.protocol > 1 {
            return Err(format!("`{}` must be 0 or 1", key("protocol")));
        }
        if !(1..=15).contains(&self.pin_tries) {
            return Err(format!("`{}` must be 1 to 15", key("pin_tries")));
        }
        let status =
            word(&key("status"), &self.status, CardStatus::from_word, &words(&CardStatus::ALL, |s| s.as_str()))?;
        let misbehaviour = self.fault.as_deref().map(|fault| {
            word(&key("fault"), fault, Misbehaviour::from_word, &words(&Misbehaviour::ALL, |kind| kind.as_str()))
        });
        let document = self.document.map(|document| {
            Ok::<_, String>((
                document_kind(&key("document.kind"), &document.kind)?,
                document_number(&key("document.number"), &document.number)?,
            ))
        });
        let new = NewCard {
            generation,
            number: at(&key("number"), CardNumber::new_checked(self.number.as_bytes()))?,
            id_number: at(&key("id_number"), IdNumber::new(self.id_number.as_bytes()))?,
            holder: at(&key("holder"), gbk::holder(&self.holder, generation))?,
            area: self.area.map_or(Ok(area), |text| at(&key("area"), Region::new(&text)))?,
            issued,
            expires,
            pin: pin(&key("pin"), &self.pin)?,
            pin_tries: self.pin_tries,
            convention: if self.inverse { Convention::Inverse } else { Convention::Direct },
            protocol: self.protocol,
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
        Ok(Card { name: self.name, new, known, registered: self.registered, misbehaviour: misbehaviour.transpose()? })
    }
}

impl RawStep {
    fn check(
        self,
        number: usize,
        seed: u64,
        terminals: &[(String, InstitutionCode)],
        cards: &[Card],
    ) -> Result<Step, String> {
        let key = |key: &str| format!("step {number}: {key}");
        let terminal = terminals.iter().position(|(name, _)| *name == self.terminal);
        let terminal = terminal.ok_or_else(|| {
            let known = list(terminals.iter().map(|(name, _)| name.as_str()));
            format!("`{}`: none is named {:?}; {known}", key("terminal"), self.terminal)
        })?;
        let card = self.card.as_deref().map(|name| {
            let index = cards.iter().position(|card| card.name == name);
            let known = || list(cards.iter().map(|card| card.name.as_str()));
            index.ok_or_else(|| format!("`{}`: none is named {name:?}; {}", key("card"), known()))
        });
        let operation = self.operation(&key)?;
        let place = terminals[terminal].1.channel();
        if operation.channel().is_some_and(|channel| channel != place) {
            let (what, place) = (operation.as_str(), place.as_str());
            return Err(format!("`{}` is {what:?}, which a terminal at a {place} does not offer", key("do")));
        }
        let cancel = self.cancel.as_deref().map(|text| lookup(&key("cancel"), text, &CancelAt::WORDS));
        let pull = self.pull_during.as_deref().map(|text| lookup(&key("pull_during"), text, &PullDuring::WORDS));
        let pulled = self.pull_at.map(|at| Fault { at, what: Disturbance::Pull });
        let mut faults: Vec<Fault> = pulled.into_iter().collect();
        for (number, raw) in (1..).zip(&self.line) {
            faults.extend(raw.check(&key(&format!("line {number}")))?);
        }
        let noise = self.noise.as_ref().map(|raw| raw.check(&key("noise"), seed, number));
        let trouble = self.link.as_deref().map(|text| lookup(&key("link"), text, &LinkTrouble::WORDS));
        let outcomes = [Outcome::Approved, Outcome::Refused, Outcome::Failed, Outcome::Cancelled];
        let outcome = self.expect.outcome.as_deref().map(|text| {
            let find = |text: &str| outcomes.into_iter().find(|outcome| outcome.as_str() == text);
            word(&key("expect.outcome"), text, find, &words(&outcomes, |outcome| outcome.as_str()))
        });
        let reason = self.expect.reason.as_deref().map(|text| {
            word(&key("expect.reason"), text, Reason::from_word, &words(Reason::ALL, |reason| reason.as_str()))
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
                storage_worn: self.storage_worn,
            },
            expect: Expected {
                outcome: outcome.transpose()?,
                reason: reason.transpose()?,
                activated: self.expect.activated,
                balance: self.expect.balance,
                pin_changed: self.expect.pin_changed,
            },
        })
    }

    fn operation(&self, key: &dyn Fn(&str) -> String) -> Result<Operation, String> {
        let refuse = |given: bool, name: &str| {
            if given { Err(format!("`{}` does not go with `do = {:?}`", key(name), self.what)) } else { Ok(()) }
        };
        let bill = |fund| {
            let total = self.total.ok_or_else(|| format!("`{}` is missing: the amount in fen", key("total")))?;
            let total = amount(&key("total"), total)?;
            Bill::new(total, Fen(fund)).ok_or_else(|| match total {
                Fen(0) => format!("`{}` must be more than 0 fen", key("total")),
                _ => format!("`{}` is more than `total`", key("fund")),
            })
        };
        let operation = match self.what.as_str() {
            "apply" => Operation::Apply { document: self.document.as_ref().map(|raw| raw.check(key)).transpose()? },
            "settle" => Operation::Settle(bill(self.fund.unwrap_or(0))?),
            "purchase" => Operation::Purchase(bill(0)?),
            "query" => Operation::Query,
            other => {
                return Err(format!("`{}` is {other:?}; allowed are apply, settle, purchase, query", key("do")));
            }
        };
        let (is_apply, is_settle) = (self.what == "apply", self.what == "settle");
        refuse(self.document.is_some() && !is_apply, "document")?;
        refuse(self.fund.is_some() && !is_settle, "fund")?;
        refuse(self.total.is_some() && !is_settle && self.what != "purchase", "total")?;
        Ok(operation)
    }
}

fn lookup<T: Copy>(key: &str, text: &str, all: &[(&'static str, T)]) -> Result<T, String> {
    let find = |text: &str| all.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    word(key, text, find, &words(all, |(word, _)| word))
}

impl RawDocument {
    fn check(&self, key: &dyn Fn(&str) -> String) -> Result<Document, String> {
        let kind = document_kind(&key("document.kind"), &self.kind)?;
        // The impossible number of an ID card is a mistake in the file; the ID card of another person is a case to
        // play.
        if kind == DocumentKind::IdCard {
            at(&key("document.number"), IdNumber::new(self.number.as_bytes()))?;
        }
        Ok(Document {
            kind,
            number: document_number(&key("document.number"), &self.number)?,
            name: name(&key("document.name"), &self.name)?,
            valid_until: match self.valid_until.as_str() {
                "long-term" => Validity::LongTerm,
                text => Validity::Until(
                    date(&key("document.valid_until"), text).map_err(|problem| format!("{problem}, or long-term"))?,
                ),
            },
        })
    }
}

impl RawExpectedCard {
    fn check(self, name: &str) -> Result<ExpectedCard, String> {
        let key = format!("expect.card.{name}.status");
        let status = self
            .status
            .as_deref()
            .map(|text| word(&key, text, CardStatus::from_word, &words(&CardStatus::ALL, |status| status.as_str())));
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
