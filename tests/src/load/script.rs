//! What a centre sends to its PostgreSQL server for one message, as a script of pgbench: taken from the server's own log of
//! everything that it carries out. Numbers that must be new each time become variables; everything else stays as it was, so
//! that a script repeats one sale of one card.
//!
//! What differs from the centre: a script sends one sale a transaction, where the centre puts those together that wait; it
//! computes nothing, and what the centre computed (check values, sealed fields) is the same each time; what the centre sends as
//! parameters stands in the statement; and the lock is a statement of its own, where the centre sends it with BEGIN.

use std::collections::BTreeMap;

/// A statement, as the log has it, and its parameters as SQL writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// With `$1` and so on.
    pub statement: String,
    /// The first is `$1`.
    pub parameters: Vec<String>,
}

/// What each line of a log begins with ([`said`] needs it to tell lines of a statement from others).
pub const PREFIX: &str = "@@ ";

/// The statements in this part of a log whose lines begin with [`PREFIX`].
#[must_use]
pub fn said(log: &str) -> Vec<Said> {
    let mut all: Vec<Said> = Vec::new();
    for record in log.split(PREFIX) {
        let text = |rest: &str| rest.trim_end().replace("\n\t", "\n");
        if let Some(rest) = record.strip_prefix("LOG:  statement: ") {
            all.push(Said { statement: text(rest), parameters: Vec::new() });
        } else if let Some((_, rest)) = record.strip_prefix("LOG:  execute ").and_then(|rest| rest.split_once(": ")) {
            all.push(Said { statement: text(rest), parameters: Vec::new() });
        } else if let Some(rest) = record.strip_prefix("DETAIL:  parameters: ")
            && let Some(last) = all.last_mut()
        {
            last.parameters = parameters(&text(rest));
        }
    }
    all
}

/// The values in `$1 = 'a', $2 = NULL`.
fn parameters(text: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(" = ") {
        let end = if after.starts_with('\'') { quoted(after) } else { after.find(',').unwrap_or(after.len()) };
        values.push(after[..end].to_owned());
        rest = &after[end..];
    }
    values
}

/// The length of the quoted text with which this begins.
fn quoted(text: &str) -> usize {
    let mut quotes =
        text.char_indices().skip(1).filter(|(_, character)| *character == '\'').map(|(at, _)| at).peekable();
    while let Some(at) = quotes.next() {
        // Two stand for one.
        if quotes.peek() == Some(&(at + 1)) {
            quotes.next();
        } else {
            return at + 1;
        }
    }
    text.len()
}

/// The script of a sale with this number, whose row in the journal and whose posting got these.
#[must_use]
pub fn script(statements: &[Said], stan: u32, row: i64, posting: i64) -> String {
    let mut known = BTreeMap::new();
    known.insert(format!("'{stan}'"), ":stan".to_owned());
    known.insert(format!("'journal {row}'"), "'journal ' || :id".to_owned());
    let mut script = String::from("\\set stan random(1, 999999)\n\\set batch random(2, 999999)\n");
    for Said { statement, parameters } in statements {
        let of_ledger = ["postings", "entries"].iter().any(|table| statement.contains(table));
        let value = |at: usize, value: &String| {
            let column = column_of(statement, at);
            match column.as_deref() {
                Some("batch") => return ":batch".to_owned(),
                Some("journal_id") if *value == format!("'{row}'") => return ":id".to_owned(),
                _ => {}
            }
            if of_ledger {
                if *value == format!("'{posting}'") {
                    return ":last".to_owned();
                }
                if *value == format!("'{}'", posting - 1) {
                    return ":last - 1".to_owned();
                }
            }
            known.get(value).cloned().unwrap_or_else(|| plain(value))
        };
        let values: Vec<String> = parameters.iter().enumerate().map(|(at, of)| value(at + 1, of)).collect();
        // The last first, so that $1 is not found in $10.
        let mut text = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        for (at, value) in values.iter().enumerate().rev() {
            text = text.replace(&format!("${}", at + 1), value);
        }
        for statement in text.split("; ") {
            // A row of the journal and a posting are what later statements name.
            let gives = ["INSERT INTO journal", "INSERT INTO numbers"].iter().any(|begin| statement.starts_with(begin));
            let end = if gives { " \\gset" } else { ";" };
            script.push_str(statement.trim_end_matches(';'));
            script.push_str(end);
            script.push('\n');
        }
    }
    script
}

/// A value in which pgbench finds no variable of its own: a colon before a letter stands at the end of a text.
fn plain(value: &str) -> String {
    let mut text = String::new();
    let mut last = ' ';
    for character in value.chars() {
        if last == ':' && (character.is_alphabetic() || character == '_') {
            text.push_str("' || '");
        }
        text.push(character);
        last = character;
    }
    text
}

/// Which column a parameter is compared with or put into, as far as the statement says so plainly.
fn column_of(statement: &str, parameter: usize) -> Option<String> {
    let place = format!("${parameter}");
    let after = statement.find(&format!("= {place}")).filter(|at| {
        let end = at + 2 + place.len();
        !statement[end..].starts_with(|next: char| next.is_ascii_digit())
    });
    if let Some(at) = after {
        return statement[..at].split_whitespace().last().map(str::to_owned);
    }
    let (_, rest) = statement.split_once('(')?;
    let (columns, rest) = rest.split_once(')')?;
    let (values, _) = rest.split_once('(')?.1.split_once(')')?;
    let at = values.split(',').position(|value| value.trim() == place)?;
    columns.split(',').nth(at).map(|column| column.trim().to_owned())
}
