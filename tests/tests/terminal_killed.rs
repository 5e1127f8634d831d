//! `qiyong terminal` killed (SIGKILL) a hundred times in the middle of sales, each time when another byte passes between it and the
//! centre. What it has noted in its file is all that the next start knows.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::Value;

use qiyong_protocol::rules::reason::Outcome;
use qiyong_tests::centre::lines::{PLACES, Terminals, serve};
use qiyong_tests::closing::closing_line;
use qiyong_tests::programs::Watched;

const KILLS: usize = 100;
const PRICE: u64 = 100;
/// A visit that begins with a sign-in takes fewer bytes, both ways together.
const BYTES: u32 = 2_600;

/// Passes bytes on, and counts them.
#[derive(Clone)]
struct Tap {
    /// How many more may pass; then nothing does.
    left: Arc<AtomicU64>,
}

impl Tap {
    /// Passes on what comes from one to the other, until either ends or there is nothing left.
    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut byte = [0];
        while matches!(from.read(&mut byte), Ok(1)) {
            if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err() {
                break;
            }
            if to.write_all(&byte).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }

    /// Stands between one terminal and the centre until that has ended. The address to connect to, and what says when there is
    /// nothing left.
    fn stand(&self, centre: SocketAddr) -> (SocketAddr, thread::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let tap = self.clone();
        let standing = thread::spawn(move || {
            let Ok((terminal, _)) = listener.accept() else { return };
            let Ok(centre) = TcpStream::connect(centre) else { return };
            let both = [(&terminal, &centre), (&centre, &terminal)].map(|(from, to)| {
                let (from, to, tap) = (from.try_clone().expect("a copy"), to.try_clone().expect("a copy"), tap.clone());
                thread::spawn(move || tap.pass(from, to))
            });
            both.into_iter().for_each(|one| one.join().expect("it passes on"));
        });
        (address, standing)
    }
}

#[test]
fn a_terminal_killed_a_hundred_times_loses_and_doubles_nothing() {
    let terminals = Terminals::start(&["--iso", "127.0.0.1:0"], 1);
    let place = PLACES[2];
    let price = format!("{}.00", PRICE / 100);
    let sale = ["purchase", price.as_str()];
    let (status, first, seen) = serve(&mut terminals.terminal(place, "v3", &sale), "123456\n271828\n271828\n");
    assert_eq!(status, 0, "{first} {seen}");
    let centre = terminals.address().trim_start_matches("tcp://").parse().expect("an address");
    let mut chance = ChaCha8Rng::seed_from_u64(14);
    let (mut killed, mut approved, mut visits) = (0, 1_u64, 1);
    while killed < KILLS {
        let tap = Tap { left: Arc::new(AtomicU64::new(u64::from(chance.next_u32() % BYTES))) };
        let (address, standing) = tap.stand(centre);
        let mut command = terminals.terminal_at(&format!("tcp://{address}"), place, "v3", &sale);
        let mut process = Watched::start(&mut command);
        process.feed("271828\n");
        // When the bytes are used up, or the terminal has hung up.
        standing.join().expect("the tap");
        if tap.left.load(Ordering::SeqCst) == 0 {
            process.signal("-KILL");
            killed += 1;
        }
        let output = process.output();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        approved += u64::from(report["outcome"] == "approved");
        visits += 1;
        assert!(visits < 10 * KILLS, "{killed} kills in {visits} visits");
    }
    // The next start says what is owed, and both ends have the same totals.
    let (status, report, seen) = serve(&mut terminals.terminal(place, "v3", &["settle-batch"]), "");
    assert_eq!(status, 0, "{report} {seen}");
    let centre = terminals.centre();
    assert_eq!(centre.pending().expect("it is sound"), 0);
    let journal = centre.journal().expect("it is sound");
    let stands = |entry: &&qiyong_centre::JournalEntry| {
        entry.outcome == Outcome::Approved && entry.stan.is_some() && !entry.reversed
    };
    let sold = journal.iter().filter(stands).count() as u64;
    assert!(sold >= approved, "{approved} receipts, {sold} sales");
    let query = serve(&mut terminals.terminal(place, "v3", &["purchase", &price]), "271828\n");
    assert_eq!(query.1["balance"], 50_000 - (sold + 1) * PRICE, "{query:?}");
    for (area, chain, wrong) in centre.verify().expect("it is sound") {
        assert!(wrong.is_none(), "{area}: {chain:?} {wrong:?}");
    }
    let _ = terminals.served.end();
    closing_line(&format!(
        "qiyong terminal: killed {killed} times in {visits} visits; {sold} sales stand, {approved} of them on a receipt"
    ));
}
