//! A terminal's end of a line: it asks, waits for the answer, and connects when it has to. Blocking, for whoever stands in for
//! a terminal's modem; many lines at a time are not its business.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use thiserror::Error;

use qiyong_protocol::centre::iso8583::{Message, swapped};
use qiyong_protocol::centre::message::MESSAGE_MAX;

use crate::frame::{Decoder, FrameError};

/// How long a line waits.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// For a connection.
    pub connect: Duration,
    /// For an answer.
    pub answer: Duration,
}

impl Default for Waits {
    /// As long as a terminal waits for an answer (docs/card.md §5.5).
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), answer: Duration::from_secs(60) }
    }
}

/// Why a line leads to no centre. Whoever asked has no answer, and cannot know what became of the request.
#[derive(Debug, Error)]
pub enum LineError {
    /// The address is none, or its name has none.
    #[error("{address} leads nowhere: {error}; write it as HOST:PORT")]
    Address {
        /// As it was given.
        address: String,
        /// The system's words.
        error: io::Error,
    },
    /// Nobody takes the connection.
    #[error(
        "no centre can be reached at {address}: {error}; is it running there, and is this its address for terminals?"
    )]
    Unreachable {
        /// As it was given.
        address: String,
        /// The system's words.
        error: io::Error,
    },
    /// What answers does not speak as a centre does.
    #[error(
        "what answers at {address} is no centre's end for terminals ({error}): give that address, and not its HTTP's"
    )]
    NoCentre {
        /// As it was given.
        address: String,
        /// What came.
        error: FrameError,
    },
    /// Nothing was ever answered there, and the connection was closed.
    #[error(
        "what listens at {address} closes the connection and answers nothing: give the address of a centre's end for terminals, or wait until it has a place left"
    )]
    Closed {
        /// As it was given.
        address: String,
    },
    /// Nothing was ever answered there.
    #[error("what listens at {address} answers nothing within {} s: is it a centre's end for terminals?", waited.as_secs())]
    Silent {
        /// As it was given.
        address: String,
        /// For how long.
        waited: Duration,
    },
}

impl LineError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Address { address, .. } => format!("地址 {address} 无效，请写成“主机:端口”"),
            Self::Unreachable { address, .. } => {
                format!("无法连接 {address} 的卡管中心；请确认中心已在该处运行，且此为其终端接入地址")
            }
            Self::NoCentre { address, .. } => {
                format!("{address} 不是卡管中心的终端接入地址：请给出终端接入地址，不要给 HTTP 地址")
            }
            Self::Closed { address } => {
                format!("{address} 关闭了连接且无应答：请给出卡管中心的终端接入地址，或等它有空余连接")
            }
            Self::Silent { address, .. } => format!("{address} 长时间无应答：请确认它是卡管中心的终端接入地址"),
        }
    }
}

/// A line to a centre.
#[derive(Debug)]
pub struct Line {
    address: String,
    waits: Waits,
    stream: Option<TcpStream>,
    /// A centre has answered here.
    heard: bool,
}

/// Why an exchange has no answer.
enum Lost {
    Closed,
    Late,
    NoCentre(FrameError),
}

impl Line {
    /// A line to the centre at `HOST:PORT`. It connects when it is used.
    pub fn new(address: &str, waits: Waits) -> Self {
        Self { address: address.into(), waits, stream: None, heard: false }
    }

    /// Connects, unless it is connected.
    ///
    /// # Errors
    /// The address is none, or nobody takes the connection.
    pub fn connect(&mut self) -> Result<(), LineError> {
        let stream = self.connected()?;
        self.stream = Some(stream);
        Ok(())
    }

    /// Sends a message, whole with length and TPDU, and waits for its answer; what answers another is dropped. `None`: there
    /// is no answer, and the message may have arrived or not. Then the next message goes over a new connection.
    ///
    /// # Errors
    /// Nobody can be reached, or whoever is there has never answered as a centre does.
    pub fn ask(&mut self, message: &[u8]) -> Result<Option<Vec<u8>>, LineError> {
        let mut stream = self.connected()?;
        match exchange(&mut stream, message, self.waits.answer) {
            Ok(answer) => {
                (self.stream, self.heard) = (Some(stream), true);
                Ok(Some(answer))
            }
            Err(Lost::NoCentre(error)) => Err(LineError::NoCentre { address: self.address.clone(), error }),
            Err(_) if self.heard => Ok(None),
            Err(Lost::Closed) => Err(LineError::Closed { address: self.address.clone() }),
            Err(Lost::Late) => Err(LineError::Silent { address: self.address.clone(), waited: self.waits.answer }),
        }
    }

    /// The connection, made anew if the other end has closed it.
    fn connected(&mut self) -> Result<TcpStream, LineError> {
        if let Some(stream) = self.stream.take().filter(is_open) {
            return Ok(stream);
        }
        let address = || self.address.clone();
        let found = self.address.to_socket_addrs().map_err(|error| LineError::Address { address: address(), error })?;
        let mut last = io::Error::from(ErrorKind::NotFound);
        for one in found {
            match TcpStream::connect_timeout(&one, self.waits.connect) {
                Ok(stream) => {
                    // Without it, it is only slower.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(LineError::Unreachable { address: address(), error: last })
    }
}

/// Whether the other end has not closed it, as far as is known here.
fn is_open(stream: &TcpStream) -> bool {
    let look = || {
        stream.set_nonblocking(true)?;
        let seen = stream.peek(&mut [0]);
        stream.set_nonblocking(false)?;
        seen
    };
    match look() {
        Ok(bytes) => bytes > 0,
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}

/// Sends a message and waits for its answer.
fn exchange(stream: &mut TcpStream, message: &[u8], patience: Duration) -> Result<Vec<u8>, Lost> {
    let lost = |error: io::Error| match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Lost::Late,
        _ => Lost::Closed,
    };
    let end = Instant::now() + patience;
    stream.set_write_timeout(Some(patience)).map_err(lost)?;
    stream.write_all(message).map_err(lost)?;
    let (mut decoder, mut bytes) = (Decoder::new(), [0; MESSAGE_MAX]);
    loop {
        match decoder.take().map_err(Lost::NoCentre)? {
            Some(answer) if belongs(&answer, message) => return Ok(answer),
            Some(_) => continue,
            None => {}
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Lost::Late);
        }
        stream.set_read_timeout(Some(left)).map_err(lost)?;
        match stream.read(&mut bytes) {
            Ok(0) => return Err(Lost::Closed),
            Ok(count) => decoder.push(bytes.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(lost(error)),
        }
    }
}

/// What answer and request have in common: number, time, day, terminal and institution.
const COMMON: [u8; 5] = [11, 12, 13, 41, 42];

/// Whether these bytes answer this message, as far as shows without the key. The terminal looks closer.
fn belongs(answer: &[u8], request: &[u8]) -> bool {
    let (Ok(answer), Ok(request)) = (Message::read(answer), Message::read(request)) else { return false };
    answer.mti() == request.mti().answer()
        && answer.tpdu() == swapped(request.tpdu())
        && COMMON.iter().all(|field| answer.field(*field) == request.field(*field))
}
