//! A server on a real socket: the end under load, places, figures.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::toy::{SILENT, Toy, ToyRefuser, WATCHDOG, answer, request};
use crate::frame::Decoder;
use crate::{Limits, Server};

/// A server at work.
struct Serving {
    runtime: Runtime,
    address: SocketAddr,
    end: watch::Sender<bool>,
    server: JoinHandle<std::io::Result<()>>,
    figures: std::sync::Arc<Registry>,
}

impl Serving {
    fn new(toy: Toy, limits: Limits) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let bound =
            runtime.block_on(async { Server::bind((Ipv4Addr::LOCALHOST, 0).into(), vec![toy], ToyRefuser, limits) });
        let server = bound.unwrap();
        let (address, figures) = (server.address().unwrap(), server.figures());
        let (end, ends) = watch::channel(false);
        let server = runtime.spawn(server.serve(ends));
        Self { runtime, address, end, server, figures }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        stream
    }

    fn figures(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.figures).unwrap();
        text
    }

    /// Tells it to end; returns when it has.
    fn ended(self) {
        self.end.send_replace(true);
        self.runtime.block_on(self.server).unwrap().unwrap();
        assert!(TcpStream::connect(self.address).is_err(), "nobody listens any more");
    }
}

/// All answers until the server closes the connection.
fn until_closed(mut stream: TcpStream) -> Vec<Vec<u8>> {
    let (mut bytes, mut decoder, mut frames) = (Vec::new(), Decoder::new(), Vec::new());
    stream.read_to_end(&mut bytes).unwrap();
    decoder.push(&bytes);
    while let Some(frame) = decoder.take().unwrap() {
        frames.push(frame);
    }
    assert!(!decoder.has_begun(), "the last answer is whole");
    frames
}

fn one_answer(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
fn whoever_asked_before_the_end_is_answered_and_then_the_server_is_gone() {
    let (toy, gate) = Toy::gated();
    let seen = toy.seen.clone();
    let serving = Serving::new(toy, Limits::default());
    let idle = serving.connect();
    let mut clients: Vec<TcpStream> = (0..20).map(|_| serving.connect()).collect();
    clients[0].write_all(&request(0)).unwrap();
    assert_eq!(gate.begun(), 1);
    for (number, client) in (0..).zip(&mut clients).skip(1) {
        client.write_all(&request(number)).unwrap();
    }
    // One request is being decided, and all others have been read.
    let waiting = format!("qiyong_iso_frames_total {}\n", clients.len());
    let end = std::time::Instant::now() + WATCHDOG;
    while !serving.figures().contains(&waiting) {
        assert!(std::time::Instant::now() < end, "{}", serving.figures());
        thread::yield_now();
    }
    serving.end.send_replace(true);
    assert_eq!(until_closed(idle), Vec::<Vec<u8>>::new(), "an idle connection ends at once");
    gate.go_on();
    assert_eq!(gate.begun(), clients.len() - 1, "all others are the second batch");
    gate.go_on();
    for (number, client) in (0..).zip(clients) {
        assert_eq!(until_closed(client), [answer(number, b"00")]);
    }
    serving.ended();
    let decided: BTreeSet<u32> = seen.lock().unwrap().concat().into_iter().collect();
    assert_eq!(decided.len(), 20);
}

#[test]
fn one_address_has_so_many_places_and_the_figures_say_who_had_none() {
    let serving = Serving::new(Toy::default(), Limits { per_address: 2, ..Limits::default() });
    let mut own = [serving.connect(), serving.connect()];
    for (number, client) in (0..).zip(&mut own) {
        client.write_all(&request(number)).unwrap();
        assert_eq!(one_answer(client, answer(number, b"00").len()), answer(number, b"00"));
    }
    assert!(until_closed(serving.connect()).is_empty());
    let text = serving.figures();
    for row in [
        "qiyong_iso_connections 2\n",
        "qiyong_iso_accepted_total 3\n",
        "qiyong_iso_frames_total 2\n",
        "qiyong_iso_answers_total{outcome=\"approved\"} 2\n",
        "qiyong_iso_closed_total{cause=\"too-many-of-one-address\"} 1\n",
        "qiyong_iso_batch_requests_count 2\n",
        "qiyong_iso_answer_seconds_count 2\n",
    ] {
        assert!(text.contains(row), "{row}{text}");
    }
    drop(own);
    serving.ended();
}

#[test]
fn a_request_without_an_answer_closes_its_connection_so_that_the_terminal_need_not_wait() {
    let serving = Serving::new(Toy::default(), Limits::default());
    let mut client = serving.connect();
    client.write_all(&request(SILENT)).unwrap();
    assert!(until_closed(client).is_empty());
    serving.ended();
}

#[test]
fn hostile_clients_beside_good_ones() {
    let serving = Serving::new(Toy::default(), Limits::default());
    let mut half = serving.connect();
    half.write_all(&request(1)[..20]).unwrap();
    let mut dripping = serving.connect();
    dripping.write_all(&request(1)[..1]).unwrap();
    let mut garbage = serving.connect();
    garbage.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    // It sends much and reads nothing; its own system holds it up.
    let mut deaf = serving.connect();
    deaf.set_nonblocking(true).unwrap();
    while deaf.write(&request(2)).is_ok() {}
    let mut good = serving.connect();
    for number in 10..60 {
        good.write_all(&request(number)).unwrap();
        assert_eq!(super::toy::number(&one_answer(&mut good, answer(1, b"00").len())), number);
    }
    drop((half, dripping, garbage, deaf, good));
    serving.ended();
}
