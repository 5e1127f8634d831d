//! How much a page may send, and how long it may take (docs/page.md §6).

use std::sync::mpsc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::runtime;
use tokio_tungstenite::tungstenite::Message;

use super::READ;
use super::client::{Answer, HIS, Served};
use crate::Limits;
use crate::door::Door;

const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_message_that_is_too_long_is_refused() {
    let served = Served::start(Limits { message_bytes: 1000, ..Limits::default() }).await;
    let long = format!("{{\"function\":\"{}\"}}", "x".repeat(1000));
    let (status, answer) = served.call(&long).await;
    assert_eq!((status, &answer["error"]), (413, &"too-long".into()));
    let mut socket = served.socket(Door::Named, "/", HIS).await.unwrap();
    socket.send(Message::text(long)).await;
    assert_eq!(socket.next().await, Err(1009));
    let long = "x".repeat(20_000);
    let headers = [("origin", HIS), ("x", long.as_str())];
    assert_eq!(served.fetch(Door::Own, "GET", "/health", &headers, "").await.status, 431);
    assert_eq!(served.call(READ).await.0, 200);
    served.end().await;
}

#[tokio::test]
async fn a_page_that_sends_slowly_is_not_waited_for() {
    let served = Served::start(Limits { head_within: SHORT, ..Limits::default() }).await;
    let mut head = served.connect(Door::Own).await;
    head.write_all(b"POST /v1/call HTTP/1.1\r\nhost: 127").await.unwrap();
    assert!([0, 408].contains(&Answer::read(head).await.status));
    served.end().await;
    let served = Served::start(Limits { body_within: SHORT, socket_for: SHORT, ..Limits::default() }).await;
    let mut body = served.connect(Door::Own).await;
    let half = format!("POST /v1/call HTTP/1.1\r\nhost: localhost\r\norigin: {HIS}\r\ncontent-length: 99\r\n\r\n{{");
    body.write_all(half.as_bytes()).await.unwrap();
    assert_eq!(Answer::read(body).await.status, 408);
    let mut socket = served.socket(Door::Typed, "/", HIS).await.unwrap();
    assert_eq!(socket.next().await, Err(1001), "silent for too long");
    served.end().await;
}

#[tokio::test]
async fn more_sockets_than_there_is_room_for_are_refused_and_a_place_comes_back() {
    let served = Served::start(Limits { sockets: 2, ..Limits::default() }).await;
    let mut first = served.socket(Door::Own, "/v1/socket", HIS).await.unwrap();
    let second = served.socket(Door::Named, "/", HIS).await.unwrap();
    assert_eq!(served.socket(Door::Typed, "/", HIS).await.err(), Some(503));
    assert_eq!(first.ask(READ).await["code"], 0);
    drop(second);
    // The service notices when it next looks.
    while served.socket(Door::Typed, "/", HIS).await.is_err() {
        tokio::task::yield_now().await;
    }
    served.end().await;
}

/// Connections that do nothing keep nobody out for longer than a head may take.
#[tokio::test]
async fn idle_connections_give_their_places_back() {
    let served = Served::start(Limits { connections: 2, head_within: SHORT, ..Limits::default() }).await;
    let idle = [served.connect(Door::Own).await, served.connect(Door::Named).await, served.connect(Door::Entry).await];
    // On a busy machine its own head may be late, too.
    while served.fetch(Door::Own, "POST", "/v1/call", &[("origin", HIS)], READ).await.status != 200 {}
    drop(idle);
    served.end().await;
}

#[tokio::test]
async fn more_calls_than_there_is_room_for_are_told_so() {
    let served = Served::start(Limits { calls: 0, ..Limits::default() }).await;
    let (status, answer) = served.call(READ).await;
    assert_eq!((status, &answer["code"], &answer["text"]), (200, &(-103).into(), &"读卡器忙:等待的请求过多".into()));
    served.end().await;
}

/// The library's only thread is kept, so that the call never begins.
#[test]
fn a_call_that_takes_too_long_is_told_so() {
    let runtime = runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    let (free, kept) = mpsc::channel::<()>();
    runtime.block_on(async {
        let keeper = tokio::task::spawn_blocking(move || kept.recv());
        let served = Served::start(Limits { call_within: SHORT, ..Limits::default() }).await;
        let (_, answer) = served.call(READ).await;
        assert_eq!((&answer["code"], &answer["text"]), (&(-103).into(), &"读卡器忙:读卡器没有及时应答".into()));
        drop(free);
        keeper.await.unwrap().unwrap_err();
        served.end().await;
    });
}

#[tokio::test]
async fn told_to_end_it_closes_its_sockets_and_ends() {
    let served = Served::start(Limits::default()).await;
    let mut socket = served.socket(Door::Own, "/v1/socket", HIS).await.unwrap();
    assert_eq!(socket.ask(READ).await["code"], 0);
    let (ended, closed) = tokio::join!(served.end(), socket.next());
    assert_eq!((ended, closed), ((), Err(1001)));
}
