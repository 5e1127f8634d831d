//! Reads one Rust source as tokens: the modules that it declares, the paths that it names, and the words by which a
//! program prints for its user. Code that is compiled only for tests is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A path in the source.
#[derive(Debug)]
pub(crate) struct Named {
    /// The module within the file that names the path; empty for the file's own module.
    pub(crate) within: Vec<String>,
    /// `crate`, `a`, `B`; a glob has no last segment.
    pub(crate) segments: Vec<String>,
    pub(crate) how: How,
}

/// How the path is named.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum How {
    /// In code.
    Code,
    /// By `use`; the name under which it is then known, unless it is a glob.
    Use(Option<String>),
    /// The same by `pub use`, `pub(crate) use`.
    ReExport(Option<String>),
}

/// A declared module.
pub(crate) struct Declared {
    pub(crate) within: Vec<String>,
    pub(crate) name: String,
    /// The argument of `#[path]`.
    pub(crate) path: Option<String>,
    /// Its body is in this file, in braces.
    pub(crate) inline: bool,
}

/// What was read from a file.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) declared: Vec<Declared>,
    pub(crate) named: Vec<Named>,
    /// Words by which a program prints for its user, and their rows.
    pub(crate) spoken: Vec<(usize, &'static str)>,
    /// The defined names, by module within the file.
    pub(crate) items: BTreeMap<Vec<String>, BTreeSet<String>>,
}

impl Source {
    /// # Panics
    /// If the text is no sequence of Rust tokens.
    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let stream = TokenStream::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut source = Self::default();
        source.walk(stream, &mut Vec::new());
        source
    }

    fn walk(&mut self, stream: TokenStream, within: &mut Vec<String>) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        let mut path = None;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    let inner = is_punct(tokens.get(at + 1), '!');
                    if let Some(TokenTree::Group(group)) = tokens.get(at + 1 + usize::from(inner)) {
                        let attribute = group.stream().to_string();
                        let for_tests = attribute == "test" || attribute.replace(' ', "").starts_with("cfg(test)");
                        if for_tests && inner {
                            *self = Self::default();
                            return;
                        }
                        at += 2 + usize::from(inner);
                        if for_tests {
                            at = after_item(&tokens, at);
                        } else if let Some(value) = attribute.strip_prefix("path = ") {
                            path = Some(value.trim_matches('"').to_string());
                        }
                        continue;
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && is_punct(tokens.get(at + 1), ':') => {
                    // `::a::b` leads out of the crate; where `<T>::b` and what follows `$x` lead cannot be known. The
                    // whole path is skipped.
                    at += 2;
                    while matches!(tokens.get(at), Some(TokenTree::Ident(_))) {
                        at += 1;
                        if !(is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')) {
                            break;
                        }
                        at += 2;
                    }
                    continue;
                }
                TokenTree::Ident(ident) => {
                    let word = ident.to_string();
                    match word.as_str() {
                        "mod" => {
                            if let Some(TokenTree::Ident(name)) = tokens.get(at + 1) {
                                let name = name.to_string();
                                let body = tokens.get(at + 2);
                                let inline = matches!(body, Some(TokenTree::Group(_)));
                                self.declared.push(Declared {
                                    within: within.clone(),
                                    name: name.clone(),
                                    path: path.take(),
                                    inline,
                                });
                                if let Some(TokenTree::Group(group)) = body {
                                    within.push(name);
                                    self.walk(group.stream(), within);
                                    within.pop();
                                }
                                at += 3;
                                continue;
                            }
                        }
                        "use" => {
                            let end = (at..tokens.len()).find(|end| is_punct(tokens.get(*end), ';'));
                            if let Some(end) = end {
                                let public = at > 0 && is_public(&tokens[..at]);
                                self.use_tree(&tokens[at + 1..end], &[], public, within);
                                at = end + 1;
                                continue;
                            }
                        }
                        "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union" => {
                            if let Some(TokenTree::Ident(name)) = tokens.get(at + 1) {
                                self.items.entry(within.clone()).or_default().insert(name.to_string());
                            }
                        }
                        _ => {
                            self.listen(&word, &tokens, at);
                            let (segments, end) = segments(&tokens, at);
                            if segments.len() > 1 {
                                self.named.push(Named { within: within.clone(), segments, how: How::Code });
                                // A macro or a call may follow: its words count.
                                let last = &tokens[end - 1];
                                self.listen(&last.to_string(), &tokens, end - 1);
                                at = end;
                                continue;
                            }
                        }
                    }
                }
                TokenTree::Group(group) => self.walk(group.stream(), within),
                _ => {}
            }
            at += 1;
        }
    }

    /// Notes a word by which a program prints for its user.
    fn listen(&mut self, word: &str, tokens: &[TokenTree], at: usize) {
        let next = tokens.get(at + 1);
        let is_macro = is_punct(next, '!');
        let is_call = matches!(next, Some(TokenTree::Group(group)) if is_empty_call(group));
        let spoken = match word {
            "println" if is_macro => "println!",
            "print" if is_macro => "print!",
            "eprintln" if is_macro => "eprintln!",
            "eprint" if is_macro => "eprint!",
            "stdout" if is_call => "stdout()",
            "stderr" if is_call => "stderr()",
            "ExitCode" => "ExitCode",
            "clap" => "clap",
            _ => return,
        };
        let line = tokens[at].span().start().line;
        if self.spoken.last() != Some(&(line, spoken)) {
            self.spoken.push((line, spoken));
        }
    }

    /// `a::{b, c as d, e::*}` after `prefix`.
    fn use_tree(&mut self, tokens: &[TokenTree], prefix: &[String], public: bool, within: &[String]) {
        let how = |name| if public { How::ReExport(name) } else { How::Use(name) };
        for branch in tokens.split(|token| is_punct(Some(token), ',')).filter(|branch| !branch.is_empty()) {
            let mut segments = prefix.to_vec();
            let mut name = None;
            let mut glob = false;
            let mut group = None;
            let mut renamed = false;
            for (at, token) in branch.iter().enumerate() {
                self.listen(&token.to_string(), branch, at);
                match token {
                    TokenTree::Ident(ident) if ident == "as" => renamed = true,
                    TokenTree::Ident(ident) if renamed => name = Some(ident.to_string()),
                    TokenTree::Ident(ident) if ident == "self" && !segments.is_empty() => {
                        name = segments.last().cloned()
                    }
                    TokenTree::Ident(ident) => {
                        segments.push(ident.to_string());
                        name = Some(ident.to_string());
                    }
                    TokenTree::Punct(punct) if punct.as_char() == '*' => glob = true,
                    TokenTree::Group(inner) => group = Some(inner),
                    _ => {}
                }
            }
            if let Some(group) = group {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                self.use_tree(&inner, &segments, public, within);
                continue;
            }
            let how = how(name.filter(|_| !glob));
            self.named.push(Named { within: within.to_vec(), segments, how });
        }
    }
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_empty_call(group: &Group) -> bool {
    group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty()
}

/// Whether the tokens before an item make it known outside its module.
fn is_public(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Ident(word)] => word == "pub",
        [.., TokenTree::Ident(word), TokenTree::Group(_)] => word == "pub",
        _ => false,
    }
}

/// The index after an item that is only for tests: after its body or semicolon, or for a field or arm, after its comma.
fn after_item(tokens: &[TokenTree], mut at: usize) -> usize {
    const ITEMS: [&str; 16] = [
        "pub",
        "fn",
        "mod",
        "use",
        "impl",
        "const",
        "static",
        "struct",
        "enum",
        "trait",
        "type",
        "unsafe",
        "async",
        "extern",
        "macro_rules",
        "let",
    ];
    // More attributes.
    while is_punct(tokens.get(at), '#') {
        at += 2;
    }
    let item = matches!(tokens.get(at), Some(TokenTree::Ident(word)) if ITEMS.contains(&word.to_string().as_str()));
    while let Some(token) = tokens.get(at) {
        at += 1;
        let body = matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        if is_punct(Some(token), ';') || (item && body) || (!item && is_punct(Some(token), ',')) {
            break;
        }
    }
    at
}

/// The path that begins at a token, and the index after it.
fn segments(tokens: &[TokenTree], start: usize) -> (Vec<String>, usize) {
    let mut segments = Vec::new();
    let mut at = start;
    while let Some(TokenTree::Ident(ident)) = tokens.get(at) {
        segments.push(ident.to_string());
        at += 1;
        let more = is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':');
        if !(more && matches!(tokens.get(at + 2), Some(TokenTree::Ident(_)))) {
            break;
        }
        at += 2;
    }
    (segments, at)
}
