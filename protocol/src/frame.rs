//! Frames on the one serial line that leads to the till and, through it, to the centre.
//!
//! ```text
//! 00 | COBS of ( peer 1 | length 2 | payload ) | check 3 | 00
//! ```
//!
//! Consistent Overhead Byte Stuffing (COBS, Cheshire and Baker 1999) leaves no 00 between the two 00 at the ends. So a
//! reader finds the next frame whatever came before it: garbage destroys the frame it hits and no other. The length is
//! that of the payload, big-endian. The check is CRC-16/IBM-SDLC (the one of ISO/IEC 13239, as in T=1) over the stuffed
//! bytes. It is written in three bytes, none of which is 00: 80 plus six, five and five bits.
//!
//! The CRC covers the bytes as they are on the line, not the bytes that they stand for, because one wrong bit in a code
//! byte of COBS would change many of the latter. So every wrong bit, and every burst within 16 bits of the stuffed
//! bytes, is detected for certain, unless it makes or removes a 00. In that case, in all likelihood, neither length nor
//! CRC fits.
//!
//! A refused frame is lost: its sender gets no answer, and repeats it or gives up. This module neither knows what
//! frames say, nor sends or awaits anything. It codes COBS itself, because the crates for COBS may panic.
//!
//! ```
//! use qiyong_protocol::frame::{Peer, Decoder, encode};
//!
//! let mut line = [0; 32];
//! let sent = encode(Peer::Centre, &[1, 0, 2], &mut line).expect("it fits");
//! let mut decoder = Decoder::<16>::new();
//! let received = sent.iter().filter_map(|byte| decoder.push(*byte).map(|frame| frame.map(|frame| frame.peer)));
//! assert!(received.eq([Ok(Peer::Centre)]));
//! ```

use core::fmt;

use zeroize::Zeroize;

use crate::crc;

/// Bytes before the payload: peer and length.
const HEADER: usize = 3;
/// Bytes of the check.
const CHECK: usize = 3;
/// The code byte of a full piece of COBS, which has 254 bytes and stands for no 00.
const FULL: u8 = 0xFF;

/// Whom a frame is for, or from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Peer {
    /// The till: its commands, and the events for it.
    Till,
    /// The centre: ISO 8583 messages, which the till passes on.
    Centre,
}

impl Peer {
    const CODES: [(Self, u8); 2] = [(Self::Till, 1), (Self::Centre, 2)];

    /// Both.
    pub const ALL: [Self; 2] = [Self::Till, Self::Centre];

    /// Its number in a frame.
    pub const fn code(self) -> u8 {
        match self {
            Self::Till => 1,
            Self::Centre => 2,
        }
    }
}

/// A frame as received.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Whom it is from.
    pub peer: Peer,
    /// The message in it. The message may belong to a person, so that `Debug` does not show it.
    pub payload: &'a [u8],
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {} bytes", self.peer, self.payload.len())
    }
}

/// Why the bytes between two 00 are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FrameError {
    /// More bytes than the decoder has room for.
    TooLong,
    /// Fewer bytes than the shortest frame has.
    TooShort,
    /// The check is wrong.
    Check,
    /// The check is right, but the bytes are not COBS.
    Stuffing,
    /// The length in the header is not that of the payload.
    Length,
    /// No peer has this number.
    Peer(u8),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("a frame is longer than there is room for, or its end was lost"),
            Self::TooShort => f.write_str("a frame is too short to be one"),
            Self::Check => f.write_str("a frame's check is wrong: it was disturbed on the line"),
            Self::Stuffing => f.write_str("a frame is not stuffed as COBS demands"),
            Self::Length => f.write_str("a frame's length is not that of its payload"),
            Self::Peer(number) => write!(f, "a frame is for peer {number}, which there is not"),
        }
    }
}

impl core::error::Error for FrameError {}

/// The most bytes that a frame with a payload of so many bytes takes on the line.
pub const fn encoded_len(payload: usize) -> usize {
    let stuffed = HEADER + payload;
    1 + stuffed + stuffed / 254 + 1 + CHECK + 1
}

/// Writes a frame into `buffer`. `None`: the payload has 65 536 bytes or more, or the frame does not fit (it always
/// fits into [`encoded_len`] bytes).
pub fn encode<'b>(peer: Peer, payload: &[u8], buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let [high, low] = u16::try_from(payload.len()).ok()?.to_be_bytes();
    let header = [peer.code(), high, low];
    let (start, stuffed) = buffer.split_first_mut()?;
    *start = 0;
    // The code byte of the current piece, and the place where it will stand.
    let (mut code, mut code_at) = (1, 0);
    for byte in header.iter().chain(payload) {
        if code == FULL {
            *stuffed.get_mut(code_at)? = code;
            (code_at, code) = (code_at + usize::from(code), 1);
        }
        if *byte == 0 {
            *stuffed.get_mut(code_at)? = code;
            (code_at, code) = (code_at + usize::from(code), 1);
        } else {
            *stuffed.get_mut(code_at + usize::from(code))? = *byte;
            code += 1;
        }
    }
    *stuffed.get_mut(code_at)? = code;
    let used = code_at + usize::from(code);
    let check = check_of(stuffed.get(..used)?);
    stuffed.get_mut(used..)?.first_chunk_mut::<CHECK>()?.copy_from_slice(&check);
    *stuffed.get_mut(used + CHECK)? = 0;
    buffer.get(..1 + used + CHECK + 1)
}

/// The CRC in bytes none of which is 00.
fn check_of(stuffed: &[u8]) -> [u8; CHECK] {
    let crc = crc::of(stuffed);
    [0x80 | (crc >> 10) as u8, 0x80 | (crc >> 5 & 0x1F) as u8, 0x80 | (crc & 0x1F) as u8]
}

/// Finds the frames among the bytes from the line. It has room for `N` bytes between two 00: [`encoded_len`] less two.
///
/// A frame may hold a key, and stays in the decoder until [`Decoder::wipe`] or until it is dropped.
#[derive(Clone)]
pub struct Decoder<const N: usize> {
    buffer: [u8; N],
    /// How many bytes came since the last 00, including those for which there was no room.
    used: usize,
}

impl<const N: usize> Default for Decoder<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Drop for Decoder<N> {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// `Debug` shows no bytes, since they may belong to a person.
impl<const N: usize> fmt::Debug for Decoder<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of a frame", self.used)
    }
}

impl<const N: usize> Decoder<N> {
    /// A decoder that has received nothing yet.
    pub const fn new() -> Self {
        Self { buffer: [0; N], used: 0 }
    }

    /// Takes the next byte from the line. The 00 at the end of the bytes gives the frame, or the reason why they are
    /// none.
    pub fn push(&mut self, byte: u8) -> Option<Result<Frame<'_>, FrameError>> {
        if byte != 0 {
            if let Some(room) = self.buffer.get_mut(self.used) {
                *room = byte;
            }
            self.used = self.used.saturating_add(1);
            return None;
        }
        let used = core::mem::take(&mut self.used);
        if used == 0 {
            return None;
        }
        Some(self.buffer.get_mut(..used).ok_or(FrameError::TooLong).and_then(read))
    }

    /// Erases what has come. To be called when a frame has been dealt with; of one that is only half there, the rest is
    /// lost.
    pub fn wipe(&mut self) {
        self.buffer.zeroize();
        self.used = 0;
    }
}

/// Decodes the bytes between two 00, in place.
fn read(bytes: &mut [u8]) -> Result<Frame<'_>, FrameError> {
    let length = bytes.len().checked_sub(CHECK).ok_or(FrameError::TooShort)?;
    let (stuffed, check) = bytes.split_at_mut_checked(length).ok_or(FrameError::TooShort)?;
    if check_of(stuffed) != *check {
        return Err(FrameError::Check);
    }
    let length = unstuff(stuffed).ok_or(FrameError::Stuffing)?;
    let frame = stuffed.get(..length).unwrap_or_default();
    let ([number, high, low], payload) = frame.split_first_chunk::<HEADER>().ok_or(FrameError::TooShort)?;
    if usize::from(u16::from_be_bytes([*high, *low])) != payload.len() {
        return Err(FrameError::Length);
    }
    let peer = Peer::CODES.iter().find(|(_, code)| code == number);
    let (peer, _) = peer.ok_or(FrameError::Peer(*number))?;
    Ok(Frame { peer: *peer, payload })
}

/// Removes the stuffing, in place; returns how many bytes are left. `None`: the last piece ends too early.
fn unstuff(bytes: &mut [u8]) -> Option<usize> {
    let (mut from, mut to) = (0, 0);
    while let Some(code) = bytes.get(from).copied() {
        let end = from + usize::from(code);
        if end > bytes.len() || code == 0 {
            return None;
        }
        for at in from + 1..end {
            *bytes.get_mut(to)? = bytes.get(at).copied()?;
            to += 1;
        }
        from = end;
        // Each piece stands for its bytes and a 00, except the last piece and full pieces.
        if code != FULL && from < bytes.len() {
            *bytes.get_mut(to)? = 0;
            to += 1;
        }
    }
    Some(to)
}

#[cfg(test)]
mod tests;
