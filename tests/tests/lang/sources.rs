//! The texts in our sources that people may see, and those that may be keys of the catalogue.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use qiyong::lang::Template;

use super::literals::{COMPLAINS, Text, Texts};

/// What every new user sees first.
const DEMO: &str = "host-sim/scenarios/demo.toml";
/// Where our words are.
const FOLDERS: [&str; 3] = ["protocol/src", "firmware/src", "host-sim"];
/// The program itself.
const PROGRAM: &str = "host-sim/src/";
/// Folders in them without any.
const NOT: [&str; 6] = ["target", "tests", "boards", "node_modules", "examples", "benches"];

/// Files and folders whose words do not come to the door of the program, or are in both languages already.
const KEPT: &[(&str, &str)] = &[
    ("firmware/src/ui/", "the screens say both languages"),
    ("firmware/src/storage/", "examples for people who program"),
    ("firmware/src/adapters/", "told to the maker of a board, who programs"),
    ("host-sim/driver/", "the library answers with codes; its words are for a C header"),
    ("host-sim/http/", "pages and problems say both languages; figures are for Prometheus"),
    ("host-sim/page/src/refusal.rs", "told to pages, which are programs"),
    ("host-sim/page/src/routes.rs", "kinds of content"),
    ("host-sim/centre/src/store/plans.rs", "why a plan of the database is as it is"),
    ("host-sim/pcsc/src/server/attributes.rs", "names of readers"),
    ("host-sim/pcsc/src/server/reader/listed.rs", "words of JSON"),
    ("host-sim/sim/src/dissector/", "a script for Wireshark"),
    ("host-sim/sim/src/chaos/film.rs", "a film is a record whose hash is compared"),
    ("host-sim/lab/src/emulator/probe.rs", "commands of QEMU"),
    ("host-sim/pki/src/issuer.rs", "names in certificates"),
    ("host-sim/src/command_line.rs", "clap's words, beside their Chinese"),
];
/// Of the centre only these files: its refusals say both languages, and its answers are JSON.
const OF_THE_CENTRE: [&str; 11] = [
    "error.rs",
    "founding.rs",
    "configuration/mod.rs",
    "insurance/month.rs",
    "insurance/rate.rs",
    "issue.rs",
    "life/codes.rs",
    "populate/mod.rs",
    "regions/refused.rs",
    "settlement/exact.rs",
    "store/",
];
/// Texts that stay, each with its reason.
const STAY: &[(&str, &str)] = &[
    ("pcsc client {id}", "the name of a thread"),
    ("pcsc listener", "the name of a thread"),
    ("card line", "the name of a thread"),
    ("panic at", "what a log is searched for"),
    ("hard fault", "what a log is searched for"),
    ("stack overflow", "what a log is searched for"),
    ("the watchdog has reset", "what a log is searched for"),
    ("not kept:", "what a log is searched for"),
    ("no random numbers:", "what a log is searched for"),
    ("Card activated", "both languages"),
    ("Card was active already", "both languages"),
    ("Signed off", "both languages"),
    ("The centre answers", "both languages"),
    ("Batch settled", "both languages"),
    ("look at it", "both languages"),
    ("refused: {refusal}", "both languages"),
    ("qiyong emulate --waveform", "a name in a file"),
    ("qiyong scenario run --capture", "a name in a file"),
    ("qiyong scenario run", "the name of a report"),
    ("qiyong centre", "the name of a client of PostgreSQL"),
    ("qiyong centre seal 1", "a name under which keys are derived"),
    ("qiyong centre look-up 1", "a name under which keys are derived"),
    ("qiyong centre audit 1", "a name under which keys are derived"),
    ("qiyong centre ledger 1", "a name under which keys are derived"),
    ("no source", "a fault in a table of the program"),
    ("CLK_ON runs at {clk_hz} Hz ; times are right to {resolution_ns} ns", "a comment in a file"),
    ("books: card {card}: {0}, {1}", "a film is a record whose hash is compared"),
    ("qom-list {NAMELESS}: no port {letter}", "words of QEMU"),
    ("{name}{0} bytes, {format}", "a comment in a file"),
    ("PERFORM SECURITY OPERATION: sign", "a command's name"),
    ("abort", "a token of a file"),
    ("Simulated", "the name of a type"),
    ("Contactless Reader", "the name of a reader"),
    ("Qiyong Virtual {kind} {number} 00", "the name of a reader"),
    ("line {0}", "the name of a key"),
    ("serial {0}", "the name of a key"),
    ("{place}: name", "the name of a key"),
    ("{place}: number", "the name of a key"),
    ("qiyong scenario run", "the name of a run, for JUnit"),
    ("loader,addr={address},data={word},data-len=4", "words of QEMU"),
    (
        "its certificate is not accepted ({why}): give whoever signed it as sslrootcert, and the name in it as the host; or give \
         the server another one (服务器证书未被接受：请用 sslrootcert 指定签发者证书，地址中的主机名须与证书一致，或更换服务器证书)",
        "both languages",
    ),
    (
        "region {0}: {error}; its terminals are told so, and it is tried again (区域 {1} 无法连接，将告知其终端并自动重试)",
        "both languages",
    ),
    ("{{ in = \"{place_text}\", command = \"{0}\", micros = {micros}", "a file"),
];

/// To these no text is given that people see.
const UNSEEN: &str = "expect panic! assert! unreachable! debug_assert! error! warn! info! debug! trace! register \
    register_with_unit #allow #cfg #serde #arg include_str! #schema #derive #cfg_attr #strum await_words mute html! \
    concat_bytes allow cfg_attr query query_row execute execute_batch prepare script at_once #command #expect";
/// To these a text is given that people see, even if it is one word.
const SEEN: &str = "format! write! writeln! error line complain write_str say verdict aside prompt ask";

static TWO_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"[a-z]{2,}[,:;]? [A-Za-z]{2,}|[A-Za-z]{2,}[,:;]? [a-z]{2,}|[A-Za-z]+'s [a-z]{2,}|\b(?:a|an|no) [a-z]{3,}",
    )
    .unwrap()
});
static ONE_WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?:^|[ (,;])[A-Za-z][a-z]{2,}(?:$|[ ),;:])").unwrap());
/// Statements of SQL, and files that the program writes: TOML, its comments, Lua.
static NO_PROSE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?m)\b(?:SELECT|INSERT|UPDATE|DELETE FROM|CREATE|PRAGMA|ALTER|WHERE|FROM|VALUES|JOIN|QUERY PLAN|TABLE)\b|^\s*[\w. ]+ = ["\[{]|^\[\w|^#|^\{\{|^--|^\]|^, \w+ = "|sum\(|^\w+:(?://)?(?:\{\w*\}|$)"#).unwrap()
});
static HOLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{[^{}]*\}").unwrap());

/// A text of an error.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ErrorText {
    /// As a key.
    pub(crate) text: String,
    /// The enum or struct that has it.
    pub(crate) item: String,
    /// Where it stands.
    pub(crate) at: String,
}

/// What was read.
#[derive(Clone)]
pub(crate) struct Sources {
    /// The texts that must exist in Chinese, as keys, and where each stands first.
    pub(crate) required: BTreeMap<String, String>,
    /// Those among them that `thiserror` shows, of each enum.
    pub(crate) errors: BTreeSet<ErrorText>,
    /// Those among them that the program itself says of what went wrong, and where each stands first. Told apart by what they are given
    /// to: `complain`, `Err` and what makes one. Not found are words that are kept in a constant or made by a closure before, and
    /// those of the firmware's and the protocol's own errors, which are short and have an advice.
    pub(crate) complaints: BTreeMap<String, String>,
    /// All texts, as keys.
    pub(crate) texts: BTreeSet<String>,
    used: RefCell<BTreeSet<&'static str>>,
}

impl Sources {
    /// # Panics
    /// A source cannot be read.
    pub(crate) fn of_the_house() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the house");
        let mut files = Vec::new();
        FOLDERS.iter().for_each(|folder| find(&root.join(folder), &mut files));
        files.sort();
        let mut sources = Self {
            required: BTreeMap::new(),
            errors: BTreeSet::new(),
            complaints: BTreeMap::new(),
            texts: BTreeSet::new(),
            used: RefCell::default(),
        };
        for file in files {
            let name = file.strip_prefix(root).expect("below the house").display().to_string();
            let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
            sources.add(&name, Texts::read(&name, &text));
        }
        sources.add_demo(&fs::read_to_string(root.join(DEMO)).expect(DEMO));
        sources
    }

    /// The titles of the demo's steps; those of other scenarios are as in their files.
    fn add_demo(&mut self, scenario: &str) {
        for (row, line) in (1..).zip(scenario.lines()) {
            let text = ["title = \"", "note = \""].iter().find_map(|begin| line.strip_prefix(begin)?.strip_suffix('"'));
            if let Some(key) = text.and_then(Template::key) {
                self.required.insert(key.clone(), format!("{DEMO}:{row}"));
                self.texts.insert(key);
            }
        }
    }

    fn add(&mut self, file: &str, texts: Texts) {
        self.texts.extend(texts.documentation.iter().filter_map(|text| Template::key(text)));
        for text in texts.literals {
            let Some(key) = Template::key(&text.text) else { continue };
            if self.must_exist(file, &text, &key) {
                let at = format!("{file}:{}", text.row);
                if text.given_to == "error" {
                    self.errors.insert(ErrorText { text: key.clone(), item: text.item, at: at.clone() });
                } else if text.is_complaint && is_given_to_a_complaint(&text) && file.starts_with(PROGRAM) {
                    self.complaints.entry(key.clone()).or_insert_with(|| at.clone());
                }
                self.required.entry(key.clone()).or_insert(at);
            }
            self.texts.insert(key);
        }
    }

    fn must_exist(&self, file: &str, text: &Text, key: &str) -> bool {
        if !is_prose(text) {
            return false;
        }
        if let Some(path) = file.strip_prefix("host-sim/centre/src/")
            && !OF_THE_CENTRE.iter().any(|known| path.starts_with(known))
        {
            return false;
        }
        let kept = KEPT.iter().find(|(path, _)| file.starts_with(path)).or(STAY.iter().find(|(text, _)| *text == key));
        kept.map(|(kept, _)| self.used.borrow_mut().insert(kept)).is_none()
    }

    /// Exceptions that except nothing.
    pub(crate) fn unused_exceptions(&self) -> Vec<&'static str> {
        let used = self.used.borrow();
        KEPT.iter().chain(STAY).map(|(text, _)| *text).filter(|text| !used.contains(text)).collect()
    }
}

/// Whether it is the words of a complaint, and no argument of what makes them.
fn is_given_to_a_complaint(text: &Text) -> bool {
    text.given_to == "format!" || COMPLAINS.contains(&text.given_to.as_str())
}

/// Whether it is a text for people.
fn is_prose(text: &Text) -> bool {
    let is_in = |list: &str| list.split_whitespace().any(|word| word == text.given_to);
    let is_han = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
    let literal = HOLE.replace_all(&text.text, "7");
    if is_in(UNSEEN) || NO_PROSE.is_match(&text.text) {
        return false;
    }
    // What is Chinese alone is one half of a text in both languages.
    if literal.chars().any(is_han) && !TWO_WORDS.is_match(&literal) {
        return false;
    }
    TWO_WORDS.is_match(&literal) || (is_in(SEEN) && ONE_WORD.is_match(&literal))
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !NOT.contains(&name.as_str()) {
                find(&path, files);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" && name != "build.rs" {
            files.push(path);
        }
    }
}
