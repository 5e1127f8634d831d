//! What is wrong with a TOML file, without showing the text there, which may be a PIN or a key.

use crate::input;

/// Row, column and cause, all in one row.
pub(crate) fn explain(text: &str, error: &toml::de::Error) -> String {
    // `Display` of the error would quote the row, and serde quotes the value.
    let cause = error.message().replace('\n', ", ");
    let cause = match cause.rsplit_once(", expected ") {
        Some((found, expected)) if cause.starts_with("invalid type") || cause.starts_with("invalid value") => {
            let kind = found.split(['`', '"']).next().unwrap_or_default().trim_end();
            format!("{kind}, expected {}", in_words(expected))
        }
        _ => cause,
    };
    let place = error.span().and_then(|span| input::place(text, span.start));
    input::placed(place.as_ref(), &cause)
}

/// Plain words for the names that serde takes from Rust.
fn in_words(expected: &str) -> &str {
    match expected {
        "u64" | "u32" | "u8" => "a whole number, 0 or more, that is not too large",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[serde(rename = "pin")]
        _pin: String,
    }

    #[derive(serde::Deserialize, Debug)]
    struct Number {
        #[serde(rename = "wait")]
        _wait: u64,
    }

    fn problem(text: &str) -> String {
        explain(text, &toml::from_str::<Sample>(text).unwrap_err())
    }

    #[test]
    fn the_place_is_named_and_the_value_is_not() {
        let message = problem("\npin = 314159");
        assert!(message.starts_with("line 2, column 7: invalid type"), "{message}");
        assert!(message.ends_with("expected a string") && !message.contains("314159"), "{message}");
        let message = problem("pin = \"1\"\npan = 2");
        assert!(message.contains("unknown field `pan`, expected `pin`"), "{message}");
        assert!(!problem("pin = \"314159").contains("314159"));
        let message = explain("wait = \"314159\"", &toml::from_str::<Number>("wait = \"314159\"").unwrap_err());
        assert!(
            message.ends_with("invalid type: string, expected a whole number, 0 or more, that is not too large"),
            "{message}"
        );
    }
}
