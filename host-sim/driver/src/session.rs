//! What the library does for a caller, function by function, and what stays between two calls: a card between the steps of a
//! security module. Pointers and buffers are `boundary`'s.

use zeroize::Zeroizing;

use crate::basic;
use crate::code::Code;
use crate::failure::Failure;
use crate::files::{self, Wanted};
use crate::hsm::Waiting;
use crate::interface::Interfaces;
use crate::pin::{self, Keyboard};
use crate::pki;
use crate::settings::Settings;

/// What a caller asks for. Texts are as the caller gave them, without the NUL.
#[derive(Clone, Copy)]
pub(crate) enum Request<'a> {
    /// iReadCardBas.
    Basic { kind: i32 },
    /// iReadCardBas_HSM_Step1.
    BasicStep1 { kind: i32 },
    /// iReadCardBas_HSM_Step2.
    BasicStep2 { key: &'a [u8] },
    /// iReadCard.
    Read { kind: i32, auth: i32, card: &'a [u8], files: &'a [u8] },
    /// iReadCard_HSM_Step1.
    ReadStep1 { kind: i32, card: &'a [u8], files: &'a [u8] },
    /// iReadCard_HSM_Step2.
    ReadStep2 { key: &'a [u8] },
    /// iVerifyPIN.
    VerifyPin { kind: i32 },
    /// iChangePIN.
    ChangePin { kind: i32 },
    /// One of the functions for signatures and envelopes.
    Pki(pki::Request<'a>),
    /// Something that is not built, with its iType, if it has one.
    NotBuilt { kind: Option<i32> },
}

/// What stays between two calls.
#[derive(Default)]
pub(crate) struct Session {
    waiting: Option<(Step, Waiting)>,
}

/// What a second step will read.
enum Step {
    Basic,
    Files(Wanted),
}

impl Session {
    pub(crate) const fn new() -> Self {
        Self { waiting: None }
    }

    /// Does it. A card that waits for a second step loses its power at any other request.
    pub(crate) fn answer(
        &mut self,
        request: &Request<'_>,
        settings: &Settings,
        keyboard: Keyboard,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        match (*request, self.waiting.take()) {
            (Request::BasicStep2 { key }, Some((Step::Basic, waiting))) => basic::step_2(waiting, key, settings),
            (Request::ReadStep2 { key }, Some((Step::Files(wanted), waiting))) => files::step_2(waiting, key, &wanted),
            (Request::BasicStep2 { .. } | Request::ReadStep2 { .. }, _) => {
                Err(Code::NotConnected.with("请先调用Step1"))
            }
            (request, waiting) => {
                // Before another one is powered: it may be the same.
                drop(waiting);
                self.begin(request, settings, keyboard)
            }
        }
    }

    /// Does what needs nothing from a call before.
    fn begin(
        &mut self,
        request: Request<'_>,
        settings: &Settings,
        keyboard: Keyboard,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let interfaces = request.kind().map_or(Ok(Interfaces::default()), Interfaces::of_kind)?;
        let settings = &Settings { interfaces, ..settings.clone() };
        match request {
            Request::Basic { .. } => basic::read(settings),
            Request::BasicStep1 { .. } => {
                let (waiting, text) = basic::step_1(settings)?;
                self.waiting = Some((Step::Basic, waiting));
                Ok(text)
            }
            Request::Read { auth, card, files, .. } => {
                files::read(settings, keyboard, auth, &Wanted::parse(card, files)?)
            }
            Request::ReadStep1 { card, files, .. } => {
                let wanted = Wanted::parse(card, files)?;
                let (waiting, text) = files::step_1(settings, &wanted)?;
                self.waiting = Some((Step::Files(wanted), waiting));
                Ok(text)
            }
            Request::VerifyPin { .. } => pin::verify(settings, keyboard),
            Request::ChangePin { .. } => pin::change(settings, keyboard),
            Request::Pki(request) => pki::answer(request, settings),
            Request::BasicStep2 { .. } | Request::ReadStep2 { .. } | Request::NotBuilt { .. } => {
                Err(Code::NotSupported.into())
            }
        }
    }
}

impl Request<'_> {
    /// iType, if the function has it.
    const fn kind(&self) -> Option<i32> {
        match *self {
            Self::Basic { kind }
            | Self::BasicStep1 { kind }
            | Self::Read { kind, .. }
            | Self::ReadStep1 { kind, .. }
            | Self::VerifyPin { kind }
            | Self::ChangePin { kind } => Some(kind),
            Self::NotBuilt { kind } => kind,
            Self::BasicStep2 { .. } | Self::ReadStep2 { .. } | Self::Pki(_) => None,
        }
    }
}
