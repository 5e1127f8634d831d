//! Connections: accepts them, gives each its limits of size and time, and ends them all in order.
//!
//! hyper reads the requests. A client that sends its headers slowly, or nothing, is closed by hyper's read time-out; one
//! that sends its body slowly, by [`crate::api::body`]; one that does not read its answer, when its connection's life is over.

use std::io;
use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::limits::Limits;

/// Serves until `end` is true, and then until every request under way is answered or the farewell is over.
///
/// # Errors
/// The listener failed for good.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    mut end: watch::Receiver<bool>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(limits.connections as usize));
    loop {
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place,
            _ = end.wait_for(|end| *end) => break,
        };
        let Ok(place) = place else {
            break;
        };
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = end.wait_for(|end| *end) => break,
        };
        match stream {
            Ok((stream, _)) => {
                let (router, end) = (router.clone(), end.clone());
                tokio::spawn(async move {
                    connection(stream, router, limits, end).await;
                    drop(place);
                });
            }
            // The client has gone, or the process has no more files: neither is a reason to stop.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_AGAIN).await;
            }
        }
    }
    drop(listener);
    // Everybody has left when all places are free.
    let _ = timeout(limits.farewell, places.acquire_many(limits.connections)).await;
    Ok(())
}

/// After a failed accept, so that it does not spin while the process has no file left.
const ACCEPT_AGAIN: std::time::Duration = std::time::Duration::from_millis(50);

/// One connection, to its end.
pub(crate) async fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    router: Router,
    limits: Limits,
    mut end: watch::Receiver<bool>,
) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head_within);
    builder.max_buf_size(limits.head_bytes).max_headers(limits.headers);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    tokio::select! {
        // A client that broke the protocol got its answer from hyper, or is gone: nothing to tell anybody.
        _ = connection.as_mut() => return,
        () = sleep(limits.connection_for) => {}
        _ = end.wait_for(|end| *end) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(limits.farewell, connection).await;
}
