//! The end-to-end tests, in one program: cargo runs test programs one after the other, and this one keeps all cores
//! busy to its end.
//!
//! Tests of the sources themselves (`citations`, `house`) are not in it, because they need none of the crates.

mod any_card;
mod atr_list;
mod bench;
mod benches;
mod captures;
mod card;
mod card_files;
mod ccid;
mod centre_damage;
mod centre_doctor;
mod centre_encrypted;
mod centre_http;
mod centre_life;
mod centre_load;
mod centre_partitions;
mod centre_people;
mod centre_personas;
mod centre_regions;
mod centre_tcp;
mod centre_till;
mod chaos;
mod dissector;
mod doctor;
mod emulate;
mod emulate_power;
mod exchange;
mod hospital;
mod idempotency;
mod journal;
mod journeys;
mod keyed;
mod keys;
mod lang;
mod manual;
mod operating;
mod pcsc;
mod pcsc_terminal;
mod pcsc_vpcd;
mod pico;
mod pictures;
mod power;
mod probe;
mod production;
mod program;
mod progress;
mod recorded_card;
mod scenarios;
mod schemas;
mod secrets;
mod serve_page;
mod settings;
mod settlement;
mod shell;
mod slot;
mod storage;
mod template;
mod terminal;
mod terminal_killed;
mod third_board;
mod till;
mod two_tills;
mod visits;
mod windows;

/// `autotests` is off, so cargo does not find a new file by itself.
#[test]
fn every_file_beside_this_one_is_a_module_of_it_or_a_program_of_its_own() {
    let package = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = std::fs::read_to_string(package.join("Cargo.toml")).expect("the manifest");
    let files = std::fs::read_dir(package.join("tests")).expect("the folder of this file");
    let mut modules = 0;
    for path in
        files.map(|file| file.expect("an entry").path()).filter(|path| path.extension().is_some_and(|e| e == "rs"))
    {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        let is_module = include_str!("end_to_end.rs").lines().any(|line| line == format!("mod {name};"));
        let is_program = manifest.contains(&format!("[[test]]\nname = \"{name}\"\n"));
        assert!(is_module != is_program, "tests/tests/{name}.rs: a module {is_module}, a program {is_program}");
        modules += usize::from(is_module);
    }
    assert!(modules > 0);
}
