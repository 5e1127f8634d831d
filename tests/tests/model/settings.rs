//! The scenes: who is there, how much happens, and what can go wrong. Each is explored to its end.

use qiyong_firmware::terminal::Settings;
use qiyong_protocol::centre::{Policy, TerminalId};
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::document::{Document, DocumentKind, Validity};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};

use super::faults::Fault;
use super::people::record;

/// What a sale costs the personal account.
pub(crate) const PRICE: Fen = Fen(3_000);

/// A terminal at its place, and what is asked of it.
#[derive(Clone, Debug)]
pub(crate) struct Till {
    pub(crate) institution: InstitutionCode,
    pub(crate) operation: Operation,
    /// How many visits its till asks for.
    pub(crate) sales: u8,
    /// How often it asks for an echo between them.
    pub(crate) echoes: u8,
    /// How often it says in one visit what it owes.
    pub(crate) tries: u8,
}

impl Till {
    fn at(code: &str, operation: Operation, (sales, echoes): (u8, u8), tries: u8) -> Self {
        Self { institution: InstitutionCode::new(code).expect("a code"), operation, sales, echoes, tries }
    }

    /// What its centre says of what is owed.
    pub(crate) const fn policy(&self) -> Policy {
        Policy { tries: self.tries, ..Policy::DEFAULT }
    }

    pub(crate) fn settings(&self, terminal: u8) -> Settings {
        let name = [b'0', b'0', b'0', b'0', b'0', b'0', b'0', b'1' + terminal];
        Settings { policy: self.policy(), ..Settings::at(self.institution, TerminalId(name)) }
    }
}

/// A name for a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scene {
    /// One pharmacy.
    Sale,
    /// Two pharmacies and one card.
    Two,
    /// A pharmacy and a bank's window, one card.
    Shared,
    /// Two pharmacies, and an account that covers one sale.
    Poor,
    /// Two pharmacies, and a card with its initial PIN that is torn out.
    Pin,
}

/// What is explored.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) tills: Vec<Till>,
    pub(crate) account: Fen,
    /// The holder has the initial PIN still: inquiries and reports of the change go over the network, cards are torn
    /// out.
    pub(crate) pin: bool,
    /// Sign-ins go over the network, too; or they are never lost.
    pub(crate) sign_in: bool,
    /// A message may be damaged on its way, or never leave the terminal.
    pub(crate) damage: bool,
    /// The centre undoes what nobody confirms, at any time.
    pub(crate) expiry: bool,
    /// A terminal that waits for its till is switched off, too.
    pub(crate) idle_off: bool,
    /// The power of a terminal fails, at any note that it makes.
    pub(crate) cuts: bool,
    pub(crate) fault: Option<Fault>,
}

fn purchase() -> Operation {
    Operation::Purchase(Bill::new(PRICE, Fen(0)).expect("a bill"))
}

fn application() -> Operation {
    let record = record();
    let document = Document {
        kind: DocumentKind::IdCard,
        number: record.id_number.into(),
        name: record.name,
        valid_until: Validity::LongTerm,
    };
    Operation::Apply { document: Some(document) }
}

const PHARMACIES: [&str; 2] = ["P32010000017", "P32010000025"];
const BANK: &str = "B32010000001";

impl Scene {
    pub(crate) const ALL: [Self; 5] = [Self::Sale, Self::Two, Self::Shared, Self::Poor, Self::Pin];

    pub(crate) fn setting(self) -> Setting {
        let pharmacy = |place: usize, asked, tries| Till::at(PHARMACIES[place], purchase(), asked, tries);
        let of = |name, tills| Setting {
            name,
            tills,
            account: Fen(10 * PRICE.0),
            pin: false,
            sign_in: false,
            damage: false,
            idle_off: false,
            expiry: true,
            cuts: true,
            fault: None,
        };
        match self {
            Self::Sale => Setting {
                sign_in: true,
                damage: true,
                idle_off: true,
                ..of("one pharmacy, two sales", vec![pharmacy(0, (2, 1), 3)])
            },
            Self::Two => of("two pharmacies, one card", vec![pharmacy(0, (1, 1), 1), pharmacy(1, (1, 1), 1)]),
            Self::Shared => of(
                "pharmacy and bank, one card",
                vec![pharmacy(0, (1, 1), 1), Till::at(BANK, application(), (1, 0), 1)],
            ),
            Self::Poor => Setting {
                account: Fen(PRICE.0 * 3 / 2),
                ..of("an account for one sale", vec![pharmacy(0, (1, 0), 1), pharmacy(1, (1, 0), 1)])
            },
            Self::Pin => Setting {
                pin: true,
                expiry: false,
                ..of("the initial PIN is changed", vec![pharmacy(0, (1, 0), 1), pharmacy(1, (1, 0), 1)])
            },
        }
    }
}
