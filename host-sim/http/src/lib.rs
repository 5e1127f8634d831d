//! The card centre over HTTP: every act as JSON under `/v1/`, its description at `/openapi.json`, and a page for operators.
//!
//! [`Server`] binds an address and serves until it is told to end. `api` answers programs, `page` browsers; both carry out
//! acts through `writer`, which lets one request at a time to the centre. `regions` has the figures alone, of several centres. `serve` bounds connections, `rate` tokens,
//! [`Limits`] has all figures. Not here: what an act does and who may do it, which is the centre's; TLS, for which a proxy
//! stands before this server; and signals and the log's way out of the process, which are the program's.
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
mod regions;
mod router;
mod serve;
mod shapes;
mod writer;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use acts::Acts;
pub use limits::Limits;
pub use regions::{Reached, RegionsServer};

/// A centre at an address.
pub struct Server<A> {
    listener: TcpListener,
    acts: A,
    limits: Limits,
    others: Vec<Arc<Registry>>,
}

impl<A: Acts> Server<A> {
    /// Takes the address; with port 0, a free port. Clients wait until [`Server::serve`].
    ///
    /// # Errors
    /// The address is taken, or not one of this machine's.
    pub async fn bind(address: SocketAddr, acts: A, limits: Limits) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, acts, limits, others: Vec::new() })
    }

    /// Shows these figures at `/metrics`, too: those of another face of the same centre.
    #[must_use]
    pub fn with_figures(mut self, figures: Arc<Registry>) -> Self {
        self.others.push(figures);
        self
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
        let router = router::router(self.acts, self.limits, self.others);
        serve::serve(self.listener, router, self.limits, end).await
    }
}

#[cfg(test)]
mod tests;
