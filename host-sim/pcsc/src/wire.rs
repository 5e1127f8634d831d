//! pcsc-lite's socket protocol, versions 4.3 to 4.6, as a codec over bytes: requests in, answers out. No I/O here.
//!
//! A request is a header (`size`, `command`) and a structure of `size` bytes. After TRANSMIT and CONTROL come as many
//! bytes as their structure says. An answer is the same structure with its fields filled in, without a header. All
//! numbers have 32 bits in the machine's byte order, because both ends run on one machine.
//!
//! Facts taken from pcsc-lite 1.9.9, 2.3.3 and 2.5.2 (`winscard_msg.h`, `eventhandler.h`, and the order of messages in
//! `winscard_svc.c` and `winscard_clnt.c`): command numbers, layouts, limits, and which side sends what and when.
//!
//! | Version | pcsc-lite | WAIT answers | States come by |
//! |---|---|---|---|
//! | 4.3 | 1.8.9 to 1.8.23 | nothing before the event; WAIT and STOP have a body of 8 bytes | table of 16 |
//! | 4.4 | 1.8.24 to 2.2 | the states at once | table of 16 |
//! | 4.5 | 2.3 to 2.4 | the states at once | table of 16; READER EVENTS is new |
//! | 4.6 | 2.5 | nothing; the client asks for the states itself | SIZE, then ARRAY |

use std::fmt;

use super::codes::Rv;

/// Major version of the protocol.
pub const MAJOR: u32 = 4;
/// The oldest minor version that is understood.
pub const MINOR_MIN: u32 = 3;
/// The newest minor version that is understood.
pub const MINOR_MAX: u32 = 6;

/// Bytes of a header.
pub const HEADER_LEN: usize = 8;
/// Bytes of a reader name, with its terminating zero.
pub const NAME_LEN: usize = 128;
/// The most bytes of an attribute.
pub const ATTRIBUTE_MAX: usize = 264;
/// The most bytes of an APDU or control message in either direction: 64 KiB of data and everything around them.
pub const EXTENDED_MAX: usize = 4 + 3 + 65536 + 3 + 2;
/// Readers in the table of versions up to 4.5.
pub const TABLE_LEN: usize = 16;
/// Bytes of the longest request with its header.
pub const REQUEST_MAX: usize = HEADER_LEN + Transmit::LEN + EXTENDED_MAX;
/// The most bytes of a path in a [`Ctl`] request.
pub const PATH_MAX: usize = 4096;

/// Command numbers.
pub mod command {
    #![allow(missing_docs, reason = "the names are those of the protocol")]
    pub const ESTABLISH_CONTEXT: u32 = 0x01;
    pub const RELEASE_CONTEXT: u32 = 0x02;
    pub const CONNECT: u32 = 0x04;
    pub const RECONNECT: u32 = 0x05;
    pub const DISCONNECT: u32 = 0x06;
    pub const BEGIN_TRANSACTION: u32 = 0x07;
    pub const END_TRANSACTION: u32 = 0x08;
    pub const TRANSMIT: u32 = 0x09;
    pub const CONTROL: u32 = 0x0A;
    pub const STATUS: u32 = 0x0B;
    pub const CANCEL: u32 = 0x0D;
    pub const GET_ATTRIB: u32 = 0x0F;
    pub const SET_ATTRIB: u32 = 0x10;
    pub const VERSION: u32 = 0x11;
    pub const GET_READERS_STATE: u32 = 0x12;
    pub const WAIT_READER_STATE_CHANGE: u32 = 0x13;
    pub const STOP_WAITING_READER_STATE_CHANGE: u32 = 0x14;
    pub const GET_READER_EVENTS: u32 = 0x15;
    pub const GET_READERS_STATE_SIZE: u32 = 0x16;
    pub const GET_READERS_STATE_ARRAY: u32 = 0x17;
    /// Not from pcsc-lite: what `qiyong pcscd ctl` sends.
    pub const QIYONG_CTL: u32 = 0x5159_0001;
}

/// Declares a structure of 32-bit numbers in the order in which they are sent.
macro_rules! structure {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$about])* pub $field: u32,)+
        }

        impl $name {
            /// The number of bytes that are sent.
            pub const LEN: usize = 4 * [$(stringify!($field)),+].len();

            /// From the first bytes of an answer; `None` if there are too few.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Self::read(&mut Cursor(bytes))
            }

            fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
                Some(Self { $($field: cursor.number()?,)+ })
            }

            /// Appends the structure to `out`.
            pub fn write(&self, out: &mut Vec<u8>) {
                $(number(out, self.$field);)+
            }
        }
    };
}

structure! {
    /// VERSION: the version that the client speaks, and in the answer the agreed one.
    Version {
        /// Major version.
        major,
        /// Minor version.
        minor,
        /// Return value.
        rv,
    }
}

structure! {
    /// ESTABLISH CONTEXT.
    Establish {
        /// Scope: 0 to 3.
        scope,
        /// The new context.
        context,
        /// Return value.
        rv,
    }
}

structure! {
    /// RELEASE CONTEXT and CANCEL: an action on a context.
    OfContext {
        /// The context.
        context,
        /// Return value.
        rv,
    }
}

structure! {
    /// BEGIN TRANSACTION and STATUS: a request about a card.
    OfCard {
        /// The connection.
        card,
        /// Return value.
        rv,
    }
}

structure! {
    /// DISCONNECT and END TRANSACTION.
    Ending {
        /// The connection.
        card,
        /// What is done to the card.
        disposition,
        /// Return value.
        rv,
    }
}

structure! {
    /// RECONNECT.
    Reconnect {
        /// The connection.
        card,
        /// The requested share mode.
        share,
        /// The requested protocols.
        protocols,
        /// What is done to the card first.
        initialization,
        /// The protocol in force.
        active,
        /// Return value.
        rv,
    }
}

structure! {
    /// TRANSMIT: the APDU follows; in the answer, the response follows.
    Transmit {
        /// The connection.
        card,
        /// The protocol that the client thinks is in force.
        send_protocol,
        /// Length of its protocol control information.
        send_pci_len,
        /// Bytes of the command.
        send_len,
        /// The protocol of the response.
        recv_protocol,
        /// Length of its protocol control information.
        recv_pci_len,
        /// Room for the response; in the answer its length.
        recv_len,
        /// Return value.
        rv,
    }
}

structure! {
    /// CONTROL: a message to the reader follows; in the answer, its reply follows.
    Control {
        /// The connection.
        card,
        /// The control code.
        code,
        /// Bytes of the message.
        send_len,
        /// Room for the reply.
        recv_len,
        /// Bytes of the reply.
        returned,
        /// Return value.
        rv,
    }
}

structure! {
    /// What a waiting client is told; also the body of WAIT and STOP in version 4.3.
    Waited {
        /// Time to wait, in milliseconds; the client itself measures it.
        time_out,
        /// Return value: success for an event, or that the wait was cancelled.
        rv,
    }
}

structure! {
    /// GET READER EVENTS.
    ReaderEvents {
        /// How often readers came or went.
        count,
        /// Return value.
        rv,
    }
}

/// CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connect<'a> {
    /// The context.
    pub context: u32,
    /// The reader's name.
    pub reader: Name<'a>,
    /// Share mode, requested protocols, the new connection, the protocol in force, return value.
    pub rest: ConnectRest,
}

structure! {
    /// The fields after the reader's name in CONNECT.
    ConnectRest {
        /// The requested share mode.
        share,
        /// The requested protocols.
        protocols,
        /// The new connection.
        card,
        /// The protocol in force.
        active,
        /// Return value.
        rv,
    }
}

/// GET ATTRIB and SET ATTRIB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The connection.
    pub card: u32,
    /// The attribute.
    pub id: u32,
    /// Room for its value, or the bytes of the value to be set.
    pub len: u32,
}

impl Attribute {
    /// The number of bytes that are sent.
    pub const LEN: usize = 16 + ATTRIBUTE_MAX;

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let (card, id) = (cursor.number()?, cursor.number()?);
        cursor.bytes(ATTRIBUTE_MAX)?;
        let len = cursor.number()?;
        cursor.number()?;
        Some(Self { card, id, len })
    }

    /// Appends the answer with `value`, which has at most [`ATTRIBUTE_MAX`] bytes; `len` is the length that the client
    /// is told.
    pub fn write(&self, out: &mut Vec<u8>, value: &[u8], len: u32, rv: Rv) {
        number(out, self.card);
        number(out, self.id);
        padded(out, value, ATTRIBUTE_MAX);
        number(out, len);
        number(out, rv.0);
    }
}

/// A reader's name as it is sent: the bytes before the first zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name<'a>(pub &'a [u8; NAME_LEN]);

impl<'a> Name<'a> {
    /// The name without its filling. The last byte counts as a terminating zero, whatever its value.
    pub fn bytes(&self) -> &'a [u8] {
        let (_, name) = self.0.split_last().unwrap_or((&0, &[]));
        name.split(|byte| *byte == 0).next().unwrap_or_default()
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.bytes()))
    }
}

/// What `qiyong pcscd ctl` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ctl<'a> {
    /// The number of an action, see `ctl`.
    pub action: u32,
    /// The reader's name or number; all zero for none.
    pub reader: Name<'a>,
    /// The path of a card file, or another argument of the action.
    pub argument: &'a [u8],
}

impl<'a> Ctl<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        Some(Self { action: cursor.number()?, reader: cursor.name()?, argument: cursor.rest() })
    }

    /// Appends the request with its header.
    pub fn write(&self, out: &mut Vec<u8>) {
        header(out, 4 + NAME_LEN + self.argument.len(), command::QIYONG_CTL);
        number(out, self.action);
        out.extend(self.reader.0);
        out.extend(self.argument);
    }
}

/// A reader, as GET READERS STATE shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderState {
    /// Its name.
    pub name: String,
    /// Insertions and removals so far.
    pub events: u32,
    /// Bits of `codes::state`.
    pub state: u32,
    /// The number of connections; -1 for an exclusive one.
    pub sharing: i32,
    /// The card's ATR, at most 33 bytes; empty if no card answers.
    pub atr: Vec<u8>,
    /// The protocol in force, 0 for none.
    pub protocol: u32,
}

impl ReaderState {
    /// The number of bytes that are sent.
    pub const LEN: usize = NAME_LEN + 12 + 36 + 8;

    /// Appends the state to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        padded(out, self.name.as_bytes(), NAME_LEN);
        number(out, self.events);
        number(out, self.state);
        number(out, self.sharing.cast_unsigned());
        // 33 bytes, and three for the alignment of the next field.
        padded(out, self.atr.get(..33).unwrap_or(&self.atr), 36);
        number(out, self.atr.len().min(33) as u32);
        number(out, self.protocol);
    }
}

/// A request, as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the protocol")]
pub enum Request<'a> {
    Version(Version),
    Establish(Establish),
    Release(OfContext),
    Cancel(OfContext),
    Connect(Connect<'a>),
    Reconnect(Reconnect),
    Disconnect(Ending),
    Begin(OfCard),
    End(Ending),
    Status(OfCard),
    Transmit(Transmit, Secret<'a>),
    Control(Control, Secret<'a>),
    GetAttrib(Attribute),
    SetAttrib(Attribute),
    GetReadersState,
    /// With a body in version 4.3, in which the client is told nothing before the event.
    Wait {
        with_body: bool,
    },
    StopWaiting,
    GetReaderEvents,
    GetReadersStateSize,
    GetReadersStateArray,
    Ctl(Ctl<'a>),
}

/// Bytes that may contain a PIN: `Debug` prints how many there are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret<'a>(pub &'a [u8]);

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// Why bytes are no request. Nobody then knows where the next request would begin, so the client cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireError {
    /// No such command.
    Command(u32),
    /// The structure of this command has another size.
    Size {
        /// The command.
        command: u32,
        /// The size the header gave.
        size: u32,
    },
    /// More bytes are announced than any APDU has.
    TooLong {
        /// The command.
        command: u32,
        /// The number of bytes.
        len: u32,
    },
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => write!(f, "unknown command {command:#x}"),
            Self::Size { command, size } => write!(f, "command {command:#x} with a structure of {size} bytes"),
            Self::TooLong { command, len } => write!(f, "command {command:#x} announces {len} bytes"),
        }
    }
}

impl std::error::Error for WireError {}

/// The request at the beginning of `bytes`, and how many bytes it takes; `None` while it is incomplete.
pub fn decode(bytes: &[u8]) -> Result<Option<(Request<'_>, usize)>, WireError> {
    let mut cursor = Cursor(bytes);
    let (Some(size), Some(command)) = (cursor.number(), cursor.number()) else {
        return Ok(None);
    };
    check_size(command, size)?;
    let Some(body) = cursor.bytes(size as usize) else {
        return Ok(None);
    };
    let mut after = cursor;
    let request = read_body(command, Cursor(body), &mut after)?;
    Ok(request.map(|request| (request, bytes.len() - after.0.len())))
}

/// Whether `size` is the size for `command`. This is checked before the body is awaited, so that nobody can make us
/// wait for a gigabyte.
fn check_size(command: u32, size: u32) -> Result<(), WireError> {
    let fits = match command {
        command::WAIT_READER_STATE_CHANGE | command::STOP_WAITING_READER_STATE_CHANGE => [0, 8].contains(&size),
        command::QIYONG_CTL => (4 + NAME_LEN..=4 + NAME_LEN + PATH_MAX).contains(&(size as usize)),
        _ => size as usize == structure_len(command).ok_or(WireError::Command(command))?,
    };
    if fits { Ok(()) } else { Err(WireError::Size { command, size }) }
}

const fn structure_len(command: u32) -> Option<usize> {
    Some(match command {
        command::ESTABLISH_CONTEXT => Establish::LEN,
        command::RELEASE_CONTEXT | command::CANCEL => OfContext::LEN,
        command::CONNECT => 4 + NAME_LEN + ConnectRest::LEN,
        command::RECONNECT => Reconnect::LEN,
        command::DISCONNECT | command::END_TRANSACTION => Ending::LEN,
        command::BEGIN_TRANSACTION | command::STATUS => OfCard::LEN,
        command::TRANSMIT => Transmit::LEN,
        command::CONTROL => Control::LEN,
        command::GET_ATTRIB | command::SET_ATTRIB => Attribute::LEN,
        command::VERSION => Version::LEN,
        command::GET_READERS_STATE
        | command::GET_READER_EVENTS
        | command::GET_READERS_STATE_SIZE
        | command::GET_READERS_STATE_ARRAY => 0,
        _ => return None,
    })
}

/// Reads a body of the right size. `after` has the bytes after the body; those that belong to the request are removed
/// from it.
fn read_body<'a>(command: u32, mut body: Cursor<'a>, after: &mut Cursor<'a>) -> Result<Option<Request<'a>>, WireError> {
    let with_body = !body.0.is_empty();
    let body = &mut body;
    Ok(match command {
        command::VERSION => Version::read(body).map(Request::Version),
        command::ESTABLISH_CONTEXT => Establish::read(body).map(Request::Establish),
        command::RELEASE_CONTEXT => OfContext::read(body).map(Request::Release),
        command::CANCEL => OfContext::read(body).map(Request::Cancel),
        command::CONNECT => read_connect(body).map(Request::Connect),
        command::RECONNECT => Reconnect::read(body).map(Request::Reconnect),
        command::DISCONNECT => Ending::read(body).map(Request::Disconnect),
        command::BEGIN_TRANSACTION => OfCard::read(body).map(Request::Begin),
        command::END_TRANSACTION => Ending::read(body).map(Request::End),
        command::STATUS => OfCard::read(body).map(Request::Status),
        command::TRANSMIT => match Transmit::read(body) {
            Some(transmit) => {
                followed(command, transmit.send_len, after)?.map(|apdu| Request::Transmit(transmit, apdu))
            }
            None => None,
        },
        command::CONTROL => match Control::read(body) {
            Some(control) => followed(command, control.send_len, after)?.map(|data| Request::Control(control, data)),
            None => None,
        },
        command::GET_ATTRIB => Attribute::read(body).map(Request::GetAttrib),
        command::SET_ATTRIB => Attribute::read(body).map(Request::SetAttrib),
        command::GET_READERS_STATE => Some(Request::GetReadersState),
        command::WAIT_READER_STATE_CHANGE => Some(Request::Wait { with_body }),
        command::STOP_WAITING_READER_STATE_CHANGE => Some(Request::StopWaiting),
        command::GET_READER_EVENTS => Some(Request::GetReaderEvents),
        command::GET_READERS_STATE_SIZE => Some(Request::GetReadersStateSize),
        command::GET_READERS_STATE_ARRAY => Some(Request::GetReadersStateArray),
        command::QIYONG_CTL => Ctl::read(body).map(Request::Ctl),
        other => return Err(WireError::Command(other)),
    })
}

fn read_connect<'a>(body: &mut Cursor<'a>) -> Option<Connect<'a>> {
    Some(Connect { context: body.number()?, reader: body.name()?, rest: ConnectRest::read(body)? })
}

impl Connect<'_> {
    /// Appends the answer to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        number(out, self.context);
        out.extend(self.reader.0);
        self.rest.write(out);
    }
}

/// The bytes after a structure.
fn followed<'a>(command: u32, len: u32, after: &mut Cursor<'a>) -> Result<Option<Secret<'a>>, WireError> {
    if len as usize > EXTENDED_MAX {
        return Err(WireError::TooLong { command, len });
    }
    Ok(after.bytes(len as usize).map(Secret))
}

/// Appends a header.
pub fn header(out: &mut Vec<u8>, size: usize, command: u32) {
    number(out, size as u32);
    number(out, command);
}

/// Appends a number.
pub fn number(out: &mut Vec<u8>, number: u32) {
    out.extend(number.to_ne_bytes());
}

/// Appends at most `len` bytes, filled up with zeros.
fn padded(out: &mut Vec<u8>, bytes: &[u8], len: usize) {
    let end = out.len() + len;
    out.extend(bytes.iter().take(len));
    out.resize(end, 0);
}

/// The bytes that are still to be read.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    fn number(&mut self) -> Option<u32> {
        self.bytes(4)?.try_into().ok().map(u32::from_ne_bytes)
    }

    fn name(&mut self) -> Option<Name<'a>> {
        self.bytes(NAME_LEN)?.try_into().ok().map(Name)
    }

    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The sizeof of each structure in pcsc-lite's `winscard_msg.h` and `eventhandler.h`.
    #[test]
    fn structures_have_the_sizes_of_pcsc_lite() {
        let sizes = [
            (command::VERSION, 12),
            (command::ESTABLISH_CONTEXT, 12),
            (command::RELEASE_CONTEXT, 8),
            (command::CONNECT, 152),
            (command::RECONNECT, 24),
            (command::DISCONNECT, 12),
            (command::BEGIN_TRANSACTION, 8),
            (command::END_TRANSACTION, 12),
            (command::CANCEL, 8),
            (command::STATUS, 8),
            (command::TRANSMIT, 32),
            (command::CONTROL, 24),
            (command::GET_ATTRIB, 280),
            (command::SET_ATTRIB, 280),
        ];
        for (command, size) in sizes {
            assert_eq!(structure_len(command), Some(size), "{command:#x}");
        }
        assert_eq!((ReaderState::LEN, Waited::LEN, ReaderEvents::LEN, EXTENDED_MAX), (184, 8, 8, 65548));
    }

    #[test]
    fn a_request_is_decoded_when_its_last_byte_is_there_and_no_sooner() {
        let mut bytes = Vec::new();
        header(&mut bytes, Transmit::LEN, command::TRANSMIT);
        let transmit = Transmit { card: 7, send_len: 5, recv_len: 258, ..Transmit::default() };
        transmit.write(&mut bytes);
        bytes.extend([0, 0xB0, 0, 0, 0]);
        let whole = bytes.len();
        for len in 0..whole {
            assert_eq!(decode(&bytes[..len]), Ok(None), "{len}");
        }
        bytes.extend([1, 2, 3]);
        assert_eq!(decode(&bytes), Ok(Some((Request::Transmit(transmit, Secret(&[0, 0xB0, 0, 0, 0])), whole))));
    }

    #[test]
    fn sizes_that_no_command_has_are_refused_before_the_body_comes() {
        let refused = |size, command| {
            let mut bytes = Vec::new();
            header(&mut bytes, size, command);
            decode(&bytes).unwrap_err()
        };
        assert_eq!(refused(1 << 30, command::TRANSMIT), WireError::Size { command: 9, size: 1 << 30 });
        assert_eq!(refused(0, 0), WireError::Command(0));
        assert_eq!(refused(12, 0x18), WireError::Command(0x18));
        let mut bytes = Vec::new();
        header(&mut bytes, Transmit::LEN, command::TRANSMIT);
        Transmit { send_len: EXTENDED_MAX as u32 + 1, ..Transmit::default() }.write(&mut bytes);
        assert_eq!(decode(&bytes), Err(WireError::TooLong { command: 9, len: EXTENDED_MAX as u32 + 1 }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_request_too_few_or_an_error(
            command in 0u32..0x1A, size in prop_oneof![Just(None), (0u32..300).prop_map(Some)],
            rest in prop::collection::vec(any::<u8>(), 0..700),
        ) {
            let size = size.or(structure_len(command).map(|len| len as u32)).unwrap_or(0);
            let mut bytes = Vec::new();
            header(&mut bytes, size as usize, command);
            bytes.extend(rest);
            if let Ok(Some((_, used))) = decode(&bytes) {
                // The same bytes mean the same, whatever follows them, and fewer bytes are incomplete.
                prop_assert!(used >= HEADER_LEN + size as usize && used <= bytes.len());
                prop_assert_eq!(decode(&bytes[..used]).unwrap().unwrap().1, used);
                prop_assert_eq!(decode(&bytes[..used - 1]), Ok(None));
            }
        }
    }
}
