//! The tables of a PostgreSQL shared out by area, as a database of several servers shares them out: the centre works on them, and every
//! statement that it sends is asked for its plan. What goes to more than one part, and which tables have no area, stands in
//! docs/operating.md §6, which is compared with what the server says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;
use std::sync::LazyLock;

use regex::Regex;
use tempfile::TempDir;

use qiyong_centre::{Centre, Chain, Founding, Place};
use qiyong_protocol::card::codes::Region;
use qiyong_tests::centre::OfficeFile;
use qiyong_tests::closing::closing_line;
use qiyong_tests::manual::Page;
use qiyong_tests::postgres::{Care, Postgres};

/// The parts of every table that has an area: two areas, and all others.
const PARTS: &str = "320100 320500 rest";
/// The journal's parts: it knows institutions, and no area.
const JOURNAL_PARTS: u32 = 4;

/// A part of a table in a plan.
static PART: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b([a-z_]+)_(320100|320500|rest|h[0-3])\b").unwrap());

/// The tables that have no area, with how many.
const WITHOUT_AREA: &str =
    "SELECT table_name FROM information_schema.tables t WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
    AND table_name NOT LIKE 'pg_stat%' AND NOT EXISTS (SELECT 1 FROM information_schema.columns c
        WHERE c.table_schema = 'public' AND c.table_name = t.table_name AND c.column_name = 'area') ORDER BY 1";

/// What is unique over all areas: an index of a table that has an area, without it.
const UNIQUE_OVER_ALL: &str = "SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    WHERE t.relnamespace = 'public'::regnamespace AND x.indisunique
        AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'area')
        AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'area' AND a.attnum = ANY (x.indkey))
    ORDER BY 1";

/// Primary keys of tables that have an area, and do not begin with it.
const PRIMARY_ELSEWHERE: &str = "SELECT x.indrelid::regclass FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'area'
    WHERE t.relnamespace = 'public'::regnamespace AND x.indisprimary AND x.indkey[0] <> a.attnum ORDER BY 1";

/// A server that counts statements, and a centre with people in it.
fn populated() -> (Postgres, OfficeFile) {
    let mut server = Postgres::start(Care::Hasty);
    server.stop();
    server.configure(
        "shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.max = 5000\nautovacuum = off\n",
    );
    server.again();
    let address = server.database("centre");
    let folder = TempDir::new().unwrap();
    let place = Place::new(&address, Some(&folder.path().join("centre.key"))).unwrap();
    let mut file = OfficeFile::at(folder, &place);
    file.populate(1_000);
    server.sql("centre", "CREATE EXTENSION pg_stat_statements");
    (server, file)
}

/// Shares every table that has an area out by it, and the journal by its institutions.
fn share_out(server: &Postgres) {
    let sql = |statements: &str| server.sql("centre", statements);
    // References are taken up again between the tables that can have them.
    let references =
        sql("SELECT conrelid::regclass || '|' || conname || '|' || pg_get_constraintdef(oid) FROM pg_constraint
         WHERE contype = 'f' AND connamespace = 'public'::regnamespace");
    let mut script = String::new();
    for line in references.lines() {
        let (table, name) = line.split_once('|').unwrap();
        let _ = writeln!(script, "ALTER TABLE {table} DROP CONSTRAINT {};", name.split('|').next().unwrap());
    }
    sql(&script);
    let wide = sql(UNIQUE_OVER_ALL);
    for index in wide.lines() {
        let made = sql(&format!("SELECT pg_get_indexdef('{index}'::regclass)"));
        sql(&format!("DROP INDEX {index}; {}", made.replacen("CREATE UNIQUE INDEX", "CREATE INDEX", 1)));
    }
    let with_area =
        sql("SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'area'
         ORDER BY 1");
    let like = |table: &str, by: &str, without: &str| {
        format!(
            "ALTER TABLE {table} RENAME TO {table}_whole;
             CREATE TABLE {table} (LIKE {table}_whole INCLUDING ALL {without}) PARTITION BY {by};"
        )
    };
    let fill = |table: &str| format!("INSERT INTO {table} SELECT * FROM {table}_whole; DROP TABLE {table}_whole;");
    for table in with_area.lines() {
        let mut script = like(table, "LIST (area)", "");
        for part in PARTS.split(' ') {
            let values = if part == "rest" { "DEFAULT".into() } else { format!("FOR VALUES IN ('{part}')") };
            let _ = writeln!(script, "CREATE TABLE {table}_{part} PARTITION OF {table} {values};");
        }
        sql(&(script + &fill(table)));
    }
    let mut script = like("journal", "HASH (institution)", "EXCLUDING INDEXES");
    for part in 0..JOURNAL_PARTS {
        let values = format!("WITH (MODULUS {JOURNAL_PARTS}, REMAINDER {part})");
        let _ = writeln!(script, "CREATE TABLE journal_h{part} PARTITION OF journal FOR VALUES {values};");
    }
    sql(&(script
        + "DROP INDEX journal_number, journal_card;"
        + "CREATE UNIQUE INDEX journal_number ON journal (institution, terminal, batch, stan) WHERE kind = 'transaction';"
        + "CREATE INDEX journal_card ON journal (card) WHERE kind = 'transaction'; CREATE INDEX journal_id ON journal (id);"));
    // Its numbers go on.
    sql("SELECT setval(pg_get_serial_sequence('journal', 'id'), 1 + (SELECT coalesce(max(id), 0) FROM journal_whole))");
    sql(&fill("journal"));
    for line in references.lines() {
        let [table, name, reference]: [&str; 3] = line.splitn(3, '|').collect::<Vec<_>>().try_into().unwrap();
        // A number of the journal is no key of it any more.
        if !reference.contains("REFERENCES journal") {
            sql(&format!("ALTER TABLE {table} ADD CONSTRAINT {name} {reference}"));
        }
    }
    sql("ANALYZE");
}

/// Carries out a script that may fail in parts; what psql writes.
fn script(server: &Postgres, text: &str) -> String {
    let mut psql = server.client("psql");
    psql.args(["-X", "-q", "-A", "-t", "-d", "centre"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = psql.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = text.to_owned();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Each statement with its plan, for values that name the first area.
fn plans(server: &Postgres, statements: &[String]) -> Vec<(String, String)> {
    let prepare: Vec<String> =
        statements.iter().enumerate().map(|(at, sql)| format!("PREPARE s{at} AS {sql};\n")).collect();
    let types = script(
        server,
        &(prepare.concat() + "SELECT name || '|' || parameter_types::text FROM pg_prepared_statements;"),
    );
    let types: BTreeMap<&str, &str> = types.lines().filter_map(|line| line.split_once('|')).collect();
    let mut ask = prepare.concat() + "SET plan_cache_mode = force_custom_plan;\n";
    for at in 0..statements.len() {
        let Some(types) = types.get(format!("s{at}").as_str()) else { continue };
        let value = |kind: &str| match kind {
            "text" => "'320100'",
            "bigint" | "integer" => "1",
            "bytea" => "'\\x00'",
            _ => "NULL",
        };
        let all = types.trim_matches(['{', '}']).split(',').filter(|kind| !kind.is_empty());
        let values = all.map(value).collect::<Vec<_>>().join(", ");
        let values = if values.is_empty() { values } else { format!("({values})") };
        let _ = writeln!(ask, "\\echo ## {at}\nEXPLAIN (COSTS OFF) EXECUTE s{at}{values};");
    }
    let said = script(server, &ask);
    let plans = said.split("## ").skip(1).filter_map(|part| part.split_once('\n'));
    plans.map(|(at, plan)| (statements[at.trim().parse::<usize>().unwrap()].clone(), plan.trim().to_owned())).collect()
}

/// How many parts of each table a plan goes to.
fn parts(plan: &str) -> BTreeMap<&str, usize> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (_, [table, part]) in PART.captures_iter(plan).map(|found| found.extract()) {
        found.entry(table).or_default().insert(part);
    }
    found.into_iter().map(|(table, parts)| (table, parts.len())).collect()
}

/// In one line, for people.
fn flat(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn statements_of_the_centre_go_to_one_part_of_a_database_that_is_shared_out_by_area() {
    let (server, mut file) = populated();
    let page = Page::named("operating.md");
    let section = page.section("6. The sharding keys");
    // What the page says of tables is what the server says.
    for (what, sql) in [("tables without an area", WITHOUT_AREA), ("unique over all areas", UNIQUE_OVER_ALL)] {
        let names = server.sql("centre", sql);
        println!("{what}: {}", names.lines().collect::<Vec<_>>().join(", "));
        for name in names.lines() {
            assert!(section.contains(&format!("`{name}`")), "docs/operating.md §6 does not name {name}, of the {what}");
        }
    }
    assert_eq!(server.sql("centre", PRIMARY_ELSEWHERE), "", "keys that do not begin with the area");
    // So that the journal's parts are worth an index.
    file.purchases(200);
    share_out(&server);
    server.sql("centre", "SELECT pg_stat_statements_reset()");
    // The centre works on it as before: acts of every room, a terminal's purchase, and the chains.
    file.costs();
    let (folder, centre) = (file.folder, file.centre);
    drop(centre);
    let place = Place::new(&server.address("centre"), Some(&folder.path().join("centre.key"))).unwrap();
    let mut centre = Centre::open_at(&place).unwrap();
    let founding = Founding { area: Region::new("320500").unwrap(), agency: "苏州".into() };
    centre.found(&founding).unwrap();
    let said = server.sql(
        "centre",
        "SELECT regexp_replace(query, '\\s+', ' ', 'g') FROM pg_stat_statements s
         JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = 'centre' AND toplevel
            AND query ~* '^\\s*(SELECT|INSERT|UPDATE|DELETE|WITH)' AND query !~ 'pg_|information_schema' ORDER BY 1",
    );
    let statements: Vec<String> = said.lines().map(str::to_owned).collect();
    let whole = server.sql("centre", "SELECT count(*) FROM pg_class WHERE relkind = 'p'");
    let plans = plans(&server, &statements);
    assert!(plans.len() * 20 > statements.len() * 19, "{} of {} statements have a plan", plans.len(), statements.len());

    let (mut routed, mut one, mut several) = (0, 0, Vec::new());
    for (sql, plan) in &plans {
        match parts(plan).values().max() {
            None => routed += 1,
            Some(1) => one += 1,
            Some(_) => several.push((sql, plan)),
        }
    }
    println!(
        "{whole} tables are shared out; {} statements: {one} go to one part of each table, {routed} name no part (they add \
              rows, or ask tables without an area), {} go to several:",
        plans.len(),
        several.len()
    );
    let mut unknown = Vec::new();
    for (sql, plan) in &several {
        println!("  {:?}  {sql}", parts(plan));
        match SEVERAL.iter().find(|(part, _)| flat(sql).contains(part)) {
            Some((part, _)) => assert!(section.contains(part), "docs/operating.md §6 does not have `{part}`"),
            None => unknown.push((sql, plan)),
        }
    }
    assert!(unknown.is_empty(), "nothing says why these go to several parts: {unknown:#?}");
    assert!(one > 20, "{one} go to one part");
    closing_line(&format!(
        "statements that go to one part of a database shared out by area: {one} of {}",
        one + several.len()
    ));

    // The examples of the page are what the server says.
    server.sql("centre", "ANALYZE");
    for (sql, expected) in page.pairs("6. The sharding keys", "sql", "text") {
        let mut psql = server.client("psql");
        psql.env("PGOPTIONS", "-c enable_seqscan=off").args(["-X", "-q", "-A", "-t", "-d", "centre", "-c", &sql]);
        let said = psql.output().unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        assert_eq!(said.trim_end(), expected.trim_end(), "{sql}");
    }
    let verified = centre.verify();
    // The tables are not as the program makes them any more, which it says after it has followed the chains.
    match verified {
        Ok(all) => assert!(
            all.iter().all(|(_, chain, ledger)| matches!(chain, Chain::Whole(_)) && ledger.is_none()),
            "{all:?}"
        ),
        Err(error) => assert!(error.to_string().contains("not as this program makes it"), "{error}"),
    }
}

/// What goes to several parts, by what stands in it alone, and why it may.
const SEVERAL: &[(&str, &str)] = &[
    ("FROM cards WHERE number = $1", "a terminal names a card by its number alone"),
    ("FROM cards WHERE holder = $1", "one person, one card, in all areas of a province"),
    ("FROM institutions WHERE code = $1", "a message names an institution by its code alone"),
    ("FROM institutions LEFT JOIN agreements", "the same, with its agreement of the day"),
    ("FROM terminal_keys WHERE institution = $1", "a message names no area"),
    ("FROM journal", "the journal has no area: by card, or as a whole"),
    ("FROM outlets WHERE kind = $1", "which areas there are"),
];
