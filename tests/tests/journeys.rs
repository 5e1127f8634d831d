//! The ways to a first success of docs/first-steps.md and, in Chinese, first-steps.zh.md, each as it is written, in a folder that has of a clone what they use; and how
//! long each takes with programs that are there, which docs/measurements.md has in a table.

use std::os::unix::fs::symlink;
use std::time::Instant;

use qiyong_tests::closing::closing_line;
use qiyong_tests::manual::Page;
use qiyong_tests::scenarios::root;

/// Folders of a clone.
const OF_A_CLONE: [&str; 2] = ["host-sim", "target"];

/// Runs each way of a page; what each has taken.
fn walked(page: &Page) -> Vec<String> {
    let mut told = Vec::new();
    for heading in page.headings() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in OF_A_CLONE {
            symlink(root().join(name), folder.path().join(name)).expect("a link");
        }
        let begin = Instant::now();
        page.runs_as_written_in(heading, folder.path());
        told.push(format!("{heading} {:.1}", begin.elapsed().as_secs_f64()));
    }
    assert_eq!(told.len(), 7, "{told:?}");
    told
}

#[test]
fn every_first_step_leads_there() {
    let page = Page::named("first-steps.md");
    let measured = Page::named("measurements.md");
    let table = measured.section("First steps");
    for heading in page.headings() {
        assert!(table.contains(&format!("\n| {heading} |")), "docs/measurements.md does not measure: {heading}");
    }
    closing_line(&format!("seconds to a first success: {}", walked(&page).join(", ")));
}

/// The same ways in Chinese, with what the program says there.
#[test]
fn every_first_step_leads_there_in_chinese() {
    walked(&Page::named("first-steps.zh.md"));
}
