//! What a sound card may do in its own way on the line: how it answers PPS and S(IFS), how it asks for command data, how
//! long it takes. A terminal has to put up with all of it. A card that is broken is in `misbehaviour`.

use serde::Deserialize;
use thiserror::Error;

use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::atr::{decode_di, decode_fi};
use qiyong_protocol::iso7816::t0::AckStyle;
use qiyong_protocol::iso7816::t1::IfsAnswer;

/// How a card answers a PPS request (ISO/IEC 7816-3 clause 9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PpsHabit {
    /// Agrees to what is within its ATR; to anything else it leaves PPS1 out.
    #[default]
    AsAsked,
    /// Leaves PPS1 out: it stays at the default rate.
    NoPps1,
    /// Names this PPS1, whatever was asked, and goes on at this rate.
    Pps1(u8),
    /// Names another protocol than the one asked for.
    Protocol,
    /// Its PCK is wrong.
    WrongPck,
    /// Sends nothing.
    Silent,
    /// Agrees, and then neither hears nor sends anything at the new rate.
    Unusable,
    /// The same, the first time that it is asked.
    UnusableOnce,
}

/// How a T=1 card asks for more time before each response (clause 11.4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WtxHabit {
    /// How many S(WTX request) come before each response, from 1.
    pub times: u8,
    /// Their INF: by how much BWT is multiplied, from 1.
    pub multiplier: u8,
    /// The card uses nearly all of the time that it was granted, instead of going on at once.
    pub uses: bool,
}

/// The habits of a card. The default is that of the simplest card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits {
    /// How it answers a PPS request.
    pub pps: PpsHabit,
    /// In T=0, how it asks for command data.
    pub procedure: AckStyle,
    /// In T=1, how it answers S(IFS request).
    pub ifs: IfsAnswer,
    /// In T=1, how it asks for more time.
    pub wtx: Option<WtxHabit>,
    /// By how many etu each answer comes later than it could.
    pub response_delay: Etu,
    /// Fi and Di, coded as in TA1, that the card uses if its TA2 says that they are implicit. Without it they are those of
    /// TA1, as a maker would choose who offers them anyhow.
    pub implicit: Option<u8>,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            pps: PpsHabit::AsAsked,
            procedure: AckStyle::All,
            ifs: IfsAnswer::AsAsked,
            wtx: None,
            response_delay: 0,
            implicit: None,
        }
    }
}

/// A value that is no habit. The text follows the name of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be {allowed}")]
pub struct UnknownHabit {
    /// What is allowed.
    pub allowed: &'static str,
}

/// The most etu of `response_delay`: far more than any waiting time.
const DELAY_MAX: Etu = 10_000_000;

/// The habits as the keys of scenarios and card files say them; a key that is left out stands for the default.
#[derive(Clone, Debug, Default)]
pub struct HabitKeys {
    /// `pps`
    pub pps: Option<String>,
    /// `procedure`
    pub procedure: Option<String>,
    /// `ifs`
    pub ifs: Option<String>,
    /// `wtx`
    pub wtx: Option<WtxKeys>,
    /// `response_delay`
    pub response_delay: Option<u64>,
    /// `implicit_rate`
    pub implicit_rate: Option<String>,
}

/// The table `wtx`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WtxKeys {
    times: u64,
    multiplier: u64,
    #[serde(default)]
    uses: bool,
}

impl HabitKeys {
    /// The habits.
    ///
    /// # Errors
    /// The key whose value is none, and what is allowed.
    pub fn check(&self) -> Result<Habits, (&'static str, UnknownHabit)> {
        fn read<T>(
            key: &'static str,
            text: Option<&String>,
            from_word: impl Fn(&str) -> Result<T, UnknownHabit>,
            default: T,
        ) -> Result<T, (&'static str, UnknownHabit)> {
            text.map_or(Ok(default), |text| from_word(text)).map_err(|unknown| (key, unknown))
        }
        let default = Habits::default();
        let within = |key, value: u64, most: u32, allowed| match u32::try_from(value) {
            Ok(value) if value <= most => Ok(value),
            _ => Err((key, UnknownHabit { allowed })),
        };
        let wtx = self.wtx.map(|WtxKeys { times, multiplier, uses }| {
            let byte = |key, value: u64| match u8::try_from(value) {
                Ok(value) if value > 0 => Ok(value),
                _ => Err((key, UnknownHabit { allowed: "1 to 255" })),
            };
            Ok(WtxHabit { times: byte("wtx.times", times)?, multiplier: byte("wtx.multiplier", multiplier)?, uses })
        });
        let implicit = self.implicit_rate.as_ref().map(|text| {
            let unknown =
                ("implicit_rate", UnknownHabit { allowed: "Fi and Di as in TA1: two hex digits, none reserved" });
            let mut code = [0];
            hex::decode_to_slice(text, &mut code).map_err(|_| unknown)?;
            decode_fi(code[0]).zip(decode_di(code[0])).map(|_| code[0]).ok_or(unknown)
        });
        Ok(Habits {
            pps: read("pps", self.pps.as_ref(), PpsHabit::from_word, default.pps)?,
            procedure: read("procedure", self.procedure.as_ref(), procedure_from_word, default.procedure)?,
            ifs: read("ifs", self.ifs.as_ref(), ifs_from_word, default.ifs)?,
            wtx: wtx.transpose()?,
            response_delay: within("response_delay", self.response_delay.unwrap_or(0), DELAY_MAX, "0 to 10000000 etu")?,
            implicit: implicit.transpose()?,
        })
    }
}

impl Habits {
    /// The habits that differ from the default, as rows of TOML: key and value.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let Self { pps, procedure, ifs, wtx, response_delay, implicit } = *self;
        let default = Self::default();
        let word = |differs: bool, key, word: String| differs.then(|| (key, format!("\"{word}\"")));
        let rows = [
            word(pps != default.pps, "pps", pps.word()),
            word(procedure != default.procedure, "procedure", procedure_word(procedure)),
            word(ifs != default.ifs, "ifs", ifs_word(ifs)),
            wtx.map(|WtxHabit { times, multiplier, uses }| {
                ("wtx", format!("{{ times = {times}, multiplier = {multiplier}, uses = {uses} }}"))
            }),
            (response_delay > 0).then(|| ("response_delay", response_delay.to_string())),
            implicit.map(|code| ("implicit_rate", format!("\"{code:02X}\""))),
        ];
        rows.into_iter().flatten().collect()
    }
}

impl PpsHabit {
    /// The words, and the habits that need nothing more.
    const WORDS: [(&'static str, Self); 7] = [
        ("as-asked", Self::AsAsked),
        ("no-pps1", Self::NoPps1),
        ("protocol", Self::Protocol),
        ("wrong-pck", Self::WrongPck),
        ("silent", Self::Silent),
        ("unusable", Self::Unusable),
        ("unusable-once", Self::UnusableOnce),
    ];

    /// The habit of a word in files.
    ///
    /// # Errors
    /// There is none.
    pub fn from_word(word: &str) -> Result<Self, UnknownHabit> {
        let allowed =
            "one of as-asked, no-pps1, pps1:XX (two hex digits), protocol, wrong-pck, silent, unusable, unusable-once";
        if let Some(digits) = word.strip_prefix("pps1:") {
            let mut pps1 = [0];
            hex::decode_to_slice(digits, &mut pps1).map_err(|_| UnknownHabit { allowed })?;
            return Ok(Self::Pps1(pps1[0]));
        }
        from_word(word, &Self::WORDS).ok_or(UnknownHabit { allowed })
    }

    /// Its word in files.
    pub fn word(self) -> String {
        match self {
            Self::Pps1(pps1) => format!("pps1:{pps1:02X}"),
            other => word(other, &Self::WORDS),
        }
    }
}

/// The words for the ways in which a T=0 card asks for command data.
const PROCEDURES: [(&str, AckStyle); 4] = [
    ("all", AckStyle::All),
    ("single", AckStyle::EachByte),
    ("mixed", AckStyle::Mixed),
    ("ack-when-empty", AckStyle::WhenEmpty),
];

/// How a T=0 card asks for command data, by its word in files.
///
/// # Errors
/// There is none.
pub fn procedure_from_word(word: &str) -> Result<AckStyle, UnknownHabit> {
    from_word(word, &PROCEDURES).ok_or(UnknownHabit { allowed: "one of all, single, mixed, ack-when-empty" })
}

/// The word of [`procedure_from_word`].
pub fn procedure_word(style: AckStyle) -> String {
    word(style, &PROCEDURES)
}

/// How a T=1 card answers S(IFS request), by its word in files.
///
/// # Errors
/// There is none.
pub fn ifs_from_word(word: &str) -> Result<IfsAnswer, UnknownHabit> {
    let unknown = UnknownHabit { allowed: "one of ok, silent, other:N (0 to 255)" };
    match word {
        "ok" => Ok(IfsAnswer::AsAsked),
        "silent" => Ok(IfsAnswer::Nothing),
        _ => {
            let number = word.strip_prefix("other:").and_then(|number| number.parse().ok());
            number.map(IfsAnswer::Other).ok_or(unknown)
        }
    }
}

/// The word of [`ifs_from_word`].
pub fn ifs_word(answer: IfsAnswer) -> String {
    match answer {
        IfsAnswer::AsAsked => "ok".into(),
        IfsAnswer::Nothing => "silent".into(),
        IfsAnswer::Other(size) => format!("other:{size}"),
    }
}

fn from_word<T: Copy>(word: &str, words: &[(&str, T)]) -> Option<T> {
    words.iter().find(|(own, _)| *own == word).map(|(_, habit)| *habit)
}

fn word<T: PartialEq>(habit: T, words: &[(&str, T)]) -> String {
    words.iter().find(|(_, own)| *own == habit).map_or_else(String::new, |(word, _)| (*word).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_habits_belong_together() {
        for given in ["as-asked", "no-pps1", "pps1:95", "protocol", "wrong-pck", "silent", "unusable", "unusable-once"]
        {
            assert_eq!(PpsHabit::from_word(given).map(PpsHabit::word), Ok(given.to_string()));
        }
        for given in ["all", "single", "mixed", "ack-when-empty"] {
            assert_eq!(procedure_from_word(given).map(procedure_word), Ok(given.to_string()));
        }
        for given in ["ok", "silent", "other:32", "other:0", "other:255"] {
            assert_eq!(ifs_from_word(given).map(ifs_word), Ok(given.to_string()));
        }
        for given in ["", "pps1:", "pps1:9", "pps1:9G", "pps1:9600", "as asked", "AS-ASKED"] {
            assert!(PpsHabit::from_word(given).unwrap_err().to_string().contains("pps1:XX"), "{given}");
        }
        for given in ["", "other:", "other:256", "other:-1", "other:1.5", "other"] {
            assert!(ifs_from_word(given).is_err(), "{given}");
        }
        assert!(procedure_from_word("none").is_err());
    }
}
