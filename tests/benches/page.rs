//! Reads of a card file through `qiyong serve-page`, compared with the driver library's own in the same rounds: what HTTP, the
//! origin's check and JSON cost.
//!
//! The service has one core; the page that asks has the same one, then any.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use sscarddriver::boundary::{Value, call};
use sscarddriver::settings::{Settings, Source};
use tempfile::TempDir;

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::files::Generation;
use qiyong_tests::bench::{Row, report};
use qiyong_tests::programs::Watched;
use qiyong_tests::{qiyong, sample_card};

const LIBRARY: &str = "iReadCardBas of a card file by the library, one core";
const SAME_CORE: &str = "the same through qiyong serve-page, one core for both sides";
const ANY_CORE: &str = "the same, one core for the service, any for the page";
/// A thousand reads a second.
const AT_MOST: f64 = 1e6;
const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(400);

fn main() -> ExitCode {
    let everywhere = sched_getaffinity(None).expect("the cores");
    let mut first = CpuSet::new();
    first.set((0..CpuSet::MAX_CPU).find(|cpu| everywhere.is_set(*cpu)).expect("a core"));
    let on = |cores: &CpuSet| sched_setaffinity(None, cores).expect("cores can be chosen");

    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("card.toml");
    let card = make_card(&sample_card(Generation::V2), &Hsm::test_keys()).expect("a card");
    card.save(&path).expect("a file");
    let settings = Settings { source: Source::File(path.clone()), ..Settings::default() };
    on(&first);
    let (_service, port) = serve(folder.path());
    let mut page = Page::new(port);
    let mut times = [const { Vec::new() }; 3];
    // In turns, so that other work of the machine affects all of them alike.
    for _ in 0..ROUNDS {
        on(&first);
        times[0].push(time(|| {
            let text = call("iReadCardBas", &[Value::Number(3)], &settings).map_err(|failure| failure.code);
            assert!(text.expect("a card").starts_with(b"320100|"));
        }));
        times[1].push(time(|| page.read()));
        on(&everywhere);
        times[2].push(time(|| page.read()));
    }
    let [library, same, any] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    });
    report::print(&[
        Row::ns(LIBRARY, library),
        Row::ns(SAME_CORE, same).at_most(AT_MOST).compared_with(LIBRARY),
        Row::ns(ANY_CORE, any).at_most(AT_MOST).compared_with(LIBRARY),
    ])
}

/// Nanoseconds for one.
fn time(mut once: impl FnMut()) -> f64 {
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < ROUND {
        once();
        count += 1;
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(count)
}

fn serve(folder: &Path) -> (Watched, u16) {
    let mut command = Command::new(qiyong());
    command.current_dir(folder).args(["serve-page", "--card", "card.toml", "--consents", "consents", "--consent"]);
    command.args(["--origin", "https://his.example", "--port", "v1=0"]);
    command.args(["--without", "ws-12342", "--without", "ws-1919", "--without", "http-8321"]);
    // Its log goes nowhere: a pipe that nobody reads would fill.
    let mut service = Watched::start(command.args(["--log", "off"]));
    let row = service.lines().lines().next().expect("it listens").expect("a row");
    let port = row.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("{row}"));
    (service, port)
}

/// A page on a connection that stays.
struct Page {
    stream: BufReader<TcpStream>,
    request: String,
}

impl Page {
    fn new(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        stream.set_nodelay(true).expect("a socket");
        let body = r#"{"function":"iReadCardBas","iType":3}"#;
        let request = format!(
            "POST /v1/call HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: https://his.example\r\nContent-Type: \
             application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Self { stream: BufReader::new(stream), request }
    }

    fn read(&mut self) {
        self.stream.get_mut().write_all(self.request.as_bytes()).expect("it reads");
        let (mut length, mut row) = (0, String::new());
        loop {
            row.clear();
            self.stream.read_line(&mut row).expect("an answer");
            match row.trim_end().split_once(": ") {
                Some(("content-length", number)) => length = number.parse().expect("a length"),
                None if row == "\r\n" => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        assert!(body.starts_with(b"{\"code\":0,\"text\":\"320100|"), "{}", String::from_utf8_lossy(&body));
    }
}
