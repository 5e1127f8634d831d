//! Why the centre could not do something. A refusal by a rule is not an error but an answer.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::centre::Stan;
use qiyong_protocol::centre::message::MessageError;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;

use crate::key_name::KeyName;
use crate::store::failure::DatabaseError;
use crate::store::place::Place;

/// Why the centre could not do something. The text never shows an ID number, a name or a key.
#[derive(Debug, Error)]
pub enum CentreError {
    /// The database file cannot be opened or made.
    #[error("the card centre's database {} cannot be opened: {source}; check that its folder exists and that the file may be read and written", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// A database's server cannot be reached: nothing was done.
    #[error(
        "the card centre's database {server} cannot be reached: {source}; check the address, that the server runs, and that it lets this user in"
    )]
    Unreachable {
        /// The server, without a password.
        server: String,
        /// What the connection or the server said.
        source: DatabaseError,
    },
    /// There is no such file, or it is empty. A centre is only made on request, since that chooses its keys.
    #[error(
        "{place} is missing or empty, and no card centre's database; make one there first, with the keys that it shall have"
    )]
    Missing {
        /// Which.
        place: Place,
    },
    /// Others than its owner may read or write the file, which holds master keys.
    #[error("{} holds master keys, and others may read or write it; find out who did, and let its owner alone (chmod 600)", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The file is no centre's database.
    #[error("{place} is not a card centre's database; name one")]
    NotACentre {
        /// Which.
        place: Place,
    },
    /// A new centre was requested, but the file already has one.
    #[error(
        "{place} is a card centre's database already, with keys of its own; name a file that does not exist yet, or open it as it is"
    )]
    AlreadyACentre {
        /// Which.
        place: Place,
    },
    /// The file is damaged. Nothing was changed in it.
    #[error("{place} is a damaged card centre's database: {damage}; restore it from a copy")]
    DamagedFile {
        /// Which.
        place: Place,
        /// What is wrong with it.
        damage: Damage,
    },
    /// The file is of an earlier version, and a step towards this program's failed.
    #[error(
        "{place} cannot be brought to version {version}: {source}; it is as it was before: use the program of before until that is put right"
    )]
    Migration {
        /// Which.
        place: Place,
        /// Which step failed.
        version: u32,
        /// Why.
        source: Box<CentreError>,
    },
    /// The file is of another version than this program.
    #[error(
        "{place} is a card centre's database of version {found}, and this program reads version {expected}; use the program that made it, or begin a new file"
    )]
    Version {
        /// Which.
        place: Place,
        /// The file's version.
        found: String,
        /// This program's version.
        expected: u32,
    },
    /// The file with the keys of the database cannot be read or made.
    #[error("{}, which has the keys of the database beside it, cannot be read or made: {source}; the database is of no use without it: restore it from a copy", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The system has no random numbers.
    #[error(
        "the system gives no random numbers, and nothing can be sealed; nothing was changed: let this program use getrandom or /dev/urandom, and start it again"
    )]
    NoRandom,
    /// The clock of a centre with keys of its own is the system's.
    #[error(
        "this centre has keys of its own, and its clock is the system's: set that one if it is wrong, or make a centre with test keys, whose clock can be set (centre init --test-keys)"
    )]
    ClockRuns,
    /// The data that comes with this program for an area is wrong: a fault of the program.
    #[error("what this program brings for the area is wrong: {0}; report it to whoever maintains the program")]
    Defaults(String),
    /// The institution has already been added.
    #[error("institution {0} is known already: leave it out, or give the new one another code")]
    InstitutionExists(InstitutionCode),
    /// The card has already been added.
    #[error("card {0} is known already: leave it out, or give the new one another number")]
    CardExists(CardNumber),
    /// An amount has more than the twelve digits of a message.
    #[error("an amount of {0} is out of range: it must be at most {max}, the most that a terminal can send and an account can hold", max = Fen::MAX)]
    Amount(Fen),
    /// A transaction had a number that none can have. A message has none of these.
    #[error("{number} is no transaction's number: it must be from 1 to {last}", number = .0.0, last = Stan::LAST.0)]
    Number(Stan),
    /// The answer does not fit into a message, so none is sent.
    #[error("the answer cannot be sent: {0}; look at what the terminal sent, which asks again by itself")]
    Answer(MessageError),
    /// The database contains something that this program never writes.
    #[error("the card centre's database is damaged: {0}; restore it from a copy")]
    Damaged(Damage),
    /// The database failed.
    #[error("the card centre's database failed: {0}; nothing was changed, and the request may be repeated")]
    Store(#[source] DatabaseError),
    /// Others hold the database, and its turn did not come in time: nothing was done.
    #[error(
        "the card centre's database is held by others, and its turn did not come in time ({0}); nothing was changed, and the request may be repeated"
    )]
    NoTurn(#[source] DatabaseError),
    /// The connection to the server was lost while the transaction ended: whether it was done is not known.
    #[error(
        "the card centre's database was lost at the end of a transaction ({0}): whether it was done is not known; repeat the request as it was, under the same number or key"
    )]
    Uncertain(#[source] DatabaseError),
}

/// What SQLite finds damaged is damaged; everything else may go better the next time.
impl From<rusqlite::Error> for CentreError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::InvalidColumnType(_, column, _) => Self::Damaged(Damage::Column(column)),
            error if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                Self::Damaged(Damage::Structure(error.to_string()))
            }
            error => Self::Store(DatabaseError::Sqlite(error)),
        }
    }
}

impl CentreError {
    /// Says of damage in which file it is.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        self.at(&path.into())
    }

    /// Says of damage in which database it is.
    pub(crate) fn at(self, place: &Place) -> Self {
        match self {
            Self::Damaged(damage) => Self::DamagedFile { place: place.clone(), damage },
            other => other,
        }
    }

    /// What is damaged, if that is why.
    pub const fn damage(&self) -> Option<&Damage> {
        match self {
            Self::Damaged(damage) | Self::DamagedFile { damage, .. } => Some(damage),
            Self::Migration { source, .. } => source.damage(),
            _ => None,
        }
    }
}

/// What a database holds, or lacks, that this program never writes so.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Damage {
    /// A column of this name has a value of another type, or out of range.
    #[error("a column `{0}` holds what this program never writes")]
    Column(String),
    /// A transaction was approved on a card that the centre does not know.
    #[error("card {0} of an approved transaction is missing")]
    Card(CardNumber),
    /// A master key is missing.
    #[error("the table hsm_keys lacks the {algorithm} key {name}")]
    MasterKey {
        /// The algorithm, in the word that stands in the table.
        algorithm: &'static str,
        /// The key's name.
        name: KeyName,
    },
    /// The file with the keys of the database does not have 64 hexadecimal digits.
    #[error("{} is not the file of keys that was made with the database", .0.display())]
    KeyFile(PathBuf),
    /// What was sealed cannot be opened: it was changed, or the key file is another database's.
    #[error("something sealed in it cannot be opened: it was changed, or the key file is another database's")]
    Sealed,
    /// A setting of the centre is missing.
    #[error("the table meta lacks {0}")]
    Setting(String),
    /// Pages, rows or indices of the file do not fit together. SQLite's words, which show no contents.
    #[error("its parts do not fit together ({0})")]
    Structure(String),
    /// The file begins as no database does, is empty or of another program, though its keys lie beside it.
    #[error("its keys lie beside it, but it is empty or does not begin as a card centre's database")]
    Header,
    /// A row belongs to another that is missing.
    #[error("a row of the table {0} belongs to another that is missing")]
    Reference(String),
    /// A table, an index or the like is missing, or not as this program makes it, or not made by it.
    #[error("`{0}` is not as this program makes it")]
    Schema(String),
}

impl Damage {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Column(column) => format!("列 `{column}` 中有本程序从不写入的内容"),
            Self::Card(card) => format!("已批准交易所涉的卡 {card} 缺失"),
            Self::MasterKey { algorithm, name } => format!("表 hsm_keys 缺少 {algorithm} 密钥 {name}"),
            Self::KeyFile(path) => format!("{} 不是与数据库一同生成的密钥文件", path.display()),
            Self::Sealed => "其中的密封内容无法打开：内容被改动，或密钥文件属于另一数据库".into(),
            Self::Setting(name) => format!("表 meta 缺少 {name}"),
            Self::Structure(found) => format!("文件各部分不一致（{found}）"),
            Self::Header => "密钥文件在旁，但该文件为空，或开头不是卡管中心数据库".into(),
            Self::Reference(table) => format!("表 {table} 中有一行所属的记录缺失"),
            Self::Schema(name) => format!("`{name}` 与本程序所建的不符"),
        }
    }
}
