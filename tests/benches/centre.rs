//! How fast fictional people come, compared with bare batched inserts of the same rows in the same run; and what an act costs
//! among them. `QIYONG_PEOPLE=1000000` measures a million.
//!
//! The yardstick takes the rows that just came out of the file, untimed, and inserts them into a second file of the same schema
//! over a plain connection: a prepared statement for each table, a transaction for each thousand people, the same memory for
//! pages, no foreign keys. It makes no numbers, names or forms, and seals, hashes and looks up nothing.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use qiyong_centre::populate::PAGES_KIB;
use qiyong_tests::bench::{Row, Yardstick, report};
use qiyong_tests::centre::OfficeFile;
use qiyong_tests::centre::costs::ACTS;

/// People that come between two turns of the yardstick.
const STEP: u32 = 10_000;
/// The yardstick's transactions of a step.
const TRANSACTIONS: usize = 10;
const PEOPLE: u32 = 30_000;

fn main() -> ExitCode {
    let asked = std::env::var("QIYONG_PEOPLE").ok().and_then(|people| people.parse().ok());
    let people: u32 = asked.unwrap_or(PEOPLE).max(2 * STEP).next_multiple_of(STEP);
    let (mut file, twin) = (OfficeFile::new(), OfficeFile::new());
    let [from, to] = [&file, &twin].map(|file| file.folder.path().join("centre.db"));
    let mut yardstick = Yardstick::new(&from, &to);
    yardstick.set("cache_size", -i64::from(PAGES_KIB));
    let mut populate = Duration::ZERO;
    let mut few = Vec::new();
    for there in (STEP..=people).step_by(STEP as usize) {
        let begun = Instant::now();
        file.populate(there);
        populate += begun.elapsed();
        yardstick.insert(TRANSACTIONS);
        if there == STEP {
            // The first time, rows are added that are changed from then on.
            file.costs();
            few = file.costs();
            // These have rows too, which are nobody's.
            yardstick.skip();
        }
    }
    let begun = Instant::now();
    let found = file.centre.verify().expect("the file");
    assert!(found.iter().all(|(_, _, ledger)| ledger.is_none()), "{found:?}");
    let each = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(people);
    let (comes, bare) = ("a person comes, with everything", "the rows of a person, bare inserts");
    let mut rows = vec![
        Row::ns(bare, each(yardstick.taken)),
        Row::ns(comes, each(populate)).compared_with(bare).ratio_at_most(2.0),
        Row::ns("a person is verified: chains and ledger", each(begun.elapsed())),
        count("people", f64::from(people)),
        count("rows of a person", yardstick.rows as f64 / f64::from(people)),
    ];
    for ((act, few), many) in ACTS.iter().zip(few).zip(file.costs()) {
        let name = |among: &str| -> &'static str { format!("steps of {act} among {among}").leak() };
        let among_few = name("ten thousand");
        rows.push(count(among_few, few.steps as f64));
        rows.push(count(name("all"), many.steps as f64).compared_with(among_few).ratio_at_most(1.02));
    }
    report::print(&rows)
}

const fn count(name: &'static str, value: f64) -> Row {
    Row { unit: "", ..Row::ns(name, value) }
}
