//! Where a load's centre keeps its books: a file of SQLite, or a database of a PostgreSQL server of the test's own. Both are
//! edited by hand with the same statements, copied, and given to the program by the same options.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use tempfile::TempDir;

use qiyong_centre::hsm::Hsm;
use qiyong_centre::{Centre, Place};

use super::books::Books;
use super::diary::Diary;
use super::finding::Verdict;
use super::judge::{Closed, judge};
use super::setting::Setting;
use crate::postgres::{Care, Postgres};
use crate::programs::Watched;
use crate::qiyong;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// A file.
    Sqlite,
    /// A server.
    Postgres(Care),
}

/// A database of a centre, and the file with its keys.
#[derive(Clone, Debug)]
pub struct Db {
    /// The file, or the address.
    pub address: String,
    /// Its keys.
    pub keys: PathBuf,
}

/// A folder with databases, and the server of those that have one.
pub struct Site {
    /// Where files are.
    pub folder: TempDir,
    /// The server.
    pub server: Option<Postgres>,
    /// The centre's database.
    pub db: Db,
}

impl Db {
    /// What the centre calls it.
    ///
    /// # Panics
    /// Never, since it has an address and keys.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::new(&self.address, Some(&self.keys)).expect("a place")
    }

    /// The centre, opened.
    ///
    /// # Panics
    /// If it cannot be.
    #[must_use]
    pub fn centre(&self) -> Centre {
        Centre::open_at(&self.place()).unwrap_or_else(|error| panic!("{}: {error}", self.address))
    }

    /// How the program is told of it.
    #[must_use]
    pub fn options(&self) -> Vec<String> {
        let keys = self.keys.display().to_string();
        let server = matches!(self.place(), Place::Server(_));
        let keys = if server { vec!["--keys".into(), keys] } else { Vec::new() };
        [vec!["--db".into(), self.address.clone()], keys].concat()
    }

    /// `qiyong centre verify` says that it is whole.
    ///
    /// # Panics
    /// If it does not.
    pub fn verify(&self) {
        let mut verify = Command::new(qiyong());
        verify.args(["centre", "verify"]).args(self.options());
        let output = Watched::start(&mut verify).output();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(output.status.success(), "{said:?}");
    }

    /// Compares its books with these notes.
    #[must_use]
    pub fn judged(&self, setting: &Setting, diaries: &[Diary], closed: Closed) -> Verdict {
        judge(setting, diaries, &Books::read(&mut self.centre(), setting), closed)
    }
}

impl Site {
    /// One with an empty centre under the test keys.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn new(base: Base) -> Self {
        let folder = TempDir::new().expect("a folder");
        let (server, address, keys) = match base {
            Base::Sqlite => (None, file(folder.path(), "centre.db"), "centre.db.key"),
            Base::Postgres(care) => {
                let server = Postgres::start(care);
                let address = server.database("centre");
                (Some(server), address, "keys")
            }
        };
        let db = Db { address, keys: folder.path().join(keys) };
        drop(Centre::create_at(&db.place(), &Hsm::test_keys()).expect("a new centre"));
        Self { folder, server, db }
    }

    /// One with a centre that knows this setting.
    #[must_use]
    pub fn furnished(base: Base, setting: &Setting) -> Self {
        let site = Self::new(base);
        setting.furnish(&mut site.db.centre());
        site
    }

    /// A copy of the centre's database, which nobody has open now, under another name.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn copy(&self, name: &str) -> Db {
        if let Some(server) = &self.server {
            server.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE centre"));
            return Db { address: server.address(name), keys: self.db.keys.clone() };
        }
        let address = file(self.folder.path(), &format!("{name}.db"));
        let keys = PathBuf::from(format!("{address}.key"));
        fs::copy(&self.db.address, &address).and_then(|_| fs::copy(&self.db.keys, &keys)).expect("a copy");
        Db { address, keys }
    }

    /// Changes a copy by hand, as somebody would who has the database and not the program.
    ///
    /// # Panics
    /// If a statement fails.
    pub fn edit(&self, name: &str, db: &Db, statements: &str) {
        match &self.server {
            Some(server) => drop(server.sql(name, statements)),
            None => Connection::open(&db.address)
                .and_then(|file| file.execute_batch(statements))
                .unwrap_or_else(|error| panic!("{statements}: {error}")),
        }
    }
}

fn file(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}
