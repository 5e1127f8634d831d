//! Carries out an act: who may, within one transaction, once for each idempotency key, and on record whatever comes of it.

use jiff::civil::{Date, DateTime};
use serde_json::Value;
use zeroize::Zeroizing;

use qiyong_protocol::card::codes::Region;

use crate::access;
use crate::acts::bounds;
use crate::acts::desk::{Desk, Operator};
use crate::acts::entry::Entry;
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::{CONFLICT, Refusal};
use crate::error::{CentreError, Damage};
use crate::hsm::Hsm;
use crate::persons;
use crate::registry;
use crate::store::Store;
use crate::store::audit::{self, Record};
use crate::store::failure::REPETITIONS;
use crate::store::value::values;

/// What an act is asked for with.
pub struct Request<'a> {
    /// In which area.
    pub area: Region,
    /// Who asks.
    pub operator: &'a Operator,
    /// The act's name.
    pub act: &'a str,
    /// Its body.
    pub body: Value,
    /// Under which key the answer is kept, so that a repetition gets it again.
    pub key: Option<&'a str>,
}

/// Carries out `request`. What only reads is recorded if it says so (`Desk::on_record`); everything else is, refusals too.
pub(crate) fn carry_out(store: &Store, hsm: &Hsm, now: DateTime, request: Request<'_>) -> Result<Value, Refusal> {
    let digest = digest(store, &request);
    let (area, operator, act, key) = (request.area, request.operator, request.act, request.key);
    let entry = registry::act(act);
    let mut subject = String::new();
    let mut once = || {
        store.atomically(|store| {
            let office = Office::new(store, (&store.vault, hsm), area, now);
            let again = Request { body: request.body.clone(), ..request };
            let (answer, on_record) = attempt(&office, entry, again, &digest, &mut subject)?;
            let reads = entry.is_none_or(|entry| entry.reads);
            if on_record || !reads {
                write(&office, operator, act, "done", &subject, digest)?;
            }
            if let Some(key) = key.filter(|_| !reads) {
                keep(&office, operator, (key, act), &answer, &digest)?;
            }
            Ok(answer)
        })
    };
    let mut result: Result<Value, Refusal> = once();
    for _ in 0..REPETITIONS {
        match &result {
            Err(refusal) if refusal.code == CONFLICT => result = once(),
            _ => break,
        }
    }
    if let Err(refusal) = &result
        && !matches!(refusal.code, CONFLICT | "centre-failed" | "centre-damaged" | "centre-uncertain")
    {
        store.atomically(|store| {
            let office = Office::new(store, (&store.vault, hsm), area, now);
            write(&office, operator, act, refusal.code, &without_persons(&subject), digest)
        })?;
    }
    result
}

/// What a refused act was about: nobody has looked yet whether the number that was typed is one of the centre's, or
/// somebody's ID number.
fn without_persons(subject: &str) -> String {
    if !subject.is_ascii() {
        return String::new();
    }
    // Also one with a mistyped check character.
    let is_id_number = |word: &str| {
        let born = word.get(6..14).filter(|_| matches!(word.len(), 17..=19));
        born.is_some_and(|born| born.parse::<Date>().is_ok())
    };
    let hidden = |word: &str| if is_id_number(word) { persons::masked(word) } else { word.to_owned() };
    subject.split(' ').map(hidden).collect::<Vec<_>>().join(" ")
}

/// The answer, and whether it is on record even if it only reads; `subject` is what the act was about. An answer that is kept
/// under the key is given again.
fn attempt(
    office: &Office<'_>,
    entry: Option<&Entry>,
    request: Request<'_>,
    digest: &[u8; 32],
    subject: &mut String,
) -> Result<(Value, bool), Refusal> {
    let Request { operator, act, body, key, .. } = request;
    // Whoever asks may have ended since they signed in.
    if access::operator(office, &operator.id)?.as_ref() != Some(operator) {
        return Err(General::Operator.into());
    }
    let entry = entry.ok_or_else(|| General::NoSuchAct(act.to_owned()))?;
    if !entry.roles.contains(&operator.role) {
        return Err(General::Role { is: operator.role, may: entry.roles }.into());
    }
    if let Some(key) = key {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(1..=64).contains(&key.len()) || !key.bytes().all(allowed) {
            return Err(General::Key.into());
        }
        if let Some(answer) = kept(office, operator, (key, act), digest)? {
            *subject = format!("again under key {key}");
            return Ok((answer, false));
        }
    }
    let mut desk = Desk::new(*office, operator);
    // What the room says of a field is more exact than the bounds of its schema. These still hold: a refusal takes back all
    // that the act has done.
    let within_bounds = bounds::check(entry, &body);
    let answer = (entry.carry_out)(&mut desk, body);
    let on_record;
    (*subject, on_record) = desk.into_subject();
    let answer = answer?;
    within_bounds?;
    Ok((answer, on_record))
}

fn digest(store: &Store, request: &Request<'_>) -> [u8; 32] {
    let body = Zeroizing::new(request.body.to_string());
    store.vault.hash("request", body.as_bytes())
}

fn kept(
    office: &Office<'_>,
    operator: &Operator,
    (key, act): (&str, &str),
    digest: &[u8; 32],
) -> Result<Option<Value>, Refusal> {
    let row = office.store().find(
        "SELECT act, request, answer FROM answers WHERE area = $1 AND operator = $2 AND key = $3",
        values![office.area(), operator.id, key],
    )?;
    let Some(row) = row else { return Ok(None) };
    if row.get::<String>("act")? != act || row.get::<[u8; 32]>("request")? != *digest {
        return Err(General::KeyReused.into());
    }
    let answer = office.unseal(&row.get::<Vec<u8>>("answer")?)?;
    let damaged = || CentreError::Damaged(Damage::Column("answers.answer".into()));
    Ok(Some(serde_json::from_str(&answer).map_err(|_| damaged())?))
}

fn keep(
    office: &Office<'_>,
    operator: &Operator,
    (key, act): (&str, &str),
    answer: &Value,
    digest: &[u8; 32],
) -> Result<(), CentreError> {
    let sealed = office.seal(&Zeroizing::new(answer.to_string()))?;
    office.store().execute(
        "INSERT INTO answers (area, operator, key, act, request, answer, time) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT DO NOTHING",
        values![office.area(), operator.id, key, act, digest, sealed, office.now()],
    )?;
    Ok(())
}

fn write(
    office: &Office<'_>,
    operator: &Operator,
    act: &str,
    outcome: &str,
    subject: &str,
    request: [u8; 32],
) -> Result<(), Refusal> {
    let record = Record {
        time: office.now(),
        operator: operator.id.clone(),
        outlet: operator.outlet.clone(),
        act: if registry::act(act).is_some() { act.to_owned() } else { "unknown".into() },
        outcome: outcome.to_owned(),
        subject: subject.to_owned(),
        request,
    };
    audit::write(office.store(), office.vault(), office.area(), &record)?;
    Ok(())
}
