//! Five who mean harm, over HTTP with curl: the bribed clerk, the other area's clerk, the forged slip, the double collector,
//! the curious operator. None succeeds: each attempt is refused under a stable code, or answered with nothing that was not
//! the asker's; no table has changed; who tried is on record; and no name, ID number or token stands in answers, record or
//! log. What was tried by the wrong one is then done by the right one, so that nothing was refused for another reason.

mod bribed_clerk;
mod curious_operator;
mod double_collector;
mod elsewhere;
mod forged_slip;

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::process::Command;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use qiyong_tests::centre::applicants::Person;
use qiyong_tests::centre::town::Town;
use qiyong_tests::programs::Watched;
use qiyong_tests::qiyong;

/// What becomes of an attempt.
#[derive(Clone, Copy)]
enum Expects {
    /// It is refused under this code.
    Refused(&'static str),
    /// It is answered, with nothing that identifies a person, and has changed nothing.
    Nothing,
    /// The same of an act that only reads, and is not on record.
    NothingRead,
    /// Whoever it is has no token that is in force: refused under this code, with nobody to put on record.
    AtTheDoor(&'static str),
}

use Expects::{AtTheDoor, Nothing, NothingRead, Refused};

/// Something that somebody tries.
struct Attempt {
    what: &'static str,
    who: &'static str,
    act: &'static str,
    body: Value,
    expects: Expects,
}

const fn attempt(what: &'static str, who: &'static str, act: &'static str, body: Value, expects: Expects) -> Attempt {
    Attempt { what, who, act, body, expects }
}

/// A town, and what nobody in it is to learn.
struct Scene {
    town: Town,
    secrets: Vec<String>,
}

impl Scene {
    fn new(people: &[&Person]) -> Self {
        let secrets = people.iter().flat_map(|person| [person.name.to_owned(), person.id.clone()]);
        let mut secrets: Vec<String> = secrets.collect();
        secrets.push("13812345678".into());
        Self { town: Town::new(), secrets }
    }

    /// Makes each attempt, and prints the table of them. Then the right ones do the same.
    fn play(self, persona: &str, attempts: Vec<Attempt>, honest: Vec<(&str, &str, Value)>) {
        assert!(attempts.len() >= 6, "{persona}");
        let mut table = format!("{persona}\n");
        for attempt in attempts {
            let code = self.try_one(&attempt);
            table += &format!("  {:<60} {:<22} {:<28} {code}\n", attempt.what, attempt.who, attempt.act);
        }
        for (who, act, body) in honest {
            let before = self.everything();
            self.town.done(who, act, body);
            assert_ne!(self.everything(), before, "{act}: the comparison finds what changes");
        }
        println!("{table}");
        self.end();
    }

    fn try_one(&self, attempt: &Attempt) -> String {
        let Attempt { what, who, act, body, expects } = attempt;
        let (records, before) = (self.records(who, 1), self.everything());
        let (status, answer) = self.town.act(who, act, body);
        let code = answer["code"].as_str().unwrap_or("answered").to_owned();
        match expects {
            Refused(expected) | AtTheDoor(expected) => assert_eq!(code, *expected, "{what}: {status} {answer}"),
            Nothing | NothingRead => assert_eq!(status, 200, "{what}: {answer}"),
        }
        assert_eq!(self.everything(), before, "{what}: something has changed");
        // What the attempt itself named is no secret to who made it, yet it is not repeated either.
        let said = answer.to_string();
        for secret in &self.secrets {
            assert!(!said.contains(secret), "{what}: {secret} in {said}");
        }
        let after = self.records(who, 1);
        if matches!(expects, NothingRead | AtTheDoor(_)) {
            assert_eq!(after, records, "{what}");
        } else {
            let outcome = if matches!(expects, Nothing) { "done" } else { &code };
            let is = (&after[0]["operator"], &after[0]["act"], &after[0]["outcome"]);
            assert_eq!(is, (&json!(self.name(who)), &json!(act), &json!(outcome)), "{what}: {after:?}");
            assert_ne!(after, records, "{what}: it is on record");
        }
        code
    }

    /// The name of an operator; the administrator of a test is the founder's.
    fn name(&self, who: &str) -> String {
        let me = self.town.done(who, "operator.me", json!({}));
        me["operator"].as_str().expect("a name").into()
    }

    /// The last records of the area in which somebody acts.
    fn records(&self, who: &str, limit: u16) -> Vec<Value> {
        let auditor = if who.starts_with("suzhou-") { "suzhou-auditor" } else { "auditor" };
        let listed = self.town.done(auditor, "audit.list", json!({"limit": limit}));
        listed["records"].as_array().expect("records").clone()
    }

    /// Every table but the record and the kept answers, as a number for its rows.
    fn everything(&self) -> BTreeMap<String, u64> {
        tables(&self.town.server.folder.path().join("centre.db"))
    }

    /// Neither record nor log has learned anything, and the record's chain is whole.
    fn end(self) {
        let all = [self.records("auditor", 1000), self.records("suzhou-auditor", 1000)].concat();
        let (record, secrets) = (json!(all).to_string(), self.secrets);
        let tokens: Vec<String> = self.town.server.tokens.values().cloned().collect();
        let (folder, log) = self.town.server.end();
        for secret in secrets.iter().chain(&tokens) {
            assert!(!record.contains(secret), "the record has {secret}");
            assert!(!log.contains(secret), "the log has {secret}");
        }
        let mut verify = Command::new(qiyong());
        let output = Watched::start(verify.current_dir(folder.path()).args(["centre", "verify", "--db", "centre.db"]));
        let output = output.output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

fn tables(path: &Path) -> BTreeMap<String, u64> {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the file");
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('audit', 'answers')";
    let mut names = database.prepare(names).expect("a statement");
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("names");
    assert!(names.len() > 30, "{names:?}");
    let digest = |name: &String| {
        let mut rows = database.prepare(&format!("SELECT * FROM {name}")).expect("a statement");
        let columns = rows.column_count();
        let mut rows = rows.query([]).expect("rows");
        let mut digest = DefaultHasher::new();
        while let Some(row) = rows.next().expect("a row") {
            for column in 0..columns {
                format!("{:?}", row.get_ref(column).expect("a column")).hash(&mut digest);
            }
        }
        digest.finish()
    };
    names.iter().map(|name| (name.clone(), digest(name))).collect()
}

/// A body with another value at a field.
fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[field] = value;
    body
}
