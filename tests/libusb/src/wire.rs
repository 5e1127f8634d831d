//! Transfers over the socket: a connection for each, closed by the one who gives it up.
//!
//! A request is its kind, the endpoint's address, a time limit in milliseconds of the device's time (0: none), the most bytes wanted, the
//! setup packet, and the bytes for the device; the answer a status and the bytes of the device. Numbers are little-endian, 32 bits.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::unix::net::UnixStream;

/// Where the device is.
pub const SOCKET: &str = "QIYONG_USB";

/// A transfer as it goes over the socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// A request on the control endpoint; otherwise to or from `address`.
    pub is_control: bool,
    /// The endpoint's address, with 80 for one to the host.
    pub address: u8,
    /// The limit, in ms; 0: none.
    pub within_ms: u32,
    /// The most bytes wanted.
    pub most: u32,
    /// Of a control transfer.
    pub setup: [u8; 8],
    /// For the device.
    pub data: Vec<u8>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// Well.
    Done = 0,
    /// The device refuses.
    Stall = 1,
    /// Not in time.
    TimedOut = 2,
    /// Given up.
    Cancelled = 3,
    /// There is no device.
    Gone = 4,
}

fn number(from: &mut impl Read) -> Result<u32> {
    let mut bytes = [0; 4];
    from.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn bytes(from: &mut impl Read) -> Result<Vec<u8>> {
    let len = number(from)?;
    if len > 1 << 20 {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; len as usize];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

impl Request {
    /// Writes it.
    ///
    /// # Errors
    /// The socket's.
    pub fn write(&self, to: &mut impl Write) -> Result<()> {
        let mut all = vec![u8::from(self.is_control), self.address];
        all.extend(self.within_ms.to_le_bytes());
        all.extend(self.most.to_le_bytes());
        all.extend(self.setup);
        all.extend((self.data.len() as u32).to_le_bytes());
        all.extend(&self.data);
        to.write_all(&all)
    }

    /// Reads one.
    ///
    /// # Errors
    /// The socket's.
    pub fn read(from: &mut impl Read) -> Result<Self> {
        let mut head = [0; 2];
        from.read_exact(&mut head)?;
        let [kind, address] = head;
        let (within_ms, most, mut setup) = (number(from)?, number(from)?, [0; 8]);
        from.read_exact(&mut setup)?;
        Ok(Self { is_control: kind != 0, address, within_ms, most, setup, data: bytes(from)? })
    }
}

/// Writes an answer.
///
/// # Errors
/// The socket's.
pub fn answer(to: &mut impl Write, status: Status, data: &[u8]) -> Result<()> {
    let mut all = (status as u32).to_le_bytes().to_vec();
    all.extend((data.len() as u32).to_le_bytes());
    all.extend(data);
    to.write_all(&all)
}

/// Waits for an answer. A connection that ends is a transfer that was given up.
pub fn answered(from: &mut impl Read) -> (Status, Vec<u8>) {
    let read = number(from).and_then(|status| Ok((status, bytes(from)?)));
    let Ok((status, data)) = read else { return (Status::Cancelled, Vec::new()) };
    let known = [Status::Done, Status::Stall, Status::TimedOut, Status::Cancelled, Status::Gone];
    let status = known.into_iter().find(|known| *known as u32 == status).unwrap_or(Status::Gone);
    (status, data)
}

/// Begins a transfer.
///
/// # Errors
/// There is no device.
pub fn begin(request: &Request) -> Result<UnixStream> {
    let path = std::env::var_os(SOCKET).ok_or_else(|| Error::from(ErrorKind::NotFound))?;
    let mut stream = UnixStream::connect(path)?;
    request.write(&mut stream)?;
    Ok(stream)
}

/// A transfer from its beginning to its end.
pub fn carry(request: &Request) -> (Status, Vec<u8>) {
    match begin(request) {
        Ok(mut stream) => answered(&mut stream),
        Err(_) => (Status::Gone, Vec::new()),
    }
}
