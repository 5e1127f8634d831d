//! What an ATR leaves unsaid: which values are the standard's defaults (ISO/IEC 7816-3 clauses 8.3, 10.2 and 11.4), and
//! which only card and terminal know (TA2). Not here: the values, which are those of `qiyong_protocol::iso7816::atr`.

use qiyong_protocol::iso7816::atr::{Atr, Parameters};

/// Where a value stands: the letter of the interface byte, and which byte of this letter it is.
enum Stands {
    /// In this group.
    InGroup(usize),
    /// In the first group from 3 on that is about this T.
    About(u8),
}

/// The keys of the JSON object, with the byte that says each, and the words for the value where the ATR does not.
const SAID_BY: [(&str, char, Stands, &str); 11] = [
    ("protocols", 'D', Stands::InGroup(1), "T=0 alone"),
    ("fi", 'A', Stands::InGroup(1), "Fi 372"),
    ("di", 'A', Stands::InGroup(1), "Di 1"),
    ("extra_guard", 'C', Stands::InGroup(1), "no extra guard time"),
    ("ifsc", 'A', Stands::About(1), "IFSC 32"),
    ("bwi", 'B', Stands::About(1), "BWI 4"),
    ("cwi", 'B', Stands::About(1), "CWI 13"),
    ("wi", 'C', Stands::InGroup(2), "WI 10"),
    ("edc", 'C', Stands::About(1), "LRC"),
    ("classes", 'A', Stands::About(15), "class A"),
    ("clock_stop", 'A', Stands::About(15), "clock must not stop"),
];

fn defaults<'a>(
    atr: &'a Atr<'_>,
) -> impl Iterator<Item = &'static (&'static str, char, Stands, &'static str)> + use<'a> {
    SAID_BY.iter().filter(move |(_, letter, stands, _)| {
        !atr.groups().any(|group| {
            let here = match stands {
                Stands::InGroup(index) => group.index == *index,
                Stands::About(protocol) => group.index > 2 && group.protocol == Some(*protocol),
            };
            here && group.bytes().any(|(other, _)| other == *letter)
        })
    })
}

/// The keys whose values are defaults, in the order of the JSON object.
pub(super) fn default_keys(atr: &Atr<'_>) -> Vec<&'static str> {
    defaults(atr).map(|(key, ..)| *key).collect()
}

/// The keys whose values are not those in force: with b5 of TA2, the card uses an F and D that no interface byte says.
pub(super) fn implicit_keys(card: &Parameters) -> Vec<&'static str> {
    if card.specific_mode().is_some_and(|mode| mode.implicit) { vec!["fi", "di"] } else { Vec::new() }
}

/// Both in words, one sentence each. Only the protocols on offer count, and without TA1 both F and D are meant.
pub(super) fn sentences(atr: &Atr<'_>, card: &Parameters) -> Vec<String> {
    let offered: Vec<u8> = atr.protocols().collect();
    let matters = |key: &str| match key {
        "ifsc" | "bwi" | "cwi" | "edc" => offered.contains(&1),
        "wi" => offered.contains(&0),
        // Bytes that are no ATR may offer none.
        "protocols" => !offered.is_empty(),
        _ => true,
    };
    let words: Vec<_> = defaults(atr).filter(|(key, ..)| matters(key)).map(|(.., words)| *words).collect();
    let mut sentences = Vec::new();
    if !words.is_empty() {
        sentences.push(format!("By default, since the ATR does not say it: {}.", words.join(", ")));
    }
    if !implicit_keys(card).is_empty() {
        sentences
            .push("Implicit: the card works at an F and D that the ATR does not say; those of TA1 do not hold.".into());
    }
    sentences
}
