//! Connections of one port: accepted while there is room, each with its limits of size and time, and ended in order.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::limits::Limits;

/// After a failed accept, so that it does not spin while the process has no file left.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until `end` is true, and then until every request under way is answered or the farewell is over.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    places: Arc<Semaphore>,
    limits: Limits,
    mut end: watch::Receiver<bool>,
) {
    let mut open = JoinSet::new();
    let of_each = end.clone();
    loop {
        tokio::select! {
            _ = end.wait_for(|end| *end) => break,
            Some(_) = open.join_next() => {}
            (place, stream) = next(&listener, &places) => {
                let (router, end) = (router.clone(), of_each.clone());
                open.spawn(async move {
                    connection(stream, router, limits, end).await;
                    drop(place);
                });
            }
        }
    }
    drop(listener);
    let _ = timeout(limits.farewell, async { while open.join_next().await.is_some() {} }).await;
}

/// The next connection, once there is room for it. Cancel-safe.
async fn next(listener: &TcpListener, places: &Arc<Semaphore>) -> (Option<OwnedSemaphorePermit>, TcpStream) {
    // Nobody closes the places: without one there would be no bound, and no harm.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (place, stream),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(PAUSE).await;
            }
        }
    }
}

/// One connection, to its end, or until it has become a socket.
async fn connection(stream: TcpStream, router: Router, limits: Limits, mut end: watch::Receiver<bool>) {
    // Answers are small, and a page waits for each.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_within)
        .max_buf_size(limits.head_bytes)
        .max_headers(limits.headers)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = sleep(limits.connection_for) => {}
        _ = end.wait_for(|end| *end) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(limits.farewell, connection).await;
}
