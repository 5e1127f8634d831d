//! The card centre over HTTP: every act as JSON under `/v1/`, its description at `/openapi.json`, and a page for operators.
//!
//! [`Server`] binds an address and serves until it is told to end. `api` answers programs, `page` browsers; both carry out
//! acts through `writer`, which lets one request at a time to the centre. `serve` bounds connections, `rate` tokens,
//! [`Limits`] has all figures. Not here: what an act does and who may do it, which is the centre's; TLS, for which a proxy
//! stands before this server; and the log's way out of the process, which is the program's.
#![allow(clippy::result_large_err, reason = "a refusal is made once a request and written out at once")]
#![forbid(unsafe_code)]

mod acts;
mod api;
mod face;
mod limits;
mod metrics;
mod openapi;
mod page;
mod problem;
mod query;
mod rate;
mod recent;
mod router;
mod serve;
mod shapes;
mod writer;

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

pub use acts::Acts;
pub use limits::Limits;

/// A centre at an address.
pub struct Server<A> {
    listener: TcpListener,
    acts: A,
    limits: Limits,
}

impl<A: Acts> Server<A> {
    /// Takes the address; with port 0, a free port. Clients wait until [`Server::serve`].
    ///
    /// # Errors
    /// The address is taken, or not one of this machine's.
    pub async fn bind(address: SocketAddr, acts: A, limits: Limits) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, acts, limits })
    }

    /// The address, with its real port.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `end` is true or its sender is gone; then ends in order, within [`Limits::farewell`].
    ///
    /// # Errors
    /// The listener failed for good.
    pub async fn serve(self, end: watch::Receiver<bool>) -> io::Result<()> {
        serve::serve(self.listener, router::router(self.acts, self.limits), self.limits, end).await
    }
}

/// Serves at this address until the process is told to end (SIGTERM, SIGINT or SIGHUP), on threads of its own. `ready` is
/// told the address, with its real port, once clients are accepted.
///
/// # Errors
/// The address cannot be taken, or the system gives no threads or signals.
pub fn run<A: Acts>(acts: A, address: SocketAddr, limits: Limits, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (tell, end) = watch::channel(false);
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let server = Server::bind(address, acts, limits).await?;
        ready(server.address()?);
        let told = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hangup.recv() => {}
            }
            tracing::info!("told to end");
            tell.send_replace(true);
            // The server ends by itself.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            ended = server.serve(end) => ended,
            () = told => Ok(()),
        }
    })
}

#[cfg(test)]
mod tests;
