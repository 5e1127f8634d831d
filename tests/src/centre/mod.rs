//! A card centre over HTTP for one test: a database with an operator of each role, and the server over it.

pub mod applicants;
pub mod costs;
pub mod faces;
pub mod lines;
pub mod portrait;
pub mod served;
pub mod town;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use qiyong_centre::acts::role::{self, Role};
use qiyong_centre::hsm::Hsm;
use qiyong_centre::{ADMINISTRATOR, ActRequest, Centre, Founding, Place};
use qiyong_protocol::card::codes::Region;

use crate::programs::Watched;
use served::Served;

/// A centre of Nanjing with one outlet. Its clock stands at 2026-03-02, 09:00.
pub struct OfficeFile {
    /// Where its file is.
    pub folder: TempDir,
    /// The centre, opened.
    pub centre: Centre,
    area: Region,
}

impl OfficeFile {
    /// A new one, with an operator for each role that is named after it.
    ///
    /// # Panics
    /// If the centre refuses any of it.
    #[must_use]
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let place = folder.path().join("centre.db").as_path().into();
        Self::at(folder, &place)
    }

    /// The same at another place, such as a database of a server.
    ///
    /// # Panics
    /// If the centre refuses any of it.
    #[must_use]
    pub fn at(folder: TempDir, place: &Place) -> Self {
        let area = Region::new("320100").expect("Nanjing");
        let mut centre = Centre::create_at(place, &Hsm::test_keys()).expect("a new database");
        // First of all, so that everybody is there since then.
        centre.stop_clock("2026-03-02T09:00:00".parse().expect("a time")).expect("a test centre");
        centre.found(&Founding { area, agency: "南京市社会保险管理中心".into() }).expect("founded");
        let mut file = Self { folder, centre, area };
        let outlet = json!({
            "code": "32010201", "kind": "outlet", "region": "320102", "parent": "32010099", "name": "玄武网点",
            "approval": "宁人社 1", "establishment": "宁编办 1"
        });
        file.act("outlet.open", outlet);
        for role in role::ALL {
            let word: &str = role.into();
            file.act("operator.add", json!({"id": word, "role": word, "outlet": "32010201", "name": word}));
        }
        file
    }

    /// One that was there, with its clock stopped at another time.
    ///
    /// # Panics
    /// If it cannot be opened.
    #[must_use]
    pub fn again(folder: TempDir, time: &str) -> Self {
        let centre = Centre::open(&folder.path().join("centre.db")).expect("the file");
        let mut file = Self { folder, centre, area: Region::new("320100").expect("Nanjing") };
        file.stop_clock(time);
        file
    }

    /// Stops the centre's clock.
    ///
    /// # Panics
    /// If it cannot be stopped.
    pub fn stop_clock(&mut self, time: &str) {
        self.centre.stop_clock(time.parse().expect("a time")).expect("a test centre");
    }

    /// Lets the administrator carry out an act.
    ///
    /// # Panics
    /// If it is refused.
    pub fn act(&mut self, act: &str, body: Value) -> Value {
        let operator = self.centre.operator(self.area, ADMINISTRATOR).expect("the file").expect("founded");
        let request = ActRequest { area: self.area, operator: &operator, act, body, key: None };
        self.centre.carry_out(request).unwrap_or_else(|refusal| panic!("{act}: {refusal}"))
    }

    /// A token of the operator of this role.
    ///
    /// # Panics
    /// Never, since the operators are there.
    pub fn token(&mut self, role: Role, hours: u32) -> String {
        let word: &str = (&role).into();
        let token = self.act("token.issue", json!({"operator": word, "hours": hours}));
        token["token"].as_str().expect("a token").into()
    }

    /// Starts the server over it.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn serve(mut self) -> CentreServer {
        let tokens = role::ALL.iter().map(|role| (<&str>::from(role), self.token(*role, 24))).collect();
        let Self { folder, centre, .. } = self;
        drop(centre);
        let served = Served::start(folder.path(), &["--http", "127.0.0.1:0", "--rate", "1000000"], 1);
        let url = served.addresses[0].clone();
        CentreServer { served, folder, url, tokens }
    }
}

impl Default for OfficeFile {
    fn default() -> Self {
        Self::new()
    }
}

/// A running server.
pub struct CentreServer {
    /// The server.
    pub served: Served,
    /// Where its file is, `centre.db`.
    pub folder: TempDir,
    /// `http://ADDRESS`.
    pub url: String,
    /// A token of each role.
    pub tokens: BTreeMap<&'static str, String>,
}

impl CentreServer {
    /// Asks by curl; returns the status and the body.
    ///
    /// # Panics
    /// If curl gets no answer.
    #[must_use]
    pub fn curl(&self, path: &str, arguments: &[&str]) -> (u16, Value) {
        let url = format!("{}{path}", self.url);
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--write-out", "\n%{http_code}"]).args(arguments).arg(url);
        let output = Watched::start(&mut command).output();
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.success(), "{path}: {}{text}", String::from_utf8_lossy(&output.stderr));
        let (body, status) = text.rsplit_once('\n').expect("a status");
        (status.parse().expect("a status"), serde_json::from_str(body).unwrap_or(Value::String(body.into())))
    }

    /// Carries out an act for whoever has this role, by curl.
    #[must_use]
    pub fn act(&self, role: &str, act: &str, body: &Value) -> (u16, Value) {
        self.act_with(&self.tokens[role], act, body)
    }

    /// Carries out an act for whoever has this token, by curl. The body goes through a file, since a photo is longer than a
    /// command line.
    ///
    /// # Panics
    /// If the file cannot be written.
    #[must_use]
    pub fn act_with(&self, token: &str, act: &str, body: &Value) -> (u16, Value) {
        let bearer = format!("Authorization: Bearer {token}");
        let file = self.folder.path().join("body.json");
        std::fs::write(&file, body.to_string()).expect("a file");
        let body = format!("@{}", file.display());
        let json = ["-H", "Content-Type: application/json", "-H", &bearer, "--data-binary", &body];
        self.curl(&format!("/v1/{}", act.replacen('.', "/", 1)), &json)
    }

    /// Tells it to end; returns its log. It ends with status 0.
    ///
    /// # Panics
    /// If it does not end so, or cannot be told.
    #[must_use]
    pub fn end(self) -> (TempDir, String) {
        let log = self.served.end();
        (self.folder, log)
    }
}

/// The program schemathesis, which `cargo xtask setup` installs.
///
/// # Panics
/// If it is missing; the message says what to do.
#[must_use]
pub fn schemathesis() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/python");
    let folders = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let found = folders.map(|entry| entry.path().join("bin/schemathesis")).find(|program| program.exists());
    found.unwrap_or_else(|| panic!("no schemathesis in {}: run `cargo xtask setup` first", folder.display()))
}
