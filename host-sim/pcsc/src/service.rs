//! Whether a PC/SC service answers, asked before libpcsclite is: that waits for ever for one that says nothing, and a
//! service that talks nonsense makes it return numbers that are no errors.

use std::env;
use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use pcsc::{Context, Scope};

use crate::call::connect;
use crate::codes::Rv;
use crate::reader_error::ReaderError;
use crate::wire::{self, MAJOR, MINOR_MIN, Version, command};

/// How long the service may take; one that the system starts when it is called takes a second.
const PATIENCE: Duration = Duration::from_secs(10);
/// Where libpcsclite looks for the service, unless this variable says otherwise.
const SOCKET: (&str, &str) = ("PCSCLITE_CSOCK_NAME", "/run/pcscd/pcscd.comm");

/// A context of a service that answers.
pub(crate) fn context() -> Result<Context, ReaderError> {
    answers()?;
    Context::establish(Scope::User).map_err(ReaderError::looking)
}

/// Asks it.
///
/// # Errors
/// What is there says nothing, or nothing that a service says. Where nothing is, libpcsclite says so.
pub(crate) fn answers() -> Result<(), ReaderError> {
    let socket = env::var_os(SOCKET.0).map_or_else(|| PathBuf::from(SOCKET.1), PathBuf::from);
    match version(&socket).map_err(|error| error.kind()) {
        Ok(answer) if speaks_pcsc_lite(&answer) => Ok(()),
        Ok(_) => Err(ReaderError::Foreign { socket }),
        Err(ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(ReaderError::Silent { socket }),
        Err(ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
            Err(ReaderError::HangsUp { socket })
        }
        // libpcsclite says it in its own words; its service may be elsewhere.
        Err(_) => Ok(()),
    }
}

/// What the service answers to the question that begins each conversation.
fn version(socket: &std::path::Path) -> io::Result<Version> {
    let mut stream = connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut request = Vec::new();
    wire::header(&mut request, Version::LEN, command::VERSION);
    Version { major: MAJOR, minor: MINOR_MIN, rv: 0 }.write(&mut request);
    stream.write_all(&request)?;
    let mut answer = [0; Version::LEN];
    stream.read_exact(&mut answer)?;
    Version::from_bytes(&answer).ok_or_else(|| ErrorKind::InvalidData.into())
}

/// Another version is an answer, too: libpcsclite knows whether it speaks that.
fn speaks_pcsc_lite(answer: &Version) -> bool {
    answer.major == MAJOR && (answer.rv == Rv::SUCCESS.0 || answer.rv & 0xFFFF_FF00 == 0x8010_0000)
}
