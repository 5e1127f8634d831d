//! The advice of each error type of this crate, in one place, so that like causes get like answers.

use qiyong_protocol::advice::Advice;

use crate::error::{CentreError, Damage};
use crate::issue::IssueError;

impl CentreError {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            // Another program had the file locked; nothing was changed.
            Self::Store(_) | Self::NoTurn(_) | Self::Uncertain(_) | Self::Unreachable { .. } => Advice::TryAgain,
            // What was named is the wrong file, or stands there already.
            Self::Open { .. }
            | Self::Missing { .. }
            | Self::Exposed { .. }
            | Self::NotACentre { .. }
            | Self::AlreadyACentre { .. }
            | Self::Version { .. }
            | Self::InstitutionExists(_)
            | Self::CardExists(_)
            | Self::Amount(_)
            | Self::ClockRuns
            | Self::Number(_) => Advice::CorrectInput,
            Self::Answer(error) => error.advice(),
            Self::Damaged(damage) | Self::DamagedFile { damage, .. } => damage.advice(),
            Self::Migration { source, .. } => source.advice(),
            Self::KeyFile { .. } | Self::NoRandom | Self::Defaults(_) => Advice::CallService,
        }
    }
}

impl Damage {
    /// Who can put it right: the database is restored from a copy.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Column(_)
            | Self::Card(_)
            | Self::KeyFile(_)
            | Self::Sealed
            | Self::Structure(_)
            | Self::Header
            | Self::Reference(_)
            | Self::Schema(_)
            | Self::MasterKey { .. }
            | Self::Setting(_) => Advice::CallService,
        }
    }
}

impl IssueError {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Name => Advice::CorrectInput,
            // What is on a card's ATR is this crate's choice.
            Self::Atr => Advice::CallService,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use qiyong_protocol::card::codes::CardNumber;
    use qiyong_protocol::centre::Stan;
    use qiyong_protocol::centre::message::MessageError;
    use qiyong_protocol::rules::institution::InstitutionCode;
    use qiyong_protocol::rules::money::Fen;

    use qiyong_protocol::error_table as table;

    use super::*;
    use crate::key_name::KeyName;
    use crate::store::failure::DatabaseError;
    use crate::store::place::Place;

    fn path() -> PathBuf {
        "c.db".into()
    }

    fn place() -> Place {
        Place::File(path())
    }

    fn card() -> CardNumber {
        CardNumber::new(b"X00000019").unwrap()
    }

    fn institution() -> InstitutionCode {
        InstitutionCode::new("P32010000017").unwrap()
    }

    #[test]
    fn each_cause_has_its_words_and_its_advice() {
        table!(CentreError {
            CentreError::Open { .. } = CentreError::Open { path: path(), source: rusqlite::Error::InvalidQuery }
                => CorrectInput, "the card centre's database c.db cannot be opened: Query is not read-only; check that its \
                                  folder exists and that the file may be read and written";
            CentreError::NotACentre { .. } = CentreError::NotACentre { place: place() }
                => CorrectInput, "c.db is not a card centre's database; name one";
            CentreError::Missing { .. } = CentreError::Missing { place: place() }
                => CorrectInput, "c.db is missing or empty, and no card centre's database; make one there first, with the \
                                  keys that it shall have";
            CentreError::Exposed { .. } = CentreError::Exposed { path: path() }
                => CorrectInput, "c.db holds master keys, and others may read or write it; find out who did, and let its \
                                  owner alone (chmod 600)";
            CentreError::AlreadyACentre { .. } = CentreError::AlreadyACentre { place: place() }
                => CorrectInput, "c.db is a card centre's database already, with keys of its own; name a file that does not \
                                  exist yet, or open it as it is";
            CentreError::Version { .. } = CentreError::Version { place: place(), found: "9".into(), expected: 1 }
                => CorrectInput, "c.db is a card centre's database of version 9, and this program reads version 1; use the \
                                  program that made it, or begin a new file";
            CentreError::InstitutionExists(_) = CentreError::InstitutionExists(institution())
                => CorrectInput, "institution P32010000017 is known already: leave it out, or give the new one another \
                                  code";
            CentreError::CardExists(_) = CentreError::CardExists(card())
                => CorrectInput, "card X00000019 is known already: leave it out, or give the new one another number";
            CentreError::Amount(_) = CentreError::Amount(Fen(u64::MAX))
                => CorrectInput, format!("an amount of {} is out of range: it must be at most {}, the most that a \
                                          terminal can send and an account can hold", Fen(u64::MAX), Fen::MAX);
            CentreError::Number(_) = CentreError::Number(Stan(0))
                => CorrectInput, "0 is no transaction's number: it must be from 1 to 999999";
            CentreError::Answer(_) = CentreError::Answer(MessageError::Mac)
                => CallService, format!("the answer cannot be sent: {}; look at what the terminal sent, which asks \
                                         again by itself", MessageError::Mac);
            CentreError::Damaged(_) = CentreError::Damaged(Damage::Card(card()))
                => CallService, "the card centre's database is damaged: card X00000019 of an approved transaction is missing; \
                                 restore it from a copy";
            CentreError::KeyFile { .. } = CentreError::KeyFile { path: path(), source: io::Error::other("gone") }
                => CallService, "c.db, which has the keys of the database beside it, cannot be read or made: gone; the \
                                 database is of no use without it: restore it from a copy";
            CentreError::DamagedFile { .. } = CentreError::DamagedFile { place: place(), damage: Damage::Header }
                => CallService, "c.db is a damaged card centre's database: its keys lie beside it, but it is empty or does \
                                 not begin as a card centre's database; restore it from a copy";
            CentreError::Migration { .. } = CentreError::Migration { place: place(), version: 3, source: CentreError::NoRandom.into() }
                => CallService, "c.db cannot be brought to version 3: the system gives no random numbers, and nothing \
                                 can be sealed; nothing was changed: let this program use getrandom or \
                                 /dev/urandom, and start it again; it is as it was before: use the program of before \
                                 until that is put right";
            CentreError::NoRandom = CentreError::NoRandom
                => CallService, "the system gives no random numbers, and nothing can be sealed; nothing was changed: \
                                 let this program use getrandom or /dev/urandom, and start it again";
            CentreError::ClockRuns = CentreError::ClockRuns
                => CorrectInput, "this centre has keys of its own, and its clock is the system's: set that one if it \
                                  is wrong, or make a centre with test keys, whose clock can be set (centre init \
                                  --test-keys)";
            CentreError::Defaults(_) = CentreError::Defaults("fee: no such parameter".into())
                => CallService, "what this program brings for the area is wrong: fee: no such parameter; report it to whoever \
                                 maintains the program";
            CentreError::Store(_) = rusqlite::Error::ToSqlConversionFailure(Box::new(io::Error::other("full"))).into()
                => TryAgain, "the card centre's database failed: full; nothing was changed, and the request may be repeated";
            CentreError::NoTurn(_) = CentreError::NoTurn(DatabaseError::Lost)
                => TryAgain, "the card centre's database is held by others, and its turn did not come in time (the connection to \
                              the server was lost); nothing was changed, and the request may be repeated";
            CentreError::Uncertain(_) = CentreError::Uncertain(DatabaseError::Lost)
                => TryAgain, "the card centre's database was lost at the end of a transaction (the connection to the server was \
                              lost): whether it was done is not known; repeat the request as it was, under the same number or \
                              key";
            CentreError::Unreachable { .. } = CentreError::Unreachable { server: "postgres://a/b".into(), source: DatabaseError::Lost }
                => TryAgain, "the card centre's database postgres://a/b cannot be reached: the connection to the server was lost; \
                              check the address, that the server runs, and that it lets this user in";
        });
        table!(Damage {
            Damage::Column(_) = Damage::Column("status".into())
                => CallService, "a column `status` holds what this program never writes";
            Damage::Card(_) = Damage::Card(card())
                => CallService, "card X00000019 of an approved transaction is missing";
            Damage::MasterKey { .. } = Damage::MasterKey { algorithm: "sm4", name: KeyName::PinUnblock }
                => CallService, format!("the table hsm_keys lacks the sm4 key {}", KeyName::PinUnblock);
            Damage::KeyFile(_) = Damage::KeyFile(path())
                => CallService, "c.db is not the file of keys that was made with the database";
            Damage::Sealed = Damage::Sealed
                => CallService, "something sealed in it cannot be opened: it was changed, or the key file is another \
                                 database's";
            Damage::Setting(_) = Damage::Setting("version".into())
                => CallService, "the table meta lacks version";
            Damage::Structure(_) = Damage::Structure("Tree 5 page 3".into())
                => CallService, "its parts do not fit together (Tree 5 page 3)";
            Damage::Header = Damage::Header
                => CallService, "its keys lie beside it, but it is empty or does not begin as a card centre's database";
            Damage::Reference(_) = Damage::Reference("entries".into())
                => CallService, "a row of the table entries belongs to another that is missing";
            Damage::Schema(_) = Damage::Schema("cards".into()) => CallService, "`cards` is not as this program makes it";
        });
        table!(IssueError {
            IssueError::Name = IssueError::Name
                => CorrectInput, "the name cannot be stored: it must have 1 to 30 bytes in GBK, or up to 50 on cards with a \
                                  name extension (v2, v3)";
            IssueError::Atr = IssueError::Atr => CallService, "the ATR does not fit into 33 characters: report it to \
                                                               whoever maintains the program";
        });
    }
}
