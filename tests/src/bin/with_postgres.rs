//! `cargo run -p qiyong-tests --bin with_postgres -- COMMAND`: runs a command beside a PostgreSQL server of its own, whose
//! address stands in `QIYONG_TEST_POSTGRES`. Some tests of the centre need it; with `QIYONG_TEST_STORE=postgres` all of them run
//! on it instead of SQLite.

use std::process::{Command, ExitCode};

use qiyong_tests::postgres::{Care, Postgres};

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let Some(program) = words.next() else {
        eprintln!("with_postgres: which command? with_postgres -- COMMAND [WORDS]");
        return ExitCode::from(2);
    };
    let server = Postgres::start(Care::Hasty);
    let status = Command::new(&program)
        .args(words)
        .env("QIYONG_TEST_POSTGRES", server.address("postgres"))
        // Tests compare what the program says, whatever the tester's language is.
        .env("QIYONG_LANG", "en")
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("with_postgres: {}: {error}", program.display());
            ExitCode::from(2)
        }
    }
}
