//! Names of symbols, demangled: the path in a name. Whose code a path means is decided elsewhere.

/// The path at the beginning of a demangled name: for `<a::b::C as d::E>::f`, the path of `a::b::C`.
pub(crate) fn path(name: &str) -> Vec<&str> {
    let start = name.trim_start_matches(['<', '&', '[']).trim_start_matches("mut ");
    let end = start.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(start.len());
    start[..end].split("::").filter(|part| !part.is_empty()).collect()
}
