//! What `qiyong centre serve --http` serves: a centre's acts and pages, or, before several regions, their figures alone.

use std::io;
use std::net::SocketAddr;

use tokio::sync::watch;

use qiyong_centre::Centre;
use qiyong_http::{Limits, RegionsServer, Server};
use qiyong_iso::Figures;
use qiyong_iso::regions::Front;

/// What is served over HTTP.
pub(crate) enum OverHttp {
    /// People and programs.
    Centre(Box<Centre>),
    /// The figures of several regions.
    Regions(Front),
}

/// Who does it.
pub(crate) enum HttpServer {
    Centre(Box<Server<Centre>>),
    Regions(Box<RegionsServer>),
}

impl HttpServer {
    /// The address, with its real port.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Centre(server) => server.address(),
            Self::Regions(server) => server.address(),
        }
    }

    /// Serves until it is told to end.
    pub(crate) async fn serve(self, end: watch::Receiver<bool>) -> io::Result<()> {
        match self {
            Self::Centre(server) => server.serve(end).await,
            Self::Regions(server) => server.serve(end).await,
        }
    }
}

impl OverHttp {
    /// Takes the address. `figures` are those of the terminals' face, and then of what is done beside it.
    pub(crate) async fn bind(
        self,
        address: SocketAddr,
        limits: Limits,
        figures: Vec<Figures>,
    ) -> io::Result<HttpServer> {
        match self {
            Self::Centre(centre) => {
                let server = Server::bind(address, *centre, limits).await?;
                Ok(HttpServer::Centre(Box::new(figures.into_iter().fold(server, Server::with_figures))))
            }
            Self::Regions(front) => {
                let reached = Box::new(move || front.reached());
                let server = RegionsServer::bind(address, figures, reached, limits).await?;
                Ok(HttpServer::Regions(Box::new(server)))
            }
        }
    }
}
