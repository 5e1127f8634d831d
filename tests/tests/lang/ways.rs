//! Whether a text of an error names the way out, and which need not. A way out is an instruction, a question that leads to one, or the
//! rule that says what would be right.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::sources::{ErrorText, Sources};

/// Instructions: what somebody is told to do, after the cause. A verb counts behind a mark or a joining word alone, since elsewhere it
/// may be a noun, or say what the program does.
static INSTRUCTION: LazyLock<Regex> = LazyLock::new(|| {
    let verbs = "add|ask|begin|build|call|check (?:the|its|it|that|their|each|where)|chmod|choose|clean|compare|copy|correct|end|\
        exchange|feed|find out|give|hold|install|join|key|leave|let|link|load|look|make|name|plug|put|raise|repeat|report|\
        reset (?:the|it)|restore|run|save|say|see|send|set|shorten|sign|start|take|try|use|wait|write";
    Regex::new(&format!(
        "(?:[:;,(] |, (?:and|or|so) |\\? )(?:{verbs})\\b|\\b(?:the request may be repeated|qiyong centre init --db)\\b"
    ))
    .unwrap()
});
/// Questions to whoever has the thing before them, at the end of a part of the text.
static QUESTION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\?(?: |$|[):])").unwrap());
/// What would be right, as a rule or an example.
const RIGHT: [(&str, &str); 10] = [
    (
        r"\bmust (?:be|not be|have|have no|not begin|begin|stand|happen) (?:\{|\[|`|[a-z0-9])",
        "a rule; that something `must have been` is a guess",
    ),
    (r"(?:\bsuch as|, like|, as) [^ ,;]", "an example that may be copied"),
    (
        r"\b(?:there are:?|it has|allowed are|they are|they are 1 to|takes one of|with one of) \{",
        "the list of what is right follows",
    ),
    (r"\bthere are: [a-z]", "the list stands there"),
    (r"\{ALLOWED\}", "a constant that says what is allowed"),
    (r"\bat (?:most|least) (?:\{|[0-9]|one\b)", "a bound"),
    (r"\bha(?:s|ve) [0-9]+ to [0-9]+ [a-z]", "two bounds"),
    (r"\bnumber from [0-9]+ to [0-9]+", "two bounds"),
    (r"\b(?:begins|ends) with (?:`|https|the host)", "how it begins or ends"),
    (
        r"\b(?:can be added once|goes with (?:`|--|\\?.)|of (?:its|their) own)",
        "what it goes with, or how often it may stand",
    ),
];
static RIGHT_FORM: LazyLock<Regex> = LazyLock::new(|| {
    let all: Vec<&str> = RIGHT.iter().map(|(phrase, _)| *phrase).collect();
    Regex::new(&all.join("|")).unwrap()
});
/// The same in Chinese.
static ZH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("请|应|须|不得|最多|最大|至少|例如|形如|？|可用|可以|可在|可将|现有|允许|只").unwrap());

/// Whether a text of an error names the way out.
pub(crate) fn names_a_way_out(english: &str) -> bool {
    INSTRUCTION.is_match(english)
        || QUESTION.is_match(english)
        || RIGHT_FORM.is_match(&english.replace("must have been", ""))
}

/// Whether the Chinese text does.
pub(crate) fn names_a_way_out_in_chinese(chinese: &str) -> bool {
    ZH.is_match(chinese)
}

/// An enum whose texts may name the cause alone, because another text says the rest.
#[derive(Clone, Copy)]
pub(crate) struct Inside {
    /// The source of the enum.
    pub(crate) file: &'static str,
    /// The enum.
    pub(crate) item: &'static str,
    /// The text in which alone its texts are told. It names the way out.
    pub(crate) told_in: &'static str,
}

/// A text that ends with another error, which names the way out.
#[derive(Clone, Copy)]
pub(crate) struct Around {
    pub(crate) text: &'static str,
    /// The enum of that error, each of whose texts names the way out.
    pub(crate) item: &'static str,
}

/// What needs no way out of its own.
#[derive(Clone)]
pub(crate) struct Excuses {
    pub(crate) inside: Vec<Inside>,
    pub(crate) around: Vec<Around>,
    /// What is told on the way of complaints, and complains of nothing.
    pub(crate) no_complaints: Vec<&'static str>,
}

impl Excuses {
    /// Ours.
    pub(crate) fn ours() -> Self {
        let inside = |file, item, told_in| Inside { file, item, told_in };
        let around = |text, item| Around { text, item };
        Self {
            inside: vec![
                inside(
                    "host-sim/centre/src/error.rs",
                    "Damage",
                    "{place} is a damaged card centre's database: {damage}; restore it from a copy",
                ),
                inside(
                    "host-sim/lab/src/probe/image.rs",
                    "ImageFault",
                    "{path} {fault}: build the image with `cargo xtask firmware`",
                ),
                inside(
                    "host-sim/iso/src/frame.rs",
                    "FrameError",
                    "what answers at {address} is no centre's end for terminals ({error}): give that address, and not its HTTP's",
                ),
                inside(
                    "host-sim/sim/src/decode/node.rs",
                    "Problem",
                    "these bytes are no message: {problem}; give it whole, with its length in two bytes before it, or a frame between two 00",
                ),
            ],
            around: vec![
                around("the centre failed: {0}", "CentreError"),
                around("a card cannot be made: {0}", "CentreError"),
                around("the centre: {0}", "CentreError"),
                around("till and terminal: {0}", "TillError"),
                around("not for this bench: {0}", "Unplayable"),
            ],
            no_complaints: vec![
                "{file}: {steps} of {of} steps are enough for the failure (found in {runs} runs)",
                "the PIN pad waits: {what} (nothing: cancel)",
            ],
        }
    }
}

/// How many texts of errors there are, and how many are excused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    /// Those of the errors of libraries.
    pub(crate) errors: usize,
    /// The complaints of the program itself.
    pub(crate) complaints: usize,
    /// Of both, those that are told inside or around another one.
    pub(crate) excused: usize,
}

/// Counts; else what has no way out, or an excuse that is none, each with what to do.
pub(crate) fn judge(sources: &Sources, excuses: &Excuses) -> Result<Count, Vec<String>> {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    let Excuses { inside, around, no_complaints } = excuses;
    for ErrorText { text, at, item } in sources.errors.iter().filter(|error| !names_a_way_out(&error.text)) {
        let is_inside = |one: &&Inside| one.item == item && at.starts_with(one.file);
        if let Some(excuse) = inside.iter().find(is_inside) {
            used.insert(excuse.told_in);
        } else if let Some(excuse) = around.iter().find(|one| one.text == text) {
            used.insert(excuse.text);
        } else {
            wrong.push(format!("{at}: {text:?} names no way out: say what to do, or what would be right"));
        }
    }
    let complaints = sources.complaints.iter().filter(|(text, _)| !names_a_way_out(text));
    let mut excused = used.len();
    for (text, at) in complaints {
        match no_complaints.iter().find(|known| *known == text) {
            Some(known) => excused += usize::from(used.insert(known)),
            None => wrong.push(format!("{at}: {text:?} names no way out: say what to do, or what would be right")),
        }
    }
    for Inside { told_in, item, .. } in inside {
        if !sources.texts.contains(*told_in) || !names_a_way_out(told_in) {
            wrong.push(format!("{item} is excused by {told_in:?}, which no source says, or which names no way out"));
        }
    }
    for Around { text, item } in around {
        let mut texts = sources.errors.iter().filter(|error| error.item == *item).peekable();
        if texts.peek().is_none() || !texts.all(|error| names_a_way_out(&error.text)) {
            wrong.push(format!("{text:?} is excused by {item}, which is not there, or has a text without a way out"));
        }
    }
    let all = inside.iter().map(|one| one.told_in).chain(around.iter().map(|one| one.text));
    for unused in all.chain(no_complaints.iter().copied()).filter(|known| !used.contains(known)) {
        wrong.push(format!("tests/tests/lang/ways.rs: {unused:?} excuses nothing: take it out"));
    }
    if wrong.is_empty() {
        Ok(Count { errors: sources.errors.len(), complaints: sources.complaints.len(), excused })
    } else {
        Err(wrong)
    }
}
