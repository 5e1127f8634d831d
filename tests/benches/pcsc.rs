//! APDUs per second by libpcsclite, SELECT and READ BINARY of 255 bytes in turns, compared with what the kernel allows.
//!
//! The limit is a bare ping-pong over a Unix socket, measured in the same rounds. There are two of them: one with each
//! message in one piece, and one with the pieces in which libpcsclite writes and reads it (three writes, two reads),
//! which no server can change. Everything runs once on one core, and once wherever the system puts it.

use std::env;
use std::io::{BufRead, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use pcsc::{Context, Protocols, Scope, ShareMode};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use tempfile::TempDir;

use qiyong_protocol::card::files::Generation;
use qiyong_tests::bench::{Row, report};
use qiyong_tests::pcsc::real_pcscd::RealPcscd;
use qiyong_tests::programs::{PrivateServer, Watched};
use qiyong_tests::qiyong;

/// DF01, and the first 255 bytes of its file EF16.
const COMMANDS: [&[u8]; 2] = [&[0, 0xA4, 0, 0, 2, 0xDF, 0x01], &[0, 0xB0, 0x96, 0, 0xFF]];
/// Header and structure of TRANSMIT.
const REQUEST: usize = 40;
/// The structure alone.
const ANSWER: usize = 32;
/// Response data and status word: no data for the first command, 255 bytes for the second.
const RESPONSES: [usize; 2] = [2, 257];
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(400);
/// A card that waits for delayed acknowledgements takes 40 ms or more per APDU.
const SLOW_APDUS: u32 = 60;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, "echo", socket] => echo(Path::new(socket)),
        [_, "client"] => client(None),
        [_, "client", apdus] => client(Some(apdus)),
        [_, "plain-card", address] => plain_card(address),
        _ => return measure(),
    }
    ExitCode::SUCCESS
}

fn measure() -> ExitCode {
    let everywhere = sched_getaffinity(None).expect("the cores");
    let mut first = CpuSet::new();
    first.set((0..CpuSet::MAX_CPU).find(|cpu| everywhere.is_set(*cpu)).expect("a core"));
    let rows = [(first, ONE_CORE), (everywhere, ANY_CORE)].into_iter().flat_map(|(cores, names)| {
        // Programs started from now on inherit this.
        sched_setaffinity(None, &cores).expect("cores can be chosen");
        measured(names)
    });
    report::print(&rows.collect::<Vec<_>>())
}

/// The rows' names: ping-pong in one piece and in libpcsclite's pieces; our server in both ways; the packaged one with
/// `qiyong vicc` and with a card that does not know TCP_QUICKACK.
type Names = [&'static str; 6];

const ONE_CORE: Names = [
    "bare ping-pong, a message in one piece, one core",
    "bare ping-pong, in libpcsclite's pieces, one core",
    "APDU through qiyong pcscd, one core",
    "APDU through qiyong pcscd --slot line, one core",
    "APDU through packaged pcscd and vpcd, qiyong vicc, one core",
    "APDU through packaged pcscd and vpcd, no TCP_QUICKACK, one core",
];
const ANY_CORE: Names = [
    "bare ping-pong, a message in one piece, any core",
    "bare ping-pong, in libpcsclite's pieces, any core",
    "APDU through qiyong pcscd, any core",
    "APDU through qiyong pcscd --slot line, any core",
    "APDU through packaged pcscd and vpcd, qiyong vicc, any core",
    "APDU through packaged pcscd and vpcd, no TCP_QUICKACK, any core",
];
/// At least 70 % of the bare ping-pong of the same message sizes.
const OF_PING_PONG: f64 = 1.0 / 0.7;
/// At least 200 times as fast.
const OF_SLOW: f64 = 1.0 / 200.0;

/// The rows for one choice of cores, in ns per APDU or round trip: the median of all rounds.
fn measured([one_piece, pieces, straight, line, quick, slow]: Names) -> [Row; 6] {
    let mut rates = [const { Vec::new() }; 4];
    let mut ping_pong = PingPong::new();
    let servers = ["straight", "line"].map(|way| PrivateServer::with_options(&[Generation::V2], &["--slot", way]));
    // In turns, so that other work of the machine affects all of them alike.
    for _ in 0..ROUNDS {
        rates[0].push(rate(|at| ping_pong.whole(at)));
        rates[1].push(rate(|at| ping_pong.in_pieces(at)));
        rates[2].push(through(&servers[0].socket(), None));
        rates[3].push(through(&servers[1].socket(), None));
    }
    let ns = |rate: f64| 1e9 / rate;
    let [whole, in_pieces, ours, on_line] = rates.map(|rates| ns(median(&rates)));
    [
        Row::ns(one_piece, whole),
        Row::ns(pieces, in_pieces),
        Row::ns(straight, ours).compared_with(one_piece).ratio_at_most(OF_PING_PONG),
        Row::ns(line, on_line).compared_with(straight),
        Row::ns(quick, ns(through_vpcd(true))).compared_with(slow).ratio_at_most(OF_SLOW),
        Row::ns(slow, ns(through_vpcd(false))),
    ]
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// How often `once` can be done in a second; it gets 0 and 1 in turns.
fn rate(mut once: impl FnMut(usize)) -> f64 {
    let (start, mut count) = (Instant::now(), 0u32);
    while start.elapsed() < ROUND {
        for _ in 0..10 {
            once(0);
            once(1);
        }
        count += 20;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

/// A process that answers each request with as many bytes as the server would.
struct PingPong {
    stream: UnixStream,
    buffer: Vec<u8>,
    _echo: Watched,
    _folder: TempDir,
}

impl PingPong {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let socket = folder.path().join("echo");
        let mut command = Command::new(env::current_exe().unwrap());
        let mut echo = Watched::start(command.arg("echo").arg(&socket));
        assert_eq!(echo.lines().lines().next().unwrap().unwrap(), "listening");
        Self { stream: UnixStream::connect(&socket).unwrap(), buffer: vec![0; 1024], _echo: echo, _folder: folder }
    }

    fn whole(&mut self, at: usize) {
        self.stream.write_all(&self.buffer[..REQUEST + COMMANDS[at].len()]).unwrap();
        self.stream.read_exact(&mut self.buffer[..ANSWER + RESPONSES[at]]).unwrap();
    }

    fn in_pieces(&mut self, at: usize) {
        for len in [8, REQUEST - 8, COMMANDS[at].len()] {
            self.stream.write_all(&self.buffer[..len]).unwrap();
        }
        for len in [ANSWER, RESPONSES[at]] {
            self.stream.read_exact(&mut self.buffer[..len]).unwrap();
        }
    }
}

fn echo(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    println!("listening");
    let (mut stream, _) = listener.accept().unwrap();
    let mut buffer = [0; 1024];
    for at in [0, 1].into_iter().cycle() {
        if stream.read_exact(&mut buffer[..REQUEST + COMMANDS[at].len()]).is_err() {
            return;
        }
        stream.write_all(&buffer[..ANSWER + RESPONSES[at]]).unwrap();
    }
}

/// The rate by libpcsclite. Each time in a process of its own, since libpcsclite looks up the server only once.
fn through(socket: &Path, apdus: Option<u32>) -> f64 {
    let mut command = Command::new(env::current_exe().unwrap());
    command.arg("client").args(apdus.map(|count| count.to_string())).env("PCSCLITE_CSOCK_NAME", socket);
    let output = Watched::start(&mut command).output();
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// What [`through`] runs: so many APDUs, or as many as the time allows.
fn client(apdus: Option<&str>) {
    let context = Context::establish(Scope::User).expect("the server answers");
    let readers = context.list_readers_owned().expect("readers");
    let card = context.connect(&readers[0], ShareMode::Shared, Protocols::ANY).expect("a card");
    let mut buffer = [0; 300];
    let mut once = |at: usize| {
        let response = card.transmit(COMMANDS[at], &mut buffer).expect("a response");
        // T=0 announces the data of SELECT; the program does not fetch it.
        assert!(
            response.len() == RESPONSES[at] && matches!(response[RESPONSES[at] - 2], 0x61 | 0x90),
            "{response:02X?}"
        );
    };
    let rate = match apdus {
        None => rate(once),
        Some(count) => {
            let (start, count) = (Instant::now(), count.parse::<u32>().expect("a number") / 2);
            for _ in 0..count {
                once(0);
                once(1);
            }
            f64::from(2 * count) / start.elapsed().as_secs_f64()
        }
    };
    println!("{rate}");
}

/// The rate by the packaged pcscd and vpcd, with `qiyong vicc` or with a card that does not know TCP_QUICKACK.
fn through_vpcd(quick: bool) -> f64 {
    let pcscd = RealPcscd::start();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("card.toml");
    let new = ["card", "new", "--profile", "v2", "--out", file.to_str().unwrap()];
    assert!(Watched::start(Command::new(qiyong()).args(new)).output().status.success());
    let address = format!("127.0.0.1:{}", pcscd.port);
    let mut command = if quick { Command::new(qiyong()) } else { Command::new(env::current_exe().unwrap()) };
    let _card = if quick {
        Watched::start(command.args(["vicc", "--connect", &address, "--card", file.to_str().unwrap()]))
    } else {
        Watched::start(command.args(["plain-card", &address]))
    };
    pcscd.wait_for_card();
    if !quick {
        return through(&pcscd.socket(), Some(SLOW_APDUS));
    }
    median(&(0..ROUNDS).map(|_| through(&pcscd.socket(), None)).collect::<Vec<_>>())
}

/// A card in its simplest form: it reads messages, and gives the answers to [`COMMANDS`].
fn plain_card(address: &str) {
    let mut stream = TcpStream::connect(address).expect("vpcd listens");
    loop {
        let mut len = [0; 2];
        if stream.read_exact(&mut len).is_err() {
            return;
        }
        let mut frame = vec![0; u16::from_be_bytes(len).into()];
        stream.read_exact(&mut frame).expect("a frame");
        let answer = match *frame.as_slice() {
            [4] => vec![0x3B, 0x00],
            [_] => continue,
            [_, 0xA4, ..] => vec![0x90, 0x00],
            _ => [&[0; 255][..], &[0x90, 0x00]].concat(),
        };
        let frame = [&(answer.len() as u16).to_be_bytes()[..], &answer].concat();
        stream.write_all(&frame).expect("vpcd reads");
    }
}
