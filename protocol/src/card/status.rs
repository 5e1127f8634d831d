//! The status of a card at the centre: 卡应用状态, item AAZ502 of the trade's data dictionary (docs/card.md §2.3). 9,
//! cancelled, is of docs/centre.md §6.9.

/// Where a card stands in its life. The centre keeps the status; the card itself does not know it (docs/card.md §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardStatus {
    /// 未启用: issued, not yet put into use.
    Inactive,
    /// 正常: in use.
    Active,
    /// 正式挂失: reported lost in writing.
    Lost,
    /// 临时挂失: reported lost by telephone.
    TemporarilyLost,
    /// 应用锁定: the application is locked.
    Locked,
    /// 封存: sealed, put aside by the agency.
    Sealed,
    /// 注销: cancelled for good.
    Cancelled,
}

impl CardStatus {
    /// Every status.
    pub const ALL: [Self; 7] =
        [Self::Inactive, Self::Active, Self::Lost, Self::TemporarilyLost, Self::Locked, Self::Sealed, Self::Cancelled];

    /// The AAZ502 code. `None`, an empty field, is the code of a card not yet in use.
    pub const fn code(self) -> Option<u8> {
        match self {
            Self::Inactive => None,
            Self::Sealed => Some(b'0'),
            Self::Active => Some(b'1'),
            Self::Lost => Some(b'2'),
            Self::Locked => Some(b'3'),
            Self::TemporarilyLost => Some(b'4'),
            Self::Cancelled => Some(b'9'),
        }
    }

    /// The status that an AAZ502 field stands for; an empty field stands for "not yet in use". `None`: there is no such
    /// code. Nothing is guessed, since a card that is taken for not yet in use can be put into use.
    pub const fn from_code(code: Option<u8>) -> Option<Self> {
        match code {
            None => Some(Self::Inactive),
            Some(b'0') => Some(Self::Sealed),
            Some(b'1') => Some(Self::Active),
            Some(b'2') => Some(Self::Lost),
            Some(b'3') => Some(Self::Locked),
            Some(b'4') => Some(Self::TemporarilyLost),
            Some(b'9') => Some(Self::Cancelled),
            Some(_) => None,
        }
    }

    /// The word for it in files and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Active => "active",
            Self::Lost => "lost",
            Self::TemporarilyLost => "temporarily-lost",
            Self::Locked => "locked",
            Self::Sealed => "sealed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status that [`CardStatus::as_str`] calls `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/card.md §2.3, docs/centre.md §6.9.
    #[test]
    fn codes_and_words_are_one_to_one() {
        for status in CardStatus::ALL {
            assert_eq!(CardStatus::from_code(status.code()), Some(status));
            assert_eq!(CardStatus::from_word(status.as_str()), Some(status));
        }
        for code in u8::MIN..=u8::MAX {
            let known = CardStatus::ALL.iter().any(|status| status.code() == Some(code));
            assert_eq!(CardStatus::from_code(Some(code)).is_some(), known, "{code}");
        }
    }
}
