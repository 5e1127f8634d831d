//! The local service that pages of hospitals, pharmacies and banks read a card through: the driver library
//! (`qiyong-driver`) behind HTTP and WebSockets on this machine's loopback address (docs/page.md).
//!
//! | Module | What it is for |
//! |---|---|
//! | [`Service`] | binds the ports, and serves until it is told to end |
//! | [`door`] | the protocols: one of our own, and three that pages in use speak (docs/driver.md §A.4) |
//! | `guard`, [`origin`], [`consent`] | which page gets an answer: its origin is listed, and a person has consented |
//! | `functions`, `cards`, `shown` | what a page may call, the call, and what is told of its answer |
//! | `routes`, `socket`, `shared`, `serve`, [`Limits`] | paths, sockets, what both share, connections, and their bounds |
//! | `refusal` | why a page gets nothing, in two languages |
//!
//! A PIN never passes here: no function that a page may call takes or gives one, and a message that seems to contain one is
//! refused unread. Not here: cards and readers, which are the library's; TLS, which a loopback address does not need; who
//! asks the person, and the log's way out of the process, which are the program's.
#![forbid(unsafe_code)]

mod cards;
pub mod consent;
pub mod door;
mod functions;
mod guard;
mod limits;
pub mod origin;
mod refusal;
mod routes;
mod serve;
mod shared;
mod shown;
mod socket;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use sscarddriver::settings::Settings;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

pub use limits::Limits;

use cards::Cards;
use consent::Consents;
use door::Door;
use guard::Guard;
use origin::Origin;
use shared::Shared;

/// What to serve, and to whom.
pub struct Plan {
    /// The pages that may ask.
    pub origins: Vec<Origin>,
    /// Whether the service's own sample page may ask, too.
    pub sample: bool,
    /// Who has consented to them.
    pub consents: Arc<Consents>,
    /// The protocols, each with its port; 0 takes a free one.
    pub doors: Vec<(Door, u16)>,
    /// Where the cards are; `None`: what the library's own file says at each call.
    pub settings: Option<Settings>,
    /// The bounds.
    pub limits: Limits,
}

/// A port could not be taken.
#[derive(Debug, Error)]
#[error("port {port} for {door}: {error}")]
pub struct BindError {
    /// For which protocol.
    pub door: Door,
    /// Which port.
    pub port: u16,
    /// What the system says.
    #[source]
    pub error: io::Error,
}

/// A service that has its ports.
pub struct Service {
    listeners: Vec<(Door, TcpListener)>,
    plan: Plan,
}

impl Service {
    /// Takes the ports of 127.0.0.1. Clients wait until [`Service::serve`].
    ///
    /// # Errors
    /// A port is taken.
    pub async fn bind(mut plan: Plan) -> Result<Self, BindError> {
        let mut listeners = Vec::new();
        for &(door, port) in &plan.doors {
            let wrong = |error| BindError { door, port, error };
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(wrong)?;
            if plan.sample && door == Door::Own {
                plan.origins.push(Origin::of_this_machine(listener.local_addr().map_err(wrong)?));
            }
            listeners.push((door, listener));
        }
        Ok(Self { listeners, plan })
    }

    /// Where each protocol is served.
    ///
    /// # Errors
    /// The system does not say.
    pub fn addresses(&self) -> io::Result<Vec<(Door, SocketAddr)>> {
        self.listeners.iter().map(|(door, listener)| Ok((*door, listener.local_addr()?))).collect()
    }

    /// Serves until `end` is true or its sender is gone; then ends in order, within [`Limits::farewell`].
    pub async fn serve(self, end: watch::Receiver<bool>) {
        let Plan { origins, consents, settings, limits, .. } = self.plan;
        let guard = Arc::new(Guard::new(origins, consents));
        let cards = Arc::new(Cards::new(settings, limits));
        let places = Arc::new(Semaphore::new(limits.connections));
        let sockets = Arc::new(Semaphore::new(limits.sockets));
        let mut doors = JoinSet::new();
        for (door, listener) in self.listeners {
            let (cards, guard, sockets) = (Arc::clone(&cards), Arc::clone(&guard), Arc::clone(&sockets));
            let router = routes::router(Shared { door, cards, guard, sockets, limits, end: end.clone() });
            doors.spawn(serve::serve(listener, router, Arc::clone(&places), limits, end.clone()));
        }
        while doors.join_next().await.is_some() {}
        // Sockets end by themselves; one whose card is at work is waited for.
        let all = u32::try_from(limits.sockets).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(limits.farewell, sockets.acquire_many(all)).await;
    }
}

#[cfg(test)]
mod tests;
