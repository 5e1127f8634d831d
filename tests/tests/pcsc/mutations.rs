//! A real session, recorded between opensc-tool and a server, and played back with every kind of damage.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use qiyong_pcsc::wire::{self, HEADER_LEN};
use qiyong_protocol::card::files::Generation;

use qiyong_tests::pcsc::raw::{ANY, Raw, SHARED};
use qiyong_tests::programs::{PrivateServer, Watched, eventually};

/// Forwards what programs and server send to each other, and keeps what the programs send.
fn record(listener: &UnixListener, server: &Path, said: &Arc<Mutex<Vec<Vec<u8>>>>) {
    for program in listener.incoming() {
        let mut program = program.unwrap();
        let server = UnixStream::connect(server).unwrap();
        let (mut answers, mut to_program) = (server.try_clone().unwrap(), program.try_clone().unwrap());
        thread::spawn(move || {
            let _ = std::io::copy(&mut answers, &mut to_program);
            let _ = to_program.shutdown(std::net::Shutdown::Both);
        });
        let said = said.clone();
        thread::spawn(move || {
            let (mut whole, mut server, mut buffer) = (Vec::new(), server, [0; 4096]);
            while let Ok(count @ 1..) = program.read(&mut buffer) {
                whole.extend(&buffer[..count]);
                if server.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
            let _ = server.shutdown(std::net::Shutdown::Both);
            said.lock().unwrap().push(whole);
        });
    }
}

/// The messages of a recorded session.
fn messages(session: &[u8]) -> Vec<Vec<u8>> {
    let (mut messages, mut rest) = (Vec::new(), session);
    while let Some((_, used)) = wire::decode(rest).expect("a real program says nothing wrong") {
        let (message, after) = rest.split_at(used);
        messages.push(message.to_vec());
        rest = after;
    }
    assert!(rest.is_empty(), "a real program does not stop in the middle");
    messages
}

fn real_session(server: &PrivateServer) -> Vec<Vec<u8>> {
    let socket = server.folder.path().join("recorder");
    let listener = UnixListener::bind(&socket).unwrap();
    let said: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let (path, keep) = (server.socket(), said.clone());
    thread::spawn(move || record(&listener, &path, &keep));
    let mut scripts = [server.command("opensc-tool"), server.python("read_card.py"), server.python("events.py")];
    scripts[0].args(["--reader", "0", "--send-apdu", "00:A4:00:00:02:3F:00", "--send-apdu", "00:84:00:00:08"]);
    for script in &mut scripts {
        let output = Watched::start(script.env("PCSCLITE_CSOCK_NAME", &socket)).output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let messages: Vec<_> = said.lock().unwrap().iter().flat_map(|session| messages(session)).collect();
    let commands: std::collections::BTreeSet<_> = messages.iter().map(|message| message[4]).collect();
    assert!(messages.len() > 60 && commands.len() >= 9, "{} messages, commands {commands:02X?}", messages.len());
    messages
}

/// Damages a message: changes bits, bytes, numbers or lengths, cuts it, or joins it with another.
fn mutate(random: &mut ChaCha8Rng, messages: &[Vec<u8>]) -> Vec<u8> {
    let mut below = |end: usize| (random.next_u32() as usize) % end.max(1);
    let mut bytes = messages[below(messages.len())].clone();
    for _ in 0..=below(3) {
        let at = below(bytes.len());
        match below(7) {
            _ if bytes.is_empty() => {}
            0 => bytes[at] ^= 1 << below(8),
            1 => bytes[at] = below(256) as u8,
            2 => bytes.truncate(at),
            3 => bytes.extend(messages[below(messages.len())].iter()),
            4 => drop(bytes.remove(at)),
            5 => bytes.insert(at, below(256) as u8),
            // A whole number in the header or structure gets an interesting value.
            _ => {
                let number = [0, 1, 0x7FFF_FFFF, u32::MAX, 65_548, 65_549, 264, 265][below(8)];
                if let Some(place) = bytes.get_mut(at & !3..).and_then(|rest| rest.first_chunk_mut()) {
                    *place = number.to_ne_bytes();
                }
            }
        }
    }
    bytes
}

#[test]
fn a_million_mutated_messages_are_decoded_or_refused_and_never_crash() {
    let messages = real_session(&PrivateServer::with(&[Generation::V2]));
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (mut whole, mut short, mut wrong) = (0u32, 0u32, 0u32);
    for _ in 0..1_000_000 {
        let bytes = mutate(&mut random, &messages);
        match wire::decode(&bytes) {
            Ok(Some((_, used))) => {
                assert!((HEADER_LEN..=bytes.len()).contains(&used));
                whole += 1;
            }
            Ok(None) => {
                assert!(bytes.len() < wire::REQUEST_MAX, "a server would wait for ever");
                short += 1;
            }
            Err(_) => wrong += 1,
        }
    }
    // All three must happen; otherwise the mutations are useless.
    assert!([whole, short, wrong].iter().all(|count| *count > 50_000), "{whole} {short} {wrong}");
}

#[test]
fn a_server_outlives_twenty_thousand_mutated_messages_and_serves_the_next_client() {
    let messages = real_session(&PrivateServer::with(&[Generation::V2]));
    let server = PrivateServer::with(&[Generation::V2]);
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..500 {
        let mut raw = Raw::new(&server.socket(), 4 + random.next_u32() % 3);
        let card = raw.connect(&server.readers[0], SHARED, ANY);
        let mut answers = raw.stream.try_clone().unwrap();
        let drain = thread::spawn(move || std::io::copy(&mut answers, &mut std::io::sink()));
        for _ in 0..40 {
            let mut bytes = mutate(&mut random, &messages);
            // Half of them name this client's connection, in order to get past the first check.
            if let (Ok((card, _)), true, Some(place)) = (card, random.next_u32() % 2 == 0, bytes.get_mut(8..12)) {
                place.copy_from_slice(&card.to_ne_bytes());
            }
            if raw.stream.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = raw.stream.shutdown(std::net::Shutdown::Both);
        drain.join().unwrap().ok();
    }
    let mut raw = Raw::new(&server.socket(), 4);
    // Whoever used the reader has released it, and the card is there.
    eventually("nobody has the reader", || raw.states()[0].2 == 0);
    let (card, protocol) = raw.connect(&server.readers[0], SHARED, ANY).unwrap();
    assert!(raw.transmit(card, protocol, &[0, 0x84, 0, 0, 8]).is_ok());
    server.process.signal("-TERM");
    let PrivateServer { process, .. } = server;
    let output = process.output();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    assert_eq!(output.status.code(), Some(0));
}
