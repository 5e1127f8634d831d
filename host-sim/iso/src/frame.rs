//! The frames on a connection: length 2 | TPDU 5 | ISO 8583 message (docs/card.md §5.1).
//!
//! The length is big-endian and counts what follows it. The TPDU is 60, the destination's address and the source's, two bytes
//! each; an answer exchanges the addresses. Length and TPDU are part of what [`Message::read`] reads, so that a frame is
//! handed on whole. A wrong length cannot be told from a right one once bytes are lost: a connection on which anything is
//! wrong is of no use any more, and what is wrong shows with the first byte that makes it so.
//!
//! [`Message::read`]: qiyong_protocol::centre::iso8583::Message::read

use thiserror::Error;

use qiyong_protocol::centre::iso8583::{START, TPDU};
use qiyong_protocol::centre::message::MESSAGE_MAX;

/// Bytes of the length.
const LENGTH: usize = 2;
/// The most that a length may say.
pub const MOST: usize = MESSAGE_MAX - LENGTH;
/// The least: TPDU, header, type and bitmap.
pub const LEAST: usize = START - LENGTH;
/// What every TPDU begins with.
const TPDU_ID: u8 = TPDU[0];

/// Why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The length says more than any message has.
    #[error("a frame of {announced} bytes is announced, and no message has more than {MOST}")]
    TooLong {
        /// What it says.
        announced: usize,
    },
    /// The length says less than any message has.
    #[error("a frame of {announced} bytes is announced, and no message has less than {LEAST}")]
    TooShort {
        /// What it says.
        announced: usize,
    },
    /// What follows the length is no TPDU.
    #[error("a frame begins with {id:02X} after its length, where a TPDU has 60")]
    Tpdu {
        /// Its first byte.
        id: u8,
    },
}

/// Cuts what comes over a connection into frames. Holds no memory while it holds no bytes.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
}

impl Decoder {
    /// One that has got nothing yet.
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// Takes what has come. The caller takes the frames out before it brings more than it is ready to keep.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame, whole with its length; `None`: its end has not come yet.
    ///
    /// # Errors
    /// What came is no frame. It stays so.
    pub fn take(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let Some(length) = self.next_length()? else { return Ok(None) };
        if self.bytes.len() < length {
            return Ok(None);
        }
        let rest = self.bytes.split_off(length);
        Ok(Some(std::mem::replace(&mut self.bytes, rest)))
    }

    /// The bytes of the frame that has begun, with its length; `None`: not even its length has come.
    fn next_length(&self) -> Result<Option<usize>, FrameError> {
        let Some((length, rest)) = self.bytes.split_first_chunk::<LENGTH>() else { return Ok(None) };
        let announced = usize::from(u16::from_be_bytes(*length));
        match rest.first() {
            _ if announced > MOST => Err(FrameError::TooLong { announced }),
            _ if announced < LEAST => Err(FrameError::TooShort { announced }),
            Some(id) if *id != TPDU_ID => Err(FrameError::Tpdu { id: *id }),
            _ => Ok(Some(LENGTH + announced)),
        }
    }

    /// How many bytes it holds.
    pub(crate) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether a frame has begun and its end has not come.
    pub const fn has_begun(&self) -> bool {
        !self.bytes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of this many bytes after its length.
    fn frame(length: usize) -> Vec<u8> {
        let mut bytes = u16::try_from(length).unwrap().to_be_bytes().to_vec();
        bytes.extend(TPDU);
        bytes.extend((0..length - TPDU.len()).map(|number| number.to_be_bytes()[7]));
        bytes
    }

    /// All frames in these pieces.
    fn cut<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
        let (mut decoder, mut frames) = (Decoder::new(), Vec::new());
        for piece in pieces {
            decoder.push(piece);
            while let Some(frame) = decoder.take().unwrap() {
                frames.push(frame);
            }
        }
        assert!(!decoder.has_begun() && decoder.bytes.capacity() == 0, "it keeps no memory");
        frames
    }

    #[test]
    fn however_the_bytes_are_split_the_frames_are_the_same() {
        let frames = [frame(LEAST), frame(40), frame(MOST), frame(LEAST)];
        let bytes = frames.concat();
        assert_eq!(cut([&bytes[..]]), frames);
        assert_eq!(cut(bytes.chunks(1)), frames);
        for at in 0..bytes.len() {
            let (first, second) = bytes.split_at(at);
            assert_eq!(cut([first, second]), frames, "split at {at}");
        }
    }

    #[test]
    fn a_frame_waits_for_its_last_byte() {
        let bytes = frame(30);
        let mut decoder = Decoder::new();
        for byte in &bytes[..bytes.len() - 1] {
            decoder.push(&[*byte]);
            assert_eq!(decoder.take(), Ok(None));
            assert!(decoder.has_begun());
        }
        decoder.push(&bytes[bytes.len() - 1..]);
        assert_eq!(decoder.take(), Ok(Some(bytes)));
    }

    #[test]
    fn what_is_no_frame_shows_with_the_byte_that_makes_it_so_and_stays() {
        let [high, low] = u16::try_from(LEAST).unwrap().to_be_bytes();
        let cases: [(&[u8], FrameError); 6] = [
            (b"GE", FrameError::TooLong { announced: 0x4745 }),
            (&[0x16, 0x03], FrameError::TooLong { announced: 0x1603 }),
            (&(u16::try_from(MOST).unwrap() + 1).to_be_bytes(), FrameError::TooLong { announced: MOST + 1 }),
            (&(u16::try_from(LEAST).unwrap() - 1).to_be_bytes(), FrameError::TooShort { announced: LEAST - 1 }),
            (&[0, 0], FrameError::TooShort { announced: 0 }),
            (&[high, low, 0x61], FrameError::Tpdu { id: 0x61 }),
        ];
        for (bytes, error) in cases {
            let mut decoder = Decoder::new();
            let (last, before) = bytes.split_last().unwrap();
            decoder.push(before);
            assert_eq!(decoder.take(), Ok(None), "{error}");
            decoder.push(&[*last]);
            assert_eq!(decoder.take(), Err(error));
            decoder.push(&frame(LEAST));
            assert_eq!(decoder.take(), Err(error), "it does not recover");
        }
    }

    #[test]
    fn the_bounds_are_those_of_messages() {
        assert_eq!((LEAST, MOST), (21, 510));
        for length in [LEAST, MOST] {
            let bytes = frame(length);
            assert_eq!(cut([&bytes[..]]), [bytes]);
        }
    }
}
