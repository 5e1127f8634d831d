//! Whether a text of an error names the way out, and which need not. A way out is an instruction, a question that leads to one, or the
//! rule that says what would be right.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::sources::Sources;

/// Instructions: what somebody is told to do, after the cause. A verb counts behind a mark or a joining word alone, since elsewhere it
/// may be a noun, or say what the program does.
static INSTRUCTION: LazyLock<Regex> = LazyLock::new(|| {
    let verbs = "add|ask|begin|build|call|capture|check (?:the|its|it|that|their|each|where)|chmod|choose|clean|compare|copy|\
        correct|end|exchange|feed|find out|flash it|give|hold|install|join|key (?:it|an|the)|leave|let|link|load|look|make|name|plug|put|raise|\
        repeat|report|reset (?:the|it)|restore|run|save|say|see|send|set|shorten|sign|start|take|try|use|wait|write";
    Regex::new(&format!(
        "(?:[:;,(] |, (?:and|or|so) |\\? )(?:{verbs})\\b|^(?:write|choose) |: qiyong [a-z]+ |the request may be repeated"
    ))
    .unwrap()
});
/// Questions to whoever has the thing before them, at the end of a part of the text.
static QUESTION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\?(?: |$|[):])").unwrap());
/// What would be right, as a rule or an example. Each phrase with its reason.
const RIGHT: [(&str, &str); 10] = [
    (r"\bmust (?:each |not )?(?:be|have|begin|stand|happen) (?:\{|\[|`|[A-Za-z0-9])", "a rule"),
    (r"(?:\bsuch as|, like) [^ ,;]", "an example that may be copied"),
    (
        r"(?:[;:] there are:?|\bit has|\ballowed are|\bthey are 1 to|\btakes one of|\bwith one of) \{",
        "the list of what is right",
    ),
    (r"\bthere are: [a-z]", "the list stands there"),
    (r"\{ALLOWED\}", "a constant that says what is allowed"),
    (r"\{advice\}", "the words of an advice"),
    (r"\bat (?:most|least) (?:\{|[0-9]|one\b)", "a bound"),
    (r"\bha(?:s|ve) [0-9]+ to [0-9]+ [a-z]|\bnumber from [0-9]+ to [0-9]+", "two bounds"),
    (r"\b(?:begins|ends) with (?:`|https|the host)", "how it begins or ends"),
    (r"\bgoes with --", "with what it may stand"),
];
/// This is a guess and no rule.
const GUESS: &str = "must have been";
static RIGHT_FORM: LazyLock<Regex> = LazyLock::new(|| {
    let all: Vec<&str> = RIGHT.iter().map(|(phrase, _)| *phrase).collect();
    Regex::new(&all.join("|")).unwrap()
});
/// The same in Chinese.
static ZH: LazyLock<Regex> = LazyLock::new(|| {
    let phrases = r"请|应为|应取|须|不得|最多|最大|至少|例如|形如|？|可用|可以|现有|允许|用于|\{ALLOWED\}|\{advice\}";
    Regex::new(phrases).unwrap()
});

/// Verbs of instructions. Not enough for an error, whose cause may have them, too.
static VERB_ZH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("换|改|取|设|用|检查|查看|清洁|测量|等|报告|写|参见|装|启动").unwrap());

/// Whether a text of an error names the way out.
pub(crate) fn names_a_way_out(english: &str) -> bool {
    INSTRUCTION.is_match(english) || QUESTION.is_match(english) || RIGHT_FORM.is_match(&english.replace(GUESS, ""))
}

/// Whether the Chinese text does.
pub(crate) fn names_a_way_out_in_chinese(chinese: &str) -> bool {
    ZH.is_match(chinese)
}

/// Whether another text tells somebody what to do, such as a remedy of the doctor's.
pub(crate) fn instructs(english: &str) -> bool {
    INSTRUCTION.is_match(english) || QUESTION.is_match(english)
}

/// Whether the Chinese text does.
pub(crate) fn instructs_in_chinese(chinese: &str) -> bool {
    ZH.is_match(chinese) || VERB_ZH.is_match(chinese)
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
                    "host-sim/page/src/lib.rs",
                    "BindError",
                    "{error}; give another one (--port {door}=0 takes a free one), or leave it out (--without {door})",
                ),
                inside("host-sim/sim/src/card/record.rs", "RecordError", "{error}{join}{advice}; nothing was written"),
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
                around("region {region}: db: {source}", "PlaceError"),
            ],
            no_complaints: vec![
                "{file}: {steps} of {of} steps are enough for the failure (found in {runs} runs)",
                "the PIN pad waits: {what} (nothing: cancel)",
                // Words that a region's error has brought along.
                "region {0}: {words}",
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
    let Excuses { inside, around, no_complaints } = excuses;
    let (mut wrong, mut used, mut excused) = (Vec::new(), BTreeSet::new(), 0);
    let errors = sources.errors.iter().map(|error| (&error.text, &error.at, error.item.as_str()));
    let complaints = sources.complaints.iter().map(|(text, at)| (text, at, ""));
    for (text, at, item) in errors.chain(complaints).filter(|(text, ..)| !names_a_way_out(text)) {
        let by_what_is_around = inside.iter().find(|one| one.item == item && at.starts_with(one.file));
        let by_what_is_inside = around.iter().find(|one| one.text == text).map(|one| one.text);
        let by_itself = no_complaints.iter().find(|known| *known == text && item.is_empty());
        match by_what_is_around.map(|one| one.item).or(by_what_is_inside).or(by_itself.copied()) {
            Some(excuse) => {
                used.insert(excuse);
                excused += 1;
            }
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
    let known = inside.iter().map(|one| one.item).chain(around.iter().map(|one| one.text));
    for unused in known.chain(no_complaints.iter().copied()).filter(|known| !used.contains(known)) {
        wrong.push(format!("tests/tests/lang/ways.rs: {unused:?} excuses nothing: take it out"));
    }
    if wrong.is_empty() {
        Ok(Count { errors: sources.errors.len(), complaints: sources.complaints.len(), excused })
    } else {
        Err(wrong)
    }
}
