//! The template board as cargo-generate fills it in. That program itself does not run here: it takes three minutes to build. What its runs
//! by hand showed to go wrong is looked at in the files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

fn template() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware/boards/template")
}

fn read(name: &str) -> String {
    fs::read_to_string(template().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn names(manifest: &Table, section: &str) -> BTreeSet<String> {
    manifest[section].as_table().expect("a table").keys().cloned().collect()
}

/// What is wrong with a template of this manifest and these settings of cargo-generate.
fn faults(liquid: &str, settings: &str) -> Vec<String> {
    let settings: Table = settings.parse().expect("TOML");
    let own: Table = read("Cargo.toml").parse().expect("TOML");
    let mut faults = Vec::new();
    // A file is included by the name that it gets, without .liquid.
    let included = settings["template"]["include"].as_array().expect("a list");
    if !included.iter().any(|name| name.as_str() == Some("Cargo.toml")) {
        faults.push("the manifest is not filled in".to_owned());
    }
    let mut filled = liquid.replace("{{project-name}}", "my-board");
    for placeholder in settings["placeholders"].as_table().expect("placeholders").keys() {
        filled = filled.replace(&format!("{{{{{placeholder}}}}}"), "/there");
    }
    if filled.contains("{{") {
        faults.push("something is left to be filled in".to_owned());
    }
    let filled: Table = filled.parse().expect("TOML");
    let library = filled["lib"].get("name").and_then(|name| name.as_str()).unwrap_or("my_board");
    if !read("tests/self_test/host.rs").contains(&format!("use {library}::")) {
        faults.push(format!("the self-test does not know the library as {library}"));
    }
    for section in ["dependencies", "dev-dependencies"] {
        if names(&filled, section) != names(&own, section) {
            faults.push(format!("{section} are not those of the template"));
        }
    }
    faults
}

#[test]
fn the_template_can_be_generated_from() {
    let (liquid, settings) = (read("Cargo.toml.liquid"), read("cargo-generate.toml"));
    assert_eq!(faults(&liquid, &settings), [""; 0]);
    for (liquid, settings) in [
        (liquid.clone(), settings.replace("\"Cargo.toml\"", "\"Cargo.toml.liquid\"")),
        (liquid.replace("name = \"qiyong_board_template\"\n", ""), settings.clone()),
        (liquid.replace("{{qiyong}}/protocol", "{{place}}/protocol"), settings.clone()),
        (liquid.replace("static_cell = \"2.1\"\n", ""), settings.clone()),
    ] {
        assert_eq!(faults(&liquid, &settings).len(), 1, "{liquid}{settings}");
    }
}
