//! The figures of docs/operating.md §7: bytes are measured again, on a server with fewer people, and everything that follows from what is
//! given and measured is reckoned again. A figure of the page that does not follow fails.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;
use tempfile::TempDir;

use qiyong_centre::Place;
use qiyong_tests::centre::OfficeFile;
use qiyong_tests::manual::Page;
use qiyong_tests::postgres::{Care, Postgres};

const HEADING: &str = "7. How much for a country";
/// The tables whose rows are measured one by one.
const TABLES: [&str; 8] = ["persons", "cards", "card_acts", "relations", "journal", "postings", "entries", "audit"];
/// What is measured among fewer people may differ by this from the page's figure, in hundredths.
const NEAR: i64 = 20;

/// The figures of the page by their names, from its tables of two columns.
fn figures(page: &Page) -> BTreeMap<String, i64> {
    let rows =
        page.section(HEADING).lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    rows.filter_map(|(name, figure)| Some((name.to_owned(), figure.parse().ok()?))).collect()
}

/// Bytes and rows of every table.
fn sizes(server: &Postgres) -> BTreeMap<String, (i64, i64)> {
    server.sql("centre", "VACUUM ANALYZE");
    let tables = server.sql("centre", "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
    let one = |table: &str| {
        let said = server.sql("centre", &format!("SELECT pg_total_relation_size('{table}'), count(*) FROM {table}"));
        let (bytes, rows) = said.split_once('|').unwrap();
        (table.to_owned(), (bytes.parse().unwrap(), rows.parse().unwrap()))
    };
    tables.lines().map(one).collect()
}

/// By how much each table grew, and all of them together.
fn grown(
    before: &BTreeMap<String, (i64, i64)>,
    after: &BTreeMap<String, (i64, i64)>,
) -> (BTreeMap<String, (i64, i64)>, i64) {
    let each: BTreeMap<_, _> = after
        .iter()
        .map(|(table, (bytes, rows))| (table.clone(), (bytes - before[table].0, rows - before[table].1)))
        .collect();
    let all = each.values().map(|(bytes, _)| bytes).sum();
    (each, all)
}

fn position(server: &Postgres) -> i64 {
    server.sql("centre", "SELECT CAST(pg_current_wal_lsn() - '0/0'::pg_lsn AS BIGINT)").parse().unwrap()
}

/// What is measured with this many people, purchases and acts.
fn measure(people: u32, count: u32) -> BTreeMap<String, i64> {
    let server = Postgres::start(Care::Hasty);
    // As a server that is durable writes its log, without waiting for the disk.
    server.sql("postgres", "ALTER SYSTEM SET full_page_writes = on");
    server.sql("postgres", "SELECT pg_reload_conf()");
    let folder = TempDir::new().unwrap();
    let place = Place::new(&server.database("centre"), Some(&folder.path().join("centre.key"))).unwrap();
    let mut file = OfficeFile::at(folder, &place);
    file.populate(1_000);
    let few = sizes(&server);
    file.populate(people);
    let many = sizes(&server);
    let (tables, bytes) = grown(&few, &many);
    let mut found = BTreeMap::new();
    found.insert("bytes a person, in all tables".to_owned(), bytes / i64::from(people - 1_000));
    let mut row = |table: &str, (bytes, rows): (i64, i64)| {
        if rows > 200 && TABLES.contains(&table) {
            found.entry(format!("bytes a row of `{table}`")).or_insert(bytes / rows);
        }
    };
    tables.iter().for_each(|(table, size)| row(table, *size));
    let log = position(&server);
    file.purchases(count);
    let log = position(&server) - log;
    let paid = sizes(&server);
    let (tables, bytes) = grown(&many, &paid);
    tables.iter().for_each(|(table, size)| row(table, *size));
    let rows: i64 = tables.values().map(|(_, rows)| rows).sum();
    for at in 0..count {
        file.act("cost.book", json!({"amount": 100, "reference": format!("{at}"), "purpose": "水电"}));
    }
    let (tables, _) = grown(&paid, &sizes(&server));
    tables.iter().for_each(|(table, size)| row(table, *size));
    found.insert("bytes a purchase, in all tables".to_owned(), bytes / i64::from(count));
    found.insert("rows a purchase, hundredths".to_owned(), rows * 100 / i64::from(count));
    found.insert("bytes of the log a purchase".to_owned(), log / i64::from(count));
    found
}

#[test]
fn bytes_are_what_the_page_says() {
    // The page's figures: QIYONG_PEOPLE=10000.
    let people = std::env::var("QIYONG_PEOPLE").ok().and_then(|text| text.parse().ok()).unwrap_or(3_000);
    let measured = measure(people, 1_000);
    let page = figures(&Page::named("operating.md"));
    let mut table = String::new();
    for (name, figure) in &measured {
        let _ = writeln!(table, "| {name} | {figure} |");
    }
    println!("{people} people:\n{table}");
    for (name, figure) in &measured {
        let said = page.get(name).unwrap_or_else(|| panic!("docs/operating.md §7 lacks {name}: {figure}\n{table}"));
        assert!((figure - said).abs() * 100 <= said * NEAR, "{name}: {figure}, and the page says {said}");
    }
}

/// A number with three figures, in the largest of these units that it reaches.
fn short(number: f64, units: &[(f64, &str)]) -> String {
    let (size, unit) = units.iter().rev().find(|(from, _)| number >= *from).unwrap_or(&(1.0, ""));
    let value = number / size;
    let places = if value >= 100.0 { 0 } else { 1 + usize::from(value < 10.0) };
    format!("{value:.places$}{unit}")
}

fn bytes(number: f64) -> String {
    short(number, &[(1.0, " B"), (1e3, " kB"), (1e6, " MB"), (1e9, " GB"), (1e12, " TB")])
}

fn many(number: f64) -> String {
    short(number, &[(1.0, ""), (1e6, " million"), (1e9, " × 10⁹")])
}

/// The reckoning for a part of the country's people.
fn column(given: &BTreeMap<String, i64>, share: f64) -> Vec<(&'static str, String)> {
    #[expect(clippy::cast_precision_loss, reason = "for people, with three figures")]
    let figure = |name: &str| *given.get(name).unwrap_or_else(|| panic!("docs/operating.md §7 lacks {name}")) as f64;
    let hours = |days: f64| days * figure("hours of a working day") * 3_600.0;
    let settlements = figure("settlements a day") * share;
    let mean = settlements / 86_400.0;
    let top = settlements * figure("of them in the top hour, %") / 100.0 / 3_600.0;
    let peak = top * figure("head room");
    let cards = figure("cards") * share;
    let activations = cards / hours(figure("first activations within days"));
    let premiums = figure("employees of the premium run") * share * figure("kinds of insurance in it")
        / hours(figure("working days of the premium run"));
    let all = peak + activations;
    let planned =
        figure("transactions a second of one database (assumed)") * figure("of which to plan with, %") / 100.0;
    let people = figure("people") * share * figure("bytes a person, in all tables");
    let year = settlements * 365.0 * figure("bytes a purchase, in all tables");
    let log = figure("bytes of the log a purchase");
    let databases = (all / planned).ceil().max(1.0);
    vec![
        ("rows of cards", many(cards)),
        ("room for all people, with indices", bytes(people)),
        ("settlements a year", many(settlements * 365.0)),
        ("room they take a year", bytes(year)),
        ("settlements a second, mean", many(mean)),
        ("in the top hour", many(top)),
        ("with head room", many(peak)),
        ("first activations a second, in working hours", many(activations)),
        ("transactions a second to plan for", many(all)),
        ("lines of the premium run a second", many(premiums)),
        ("databases", format!("{databases:.0}")),
        ("transactions a second of each", many(all / databases)),
        ("log to a standby, a second, at that rate", bytes(all * log)),
        ("log a day (archive)", bytes(settlements * log)),
        (
            "what a day touches (memory): its people's rows",
            bytes(settlements * figure("bytes a person, in all tables")),
        ),
        ("of it in each database", bytes(settlements * figure("bytes a person, in all tables") / databases)),
    ]
}

#[test]
fn what_follows_is_reckoned_as_the_page_says() {
    let page = Page::named("operating.md");
    let given = figures(&page);
    #[expect(clippy::cast_precision_loss, reason = "for people, with three figures")]
    let share = |name: &str| given[name] as f64 / given["people"] as f64;
    let columns =
        [column(&given, 1.0), column(&given, share("people of Guangdong")), column(&given, share("people of Jiangsu"))];
    let mut table = "| What follows | Country | Guangdong | Jiangsu |\n|---|---|---|---|\n".to_owned();
    for (at, (name, country)) in columns[0].iter().enumerate() {
        let _ = writeln!(table, "| {name} | {country} | {} | {} |", columns[1][at].1, columns[2][at].1);
    }
    assert!(page.section(HEADING).contains(&table), "docs/operating.md §7 must have:\n{table}");
}
