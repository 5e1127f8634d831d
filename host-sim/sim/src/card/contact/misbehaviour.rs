//! The ways in which a virtual card is broken or hostile, and their words in files. Ways that real cards have and a
//! terminal must put up with are in [`super::habits`].

/// A way in which a card is broken or hostile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// No answer to reset.
    Mute,
    /// An answer to reset, and nothing after it.
    MuteAfterAtr,
    /// Random characters instead of an answer to reset.
    RubbishAtr,
    /// Random characters instead of every answer.
    Rubbish,
    /// NULL, "wait", for ever.
    NullForever,
    /// 61 00, "256 bytes are waiting", for ever.
    GetResponseForever,
    /// 6C with another length than the requested one, for ever.
    WrongLengthForever,
    /// In T=1: S(WTX request), "wait longer", for ever instead of a response.
    ExtensionForever,
    /// In T=1: every I- and R-block has the wrong sequence number.
    WrongNumbers,
}

impl Misbehaviour {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Mute,
        Self::MuteAfterAtr,
        Self::RubbishAtr,
        Self::Rubbish,
        Self::NullForever,
        Self::GetResponseForever,
        Self::WrongLengthForever,
        Self::ExtensionForever,
        Self::WrongNumbers,
    ];

    /// The kind's word in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mute => "mute",
            Self::MuteAfterAtr => "mute-after-atr",
            Self::RubbishAtr => "rubbish-atr",
            Self::Rubbish => "rubbish",
            Self::NullForever => "null-forever",
            Self::GetResponseForever => "get-response-forever",
            Self::WrongLengthForever => "wrong-length-forever",
            Self::ExtensionForever => "extension-forever",
            Self::WrongNumbers => "wrong-numbers",
        }
    }

    /// Whether it has an effect on a card that speaks T=1 (`t1`) or T=0.
    pub const fn concerns(self, t1: bool) -> bool {
        t1 || !matches!(self, Self::ExtensionForever | Self::WrongNumbers)
    }

    /// The kind that [`Misbehaviour::as_str`] calls `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}
