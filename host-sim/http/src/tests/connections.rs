//! Connections: slow clients, long headers, an orderly end. In virtual time over a pipe, and once over a real socket.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::app;
use super::toy::Toy;
use crate::serve::connection;
use crate::{Limits, Server};

const REQUEST: &str = "POST /v1/box/put HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer clerk-token\r\n\
    Content-Type: application/json\r\nContent-Length: 28\r\n\r\n{\"amount\": 5, \"note\": \"one\"}";

/// A connection, and the client's end of it.
fn connect(limits: Limits) -> (DuplexStream, JoinHandle<()>, watch::Sender<bool>) {
    let (client, server) = duplex(1024);
    let (end, ends) = watch::channel(false);
    (client, tokio::spawn(connection(server, app(), limits, ends)), end)
}

/// How long it takes, in virtual time, until the server closes the connection, and what it said.
async fn until_closed(mut client: DuplexStream) -> (Duration, String) {
    let (start, mut text) = (Instant::now(), Vec::new());
    let closed = timeout(Duration::from_secs(3600), client.read_to_end(&mut text)).await;
    closed.expect("the server never closes it").unwrap();
    (start.elapsed(), String::from_utf8(text).unwrap())
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_or_does_not_end_the_headers_is_closed() {
    let limits = Limits::default();
    let (client, _server, _end) = connect(limits);
    let (took, text) = until_closed(client).await;
    assert!(took <= limits.head_within + Duration::from_secs(1), "{took:?} {text}");

    // A byte a second: each is in time, the headers are not.
    let (mut client, _server, _end) = connect(limits);
    let start = Instant::now();
    for byte in REQUEST.bytes().cycle() {
        sleep(Duration::from_secs(1)).await;
        if client.write_all(&[byte]).await.is_err() {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "still open");
    }
    let took = start.elapsed();
    assert!(took <= limits.head_within + Duration::from_secs(2), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_used_and_is_silent_is_closed() {
    let limits = Limits::default();
    let (mut client, _server, _end) = connect(limits);
    client.write_all(REQUEST.as_bytes()).await.unwrap();
    let (took, text) = until_closed(client).await;
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(took <= limits.head_within + Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_gets_408() {
    let limits = Limits::default();
    let (client, _server, _end) = connect(limits);
    let (read, mut write) = tokio::io::split(client);
    let split = REQUEST.find("\r\n\r\n").unwrap() + 6;
    let (head, body) = REQUEST.split_at(split);
    write.write_all(head.as_bytes()).await.unwrap();
    let body = body.to_string();
    tokio::spawn(async move {
        for byte in body.bytes() {
            sleep(Duration::from_secs(2)).await;
            if write.write_all(&[byte]).await.is_err() {
                return;
            }
        }
        std::future::pending::<()>().await;
    });
    let (start, mut text) = (Instant::now(), Vec::new());
    let mut read = read;
    let closed = timeout(Duration::from_secs(3600), read.read_to_end(&mut text)).await;
    closed.expect("closed").unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.starts_with("HTTP/1.1 408 ") && text.contains("body-too-slow"), "{text}");
    assert!(start.elapsed() <= limits.body_within + limits.head_within, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_never_reads_is_closed_when_the_connections_life_is_over() {
    let limits = Limits::default();
    let (mut client, server, _end) = connect(limits);
    let start = Instant::now();
    let feeder = tokio::spawn(async move {
        // The answers fill the pipe; then neither side gets on.
        while client.write_all(REQUEST.as_bytes()).await.is_ok() {}
        client
    });
    timeout(Duration::from_secs(7200), server).await.expect("closed").unwrap();
    assert!(
        start.elapsed() <= limits.connection_for + limits.farewell + Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    feeder.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn long_or_many_headers_get_431() {
    let long = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(20_000));
    let many = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(100));
    for request in [long, many] {
        let (client, _server, _end) = connect(Limits::default());
        let (mut read, mut write) = tokio::io::split(client);
        // The server may close before it has read all.
        let writer = tokio::spawn(async move {
            let _ = write.write_all(request.as_bytes()).await;
        });
        let mut text = Vec::new();
        timeout(Duration::from_secs(60), read.read_to_end(&mut text)).await.expect("closed").unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("HTTP/1.1 431 "), "{text}");
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn over_a_real_socket_the_end_waits_for_the_request_under_way() {
    let (toy, has_begun, go_on) = Toy::gated();
    let server = Server::bind(([127, 0, 0, 1], 0).into(), toy, Limits::default()).await.unwrap();
    let address = server.address().unwrap();
    let (end, ends) = watch::channel(false);
    let server = tokio::spawn(server.serve(ends));

    let mut idle = TcpStream::connect(address).await.unwrap();
    let mut client = TcpStream::connect(address).await.unwrap();
    let request =
        REQUEST.replace("box/put", "box/wait").replace("{\"amount\": 5, \"note\": \"one\"}", &format!("{{{:26}}}", ""));
    client.write_all(request.as_bytes()).await.unwrap();
    tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
    end.send(true).unwrap();
    // The idle connection ends at once, the other when its answer is out.
    assert_eq!(idle.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    go_on.send(()).unwrap();
    let mut text = Vec::new();
    client.read_to_end(&mut text).await.unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.contains("connection: close"), "{text}");
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}
