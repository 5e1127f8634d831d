//! This server over a toy decider that waits, fails or panics when it is told to: connections in virtual time over pipes, and
//! real sockets. No test waits for a time of the clock, except to end if nothing happens at all.

mod batches;
mod centre;
mod connections;
mod line;
mod regions;
mod sockets;
mod toy;
