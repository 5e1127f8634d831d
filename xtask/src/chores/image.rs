//! Reads a static library and reports what the compiler made of our code: allocator symbols, panics, sizes.
//!
//! This file reads object files of any architecture. It knows neither how they were built nor what is acceptable:
//! `firmware` and `size` decide that.
//!
//! The compiler puts each function and each constant in a section of its own, and a relocation records each reference
//! from one section to another. So the library is a graph of sections. What our sections reach is what a linker with
//! `--gc-sections` keeps; a reference from a section of ours to foreign code that reaches the panic handler is a place
//! where our code can panic. A function that was inlined counts as part of the one that it was inlined into.

mod graph;
mod parts;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::iter::Sum;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use graph::{Node, graph, reach};
pub(crate) use parts::Part;

/// Code and data are ours if one of their symbols contains this: the prefix of our packages and of exported names.
const OURS: &str = "qiyong_";

/// The names of allocation in Rust and C. If the library has one of them, something in it can allocate.
const ALLOCATORS: [&str; 14] = [
    "__rust_alloc",
    "__rust_alloc_zeroed",
    "__rust_dealloc",
    "__rust_realloc",
    "__rdl_alloc",
    "__rg_alloc",
    "__rust_alloc_error_handler",
    "__rust_no_alloc_shim_is_unstable_v2",
    "malloc",
    "calloc",
    "realloc",
    "free",
    "aligned_alloc",
    "posix_memalign",
];

/// The compiler itself puts this panic into every `async fn`, for an executor that polls a future after its end. Our
/// code cannot avoid it, and no executor does that, so it is not counted.
const RESUMED: &str = "core::panicking::panic_const::panic_const_async_fn_resumed";

/// The compiler's name for pieces of code that are alike in several functions. It puts them aside when it optimises for
/// size.
const OUTLINED: &str = "OUTLINED_FUNCTION_";

/// The end of the name of an `async fn`'s body, and of a closure's.
const BODY: &str = "::{{closure}}";

/// The end of the name of a future's own poll, such as that of several futures at once.
const POLL: &str = " as core::future::future::Future>::poll";

/// What a static library contains.
pub(crate) struct Image {
    /// The allocator symbols in it, defined or only referred to.
    pub(crate) allocators: Vec<String>,
    /// Where our code can panic.
    pub(crate) panics: Vec<Panicking>,
    /// The size of our own functions, constants and statics.
    pub(crate) ours: Size,
    /// The size of these and of everything that they reach: a linker keeps all of it.
    pub(crate) kept: Size,
    nodes: Vec<Node>,
}

impl Sum for Size {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::default(), |all, one| Self {
            text: all.text + one.text,
            rodata: all.rodata + one.rodata,
            data: all.data + one.data,
            bss: all.bss + one.bss,
        })
    }
}

/// A function of ours that can panic.
pub(crate) struct Panicking {
    /// Its name.
    pub(crate) function: String,
    /// The foreign functions that it refers to and that panic or can panic, and how often it refers to each.
    pub(crate) calls: BTreeMap<String, usize>,
    /// The places in the source that these panics would report, as `file:line:column`.
    pub(crate) places: BTreeSet<String>,
}

/// Sizes in bytes.
#[derive(Default, Clone, Copy)]
pub(crate) struct Size {
    /// Machine code.
    pub(crate) text: u64,
    /// Constants.
    pub(crate) rodata: u64,
    /// Statics with an initial value, which take flash and RAM.
    pub(crate) data: u64,
    /// Statics that start as zero, which take RAM.
    pub(crate) bss: u64,
}

impl Image {
    /// Reads the static library at `path`.
    ///
    /// # Errors
    /// The library cannot be read, or contains no code of ours, in which case the other answers would mean nothing.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let (nodes, symbols) = graph(&bytes).with_context(|| format!("cannot parse {}", path.display()))?;
        let ours: Vec<_> = (0..nodes.len()).filter(|&at| nodes[at].is_ours()).collect();
        ensure!(!ours.is_empty(), "{} has no symbol that contains `{OURS}`: it is not our library", path.display());

        let mut allocators: Vec<_> = symbols.into_iter().filter(|name| is_allocator(name)).collect();
        allocators.sort();
        Ok(Self {
            allocators,
            panics: panics(&nodes, &ours),
            kept: size(&nodes, reach(&ours, |at| &nodes[at].references)),
            ours: size(&nodes, ours),
            nodes,
        })
    }

    /// What a linker keeps for the symbols whose names begin with `root`, each part with its owner.
    ///
    /// `owner` names the owner of a symbol, if the symbol's name tells it. Any other part (a constant without a name,
    /// library code made for one caller) belongs to the one owner from whose parts it is reached; `None` if there are
    /// several.
    pub(crate) fn parts(&self, root: &str, owner: impl Fn(&str) -> Option<String>) -> Vec<Part> {
        parts::parts(&self.nodes, root, owner)
    }

    /// The bytes of the static of this name.
    ///
    /// # Errors
    /// There is no such static.
    pub(crate) fn static_bytes(&self, name: &str) -> Result<u64> {
        let node = self.nodes.iter().find(|node| !node.is_code() && node.names.iter().any(|own| own == name));
        Ok(node.with_context(|| format!("the library has no static `{name}`"))?.bytes)
    }

    /// How many references to panicking code our code has.
    pub(crate) fn panic_count(&self) -> usize {
        self.panics.iter().flat_map(|panicking| panicking.calls.values()).sum()
    }
}

/// The functions in `ours` that refer to foreign code that panics or can panic.
fn panics(nodes: &[Node], ours: &[usize]) -> Vec<Panicking> {
    let mut referrers = vec![Vec::new(); nodes.len()];
    for (at, node) in nodes.iter().enumerate() {
        for &to in &node.references {
            referrers[to].push(at);
        }
    }
    let sinks: Vec<_> = (0..nodes.len()).filter(|&at| nodes[at].panics()).collect();
    let can_panic = reach(&sinks, |at| &referrers[at]);

    let mut panics = Vec::new();
    for node in ours.iter().map(|&at| &nodes[at]).filter(|node| node.is_code()) {
        let is_panic = |to: &usize| {
            let node = &nodes[*to];
            can_panic.contains(to) && node.is_code() && !node.is_ours() && !only_resumed(nodes, &can_panic, *to)
        };
        let callees: Vec<_> = node.references.iter().copied().filter(is_panic).collect();
        if callees.is_empty() {
            continue;
        }
        // The caller passes the place, unless the optimiser moved it into a callee that has no other caller. So the
        // callee is searched too, but nothing beyond another function of ours.
        let beyond =
            reach(&callees, |at| if nodes[at].is_ours() { const { &Vec::new() } } else { &nodes[at].references });
        let mut calls = BTreeMap::new();
        for &to in &callees {
            *calls.entry(nodes[to].name()).or_default() += 1;
        }
        let places = node.references.iter().chain(&beyond).filter_map(|&at| nodes[at].place.clone()).collect();
        panics.push(Panicking { function: node.name(), calls, places });
    }
    panics
}

/// Whether the only panic that can be reached there is [`RESUMED`]: from the panic itself, from the body of an `async
/// fn` or the poll of a future of another crate, or from a piece of code that the compiler shares among functions. They may
/// call each other, but not in a circle.
fn only_resumed(nodes: &[Node], can_panic: &HashSet<usize>, at: usize) -> bool {
    let node = &nodes[at];
    let name = node.name();
    // Functions of ours are examined separately.
    let panics = |to: &usize| nodes[*to].is_code() && !nodes[*to].is_ours() && can_panic.contains(to);
    let mut panicking = node.references.iter().filter(|to| panics(to));
    name.starts_with(RESUMED)
        || (name.starts_with(OUTLINED) || name.contains(BODY) || name.contains(POLL))
            && panicking.all(|to| *to != at && only_resumed(nodes, can_panic, *to))
}

fn size(nodes: &[Node], of: impl IntoIterator<Item = usize>) -> Size {
    of.into_iter().map(|at| nodes[at].size()).sum()
}

fn is_allocator(name: &str) -> bool {
    name.starts_with("alloc::") || ALLOCATORS.contains(&last(name))
}

/// The last part of a path, which has the name in Rust's own symbols such as `__rustc::__rust_alloc`.
fn last(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Compiles `source` as a static library without std for this machine, and reads it.
    fn compiled(source: &str) -> Result<Image> {
        let folder = tempfile::tempdir()?;
        let (file, library) = (folder.path().join("sample.rs"), folder.path().join("sample.a"));
        let head = "#![no_std] #[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }";
        fs::write(&file, format!("{head}\n{source}"))?;
        let status = Command::new("rustc")
            .args(["--edition=2024", "--crate-type=staticlib", "-Cpanic=abort", "-O", "-o"])
            .args([&library, &file])
            .status()?;
        ensure!(status.success(), "the sample does not compile");
        Image::read(&library)
    }

    #[test]
    fn code_that_cannot_fail_has_neither_heap_nor_panics() {
        let image = compiled(
            "#[unsafe(no_mangle)] static qiyong_table: [u8; 64] = [7; 64];
             #[unsafe(no_mangle)] extern \"C\" fn qiyong_add(a: u32) -> u32 { a.wrapping_add(1) }",
        )
        .unwrap();
        assert!(image.allocators.is_empty(), "{:?}", image.allocators);
        assert_eq!(image.panic_count(), 0);
        assert_eq!(image.ours.rodata, 64);
        assert!((1..64).contains(&image.ours.text), "{}", image.ours.text);
        assert_eq!(image.kept.text, image.ours.text);
    }

    #[test]
    fn an_index_out_of_bounds_is_found_with_its_caller() {
        let image =
            compiled("#[unsafe(no_mangle)] extern \"C\" fn qiyong_pick(a: &[u8; 4], at: usize) -> u8 { a[at] }")
                .unwrap();
        let [panicking] = &image.panics[..] else { panic!("{} functions", image.panics.len()) };
        assert_eq!(panicking.function, "qiyong_pick");
        let calls: Vec<_> = panicking.calls.iter().collect();
        assert!(matches!(calls[..], [(name, 1)] if name.contains("panic_bounds_check")), "{calls:?}");
        let places: Vec<_> = panicking.places.iter().collect();
        assert!(matches!(places[..], [place] if place.contains("sample.rs:2:")), "{places:?}");
        assert!(image.kept.text > image.ours.text);
    }

    /// Every `async fn` can panic if it is polled after its end, which no executor does. Any other panic in an `async
    /// fn` of another crate is found.
    #[test]
    fn of_another_crates_async_fn_only_its_end_is_left_out() {
        let with = |pick: &str| {
            let body = format!(
                "use core::{{future::{{Future, poll_fn}}, hint::black_box, pin::{{Pin, pin}}, task::{{Context, Poll, Waker}}}};
                 mod other {{
                     pub async fn wait(of: &[u8; 4], at: usize) -> u8 {{
                         super::poll_fn(|_| super::black_box(super::Poll::Ready(at))).await;
                         super::black_box({pick})
                     }}
                 }}
                 fn qiyong_poll<F: Future<Output = u8>>(future: Pin<&mut F>) -> bool {{
                     // Through a pointer, so that the body is not inlined.
                     let poll: fn(Pin<&mut F>, &mut Context<'_>) -> Poll<u8> = black_box(F::poll);
                     poll(future, &mut Context::from_waker(Waker::noop())).is_ready()
                 }}
                 #[unsafe(no_mangle)] extern \"C\" fn qiyong_first(of: &[u8; 4], at: usize) -> bool {{
                     qiyong_poll(pin!(other::wait(of, at)))
                 }}"
            );
            compiled(&body).unwrap()
        };
        let harmless = with("of.first().copied().unwrap_or(0)");
        let bodies = harmless.nodes.iter().filter(|node| node.is_code() && node.name().contains(BODY)).count();
        assert!(bodies > 0, "the body was inlined, and this proves nothing");
        assert_eq!(harmless.panic_count(), 0);
        assert!(with("of[at]").panic_count() > 0);
    }

    #[test]
    fn a_box_is_found_as_heap() {
        let image = compiled(
            "extern crate alloc;
             unsafe extern \"C\" { safe fn malloc(size: usize) -> *mut u8; }
             struct Heap;
             unsafe impl core::alloc::GlobalAlloc for Heap {
                 unsafe fn alloc(&self, of: core::alloc::Layout) -> *mut u8 { malloc(of.size()) }
                 unsafe fn dealloc(&self, _: *mut u8, _: core::alloc::Layout) {}
             }
             #[global_allocator] static HEAP: Heap = Heap;
             #[unsafe(no_mangle)] extern \"C\" fn qiyong_box(a: u32) -> *mut u32 {
                 alloc::boxed::Box::into_raw(alloc::boxed::Box::new(a))
             }",
        )
        .unwrap();
        let found = |name| image.allocators.iter().any(|symbol| last(symbol) == name);
        assert!(found("malloc") && found("__rust_alloc"), "{:?}", image.allocators);
    }

    #[test]
    fn what_one_owner_alone_reaches_is_that_owners_and_the_rest_is_shared() {
        let image = compiled(
            "const fn table<const N: usize>(first: u8) -> [u8; N] {
                 let (mut table, mut at) = ([first; N], 0);
                 while at < N { table[at] ^= (at * at) as u8; at += 1; }
                 table
             }
             #[unsafe(no_mangle)] static one: [u8; 64] = table(1);
             #[unsafe(no_mangle)] static both: [u8; 32] = table(2);
             #[unsafe(no_mangle)] static neither: [u8; 16] = table(3);
             #[unsafe(no_mangle)] extern \"C\" fn qiyong_a(at: usize) -> u8 { one[at & 63] ^ both[at & 31] }
             #[unsafe(no_mangle)] extern \"C\" fn qiyong_b(at: usize) -> u8 { both[at & 31] }
             #[unsafe(no_mangle)] extern \"C\" fn other(at: usize) -> u8 { neither[at & 15] }",
        )
        .unwrap();
        let parts = image.parts("qiyong_", |name| name.strip_prefix("qiyong_").map(str::to_string));
        let found: Vec<_> = ["qiyong_a", "qiyong_b", "one", "both", "neither", "other"]
            .map(|name| parts.iter().find(|part| part.name == name).map(|part| part.owner.as_deref()))
            .into();
        assert_eq!(found, [Some(Some("a")), Some(Some("b")), Some(Some("a")), Some(None), None, None]);
        assert_eq!(parts.iter().map(|part| part.size).sum::<Size>().rodata, 64 + 32);
        assert_eq!(image.static_bytes("one").unwrap(), 64);
        assert!(image.static_bytes("two").is_err());
    }

    #[test]
    fn a_library_without_our_code_is_refused() {
        let error = compiled("#[unsafe(no_mangle)] extern \"C\" fn other() {}").err().unwrap();
        assert!(error.to_string().contains("not our library"), "{error}");
    }
}
