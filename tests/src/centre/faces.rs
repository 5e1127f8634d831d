//! The two faces of the centre behind one trait, so that a story is told once and played through both.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{CentreServer, OfficeFile};
use crate::programs::Watched;
use crate::qiyong;

/// How the acts of a story are carried out.
pub trait Face {
    /// Carries out an act for an operator; the code of the refusal otherwise.
    ///
    /// # Errors
    /// The act is refused.
    fn act(&mut self, operator: &str, act: &str, body: &Value) -> Result<Value, String>;

    /// From now on the centre's clock stands at this time.
    fn at(&mut self, time: &str);

    /// The database.
    fn database(&self) -> PathBuf;

    /// Carries out an act that must succeed.
    ///
    /// # Panics
    /// It is refused.
    fn done(&mut self, operator: &str, act: &str, body: Value) -> Value {
        self.act(operator, act, &body).unwrap_or_else(|refusal| panic!("{operator}: {act}: {refusal}"))
    }

    /// Carries out an act that must be refused; the code.
    ///
    /// # Panics
    /// It is carried out.
    fn refused(&mut self, operator: &str, act: &str, body: Value) -> String {
        let refusal = self.act(operator, act, &body).expect_err(act);
        let refusal: Value = serde_json::from_str(&refusal).expect("a refusal");
        refusal["code"].as_str().expect("a code").to_owned()
    }
}

/// `qiyong centre ROOM VERB`.
pub struct Commands {
    file: OfficeFile,
}

impl Commands {
    /// Over a new centre.
    #[must_use]
    pub fn new() -> Self {
        Self { file: OfficeFile::new() }
    }
}

impl Default for Commands {
    fn default() -> Self {
        Self::new()
    }
}

fn centre(folder: &Path) -> Command {
    let mut command = Command::new(qiyong());
    command.current_dir(folder).arg("centre");
    command
}

impl Face for Commands {
    fn act(&mut self, operator: &str, act: &str, body: &Value) -> Result<Value, String> {
        let (room, verb) = act.split_once('.').expect("an act");
        let mut command = centre(self.file.folder.path());
        command.args([room, verb, "--db", "centre.db", "--as", operator, "--json", "--body", "-"]);
        let mut process = Watched::start(&mut command);
        process.feed(&body.to_string());
        let output = process.output();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(serde_json::from_str(&said).expect("JSON"));
        }
        assert!(!said.is_empty(), "{act}: {}", String::from_utf8_lossy(&output.stderr));
        Err(said)
    }

    fn at(&mut self, time: &str) {
        let mut command = centre(self.file.folder.path());
        let output = Watched::start(command.args(["clock", "--db", "centre.db", "--set", time])).output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn database(&self) -> PathBuf {
        self.file.folder.path().join("centre.db")
    }
}

/// `POST /v1/ROOM/VERB`, by curl.
pub struct Http {
    /// `None` while it starts anew.
    server: Option<CentreServer>,
}

impl Http {
    /// Over a new centre.
    #[must_use]
    pub fn new() -> Self {
        Self { server: Some(OfficeFile::new().serve()) }
    }

    const fn server(&self) -> &CentreServer {
        self.server.as_ref().expect("it is started again at once")
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl Face for Http {
    fn act(&mut self, operator: &str, act: &str, body: &Value) -> Result<Value, String> {
        let server = self.server();
        let token = match server.tokens.get(operator) {
            Some(token) => token.clone(),
            // An operator of the story's own, such as a till's.
            None => {
                let body = json!({"operator": operator, "hours": 1});
                let (status, token) = server.act("administrator", "token.issue", &body);
                assert_eq!(status, 200, "{operator}: {token}");
                token["token"].as_str().expect("a token").into()
            }
        };
        match server.act_with(&token, act, body) {
            (200, answer) => Ok(answer),
            (_, refusal) => Err(refusal.to_string()),
        }
    }

    /// The server takes a stopped clock from its file when it starts.
    fn at(&mut self, time: &str) {
        let (folder, _) = self.server.take().expect("it is started again at once").end();
        self.server = Some(OfficeFile::again(folder, time).serve());
    }

    fn database(&self) -> PathBuf {
        self.server().folder.path().join("centre.db")
    }
}
