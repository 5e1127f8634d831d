//! What the library does for a caller, function by function, and what stays between two calls: a card between the steps of a
//! security module. What is asked is [`super::request`]'s; pointers and buffers are `boundary`'s.

use zeroize::Zeroizing;

use crate::basic;
use crate::code::Code;
use crate::debit::{self, Begin, Pay};
use crate::failure::Failure;
use crate::files::{self, Wanted};
use crate::hsm::Waiting;
use crate::pin::{self, Keyboard};
use crate::pki;
use crate::remote::Remote;
use crate::request::Request;
use crate::reset::{self, Job, Ordered};
use crate::settings::Settings;
use crate::single;
use crate::which::Which;
use crate::write;

/// The text for the caller, or why there is none.
pub(crate) type Outcome = Result<Zeroizing<Vec<u8>>, Failure>;

/// What stays between two calls.
#[derive(Default)]
pub(crate) struct Session {
    pending: Option<Pending>,
}

/// A card that waits for the next step of one function.
enum Pending {
    Basic(Waiting),
    Read(Waiting, Wanted),
    Write(Waiting, Wanted),
    Reset(Job, Waiting),
    Command(Job, Ordered),
    Debit(Begin),
}

impl Session {
    pub(crate) const fn new() -> Self {
        Self { pending: None }
    }

    /// Does it. A card that waits for a next step loses its power at any other request.
    pub(crate) fn answer(&mut self, request: &Request<'_>, settings: &Settings, keyboard: Keyboard) -> Outcome {
        if let Some(text) = self.between(request, settings) {
            return text;
        }
        match (*request, self.pending.take()) {
            (Request::BasicStep2 { key }, Some(Pending::Basic(waiting))) => basic::step_2(waiting, key, settings),
            (Request::ReadStep2 { key }, Some(Pending::Read(waiting, wanted))) => files::step_2(waiting, key, &wanted),
            (Request::WriteStep2 { key, data }, Some(Pending::Write(waiting, wanted))) => {
                write::step_2(waiting, &wanted, (key, data))
            }
            (Request::ResetStep2 { job, key }, Some(Pending::Reset(began, waiting))) if job == began => {
                let (ordered, text) = reset::step_2(settings, keyboard, (job, waiting), key)?;
                Ok(self.wait(Pending::Command(job, ordered), text))
            }
            (Request::ResetStep3 { job, key }, Some(Pending::Command(began, ordered))) if job == began => {
                reset::step_3(ordered, key)
            }
            (Request::DebitStep2 { key }, Some(Pending::Debit(begin))) => debit::step_2(begin, key),
            (request, _) if request.continues() => Err(Code::NotConnected.with("请先调用上一步")),
            (request, pending) => {
                // Before another one is powered: it may be the same.
                drop(pending);
                self.begin(request, settings, keyboard)
            }
        }
    }

    /// What is asked of the centre between two steps; a card that waits goes on waiting.
    fn between(&self, request: &Request<'_>, settings: &Settings) -> Option<Outcome> {
        let ask = || match (*request, &self.pending) {
            (Request::ReadStep1To2 { kind, question }, _) => {
                check_kind(kind)?;
                Remote::of_settings(settings)?.read(question)
            }
            (Request::DebitStep1To2 { question }, Some(Pending::Debit(begin))) => {
                Remote::of_settings(settings)?.debit(question, begin.number())
            }
            _ => Err(Code::NotConnected.with("请先调用上一步")),
        };
        let is_between = matches!(request, Request::ReadStep1To2 { .. } | Request::DebitStep1To2 { .. });
        is_between.then(|| ask().map(|key| Zeroizing::new(key.as_bytes().to_vec())))
    }

    /// Does what needs nothing from a call before.
    fn begin(&mut self, request: Request<'_>, settings: &Settings, keyboard: Keyboard) -> Outcome {
        request.kind().map_or(Ok(()), check_kind)?;
        match request {
            Request::Basic { .. } => basic::read(settings),
            Request::BasicStep1 { .. } => {
                let (waiting, text) = basic::step_1(settings)?;
                Ok(self.wait(Pending::Basic(waiting), text))
            }
            Request::Read { auth, card, files, .. } => {
                files::read(settings, keyboard, auth, &Wanted::parse(card, files)?)
            }
            Request::ReadStep1 { card, files, .. } => {
                let wanted = Wanted::parse(card, files)?;
                let (waiting, text) = files::step_1(settings, &wanted)?;
                Ok(self.wait(Pending::Read(waiting, wanted), text))
            }
            Request::VerifyPin { .. } => pin::verify(settings, keyboard),
            Request::ChangePin { .. } => pin::change(settings, keyboard),
            Request::Write { card, files, data, .. } => {
                write::write(settings, keyboard, &Wanted::parse_one(card, files)?, data)
            }
            Request::WriteStep1 { card, files, .. } => {
                let wanted = Wanted::parse_one(card, files)?;
                let (waiting, text) = write::step_1(settings, &wanted)?;
                Ok(self.wait(Pending::Write(waiting, wanted), text))
            }
            Request::Reset { job, card, .. } => reset::by_psam(settings, keyboard, (job, &Which::parse(card))),
            Request::ResetStep1 { job, card, .. } => {
                let (waiting, text) = reset::step_1(settings, &Which::parse(card))?;
                Ok(self.wait(Pending::Reset(job, waiting), text))
            }
            Request::Debit { card, pay, .. } => {
                debit::by_psam(settings, keyboard, (&Which::parse(card), Pay::parse(pay)?))
            }
            Request::DebitStep1 { card, pay, .. } => {
                let (begin, text) = debit::step_1(settings, keyboard, (&Which::parse(card), Pay::parse(pay)?))?;
                Ok(self.wait(Pending::Debit(begin), text))
            }
            Request::Pki(request) => pki::answer(request, settings),
            Request::DebitRecords { .. } => debit::records(settings, keyboard),
            Request::CardInfo => single::card(settings),
            Request::PersonInfo => single::person(settings),
            Request::ReaderInfo => single::reader(settings),
            Request::Remote { address, token, .. } => remote_read(settings, address, token),
            _ => Err(Code::NotSupported.into()),
        }
    }

    fn wait(&mut self, pending: Pending, text: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
        self.pending = Some(pending);
        text
    }
}

/// iCommReadCardBas: both steps, with the centre between them if the card needs it.
fn remote_read(settings: &Settings, address: &[u8], token: &[u8]) -> Outcome {
    let text = |bytes| str::from_utf8(bytes).map_err(|_| Failure::from(Code::Parameter));
    let remote = Remote::new(text(address)?, text(token)?)?;
    match basic::step_1(settings) {
        Ok((waiting, question)) => basic::step_2(waiting, remote.read(&question)?.as_bytes(), settings),
        Err(failure) if failure.code == Code::HsmNotNeeded => basic::read(settings),
        Err(failure) => Err(failure),
    }
}

/// iType: 1 contact, 2 contactless, 3 and 4 either (docs/card.md §1.9). The sources here have contacts only.
fn check_kind(kind: i32) -> Result<(), Failure> {
    match kind {
        1 | 3 | 4 => Ok(()),
        2 => Err(Code::NotSupported.with("不支持非接触式卡")),
        _ => Err(Code::CardType.with("iType应为1至4")),
    }
}
