//! Where an act on a card is asked for. What may be asked there is in `card_act` and `bank`.

use crate::store::value::words;
use qiyong_protocol::rules::institution::Channel;

words! {
    /// Where an act is asked for. The first three are the channels through which a card is put into use
    /// (docs/card.md §2.2).
    pub enum Place {
        /// A counter of a bank that issues cards in the card's area.
        Bank,
        /// A designated hospital.
        Hospital,
        /// A designated pharmacy.
        Pharmacy,
        /// A window of the agency.
        Window,
        /// The telephone, 12333.
        Hotline,
        /// The centre itself, in its run for the day.
        Run,
    }
}

impl Place {
    /// The word for it in records and lists.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Its name in a sentence.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Bank => "a bank counter",
            Self::Hospital => "a hospital",
            Self::Pharmacy => "a pharmacy",
            Self::Window => "the agency's window",
            Self::Hotline => "the telephone 12333",
            Self::Run => "the centre's daily run",
        }
    }

    /// The same in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Bank => "银行柜台",
            Self::Hospital => "医院",
            Self::Pharmacy => "药店",
            Self::Window => "经办窗口",
            Self::Hotline => "12333电话",
            Self::Run => "中心日终处理",
        }
    }
}

impl From<Channel> for Place {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Bank => Self::Bank,
            Channel::Hospital => Self::Hospital,
            Channel::Pharmacy => Self::Pharmacy,
        }
    }
}
