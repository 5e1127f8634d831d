//! docs/operating.md: its commands are run, its units are read by systemd, and its figures are reckoned and measured again.

mod figures;
mod pooler;
mod recovery;
mod units;

use qiyong_tests::manual::Page;

#[test]
fn a_centre_on_a_file_is_made_examined_and_copied_as_written() {
    Page::named("operating.md").runs_as_written("1. One machine, one file");
}
