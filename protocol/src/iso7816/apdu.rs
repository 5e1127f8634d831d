//! Command and response APDUs, short and extended (ISO/IEC 7816-3 clause 12.1).
//!
//! Not for transporting them: T=0 is in [`super::t0`].

use core::fmt;

use super::sw::StatusWord;

/// The most data bytes a short command carries (Lc).
pub const SHORT_NC_MAX: usize = 255;
/// The most data bytes a response to a short command carries (Le = 00).
pub const SHORT_NE_MAX: usize = 256;
/// The most data bytes a response to an extended command carries (Le = 0000).
pub const EXTENDED_NE_MAX: usize = 65_536;

/// A command APDU: header, Nc data bytes, and Ne, the most bytes wanted in return.
///
/// Its `Debug` prints lengths instead of data, since data may be a PIN.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Command<'a> {
    /// Class byte.
    pub cla: u8,
    /// Instruction byte.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    /// The command data field, 0 to 65 535 bytes; its length is Nc.
    pub data: &'a [u8],
    /// Ne: 0 (no response data expected) to 65 536.
    pub ne: usize,
}

/// A response APDU: up to Ne data bytes and the status word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Response<'a> {
    /// The response data field.
    pub data: &'a [u8],
    /// The status word.
    pub sw: StatusWord,
}

/// The four cases of clause 12.1.3; a case is the same in short and extended form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// Neither command data nor response data.
    One,
    /// Response data only.
    Two,
    /// Command data only.
    Three,
    /// Command data and response data.
    Four,
}

/// Why bytes are not an APDU, or an APDU cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApduError {
    /// Fewer bytes than a header (4) or a status word (2).
    TooShort {
        /// The bytes given.
        have: usize,
    },
    /// The length fields do not add up to the bytes given.
    LengthMismatch {
        /// The bytes given.
        have: usize,
    },
    /// Nc over 65 535 or Ne over 65 536.
    TooLong,
    /// The buffer to write to is too small.
    BufferTooSmall {
        /// The bytes needed.
        need: usize,
    },
}

impl fmt::Display for ApduError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { have } => write!(f, "{have} bytes are too few: a command has at least 4, a response 2"),
            Self::LengthMismatch { have } => write!(f, "Lc and Le do not fit the {have} bytes given"),
            Self::TooLong => f.write_str("more than 65535 command or 65536 response bytes"),
            Self::BufferTooSmall { need } => write!(f, "the buffer needs {need} bytes"),
        }
    }
}

impl core::error::Error for ApduError {}

impl<'a> Command<'a> {
    /// A case 1 command: a header alone.
    pub const fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self { cla, ins, p1, p2, data: &[], ne: 0 }
    }

    /// The same with a data field.
    pub const fn with_data(self, data: &'a [u8]) -> Self {
        Self { data, ..self }
    }

    /// The same with `ne` response bytes expected at most.
    pub const fn expecting(self, ne: usize) -> Self {
        Self { ne, ..self }
    }

    /// Which of the four cases it is.
    pub const fn case(&self) -> Case {
        match (self.data.is_empty(), self.ne) {
            (true, 0) => Case::One,
            (true, _) => Case::Two,
            (false, 0) => Case::Three,
            (false, _) => Case::Four,
        }
    }

    /// Whether lengths force the extended form.
    pub const fn is_extended(&self) -> bool {
        self.data.len() > SHORT_NC_MAX || self.ne > SHORT_NE_MAX
    }

    /// Writes the APDU, in short form where it fits, and returns its bytes.
    pub fn encode<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], ApduError> {
        if self.data.len() > usize::from(u16::MAX) || self.ne > EXTENDED_NE_MAX {
            return Err(ApduError::TooLong);
        }
        let mut out = Writer { buffer, at: 0 };
        out.put(&[self.cla, self.ins, self.p1, self.p2]);
        // Le and extended lengths are written modulo their size: 256 is 00, 65 536 is 0000 (clause 12.1.3).
        let (nc, ne) = (self.data.len() as u16, self.ne as u16);
        if self.is_extended() {
            if nc > 0 {
                out.put(&[0]);
                out.put(&nc.to_be_bytes());
                out.put(self.data);
            } else {
                out.put(&[0]);
            }
            if self.ne > 0 {
                out.put(&ne.to_be_bytes());
            }
        } else {
            if nc > 0 {
                out.put(&[nc as u8]);
                out.put(self.data);
            }
            if self.ne > 0 {
                out.put(&[ne as u8]);
            }
        }
        out.finish()
    }

    /// Reads an APDU, short or extended; every byte must be accounted for.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, ApduError> {
        let have = bytes.len();
        let Some((&[cla, ins, p1, p2], body)) = bytes.split_first_chunk::<4>() else {
            return Err(ApduError::TooShort { have });
        };
        let mismatch = ApduError::LengthMismatch { have };
        let short = |le: u8| if le == 0 { SHORT_NE_MAX } else { usize::from(le) };
        let extended = |le: [u8; 2]| match u16::from_be_bytes(le) {
            0 => EXTENDED_NE_MAX,
            n => usize::from(n),
        };
        let (data, ne): (&[u8], usize) = match body {
            [] => (&[], 0),
            [le] => (&[], short(*le)),
            [0, a, b] => (&[], extended([*a, *b])),
            [0, a, b, rest @ ..] => {
                let nc = usize::from(u16::from_be_bytes([*a, *b]));
                match rest.split_at_checked(nc) {
                    Some((data, [])) if nc > 0 => (data, 0),
                    Some((data, [a, b])) if nc > 0 => (data, extended([*a, *b])),
                    _ => return Err(mismatch),
                }
            }
            [0, ..] => return Err(mismatch),
            [lc, rest @ ..] => match rest.split_at_checked(usize::from(*lc)) {
                Some((data, [])) => (data, 0),
                Some((data, [le])) => (data, short(*le)),
                _ => return Err(mismatch),
            },
        };
        Ok(Self { cla, ins, p1, p2, data, ne })
    }
}

impl fmt::Debug for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cla, ins, p1, p2, data, ne } = self;
        write!(f, "{cla:02X}{ins:02X} {p1:02X}{p2:02X} Nc={} Ne={ne}", data.len())
    }
}

impl<'a> Response<'a> {
    /// Reads a response: everything but the last two bytes is data.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, ApduError> {
        match bytes {
            [data @ .., sw1, sw2] => Ok(Self { data, sw: StatusWord::new(*sw1, *sw2) }),
            _ => Err(ApduError::TooShort { have: bytes.len() }),
        }
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nr={} SW={:?}", self.data.len(), self.sw)
    }
}

/// Appends to a buffer and counts on when it is full, so that the error can say what is needed.
struct Writer<'b> {
    buffer: &'b mut [u8],
    at: usize,
}

impl<'b> Writer<'b> {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.at + bytes.len();
        if let Some(room) = self.buffer.get_mut(self.at..end) {
            room.copy_from_slice(bytes);
        }
        self.at = end;
    }

    fn finish(self) -> Result<&'b [u8], ApduError> {
        let need = self.at;
        let whole: &'b [u8] = self.buffer;
        whole.get(..need).ok_or(ApduError::BufferTooSmall { need })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn the_commands_of_domain_1_6_decode_and_encode_to_the_same_bytes() {
        let cases: [(&[u8], Case, usize, usize); 5] = [
            (&hex!("00A404000F7378312E73682EC9E7BBE1B1A3D5CF"), Case::Three, 15, 0),
            (&hex!("00B2010412"), Case::Two, 0, 18),
            (&hex!("0084000008"), Case::Two, 0, 8),
            (&hex!("00A4000002EF0500"), Case::Four, 2, 256),
            (&hex!("84160000"), Case::One, 0, 0),
        ];
        for (bytes, case, nc, ne) in cases {
            let command = Command::decode(bytes).unwrap();
            assert_eq!((command.case(), command.data.len(), command.ne), (case, nc, ne));
            assert_eq!(command.encode(&mut [0; 64]).unwrap(), bytes);
        }
    }

    #[test]
    fn wrong_lengths_are_refused() {
        // `00A40002EF05` is a bug seen in a real reader (domain.md §1.11): P2 and Lc are missing.
        for bytes in [&hex!("00A40002EF05")[..], &hex!("00A4"), &hex!("00A4000000000200"), &hex!("00B201040000")] {
            assert!(Command::decode(bytes).is_err(), "{bytes:02X?}");
        }
    }

    proptest! {
        #[test]
        fn any_command_survives_encoding(
            header: [u8; 4],
            data in prop_oneof![prop::collection::vec(any::<u8>(), 0..=256), prop::collection::vec(any::<u8>(), 60_000..=65_535)],
            ne in prop_oneof![0usize..=257, Just(65_535), Just(65_536)],
        ) {
            let [cla, ins, p1, p2] = header;
            let command = Command { cla, ins, p1, p2, data: &data, ne };
            let mut buffer = vec![0; 65_600];
            let bytes = command.encode(&mut buffer).unwrap();
            prop_assert_eq!(Command::decode(bytes).unwrap(), command);
            let need = bytes.len();
            let mut small = vec![0; need - 1];
            prop_assert_eq!(command.encode(&mut small), Err(ApduError::BufferTooSmall { need }));
        }

        #[test]
        fn any_bytes_decode_or_are_refused_and_what_decodes_means_the_same_again(bytes: Vec<u8>) {
            if let Ok(command) = Command::decode(&bytes) {
                let mut buffer = [0; 512];
                let again = command.encode(&mut buffer).unwrap();
                prop_assert_eq!(Command::decode(again).unwrap(), command);
            }
            let _ = Response::decode(&bytes);
        }
    }
}
