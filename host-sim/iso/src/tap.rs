//! Who listens to what crosses a server's connections, such as a capture. It decides nothing, and must not block.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// A listener.
pub trait Tap: Send + Sync + 'static {
    /// A message has come from a terminal, or an answer goes there: its bytes from its length on, as they are.
    fn heard(&self, terminal: SocketAddr, centre: SocketAddr, to_centre: bool, bytes: &[u8]);
}

/// A listener at one connection.
#[derive(Clone)]
pub(crate) struct Tapped {
    pub(crate) tap: Arc<dyn Tap>,
    pub(crate) terminal: SocketAddr,
    pub(crate) centre: SocketAddr,
}

impl fmt::Debug for Tapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.terminal, self.centre)
    }
}

impl Tapped {
    pub(crate) fn heard(&self, to_centre: bool, bytes: &[u8]) {
        self.tap.heard(self.terminal, self.centre, to_centre, bytes);
    }
}
