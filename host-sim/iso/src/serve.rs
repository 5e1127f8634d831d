//! The server: accepts connections while there are places, starts the deciders, and ends everything in order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use prometheus_client::registry::Registry;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::cause::Cause;
use crate::connection::connection;
use crate::decider::{Decider, Refuse};
use crate::face::Face;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::places::Places;
use crate::queues::Queues;
use crate::regions::{Front, Region, Station};
use crate::tap::{Tap, Tapped};
use crate::worker;

/// What the system keeps of what a connection has not read or not sent, in bytes each way: more than all its outstanding
/// requests and their answers, and little for a client that does not read.
const SYSTEM_BUFFER: u32 = 8 * 1024;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 4096;
/// After a failed accept, so that it does not spin while the process has no file left.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// What happens at a server, for whoever watches.
pub type Figures = Arc<Registry>;

/// Starts one thread.
type Start = Box<dyn FnOnce(Arc<Face>) -> io::Result<JoinHandle<()>> + Send>;

/// A centre's end of the terminals' lines, at an address.
pub struct Server {
    listener: TcpListener,
    workers: Vec<Start>,
    face: Arc<Face>,
    figures: Figures,
    tap: Option<Arc<dyn Tap>>,
}

impl Server {
    /// Takes the address; with port 0, a free port. Terminals wait until [`Server::serve`]. Each of `deciders`, of which
    /// there must be one at least, gets a thread, and so does `refuser`. To be called where tokio is.
    ///
    /// # Errors
    /// The address is taken, or not one of this machine's; there is no decider, or no thread.
    pub fn bind<D: Decider>(
        address: SocketAddr,
        deciders: Vec<D>,
        refuser: impl Refuse,
        limits: Limits,
    ) -> io::Result<Self> {
        let start = |decider| -> Start { Box::new(move |face| worker::start(decider, face)) };
        let workers = deciders.into_iter().map(start).collect();
        let (metrics, figures) = Metrics::new();
        let face = Face::new(limits, metrics, worker::start_refuser(refuser)?);
        Self::over(address, workers, face, figures)
    }

    /// The same for several regions: each of `stations` has a thread, and a queue by its region's place in the table; `front`
    /// says which message goes where.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub fn bind_regions<R: Region>(
        address: SocketAddr,
        front: Front,
        stations: Vec<Station<R>>,
        limits: Limits,
    ) -> io::Result<Self> {
        let start =
            |station: Station<R>| -> Start { Box::new(move |face| worker::start_at(station.place(), station, face)) };
        let workers = stations.into_iter().map(start).collect();
        let (metrics, mut figures) = Metrics::new();
        front.figures().register(&mut figures);
        let refusals = worker::start_refuser(front.clone())?;
        let queues = Queues::new(front.table().regions().len(), limits.waiting, Box::new(front));
        Self::over(address, workers, Face::over(queues, limits, metrics, refusals), figures)
    }

    fn over(address: SocketAddr, workers: Vec<Start>, face: Arc<Face>, figures: Registry) -> io::Result<Self> {
        if workers.is_empty() {
            return Err(io::Error::other("nobody decides"));
        }
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        // What it accepts is like it.
        socket.set_recv_buffer_size(SYSTEM_BUFFER)?;
        socket.set_send_buffer_size(SYSTEM_BUFFER)?;
        socket.bind(address)?;
        Ok(Self { listener: socket.listen(BACKLOG)?, workers, face, figures: Arc::new(figures), tap: None })
    }

    /// The same server, to which somebody listens.
    #[must_use]
    pub fn heard_by(self, tap: Arc<dyn Tap>) -> Self {
        Self { tap: Some(tap), ..self }
    }

    /// The address, with its real port.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What happens here, for whoever watches: all names begin with `qiyong_iso`.
    pub fn figures(&self) -> Figures {
        self.figures.clone()
    }

    /// Serves until `end` is true or its sender is gone; then lets nobody in, answers what was asked, and closes, within
    /// [`Limits::farewell`].
    ///
    /// # Errors
    /// The system gives no thread for a decider.
    pub async fn serve(self, mut end: watch::Receiver<bool>) -> io::Result<()> {
        let Self { listener, workers, face, tap, .. } = self;
        let workers = workers.into_iter().map(|start| start(face.clone())).collect::<io::Result<Vec<_>>>();
        let workers = workers.inspect_err(|_| face.queue.close())?;
        let places = Places::new(&face.limits);
        let mut next = 0;
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = end.wait_for(|end| *end) => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    next += 1;
                    accept(stream, peer, next, (&face, tap.as_ref()), &places, &end);
                }
                // The client has gone, or the process has no more files: neither is a reason to stop.
                Err(error) => {
                    tracing::warn!(%error, "a terminal's connection could not be accepted");
                    sleep(ACCEPT_AGAIN).await;
                }
            }
        }
        drop(listener);
        let farewell = face.limits.farewell;
        places.until_empty(farewell).await;
        face.queue.close();
        let ended = spawn_blocking(move || workers.into_iter().for_each(|worker| drop(worker.join())));
        // A decider that hangs ends with the process.
        if timeout(farewell, ended).await.is_err() {
            tracing::error!("a decision was still under way at the end");
        }
        Ok(())
    }
}

/// Serves a connection on a task of its own, if there is a place for it.
fn accept(
    stream: TcpStream,
    peer: SocketAddr,
    id: u64,
    (face, tap): (&Arc<Face>, Option<&Arc<dyn Tap>>),
    places: &Arc<Places>,
    end: &watch::Receiver<bool>,
) {
    face.metrics.accepted.inc();
    let place = match places.take(peer.ip()) {
        Ok(place) => place,
        Err(cause) => return close(face, peer, cause),
    };
    // Answers are short, and each is waited for.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "answers may be late");
    }
    // A connection that has ended already has no address any more, and says nothing.
    let tap = tap.zip(stream.local_addr().ok());
    let tap = tap.map(|(tap, centre)| Tapped { tap: tap.clone(), terminal: peer, centre });
    face.metrics.connections.inc();
    let (face, end) = (face.clone(), end.clone());
    tokio::spawn(async move {
        let cause = connection(stream, face.clone(), id, end, tap).await;
        face.metrics.connections.dec();
        close(&face, peer, cause);
        drop(place);
    });
}

/// Counts why a connection is closed, and says so in the log if it is not usual.
fn close(face: &Face, peer: SocketAddr, cause: Cause) {
    face.metrics.closed(cause);
    if cause.is_usual() {
        tracing::debug!(%peer, cause = cause.word(), "a terminal's connection was closed");
    } else {
        tracing::info!(%peer, cause = cause.word(), "a terminal's connection was closed");
    }
}
