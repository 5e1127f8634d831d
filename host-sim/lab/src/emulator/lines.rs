//! QEMU's sockets: reading and writing them, which never blocks.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

use super::EmulatorError;

/// The bytes that have come on a line.
pub(super) fn read_available(line: &mut UnixStream) -> Result<Vec<u8>, EmulatorError> {
    let mut all = Vec::new();
    let mut bytes = [0; 1024];
    loop {
        match line.read(&mut bytes) {
            Ok(0) => return Err(EmulatorError::Gone),
            Ok(len) => all.extend_from_slice(&bytes[..len]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(all),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Writes to a line. All that is written here fits into the socket's buffer; a full line is an error.
pub(super) fn write_whole(line: &mut UnixStream, bytes: &[u8]) -> Result<(), EmulatorError> {
    line.write_all(bytes).map_err(EmulatorError::from)
}
