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
    pub(crate) row: usize,
}

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
        texts.walk(stream, "");
        texts
    }

    fn walk(&mut self, stream: TokenStream, given_to: &str) {
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
                                self.walk(group.stream(), &format!("#{name}"));
                            }
                        }
                    }
                }
                TokenTree::Literal(literal) => {
                    if let Some(text) = unquoted(literal) {
                        let row = literal.span().start().line;
                        self.literals.push(Text { text, given_to: given_to.to_owned(), row });
                    }
                }
                TokenTree::Group(group) => {
                    let callee = callee(&tokens[..at], group);
                    self.walk(group.stream(), callee.as_deref().unwrap_or(given_to));
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
