//! The C header is what cbindgen makes of the exported functions, and the library exports them and nothing else.

use std::fmt::Write as _;
use std::{env, fs};

use cbindgen::{Builder, Language};
use sscarddriver::boundary::{FUNCTIONS, Parameter};

/// Set, the header is written and not compared.
const WRITE: &str = "QIYONG_WRITE_HEADER";
const HEADER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/include/sscarddriver.h");
const ABOUT: &str = "\
/* The standard driver library of social security cards. Made by cbindgen: see tests/header.rs.
 *
 * Every function returns 0, or a code below 0. Texts are GBK and end with NUL. The buffer, which is the last parameter, has at
 * least 256 bytes: it receives the answer or, if the result is below 0, a message. */";

/// cbindgen reads no macros, so that it gets the functions as the table has them.
fn source() -> String {
    let mut source = String::new();
    for function in FUNCTIONS {
        let parameters = function.parameters.iter().map(|(name, kind)| match kind {
            Parameter::Number => format!("{name}: c_int, "),
            Parameter::Text => format!("{name}: *const c_char, "),
            Parameter::Field => format!("{name}: *mut c_char, "),
        });
        let parameters: String = parameters.collect();
        let (name, about) = (function.name, function.about);
        let buffer =
            if function.buffer.is_empty() { String::new() } else { format!("{}: *mut c_char", function.buffer) };
        let _ = writeln!(
            source,
            "/// {about}\n#[unsafe(no_mangle)]\npub extern \"C\" fn {name}({parameters}{buffer}) -> i64 {{ 0 }}"
        );
    }
    source
}

#[test]
fn the_header_is_that_of_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("functions.rs");
    fs::write(&path, source()).unwrap();
    let bindings = Builder::new()
        .with_src(path)
        .with_language(Language::C)
        .with_cpp_compat(true)
        .with_include_guard("SSCARDDRIVER_H_")
        .with_no_includes()
        .with_sys_include("stdint.h")
        .with_documentation(true)
        .with_header(ABOUT);
    let mut made = Vec::new();
    bindings.generate().unwrap().write(&mut made);
    let made = String::from_utf8(made).unwrap();
    if env::var_os(WRITE).is_some() {
        fs::write(HEADER, &made).unwrap();
    }
    assert_eq!(fs::read_to_string(HEADER).unwrap_or_default(), made, "set {WRITE} and run this test once more");
}

#[test]
fn the_library_exports_the_table_and_nothing_else() {
    use object::{Object as _, ObjectSymbol as _};
    let deps = env::current_exe().unwrap().parent().unwrap().to_path_buf();
    let bytes = fs::read(deps.join("libsscarddriver.so")).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let symbols = file.dynamic_symbols().filter(|symbol| symbol.is_definition() && symbol.is_global());
    let mut exported: Vec<_> = symbols.map(|symbol| symbol.name().unwrap().to_string()).collect();
    exported.sort();
    let mut table: Vec<_> = FUNCTIONS.iter().map(|function| function.name).collect();
    table.sort_unstable();
    assert_eq!(exported, table);
}
