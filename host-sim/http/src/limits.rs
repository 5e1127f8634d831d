//! How much a client may send, and how long anything may take. Each figure can be set; these are the defaults.

use std::num::NonZeroU32;
use std::time::Duration;

/// The limits of a server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The request line and all headers together, in bytes. Longer: 431.
    pub head_bytes: usize,
    /// Headers of a request. More: 431.
    pub headers: usize,
    /// The body of a request, in bytes: a photo of an application fits in base64. Longer: 413.
    pub body_bytes: usize,
    /// From the first moment of waiting for a request to the end of its headers. Later: the connection is closed.
    pub head_within: Duration,
    /// From the end of the headers to the end of the body. Later: 408.
    pub body_within: Duration,
    /// How long a request waits until the centre is free. Longer: 503.
    pub turn_within: Duration,
    /// How many requests may wait for the centre. More: 503.
    pub waiting: usize,
    /// How long a connection may live; then it is closed after the request under way.
    pub connection_for: Duration,
    /// How many connections may be open. More wait in the system's queue.
    pub connections: u32,
    /// How long a request under way may still take when the server or its connection ends.
    pub farewell: Duration,
    /// Requests a minute with one token, on average. More: 429.
    pub per_minute: NonZeroU32,
    /// Requests with one token that may come at once after a pause.
    pub at_once: NonZeroU32,
    /// Sessions of the page. With more, the oldest one ends.
    pub sessions: usize,
    /// How long a session of the page lives without a request.
    pub session_for: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let some = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self {
            head_bytes: 16 * 1024,
            headers: 64,
            body_bytes: 1024 * 1024,
            head_within: Duration::from_secs(10),
            body_within: Duration::from_secs(20),
            turn_within: Duration::from_secs(10),
            waiting: 64,
            connection_for: Duration::from_secs(600),
            connections: 256,
            farewell: Duration::from_secs(10),
            per_minute: some(1200),
            at_once: some(100),
            sessions: 256,
            session_for: Duration::from_secs(30 * 60),
        }
    }
}
