//! `qiyong readers`: which PC/SC readers there are, and what is in them.

use std::process::ExitCode;

use crate::output::{Output, Verdict};

/// What is said when this program was built without libpcsclite.
#[cfg(not(feature = "pcsc"))]
pub(crate) const NOT_BUILT_IN: &str = "this qiyong was built without PC/SC readers: install libpcsclite-dev (Debian) and \
     build with `cargo build -p qiyong-host-sim --features pcsc`";

/// Runs the verb: exit 0 when there is a reader, 1 when there is none, 2 when nobody can be asked.
#[cfg(not(feature = "pcsc"))]
pub fn run(_json: bool) -> ExitCode {
    let mut output = Output::default();
    output.complain(NOT_BUILT_IN);
    output.finish(Verdict::BadInput)
}

#[cfg(feature = "pcsc")]
pub use with_pcsc::run;
#[cfg(feature = "pcsc")]
pub(super) use with_pcsc::{explain, service};

#[cfg(feature = "pcsc")]
mod with_pcsc {
    use std::time::Duration;

    use ::pcsc::{Context, Error, ReaderState, Scope, State};
    use serde::Serialize;

    use super::{ExitCode, Output, Verdict};
    use crate::atr;
    use crate::card::kind;

    /// A reader and what is in it.
    #[derive(Serialize)]
    struct Reader {
        name: String,
        /// empty, card, mute or unavailable.
        state: &'static str,
        /// Nobody, shared or exclusive.
        used: &'static str,
        atr: Option<String>,
        /// What the card looks like.
        kind: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        decoded: Option<atr::Report>,
        #[serde(skip)]
        bytes: Vec<u8>,
    }

    /// Runs the verb: exit 0 when there is a reader, 1 when there is none, 2 when nobody can be asked.
    pub fn run(json: bool) -> ExitCode {
        let mut output = Output::default();
        let verdict = match list() {
            Ok(readers) => {
                if json {
                    output.json_line(&readers);
                } else {
                    readers.iter().for_each(|reader| show(reader, &mut output));
                }
                if readers.is_empty() {
                    output.complain("there is no PC/SC reader: plug one in, or run `qiyong pcscd`");
                    Verdict::No
                } else {
                    Verdict::Done
                }
            }
            Err(problem) => {
                output.complain(&problem);
                Verdict::BadInput
            }
        };
        output.finish(verdict)
    }

    fn show(reader: &Reader, output: &mut Output) {
        output.line(&format!("{}: {}, used by {}", reader.name, reader.state, reader.used));
        if let Some(kind) = &reader.kind {
            output.line(&format!("   {kind}"));
        }
        if let Some(report) = &reader.decoded {
            atr::to_text(&reader.bytes, report).lines().for_each(|line| output.line(&format!("   {line}")));
        }
    }

    fn list() -> Result<Vec<Reader>, String> {
        let context = Context::establish(Scope::User).map_err(service)?;
        let names = context.list_readers_owned().map_err(service)?;
        let mut states: Vec<_> = names.into_iter().map(|name| ReaderState::new(name, State::UNAWARE)).collect();
        if states.is_empty() {
            return Ok(Vec::new());
        }
        context.get_status_change(Duration::ZERO, &mut states).map_err(service)?;
        Ok(states.iter().map(describe).collect())
    }

    fn describe(reader: &ReaderState) -> Reader {
        let now = reader.event_state();
        let bytes = Some(reader.atr()).filter(|atr| !atr.is_empty());
        Reader {
            name: reader.name().to_string_lossy().into_owned(),
            state: match now {
                now if now.intersects(State::UNAVAILABLE | State::UNKNOWN) => "unavailable",
                now if now.contains(State::MUTE) => "mute",
                now if now.contains(State::PRESENT) => "card",
                _ => "empty",
            },
            used: match now {
                now if now.contains(State::EXCLUSIVE) => "one program alone",
                now if now.contains(State::INUSE) => "somebody",
                _ => "nobody",
            },
            atr: bytes.map(hex::encode_upper),
            kind: bytes.map(kind::of),
            decoded: bytes.map(atr::Report::new),
            bytes: reader.atr().to_vec(),
        }
    }

    /// An error while looking for readers, with what to do.
    pub(crate) fn service(error: Error) -> String {
        match error {
            Error::NoService | Error::ServiceStopped => {
                "no PC/SC service answers: start pcscd, or run `qiyong pcscd --socket PATH` and set PCSCLITE_CSOCK_NAME=PATH"
                    .into()
            }
            Error::NoReadersAvailable => "there is no PC/SC reader: plug one in, or run `qiyong pcscd`".into(),
            error => explain(error),
        }
    }

    /// An error of a reader that is no fault of the card's.
    pub(crate) fn explain(error: Error) -> String {
        match error {
            Error::ReaderUnavailable | Error::UnknownReader => "the reader is gone: was it unplugged?".into(),
            Error::NoService | Error::ServiceStopped | Error::CommError => {
                "the PC/SC service is gone: was pcscd stopped?".into()
            }
            Error::SharingViolation => "another program has the card to itself: end it, or wait for it".into(),
            Error::ProtoMismatch => "the reader does not offer the card's protocol".into(),
            error => format!("the PC/SC reader: {error}"),
        }
    }
}
