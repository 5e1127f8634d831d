//! How much terminals may send, and how long anything may take. Each figure can be set; these are the defaults.

use std::time::Duration;

/// The limits of a server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many connections may be open. One more is closed at once.
    pub connections: u32,
    /// How many of them may come from one address (of IPv6: from one network of 64 bits). One more is closed at once.
    pub per_address: u32,
    /// From a frame's first byte to its last. Later: the connection is closed.
    pub frame_within: Duration,
    /// How long a connection on which no frame has begun may stay. A terminal connects anew when it has something to say.
    pub idle_for: Duration,
    /// How long a client may take to make room for an answer. Longer: the connection is closed.
    pub write_within: Duration,
    /// How many requests of one connection may wait for their answers. More are not read.
    pub outstanding: usize,
    /// How many requests may wait for a decider, in all. A connection that has one waiting gets another in only while
    /// half of the places are free. More: answered as busy.
    pub waiting: usize,
    /// How long a request waits for a decider. Longer: answered as busy, and never decided.
    pub turn_within: Duration,
    /// How many requests a decider gets at once, at most.
    pub batch: usize,
    /// How long requests under way may still take when the server ends.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 12_000,
            per_address: 256,
            frame_within: Duration::from_secs(10),
            idle_for: Duration::from_secs(4 * 3600),
            write_within: Duration::from_secs(10),
            outstanding: 4,
            waiting: 4096,
            // A terminal waits for sixty seconds (docs/card.md §5.5).
            turn_within: Duration::from_secs(20),
            batch: 128,
            farewell: Duration::from_secs(10),
        }
    }
}
