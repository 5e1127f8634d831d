//! The examples of docs/usage.md that begin with an empty folder.

use qiyong_tests::manual::Page;

fn runs_as_written(heading: &str) {
    Page::named("usage.md").runs_as_written(heading);
}

#[test]
fn the_card_centre_by_commands() {
    runs_as_written("The card centre");
}

#[test]
fn a_terminal_with_a_key_of_its_own() {
    runs_as_written("A terminal with a key of its own");
}

#[test]
fn a_till_over_http() {
    runs_as_written("A till over HTTP");
}

#[test]
fn terminals_over_tcp() {
    runs_as_written("Terminals over TCP");
}
