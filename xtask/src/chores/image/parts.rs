//! What a linker keeps, part by part, and which owner each part has.

use std::collections::BTreeSet;

use super::Size;
use super::graph::{Node, reach};

/// A function, constant or static that a linker keeps.
pub(crate) struct Part {
    /// Its name.
    pub(crate) name: String,
    /// Its owner; `None`: several owners share it.
    pub(crate) owner: Option<String>,
    /// What it takes.
    pub(crate) size: Size,
}

/// See [`super::Image::parts`].
pub(super) fn parts(nodes: &[Node], root: &str, owner: impl Fn(&str) -> Option<String>) -> Vec<Part> {
    let roots: Vec<_> =
        (0..nodes.len()).filter(|&at| nodes[at].names.iter().any(|name| name.starts_with(root))).collect();
    let mut kept: Vec<_> = reach(&roots, |at| &nodes[at].references).into_iter().collect();
    kept.sort_unstable();

    let by_name: Vec<_> = nodes.iter().map(|node| node.names.iter().find_map(|name| owner(name))).collect();
    let mut owners = vec![BTreeSet::new(); nodes.len()];
    for &at in &kept {
        let Some(owner) = &by_name[at] else { continue };
        // Goes through parts without an owner, up to parts that have one.
        for reached in
            reach(
                &[at],
                |to| if to == at || by_name[to].is_none() { &nodes[to].references } else { const { &Vec::new() } },
            )
        {
            if reached == at || by_name[reached].is_none() {
                owners[reached].insert(owner.clone());
            }
        }
    }

    let part = |at: usize| {
        let mut owners = owners[at].iter().cloned();
        let owner = owners.next().filter(|_| owners.next().is_none());
        Part { name: nodes[at].name(), owner, size: nodes[at].size() }
    };
    kept.into_iter().map(part).collect()
}
