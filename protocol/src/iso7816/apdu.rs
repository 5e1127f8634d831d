//! Command and response APDUs, short and extended (ISO/IEC 7816-3 clause 12.1).
//!
//! [`super::t0`] and [`super::t1`] carry APDUs; this module only reads and writes them.

use core::fmt;

use super::SHORT_WAYS;
use super::sw::StatusWord;

/// The most data bytes a short command carries (Lc).
pub const SHORT_NC_MAX: usize = 255;
/// The most data bytes a response to a short command carries (Le = 00).
pub const SHORT_NE_MAX: usize = 256;
/// The most data bytes of an extended command (clause 12.1.3).
pub const EXTENDED_NC_MAX: usize = u16::MAX as usize;
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
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
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
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
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
            Self::TooLong => f.write_str("more than 65535 command or 65536 response bytes: send them in parts"),
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

    /// The same command with a data field.
    pub const fn with_data(self, data: &'a [u8]) -> Self {
        Self { data, ..self }
    }

    /// The same command with at most `ne` response bytes expected.
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

    /// Whether its lengths require the extended form.
    pub const fn is_extended(&self) -> bool {
        self.data.len() > SHORT_NC_MAX || self.ne > SHORT_NE_MAX
    }

    /// Writes the APDU, in short form where it fits, and returns its bytes.
    pub fn encode<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], ApduError> {
        let pieces = Pieces::of(self)?;
        let need = pieces.len();
        let out: &'b mut [u8] = buffer.get_mut(..need).ok_or(ApduError::BufferTooSmall { need })?;
        let bytes = pieces.head().iter().chain(pieces.data).chain(pieces.tail());
        for (place, byte) in out.iter_mut().zip(bytes) {
            *place = *byte;
        }
        Ok(out)
    }

    /// Reads an APDU, short or extended. Every byte must belong to it.
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
    /// Reads a response: the last two bytes are the status word, all bytes before them are data.
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

/// The most bytes of a header and the length behind it.
pub(super) const HEAD: usize = 7;

/// The bytes of a command APDU in up to three pieces, so that its data need not be copied to be sent.
///
/// Has no `Debug`: the data may be a PIN.
#[derive(Clone, Copy)]
pub struct Pieces<'a> {
    /// Header and Lc; header and Le if there is no data field. Zeros follow, and in the last place the number of these bytes.
    head: [u8; HEAD + 1],
    data: &'a [u8],
    /// Le behind a data field. Zeros follow, and in the last place the number of these bytes.
    tail: [u8; 4],
}

impl<'a> Pieces<'a> {
    /// The APDU of `command`, in short form where it fits (clause 12.1.3).
    ///
    /// # Errors
    /// [`ApduError::TooLong`].
    pub fn of(command: &Command<'a>) -> Result<Self, ApduError> {
        let &Command { cla, ins, p1, p2, data, ne } = command;
        if data.len() > EXTENDED_NC_MAX || ne > EXTENDED_NE_MAX {
            return Err(ApduError::TooLong);
        }
        // Le and the extended lengths are written modulo their range: 256 is 00, 65 536 is 0000 (clause 12.1.3).
        let ([nc_high, nc], [ne_high, ne_low]) = ((data.len() as u16).to_be_bytes(), (ne as u16).to_be_bytes());
        // What stands behind the header is the length of the data field, or Le if there is none.
        let (length, high, low) = if data.is_empty() { (ne, ne_high, ne_low) } else { (data.len(), nc_high, nc) };
        let ([l0, l1, l2], head_len) = match (length, command.is_extended()) {
            (0, _) => ([0; 3], 4),
            (_, true) => ([0, high, low], 7),
            (_, false) => ([low, 0, 0], 5),
        };
        let (tail, tail_len) = match (ne > 0 && !data.is_empty(), command.is_extended()) {
            (false, _) => ([0; 2], 0),
            (true, false) => ([ne_low, 0], 1),
            (true, true) => ([ne_high, ne_low], 2),
        };
        let [t0, t1] = tail;
        Ok(Self { head: [cla, ins, p1, p2, l0, l1, l2, head_len], data, tail: [t0, t1, 0, tail_len] })
    }

    /// The bytes of an APDU as they are, in one piece. One without a data field is copied.
    #[inline]
    pub(super) const fn of_bytes(apdu: &'a [u8]) -> Self {
        let head = match *apdu {
            [cla, ins, p1, p2] => [cla, ins, p1, p2, 0, 0, 0, 4],
            [cla, ins, p1, p2, le] => [cla, ins, p1, p2, le, 0, 0, 5],
            _ => return Self::raw(apdu),
        };
        Self { head, ..Self::raw(&[]) }
    }

    /// The whole APDU, if it has no data field: its first [`Pieces::len`] bytes, followed by zeros.
    #[inline]
    pub(super) const fn without_data(&self) -> Option<[u8; HEAD]> {
        let [bytes @ .., _] = self.head;
        if self.data.is_empty() { Some(bytes) } else { None }
    }

    /// One piece: bytes that are sent as they are.
    pub const fn raw(data: &'a [u8]) -> Self {
        Self { head: [0; HEAD + 1], data, tail: [0; 4] }
    }

    /// Whether they are bytes that are sent as they are.
    #[inline]
    pub(super) const fn is_plain(&self) -> bool {
        self.head_len() == 0
    }

    /// How many bytes there are in all.
    pub const fn len(&self) -> usize {
        self.head_len() + self.data.len() + self.tail_len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes from `at` on that are in one piece, at most `most`. Empty only at the end, or if `most` is 0.
    #[inline]
    pub fn from(&self, at: usize, most: usize) -> &[u8] {
        if SHORT_WAYS && self.is_plain() && at == 0 && most == self.data.len() {
            self.data
        } else {
            self.any_from(at, most)
        }
    }

    /// The same for anything.
    #[cfg_attr(not(target_os = "none"), inline(never))]
    fn any_from(&self, at: usize, most: usize) -> &[u8] {
        let (piece, skip) = match at.checked_sub(self.head_len()) {
            None => (self.head(), at),
            Some(at) => match at.checked_sub(self.data.len()) {
                None => (self.data, at),
                Some(at) => (self.tail(), at),
            },
        };
        let rest = piece.get(skip..).unwrap_or_default();
        rest.get(..most).unwrap_or(rest)
    }

    const fn head_len(&self) -> usize {
        let [.., len] = self.head;
        len as usize
    }

    const fn tail_len(&self) -> usize {
        let [.., len] = self.tail;
        len as usize
    }

    fn head(&self) -> &[u8] {
        self.head.get(..self.head_len()).unwrap_or_default()
    }

    fn tail(&self) -> &[u8] {
        self.tail.get(..self.tail_len()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    /// The commands of docs/card.md §1.6; ISO/IEC 7816-3 clauses 12.1 and 12.1.3.
    #[test]
    fn the_commands_of_section_1_6_decode_and_encode_to_the_same_bytes() {
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
        // `00A40002EF05` is a bug seen in a real reader (docs/card.md §1.11): P2 and Lc are missing.
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
        fn pieces_of_any_size_make_the_apdu(
            header: [u8; 4],
            data in prop::collection::vec(any::<u8>(), 0..=600),
            ne in prop_oneof![0usize..=257, Just(65_536)],
            most in 1usize..=255,
        ) {
            let [cla, ins, p1, p2] = header;
            let command = Command { cla, ins, p1, p2, data: &data, ne };
            let pieces = Pieces::of(&command).unwrap();
            let mut gathered = vec![];
            while gathered.len() < pieces.len() {
                let piece = pieces.from(gathered.len(), most);
                prop_assert!((1..=most).contains(&piece.len()));
                gathered.extend_from_slice(piece);
            }
            prop_assert!(pieces.from(gathered.len(), most).is_empty());
            let mut buffer = [0; 700];
            prop_assert_eq!(gathered.as_slice(), command.encode(&mut buffer).unwrap());
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
