//! `qiyong readers`: which PC/SC readers there are, and what is in them.

use crate::output::{Output, Verdict};

/// The error if this program was built without libpcsclite.
#[cfg(not(feature = "pcsc"))]
pub(crate) const NOT_BUILT_IN: &str = "this qiyong was built without PC/SC readers: install libpcsclite-dev (Debian) and \
     build with `cargo build -p qiyong --features pcsc`";

/// Exit 0 when there is a reader, 1 when there is none, 2 when nobody can be asked.
#[cfg(not(feature = "pcsc"))]
pub(crate) fn run(_: bool, _: &mut Output) -> Result<Verdict, String> {
    Err(NOT_BUILT_IN.into())
}

#[cfg(all(test, feature = "pcsc"))]
pub(crate) use with_pcsc::Reader;
#[cfg(feature = "pcsc")]
pub(crate) use with_pcsc::run;

#[cfg(feature = "pcsc")]
mod with_pcsc {
    use serde::Serialize;

    use qiyong::lang;
    use qiyong_pcsc::readers::{Content, ReaderError, Use, list};
    use qiyong_sim::card::kind;

    use super::{Output, Verdict};
    use crate::atr;

    /// A reader and what is in it, for programs.
    #[derive(Serialize)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    pub(crate) struct Reader {
        /// The reader's name.
        name: String,
        /// unavailable, mute, card or empty.
        state: &'static str,
        /// Who uses the card: one program alone, somebody or nobody.
        used: &'static str,
        /// What the card sends after a reset, in hex; null if there is none.
        atr: Option<String>,
        /// The kind of card that the ATR suggests.
        kind: Option<String>,
        /// The ATR decoded, as by `qiyong atr`; only there if there is a card.
        #[serde(skip_serializing_if = "Option::is_none")]
        decoded: Option<atr::Report>,
        #[serde(skip)]
        bytes: Vec<u8>,
    }

    impl From<qiyong_pcsc::readers::Reader> for Reader {
        fn from(reader: qiyong_pcsc::readers::Reader) -> Self {
            let atr = reader.atr.as_deref();
            Self {
                name: reader.name.clone(),
                state: match reader.state {
                    Content::Unavailable => "unavailable",
                    Content::Mute => "mute",
                    Content::Card => "card",
                    Content::Empty => "empty",
                },
                used: match reader.used {
                    Use::Exclusive => "one program alone",
                    Use::Shared => "somebody",
                    Use::Nobody => "nobody",
                },
                atr: atr.map(hex::encode_upper),
                kind: atr.map(kind::of),
                decoded: atr.map(atr::Report::new),
                bytes: reader.atr.unwrap_or_default(),
            }
        }
    }

    /// Exit 0 when there is a reader, 1 when there is none, 2 when nobody can be asked.
    pub(crate) fn run(json: bool, output: &mut Output) -> Result<Verdict, String> {
        let readers: Vec<Reader> = list().map_err(|error| error.to_string())?.into_iter().map(Reader::from).collect();
        if json {
            output.json_line(&readers);
        } else {
            readers.iter().for_each(|reader| tell(reader, output));
        }
        if readers.is_empty() {
            output.complain(&ReaderError::NoReader.to_string());
            return Ok(Verdict::No);
        }
        Ok(Verdict::Done)
    }

    fn tell(reader: &Reader, output: &mut Output) {
        let Reader { name, state, used, .. } = reader;
        // A reader's name is in no language.
        output.as_it_is(&format!("{name}: {}", lang::say(&format!("{state}, used by {used}"))));
        if let Some(kind) = &reader.kind {
            output.line(&format!("   {kind}"));
        }
        if let Some(report) = &reader.decoded {
            atr::to_text(&reader.bytes, report).lines().for_each(|line| output.line(&format!("   {line}")));
        }
    }
}
