//! How other systems write a card's status (docs/card.md §2.3, docs/centre.md §6.5.3, §6.5.12, §6.9): one table for each interface, read both
//! ways. A code or a status that a table lacks is an error that names it; nothing is guessed, since a card taken for
//! "not yet in use" could be put into use.

use thiserror::Error;

use crate::store::value::words;
use qiyong_protocol::card::status::CardStatus;

words! {
    /// Whose codes.
    pub enum Interface {
        /// AAZ502 of the ministry's data dictionary.
        Aaz502,
        /// The older SOAP service of Jiangsu, request 3-52.
        Soap,
        /// The card gateway, 050 to 056.
        Gateway,
        /// Binzhou's `kzt`.
        Binzhou,
        /// Henan.
        Henan,
        /// Wenzhou.
        Wenzhou,
    }
}

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// There is a card, in this status.
    Card(CardStatus),
    /// The card is being made.
    InProduction,
    /// The person has no card.
    NoCard,
    /// There is no such person.
    NoPerson,
}

/// Why a code or a status has no counterpart.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodeError {
    /// The interface has no such code.
    #[error("{} has no status code `{code}`; it has {known}", <&str>::from(*interface))]
    UnknownCode {
        /// The interface.
        interface: Interface,
        /// The code, shortened and escaped.
        code: String,
        /// The codes that it has.
        known: String,
    },
    /// The interface has no code for this status.
    #[error("{} has no code for {}: ask over another interface", <&str>::from(*interface), meaning.word())]
    NoCode {
        /// The interface.
        interface: Interface,
        /// What cannot be said there.
        meaning: Meaning,
    },
}

/// A code and its meaning. `write`: the code that is written for this meaning; the others are only read.
struct Row {
    code: &'static str,
    meaning: Meaning,
    write: bool,
}

const fn row(code: &'static str, status: CardStatus) -> Row {
    Row { code, meaning: Meaning::Card(status), write: true }
}

const fn read_only(code: &'static str, status: CardStatus) -> Row {
    Row { code, meaning: Meaning::Card(status), write: false }
}

const fn other(code: &'static str, meaning: Meaning) -> Row {
    Row { code, meaning, write: true }
}

/// An empty field is a card that is not yet in use.
const AAZ502: &[Row] = &[
    row("", CardStatus::Inactive),
    row("0", CardStatus::Sealed),
    row("1", CardStatus::Active),
    row("2", CardStatus::Lost),
    row("3", CardStatus::Locked),
    row("4", CardStatus::TemporarilyLost),
    row("9", CardStatus::Cancelled),
];

/// Here 3 is cancelled, and neither a lock nor a seal nor a card that waits for its first use can be said.
const SOAP: &[Row] = &[
    row("1", CardStatus::Active),
    row("2", CardStatus::Lost),
    row("21", CardStatus::TemporarilyLost),
    row("3", CardStatus::Cancelled),
    other("-1$9", Meaning::NoCard),
    other("-1$4", Meaning::NoPerson),
];

/// "Frozen" is taken for the lock, and "abnormal" for the seal (deduced: nothing else is left for them).
const GATEWAY: &[Row] = &[
    row("050", CardStatus::Inactive),
    row("051", CardStatus::Active),
    row("052", CardStatus::Lost),
    row("053", CardStatus::Locked),
    row("054", CardStatus::Cancelled),
    row("055", CardStatus::TemporarilyLost),
    row("056", CardStatus::Sealed),
];

const BINZHOU: &[Row] = &[
    row("A", CardStatus::Inactive),
    row("1", CardStatus::Active),
    // 0: released after a loss, which is in use again.
    read_only("0", CardStatus::Active),
    row("2", CardStatus::Lost),
    row("B", CardStatus::TemporarilyLost),
    row("4", CardStatus::Cancelled),
    // 3: cancelled after a loss.
    read_only("3", CardStatus::Cancelled),
];

const HENAN: &[Row] = &[
    row("6", CardStatus::Inactive),
    row("1", CardStatus::Active),
    read_only("0", CardStatus::Active),
    row("2", CardStatus::Lost),
    row("3", CardStatus::TemporarilyLost),
    row("5", CardStatus::Cancelled),
    read_only("4", CardStatus::Cancelled),
    other("7", Meaning::InProduction),
];

const WENZHOU: &[Row] = &[
    row("0", CardStatus::Inactive),
    row("1", CardStatus::Active),
    row("2", CardStatus::Lost),
    // 8: loss announced.
    row("8", CardStatus::TemporarilyLost),
    row("9", CardStatus::Cancelled),
    // 7: void.
    read_only("7", CardStatus::Cancelled),
];

impl Meaning {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Card(status) => status.as_str(),
            Self::InProduction => "in-production",
            Self::NoCard => "no-card",
            Self::NoPerson => "no-person",
        }
    }
}

impl Interface {
    const fn rows(self) -> &'static [Row] {
        match self {
            Self::Aaz502 => AAZ502,
            Self::Soap => SOAP,
            Self::Gateway => GATEWAY,
            Self::Binzhou => BINZHOU,
            Self::Henan => HENAN,
            Self::Wenzhou => WENZHOU,
        }
    }

    /// What this interface's code means.
    ///
    /// # Errors
    /// The interface has no such code.
    pub fn read(self, code: &str) -> Result<Meaning, CodeError> {
        let found = self.rows().iter().find(|row| row.code == code);
        found.map(|row| row.meaning).ok_or_else(|| CodeError::UnknownCode {
            interface: self,
            code: code.chars().take(8).flat_map(char::escape_default).collect(),
            known: self.rows().iter().map(|row| format!("`{}`", row.code)).collect::<Vec<_>>().join(", "),
        })
    }

    /// This interface's code.
    ///
    /// # Errors
    /// The interface cannot say this.
    pub fn write(self, meaning: Meaning) -> Result<&'static str, CodeError> {
        let found = self.rows().iter().find(|row| row.write && row.meaning == meaning);
        found.map(|row| row.code).ok_or(CodeError::NoCode { interface: self, meaning })
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    /// One line for each interface: its codes in the order inactive, active, lost, temporarily lost, locked, sealed, cancelled; `-`: none.
    const ORACLE: [(Interface, &str); 6] = [
        (Interface::Aaz502, "'' 1 2 4 3 0 9"),
        (Interface::Soap, "- 1 2 21 - - 3"),
        (Interface::Gateway, "050 051 052 055 053 056 054"),
        (Interface::Binzhou, "A 1 2 B - - 4"),
        (Interface::Henan, "6 1 2 3 - - 5"),
        (Interface::Wenzhou, "0 1 2 8 - - 9"),
    ];
    const ORDER: [CardStatus; 7] = [
        CardStatus::Inactive,
        CardStatus::Active,
        CardStatus::Lost,
        CardStatus::TemporarilyLost,
        CardStatus::Locked,
        CardStatus::Sealed,
        CardStatus::Cancelled,
    ];

    /// docs/card.md §2.3, docs/centre.md §6.9.
    #[test]
    fn every_interface_counts_in_its_own_way_and_what_is_written_is_read_as_the_same() {
        assert_eq!(ORACLE.map(|(interface, _)| interface), Interface::VARIANTS);
        for (interface, codes) in ORACLE {
            for (status, code) in ORDER.into_iter().zip(codes.split(' ')) {
                let meaning = Meaning::Card(status);
                let written = interface.write(meaning);
                match code {
                    "-" => assert_eq!(written, Err(CodeError::NoCode { interface, meaning })),
                    code => {
                        let code = code.trim_matches('\'');
                        assert_eq!(written, Ok(code), "{interface:?}");
                        assert_eq!(interface.read(code), Ok(meaning), "{interface:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_protocols_codes_are_those_of_the_data_dictionary() {
        for status in CardStatus::ALL {
            let code: String = status.code().into_iter().map(char::from).collect();
            assert_eq!(Interface::Aaz502.write(Meaning::Card(status)), Ok(code.as_str()));
        }
    }

    #[test]
    fn codes_stand_once_and_what_is_no_code_is_named() {
        for interface in Interface::VARIANTS {
            let rows = interface.rows();
            for (at, row) in rows.iter().enumerate() {
                assert!(rows[at + 1..].iter().all(|other| other.code != row.code), "{interface:?} {}", row.code);
                assert_eq!(interface.read(row.code), Ok(row.meaning));
                let again = interface.write(row.meaning).unwrap();
                assert_eq!(row.write, again == row.code, "{interface:?} {}", row.code);
            }
            for code in ["7\n", "51", "十", " 1"] {
                let error = interface.read(code).unwrap_err().to_string();
                assert!(error.contains(<&str>::from(interface)) && error.contains(rows[0].code), "{error}");
                assert!(error.is_ascii(), "{error}");
            }
        }
        // 255 is "unknown" in Henan, which says nothing that a centre could go by.
        assert!(Interface::Henan.read("255").is_err());
        for (code, meaning) in [("-1$9", Meaning::NoCard), ("-1$4", Meaning::NoPerson)] {
            assert_eq!(Interface::Soap.read(code), Ok(meaning));
        }
        assert_eq!(Interface::Henan.read("7"), Ok(Meaning::InProduction));
        let error = Interface::Soap.write(Meaning::Card(CardStatus::Locked)).unwrap_err();
        assert_eq!(error.to_string(), "soap has no code for locked: ask over another interface");
    }
}
