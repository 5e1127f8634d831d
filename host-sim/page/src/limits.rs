//! How much a page may send, and how long anything may take (docs/page.md §6). Each figure can be set; these are the defaults.

use std::time::Duration;

/// The limits of a service.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The request line and all headers together, in bytes. Longer: 431.
    pub head_bytes: usize,
    /// Headers of a request. More: 431.
    pub headers: usize,
    /// A body, or a message of a socket, in bytes. Longer: 413; a socket is closed with 1009.
    pub message_bytes: usize,
    /// From the first moment of waiting for a request to the end of its headers. Later: the connection is closed.
    pub head_within: Duration,
    /// From the end of the headers to the end of the body. Later: 408.
    pub body_within: Duration,
    /// How long a call of the library may take. Longer: −103; the call itself cannot be stopped, and keeps its place.
    pub call_within: Duration,
    /// The same where a person keys a PIN at the pad, up to three times.
    pub pad_within: Duration,
    /// How many calls may be under way or wait for their turn. More: −103 at once.
    pub calls: usize,
    /// How many connections may be open at all ports together. More wait in the system's queue.
    pub connections: usize,
    /// How long a connection that became no socket may live; then it is closed after the request under way.
    pub connection_for: Duration,
    /// How many sockets may be open at all ports together. More: 503.
    pub sockets: usize,
    /// How long a socket may be silent. Longer: it is closed.
    pub socket_for: Duration,
    /// How long a page may take to read an answer from a socket. Longer: it is closed.
    pub write_within: Duration,
    /// How long a request under way may still take when the service ends.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 16 * 1024,
            headers: 64,
            message_bytes: 16 * 1024,
            head_within: Duration::from_secs(10),
            body_within: Duration::from_secs(10),
            call_within: Duration::from_secs(30),
            pad_within: Duration::from_secs(3 * 255 + 30),
            calls: 16,
            connections: 64,
            connection_for: Duration::from_secs(600),
            sockets: 32,
            socket_for: Duration::from_secs(8 * 3600),
            write_within: Duration::from_secs(10),
            farewell: Duration::from_secs(5),
        }
    }
}
