//! The protocols: one of our own, and three that pages in use speak (docs/driver.md §A.4). Each turns a message into a call of
//! the library, and what the library answers into the protocol's own form.
//!
//! Of the three, what is known comes from callers; what they do not show is decided in docs/page.md §3. Not here: ports, paths
//! and sockets (`routes`, `socket`), and who may ask (`guard`).

pub(crate) mod entry;
pub(crate) mod named;
pub(crate) mod own;
pub(crate) mod typed;

use std::fmt;
use std::str::FromStr;

/// A protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// Our own, over HTTP and a WebSocket.
    Own,
    /// A WebSocket whose messages name a function.
    Named,
    /// A WebSocket whose messages have a type.
    Typed,
    /// HTTP, with a query.
    Entry,
}

impl Door {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Own, Self::Named, Self::Typed, Self::Entry];

    /// Its name: our own version, or transport and port that callers expect.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "v1",
            Self::Named => "ws-12342",
            Self::Typed => "ws-1919",
            Self::Entry => "http-8321",
        }
    }

    /// The port that callers expect.
    pub const fn port(self) -> u16 {
        match self {
            Self::Own => 8322,
            Self::Named => 12342,
            Self::Typed => 1919,
            Self::Entry => 8321,
        }
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Door {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|door| door.name() == text)
            .ok_or("the protocols are v1, ws-12342, ws-1919 and http-8321")
    }
}
