//! The sections of a static library as a graph: the name and size of each, and what it refers to.
//!
//! This file only reads; the modules above know what the graph means.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionKind};

use super::{OURS, Size, last};

/// A section of one of the library's object files: a node of the graph.
pub(super) struct Node {
    pub(super) kind: SectionKind,
    pub(super) bytes: u64,
    /// The demangled names of the symbols it defines.
    pub(super) names: Vec<String>,
    /// The place in the source, if the section is one that a panic reports.
    pub(super) place: Option<String>,
    /// The sections it refers to, once per reference.
    pub(super) references: Vec<usize>,
}

impl Node {
    pub(super) fn is_ours(&self) -> bool {
        self.names.iter().any(|name| name.contains(OURS))
    }

    pub(super) fn is_code(&self) -> bool {
        self.kind == SectionKind::Text
    }

    pub(super) fn panics(&self) -> bool {
        self.names.iter().any(|name| name.starts_with("core::panicking::") || last(name) == "rust_begin_unwind")
    }

    pub(super) fn name(&self) -> String {
        self.names.first().cloned().unwrap_or_else(|| "(no name)".to_string())
    }

    /// What it takes of the target's memory.
    pub(super) fn size(&self) -> Size {
        let mut size = Size::default();
        match self.kind {
            SectionKind::Text => size.text = self.bytes,
            SectionKind::ReadOnlyData | SectionKind::ReadOnlyDataWithRel | SectionKind::ReadOnlyString => {
                size.rodata = self.bytes;
            }
            SectionKind::Data => size.data = self.bytes,
            SectionKind::UninitializedData => size.bss = self.bytes,
            // Debug information, unwinding tables, symbol tables: not in the target's memory.
            _ => {}
        }
        size
    }
}

/// The graph of sections of an archive of object files, and the demangled names of all its symbols.
pub(super) fn graph(archive: &[u8]) -> Result<(Vec<Node>, HashSet<String>)> {
    let mut files = Vec::new();
    for member in ArchiveFile::parse(archive)?.members() {
        files.push(object::File::parse(member?.data(archive)?)?);
    }

    // First every section and which symbols it defines, since one file may refer to a later one's symbols.
    let mut nodes = Vec::new();
    let mut symbols = HashSet::new();
    let mut node_of_section = HashMap::new();
    let mut node_of_global = HashMap::new();
    for (number, file) in files.iter().enumerate() {
        for section in file.sections() {
            node_of_section.insert((number, section.index()), nodes.len());
            nodes.push(Node {
                kind: section.kind(),
                bytes: section.size(),
                names: vec![],
                place: place(file, &section)?,
                references: vec![],
            });
        }
        for symbol in file.symbols() {
            let mangled = symbol.name()?;
            // `$t`, `$d`: ARM's marks of where code and data begin.
            if mangled.is_empty() || mangled.starts_with('$') {
                continue;
            }
            let name = format!("{:#}", rustc_demangle::demangle(mangled));
            if let Some(&node) = symbol.section_index().and_then(|section| node_of_section.get(&(number, section))) {
                nodes[node].names.push(name.clone());
                if symbol.is_global() {
                    node_of_global.insert(mangled, node);
                }
            }
            symbols.insert(name);
        }
    }

    // Then the references. A symbol that nothing in the library defines is left to the linker and is no node.
    for (number, file) in files.iter().enumerate() {
        for section in file.sections() {
            let from = node_of_section[&(number, section.index())];
            for (_, relocation) in section.relocations() {
                let RelocationTarget::Symbol(index) = relocation.target() else {
                    continue;
                };
                let symbol = file.symbol_by_index(index)?;
                let to = match symbol.section_index() {
                    Some(section) => node_of_section.get(&(number, section)),
                    None => node_of_global.get(symbol.name()?),
                };
                nodes[from].references.extend(to);
            }
        }
    }
    Ok((nodes, symbols))
}

/// Everything that is reached from `roots`, including the roots.
pub(super) fn reach<'a>(roots: &[usize], next: impl Fn(usize) -> &'a Vec<usize>) -> HashSet<usize> {
    let mut reached: HashSet<_> = roots.iter().copied().collect();
    let mut open = roots.to_vec();
    while let Some(at) = open.pop() {
        open.extend(next(at).iter().copied().filter(|&to| reached.insert(to)));
    }
    reached
}

/// The place in the source, if the section contains one `core::panic::Location` and nothing else: a reference to the
/// file's name, the length of this name, row and column.
fn place(file: &object::File<'_>, section: &object::Section<'_, '_>) -> Result<Option<String>> {
    let word = if file.is_64() { 8 } else { 4 };
    let data = section.data()?;
    let mut relocations = section.relocations();
    let (Some((0, relocation)), None) = (relocations.next(), relocations.next()) else {
        return Ok(None);
    };
    let RelocationTarget::Symbol(index) = relocation.target() else {
        return Ok(None);
    };
    let symbol = file.symbol_by_index(index)?;
    let Some(target) = symbol.section_index() else {
        return Ok(None);
    };
    if data.len() != 2 * word + 8 {
        return Ok(None);
    }

    let number = |at: usize, size: usize| data[at..][..size].iter().rev().fold(0, |n, &byte| n << 8 | u64::from(byte));
    // ARM's relocations keep the offset from the symbol in the bytes that the relocation replaces.
    let implicit = if relocation.has_implicit_addend() { number(0, word) } else { 0 };
    let start = symbol.address().wrapping_add_signed(relocation.addend()).wrapping_add(implicit);
    let name = file.section_by_index(target)?.data_range(start, number(word, word))?;
    let name = name.and_then(|name| str::from_utf8(name).ok()).filter(|name| name.ends_with(".rs"));
    Ok(name.map(|name| format!("{name}:{}:{}", number(2 * word, 4), number(2 * word + 4, 4))))
}
