//! What is wrong with a TOML file, without showing what stands there: it may be a PIN or a key.

/// Line, column and cause, all on one line.
pub(crate) fn explain(text: &str, error: &toml::de::Error) -> String {
    // `Display` of the error would quote the line, and serde quotes the value.
    let cause = error.message().replace('\n', ", ");
    let cause = match cause.split_once('`') {
        Some((kind, rest)) if cause.starts_with("invalid type") || cause.starts_with("invalid value") => {
            let expected = rest.split_once("expected").map_or("", |(_, expected)| expected);
            format!("{}, expected{expected}", kind.trim_end())
        }
        _ => cause,
    };
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return cause;
    };
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("line {line}, column {column}: {cause}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[allow(dead_code, reason = "only its type matters")]
        pin: String,
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
    }
}
