//! Reads the texts in one Rust source: each string literal with what stands around it, and each paragraph of documentation. Code that
//! is compiled only for tests is left out. Judges nothing.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};

/// A text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text {
    /// As it is when the program runs.
    pub(crate) text: String,
    /// The macro, function or attribute that it is given to: `format!`, `complain`, `#error`; empty if there is none.
    pub(crate) given_to: String,
    /// The enum or struct in whose definition it stands; empty if there is none.
    pub(crate) item: String,
    /// It stands in what is returned as an error, or in a complaint.
    pub(crate) is_complaint: bool,
    pub(crate) row: usize,
}

/// What stands around a sequence of tokens.
#[derive(Clone, Copy, Default)]
struct Around<'a> {
    given_to: &'a str,
    item: &'a str,
    is_complaint: bool,
}

/// To these the words of an error are given.
pub(crate) const COMPLAINS: [&str; 5] = ["Err", "map_err", "ok_or", "ok_or_else", "complain"];

/// What was read from a source.
#[derive(Default)]
pub(crate) struct Texts {
    pub(crate) literals: Vec<Text>,
    /// Paragraphs of `///`, each in one row and without the full stop that clap leaves out, and with it.
    pub(crate) documentation: Vec<String>,
}

impl Texts {
    /// # Panics
    /// If the text is no sequence of Rust tokens.
    pub(crate) fn read(path: &str, source: &str) -> Self {
        let stream = TokenStream::from_str(source).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut texts = Self::default();
        texts.walk(stream, Around::default());
        texts
    }

    fn walk(&mut self, stream: TokenStream, around: Around) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let (mut at, mut documentation) = (0, Vec::new());
        while let Some(token) = tokens.get(at) {
            let mut next = at + 1;
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    let inner = matches!(tokens.get(at + 1), Some(TokenTree::Punct(punct)) if punct.as_char() == '!');
                    if let Some(TokenTree::Group(group)) = tokens.get(at + 1 + usize::from(inner)) {
                        next = at + 2 + usize::from(inner);
                        let attribute = group.stream().to_string().replace(' ', "");
                        if attribute == "test" || attribute.starts_with("cfg(test)") {
                            if inner {
                                return;
                            }
                            at = after_item(&tokens, next);
                            continue;
                        }
                        match group.stream().into_iter().nth(2) {
                            Some(TokenTree::Literal(literal)) if attribute.starts_with("doc=") => {
                                documentation.extend(unquoted(&literal));
                                at = next;
                                continue;
                            }
                            _ => {
                                let name = attribute.split(['(', '=']).next().unwrap_or_default();
                                let item = defined(&tokens[next..]).filter(|_| around.item.is_empty());
                                let item = item.as_deref().unwrap_or(around.item);
                                self.walk(group.stream(), Around { given_to: &format!("#{name}"), item, ..around });
                            }
                        }
                    }
                }
                TokenTree::Literal(literal) => {
                    if let Some(text) = unquoted(literal) {
                        let row = literal.span().start().line;
                        let Around { given_to, item, is_complaint } = around;
                        self.literals.push(Text {
                            text,
                            given_to: given_to.into(),
                            item: item.into(),
                            is_complaint,
                            row,
                        });
                    }
                }
                TokenTree::Group(group) => {
                    let callee = callee(&tokens[..at], group);
                    let given_to = callee.as_deref().unwrap_or(around.given_to);
                    let item = match &tokens[..at] {
                        [.., TokenTree::Ident(kind), TokenTree::Ident(name)] if kind == "enum" => name.to_string(),
                        _ => around.item.to_owned(),
                    };
                    // A block among the arguments of `#[error]` is a program, and its texts are parts.
                    let is_part = given_to == "error" && group.delimiter() == Delimiter::Brace;
                    let given_to = if is_part { "" } else { given_to };
                    let is_complaint = around.is_complaint || COMPLAINS.contains(&given_to);
                    self.walk(group.stream(), Around { given_to, item: &item, is_complaint });
                }
                _ => {}
            }
            self.document(&mut documentation);
            at = next;
        }
        self.document(&mut documentation);
    }

    fn document(&mut self, rows: &mut Vec<String>) {
        let all: Vec<&str> = rows.iter().map(|row| row.trim()).collect();
        for paragraph in all.split(|row| row.is_empty()).filter(|rows| !rows.is_empty()) {
            let paragraph = paragraph.join(" ");
            self.documentation.push(paragraph.trim_end_matches('.').to_owned());
            self.documentation.push(paragraph);
        }
        rows.clear();
    }
}

/// To what the arguments in `group` are given.
fn callee(before: &[TokenTree], group: &Group) -> Option<String> {
    match before {
        [.., TokenTree::Ident(name), TokenTree::Punct(punct)] if punct.as_char() == '!' => Some(format!("{name}!")),
        [.., TokenTree::Ident(name)] if group.delimiter() == Delimiter::Parenthesis => Some(name.to_string()),
        _ => None,
    }
}

/// The name of the enum or struct that these tokens begin to define.
fn defined(tokens: &[TokenTree]) -> Option<String> {
    let is_body =
        |token: &&TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let words: Vec<String> = tokens.iter().take_while(|token| !is_body(token)).map(ToString::to_string).collect();
    let at = words.iter().position(|word| word == "enum" || word == "struct")?;
    words.get(at + 1).cloned()
}

/// After the item that begins at `at`: behind its body, or its semicolon.
fn after_item(tokens: &[TokenTree], at: usize) -> usize {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    tokens[at..].iter().position(is_end).map_or(tokens.len(), |found| at + found + 1)
}

/// What a literal of text says; `None`: it is none.
fn unquoted(literal: &Literal) -> Option<String> {
    let source = literal.to_string();
    if let Some(raw) = source.strip_prefix('r') {
        return Some(raw.trim_matches('#').strip_prefix('"')?.strip_suffix('"')?.to_owned());
    }
    let mut characters = source.strip_prefix('"')?.strip_suffix('"')?.chars().peekable();
    let mut text = String::new();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters.next()? {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            '0' => text.push('\0'),
            'u' => {
                let digits: String = characters.by_ref().skip(1).take_while(|c| *c != '}').collect();
                text.push(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)?);
            }
            'x' => {
                let digits: String = characters.by_ref().take(2).collect();
                text.push(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)?);
            }
            '\n' => while characters.next_if(|c| c.is_whitespace()).is_some() {},
            other => text.push(other),
        }
    }
    Some(text)
}
