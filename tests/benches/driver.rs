//! The driver library: how long it takes to load and to give its first answer, and how fast iReadCardBas reads by libpcsclite.
//!
//! The yardstick is the APDUs of such a call alone, sent by libpcsclite to the same server in the same rounds, on a card that stays
//! connected. What the library adds is what keeps the card to itself: connection, transaction, reset, and power off.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use pcsc::{Card, Context, Protocols, Scope, ShareMode};
use tempfile::TempDir;

use qiyong_protocol::card::commands;
use qiyong_protocol::card::files::{EF05, EF06, Generation, tag};
use qiyong_protocol::iso7816::apdu;
use qiyong_tests::bench::{Row, report};
use qiyong_tests::programs::{PrivateServer, Watched};

const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(400);
/// What must be loaded and answer once within this time, in ns.
const FIRST: f64 = 50e6;
/// At least half of the yardstick's rate.
const OF_BARE: f64 = 2.0;

fn main() -> ExitCode {
    match env::args().nth(1).as_deref() {
        Some("bare") => {
            println!("{}", bare());
            ExitCode::SUCCESS
        }
        _ => measure(),
    }
}

fn measure() -> ExitCode {
    let server = PrivateServer::with(&[Generation::V2]);
    let desk = Desk::new();
    let (mut first, mut file, mut reader, mut bare) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    fs::copy(server.card_file(0), desk.0.path().join("card.toml")).unwrap();
    // In turns, so that other work of the machine affects all of them alike.
    for _ in 0..ROUNDS {
        desk.source("file card.toml");
        first.push(desk.call("first", &server));
        file.push(desk.call("reads", &server));
        desk.source("reader any");
        reader.push(desk.call("reads", &server));
        let mut command = server.command(env::current_exe().unwrap().to_str().unwrap());
        bare.push(number(command.arg("bare")));
    }
    report::print(&[
        Row::ns("driver library: load and first answer, a card file", median(first)).at_most(FIRST),
        Row::ns("iReadCardBas, a card file", median(file)),
        Row::ns("the APDUs of iReadCardBas alone, by libpcsclite", median(bare)),
        Row::ns("iReadCardBas by libpcsclite", median(reader))
            .compared_with("the APDUs of iReadCardBas alone, by libpcsclite")
            .ratio_at_most(OF_BARE),
    ])
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A folder with the library, its settings and its caller.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(TempDir::new().unwrap());
        fs::copy(library(), desk.0.path().join("libsscarddriver.so")).unwrap();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut compile = Command::new("cc");
        compile.args(["-O2", "-I"]).arg(sources.join("../host-sim/driver/include"));
        compile.arg(sources.join("benches/driver.c")).args(["-ldl", "-o"]).arg(desk.0.path().join("caller"));
        assert!(compile.status().expect("cc").success());
        desk
    }

    fn source(&self, source: &str) {
        fs::write(self.0.path().join("SSCardDriver.ini"), format!("[SSCardDriver]\nsource = {source}\n")).unwrap();
    }

    fn call(&self, what: &str, server: &PrivateServer) -> f64 {
        let folder = self.0.path();
        let mut command = server.command(folder.join("caller").to_str().unwrap());
        command.env_remove("QIYONG_DRIVER_INI").arg(folder.join("libsscarddriver.so")).arg(what);
        number(&mut command)
    }
}

/// The library as `cargo xtask bench` has built it: optimised, beside the program `qiyong`.
fn library() -> PathBuf {
    let path = qiyong_tests::qiyong().with_file_name("libsscarddriver.so");
    assert!(path.exists(), "{} is missing: build qiyong-driver with the feature pcsc first", path.display());
    path
}

fn number(command: &mut Command) -> f64 {
    let output = Watched::start(command).output();
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// The APDUs of an iReadCardBas, again and again: ns for all of them.
fn bare() -> f64 {
    let context = Context::establish(Scope::User).expect("the server answers");
    let readers = context.list_readers_owned().expect("readers");
    let card = context.connect(&readers[0], ShareMode::Shared, Protocols::ANY).expect("a card");
    let commands = commands();
    let once = || commands.iter().for_each(|command| exchange(&card, command));
    (0..20).for_each(|_| once());
    let (start, mut count) = (Instant::now(), 0.0);
    while start.elapsed() < ROUND {
        once();
        count += 1.0;
    }
    start.elapsed().as_secs_f64() * 1e9 / count
}

/// As the reader takes them, in T=0: what goes to the card has no Le.
fn commands() -> Vec<Vec<u8>> {
    let select = |fid: u16| encoded(&commands::select_file(&fid.to_be_bytes()));
    let record = |fid, tag| {
        let (number, spec) = Generation::V2.ssse_record(fid, tag).unwrap();
        encoded(&commands::read_record(number, spec.len))
    };
    let mut all = vec![encoded(&commands::select_environment()), select(EF05)];
    all.extend(
        [tag::VERSION, tag::IDENT_CODE, tag::ISSUED, tag::EXPIRES, tag::CARD_NUMBER].map(|tag| record(EF05, tag)),
    );
    all.push(select(EF06));
    all.extend([tag::ID_NUMBER, tag::NAME, tag::NAME_EXTENSION].map(|tag| record(EF06, tag)));
    all
}

fn encoded(command: &apdu::Command<'_>) -> Vec<u8> {
    let mut room = [0; 300];
    let bytes = command.encode(&mut room).unwrap();
    let le = usize::from(!command.data.is_empty() && command.ne > 0);
    bytes[..bytes.len() - le].to_vec()
}

fn exchange(card: &Card, command: &[u8]) {
    let mut buffer = [0; 300];
    let response = card.transmit(command, &mut buffer).expect("a response");
    match response[response.len() - 2..] {
        [0x90, 0x00] => {}
        [0x61, left] => {
            let response = card.transmit(&[0, 0xC0, 0, 0, left], &mut buffer).expect("a response");
            assert_eq!(response[response.len() - 2..], [0x90, 0x00]);
        }
        _ => panic!("{command:02X?}: {response:02X?}"),
    }
}
