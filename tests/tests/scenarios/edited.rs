//! Edits of one good scenario: what never happens and what comes out otherwise is told, bad input is refused with a reason, and
//! nothing makes the program panic, hang or show a secret. What the files of the tree show is in the module above.

use std::fs;

use tempfile::TempDir;

use qiyong::in_process::play;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::document::DocumentKind;
use qiyong_protocol::rules::institution::Channel;
use qiyong_protocol::rules::reason::{Outcome, Reason};
use qiyong_sim::card::contact::Misbehaviour;
use qiyong_sim::gbk;
use qiyong_sim::scenario::file::Scenario;
use qiyong_sim::serial::wire::ByteFault;
use qiyong_sim::world::visit::{CancelAt, LinkTrouble};
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::scenarios::{FOLDER, objects, root, run};

/// A scenario that passes, with every possible key, each in a row of its own.
const GOOD: &str = r#"title = "Every key"
seed = 7
clock = "2026-03-02T09:00:00+08:00"
[centre]
area = "320100"
[[centre.institution]]
code = "B32010000001"
kind = "bank"
issues_cards = true
[[centre.institution]]
code = "H32010000561"
kind = "hospital"
designated = true
[[centre.institution]]
code = "P32010000017"
kind = "pharmacy"
[[card]]
name = "a"
profile = "v3"
number = "X00000019"
id_number = "111111198101011110"
holder = "张三"
area = "320100"
issued = "2026-01-01"
expires = "2036-01-01"
pin = "808017"
pin_is_initial = true
pin_tries = 5
status = "inactive"
social = false
financial = false
account = 50000
insured = true
registered = true
genuine = true
inverse = true
pps = "no-pps1"
procedure = "single"
response_delay = 5
check = true
[[card]]
name = "b"
profile = "v2"
number = "N00000024"
id_number = "111111199002280010"
holder = "钱小凤"
protocol = 1
ifs = "other:100"
wtx = { times = 1, multiplier = 2 }
[card.files."SSSE/EF06"]
"0B" = "02"
[card.document]
kind = "passport"
number = "E12345678"
[[card]]
name = "c"
profile = "v1"
number = "N00000016"
id_number = "111111195506120012"
holder = "赵德全"
fault = "mute"
atr = "3B90961090"
implicit_rate = "13"
[[terminal]]
name = "counter"
institution = "B32010000001"
[[terminal]]
name = "ward"
institution = "H32010000561"
[[terminal]]
name = "till"
institution = "P32010000017"
[[step]]
note = "A first purchase"
terminal = "till"
card = "a"
do = "purchase"
total = 3580
pin = ["246813", "808017"]
new_pin = "271828"
link = "ok"
storage_worn = false
clock_ahead = 60
must_fire = true
line = [{ at = 98, fault = "late", etu = 3 }, { at = 97, fault = "flipped", times = 2 }]
noise = 90
serial = [{ to = "till", at = 5, fault = "lost" }]
[step.expect]
outcome = "approved"
activated = true
balance = 46420
pin_changed = true
[[step]]
note = "A settlement"
terminal = "ward"
card = "a"
do = "settle"
total = 10000
fund = 7000
pin = "271828"
[[step]]
note = "An application"
terminal = "counter"
card = "b"
do = "apply"
[step.document]
kind = "passport"
number = "E12345678"
name = "钱小凤"
valid_until = "2030-01-01"
[[step]]
note = "A broken card"
terminal = "till"
card = "c"
do = "query"
[step.expect]
outcome = "failed"
reason = "card-unreadable"
[[step]]
note = "No card"
terminal = "till"
do = "query"
cancel = "card"
[[step]]
note = "A card pulled"
terminal = "till"
card = "b"
do = "query"
pull_at = 60
[expect.card.a]
status = "active"
social = true
financial = false
account = 43420
pin_is_initial = false
pin_tries_left = 5
"#;

/// PINs and personal numbers in [`GOOD`] and in the edits below.
const SECRETS: &[&str] = &[
    "808017",
    "246813",
    "271828",
    "314159",
    "3141592653589793238",
    "111111198101011110",
    "111111198101011111",
    "111111198102301118",
    "111111199002280010",
    "111111199002280011",
    "111111195506120012",
    "E12345678",
];

fn edit(find: &str, replace: &str) -> String {
    assert!(GOOD.contains(find), "{find:?} is not in the good scenario");
    GOOD.replacen(find, replace, 1)
}

/// [`GOOD`] with another row at this index, or without this row.
fn edit_line(at: usize, line: Option<&str>) -> String {
    let edited = GOOD.lines().enumerate().filter_map(|(index, good)| if index == at { line } else { Some(good) });
    edited.map(|line| format!("{line}\n")).collect()
}

/// The first row, from 1, in which `edited` differs from [`GOOD`].
fn line_of_change(edited: &str) -> usize {
    GOOD.lines().zip(edited.lines()).take_while(|(good, edited)| good == edited).count() + 1
}

fn assert_no_secret(message: &str) {
    for secret in SECRETS {
        assert!(!message.contains(secret), "{secret} stands in: {message}");
    }
}

/// Writes the texts into a new folder; the names of the files are numbers.
fn write_all(texts: &[String]) -> (TempDir, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let names: Vec<String> = (0..texts.len()).map(|number| format!("{number:05}.toml")).collect();
    for (name, text) in names.iter().zip(texts) {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    (folder, names)
}

#[test]
fn the_good_scenario_is_good_and_every_key_in_it_is_documented() {
    let scenario = Scenario::parse("good.toml", GOOD).unwrap();
    assert_eq!(play(&scenario).unwrap().differences, [] as [String; 0]);
    let manual = fs::read_to_string(root().join(FOLDER).join("README.md")).expect("the manual");
    // Keys in quotes are records, which card files name.
    let keys = GOOD.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key);
    for key in keys.filter(|key| !key.starts_with('"')) {
        assert!(manual.contains(&format!("| `{key}` |")), "`{key}` is not in README.md");
    }
    let mut words: Vec<&str> = Vec::new();
    words.extend(CardStatus::ALL.map(|word| word.as_str()));
    words.extend(Generation::ALL.map(|word| word.as_str()));
    words.extend(Channel::ALL.map(|word| word.as_str()));
    words.extend(DocumentKind::ALL.map(|word| word.as_str()));
    words.extend(Misbehaviour::ALL.map(|word| word.as_str()));
    words.extend(LinkTrouble::WORDS.map(|(word, _)| word));
    words.extend(ByteFault::WORDS.map(|(word, _)| word));
    words.extend(CancelAt::WORDS.map(|(word, _)| word));
    words.extend(Reason::ALL.iter().map(|word| word.as_str()));
    for word in words {
        assert!(manual.contains(&format!("`{word}`")), "{word} is not in README.md");
    }
}

/// A step or card that was meant to show something, and did not, is no proof of anything.
#[test]
fn what_never_happens_is_a_difference() {
    let pins = "pin = [\"246813\", \"808017\"]";
    for (find, replace, difference) in [
        ("at = 98,", "at = 9998,", "step 1: nothing came of what was to go wrong at character 9998 (Late(3)): only "),
        (
            "fault = \"late\", etu = 3",
            "fault = \"extension-storm\"",
            "step 1: nothing came of a fault that makes the card",
        ),
        ("noise = 90", "noise = 99999999", "step 1: `noise` disturbed none of "),
        (pins, "pin = [\"246813\", \"808017\", \"314159\"]", "step 1: 1 of the `pin` were never keyed"),
        ("new_pin = \"271828\"", "new_pin = [\"271828\", \"314159\"]", "step 1: 1 of the `new_pin` were never keyed"),
        (
            "pin = \"271828\"\n[[step]]",
            "pin = \"271828\"\npull_during = \"new-pin\"\n[[step]]",
            "step 2: `pull_during` never",
        ),
        ("cancel = \"card\"", "cancel = \"pin\"", "step 5: `cancel` never came to its moment"),
        ("cancel = \"card\"", "cancel = \"card\"\nlink = \"request-lost\"", "step 5: `link` never disturbed a message"),
        (
            "pull_at = 60",
            "pull_at = 9999",
            "step 6: nothing came of what was to go wrong at character 9999 (Pull): only ",
        ),
        ("pull_at = 60", "pull_during = \"transaction\"", "step 6: `pull_during` never came to its moment"),
        ("pull_at = 60", "pull_during = \"new-pin-taken\"", "step 6: `pull_during` never came to its moment"),
        ("pps = \"no-pps1\"", "pps = \"pps1:96\"", "card a: `pps` never showed: "),
        ("protocol = 1\nifs = \"other:100\"\n", "", "card b: `wtx` never showed: "),
        ("wtx = {", "procedure = \"mixed\"\nwtx = {", "card b: `procedure` never showed: "),
        ("fault = \"mute\"", "fault = \"wrong-numbers\"", "card c: `fault` never showed: "),
        ("atr = \"3B90961090\"", "atr = \"3B00\"", "card c: `implicit_rate` never showed: "),
    ] {
        let edited = Scenario::parse("edited.toml", &edit(find, replace)).unwrap_or_else(|error| panic!("{error}"));
        let differences = play(&edited).unwrap().differences;
        assert_eq!(differences.len(), 1, "{replace}: {differences:?}");
        assert!(differences[0].starts_with(difference), "{replace}: {differences:?}");
        // It is in the line of the edit, unless that only takes away what it needs.
        let line = line_of_change(&edit(find, replace));
        let named = format!(" (line {line} of the file)");
        assert!(differences[0].ends_with(&named) || NEEDS.contains(&find), "{named}: {differences:?}");
    }
}

/// Edits of [`what_never_happens_is_a_difference`] that take from another key what it needs, or add a line above their own.
const NEEDS: &[&str] = &["protocol = 1\nifs = \"other:100\"\n", "atr = \"3B90961090\"", "pin = \"271828\"\n[[step]]"];

#[test]
fn an_expectation_that_fails_is_told_with_step_expected_and_got() {
    let cases = [
        ("outcome = \"approved\"", "outcome = \"refused\"", "step 1: outcome should be refused, but is approved"),
        (
            "reason = \"card-unreadable\"",
            "reason = \"card-removed\"",
            "step 4: reason should be card-removed, but is card-unreadable",
        ),
        ("outcome = \"failed\"", "outcome = \"approved\"", "step 4: outcome should be approved, but is failed"),
        ("activated = true", "activated = false", "step 1: activated should be false, but is true"),
        ("balance = 46420", "balance = 46421", "step 1: balance should be 46421, but is 46420"),
        ("pin_changed = true", "pin_changed = false", "step 1: pin_changed should be false, but is true"),
        ("reason = \"card-unreadable\"", "balance = 1", "step 4: balance should be 1, but there is none"),
        ("status = \"active\"", "status = \"lost\"", "card a: status should be lost, but is active"),
        ("social = true", "social = false", "card a: social should be false, but is true"),
        ("financial = false\naccount = 43420", "financial = true", "card a: financial should be true, but is false"),
        ("account = 43420", "account = 0", "card a: account should be 0, but is 43420"),
        ("pin_is_initial = false", "pin_is_initial = true", "card a: pin_is_initial should be true, but is false"),
        ("pin_tries_left = 5", "pin_tries_left = 4", "card a: pin_tries_left should be 4, but is 5"),
    ];
    for (find, replace, difference) in cases {
        let (folder, names) = write_all(&[GOOD.to_string(), edit(find, replace)]);
        let ran = run(folder.path(), &names, &[]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""), "{replace}");
        let lines: Vec<&str> = ran.stdout.lines().collect();
        assert_eq!(lines[..2], ["ok    00000.toml: Every key (6 steps)", "FAIL  00001.toml: Every key"]);
        assert_eq!(lines.len(), 4, "one difference: {}", ran.stdout);
        assert!(lines[2].trim_start().starts_with(difference), "{}", ran.stdout);
        assert_eq!(lines[3], "1 of 2 scenarios passed");

        let ran = run(folder.path(), &names, &["--json"]);
        let objects = objects(&ran.stdout);
        assert_eq!((ran.code, &objects[0]["passed"], &objects[1]["passed"]), (Some(1), &true.into(), &false.into()));
        let told = objects[1]["differences"][0].as_str().unwrap();
        assert!(told.starts_with(difference), "{told}");
    }
    // A card that the centre does not know.
    let (folder, names) = write_all(&[edit("registered = true", "registered = false")]);
    let ran = run(folder.path(), &names, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("step 1: reason") || ran.stdout.contains("reason card-unknown"), "{}", ran.stdout);
    assert!(ran.stdout.contains("card a: the centre does not know this card"), "{}", ran.stdout);
}

/// In the text that a message must contain, `LINE` stands for the row of the edit.
type Bad = (String, Vec<String>);

fn bad(find: &str, replace: &str, says: &[&str]) -> Bad {
    (edit(find, replace), says.iter().map(|words| words.to_string()).collect())
}

fn bad_structure() -> Vec<Bad> {
    let mut cases = Vec::new();
    // An unknown key in every table, with one of the keys that are allowed there.
    for (table, allowed) in [
        ("title", "clock"),
        ("[centre]", "institution"),
        ("[[centre.institution]]", "issues_cards"),
        ("[[card]]", "pin_is_initial"),
        ("[card.document]", "number"),
        ("[[terminal]]", "institution"),
        ("[[step]]", "new_pin"),
        ("[step.expect]", "balance"),
        ("[step.document]", "valid_until"),
        ("[expect.card.a]", "pin_tries_left"),
    ] {
        let replace = if table == "title" { "colour = 1\ntitle".into() } else { format!("{table}\ncolour = 1") };
        cases.push(bad(table, &replace, &["line ", "`colour`", "expected", &format!("`{allowed}`")]));
    }
    cases.push(bad("[expect.card.a]", "[expect.cards.a]", &["LINE", "`cards`", "`card`"]));
    // A value of another type under every key.
    for (at, line) in GOOD.lines().enumerate() {
        let Some((key, value)) = line.split_once(" = ") else { continue };
        let is_step_pin = key == "new_pin" || key == "pin" && value != "\"808017\"";
        let (wrong, expected) = match value.as_bytes() {
            _ if is_step_pin => ("314159", "a string, or a list of strings"),
            [b'"', ..] => ("314159", "expected a string"),
            [b't' | b'f', ..] => ("1", "expected a boolean"),
            _ => ("true", "expected"),
        };
        let says = ["LINE", expected].map(String::from);
        cases.push((edit_line(at, Some(&format!("{key} = {wrong}"))), says.to_vec()));
    }
    cases.push(bad("\"246813\", \"808017\"", "\"246813\", 808017", &["LINE", "a string, or a list of strings"]));
    // Every required key.
    for (line, key) in [
        ("title = \"Every key\"\n", "title"),
        ("seed = 7\n", "seed"),
        ("clock = \"2026-03-02T09:00:00+08:00\"\n", "clock"),
        ("area = \"320100\"\n", "area"),
        ("code = \"B32010000001\"\n", "code"),
        ("kind = \"bank\"\n", "kind"),
        ("name = \"a\"\n", "name"),
        ("profile = \"v3\"\n", "profile"),
        ("number = \"X00000019\"\n", "number"),
        ("id_number = \"111111198101011110\"\n", "id_number"),
        ("holder = \"张三\"\n", "holder"),
        ("name = \"counter\"\n", "name"),
        ("institution = \"B32010000001\"\n", "institution"),
        ("terminal = \"till\"\n", "terminal"),
        ("do = \"purchase\"\n", "do"),
        ("valid_until = \"2030-01-01\"\n", "valid_until"),
    ] {
        cases.push(bad(line, "", &["line ", "missing field", &format!("`{key}`")]));
    }
    // Tables of the wrong kind, and text that is no TOML.
    cases.push(bad("[[terminal]]", "[terminal]", &["line ", "duplicate key"]));
    cases.push(bad("[[step]]", "[step]", &["line ", "duplicate key"]));
    cases.push(bad("[centre]", "[[centre]]", &["`centre` must be written [centre]"]));
    cases.push(bad("seed = 7", "seed = 7\nseed = 8", &["line 3", "duplicate key"]));
    cases.push(bad("seed = 7", "seed = ", &["LINE"]));
    cases.push(bad("seed = 7", "seed", &["LINE"]));
    cases.push(bad("pin = \"808017\"", "pin = \"808017", &["LINE"]));
    cases.push(bad("pin = \"808017\"", "pin = 808017\"", &["LINE"]));
    cases.push(bad("id_number = \"111111198101011110\"", "id_number = 111111198101011110X", &["LINE"]));
    let steps = GOOD.find("[[step]]").unwrap();
    cases.push((GOOD[..steps].to_string(), vec!["no [[step]]".into()]));
    cases
}

/// Errors of meaning, each with the line of the key that it names.
fn bad_values() -> Vec<Bad> {
    let mut cases = wrong_values();
    cases.iter_mut().for_each(|(_, says)| says.push("line ".into()));
    cases
}

fn wrong_values() -> Vec<Bad> {
    let mut cases = Vec::new();
    // Words.
    let words = |key: &str, line: &str, prefix: &str, allowed: &[&str]| {
        let mut says = vec![format!("`{key}`"), "\"purple\"".to_string()];
        says.extend(allowed.iter().map(ToString::to_string));
        let at = line.split_once(" = ").map_or("", |(name, _)| name);
        (edit(&format!("{prefix}{line}"), &format!("{prefix}{at} = \"purple\"")), says)
    };
    let documents = DocumentKind::ALL.map(|word| word.as_str());
    let statuses = CardStatus::ALL.map(|word| word.as_str());
    let reasons: Vec<&str> = Reason::ALL.iter().map(|word| word.as_str()).collect();
    cases.push(words("centre.institution 1: kind", "kind = \"bank\"", "", &Channel::ALL.map(|word| word.as_str())));
    cases.push(words("card 1: profile", "profile = \"v3\"", "", &Generation::ALL.map(|word| word.as_str())));
    cases.push(words("card 1: status", "status = \"inactive\"", "", &statuses));
    cases.push(words("card 2: document.kind", "kind = \"passport\"", "[card.document]\n", &documents));
    cases.push(words("card 3: fault", "fault = \"mute\"", "", &Misbehaviour::ALL.map(|word| word.as_str())));
    cases.push(words("step 1: do", "do = \"purchase\"", "", &["apply", "settle", "purchase", "query"]));
    cases.push(words("step 1: link", "link = \"ok\"", "", &LinkTrouble::WORDS.map(|(word, _)| word)));
    let bytes = ByteFault::WORDS.map(|(word, _)| word);
    let says = [&["`step 1: serial 1.fault`", "purple"][..], &bytes].concat();
    cases.push(bad("fault = \"lost\" }]", "fault = \"purple\" }]", &says));
    let says = ["`step 1: serial 1.to`", "purple", "till", "terminal"];
    cases.push(bad("serial = [{ to = \"till\"", "serial = [{ to = \"purple\"", &says));
    cases.push(words("step 5: cancel", "cancel = \"card\"", "", &CancelAt::WORDS.map(|(word, _)| word)));
    cases.push(words("step 3: document.kind", "kind = \"passport\"", "[step.document]\n", &documents));
    let outcomes = Outcome::ALL.map(Outcome::as_str);
    cases.push(words("step 1: expect.outcome", "outcome = \"approved\"", "", &outcomes));
    cases.push(words("step 4: expect.reason", "reason = \"card-unreadable\"", "", &reasons));
    cases.push(words("expect.card.a.status", "status = \"active\"", "[expect.card.a]\n", &statuses));

    // Days.
    for day in ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "26-01-01", "2026-01-01T00:00:00", "tomorrow", ""]
    {
        for (key, line) in
            [("card 1: issued", "issued = \"2026-01-01\""), ("card 1: expires", "expires = \"2036-01-01\"")]
        {
            let name = line.split_once(" = ").map_or("", |(name, _)| name);
            cases.push(bad(line, &format!("{name} = \"{day}\""), &[&format!("`{key}`"), "YYYY-MM-DD"]));
        }
        let line = format!("valid_until = \"{day}\"");
        cases.push(bad(
            "valid_until = \"2030-01-01\"",
            &line,
            &["`step 3: document.valid_until`", "YYYY-MM-DD", "long-term"],
        ));
    }
    for time in [
        "2026-02-29T09:00:00+08:00",
        "2026-03-02T25:00:00+08:00",
        "2026-03-02T09:00:00",
        "2026-03-02",
        "9999-12-31T00:00:00Z",
        "-000001-01-01T00:00:00Z",
        "",
    ] {
        let says = ["`clock`", "2026-03-02T09:00:00+08:00"];
        cases.push(bad("clock = \"2026-03-02T09:00:00+08:00\"", &format!("clock = \"{time}\""), &says));
    }
    cases.push(bad("expires = \"2036-01-01\"", "expires = \"2025-12-31\"", &["`card 1: expires`", "`issued`"]));

    // Codes and their check characters.
    let number = "number = \"X00000019\"";
    cases.push(bad(number, "number = \"X00000018\"", &["`card 1: number`", "check character", "9"]));
    cases.push(bad(number, "number = \"x00000019\"", &["`card 1: number`", "position 1"]));
    cases.push(bad(number, "number = \"X0000001\"", &["`card 1: number`", "9 characters"]));
    let id = "id_number = \"111111198101011110\"";
    cases.push(bad(id, "id_number = \"111111198101011111\"", &["`card 1: id_number`", "check character", "0"]));
    cases.push(bad(id, "id_number = \"111111198102301118\"", &["`card 1: id_number`", "birth date"]));
    cases.push(bad(id, "id_number = \"11111119810101111\"", &["`card 1: id_number`", "18 characters"]));
    cases.push(bad(id, "id_number = \"11111119810101-110\"", &["`card 1: id_number`", "position 15"]));
    let shown = "[step.document]\nkind = \"passport\"\nnumber = \"E12345678\"";
    let wrong = "[step.document]\nkind = \"id-card\"\nnumber = \"111111199002280011\"";
    cases.push(bad(shown, wrong, &["`step 3: document.number`", "check character", "0"]));
    let wrong = "[step.document]\nkind = \"passport\"\nnumber = \"E12345678 E12345678\"";
    cases.push(bad(shown, wrong, &["`step 3: document.number`", "1 to 20"]));
    cases.push(bad(
        "[card.document]\nkind = \"passport\"\nnumber = \"E12345678\"",
        "[card.document]\nkind = \"passport\"\nnumber = \"\"",
        &["`card 2: document.number`", "1 to 20"],
    ));
    for code in ["P3201000001", "Q32010000017", "P3201O000017", ""] {
        let says = ["`centre.institution 3: code`", "B, H or P"];
        cases.push(bad("code = \"P32010000017\"", &format!("code = \"{code}\""), &says));
        let says = ["`terminal 3: institution`", "B, H or P"];
        cases.push(bad("institution = \"P32010000017\"", &format!("institution = \"{code}\""), &says));
    }
    cases.push(bad("kind = \"pharmacy\"", "kind = \"hospital\"", &["`centre.institution 3: kind`", "hospital", "H"]));
    for area in ["32010", "3201000", "32010x", ""] {
        cases.push(bad("area = \"320100\"", &format!("area = \"{area}\""), &["`centre.area`"]));
        let says = ["`card 1: area`"];
        cases.push(bad("area = \"320100\"\nissued", &format!("area = \"{area}\"\nissued"), &says));
    }

    // What a card is and does on the line.
    let atr = "atr = \"3B90961090\"";
    for wrong in ["", "3B1", "3G", &"3B".repeat(65)] {
        cases.push(bad(atr, &format!("atr = \"{wrong}\""), &["`card 3: atr`", "1 to 64 bytes", "need not be a valid"]));
    }
    for line in ["inverse = true", "protocol = 0"] {
        let key = line.split_once(" = ").map_or("", |(key, _)| key);
        cases.push(bad(atr, &format!("{atr}\n{line}"), &[&format!("`card 3: {key}`"), "`atr`"]));
    }
    for (line, wrong, says) in [
        ("pps = \"no-pps1\"", "pps1:9", "`card 1: pps` must be one of as-asked, no-pps1, pps1:XX"),
        ("procedure = \"single\"", "both", "`card 1: procedure` must be one of all, single, mixed, ack-when-empty"),
        ("ifs = \"other:100\"", "other:256", "`card 2: ifs` must be one of ok, silent, other:N"),
        ("implicit_rate = \"13\"", "1A", "`card 3: implicit_rate` must be Fi and Di as in TA1"),
        ("\"0B\" = \"02\"", "0202", "`card 2: files.SSSE/EF06.0B` must have at most 1 bytes, it has 2"),
    ] {
        let (key, _) = line.split_once(" = ").unwrap();
        cases.push(bad(line, &format!("{key} = \"{wrong}\""), &[says]));
    }
    let wtx = "wtx = { times = 1, multiplier = 2 }";
    cases.push(bad(wtx, "wtx = { times = 0, multiplier = 2 }", &["`card 2: wtx.times` must be 1 to 255"]));
    cases.push(bad(wtx, "wtx = { times = 1, multiplier = 256 }", &["`card 2: wtx.multiplier` must be 1 to 255"]));
    cases.push(bad(wtx, "wtx = { times = 1 }", &["LINE", "missing field", "`multiplier`"]));
    let slow = "response_delay = 10000001";
    cases.push(bad("response_delay = 5", slow, &["`card 1: response_delay` must be 0 to 10000000 etu"]));
    cases.push(bad("\"0B\" =", "\"FF\" =", &["`card 2: files.SSSE/EF06.FF`", "no record of this file"]));
    cases.push(bad("SSSE/EF06", "SSSE/EF99", &["`card 2: files.SSSE/EF99`", "no file of a v2 card"]));
    // A foreign number is none of an ID card.
    let wrong = "[step.document]\nkind = \"id-card\"\nnumber = \"USA000000123456789\"";
    cases.push(bad(shown, wrong, &["`step 3: document.number`", "position 1"]));

    // Names, and references to them.
    let long = "阿".repeat(26);
    for holder in ["", "  ", "\\u0000", long.as_str()] {
        let says = ["`card 1: holder`", "GBK", "50"];
        cases.push(bad("holder = \"张三\"", &format!("holder = \"{holder}\""), &says));
        let says = ["`step 3: document.name`", "1 to 50 bytes"];
        cases.push(bad("name = \"钱小凤\"", &format!("name = \"{holder}\""), &says));
    }
    let long = "阿".repeat(16);
    cases.push(bad("holder = \"赵德全\"", &format!("holder = \"{long}\""), &["`card 3: holder`", "GBK", "30"]));
    cases.push(bad(
        "code = \"H32010000561\"\nkind = \"hospital\"",
        "code = \"B32010000001\"\nkind = \"bank\"",
        &["`centre.institution 2: code`", "B32010000001", "twice"],
    ));
    cases.push(bad("name = \"b\"", "name = \"a\"", &["card 2", "`name`", "\"a\"", "twice"]));
    cases.push(bad("number = \"N00000024\"", "number = \"X00000019\"", &["card 2", "`number`", "twice"]));
    cases.push(bad("name = \"ward\"", "name = \"counter\"", &["terminal 2", "`name`", "\"counter\"", "twice"]));
    cases.push(bad("terminal = \"till\"", "terminal = \"tills\"", &["`step 1: terminal`", "\"tills\""]));
    cases.push(bad("card = \"a\"", "card = \"z\"", &["`step 1: card`", "\"z\""]));
    cases.push(bad("[expect.card.a]", "[expect.card.z]", &["`expect.card.z`", "no card of that name"]));

    // Values that contradict each other.
    cases.push(bad("total = 3580\n", "", &["`step 1: total`", "missing", "fen"]));
    cases.push(bad("total = 3580", "total = 0", &["`step 1: total`", "more than 0"]));
    cases.push(bad("total = 3580", "total = 1000000000000", &["`step 1: total`", "999999999999"]));
    cases.push(bad("account = 50000", "account = 1000000000000", &["`card 1: account`", "999999999999"]));
    cases.push(bad("fund = 7000", "fund = 10001", &["`step 2: fund`", "`total`"]));
    cases.push(bad("fund = 7000", "fund = 9223372036854775807", &["`step 2: fund`", "`total`"]));
    cases.push(bad("total = 3580", "total = 3580\nfund = 1", &["`step 1: fund`", "do = \"purchase\""]));
    cases.push(bad("cancel = \"card\"", "total = 1", &["`step 5: total`", "do = \"query\""]));
    cases.push(bad("do = \"apply\"", "do = \"apply\"\ntotal = 1", &["`step 3: total`", "do = \"apply\""]));
    cases.push(bad("do = \"apply\"", "do = \"query\"", &["`step 3: document`", "do = \"query\""]));
    cases.push(bad("do = \"purchase\"", "do = \"settle\"", &["`step 1: do`", "settle", "pharmacy"]));
    cases.push(bad("do = \"settle\"", "do = \"purchase\"", &["`step 2: ", "purchase"]));
    cases.push(bad("terminal = \"counter\"", "terminal = \"ward\"", &["`step 3: do`", "apply", "hospital"]));

    // Numbers.
    for line in [
        "seed = 7",
        "pin_tries = 5",
        "account = 50000",
        "total = 3580",
        "pull_at = 60",
        "noise = 90",
        "response_delay = 5",
        "balance = 46420",
        "fund = 7000",
        "account = 43420",
        "pin_tries_left = 5",
    ] {
        let key = line.split_once(" = ").map_or("", |(key, _)| key);
        cases.push(bad(line, &format!("{key} = -1"), &["LINE", "invalid value", "expected"]));
        cases.push(bad(line, &format!("{key} = 1.5"), &["LINE", "expected"]));
        cases.push(bad(line, &format!("{key} = 99999999999999999999"), &["LINE"]));
    }
    cases.push(bad("noise = 90", "noise = 0", &["`step 1: noise`", "at least 1"]));
    cases.push(bad("noise = 90", "noise = { one_in = 9, faults = [] }", &["`step 1: noise.faults`", "empty"]));
    cases.push(bad("noise = 90", "noise = { one_in = 9, faults = [\"x\"] }", &["`step 1: noise.faults`", "flipped"]));
    cases.push(bad(
        "noise = 90",
        "pull_during = \"lunch\"",
        &["`step 1: pull_during`", "pin, new-pin, new-pin-taken, transaction"],
    ));
    cases.push(bad("fault = \"late\"", "fault = \"gone\"", &["`step 1: line 1.fault`", "flipped, garbled, lost"]));
    cases.push(bad("fault = \"late\"", "fault = \"lost\"", &["`step 1: line 1.etu`", "late"]));
    for seconds in [604_801, -604_801, i64::MIN] {
        let line = format!("clock_ahead = {seconds}");
        cases.push(bad("clock_ahead = 60", &line, &["`step 1: clock_ahead`", "604800"]));
    }
    cases.push(bad("times = 2", "times = 0", &["`step 1: line 2.times`", "1 to 1000"]));
    cases.push(bad("fault = \"flipped\"", "fault = \"silent\"", &["`step 1: line 2.times`", "lasts"]));
    cases.push(bad("times = 2", "fun = 2", &["LINE", "unknown field"]));
    for tries in [0, 16, 255] {
        cases.push(bad("pin_tries = 5", &format!("pin_tries = {tries}"), &["`card 1: pin_tries`", "1 to 15"]));
    }
    // PINs.
    for pin in ["314", "3141592653589793238", "31415x", "", "３１４１５９"] {
        cases.push(bad("pin = \"808017\"", &format!("pin = \"{pin}\""), &["`card 1: pin`", "4 to 16 digits"]));
        cases.push(bad("\"246813\", ", &format!("\"246813\", \"{pin}\", "), &["`step 1: pin`", "4 to 16 digits"]));
        cases.push(bad(
            "new_pin = \"271828\"",
            &format!("new_pin = \"{pin}\""),
            &["`step 1: new_pin`", "4 to 16 digits"],
        ));
    }
    cases
}

#[test]
fn what_is_wrong_with_a_file_is_named_and_no_secret_is_shown() {
    let cases: Vec<Bad> = bad_structure().into_iter().chain(bad_values()).collect();
    let texts: Vec<String> = cases.iter().map(|(text, _)| text.clone()).collect();
    let (folder, names) = write_all(&texts);
    let ran = run(folder.path(), &names, &["--json"]);
    assert_eq!(ran.code, Some(2));
    let objects = objects(&ran.stdout);
    let complaints: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!((objects.len(), complaints.len()), (names.len(), names.len()), "one complaint a file, in one line");
    let mut missed = Vec::new();
    for (((text, says), name), (object, complaint)) in cases.iter().zip(&names).zip(objects.iter().zip(&complaints)) {
        assert_no_secret(complaint);
        let line = format!("line {}, column", line_of_change(text));
        let says = says.iter().map(|words| if words == "LINE" { line.as_str() } else { words });
        let unsaid: Vec<&str> = says.filter(|words| !complaint.contains(*words)).collect();
        let problem = complaint.strip_prefix(&format!("qiyong: {name}: "));
        if !unsaid.is_empty() || problem.is_none() || object["error"].as_str() != problem || object["passed"] != false {
            let edited = text.lines().nth(line_of_change(text) - 1).unwrap_or_default();
            missed.push(format!("{edited}\n   says: {complaint}\n   should say too: {unsaid:?}\n   json: {object}"));
        }
    }
    assert!(missed.is_empty(), "{} of {}:\n{}", missed.len(), names.len(), missed.join("\n"));
}

/// A PIN or ID number under the wrong key is still a secret.
#[test]
fn a_secret_in_the_wrong_place_is_not_shown() {
    for line in ["pin_is_initial = true", "pin_tries = 5", "account = 50000", "total = 3580", "activated = true"] {
        let key = line.split_once(" = ").map_or("", |(key, _)| key);
        for secret in ["\"314159\"", "\"111111198101011110\"", "[\"314159\"]", "{ pin = \"314159\" }"] {
            let error = Scenario::parse("bad.toml", &edit(line, &format!("{key} = {secret}"))).unwrap_err().to_string();
            assert_no_secret(&error);
        }
    }
    let error = Scenario::parse(
        "bad.toml",
        &edit(
            "do = \"apply\"\n[step.document]\n",
            "do = \"apply\"\ndocument = \"111111198101011110\"\n[step.expect]\n",
        ),
    );
    assert_no_secret(&error.unwrap_err().to_string());
}

#[test]
fn what_is_no_file_or_no_text_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("folder.toml")).unwrap();
    fs::write(path("empty.toml"), "").unwrap();
    let garbage: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    fs::write(path("garbage.toml"), garbage).unwrap();
    fs::write(path("zeros.toml"), [0; 512]).unwrap();
    fs::write(path("gbk.toml"), gbk::encode(GOOD).unwrap()).unwrap();
    let utf16: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(path("utf-16.toml"), [&[0xFF, 0xFE], &utf16[..]].concat()).unwrap();
    fs::write(path("mark.toml"), format!("\u{feff}{GOOD}")).unwrap();
    fs::write(path("windows.toml"), GOOD.replace('\n', "\r\n")).unwrap();
    fs::write(path("good.toml"), GOOD).unwrap();
    let cases = [
        ("missing.toml", 2, "cannot be read"),
        ("folder.toml", 2, "there is no scenario in this folder"),
        ("gbk.toml", 2, "it seems to be GBK (line 22 has the first such character): save it as UTF-8"),
        ("utf-16.toml", 2, "it seems to be UTF-16: save it as UTF-8"),
        ("garbage.toml", 2, "UTF-8"),
        ("zeros.toml", 2, "line 1, column "),
        ("empty.toml", 2, "`title`"),
        // These are scenarios, as other editors write them.
        ("mark.toml", 0, ""),
        ("windows.toml", 0, ""),
    ];
    for (name, code, says) in cases {
        let ran = run(folder.path(), &[name.to_string()], &[]);
        assert_eq!(ran.code, Some(code), "{name}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(name) && ran.stderr.contains(says) || code == 0, "{name}: {}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), usize::from(code == 2), "{name}: {}", ran.stderr);
    }
    // The other files are still played.
    let names = ["missing.toml", "good.toml", "gbk.toml"].map(String::from);
    let ran = run(folder.path(), &names, &[]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.stdout, "ok    good.toml: Every key (6 steps)\n1 of 3 scenarios passed\n");
    // No file at all, and an empty name, are errors too.
    for names in [&[][..], &[String::new()]] {
        let ran = run(folder.path(), names, &[]);
        assert_eq!(ran.code, Some(2));
        assert!(ran.stderr.contains("FILE|FOLDER"), "{}", ran.stderr);
    }
}

/// For every key, values that make no sense there.
const NONSENSE: &[&str] = &[
    "",
    "\"\"",
    "\" \"",
    "\"x\"",
    "\"-1\"",
    "\"\\u0000\"",
    "\"💳\"",
    "\"ÿ\"",
    "\"000000\"",
    "\"999999\"",
    "\"123456\"",
    "\"3141592653589793\"",
    "\"111111198101011110\"",
    "\"N00000016\"",
    "\"P32010000017\"",
    "\"a\"",
    "\"ward\"",
    "\"query\"",
    "\"long-term\"",
    "\"0001-01-01\"",
    "\"9999-12-31\"",
    "\"0000-00-00\"",
    "\"0001-01-01T00:00:00Z\"",
    "\"9989-12-31T23:59:59-23:59\"",
    "\"unterminated",
    "'''\nlines\n'''",
    "0",
    "1",
    "-1",
    "15",
    "255",
    "256",
    "4294967296",
    "999999999999",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1e400",
    "nan",
    "true",
    "false",
    "1979-05-27",
    "07:32:00",
    "1979-05-27T07:32:00Z",
    "[]",
    "[[]]",
    "[\"\", 1]",
    "{}",
    "{ kind = \"id-card\" }",
];

/// Every edit of one row, and every cut.
fn mutations() -> Vec<String> {
    let mut texts = vec![format!("{GOOD}{GOOD}")];
    for (at, line) in GOOD.lines().enumerate() {
        texts.push(edit_line(at, None));
        texts.push(edit_line(at, Some(&format!("{line}\n{line}"))));
        match line.split_once(" = ") {
            Some((key, _)) => {
                let value = |value: &str| edit_line(at, Some(&format!("{key} = {value}")));
                texts.extend(NONSENSE.iter().map(|nonsense| value(nonsense)));
                texts.push(value(&format!("\"{}\"", "9".repeat(100_000))));
                texts.push(value(&format!("{}{}", "[".repeat(2_000), "]".repeat(2_000))));
            }
            None => {
                let name = line.trim_matches(['[', ']']);
                let heads = [format!("[{name}]"), format!("[[{name}]]"), format!("[{name}"), format!("[x.{name}]")];
                texts.extend(heads.map(|head| edit_line(at, Some(&head))));
            }
        }
    }
    texts.extend(GOOD.char_indices().map(|(at, _)| GOOD[..at].to_string()));
    texts
}

/// How many files a process gets.
const BATCH: usize = 250;

/// No edit makes the program panic (status 101) or hang: each file is played, or refused with a reason. docs/design.md
/// §1, invariant 5.
#[test]
fn no_edit_of_a_good_file_makes_the_program_panic_or_hang() {
    let texts = mutations();
    assert!(texts.len() > 5_000, "{}", texts.len());
    // By number: a batch that fails reports by itself at which file.
    let batches: Vec<usize> = (0..texts.len().div_ceil(BATCH)).collect();
    let batch = |number: usize| &texts[number * BATCH..texts.len().min((number + 1) * BATCH)];
    let counts = in_parallel(&batches, |&number| run_batch(number, batch(number)));
    let sum = |kind: usize| counts.iter().map(|count| count[kind]).sum::<usize>();
    println!("{} passed, {} did not, {} are no scenarios", sum(0), sum(1), sum(2));
    assert!(sum(0) > 0 && sum(1) > 0 && sum(2) > 0);
    assert_eq!(sum(0) + sum(1) + sum(2), texts.len());
}

/// How many files of a batch passed, failed, and are no scenarios.
fn run_batch(number: usize, batch: &[String]) -> [usize; 3] {
    let (folder, names) = write_all(batch);
    let ran = run(folder.path(), &names, &["--json"]);
    let objects = objects(&ran.stdout);
    assert!(
        objects.len() == names.len() && matches!(ran.code, Some(0..=2)),
        "batch {number}: status {:?} at file {}: {}\n{}",
        ran.code,
        objects.len(),
        batch.get(objects.len()).map_or("", |text| GOOD
            .lines()
            .zip(text.lines())
            .find(|(a, b)| a != b)
            .map_or("", |(_, b)| b)),
        ran.stderr
    );
    let mut counts = [0; 3];
    for object in &objects {
        counts[if object["passed"] == true { 0 } else { 1 + usize::from(object["error"].is_string()) }] += 1;
    }
    let worst = counts.iter().rposition(|count| *count > 0).map(|worst| worst as i32);
    assert_eq!(ran.code, worst, "batch {number}: the status is that of the worst file");
    assert_eq!(ran.stderr.lines().count(), counts[2], "batch {number}: one complaint a file");
    counts
}
