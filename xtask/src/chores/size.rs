//! `cargo xtask size`: how many bytes the protocol engines take on the target, per module, against their bounds.
//!
//! This file knows to which module a function belongs, and how much is too much. `firmware` builds the library, `image`
//! reads it.
//!
//! A function that the compiler inlines has no size of its own: it counts for the module of the function into which it
//! was inlined. So the figure of one module may include code of another; the sum is exact. Library code and constants
//! without a name belong to the one module that reaches them.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::chores::board::Usage;
use crate::chores::firmware;
use crate::chores::image::{Image, Part, Size};
use crate::chores::symbol::path;

/// The most machine code that all engines together may take, including the compiler's helpers that they call, in bytes.
const TEXT_BOUND: u64 = 8192;
/// The most that they should take, in bytes. Beyond it nothing fails.
const TEXT_GOAL: u64 = 6144;
/// The most RAM that one command in either protocol may take, including its block buffer, in bytes.
const RAM_BOUND: u64 = 600;

/// The prefix of the engines' roots, in the library of `firmware/examples/engines.rs`.
const ENGINE: &str = "qiyong_engine_";
/// The root of the application, in the library of `firmware/examples/terminal.rs`.
const TERMINAL: &str = "qiyong_terminal";
/// The engines, as their modules and roots are called.
const ENGINES: [&str; 4] = ["atr", "pps", "t0", "t1"];
/// The statics whose size is that of the kept state, and the protocols that need it.
const SESSIONS: [(&str, &str); 2] = [("T=0", "qiyong_ram_t0"), ("T=1", "qiyong_ram_t1")];

/// The row for what several engines use: APDUs, status words, characters, and library code.
const SHARED: &str = "shared";
/// The row for what the compiler calls by itself: copying and filling memory, division of 64-bit numbers.
const HELPERS: &str = "compiler helpers";

/// The sizes of a library's modules.
struct Table {
    modules: Vec<(String, Size)>,
    sum: Size,
}

/// Runs the verb; `json` prints the same as one JSON object.
///
/// # Errors
/// The build for the target fails, or something exceeds its bound.
pub(crate) fn run(json: bool) -> Result<()> {
    let engines = Image::read(&firmware::build_small("engines")?)?;
    let parts = engines.parts(ENGINE, engine_of);
    let table = Table::new(&parts);
    let mut sessions = Vec::new();
    for (protocol, name) in SESSIONS {
        sessions.push((protocol, engines.static_bytes(name)?));
    }
    let application = Image::read(&firmware::build_small("terminal")?)?;
    let whole = Table::new(&application.parts(TERMINAL, module_of));

    let usage = Usage::of_image()?;
    if json {
        let ram =
            sessions.iter().map(|(protocol, bytes)| json!({"session": protocol, "bytes": bytes, "bound": RAM_BOUND}));
        let all = json!({
            "engines": table.json(),
            "text": {"bytes": table.sum.text, "bound": TEXT_BOUND, "goal": TEXT_GOAL},
            "ram": ram.collect::<Vec<_>>(),
            "application": whole.json(),
            "image": usage.json(),
        });
        println!("{all:#}");
    } else {
        println!(
            "Protocol engines, terminal's side, bytes on the target (inlined code counts where it was inlined into)"
        );
        table.print();
        println!("{:<32} {:>8}", "bound", TEXT_BOUND);
        println!("{:<32} {:>8}", "goal", TEXT_GOAL);
        println!("\nRAM of a command on its way, with a buffer of 258 bytes for its response; stack apart");
        for (protocol, bytes) in &sessions {
            println!("{protocol:<32} {bytes:>8}");
        }
        println!("{:<32} {:>8}", "bound, each", RAM_BOUND);
        println!("\nThe whole application, dummy drivers included");
        whole.print();
        println!("\nThe image for the board, by crate and module");
        usage.print();
    }
    check(&table, parts, &sessions)
}

/// # Errors
/// Something exceeds its bound: the error says by how much, and where.
fn check(table: &Table, mut parts: Vec<Part>, sessions: &[(&str, u64)]) -> Result<()> {
    for (protocol, bytes) in sessions {
        if *bytes > RAM_BOUND {
            bail!(
                "a command over {protocol} takes {bytes} bytes of RAM, {} more than its bound of {RAM_BOUND}: look at the \
                 fields of `Exchange` and `Connection` in protocol/src/iso7816",
                bytes - RAM_BOUND
            );
        }
    }
    if table.sum.text > TEXT_BOUND {
        parts.sort_by_key(|part| std::cmp::Reverse(part.size.text));
        let largest: Vec<_> =
            parts.iter().take(8).map(|part| format!("\n  {:>6}  {}", part.size.text, part.name)).collect();
        bail!(
            "the engines take {} bytes of code, {} more than their bound of {TEXT_BOUND}. The largest functions:{}",
            table.sum.text,
            table.sum.text - TEXT_BOUND,
            largest.concat()
        );
    }
    Ok(())
}

impl Table {
    fn new(parts: &[Part]) -> Self {
        let owner = |part: &Part| part.owner.clone().unwrap_or_else(|| SHARED.to_string());
        let mut names: Vec<_> = parts.iter().map(owner).collect();
        names.sort();
        names.dedup();
        let of = |name: String| {
            let size = parts.iter().filter(|part| owner(part) == name).map(|part| part.size).sum();
            (name, size)
        };
        Self { modules: names.into_iter().map(of).collect(), sum: parts.iter().map(|part| part.size).sum() }
    }

    fn print(&self) {
        println!("{:<32} {:>8} {:>8} {:>8} {:>8}", "", "text", "rodata", "data", "bss");
        let sum = ("sum".to_string(), self.sum);
        for (name, Size { text, rodata, data, bss }) in self.modules.iter().chain([&sum]) {
            println!("{name:<32} {text:>8} {rodata:>8} {data:>8} {bss:>8}");
        }
    }

    fn json(&self) -> Value {
        let entry = |name: &str, size: &Size| json!({"module": name, "text": size.text, "rodata": size.rodata, "data": size.data, "bss": size.bss});
        let modules: Vec<_> = self.modules.iter().map(|(name, size)| entry(name, size)).collect();
        json!({"modules": modules, "sum": entry("sum", &self.sum)})
    }
}

/// The engine to which a symbol belongs by its name.
fn engine_of(name: &str) -> Option<String> {
    let path = path(name);
    let engine = match path[..] {
        [root] if root.starts_with(ENGINE) => root.strip_prefix(ENGINE),
        ["qiyong_protocol", "iso7816", module, ..] => Some(module),
        _ => return helper(&path),
    };
    Some(engine.filter(|name| ENGINES.contains(name)).unwrap_or(SHARED).to_string())
}

/// The crate and module to which a symbol belongs by its name; within `iso7816`, one level more.
fn module_of(name: &str) -> Option<String> {
    let path = path(name);
    match path[..] {
        ["core" | "alloc" | "compiler_builtins", ..] | [] => helper(&path),
        ["qiyong_protocol", "iso7816", module, ..] => Some(format!("qiyong_protocol::iso7816::{module}")),
        [package, module, _, ..] if package.starts_with("qiyong_") => Some(format!("{package}::{module}")),
        [package, _, ..] => Some(package.to_string()),
        [root] if root.starts_with("qiyong_") => Some(root.to_string()),
        _ => helper(&path),
    }
}

fn helper(path: &[&str]) -> Option<String> {
    let is_helper = match path {
        ["compiler_builtins", ..] => true,
        // C compilers, too, give their helpers these names.
        [name] => name.starts_with("__") || name.starts_with("mem"),
        _ => false,
    };
    is_helper.then(|| HELPERS.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, text: u64) -> Part {
        Part { name: name.to_string(), owner: engine_of(name), size: Size { text, ..Size::default() } }
    }

    #[test]
    fn a_symbol_belongs_to_the_module_in_its_path() {
        let engine = |name| engine_of(name);
        assert_eq!(engine("qiyong_protocol::iso7816::t1::terminal::Exchange::wait").as_deref(), Some("t1"));
        assert_eq!(
            engine("<qiyong_protocol::iso7816::atr::Groups as core::iter::Iterator>::next").as_deref(),
            Some("atr")
        );
        assert_eq!(engine("qiyong_engine_pps").as_deref(), Some("pps"));
        assert_eq!(engine("qiyong_protocol::iso7816::apdu::Command::encode").as_deref(), Some(SHARED));
        assert_eq!(engine("__aeabi_uldivmod").as_deref(), Some(HELPERS));
        assert_eq!(engine("compiler_builtins::mem::memcpy").as_deref(), Some(HELPERS));
        // These belong to the module that reaches them.
        assert_eq!(engine("engines::target::over_t1"), None);
        assert_eq!(engine(".Lanon.0.1"), None);

        let module = |name| module_of(name);
        assert_eq!(
            module("qiyong_firmware::slot::contact::ContactSlot<L>::line").as_deref(),
            Some("qiyong_firmware::slot")
        );
        assert_eq!(
            module("qiyong_protocol::iso7816::t1::connection::Connection::new").as_deref(),
            Some("qiyong_protocol::iso7816::t1")
        );
        assert_eq!(module("<heapless::vec::VecInner<T> as core::clone::Clone>::clone").as_deref(), Some("heapless"));
        assert_eq!(module("core::slice::memchr::memchr"), None);
        assert_eq!(module("memcpy").as_deref(), Some(HELPERS));
    }

    #[test]
    fn the_bounds_themselves_are_allowed_and_a_byte_more_is_not() {
        let ram = [("T=1", RAM_BOUND)];
        let engines = |text| vec![part("qiyong_engine_atr", 192), part("qiyong_protocol::iso7816::t1::x", text)];
        let judge =
            |parts: Vec<Part>, ram: &[(&str, u64)]| check(&Table::new(&parts), parts, ram).map_err(|e| e.to_string());
        assert_eq!(judge(engines(TEXT_BOUND - 192), &ram), Ok(()));

        let error = judge(engines(TEXT_BOUND - 191), &ram).unwrap_err();
        assert!(error.contains("1 more than their bound") && error.contains("8001  qiyong_protocol"), "{error}");
        let error = judge(engines(0), &[("T=0", 1), ("T=1", RAM_BOUND + 5)]).unwrap_err();
        assert!(error.contains("T=1 takes 605 bytes of RAM, 5 more"), "{error}");
    }

    #[test]
    fn a_table_sums_up_by_owner() {
        let table =
            Table::new(&[part("qiyong_engine_t0", 3), part("qiyong_protocol::iso7816::t0::y", 4), part("?", 5)]);
        let modules: Vec<_> = table.modules.iter().map(|(name, size)| (name.as_str(), size.text)).collect();
        assert_eq!(modules, [(SHARED, 5), ("t0", 7)]);
        assert_eq!(table.sum.text, 12);
    }
}
