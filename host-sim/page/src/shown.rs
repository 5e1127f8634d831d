//! The answer of iReadCardBas by fields, and as a page may show it: who sees a screen need not know a number.

use serde_json::{Map, Value};

/// The eleven fields, in the library's order (docs/card.md §1.9).
const FIELDS: [&str; 11] = [
    "region",
    "id_number",
    "card_number",
    "ident",
    "name",
    "history",
    "version",
    "issued",
    "expires",
    "terminal",
    "device",
];
/// Those that are left when the answer is masked. The ident code names a card as well as its number does.
const SHOWN: [&str; 6] = ["region", "id_number", "card_number", "name", "version", "expires"];

/// The fields of an answer; `None`: it has not eleven.
pub(crate) fn fields(text: &str) -> Option<Map<String, Value>> {
    let values: Vec<&str> = text.strip_suffix('|')?.split('|').collect();
    let all = FIELDS.iter().zip(&values).map(|(name, value)| (name.to_string(), Value::from(*value)));
    (values.len() == FIELDS.len()).then(|| all.collect())
}

/// The fields that a page may show, numbers and name masked.
pub(crate) fn masked(text: &str) -> Option<Map<String, Value>> {
    let all = fields(text)?.into_iter().filter(|(name, _)| SHOWN.contains(&name.as_str()));
    let shown = all.map(|(name, value)| {
        let text = value.as_str().unwrap_or_default();
        let hidden = match name.as_str() {
            "name" => keep(text, 1, 0),
            "id_number" => keep(text, 3, 2),
            "card_number" => keep(text, 1, 2),
            _ => text.to_string(),
        };
        (name, Value::from(hidden))
    });
    Some(shown.collect())
}

/// The first and the last characters, if more than those are hidden; otherwise stars alone.
fn keep(text: &str, first: usize, last: usize) -> String {
    let length = text.chars().count();
    let hidden = length.saturating_sub(first + last);
    let is_kept = |at: usize| hidden > 0 && (at < first || at >= length - last);
    text.chars().enumerate().map(|(at, character)| if is_kept(at) { character } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vendors' made-up holder.
    const ANSWER: &str = "639900|111111198101011110|X00000019|639900D15600000500BF7C7A48FB4966|张三|00814E43238697159900BF7C7A|\
                          1.00|20101001|20201001|410100813475|FFFFFFFFFFFFFF|";

    #[test]
    fn an_answer_has_eleven_fields() {
        let all = fields(ANSWER).unwrap();
        assert_eq!(all.len(), 11);
        assert_eq!(
            (&all["name"], &all["card_number"], &all["device"]),
            (&"张三".into(), &"X00000019".into(), &"FFFFFFFFFFFFFF".into())
        );
        for bad in ["", "|", "a|b|", ANSWER.trim_end_matches('|'), &format!("{ANSWER}|")] {
            assert!(fields(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_is_shown_tells_no_number() {
        let shown = masked(ANSWER).unwrap();
        assert_eq!(shown.len(), SHOWN.len());
        assert_eq!(shown["id_number"], "111*************10");
        assert_eq!((&shown["card_number"], &shown["name"]), (&"X******19".into(), &"张*".into()));
        assert!(!shown.values().any(|value| value.as_str().is_some_and(|text| text.contains("BF7C7A"))));
        assert_eq!(
            [keep("王", 1, 0), keep("", 3, 2), keep("12345", 3, 2), keep("123456", 3, 2)],
            ["*", "", "*****", "123*56"]
        );
    }
}
