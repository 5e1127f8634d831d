//! What the library does for a caller, function by function, and what stays between two calls: a card between the steps of a
//! security module. Pointers and buffers are `boundary`'s.

use std::path::Path;

use zeroize::Zeroizing;

use crate::basic;
use crate::code::Code;
use crate::failure::Failure;
use crate::hsm::Waiting;
use crate::settings::Settings;

/// What a caller asks for. Texts are as the caller gave them, without the NUL.
pub(crate) enum Request<'a> {
    /// iReadCardBas.
    Basic { kind: i32 },
    /// iReadCardBas_HSM_Step1.
    BasicStep1 { kind: i32 },
    /// iReadCardBas_HSM_Step2.
    BasicStep2 { key: &'a [u8] },
    /// Something that is not built, with its iType, if it has one.
    NotBuilt { kind: Option<i32> },
}

/// Asks the holder for a PIN: the pad's library, which words to say, and for how many seconds.
pub(crate) type Keyboard = fn(&Path, u8, u8) -> Result<Zeroizing<Vec<u8>>, Failure>;

/// What stays between two calls.
#[derive(Default)]
pub(crate) struct Session {
    waiting: Option<(Step, Waiting)>,
}

/// What a second step will read.
enum Step {
    Basic,
}

impl Session {
    pub(crate) const fn new() -> Self {
        Self { waiting: None }
    }

    /// Does it. A card that waits for a second step loses its power at any other request.
    pub(crate) fn answer(&mut self, request: &Request<'_>, settings: &Settings) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let waiting = self.waiting.take();
        match *request {
            Request::Basic { kind } => {
                drop(waiting);
                check_kind(kind)?;
                basic::read(settings)
            }
            Request::BasicStep1 { kind } => {
                drop(waiting);
                check_kind(kind)?;
                let (waiting, text) = basic::step_1(settings)?;
                self.waiting = Some((Step::Basic, waiting));
                Ok(text)
            }
            Request::BasicStep2 { key } => match waiting {
                Some((Step::Basic, waiting)) => basic::step_2(waiting, key, settings),
                _ => Err(no_first_step()),
            },
            Request::NotBuilt { kind } => {
                kind.map_or(Ok(()), check_kind)?;
                Err(Code::NotSupported.into())
            }
        }
    }
}

fn no_first_step() -> Failure {
    Code::NotConnected.with("请先调用Step1")
}

/// iType: 1 contact, 2 contactless, 3 and 4 either (docs/card.md §1.9). The sources here have contacts only.
fn check_kind(kind: i32) -> Result<(), Failure> {
    match kind {
        1 | 3 | 4 => Ok(()),
        2 => Err(Code::NotSupported.with("不支持非接触式卡")),
        _ => Err(Code::CardType.with("iType应为1至4")),
    }
}
