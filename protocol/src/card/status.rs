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

    /// The AAZ502 code. `None`, an empty field, is the code of a card not yet in use. 9 is recalled, not confirmed.
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

    /// The status that an AAZ502 field stands for. An empty field and any unknown code stand for "not yet in use".
    pub const fn from_code(code: Option<u8>) -> Self {
        match code {
            Some(b'0') => Self::Sealed,
            Some(b'1') => Self::Active,
            Some(b'2') => Self::Lost,
            Some(b'3') => Self::Locked,
            Some(b'4') => Self::TemporarilyLost,
            Some(b'9') => Self::Cancelled,
            _ => Self::Inactive,
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
            assert_eq!(CardStatus::from_code(status.code()), status);
            assert_eq!(CardStatus::from_word(status.as_str()), Some(status));
        }
        assert_eq!(CardStatus::from_code(Some(b'7')), CardStatus::Inactive);
    }
}
